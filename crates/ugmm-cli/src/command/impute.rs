//! `ugmm impute`: imputes the missing values of a table with a density model.

use crate::arguments::{Common, Format, Impute};
use crate::command::images;
use crate::error::CliError;
use crate::output::{check_not_mixed, check_outputs, count, write_json};
use crate::row_output::{Column, Values, format_by_name, write_rows};
use serde::Serialize;
use std::path::Path;
use ugmm_data::frame::{Notation, ValueType};
use ugmm_table_report::met::{Met, left_empty, outside_examples};
use ugmm_tabular::read::{Batch, TableReader};
use ugmm_tabular::{Column as ModelColumn, DensityModel, Device, Engine, TableModel};

/// The source of the values in a column of the output.
enum Source {
    /// A column of the file, unchanged.
    Kept(usize),
    /// A column of the file that is also a column of the model.
    Filled { kept: usize, column: usize },
    /// The uncertainty of the imputed values in a column of the model.
    Uncertainty { kept: usize, column: usize },
    /// The number of the draw.
    Draw,
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    met: Met,
    /// Number of imputed values in one table.
    filled_values: usize,
    /// Number of values that remain missing because the model does not know the name of the drawn rare level,
    /// over all draws.
    empty_cells: usize,
    draws: Option<usize>,
    /// Number of imputed values for each column of the model that has any.
    filled_by_column: Vec<(String, usize)>,
}

pub fn run(options: &Impute, common: &Common) -> Result<(), CliError> {
    check_not_mixed(options.output.as_deref(), common.json.as_deref())?;
    check_outputs(&[options.output.as_deref(), common.json.as_deref()], &[&options.model, &options.data])?;
    let model = ugmm_tabular::load(&options.model, &Device::default())?;
    let model = Engine::of(&*model).density(&options.model, "ugmm impute")?;
    if let Some(output) = options.output.as_deref().filter(|output| images::is_picture(output)) {
        return images::complete(model, options, output, common);
    }
    let format = format_by_name(options.output.as_deref())?;
    if options.hide.is_some() {
        let reason = "parts of images are hidden for a picture of what the model makes of them; name one with -o FILE.png";
        return Err(CliError::Option { key: "--hide", reason: reason.into() });
    }
    let (mut reader, names) = TableReader::open_whole(&options.data, model, &options.table.read_options())?;
    let has_gaps = if options.uncertainty { gaps(model, options)? } else { None };
    let sources = sources(model, &names, reader.has_target(), has_gaps.as_deref(), options)?;
    let types = reader.kept_types();
    let mut notations = reader.notations();
    let mut empty_cells = 0;
    let (mut met, mut examples) = (Met::default(), Vec::new());
    let mut filled_by_column = vec![0; model.columns().len()];
    write_rows(options.output.as_deref(), format, |writer| {
        for batch in reader.by_ref() {
            let batch = batch?;
            met.add(&batch);
            outside_examples(model, &batch, &mut examples);
            for (_, source) in &sources {
                if let Source::Filled { kept, column } = *source {
                    batch.kept[kept].iter().flatten().for_each(|text| notations[column].see(text));
                }
            }
            for (index, missing) in filled_by_column.iter_mut().enumerate() {
                let kept = sources.iter().find_map(|(_, source)| match source {
                    Source::Filled { kept, column } if *column == index => Some(*kept),
                    _ => None,
                });
                let texts = kept.map(|kept| &batch.kept[kept]);
                *missing += texts.map_or(0, |texts| texts.iter().filter(|text| text.is_none()).count());
            }
            let columns = match options.draws {
                None => filled(model, &batch, &sources, &notations)?,
                Some(draws) => drawn(model, &batch, &sources, &notations, draws.get(), options.seed)?,
            };
            for (column, (_, source)) in columns.iter().zip(&sources) {
                if let (Values::Text(texts), Source::Filled { column, .. }) = (&column.values, source) {
                    let empty = texts.iter().filter(|text| text.is_none()).count();
                    empty_cells += empty;
                    if options.draws.is_none() {
                        filled_by_column[*column] -= empty;
                    }
                }
            }
            let typed = columns
                .into_iter()
                .zip(&sources)
                .map(|(column, (_, source))| typed(column, source, model, &types, &notations, format));
            writer.write(&typed.collect::<Vec<_>>())?;
        }
        Ok(())
    })?;
    let named = model.columns().iter().map(|column| column.name().to_owned());
    let report = Report {
        met,
        filled_values: filled_by_column.iter().sum(),
        empty_cells,
        draws: options.draws.map(std::num::NonZeroUsize::get),
        filled_by_column: named.zip(filled_by_column).filter(|(_, count)| *count > 0).collect(),
    };
    write_json(common.json.as_deref(), "ugmm/impute", &report)?;
    if !common.quiet {
        let remarks = report.met.remarks(model, None, &examples, &reader.unseen());
        let assumed = crate::table::reading_doubts(&reader.doubts());
        eprint!("{remarks}{assumed}{}{}", text(&report), left_empty(empty_cells));
    }
    Ok(())
}

