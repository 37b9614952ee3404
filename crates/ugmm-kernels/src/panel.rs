//! A layer's parameters with the neurons in vector lanes, for inputs most of which are 0: where the components
//! to evaluate differ from row to row, neighbouring neurons still need the same ones.

use crate::dispatch::InstructionSet;
use crate::exp2::Exp2;
use crate::prepare::PreparedRow;
use crate::zero_map::WORD;
use crate::{LayerArguments, LayerShape};
use pulp::{Simd, WithSimd};
use std::cell::Cell;

/// Vectors of neurons in a panel. They are evaluated together, and the panel's parameters for some hundreds of
/// inputs fit in the second-level cache.
pub(crate) const PANEL_VECTORS: usize = 4;

/// Neurons that are put in place together, as one piece; divides every width.
const TRANSPOSED: usize = 4;

/// Neurons that are prepared before they are put in place: a cache line of each of their values.
const PREPARED: usize = 16;

/// Inputs that are put in place before the next neurons are, few enough for their cache lines to stay at hand.
const INPUTS: usize = 16;

/// Values of a component in a panel: mean, scale, offset and π, a panel's width of each.
pub(crate) const VALUES: usize = 4;

/// Values of a panel above which its memory is given back after use.
const LARGEST_KEPT: usize = 1 << 20;

thread_local! {
    /// The panel that this thread used last. Asking the system for this much memory anew, and clearing it, takes
    /// a good part of the time of a call.
    static LAST: Cell<Panel> = Cell::default();
}

/// The width of a panel on an instruction set.
pub(crate) fn panel_width(instructions: InstructionSet) -> usize {
    PANEL_VECTORS * instructions.lanes()
}

/// Some neurons of a layer. See [`crate::prepare::Prepared`] for what the numbers mean.
#[derive(Default)]
pub(crate) struct Panel {
    /// `[inputs, 4, width]`: means, scales, offsets and π; lanes beyond the last neuron have no weight.
    pub(crate) parameters: Vec<f32>,
    /// 2^(offset - u²) where x is 0, `[padded inputs, width]`; 0 beyond the last input.
    pub(crate) at_zero: Vec<f32>,
    /// M of each neuron.
    pub(crate) bounds: Vec<f64>,
    /// Room for sums of the same form as the parameters, unspecified.
    pub(crate) sums: Vec<f32>,
    rows: Vec<PreparedRow>,
}

impl Panel {
    /// Runs `use_panel` on the panel that starts at a neuron.
    pub(crate) fn with<Output>(
        instructions: InstructionSet,
        shape: LayerShape,
        arguments: LayerArguments<'_>,
        first_neuron: usize,
        use_panel: impl FnOnce(&mut Panel) -> Output,
    ) -> Output {
        let mut panel = LAST.take();
        panel.fill(instructions, shape, arguments, first_neuron);
        let output = use_panel(&mut panel);
        if panel.parameters.len() <= LARGEST_KEPT {
            LAST.set(panel);
        }
        output
    }

    fn fill(
        &mut self,
        instructions: InstructionSet,
        shape: LayerShape,
        arguments: LayerArguments<'_>,
        first_neuron: usize,
    ) {
        let inputs = shape.inputs;
        let width = panel_width(instructions);
        let neurons = width.min(shape.neurons - first_neuron);
        self.parameters.resize(inputs * VALUES * width, 0.0);
        self.sums.resize(inputs * VALUES * width, 0.0);
        self.at_zero.resize(padded(inputs) * width, 0.0);
        self.at_zero[inputs * width..].fill(0.0);
        self.bounds.clear();
        let prepared = PREPARED.min(width);
        self.rows.resize_with(prepared, PreparedRow::default);
        for first_lane in (0..width).step_by(prepared) {
            for (lane, row) in (first_lane..).zip(&mut self.rows) {
                if lane < neurons {
                    let neuron = first_neuron + lane;
                    self.bounds.push(row.fill(instructions, shape, arguments, neuron));
                } else {
                    row.fill_without_weight(inputs);
                }
            }
            let (rows, _) = self.rows.as_chunks::<TRANSPOSED>();
            let blocks = self.parameters.chunks_mut(INPUTS * VALUES * width);
            for (first, target) in (0..inputs).step_by(INPUTS).zip(blocks) {
                for (lane, rows) in (first_lane..).step_by(TRANSPOSED).zip(rows) {
                    let block = first..inputs.min(first + INPUTS);
                    let target = &mut target[lane..];
                    let pieces = |pick: fn(&PreparedRow) -> &[f32]| {
                        rows.each_ref().map(|row| &pick(row)[block.clone()])
                    };
                    put_in_place(pieces(|row| &row.means), target, VALUES * width);
                    put_in_place(pieces(|row| &row.scales), &mut target[width..], VALUES * width);
                    put_in_place(pieces(|row| &row.offsets), &mut target[2 * width..], VALUES * width);
                    put_in_place(pieces(|row| &row.weights), &mut target[3 * width..], VALUES * width);
                }
            }
        }
        instructions.run(AtZero { parameters: &self.parameters, at_zero: &mut self.at_zero });
    }
}

/// Puts value k of each row beside the others at `target[k * stride]`.
#[inline(always)]
fn put_in_place(rows: [&[f32]; TRANSPOSED], target: &mut [f32], stride: usize) {
    let [a, b, c, d] = rows;
    for ((((target, a), b), c), d) in target.chunks_mut(stride).zip(a).zip(b).zip(c).zip(d) {
        if let Some(target) = target.first_chunk_mut() {
            *target = [*a, *b, *c, *d];
        }
    }
}

/// Inputs with as many more as fill the last word of a map.
fn padded(inputs: usize) -> usize {
    inputs.next_multiple_of(WORD)
}

/// The exponentials of a panel where x is 0.
struct AtZero<'a> {
    parameters: &'a [f32],
    at_zero: &'a mut [f32],
}

impl WithSimd for AtZero<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let exp2 = Exp2::new(simd);
        let (parameters, _) = S::as_simd_f32s(self.parameters);
        let (components, _) = parameters.as_chunks::<{ VALUES * PANEL_VECTORS }>();
        let (at_zero, _) = S::as_mut_simd_f32s(self.at_zero);
        let (at_zero, _) = at_zero.as_chunks_mut::<PANEL_VECTORS>();
        for (at_zero, component) in at_zero.iter_mut().zip(components) {
            let mut exponents = [simd.splat_f32s(0.0); PANEL_VECTORS];
            for vector in 0..PANEL_VECTORS {
                let u = simd.mul_f32s(component[vector], component[PANEL_VECTORS + vector]);
                exponents[vector] = simd.negate_mul_add_e_f32s(u, u, component[2 * PANEL_VECTORS + vector]);
            }
            let (polynomials, powers) = exp2.factors(exponents);
            for vector in 0..PANEL_VECTORS {
                at_zero[vector] = simd.mul_f32s(polynomials[vector], powers[vector]);
            }
        }
    }
}
