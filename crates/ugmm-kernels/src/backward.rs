//! The backward pass: its result, and which pairs of row and neuron take which path.

use crate::backward_dense::{DenseSums, ROWS};
use crate::dispatch::{InstructionSet, ZeroPath};
use crate::forward::RESCUE_BELOW;
use crate::panel::panel_width;
use crate::prepare::{Kept, Prepared};
use crate::range::Range;
use crate::sparsity::keeps_zeros_apart;
use crate::tasks::Tasks;
use crate::zero_map::WORD;
use crate::{KernelError, LayerArguments, LayerShape};
use crate::{backward_inputs, backward_parameters, sparse_backward};

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
/// `[batch, neurons]`, too. The gradient with respect to `x` is computed only when `want_x` is set; it adds
/// about a third to the time of the others, and more where zeros are kept apart.
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
    backward_on(InstructionSet::Best, ZeroPath::Measured, shape, arguments, sums, cotangent, want_x)
}

pub(crate) fn backward_on(
    instructions: InstructionSet,
    path: ZeroPath,
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
    let range = Range::of(instructions, arguments);
    let tasks = Tasks::for_work(shape.work());
    let fast = range.suits_fast_backward(cotangent);
    let fast_x = want_x && range.suits_fast_input_gradient(cotangent);
    let apart = fast && keeps_zeros_apart(path, instructions, shape, arguments.x);
    let call = |fast: bool, layout: Layout| {
        let pairs = Pairs::new(shape, sums, cotangent, fast, layout);
        Call { instructions, tasks, shape, arguments, pairs }
    };
    if apart {
        let call = call(true, Layout::panels(shape, panel_width(instructions)));
        sparse_backward::parameters(&call, &mut gradients);
    }
    if apart && !want_x {
        return Ok(gradients);
    }
    let dense = call(fast, Layout::neurons(shape));
    let prepared = (fast && !apart || fast_x)
        .then(|| Prepared::new(instructions, tasks, shape, arguments, Kept::room(shape)));
    let sums = prepared.as_ref().map(|prepared| DenseSums::new(&dense, prepared, fast_x));
    if !apart {
        backward_parameters::parameters(&dense, prepared.as_ref().zip(sums.as_ref()), &mut gradients);
    }
    match &mut gradients.x {
        Some(gradient) if fast_x => backward_inputs::inputs(&dense, sums.as_ref(), gradient),
        Some(gradient) => backward_inputs::inputs(&call(false, Layout::neurons(shape)), None, gradient),
        None => {}
    }
    Ok(gradients)
}

/// What both halves of the backward pass read.
pub(crate) struct Call<'a> {
    pub(crate) instructions: InstructionSet,
    pub(crate) tasks: Tasks,
    pub(crate) shape: LayerShape,
    pub(crate) arguments: LayerArguments<'a>,
    pub(crate) pairs: Pairs<'a>,
}

impl Call<'_> {
    /// One row of x.
    pub(crate) fn x(&self, row: usize) -> &[f32] {
        &self.arguments.x[row * self.shape.inputs..(row + 1) * self.shape.inputs]
    }
}

/// Where the pairs of row and neuron are: `[panels, rows, width]`, a neuron being a lane of a panel.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    width: usize,
    rows: usize,
    panels: usize,
}

impl Layout {
    /// One neuron after the other, with rows for whole groups.
    fn neurons(shape: LayerShape) -> Self {
        Layout { width: 1, rows: shape.batch.next_multiple_of(ROWS), panels: shape.neurons }
    }

    /// For the sparse path, whose tables take a word's worth of rows; there is at least one row more than the
    /// batch has.
    fn panels(shape: LayerShape, width: usize) -> Self {
        let rows = (shape.batch + 1).next_multiple_of(WORD);
        Layout { width, rows, panels: shape.neurons.div_ceil(width) }
    }

    fn len(self) -> usize {
        self.panels * self.rows * self.width
    }

    fn at(self, row: usize, neuron: usize) -> usize {
        (neuron / self.width * self.rows + row) * self.width + neuron % self.width
    }
}

/// The pairs of row and neuron, sorted into fast and careful ones.
pub(crate) struct Pairs<'a> {
    cotangent: &'a [f32],
    /// cotangent / sum for fast pairs, 0 for the others, times a power of two.
    ratios: Vec<f32>,
    /// Undoes that power of two.
    pub(crate) unscale: f64,
    /// Whether a pair is careful; empty when none is.
    careful: Vec<bool>,
    layout: Layout,
    batch: usize,
    neurons: usize,
}

/// The largest ratio is scaled up to about this power of two, so that few products of ratios and small
/// exponentials become denormal numbers, which are slow; even times the largest scale and a block's worth of terms
/// it stays far inside `f32`.
const SCALED_RATIO: i32 = 40;

impl<'a> Pairs<'a> {
    fn new(shape: LayerShape, sums: &[f32], cotangent: &'a [f32], fast: bool, layout: Layout) -> Self {
        let LayerShape { batch, neurons, .. } = shape;
        let mut ratios = vec![0.0_f32; layout.len()];
        let mut careful = Vec::new();
        let mut largest = 0.0_f32;
        for (row, (sums, cotangent)) in
            sums.chunks_exact(neurons).zip(cotangent.chunks_exact(neurons)).enumerate()
        {
            for (neuron, (&sum, &g)) in sums.iter().zip(cotangent).enumerate() {
                let ratio = g / sum;
                if fast && sum >= RESCUE_BELOW && ratio.abs() <= LARGEST_RATIO {
                    ratios[layout.at(row, neuron)] = ratio;
                    largest = largest.max(ratio.abs());
                } else if g != 0.0 {
                    careful.resize(layout.len(), false);
                    careful[layout.at(row, neuron)] = true;
                }
            }
        }
        let power = if largest > 0.0 { SCALED_RATIO - largest.log2().floor() as i32 } else { 0 };
        let scale = 2.0_f32.powi(power.clamp(0, f32::MAX_EXP - 2));
        ratios.iter_mut().for_each(|ratio| *ratio *= scale);
        Pairs { cotangent, ratios, unscale: 1.0 / f64::from(scale), careful, layout, batch, neurons }
    }

    /// The scaled ratios of one neuron, `[batch]`, followed by those of rows of 0 up to a whole group.
    pub(crate) fn ratios(&self, neuron: usize) -> &[f32] {
        &self.ratios[neuron * self.layout.rows..(neuron + 1) * self.layout.rows]
    }

    /// The scaled ratios of one panel, `[rows, width]`; 0 for rows beyond the batch, of which there is one at
    /// least, and neurons beyond the last.
    pub(crate) fn panel_ratios(&self, panel: usize) -> &[f32] {
        let size = self.layout.rows * self.layout.width;
        &self.ratios[panel * size..(panel + 1) * size]
    }

    /// The cotangent of a pair.
    pub(crate) fn cotangent(&self, row: usize, neuron: usize) -> f32 {
        self.cotangent[row * self.neurons + neuron]
    }

    /// The sum over rows of a neuron's cotangents.
    pub(crate) fn total_cotangent(&self, neuron: usize) -> f64 {
        (0..self.batch).map(|row| f64::from(self.cotangent(row, neuron))).sum()
    }

    /// The careful ones among some rows of a neuron.
    pub(crate) fn careful_rows(
        &self,
        neuron: usize,
        rows: std::ops::Range<usize>,
    ) -> impl Iterator<Item = usize> + '_ {
        let rows = if self.careful.is_empty() { 0..0 } else { rows };
        rows.filter(move |&row| self.careful[self.layout.at(row, neuron)])
    }
}
