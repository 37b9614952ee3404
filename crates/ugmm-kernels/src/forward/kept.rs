//! The fast path of the forward pass for panels in which many components have no weight, as in a pruned
//! network.
//!
//! Vector lanes hold rows here, so that only components with weight cost an exponential. Each sum has the
//! same terms in the same order as with neurons in the lanes, and therefore the same bits.

use crate::layout::component::{Component, components};
use crate::layout::lanes::COST_BY_ROWS;
use crate::layout::prepare::{NO_WEIGHT, VALUES};
use crate::layout::subset_sums::Wide;
use crate::layout::tile::{INPUTS, PLACES, input_range};
use crate::simd::exp2::Exp2;
use crate::simd::vector::{Operation, Vector};

/// Vectors of rows evaluated together.
const TOGETHER: usize = 4;

/// Fewest lanes with which this path saves time.
const FEWEST_LANES: usize = 4;

/// A component that has weight.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Index of the input within its block of inputs.
    input: u32,
    mean: f32,
    scale: f32,
    offset: f32,
    /// -mean·scale, or `None` where u would be too inexact if computed from it.
    shift: Option<f32>,
}

/// The components of a panel that have weight.
#[derive(Debug)]
pub(crate) struct KeptPanel {
    /// Entries sorted by block of inputs, then by neuron.
    entries: Vec<Entry>,
    /// Where the entries of each neuron end, `[input blocks, width]`.
    ends: Vec<usize>,
    width: usize,
}

/// Computes the cost of evaluating only the components with weight of a panel `[inputs, 3, width]` on blocks
/// of `rows` rows, relative to evaluating all places with neurons in the lanes. Returns `None` where that is
/// not cheaper.
pub(crate) struct CostOfKept<'a> {
    pub(crate) panel: &'a [f32],
    pub(crate) width: usize,
    pub(crate) rows: usize,
}

impl Operation for CostOfKept<'_> {
    type Output = Option<f64>;

    #[inline(always)]
    fn run<S: Vector>(self, _simd: S) -> Option<f64> {
        let CostOfKept { panel, width, rows } = self;
        if S::F32_LANES < FEWEST_LANES || rows == 0 {
            return None;
        }
        let offsets = panel.chunks_exact(VALUES * width).map(|values| &values[2 * width..]);
        let kept: usize = offsets
            .map(|offsets| offsets.iter().map(|&offset| usize::from(offset > NO_WEIGHT)).sum::<usize>())
            .sum();
        let places = panel.len() / VALUES;
        // The last vector of rows is evaluated whole, however many rows it holds.
        let filled = rows as f64 / rows.next_multiple_of(S::F32_LANES) as f64;
        let cost = COST_BY_ROWS * kept as f64 / (places as f64 * filled);
        (cost < 1.0).then_some(cost)
    }
}

/// Lists the components of a panel `[inputs, 3, width]` that have weight.
pub(crate) struct ListKept<'a> {
    pub(crate) panel: &'a [f32],
    pub(crate) width: usize,
}

impl Operation for ListKept<'_> {
    type Output = KeptPanel;

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) -> KeptPanel {
        if self.width == S::F32_LANES { self.list::<S, 1>(simd) } else { self.list::<S, 2>(simd) }
    }
}

impl ListKept<'_> {
    #[inline(always)]
    fn list<S: Vector, const V: usize>(self, simd: S) -> KeptPanel {
        let ListKept { panel, width } = self;
        let inputs = panel.len() / (VALUES * width);
        let exp2 = S::Exp2::new(simd);
        // All neurons of the panel use one form of u, as they do with neurons in the lanes.
        let shifted = |component| Component::<S, V>::new(simd, exp2, component).shifts().is_some();
        let shifted: Vec<bool> = components::<S, V>(panel).iter().map(shifted).collect();
        let mut entries = Vec::new();
        let mut ends = Vec::with_capacity(inputs.div_ceil(INPUTS) * width);
        for block in 0..inputs.div_ceil(INPUTS) {
            let block = input_range(inputs, block);
            for lane in 0..width {
                for input in block.clone() {
                    let values = &panel[input * VALUES * width + lane..];
                    let [mean, scale, offset] = [values[0], values[width], values[2 * width]];
                    if offset > NO_WEIGHT {
                        let shift = shifted[input].then_some(-(mean * scale));
                        let input = (input - block.start) as u32;
                        entries.push(Entry { input, mean, scale, offset, shift });
                    }
                }
                ends.push(entries.len());
            }
        }
        KeptPanel { entries, ends, width }
    }
}

impl KeptPanel {
    /// Sets the sums of a dense tile `x`, `[inputs, rows]`, whose inputs are those of `block`.
    #[inline(always)]
    pub(crate) fn set_sums<S: Vector, const V: usize>(
        &self,
        simd: S,
        exp2: S::Exp2,
        block: usize,
        x: &[f32],
        rows: usize,
        sums: &mut [Wide<S, V>; PLACES],
    ) {
        let width = self.width;
        let sums: &mut [f32] = pulp::bytemuck::cast_slice_mut(sums[..rows].as_flattened_mut());
        let mut start =
            block.checked_mul(width).and_then(|at| at.checked_sub(1)).map_or(0, |at| self.ends[at]);
        for (lane, &end) in self.ends[block * width..][..width].iter().enumerate() {
            let neuron = Neuron { simd, exp2, entries: &self.entries[start..end], x, rows };
            start = end;
            if neuron.entries.is_empty() {
                continue;
            }
            let step = TOGETHER * S::F32_LANES;
            let whole = rows / step * step;
            for first in (0..whole).step_by(step) {
                let values = neuron.sums(first);
                store(pulp::bytemuck::cast_slice(&values), &mut sums[first * width + lane..], width);
            }
            for first in (whole..rows).step_by(S::F32_LANES) {
                let values = [neuron.sum(first)];
                store(pulp::bytemuck::cast_slice(&values), &mut sums[first * width + lane..], width);
            }
        }
    }
}

