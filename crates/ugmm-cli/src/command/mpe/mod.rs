//! `ugmm mpe`: the most probable or highest-scored values of columns, with a certificate.

use crate::arguments::{Common, Mpe};
use crate::error::CliError;
use crate::interrupt;
use crate::known::{evidence, given, given_in_words, names, others, remark, some};
use crate::output::{check_outputs, print, six_digits, table, write_json};
use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ugmm_circuit::{MpeOptions, ProofProgress};
use ugmm_table_report::met::left_empty;
use ugmm_tabular::question::QuestionError;
use ugmm_tabular::{Device, Engine, Evidence, TableModel, TabularError};

/// Largest number of columns that are printed; the JSON file has all.
const MOST_COLUMNS: usize = 40;
/// Time between two lines of progress if standard error is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Report<'a> {
    target: Option<&'a str>,
    given: IndexMap<String, String>,
    /// The value of each column that was asked for, written as in the table.
    values: IndexMap<String, String>,
    /// The numbers among these values, unrounded, in the table's units.
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
    let model = ugmm_tabular::load(&options.model, &Device::default())?;
    let model = model.as_ref();
    let evidence = evidence(model, &options.known)?;
    let asked = asked(model, &evidence, &options.query)?;
    let columns = model.columns();
    if let Some(column) = (0..columns.len()).find(|c| evidence.ranges[*c].is_some() && !asked.contains(c)) {
        let name = columns[column].name();
        let reason = format!("{name:?} is not asked for, so that its range has no effect");
        return Err(CliError::Option { key: "--range", reason });
    }
    let search = MpeOptions {
        gap: options.gap,
        time_limit: Some(options.time_limit),
        starts: options.beam.get(),
        seed: options.seed,
        ..MpeOptions::default()
    };
    let level = match Engine::of(model) {
        Engine::Network(_) => "score",
        Engine::Density(_) => "log-likelihood",
    };
    let mut display = Display::new(level, common.quiet)?;
    let found = model.mpe(&evidence, &asked, &search, &mut |progress| display.show(progress))?;
    let seconds = display.finish();
    let cell = |index: usize| columns[index].cell(found.row[index]);
    let name = |index: usize| columns[index].name().to_owned();
    let numbers = asked.iter().filter(|&&index| columns[index].is_number());
    let report = Report {
        target: model.target_name(),
        given: given(model, &evidence).into_iter().collect(),
        values: asked.iter().map(|&index| (name(index), cell(index).unwrap_or_default())).collect(),
        numbers: numbers.map(|&index| (name(index), columns[index].to_table(found.row[index]))).collect(),
        missing: others(model, &evidence, &asked),
        value: found.value,
        upper_bound: found.upper_bound,
        gap: found.gap(),
        proved: found.proved,
        tolerance: options.gap,
        boxes: found.boxes,
        seconds,
    };
    write_json(common.json.as_deref(), "ugmm/mpe", &report)?;
    if common.quiet {
        return Ok(());
    }
    let empty_cells = asked.iter().filter(|&&index| cell(index).is_none()).count();
    print(&(text(&report, model) + &left_empty(empty_cells) + remark(model)))
}

/// Indices of the columns that are asked for; by default all that are not given.
fn asked(model: &dyn TableModel, evidence: &Evidence, arguments: &[String]) -> Result<Vec<usize>, CliError> {
    let is_column = |name: &str| model.columns().iter().any(|column| column.name() == name);
    let mut asked = Vec::new();
    for name in names(arguments, is_column)? {
        let index = model.index_of(&name)?;
        if asked.contains(&index) {
            return Err(TabularError::from(QuestionError::AskedTwice { column: name }).into());
        }
        asked.push(index);
    }
    if arguments.is_empty() {
        asked.extend(evidence.missing(&[]));
    }
    match asked.is_empty() {
        true => Err(TabularError::from(QuestionError::NothingToFind).into()),
        false => Ok(asked),
    }
}

fn text(report: &Report, model: &dyn TableModel) -> String {
    let is_density = matches!(Engine::of(model), Engine::Density(_));
    let (title, level, have) = match is_density {
        true => ("the most probable values", "log-likelihood", "have a log-likelihood"),
        false => ("the values that the model scores highest", "score", "score"),
    };
    let mut rows = vec![["column", "value"].map(String::from).to_vec()];
    let shown = report.values.iter().take(MOST_COLUMNS);
    rows.extend(shown.map(|(name, value)| vec![name.clone(), value.clone()]));
    let mut text = format!("{title}{}\n\n{}", given_in_words(report.given.iter()), table(&rows));
    let more = report.values.len().saturating_sub(MOST_COLUMNS);
    if more > 0 {
        text += &format!("and {more} more (all of them with --json)\n");
    }
    text += &format!(
        "\n{level} {}, no other values {have} above {}: gap {}, {}\n",
        fine(report.value),
        fine(report.upper_bound),
        six_digits(report.gap),
        match report.proved {
            true => format!("proved to {}", six_digits(report.tolerance)),
            false => "not proved".into(),
        }
    );
    if !report.proved {
        text += "a longer --time-limit narrows the gap; a larger --gap asks for less\n";
    }
    if !report.missing.is_empty() {
        let missing = some(&report.missing);
        text += &match is_density {
            true => format!("integrated out: {missing}\n"),
            false => format!("neither given nor asked for: {missing}; the network treats them as missing\n"),
        };
    }
    text
}

/// A value with as many digits as a gap needs.
fn fine(value: f64) -> String {
    format!("{value:.6}")
}

/// Shows how the gap closes, and stops the search at Ctrl-C.
struct Display {
    name: &'static str,
    bar: Option<ProgressBar>,
    next_line: Option<Duration>,
    start: Instant,
    interrupted: &'static AtomicBool,
}

impl Display {
    fn new(name: &'static str, quiet: bool) -> Result<Self, CliError> {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = (!quiet && is_terminal).then(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {msg}").expect("the template is a constant");
            bar.set_style(style);
            bar
        });
        let next_line = (!quiet && !is_terminal).then_some(LINE_INTERVAL);
        Ok(Self { name, bar, next_line, start: Instant::now(), interrupted: interrupt::watch()? })
    }

    fn show(&mut self, progress: ProofProgress) -> ControlFlow<()> {
        let ProofProgress { value, upper_bound, regions, .. } = progress;
        let line = || {
            let gap = six_digits(upper_bound - value);
            let (value, bound) = (fine(value), fine(upper_bound));
            format!("{} {value}, at most {bound}: gap {gap}, {regions} boxes", self.name)
        };
        if let Some(bar) = &self.bar {
            bar.set_message(line());
            bar.tick();
        }
        let spent = self.start.elapsed();
        if self.next_line.is_some_and(|next| spent >= next) {
            self.next_line = Some(spent + LINE_INTERVAL);
            eprintln!("{}", line());
        }
        match self.interrupted.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Removes the display and returns the seconds since it was created.
    fn finish(self) -> f64 {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.start.elapsed().as_secs_f64()
    }
}
