//! Detects doubts about a finished training: whether the model is better than the baseline, and possible
//! reasons if it is not.

use crate::distribution::measures::Measures;
use crate::network::baseline::Baseline;
use crate::network::doubt::{Doubt, Reason};
use crate::network::far::{FarNumbers, usual_numbers};
use crate::network::learner::{Fitted, Learner};
use crate::target::TargetValues;
use std::collections::HashSet;
use ugmm_data::frame::Values;
use ugmm_network::ModelConfig;
use ugmm_network::metrics::mean_and_deviation;
use ugmm_network::training::Schedule;

/// Number of rows that are checked for whether a column's values are distinct inputs.
const ROWS: usize = 10_000;
/// Standard deviation of an input above which a network, whose components are about 1 wide, can hardly use
/// it.
const WIDE_INPUT: f64 = 30.0;
/// Number of hidden layers from which on depth is a likely reason.
const DEEP: usize = 3;
/// Outliers determine the scale of a column if its standard deviation without them is less than this fraction
/// of the one with them.
const SQUEEZED: f64 = 0.25;

impl Baseline {
    /// The doubt about predictions of the same rows that are worse than the baseline by one measure, beyond
    /// chance; `None` if they are not.
    fn what_is_worse(&self, measures: &Measures, target: &str) -> Option<Doubt> {
        let (Self::Number(guess), Measures::Numbers(found)) = (self, measures) else { return None };
        // The relative standard error of a standard deviation is about 1/√(2n), that of a mean log-density
        // 1/√n.
        let chance = (found.rows.max(1) as f64).sqrt().recip();
        if found.rmse > guess.rmse * (1.0 + chance) {
            let (target, found, baseline) = (target.to_owned(), found.rmse, guess.rmse);
            return Some(Doubt::WorseMeans { target, found, baseline });
        }
        (found.log_density < guess.log_density - chance).then(|| Doubt::WorseDensities {
            target: target.to_owned(),
            found: found.log_density,
            baseline: guess.log_density,
        })
    }
}

/// The doubts about a training; empty if there are none.
pub(crate) fn doubts(
    learner: &Learner,
    fitted: &Fitted,
    baseline: Option<&Baseline>,
    measures: &Measures,
) -> Vec<Doubt> {
    let hidden = hidden_columns(learner, fitted);
    let is_hidden = !hidden.is_empty();
    let mut doubts: Vec<Doubt> = far_numbers(learner).into_iter().chain(hidden).collect();
    if fitted.trained.best_epoch.is_none()
        && let [first, .., last] = fitted.trained.history.as_slice()
        && last.training_loss > first.training_loss + 0.01 * (1.0 + first.training_loss.abs())
    {
        let (Schedule::Constant { learning_rate }
        | Schedule::MultiStep { learning_rate, .. }
        | Schedule::Cosine { learning_rate, .. }) = fitted.recipe.training.schedule;
        let (first, last) = (first.training_loss, last.training_loss);
        doubts.push(Doubt::RisingLoss { first, last, learning_rate });
    }
    if let Some(baseline) = baseline
        && baseline.is_not_beaten_by(measures)
    {
        // The sizes of all layers except the last.
        let mut sizes: Vec<usize> = match &fitted.recipe.model {
            ModelConfig::Ugmm(network) => network.layers.iter().map(|layer| layer.neurons).collect(),
            ModelConfig::Mlp(network) => network.sizes.iter().skip(1).copied().collect(),
        };
        sizes.pop();
        let reason = match sizes.len() {
            _ if is_hidden => Reason::Columns,
            DEEP.. => Reason::Depth(sizes),
            _ => Reason::Unknown,
        };
        let (target, baseline) = (learner.target.to_owned(), baseline.clone());
        doubts.push(Doubt::NoBetter { target, baseline, reason });
    } else {
        doubts.extend(baseline.and_then(|baseline| baseline.what_is_worse(measures, learner.target)));
    }
    doubts
}

