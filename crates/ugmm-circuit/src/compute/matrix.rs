//! Products of row-major matrices on slices.

use super::Real;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

/// `to = a * b'` with a `[rows, inner]`, b `[columns, inner]` and to `[rows, columns]`.
pub(crate) fn multiply_transposed<T: Real>(a: &[T], b: &[T], inner: usize, to: &mut [T], columns: usize) {
    let a = view(a, inner);
    let b = view(b, inner);
    general_mat_mul(T::one(), &a, &b.t(), T::zero(), &mut view_mut(to, columns));
}

/// `to = a * b` with a `[rows, inner]`, b `[inner, columns]` and to `[rows, columns]`.
pub(crate) fn multiply<T: Real>(a: &[T], b: &[T], inner: usize, to: &mut [T], columns: usize) {
    general_mat_mul(T::one(), &view(a, inner), &view(b, columns), T::zero(), &mut view_mut(to, columns));
}

/// `to += a' * b` with a `[inner, rows]`, b `[inner, columns]` and to `[rows, columns]`.
pub(crate) fn add_transposed_product<T: Real>(a: &[T], rows: usize, b: &[T], columns: usize, to: &mut [T]) {
    general_mat_mul(T::one(), &view(a, rows).t(), &view(b, columns), T::one(), &mut view_mut(to, columns));
}

fn view<T>(values: &[T], columns: usize) -> ArrayView2<'_, T> {
    let shape = (values.len() / columns, columns);
    ArrayView2::from_shape(shape, values).expect("the slice has rows times columns values")
}

fn view_mut<T>(values: &mut [T], columns: usize) -> ArrayViewMut2<'_, T> {
    let shape = (values.len() / columns, columns);
    ArrayViewMut2::from_shape(shape, values).expect("the slice has rows times columns values")
}
