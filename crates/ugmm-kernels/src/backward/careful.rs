//! The gradient terms of the pairs of row and neuron that `f32` cannot express.

use crate::LayerShape;
use crate::backward::call::Call;
use crate::backward::gradients::{GradientSlices, Outputs};
use crate::careful::{CarefulNeuron, ParameterSums, inverse_sigma, saturate};
use crate::layout::prepare::Mixing;

/// The rows of each neuron whose pairs are computed in `f64`.
pub(crate) struct Rows {
    /// Rows of each neuron; empty when no neuron has any.
    of_neurons: Vec<Vec<usize>>,
}

impl Rows {
    /// Selects the pairs for which `is_careful(sum, cotangent)` is true; both slices are `[batch, neurons]`.
    pub(crate) fn new(
        shape: LayerShape,
        sums: &[f32],
        cotangent: &[f32],
        is_careful: impl Fn(f32, f32) -> bool,
    ) -> Self {
        let mut of_neurons = Vec::new();
        let rows = sums.chunks_exact(shape.neurons).zip(cotangent.chunks_exact(shape.neurons));
        for (row, (sums, cotangent)) in rows.enumerate() {
            let is_careful = |(&sum, &g)| is_careful(sum, g);
            // Most rows have no such pair; to find that out without a branch for each pair is several times
            // faster.
            if !sums.iter().zip(cotangent).map(is_careful).fold(false, |any, this| any | this) {
                continue;
            }
            of_neurons.resize(shape.neurons, Vec::new());
            for (neuron, pair) in sums.iter().zip(cotangent).enumerate() {
                if is_careful(pair) {
                    of_neurons[neuron].push(row);
                }
            }
        }
        Rows { of_neurons }
    }

    fn of(&self, neuron: usize) -> &[usize] {
        self.of_neurons.get(neuron).map_or(&[], Vec::as_slice)
    }
}

/// Adds the part of the gradient of the mixing logits that does not depend on x, -π times the sum of the cotangents.
pub(crate) fn add_weights(call: &Call<'_>, gradients: &mut GradientSlices<'_>) {
    let inputs = call.shape.inputs;
    let totals = call.total_cotangents();
    let logits = call.arguments.mixing_logits.chunks_exact(inputs);
    let neurons = gradients.mixing_logits.chunks_exact_mut(inputs).zip(logits).zip(&totals);
    call.tasks.for_each(neurons, |((gradient, logits), &total)| {
        let mixing = Mixing::of(logits);
        for (gradient, &logit) in gradient.iter_mut().zip(logits) {
            *gradient = saturate(f64::from(*gradient) - mixing.weight(logit) * total);
        }
    });
}

/// Adds the terms of `rows` to the three parameter gradients.
pub(crate) fn add_parameters(call: &Call<'_>, rows: &Rows, gradients: &mut GradientSlices<'_>) {
    if rows.of_neurons.is_empty() {
        return;
    }
    let outputs = Outputs::split(gradients, call.shape.inputs, 1, call.shape.inputs).into_iter().enumerate();
    call.tasks.for_each(outputs, |(neuron, mut outputs)| {
        if !rows.of(neuron).is_empty() {
            add_neuron(call, neuron, rows.of(neuron), &mut outputs);
        }
    });
}

/// Adds the terms of some rows to the parameter gradients of one neuron.
fn add_neuron(call: &Call<'_>, neuron: usize, rows: &[usize], outputs: &mut Outputs<'_>) {
    let inputs = call.shape.inputs;
    let mut sums = ParameterSums::zeros(inputs);
    let mut careful = CarefulNeuron::new(call.instructions, call.shape, call.arguments, neuron);
    for &row in rows {
        careful.add_parameter_terms(call.x(row), call.cotangent(row, neuron), &mut sums);
    }
    let log_sigmas = &call.arguments.log_sigmas[neuron * inputs..];
    let add = |output: &mut f32, term: f64| *output = saturate(f64::from(*output) + term);
    for k in 0..inputs {
        add(&mut outputs.means[0][k], sums.wz[k] * inverse_sigma(log_sigmas[k]));
        add(&mut outputs.log_sigmas[0][k], sums.wzz[k] - sums.w[k]);
        add(&mut outputs.mixing_logits[0][k], sums.w[k]);
    }
}

/// Adds the terms of `rows` to the gradient with respect to the inputs, `[batch, inputs]`.
pub(crate) fn add_inputs(call: &Call<'_>, rows: &Rows, gradient: &mut [f32]) {
    if rows.of_neurons.is_empty() {
        return;
    }
    let inputs = call.shape.inputs;
    // A task takes some rows, so that it owns what it writes.
    let rows_per_task = call.tasks.items_per_task(call.shape.batch, call.shape.batch);
    call.tasks.for_each(gradient.chunks_mut(rows_per_task * inputs).enumerate(), |(task, gradient)| {
        let first = task * rows_per_task;
        let own = first..first + gradient.len() / inputs;
        let mut sums = vec![0.0_f64; gradient.len()];
        for neuron in 0..call.shape.neurons {
            let mut rows = rows.of(neuron).iter().filter(|row| own.contains(row)).peekable();
            if rows.peek().is_none() {
                continue;
            }
            let mut careful = CarefulNeuron::new(call.instructions, call.shape, call.arguments, neuron);
            for &row in rows {
                let sums = &mut sums[(row - first) * inputs..][..inputs];
                careful.add_input_terms(call.x(row), call.cotangent(row, neuron), sums);
            }
        }
        for (gradient, sum) in gradient.iter_mut().zip(sums) {
            *gradient = saturate(f64::from(*gradient) - sum);
        }
    });
}
