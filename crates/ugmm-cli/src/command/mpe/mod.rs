//! `ugmm mpe`: the values of columns that a model scores highest, or that are most probable, with a certificate.

mod density;
mod network;

use crate::arguments::{Common, Mpe};
use crate::error::CliError;
use crate::interrupt;
use crate::known::names;
use crate::output::{check_outputs, print, short, table, write_json};
use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ugmm_circuit::ProofProgress;
use ugmm_tabular::{AnyModel, QuestionError, TabularError};

/// Columns that are printed; all are in the JSON file.
const MOST_COLUMNS: usize = 40;
/// Time between two lines of progress where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Report<'a> {
    target: Option<&'a str>,
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
    match AnyModel::load(&options.model)? {
        AnyModel::Network(model) => network::run(&model, options, common),
        AnyModel::Density(model) => density::run(&model, options, common),
    }
}

/// The indices of the columns asked for; of all that are free, which are those that are not given, if none is named.
fn asked<'n>(
    arguments: &[String],
    columns: impl Iterator<Item = &'n str> + Clone,
    is_free: impl Fn(usize) -> bool,
    find: impl Fn(&str) -> Result<usize, CliError>,
) -> Result<Vec<usize>, CliError> {
    let mut asked = Vec::new();
    for name in names(arguments, |name| columns.clone().any(|known| known == name))? {
        let index = find(&name)?;
        if asked.contains(&index) {
            return Err(TabularError::from(QuestionError::AskedTwice { column: name }).into());
        }
        asked.push(index);
    }
    if arguments.is_empty() {
        asked.extend((0..columns.count()).filter(|&index| is_free(index)));
    }
    if asked.is_empty() {
        return Err(TabularError::from(QuestionError::NothingToFind).into());
    }
    Ok(asked)
}

impl Report<'_> {
    /// Writes and prints it, the value called `name` and what others do with it `has`.
    fn tell(
        &self,
        title: &str,
        (name, has): (&str, &str),
        remarks: &str,
        common: &Common,
    ) -> Result<(), CliError> {
        write_json(common.json.as_deref(), "ugmm/mpe", self)?;
        if common.quiet { Ok(()) } else { print(&self.text(title, (name, has), remarks)) }
    }

    fn text(&self, title: &str, (name, has): (&str, &str), remarks: &str) -> String {
        let mut rows = vec![["column", "value"].map(String::from).to_vec()];
        let shown = self.values.iter().take(MOST_COLUMNS);
        rows.extend(shown.map(|(name, value)| vec![name.clone(), value.clone()]));
        let mut text = format!("{title}\n\n{}", table(&rows));
        let more = self.values.len().saturating_sub(MOST_COLUMNS);
        if more > 0 {
            text += &format!("and {more} more (all of them with --json)\n");
        }
        text += &format!(
            "\n{name} {}, no other values {has} above {}: gap {}, {}\n",
            fine(self.value),
            fine(self.upper_bound),
            short(self.gap),
            match self.proved {
                true => format!("proved to {}", short(self.tolerance)),
                false => "not proved".into(),
            }
        );
        if !self.proved {
            text += "a longer --time-limit narrows the gap; a larger --gap asks for less\n";
        }
        text + remarks
    }
}

/// A value with the digits that a gap is about.
fn fine(value: f64) -> String {
    format!("{value:.6}")
}

/// Shows the gap closing, and breaks the search off at Ctrl-C.
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
            let gap = short(upper_bound - value);
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

    /// Takes it away; the seconds that it was there.
    fn finish(self) -> f64 {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.start.elapsed().as_secs_f64()
    }
}
