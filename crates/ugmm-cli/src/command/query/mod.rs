//! `ugmm query`: the distribution of any column of a model's table given any others.

mod says;

use crate::arguments::{Common, Query};
use crate::drawing::{bar, curve};
use crate::error::CliError;
use crate::known::{
    evidence, given, given_in_words, names, others, refuse_range_for_densities, remark, some,
};
use crate::output::{check_outputs, percent, print, six_digits, write_json};
use indexmap::IndexMap;
use says::Says;
use serde::Serialize;
use std::num::NonZeroUsize;
use ugmm_tabular::{Answer, Device, Engine, Evidence, TableModel};

/// Number of cells of a density if none is given.
const CELLS: usize = 256;
/// Size of a plot in characters.
const WIDTH: usize = 64;
const LINES: usize = 8;
/// Width of the bar of a probability of 1, in characters.
const BAR: usize = 40;
/// Largest number of states that are shown, the most probable ones first.
const MOST_STATES: usize = 30;
/// Largest number of whole numbers whose probabilities are printed.
const FEW_NUMBERS: usize = 30;
/// Least probability of a whole number that is printed.
const LEAST_SHOWN: f64 = 5e-5;

#[derive(Serialize)]
struct Report<'m> {
    target: Option<&'m str>,
    given: IndexMap<String, String>,
    answers: Vec<Answered<'m>>,
    /// The log-likelihood or score of the evidence, with `--score`.
    #[serde(flatten)]
    level: Level,
}

/// The log-likelihood or score of the evidence.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
enum Level {
    Network { score: Option<f32> },
    Density { log_likelihood: Option<f64> },
}

#[derive(Serialize)]
struct Answered<'m> {
    column: &'m str,
    #[serde(flatten)]
    by: By,
    #[serde(flatten)]
    says: Says,
    #[serde(skip)]
    answer: Answer<'m>,
}

/// The part of an answer that depends on the engine.
#[derive(Serialize)]
#[serde(untagged)]
enum By {
    Network {
        /// Columns that are neither given nor asked for.
        missing: Vec<String>,
        /// Why the answer is not the distribution of the data; `None` for the target.
        warning: Option<&'static str>,
    },
    Density {
        /// Columns that are neither given nor asked for.
        integrated_out: Vec<String>,
        /// Entropy in nats; for a density, of densities per unit of the column.
        entropy: f64,
    },
}

pub fn run(options: &Query, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[&options.model])?;
    let model = ugmm_tabular::load(&options.model, &Device::default())?;
    let model = model.as_ref();
    refuse_range_for_densities(model, &options.known)?;
    if let (Engine::Density(_), true) = (Engine::of(model), options.cells.is_some()) {
        let reason = "a density model answers without cells; leave it out".into();
        return Err(CliError::Option { key: "--cells", reason });
    }
    let evidence = evidence(model, &options.known)?;
    let is_whole = evidence.missing(&[]).next().is_none();
    let level = match options.score || options.ask.is_empty() && is_whole {
        true => Some(model.level(&evidence)?),
        false => None,
    };
    let asked = if level.is_some() { Vec::new() } else { asked(model, &evidence, options)? };
    let cells = options.cells.map_or(CELLS, NonZeroUsize::get);
    let answers = asked.iter().map(|column| answered(model, &evidence, column, cells));
    let report = Report {
        target: model.target_name(),
        given: given(model, &evidence).into_iter().collect(),
        answers: answers.collect::<Result<_, _>>()?,
        level: match Engine::of(model) {
            Engine::Network(_) => Level::Network { score: level.map(|score| score as f32) },
            Engine::Density(_) => Level::Density { log_likelihood: level },
        },
    };
    write_json(common.json.as_deref(), "ugmm/query", &report)?;
    if common.quiet { Ok(()) } else { print(&text(&report, model)) }
}

/// Names of the columns that are asked for; by default the target, or all columns that are not given.
fn asked(model: &dyn TableModel, evidence: &Evidence, options: &Query) -> Result<Vec<String>, CliError> {
    if !options.ask.is_empty() {
        return names(&options.ask, |name| model.columns().iter().any(|column| column.name() == name));
    }
    let free = || evidence.missing(&[]).map(|column| model.columns()[column].name().to_owned());
    Ok(match (Engine::of(model), model.target()) {
        (Engine::Network(_), Some(target)) => vec![model.columns()[target].name().to_owned()],
        (_, Some(target)) if !evidence.holds(target) => vec![model.columns()[target].name().to_owned()],
        _ => free().collect(),
    })
}

