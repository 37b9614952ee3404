//! The choice of what lies in the lanes of a vector: neurons, inputs, or rows.

use crate::layout::panel::PanelLayout;
use crate::layout::zero_map::count;
use crate::simd::dispatch::InstructionSet;
use crate::{DROPPED_LOGIT, LayerShape};

/// What lies in the lanes of a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lanes {
    /// Neurons of a panel; a step evaluates one value of x on the components of one input. The forward pass puts rows
    /// in the lanes instead for panels in which many components have no weight.
    Neurons,
    /// Inputs; a step evaluates some values of a row of x on components of one neuron.
    Inputs,
}

/// Cost of a place with neurons in lanes, relative to a place with inputs in lanes: parameters and gradients are
/// transposed, and so are the sums for the gradient with respect to x. (Measured on AVX-512.)
const COST_BY_NEURONS: f64 = 1.1;

/// Cost of a component with rows in the lanes, relative to a place of a panel with neurons in the lanes. It
/// is above 1 because the component's values are first spread over vectors. (Measured on AVX2 and AVX-512;
/// `examples/pruned.rs`.)
pub(crate) const COST_BY_ROWS: f64 = 1.5;

impl Lanes {
    /// The arrangement for dense tiles, and the cost of a dense pass relative to one with neurons in lanes. Both
    /// depend on the layer alone, so that no row depends on its neighbours.
    pub(crate) fn cheaper(
        instructions: InstructionSet,
        shape: LayerShape,
        mixing_logits: &[f32],
    ) -> (Self, f64) {
        let LayerShape { inputs, neurons, .. } = shape;
        let layout = PanelLayout::new(instructions, neurons);
        let by_neurons = COST_BY_NEURONS * (layout.count * layout.width * inputs) as f64;
        let by_inputs = (neurons * inputs.next_multiple_of(instructions.lanes())) as f64;
        let with_weight = instructions.vectorised(
            #[inline(always)]
            || {
                count(
                    mixing_logits,
                    #[inline(always)]
                    |logit| logit > DROPPED_LOGIT,
                )
            },
        );
        let by_rows = COST_BY_NEURONS * COST_BY_ROWS * with_weight as f64;
        if by_inputs <= by_neurons.min(by_rows) {
            (Lanes::Inputs, by_inputs / by_neurons)
        } else {
            (Lanes::Neurons, by_neurons.min(by_rows) / by_neurons)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lanes;
    use crate::simd::dispatch::InstructionSet;
    use crate::{DROPPED_LOGIT, LayerShape};

    #[test]
    fn the_arrangement_with_fewer_places_is_chosen() {
        for instructions in InstructionSet::all().into_iter().filter(|set| set.lanes() > 1) {
            let lanes = instructions.lanes();
            let cheaper = |inputs: usize, neurons: usize, dropped: usize| {
                let mut logits = vec![0.0; inputs * neurons];
                logits[..dropped].fill(DROPPED_LOGIT);
                Lanes::cheaper(instructions, LayerShape { batch: 1, inputs, neurons }, &logits)
            };
            // Vectors are full either way.
            assert_eq!(cheaper(4 * lanes, 4 * lanes, 0).0, Lanes::Inputs);
            // A single neuron leaves the other lanes empty.
            let (by_inputs, cost) = cheaper(4 * lanes, 1, 0);
            assert_eq!(by_inputs, Lanes::Inputs);
            assert!((cost * 1.1 * lanes as f64 - 1.0).abs() < 1e-12, "{cost}");
            // A single input does so, too.
            assert_eq!(cheaper(1, 4 * lanes, 0), (Lanes::Neurons, 1.0));
            // Without nine components of ten, the others are better listed.
            let components = 16 * lanes * lanes;
            let (by_rows, cost) = cheaper(4 * lanes, 4 * lanes, components * 9 / 10);
            assert_eq!(by_rows, Lanes::Neurons);
            assert!((cost - 0.15).abs() < 0.01, "{cost}");
        }
    }
}
