//! Columns of few values, which the network sees as states.

use super::Preprocessor;
use super::encoding::{ColumnEncoding, Inputs};
use crate::frame::{LevelIndex, ReadAs};

/// The values that a column of categories or booleans can have, as the network sees them.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnStates {
    /// What each state is called: `false` and `true`; the levels of an order, least first; the levels of a category that
    /// have an input of their own, and one name for all others where these share an input.
    pub names: Vec<String>,
    /// The inputs of each state, one value for each input of the column.
    pub inputs: Vec<Vec<f32>>,
    /// Levels that share the last state.
    pub rare: Vec<String>,
}

impl ColumnStates {
    /// What a value of the column can be called: its states but for the one that rare levels share, and those levels.
    pub fn values(&self) -> Vec<String> {
        let own = self.names.len() - usize::from(!self.rare.is_empty());
        self.names[..own].iter().chain(&self.rare).cloned().collect()
    }

    /// The state that a value of the table belongs to, by its text; none for a level that was not there.
    pub fn of(&self, text: &str, read_as: &ReadAs) -> Option<usize> {
        if let ReadAs::Booleans = read_as {
            return read_as.number(text).map(|number| usize::from(number != 0.0));
        }
        let place = LevelIndex::new(&self.values()).position(text)? as usize;
        Some(place.min(self.names.len() - 1))
    }
}

impl Preprocessor {
    /// The states of the column at `column` of [`Self::requests`]; none if there is no such column, or it holds numbers or
    /// dates.
    pub fn states(&self, column: usize) -> Option<ColumnStates> {
        let encoding = self.columns.get(column)?;
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
        Some(ColumnStates { names, inputs, rare })
    }

    /// The inputs for rows of values, `[rows, inputs]`, row-major; the first columns of `rows`, `[rows, width]`, are those of
    /// [`Self::requests`]. A value is a number, or the index of a state among [`Self::states`]; an index beyond them counts as the
    /// last state. NaN where a value is missing.
    pub fn inputs_of(&self, rows: &[f64], width: usize) -> Vec<f32> {
        let stride = self.inputs();
        let mut inputs = vec![f32::NAN; rows.len() / width * stride];
        let mut offset = 0;
        for (index, column) in self.columns.iter().enumerate() {
            let places = rows.iter().skip(index).step_by(width).zip(inputs[offset..].chunks_mut(stride));
            match (&column.inputs, self.states(index)) {
                (Inputs::PerLevel { .. }, Some(states)) => {
                    let known = places.filter(|(value, _)| !value.is_nan());
                    known.for_each(|(&value, place)| {
                        let state = &states.inputs[(value as usize).min(states.inputs.len() - 1)];
                        place[..state.len()].copy_from_slice(state);
                    });
                }
                (Inputs::One(scale), _) => places.for_each(|(&value, place)| place[0] = scale.input(value)),
                // Only categories have an input for each level.
                (Inputs::PerLevel { .. }, None) => {}
            }
            offset += column.scales().len();
        }
        inputs
    }

    /// The input that a number becomes, of a column of [`Self::requests`] with one input; none if there is no such column
    /// or it has several. The network's own input is this number rounded to `f32`.
    pub fn input_of(&self, column: usize, number: f64) -> Option<f64> {
        match &self.columns.get(column)?.inputs {
            Inputs::One(scale) => Some(scale.input_f64(number)),
            Inputs::PerLevel { .. } => None,
        }
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
