//! Sums over the subsets that the bits of a word select.
//!
//! The zero part of a sum is a product with a matrix of zeros and ones. For each four consecutive terms the
//! sums of all 16 subsets are tabulated once (11 additions). Each word then costs one addition for four of
//! its bits, a quarter of the cost of multiplying ("method of four Russians"; Arlazarov et al., 1970).

use crate::layout::zero_map::WORD;
use crate::simd::aligned::Aligned;
use crate::simd::vector::Vector;
use pulp::Simd;

/// Number of terms whose subsets share a table.
const GROUP: usize = 4;

/// Number of subsets of a group.
const SUBSETS: usize = 1 << GROUP;

/// Number of groups in a word of 32 bits.
const GROUPS: usize = WORD / GROUP;

/// A value for every neuron of a panel of `V` vectors.
pub(crate) type Wide<S, const V: usize> = [<S as Simd>::f32s; V];

/// Tables of the 32 terms of a word; 8 KiB for each vector of a panel on AVX-512, which stay in the first-level cache.
pub(crate) struct SubsetSums<S: Vector, const V: usize> {
    simd: S,
    groups: Aligned<[[Wide<S, V>; SUBSETS]; GROUPS]>,
}

impl<S: Vector, const V: usize> SubsetSums<S, V> {
    /// Creates tables that must be filled before use.
    #[inline(always)]
    pub(crate) fn new(simd: S) -> Self {
        SubsetSums { simd, groups: Aligned([[[simd.splat_f32s(0.0); V]; SUBSETS]; GROUPS]) }
    }

    /// Fills the tables for as many terms as a word has bits; terms beyond the slice are 0.
    #[inline(always)]
    pub(crate) fn tabulate(&mut self, terms: &[Wide<S, V>]) {
        let zero = [self.simd.splat_f32s(0.0); V];
        for (group, sums) in self.groups.0.iter_mut().enumerate() {
            sums[0] = zero;
            for bit in 0..GROUP {
                let term = terms.get(group * GROUP + bit).copied().unwrap_or(zero);
                let half = 1 << bit;
                for subset in 0..half {
                    let without = sums[subset];
                    for vector in 0..V {
                        sums[half + subset][vector] = self.simd.add_f32s(without[vector], term[vector]);
                    }
                }
            }
        }
    }

    /// Adds the sum of the terms that the bits of `word` select.
    #[inline(always)]
    pub(crate) fn add_selected(&self, total: &mut Wide<S, V>, word: u32) {
        let mut sum = [self.simd.splat_f32s(0.0); V];
        for (group, sums) in self.groups.0.iter().enumerate() {
            let part = &sums[(word >> (GROUP * group)) as usize % SUBSETS];
            for vector in 0..V {
                sum[vector] = self.simd.add_f32s(sum[vector], part[vector]);
            }
        }
        for vector in 0..V {
            total[vector] = self.simd.add_f32s(total[vector], sum[vector]);
        }
    }
}
