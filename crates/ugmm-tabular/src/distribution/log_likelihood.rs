//! Log-likelihoods of rows.

use serde::Serialize;

/// Summary of the log-likelihoods of some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct LogLikelihoodMeasures {
    /// Number of rows.
    pub rows: usize,
    /// Mean log-likelihood of the possible rows, in nats; `None` if no row is possible.
    pub mean: Option<f64>,
    /// Standard error of the mean, in nats; `None` for fewer than two rows.
    pub standard_error: Option<f64>,
    /// Number of rows with an impossible value, whose log-likelihood is minus infinity.
    pub impossible: usize,
}

impl LogLikelihoodMeasures {
    /// Summarises the log-likelihoods of some rows.
    #[must_use]
    pub fn of(log_likelihoods: &[f64]) -> Self {
        let possible = || log_likelihoods.iter().copied().filter(|value| *value != f64::NEG_INFINITY);
        let count = possible().count();
        let mean = possible().sum::<f64>() / count as f64;
        let squares: f64 = possible().map(|value| (value - mean).powi(2)).sum();
        Self {
            rows: log_likelihoods.len(),
            mean: (count > 0).then_some(mean),
            standard_error: (count > 1).then(|| (squares / (count - 1) as f64 / count as f64).sqrt()),
            impossible: log_likelihoods.len() - count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_rows_are_counted_and_left_out_of_the_mean() {
        let measures = LogLikelihoodMeasures::of(&[-1.0, f64::NEG_INFINITY, -3.0]);
        assert_eq!((measures.rows, measures.mean, measures.impossible), (3, Some(-2.0), 1));
        assert_eq!(measures.standard_error, Some(1.0));
        assert_eq!(LogLikelihoodMeasures::of(&[-1.0]).standard_error, None);
        assert_eq!(LogLikelihoodMeasures::of(&[f64::NEG_INFINITY]).mean, None);
    }
}
