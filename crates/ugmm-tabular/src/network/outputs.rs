//! What a network says of some rows, in the same form for classes and numbers.

use crate::target::NumberTarget;
use ugmm_network::calibration::scale;
use ugmm_network::inference::conditional::ConditionalDensity;

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
    /// The same with what makes probabilities true: a temperature of classes that were weighted so in training, or the spread
    /// of numbers.
    pub(crate) fn calibrated(mut self, factor: Option<f64>, class_weights: Option<&[f64]>) -> Self {
        match (factor, self.number) {
            (None, _) => {}
            (Some(temperature), None) => scale(&mut self.values, self.width, temperature, class_weights),
            (Some(spread), Some(number)) => {
                let stretched =
                    |row: &[f32]| number.network_density(row).stretched(spread).log_probabilities();
                self.values = self.values.chunks(self.width).flat_map(stretched).collect();
            }
        }
        self
    }

    /// Of numbers, as densities in the data's units.
    pub(crate) fn densities(&self) -> Vec<ConditionalDensity> {
        let number = self.number.iter();
        number.flat_map(|number| self.rows().map(|row| number.density(row))).collect()
    }

    /// Of numbers, as densities in the network's units, with what is right in these units.
    pub(crate) fn network_densities(&self, right: &[f64]) -> (Vec<ConditionalDensity>, Vec<f64>) {
        let Some(number) = self.number else { return (Vec::new(), Vec::new()) };
        let densities = self.rows().map(|row| number.network_density(row)).collect();
        (densities, right.iter().map(|&right| number.to_network(right)).collect())
    }

    /// Of numbers, how wide the central interval of 90 % of each row is, in the data's units, impossible numbers included.
    pub(crate) fn widths(&self) -> Vec<f64> {
        let number = self.number.iter();
        let densities =
            number.flat_map(|number| self.rows().map(|row| number.unbounded(number.network_density(row))));
        densities.map(|density| density.quantile(0.95) - density.quantile(0.05)).collect()
    }

    /// The first so many rows, and the others.
    pub(crate) fn divided(mut self, rows: usize) -> (Self, Self) {
        let values = self.values.split_off(rows * self.width);
        let others = Self { values, ..self };
        (self, others)
    }

    fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks(self.width)
    }
}
