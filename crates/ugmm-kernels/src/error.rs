//! Errors in the arguments of a kernel.

use crate::LayerShape;

/// The reasons for which a kernel rejects its arguments.
///
/// Values are not checked: a kernel that gets slices of the right lengths always returns a result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    /// A layer without inputs or without neurons, whose mixtures would have no component.
    #[error("a layer needs at least one input and one neuron, got {inputs} inputs and {neurons} neurons")]
    EmptyLayer {
        /// Inputs of the layer.
        inputs: usize,
        /// Neurons of the layer.
        neurons: usize,
    },
    /// A slice whose length does not match the layer's shape.
    #[error("`{argument}` has {found} values where the shape {dimensions} asks for {expected}")]
    Length {
        /// Name of the argument.
        argument: &'static str,
        /// Its dimensions, in words, such as `[neurons, inputs] = [3, 5]`.
        dimensions: String,
        /// The product of these dimensions.
        expected: usize,
        /// The length of the slice.
        found: usize,
    },
    /// Dimensions whose product does not fit in a `usize`.
    #[error("`{argument}` of shape {dimensions} has more values than this machine can count")]
    TooLarge {
        /// Name of the argument.
        argument: &'static str,
        /// Its dimensions, in words.
        dimensions: String,
    },
    /// The saved part of a forward pass was given to a backward pass of another shape.
    #[error("what was saved comes from a forward pass of {found:?} and cannot serve {expected:?}")]
    Saved {
        /// The shape of the forward pass.
        found: LayerShape,
        /// The shape of the backward pass.
        expected: LayerShape,
    },
    /// A row index beyond the batch.
    #[error("row {row} was asked for in a batch of {batch} rows (rows count from 0)")]
    RowOutOfRange {
        /// The requested row, counted from 0.
        row: usize,
        /// Number of rows in the batch.
        batch: usize,
    },
}
