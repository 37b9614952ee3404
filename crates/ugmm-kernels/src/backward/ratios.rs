//! The ratio cotangent / sum of each pair of row and neuron, computed before the backward pass evaluates
//! components.

use crate::LayerShape;
use crate::forward::RESCUE_BELOW;
use crate::layout::prepare::PanelLayout;
use crate::layout::tile::{PLACES, ROWS};
use crate::simd::aligned::AlignedVec;
use crate::simd::dispatch::InstructionSet;

/// Largest |cotangent / sum| that the fast path takes; pairs beyond it are computed in `f64`.
const LARGEST_RATIO: f32 = 1e36;

/// Power of two to which the largest ratio is scaled up, so that few products of ratios and small
/// exponentials become denormal numbers, which are slow. Even times the largest scale and a block's worth of
/// terms it stays far inside `f32`.
const SCALED_RATIO: i32 = 40;

/// cotangent / sum of the pairs that take the fast path, and 0 for the others, times a power of two.
pub(crate) struct Ratios {
    /// `[row blocks, panels, PLACES, width]`; 0 for rows and neurons that do not exist.
    values: AlignedVec,
    /// The inverse of that power of two.
    pub(crate) unscale: f64,
    layout: PanelLayout,
    batch: usize,
}

impl Ratios {
    pub(crate) fn new(
        instructions: InstructionSet,
        layout: PanelLayout,
        shape: LayerShape,
        sums: &[f32],
        cotangent: &[f32],
    ) -> Self {
        let LayerShape { batch, neurons, .. } = shape;
        let values = AlignedVec::zeros(batch.div_ceil(ROWS) * layout.count * PLACES * layout.width);
        let mut ratios = Ratios { values, unscale: 1.0, layout, batch };
        instructions.vectorised(
            #[inline(always)]
            || {
                let largest = ratios.fill(neurons, sums, cotangent);
                let power = if largest > 0.0 { SCALED_RATIO - largest.log2().floor() as i32 } else { 0 };
                let scale = 2.0_f32.powi(power.clamp(0, f32::MAX_EXP - 2));
                ratios.unscale = 1.0 / f64::from(scale);
                ratios.values.iter_mut().for_each(|ratio| *ratio *= scale);
            },
        );
        ratios
    }

    /// Fills in the ratios and returns their largest magnitude.
    #[inline(always)]
    fn fill(&mut self, neurons: usize, sums: &[f32], cotangent: &[f32]) -> f32 {
        let PanelLayout { width, count, .. } = self.layout;
        let mut largest = 0.0_f32;
        for row in 0..self.batch {
            let pairs = row * neurons..(row + 1) * neurons;
            let (sums, cotangent) = (&sums[pairs.clone()], &cotangent[pairs]);
            for (panel, (sums, cotangent)) in sums.chunks(width).zip(cotangent.chunks(width)).enumerate() {
                let place = (row / ROWS * count + panel) * PLACES + row % ROWS;
                let ratios = &mut self.values[place * width..][..width];
                for ((ratio, &sum), &g) in ratios.iter_mut().zip(sums).zip(cotangent) {
                    let value = if is_fast(sum, g) { g / sum } else { 0.0 };
                    largest = if value.abs() > largest { value.abs() } else { largest };
                    *ratio = value;
                }
            }
        }
        largest
    }

    /// The ratios of a block of rows and a panel, `[PLACES, width]`.
    pub(crate) fn of(&self, row_block: usize, panel: usize) -> &[f32] {
        let size = PLACES * self.layout.width;
        &self.values[(row_block * self.layout.count + panel) * size..][..size]
    }
}

/// Whether the fast path can express a pair with this sum and cotangent.
#[inline(always)]
pub(crate) fn is_fast(sum: f32, cotangent: f32) -> bool {
    (sum >= RESCUE_BELOW) & ((cotangent / sum).abs() <= LARGEST_RATIO)
}
