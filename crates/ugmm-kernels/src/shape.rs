//! The shape of a layer call and its borrowed arguments.

use crate::KernelError;

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

impl LayerArguments<'_> {
    pub(crate) fn check(&self, shape: LayerShape) -> Result<(), KernelError> {
        shape.check_not_empty()?;
        shape.check_rows("x", self.x.len())?;
        shape.check_parameter("means", self.means.len())?;
        shape.check_parameter("log_sigmas", self.log_sigmas.len())?;
        shape.check_parameter("mixing_logits", self.mixing_logits.len())
    }
}

impl LayerShape {
    /// Component evaluations in one pass, as a measure of work.
    pub(crate) fn work(self) -> usize {
        self.batch.saturating_mul(self.neurons).saturating_mul(self.inputs)
    }

    pub(crate) fn check_not_empty(self) -> Result<(), KernelError> {
        if self.inputs == 0 || self.neurons == 0 {
            return Err(KernelError::EmptyLayer { inputs: self.inputs, neurons: self.neurons });
        }
        Ok(())
    }

    /// Checks that the number of values in a result `[batch, neurons]` fits in a `usize`.
    pub(crate) fn check_countable_pairs(self) -> Result<(), KernelError> {
        self.check_pairs("y", self.batch.saturating_mul(self.neurons))
    }

    /// Checks an argument of shape `[batch, inputs]`.
    pub(crate) fn check_rows(self, argument: &'static str, found: usize) -> Result<(), KernelError> {
        check_length(argument, ("batch", self.batch), ("inputs", self.inputs), found)
    }

    /// Checks an argument of shape `[neurons, inputs]`.
    pub(crate) fn check_parameter(self, argument: &'static str, found: usize) -> Result<(), KernelError> {
        check_length(argument, ("neurons", self.neurons), ("inputs", self.inputs), found)
    }

    /// Checks an argument of shape `[batch, neurons]`.
    pub(crate) fn check_pairs(self, argument: &'static str, found: usize) -> Result<(), KernelError> {
        check_length(argument, ("batch", self.batch), ("neurons", self.neurons), found)
    }
}

fn check_length(
    argument: &'static str,
    rows: (&str, usize),
    columns: (&str, usize),
    found: usize,
) -> Result<(), KernelError> {
    let dimensions = || format!("[{}, {}] = [{}, {}]", rows.0, columns.0, rows.1, columns.1);
    match rows.1.checked_mul(columns.1) {
        None => Err(KernelError::TooLarge { argument, dimensions: dimensions() }),
        Some(expected) if expected != found => {
            Err(KernelError::Length { argument, dimensions: dimensions(), expected, found })
        }
        Some(_) => Ok(()),
    }
}