/// Which columns of the file have missing values; `None` for standard input, whose rows can be read only
/// once.
fn gaps(model: &DensityModel, options: &Impute) -> Result<Option<Vec<bool>>, CliError> {
    if options.data == Path::new("-") {
        return Ok(None);
    }
    let (reader, names) = TableReader::open_whole(&options.data, model, &options.table.read_options())?;
    let mut has_gaps = vec![false; names.len()];
    for batch in reader {
        for (has_gaps, texts) in has_gaps.iter_mut().zip(&batch?.kept) {
            *has_gaps |= texts.iter().any(Option::is_none);
        }
    }
    Ok(Some(has_gaps))
}

/// The columns of the output: those of the file in their order, followed by the requested ones for columns
/// with missing values.
fn sources(
    model: &DensityModel,
    names: &[String],
    with_target: bool,
    has_gaps: Option<&[bool]>,
    options: &Impute,
) -> Result<Vec<(String, Source)>, CliError> {
    let is_read = |column: usize| with_target || model.target() != Some(column);
    let mut sources: Vec<(String, Source)> = Vec::new();
    for (kept, name) in names.iter().enumerate() {
        let column = model.columns().iter().position(|column| column.name() == name);
        let source = match column {
            Some(column) if is_read(column) => Source::Filled { kept, column },
            _ => Source::Kept(kept),
        };
        sources.push((name.clone(), source));
    }
    if options.uncertainty {
        let filled = sources.iter().filter_map(|(_, source)| match *source {
            Source::Filled { kept, column } if has_gaps.is_none_or(|has_gaps| has_gaps[kept]) => {
                Some((kept, column))
            }
            _ => None,
        });
        let uncertainty = |(kept, index): (usize, usize)| {
            let column = &model.columns()[index];
            let of = if column.is_number() { "standard deviation of" } else { "probability of" };
            (format!("{of} {}", column.name()), Source::Uncertainty { kept, column: index })
        };
        let added: Vec<_> = filled.map(uncertainty).collect();
        sources.extend(added);
    }
    if options.draws.is_some() {
        sources.insert(0, ("draw".to_owned(), Source::Draw));
    }
    let mut seen = std::collections::HashSet::new();
    match sources.iter().find(|(name, _)| !seen.insert(name.as_str())) {
        None => Ok(sources),
        Some((name, _)) => {
            let reason = format!("the table has a column {name:?} already; give that one another name");
            let key = if options.draws.is_some() { "--draws" } else { "--uncertainty" };
            Err(CliError::Option { key, reason })
        }
    }
}

/// The rows with their missing values replaced by expected values.
fn filled(
    model: &DensityModel,
    batch: &Batch,
    sources: &[(String, Source)],
    notations: &[Notation],
) -> Result<Vec<Column>, CliError> {
    let wanted = wanted(model, sources);
    let filled = model.fill(&batch.rows.values, &wanted)?;
    let cell = |row: usize, column: usize| filled[row].cells.iter().find(|cell| cell.column == column);
    let rows = 0..batch.places.len();
    let column = |(name, source): &(String, Source)| {
        let values = match *source {
            Source::Kept(kept) => Values::Text(batch.kept[kept].clone()),
            Source::Draw => Values::Number(Vec::new()),
            Source::Filled { kept, column } => Values::Text(
                batch.kept[kept]
                    .iter()
                    .enumerate()
                    .map(|(row, text)| {
                        let value = || model.columns()[column].cell_with_day(cell(row, column)?.value);
                        text.clone().or_else(|| Some(notations[column].write(value()?)))
                    })
                    .collect(),
            ),
            Source::Uncertainty { kept, column } => {
                let of_row = |row: usize| match batch.kept[kept][row] {
                    Some(_) => None,
                    None => {
                        let filled = cell(row, column);
                        let is_filled = |value| model.columns()[column].cell(value).is_some();
                        filled.filter(|filled| is_filled(filled.value)).map(|filled| filled.uncertainty)
                    }
                };
                Values::Exact(rows.clone().map(of_row).collect())
            }
        };
        Column { name: name.clone(), values }
    };
    Ok(sources.iter().map(column).collect())
}

