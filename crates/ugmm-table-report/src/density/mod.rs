//! The report of a density model: columns, dependencies, rows, draws.

mod columns;
mod pictures;
mod rows;

use crate::error::ReportError;
use crate::met::outside_examples;
use crate::report::ReportOptions;
use crate::words::{known_level, log_likelihood};
use rows::Seen;
use ugmm_data::frame::Input;
use ugmm_report::{Axis, Chart, Document, DocumentSection, Figure, Mark, Text, count};
use ugmm_tabular::distribution::LogLikelihoodMeasures;
use ugmm_tabular::read::{ReadTarget, TableReader};
use ugmm_tabular::{DensityModel, TableModel};

/// Collects everything that the report shows; also returns the number of rows.
pub fn report(
    model: &DensityModel,
    table: &Input,
    options: &ReportOptions,
) -> Result<(Document, usize), ReportError> {
    if !options.neurons.is_empty() {
        return Err(ReportError::NoNeurons);
    }
    let seen = read(model, table, options)?;
    Ok((collect(model, &seen, options)?, seen.places.len()))
}

/// The first rows of the table, with the target if the table has it.
fn read(model: &DensityModel, table: &Input, options: &ReportOptions) -> Result<Seen, ReportError> {
    let reader = TableReader::open(table.clone(), model, ReadTarget::IfThere, &[], options.reading)?;
    let (mut seen, most) = (Seen::default(), options.most_rows);
    for batch in reader {
        let batch = batch?;
        seen.met.add(&batch);
        outside_examples(model, &batch, &mut seen.examples);
        let taken = batch.places.len().min(most - seen.places.len());
        let width = model.columns().len();
        seen.values.extend_from_slice(&batch.rows.values[..taken * width]);
        seen.surprises.extend(model.surprises(&batch.rows)?.into_iter().take(taken));
        seen.places.extend_from_slice(&batch.places[..taken]);
        if seen.places.len() == most {
            break;
        }
    }
    for &row in options.rows {
        if !seen.places.contains(&row) {
            let (first, last) = (seen.places[0], seen.places[seen.places.len() - 1]);
            return Err(ReportError::NoSuchRow { row, first, last });
        }
    }
    Ok(seen)
}

fn collect(model: &DensityModel, seen: &Seen, options: &ReportOptions) -> Result<Document, ReportError> {
    let learned = model.learned();
    let levels: Vec<f64> = seen.surprises.iter().map(|surprise| surprise.log_likelihood).collect();
    let found = LogLikelihoodMeasures::of(&levels, None);
    let mut facts: Vec<(Text, Text)> = vec![
        ("structure".into(), learned.structure.in_words().into()),
        ("columns".into(), model.columns().len().to_string().into()),
        ("parameters".into(), model.circuit().parameters().to_string().into()),
        ("training rows".into(), count(learned.training_rows, "row").into()),
        (
            if learned.validation_rows > 0 {
                "log-likelihood, held-out rows"
            } else {
                "log-likelihood, training rows"
            }
            .into(),
            known_level(learned.log_likelihood, " per row").into(),
        ),
        ("of independent columns".into(), known_level(learned.independent_log_likelihood, "").into()),
        ("this table".into(), format!("{}{}", count(found.rows, "row"), log_likelihood(&found)).into()),
    ];
    if let Some(target) = model.target_name() {
        facts.insert(0, ("predicts".into(), target.into()));
    }
    let mut notes: Vec<Text> = Vec::new();
    notes.extend(seen.met.remarks(model, None, &seen.examples, &[]).lines().map(Text::from));
    let mut sections = Vec::new();
    match model.image_grid() {
        Some(grid) => sections.extend(pictures::sections(model, &grid, seen)?),
        None => {
            sections.push(columns::section(model, seen, &mut notes)?);
            sections.extend(columns::dependencies(model)?);
        }
    }
    sections.push(rows::section(model, seen, options.rows));
    if model.image_grid().is_none() {
        sections.push(rows::draws(model)?);
    }
    sections.extend(training(model));
    Ok(Document {
        program: format!("ugmm {}", env!("CARGO_PKG_VERSION")).into(),
        title: format!("Density: {}", options.model).into(),
        subtitle: format!("A density over all columns, seen with {}", options.table).into(),
        facts,
        notes,
        sections,
    })
}

/// The progress of the training by epoch; `None` if the model does not store it.
fn training(model: &DensityModel) -> Option<DocumentSection> {
    let learned = model.learned();
    let line = |name: &str, series, values: Vec<(usize, f64)>| Mark::Line {
        name: name.into(),
        series,
        x: values.iter().map(|(epoch, _)| (epoch + 1) as f64).collect(),
        y: values.iter().map(|(_, level)| *level).collect(),
        dashed: false,
    };
    let training: Vec<(usize, f64)> = learned.training_history.iter().copied().enumerate().collect();
    let set_aside = learned.validation_history.iter().copied().enumerate();
    let set_aside: Vec<(usize, f64)> = set_aside.filter_map(|(epoch, level)| Some((epoch, level?))).collect();
    // The first epochs may have much lower log-likelihoods than all others.
    let all: Vec<f64> = training.iter().chain(&set_aside).map(|(_, level)| *level).collect();
    let mut sorted = all.clone();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (*sorted.get(sorted.len() / 10)?, *sorted.last()?);
    let margin = 0.1 * (high - low);
    let epochs = training.len();
    let mut marks = vec![line("training rows", 1, training)];
    if !set_aside.is_empty() {
        marks.push(line("validation rows", 2, set_aside));
    }
    let title = "Log-likelihood per row, by epoch";
    let chart = Chart {
        id: "training".into(),
        title: title.into(),
        description: format!("{title}: {epochs} epochs").into(),
        height: 260.0,
        ratio: None,
        x: Axis::of_numbers("epoch", 1.0, epochs.max(2) as f64),
        y: Axis::of_numbers("log-likelihood, nats", low - margin, high + margin),
        marks,
    };
    Some(DocumentSection {
        heading: "Training".into(),
        text: format!(
            "By {}; the parameters are those of epoch {}.",
            learned.method.in_words(),
            learned.best_epoch
        )
        .into(),
        figures: vec![Figure::of(chart)],
        tables: Vec::new(),
    })
}
