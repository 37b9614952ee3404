//! The most uncertain rows and some others, with the inputs that contribute most to their predictions.

use super::diagrams::{by_responsibility, largest, names};
use super::seen::Seen;
use super::what_if;
use crate::error::ReportError;
use crate::naming::{in_data_units, value_text};
use ugmm_data::ImageGrid;
use ugmm_export::portable::Column;
use ugmm_network::LabelEncoding;
use ugmm_network::inspect::{Absence, RowPath, paths};
use ugmm_report::{Density, InputShare, Row, percent};
use ugmm_tabular::distribution::Predictions;
use ugmm_tabular::{Distribution, NetworkModel, TableModel};

/// Number of most uncertain rows.
const UNSURE: usize = 24;
/// Number of other rows, at equal distances in the table.
const OTHERS: usize = 12;
/// Largest number of inputs that are listed for a row.
const INPUTS: usize = 12;
/// Largest number of flows between two layers that are computed.
const FLOWS: usize = 60;
/// Largest number of classes that are listed for a row.
const CLASSES: usize = 12;
/// Number of cells of a density that are drawn.
const CELLS: usize = 64;

/// The rows of the report. `shown` are indices of rows that come first.
pub fn rows(
    model: &NetworkModel,
    seen: &Seen,
    grid: Option<&ImageGrid>,
    shown: &[usize],
    columns: &[Column],
) -> Result<Vec<Row>, ReportError> {
    let names = names(model, seen.network);
    let doubts: Vec<f64> = (0..seen.rows()).map(|row| doubt(model, seen, row)).collect();
    let unsure = largest(&doubts, UNSURE);
    let step = (seen.rows() / OTHERS).max(1);
    let others = (0..seen.rows()).step_by(step).filter(|row| !unsure.contains(row)).take(OTHERS);
    let mut chosen: Vec<usize> = Vec::new();
    for row in shown.iter().copied().chain(unsure.iter().copied()).chain(others) {
        if !chosen.contains(&row) {
            chosen.push(row);
        }
    }

    let inputs = seen.activations[0].len() / seen.rows();
    let values: Vec<f32> =
        chosen.iter().flat_map(|&row| &seen.activations[0][row * inputs..][..inputs]).copied().collect();
    let outputs: Vec<usize> = chosen.iter().map(|&row| output(seen, row)).collect();
    let paths = paths(seen.network, &values, &outputs, FLOWS);
    let contributions = contributions(model, seen, &chosen)?;
    let brightest =
        seen.features.iter().copied().filter(|value| value.is_finite()).fold(f32::MIN_POSITIVE, f32::max);
    let of_row = |(place, &row): (usize, &usize)| {
        let path = &paths[place];
        let contributions = &contributions[place * seen.width..][..seen.width];
        let mut drawn = Row {
            number: seen.numbers[row],
            unsure: unsure.contains(&row),
            doubt: "".into(),
            predicted: "".into(),
            right: None,
            is_right: None,
            chances: Vec::new(),
            density: None,
            inputs: input_shares(model, seen, &names[0], row, path, contributions),
            path: by_responsibility(&names, path),
            picture: grid.map(|grid| picture(model, seen, grid, row, brightest)),
            speaking_for: grid.map(|grid| speaking(grid, contributions, 1.0)),
            speaking_against: grid.map(|grid| speaking(grid, contributions, -1.0)),
            responsible: grid.map(|grid| responsible(grid, path)),
            values: what_if::values(columns, model, seen, row),
        };
        match &seen.predicted {
            Predictions::Classes(_) => of_classes(&mut drawn, model, seen, row),
            Predictions::Numbers(densities) => of_numbers(&mut drawn, model, &densities[row], seen, row),
        }
        drawn
    };
    Ok(chosen.iter().enumerate().map(of_row).collect())
}

/// Index of the output that predicts a row.
fn output(seen: &Seen, row: usize) -> usize {
    match &seen.predicted {
        Predictions::Classes(found) if seen.weights.components.last().is_some_and(|last| last.len() > 1) => {
            found.decisions[row]
        }
        _ => 0,
    }
}

fn chances<'s>(model: &NetworkModel, seen: &'s Seen, row: usize) -> &'s [f32] {
    let Predictions::Classes(found) = &seen.predicted else { return &[] };
    let classes = model.classes().len();
    &found.log_probabilities[row * classes..][..classes]
}

/// Entropy of the classes in nats, or standard deviation of the number.
fn doubt(model: &NetworkModel, seen: &Seen, row: usize) -> f64 {
    match &seen.predicted {
        Predictions::Classes(_) => {
            let entropy = |log: &f32| -f64::from(log.exp()) * f64::from(*log).max(f64::MIN);
            chances(model, seen, row).iter().map(entropy).sum()
        }
        Predictions::Numbers(densities) => densities[row].deviation(),
    }
}

fn of_classes(drawn: &mut Row, model: &NetworkModel, seen: &Seen, row: usize) {
    let Predictions::Classes(found) = &seen.predicted else { return };
    let names = model.classes();
    let shares: Vec<f64> = chances(model, seen, row).iter().map(|log| f64::from(*log).exp()).collect();
    let decision = found.decisions[row];
    drawn.doubt = format!("entropy {:.3}", doubt(model, seen, row)).into();
    drawn.predicted = format!("{}, {} %", names[decision], percent(shares[decision], 1)).into();
    let mut listed = largest(&shares, CLASSES);
    if let Some(right) = right(seen, row).map(|class| class as usize) {
        drawn.right = Some(names[right].as_str().into());
        drawn.is_right = Some(right == decision);
        if !listed.contains(&right) {
            listed.pop();
            listed.push(right);
        }
    }
    if names.len() <= CLASSES {
        listed.sort_unstable();
    }
    drawn.chances = listed.into_iter().map(|class| (names[class].as_str().into(), shares[class])).collect();
}

