//! The shape of a layer call and its borrowed arguments.

/// A mixing logit at or below this value takes its component out of the mixture: its weight is exactly 0 and
/// its density is ignored, however far the inputs are from the other components.
///
/// Component dropout and pruning use it. Where all logits of a neuron are this low, none is dropped and their
/// ordinary softmax applies, so that a mixture always remains.
pub const DROPPED_LOGIT: f32 = -1e30;

/// A neuron sees nothing where the log weight of all components with an observed input is at most this value.
/// Differences between ordinary logits stay above it, and [`DROPPED_LOGIT`] is below it.
pub const NO_LOG_WEIGHT: f32 = -1e20;

/// Sizes of one call of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerShape {
    /// Number of rows, B. It may be 0, which gives empty outputs and zero gradients.
    pub batch: usize,
    /// Number of inputs, N: the values in a row and the components of each neuron. At least 1.
    pub inputs: usize,
    /// Number of neurons, J, each of them a mixture. At least 1.
    pub neurons: usize,
}

/// Borrowed arguments of a layer, all row-major.
#[derive(Clone, Copy, Debug)]
pub struct LayerArguments<'a> {
    /// Inputs, `[batch, inputs]`; NaN where a value is missing.
    pub x: &'a [f32],
    /// Component means μ, `[neurons, inputs]`, in the unit of `x`.
    pub means: &'a [f32],
    /// Natural logarithms of the component standard deviations, `[neurons, inputs]`.
    pub log_sigmas: &'a [f32],
    /// Logits ℓ of the mixing weights π = softmax(ℓ), `[neurons, inputs]`; see [`DROPPED_LOGIT`].
    pub mixing_logits: &'a [f32],
}

impl LayerShape {
    /// Component evaluations in one pass, as a measure of work.
    pub(crate) fn work(self) -> usize {
        self.batch.saturating_mul(self.neurons).saturating_mul(self.inputs)
    }
}
