//! A row of the table and its path to the inputs that determined the prediction.

use super::maps;
use super::network::diagram;
use super::parts::{percent, short};
use crate::report::{Density, InputShare, Row};
use crate::{Axis, Chart, Mark, Text};
use serde::Serialize;

/// The figures and the tables of a row.
#[derive(Serialize)]
pub(crate) struct RowFigures {
    number: usize,
    unsure: bool,
    doubt: Text,
    predicted: Text,
    right: Option<Text>,
    is_right: Option<bool>,
    inputs: Vec<InputLine>,
    path: Chart,
    chances: Option<Chart>,
    density: Option<Chart>,
    picture: Option<Chart>,
    speaking_for: Option<Chart>,
    speaking_against: Option<Chart>,
    responsible: Option<Chart>,
    values: serde_json::Map<String, serde_json::Value>,
}

/// A line of the table of inputs.
#[derive(Serialize)]
struct InputLine {
    name: Text,
    value: Text,
    adds: Text,
    /// Contribution relative to the largest of the table, in [-1, 1].
    adds_share: f64,
    responsibility: Text,
    share: f64,
}

impl RowFigures {
    pub(crate) fn is_unsure(&self) -> bool {
        self.unsure
    }
}

/// The figures of a row; `size` is width and height of the images, if rows are images.
pub(crate) fn row(row: &Row, target: &Text, size: Option<(usize, usize)>) -> RowFigures {
    let id = format!("row-{}", row.number);
    let picture = |shades: &Option<Vec<f64>>, name: &str| {
        let (shades, size) = (shades.as_ref()?, size?);
        Some(maps::picture(&format!("{id}-{}", name.replace(' ', "-")), name.into(), shades.clone(), size))
    };
    let rounded = |share: f64| (share * 1e4).round() / 1e4;
    let most =
        row.inputs.iter().filter_map(|input| input.adds).fold(f64::MIN_POSITIVE, |a, b| a.max(b.abs()));
    let input = |input: &InputShare| InputLine {
        name: input.name.clone(),
        value: input.value.clone(),
        adds: input.adds.map_or_else(|| "–".into(), |adds| format!("{adds:+.3}").into()),
        adds_share: input.adds.map_or(0.0, |adds| rounded(adds / most)),
        responsibility: percent(input.share).into(),
        share: rounded(input.share),
    };
    RowFigures {
        number: row.number,
        unsure: row.unsure,
        doubt: row.doubt.clone(),
        predicted: row.predicted.clone(),
        right: row.right.clone(),
        is_right: row.is_right,
        inputs: row.inputs.iter().map(input).collect(),
        path: diagram(
            &format!("{id}-path"),
            "Responsibility, from the output back to the inputs".into(),
            &row.path,
        ),
        chances: (!row.chances.is_empty()).then(|| chances(&id, &row.chances)),
        density: row.density.as_ref().map(|density| self::density(&id, density, target)),
        picture: picture(&row.picture, "image"),
        speaking_for: picture(&row.speaking_for, "speaking for it"),
        speaking_against: picture(&row.speaking_against, "speaking against it"),
        responsible: picture(&row.responsible, "responsibility"),
        values: row.values.clone(),
    }
}

fn chances(id: &str, chances: &[(Text, f64)]) -> Chart {
    let names: Vec<Text> = chances.iter().map(|(name, _)| name.clone()).collect();
    Chart {
        id: format!("{id}-probabilities"),
        title: "Probabilities".into(),
        description: chances
            .iter()
            .map(|(name, share)| format!("{name} {}", percent(*share)))
            .collect::<Vec<_>>()
            .join(", ")
            .into(),
        height: 190.0,
        ratio: None,
        x: Axis::of_names("", &names),
        y: Axis::of_numbers("", 0.0, 1.0),
        marks: vec![Mark::Bars {
            name: "".into(),
            series: 1,
            from: -0.5,
            to: names.len() as f64 - 0.5,
            gap: 0.3,
            heights: chances.iter().map(|(_, share)| *share).collect(),
        }],
    }
}

fn density(id: &str, density: &Density, target: &Text) -> Chart {
    let Density { from, to, values, right } = density;
    let width = (to - from) / values.len().max(1) as f64;
    let highest = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let x = (0..values.len()).map(|cell| from + (cell as f64 + 0.5) * width).collect();
    let mut marks =
        vec![Mark::Line { name: "predicted density".into(), series: 1, x, y: values.clone(), dashed: false }];
    if let Some(right) = *right {
        let name = format!("right: {}", short(right)).into();
        marks.push(Mark::Line { name, series: 2, x: vec![right; 2], y: vec![0.0, highest], dashed: true });
    }
    let reach = right.map_or((*from, *to), |right| (from.min(right), to.max(right)));
    Chart {
        id: format!("{id}-density"),
        title: "Predicted distribution".into(),
        description: format!("Conditional density of {target}").into(),
        height: 220.0,
        ratio: None,
        x: Axis::of_numbers(target.clone(), reach.0, reach.1),
        y: Axis::hidden(0.0, 1.08 * highest),
        marks,
    }
}
