//! Sums over the subsets that the bits of a word select.
//!
//! The zero part of a sum is a product with a matrix of zeros and ones. For each four consecutive terms the
//! sums of all 16 subsets are tabulated once (11 additions), and every word then costs one addition for four of
//! its bits, a quarter of what multiplying would take ("method of four Russians"; Arlazarov et al., 1970).

use crate::panel::PANEL_VECTORS;
use pulp::Simd;

/// Terms whose subsets share a table.
const GROUP: usize = 4;

/// Subsets of a group.
const SUBSETS: usize = 1 << GROUP;

/// Groups of a word of 32 bits. Their tables together, 16 KiB on AVX2, stay in the first-level cache.
const GROUPS: usize = 32 / GROUP;

/// Vectors that the tables of a word take.
pub(crate) const TABLE: usize = GROUPS * SUBSETS * PANEL_VECTORS;

/// One panel-wide value.
pub(crate) type Wide<S> = [<S as Simd>::f32s; PANEL_VECTORS];

/// Fills the tables for the 32 terms of a word, all [`TABLE`] vectors of them.
#[inline(always)]
pub(crate) fn tabulate<S: Simd>(simd: S, terms: &[Wide<S>], table: &mut [S::f32s]) {
    let (sums, _) = table.as_chunks_mut::<PANEL_VECTORS>();
    let (sums, _) = sums.as_chunks_mut::<SUBSETS>();
    let (terms, _) = terms.as_chunks::<GROUP>();
    for (sums, terms) in sums.iter_mut().zip(terms) {
        sums[0] = [simd.splat_f32s(0.0); PANEL_VECTORS];
        for (bit, term) in terms.iter().enumerate() {
            let half = 1 << bit;
            for subset in 0..half {
                let without = sums[subset];
                for vector in 0..PANEL_VECTORS {
                    sums[half + subset][vector] = simd.add_f32s(without[vector], term[vector]);
                }
            }
        }
    }
}

/// The sum of the terms that the bits of `word` select.
#[inline(always)]
pub(crate) fn select<S: Simd>(simd: S, table: &[S::f32s], word: u32) -> Wide<S> {
    let (sums, _) = table.as_chunks::<PANEL_VECTORS>();
    let (sums, _) = sums.as_chunks::<SUBSETS>();
    let mut total = [simd.splat_f32s(0.0); PANEL_VECTORS];
    for (group, sums) in sums.iter().enumerate().take(GROUPS) {
        let sum = &sums[(word >> (GROUP * group)) as usize % SUBSETS];
        for vector in 0..PANEL_VECTORS {
            total[vector] = simd.add_f32s(total[vector], sum[vector]);
        }
    }
    total
}
