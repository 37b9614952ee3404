//! The ratio cotangent / sum of each pair of row and neuron, computed before the backward pass evaluates
//! components.

use crate::LayerShape;
use crate::forward::RESCUE_BELOW;
use crate::layout::panel::PanelLayout;
use crate::layout::range::largest_magnitude;
use crate::layout::tile::{PLACES, ROWS};
use crate::layout::transpose::transpose;
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
    /// `[batch, neurons]`.
    values: Vec<f32>,
    shape: LayerShape,
    /// The inverse of that power of two.
    pub(crate) unscale: f64,
    /// Whether all pairs that have a cotangent take the fast path.
    pub(crate) are_all_fast: bool,
}

impl Ratios {
    pub(crate) fn new(
        instructions: InstructionSet,
        shape: LayerShape,
        sums: &[f32],
        cotangent: &[f32],
    ) -> Self {
        let mut values = vec![0.0; sums.len()];
        instructions.vectorised(
            #[inline(always)]
            || {
                let mut are_all_fast = true;
                for ((ratio, &sum), &g) in values.iter_mut().zip(sums).zip(cotangent) {
                    let is_fast = is_fast(sum, g);
                    are_all_fast &= is_fast | (g == 0.0);
                    *ratio = if is_fast { g / sum } else { 0.0 };
                }
                let largest = largest_magnitude(&values);
                let power = if largest > 0.0 { SCALED_RATIO - largest.log2().floor() as i32 } else { 0 };
                let scale = 2.0_f32.powi(power.clamp(0, f32::MAX_EXP - 2));
                values.iter_mut().for_each(|ratio| *ratio *= scale);
                Ratios { values, shape, unscale: 1.0 / f64::from(scale), are_all_fast }
            },
        )
    }

    /// The ratios in `[row blocks, panels, PLACES, width]`; 0 for rows and neurons that do not exist.
    pub(crate) fn in_places(&self, layout: PanelLayout) -> AlignedVec {
        let PanelLayout { width, count, .. } = layout;
        let LayerShape { batch, neurons, .. } = self.shape;
        let mut places = AlignedVec::zeros(batch.div_ceil(ROWS) * count * PLACES * width);
        for (row, ratios) in self.values.chunks_exact(neurons).enumerate() {
            for (panel, ratios) in ratios.chunks(width).enumerate() {
                let place = (row / ROWS * count + panel) * PLACES + row % ROWS;
                places[place * width..][..ratios.len()].copy_from_slice(ratios);
            }
        }
        places
    }

    /// The ratios in `[neurons, rows]`; 0 for rows that do not exist.
    pub(crate) fn by_neurons(&self, rows: usize) -> Vec<f32> {
        let LayerShape { batch, neurons, .. } = self.shape;
        let mut by_neurons = vec![0.0; neurons * rows];
        transpose(&self.values, neurons, batch, neurons, &mut by_neurons, rows);
        by_neurons
    }
}

/// Whether the fast path can express a pair with this sum and cotangent.
#[inline(always)]
pub(crate) fn is_fast(sum: f32, cotangent: f32) -> bool {
    (sum >= RESCUE_BELOW) & ((cotangent / sum).abs() <= LARGEST_RATIO)
}
