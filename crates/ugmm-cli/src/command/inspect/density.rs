//! Description of a density model.

use crate::arguments::{Common, Inspect};
use crate::error::CliError;
use crate::output::{known_level, percent, print, table, write_json};
use crate::table::left_aligned_last;
use serde::Serialize;
use ugmm_circuit::UnivariateMixture;
use ugmm_tabular::density::Dependence;
use ugmm_tabular::{Column as ModelColumn, DensityModel, TableModel};

/// Largest number of states of a column that are named.
const NAMED_STATES: usize = 3;
/// Largest number of dependencies and columns that are printed.
const PRINTED: usize = 15;
const PRINTED_COLUMNS: usize = 60;
/// Largest number of columns for which dependencies are computed.
const MOST_COLUMNS: usize = 40;

#[derive(Serialize)]
struct Report<'a> {
    target: Option<&'a str>,
    structure: String,
    parameters: usize,
    regions: usize,
    training_rows: usize,
    validation_rows: usize,
    log_likelihood: Option<f64>,
    independent_log_likelihood: Option<f64>,
    columns: Vec<Column<'a>>,
    /// Pairs of columns that depend most on each other, strongest first; `None` if there are too many
    /// columns.
    dependencies: Option<Vec<Pair<'a>>>,
}

#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    taken_as: &'a str,
    /// Marginal distribution of the column under the model.
    marginal: String,
    entropy: f64,
}

#[derive(Serialize)]
struct Pair<'a> {
    columns: [&'a str; 2],
    /// Mutual information under the model, in nats, estimated from rows drawn from it.
    mutual_information: f64,
}

pub fn run(model: &DensityModel, options: &Inspect, common: &Common) -> Result<(), CliError> {
    for (key, given) in [("--importance", options.importance), ("--effect", !options.effect.is_empty())] {
        if given {
            let reason = "this is about a network's predictions of its target, and a density describes all columns \
                          alike; without options, this command lists which columns depend on each other, and `ugmm \
                          query` gives any column's distribution for values of another"
                .into();
            return Err(CliError::Option { key, reason });
        }
    }
    for (key, given) in
        [("--data", options.data.is_some()), ("--faithfulness", options.faithfulness.is_some())]
    {
        if given {
            let reason =
                "this shows what the neurons of networks do, and a density model has none; leave it out"
                    .into();
            return Err(CliError::Option { key, reason });
        }
    }
    let nothing = vec![f64::NAN; model.columns().len()];
    let marginals = model.circuit().conditionals(&nothing).map_err(ugmm_tabular::TabularError::from)?;
    let name = |column: usize| model.columns()[column].name();
    let dependencies = match model.columns().len() {
        many if many > MOST_COLUMNS => None,
        _ => Some(model.dependencies()?),
    };
    let pair = |Dependence { columns: [a, b], mutual_information }: Dependence| Pair {
        columns: [name(a), name(b)],
        mutual_information,
    };
    let learned = model.learned();
    let report = Report {
        target: model.target_name(),
        structure: model.structure_in_words(),
        parameters: model.circuit().parameters(),
        regions: model.circuit().regions().len(),
        training_rows: learned.training_rows,
        validation_rows: learned.validation_rows,
        log_likelihood: learned.log_likelihood,
        independent_log_likelihood: learned.independent_log_likelihood,
        columns: model
            .columns()
            .iter()
            .zip(&marginals)
            .map(|(column, marginal)| Column {
                name: column.name(),
                taken_as: column.kind_name(),
                marginal: in_a_line(column, marginal),
                entropy: marginal.entropy(),
            })
            .collect(),
        dependencies: dependencies.map(|all| all.into_iter().map(pair).collect()),
    };
    write_json(common.json.as_deref(), "ugmm/inspect", &report)?;
    if common.quiet { Ok(()) } else { print(&text(&report)) }
}

/// A distribution in one line.
pub fn in_a_line(column: &ModelColumn, distribution: &UnivariateMixture) -> String {
    if let (Some(names), UnivariateMixture::Discrete { probabilities, .. }) = (column.states(), distribution)
    {
        let mut states: Vec<(String, f64)> = names.into_iter().zip(probabilities.iter().copied()).collect();
        states.sort_by(|a, b| b.1.total_cmp(&a.1));
        let named = states.iter().take(NAMED_STATES);
        let named: Vec<String> =
            named.map(|(name, share)| format!("{name} {} %", percent(*share, 1))).collect();
        return named.join(", ");
    }
    let [low, median, high] = [0.05, 0.5, 0.95].map(|share| column.text(distribution.quantile(share)));
    format!("median {median}, 90 % from {low} to {high}")
}

fn text(report: &Report) -> String {
    let mut text = format!("density: {}\n", report.structure);
    if let Some(target) = report.target {
        text += &format!("it predicts {target}\n");
    }
    let (of, rows) = match report.validation_rows {
        0 => ("training rows", report.training_rows),
        held_out => ("held-out rows", held_out),
    };
    text += &format!(
        "trained on {} rows; log-likelihood of {rows} {of}: {}, of independent columns {}\n\n",
        report.training_rows,
        known_level(report.log_likelihood, " per row"),
        known_level(report.independent_log_likelihood, "")
    );
    let mut rows = vec![["column", "taken as", "marginal distribution"].map(String::from).to_vec()];
    for column in report.columns.iter().take(PRINTED_COLUMNS) {
        rows.push(vec![column.name.into(), column.taken_as.into(), column.marginal.clone()]);
    }
    text += &left_aligned_last(rows);
    let more = report.columns.len().saturating_sub(PRINTED_COLUMNS);
    if more > 0 {
        text += &format!("and {more} more (--json has all)\n");
    }
    match &report.dependencies {
        None => {
            text +=
                &format!("\nwhich columns depend on each other is shown of up to {MOST_COLUMNS} columns\n")
        }
        Some(pairs) if pairs.is_empty() => {}
        Some(pairs) => {
            let mut rows =
                vec![["depend on each other", "mutual information, nats"].map(String::from).to_vec()];
            for Pair { columns: [a, b], mutual_information } in pairs.iter().take(PRINTED) {
                rows.push(vec![format!("{a}, {b}"), format!("{mutual_information:.4}")]);
            }
            text += &format!("\n{}", table(&rows));
        }
    }
    text
}
