//! Contributions of inputs to the log-probability of a prediction.

use super::activations::activations;
use super::components::Components;
use crate::softmax::log_softmax;
use crate::{Network, TaskTargets};
use rayon::prelude::*;

/// Change of a value, relative to the larger of its magnitude and 1, below which a ratio of changes is
/// replaced by the derivative: about a hundred times the rounding error of f32.
const SMALL_CHANGE: f64 = 1e-4;
/// Number of cells of the range of a predicted number; each cell costs as much as another row.
const CELLS: usize = 32;

/// The reference against which the contribution of a feature is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// The feature's value in the baseline.
    Baseline,
    /// A missing value: each neuron of the first layer leaves the feature out. Only for networks that accept
    /// missing values.
    Missing,
}

/// The contribution of each feature of each row of `x` `[rows, features]`, row-major, to the log-probability
/// of the row's prediction: of a class, or of the cell that contains a number when its range is divided into
/// 32. The result is `[rows, features]`, row-major, in nats; features that speak against the prediction have
/// negative values.
///
/// Each row is compared with its `baseline` `[rows, features]`, such as the mean of all rows. With
/// [`Absence::Baseline`] the contributions of a row sum to log P(prediction | x) − log P(prediction |
/// baseline), up to rounding. A neuron's change y − y⁰ is divided among its components without remainder by
/// their responsibilities r for the row and r⁰ for the baseline,
///
/// y − y⁰ = Σ_k (r_k φ(y − y⁰) − r⁰_k φ(y⁰ − y)), with φ(d) = d / (1 − e^−d),
///
/// which is the logarithmic mean division of the change of a sum (Ang and Choi 1997). The change of the
/// softmax's denominator is divided in this way too. A neuron passes its change on in proportion to the
/// changes of its inputs, as in DeepLIFT (Shrikumar et al. 2017). With [`Absence::Missing`] the components of
/// the first layer get r_k − π_k instead, responsibility minus mixing weight, which is the rate at which y
/// falls when component k is left out of the mixture.
///
/// [`super::feature_responsibilities`] show which features neurons respond to; contributions show which
/// features cause the difference between the predictions.
///
/// All contributions are finite: values beyond the largest `f32`, as for a row very far from all others, are
/// clamped to it.
///
/// A feature that is missing (NaN) must be missing in the baseline too; its contribution is 0.
///
/// # Panics
///
/// When `x`, the baseline and the targets do not fit each other, or the task does not fit the network.
#[must_use]
pub fn contributions(
    network: &Network,
    x: &[f32],
    baseline: &[f32],
    targets: TaskTargets<'_>,
    absence: Absence,
) -> Vec<f32> {
    let log_probabilities = |mut scores: Vec<f32>, alternatives: usize| {
        log_softmax(&mut scores, alternatives);
        scores
    };
    scaled_contributions(network, [x, baseline], targets, absence, 1.0, log_probabilities)
}

/// [`contributions`] with another normalisation of scores: `log_probabilities` gets the scores and the number
/// of alternatives per row, divides the scores by `temperature` and may add a constant to each class before
/// it normalises.
pub(crate) fn scaled_contributions(
    network: &Network,
    [x, baseline]: [&[f32]; 2],
    targets: TaskTargets<'_>,
    absence: Absence,
    temperature: f64,
    log_probabilities: impl Fn(Vec<f32>, usize) -> Vec<f32>,
) -> Vec<f32> {
    let (rows, features) = (targets.count(), targets.features());
    assert_eq!(baseline.len(), x.len(), "the baseline has as many rows and features as x");
    assert_eq!(x.len(), rows * features, "there is one target for each row");
    if rows == 0 {
        return Vec::new();
    }
    let (x, chosen) = alternatives(x, targets);
    let (baseline, _) = alternatives(baseline, targets);
    let (here, there) = (activations(network, &x), activations(network, &baseline));
    let layers = network.layers.len();
    let scored = |activations: &[Vec<f32>]| {
        let values = activations[layers].clone();
        let alternatives = values.len() / rows;
        Scored { logs: log_probabilities(values.clone(), alternatives), values, alternatives }
    };
    let mut factors = scored(&here).factors(&scored(&there), &chosen, temperature);
    for index in (1..layers).rev() {
        let components = Components::of(&network.layers[index]);
        factors = components.factors_below(&factors, &here[index], &there[index]);
    }
    let first = Components::of(&network.layers[0]);
    let shown = Shown { features, copies: here[0].len() / (rows * first.inputs) };
    first.divide_among_features(&factors, &here[0], &there[0], shown, absence)
}

