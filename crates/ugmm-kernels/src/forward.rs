//! The forward pass: the fast path, and the rescue of the pairs that it cannot express.

use crate::careful::{CarefulNeuron, saturate};
use crate::dispatch::{InstructionSet, ZeroPath};
use crate::exp2::Exp2;
use crate::logarithm::ln;
use crate::prepare::{BLOCK, Kept, LANES, Prepared};
use crate::range::Range;
use crate::sparsity::keeps_zeros_apart;
use crate::tasks::Tasks;
use crate::{KernelError, LayerArguments, LayerShape, sparse_forward};
use pulp::{Simd, WithSimd};

/// Sums of exponentials under this are recomputed with the pair's own largest exponent: near the smallest
/// `f32` too many of their terms have become 0.
pub(crate) const RESCUE_BELOW: f32 = 1e-30;

/// Rows evaluated together, so that a block of parameters is loaded once for all of them.
const ROWS: usize = 4;

/// Most rows of a task: their x stays in the second-level cache while the neurons go by.
const LARGEST_TASK: usize = 64;

/// Blocks of inputs that are summed up before they join the total, which keeps rounding errors from growing
/// with the number of inputs.
const SUM_BLOCKS: usize = 32;

/// Result of [`crate::forward()`], both `[batch, neurons]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    /// The activations, log-densities of the mixtures.
    pub y: Vec<f32>,
    /// Sums of exponentials relative to the neuron's largest exponent, for [`crate::backward()`]; 0 marks a
    /// pair that was computed in `f64` instead.
    pub sums: Vec<f32>,
}

/// The activations of a layer (arXiv 2509.07569, section 3; the formulas are at the top of this crate).
///
/// Values are as accurate as `f32` exponents allow: to about 1e-6 relative or 4e-5 absolute, whichever is
/// larger. They are saturated at `±f32::MAX`.
///
/// # Errors
///
/// [`KernelError`] when the layer is empty or a slice does not have the length that `shape` asks for.
pub fn forward(shape: LayerShape, arguments: LayerArguments<'_>) -> Result<Forward, KernelError> {
    forward_on(InstructionSet::Best, ZeroPath::Measured, shape, arguments)
}

pub(crate) fn forward_on(
    instructions: InstructionSet,
    path: ZeroPath,
    shape: LayerShape,
    arguments: LayerArguments<'_>,
) -> Result<Forward, KernelError> {
    arguments.check(shape)?;
    shape.check_countable_pairs()?;
    let pairs = shape.batch * shape.neurons;
    let mut output = Forward { y: vec![0.0; pairs], sums: vec![0.0; pairs] };
    if shape.batch == 0 {
        return Ok(output);
    }
    let tasks = Tasks::for_work(shape.work());
    if Range::of(instructions, arguments).suits_fast_forward() {
        let LayerShape { batch, inputs, neurons } = shape;
        if keeps_zeros_apart(path, instructions, shape, arguments.x) {
            sparse_forward::fill(instructions, tasks, shape, arguments, &mut output);
        } else {
            let prepared = Prepared::new(instructions, tasks, shape, arguments, Kept::default());
            let rows = tasks.items_per_task(batch, LARGEST_TASK, ROWS);
            let outputs = output.y.chunks_mut(rows * neurons).zip(output.sums.chunks_mut(rows * neurons));
            tasks.for_each(arguments.x.chunks(rows * inputs).zip(outputs), |(x, (y, sums))| {
                instructions.run(FastRows { prepared: &prepared, inputs, x, sums });
                finish(instructions, &prepared.bounds, y, sums);
            });
        }
    }
    rescue(instructions, shape, arguments, &mut output);
    Ok(output)
}