/// The components of one neuron, and the tile on which they are evaluated.
#[derive(Clone, Copy)]
struct Neuron<'a, S: Vector> {
    simd: S,
    exp2: S::Exp2,
    entries: &'a [Entry],
    x: &'a [f32],
    rows: usize,
}

impl<S: Vector> Neuron<'_, S> {
    /// The sums of [`TOGETHER`] whole vectors of rows, starting at row `first`.
    #[inline(always)]
    fn sums(self, first: usize) -> [S::f32s; TOGETHER] {
        let mut sums = [self.simd.splat_f32s(0.0); TOGETHER];
        for entry in self.entries {
            let column = &self.x[entry.input as usize * self.rows + first..];
            let (vectors, _) = S::as_simd_f32s(column);
            let vectors = vectors.first_chunk().expect("the rows are there");
            self.add(entry, vectors, &mut sums);
        }
        sums
    }

    /// The sums of one vector of rows starting at row `first`; the tile may end within it.
    #[inline(always)]
    fn sum(self, first: usize) -> S::f32s {
        let count = S::F32_LANES.min(self.rows - first);
        let mut sums = [self.simd.splat_f32s(0.0)];
        for entry in self.entries {
            let column = &self.x[entry.input as usize * self.rows + first..][..count];
            self.add(entry, &[self.simd.partial_load_f32s(column)], &mut sums);
        }
        sums[0]
    }

    /// Adds the exponentials of one component to `sums`.
    #[inline(always)]
    fn add<const N: usize>(self, entry: &Entry, x: &[S::f32s; N], sums: &mut [S::f32s; N]) {
        let simd = self.simd;
        let (scale, offset) = (simd.splat_f32s(entry.scale), simd.splat_f32s(entry.offset));
        let mut us = [[sums[0]]; N];
        match entry.shift {
            Some(shift) => {
                let shift = simd.splat_f32s(shift);
                for n in 0..N {
                    us[n][0] = simd.mul_add_e_f32s(x[n], scale, shift);
                }
            }
            None => {
                let mean = simd.splat_f32s(entry.mean);
                for n in 0..N {
                    us[n][0] = simd.mul_f32s(simd.sub_f32s(x[n], mean), scale);
                }
            }
        }
        let mut exponents = us;
        for n in 0..N {
            exponents[n][0] = simd.negate_mul_add_e_f32s(us[n][0], us[n][0], offset);
        }
        let (polynomials, powers) = self.exp2.factors(exponents);
        for n in 0..N {
            sums[n] = simd.mul_add_e_f32s(polynomials[n][0], powers[n][0], sums[n]);
        }
    }
}

/// Stores the sums of one neuron with stride `width`, up to the end of `sums`.
#[inline(always)]
fn store(values: &[f32], sums: &mut [f32], width: usize) {
    sums.iter_mut().step_by(width).zip(values).for_each(|(sum, &value)| *sum = value);
}

#[cfg(test)]
mod tests {
    use super::{COST_BY_ROWS, CostOfKept, FEWEST_LANES, NO_WEIGHT, VALUES};
    use crate::simd::dispatch::InstructionSet;

    #[test]
    fn components_with_weight_and_lanes_that_are_filled_cost() {
        const INPUTS: usize = 10;
        for instructions in InstructionSet::all() {
            let width = instructions.lanes();
            // The panel in this test has `kept` inputs with weight, for all neurons.
            let cost = |kept: usize, rows: usize| {
                let mut panel = vec![0.0; INPUTS * VALUES * width];
                for (input, values) in panel.chunks_exact_mut(VALUES * width).enumerate() {
                    values[2 * width..].fill(if input < kept { -1.0 } else { NO_WEIGHT });
                }
                instructions.run(CostOfKept { panel: &panel, width, rows })
            };
            if width < FEWEST_LANES {
                assert_eq!(cost(0, 4), None);
                continue;
            }
            assert!((cost(4, 8 * width).unwrap() - 0.4 * COST_BY_ROWS).abs() < 1e-12);
            assert_eq!(cost(0, 8 * width), Some(0.0));
            assert_eq!(cost(7, 8 * width), None);
            assert_eq!(cost(4, 0), None);
            // The last row is alone in a second vector.
            let filled = (width + 1) as f64 / (2 * width) as f64;
            assert!((cost(3, width + 1).unwrap() - 0.3 * COST_BY_ROWS / filled).abs() < 1e-12);
            assert_eq!(cost(4, width + 1).is_some(), 0.4 * COST_BY_ROWS / filled < 1.0);
        }
    }
}
