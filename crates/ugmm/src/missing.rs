//! Values that are missing from a row: NaN in the inputs of a network that takes them.
//!
//! A neuron whose input k is missing is the mixture of its other components, their weights renormalised: the mixture given
//! that its component is one of the inputs seen,
//!
//! y_j = log Σ_{k seen} π_jk N(x_k; μ_jk, σ_jk²) − log Σ_{k seen} π_jk.
//!
//! It is a definition, and what component dropout does in training; not the marginal of a joint density.

use crate::UgmmError;
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Tensor};

/// Checks that row-major `values` are finite; NaN is allowed where they may be missing.
///
/// # Errors
///
/// Names the first value that is not, in `what`.
pub(crate) fn check_finite(
    what: &'static str,
    values: &[f32],
    columns: usize,
    missing_values: bool,
) -> Result<(), UgmmError> {
    let unusable = |value: &f32| value.is_infinite() || value.is_nan() && !missing_values;
    match values.iter().position(unusable) {
        Some(place) => {
            let (row, column) = (place / columns, place % columns);
            Err(UgmmError::NotFinite { what, row, column, value: values[place] })
        }
        None => Ok(()),
    }
}

/// The values of one column of row-major `values` that are not missing.
pub(crate) fn known(values: &[f32], columns: usize, column: usize) -> impl Iterator<Item = f32> {
    values.iter().skip(column).step_by(columns).copied().filter(|value| !value.is_nan())
}

/// Mean and standard deviation (divisor n) of these; 0 of none.
pub(crate) fn mean_and_deviation(values: &[f32], columns: usize, column: usize) -> (f64, f64) {
    let known = || known(values, columns, column).map(f64::from);
    // At least 1, so that the mean of a column without any value is 0.
    let count = known().count().max(1) as f64;
    let mean = known().sum::<f64>() / count;
    (mean, (known().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt())
}

/// What stands in a missing value's place: so far from every mean that its component is exactly 0 beside any other, and
/// inside the range of the fast kernels for σ down to 1e-6.
const FAR: f32 = 1e12;
/// The smallest weight that the seen components of a neuron count as; a smaller one would make its logarithm infinite.
const SMALLEST_WEIGHT: f32 = 1e-30;

/// Which values of a batch are missing.
pub(crate) struct Missing(Tensor<2, Bool>);

impl Missing {
    /// Those of `x` `[rows, inputs]`; `None` when there is none.
    pub(crate) fn of(x: &Tensor<2>) -> Option<Self> {
        let missing = x.clone().without_autodiff().is_nan();
        let any: bool = missing.clone().any().into_scalar();
        any.then_some(Self(missing))
    }

    /// `x` with 0 in the place of what is missing, so that it can be computed with.
    pub(crate) fn filled(&self, x: Tensor<2>) -> Tensor<2> {
        x.mask_fill(self.0.clone(), 0.0)
    }

    /// `x` with what is missing out of the reach of every component.
    pub(crate) fn out_of_reach(&self, x: Tensor<2>) -> Tensor<2> {
        x.mask_fill(self.0.clone(), FAR)
    }

    /// log Σ_{k seen} π_jk, `[rows, neurons]`, for `mixing_logits` `[neurons, inputs]`.
    pub(crate) fn log_seen_weight(&self, mixing_logits: Tensor<2>) -> Tensor<2> {
        let seen = Tensor::<2>::ones(self.0.dims(), &mixing_logits.device()).mask_fill(self.0.clone(), 0.0);
        seen.matmul(softmax(mixing_logits, 1).transpose()).clamp_min(SMALLEST_WEIGHT).log()
    }
}
