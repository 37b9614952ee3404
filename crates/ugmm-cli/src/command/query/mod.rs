//! `ugmm query`: any column of a model's table, given any others.

pub mod density;

use crate::arguments::{Common, Query};
use crate::drawing::{bar, curve};
use crate::error::CliError;
use crate::known::{Question, names, some};
use crate::output::{check_outputs, percent, print, short, write_json};
use indexmap::IndexMap;
use serde::Serialize;
use std::num::NonZeroUsize;
use ugmm::inference::conditional::ConditionalDensity;
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
const QUANTILES: [(f64, &str); 5] =
    [(0.05, "0.05"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (0.95, "0.95")];

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
    #[serde(flatten)]
    says: Says,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Says {
    Probabilities(IndexMap<String, f64>),
    Numbers(Numbers),
    Density(Density),
}

/// Of whole numbers of which there are few.
#[derive(Serialize)]
struct Numbers {
    mean: f64,
    standard_deviation: f64,
    mode: f64,
    /// Of each number.
    probabilities: IndexMap<String, f64>,
}

#[derive(Serialize)]
struct Density {
    mean: f64,
    standard_deviation: f64,
    mode: f64,
    quantiles: IndexMap<&'static str, f64>,
    low: f64,
    high: f64,
    /// Per unit of the column, over cells of equal width from low to high.
    density: Vec<f64>,
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
    let Question { model, variables, evidence } = question;
    let says = match model.answer(variables, evidence, &column, cells)? {
        Answer::States(states) => Says::Probabilities(states.into_iter().collect()),
        Answer::Numbers(numbers) => {
            let variable = &variables.list()[variables.index_of(&column)?];
            Says::Numbers(of_numbers(&numbers, |number| variable.text_of(number)))
        }
        Answer::Density(density) => {
            let (low, high) = density.range();
            let cell = (high - low) / density.probabilities().len() as f64;
            Says::Density(Density {
                mean: density.mean(),
                standard_deviation: density.deviation(),
                mode: density.mode(),
                quantiles: QUANTILES
                    .map(|(share, name)| (name, density.quantile(share)))
                    .into_iter()
                    .collect(),
                low,
                high,
                density: density.probabilities().iter().map(|share| share / cell).collect(),
                distribution: Some(density),
            })
        }
    };
    let index = variables.list().iter().position(|variable| variable.name() == column);
    Ok(Answered { missing: variables.missing(evidence, index.as_slice()), column, says })
}

fn of_numbers(numbers: &[(f64, f64)], name: impl Fn(f64) -> String) -> Numbers {
    let mean = numbers.iter().map(|(number, share)| number * share).sum::<f64>();
    let variance: f64 = numbers.iter().map(|(number, share)| (number - mean).powi(2) * share).sum();
    // The first of equal ones.
    let mode = numbers.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1));
    Numbers {
        mean,
        standard_deviation: variance.sqrt(),
        mode: mode.map_or(mean, |(number, _)| *number),
        probabilities: numbers.iter().map(|(number, share)| (name(*number), *share)).collect(),
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
        let Answered { column, missing, says } = answered;
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
                in_words(numbers.mean, question, column),
                in_words(numbers.mode, question, column)
            ),
            Says::Density(density) => of_density(density, question, column),
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
        _ => short(number),
    }
}

/// The density over its range, and what can be said of it in numbers.
fn of_density(density: &Density, question: &Question, column: &str) -> String {
    let Some(distribution) = &density.distribution else { return String::new() };
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
        number(density.mean),
        number(density.mode),
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
