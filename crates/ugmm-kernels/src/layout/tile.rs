//! Tiles of x in the form that the fast path reads, made once and kept from the forward pass for the backward
//! pass.
//!
//! Neurons lie in vector lanes, so that each step evaluates one value of x on many components of its input.
//! Tiles therefore store their columns one after the other.

use crate::LayerShape;
use crate::layout::zero_map::{ZeroMap, count_zeros};
use crate::simd::dispatch::{InstructionSet, ZeroPath};
use crate::tasks::Tasks;

/// Most rows of a tile. The sums of its rows, a panel wide, stay in the first-level cache while the inputs
/// pass, and sums of so few `f32` terms keep their digits.
pub(crate) const ROWS: usize = 128;

/// Most inputs of a tile; the reasons are those of [`ROWS`].
pub(crate) const INPUTS: usize = 128;

/// Places in a column come in groups of this many. Padding rows, whose results are unused, fill the last
/// group.
pub(crate) const GROUP: usize = 4;

/// Fewest rows of a tile whose zeros are kept apart: with fewer rows the preparation costs more than it
/// saves.
const FEWEST_ROWS_APART: usize = 16;

/// Smallest share of zeros that is kept apart. For a layer of 784 inputs and 128 neurons both ways take the
/// same time at 15 to 20 % with 128 rows and at 40 % with 16 (measured on AVX2 and on AVX-512, forward and
/// backward).
const SMALLEST_SHARE_APART: f64 = 0.25;

/// Cost of zeros that are kept apart, relative to a dense tile.
const COST_OF_ZEROS: f64 = 0.07;

/// Some rows and inputs of x.
#[derive(Debug)]
pub(crate) enum Tile {
    /// All values, `[inputs, padded rows]`.
    Dense(Vec<f32>),
    /// Values that are exactly 0 are kept apart, and missing values are left out.
    Sparse(SparseTile),
}

/// The values of a tile that are neither 0 nor missing, and where the zeros are.
#[derive(Debug)]
pub(crate) struct SparseTile {
    pub(crate) zeros: ZeroMap,
    /// Whether values are missing.
    pub(crate) has_missing: bool,
    /// Row and value of the places that are neither 0 nor missing, one input after the other, in groups.
    entries: Vec<(u32, f32)>,
    /// End index of the entries of each input.
    ends: Vec<usize>,
}

impl SparseTile {
    fn new(x: &[&[f32]], has_missing: bool) -> Self {
        let zeros = ZeroMap::new(x);
        let inputs = x.first().map_or(0, |row| row.len());
        let mut ends = Vec::with_capacity(inputs);
        let mut places = Vec::with_capacity(inputs);
        let mut length = 0;
        for input in 0..inputs {
            places.push(length);
            // Missing values have places, too, which stay padding.
            length += zeros.count_nonzeros(input).next_multiple_of(GROUP);
            ends.push(length);
        }
        let mut entries = vec![(x.len() as u32, 0.0); length];
        for (row, values) in x.iter().enumerate() {
            for input in zeros.nonzero_inputs(row) {
                if !values[input].is_nan() {
                    entries[places[input]] = (row as u32, values[input]);
                    places[input] += 1;
                }
            }
        }
        SparseTile { zeros, has_missing, entries, ends }
    }

    /// The entries of each input in groups: row and value of the places that are neither 0 nor missing.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &[(u32, f32)]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let column = &self.entries[start..end];
            start = end;
            column
        })
    }
}

/// Number of places in an array that holds a value for every row of a block. A `u8` names each of them, so
/// that no access needs a check. Places beyond the rows are unused.
pub(crate) const PLACES: usize = 1 << 8;
const _: () = assert!(ROWS < PLACES && ROWS.is_multiple_of(GROUP));

/// A few values of an input, and their rows.
pub(crate) struct Places<const N: usize> {
    pub(crate) rows: [u8; N],
    pub(crate) x: [f32; N],
}

