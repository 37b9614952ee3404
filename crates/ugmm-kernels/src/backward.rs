//! The backward pass: its result, and which pairs of row and neuron take which path.

use crate::dispatch::InstructionSet;
use crate::forward::RESCUE_BELOW;
use crate::prepare::Prepared;
use crate::range::Range;
use crate::tasks::Tasks;
use crate::{KernelError, LayerArguments, LayerShape, backward_inputs, backward_parameters};

/// Largest |cotangent / sum| that the fast path takes; pairs beyond it are computed in `f64`.
const LARGEST_RATIO: f32 = 1e36;

/// Gradients of `sum(y * cotangent)`, as [`crate::backward()`] returns them.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// With respect to the inputs, `[batch, inputs]`; only when it was asked for.
    pub x: Option<Vec<f32>>,
    /// With respect to the means, `[neurons, inputs]`.
    pub means: Vec<f32>,
    /// With respect to the log standard deviations, `[neurons, inputs]`.
    pub log_sigmas: Vec<f32>,
    /// With respect to the mixing logits, `[neurons, inputs]`.
    pub mixing_logits: Vec<f32>,
}

/// The gradients of `sum(y * cotangent)` (the derivatives of the formulas at the top of this crate).
///
/// `sums` are those of [`crate::forward()`] for the same arguments, `[batch, neurons]`, and `cotangent` is
/// `[batch, neurons]`, too. The gradient with respect to `x` costs about as much as the other three together
/// and is computed only when `want_x` is set.
///
/// A responsibility carries a relative error that is typically 1e-6, and up to 1e-4 for components many
/// standard deviations away; one under about 1e-8 may be taken as 0 where all of them are. The errors of the
/// gradients follow from these. Results are saturated at `±f32::MAX`.
///
/// # Errors
///
/// [`KernelError`] when the layer is empty or a slice does not have the length that `shape` asks for.
pub fn backward(
    shape: LayerShape,
    arguments: LayerArguments<'_>,
    sums: &[f32],
    cotangent: &[f32],
    want_x: bool,
) -> Result<Gradients, KernelError> {
    backward_on(InstructionSet::Best, shape, arguments, sums, cotangent, want_x)
}

pub(crate) fn backward_on(
    instructions: InstructionSet,
    shape: LayerShape,
    arguments: LayerArguments<'_>,
    sums: &[f32],
    cotangent: &[f32],
    want_x: bool,
) -> Result<Gradients, KernelError> {
    arguments.check(shape)?;
    shape.check_pairs("sums", sums.len())?;
    shape.check_pairs("cotangent", cotangent.len())?;
    let parameters = shape.neurons * shape.inputs;
    let mut gradients = Gradients {
        x: want_x.then(|| vec![0.0; shape.batch * shape.inputs]),
        means: vec![0.0; parameters],
        log_sigmas: vec![0.0; parameters],
        mixing_logits: vec![0.0; parameters],
    };
    if shape.batch == 0 {
        return Ok(gradients);
    }
    let range = Range::of(arguments);
    let tasks = Tasks::for_work(shape.work());
    let fast = range.suits_fast_backward(cotangent);
    let prepared = fast.then(|| Prepared::new(instructions, tasks, shape, arguments));
    let mut call = Call {
        instructions,
        tasks,
        shape,
        arguments,
        prepared: prepared.as_ref(),
        pairs: Pairs::new(shape, sums, cotangent, fast),
    };
    backward_parameters::parameters(&call, &mut gradients);
    if let Some(gradient) = &mut gradients.x {
        if fast && !range.suits_fast_input_gradient(cotangent) {
            call.prepared = None;
            call.pairs = Pairs::new(shape, sums, cotangent, false);
        }
        backward_inputs::inputs(&call, gradient);
    }
    Ok(gradients)
}

/// What both halves of the backward pass read.
pub(crate) struct Call<'a> {
    pub(crate) instructions: InstructionSet,
    pub(crate) tasks: Tasks,
    pub(crate) shape: LayerShape,
    pub(crate) arguments: LayerArguments<'a>,
    /// For the fast path; absent when every pair is careful.
    pub(crate) prepared: Option<&'a Prepared>,
    pub(crate) pairs: Pairs<'a>,
}

impl Call<'_> {
    /// One row of x.
    pub(crate) fn x(&self, row: usize) -> &[f32] {
        &self.arguments.x[row * self.shape.inputs..(row + 1) * self.shape.inputs]
    }
}

/// The pairs of row and neuron, sorted into fast and careful ones.
pub(crate) struct Pairs<'a> {
    cotangent: &'a [f32],
    /// cotangent / sum for fast pairs, 0 for the others: `[neurons, batch]`, so that a neuron's are
    /// contiguous.
    ratios: Vec<f32>,
    /// Whether a pair is careful, `[neurons, batch]`; empty when none is.
    careful: Vec<bool>,
    batch: usize,
    neurons: usize,
}

impl<'a> Pairs<'a> {
    fn new(shape: LayerShape, sums: &[f32], cotangent: &'a [f32], fast: bool) -> Self {
        let LayerShape { batch, neurons, .. } = shape;
        let mut pairs =
            Pairs { cotangent, ratios: vec![0.0; batch * neurons], careful: Vec::new(), batch, neurons };
        for row in 0..batch {
            for neuron in 0..neurons {
                let sum = sums[row * neurons + neuron];
                let g = cotangent[row * neurons + neuron];
                let ratio = g / sum;
                let at = neuron * batch + row;
                if fast && sum >= RESCUE_BELOW && ratio.abs() <= LARGEST_RATIO {
                    pairs.ratios[at] = ratio;
                } else if g != 0.0 {
                    pairs.careful.resize(batch * neurons, false);
                    pairs.careful[at] = true;
                }
            }
        }
        pairs
    }

    /// The ratios of one neuron, `[batch]`.
    pub(crate) fn ratios(&self, neuron: usize) -> &[f32] {
        &self.ratios[neuron * self.batch..(neuron + 1) * self.batch]
    }

    /// The cotangent of a pair.
    pub(crate) fn cotangent(&self, row: usize, neuron: usize) -> f32 {
        self.cotangent[row * self.neurons + neuron]
    }

    /// The careful ones among some rows of a neuron.
    pub(crate) fn careful_rows(
        &self,
        neuron: usize,
        rows: std::ops::Range<usize>,
    ) -> impl Iterator<Item = usize> + '_ {
        let rows = if self.careful.is_empty() { 0..0 } else { rows };
        rows.filter(move |row| self.careful[neuron * self.batch + row])
    }
}
