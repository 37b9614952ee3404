//! What every network can do, whoever computes it.

/// A network that maps rows to outputs: one of this crate, or one of a framework that implements this to be measured and
/// asked in the same way.
pub trait Predictor {
    /// Number of input columns.
    fn inputs(&self) -> usize;

    /// Number of output columns.
    fn outputs(&self) -> usize;

    /// Rows of outputs that it gives for each row of inputs: 1, or the steps of a sequence, where something is predicted of
    /// each.
    fn predictions_per_row(&self) -> usize {
        1
    }

    /// Outputs, row-major `[rows × predictions per row, outputs]`, of row-major `x` `[rows, inputs]`, without anything random.
    ///
    /// # Panics
    ///
    /// When `x` is not made of whole rows.
    fn forward(&self, x: &[f32]) -> Vec<f32>;

    /// Whether NaN in `x` is a missing value that the network knows how to do without.
    fn takes_missing_values(&self) -> bool {
        false
    }
}
