//! One step of the fast path: evaluates a few values of an input on the components of a panel at that input.

use crate::layout::prepare::VALUES;
use crate::layout::subset_sums::Wide;
use crate::simd::exp2::{Exp2, Pairs};
use crate::simd::vector::Vector;

/// The components of a panel of `V` vectors at one input.
#[derive(Clone, Copy)]
pub(crate) struct Component<S: Vector, const V: usize> {
    simd: S,
    exp2: S::Exp2,
    means: Wide<S, V>,
    pub(crate) scales: Wide<S, V>,
    offsets: Wide<S, V>,
}

/// The means, scales and offsets of a panel, one entry per input; see [`crate::layout::prepare::Prepared::panel`].
#[inline(always)]
pub(crate) fn components<S: Vector, const V: usize>(panel: &[f32]) -> &[[Wide<S, V>; VALUES]] {
    let (panel, _) = S::as_simd_f32s(panel);
    let (panel, _) = panel.as_chunks::<V>();
    panel.as_chunks::<VALUES>().0
}

/// A few values on a component: u and the exponential 2^(offset - u²) of each.
pub(crate) struct Evaluated<S: Vector, const V: usize, const N: usize> {
    pub(crate) us: [Wide<S, V>; N],
    pub(crate) exponentials: [Wide<S, V>; N],
}

/// Largest |mean·scale| for which u = scale·x - mean·scale, which saves an instruction over scale·(x - mean),
/// keeps the digits of the exponent: rounding the product changes an exponent of -u² by up to u·2e-6.
const LARGEST_SHIFT: f32 = 16.0;

impl<S: Vector, const V: usize> Component<S, V> {
    #[inline(always)]
    pub(crate) fn new(simd: S, exp2: S::Exp2, &[means, scales, offsets]: &[Wide<S, V>; VALUES]) -> Self {
        Component { simd, exp2, means, scales, offsets }
    }

    /// -mean·scale, or `None` where u would be too inexact if computed from it.
    #[inline(always)]
    pub(crate) fn shifts(&self) -> Option<Wide<S, V>> {
        let simd = self.simd;
        let mut shifts = self.means;
        let mut largest = simd.splat_f32s(0.0);
        for v in 0..V {
            shifts[v] = simd.neg_f32s(simd.mul_f32s(self.means[v], self.scales[v]));
            largest = simd.max_f32s(largest, simd.abs_f32s(shifts[v]));
        }
        (simd.reduce_max_f32s(largest) <= LARGEST_SHIFT).then_some(shifts)
    }

    /// u of a few vectors of values, each of them for all vectors of the panel; `shifts` is the result of
    /// [`Self::shifts`].
    #[inline(always)]
    fn us<const N: usize>(&self, shifts: Option<Wide<S, V>>, x: [S::f32s; N]) -> [Wide<S, V>; N] {
        let simd = self.simd;
        let mut us = [self.means; N];
        for n in 0..N {
            for v in 0..V {
                us[n][v] = match shifts {
                    Some(shifts) => simd.mul_add_e_f32s(x[n], self.scales[v], shifts[v]),
                    None => simd.mul_f32s(simd.sub_f32s(x[n], self.means[v]), self.scales[v]),
                };
            }
        }
        us
    }

    #[inline(always)]
    fn exponents<const N: usize>(&self, us: [Wide<S, V>; N]) -> [Wide<S, V>; N] {
        let mut exponents = us;
        for n in 0..N {
            for v in 0..V {
                exponents[n][v] = self.simd.negate_mul_add_e_f32s(us[n][v], us[n][v], self.offsets[v]);
            }
        }
        exponents
    }

    /// u and the exponential of a few vectors of values.
    #[inline(always)]
    pub(crate) fn evaluate<const N: usize>(
        &self,
        shifts: Option<Wide<S, V>>,
        x: [S::f32s; N],
    ) -> Evaluated<S, V, N> {
        let us = self.us(shifts, x);
        Evaluated { us, exponentials: self.exp2.of(self.exponents(us)) }
    }

    /// Two factors of the exponential of each of a few vectors of values; see [`Exp2::factors`].
    #[inline(always)]
    pub(crate) fn factors<const N: usize>(
        &self,
        shifts: Option<Wide<S, V>>,
        x: [S::f32s; N],
    ) -> Pairs<S, V, N> {
        self.exp2.factors(self.exponents(self.us(shifts, x)))
    }

    /// A vector of each value.
    #[inline(always)]
    pub(crate) fn splat<const N: usize>(&self, x: [f32; N]) -> [S::f32s; N] {
        let mut vectors = [self.simd.splat_f32s(0.0); N];
        for n in 0..N {
            vectors[n] = self.simd.splat_f32s(x[n]);
        }
        vectors
    }
}