/// The outliers among the numbers of the target.
fn far_numbers(learner: &Learner) -> Option<Doubt> {
    let (TargetValues::Numbers(numbers), Some(usual)) = (&learner.values, learner.usual) else { return None };
    let read_as = learner.table.schema().request(learner.target).ok()?.read_as;
    let far = FarNumbers::of(numbers.iter().copied().zip(learner.rows.iter().copied()), usual);
    Some(Doubt::FarTargets {
        target: learner.target.to_owned(),
        numbers: far.in_words(&read_as, |row| learner.table.number(row)),
    })
}

/// The outliers of a column if they determine its scale in the training rows `learned`; `None` for a column
/// that is merely skewed.
fn squeezing_values(numbers: &[f64], rows: &[usize], learned: &HashSet<usize>) -> Option<FarNumbers> {
    let known = || rows.iter().map(|&row| (numbers[row], row)).filter(|(number, _)| !number.is_nan());
    let all: Vec<f64> = known().map(|(number, _)| number).collect();
    let (low, high) = usual_numbers(&all)?;
    let usual: Vec<f64> = all.iter().copied().filter(|number| (low..=high).contains(number)).collect();
    let far = FarNumbers::of(known(), (low, high));
    let is_squeezed = mean_and_deviation(&usual, None).1 < SQUEEZED * mean_and_deviation(&all, None).1
        && far.rows().any(|row| learned.contains(&row));
    is_squeezed.then_some(far)
}

