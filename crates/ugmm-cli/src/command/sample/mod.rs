//! `ugmm sample`: draws rows from a model.

use crate::arguments::{Common, Format, Sample};
use crate::command::images;
use crate::error::CliError;
use crate::interrupt;
use crate::known::{evidence, given, given_in_words, refuse_range_for_densities, remark};
use crate::output::{check_not_mixed, check_outputs, count, print, six_digits, table, write_json};
use crate::row_output::{self, Values, format_by_name, write_rows};
use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;
use ugmm_network::inference::diagnostics::{Diagnostics, FEWEST_EFFECTIVE, MOST_R_HAT};
use ugmm_network::inference::gibbs::SamplingOptions;
use ugmm_table_report::met::left_empty;
use ugmm_tabular::question::{DrawOptions, Draws};
use ugmm_tabular::{Device, Engine, Evidence, TableModel, TabularError};

/// Default options of the chains.
const CHAINS: usize = 8;
const WARM_UP: usize = 200;
const THIN: usize = 10;
const CELLS: usize = 128;
/// Fewest rows of each chain, so that chains can be compared however few rows are requested.
const FEWEST_DRAWS: usize = 100;
/// Largest number of columns that are shown: those on which the chains agree least.
const MOST_COLUMNS: usize = 20;
/// Largest number of columns that a warning names.
const NAMED: usize = 3;

#[derive(Serialize)]
struct Report<'a> {
    target: Option<&'a str>,
    given: IndexMap<String, String>,
    rows: usize,
    /// Number of values that are missing because the model does not know the name of the drawn rare level.
    empty_cells: usize,
    #[serde(flatten)]
    drawn: Drawn,
    seconds: f64,
    output: Option<&'a Path>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Drawn {
    /// Rows are independent, so that there are no chains to compare.
    Independently { independent: bool },
    /// Rows are drawn by Markov chains.
    Chains(Chains),
}

#[derive(Serialize)]
struct Chains {
    options: SamplingOptions,
    columns: Vec<Column>,
    /// Whether the chains agree on all columns.
    agree: bool,
}

#[derive(Serialize)]
struct Column {
    column: String,
    #[serde(flatten)]
    diagnostics: Diagnostics,
    agree: bool,
}

pub fn run(options: &Sample, common: &Common) -> Result<(), CliError> {
    check_not_mixed(options.output.as_deref(), common.json.as_deref())?;
    check_outputs(&[options.output.as_deref(), common.json.as_deref()], &[&options.model])?;
    let model = ugmm_tabular::load(&options.model, &Device::default())?;
    let model = model.as_ref();
    refuse_range_for_densities(model, &options.known)?;
    refuse_chains_for_densities(model, options)?;
    let picture = match Engine::of(model) {
        Engine::Density(density) => options
            .output
            .as_deref()
            .filter(|output| images::is_picture(output))
            .map(|output| (density, output)),
        Engine::Network(_) => None,
    };
    let format = if picture.is_some() { Format::Csv } else { format_by_name(options.output.as_deref())? };
    let evidence = evidence(model, &options.known)?;
    let (rows, chains) = (options.rows.get(), options.chains.map_or(CHAINS, NonZeroUsize::get));
    let sampling = SamplingOptions {
        chains,
        warm_up: options.warm_up.unwrap_or(WARM_UP),
        draws: rows.div_ceil(chains).max(FEWEST_DRAWS),
        thin: options.thin.map_or(THIN, NonZeroUsize::get),
        cells: options.cells.map_or(CELLS, NonZeroUsize::get),
        seed: options.seed,
    };
    let draw_options = DrawOptions { rows, seed: options.seed, chains: sampling };
    let start = Instant::now();
    let Draws { rows: drawn, diagnostics } = draw(model, &evidence, &draw_options, common.quiet)?;
    let seconds = start.elapsed().as_secs_f64();
    match picture {
        Some((density, output)) => images::write_samples(density, &drawn, output)?,
        None => write_rows(options.output.as_deref(), format, |writer| {
            writer.write(&columns(model, &evidence, &drawn))
        })?,
    }
    let report = Report {
        target: model.target_name(),
        given: given(model, &evidence).into_iter().collect(),
        rows,
        empty_cells: empty_cells(model, &drawn),
        drawn: match diagnostics {
            None => Drawn::Independently { independent: true },
            Some(diagnostics) => Drawn::Chains(Chains::of(model, sampling, diagnostics)),
        },
        seconds,
        output: options.output.as_deref(),
    };
    write_json(common.json.as_deref(), "ugmm/sample", &report)?;
    if !common.quiet {
        let text = text(&report, model);
        // Standard output is reserved for the rows.
        if options.output.is_some() { print(&text)? } else { eprint!("{text}") }
    }
    if let Drawn::Chains(chains) = &report.drawn
        && !chains.agree
    {
        eprint!("{}", warning(chains));
    }
    Ok(())
}

