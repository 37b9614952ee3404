//! Which instruction set runs the kernels. Hidden: it exists so that tests and benchmarks can force the
//! scalar path; everyone else calls [`crate::forward()`] and [`crate::backward()`].

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

impl InstructionSet {
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
    crate::forward::forward_on(instructions, shape, arguments)
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
    crate::backward::backward_on(instructions, shape, arguments, sums, cotangent, want_x)
}
