//! What a call needs to know about a layer's parameters, computed once per call.

use crate::exp::{at_least, exp, exp_near};
use crate::range::extremes;
use crate::tasks::Tasks;
use crate::{DROPPED_LOGIT, LayerArguments, LayerShape, dispatch::InstructionSet};
use std::f64::consts::LOG2_E;

/// Inputs are handled in blocks of this many, the widest vector that any instruction set has.
pub(crate) const LANES: usize = 16;

/// Values that describe a block of components: [`LANES`] means, as many scales, as many offsets.
pub(crate) const BLOCK: usize = 3 * LANES;

pub(crate) const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_7;

/// √(½ log₂ e): what turns z into the u with 2^(-u²) = exp(-½ z²).
pub(crate) const Z_TO_U: f64 = 0.849_321_800_288_019_1;

/// What turns u back into z, and u² into z².
pub(crate) const U_TO_Z: f64 = 1.0 / Z_TO_U;
pub(crate) const U_TO_Z_SQUARED: f64 = U_TO_Z * U_TO_Z;

/// The base 2 offset of padding and of components without weight. Anything under -127 makes the exponential
/// 0; this is also as low as offsets are ever stored.
const NO_WEIGHT: f64 = -1e4;

/// The log weight of a dropped component: so low that no distance of the others makes up for it, yet finite.
const DROPPED_LOG_WEIGHT: f64 = -1e306;

/// The softmax of one neuron's mixing logits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixing {
    largest: f64,
    log_total: f64,
}

impl Mixing {
    /// Of the neuron's logits, `[inputs]`.
    #[inline(always)]
    pub(crate) fn of(logits: &[f32]) -> Self {
        let mut largest = f32::MIN;
        for &logit in logits {
            largest = if logit > largest { logit } else { largest };
        }
        let largest = f64::from(largest);
        let total = sum_over(logits, |logit| exp(f64::from(logit) - largest));
        Mixing { largest, log_total: total.ln() }
    }

    /// log π of a component; the largest logit is subtracted first, so that large logits keep their digits.
    #[inline(always)]
    pub(crate) fn log_weight(self, logit: f32) -> f64 {
        if logit <= DROPPED_LOGIT && self.largest > f64::from(DROPPED_LOGIT) {
            DROPPED_LOG_WEIGHT
        } else {
            (f64::from(logit) - self.largest) - self.log_total
        }
    }

    /// log π - log σ - ½ log 2π of a component.
    #[inline(always)]
    pub(crate) fn exponent(self, logit: f32, log_sigma: f32) -> f64 {
        self.log_weight(logit) - f64::from(log_sigma) - HALF_LOG_TWO_PI
    }

    /// π of a component.
    #[inline(always)]
    pub(crate) fn weight(self, logit: f32) -> f64 {
        exp(self.log_weight(logit))
    }
}

/// The sum of values, in lanes that the compiler can turn into vectors.
#[inline(always)]
fn sum(values: &[f64]) -> f64 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0_f64; 8];
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().sum::<f64>()
}

/// The largest value, in such lanes.
#[inline(always)]
fn largest_of(values: &[f64]) -> f64 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut lanes = [f64::MIN; 8];
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = at_least(value, *lane);
        }
    }
    rest.iter().copied().chain(lanes).fold(f64::MIN, at_least)
}

/// The sum of `term` over values, in lanes that the compiler can turn into vectors.
#[inline(always)]
fn sum_over(values: &[f32], term: impl Fn(f32) -> f64) -> f64 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0_f64; 8];
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += term(value);
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().map(|&value| term(value)).sum::<f64>()
}

/// A layer's parameters in the form that the fast path reads.
///
/// With u = scale·(x - mean) a component is exp(c - M - ½z²) = 2^(offset - u²), where M, the largest c of the
/// neuron, bounds every exponent whatever x is.
pub(crate) struct Prepared {
    /// `[neurons, blocks, 3, LANES]`: means, scales, offsets, padded with components without weight.
    pub(crate) parameters: Vec<f32>,
    /// M of each neuron, `[neurons]`.
    pub(crate) bounds: Vec<f64>,
    /// Blocks of inputs in a row.
    pub(crate) blocks: usize,
    pub(crate) kept: Kept,
}

