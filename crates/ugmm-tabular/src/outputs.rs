//! What a network says of some rows, in the same form for classes and numbers.

use crate::target::NumberTarget;
use ugmm::calibration::scale;

/// Cells of the range of a number that a density is given on.
pub(crate) const CELLS: usize = 256;

/// Logarithms of probabilities, `[rows, width]`, row-major: of each class, or of each cell of the range of a number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outputs {
    pub(crate) values: Vec<f32>,
    pub(crate) width: usize,
    /// Whose cells, for numbers.
    pub(crate) number: Option<NumberTarget>,
}

impl Outputs {
    /// The same with this temperature.
    pub(crate) fn tempered(mut self, temperature: Option<f64>) -> Self {
        if let Some(temperature) = temperature {
            scale(&mut self.values, self.width, temperature);
        }
        self
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks(self.width)
    }
}

impl NumberTarget {
    /// The cell that holds a number; the nearest one of a number outside of the range.
    pub(crate) fn cell(&self, number: f64) -> usize {
        let place = (number - self.low) / (self.high - self.low) * CELLS as f64;
        (place.max(0.0) as usize).min(CELLS - 1)
    }
}