fn refuse_chains_for_densities(model: &dyn TableModel, options: &Sample) -> Result<(), CliError> {
    let of_chains = [
        ("--chains", options.chains.is_some()),
        ("--warm-up", options.warm_up.is_some()),
        ("--thin", options.thin.is_some()),
        ("--cells", options.cells.is_some()),
    ];
    match (Engine::of(model), of_chains.into_iter().find(|(_, given)| *given)) {
        (Engine::Density(_), Some((key, _))) => {
            let reason =
                "a density model draws its rows independently and exactly, without chains; leave it out"
                    .into();
            Err(CliError::Option { key, reason })
        }
        _ => Ok(()),
    }
}

/// Draws the rows; Ctrl-C stops without any rows.
fn draw(
    model: &dyn TableModel,
    evidence: &Evidence,
    options: &DrawOptions,
    quiet: bool,
) -> Result<Draws, CliError> {
    let interrupted = interrupt::watch()?;
    let bar = match quiet || !std::io::stderr().is_terminal() {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(0),
    };
    bar.set_style(
        ProgressStyle::with_template("drawing {wide_bar} {percent:>3} %, {eta} left")
            .expect("the template is a constant"),
    );
    let drawn = model.sample(evidence, options, &mut |step, steps| {
        bar.set_length(steps as u64);
        bar.set_position(step as u64);
        !interrupted.load(Ordering::Relaxed)
    })?;
    bar.finish_and_clear();
    match interrupted.load(Ordering::Relaxed) {
        true => Err(TabularError::Interrupted { checkpoint: None }.into()),
        false => Ok(drawn),
    }
}

/// Number of missing values in drawn rows: rare levels whose names the model does not know.
fn empty_cells(model: &dyn TableModel, rows: &[f64]) -> usize {
    let of_row =
        |row: &[f64]| model.columns().iter().zip(row).filter(|(c, value)| c.cell(**value).is_none()).count();
    rows.chunks(model.columns().len()).map(of_row).sum()
}

fn columns(model: &dyn TableModel, evidence: &Evidence, rows: &[f64]) -> Vec<row_output::Column> {
    let width = model.columns().len();
    let column = |(index, column): (usize, &ugmm_tabular::Column)| {
        let values = rows.iter().skip(index).step_by(width);
        let texts: Vec<Option<String>> = match evidence.holds(index) {
            true => values.map(|&value| Some(column.given_text(value))).collect(),
            false => values.map(|&value| column.cell(value)).collect(),
        };
        let is_number = column.is_number() && !column.is_date();
        row_output::Column { name: column.name().to_owned(), values: Values::of_texts(texts, is_number) }
    };
    model.columns().iter().enumerate().map(column).collect()
}

