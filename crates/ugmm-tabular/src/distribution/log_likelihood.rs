//! Log-likelihoods of rows.

use serde::Serialize;
use ugmm_network::RowWeights;

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
    /// Summarises the log-likelihoods of some rows. The mean is weighted by `weights` `[rows]`, not all of which are
    /// 0; `None` for equal weights.
    #[must_use]
    pub fn of(log_likelihoods: &[f64], weights: Option<&[f64]>) -> Self {
        let weighed = |(row, &value): (usize, &f64)| (RowWeights(weights).of(row), value);
        let rows = || log_likelihoods.iter().enumerate().map(weighed);
        let possible = || rows().filter(|(_, value)| *value != f64::NEG_INFINITY);
        let (count, total) = (possible().count(), possible().map(|(weight, _)| weight).sum::<f64>());
        let mean = possible().map(|(weight, value)| weight * value).sum::<f64>() / total;
        let squares: f64 = possible().map(|(weight, value)| (weight * (value - mean)).powi(2)).sum();
        // The rows are independent draws, whatever their weights.
        let error = || (squares / (count - 1) as f64 / count as f64).sqrt() * (count as f64 / total);
        Self {
            rows: log_likelihoods.len(),
            mean: (count > 0).then_some(mean),
            standard_error: (count > 1).then(error),
            impossible: log_likelihoods.len() - count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_rows_are_counted_and_left_out_of_the_mean() {
        let measures = LogLikelihoodMeasures::of(&[-1.0, f64::NEG_INFINITY, -3.0], None);
        assert_eq!((measures.rows, measures.mean, measures.impossible), (3, Some(-2.0), 1));
        assert_eq!(measures.standard_error, Some(1.0));
        let weighted = LogLikelihoodMeasures::of(&[-1.0, f64::NEG_INFINITY, -3.0], Some(&[3.0, 5.0, 1.0]));
        assert_eq!((weighted.rows, weighted.mean), (3, Some(-1.5)));
        assert_eq!(LogLikelihoodMeasures::of(&[-1.0], None).standard_error, None);
        assert_eq!(LogLikelihoodMeasures::of(&[f64::NEG_INFINITY], None).mean, None);
    }
}
