//! `ugmm inspect --importance` and `--effect`: which columns a network's predictions depend on, and how.

use crate::arguments::{Common, Inspect};
use crate::drawing::bar;
use crate::error::CliError;
use crate::output::{count, left_out, percent, print, six_digits, write_json};
use crate::row_output::{Column as Written, Values, format_by_name, write_rows};
use crate::table::{left_aligned_last, reading_doubts};
use serde::Serialize;
use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use ugmm_report::Text;
use ugmm_table_report::matters::{ABOUT_ROWS, loss_name, point_text, shown_outputs, usual_rows};
use ugmm_table_report::unseen_lines;
use ugmm_tabular::network::{ColumnImportance, Effect, EffectPoint, Importance, ImportanceOptions};
use ugmm_tabular::read::{ReadTarget, RowSample, TableReader};
use ugmm_tabular::{Column, NetworkModel, TableModel, TabularError};

/// Largest number of columns and of classes that are printed.
const PRINTED_COLUMNS: usize = 30;
const PRINTED_CLASSES: usize = 4;
/// Longest name of a column or class, and widths of drawings, in characters; a line has at most 80.
const LONGEST_NAME: usize = 20;
const LONGEST_CLASS: usize = 9;
const BAR: usize = 16;
const PLOT: usize = 24;

/// The JSON output.
#[derive(Serialize)]
struct Report<'a> {
    target: &'a str,
    classes: &'a [String],
    /// Number of rows that were measured, and of those from which they were drawn at random.
    rows: usize,
    rows_in_table: usize,
    rows_without_target: usize,
    rows_without_values: usize,
    seed: u64,
    importance: Option<Measured>,
    effects: Vec<EffectReport<'a>>,
}

#[derive(Serialize)]
struct Measured {
    #[serde(flatten)]
    found: Importance,
    /// Mean absolute contribution of each of the columns, in nats; `None` for a model of other neurons.
    contributions: Option<Vec<f64>>,
}

#[derive(Serialize)]
struct EffectReport<'a> {
    column: &'a str,
    /// "accumulated" for numbers and dates, "mean prediction" for levels.
    method: &'static str,
    mean_prediction: Vec<f64>,
    points: Vec<Point>,
    missing: Option<Point>,
}

#[derive(Serialize)]
struct Point {
    value: Value,
    rows: usize,
    effect: Vec<f64>,
}

/// A number as a number, any other value as the table writes it; null for a missing value.
#[derive(Serialize)]
#[serde(untagged)]
enum Value {
    Missing,
    Number(f64),
    Text(String),
}

