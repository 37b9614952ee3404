//! The choice of the instruction set and of the path that run the kernels. The module is hidden: it exists so
//! that tests and benchmarks can force both; other callers use [`crate::forward()`] and
//! [`crate::backward()`].

use crate::simd::exp2::Exp2;
use crate::simd::vector::{self, Operation, Vector};
use pulp::Scalar;
use std::sync::OnceLock;

/// An instruction set that this machine has.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum InstructionSet {
    /// No vector instructions beyond those that the build target always has.
    Scalar,
    /// AVX2, 256 bits wide.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    /// AVX-512, 512 bits wide.
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    /// NEON, 128 bits wide.
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
    /// WebAssembly SIMD, 128 bits wide.
    #[cfg(target_arch = "wasm32")]
    Simd128(pulp::wasm::Simd128),
}

/// How inputs that are exactly 0 are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroPath {
    /// They are kept apart in tiles with so many zeros that this saves time.
    Measured,
    /// They are kept apart in every call whose arguments suit the `f32` path.
    Always,
    /// They are treated like other inputs.
    Never,
}

impl InstructionSet {
    /// The instruction sets that this machine has, in ascending order of width.
    pub fn all() -> Vec<Self> {
        let all = [
            Some(Self::Scalar),
            #[cfg(target_arch = "x86_64")]
            pulp::x86::V3::try_new().map(Self::Avx2),
            #[cfg(target_arch = "x86_64")]
            pulp::x86::V4::try_new().map(Self::Avx512),
            #[cfg(target_arch = "aarch64")]
            pulp::aarch64::Neon::try_new().map(Self::Neon),
            #[cfg(target_arch = "wasm32")]
            pulp::wasm::Simd128::try_new().map(Self::Simd128),
        ];
        all.into_iter().flatten().collect()
    }

    /// The widest instruction set that this machine has.
    pub fn best() -> Self {
        static BEST: OnceLock<InstructionSet> = OnceLock::new();
        *BEST.get_or_init(|| Self::all().pop().unwrap_or(Self::Scalar))
    }

    /// Number of `f32` values in a vector.
    pub(crate) fn lanes(self) -> usize {
        self.run(Lanes)
    }

    pub(crate) fn run<O: Operation>(self, operation: O) -> O::Output {
        match self {
            Self::Scalar => vector::run(Scalar::new(), operation),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => vector::run(simd, operation),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => vector::run(simd, operation),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => vector::run(simd, operation),
            #[cfg(target_arch = "wasm32")]
            Self::Simd128(simd) => vector::run(simd, operation),
        }
    }

    /// Runs plain code compiled for the instruction set; the compiler vectorises it.
    pub(crate) fn vectorised<Output>(self, code: impl FnOnce() -> Output) -> Output {
        self.run(Plain(code))
    }
}

impl std::fmt::Debug for InstructionSet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "AVX-512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "NEON",
            #[cfg(target_arch = "wasm32")]
            Self::Simd128(_) => "SIMD128",
        })
    }
}

struct Lanes;

impl Operation for Lanes {
    type Output = usize;

    #[inline(always)]
    fn run<S: Vector>(self, _simd: S) -> usize {
        S::F32_LANES
    }
}

struct Plain<Code>(Code);

impl<Output, Code: FnOnce() -> Output> Operation for Plain<Code> {
    type Output = Output;

    #[inline(always)]
    fn run<S: Vector>(self, _simd: S) -> Output {
        (self.0)()
    }
}

/// Writes 2^value of each value (at most 0) to `results`, in whole blocks of four vectors. It measures the
/// exponential at the heart of the kernels alone, whose rate bounds theirs.
pub fn exponentials(instructions: InstructionSet, values: &[f32], results: &mut [f32]) {
    instructions.run(Exponentials { values, results });
}

struct Exponentials<'a> {
    values: &'a [f32],
    results: &'a mut [f32],
}

impl Operation for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let exp2 = S::Exp2::new(simd);
        let (values, _) = S::as_simd_f32s(self.values);
        let (results, _) = S::as_mut_simd_f32s(self.results);
        let (values, _) = values.as_chunks::<4>();
        let (results, _) = results.as_chunks_mut::<4>();
        for (results, values) in results.iter_mut().zip(values) {
            [*results] = exp2.of([*values]);
        }
    }
}
