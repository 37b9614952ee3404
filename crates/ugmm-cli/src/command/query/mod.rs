//! `ugmm query`: any column of a model's table, given any others.

pub mod density;
mod says;

use crate::arguments::{Common, Query};
use crate::drawing::{bar, curve};
use crate::error::CliError;
use crate::known::{Question, names, some};
use crate::output::{check_outputs, percent, print, short, within, write_json};
use indexmap::IndexMap;
use says::{Density, Numbers, Says, Summary, by_name, quantiles};
use serde::Serialize;
use std::num::NonZeroUsize;
use ugmm_network::inference::conditional::ConditionalDensity;
use ugmm_network::metrics::root_mean_square;
use ugmm_tabular::{Answer, AnyModel};

/// Cells of the range of a number where no number is given.
const CELLS: usize = 256;
/// Size of a picture, in characters.
const WIDTH: usize = 64;
const LINES: usize = 8;
/// Width of the bar of a probability of 1.
const BAR: usize = 40;
/// States that are shown, the most probable ones.
const MOST_STATES: usize = 30;

#[derive(Serialize)]
struct Report<'a> {
    target: &'a str,
    given: IndexMap<String, String>,
    answers: Vec<Answered>,
    /// Of the row, where it was asked for.
    score: Option<f32>,
}

#[derive(Serialize)]
struct Answered {
    column: String,
    /// Columns that are neither given nor asked for.
    missing: Vec<String>,
    /// Why the answer is not how the data are distributed; none of the target.
    warning: Option<&'static str>,
    #[serde(flatten)]
    says: Says,
    /// Of a number that is not whole.
    #[serde(skip)]
    distribution: Option<ConditionalDensity>,
}

pub fn run(options: &Query, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[&options.model])?;
    let model = match AnyModel::load(&options.model)? {
        AnyModel::Network(model) => model,
        AnyModel::Density(model) => return density::run(&model, options, common),
    };
    let question = Question::new(&model, &options.known)?;
    let is_whole = question.variables.target().is_some()
        && question.variables.missing(&question.evidence, &[]).is_empty();
    let score = match options.score || options.ask.is_empty() && is_whole {
        true => Some(model.score(&question.variables, &question.evidence)?),
        false => None,
    };
    let asked = match (score, options.ask.is_empty()) {
        (Some(_), _) => Vec::new(),
        (None, true) => vec![model.target_name().to_owned()],
        (None, false) => names(&options.ask, |name| {
            let is_variable = question.variables.list().iter().any(|known| known.name() == name);
            is_variable || name == question.model.target_name()
        })?,
    };
    let mut answers = Vec::new();
    for column in asked {
        answers.push(answered(&question, column, options.cells.map_or(CELLS, NonZeroUsize::get))?);
    }
    let given = question.given().into_iter().collect();
    let report = Report { target: model.target_name(), given, answers, score };
    write_json(common.json.as_deref(), "ugmm/query", &report)?;
    if common.quiet { Ok(()) } else { print(&text(&report, &question)) }
}

fn answered(question: &Question, column: String, cells: usize) -> Result<Answered, CliError> {
    let Question { model, variables, evidence, .. } = question;
    let mut distribution = None;
    let says = match model.answer(variables, evidence, &column, cells)? {
        Answer::States(states) => Says::Probabilities(states.into_iter().collect()),
        Answer::Numbers(numbers) => {
            let variable = &variables.list()[variables.index_of(&column)?];
            Says::Numbers(of_numbers(&numbers, |number| variable.text_of(number)))
        }
        Answer::Density(density) => {
            let (low, high) = density.range();
            let cell = (high - low) / density.probabilities().len() as f64;
            let summary = Summary {
                mean: density.mean(),
                standard_deviation: density.deviation(),
                mode: density.mode(),
                quantiles: quantiles(|share| density.quantile(share)),
            };
            let heights = density.probabilities().iter().map(|share| share / cell).collect();
            distribution = Some(density);
            Says::Density(Density { summary, low, high, density: heights })
        }
    };
    let index = variables.list().iter().position(|variable| variable.name() == column);
    let missing = variables.missing(evidence, index.as_slice());
    let remark = question.remark().trim_end().trim_start_matches("warning: ");
    let warning = (column != model.target_name()).then_some(remark);
    Ok(Answered { missing, warning, column, says, distribution })
}

/// Of numbers in ascending order with their probabilities.
fn of_numbers(numbers: &[(f64, f64)], name: impl Fn(f64) -> String) -> Numbers {
    let mean = numbers.iter().map(|(number, share)| number * share).sum::<f64>();
    // The first of equal ones.
    let mode = numbers.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1));
    let quantile = |share: f64| {
        let mut below = 0.0;
        let reaches = |(_, of_number): &&(f64, f64)| {
            below += of_number;
            below >= share
        };
        numbers.iter().find(reaches).or(numbers.last()).map_or(mean, |(number, _)| *number)
    };
    Numbers {
        summary: Summary {
            mean,
            standard_deviation: root_mean_square(
                numbers.iter().map(|(number, share)| (*share, number - mean)),
            ),
            mode: mode.map_or(mean, |(number, _)| *number),
            quantiles: quantiles(quantile),
        },
        probabilities: by_name(numbers.iter().map(|(number, share)| (name(*number), *share))),
    }
}

