//! The backward pass: its result, and which pairs of row and neuron take which path.

mod call;
mod careful;
mod gradients;
mod inputs;
mod panel;
mod ratios;
mod task;

use crate::backward::call::Call;
use crate::backward::gradients::Outputs;
pub use crate::backward::gradients::{GradientSlices, Gradients};
use crate::backward::inputs::SumInputs;
use crate::backward::panel::SumPanel;
use crate::backward::ratios::{Ratios, is_fast};
use crate::backward::task::PanelTask;
use crate::careful::saturate;
use crate::forward::{Fast, FastX, Saved};

use crate::layout::prepare::U_TO_Z_SQUARED;
use crate::layout::tile::INPUTS;
use crate::tasks::Tasks;
use crate::{KernelError, LayerArguments, LayerShape};

/// Values of the gradient with respect to the inputs that are summed over panels together.
const SUMMED: usize = 64;

/// The gradients of `sum(y * cotangent)` (the derivatives of the formulas at the top of this crate).
///
/// `saved` comes from [`crate::forward()`] on the same arguments, and `cotangent` is `[batch, neurons]`. The
/// gradient with respect to `x` is computed only when `want_x` is set. It takes half as long as the others,
/// and as long as they do from some hundreds of inputs on.
///
/// A responsibility has a relative error of typically 1e-6, and up to 1e-4 for components many standard
/// deviations away. One under about 1e-8 may be taken as 0 where all components are that far away. z has an
/// error of up to 2e-6. The errors of the gradients follow from these. Results are saturated at `±f32::MAX`.
///
/// # Errors
///
/// [`KernelError`] when the layer is empty, a slice does not have the length that `shape` requires, or
/// `saved` comes from a call of another shape.
pub fn backward(
    shape: LayerShape,
    arguments: LayerArguments<'_>,
    saved: &Saved,
    cotangent: &[f32],
    want_x: bool,
) -> Result<Gradients, KernelError> {
    arguments.check(shape)?;
    let parameters = shape.neurons * shape.inputs;
    let mut gradients = Gradients {
        x: want_x.then(|| vec![0.0; shape.batch * shape.inputs]),
        means: vec![0.0; parameters],
        log_sigmas: vec![0.0; parameters],
        mixing_logits: vec![0.0; parameters],
    };
    let slices = GradientSlices {
        x: gradients.x.as_deref_mut(),
        means: &mut gradients.means,
        log_sigmas: &mut gradients.log_sigmas,
        mixing_logits: &mut gradients.mixing_logits,
    };
    backward_into(shape, arguments, saved, cotangent, slices)?;
    Ok(gradients)
}

/// Writes the gradients that [`backward()`] returns into existing memory.
///
/// # Errors
///
/// [`KernelError`] as for [`backward()`], and when a slice of `gradients` has the wrong length.
pub fn backward_into(
    shape: LayerShape,
    arguments: LayerArguments<'_>,
    saved: &Saved,
    cotangent: &[f32],
    mut gradients: GradientSlices<'_>,
) -> Result<(), KernelError> {
    arguments.check(shape)?;
    if saved.shape != shape {
        return Err(KernelError::Saved { found: saved.shape, expected: shape });
    }
    shape.check_pairs("cotangent", cotangent.len())?;
    if let Some(x) = &gradients.x {
        shape.check_rows("the gradient of x", x.len())?;
    }
    shape.check_parameter("the gradient of means", gradients.means.len())?;
    shape.check_parameter("the gradient of log_sigmas", gradients.log_sigmas.len())?;
    shape.check_parameter("the gradient of mixing_logits", gradients.mixing_logits.len())?;
    if shape.batch == 0 {
        gradients.clear();
        return Ok(());
    }
    let tasks = Tasks::for_work(shape.work());
    let call = Call { instructions: saved.instructions, tasks, shape, arguments, cotangent };
    tasks.enter(|| fill(&call, saved, &mut gradients));
    Ok(())
}

