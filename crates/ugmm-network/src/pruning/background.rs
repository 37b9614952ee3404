//! The background component of a neuron, which replaces all its pruned components.

use super::merging::Merge;
use super::plan::LayerPlan;
use crate::Layer;
use crate::inspect::components::Components;
use crate::layer::raw_log_sigma_of;
use crate::softmax::log_sum_exp;
use crate::values::mean_and_deviation;
use rayon::prelude::*;
use ugmm_kernels::DROPPED_LOGIT;

const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_7;
/// Largest log σ of a background: flat enough, and in the range of the fast kernels.
const LARGEST_LOG_SIGMA: f64 = 30.0;
/// Difference to a neuron's mean activation, in nats, at which its background is negligible.
const NOTHING: f64 = 40.0;
/// Number of bisections of that difference, to about a millionth.
const BISECTIONS: usize = 26;

/// Number of fixed-point steps for the σ of a background; each reduces the error by the square of spread over
/// σ.
const FIXED_POINT_STEPS: usize = 20;

/// The layer after the plan and the merges, in its old shape. `x` `[rows, inputs]` are its inputs from the
/// pruned layers before it, and `y` `[rows, neurons]` its activations before pruning. `sensitivities`
/// `[rows, neurons]` weight these activations.
pub(super) fn pruned_layer(
    layer: &Layer,
    components: &Components,
    x: &[f32],
    y: &[f32],
    sensitivities: &[f64],
    merges: &[Merge],
    plan: &LayerPlan,
) -> Layer {
    let (inputs, neurons) = (components.inputs, components.neurons);
    let mut changed = layer.clone();
    let mut gains = vec![0.0; neurons * inputs];
    merges.iter().for_each(|merge| gains[merge.into] += merge.ratio);
    let spreads: Vec<(f64, f64)> = (0..inputs).map(|input| mean_and_deviation(x, inputs, input)).collect();
    let of_neuron = |neuron: usize| {
        let gains = &gains[neuron * inputs..(neuron + 1) * inputs];
        let outputs = y.iter().copied().zip(sensitivities.iter().copied()).skip(neuron).step_by(neurons);
        Neuron { components, neuron, plan, gains, spreads: &spreads }.pruned(x, outputs)
    };
    let pruned: Vec<Option<PrunedNeuron>> = (0..neurons).into_par_iter().map(of_neuron).collect();
    for (neuron, pruned) in pruned.into_iter().enumerate() {
        let Some(PrunedNeuron { logits, background }) = pruned else { continue };
        let first = neuron * inputs;
        changed.mixing_logits[first..first + inputs].copy_from_slice(&logits);
        // Components without weight get constant values, so that the file compresses well.
        for place in (first..first + inputs).filter(|place| changed.mixing_logits[*place] == DROPPED_LOGIT) {
            changed.raw_log_sigmas[place] = 0.0;
            if !components.tied {
                changed.means[place] = 0.0;
            }
        }
        let Some(Background { input, mean, log_sigma }) = background else { continue };
        changed.raw_log_sigmas[first + input] = raw_log_sigma_of(log_sigma as f32, layer.config.min_sigma);
        if !components.tied {
            changed.means[first + input] = mean as f32;
        }
    }
    changed
}

/// A neuron to prune.
struct Neuron<'a> {
    components: &'a Components,
    neuron: usize,
    plan: &'a LayerPlan,
    /// Density that each component takes over from those merged into it, as a multiple of its own.
    gains: &'a [f64],
    /// Mean and standard deviation of each input, `[inputs]`.
    spreads: &'a [(f64, f64)],
}

struct PrunedNeuron {
    /// Mixing logits, `[inputs]`.
    logits: Vec<f32>,
    background: Option<Background>,
}

struct Background {
    input: usize,
    mean: f64,
    log_sigma: f64,
}