fn answered<'m>(
    model: &'m dyn TableModel,
    evidence: &Evidence,
    asked: &str,
    cells: usize,
) -> Result<Answered<'m>, CliError> {
    let answer = model.answer(evidence, asked, cells)?;
    let others = others(model, evidence, &[model.index_of(asked)?]);
    let says = Says::of(&answer);
    let by = match Engine::of(model) {
        Engine::Network(_) => {
            let remark = remark(model).trim_end().trim_start_matches("warning: ");
            let warning = (model.target_name() != Some(asked)).then_some(remark);
            By::Network { missing: others, warning }
        }
        Engine::Density(_) => By::Density { integrated_out: others, entropy: says.entropy(&answer) },
    };
    Ok(Answered { column: answer.column.name(), by, says, answer })
}

fn text(report: &Report, model: &dyn TableModel) -> String {
    let given = given_in_words(report.given.iter());
    let mut text = match report.level {
        Level::Network { score: Some(score) } => format!(
            "score{given}: {}\nthe network's root, a logarithm that is not normalised over the columns; to be compared with \
             scores of other rows by the same model only\n",
            six_digits(score.into())
        ),
        Level::Density { log_likelihood: Some(level) } => {
            let what =
                if given.is_empty() { " of nothing".to_owned() } else { given.replacen(" given", " of", 1) };
            format!(
                "log-likelihood{what}: {level:.6}\nin nats; columns that are not given are integrated out\n"
            )
        }
        _ => String::new(),
    };
    for (index, answered) in report.answers.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text += &format!("{}{given}\n", answered.column);
        text += &match &answered.by {
            By::Network { missing, .. } if !missing.is_empty() => {
                format!("not given: {}; the network treats them as missing\n", some(missing))
            }
            By::Density { integrated_out, .. } if !integrated_out.is_empty() => {
                format!("integrated out: {}\n", some(integrated_out))
            }
            _ => String::new(),
        };
        if let By::Network { warning: Some(_), .. } = answered.by {
            text += remark(model);
        }
        text.push('\n');
        text += &of_answer(answered);
        if let By::Density { entropy, .. } = answered.by {
            text += &format!("entropy {} nats\n", six_digits(entropy));
        }
    }
    text
}

/// The distribution in lines: bars for few states or numbers, or a plot of the density, and a summary of
/// numbers.
fn of_answer(answered: &Answered) -> String {
    let Answer { column, distribution } = &answered.answer;
    let numbers = match &answered.says {
        Says::Probabilities(states) => return of_states(states),
        Says::Numbers(numbers) => {
            let shown = numbers.probabilities.iter().filter(|(_, share)| **share >= LEAST_SHOWN);
            let shown: IndexMap<String, f64> = shown.map(|(name, share)| (name.clone(), *share)).collect();
            (shown.len() <= FEW_NUMBERS).then_some(shown)
        }
        Says::Density(_) => None,
    };
    let mut text = match numbers {
        Some(shown) => of_states(&shown) + "\n",
        None => {
            let ((low, high), shares) = distribution.shares(WIDTH);
            picture(&shares, &column.text(low), &column.text(high))
        }
    };
    let quantile = |share: f64| column.text(distribution.quantile(share));
    let mode = match &answered.says {
        // A month has the total probability of its days.
        Says::Numbers(numbers) => numbers.most_probable(),
        _ => None,
    };
    text += &format!(
        "mean {}, mode {}, median {}, 90 % from {} to {}\n",
        column.fine_text(distribution.mean()),
        mode.unwrap_or_else(|| column.text(distribution.mode())),
        quantile(0.5),
        quantile(0.05),
        quantile(0.95)
    );
    text
}

/// A line for each state, or for the most probable ones if there are many.
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

/// A plot of heights over a range, with the ends of the range below.
fn picture(heights: &[f64], left: &str, right: &str) -> String {
    let mut text: String = curve(heights, LINES).iter().map(|line| format!("  {line}\n")).collect();
    text += &format!("  {}\n", "─".repeat(WIDTH));
    let gap = WIDTH.saturating_sub(left.chars().count() + right.chars().count()).max(1);
    text + &format!("  {left}{}{right}\n\n", " ".repeat(gap))
}
