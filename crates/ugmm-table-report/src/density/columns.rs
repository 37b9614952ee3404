//! Figures of single columns and of the dependence between columns.

use super::rows::Seen;
use crate::error::ReportError;
use ugmm_circuit::UnivariateMixture;
use ugmm_report::{Axis, Chart, DocumentSection, DocumentTable, Figure, Mark, Text, short};
use ugmm_tabular::{Column, DensityModel, TableModel, TabularError};

/// Largest number of columns that are drawn.
const MOST_COLUMNS: usize = 60;
/// Number of charts in a row.
const IN_A_LINE: usize = 3;
const POINTS: usize = 160;
/// Number of bars of a histogram, and largest number of states that are drawn.
const BARS: usize = 32;
const MOST_STATES: usize = 12;
/// Largest number of columns whose dependencies are drawn.
const MOST_DEPENDENT: usize = 40;

/// The marginal distribution of each column, with a histogram of the table's values behind it.
pub fn section(
    model: &DensityModel,
    seen: &Seen,
    notes: &mut Vec<Text>,
) -> Result<DocumentSection, ReportError> {
    let width = model.columns().len();
    let marginals = model.circuit().conditionals(&vec![f64::NAN; width]).map_err(TabularError::from)?;
    if width > MOST_COLUMNS {
        notes.push(format!("The first {MOST_COLUMNS} of {width} columns are drawn.").into());
    }
    let chart = |index: usize| {
        let values: Vec<f64> =
            seen.values.iter().skip(index).step_by(width).copied().filter(|value| !value.is_nan()).collect();
        chart(index, &model.columns()[index], &marginals[index], &values)
    };
    let charts: Vec<Chart> = (0..width.min(MOST_COLUMNS)).map(chart).collect();
    // Each row of charts is a figure of its own, because the first row may be wider than the others.
    let figures = charts.chunks(IN_A_LINE).enumerate().map(|(line, charts)| {
        let mut lines = vec![charts.to_vec()];
        lines.retain(|line| !line.is_empty());
        Figure { id: format!("columns-{}", line + 1), lines }
    });
    Ok(DocumentSection {
        heading: "Columns".into(),
        text:
            "The marginal distribution of each column: the model is a line, the rows are a histogram or dots."
                .into(),
        figures: figures.collect(),
        tables: Vec::new(),
    })
}

fn chart(index: usize, column: &Column, marginal: &UnivariateMixture, values: &[f64]) -> Chart {
    let title = Text::from(Text::from(column.name()).shortened(36));
    let (x, y, marks) = match (column.states(), marginal) {
        (Some(names), UnivariateMixture::Discrete { probabilities, .. }) => {
            of_states(&names, probabilities, values)
        }
        _ => of_numbers(column, marginal, values),
    };
    Chart {
        id: format!("column-{}", index + 1),
        description: format!("{title} by the model, and how often values occur").into(),
        title,
        height: 210.0,
        ratio: None,
        x,
        y,
        marks,
    }
}

fn of_states(names: &[String], probabilities: &[f64], values: &[f64]) -> (Axis, Axis, Vec<Mark>) {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    order.truncate(MOST_STATES);
    let labels: Vec<Text> =
        order.iter().map(|&state| Text::from(Text::from(&names[state]).shortened(14))).collect();
    let counted = |state: usize| values.iter().filter(|value| **value == state as f64).count();
    let shares: Vec<f64> =
        order.iter().map(|&state| counted(state) as f64 / values.len().max(1) as f64).collect();
    let heights: Vec<f64> = order.iter().map(|&state| probabilities[state]).collect();
    let top = heights.iter().chain(&shares).copied().fold(0.0, f64::max);
    let marks = vec![
        Mark::Bars {
            name: "the model".into(),
            series: 1,
            from: -0.5,
            to: labels.len() as f64 - 0.5,
            gap: 0.3,
            heights,
        },
        Mark::Dots {
            name: "rows".into(),
            series: 2,
            x: (0..labels.len()).map(|place| place as f64).collect(),
            y: shares.clone(),
            sizes: vec![0.4; labels.len()],
            notes: shares.iter().map(|share| short(*share).into()).collect(),
        },
    ];
    (Axis::of_names("", &labels), Axis::of_numbers("probability", 0.0, 1.08 * top), marks)
}

