//! Whether a call keeps exact zeros of x apart.

use crate::LayerShape;
use crate::dispatch::{InstructionSet, ZeroPath};
use crate::panel::panel_width;
use crate::prepare::LANES;
use crate::zero_map::count_zeros;

/// Rows under which what the sparse path prepares is not worth measuring.
const SMALLEST_BATCH: usize = 8;

/// Rows above which its `f32` sums over rows would lose digits.
const LARGEST_BATCH: usize = 1 << 16;

/// Share of zeros under which they are never kept apart, so that rows without zeros are computed in the same way
/// whatever is beside them.
const SMALLEST_SHARE: f64 = 0.1;

/// Times of the sparse path in units of an exponential on the dense path, measured on AVX2 on a layer of 784 inputs
/// and 128 neurons. For its batch of 128 they put the break-even at 23 % zeros.
const COST_OF_NONZERO: f64 = 1.2;
const COST_OF_ZERO: f64 = 0.05;
/// Of a component before the first row.
const COST_OF_PREPARATION: f64 = 8.0;

/// Decides by the estimated times of the two paths.
pub(crate) fn keeps_zeros_apart(
    path: ZeroPath,
    instructions: InstructionSet,
    shape: LayerShape,
    x: &[f32],
) -> bool {
    let LayerShape { batch, inputs, neurons } = shape;
    if !(SMALLEST_BATCH..=LARGEST_BATCH).contains(&batch) || path != ZeroPath::Measured {
        return path == ZeroPath::Always && batch <= LARGEST_BATCH;
    }
    let zeros = instructions.vectorised(
        #[inline(always)]
        || count_zeros(x),
    ) as f64;
    let nonzeros = x.len() as f64 - zeros;
    if zeros < SMALLEST_SHARE * x.len() as f64 {
        return false;
    }
    let lanes = neurons.next_multiple_of(panel_width(instructions)) as f64;
    let preparation = COST_OF_PREPARATION * inputs as f64;
    let sparse = lanes * (preparation + COST_OF_NONZERO * nonzeros + COST_OF_ZERO * zeros);
    let dense = (neurons * batch) as f64 * inputs.next_multiple_of(LANES) as f64;
    sparse < dense
}
