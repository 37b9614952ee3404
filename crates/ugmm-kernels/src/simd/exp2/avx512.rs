//! The power of two by a table and a short polynomial, on AVX-512: one instruction looks up 32 values in two
//! registers at the cost of a multiplication.

use super::{Exp2, LOWEST, Pairs, split};
use pulp::x86::V4;
use pulp::{Simd, bytemuck::cast};
use std::hint::black_box;

type F32s = <V4 as Simd>::f32s;

/// The bits of 2^(i/32). The table holds them less the bits that the index adds when it is shifted into
/// place.
#[rustfmt::skip]
const ENTRY_BITS: [u32; 32] = [
    0x3f80_0000, 0x3f82_cd87, 0x3f85_aac3, 0x3f88_980f, 0x3f8b_95c2, 0x3f8e_a43a, 0x3f91_c3d3, 0x3f94_f4f0,
    0x3f98_37f0, 0x3f9b_8d3a, 0x3f9e_f532, 0x3fa2_7043, 0x3fa5_fed7, 0x3fa9_a15b, 0x3fad_583f, 0x3fb1_23f6,
    0x3fb5_04f3, 0x3fb8_fbaf, 0x3fbd_08a4, 0x3fc1_2c4d, 0x3fc5_672a, 0x3fc9_b9be, 0x3fce_248c, 0x3fd2_a81e,
    0x3fd7_44fd, 0x3fdb_fbb8, 0x3fe0_ccdf, 0x3fe5_b907, 0x3fea_c0c7, 0x3fef_e4ba, 0x3ff5_257d, 0x3ffa_83b3,
];

/// Distance from the place of the index to where a 1 above its five bits adds 1 to the exponent.
const INDEX_SHIFT: u32 = 23 - 5;

/// Adding this number rounds to a multiple of 1/32, because floats of its size (1.5·2¹⁸) have that spacing; the low
/// bits of the sum then hold the index of the table's entry.
const ROUND: f32 = 393_216.0;

/// Coefficients, from the constant upwards, of the degree 2 minimax polynomial of 2^f on [-1/64, 1/64] (Remez
/// exchange on the relative error, which is 5.3e-8).
const COEFFICIENTS: [f32; 3] = [1.0, 0.693_157_3, 0.240_224_75];

/// Constants of the exponential, spread over vectors once per call.
#[derive(Clone, Copy)]
pub(crate) struct TableExp2 {
    simd: V4,
    lowest: F32s,
    round: F32s,
    table: [F32s; 2],
    coefficients: [F32s; 3],
}

impl Exp2<V4> for TableExp2 {
    #[inline(always)]
    fn new(simd: V4) -> Self {
        let mut table = black_box(ENTRY_BITS);
        for (entry, index) in table.iter_mut().zip(0..) {
            *entry -= index << INDEX_SHIFT;
        }
        let [c0, c1, c2] = black_box(COEFFICIENTS);
        TableExp2 {
            simd,
            lowest: simd.splat_f32s(black_box(LOWEST)),
            round: simd.splat_f32s(black_box(ROUND)),
            table: cast(table),
            coefficients: [simd.splat_f32s(c0), simd.splat_f32s(c1), simd.splat_f32s(c2)],
        }
    }

    #[inline(always)]
    fn factors<const V: usize, const N: usize>(self, exponents: [[F32s; V]; N]) -> Pairs<V4, V, N> {
        let simd = self.simd;
        let avx512f = simd.avx512f;
        let [low, high] = self.table;
        let [c0, c1, c2] = self.coefficients;
        let (fractions, mut powers) = split(simd, exponents, self.lowest, self.round);
        let mut polynomials = [[c2; V]; N];
        for n in 0..N {
            for v in 0..V {
                let index = cast(powers[n][v]);
                // These bits are the index and, above it, the integer part; the bits above that are shifted
                // out.
                let bits = avx512f._mm512_slli_epi32::<INDEX_SHIFT>(index);
                // The instruction reads only the five lowest bits of an index.
                let entry = avx512f._mm512_permutex2var_ps(cast(low), index, cast(high));
                powers[n][v] = cast(avx512f._mm512_add_epi32(bits, cast(entry)));
            }
        }
        for n in 0..N {
            for v in 0..V {
                polynomials[n][v] = simd.mul_add_e_f32s(polynomials[n][v], fractions[n][v], c1);
            }
        }
        for n in 0..N {
            for v in 0..V {
                polynomials[n][v] = simd.mul_add_e_f32s(polynomials[n][v], fractions[n][v], c0);
            }
        }
        (polynomials, powers)
    }

    #[inline(always)]
    fn simd(self) -> V4 {
        self.simd
    }
}
