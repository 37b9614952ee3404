//! Rows of the table by their log-likelihoods, and drawn rows.

use crate::error::ReportError;
use crate::met::Met;
use crate::words::expected_text;
use ugmm_report::{DocumentSection, DocumentTable, Text, percent, short};
use ugmm_tabular::density::Surprise;
use ugmm_tabular::{DensityModel, TableModel};

/// Number of rows in each of the tables.
const SHOWN: usize = 10;
/// Largest number of columns of a row that are shown.
const MOST_COLUMNS: usize = 12;
/// Headers of the columns about a row, which follow its number.
const KNOWN: [&str; 5] =
    ["log-likelihood", "rows as likely or less, %", "most surprising", "its value", "usual given the others"];

/// The rows of the table in the report.
#[derive(Default)]
pub struct Seen {
    /// Number of each row in the file.
    pub places: Vec<usize>,
    /// `[rows, columns]`.
    pub values: Vec<f64>,
    pub surprises: Vec<Surprise>,
    pub met: Met,
    pub examples: Vec<String>,
}

/// The least and the most likely rows, and the rows at the places `named`.
pub fn section(model: &DensityModel, seen: &Seen, named: &[usize]) -> DocumentSection {
    let mut order: Vec<usize> = (0..seen.places.len()).collect();
    order.sort_by(|&a, &b| {
        let key = |row: usize| (seen.surprises[row].share_at_most, seen.surprises[row].log_likelihood);
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let table = |caption: &str, rows: Vec<usize>| DocumentTable {
        caption: caption.into(),
        header: std::iter::once("row").chain(KNOWN).map(Text::from).collect(),
        rows: rows.into_iter().map(|row| line(model, seen, row)).collect(),
    };
    let mut tables = Vec::new();
    if !named.is_empty() {
        let rows = named.iter().filter_map(|row| seen.places.iter().position(|place| place == row));
        tables.push(table("Rows asked for", rows.collect()));
    }
    tables.push(table("Least likely", order.iter().take(SHOWN).copied().collect()));
    tables.push(table("Most likely", order.iter().rev().take(SHOWN).copied().collect()));
    DocumentSection {
        heading: "Rows".into(),
        text: "Whole rows are compared with those held out in training (or, without such, learned from), rows with gaps with rows \
               drawn from the model of which the same columns are known. \
               The most surprising column is the one whose value is furthest below its usual log-density given the others."
            .into(),
        figures: Vec::new(),
        tables,
    }
}

fn line(model: &DensityModel, seen: &Seen, row: usize) -> Vec<Text> {
    let width = model.columns().len();
    let surprise = &seen.surprises[row];
    let mut cells: Vec<Text> = vec![
        seen.places[row].to_string().into(),
        if surprise.log_likelihood.is_finite() { short(surprise.log_likelihood) } else { "−∞".into() }.into(),
        percent(surprise.share_at_most, 1).into(),
    ];
    cells.extend(match &surprise.column {
        None => ["–", "–", "–"].map(Text::from),
        Some(found) => {
            let column = &model.columns()[found.column];
            let value = seen.values[row * width + found.column];
            let value = if value.is_nan() { "outside of its range".into() } else { column.text(value) };
            [column.name().into(), value.into(), expected_text(column, &found.expected).into()]
        }
    });
    cells
}

/// Rows drawn from the density.
pub fn draws(model: &DensityModel) -> Result<DocumentSection, ReportError> {
    let columns = model.columns().len();
    let drawn = model.complete(&vec![f64::NAN; columns], SHOWN, 0)?;
    let shown = columns.min(MOST_COLUMNS);
    let row = |row: &[f64]| -> Vec<Text> {
        row.iter()
            .zip(model.columns())
            .take(shown)
            .map(|(&value, column)| column.text(value).into())
            .collect()
    };
    let cut =
        if shown < columns { format!(" (the first {shown} of {columns} columns)") } else { String::new() };
    let table = DocumentTable {
        caption: format!("Drawn rows{cut}").into(),
        header: model.columns()[..shown].iter().map(|column| column.name().into()).collect(),
        rows: drawn.chunks_exact(columns).map(row).collect(),
    };
    Ok(DocumentSection {
        heading: "Draws".into(),
        text: "Independent draws from the density; ugmm sample gives more.".into(),
        figures: Vec::new(),
        tables: vec![table],
    })
}
