//! The evidence on the command line.

use crate::arguments::Known;
use crate::error::CliError;
use ugmm_network::Task;
use ugmm_tabular::question::{parse_assignments, parse_names};
use ugmm_tabular::{Engine, Evidence, TableModel};

/// Largest number of columns named in a line.
const NAMED: usize = 8;

/// The evidence in the options `--given` and `--range`.
pub fn evidence(model: &dyn TableModel, known: &Known) -> Result<Evidence, CliError> {
    Ok(model.evidence(&pairs(&known.given)?, &pairs(&known.range)?)?)
}

/// Fails with an error if a range is given for a density, which is normalised over all numbers.
pub fn refuse_range_for_densities(model: &dyn TableModel, known: &Known) -> Result<(), CliError> {
    match (Engine::of(model), known.range.is_empty()) {
        (Engine::Density(_), false) => {
            let reason = "a density model has ranges of its own for its columns; leave it out".into();
            Err(CliError::Option { key: "--range", reason })
        }
        _ => Ok(()),
    }
}

/// The given columns with their values as the model interprets them.
pub fn given(model: &dyn TableModel, evidence: &Evidence) -> Vec<(String, String)> {
    let known = model.columns().iter().zip(&evidence.row).filter(|(_, value)| !value.is_nan());
    known.map(|(column, &value)| (column.name().to_owned(), column.given_text(value))).collect()
}

/// Names of the columns of the model that are neither given nor asked for.
pub fn others(model: &dyn TableModel, evidence: &Evidence, asked: &[usize]) -> Vec<String> {
    let others = evidence.missing(asked).filter(|&column| model.can_be_given(column));
    others.map(|column| model.columns()[column].name().to_owned()).collect()
}

/// A warning about a network's distributions of other columns than its target; empty for a density.
pub fn remark(model: &dyn TableModel) -> &'static str {
    let Engine::Network(network) = Engine::of(model) else { return "" };
    match network.saved().task() {
        Task::Number(_) => {
            "warning: this is not how the data are distributed: the model was trained to predict its target, and its distributions \
             of other columns were never compared with data; for that, ugmm train TABLE --objective density\n"
        }
        Task::Classes(_) => {
            "warning: this is not how the data are distributed: training raises the scores of the training rows and lowers no \
             others, so that mean and mode of a feature may be far from all rows; for that, ugmm train TABLE --objective \
             density\n"
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

/// A clause such as " given a = 1, b = 2"; empty if nothing is given.
pub fn given_in_words<'g>(given: impl Iterator<Item = (&'g String, &'g String)>) -> String {
    let given: Vec<String> = given.map(|(name, value)| format!("{name} = {value}")).collect();
    if given.is_empty() { String::new() } else { format!(" given {}", some(&given)) }
}

/// The columns that arguments name; each argument is a name or a list of names.
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

/// The first names, and the number of the others.
pub fn some(names: &[String]) -> String {
    match names.len().saturating_sub(NAMED) {
        0 | 1 => names.join(", "),
        _ => format!("{} and {} more", names[..NAMED].join(", "), names.len() - NAMED),
    }
}
