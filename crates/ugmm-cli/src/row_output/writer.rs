//! What every format of rows does.

use super::columns::Column;
use crate::error::CliError;

/// Writes rows in one format.
pub trait RowWriter {
    /// Writes columns of the same length.
    fn write(&mut self, columns: &[Column]) -> Result<(), CliError>;
    /// Writes what is still buffered.
    fn finish(self: Box<Self>) -> Result<(), CliError>;
}