pub fn run(model: &NetworkModel, data: &Path, options: &Inspect, common: &Common) -> Result<(), CliError> {
    if options.output.is_some() && options.importance && !options.effect.is_empty() {
        let reason = "one table is written: give either --importance or --effect".into();
        return Err(CliError::Option { key: "--output", reason });
    }
    let format = format_by_name(options.output.as_deref())?;
    let asked: Vec<usize> =
        options.effect.iter().map(|name| model.index_of(name)).collect::<Result<_, _>>()?;
    let never = AtomicBool::new(false);
    let most = options.rows.unwrap_or_else(|| usual_rows(model));
    let read = |target: ReadTarget| -> Result<_, TabularError> {
        let mut reader = TableReader::open(data, model, target, &[], &options.table.read_options())?;
        let sample = RowSample::read(&mut reader, most, options.seed, &never)?;
        Ok((reader, sample))
    };
    // Effects need no target, and do not depend on whether importance is asked for as well.
    let is_both = options.importance && !options.effect.is_empty();
    if is_both && data == Path::new("-") {
        let reason =
            "standard input can be read once only; ask for --importance and --effect one after the other"
                .into();
        return Err(CliError::Option { key: "--effect", reason });
    }
    let (reader, sample) = read(if options.importance { ReadTarget::Yes } else { ReadTarget::No })?;
    let for_effects = if is_both { Some(read(ReadTarget::No)?.1) } else { None };
    let for_effects = for_effects.as_ref().unwrap_or(&sample);
    if sample.rows() == 0 {
        let (path, target) = (data.to_path_buf(), model.target_name().into());
        return Err(match options.importance {
            true => CliError::NothingToCompare { path, target },
            false => CliError::NothingToLookAt { path, target },
        });
    }
    let in_table = |error| CliError::of_table(data, error);
    let importance = match options.importance {
        false => None,
        true => {
            let how = ImportanceOptions { repetitions: options.repetitions, seed: options.seed };
            let found = model.importance(&sample.values, how, &never).map_err(in_table)?;
            let is_ugmm = matches!(model.saved().model(), ugmm_network::Model::Ugmm(_));
            let contributions =
                is_ugmm.then(|| model.mean_contributions(&sample.values, &never)).transpose()?;
            Some(Measured { found, contributions })
        }
    };
    let effects: Vec<Effect> = asked
        .iter()
        .map(|&column| model.effect(&for_effects.values, column, options.bins, &never).map_err(in_table))
        .collect::<Result<_, _>>()?;
    let report = Report {
        target: model.target_name(),
        classes: model.classes(),
        rows: sample.rows(),
        rows_in_table: sample.of,
        rows_without_target: sample.without_target,
        rows_without_values: sample.without_values,
        seed: options.seed,
        effects: effects.iter().map(|effect| effect_report(model, effect)).collect(),
        importance,
    };
    write_json(common.json.as_deref(), "ugmm/inspect", &report)?;
    if let Some(output) = &options.output {
        let columns = match &report.importance {
            Some(importance) => importance_rows(importance),
            None => effect_rows(model, &effects),
        };
        write_rows(Some(output), format, |writer| writer.write(&columns))?;
    }
    if common.quiet {
        return Ok(());
    }
    let (unseen, assumed) = (reader.unseen(), reading_doubts(&reader.doubts()));
    let mut text = assumed;
    if !unseen.is_empty() {
        text += &format!("categories that training did not have:\n{}", unseen_lines(&unseen));
    }
    text += &left_out(sample.without_target, "no value to compare with");
    text += &left_out(sample.without_values, "no value that the model uses");
    let rows = rows_in_words(&sample, options.seed);
    let mut parts = Vec::new();
    parts.extend(report.importance.as_ref().map(|importance| importance_text(model, importance, &rows)));
    let rows = rows_in_words(for_effects, options.seed);
    parts.extend(effects.iter().map(|effect| effect_text(model, effect, &rows)));
    print(&(text + &parts.join("\n")))
}

fn rows_in_words(sample: &RowSample, seed: u64) -> String {
    match sample.rows() < sample.of {
        true => format!("{} of {} rows, drawn at random with the seed {seed}", sample.rows(), sample.of),
        false => count(sample.rows(), "row"),
    }
}

fn short(name: &str, most: usize) -> String {
    Text::from(name).shortened(most)
}

/// Names that are shortened at their ends, or in their middles if their beginnings are alike.
fn distinct(names: &[&str], most: usize) -> Vec<String> {
    let shortened: Vec<String> = names.iter().map(|name| short(name, most)).collect();
    let in_middle = |name: &&str| {
        let characters: Vec<char> = name.chars().collect();
        let (head, tail) = (most / 2, most - most / 2 - 1);
        match characters.len() > most {
            true => characters[..head]
                .iter()
                .chain(&['…'])
                .chain(&characters[characters.len() - tail..])
                .collect(),
            false => (*name).to_owned(),
        }
    };
    match shortened.iter().collect::<HashSet<_>>().len() == shortened.len() {
        true => shortened,
        false => names.iter().map(in_middle).collect(),
    }
}

/// The columns, the most important first.
fn ranked(importance: &Measured) -> Vec<(&ColumnImportance, Option<f64>)> {
    let contributions = importance.contributions.as_ref();
    let columns = importance.found.columns.iter().enumerate();
    let mut ranked: Vec<_> =
        columns.map(|(place, column)| (column, contributions.map(|adds| adds[place]))).collect();
    ranked.sort_by(|(a, _), (b, _)| b.mean.total_cmp(&a.mean));
    ranked
}

