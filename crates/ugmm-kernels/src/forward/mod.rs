//! The forward pass: the fast path, and the recomputation of pairs that it cannot express.

mod inputs;
pub(crate) mod kept;
pub(crate) mod panel;

use crate::careful::{CarefulNeuron, saturate};
use crate::forward::inputs::SumInputs;
use crate::forward::kept::{CostOfKept, ListKept};
use crate::forward::panel::SumRows;
use crate::layout::columns::{Columns, GROUP};
use crate::layout::lanes::Lanes;
use crate::layout::panel::PanelLayout;
use crate::layout::prepare::Prepared;
use crate::layout::range::Range;
use crate::layout::tile::{INPUTS, ROWS, Tiles, Zeros, row_range};
use crate::layout::transpose::transpose;
use crate::simd::dispatch::{InstructionSet, ZeroPath};
use crate::simd::logarithm::ln;
use crate::tasks::Tasks;
use crate::{KernelError, LayerArguments, LayerShape};

/// Sums of exponentials under this are recomputed with the pair's own largest exponent: near the smallest
/// `f32` too many of their terms have become 0.
pub(crate) const RESCUE_BELOW: f32 = 1e-30;

/// Cost of turning a sum into an activation, in component evaluations.
const FINISH_WORK: usize = 8;

/// Result of [`crate::forward()`].
#[derive(Debug)]
pub struct Forward {
    /// The activations, log-densities of the mixtures, `[batch, neurons]`.
    pub y: Vec<f32>,
    /// The intermediate results that [`crate::backward()`] needs.
    pub saved: Saved,
}

/// The intermediate results of a forward pass that a backward pass on the same arguments needs.
#[derive(Debug)]
pub struct Saved {
    pub(crate) shape: LayerShape,
    pub(crate) instructions: InstructionSet,
    /// Sums of exponentials relative to the neuron's largest exponent, `[batch, neurons]`; 0 marks a pair that was
    /// computed in `f64` instead.
    pub(crate) sums: Vec<f32>,
    pub(crate) range: Range,
    /// The arguments of the fast path; `None` where no pair takes it.
    pub(crate) fast: Option<Fast>,
}

impl Saved {
    /// The sums of exponentials, `[batch, neurons]`, from which [`Self::of_sums`] restores all of this.
    #[must_use]
    pub fn sums(&self) -> &[f32] {
        &self.sums
    }

    /// What a forward pass on these arguments saved, from its [`Self::sums`]. This costs a small part of a forward pass,
    /// and serves frameworks that keep tensors only between the two passes.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when the layer is empty or a slice does not have the length that `shape` requires.
    pub fn of_sums(
        shape: LayerShape,
        arguments: LayerArguments<'_>,
        sums: Vec<f32>,
    ) -> Result<Self, KernelError> {
        arguments.check(shape)?;
        shape.check_pairs("sums", sums.len())?;
        let instructions = InstructionSet::best();
        let range = Range::of(instructions, arguments);
        let tasks = Tasks::for_work(shape.work());
        let fast = tasks.enter(|| Fast::of(instructions, tasks, ZeroPath::Measured, shape, arguments, range));
        Ok(Self { shape, instructions, sums, range, fast })
    }

    /// Number of pairs of row and neuron that were computed in `f64`.
    #[doc(hidden)]
    pub fn rescued(&self) -> usize {
        self.sums.iter().filter(|&&sum| sum == 0.0).count()
    }
}

/// The arguments in the form that the fast path reads.
#[derive(Debug)]
pub(crate) struct Fast {
    pub(crate) prepared: Prepared,
    pub(crate) x: FastX,
}

impl Fast {
    /// The arguments in the form that the fast path reads; `None` where no pair takes it.
    fn of(
        instructions: InstructionSet,
        tasks: Tasks,
        path: ZeroPath,
        shape: LayerShape,
        arguments: LayerArguments<'_>,
        range: Range,
    ) -> Option<Self> {
        if shape.batch == 0 || !range.suits_fast_forward() {
            return None;
        }
        let x = arguments.x;
        let (lanes, cost) = Lanes::cheaper(instructions, shape, arguments.mixing_logits);
        let zeros = Zeros::of(instructions, tasks, path, shape, x, cost);
        let lanes = if zeros.are_apart_anywhere() { Lanes::Neurons } else { lanes };
        let prepared = Prepared::new(instructions, tasks, shape, arguments, lanes);
        let x = match lanes {
            Lanes::Neurons => FastX::Tiles(Tiles::new(instructions, tasks, &zeros, shape, x)),
            Lanes::Inputs => FastX::Columns(Columns::of(instructions, shape, x)),
        };
        Some(Self { prepared, x })
    }
}

