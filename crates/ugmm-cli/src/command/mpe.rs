//! `ugmm mpe`: the values of columns that a model scores highest, with a certificate.

use crate::arguments::{Common, Mpe};
use crate::error::CliError;
use crate::interrupt;
use crate::known::{Question, some};
use crate::output::{check_outputs, print, short, table, write_json};
use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use ugmm::inference::mpe::{MpeOptions, MpeProgress};
use ugmm_tabular::{AnyModel, QuestionError, TabularError, parse_names};

/// Columns that are printed; all are in the JSON file.
const MOST_COLUMNS: usize = 40;
/// Time between two lines of progress where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Report<'a> {
    target: &'a str,
    given: IndexMap<String, String>,
    /// Each column asked for, with its value as it would stand in the table.
    values: IndexMap<String, String>,
    /// The numbers among them as they were found, in the data's units.
    numbers: IndexMap<String, f64>,
    missing: Vec<String>,
    value: f64,
    upper_bound: f64,
    gap: f64,
    proved: bool,
    tolerance: f64,
    boxes: usize,
    seconds: f64,
}

pub fn run(options: &Mpe, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[&options.model])?;
    let model = match AnyModel::load(&options.model)? {
        AnyModel::Network(model) => *model,
        density => density.network(&options.model, "ugmm mpe")?,
    };
    let question = Question::new(&model, &options.known)?;
    let asked = asked(&options.query, &question)?;
    let start = Instant::now();
    let search = MpeOptions {
        gap: options.gap,
        time_limit: Some(options.time_limit),
        beam: options.beam.get(),
        seed: options.seed,
        ..MpeOptions::default()
    };
    let interrupted = interrupt::watch()?;
    let mut display = Display::new(common.quiet);
    let watch = |progress: MpeProgress| {
        display.show(progress, start.elapsed());
        match interrupted.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let found = model.mpe(&question.variables, &question.evidence, &asked, &search, watch)?;
    drop(display);
    let numbers = found.values.iter().zip(&found.numbers);
    let report = Report {
        target: model.target_name(),
        given: question.given().into_iter().collect(),
        numbers: numbers.filter_map(|((name, _), number)| Some((name.clone(), (*number)?))).collect(),
        missing: question.variables.missing(&question.evidence, &asked),
        value: found.mpe.value,
        upper_bound: found.mpe.upper_bound,
        gap: found.mpe.gap(),
        proved: found.mpe.proved,
        tolerance: options.gap,
        boxes: found.mpe.boxes,
        seconds: start.elapsed().as_secs_f64(),
        values: found.values.into_iter().collect(),
    };
    write_json(common.json.as_deref(), "ugmm/mpe", &report)?;
    if common.quiet { Ok(()) } else { print(&text(&report, &question)) }
}

/// The indices of the columns asked for; of all that are not given if none is named.
fn asked(arguments: &[String], question: &Question) -> Result<Vec<usize>, CliError> {
    let list = question.variables.list();
    let mut asked = Vec::new();
    for argument in arguments {
        let names = match list.iter().any(|known| known.name() == argument) {
            true => vec![argument.clone()],
            false => parse_names(argument)?,
        };
        for name in names {
            let index = question.variables.index_of(&name)?;
            if asked.contains(&index) {
                return Err(TabularError::from(QuestionError::GivenTwice { column: name }).into());
            }
            asked.push(index);
        }
    }
    if arguments.is_empty() {
        asked.extend((0..list.len()).filter(|&index| !question.evidence.holds(index)));
    }
    Ok(asked)
}

fn text(report: &Report, question: &Question) -> String {
    let mut rows = vec![["column", "value"].map(String::from).to_vec()];
    let shown = report.values.iter().take(MOST_COLUMNS);
    rows.extend(shown.map(|(name, value)| vec![name.clone(), value.clone()]));
    let mut text = format!("the values that the model scores highest{}\n\n", question.given_in_words());
    text += &table(&rows);
    let more = report.values.len().saturating_sub(MOST_COLUMNS);
    if more > 0 {
        text += &format!("and {more} more (all of them with --json)\n");
    }
    text += &format!(
        "\nscore {}, no other values score above {}: gap {}, {}\n",
        fine(report.value),
        fine(report.upper_bound),
        short(report.gap),
        match report.proved {
            true => format!("proved to {}", short(report.tolerance)),
            false => "not proved".into(),
        }
    );
    if !report.proved {
        text += "a longer --time-limit narrows the gap; a larger --gap asks for less\n";
    }
    if !report.missing.is_empty() {
        let missing = some(&report.missing);
        text += &format!("neither given nor asked for: {missing}; the network does without them\n");
    }
    text += question.remark();
    text
}

/// A score with the digits that a gap is about.
fn fine(score: f64) -> String {
    format!("{score:.6}")
}

/// Shows the gap closing.
struct Display {
    bar: Option<ProgressBar>,
    next_line: Option<Duration>,
}

impl Display {
    fn new(quiet: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = (!quiet && is_terminal).then(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {msg}").expect("the template is a constant");
            bar.set_style(style);
            bar
        });
        Self { bar, next_line: (!quiet && !is_terminal).then_some(LINE_INTERVAL) }
    }

    fn show(&mut self, progress: MpeProgress, spent: Duration) {
        let MpeProgress { value, upper_bound, boxes, .. } = progress;
        let line = || {
            let (value, bound) = (fine(value), fine(upper_bound));
            format!(
                "score {value}, at most {bound}: gap {}, {boxes} boxes",
                short(upper_bound - progress.value)
            )
        };
        if let Some(bar) = &self.bar {
            bar.set_message(line());
            bar.tick();
        }
        if let Some(next) = self.next_line.as_mut().filter(|next| spent >= **next) {
            *next = spent + LINE_INTERVAL;
            eprintln!("{}", line());
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
