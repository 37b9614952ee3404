//! Checks of the lengths of arguments.

use crate::{KernelError, LayerArguments, LayerShape};

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
