//! Which instruction set and which path run the kernels. Hidden: it exists so that tests and benchmarks can
//! force them; everyone else calls [`crate::forward()`] and [`crate::backward()`].

use crate::exp2::Exp2;
use crate::{Forward, Gradients, KernelError, LayerArguments, LayerShape};
use pulp::{Arch, Scalar, Simd, WithSimd};

/// An instruction set to run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// The widest one that this machine has, found at run time.
    Best,
    /// No vector instructions beyond those that the build target always has.
    Scalar,
}

/// What becomes of inputs that are exactly 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroPath {
    /// They are kept apart where their share makes it pay.
    Measured,
    /// They are kept apart in every call whose arguments suit the `f32` path.
    Always,
    /// They are treated like other inputs.
    Never,
}

impl InstructionSet {
    /// `f32` values of a vector.
    pub(crate) fn lanes(self) -> usize {
        self.run(Lanes)
    }

    pub(crate) fn run<Operation: WithSimd>(self, operation: Operation) -> Operation::Output {
        match self {
            InstructionSet::Best => Arch::new().dispatch(operation),
            InstructionSet::Scalar => Scalar.vectorize(operation),
        }
    }

    /// Runs plain code compiled for the instruction set, which is left to the compiler to vectorise.
    pub(crate) fn vectorised<Output>(self, code: impl FnOnce() -> Output) -> Output {
        self.run(Plain(code))
    }
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> usize {
        S::F32_LANES
    }
}

struct Plain<Code>(Code);

impl<Output, Code: FnOnce() -> Output> WithSimd for Plain<Code> {
    type Output = Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Output {
        (self.0)()
    }
}

/// [`crate::forward()`] on a given instruction set.
///
/// # Errors
///
/// As for [`crate::forward()`].
pub fn forward(
    instructions: InstructionSet,
    shape: LayerShape,
    arguments: LayerArguments<'_>,
) -> Result<Forward, KernelError> {
    forward_along(instructions, ZeroPath::Measured, shape, arguments)
}

/// [`crate::forward()`] on a given instruction set and path.
///
/// # Errors
///
/// As for [`crate::forward()`].
pub fn forward_along(
    instructions: InstructionSet,
    path: ZeroPath,
    shape: LayerShape,
    arguments: LayerArguments<'_>,
) -> Result<Forward, KernelError> {
    crate::forward::forward_on(instructions, path, shape, arguments)
}

/// [`crate::backward()`] on a given instruction set.
///
/// # Errors
///
/// As for [`crate::backward()`].
pub fn backward(
    instructions: InstructionSet,
    shape: LayerShape,
    arguments: LayerArguments<'_>,
    sums: &[f32],
    cotangent: &[f32],
    want_x: bool,
) -> Result<Gradients, KernelError> {
    backward_along(instructions, ZeroPath::Measured, shape, arguments, sums, cotangent, want_x)
}

/// [`crate::backward()`] on a given instruction set and path.
///
/// # Errors
///
/// As for [`crate::backward()`].
pub fn backward_along(
    instructions: InstructionSet,
    path: ZeroPath,
    shape: LayerShape,
    arguments: LayerArguments<'_>,
    sums: &[f32],
    cotangent: &[f32],
    want_x: bool,
) -> Result<Gradients, KernelError> {
    crate::backward::backward_on(instructions, path, shape, arguments, sums, cotangent, want_x)
}

/// Powers of two of values of at most 0, for whole blocks of 64 of them: the exponential at the heart of the
/// kernels and nothing else, as the rate that bounds theirs.
pub fn exponentials(instructions: InstructionSet, values: &[f32], results: &mut [f32]) {
    instructions.run(Exponentials { values, results });
}

struct Exponentials<'a> {
    values: &'a [f32],
    results: &'a mut [f32],
}

impl WithSimd for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let exp2 = Exp2::new(simd);
        let (values, _) = S::as_simd_f32s(self.values);
        let (results, _) = S::as_mut_simd_f32s(self.results);
        let (values, _) = values.as_chunks::<4>();
        let (results, _) = results.as_chunks_mut::<4>();
        for (results, values) in results.iter_mut().zip(values) {
            let (polynomials, powers) = exp2.factors(*values);
            for (result, (polynomial, power)) in results.iter_mut().zip(polynomials.into_iter().zip(powers)) {
                *result = simd.mul_f32s(polynomial, power);
            }
        }
    }
}
