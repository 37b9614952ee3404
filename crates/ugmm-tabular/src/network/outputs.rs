//! Outputs of a network for some rows, in one form for classes and numbers.

use crate::target::NumberTarget;
use ugmm_network::calibration::scale;
use ugmm_network::inference::conditional::ConditionalDensity;

/// Number of cells in the range of a number for which a network predicts probabilities.
pub const CELLS: usize = 256;

/// Log-probabilities, `[rows, width]`, row-major, of each class or of each cell of the range of a number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outputs {
    pub(crate) values: Vec<f32>,
    pub(crate) width: usize,
    /// The target whose range the cells divide; `None` for classes.
    pub(crate) number: Option<NumberTarget>,
}

impl Outputs {
    /// The outputs after calibration: by the temperature of a classifier, which may have been trained with
    /// class weights, or the spread of a regressor.
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

    /// Densities of numbers in the data's units.
    pub(crate) fn densities(&self) -> Vec<ConditionalDensity> {
        let number = self.number.iter();
        number.flat_map(|number| self.rows().map(|row| number.density(row))).collect()
    }

    /// Densities of numbers in the network's units, and the true values `right` in these units.
    pub(crate) fn network_densities(&self, right: &[f64]) -> (Vec<ConditionalDensity>, Vec<f64>) {
        let Some(number) = self.number else { return (Vec::new(), Vec::new()) };
        let densities = self.rows().map(|row| number.network_density(row)).collect();
        (densities, right.iter().map(|&right| number.to_network(right)).collect())
    }

    /// Widths of the central 90 % intervals of numbers, in the data's units, including impossible numbers.
    pub(crate) fn widths(&self) -> Vec<f64> {
        let number = self.number.iter();
        let densities =
            number.flat_map(|number| self.rows().map(|row| number.unbounded(number.network_density(row))));
        densities.map(|density| density.quantile(0.95) - density.quantile(0.05)).collect()
    }

    /// The outputs of the first `rows` rows, and those of the others.
    pub(crate) fn divided(mut self, rows: usize) -> (Self, Self) {
        let values = self.values.split_off(rows * self.width);
        let others = Self { values, ..self };
        (self, others)
    }

    fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks(self.width)
    }
}
