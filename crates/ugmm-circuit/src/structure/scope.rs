//! Sets of variables.

/// A set of variables, as bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope(Vec<u64>);

impl Scope {
    /// The set of one variable, out of `variables`.
    pub(super) fn of(variable: usize, variables: usize) -> Self {
        let mut words = vec![0; variables.div_ceil(64)];
        words[variable / 64] |= 1 << (variable % 64);
        Self(words)
    }

    /// Adds another set; returns false if the sets have a variable in common.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let disjoint = self.0.iter().zip(&other.0).all(|(a, b)| a & b == 0);
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
        disjoint
    }

    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}