/// Fills in the gradients: first the terms of the pairs on the fast path, then those of the other pairs.
fn fill(call: &Call<'_>, saved: &Saved, gradients: &mut GradientSlices<'_>) {
    let Call { shape, cotangent, .. } = *call;
    let fast = saved.fast.as_ref().filter(|_| saved.range.suits_fast_backward(cotangent));
    let fast_x = saved.range.suits_fast_input_gradient(cotangent);
    match fast {
        Some(fast) => {
            let ratios = Ratios::new(call.instructions, shape, &saved.sums, cotangent);
            fill_fast(call, fast, &ratios, fast_x, gradients);
            if ratios.are_all_fast && (fast_x || gradients.x.is_none()) {
                return;
            }
        }
        None => {
            gradients.clear();
            careful::add_weights(call, gradients);
        }
    }
    let is_careful = |sum: f32, g: f32| g != 0.0 && (fast.is_none() || !is_fast(sum, g));
    let rows = careful::Rows::new(shape, &saved.sums, cotangent, is_careful);
    careful::add_parameters(call, &rows, gradients);
    if let Some(gradient) = &mut gradients.x {
        let rows = match fast {
            Some(_) if !fast_x => {
                gradient.fill(0.0);
                careful::Rows::new(shape, &saved.sums, cotangent, |_, g| g != 0.0)
            }
            _ => rows,
        };
        careful::add_inputs(call, &rows, gradient);
    }
}

/// Fills in the terms of the pairs on the fast path, a panel of neurons at a time. The gradient with respect
/// to the inputs is filled in only if `fast_x` says that the fast path can compute it.
fn fill_fast(
    call: &Call<'_>,
    fast: &Fast,
    ratios: &Ratios,
    fast_x: bool,
    gradients: &mut GradientSlices<'_>,
) {
    let Call { instructions, shape, .. } = *call;
    let Fast { prepared, x } = fast;
    let want_x = gradients.x.is_some() && fast_x;
    let layout = prepared.layout;
    let unscale = ratios.unscale;
    let totals = call.total_cotangents();
    // Gradients at different inputs have no sum in common, so that a panel can be cut anywhere between them.
    let unit = match x {
        FastX::Tiles(_) => INPUTS,
        FastX::Columns(_) => instructions.lanes(),
    };
    let length = shape.inputs.div_ceil(call.tasks.pieces(layout.count)).next_multiple_of(unit);
    let ranges = shape.inputs.div_ceil(length);
    let outputs = Outputs::split(gradients, shape.inputs, layout.width, length);
    let ratios: &[f32] = match x {
        FastX::Tiles(_) => &ratios.in_places(layout),
        FastX::Columns(x) => &ratios.by_neurons(x.padded_rows()),
    };
    let over_neurons = call.tasks.map(outputs.into_iter().enumerate(), |(piece, outputs)| {
        let panel = piece / ranges;
        let first_neuron = panel * layout.width;
        let totals = &totals[first_neuron..shape.neurons.min(first_neuron + layout.width)];
        let task = PanelTask { shape, prepared, ratios, unscale, panel, totals, want_x, outputs };
        match x {
            FastX::Tiles(tiles) => instructions.run(SumPanel { task, tiles }),
            FastX::Columns(x) => instructions.run(SumInputs { task, x }),
        }
    });
    if let Some(gradient) = gradients.x.as_deref_mut().filter(|_| want_x) {
        let unscale = -unscale * U_TO_Z_SQUARED;
        let tasks = Tasks::for_work(gradient.len() * layout.count);
        let rows = tasks.items_per_task(shape.batch, (1 << 14) / shape.inputs + 1);
        tasks.for_each(gradient.chunks_mut(rows * shape.inputs).enumerate(), |(piece, gradient)| {
            instructions.vectorised(
                #[inline(always)]
                || {
                    if ranges == 1 {
                        // The parts have the order of the gradient.
                        return add_parts(
                            over_neurons.iter(),
                            piece * rows * shape.inputs,
                            unscale,
                            gradient,
                        );
                    }
                    for (row, gradient) in (piece * rows..).zip(gradient.chunks_exact_mut(shape.inputs)) {
                        for (range, gradient) in gradient.chunks_mut(length).enumerate() {
                            let parts = over_neurons.iter().skip(range).step_by(ranges);
                            add_parts(parts, row * gradient.len(), unscale, gradient);
                        }
                    }
                },
            );
        });
    }
}

/// Sums the values from `first` on of all parts, and multiplies them by `unscale`.
#[inline(always)]
fn add_parts<'p>(
    parts: impl Iterator<Item = &'p Vec<f32>> + Clone,
    first: usize,
    unscale: f64,
    gradient: &mut [f32],
) {
    // One part after the other, on a few values at a time, is what compilers vectorise.
    for (block, gradient) in gradient.chunks_mut(SUMMED).enumerate() {
        let first = first + block * SUMMED;
        let mut sums = [0.0_f64; SUMMED];
        for part in parts.clone() {
            let part = &part[first..first + gradient.len()];
            sums.iter_mut().zip(part).for_each(|(sum, &term)| *sum += f64::from(term));
        }
        for (gradient, sum) in gradient.iter_mut().zip(sums) {
            *gradient = saturate(sum * unscale);
        }
    }
}
