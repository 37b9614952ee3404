//! What a call needs to know about a layer's parameters, computed once per call.

use crate::exp::{at_least, exp};
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
}

impl Prepared {
    pub(crate) fn new(
        instructions: InstructionSet,
        tasks: Tasks,
        shape: LayerShape,
        arguments: LayerArguments<'_>,
    ) -> Self {
        let blocks = shape.inputs.div_ceil(LANES);
        let mut parameters = vec![0.0_f32; shape.neurons * blocks * BLOCK];
        let mut bounds = vec![0.0_f64; shape.neurons];
        let neurons_per_task = tasks.items_per_task(shape.neurons, shape.neurons, 1);
        let pieces = parameters
            .chunks_mut(neurons_per_task * blocks * BLOCK)
            .zip(bounds.chunks_mut(neurons_per_task))
            .enumerate();
        tasks.for_each(pieces, |(task, (parameters, bounds))| {
            let mut exponents = vec![0.0_f64; shape.inputs];
            let neurons = parameters.chunks_exact_mut(blocks * BLOCK).zip(bounds);
            for (index, (parameters, bound)) in neurons.enumerate() {
                let start = (task * neurons_per_task + index) * shape.inputs;
                let components = start..start + shape.inputs;
                let (means, log_sigmas, logits) = (
                    &arguments.means[components.clone()],
                    &arguments.log_sigmas[components.clone()],
                    &arguments.mixing_logits[components],
                );
                *bound = instructions.vectorised(
                    #[inline(always)]
                    || prepare_neuron(means, log_sigmas, logits, &mut exponents, parameters),
                );
            }
        });
        Prepared { parameters, bounds, blocks }
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

/// Fills the blocks of one neuron and returns its bound M; `exponents` is room for `inputs` values.
#[inline(always)]
fn prepare_neuron(
    means: &[f32],
    log_sigmas: &[f32],
    logits: &[f32],
    exponents: &mut [f64],
    parameters: &mut [f32],
) -> f64 {
    let mixing = Mixing::of(logits);
    let mut bound = f64::MIN;
    for ((exponent, &log_sigma), &logit) in exponents.iter_mut().zip(log_sigmas).zip(logits) {
        *exponent = mixing.exponent(logit, log_sigma);
        bound = at_least(*exponent, bound);
    }
    let sources = means.chunks(LANES).zip(log_sigmas.chunks(LANES)).zip(exponents.chunks(LANES));
    for (block, ((means, log_sigmas), exponents)) in parameters.chunks_exact_mut(BLOCK).zip(sources) {
        let (block_means, rest) = block.split_at_mut(LANES);
        let (scales, offsets) = rest.split_at_mut(LANES);
        offsets.fill(NO_WEIGHT as f32);
        block_means[..means.len()].copy_from_slice(means);
        for (scale, &log_sigma) in scales.iter_mut().zip(log_sigmas) {
            *scale = (Z_TO_U * exp(-f64::from(log_sigma))) as f32;
        }
        for (offset, &exponent) in offsets.iter_mut().zip(exponents) {
            *offset = at_least((exponent - bound) * LOG2_E, NO_WEIGHT) as f32;
        }
    }
    bound
}
