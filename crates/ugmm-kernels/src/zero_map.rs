//! Where x is exactly 0, one bit a value.

/// Values described by one word of a map.
pub(crate) const WORD: usize = 32;

/// How many values are 0, of either sign.
#[inline(always)]
pub(crate) fn count_zeros(values: &[f32]) -> usize {
    // Counts of a chunk fit in 32 bits, which keeps the loop in vectors as wide as the values.
    values.chunks(1 << 16).map(|chunk| chunk.iter().map(|&x| u32::from(x == 0.0)).sum::<u32>() as usize).sum()
}

/// The zeros of rows of x, `[rows, words]`: bit i of word w is set where input 32 w + i is 0. Bits beyond the
/// inputs are not set.
pub(crate) struct RowMap {
    words: Vec<u32>,
    words_per_row: usize,
}

impl RowMap {
    #[inline(always)]
    pub(crate) fn new(x: &[f32], inputs: usize) -> Self {
        let words_per_row = inputs.div_ceil(WORD);
        let mut words = Vec::with_capacity(x.len() / inputs * words_per_row);
        for row in x.chunks_exact(inputs) {
            let (whole, rest) = row.as_chunks::<WORD>();
            words.extend(whole.iter().map(|values| word(values)));
            if !rest.is_empty() {
                words.push(word(rest));
            }
        }
        RowMap { words, words_per_row }
    }

    /// The words of one row.
    pub(crate) fn row(&self, row: usize) -> &[u32] {
        &self.words[row * self.words_per_row..(row + 1) * self.words_per_row]
    }
}

#[inline(always)]
fn word(values: &[f32]) -> u32 {
    values.iter().enumerate().fold(0, |word, (bit, &x)| word | u32::from(x == 0.0) << bit)
}

/// The zeros of columns of x, `[words, inputs]`: bit i of word w is set where row 32 w + i has a 0. Bits beyond
/// the batch are not set.
pub(crate) struct ColumnMap {
    words: Vec<u32>,
    inputs: usize,
    batch: usize,
}

impl ColumnMap {
    #[inline(always)]
    pub(crate) fn new(x: &[f32], inputs: usize) -> Self {
        let batch = x.len() / inputs;
        let mut words = vec![0; batch.div_ceil(WORD) * inputs];
        for (words, rows) in words.chunks_exact_mut(inputs).zip(x.chunks(WORD * inputs)) {
            for (bit, row) in rows.chunks_exact(inputs).enumerate() {
                for (word, &x) in words.iter_mut().zip(row) {
                    *word |= u32::from(x == 0.0) << bit;
                }
            }
        }
        ColumnMap { words, inputs, batch }
    }

    /// The words that describe 32 rows, one for each input.
    pub(crate) fn rows(&self, word: usize) -> &[u32] {
        &self.words[word * self.inputs..(word + 1) * self.inputs]
    }

    /// Words of a column.
    pub(crate) fn words(&self) -> usize {
        self.batch.div_ceil(WORD)
    }

    /// The rows where an input is not 0, in ascending order.
    pub(crate) fn nonzero_rows(&self, input: usize) -> impl Iterator<Item = u32> + '_ {
        (0..self.words()).flat_map(move |word| {
            let present = u32::MAX >> (WORD - WORD.min(self.batch - word * WORD));
            let nonzeros = !self.words[word * self.inputs + input] & present;
            bits(nonzeros).map(move |bit| (word * WORD) as u32 + bit)
        })
    }
}

/// The places of the bits that are set, in ascending order.
pub(crate) fn bits(word: u32) -> impl Iterator<Item = u32> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let bit = rest.trailing_zeros();
        let some = rest != 0;
        rest &= rest.wrapping_sub(1);
        some.then_some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::{ColumnMap, RowMap, count_zeros};

    /// 0 of either sign where the product of row and column leaves a small remainder.
    fn x(batch: usize, inputs: usize) -> Vec<f32> {
        let value = |at: usize| match (at / inputs + 3) * (at % inputs + 5) % 7 {
            0 | 1 => 0.0,
            2 => -0.0,
            other => other as f32,
        };
        (0..batch * inputs).map(value).collect()
    }

    #[test]
    fn both_maps_know_every_zero() {
        for (batch, inputs) in [(1, 1), (31, 33), (32, 32), (65, 100)] {
            let x = x(batch, inputs);
            let (rows, columns) = (RowMap::new(&x, inputs), ColumnMap::new(&x, inputs));
            for input in 0..inputs {
                let found: Vec<u32> = columns.nonzero_rows(input).collect();
                for row in 0..batch {
                    let zero = x[row * inputs + input] == 0.0;
                    assert_eq!(rows.row(row)[input / 32] >> (input % 32) & 1 == 1, zero);
                    assert_eq!(columns.rows(row / 32)[input] >> (row % 32) & 1 == 1, zero);
                    assert_eq!(found.contains(&(row as u32)), !zero);
                }
            }
            assert_eq!(count_zeros(&x), x.iter().filter(|&&x| x == 0.0).count());
            let set: u32 = (0..batch).flat_map(|row| rows.row(row)).map(|word| word.count_ones()).sum();
            assert_eq!(set as usize, count_zeros(&x), "no bit beyond the inputs");
        }
    }
}
