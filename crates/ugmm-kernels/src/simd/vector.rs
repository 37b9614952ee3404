//! The operations that the kernels need of a vector instruction set, and how code compiled for one is run.

#[cfg(target_arch = "x86_64")]
use crate::simd::exp2::TableExp2;
use crate::simd::exp2::{Exp2, PolynomialExp2};
use pulp::{Scalar, Simd, WithSimd};

/// A vector instruction set: the operations that pulp offers on all of them, and an exponential that suits
/// it.
pub(crate) trait Vector: Simd {
    type Exp2: Exp2<Self>;
}

impl Vector for Scalar {
    type Exp2 = PolynomialExp2<Self>;
}

#[cfg(target_arch = "x86_64")]
impl Vector for pulp::x86::V3 {
    type Exp2 = PolynomialExp2<Self>;
}

#[cfg(target_arch = "x86_64")]
impl Vector for pulp::x86::V4 {
    type Exp2 = TableExp2;
}

#[cfg(target_arch = "aarch64")]
impl Vector for pulp::aarch64::Neon {
    type Exp2 = PolynomialExp2<Self>;
}

#[cfg(target_arch = "wasm32")]
impl Vector for pulp::wasm::Simd128 {
    type Exp2 = PolynomialExp2<Self>;
}

/// Loads at most a vector of values, followed by 0.
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, values: &[f32]) -> S::f32s {
    // Whole vectors need no function call.
    match S::as_simd_f32s(values).0.first() {
        Some(&whole) => whole,
        None => simd.partial_load_f32s(values),
    }
}

/// Stores as many values of a vector as `target` takes.
#[inline(always)]
pub(crate) fn store<S: Simd>(simd: S, vector: S::f32s, target: &mut [f32]) {
    match S::as_mut_simd_f32s(target).0.first_mut() {
        Some(whole) => *whole = vector,
        None => simd.partial_store_f32s(target, vector),
    }
}

/// Code that runs on any instruction set. Its `run` and everything that it calls should be
/// `#[inline(always)]`.
pub(crate) trait Operation {
    type Output;

    fn run<S: Vector>(self, simd: S) -> Self::Output;
}

/// Runs an operation compiled for an instruction set that this machine has, which `simd` proves.
pub(crate) fn run<S: Vector, O: Operation>(simd: S, operation: O) -> O::Output {
    simd.vectorize(On { simd, operation })
}

/// Ties an operation to one instruction set; pulp passes the same one.
struct On<S, O> {
    simd: S,
    operation: O,
}

impl<S: Vector, O: Operation> WithSimd for On<S, O> {
    type Output = O::Output;

    #[inline(always)]
    fn with_simd<Same: Simd>(self, _: Same) -> O::Output {
        self.operation.run(self.simd)
    }
}