/// Columns whose values become the same inputs, or nearly so because of outliers, and columns that are much
/// wider than the network's components.
fn hidden_columns(learner: &Learner, fitted: &Fitted) -> Vec<Doubt> {
    let Fitted { preprocessor, inputs, rows, .. } = fitted;
    let (requests, sources, width) =
        (preprocessor.requests(), preprocessor.source_columns(), preprocessor.inputs());
    let learned: HashSet<usize> = rows.iter().copied().collect();
    let mut doubts = Vec::new();
    for (input, &source) in sources.iter().enumerate() {
        let request = &requests[source];
        let Ok(Values::Numbers(numbers)) = learner.table.column(&request.name) else { continue };
        if learner.table.schema().images.is_some() {
            continue;
        }
        let values = || rows.iter().take(ROWS).map(|&row| numbers[row]).filter(|number| !number.is_nan());
        let seen = || inputs.iter().skip(input).step_by(width).take(ROWS).filter(|value| !value.is_nan());
        let different = values().map(f64::to_bits).collect::<HashSet<_>>().len();
        let distinguished = seen().map(|value| value.to_bits()).collect::<HashSet<_>>().len();
        let is_raw = preprocessor.scale_of(input) == Some((0.0, 1.0));
        let count = seen().count().max(1) as f64;
        let mean = seen().map(|&value| f64::from(value)).sum::<f64>() / count;
        let variance = seen().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
        let column = request.name.clone();
        let is_scaled = !is_raw && preprocessor.scale_of(input).is_some();
        if is_scaled && let Some(far) = squeezing_values(numbers, &learner.rows, &learned) {
            doubts.push(Doubt::FarInputs {
                column,
                numbers: far.in_words(&request.read_as, |row| learner.table.number(row)),
            });
        } else if different > 2 && 2 * distinguished < different {
            doubts.push(Doubt::Indistinct { column, different, distinguished, is_scaled: !is_raw });
        } else if is_raw && variance.sqrt() > WIDE_INPUT {
            doubts.push(Doubt::Unscaled { column, deviation: variance.sqrt() });
        }
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::baseline::{ClassBaseline, NumberBaseline};
    use ugmm_network::metrics::NumberMetrics;

    #[test]
    fn means_and_densities_are_compared_with_guessing_one_by_one() {
        let numbers: Vec<f64> = (0..100).map(f64::from).collect();
        let guess = Baseline::Number(NumberBaseline::of(&numbers, None));
        let Baseline::Number(NumberBaseline { rmse, log_density, .. }) = guess else { unreachable!() };
        let worse = |rmse: f64, log_density: f64| {
            let found = NumberMetrics {
                rows: 100,
                rmse,
                mae: rmse,
                r2: None,
                log_density,
                outside: 0,
                outside_share: 0.0,
                crps: 1.0,
                coverage_50: 0.5,
                coverage_90: 0.9,
                width_90: 1.0,
            };
            guess.what_is_worse(&Measures::Numbers(found), "y")
        };
        assert!(matches!(worse(2.0 * rmse, log_density + 1.0), Some(Doubt::WorseMeans { .. })));
        assert!(matches!(worse(0.5 * rmse, log_density - 1.0), Some(Doubt::WorseDensities { .. })));
        assert_eq!(worse(1.05 * rmse, log_density - 0.05), None);
    }

    #[test]
    fn what_chance_may_make_better_is_no_better_than_guessing() {
        let labels: Vec<usize> = (0..48).map(|row| usize::from(row % 16 < 7)).collect();
        let guess = Baseline::Class(ClassBaseline::of(&["p".into(), "q".into()], &labels, None).unwrap());
        let classes = |accuracy: f64, log_loss: f64| {
            // The logarithms of the two probabilities of each row.
            let (right, wrong) = ((-log_loss).exp(), 1.0 - (-log_loss).exp());
            let logs: Vec<f32> = labels
                .iter()
                .flat_map(|&label| if label == 0 { [right, wrong] } else { [wrong, right] })
                .map(|share| share.ln() as f32)
                .collect();
            let wrong = ((1.0 - accuracy) * 48.0).round() as usize;
            let decided: Vec<usize> = labels
                .iter()
                .enumerate()
                .map(|(row, &label)| if row < wrong { 1 - label } else { label })
                .collect();
            Measures::Classes(ugmm_network::Metrics::of_decisions(&logs, &labels, &decided, None))
        };
        // These are worse in accuracy and better by 0.4 nats over all rows; better by 4.8 nats; right beyond
        // chance.
        assert!(guess.is_not_beaten_by(&classes(0.4792, 0.677)));
        assert!(!guess.is_not_beaten_by(&classes(0.5625, 0.585)));
        assert!(!guess.is_not_beaten_by(&classes(0.75, 0.68)));
    }

    #[test]
    fn a_far_value_is_told_from_a_skewed_column() {
        let rows: Vec<usize> = (0..300).collect();
        let learned: HashSet<usize> = rows.iter().copied().collect();
        // These are quantiles of a logistic distribution.
        let share = |i: usize| (i as f64 + 0.5) / 300.0;
        let mut even: Vec<f64> = (0..300).map(|i| (share(i) / (1.0 - share(i))).ln()).collect();
        for scale in [0.5, 1.0, 1.5, 2.0] {
            let skewed: Vec<f64> = even.iter().map(|value| (scale * value / 1.8).exp()).collect();
            assert!(squeezing_values(&skewed, &rows, &learned).is_none(), "{scale}");
        }
        assert!(squeezing_values(&even, &rows, &learned).is_none());
        even[10] = 1e300;
        let far = squeezing_values(&even, &rows, &learned).unwrap();
        assert_eq!(far.rows().collect::<Vec<_>>(), [10]);
        // A row that is no training row has no influence.
        let others = rows.iter().copied().filter(|row| *row != 10).collect();
        assert!(squeezing_values(&even, &rows, &others).is_none());
        // A code is in a twentieth of the rows, or in a fifth.
        for every in [20, 5] {
            let coded =
                |i: usize| if i.is_multiple_of(every) { -999.0 } else { (share(i) / (1.0 - share(i))).ln() };
            let coded: Vec<f64> = (0..300).map(coded).collect();
            assert_eq!(squeezing_values(&coded, &rows, &learned).unwrap().rows().count(), 300 / every);
        }
    }
}
