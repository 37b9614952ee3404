//! Columns of few values, which the network sees as states.

use super::encoding::{ColumnEncoding, Inputs};
use crate::frame::{LevelIndex, ReadAs};

/// The values that a column of categories or booleans can have, as the network sees them.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnStates {
    /// The name of each state: `false` and `true`; the levels of an order, least first; the levels of a category that
    /// have an input of their own, and one name for all others where these share an input.
    pub names: Vec<String>,
    /// The inputs of each state, one value for each input of the column.
    pub inputs: Vec<Vec<f32>>,
    /// Levels that share the last state.
    pub rare: Vec<String>,
}

impl ColumnStates {
    /// The states of a column; none of a column of numbers or dates.
    pub(super) fn of_column(encoding: &ColumnEncoding) -> Option<Self> {
        let (names, rare) = match (&encoding.request.read_as, &encoding.inputs) {
            (ReadAs::Booleans, _) => (["false", "true"].map(String::from).to_vec(), Vec::new()),
            (ReadAs::Codes(levels), Inputs::One(_)) => (levels.clone(), Vec::new()),
            (ReadAs::Codes(levels), Inputs::PerLevel { own, .. }) => {
                let mut names = levels[..*own].to_vec();
                names.extend((*own < levels.len()).then(|| encoding.other()));
                (names, levels[*own..].to_vec())
            }
            (ReadAs::Numbers(_) | ReadAs::Days | ReadAs::Dates(_) | ReadAs::Text, _) => return None,
        };
        let inputs = (0..names.len()).map(|state| inputs(encoding, state)).collect();
        Some(Self { names, inputs, rare })
    }

    /// The names of the values: the states but for the one that rare levels share, and those levels.
    pub fn values(&self) -> Vec<String> {
        let own = self.names.len() - usize::from(!self.rare.is_empty());
        self.names[..own].iter().chain(&self.rare).cloned().collect()
    }

    /// The state of a value of the table, by its text; none for an unseen level.
    pub fn of(&self, text: &str, read_as: &ReadAs) -> Option<usize> {
        if let ReadAs::Booleans = read_as {
            return read_as.number(text).map(|number| usize::from(number != 0.0));
        }
        let place = LevelIndex::new(&self.values()).position(text)? as usize;
        Some(place.min(self.names.len() - 1))
    }
}

fn inputs(encoding: &ColumnEncoding, state: usize) -> Vec<f32> {
    match &encoding.inputs {
        Inputs::One(scale) => vec![scale.input(state as f64)],
        Inputs::PerLevel { scales, .. } => {
            let value = |input: usize| if input == state { 1.0 } else { 0.0 };
            scales.iter().enumerate().map(|(input, scale)| scale.input(value(input))).collect()
        }
    }
}