impl Chains {
    fn of(model: &dyn TableModel, options: SamplingOptions, diagnostics: Vec<(usize, Diagnostics)>) -> Self {
        let column = |(column, diagnostics): (usize, Diagnostics)| Column {
            column: model.columns()[column].name().to_owned(),
            diagnostics,
            agree: diagnostics.agree(),
        };
        let columns: Vec<Column> = diagnostics.into_iter().map(column).collect();
        let agree = columns.iter().all(|column| column.agree);
        Self { options, columns, agree }
    }
}

/// Columns in ascending order of the agreement of the chains.
fn by_agreement(chains: &Chains) -> Vec<&Column> {
    let mut columns: Vec<&Column> = chains.columns.iter().collect();
    let r_hat = |column: &Column| column.diagnostics.r_hat.unwrap_or(0.0);
    columns.sort_by(|a, b| r_hat(b).total_cmp(&r_hat(a)));
    columns
}

fn text(report: &Report, model: &dyn TableModel) -> String {
    let (rows, given) = (count(report.rows, "row"), given_in_words(report.given.iter()));
    let empty = left_empty(report.empty_cells);
    let Drawn::Chains(chains) = &report.drawn else {
        return format!("{rows}{given}, independent draws from the density\n{empty}");
    };
    let SamplingOptions { chains: number, warm_up, draws, thin, .. } = chains.options;
    let mut text = format!(
        "{rows}{given}, from {} of {} after {}, every {} sweep kept\n{empty}{}",
        count(number, "chain"),
        count(draws, "row"),
        count(warm_up, "sweep"),
        ordinal(thin),
        remark(model),
    );
    let header = ["column", "R-hat", "effective rows", "at the 5 % and 95 % quantiles"];
    let mut rows = vec![header.map(String::from).to_vec()];
    let columns = match chains.columns.len() {
        few if few <= MOST_COLUMNS => chains.columns.iter().collect(),
        _ => by_agreement(chains),
    };
    for Column { column, diagnostics, .. } in columns.into_iter().take(MOST_COLUMNS) {
        let &Diagnostics { r_hat, bulk_effective, tail_effective } = diagnostics;
        let whole = |number: Option<f64>| number.map_or("–".into(), |number| format!("{number:.0}"));
        rows.push(vec![column.clone(), r_hat_in_words(r_hat), whole(bulk_effective), whole(tail_effective)]);
    }
    text += &table(&rows);
    if chains.columns.len() > MOST_COLUMNS {
        text += &format!(
            "and {} more, which agree better (--json has all)\n",
            count(chains.columns.len() - MOST_COLUMNS, "column")
        );
    }
    text
}

fn r_hat_in_words(r_hat: Option<f64>) -> String {
    match r_hat {
        None => "–".into(),
        Some(r_hat) if r_hat > 100.0 => "> 100".into(),
        Some(r_hat) => format!("{r_hat:.3}"),
    }
}

/// An ordinal number such as "2nd" or "10th".
fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

fn warning(chains: &Chains) -> String {
    let apart: Vec<&Column> = by_agreement(chains).into_iter().filter(|column| !column.agree).collect();
    let in_words = |Column { column, diagnostics, .. }: &&Column| {
        let effective = [diagnostics.bulk_effective, diagnostics.tail_effective];
        let least = effective.into_iter().flatten().fold(f64::INFINITY, f64::min);
        format!(
            "{column} (R-hat {}, {} effective rows)",
            r_hat_in_words(diagnostics.r_hat),
            six_digits(least.round())
        )
    };
    let worst: Vec<String> = apart.iter().take(NAMED).map(in_words).collect();
    format!(
        "warning: the chains do not agree on {} of {}, least on {}; R-hat should be at most {MOST_R_HAT} and \
         {FEWEST_EFFECTIVE} rows effective; longer chains (--thin, --warm-up, -n) may agree, unless they stay on \
         different hills of the score\n",
        apart.len(),
        count(chains.columns.len(), "column"),
        worst.join(", ")
    )
}
