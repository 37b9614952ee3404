//! The arrangement of neurons in panels.

use crate::simd::dispatch::InstructionSet;

/// The arrangement of neurons in vectors: side by side. One or two vectors form a panel, whose neurons are
/// evaluated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PanelLayout {
    /// Vectors of a panel, 1 or 2.
    pub(crate) vectors: usize,
    /// Neurons of a panel.
    pub(crate) width: usize,
    /// Panels of the layer.
    pub(crate) count: usize,
}

impl PanelLayout {
    pub(crate) fn new(instructions: InstructionSet, neurons: usize) -> Self {
        let lanes = instructions.lanes();
        let vectors = if neurons <= lanes { 1 } else { 2 };
        let width = vectors * lanes;
        PanelLayout { vectors, width, count: neurons.div_ceil(width) }
    }
}
