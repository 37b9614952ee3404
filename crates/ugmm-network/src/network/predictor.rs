//! The interface of every network, wherever it is computed.

/// A network that maps rows to outputs: one of this crate, or one of a framework, which implements this trait
/// to be evaluated in the same way.
pub trait Predictor {
    /// Number of input columns.
    fn inputs(&self) -> usize;

    /// Number of output columns.
    fn outputs(&self) -> usize;

    /// Number of output rows for each row of inputs: 1, or the number of steps of a sequence with a
    /// prediction for each step.
    fn predictions_per_row(&self) -> usize {
        1
    }

    /// Outputs, row-major `[rows × predictions per row, outputs]`, of row-major `x` `[rows, inputs]`, without
    /// dropout or noise.
    ///
    /// # Panics
    ///
    /// When `x` does not consist of whole rows.
    fn forward(&self, x: &[f32]) -> Vec<f32>;

    /// Whether the network accepts NaN in `x` as missing values.
    fn takes_missing_values(&self) -> bool {
        false
    }
}
