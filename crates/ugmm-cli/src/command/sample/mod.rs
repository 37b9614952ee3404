//! `ugmm sample`: rows drawn from a model.

mod density;

use crate::arguments::{Common, Format, Sample};
use crate::density_rows::left_empty;
use crate::error::CliError;
use crate::interrupt;
use crate::known::Question;
use crate::output::{check_not_mixed, check_outputs, count, print, short, table, write_json};
use crate::row_output::{format_by_name, write_rows};
use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;
use ugmm_circuit::UnivariateMixture;
use ugmm_network::inference::diagnostics::{Diagnostics, FEWEST_EFFECTIVE, MOST_R_HAT};
use ugmm_network::inference::gibbs::SamplingOptions;
use ugmm_tabular::{AnyModel, TableSamples, TableVariable, TabularError};

/// What is done where nothing else is asked for.
const CHAINS: usize = 8;
const WARM_UP: usize = 200;
const THIN: usize = 10;
const CELLS: usize = 128;
/// Rows of each chain at least, so that chains can be compared however few rows are asked for.
const FEWEST_DRAWS: usize = 100;
/// Columns that are shown, those on which chains agree least.
const MOST_COLUMNS: usize = 20;
/// Columns that a warning names.
const NAMED: usize = 3;

#[derive(Serialize)]
struct Report<'a> {
    target: &'a str,
    given: IndexMap<String, String>,
    rows: usize,
    /// Cells left empty, since the model does not know the rare level that would be there.
    empty_cells: usize,
    options: SamplingOptions,
    columns: Vec<Column>,
    /// Whether the chains agree on all columns.
    agree: bool,
    seconds: f64,
    output: Option<&'a Path>,
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
    let model = match AnyModel::load(&options.model)? {
        AnyModel::Network(model) => model,
        AnyModel::Density(model) => return density::run(&model, options, common),
    };
    let format = format_by_name(options.output.as_deref())?;
    let question = Question::new(&model, &options.known)?;
    let (rows, chains) = (options.rows.get(), options.chains.map_or(CHAINS, NonZeroUsize::get));
    let sampling = SamplingOptions {
        chains,
        warm_up: options.warm_up.unwrap_or(WARM_UP),
        draws: rows.div_ceil(chains).max(FEWEST_DRAWS),
        thin: options.thin.map_or(THIN, NonZeroUsize::get),
        cells: options.cells.map_or(CELLS, NonZeroUsize::get),
        seed: options.seed,
    };
    let start = Instant::now();
    let drawn = draw(&question, &sampling, common.quiet)?;
    let seconds = start.elapsed().as_secs_f64();
    let empty_cells = write(&question, &drawn, rows, options, format)?;
    let columns: Vec<Column> = drawn
        .drawn
        .iter()
        .zip(&drawn.samples.diagnostics)
        .map(|(&index, &diagnostics)| Column {
            column: question.variables.list()[index].name().to_owned(),
            diagnostics,
            agree: diagnostics.agree(),
        })
        .collect();
    let report = Report {
        target: model.target_name(),
        given: question.given().into_iter().collect(),
        rows,
        empty_cells,
        options: sampling,
        agree: columns.iter().all(|column| column.agree),
        columns,
        seconds,
        output: options.output.as_deref(),
    };
    write_json(common.json.as_deref(), "ugmm/sample", &report)?;
    if !common.quiet {
        let text = text(&report, &question);
        // The rows have standard output for themselves.
        if options.output.is_some() { print(&text)? } else { eprint!("{text}") }
    }
    if !report.agree {
        eprint!("{}", warning(&report));
    }
    Ok(())
}

/// Draws the rows; Ctrl-C ends it without any.
fn draw(question: &Question, options: &SamplingOptions, quiet: bool) -> Result<TableSamples, CliError> {
    let interrupted = interrupt::watch()?;
    let sweeps = options.warm_up.saturating_add(options.draws.saturating_mul(options.thin));
    let bar = match quiet || !std::io::stderr().is_terminal() {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(sweeps as u64),
    };
    bar.set_style(
        ProgressStyle::with_template("drawing {wide_bar} {percent:>3} %, {eta} left")
            .expect("the template is a constant"),
    );
    let progress = |sweep: usize| {
        bar.set_position(sweep as u64);
        !interrupted.load(Ordering::Relaxed)
    };
    let drawn = question.model.sample(&question.variables, &question.evidence, options, progress)?;
    bar.finish_and_clear();
    match interrupted.load(Ordering::Relaxed) {
        true => Err(TabularError::Interrupted { checkpoint: None }.into()),
        false => Ok(drawn),
    }
}

