//! How one column becomes inputs.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::scale::Scale;
use super::view::View;
use crate::encoded::Encoded;
use crate::frame::{ReadAs, Request};
use crate::show::value;

/// A column and its inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnEncoding {
    pub(super) request: Request,
    pub(super) inputs: Inputs,
}

/// The inputs of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Inputs {
    /// A number, or the position of a level, scaled.
    One(Scale),
    /// 1 or 0, scaled, for each of the first `own` levels, and for all others together if there are more. One scale per
    /// input.
    PerLevel { own: usize, scales: Vec<Scale> },
}

impl ColumnEncoding {
    /// The levels of a column of categories; none of others.
    pub(super) fn levels(&self) -> &[String] {
        match &self.request.read_as {
            ReadAs::Codes(levels) => levels,
            _ => &[],
        }
    }

    /// The scales of the inputs, one each.
    pub(super) fn scales(&self) -> &[Scale] {
        match &self.inputs {
            Inputs::One(scale) => std::slice::from_ref(scale),
            Inputs::PerLevel { scales, .. } => scales,
        }
    }

    /// The inputs' names: the column's, and with the level after an equals sign if there is one per level.
    pub(super) fn names(&self) -> Vec<String> {
        let column = &self.request.name;
        let Inputs::PerLevel { own, .. } = self.inputs else { return vec![column.clone()] };
        let levels = self.levels();
        let mut names: Vec<String> = levels[..own].iter().map(|level| format!("{column}={level}")).collect();
        if own < levels.len() {
            names.push(format!("{column}={}", self.other()));
        }
        names
    }

    /// The common name of the rare levels.
    pub(super) fn other(&self) -> String {
        let mut other = "(other)".to_owned();
        // A level may have this name.
        while self.levels().contains(&other) {
            other = format!("({other})");
        }
        other
    }

    /// Writes the inputs of `rows` of the column. The first row's are at `offset` of `inputs`, those of each other row
    /// `stride` further on.
    pub(super) fn write(
        &self,
        values: &View,
        rows: &[usize],
        inputs: &mut [f32],
        offset: usize,
        stride: usize,
    ) -> Encoded {
        let mut encoded = Encoded::default();
        let places = rows.iter().zip(inputs[offset..].chunks_mut(stride));
        let levels = self.levels().len();
        match (&self.inputs, values) {
            (Inputs::One(scale), View::Numbers(numbers)) => {
                for (&row, inputs) in places {
                    encoded.missing += usize::from(numbers[row].is_nan());
                    inputs[0] = scale.input(numbers[row]);
                }
            }
            (Inputs::One(scale), View::Codes(codes)) => {
                for (&row, inputs) in places {
                    inputs[0] = match codes[row] {
                        Some(code) if (code as usize) < levels => scale.input(code.into()),
                        other => {
                            encoded.missing += usize::from(other.is_none());
                            encoded.unseen += usize::from(other.is_some());
                            f32::NAN
                        }
                    };
                }
            }
            (Inputs::PerLevel { own, scales }, View::Codes(codes)) => {
                let zeros: Vec<f32> = scales.iter().map(|scale| scale.input(0.0)).collect();
                let ones: Vec<f32> = scales.iter().map(|scale| scale.input(1.0)).collect();
                for (&row, inputs) in places {
                    let inputs = &mut inputs[..scales.len()];
                    let code = codes[row].map(|code| code as usize);
                    encoded.missing += usize::from(code.is_none());
                    encoded.unseen += usize::from(code.is_some_and(|code| code >= levels));
                    match code.map(|code| code.min(*own)) {
                        Some(input) if input < scales.len() => {
                            inputs.copy_from_slice(&zeros);
                            inputs[input] = ones[input];
                        }
                        _ => inputs.fill(f32::NAN),
                    }
                }
            }
            // A view is made to fit the request, and levels are only of categories.
            (Inputs::PerLevel { scales, .. }, View::Numbers(_)) => {
                places.for_each(|(_, inputs)| inputs[..scales.len()].fill(f32::NAN))
            }
        }
        encoded
    }

    /// Fails with the reason why the column cannot have been fitted.
    pub(super) fn check(&self) -> Result<(), String> {
        let column = format!("the column {}", value(&self.request.name));
        match &self.request.read_as {
            ReadAs::Text => return Err(format!("reads {column} as text, which makes no inputs")),
            ReadAs::Codes(levels) if levels.is_empty() => {
                return Err(format!("has no levels for {column}; categories need at least one"));
            }
            ReadAs::Codes(levels) => {
                let mut seen = HashSet::new();
                if let Some(level) = levels.iter().find(|level| !seen.insert(*level)) {
                    let level = value(level);
                    return Err(format!("has the level {level} of {column} twice; each may occur once"));
                }
            }
            ReadAs::Numbers(_) | ReadAs::Booleans | ReadAs::Days | ReadAs::Dates(_) => {
                if let Inputs::PerLevel { .. } = self.inputs {
                    return Err(format!(
                        "makes an input for each level of {column}, which holds no categories"
                    ));
                }
            }
        }
        if let Inputs::PerLevel { own, scales } = &self.inputs {
            let (own, levels, found) = (*own, self.levels().len(), scales.len());
            if own > levels {
                return Err(format!(
                    "gives {own} levels of {column} an input of their own, where there are {levels}"
                ));
            }
            let expected = own + usize::from(own < levels);
            if found != expected {
                return Err(format!("has {found} scales for the {expected} inputs of {column}"));
            }
            if scales.iter().any(|scale| scale.linear().is_none()) {
                return Err(format!(
                    "scales the levels of {column} by quantiles; they are standardised or 0 and 1"
                ));
            }
        }
        self.scales().iter().try_for_each(|scale| scale.check(&column))
    }
}
