//! Maps of classes, pixel by pixel.

use super::parts::short;
use crate::report::{ClassMaps, Maps};
use crate::{Axis, Chart, Mark, Text};
use serde::Serialize;

/// The three maps of a class.
#[derive(Serialize)]
pub(crate) struct MapRow {
    name: Text,
    rows: usize,
    pub(crate) charts: Vec<Chart>,
}

impl MapRow {
    /// The charts with the class in their short titles, because they are small.
    pub(crate) fn named_charts(self) -> Vec<Chart> {
        let name = self.name.shortened(12);
        let named = |(chart, what): (Chart, &str)| Chart { title: format!("{name}: {what}").into(), ..chart };
        self.charts.into_iter().zip(["π", "μ", "resp."]).map(named).collect()
    }
}

pub(crate) fn maps(maps: &Maps) -> Vec<MapRow> {
    // The means of all classes share one scale, so that they can be compared.
    let means: Vec<f64> = maps.classes.iter().flat_map(|class| &class.means).copied().collect();
    let scale = ends(&means);
    let of_class = |(index, class): (usize, &ClassMaps)| {
        let drawn = |what: &str, title: String, shades| {
            picture(&format!("class-{}-{what}", index + 1), title.into(), shades, (maps.width, maps.height))
        };
        MapRow {
            name: class.name.clone(),
            rows: class.rows,
            charts: vec![
                drawn("pi", range_title("π", &class.weights), shades(&class.weights, ends(&class.weights))),
                drawn(
                    "mu",
                    format!("μ, {} to {}", short(scale.0), short(scale.1)),
                    shades(&class.means, scale),
                ),
                drawn(
                    "responsibility",
                    range_title("responsibility", &class.responsibilities),
                    shades(&class.responsibilities, ends(&class.responsibilities)),
                ),
            ],
        }
    };
    maps.classes.iter().enumerate().map(of_class).collect()
}

/// The range of the finite values without the lowest and the highest twenty-fifth, because a few rarely lit
/// pixels may be far from all others.
fn ends(values: &[f64]) -> (f64, f64) {
    let mut finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    let at = |place: usize| finite.get(place).copied().unwrap_or(f64::NAN);
    let tail = finite.len() / 25;
    (at(tail), at((finite.len() - tail).saturating_sub(1)))
}

/// Positions of values between `low` and `high`, in [0, 1]; -1 for values that are not finite.
fn shades(values: &[f64], (low, high): (f64, f64)) -> Vec<f64> {
    let span = (high - low).max(f64::MIN_POSITIVE);
    let shade = |value: &f64| if value.is_finite() { ((value - low) / span).clamp(0.0, 1.0) } else { -1.0 };
    values.iter().map(shade).collect()
}

/// A positive number with two significant digits.
fn two_digits(number: f64) -> String {
    let decimals = (1 - number.max(1e-9).log10().floor() as i32).max(0) as usize;
    format!("{number:.decimals$}")
}

/// A title such as "π, 0.1 % to 2 %".
fn range_title(name: &str, shares: &[f64]) -> String {
    let (low, high) = ends(shares);
    let percent = |share: f64| if share.is_finite() { two_digits(100.0 * share) } else { "–".into() };
    format!("{name}, {} to {} %", percent(low), percent(high))
}

/// A chart that shows `shades` as a picture of the given width and height.
pub(crate) fn picture(id: &str, title: Text, shades: Vec<f64>, (width, height): (usize, usize)) -> Chart {
    Chart {
        id: id.into(),
        description: format!("A picture of {width} × {height} pixels: {title}").into(),
        title,
        height: 0.0,
        ratio: Some(height as f64 / width.max(1) as f64),
        x: Axis::hidden(0.0, 1.0),
        y: Axis::hidden(0.0, 1.0),
        // Shades are rounded to hundredths, which is enough for a screen.
        marks: vec![Mark::Cells {
            columns: width,
            shades: shades.into_iter().map(|shade| (shade * 100.0).round() / 100.0).collect(),
            texts: Vec::new(),
            notes: Vec::new(),
        }],
    }
}
