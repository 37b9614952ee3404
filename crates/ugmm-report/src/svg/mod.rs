//! Figures as self-contained SVG in light colours, for papers.

mod graph;
mod marks;
mod plane;

use crate::chart::{Axis, Chart, Mark, Series, Tick};
use crate::text::escaped;
use crate::{Figure, Text};
use plane::{CHARACTER, FONT_SIZE, GREY, INK, Plane, QUIET, clip_id, colour, px, text_at, width_of};
use std::fmt::Write;

const GRID: &str = "#e3e6ea";
/// Height of a line in a legend, in px.
const LEGEND_LINE: f64 = 16.0;
const TITLE: f64 = 26.0;

/// The figure as an SVG file, `width` px wide; the content determines the height.
#[must_use]
pub fn svg(figure: &Figure, width: f64) -> String {
    let (mut content, mut top) = (String::new(), 0.0);
    let columns = figure.lines.iter().skip(1).map(Vec::len).max().unwrap_or(1);
    for (index, line) in figure.lines.iter().enumerate() {
        // The first line may be one chart over the whole width; all others have equal columns.
        let columns = if index == 0 { line.len() } else { columns };
        let (share, mut highest) = (width / columns.max(1) as f64, 0f64);
        for (column, chart) in line.iter().enumerate() {
            let (drawn, height) = chart_svg(chart, share, (share * column as f64, top));
            content += &drawn;
            highest = highest.max(height);
        }
        top += highest;
    }
    let (w, h) = (px(width), px(top));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         font-family=\"Ubuntu, Helvetica, Arial, sans-serif\" font-size=\"{FONT_SIZE}\" role=\"img\">\n\
         <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{content}</svg>\n"
    )
}

/// Draws a chart at a place; also returns its height.
fn chart_svg(chart: &Chart, width: f64, place: (f64, f64)) -> (String, f64) {
    let legend = legend(chart, width);
    let legend_lines = legend.iter().map(|(_, line, _)| line + 1).max().unwrap_or(0) as f64;
    let left = left_margin(&chart.y);
    let has_x = !chart.x.ticks.is_empty() || !chart.x.label.as_str().is_empty();
    let turned = turns(&chart.x, width - left - 14.0);
    let ticks_height = if turned { 8.0 + longest(&chart.x.ticks).min(100.0) } else { 18.0 };
    let below =
        if has_x { ticks_height } else { 4.0 } + if chart.x.label.as_str().is_empty() { 2.0 } else { 18.0 };
    let plane = Plane {
        chart,
        left,
        top: TITLE + LEGEND_LINE * legend_lines + 6.0,
        width: (width - left - 14.0).max(10.0),
        height: 0.0,
    };
    let between_axes = match chart.ratio {
        Some(ratio) => (plane.width * ratio).max(1.0),
        None => (chart.height - 30.0).max(20.0),
    };
    let plane = Plane { height: between_axes, ..plane };
    let height = plane.bottom() + below + 6.0;
    let mut svg = format!(
        "<g transform=\"translate({} {})\">\n<title>{}</title>\n<desc>{}</desc>\n",
        px(place.0),
        px(place.1),
        escaped(chart.title.as_str()),
        escaped(chart.description.as_str()),
    );
    let title = chart.title.shortened(((width - 16.0) / (13.0 * CHARACTER)) as usize);
    let _ =
        writeln!(svg, "<text x=\"8\" y=\"17\" font-size=\"13\" fill=\"{INK}\">{}</text>", escaped(&title));
    for (x, line, (name, series, dashed)) in &legend {
        let y = TITLE + LEGEND_LINE * *line as f64 + 8.0;
        let dash = if *dashed { " stroke-dasharray=\"4 3\"" } else { "" };
        let (stroke, thick) = if *series == usize::MAX { (GREY, 7.0) } else { (colour(*series), 2.0) };
        let _ = writeln!(
            svg,
            "<path d=\"M{} {}h14\" stroke=\"{stroke}\" stroke-width=\"{thick}\"{dash}/><text x=\"{}\" y=\"{}\" \
             fill=\"{QUIET}\">{}</text>",
            px(*x),
            px(y),
            px(x + 18.0),
            px(y + 3.5),
            escaped(name)
        );
    }
    axes(&mut svg, &plane, turned, ticks_height);
    let _ = writeln!(
        svg,
        "<clipPath id=\"{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>",
        clip_id(chart),
        px(plane.left),
        px(plane.top),
        px(plane.width),
        px(plane.height)
    );
    for mark in &chart.marks {
        marks::draw(&mut svg, &plane, mark);
    }
    (svg + "</g>\n", height)
}