impl Prepared {
    pub(crate) fn new(
        instructions: InstructionSet,
        tasks: Tasks,
        shape: LayerShape,
        arguments: LayerArguments<'_>,
        mut kept: Kept,
    ) -> Self {
        let blocks = shape.inputs.div_ceil(LANES);
        let mut parameters = vec![0.0_f32; shape.neurons * blocks * BLOCK];
        let mut bounds = vec![0.0_f64; shape.neurons];
        let neurons_per_task = tasks.items_per_task(shape.neurons, shape.neurons, 1);
        let pieces = parameters
            .chunks_mut(neurons_per_task * blocks * BLOCK)
            .zip(bounds.chunks_mut(neurons_per_task))
            .zip(kept.chunks(shape.inputs, neurons_per_task, shape.neurons.div_ceil(neurons_per_task)))
            .enumerate();
        tasks.for_each(pieces, |(task, ((parameters, bounds), mut kept))| {
            let mut row = PreparedRow::default();
            let neurons = parameters.chunks_exact_mut(blocks * BLOCK).zip(bounds);
            for (index, (parameters, bound)) in neurons.enumerate() {
                let neuron = task * neurons_per_task + index;
                *bound = row.fill(instructions, shape, arguments, neuron);
                pack(&row, parameters);
                row.keep(index, &mut kept);
            }
        });
        Prepared { parameters, bounds, blocks, kept }
    }

    /// The blocks of one neuron.
    pub(crate) fn neuron(&self, neuron: usize) -> &[f32] {
        &self.parameters[neuron * self.blocks * BLOCK..(neuron + 1) * self.blocks * BLOCK]
    }

    /// One block of one neuron.
    pub(crate) fn block(&self, neuron: usize, block: usize) -> &[f32] {
        &self.parameters[(neuron * self.blocks + block) * BLOCK..][..BLOCK]
    }
}

/// Fills the blocks of one neuron.
fn pack(row: &PreparedRow, parameters: &mut [f32]) {
    let sources = row.means.chunks(LANES).zip(row.scales.chunks(LANES)).zip(row.offsets.chunks(LANES));
    for (block, ((means, scales), offsets)) in parameters.chunks_exact_mut(BLOCK).zip(sources) {
        let (block_means, rest) = block.split_at_mut(LANES);
        let (block_scales, block_offsets) = rest.split_at_mut(LANES);
        block_offsets.fill(NO_WEIGHT as f32);
        block_means[..means.len()].copy_from_slice(means);
        block_scales[..scales.len()].copy_from_slice(scales);
        block_offsets[..offsets.len()].copy_from_slice(offsets);
    }
}

/// What the fast path reads of one neuron, in the order of its inputs.
#[derive(Default)]
pub(crate) struct PreparedRow {
    /// μ.
    pub(crate) means: Vec<f32>,
    /// √(½ log₂ e)/σ.
    pub(crate) scales: Vec<f32>,
    /// (c - M) log₂ e, and no less than [`NO_WEIGHT`].
    pub(crate) offsets: Vec<f32>,
    /// π.
    pub(crate) weights: Vec<f32>,
    unscaled: Vec<f64>,
    exponents: Vec<f64>,
}

/// What the end of a backward pass reads of every neuron, `[neurons, inputs]`: empty for a forward pass.
#[derive(Default)]
pub(crate) struct Kept {
    /// √(½ log₂ e)/σ.
    scales: Vec<f32>,
    /// π.
    weights: Vec<f32>,
}

impl Kept {
    /// Room for a backward pass.
    pub(crate) fn room(shape: LayerShape) -> Self {
        let parameters = shape.neurons * shape.inputs;
        Kept { scales: vec![0.0; parameters], weights: vec![0.0; parameters] }
    }

