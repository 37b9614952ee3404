//! What the two fast paths of the backward pass share: the work on one panel, and the gradients from its sums.

use crate::LayerShape;
use crate::backward::gradients::Outputs;
use crate::layout::prepare::{Prepared, U_TO_Z_SQUARED};
use crate::simd::vector::Vector;

/// Number of sums over rows that a component has: of w, w·u and w·u².
pub(crate) const SUMS: usize = 3;

/// The work on one panel of neurons.
pub(crate) struct PanelTask<'a> {
    pub(crate) shape: LayerShape,
    pub(crate) prepared: &'a Prepared,
    /// The ratios of the pairs in the order of the path, and the factor that takes their scale back.
    pub(crate) ratios: &'a [f32],
    pub(crate) unscale: f64,
    pub(crate) panel: usize,
    /// The sum of the cotangents of each neuron, starting with the panel's first neuron.
    pub(crate) totals: &'a [f64],
    pub(crate) want_x: bool,
    pub(crate) outputs: Outputs<'a>,
}

/// Turns the sums of a vector of components into gradients.
#[derive(Clone, Copy)]
pub(crate) struct GradientsOfSums<S: Vector> {
    simd: S,
    unscale: S::f32s,
    unscale_z_squared: S::f32s,
}

impl<S: Vector> GradientsOfSums<S> {
    #[inline(always)]
    pub(crate) fn new(simd: S, unscale: f64) -> Self {
        let unscale_z_squared = simd.splat_f32s((unscale * U_TO_Z_SQUARED) as f32);
        Self { simd, unscale: simd.splat_f32s(unscale as f32), unscale_z_squared }
    }

    /// The gradients of means, log σ and mixing logits, not yet saturated; those of the logits without -π times the sum
    /// of the cotangents.
    #[inline(always)]
    pub(crate) fn of(self, [w, wu, wuu]: [S::f32s; SUMS], scales: S::f32s) -> [S::f32s; SUMS] {
        let Self { simd, unscale, unscale_z_squared } = self;
        let w = simd.mul_f32s(w, unscale);
        // w z / σ and w z².
        let wz = simd.mul_f32s(simd.mul_f32s(wu, unscale_z_squared), scales);
        let wzz = simd.mul_f32s(wuu, unscale_z_squared);
        [wz, simd.sub_f32s(wzz, w), w]
    }

    /// A gradient within the range of `f32`.
    #[inline(always)]
    pub(crate) fn saturated(self, gradient: S::f32s) -> S::f32s {
        let gradient = self.simd.max_f32s(gradient, self.simd.splat_f32s(f32::MIN));
        self.simd.min_f32s(gradient, self.simd.splat_f32s(f32::MAX))
    }
}