/// x in the form that the fast path reads.
#[derive(Debug)]
pub(crate) enum FastX {
    /// With neurons in vector lanes.
    Tiles(Tiles),
    /// With inputs in vector lanes.
    Columns(Columns),
}

/// The activations of a layer (arXiv 2509.07569, section 3; the formulas are at the top of this crate).
///
/// Values are exact to about 1e-6 relative or 4e-5 absolute, whichever is larger; the precision of `f32`
/// exponents sets this limit. They are saturated at `±f32::MAX`.
///
/// # Errors
///
/// [`KernelError`] when the layer is empty or a slice does not have the length that `shape` requires.
pub fn forward(shape: LayerShape, arguments: LayerArguments<'_>) -> Result<Forward, KernelError> {
    forward_along(InstructionSet::best(), ZeroPath::Measured, shape, arguments)
}

/// Computes [`forward()`] on a given instruction set and path, which the backward pass of the result uses
/// too.
///
/// # Errors
///
/// [`KernelError`] as for [`forward()`].
pub fn forward_along(
    instructions: InstructionSet,
    path: ZeroPath,
    shape: LayerShape,
    arguments: LayerArguments<'_>,
) -> Result<Forward, KernelError> {
    arguments.check(shape)?;
    shape.check_countable_pairs()?;
    let pairs = shape.batch * shape.neurons;
    let range = Range::of(instructions, arguments);
    let saved = Saved { shape, instructions, sums: vec![0.0; pairs], range, fast: None };
    let mut output = Forward { y: vec![0.0; pairs], saved };
    let tasks = Tasks::for_work(shape.work());
    tasks.enter(|| {
        let fast = Fast::of(instructions, tasks, path, shape, arguments, range);
        if let Some(Fast { prepared, x }) = &fast {
            let sums = &mut output.saved.sums;
            match x {
                FastX::Tiles(tiles) => sum_by_neurons(instructions, tasks, shape, tiles, prepared, sums),
                FastX::Columns(x) => sum_by_inputs(instructions, tasks, shape, x, prepared, sums),
            }
            fill(instructions, shape, prepared, &mut output);
        }
        output.saved.fast = fast;
        rescue(instructions, shape, arguments, &mut output);
    });
    Ok(output)
}

/// Fills in the sums of exponentials, `[batch, neurons]`, with neurons in lanes.
fn sum_by_neurons(
    instructions: InstructionSet,
    tasks: Tasks,
    shape: LayerShape,
    tiles: &Tiles,
    prepared: &Prepared,
    sums: &mut [f32],
) {
    let PanelLayout { width, count, .. } = prepared.layout;
    let rows = row_range(shape.batch, 0).len();
    let kept = tasks.map(0..count, |panel| {
        let panel = prepared.panel(panel);
        // Where zeros are kept apart, that saves so much that a list of components with weight does not pay.
        let pays = tiles.any_dense() && instructions.run(CostOfKept { panel, width, rows }).is_some();
        pays.then(|| instructions.run(ListKept { panel, width }))
    });
    // The sums of each tile join the totals in their order, and may as well be computed apart.
    let blocks = shape.inputs.div_ceil(INPUTS);
    let pieces = if tasks.pieces(tiles.row_blocks() * count) > 1 { blocks } else { 1 };
    let parts = tasks.map(0..tiles.row_blocks() * count * pieces, |task| {
        let (panel, row_block) = (task / pieces % count, task / pieces / count);
        let rows = row_range(shape.batch, row_block).len();
        let blocks = if pieces > 1 { task % pieces..task % pieces + 1 } else { 0..blocks };
        let (kept, tiles) = (kept[panel].as_ref(), tiles.of_rows(row_block));
        instructions.run(SumRows { prepared, panel, kept, tiles, blocks, rows })
    });
    for (task, parts) in parts.chunks_exact(pieces).enumerate() {
        let (first_neuron, rows) = (task % count * width, row_range(shape.batch, task / count));
        let neurons = width.min(shape.neurons - first_neuron);
        for (place, row) in rows.enumerate() {
            let sums = &mut sums[row * shape.neurons + first_neuron..][..neurons];
            let mut parts = parts.iter().map(|part| &part[place * width..][..neurons]);
            parts.by_ref().take(1).for_each(|part| sums.copy_from_slice(part));
            parts.for_each(|part| sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part));
        }
    }
}