fn importance_text(model: &NetworkModel, importance: &Measured, rows: &str) -> String {
    let Importance { loss, baseline, repetitions, .. } = importance.found;
    let loss = loss_name(loss);
    let ranked = ranked(importance);
    let most = ranked.first().map_or(0.0, |(column, _)| column.mean);
    let mut lines = vec![vec!["column".into(), "rise".into(), "± sd".into()]];
    if importance.contributions.is_some() {
        lines[0].push("contribution".into());
    }
    lines[0].push(String::new());
    let printed = &ranked[..ranked.len().min(PRINTED_COLUMNS)];
    let names: Vec<&str> = printed.iter().map(|(column, _)| column.column.as_str()).collect();
    for ((column, contribution), name) in printed.iter().zip(distinct(&names, LONGEST_NAME)) {
        let mut line = vec![name, negative_or_not(column.mean, &with_digits_of(column.mean.abs(), most))];
        line.push(column.sd.map_or_else(|| "–".into(), |sd| with_digits_of(sd, most)));
        line.extend(contribution.map(|adds| format!("{adds:.3}")));
        line.push(bar(if most > 0.0 { column.mean / most } else { 0.0 }, BAR));
        lines.push(line);
    }
    let more = ranked.len().saturating_sub(PRINTED_COLUMNS);
    let more = match more {
        0 => String::new(),
        _ => format!("and {} (--json has all)\n", count(more, "more column")),
    };
    let contribution = match importance.contributions {
        Some(_) => "contribution: mean absolute contribution to the log-probability, in nats\n",
        None => "",
    };
    format!(
        "importance of the columns for {}, on {rows}\n\
         {loss} {}, and its rise when the values of a column are permuted among\nthe rows, {}\n\n{}{more}\n\
         {contribution}{}\n",
        model.target_name(),
        six_digits(baseline),
        match repetitions {
            1 => "once".into(),
            many => format!("mean and standard deviation of {many} permutations"),
        },
        left_aligned_last(lines),
        ABOUT_ROWS.replace("; ", ";\n")
    )
}

fn effect_report<'m>(model: &'m NetworkModel, effect: &Effect) -> EffectReport<'m> {
    let column = &model.columns()[effect.column];
    let point = |point: &EffectPoint| Point {
        value: match point.value {
            missing if missing.is_nan() => Value::Missing,
            number if column.is_number() && !column.is_date() => Value::Number(number),
            value => Value::Text(point_text(column, value)),
        },
        rows: point.rows,
        effect: point.effect.clone(),
    };
    EffectReport {
        column: column.name(),
        method: if column.is_number() { "accumulated" } else { "mean prediction" },
        mean_prediction: effect.mean_prediction.clone(),
        points: effect.points.iter().map(point).collect(),
        missing: effect.missing.as_ref().map(point),
    }
}

/// All points of an effect, that of a missing value last.
fn all_points(effect: &Effect) -> impl Iterator<Item = &EffectPoint> {
    effect.points.iter().chain(&effect.missing)
}

fn effect_text(model: &NetworkModel, effect: &Effect, rows: &str) -> String {
    let column: &Column = &model.columns()[effect.column];
    let (name, target) = (column.name(), model.target_name());
    let method = match column.is_number() {
        true => "accumulated local effect",
        false => "mean prediction with the level in every row",
    };
    let outputs = shown_outputs(model, std::slice::from_ref(effect), PRINTED_CLASSES);
    let more = match model.classes().len() {
        classes if classes > 2 && classes > outputs.len() => {
            let others = count(classes - outputs.len(), "more class");
            format!("and {others}, on which the effect is smaller (--json has all)\n")
        }
        _ => String::new(),
    };
    let is_date = model.target_date().is_some();
    let unit = match (model.classes(), is_date) {
        ([], true) => "difference from the average prediction, in days".to_owned(),
        ([], false) => format!("difference from the average prediction, in units of {target}"),
        _ => "difference from the average probability, in percentage points".to_owned(),
    };
    let effects: Vec<f64> =
        all_points(effect).flat_map(|point| outputs.iter().map(|&output| point.effect[output])).collect();
    let greatest = effects.iter().fold(0.0, |most: f64, effect| most.max(effect.abs()));
    let number = |effect: f64| {
        let size = match model.classes() {
            [] => with_digits_of(effect.abs(), greatest),
            _ => percent(effect.abs(), 1),
        };
        let signed = negative_or_not(effect, &size);
        if signed == size && is_not_zero(&size) { format!("+{size}") } else { signed }
    };
    let mut header = vec![short(name, LONGEST_NAME), "rows".into()];
    header.extend(outputs.iter().map(|&output| match model.classes().get(output) {
        Some(class) => short(class, LONGEST_CLASS),
        None => "effect".into(),
    }));
    header.push(String::new());
    let mut lines = vec![header];
    for point in all_points(effect) {
        let value = match column.is_number() && !column.is_date() && !point.value.is_nan() {
            true => six_digits(point.value),
            false => short(&point_text(column, point.value), LONGEST_NAME),
        };
        let mut line = vec![value, point.rows.to_string()];
        line.extend(outputs.iter().map(|&output| number(point.effect[output])));
        line.push(match outputs[..] {
            [one] => place(point.effect[one], greatest),
            _ => String::new(),
        });
        lines.push(line);
    }
    let rows_mean = match (column.is_number(), effect.points.len()) {
        (true, 1) => "the column has one value in these rows, so that there is no curve\n",
        (true, _) => "rows: those with a value up to this one and above the one before\n",
        (false, _) => "",
    };
    format!(
        "effect of {name} on {target}, on {rows}\n{method}:\n{unit}\n\n{}{rows_mean}{more}",
        left_aligned_last(lines)
    )
}

