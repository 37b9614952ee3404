//! Questions to a density model, answered exactly.

use super::says::{Density, Numbers, Says, Summary, by_name, quantiles};
use super::{WIDTH, of_states, picture};
use crate::arguments::{Common, Known, Query};
use crate::error::CliError;
use crate::known::{given_in_words, names, pairs, some};
use crate::output::{print, short, write_json};
use indexmap::IndexMap;
use serde::Serialize;
use ugmm_circuit::UnivariateMixture;
use ugmm_tabular::{DensityAnswer, DensityColumn, DensityEvidence, DensityModel};

/// Whole numbers up to which each has its probability printed.
const FEW_NUMBERS: usize = 30;
/// Places over which a density is written to the JSON file.
const CELLS: usize = 256;
/// The least probability of a whole number that is printed.
const LEAST_SHOWN: f64 = 5e-5;

#[derive(Serialize)]
struct Report<'m> {
    target: Option<&'m str>,
    given: IndexMap<String, String>,
    answers: Vec<Answered<'m>>,
    /// Of what is given, where it was asked for.
    log_likelihood: Option<f64>,
}

#[derive(Serialize)]
struct Answered<'m> {
    column: &'m str,
    /// Columns that are neither given nor asked for.
    integrated_out: Vec<String>,
    /// In nats; of a number that is not whole that of its density per unit of the column.
    entropy: f64,
    #[serde(flatten)]
    says: Says,
    #[serde(skip)]
    answer: DensityAnswer<'m>,
}

pub fn run(model: &DensityModel, options: &Query, common: &Common) -> Result<(), CliError> {
    refuse_range(&options.known)?;
    if options.cells.is_some() {
        let reason = "a density model answers without cells; leave it out".into();
        return Err(CliError::Option { key: "--cells", reason });
    }
    let evidence = model.evidence(&pairs(&options.known.given)?)?;
    let is_whole = (0..model.columns().len()).all(|column| evidence.holds(column));
    let wants_level = options.score || options.ask.is_empty() && is_whole;
    let log_likelihood = match wants_level {
        true => Some(model.log_likelihood(&evidence.row)?[0]),
        false => None,
    };
    let asked = match (log_likelihood, options.ask.is_empty(), model.target_name()) {
        (Some(_), ..) => Vec::new(),
        (None, true, Some(target)) if !evidence.holds(model.index_of(target)?) => vec![target.to_owned()],
        (None, true, _) => {
            let free = model.columns().iter().enumerate().filter(|(column, _)| !evidence.holds(*column));
            free.map(|(_, column)| column.name().to_owned()).collect()
        }
        (None, false, _) => {
            names(&options.ask, |name| model.columns().iter().any(|column| column.name() == name))?
        }
    };
    let answers = asked.iter().map(|column| answered(model, &evidence, column)).collect::<Result<_, _>>()?;
    let given = given(model, &evidence).into_iter().collect();
    let report = Report { target: model.target_name(), given, answers, log_likelihood };
    write_json(common.json.as_deref(), "ugmm/query", &report)?;
    if common.quiet { Ok(()) } else { print(&text(&report)) }
}

/// A density model is normalised over all numbers, so there is no range to give.
pub fn refuse_range(known: &Known) -> Result<(), CliError> {
    match known.range.is_empty() {
        true => Ok(()),
        false => {
            let reason = "a density model knows what its columns range over; leave it out".into();
            Err(CliError::Option { key: "--range", reason })
        }
    }
}

/// The columns that are given, with their values as they are understood.
pub fn given(model: &DensityModel, evidence: &DensityEvidence) -> Vec<(String, String)> {
    let known = model.columns().iter().zip(&evidence.row).filter(|(_, value)| !value.is_nan());
    known.map(|(column, &value)| (column.name().to_owned(), column.text(value))).collect()
}