/// Each row once for each draw, with its missing values drawn jointly.
fn drawn(
    model: &DensityModel,
    batch: &Batch,
    sources: &[(String, Source)],
    notations: &[Notation],
    draws: usize,
    seed: u64,
) -> Result<Vec<Column>, CliError> {
    let width = model.columns().len();
    let mut completed = Vec::with_capacity(batch.places.len() * draws * width);
    for (row, &place) in batch.places.iter().enumerate() {
        let values = batch.row(row);
        match values.iter().any(|value| value.is_nan()) {
            // Random numbers depend on the row, wherever the batch begins.
            true => {
                completed.extend(model.complete(values, draws, seed.wrapping_add((place as u64) << 32))?)
            }
            false => completed.extend(values.repeat(draws)),
        }
    }
    let rows = batch.places.len() * draws;
    let column = |(name, source): &(String, Source)| {
        let values = match *source {
            Source::Kept(kept) => {
                Values::Text((0..rows).map(|row| batch.kept[kept][row / draws].clone()).collect())
            }
            Source::Draw => Values::Text((0..rows).map(|row| Some((row % draws + 1).to_string())).collect()),
            Source::Filled { kept, column } => Values::Text(
                (0..rows)
                    .map(|row| {
                        let drawn = || model.columns()[column].cell_with_day(completed[row * width + column]);
                        let text = batch.kept[kept][row / draws].clone();
                        text.or_else(|| Some(notations[column].write(drawn()?)))
                    })
                    .collect(),
            ),
            Source::Uncertainty { .. } => Values::Exact(vec![None; rows]),
        };
        Column { name: name.clone(), values }
    };
    Ok(sources.iter().map(column).collect())
}

/// A column with values of the type that the file declares or the model knows; in CSV all values are texts.
fn typed(
    column: Column,
    source: &Source,
    model: &DensityModel,
    types: &[ValueType],
    notations: &[Notation],
    format: Format,
) -> Column {
    let Values::Text(texts) = column.values else { return column };
    let values = match *source {
        Source::Kept(kept) => Values::Typed(types[kept].clone(), texts),
        Source::Draw => Values::Typed(ValueType::Integer, texts),
        Source::Filled { kept, column } => match (&types[kept], &model.columns()[column]) {
            (ValueType::Text, known) if known.is_number() && !known.is_date() && format != Format::Csv => {
                let number = |text: &Option<String>| notations[column].number(text.as_deref()?);
                Values::Exact(texts.iter().map(number).collect())
            }
            (found, known) => Values::Typed(type_of_filled(found, known), texts),
        },
        Source::Uncertainty { .. } => Values::Text(texts),
    };
    Column { values, ..column }
}

/// The type of the file's values, if imputed values have it as well.
fn type_of_filled(found: &ValueType, column: &ModelColumn) -> ValueType {
    let is_whole = column.range().is_some_and(|range| range.whole);
    let are_integers = || {
        let states = column.states().unwrap_or_default();
        let own = states.iter().take(column.other().unwrap_or(states.len()));
        let rare = column.rare().unwrap_or_default().iter().map(|level| &level.text);
        column.states().is_some() && own.chain(rare).all(|text| text.parse::<i64>().is_ok())
    };
    match found {
        ValueType::Integer if column.is_number() && !column.is_date() => match is_whole {
            true => ValueType::Integer,
            false => ValueType::Float,
        },
        ValueType::Integer | ValueType::Float if are_integers() => found.clone(),
        ValueType::Float | ValueType::Decimal { .. } if column.is_number() && !column.is_date() => {
            found.clone()
        }
        ValueType::Boolean if column.is_truth() => found.clone(),
        ValueType::Date | ValueType::Time { .. } if column.is_date() => found.clone(),
        _ => ValueType::Text,
    }
}

/// Which columns of the model are imputed.
fn wanted(model: &DensityModel, sources: &[(String, Source)]) -> Vec<bool> {
    let is_wanted = |index: usize| {
        sources.iter().any(|(_, source)| matches!(source, Source::Filled { column, .. } if *column == index))
    };
    (0..model.columns().len()).map(is_wanted).collect()
}

fn text(report: &Report) -> String {
    let by_column: Vec<String> =
        report.filled_by_column.iter().map(|(name, count)| format!("{name} {count}")).collect();
    let by_column = match by_column.len() {
        0 => String::new(),
        _ => format!(" ({})", crate::known::some(&by_column)),
    };
    let draws = report.draws.map_or(String::new(), |draws| format!(", {draws} joint draws for each row"));
    format!(
        "{}: {} imputed{by_column}{draws}\n",
        count(report.met.rows, "row"),
        count(report.filled_values, "value")
    )
}
