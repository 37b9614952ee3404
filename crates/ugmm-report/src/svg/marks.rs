//! Drawing of marks.

use super::graph;
use super::plane::{ACCENT, GREY, INK, Plane, clip_id, colour, px, text_at};
use crate::chart::{Gaussian, Mark};
use std::fmt::Write;

/// Number of points of a curve.
const STEPS: usize = 240;
/// Number of shades of cells; all cells of one shade form one path.
const SHADES: f64 = 32.0;
/// Shade from which the text in a cell is light.
const DARK: f64 = 0.55;

pub(super) fn draw(svg: &mut String, plane: &Plane, mark: &Mark) {
    match mark {
        Mark::Histogram { from, to, heights, .. } => {
            let top = |height: f64| plane.bottom() - height.clamp(0.0, 1.0) * plane.height;
            bars(svg, plane, (*from, *to), 0.0, heights, (plane.bottom(), &top), (GREY, 0.7));
        }
        Mark::Bars { series, from, to, gap, heights, .. } => {
            let zero = plane.y(0.0).min(plane.bottom());
            let end = |height: f64| plane.y(height);
            bars(svg, plane, (*from, *to), *gap, heights, (zero, &end), (colour(*series), 0.85));
        }
        Mark::Gaussians { curves, raised } => {
            curves.iter().for_each(|curve| gaussian(svg, plane, curve, *raised));
        }
        Mark::Line { series, x, y, dashed, .. } => {
            let points = x.iter().zip(y).map(|(x, y)| (plane.x(*x), plane.y(*y)));
            let dash = if *dashed { " stroke-dasharray=\"4 3\" stroke-opacity=\"0.7\"" } else { "" };
            line(svg, plane, points, colour(*series), if *dashed { 1.2 } else { 2.0 }, dash);
        }
        Mark::Spans { series, x, low, high, .. } => {
            let path: String = x
                .iter()
                .zip(low.iter().zip(high))
                .map(|(x, (low, high))| {
                    format!("M{} {}V{}", px(plane.x(*x)), px(plane.y(*low)), px(plane.y(*high)))
                })
                .collect();
            let (stroke, clip) = (colour(*series), clip_id(plane.chart));
            let _ = writeln!(
                svg,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"1.6\" clip-path=\"url(#{clip})\"/>"
            );
        }
        Mark::Dots { series, x, y, sizes, .. } => {
            for ((x, y), size) in x.iter().zip(y).zip(sizes) {
                let (x, y, radius) = (px(plane.x(*x)), px(plane.y(*y)), px(1.5 + 5.0 * size.max(0.0).sqrt()));
                let fill = colour(*series);
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{fill}\" fill-opacity=\"0.6\"/>"
                );
            }
        }
        Mark::Cells { columns, shades, texts, .. } => cells(svg, plane, *columns, shades, texts),
        Mark::Graph { columns, edges } => graph::draw(svg, plane, columns, edges),
    }
}

fn bars(
    svg: &mut String,
    plane: &Plane,
    (from, to): (f64, f64),
    gap: f64,
    heights: &[f64],
    (start, end): (f64, &dyn Fn(f64) -> f64),
    (fill, opacity): (&str, f64),
) {
    let count = heights.len() as f64;
    let mut path = String::new();
    for (index, &height) in heights.iter().enumerate().filter(|(_, height)| **height != 0.0) {
        let at = |index: f64| plane.x(from + (to - from) * index / count);
        // A single value is a bar too.
        let (left, right) = (at(index as f64), at(index as f64 + 1.0).max(at(index as f64) + 3.0));
        let free = gap / 2.0 * (right - left);
        let (left, right) = (left + free, right - free);
        let gap = if right - left > 6.0 { 1.0 } else { 0.0 };
        let _ = write!(
            path,
            "M{} {}V{}H{}V{}z",
            px(left),
            px(start),
            px(end(height)),
            px(right - gap),
            px(start)
        );
    }
    let _ = writeln!(
        svg,
        "<path d=\"{path}\" fill=\"{fill}\" fill-opacity=\"{opacity}\" clip-path=\"url(#c)\"/>"
    );
}

fn gaussian(svg: &mut String, plane: &Plane, curve: &Gaussian, raised: f64) {
    let Gaussian { series, weight, mean, sigma, .. } = *curve;
    let (from, to) = (plane.chart.x.from, plane.chart.x.to);
    let point = |step: usize| {
        let x = from + (to - from) * step as f64 / STEPS as f64;
        let z = (x - mean) / sigma;
        let density = weight / (sigma * std::f64::consts::TAU.sqrt()) * (-0.5 * z * z).exp();
        (plane.x(x), plane.y(raised * density))
    };
    line(svg, plane, (0..=STEPS).map(point), colour(series), 1.6, "");
}

fn line(
    svg: &mut String,
    plane: &Plane,
    points: impl Iterator<Item = (f64, f64)>,
    stroke: &str,
    width: f64,
    more: &str,
) {
    let mut path = String::new();
    for (index, (x, y)) in points.enumerate() {
        let _ = write!(path, "{}{} {}", if index == 0 { 'M' } else { 'L' }, px(x), px(y));
    }
    let _ = writeln!(
        svg,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\" stroke-linejoin=\"round\" \
         clip-path=\"url(#{})\"{more}/>",
        clip_id(plane.chart)
    );
}

fn cells(svg: &mut String, plane: &Plane, columns: usize, shades: &[f64], texts: &[crate::Text]) {
    let rows = shades.len().div_ceil(columns.max(1)).max(1);
    let (width, height) = (plane.width / columns.max(1) as f64, plane.height / rows as f64);
    let corner = |index: usize| {
        (plane.left + (index % columns) as f64 * width, plane.top + (index / columns) as f64 * height)
    };
    let mut paths = vec![String::new(); SHADES as usize + 1];
    for (index, &shade) in shades.iter().enumerate().filter(|(_, shade)| **shade >= 0.0) {
        let (x, y) = corner(index);
        let path = &mut paths[(shade.min(1.0) * SHADES).round() as usize];
        let _ = write!(path, "M{} {}h{}v{}h-{}z", px(x), px(y), px(width), px(height), px(width));
    }
    for (level, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        let opacity = px(level as f64 / SHADES);
        let _ = writeln!(svg, "<path d=\"{path}\" fill=\"{ACCENT}\" fill-opacity=\"{opacity}\"/>");
    }
    let _ = writeln!(
        svg,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{GREY}\"/>",
        px(plane.left),
        px(plane.top),
        px(plane.width),
        px(plane.height)
    );
    for (index, text) in texts.iter().enumerate() {
        let (x, y) = corner(index);
        let fill = if shades[index] > DARK { "#ffffff" } else { INK };
        text_at(svg, (x + width / 2.0, y + height / 2.0 + 4.0), "middle", fill, &text.shortened(8));
    }
}
