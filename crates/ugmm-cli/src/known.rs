//! What is known of a row, as it was typed.

use crate::arguments::Known;
use crate::error::CliError;
use ugmm_network::Objective;
use ugmm_tabular::{Evidence, TableVariables, TabularModel, parse_assignments, parse_names};

/// Columns named in a line, at most.
const NAMED: usize = 8;

/// What is known of a row, and the model's columns.
pub struct Question<'m> {
    pub model: &'m TabularModel,
    pub variables: TableVariables<'m>,
    pub evidence: Evidence,
    /// What is given as it was typed.
    typed: Vec<(String, String)>,
}

impl<'m> Question<'m> {
    pub fn new(model: &'m TabularModel, known: &Known) -> Result<Self, CliError> {
        let mut variables = model.variables();
        for (column, range) in pairs(&known.range)? {
            variables.set_range(&column, &range)?;
        }
        let typed = pairs(&known.given)?;
        let evidence = variables.evidence(&typed)?;
        Ok(Self { model, variables, evidence, typed })
    }

    /// The columns that are given, with their values as they are understood.
    pub fn given(&self) -> Vec<(String, String)> {
        let name = |index: usize| self.variables.list()[index].name().to_owned();
        let given = self.evidence.values.iter();
        given.filter_map(|(index, _)| Some((name(*index), self.given_text(*index)?))).collect()
    }

    /// The value that is given of a variable, as it is understood: rare levels by their names, and numbers as they are, though all of
    /// the column's were whole; none if none is given.
    pub fn given_text(&self, index: usize) -> Option<String> {
        let variable = &self.variables.list()[index];
        let (_, values) = self.evidence.values.iter().find(|(given, _)| *given == index)?;
        let typed = self.typed.iter().find(|(name, _)| name == variable.name());
        let exact = |(_, typed): &(String, String)| variable.exact_text(typed);
        Some(typed.and_then(exact).unwrap_or_else(|| variable.text(values)))
    }

    /// As [`given_in_words`], of the columns that are given.
    pub fn given_in_words(&self) -> String {
        given_in_words(self.given().iter().map(|(name, value)| (name, value)))
    }

    /// What to keep in mind of the distributions of other columns than the target.
    pub fn remark(&self) -> &'static str {
        match self.model.saved().task().objective {
            Objective::Conditional { .. } => {
                "warning: this is not how the data are distributed: the model learned its target given the other columns, and what it \
                 says of those was never compared with data; for that, ugmm train TABLE --objective density\n"
            }
            _ => {
                "warning: this is not how the data are distributed: training raises the score of the rows learned from and holds it down \
                 nowhere else, so that mean and mode of a feature may be far from all rows; for that, ugmm train TABLE --objective \
                 density\n"
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