/// Writes so many rows, evenly from all that were drawn; how many cells are left empty. Where all rare levels of a column are one
/// state, one of them is drawn by its share of the rows.
fn write(
    question: &Question,
    drawn: &TableSamples,
    rows: usize,
    options: &Sample,
    format: Format,
) -> Result<usize, CliError> {
    let mut rng = ugmm_network::generator(options.seed, ugmm_network::Stream::Sampling);
    let mut empty_cells = 0;
    let mut cell = |(index, variable): (usize, &TableVariable), inputs: &[f64]| {
        if let Some(given) = question.given_text(index) {
            return given;
        }
        let inputs = &inputs[variable.inputs()];
        if !variable.is_rare(inputs) {
            return variable.text(inputs);
        }
        let levels = variable.rare_levels();
        let probabilities = levels.iter().map(|(_, share)| *share).collect();
        let level = UnivariateMixture::Discrete { first: 0, probabilities }.draw(&mut rng) as usize;
        match levels.get(level) {
            Some((level, _)) => (*level).to_owned(),
            None => {
                empty_cells += 1;
                String::new()
            }
        }
    };
    let variables = question.variables.list();
    let mut texts: Vec<Vec<Option<String>>> = vec![Vec::with_capacity(rows); variables.len()];
    let samples = &drawn.samples;
    let all = samples.rows().len() / samples.inputs();
    for row in 0..rows {
        let place = (row as u128 * all as u128 / rows as u128) as usize;
        let values = &samples.rows()[place * samples.inputs()..][..samples.inputs()];
        let values: Vec<f64> = values.iter().map(|&value| value.into()).collect();
        for ((index, variable), texts) in variables.iter().enumerate().zip(&mut texts) {
            texts.push(Some(cell((index, variable), &values)).filter(|text| !text.is_empty()));
        }
    }
    let column = |(variable, texts): (&TableVariable, Vec<Option<String>>)| {
        let is_number = variable.states().is_none() && !variable.is_date();
        let values = crate::row_output::Values::of_texts(texts, is_number);
        crate::row_output::Column { name: variable.name().to_owned(), values }
    };
    let columns: Vec<_> = variables.iter().zip(texts).map(column).collect();
    write_rows(options.output.as_deref(), format, |writer| writer.write(&columns))?;
    Ok(empty_cells)
}

/// Columns on which chains agree least first.
fn by_agreement<'r>(report: &'r Report) -> Vec<&'r Column> {
    let mut columns: Vec<&Column> = report.columns.iter().collect();
    let r_hat = |column: &Column| column.diagnostics.r_hat.unwrap_or(0.0);
    columns.sort_by(|a, b| r_hat(b).total_cmp(&r_hat(a)));
    columns
}

fn text(report: &Report, question: &Question) -> String {
    let SamplingOptions { chains, warm_up, draws, thin, .. } = report.options;
    let mut text = format!(
        "{}{}, from {} of {} after {}, every {} sweep kept\n",
        count(report.rows, "row"),
        question.given_in_words(),
        count(chains, "chain"),
        count(draws, "row"),
        count(warm_up, "sweep"),
        ordinal(thin),
    );
    text += &left_empty(report.empty_cells);
    text += question.remark();
    let header = ["column", "R-hat", "effective rows", "at the 5 % and 95 % quantiles"];
    let mut rows = vec![header.map(String::from).to_vec()];
    let columns = match report.columns.len() {
        few if few <= MOST_COLUMNS => report.columns.iter().collect(),
        _ => by_agreement(report),
    };
    for Column { column, diagnostics, .. } in columns.into_iter().take(MOST_COLUMNS) {
        let &Diagnostics { r_hat, bulk_effective, tail_effective } = diagnostics;
        let whole = |number: Option<f64>| number.map_or("–".into(), |number| format!("{number:.0}"));
        rows.push(vec![column.clone(), r_hat_in_words(r_hat), whole(bulk_effective), whole(tail_effective)]);
    }
    text += &table(&rows);
    if report.columns.len() > MOST_COLUMNS {
        text += &format!(
            "and {} more, which agree better (--json has all)\n",
            count(report.columns.len() - MOST_COLUMNS, "column")
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

/// "2nd", "10th".
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

fn warning(report: &Report) -> String {
    let apart: Vec<&Column> = by_agreement(report).into_iter().filter(|column| !column.agree).collect();
    let in_words = |Column { column, diagnostics, .. }: &&Column| {
        let effective = [diagnostics.bulk_effective, diagnostics.tail_effective];
        let least = effective.into_iter().flatten().fold(f64::INFINITY, f64::min);
        format!(
            "{column} (R-hat {}, {} effective rows)",
            r_hat_in_words(diagnostics.r_hat),
            short(least.round())
        )
    };
    let worst: Vec<String> = apart.iter().take(NAMED).map(in_words).collect();
    format!(
        "warning: the chains do not agree on {} of {}, least on {}; R-hat should be at most {MOST_R_HAT} and \
         {FEWEST_EFFECTIVE} rows effective; longer chains (--thin, --warm-up, -n) may agree, unless they stay on \
         different hills of the score\n",
        apart.len(),
        count(report.columns.len(), "column"),
        worst.join(", ")
    )
}
