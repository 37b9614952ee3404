//! Log-likelihoods and marginals.

use crate::circuit::Circuit;
use crate::compute::log_likelihoods;
use crate::error::CircuitError;
use crate::rows::Rows;

impl Circuit {
    /// The log-likelihood of each row in nats: the logarithm of the density of its continuous values, per unit of the data,
    /// times the probability of its discrete ones. Missing values (NaN) are integrated out, so that a row with some of its
    /// values gets their marginal, and a row without any 0.
    ///
    /// Minus infinity is the answer to what cannot be.
    ///
    /// # Errors
    ///
    /// When the rows have not one value for each variable, and when a value is not one of its variable's.
    pub fn log_likelihood(&self, rows: Rows<'_>) -> Result<Vec<f64>, CircuitError> {
        Ok(log_likelihoods(&self.compiled(), &self.encode(rows)?))
    }
}