/// Splits a dense column into `N` places at a time; `N` divides [`GROUP`].
#[inline(always)]
pub(crate) fn dense_places<const N: usize>(column: &[f32]) -> impl Iterator<Item = Places<N>> {
    let (groups, _) = column.as_chunks::<N>();
    groups.iter().enumerate().map(
        #[inline(always)]
        |(group, &x)| Places { rows: std::array::from_fn(|n| (group * N + n) as u8), x },
    )
}

/// Splits a column's entries into `N` places at a time; `N` divides [`GROUP`].
#[inline(always)]
pub(crate) fn sparse_places<const N: usize>(entries: &[(u32, f32)]) -> impl Iterator<Item = Places<N>> {
    let (groups, _) = entries.as_chunks::<N>();
    groups.iter().map(
        #[inline(always)]
        |group| Places { rows: group.map(|(row, _)| row as u8), x: group.map(|(_, x)| x) },
    )
}

/// x cut into tiles.
#[derive(Debug)]
pub(crate) struct Tiles {
    /// `[row blocks, input blocks]`.
    tiles: Vec<Tile>,
    input_blocks: usize,
}

impl Tiles {
    /// Cuts x into tiles.
    pub(crate) fn new(
        instructions: InstructionSet,
        tasks: Tasks,
        zeros: &Zeros,
        shape: LayerShape,
        x: &[f32],
    ) -> Self {
        let tiles = tasks.map(0..zeros.contents.len(), |task| {
            let rows = rows_of_tile(shape, x, task);
            instructions.vectorised(
                #[inline(always)]
                || {
                    if zeros.are_apart(task) {
                        Tile::Sparse(SparseTile::new(&rows, zeros.contents[task].has_missing))
                    } else {
                        Tile::Dense(transposed(&rows))
                    }
                },
            )
        });
        Tiles { tiles, input_blocks: shape.inputs.div_ceil(INPUTS) }
    }

    /// The tiles of a block of rows, in the order of their inputs.
    pub(crate) fn of_rows(&self, row_block: usize) -> &[Tile] {
        &self.tiles[row_block * self.input_blocks..(row_block + 1) * self.input_blocks]
    }

    /// Whether any tile is dense.
    pub(crate) fn any_dense(&self) -> bool {
        self.tiles.iter().any(|tile| matches!(tile, Tile::Dense(_)))
    }

    /// Number of blocks of rows.
    pub(crate) fn row_blocks(&self) -> usize {
        self.tiles.len() / self.input_blocks
    }
}

/// The rows of a tile of x; tiles are numbered as in `[row blocks, input blocks]`.
fn rows_of_tile(shape: LayerShape, x: &[f32], tile: usize) -> Vec<&[f32]> {
    let LayerShape { batch, inputs, .. } = shape;
    let input_blocks = inputs.div_ceil(INPUTS);
    let columns = input_range(inputs, tile % input_blocks);
    row_range(batch, tile / input_blocks).map(|row| &x[row * inputs..][columns.clone()]).collect()
}

/// The rows of a block.
pub(crate) fn row_range(batch: usize, block: usize) -> std::ops::Range<usize> {
    block * ROWS..batch.min((block + 1) * ROWS)
}

/// The inputs of a block.
pub(crate) fn input_range(inputs: usize, block: usize) -> std::ops::Range<usize> {
    block * INPUTS..inputs.min((block + 1) * INPUTS)
}

/// Number of rows in a tile, padded to whole groups.
pub(crate) fn padded_rows(rows: usize) -> usize {
    rows.next_multiple_of(GROUP)
}

#[inline(always)]
fn has_missing(rows: &[&[f32]]) -> bool {
    // The loop has no branch for each value, which makes it several times faster.
    rows.iter().any(|row| row.iter().fold(false, |any, x| any | x.is_nan()))
}

/// What the tiles of x hold, and so how they are best made.
pub(crate) struct Zeros {
    path: ZeroPath,
    /// Cost of dense tiles, relative to all places of panels with neurons in lanes.
    dense_cost: f64,
    /// `[row blocks, input blocks]`.
    contents: Vec<Content>,
}

/// What a tile holds.
struct Content {
    has_missing: bool,
    rows: usize,
    /// Fraction of the values that are 0.
    share: f64,
}

