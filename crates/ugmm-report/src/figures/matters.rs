//! Which columns the predictions depend on, and how.

use super::parts::{histogram, short};
use crate::report::{ColumnEffect, EffectPoints, Histogram, Matters};
use crate::{Axis, Chart, Mark, Text, Tick};

/// Height of histograms as a fraction of the chart's.
const BEHIND: f64 = 0.4;
/// Distance of the dot of a missing value from the largest number, relative to the range of the numbers.
const BESIDE: f64 = 0.08;
/// Relative area of a dot.
const DOT: f64 = 0.3;

/// The importance of the columns; `None` if none is known.
pub(crate) fn importance(matters: &Matters) -> Option<Chart> {
    let columns = &matters.importances;
    if columns.is_empty() {
        return None;
    }
    let names: Vec<Text> = columns.iter().map(|column| column.name.clone()).collect();
    let deviation = |place: usize| columns[place].deviation.unwrap_or(0.0);
    let end = |sign: f64| -> Vec<f64> {
        (0..columns.len()).map(|place| columns[place].importance + sign * deviation(place)).collect()
    };
    let (low, high) = (end(-1.0), end(1.0));
    let least = low.iter().copied().fold(0.0, f64::min);
    let greatest = high.iter().copied().fold(0.0, f64::max);
    let mut marks = vec![Mark::Bars {
        name: matters.measure.clone(),
        series: 1,
        from: -0.5,
        to: names.len() as f64 - 0.5,
        gap: 0.3,
        heights: columns.iter().map(|column| column.importance).collect(),
    }];
    if columns.iter().any(|column| column.deviation.is_some()) {
        let x = (0..columns.len()).map(|place| place as f64).collect();
        marks.push(Mark::Spans { name: "± one standard deviation".into(), series: 0, x, low, high });
    }
    Some(Chart {
        id: "importance".into(),
        title: "Importance of the columns".into(),
        description: columns
            .iter()
            .map(|column| format!("{} {}", column.name, short(column.importance)))
            .collect::<Vec<_>>()
            .join(", ")
            .into(),
        height: 260.0,
        ratio: None,
        x: Axis::of_names("", &names),
        y: Axis::of_numbers(matters.measure.clone(), 1.05 * least, 1.08 * greatest),
        marks,
    })
}

/// The effect of each column, all on one vertical scale.
pub(crate) fn effects(matters: &Matters) -> Vec<Chart> {
    let all =
        || matters.effects.iter().flat_map(|effect| effect.effects.iter().chain(&effect.missing).flatten());
    let (least, greatest) =
        all().fold((0f64, 0f64), |(low, high), &effect| (low.min(effect), high.max(effect)));
    let margin = 0.06 * (greatest - least);
    let y = Axis::of_numbers(matters.units.clone(), least - margin, greatest + margin);
    let chart = |(place, effect): (usize, &ColumnEffect)| {
        let (x, marks) = match &effect.points {
            EffectPoints::Numbers { x, text, values } => {
                of_numbers(matters, effect, x, *text, values.as_ref())
            }
            EffectPoints::Levels { names, rows } => of_levels(matters, effect, names, rows),
        };
        Chart {
            id: format!("effect-{}", place + 1),
            title: effect.name.clone(),
            description: format!("Effect of {} on {}", effect.name, listed(&matters.outputs)).into(),
            height: 200.0,
            ratio: None,
            x,
            y: y.clone(),
            marks,
        }
    };
    let has_points = |effect: &&ColumnEffect| match &effect.points {
        EffectPoints::Numbers { x, .. } => !x.is_empty(),
        EffectPoints::Levels { names, .. } => !names.is_empty(),
    };
    matters.effects.iter().filter(has_points).enumerate().map(chart).collect()
}

fn listed(names: &[Text]) -> String {
    names.iter().map(Text::as_str).collect::<Vec<_>>().join(", ")
}

fn of_numbers(
    matters: &Matters,
    effect: &ColumnEffect,
    x: &[f64],
    text: fn(f64) -> String,
    values: Option<&Histogram>,
) -> (Axis, Vec<Mark>) {
    let (low, high) = (x[0], x[x.len() - 1]);
    let beside = high + BESIDE * (high - low);
    let end = if effect.missing.is_some() { beside + 0.5 * (beside - high) } else { high };
    let mut axis = Axis::of_numbers("", low, end);
    if !std::ptr::fn_addr_eq(text, short as fn(f64) -> String) {
        let own = |tick: Tick| Tick { text: text(tick.at).into(), ..tick };
        axis.ticks = axis.ticks.into_iter().map(own).collect();
    }
    axis.ticks.retain(|tick| tick.at <= high);
    let mut marks: Vec<Mark> = values.iter().map(|values| histogram("", values, BEHIND)).collect();
    for (output, (name, effects)) in matters.outputs.iter().zip(&effect.effects).enumerate() {
        let (x, y) = (x.to_vec(), effects.clone());
        marks.push(Mark::Line { name: name.clone(), series: output + 1, x, y, dashed: false });
    }
    for (output, &missing) in effect.missing.iter().flatten().enumerate() {
        let note = format!(
            "missing in {} rows: {} {}",
            effect.missing_rows,
            matters.outputs[output],
            signed(missing)
        );
        marks.push(Mark::Dots {
            name: if output == 0 { "missing value".into() } else { "".into() },
            series: output + 1,
            x: vec![beside],
            y: vec![missing],
            sizes: vec![DOT],
            notes: vec![note.into()],
        });
    }
    (axis, marks)
}

fn of_levels(matters: &Matters, effect: &ColumnEffect, names: &[Text], rows: &[usize]) -> (Axis, Vec<Mark>) {
    let (mut names, mut counts) = (names.to_vec(), rows.to_vec());
    if effect.missing.is_some() {
        names.push("missing".into());
        counts.push(effect.missing_rows);
    }
    let ends = (-0.5, names.len() as f64 - 0.5);
    let counted = counts.iter().map(|&count| count as f64).collect();
    let mut marks = vec![histogram("", &Histogram { from: ends.0, to: ends.1, counts: counted }, BEHIND)];
    for (output, (name, effects)) in matters.outputs.iter().zip(&effect.effects).enumerate() {
        let y: Vec<f64> =
            effects.iter().copied().chain(effect.missing.as_ref().map(|missing| missing[output])).collect();
        let note = |place: usize| {
            Text::from(format!("{}, {} rows: {name} {}", names[place], counts[place], signed(y[place])))
        };
        marks.push(Mark::Dots {
            name: name.clone(),
            series: output + 1,
            x: (0..y.len()).map(|place| place as f64).collect(),
            sizes: vec![DOT; y.len()],
            notes: (0..y.len()).map(note).collect(),
            y,
        });
    }
    (Axis::of_names("", &names), marks)
}

fn signed(effect: f64) -> String {
    format!("{}{}", if effect > 0.0 { "+" } else { "" }, short(effect))
}
