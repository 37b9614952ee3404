//! From values to inputs of about the size 1, and back.

use serde::{Deserialize, Serialize};

use super::curve;
use super::moments::mean_and_deviation;
use super::options::Scaling;
use super::quantiles;

/// Deviations from which on the distance of a value from the mean may be beyond the largest number.
const LARGE: f64 = 1e200;

/// How values become inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Scale {
    /// Not at all.
    None,
    /// In standard deviations from the mean.
    Standard { mean: f64, deviation: f64 },
    /// By a curve through points, as normal quantiles.
    Quantile { values: Vec<f64>, scores: Vec<f64> },
}

impl Scale {
    /// The scale of this kind for finite `values`, of which two differ, weighted by positive `weights`, as many as values;
    /// none for equal weights.
    pub(super) fn fit(scaling: Scaling, values: &[f64], weights: Option<&[f64]>) -> Self {
        match scaling {
            Scaling::None => Self::None,
            Scaling::Standard => {
                let (mean, deviation) = mean_and_deviation(values, weights);
                Self::Standard { mean, deviation }
            }
            Scaling::Quantile => {
                let (values, scores) = quantiles::knots(values, weights);
                Self::Quantile { values, scores }
            }
        }
    }

    /// The input that a value becomes; NaN stays NaN.
    pub(super) fn input(&self, value: f64) -> f32 {
        self.input_f64(value) as f32
    }

    /// The input that a value becomes before it is rounded to `f32`, in the range of `f32`; NaN stays NaN.
    pub(super) fn input_f64(&self, value: f64) -> f64 {
        saturated(match self {
            Self::None => value,
            // The difference is that of two `f64`: as `f32` the digits of a value with a large mean would be lost.
            Self::Standard { mean, deviation } if *deviation < LARGE => (value - mean) / deviation,
            Self::Standard { mean, deviation } => (value * 0.5 - mean * 0.5) / (deviation * 0.5),
            Self::Quantile { values, scores } => curve::at(values, scores, value),
        })
    }

    /// The value that becomes `input`; the end of the scale that is closer if none does.
    pub(super) fn value(&self, input: f64) -> f64 {
        match self {
            Self::None => input,
            Self::Standard { mean, deviation } => (input * deviation + mean).clamp(f64::MIN, f64::MAX),
            Self::Quantile { values, scores } => curve::at(scores, values, input),
        }
    }

    /// Mean and deviation of which inputs are multiples; none if inputs are not proportional to values.
    pub(super) fn linear(&self) -> Option<(f64, f64)> {
        match self {
            Self::None => Some((0.0, 1.0)),
            Self::Standard { mean, deviation } => Some((*mean, *deviation)),
            Self::Quantile { .. } => None,
        }
    }

    /// Values and inputs of the points of the curve of quantiles; none if the scale is none.
    pub(super) fn curve(&self) -> Option<(&[f64], &[f64])> {
        match self {
            Self::None | Self::Standard { .. } => None,
            Self::Quantile { values, scores } => Some((values, scores)),
        }
    }

    /// Fails with the reason why the scale cannot have been fitted to values of `column`.
    pub(super) fn check(&self, column: &str) -> Result<(), String> {
        match self {
            Self::Standard { mean, .. } if !mean.is_finite() => {
                Err(format!("has {mean} as the mean of {column}; it must be finite"))
            }
            Self::Standard { deviation, .. } if !(deviation.is_finite() && *deviation > 0.0) => Err(format!(
                "has {deviation} as the standard deviation of {column}; it must be positive and finite"
            )),
            Self::None | Self::Standard { .. } => Ok(()),
            Self::Quantile { values, scores } => {
                let (count, limit) = (values.len(), quantiles::KNOT_LIMIT);
                if count != scores.len() || !(2..=limit).contains(&count) {
                    return Err(format!(
                        "has {count} values and {} scores for the quantiles of {column}; there must be as many of both, from 2 to \
                         {limit}",
                        scores.len()
                    ));
                }
                let ascends = |list: &Vec<f64>| {
                    list.iter().all(|number| number.is_finite()) && list.is_sorted_by(|a, b| a < b)
                };
                match [values, scores].into_iter().all(ascends) {
                    true => Ok(()),
                    false => Err(format!(
                        "has values and scores for the quantiles of {column} that are not finite or do not ascend, each greater \
                         than the one before"
                    )),
                }
            }
        }
    }
}

/// The closest number in the range of `f32`; NaN stays NaN.
fn saturated(value: f64) -> f64 {
    value.clamp(f32::MIN.into(), f32::MAX.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_after_a_large_mean_are_kept() {
        // Seconds since 1970, a tenth of a second apart: f32 tells only every second minute apart here.
        let values: Vec<f64> = (0..1000).map(|n| 1.7e9 + f64::from(n) / 10.0).collect();
        let scale = Scale::fit(Scaling::Standard, &values, None);
        let inputs: Vec<f32> = values.iter().map(|&value| scale.input(value)).collect();
        let step = 10.0 * (1000.0_f64.powi(2) - 1.0).sqrt() / 12f64.sqrt() / 10.0;
        for pair in inputs.windows(2) {
            assert!((f64::from(pair[1] - pair[0]) * step - 1.0).abs() < 1e-3, "{pair:?}");
        }
    }

    #[test]
    fn beyond_f32_inputs_are_at_its_ends() {
        let found = [f64::MAX, -1e39, 1.5].map(|value| Scale::None.input(value));
        assert_eq!(found, [f32::MAX, f32::MIN, 1.5]);
        let tiny = Scale::Standard { mean: -f64::MAX, deviation: 1e-300 };
        assert_eq!((tiny.input(f64::MAX), tiny.input(-f64::MAX)), (f32::MAX, 0.0));
        let huge = Scale::Standard { mean: -f64::MAX, deviation: f64::MAX };
        assert_eq!((huge.input(f64::MAX), huge.input(0.0)), (2.0, 1.0));
        assert_eq!(huge.value(5.0), f64::MAX);
    }

    /// JSON has no infinities, but other formats have.
    #[test]
    fn what_is_not_finite_is_refused() {
        let refusal = |scale: Scale| scale.check("a").unwrap_err();
        let standard = |mean, deviation| refusal(Scale::Standard { mean, deviation });
        assert_eq!(standard(f64::INFINITY, 1.0), "has inf as the mean of a; it must be finite");
        let message = "as the standard deviation of a; it must be positive and finite";
        assert_eq!(standard(0.0, f64::INFINITY), format!("has inf {message}"));
        assert_eq!(standard(0.0, f64::NAN), format!("has NaN {message}"));
        let ends = [0.0, f64::INFINITY].to_vec();
        let message = refusal(Scale::Quantile { values: ends.clone(), scores: vec![0.0, 1.0] });
        assert!(
            message.ends_with("not finite or do not ascend, each greater than the one before"),
            "{message}"
        );
        assert_eq!(message, refusal(Scale::Quantile { values: vec![0.0, 1.0], scores: ends }));
    }

    #[test]
    fn values_beyond_those_fitted_are_at_the_ends_of_the_quantiles() {
        let scale = Scale::fit(Scaling::Quantile, &[1.0, 2.0, 4.0, 8.0], None);
        let ends = [-1e300, 1.0, 8.0, 9.0].map(|value| scale.input(value));
        let end = 1.150_349_4;
        assert_eq!(ends, [-end, -end, end, end]);
        assert_eq!([-9.0, 0.0, 9.0].map(|input| scale.value(input)), [1.0, 3.0, 8.0]);
        assert!(scale.input(f64::NAN).is_nan() && scale.linear().is_none());
    }
}
