//! Rows drawn from a density model: exact, and independent of each other.

use crate::arguments::{Common, Format, Sample};
use crate::command::images;
use crate::command::query::density::{given, refuse_range};
use crate::density_rows::left_empty;
use crate::error::CliError;
use crate::known::{given_in_words, pairs};
use crate::output::{count, print, write_json};
use crate::row_output::{Column, Values, format_by_name, write_rows};
use indexmap::IndexMap;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;
use ugmm_tabular::DensityModel;

#[derive(Serialize)]
struct Report<'a> {
    target: Option<&'a str>,
    given: IndexMap<String, String>,
    rows: usize,
    /// Cells left empty, since the model does not know the rare level that would be there.
    empty_cells: usize,
    /// Draws do not depend on each other, so there are no chains to agree.
    independent: bool,
    seconds: f64,
    output: Option<&'a Path>,
}

pub fn run(model: &DensityModel, options: &Sample, common: &Common) -> Result<(), CliError> {
    refuse_range(&options.known)?;
    let of_chains = [
        ("--chains", options.chains.is_some()),
        ("--warm-up", options.warm_up.is_some()),
        ("--thin", options.thin.is_some()),
        ("--cells", options.cells.is_some()),
    ];
    if let Some((key, _)) = of_chains.into_iter().find(|(_, given)| *given) {
        let reason =
            "a density model draws its rows independently and exactly, without chains; leave it out".into();
        return Err(CliError::Option { key, reason });
    }
    let picture = options.output.as_deref().filter(|output| images::is_picture(output));
    let format = if picture.is_some() { Format::Csv } else { format_by_name(options.output.as_deref())? };
    let evidence = model.evidence(&pairs(&options.known.given)?)?;
    let start = Instant::now();
    let drawn = model.sample(&evidence, options.rows.get(), options.seed)?;
    let empty_cells = empty_cells(model, &drawn);
    let seconds = start.elapsed().as_secs_f64();
    match picture {
        Some(output) => images::write_samples(model, &drawn, output)?,
        None => {
            write_rows(options.output.as_deref(), format, |writer| writer.write(&columns(model, &drawn)))?
        }
    }
    let report = Report {
        target: model.target_name(),
        given: given(model, &evidence).into_iter().collect(),
        rows: options.rows.get(),
        empty_cells,
        independent: true,
        seconds,
        output: options.output.as_deref(),
    };
    write_json(common.json.as_deref(), "ugmm/sample", &report)?;
    if common.quiet {
        return Ok(());
    }
    let rows = count(report.rows, "row");
    let given = given_in_words(report.given.iter());
    let text = format!("{rows}{given}, independent draws from the density\n{}", left_empty(empty_cells));
    // The rows have standard output for themselves.
    if options.output.is_some() {
        return print(&text);
    }
    eprint!("{text}");
    Ok(())
}

/// Cells of rows drawn that have no value: a rare level whose name the model does not know.
fn empty_cells(model: &DensityModel, rows: &[f64]) -> usize {
    let of_row =
        |row: &[f64]| model.columns().iter().zip(row).filter(|(c, value)| c.cell(**value).is_none()).count();
    rows.chunks(model.columns().len()).map(of_row).sum()
}

fn columns(model: &DensityModel, rows: &[f64]) -> Vec<Column> {
    let width = model.columns().len();
    let column = |(index, column): (usize, &ugmm_tabular::DensityColumn)| {
        let values = rows.iter().skip(index).step_by(width);
        let texts: Vec<Option<String>> = values.map(|&value| column.cell(value)).collect();
        let is_number = column.is_number() && !column.is_date();
        Column { name: column.name().to_owned(), values: Values::of_texts(texts, is_number) }
    };
    model.columns().iter().enumerate().map(column).collect()
}
