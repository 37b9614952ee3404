//! Pictures of classes, pixel by pixel.

use super::{percent, short};
use crate::report::{ClassMaps, Maps};
use crate::{Axis, Chart, Mark, Text};
use serde::Serialize;

/// The three pictures of a class.
#[derive(Serialize)]
pub(crate) struct MapRow {
    name: Text,
    rows: usize,
    pub(crate) charts: Vec<Chart>,
}

pub(crate) fn maps(maps: &Maps) -> Vec<MapRow> {
    // Means of all classes on one scale, so that they can be compared.
    let means =
        || maps.classes.iter().flat_map(|class| &class.means).copied().filter(|mean| mean.is_finite());
    let (low, high) = (means().fold(f64::INFINITY, f64::min), means().fold(f64::NEG_INFINITY, f64::max));
    let of_class = |(index, class): (usize, &ClassMaps)| {
        let drawn = |what: &str, title: String, shades| {
            picture(&format!("class-{}-{what}", index + 1), title.into(), shades, (maps.width, maps.height))
        };
        let span = (high - low).max(f64::MIN_POSITIVE);
        let means = class.means.iter();
        let means = means.map(|mean| if mean.is_finite() { (mean - low) / span } else { -1.0 });
        MapRow {
            name: class.name.clone(),
            rows: class.rows,
            charts: vec![
                drawn("pi", format!("π, to {}", percent(largest(&class.weights))), relative(&class.weights)),
                drawn("mu", format!("μ, {} to {}", short(low), short(high)), means.collect()),
                drawn(
                    "responsibility",
                    format!("responsibility, to {}", percent(largest(&class.responsibilities))),
                    relative(&class.responsibilities),
                ),
            ],
        }
    };
    maps.classes.iter().enumerate().map(of_class).collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max)
}

/// Relative to the largest, where roots of small shares are still seen.
fn relative(values: &[f64]) -> Vec<f64> {
    let largest = largest(values).max(f64::MIN_POSITIVE);
    values.iter().map(|value| if value.is_finite() { (value / largest).sqrt() } else { -1.0 }).collect()
}

/// A picture of width and height.
pub(crate) fn picture(id: &str, title: Text, shades: Vec<f64>, (width, height): (usize, usize)) -> Chart {
    Chart {
        id: id.into(),
        description: format!("A picture of {width} × {height} pixels: {title}").into(),
        title,
        height: 30.0 + 150.0 * height as f64 / width.max(1) as f64,
        x: Axis::hidden(0.0, 1.0),
        y: Axis::hidden(0.0, 1.0),
        // To hundredths: a screen shows no more.
        marks: vec![Mark::Cells {
            columns: width,
            shades: shades.into_iter().map(|shade| (shade * 100.0).round() / 100.0).collect(),
            texts: Vec::new(),
            notes: Vec::new(),
        }],
    }
}
