//! The chart of a training's history.

use crate::report::Training;
use crate::{Axis, Chart, Mark, Text};

/// Largest number of points in a line; longer histories are drawn with every second, third … epoch.
const MOST_POINTS: usize = 400;

pub(crate) fn training(training: &Training) -> Vec<Chart> {
    let Training { training_loss, validation_loss, validation_accuracy, learning_rate, best_epoch, loss } =
        training;
    let best = *best_epoch;
    let one =
        |id: &str, title: &str, y: &str, lines: Vec<(Text, usize, &[f32])>| chart(id, title, y, lines, best);
    let mut charts = vec![one(
        "training-loss",
        "Loss on the training rows, by epoch",
        loss.as_str(),
        vec![("training rows".into(), 1, training_loss)],
    )];
    if !validation_loss.is_empty() {
        charts.push(one(
            "validation-loss",
            "Loss on the validation rows, by epoch",
            "mean −log p",
            vec![("validation rows".into(), 2, validation_loss)],
        ));
    }
    if !validation_accuracy.is_empty() {
        charts.push(one(
            "validation-accuracy",
            "Accuracy on the validation rows, by epoch",
            "accuracy",
            vec![("validation rows".into(), 3, validation_accuracy)],
        ));
    }
    if !learning_rate.is_empty() {
        let lines = vec![("learning rate".into(), 4, &learning_rate[..])];
        charts.push(one("learning-rate", "Learning rate, by epoch", "learning rate", lines));
    }
    charts
}

fn chart(id: &str, title: &str, y: &str, lines: Vec<(Text, usize, &[f32])>, best: Option<usize>) -> Chart {
    let values = || lines.iter().flat_map(|(_, _, values)| values.iter().copied().map(f64::from));
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let margin = 0.05 * (high - low);
    let epochs = lines.iter().map(|(_, _, values)| values.len()).max().unwrap_or(0);
    let step = epochs.div_ceil(MOST_POINTS).max(1);
    let mut marks = Vec::new();
    for (name, series, values) in &lines {
        let last = values.len().saturating_sub(1);
        let drawn = || values.iter().enumerate().filter(|(epoch, _)| epoch % step == 0 || *epoch == last);
        marks.push(Mark::Line {
            name: name.clone(),
            series: *series,
            x: drawn().map(|(epoch, _)| (epoch + 1) as f64).collect(),
            y: drawn().map(|(_, &value)| value.into()).collect(),
            dashed: false,
        });
    }
    if let Some(best) = best {
        let name = format!("the network is of epoch {best}").into();
        let (x, y) = (vec![best as f64; 2], vec![low - margin, high + margin]);
        marks.push(Mark::Line { name, series: 0, x, y, dashed: true });
    }
    Chart {
        id: id.into(),
        title: title.into(),
        description: format!("{title}: {epochs} epochs").into(),
        height: 240.0,
        ratio: None,
        x: Axis::of_numbers("epoch", 1.0, epochs.max(2) as f64),
        y: Axis::of_numbers(y, low - margin, high + margin),
        marks,
    }
}