/// The legend: position (x and line), name, series and whether dashed, of every mark with a name.
fn legend(chart: &Chart, width: f64) -> Vec<(f64, usize, (String, Series, bool))> {
    let mut entries: Vec<(String, Series, bool)> = Vec::new();
    for mark in &chart.marks {
        match mark {
            Mark::Histogram { name, .. } => entries.push((name.shortened(48), usize::MAX, false)),
            Mark::Gaussians { curves, .. } => {
                entries.extend(curves.iter().map(|curve| (curve.name.shortened(32), curve.series, false)));
            }
            Mark::Line { name, series, dashed, .. } => entries.push((name.shortened(48), *series, *dashed)),
            Mark::Bars { name, series, .. }
            | Mark::Dots { name, series, .. }
            | Mark::Spans { name, series, .. } => {
                entries.push((name.shortened(48), *series, false));
            }
            Mark::Cells { .. } | Mark::Graph { .. } => {}
        }
    }
    entries.retain(|(name, ..)| !name.is_empty());
    let (mut x, mut line) = (8.0, 0);
    let mut placed = Vec::new();
    for entry in entries {
        let length = 18.0 + width_of(&entry.0) + 16.0;
        if x + length > width && x > 8.0 {
            (x, line) = (8.0, line + 1);
        }
        placed.push((x, line, entry));
        x += length;
    }
    placed
}

fn longest(ticks: &[Tick]) -> f64 {
    ticks.iter().map(|tick| width_of(&tick.text.shortened(18))).fold(0.0, f64::max)
}

fn left_margin(y: &Axis) -> f64 {
    let label = if y.label.as_str().is_empty() { 0.0 } else { 18.0 };
    8.0 + label + if y.ticks.is_empty() { 0.0 } else { longest(&y.ticks) + 8.0 }
}

/// Whether the names of an axis are so long that they must be vertical.
fn turns(x: &Axis, width: f64) -> bool {
    longest(&x.ticks) + 6.0 > width / x.ticks.len().max(1) as f64 && is_of_names(x)
}

fn is_of_names(axis: &Axis) -> bool {
    axis.ticks
        .iter()
        .any(|tick| tick.text.as_str().parse::<f64>().is_err() && !tick.text.as_str().starts_with('−'))
}

fn axes(svg: &mut String, plane: &Plane, turned: bool, ticks_height: f64) {
    let Chart { x, y, marks, .. } = plane.chart;
    let covered = marks.iter().any(|mark| matches!(mark, Mark::Cells { .. } | Mark::Graph { .. }));
    for Tick { at, text } in &y.ticks {
        let place = plane.y(*at);
        if !covered {
            let (left, right, place) = (px(plane.left), px(plane.right()), px(place));
            let _ = writeln!(svg, "<path d=\"M{left} {place}H{right}\" stroke=\"{GRID}\"/>");
        }
        text_at(svg, (plane.left - 6.0, place + 3.5), "end", QUIET, &text.shortened(18));
    }
    let mut free_from = f64::NEG_INFINITY;
    for Tick { at, text } in &x.ticks {
        let (place, text) = (plane.x(*at), text.shortened(18));
        if turned {
            let (x, y) = (px(place + 3.5), px(plane.bottom() + 6.0));
            let text = escaped(&text);
            let _ = writeln!(
                svg,
                "<text transform=\"translate({x} {y}) rotate(-90)\" text-anchor=\"end\" fill=\"{QUIET}\">{text}</text>"
            );
            continue;
        }
        let half = width_of(&text) / 2.0;
        if place - half < free_from {
            continue;
        }
        free_from = place + half + 4.0;
        text_at(svg, (place, plane.bottom() + 14.0), "middle", QUIET, &text);
    }
    let has_x = !x.ticks.is_empty() || !x.label.as_str().is_empty();
    if has_x && !covered {
        let (left, right, bottom) = (px(plane.left), px(plane.right()), px(plane.bottom()));
        let _ = writeln!(svg, "<path d=\"M{left} {bottom}H{right}\" stroke=\"{QUIET}\"/>");
    }
    label(
        svg,
        &x.label,
        (plane.left + plane.width / 2.0, plane.bottom() + ticks_height + 12.0),
        plane.width,
        false,
    );
    label(svg, &y.label, (16.0, plane.top + plane.height / 2.0), plane.height, true);
}

fn label(svg: &mut String, text: &Text, (x, y): (f64, f64), room: f64, upright: bool) {
    let text = text.shortened((room / (FONT_SIZE * CHARACTER)) as usize);
    if text.is_empty() {
        return;
    }
    match upright {
        false => text_at(svg, (x, y), "middle", INK, &text),
        true => {
            let (x, y, text) = (px(x), px(y), escaped(&text));
            let _ = writeln!(
                svg,
                "<text transform=\"translate({x} {y}) rotate(-90)\" text-anchor=\"middle\" fill=\"{INK}\">{text}</text>"
            );
        }
    }
}