fn of_numbers(column: &Column, marginal: &UnivariateMixture, values: &[f64]) -> (Axis, Axis, Vec<Mark>) {
    let (mut low, mut high) = (marginal.quantile(0.002), marginal.quantile(0.998));
    // For whole numbers, the width of a bar is a whole number.
    let bar = match column.is_whole() {
        true => ((high - low + 1.0) / BARS as f64).ceil().max(1.0),
        false => (high - low) / BARS as f64,
    };
    if column.is_whole() {
        (low, high) = (low - 0.5, low - 0.5 + bar * ((high - low + 1.0) / bar).ceil());
    }
    let bars = ((high - low) / bar).round().max(1.0) as usize;
    let mut counts = vec![0.0; bars];
    for value in values.iter().filter(|value| (low..high).contains(*value)) {
        counts[(((value - low) / bar) as usize).min(bars - 1)] += 1.0 / (bar * values.len() as f64);
    }
    let (x, y): (Vec<f64>, Vec<f64>) = match column.is_whole() {
        // The mean probability of the numbers in a bar.
        true => (0..bars)
            .map(|place| {
                let edge = low + bar * place as f64;
                let share = marginal.cumulative(edge + bar) - marginal.cumulative(edge);
                (edge + 0.5 * bar, share / bar)
            })
            .unzip(),
        false => (0..=POINTS)
            .map(|place| {
                let at = low + (high - low) * place as f64 / POINTS as f64;
                (at, marginal.density(at))
            })
            .unzip(),
    };
    let top = 1.05 * y.iter().chain(&counts).copied().fold(f64::MIN_POSITIVE, f64::max);
    let marks = vec![
        Mark::Histogram {
            name: "rows".into(),
            from: low,
            to: high,
            heights: counts.iter().map(|count| count / top).collect(),
        },
        Mark::Line { name: "the model".into(), series: 1, x, y, dashed: false },
    ];
    let axis = Axis::of_numbers("", low, high);
    let axis = match column.is_date() {
        false => axis,
        true => {
            let tick = |at: f64| ugmm_report::Tick { at, text: column.text(at.round()).into() };
            Axis { ticks: [0.1, 0.5, 0.9].map(|share| tick(low + share * (high - low))).to_vec(), ..axis }
        }
    };
    let label = if column.is_whole() { "probability" } else { "density" };
    (axis, Axis::of_numbers(label, 0.0, top), marks)
}

/// The dependence between columns, and the tree of the strongest dependencies; `None` if there are too many
/// columns.
pub fn dependencies(model: &DensityModel) -> Result<Option<DocumentSection>, ReportError> {
    let width = model.columns().len();
    if !(2..=MOST_DEPENDENT).contains(&width) {
        return Ok(None);
    }
    let pairs = model.dependencies()?;
    let largest = pairs.first().map_or(0.0, |pair| pair.mutual_information).max(f64::MIN_POSITIVE);
    let names: Vec<Text> =
        model.columns().iter().map(|column| Text::from(Text::from(column.name()).shortened(16))).collect();
    let mut shades = vec![-1.0; width * width];
    let mut notes = vec![Text::default(); width * width];
    for pair in &pairs {
        let [a, b] = pair.columns;
        for (row, column) in [(a, b), (b, a)] {
            shades[row * width + column] = (pair.mutual_information / largest).sqrt();
            notes[row * width + column] =
                format!("{} and {}: {} nats", names[row], names[column], short(pair.mutual_information))
                    .into();
        }
    }
    let chart = Chart {
        id: "dependencies".into(),
        title: format!("Mutual information by the model; the darkest is {} nats", short(largest)).into(),
        description: "How much each pair of columns depends on each other".into(),
        height: 120.0 + 22.0 * width as f64,
        ratio: None,
        x: Axis::of_names("", &names),
        y: Axis::of_names("", &names).turned(),
        marks: vec![Mark::Cells { columns: width, shades, texts: Vec::new(), notes }],
    };
    // Kruskal's algorithm: repeatedly takes the strongest dependency that joins two trees.
    let mut tree_of: Vec<usize> = (0..width).collect();
    let mut rows = Vec::new();
    for pair in &pairs {
        let [a, b] = pair.columns;
        let (from, to) = (tree_of[b], tree_of[a]);
        if from != to {
            tree_of.iter_mut().filter(|tree| **tree == from).for_each(|tree| *tree = to);
            let name = |column: usize| Text::from(model.columns()[column].name());
            rows.push(vec![name(a), name(b), short(pair.mutual_information).into()]);
        }
    }
    let table = DocumentTable {
        caption: "The tree of the strongest dependencies".into(),
        header: ["column", "column", "mutual information, nats"].map(Text::from).to_vec(),
        rows,
    };
    Ok(Some(DocumentSection {
        heading: "Dependencies".into(),
        text: "How much knowing one column tells about another by the model, estimated from rows drawn from it; 0 for columns that \
               do not depend on each other."
            .into(),
        figures: vec![Figure::of(chart)],
        tables: vec![table],
    }))
}