impl Neuron<'_> {
    /// The pruned neuron for inputs `x` `[rows, inputs]` and, for each row, the activation before pruning and
    /// its weight; `None` if nothing changes.
    fn pruned(&self, x: &[f32], outputs: impl Iterator<Item = (f32, f64)>) -> Option<PrunedNeuron> {
        let Neuron { components, neuron, plan, .. } = *self;
        let inputs = components.inputs;
        let kept = &plan.kept[neuron * inputs..(neuron + 1) * inputs];
        let is_kept = |input: &usize| kept[*input];
        if components.with_weight(neuron).all(|input| is_kept(&input)) || plan.is_removed[neuron] {
            return None;
        }
        let gain = |input: usize| self.gains[input].ln_1p();
        let logit = |input: usize| components.logit(neuron, input);
        let total = log_sum_exp(components.with_weight(neuron).map(logit));
        let mut logits = vec![DROPPED_LOGIT; inputs];
        for input in components.with_weight(neuron).filter(is_kept) {
            logits[input] = (logit(input) + gain(input)) as f32;
        }
        let Some(input) = plan.backgrounds[neuron] else {
            return Some(PrunedNeuron { logits, background: None });
        };
        let kept_density = |x: &[f32]| {
            let kept = components.with_weight(neuron).filter(is_kept);
            log_sum_exp(kept.map(|input| components.exponent(neuron, input, x[input]) + gain(input)))
        };
        let rows = x.chunks(inputs).zip(outputs).map(|(x, (y, sensitivity))| Row {
            kept: kept_density(x),
            whole: f64::from(y) + total + HALF_LOG_TWO_PI,
            weight: sensitivity * sensitivity,
        });
        let rows: Vec<Row> = rows.filter(|row| row.whole.is_finite()).collect();
        let level = level(&rows);
        // The part of the total weight that the kept components leave.
        let left: f64 = components
            .with_weight(neuron)
            .map(|input| match kept[input] {
                true => -self.gains[input] * (logit(input) - total).exp(),
                false => (logit(input) - total).exp(),
            })
            .sum();
        let log_weight = left.max(f64::from(f32::MIN_POSITIVE)).ln() + total;
        logits[input] = log_weight as f32;
        let (mean, deviation) = self.spreads[input];
        let own_mean = components.mean(neuron, input);
        let mean = if components.tied { own_mean } else { mean };
        let spread = (deviation * deviation + (self.spreads[input].0 - mean).powi(2)).sqrt();
        let log_sigma = log_sigma(log_weight - level, spread);
        Some(PrunedNeuron { logits, background: Some(Background { input, mean, log_sigma }) })
    }
}

/// log σ of the component whose log-density, without its weight, is `-level` on average over inputs with this
/// spread about its mean. If no component has so high an average, it is log σ of the one with the highest.
fn log_sigma(level: f64, spread: f64) -> f64 {
    let widest = level.min(LARGEST_LOG_SIGMA);
    let mut log_sigma = widest;
    for _ in 0..FIXED_POINT_STEPS {
        let z_squared = (spread * (-log_sigma).exp()).powi(2);
        if z_squared >= 1.0 {
            return spread.ln();
        }
        log_sigma = widest - 0.5 * z_squared;
    }
    log_sigma
}

/// A neuron on a row, with logarithms that lack the common normaliser.
struct Row {
    /// Log-density of the kept components.
    kept: f64,
    /// Log-density of the mixture before pruning.
    whole: f64,
    /// Weight of the row.
    weight: f64,
}

/// The logarithm of the constant density that, added to the kept components, gives the mean activation before
/// pruning.
fn level(rows: &[Row]) -> f64 {
    let total: f64 = rows.iter().map(|row| row.weight).sum();
    let target = rows.iter().map(|row| row.weight * row.whole).sum::<f64>() / total;
    let mean = |level: f64| {
        let sum = |row: &Row| row.weight * log_sum_exp([row.kept, level].into_iter());
        rows.iter().map(sum).sum::<f64>() / total
    };
    let (mut low, mut high) = (target - NOTHING, target);
    for _ in 0..BISECTIONS {
        let middle = 0.5 * (low + high);
        match mean(middle) < target {
            true => low = middle,
            false => high = middle,
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_gives_the_mean_that_was_asked_for() {
        let row = |row: i32| Row {
            kept: f64::from(row % 7) - 9.0,
            whole: f64::from(row % 5) - 6.0,
            weight: f64::from(1 + row % 3),
        };
        let rows: Vec<Row> = (0..50).map(row).collect();
        let level = level(&rows);
        let total: f64 = rows.iter().map(|row| row.weight).sum();
        let mean =
            |value: &dyn Fn(&Row) -> f64| rows.iter().map(|row| row.weight * value(row)).sum::<f64>() / total;
        let found = mean(&|row| (row.kept.exp() + level.exp()).ln());
        let expected = mean(&|row| row.whole);
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        // If nothing is lost, the level is very low.
        let kept = [(0.0, 0.0), (1.0, 0.5)].map(|(kept, whole)| Row { kept, whole, weight: 1.0 });
        assert!(super::level(&kept) < -30.0);
    }

    #[test]
    fn a_background_has_its_density_on_average() {
        for (level, spread) in [(3.0, 0.0), (3.0, 1.0), (0.6, 1.0), (100.0, 2.0)] {
            let log_sigma = log_sigma(level, spread);
            let mean = log_sigma + 0.5 * (spread * (-log_sigma).exp()).powi(2);
            assert!((mean - level.min(LARGEST_LOG_SIGMA)).abs() < 1e-3, "{level} {spread}: {mean}");
        }
        // A component has its highest average log-density if its σ is the spread.
        assert_eq!(log_sigma(-1.0, 2.0), 2f64.ln());
    }
}