impl Zeros {
    /// Examines x for a call whose dense tiles have the cost `dense_cost`.
    pub(crate) fn of(
        instructions: InstructionSet,
        tasks: Tasks,
        path: ZeroPath,
        shape: LayerShape,
        x: &[f32],
        dense_cost: f64,
    ) -> Self {
        let tiles = shape.batch.div_ceil(ROWS) * shape.inputs.div_ceil(INPUTS);
        let contents = tasks.map(0..tiles, |tile| {
            let rows = rows_of_tile(shape, x, tile);
            instructions.vectorised(
                #[inline(always)]
                || Content::of(&rows),
            )
        });
        Zeros { path, dense_cost, contents }
    }

    /// Whether a tile is made sparse; only sparse tiles may have missing values.
    fn are_apart(&self, tile: usize) -> bool {
        let Content { has_missing, rows, share } = self.contents[tile];
        match self.path {
            _ if has_missing => true,
            ZeroPath::Always => true,
            ZeroPath::Never => false,
            ZeroPath::Measured => {
                rows >= FEWEST_ROWS_APART
                    && share >= SMALLEST_SHARE_APART
                    && 1.0 - share + COST_OF_ZEROS < self.dense_cost
            }
        }
    }

    /// Whether any tile is made sparse.
    pub(crate) fn are_apart_anywhere(&self) -> bool {
        (0..self.contents.len()).any(|tile| self.are_apart(tile))
    }
}

impl Content {
    #[inline(always)]
    fn of(rows: &[&[f32]]) -> Self {
        let zeros: usize = rows.iter().map(|row| count_zeros(row)).sum();
        let values: usize = rows.iter().map(|row| row.len()).sum();
        Content { has_missing: has_missing(rows), rows: rows.len(), share: zeros as f64 / values as f64 }
    }
}

/// The columns of `rows`, `[inputs, padded rows]`.
#[inline(always)]
fn transposed(rows: &[&[f32]]) -> Vec<f32> {
    let inputs = rows.first().map_or(0, |row| row.len());
    let padded = padded_rows(rows.len());
    let mut columns = vec![0.0; inputs * padded];
    for (block, rows) in rows.chunks(GROUP).enumerate() {
        for (input, column) in columns.chunks_exact_mut(padded).enumerate() {
            for (target, row) in column[block * GROUP..].iter_mut().zip(rows) {
                *target = row[input];
            }
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::{COST_OF_ZEROS, Content, FEWEST_ROWS_APART, SMALLEST_SHARE_APART, Zeros};
    use crate::simd::dispatch::ZeroPath;

    #[test]
    fn zeros_are_kept_apart_where_it_pays() {
        let are_apart = |path: ZeroPath, rows: &[&[f32]], dense_cost: f64| {
            Zeros { path, dense_cost, contents: vec![Content::of(rows)] }.are_apart(0)
        };
        let measured = |rows: usize, zeros: usize, dense_cost: f64| {
            let row: Vec<f32> = (0..100).map(|input| if input < zeros { 0.0 } else { 1.0 }).collect();
            are_apart(ZeroPath::Measured, &vec![row.as_slice(); rows], dense_cost)
        };
        let enough = (100.0 * SMALLEST_SHARE_APART) as usize;
        assert!(measured(FEWEST_ROWS_APART, enough, 1.0));
        assert!(!measured(FEWEST_ROWS_APART - 1, enough, 1.0));
        assert!(!measured(FEWEST_ROWS_APART, enough - 1, 1.0));
        // Half of the places are zeros; the other half and the cost of the zeros remain.
        assert!(measured(64, 50, 0.51 + COST_OF_ZEROS) && !measured(64, 50, 0.49 + COST_OF_ZEROS));
        let ones = [1.0; 3];
        assert!(are_apart(ZeroPath::Always, &[&ones], 0.0));
        assert!(!are_apart(ZeroPath::Never, &[&[0.0; 3]], 1.0));
        assert!(are_apart(ZeroPath::Never, &[&[1.0, f32::NAN]], 1.0));
    }
}
