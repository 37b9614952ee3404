//! Missing values of a row: NaN in the inputs of a network that accepts them.
//!
//! A neuron whose input k is missing is the mixture of its other components with renormalised weights, which
//! is the mixture given that its component belongs to an observed input:
//!
//! y_j = log Σ_{k seen} π_jk N(x_k; μ_jk, σ_jk²) − log Σ_{k seen} π_jk.
//!
//! This is a definition, and component dropout does the same in training. It is not the marginal of a joint
//! density. The layer's own kernels compute both logarithms, the second one on inputs equal to their means,
//! so that neither a small weight nor a wide component is lost.

use super::Layer;
use super::parameters::Parameters;
use std::borrow::Cow;
use ugmm_kernels::{Forward, NO_LOG_WEIGHT, Saved};

const HALF_LOG_TWO_PI: f32 = 0.918_938_5;

/// log Σ π over the components that see a value, for each row and neuron. It is computed as the activation of
/// standard normal components whose inputs equal their means.
struct SeenWeight<'l> {
    /// `[rows, inputs]`: 0, or NaN where the value is missing.
    x: Vec<f32>,
    parameters: Parameters<'l>,
}

impl<'l> SeenWeight<'l> {
    fn new(x: &[f32], mixing_logits: &'l [f32], inputs: usize) -> Self {
        let zeros = || Cow::Owned(vec![0.0; mixing_logits.len()]);
        let mixing_logits = Cow::Borrowed(mixing_logits);
        let x = x.iter().map(|x| if x.is_nan() { f32::NAN } else { 0.0 }).collect();
        Self { x, parameters: Parameters { inputs, means: zeros(), log_sigmas: zeros(), mixing_logits } }
    }

    /// The logs, `[rows, neurons]`, NaN where no component with weight sees a value (see [`NO_LOG_WEIGHT`]),
    /// and the values that the backward pass needs.
    fn logs(&self) -> Forward {
        let mut found = self.parameters.recorded(&self.x);
        for log_weight in &mut found.y {
            *log_weight += HALF_LOG_TWO_PI;
            if *log_weight <= NO_LOG_WEIGHT {
                *log_weight = f32::NAN;
            }
        }
        found
    }
}

/// log Σ π over the components that see a value, `[rows, neurons]`; NaN where none of them has weight. Only
/// the NaN of row-major `x` `[rows, inputs]` matter.
pub(crate) fn log_seen_weight(x: &[f32], mixing_logits: &[f32], inputs: usize) -> Vec<f32> {
    SeenWeight::new(x, mixing_logits, inputs).logs().y
}

/// The missing inputs of a layer, and the weights that remain.
pub(crate) struct Missing<'l> {
    weight: SeenWeight<'l>,
    /// `[rows, neurons]`
    log_weight: Vec<f32>,
    saved: Saved,
}

impl<'l> Missing<'l> {
    /// The missing values of the inputs `x` `[rows, inputs]` of `layer`; `None` when nothing is missing.
    pub(crate) fn of(x: &[f32], layer: &'l Layer) -> Option<Self> {
        if !x.iter().any(|x| x.is_nan()) {
            return None;
        }
        let weight = SeenWeight::new(x, &layer.mixing_logits, layer.inputs());
        let Forward { y: log_weight, saved } = weight.logs();
        Some(Self { weight, log_weight, saved })
    }

    /// Renormalises activations `[rows, neurons]` that were computed without the missing inputs. The result
    /// is NaN, and so missing to the next layer, where a neuron sees no input that has weight.
    pub(crate) fn renormalize(&self, y: &mut [f32]) {
        y.iter_mut().zip(&self.log_weight).for_each(|(y, log_weight)| *y -= log_weight);
    }

    /// Sets `cotangent` `[rows, neurons]` to 0 at activations that are missing.
    pub(crate) fn mask(&self, cotangent: &mut [f32]) {
        for (g, log_weight) in cotangent.iter_mut().zip(&self.log_weight) {
            *g = if log_weight.is_nan() { 0.0 } else { *g };
        }
    }

    /// Adds the gradients of the renormalisation with respect to the mixing logits `[neurons, inputs]`, for a
    /// cotangent `[rows, neurons]` after [`Self::mask`].
    pub(crate) fn add_gradients(&self, cotangent: &[f32], logits: &mut [f32]) {
        let found = self.weight.parameters.backward(&self.weight.x, &self.saved, cotangent);
        logits.iter_mut().zip(found.mixing_logits).for_each(|(sum, gradient)| *sum -= gradient);
    }
}

/// Replaces unknown outputs `[rows, outputs]` (NaN: a neuron that sees nothing) by the mean of the row's
/// known outputs, which is neutral; 0 where none is known. Returns which were replaced.
pub(crate) fn fill_unknown_outputs(y: &mut [f32], outputs: usize) -> UnknownOutputs {
    let mut unknown = Vec::new();
    for (row, values) in y.chunks_mut(outputs).enumerate() {
        if !values.iter().any(|y| y.is_nan()) {
            continue;
        }
        let known = values.iter().filter(|y| !y.is_nan());
        let mean = known.clone().sum::<f32>() / known.count().max(1) as f32;
        for (column, y) in values.iter_mut().enumerate().filter(|(_, y)| y.is_nan()) {
            *y = mean;
            unknown.push((row, column));
        }
    }
    UnknownOutputs { outputs, unknown }
}

/// The replaced outputs, as (row, output) in ascending order of rows.
pub(crate) struct UnknownOutputs {
    outputs: usize,
    unknown: Vec<(usize, usize)>,
}

impl UnknownOutputs {
    /// Distributes the cotangents `[rows, outputs]` of replaced outputs over the known outputs of their rows.
    pub(crate) fn backward(&self, cotangent: &mut [f32]) {
        for of_row in self.unknown.chunk_by(|one, other| one.0 == other.0) {
            let row = &mut cotangent[of_row[0].0 * self.outputs..][..self.outputs];
            let mut sum = 0.0;
            for &(_, column) in of_row {
                sum += std::mem::take(&mut row[column]);
            }
            let known = self.outputs - of_row.len();
            if known > 0 {
                let is_unknown = |column: usize| of_row.iter().any(|&(_, unknown)| unknown == column);
                for (column, g) in row.iter_mut().enumerate() {
                    *g += if is_unknown(column) { 0.0 } else { sum / known as f32 };
                }
            }
        }
    }
}