/// Fills in the sums of exponentials, `[batch, neurons]`, with inputs in lanes.
fn sum_by_inputs(
    instructions: InstructionSet,
    tasks: Tasks,
    shape: LayerShape,
    x: &Columns,
    prepared: &Prepared,
    sums: &mut [f32],
) {
    let PanelLayout { width, count, .. } = prepared.layout;
    let length = ROWS.min(shape.batch.div_ceil(tasks.pieces(count)).next_multiple_of(GROUP));
    let row_range = |block: usize| block * length..shape.batch.min((block + 1) * length);
    let parts = tasks.map(0..shape.batch.div_ceil(length) * count, |task| {
        let rows = row_range(task / count);
        instructions.run(SumInputs { prepared, panel: task % count, x, rows })
    });
    for (task, part) in parts.iter().enumerate() {
        let (first_neuron, rows) = (task % count * width, row_range(task / count));
        let neurons = width.min(shape.neurons - first_neuron);
        let target = &mut sums[rows.start * shape.neurons + first_neuron..];
        transpose(part, part.len() / neurons, neurons, rows.len(), target, shape.neurons);
    }
}

/// Turns the sums into activations. The sums of pairs that the fast path cannot express become 0.
fn fill(instructions: InstructionSet, shape: LayerShape, prepared: &Prepared, output: &mut Forward) {
    let sums = &mut output.saved.sums;
    let tasks = Tasks::for_work(shape.batch * shape.neurons * FINISH_WORK);
    let rows = tasks.items_per_task(shape.batch, shape.batch);
    let pieces = output.y.chunks_mut(rows * shape.neurons).zip(sums.chunks_mut(rows * shape.neurons));
    tasks.for_each(pieces, |(y, sums)| finish(instructions, prepared.bounds(), y, sums));
}

/// Turns the sums of some rows into activations; sums that need the rescue become 0.
fn finish(instructions: InstructionSet, bounds: &[f64], y: &mut [f32], sums: &mut [f32]) {
    instructions.vectorised(
        #[inline(always)]
        || {
            let rows = y.chunks_exact_mut(bounds.len()).zip(sums.chunks_exact_mut(bounds.len()));
            for (y, sums) in rows {
                for ((y, sum), &bound) in y.iter_mut().zip(sums).zip(bounds) {
                    *sum = if *sum >= RESCUE_BELOW { *sum } else { 0.0 };
                    *y = saturate(bound + ln(f64::from(*sum)));
                }
            }
        },
    );
}

/// Recomputes every pair whose sum is marked with 0.
fn rescue(
    instructions: InstructionSet,
    shape: LayerShape,
    arguments: LayerArguments<'_>,
    output: &mut Forward,
) {
    let sums = &output.saved.sums;
    let marked = output.saved.rescued();
    if marked == 0 {
        return;
    }
    let rescued = Tasks::for_work(marked.saturating_mul(shape.inputs)).map(0..shape.neurons, |neuron| {
        let mut rows = (0..shape.batch).filter(|row| sums[row * shape.neurons + neuron] == 0.0).peekable();
        if rows.peek().is_none() {
            return Vec::new();
        }
        let mut careful = CarefulNeuron::new(instructions, shape, arguments, neuron);
        let x = |row: usize| &arguments.x[row * shape.inputs..(row + 1) * shape.inputs];
        rows.map(|row| (row, saturate(careful.activation(x(row))))).collect()
    });
    for (neuron, rows) in rescued.into_iter().enumerate() {
        for (row, y) in rows {
            output.y[row * shape.neurons + neuron] = y;
        }
    }
}
