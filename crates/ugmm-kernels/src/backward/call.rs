//! A call of the backward pass.

use crate::simd::dispatch::InstructionSet;
use crate::tasks::Tasks;
use crate::{LayerArguments, LayerShape};

/// The arguments that all parts of the backward pass read.
pub(crate) struct Call<'a> {
    pub(crate) instructions: InstructionSet,
    pub(crate) tasks: Tasks,
    pub(crate) shape: LayerShape,
    pub(crate) arguments: LayerArguments<'a>,
    pub(crate) cotangent: &'a [f32],
}

impl Call<'_> {
    /// One row of x, `[inputs]`.
    pub(crate) fn x(&self, row: usize) -> &[f32] {
        &self.arguments.x[row * self.shape.inputs..(row + 1) * self.shape.inputs]
    }

    /// The cotangent of one pair of row and neuron.
    pub(crate) fn cotangent(&self, row: usize, neuron: usize) -> f32 {
        self.cotangent[row * self.shape.neurons + neuron]
    }

    /// The sum over rows of each neuron's cotangents, `[neurons]`.
    pub(crate) fn total_cotangents(&self) -> Vec<f64> {
        let mut totals = vec![0.0; self.shape.neurons];
        for cotangent in self.cotangent.chunks_exact(self.shape.neurons) {
            totals.iter_mut().zip(cotangent).for_each(|(total, &g)| *total += f64::from(g));
        }
        totals
    }
}