    /// The scales and weights of `neurons` neurons at a time, `count` times; empty ones when nothing is kept.
    pub(crate) fn chunks(
        &mut self,
        inputs: usize,
        neurons: usize,
        count: usize,
    ) -> Vec<(&mut [f32], &mut [f32])> {
        let size = inputs * neurons;
        let mut scales = self.scales.chunks_mut(size);
        let mut weights = self.weights.chunks_mut(size);
        (0..count).map(|_| (scales.next().unwrap_or_default(), weights.next().unwrap_or_default())).collect()
    }

    /// The scales and weights of some components.
    pub(crate) fn part(&self, components: std::ops::Range<usize>) -> (&[f32], &[f32]) {
        (&self.scales[components.clone()], &self.weights[components])
    }
}

impl PreparedRow {
    fn resize(&mut self, inputs: usize) {
        for values in [&mut self.means, &mut self.scales, &mut self.offsets, &mut self.weights] {
            values.resize(inputs, 0.0);
        }
        self.unscaled.resize(inputs, 0.0);
        self.exponents.resize(inputs, 0.0);
    }

    /// Makes it a neuron none of whose components has a weight.
    pub(crate) fn fill_without_weight(&mut self, inputs: usize) {
        self.resize(inputs);
        self.means.fill(0.0);
        self.scales.fill(0.0);
        self.offsets.fill(NO_WEIGHT as f32);
        self.weights.fill(0.0);
    }

    /// Copies what a backward pass needs to the neuron's place, if there is one.
    pub(crate) fn keep(&self, index: usize, (scales, weights): &mut (&mut [f32], &mut [f32])) {
        if !scales.is_empty() {
            let components = index * self.scales.len()..(index + 1) * self.scales.len();
            scales[components.clone()].copy_from_slice(&self.scales);
            weights[components].copy_from_slice(&self.weights);
        }
    }

    /// Computes a neuron's values and returns its bound M.
    pub(crate) fn fill(
        &mut self,
        instructions: InstructionSet,
        shape: LayerShape,
        arguments: LayerArguments<'_>,
        neuron: usize,
    ) -> f64 {
        let components = neuron * shape.inputs..(neuron + 1) * shape.inputs;
        self.resize(shape.inputs);
        self.means.copy_from_slice(&arguments.means[components.clone()]);
        let log_sigmas = &arguments.log_sigmas[components.clone()];
        let logits = &arguments.mixing_logits[components];
        instructions.vectorised(
            #[inline(always)]
            || {
                let (_, largest) = extremes(logits);
                // A dropped logit is so far below the others, if there are others, that its weight is 0 like
                // this, too.
                for (unscaled, &logit) in self.unscaled.iter_mut().zip(logits) {
                    *unscaled = exp_near(f64::from(logit) - largest);
                }
                let total = sum(&self.unscaled);
                let log_total = total.ln();
                for ((exponent, &log_sigma), &logit) in self.exponents.iter_mut().zip(log_sigmas).zip(logits)
                {
                    *exponent =
                        (f64::from(logit) - largest) - log_total - f64::from(log_sigma) - HALF_LOG_TWO_PI;
                }
                let bound = largest_of(&self.exponents);
                for (scale, &log_sigma) in self.scales.iter_mut().zip(log_sigmas) {
                    *scale = (Z_TO_U * exp_near(-f64::from(log_sigma))) as f32;
                }
                for (offset, &exponent) in self.offsets.iter_mut().zip(&self.exponents) {
                    *offset = at_least((exponent - bound) * LOG2_E, NO_WEIGHT) as f32;
                }
                let inverse_total = 1.0 / total;
                for (weight, &unscaled) in self.weights.iter_mut().zip(&self.unscaled) {
                    *weight = (unscaled * inverse_total) as f32;
                }
                bound
            },
        )
    }
}