/// The size of a number with its sign if it is negative; what is rounded to 0 has none.
fn negative_or_not(number: f64, size: &str) -> String {
    if number < 0.0 && is_not_zero(size) { format!("−{size}") } else { size.to_owned() }
}

fn is_not_zero(size: &str) -> bool {
    !size.trim_matches(['0', '.']).is_empty()
}

/// A number with three significant digits of the greatest one.
fn with_digits_of(number: f64, greatest: f64) -> String {
    if greatest == 0.0 && number == 0.0 {
        return "0".into();
    }
    let place = greatest.abs().log10().floor();
    match (-8.0..7.0).contains(&place) {
        true => format!("{number:.*}", (2.0 - place).max(0.0) as usize),
        false => format!("{number:.2e}"),
    }
}

/// A dot at a value between minus `greatest` and `greatest`, and a line at 0.
fn place(value: f64, greatest: f64) -> String {
    let at = |share: f64| ((share + 1.0) / 2.0 * (PLOT as f64)).round() as usize;
    let (dot, zero) = (at(if greatest > 0.0 { value / greatest } else { 0.0 }), at(0.0));
    (0..=PLOT)
        .map(|place| match place {
            _ if place == dot => '●',
            _ if place == zero => '│',
            _ if (dot.min(zero)..dot.max(zero)).contains(&place) => '─',
            _ => ' ',
        })
        .collect()
}

fn texts(name: &str, values: Vec<Option<String>>) -> Written {
    Written { name: name.into(), values: Values::Text(values) }
}

fn numbers(name: impl Into<String>, values: Vec<Option<f64>>) -> Written {
    Written { name: name.into(), values: Values::Exact(values) }
}

fn importance_rows(importance: &Measured) -> Vec<Written> {
    let ranked = ranked(importance);
    let of = |value: &dyn Fn(&ColumnImportance) -> Option<f64>| {
        ranked.iter().map(|(column, _)| value(column)).collect()
    };
    let mut columns = vec![
        texts("column", ranked.iter().map(|(column, _)| Some(column.column.clone())).collect()),
        numbers("importance", of(&|column| Some(column.mean))),
        numbers("sd", of(&|column| column.sd)),
    ];
    if importance.contributions.is_some() {
        columns.push(numbers("contribution", ranked.iter().map(|(_, adds)| *adds).collect()));
    }
    columns
}

/// A row for each point of each effect.
fn effect_rows(model: &NetworkModel, effects: &[Effect]) -> Vec<Written> {
    let points: Vec<(&Column, &EffectPoint)> = effects
        .iter()
        .flat_map(|effect| all_points(effect).map(|point| (&model.columns()[effect.column], point)))
        .collect();
    let value = |(column, point): &(&Column, &EffectPoint)| {
        (!point.value.is_nan()).then(|| point_text(column, point.value))
    };
    let mut columns = vec![
        texts("column", points.iter().map(|(column, _)| Some(column.name().to_owned())).collect()),
        texts("value", points.iter().map(value).collect()),
        numbers("rows", points.iter().map(|(_, point)| Some(point.rows as f64)).collect()),
    ];
    let of_output = |output: usize| points.iter().map(|(_, point)| Some(point.effect[output])).collect();
    match model.classes() {
        [] => columns.push(numbers("effect", of_output(0))),
        classes => {
            let named = classes.iter().enumerate();
            columns.extend(
                named.map(|(output, class)| numbers(format!("effect on {class}"), of_output(output))),
            );
        }
    }
    columns
}
