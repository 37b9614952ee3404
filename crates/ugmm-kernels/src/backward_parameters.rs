//! Gradients with respect to the parameters from the sums over rows: each task owns a few neurons.

use crate::backward::{Call, Gradients};
use crate::backward_dense::DenseSums;
use crate::careful::{CarefulNeuron, ParameterSums, inverse_sigma, saturate};
use crate::prepare::{LANES, Mixing, Prepared, U_TO_Z, U_TO_Z_SQUARED};

/// Most neurons of a task.
const LARGEST_TASK: usize = 8;

/// A part of the three parameter gradients.
pub(crate) struct Outputs<'a> {
    pub(crate) means: &'a mut [f32],
    pub(crate) log_sigmas: &'a mut [f32],
    pub(crate) mixing_logits: &'a mut [f32],
}

impl Outputs<'_> {
    /// Parts of `size` components.
    pub(crate) fn chunks(gradients: &mut Gradients, size: usize) -> impl Iterator<Item = Outputs<'_>> {
        gradients
            .means
            .chunks_mut(size)
            .zip(gradients.log_sigmas.chunks_mut(size))
            .zip(gradients.mixing_logits.chunks_mut(size))
            .map(|((means, log_sigmas), mixing_logits)| Outputs { means, log_sigmas, mixing_logits })
    }

    /// A part of this part.
    pub(crate) fn part(&mut self, components: std::ops::Range<usize>) -> Outputs<'_> {
        Outputs {
            means: &mut self.means[components.clone()],
            log_sigmas: &mut self.log_sigmas[components.clone()],
            mixing_logits: &mut self.mixing_logits[components],
        }
    }
}

/// Fills the three parameter gradients; `fast` is for the fast path, absent when every pair is careful.
pub(crate) fn parameters(call: &Call<'_>, fast: Option<(&Prepared, &DenseSums)>, gradients: &mut Gradients) {
    let inputs = call.shape.inputs;
    let neurons = call.tasks.items_per_task(call.shape.neurons, LARGEST_TASK, 1);
    let pieces = Outputs::chunks(gradients, neurons * inputs).enumerate();
    call.tasks.for_each(pieces, |(task, mut outputs)| {
        let mut sums = ParameterSums::zeros(inputs.next_multiple_of(LANES));
        for index in 0..outputs.means.len() / inputs {
            let neuron = task * neurons + index;
            sums.clear();
            if let Some((prepared, fast)) = fast {
                for block in 0..prepared.blocks {
                    let start = block * LANES;
                    add_fast(call, fast.over_rows(neuron, block), start, &mut sums);
                }
            }
            if let Some(careful) = careful_sums(call, neuron) {
                sums.add(&careful);
            }
            let total_cotangent = call.pairs.total_cotangent(neuron);
            let components = neuron * inputs..(neuron + 1) * inputs;
            let outputs = outputs.part(index * inputs..(index + 1) * inputs);
            let log_sigmas = &call.arguments.log_sigmas[components.clone()];
            let logits = &call.arguments.mixing_logits[components.clone()];
            let sums = [&sums.w[..], &sums.wz, &sums.wzz];
            call.instructions.vectorised(
                #[inline(always)]
                || match fast {
                    Some((prepared, _)) => {
                        let (scales, weights) = prepared.kept.part(components);
                        let inverse_sigma = |k: usize| f64::from(scales[k]) * U_TO_Z;
                        finish(sums, inverse_sigma, |k| f64::from(weights[k]), total_cotangent, outputs);
                    }
                    None => {
                        let mixing = Mixing::of(logits);
                        let inverse_sigma = |k: usize| inverse_sigma(log_sigmas[k]);
                        finish(sums, inverse_sigma, |k| mixing.weight(logits[k]), total_cotangent, outputs);
                    }
                },
            );
        }
    });
}

/// Adds the sums of w, w·u and w·u² of a block that starts at an input.
fn add_fast(call: &Call<'_>, fast: &[f32], start: usize, sums: &mut ParameterSums) {
    let unscale = call.pairs.unscale;
    let factors = [unscale, unscale * U_TO_Z, unscale * U_TO_Z_SQUARED];
    let sums = [&mut sums.w, &mut sums.wz, &mut sums.wzz];
    for ((sums, fast), factor) in sums.into_iter().zip(fast.chunks_exact(LANES)).zip(factors) {
        for (sum, &fast) in sums[start..start + LANES].iter_mut().zip(fast) {
            *sum += f64::from(fast) * factor;
        }
    }
}

/// Turns the sums over rows of w, w·z and w·z² into gradients.
#[inline(always)]
fn finish(
    [w, wz, wzz]: [&[f64]; 3],
    inverse_sigma: impl Fn(usize) -> f64,
    weight: impl Fn(usize) -> f64,
    total_cotangent: f64,
    outputs: Outputs<'_>,
) {
    let outputs = outputs.means.iter_mut().zip(outputs.log_sigmas).zip(outputs.mixing_logits);
    for (k, ((mean, log_sigma), mixing_logit)) in outputs.enumerate() {
        *mean = saturate(wz[k] * inverse_sigma(k));
        *log_sigma = saturate(wzz[k] - w[k]);
        *mixing_logit = saturate(w[k] - weight(k) * total_cotangent);
    }
}

/// The sums over the pairs that `f32` cannot express, if there are any.
pub(crate) fn careful_sums(call: &Call<'_>, neuron: usize) -> Option<ParameterSums> {
    let mut rows = call.pairs.careful_rows(neuron, 0..call.shape.batch).peekable();
    rows.peek()?;
    let mut sums = ParameterSums::zeros(call.shape.inputs);
    let mut careful = CarefulNeuron::new(call.instructions, call.shape, call.arguments, neuron);
    for row in rows {
        careful.add_parameter_terms(call.x(row), call.pairs.cotangent(row, neuron), &mut sums);
    }
    Some(sums)
}
