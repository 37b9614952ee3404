//! Mean and spread of a few runs.

use serde::Serialize;

/// Mean and sample standard deviation (divisor n − 1; none for one value).
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MeanAndSd {
    /// The mean.
    pub mean: f64,
    /// The sample standard deviation.
    pub sd: Option<f64>,
}

impl MeanAndSd {
    /// "mean ± sd" with `decimals` decimals.
    #[must_use]
    pub fn text(&self, decimals: usize) -> String {
        match self.sd {
            Some(sd) => format!("{:.decimals$} ± {sd:.decimals$}", self.mean),
            None => format!("{:.decimals$}", self.mean),
        }
    }

    /// Mean and standard deviation of fractions, in percent.
    #[must_use]
    pub fn percent(&self, decimals: usize) -> String {
        Self { mean: 100.0 * self.mean, sd: self.sd.map(|sd| 100.0 * sd) }.text(decimals)
    }
}

/// Mean and sample standard deviation of some numbers.
#[must_use]
pub fn mean_and_sd(values: &[f64]) -> MeanAndSd {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let sd = (values.len() > 1).then(|| {
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (squares / (count - 1.0)).sqrt()
    });
    MeanAndSd { mean, sd }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_a_sample() {
        let MeanAndSd { mean, sd } = mean_and_sd(&[1.0, 3.0]);
        assert_eq!((mean, sd), (2.0, Some(2f64.sqrt())));
        assert_eq!(mean_and_sd(&[5.0]).sd, None);
    }
}
