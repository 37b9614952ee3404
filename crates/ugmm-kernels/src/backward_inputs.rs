//! The gradient with respect to the inputs from the sums over neurons: each task owns a few rows.

use crate::backward::Call;
use crate::backward_dense::DenseSums;
use crate::careful::{CarefulNeuron, saturate};
use crate::prepare::{LANES, U_TO_Z_SQUARED};

/// Most rows of a task.
const LARGEST_TASK: usize = 32;

/// Fills the gradient, `[batch, inputs]`; `fast` is for the fast path, absent when every pair is careful.
pub(crate) fn inputs(call: &Call<'_>, fast: Option<&DenseSums>, gradient: &mut [f32]) {
    let inputs = call.shape.inputs;
    let padded = inputs.next_multiple_of(LANES);
    let rows = call.tasks.items_per_task(call.shape.batch, LARGEST_TASK, 1);
    // The scale that a term was multiplied with is √(½ log₂ e)/σ and its u is √(½ log₂ e) z.
    let unscale = call.pairs.unscale * U_TO_Z_SQUARED;
    call.tasks.for_each(gradient.chunks_mut(rows * inputs).enumerate(), |(task, gradient)| {
        let first = task * rows;
        let mut sums = vec![0.0_f64; gradient.len() / inputs * padded];
        if let Some(fast) = fast {
            for (row, sums) in (first..).zip(sums.chunks_exact_mut(padded)) {
                for (block, sums) in sums.chunks_exact_mut(LANES).enumerate() {
                    for group in fast.over_neurons(row, block) {
                        sums.iter_mut().zip(group).for_each(|(sum, &part)| *sum += f64::from(part) * unscale);
                    }
                }
            }
        }
        add_careful_neurons(call, first, padded, &mut sums);
        for (gradient, sums) in gradient.chunks_exact_mut(inputs).zip(sums.chunks_exact(padded)) {
            for (gradient, sum) in gradient.iter_mut().zip(sums) {
                *gradient = saturate(-sum);
            }
        }
    });
}

/// Adds the pairs that `f32` cannot express to rows `first..` of the sums.
fn add_careful_neurons(call: &Call<'_>, first: usize, padded: usize, sums: &mut [f64]) {
    let end = first + sums.len() / padded;
    for neuron in 0..call.shape.neurons {
        let mut rows = call.pairs.careful_rows(neuron, first..end).peekable();
        if rows.peek().is_none() {
            continue;
        }
        let mut careful = CarefulNeuron::new(call.instructions, call.shape, call.arguments, neuron);
        for row in rows {
            let sums = &mut sums[(row - first) * padded..][..padded];
            careful.add_input_terms(call.x(row), call.pairs.cotangent(row, neuron), sums);
        }
    }
}