/// How rows are passed to a network: each in several copies, its features followed by values that differ from
/// copy to copy.
#[derive(Clone, Copy)]
struct Shown {
    features: usize,
    copies: usize,
}

/// The network inputs that give the scores of all possible predictions, and for each row the index of its
/// prediction.
fn alternatives(x: &[f32], targets: TaskTargets<'_>) -> (Vec<f32>, Vec<usize>) {
    match targets {
        TaskTargets::Number { task, numbers } => {
            let nodes = task.nodes(numbers, CELLS, || 0.5);
            let chosen = nodes.own_cells.clone();
            (nodes.joined_to(x), chosen)
        }
        TaskTargets::Classes { task, labels } => (task.prediction_inputs(x), labels.to_vec()),
    }
}

/// Scores and log-probabilities, `[rows, alternatives]`, row-major.
struct Scored {
    values: Vec<f32>,
    logs: Vec<f32>,
    alternatives: usize,
}

impl Scored {
    /// Factors of the change of each score since `base` in the change of the chosen log-probability.
    fn factors(&self, base: &Self, chosen: &[usize], temperature: f64) -> Vec<f64> {
        let mut factors = Vec::with_capacity(self.values.len());
        for (row, &chosen) in chosen.iter().enumerate() {
            let first = row * self.alternatives;
            let change = |here: &[f32], there: &[f32], place: usize| {
                f64::from(here[first + place]) - f64::from(there[first + place])
            };
            let of_score = |place| change(&self.values, &base.values, place) / temperature;
            let of_sum = of_score(chosen) - change(&self.logs, &base.logs, chosen);
            let (gain, loss) = (growth(of_sum), growth(-of_sum));
            factors.extend((0..self.alternatives).map(|place| {
                let [now, before] = [self, base].map(|scored| f64::from(scored.logs[first + place]).exp());
                let change = of_score(place);
                let small = change.abs() <= SMALL_CHANGE;
                let in_sum = if small { now } else { (now * gain - before * loss) / change };
                let own = if place == chosen { 1.0 } else { 0.0 };
                (own - in_sum) / temperature
            }));
        }
        factors
    }
}

/// φ(d) = d / (1 − e^−d), with φ(0) = 1.
fn growth(change: f64) -> f64 {
    if change.abs() < 1e-9 { 1.0 + 0.5 * change } else { change / -(-change).exp_m1() }
}