fn answered<'m>(
    model: &'m DensityModel,
    evidence: &DensityEvidence,
    asked: &str,
) -> Result<Answered<'m>, CliError> {
    let answer = model.answer(evidence, asked)?;
    let column = answer.column;
    let others = model.columns().iter().enumerate();
    let others = others.filter(|(index, other)| !evidence.holds(*index) && other.name() != asked);
    let says = match (answer.states(), &answer.distribution) {
        (Some(states), _) => Says::Probabilities(states.into_iter().collect()),
        (None, UnivariateMixture::Discrete { first, probabilities }) => {
            let numbers = (*first..).zip(probabilities).filter(|(_, share)| **share > 0.0);
            Says::Numbers(Numbers {
                summary: summary(column, &answer.distribution),
                probabilities: by_name(numbers.map(|(value, share)| (column.text(value as f64), *share))),
            })
        }
        (None, distribution) => {
            let (low, high) = shown_range(distribution);
            let cell = (high - low) / CELLS as f64;
            let density = (0..CELLS).map(|place| distribution.density(low + (place as f64 + 0.5) * cell));
            let summary = summary(column, distribution);
            Says::Density(Density { summary, low, high, density: density.collect() })
        }
    };
    let entropy = match &says {
        // Rare levels are told apart here.
        Says::Probabilities(states) => {
            let term = |share: &f64| if *share > 0.0 { -share * share.ln() } else { 0.0 };
            states.values().map(term).sum()
        }
        _ => answer.distribution.entropy(),
    };
    Ok(Answered {
        column: column.name(),
        integrated_out: others.map(|(_, other)| other.name().to_owned()).collect(),
        entropy,
        says,
        answer,
    })
}

/// Where nearly all of a density is.
fn shown_range(distribution: &UnivariateMixture) -> (f64, f64) {
    let (low, high) = (distribution.quantile(0.001), distribution.quantile(0.999));
    let margin = 0.05 * (high - low);
    let (least, greatest) = match distribution {
        UnivariateMixture::Continuous { low, high, .. } => (*low, *high),
        UnivariateMixture::Discrete { .. } => (None, None),
    };
    // Not beyond the ends of the column.
    let low = (low - margin).max(least.unwrap_or(f64::NEG_INFINITY));
    (low, (high + margin).min(greatest.unwrap_or(f64::INFINITY)))
}

fn summary(column: &DensityColumn, distribution: &UnivariateMixture) -> Summary {
    Summary {
        mean: column.to_table(distribution.mean()),
        standard_deviation: column.to_table(distribution.deviation()),
        mode: column.to_table(distribution.mode()),
        quantiles: quantiles(|share| column.to_table(distribution.quantile(share))),
    }
}

fn text(report: &Report) -> String {
    let given = given_in_words(report.given.iter());
    let mut text = String::new();
    if let Some(level) = report.log_likelihood {
        let what = if report.given.is_empty() {
            " of nothing".to_owned()
        } else {
            given.replacen(" given", " of", 1)
        };
        text += &format!(
            "log-likelihood{what}: {level:.6}\nin nats; columns that are not given are integrated out\n"
        );
    }
    for (index, answered) in report.answers.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text += &format!("{}{given}\n", answered.column);
        if !answered.integrated_out.is_empty() {
            text += &format!("integrated out: {}\n", some(&answered.integrated_out));
        }
        text.push('\n');
        text += &of_answer(answered);
        text += &format!("entropy {} nats\n", short(answered.entropy));
    }
    text
}

fn of_answer(answered: &Answered) -> String {
    let DensityAnswer { column, distribution } = &answered.answer;
    let numbers = match &answered.says {
        Says::Probabilities(states) => return of_states(states),
        Says::Numbers(numbers) => {
            let shown: IndexMap<String, f64> = numbers
                .probabilities
                .iter()
                .filter(|(_, share)| **share >= LEAST_SHOWN)
                .map(|(name, share)| (name.clone(), *share))
                .collect();
            (shown.len() <= FEW_NUMBERS).then_some(shown)
        }
        Says::Density(_) => None,
    };
    let mut text = match numbers {
        Some(shown) => of_states(&shown) + "\n",
        None => {
            let (low, high) = shown_range(distribution);
            let edge = |place: usize| low + (high - low) * place as f64 / WIDTH as f64;
            let share = |place: usize| {
                distribution.cumulative(edge(place + 1)) - distribution.cumulative(edge(place))
            };
            let heights: Vec<f64> = (0..WIDTH).map(share).collect();
            picture(&heights, &column.text(low), &column.text(high))
        }
    };
    let quantile = |share: f64| column.text(distribution.quantile(share));
    let mode = match &answered.says {
        // A month has the probability of all its days.
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