fn text(report: &Report, question: &Question) -> String {
    let mut text = String::new();
    if let Some(score) = report.score {
        text += &format!(
            "score{}: {}\nthe network's root, a logarithm that is not normalised over the columns; to be compared with \
             scores of other rows by the same model only\n",
            question.given_in_words(),
            short(score.into())
        );
    }
    for (index, answered) in report.answers.iter().enumerate() {
        let Answered { column, missing, says, distribution, .. } = answered;
        if index > 0 {
            text.push('\n');
        }
        text += &format!("{column}{}\n", question.given_in_words());
        if !missing.is_empty() {
            text += &format!(
                "not given: {}; the network does without them, by its neurons' other components\n",
                some(missing)
            );
        }
        if column != report.target {
            text += question.remark();
        }
        text.push('\n');
        text += &match says {
            Says::Probabilities(states) => of_states(states),
            Says::Numbers(numbers) => format!(
                "{}\nmean {}, mode {}\n",
                of_states(&numbers.probabilities),
                in_words(numbers.summary.mean, question, column),
                mode_in_words(numbers, question, column)
            ),
            Says::Density(density) => distribution
                .as_ref()
                .map_or_else(String::new, |distribution| of_density(density, distribution, question, column)),
        };
    }
    text
}

/// A line for each state; of very many the most probable ones.
fn of_states(states: &IndexMap<String, f64>) -> String {
    let mut shown: Vec<(&String, f64)> = states.iter().map(|(name, share)| (name, *share)).collect();
    if shown.len() > MOST_STATES {
        shown.sort_by(|a, b| b.1.total_cmp(&a.1));
        shown.truncate(MOST_STATES);
    }
    let width = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let line = |(name, share): &(&String, f64)| {
        let line = format!("{name:<width$}   {:>6} %  {}", percent(*share, 2), bar(*share, BAR));
        format!("{}\n", line.trim_end())
    };
    let mut text: String = shown.iter().map(line).collect();
    if shown.len() < states.len() {
        text += &format!("and {} more, less probable (--json has all)\n", states.len() - shown.len());
    }
    text
}

/// A number of a column, or its date.
fn in_words(number: f64, question: &Question, column: &str) -> String {
    match question.variables.list().iter().find(|variable| variable.name() == column) {
        Some(variable) if variable.is_date() => variable.text_of(number),
        Some(variable) => within(number, variable.range().map_or(0.0, |range| range.high - range.low)),
        None => short(number),
    }
}

/// The most probable number, date or month, which has the probability of all its days.
fn mode_in_words(numbers: &Numbers, question: &Question, column: &str) -> String {
    let variable = question.variables.list().iter().find(|variable| variable.name() == column);
    let of_dates = variable.filter(|variable| variable.is_date()).and_then(|_| numbers.most_probable());
    of_dates.unwrap_or_else(|| in_words(numbers.summary.mode, question, column))
}

/// The density over its range, and what can be said of it in numbers.
fn of_density(
    density: &Density,
    distribution: &ConditionalDensity,
    question: &Question,
    column: &str,
) -> String {
    let number = |number: f64| in_words(number, question, column);
    let (low, high) = (density.low, density.high);
    let edge = |place: usize| low + (high - low) * place as f64 / WIDTH as f64;
    let share =
        |place: usize| distribution.cumulative(edge(place + 1)) - distribution.cumulative(edge(place));
    let heights: Vec<f64> = (0..WIDTH).map(share).collect();
    let mut text = picture(&heights, &number(low), &number(high));
    let interval = [0.05, 0.95].map(|share| number(distribution.quantile(share))).join(" to ");
    text += &format!(
        "mean {}, mode {}, median {}, 90 % from {interval}\n",
        number(density.summary.mean),
        number(density.summary.mode),
        number(distribution.quantile(0.5)),
    );
    text
}

/// Heights over a range, with its ends below.
fn picture(heights: &[f64], left: &str, right: &str) -> String {
    let mut text: String = curve(heights, LINES).iter().map(|line| format!("  {line}\n")).collect();
    text += &format!("  {}\n", "─".repeat(WIDTH));
    let gap = WIDTH.saturating_sub(left.chars().count() + right.chars().count()).max(1);
    text + &format!("  {left}{}{right}\n\n", " ".repeat(gap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_numbers_are_numbers() {
        let numbers = of_numbers(&[(1.0, 0.5), (2.0, 0.25), (5.0, 0.25)], |number| number.to_string());
        let quantiles: Vec<f64> = numbers.summary.quantiles.into_values().collect();
        assert_eq!(quantiles, [1.0, 1.0, 1.0, 2.0, 5.0]);
        assert_eq!((numbers.summary.mean, numbers.summary.mode), (2.25, 1.0));
    }
}
