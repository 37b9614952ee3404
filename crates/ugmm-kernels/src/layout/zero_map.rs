//! A map of the values of x that are exactly 0, with one bit per value.

/// Number of values that one word of a map describes.
pub(crate) const WORD: usize = 32;

/// Number of values that are 0, of either sign.
#[inline(always)]
pub(crate) fn count_zeros(values: &[f32]) -> usize {
    count(
        values,
        #[inline(always)]
        |x| x == 0.0,
    )
}

/// Number of values with a property.
#[inline(always)]
pub(crate) fn count(values: &[f32], has_property: impl Fn(f32) -> bool) -> usize {
    // The count of a chunk fits in 32 bits, which keeps the loop in vectors as wide as the values.
    let of_chunk = |chunk: &[f32]| chunk.iter().map(|&x| u32::from(has_property(x))).sum::<u32>() as usize;
    values.chunks(1 << 16).map(of_chunk).sum()
}

/// The zeros of some rows of x, by rows and by columns.
#[derive(Debug)]
pub(crate) struct ZeroMap {
    /// `[rows, words]`: bit i of word w is set where input 32 w + i is 0. Bits beyond the inputs are not set.
    by_row: Vec<u32>,
    /// `[words, inputs]`: bit i of word w is set where row 32 w + i has a 0. Bits beyond the rows are not set.
    by_column: Vec<u32>,
    rows: usize,
    inputs: usize,
}

impl ZeroMap {
    #[inline(always)]
    pub(crate) fn new(rows: &[&[f32]]) -> Self {
        let inputs = rows.first().map_or(0, |row| row.len());
        let mut by_row = Vec::with_capacity(rows.len() * inputs.div_ceil(WORD));
        for row in rows {
            let (whole, rest) = row.as_chunks::<WORD>();
            by_row.extend(whole.iter().map(|values| word(values)));
            if !rest.is_empty() {
                by_row.push(word(rest));
            }
        }
        let mut by_column = vec![0; rows.len().div_ceil(WORD) * inputs];
        for (words, rows) in by_column.chunks_exact_mut(inputs).zip(rows.chunks(WORD)) {
            for (bit, row) in rows.iter().enumerate() {
                for (word, &x) in words.iter_mut().zip(*row) {
                    *word |= u32::from(x == 0.0) << bit;
                }
            }
        }
        ZeroMap { by_row, by_column, rows: rows.len(), inputs }
    }

    /// Word `word` of each row in turn; it describes 32 inputs.
    pub(crate) fn of_inputs(&self, word: usize) -> impl Iterator<Item = u32> {
        self.by_row[word..].iter().step_by(self.inputs.div_ceil(WORD)).copied()
    }

    /// The words that describe 32 rows, one word per input.
    pub(crate) fn of_rows(&self, word: usize) -> &[u32] {
        &self.by_column[word * self.inputs..(word + 1) * self.inputs]
    }

    /// Number of rows where an input is not 0.
    pub(crate) fn count_nonzeros(&self, input: usize) -> usize {
        let zeros = self.by_column[input..].iter().step_by(self.inputs).map(|word| word.count_ones());
        self.rows - zeros.sum::<u32>() as usize
    }

    /// The inputs where a row is not 0, in ascending order.
    pub(crate) fn nonzero_inputs(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        let words = self.inputs.div_ceil(WORD);
        self.by_row[row * words..(row + 1) * words].iter().enumerate().flat_map(move |(at, word)| {
            let present = u32::MAX >> (WORD - WORD.min(self.inputs - at * WORD));
            bits(!word & present).map(move |bit| at * WORD + bit as usize)
        })
    }

    /// The rows where an input is 0, in ascending order.
    pub(crate) fn zero_rows(&self, input: usize) -> impl Iterator<Item = u32> + '_ {
        (0..self.rows.div_ceil(WORD)).flat_map(move |word| {
            bits(self.by_column[word * self.inputs + input]).map(move |bit| (word * WORD) as u32 + bit)
        })
    }
}

#[inline(always)]
fn word(values: &[f32]) -> u32 {
    values.iter().enumerate().fold(0, |word, (bit, &x)| word | u32::from(x == 0.0) << bit)
}

/// The places of the bits that are set, in ascending order.
fn bits(word: u32) -> impl Iterator<Item = u32> {
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
    use super::{ZeroMap, count_zeros};

    #[test]
    fn maps_mark_exactly_the_zeros() {
        for (batch, inputs) in [(1, 1), (3, 32), (33, 31), (64, 65), (70, 100)] {
            let value = |at: usize| if at * at % 5 < 2 { [0.0, -0.0][at % 2] } else { at as f32 };
            let x: Vec<f32> = (0..batch * inputs).map(value).collect();
            let rows: Vec<&[f32]> = x.chunks(inputs).collect();
            let map = ZeroMap::new(&rows);
            for (row, values) in rows.iter().enumerate() {
                let found: Vec<usize> = map.nonzero_inputs(row).collect();
                let expected: Vec<usize> = (0..inputs).filter(|&input| values[input] != 0.0).collect();
                assert_eq!(found, expected);
            }
            for input in 0..inputs {
                let zeros: Vec<u32> = map.zero_rows(input).collect();
                assert!(zeros.is_sorted());
                assert_eq!(map.count_nonzeros(input), batch - zeros.len());
                for (row, values) in rows.iter().enumerate() {
                    let zero = values[input] == 0.0;
                    let word = map.of_inputs(input / 32).nth(row).unwrap();
                    assert_eq!(word >> (input % 32) & 1 == 1, zero);
                    assert_eq!(map.of_rows(row / 32)[input] >> (row % 32) & 1 == 1, zero);
                    assert_eq!(zeros.contains(&(row as u32)), zero);
                }
            }
            assert_eq!(count_zeros(&x), x.iter().filter(|&&x| x == 0.0).count());
            let words = inputs.div_ceil(32);
            let set: u32 = (0..words).flat_map(|word| map.of_inputs(word)).map(u32::count_ones).sum();
            assert_eq!(set as usize, count_zeros(&x), "no bit beyond the inputs");
        }
    }
}