/// Turns the sums of some rows into activations; sums that need the rescue become 0.
pub(crate) fn finish(instructions: InstructionSet, bounds: &[f64], y: &mut [f32], sums: &mut [f32]) {
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
    let marked = output.sums.iter().filter(|&&sum| sum == 0.0).count();
    if marked == 0 {
        return;
    }
    let rescued = Tasks::for_work(marked.saturating_mul(shape.inputs)).map(shape.neurons, |neuron| {
        let mut rows =
            (0..shape.batch).filter(|row| output.sums[row * shape.neurons + neuron] == 0.0).peekable();
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

/// A few rows on every neuron.
struct FastRows<'a> {
    prepared: &'a Prepared,
    inputs: usize,
    x: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for FastRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let FastRows { prepared, inputs, x, sums } = self;
        let exp2 = Exp2::new(simd);
        let neurons = prepared.bounds.len();
        let width = prepared.blocks * LANES;
        let padded = PaddedRows::new(x, inputs, width);
        let rows = x.len() / inputs;
        for neuron in 0..neurons {
            let parameters = prepared.neuron(neuron);
            let mut write = |row: usize, sum: f32| sums[row * neurons + neuron] = sum;
            let mut row = 0;
            while row + ROWS <= rows {
                let tile = sum_tile::<S, ROWS>(simd, &exp2, padded.rows(row), parameters);
                tile.into_iter().enumerate().for_each(|(index, sum)| write(row + index, sum));
                row += ROWS;
            }
            while row < rows {
                let [sum] = sum_tile::<S, 1>(simd, &exp2, padded.rows(row), parameters);
                write(row, sum);
                row += 1;
            }
        }
    }
}

/// Rows of x whose length is a multiple of [`LANES`]: x itself where it has that form, a copy where not.
struct PaddedRows<'a> {
    values: std::borrow::Cow<'a, [f32]>,
    width: usize,
}

impl<'a> PaddedRows<'a> {
    fn new(x: &'a [f32], inputs: usize, width: usize) -> Self {
        if inputs == width {
            return PaddedRows { values: x.into(), width };
        }
        let mut values = vec![0.0; x.len() / inputs * width];
        for (padded, row) in values.chunks_exact_mut(width).zip(x.chunks_exact(inputs)) {
            padded[..inputs].copy_from_slice(row);
        }
        PaddedRows { values: values.into(), width }
    }

    #[inline(always)]
    fn rows<const COUNT: usize>(&self, first: usize) -> [&[f32]; COUNT] {
        std::array::from_fn(|index| &self.values[(first + index) * self.width..][..self.width])
    }
}

/// The sums of exponentials of one neuron on a few rows. The order in which a row's terms are added does not
/// depend on the rows beside it.
#[inline(always)]
fn sum_tile<S: Simd, const COUNT: usize>(
    simd: S,
    exp2: &Exp2<S>,
    rows: [&[f32]; COUNT],
    parameters: &[f32],
) -> [f32; COUNT] {
    let vectors = LANES / S::F32_LANES;
    let (parameters, _) = S::as_simd_f32s(parameters);
    let rows = rows.map(|row| S::as_simd_f32s(row).0);
    let mut totals = [simd.splat_f32s(0.0); COUNT];
    let mut position = 0;
    for piece in parameters.chunks(SUM_BLOCKS * BLOCK / S::F32_LANES) {
        let mut sums = [simd.splat_f32s(0.0); COUNT];
        for block in piece.chunks_exact(3 * vectors) {
            for vector in 0..vectors {
                let mean = block[vector];
                let scale = block[vectors + vector];
                let offset = block[2 * vectors + vector];
                let mut exponents = [offset; COUNT];
                for (row, exponent) in rows.iter().zip(&mut exponents) {
                    let u = simd.mul_f32s(simd.sub_f32s(row[position + vector], mean), scale);
                    *exponent = simd.negate_mul_add_e_f32s(u, u, offset);
                }
                let (polynomials, powers) = exp2.factors(exponents);
                for index in 0..COUNT {
                    sums[index] = simd.mul_add_e_f32s(polynomials[index], powers[index], sums[index]);
                }
            }
            position += vectors;
        }
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = simd.add_f32s(*total, sum);
        }
    }
    let mut results = [0.0; COUNT];
    for (result, total) in results.iter_mut().zip(totals) {
        *result = simd.reduce_sum_f32s(total);
    }
    results
}
