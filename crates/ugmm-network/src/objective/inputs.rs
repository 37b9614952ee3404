//! The rows that a network reads for a row of features: with its label, with each label, or with numbers from the whole
//! range of the target.

use serde::{Deserialize, Serialize};

/// The encoding of a class label as input variables of a generative network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelEncoding {
    /// One variable that takes the class index 0 … C−1, as in the paper's published code.
    Index,
    /// One variable per class: 1 for the row's class, 0 for the others.
    OneHot,
}

impl LabelEncoding {
    /// Number of input variables.
    #[must_use]
    pub fn columns(self, classes: usize) -> usize {
        match self {
            Self::Index => 1,
            Self::OneHot => classes,
        }
    }

    /// Encoded labels, row-major `[rows, columns]`, of class indices below `classes`.
    #[must_use]
    pub fn encode(self, labels: &[usize], classes: usize) -> Vec<f32> {
        let columns = self.columns(classes);
        let mut values = vec![0f32; labels.len() * columns];
        for (row, &label) in values.chunks_mut(columns).zip(labels) {
            match self {
                Self::Index => row[0] = label as f32,
                Self::OneHot => row[label] = 1.0,
            }
        }
        values
    }
}

/// Each row of `x` `[rows, features]` followed by its row of `more` `[rows, columns]`.
pub(super) fn joined(x: &[f32], features: usize, more: &[f32], columns: usize) -> Vec<f32> {
    let rows = x.chunks(features).zip(more.chunks(columns));
    rows.flat_map(|(x, more)| x.iter().chain(more).copied()).collect()
}

/// Each row of `x` `[rows, features]` with each label, `[rows · classes, inputs]`, in the order of rows.
pub(crate) fn joint_inputs(x: &[f32], encoding: LabelEncoding, classes: usize, features: usize) -> Vec<f32> {
    let columns = encoding.columns(classes);
    let labels = encoding.encode(&(0..classes).collect::<Vec<_>>(), classes);
    let mut joint = Vec::with_capacity(x.len() / features.max(1) * classes * (features + columns));
    for row in x.chunks(features) {
        for label in labels.chunks(columns) {
            joint.extend_from_slice(row);
            joint.extend_from_slice(label);
        }
    }
    joint
}

/// A number in each cell of a range, for each row.
pub(crate) struct Nodes {
    /// The numbers, `[rows, cells]`.
    numbers: Vec<f32>,
    /// The cell that contains the row's own number, `[rows]`.
    pub own_cells: Vec<usize>,
}

/// A position in each of `cells` cells of `range` for each row, drawn by `place` as a fraction from 0 to 1 of
/// the cell. The cell of the row's own number has that number. A number outside of the range belongs to the
/// nearest cell. NaN belongs to none, and its row gets the first cell as its own.
pub(crate) fn random_nodes(
    own: &[f32],
    (low, high): (f64, f64),
    cells: usize,
    mut place: impl FnMut() -> f32,
) -> Nodes {
    let width = (high - low) / cells as f64;
    let mut numbers = Vec::with_capacity(own.len() * cells);
    let mut own_cells = Vec::with_capacity(own.len());
    for &own in own {
        let start = numbers.len();
        numbers.extend((0..cells).map(|cell| (low + (cell as f64 + f64::from(place())) * width) as f32));
        let cell = (((f64::from(own) - low) / width).floor().max(0.0) as usize).min(cells - 1);
        if !own.is_nan() {
            numbers[start + cell] = own;
        }
        own_cells.push(cell);
    }
    Nodes { numbers, own_cells }
}

impl Nodes {
    /// Each row of row-major `x` `[rows, features]` with each of its numbers, `[rows · cells, features + 1]`,
    /// in the order of rows.
    pub fn joined_to(self, x: &[f32]) -> Vec<f32> {
        let rows = self.own_cells.len();
        let features = x.len().checked_div(rows).unwrap_or(0);
        let cells = self.numbers.len().checked_div(rows).unwrap_or(0);
        let mut joined = Vec::with_capacity(self.numbers.len() * (features + 1));
        for (row, numbers) in x.chunks(features.max(1)).zip(self.numbers.chunks(cells.max(1))) {
            for &number in numbers {
                joined.extend_from_slice(row);
                joined.push(number);
            }
        }
        joined
    }
}