fn of_numbers(drawn: &mut Row, model: &NetworkModel, density: &Distribution, seen: &Seen, row: usize) {
    let right = right(seen, row);
    let (low, high) = (density.quantile(0.05), density.quantile(0.95));
    // The text has digits for the range of the numbers: times in seconds differ only in the last of ten
    // digits.
    let text =
        |number: f64| model.target_column().map_or_else(String::new, |target| target.fine_text(number));
    drawn.predicted = format!("mean {}", text(density.mean())).into();
    drawn.doubt = format!("90 % from {} to {}", text(low), text(high)).into();
    drawn.right = right.map(|right| text(right).into());
    let (from, to) = density.shown_range();
    let width = (to - from) / CELLS as f64;
    let at = |edge: usize| density.cumulative(from + edge as f64 * width);
    let values = (0..CELLS).map(|cell| (at(cell + 1) - at(cell)) / width).collect();
    drawn.density = Some(Density { from, to, values, right });
}

/// The target of a row, if it is known.
fn right(seen: &Seen, row: usize) -> Option<f64> {
    seen.right.as_ref().map(|right| right[row]).filter(|value| !value.is_nan())
}

/// Contribution of each input to the log-probability of the prediction, `[chosen rows, features]`.
fn contributions(model: &NetworkModel, seen: &Seen, chosen: &[usize]) -> Result<Vec<f32>, ReportError> {
    let features = chosen.iter().flat_map(|&row| &seen.features[row * seen.width..][..seen.width]);
    let features: Vec<f32> = features.copied().collect();
    Ok(model.input_contributions(
        &features,
        &chosen.iter().map(|&row| seen.targets[row]).collect::<Vec<_>>(),
        Absence::Baseline,
    )?)
}

/// The inputs with the largest positive or negative contributions. If the target is an input, its predicted
/// value is among them.
fn input_shares(
    model: &NetworkModel,
    seen: &Seen,
    names: &[String],
    row: usize,
    path: &RowPath,
    contributions: &[f32],
) -> Vec<InputShare> {
    let shares: Vec<f64> = path.shares[0].iter().map(|&share| share.into()).collect();
    let values = &seen.activations[0][row * shares.len()..][..shares.len()];
    let is_index = model.saved().task().label_encoding() == Some(LabelEncoding::Index);
    let share = |input: usize| {
        let value = f64::from(values[input]);
        let value = match input < seen.width {
            false if is_index => model.classes().get(value.round() as usize).cloned().unwrap_or_default(),
            _ => value_text(model, input)(without_noise(model, input, in_data_units(model, input, value))),
        };
        let adds = contributions.get(input).map(|&adds| f64::from(adds));
        InputShare { name: names[input].as_str().into(), value: value.into(), adds, share: shares[input] }
    };
    let sizes: Vec<f64> = contributions.iter().map(|adds| f64::from(adds.abs())).collect();
    let mut listed = largest(&sizes, INPUTS);
    let of_targets = largest(&shares[seen.width..], 1);
    listed.extend(of_targets.into_iter().map(|target| seen.width + target));
    listed
        .into_iter()
        .filter(|&input| shares[input] > 0.0 || sizes.get(input) > Some(&0.0))
        .map(share)
        .collect()
}

/// A value that was rounded to `f32`; 0 if it is below the precision of `f32` relative to the scale of its
/// column.
fn without_noise(model: &NetworkModel, input: usize, value: f64) -> f64 {
    match model.preprocessor().scale_of(input) {
        Some((mean, deviation)) if value.abs() < 1e-6 * (mean.abs() + deviation.abs()) => 0.0,
        _ => value,
    }
}

fn picture(model: &NetworkModel, seen: &Seen, grid: &ImageGrid, row: usize, brightest: f32) -> Vec<f64> {
    let values = seen.features[row * seen.width..][..seen.width].iter().enumerate();
    let is_plain = model.preprocessor().scale_of(0) == Some((0.0, 1.0));
    let bright = |(input, &value): (usize, &f32)| match is_plain {
        true => f64::from(value / brightest).clamp(0.0, 1.0),
        // Scaled pixels are shown as in the image, whose values are up to 1 or 255.
        false => {
            let value = in_data_units(model, input, value.into());
            (if value > 1.5 { value / 255.0 } else { value }).clamp(0.0, 1.0)
        }
    };
    let values: Vec<f64> =
        values.map(bright).map(|value| if value.is_nan() { -1.0 } else { value }).collect();
    grid.image(&values, 0.0)
}

/// Contributions with the sign 1 or -1, relative to the largest contribution of either sign.
fn speaking(grid: &ImageGrid, contributions: &[f32], sign: f32) -> Vec<f64> {
    let largest = contributions.iter().fold(f32::MIN_POSITIVE, |largest, adds| largest.max(adds.abs()));
    let shade = |adds: &f32| f64::from((sign * adds / largest).max(0.0).sqrt());
    grid.image(&contributions.iter().map(shade).collect::<Vec<_>>(), 0.0)
}

fn responsible(grid: &ImageGrid, path: &RowPath) -> Vec<f64> {
    let shares = &path.shares[0];
    let largest = shares.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let least = shares.iter().copied().fold(f32::INFINITY, f32::min);
    let span = (largest - least).max(f32::MIN_POSITIVE);
    let shades: Vec<f64> = shares.iter().map(|share| f64::from(((share - least) / span).sqrt())).collect();
    grid.image(&shades, 0.0)
}