impl Components {
    /// Factors of each input's change from `base` to `x`, each `[rows, inputs]`, in the total change, given
    /// the factors of the neurons' changes, `[rows, neurons]`.
    fn factors_below(&self, factors: &[f64], x: &[f32], base: &[f32]) -> Vec<f64> {
        let mut below = vec![0f64; x.len()];
        let rows = x.par_chunks(self.inputs).zip(base.par_chunks(self.inputs));
        let rows = rows.zip(factors.par_chunks(self.neurons));
        below.par_chunks_mut(self.inputs).zip(rows).for_each(|(below, ((x, base), factors))| {
            let (mut here, mut there) = (vec![0f64; self.inputs], vec![0f64; self.inputs]);
            let mut derivatives = vec![0f64; self.inputs];
            for (neuron, &factor) in factors.iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
                let change = self.precise_responsibilities(neuron, x, &mut here)
                    - self.precise_responsibilities(neuron, base, &mut there);
                let (gain, loss) = (factor * growth(change), factor * growth(-change));
                for ((below, here), there) in below.iter_mut().zip(&here).zip(&there) {
                    *below += gain * here - loss * there;
                }
                for (input, derivative) in derivatives.iter_mut().enumerate() {
                    *derivative -= factor * here[input] * self.slope(neuron, input, x[input]);
                }
            }
            for (input, derivative) in derivatives.into_iter().enumerate() {
                let (here, there) = (f64::from(x[input]), f64::from(base[input]));
                let small = (here - there).abs() <= SMALL_CHANGE * here.abs().max(1.0);
                below[input] = match (here - there).is_nan() {
                    // A neuron that sees nothing on one of the two rows has no change to divide.
                    true => 0.0,
                    false if small => derivative,
                    false => below[input] / (here - there),
                };
            }
        });
        below
    }

    /// Divides the changes of a first layer's neurons among the features, `[rows, features]`. All copies of a
    /// row are divided together, because its features have the same densities in each.
    fn divide_among_features(
        &self,
        factors: &[f64],
        x: &[f32],
        base: &[f32],
        shown: Shown,
        absence: Absence,
    ) -> Vec<f32> {
        let Shown { features, copies } = shown;
        let size = copies * self.inputs;
        let weights: Vec<Vec<f64>> = match absence {
            Absence::Baseline => Vec::new(),
            Absence::Missing => (0..self.neurons).map(|neuron| self.weights(neuron)).collect(),
        };
        let rows =
            x.par_chunks(size).zip(base.par_chunks(size)).zip(factors.par_chunks(copies * self.neurons));
        let divide = |((x, base), factors): ((&[f32], &[f32]), &[f64])| {
            let mut divided = vec![0f64; features];
            let (mut here, mut there) = (vec![0f64; features], vec![0f64; features]);
            let mut rest = vec![0f64; self.inputs - features];
            for neuron in 0..self.neurons {
                let (largest, sum) = self.exponentials(neuron, 0, &x[..features], &mut here);
                let (largest_there, sum_there) = match absence {
                    Absence::Baseline => self.exponentials(neuron, 0, &base[..features], &mut there),
                    Absence::Missing => (largest, sum),
                };
                // Factors of the features' densities and of their weights.
                let (mut gain, mut loss, mut all) = (0.0, 0.0, 0.0);
                for (copy, factors) in factors.chunks(self.neurons).enumerate() {
                    if factors[neuron] == 0.0 {
                        continue;
                    }
                    let others = &x[copy * self.inputs + features..(copy + 1) * self.inputs];
                    let (largest_other, other) = self.exponentials(neuron, features, others, &mut rest);
                    let y = |largest: f64, sum: f64| log_add(largest + sum.ln(), largest_other + other.ln());
                    let (now, before) = (y(largest, sum), y(largest_there, sum_there));
                    let factor = factors[neuron];
                    gain += factor * growth(now - before) * (largest - now).exp();
                    loss += factor * growth(before - now) * (largest_there - before).exp();
                    all += factor;
                }
                match absence {
                    Absence::Baseline => {
                        for ((divided, here), there) in divided.iter_mut().zip(&here).zip(&there) {
                            *divided += gain * here - loss * there;
                        }
                    }
                    Absence::Missing => {
                        let known = |input: usize| !x[input].is_nan();
                        let weights = &weights[neuron];
                        let seen: f64 =
                            (0..self.inputs).filter(|&input| known(input)).map(|k| weights[k]).sum();
                        let all = all / seen.max(f64::MIN_POSITIVE);
                        for input in (0..features).filter(|&input| known(input)) {
                            divided[input] += gain * here[input] - all * weights[input];
                        }
                    }
                }
            }
            divided
        };
        rows.flat_map_iter(|row| divide(row).into_iter().map(finite)).collect()
    }
}

/// The nearest finite `f32`; 0 for NaN, which values beyond `f64` lead to.
fn finite(value: f64) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(f32::MIN.into(), f32::MAX.into()) as f32 }
}

/// log(e^a + e^b); −∞ is allowed.
fn log_add(a: f64, b: f64) -> f64 {
    let (large, small) = if a > b { (a, b) } else { (b, a) };
    if small == f64::NEG_INFINITY { large } else { large + (small - large).exp().ln_1p() }
}
