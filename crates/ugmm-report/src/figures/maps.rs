//! Pictures of classes, pixel by pixel.

use super::short;
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

impl MapRow {
    /// Its charts, whose titles say what class they are of.
    pub(crate) fn named_charts(self) -> Vec<Chart> {
        let name = self.name.shortened(12);
        let named = |chart: Chart| Chart { title: format!("{name}: {}", chart.title).into(), ..chart };
        self.charts.into_iter().map(named).collect()
    }
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
                drawn("pi", range_title("π", &class.weights), between(&class.weights)),
                drawn("mu", format!("μ, {} to {}", short(low), short(high)), means.collect()),
                drawn(
                    "responsibility",
                    range_title("responsibility", &class.responsibilities),
                    between(&class.responsibilities),
                ),
            ],
        }
    };
    maps.classes.iter().enumerate().map(of_class).collect()
}

/// Least and largest of what is finite.
fn ends(values: &[f64]) -> (f64, f64) {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max))
}

/// Roots of where shares are between the least and the largest.
fn between(values: &[f64]) -> Vec<f64> {
    let (low, high) = ends(values);
    let span = (high - low).max(f64::MIN_POSITIVE);
    let shade = |value: &f64| if value.is_finite() { ((value - low) / span).sqrt() } else { -1.0 };
    values.iter().map(shade).collect()
}

/// Such as "π, 0.1 % to 2 %".
fn range_title(name: &str, shares: &[f64]) -> String {
    let (low, high) = ends(shares);
    let percent = |share: f64| if share.is_finite() { short(100.0 * share) } else { "–".into() };
    format!("{name}, {} to {} %", percent(low), percent(high))
}

/// A picture of width and height.
pub(crate) fn picture(id: &str, title: Text, shades: Vec<f64>, (width, height): (usize, usize)) -> Chart {
    Chart {
        id: id.into(),
        description: format!("A picture of {width} × {height} pixels: {title}").into(),
        title,
        height: 0.0,
        ratio: Some(height as f64 / width.max(1) as f64),
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
