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
pub(crate) const FAR: f32 = 1e12;
/// The smallest weight that the seen components of a neuron count as; a smaller one would make its logarithm infinite.
pub(crate) const SMALLEST_WEIGHT: f32 = 1e-30;

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

    /// Activations `y` `[rows, neurons]` of the mixtures whose missing inputs were out of reach, with the weights of the
    /// others renormalised, for `mixing_logits` `[neurons, inputs]`. NaN, and so missing to the next layer, where a neuron
    /// sees no input that has weight.
    pub(crate) fn renormalized(&self, y: Tensor<2>, mixing_logits: Tensor<2>) -> Tensor<2> {
        let seen = Tensor::<2>::ones(self.0.dims(), &mixing_logits.device()).mask_fill(self.0.clone(), 0.0);
        let weight = seen.matmul(softmax(mixing_logits, 1).transpose());
        let sees_nothing = weight.clone().without_autodiff().equal_elem(0.0);
        (y - weight.clamp_min(SMALLEST_WEIGHT).log()).mask_fill(sees_nothing, f32::NAN)
    }
}

/// Outputs `[rows, outputs]` in which what is not known (NaN: a neuron that sees nothing) is the mean of what is, so that it
/// speaks neither for it nor against it; 0 where nothing is known.
pub(crate) fn with_unknown_outputs(y: Tensor<2>) -> Tensor<2> {
    let Some(Missing(unknown)) = Missing::of(&y) else { return y };
    let known = unknown.clone().bool_not().float().sum_dim(1).clamp_min(1.0);
    let y = y.mask_fill(unknown.clone(), 0.0);
    let mean = y.clone().sum_dim(1) / known;
    y.clone().mask_where(unknown, mean.expand(y.dims()))
}
