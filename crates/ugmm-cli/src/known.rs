//! What is known of a row, as it was typed.

use crate::arguments::Known;
use crate::error::CliError;
use ugmm::Objective;
use ugmm_tabular::{Evidence, TableVariables, TabularModel, parse_assignments, parse_names};

/// Columns named in a line, at most.
const NAMED: usize = 8;

/// What is known of a row, and the model's columns.
pub struct Question<'m> {
    pub model: &'m TabularModel,
    pub variables: TableVariables<'m>,
    pub evidence: Evidence,
}

impl<'m> Question<'m> {
    pub fn new(model: &'m TabularModel, known: &Known) -> Result<Self, CliError> {
        let mut variables = model.variables();
        for (column, range) in pairs(&known.range)? {
            variables.set_range(&column, &range)?;
        }
        let evidence = variables.evidence(&pairs(&known.given)?)?;
        Ok(Self { model, variables, evidence })
    }

    /// The columns that are given, with their values as they are understood.
    pub fn given(&self) -> Vec<(String, String)> {
        let text = |(index, values): &(usize, Vec<f64>)| {
            let variable = &self.variables.list()[*index];
            (variable.name().to_owned(), variable.text(values))
        };
        self.evidence.values.iter().map(text).collect()
    }

    /// As [`given_in_words`], of the columns that are given.
    pub fn given_in_words(&self) -> String {
        given_in_words(self.given().iter().map(|(name, value)| (name, value)))
    }

    /// What to keep in mind of the distributions of other columns than the target.
    pub fn remark(&self) -> &'static str {
        match self.model.saved().task.objective {
            Objective::Conditional { .. } => {
                "the model learned its target given the other columns; what it says of those was never compared with data\n"
            }
            _ => {
                "training raises the score of the rows learned from, which is not normalised over their features: a feature's \
                 distribution by the score need not be that of the data\n"
            }
        }
    }
}

pub fn pairs(texts: &[String]) -> Result<Vec<(String, String)>, CliError> {
    let mut pairs = Vec::new();
    for text in texts {
        pairs.extend(parse_assignments(text)?);
    }
    Ok(pairs)
}

/// " given a = 1, b = 2"; nothing if nothing is.
pub fn given_in_words<'g>(given: impl Iterator<Item = (&'g String, &'g String)>) -> String {
    let given: Vec<String> = given.map(|(name, value)| format!("{name} = {value}")).collect();
    if given.is_empty() { String::new() } else { format!(" given {}", some(&given)) }
}

/// The columns named by arguments, each the name of one or a list of names.
pub fn names(arguments: &[String], is_column: impl Fn(&str) -> bool) -> Result<Vec<String>, CliError> {
    let mut names = Vec::new();
    for argument in arguments {
        match is_column(argument) {
            true => names.push(argument.clone()),
            false => names.extend(parse_names(argument)?),
        }
    }
    Ok(names)
}

/// The first names, and how many more there are.
pub fn some(names: &[String]) -> String {
    match names.len().saturating_sub(NAMED) {
        0 | 1 => names.join(", "),
        _ => format!("{} and {} more", names[..NAMED].join(", "), names.len() - NAMED),
    }
}
