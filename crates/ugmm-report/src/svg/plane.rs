//! The area between the axes of a chart, colours, and text.

use crate::chart::{Axis, Chart, Series};
use crate::text::escaped;
use std::fmt::Write;

/// Colours of series: that of text, then six after Paul Tol's scheme "bright", which colour-blind readers can
/// distinguish.
const COLOURS: [&str; 7] = ["#333333", "#33658a", "#d1495b", "#2e8540", "#b8860b", "#7b4fa3", "#3a9ca6"];
pub(super) const INK: &str = "#1f2328";
pub(super) const QUIET: &str = "#6a717a";
pub(super) const GREY: &str = "#c9ced6";
pub(super) const ACCENT: &str = "#33658a";
pub(super) const FONT_SIZE: f64 = 11.0;
/// Mean width of a character, relative to the font size.
pub(super) const CHARACTER: f64 = 0.54;

/// The colour of a series.
pub(super) fn colour(series: Series) -> &'static str {
    if series == 0 { COLOURS[0] } else { COLOURS[(series - 1) % 6 + 1] }
}

/// The approximate width of a text, in px.
pub(super) fn width_of(text: &str) -> f64 {
    text.chars().count() as f64 * FONT_SIZE * CHARACTER
}

/// A number for SVG, rounded to hundredths, without trailing zeros.
pub(super) fn px(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The area of a chart between its axes, and the conversion of values to places in it.
pub(super) struct Plane<'a> {
    pub(super) chart: &'a Chart,
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Plane<'_> {
    pub(super) fn x(&self, value: f64) -> f64 {
        let Axis { from, to, .. } = self.chart.x;
        self.left + self.width * ((value - from) / (to - from)).clamp(-2.0, 3.0)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let Axis { from, to, .. } = self.chart.y;
        self.top + self.height * (1.0 - ((value - from) / (to - from)).clamp(-2.0, 3.0))
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }
}

/// The identifier of the clip path around a chart's marks.
pub(super) fn clip_id(chart: &Chart) -> String {
    format!("inside-{}", chart.id)
}

/// Draws a text at the position of its baseline.
pub(super) fn text_at(svg: &mut String, (x, y): (f64, f64), anchor: &str, fill: &str, text: &str) {
    let (x, y, text) = (px(x), px(y), escaped(text));
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"{fill}\">{text}</text>");
}
