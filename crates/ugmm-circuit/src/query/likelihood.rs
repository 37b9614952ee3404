//! Log-likelihoods and marginals.

use crate::circuit::Circuit;
use crate::compute::log_likelihoods;
use crate::error::CircuitError;
use crate::rows::Rows;

impl Circuit {
    /// The log-likelihood of each row in nats, `[rows]`: the logarithm of the density of its continuous
    /// values, per unit of the data, times the probability of its discrete ones. Missing values (NaN) are
    /// integrated out: an incomplete row gets the marginal of its values, and a row without any value 0. The
    /// result is minus infinity for impossible values.
    ///
    /// # Errors
    ///
    /// [`CircuitError`] when the rows do not have one value for each variable, or a value is not one of its
    /// variable's.
    pub fn log_likelihood(&self, rows: Rows<'_>) -> Result<Vec<f64>, CircuitError> {
        Ok(log_likelihoods(&self.compiled(), &self.encode(rows)?))
    }
}
