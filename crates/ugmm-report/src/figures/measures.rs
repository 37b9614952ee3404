//! Charts of predictions against true values.

use super::parts::{percent, short};
use crate::report::{Bin, Measures};
use crate::{Axis, Chart, Mark, Text};

/// Largest number of classes for which the cells of a confusion matrix contain numbers.
const NUMBERED_CLASSES: usize = 20;

pub(crate) fn measures(measures: &Measures) -> Vec<Chart> {
    match measures {
        Measures::Classes { classes, confusion, reliability, .. } => {
            vec![confusion_matrix(classes, confusion), reliability_diagram(reliability)]
        }
        Measures::Numbers { pairs, deciles, .. } => vec![scatter(pairs), tenths(deciles)],
    }
}

fn confusion_matrix(classes: &[Text], counts: &[Vec<usize>]) -> Chart {
    let (mut shades, mut texts, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for (right, row) in counts.iter().enumerate() {
        let all = row.iter().sum::<usize>().max(1) as f64;
        for (predicted, &count) in row.iter().enumerate() {
            shades.push(count as f64 / all);
            let note = format!(
                "right: {}, predicted: {}: {count} rows, {} of the class",
                classes[right],
                classes[predicted],
                percent(count as f64 / all)
            );
            notes.push(Text::from(note));
            texts.push(Text::from(if count == 0 { String::new() } else { count.to_string() }));
        }
    }
    if classes.len() > NUMBERED_CLASSES {
        texts.clear();
    }
    Chart {
        id: "confusion".into(),
        title: "Confusion matrix".into(),
        description: format!("Numbers of rows by right and predicted class, of {} classes", classes.len())
            .into(),
        height: (60.0 + 40.0 * classes.len() as f64).clamp(240.0, 460.0),
        ratio: None,
        x: Axis::of_names("predicted", classes),
        y: Axis::of_names("right", classes).turned(),
        marks: vec![Mark::Cells { columns: classes.len(), shades, texts, notes }],
    }
}

fn reliability_diagram(bins: &[Bin]) -> Chart {
    let bins: Vec<&Bin> = bins.iter().filter(|bin| bin.rows > 0).collect();
    let most = bins.iter().map(|bin| bin.rows).max().unwrap_or(1) as f64;
    let places = |value: fn(&Bin) -> f64| bins.iter().map(|bin| value(bin)).collect::<Vec<f64>>();
    let note = |bin: &&Bin| {
        let (claim, right) = (percent(bin.probability), percent(bin.accuracy));
        Text::from(format!("{} rows: {claim} claimed, {right} right", bin.rows))
    };
    Chart {
        id: "reliability".into(),
        title: "Reliability".into(),
        description: bins.iter().map(note).map(|note| note.to_string()).collect::<Vec<_>>().join("; ").into(),
        height: 340.0,
        ratio: None,
        x: Axis::of_numbers("mean probability of the most probable class", 0.0, 1.0),
        y: Axis::of_numbers("accuracy", 0.0, 1.02),
        marks: vec![
            Mark::Line {
                name: "calibrated".into(),
                series: 0,
                x: vec![0.0, 1.0],
                y: vec![0.0, 1.0],
                dashed: true,
            },
            Mark::Dots {
                name: "rows by probability; larger dots have more rows".into(),
                series: 1,
                x: places(|bin| bin.probability),
                y: places(|bin| bin.accuracy),
                sizes: bins.iter().map(|bin| bin.rows as f64 / most).collect(),
                notes: bins.iter().map(note).collect(),
            },
        ],
    }
}

fn scatter(pairs: &[(f64, f64)]) -> Chart {
    let both = || pairs.iter().flat_map(|(a, b)| [*a, *b]);
    let (low, high) = (both().fold(f64::INFINITY, f64::min), both().fold(f64::NEG_INFINITY, f64::max));
    let note = |(predicted, right): &(f64, f64)| {
        Text::from(format!("predicted {}, right {}", short(*predicted), short(*right)))
    };
    Chart {
        id: "predicted-and-right".into(),
        title: "Predicted and right numbers".into(),
        description: format!("{} rows: right number by predicted mean", pairs.len()).into(),
        height: 340.0,
        ratio: None,
        x: Axis::of_numbers("predicted mean", low, high),
        y: Axis::of_numbers("right", low, high),
        marks: vec![
            Mark::Line {
                name: "equal".into(),
                series: 0,
                x: vec![low, high],
                y: vec![low, high],
                dashed: true,
            },
            Mark::Dots {
                name: "rows".into(),
                series: 1,
                x: pairs.iter().map(|pair| pair.0).collect(),
                y: pairs.iter().map(|pair| pair.1).collect(),
                sizes: vec![0.05; pairs.len()],
                notes: pairs.iter().map(note).collect(),
            },
        ],
    }
}

fn tenths(deciles: &[f64]) -> Chart {
    let names: Vec<Text> = (1..=deciles.len()).map(|tenth| Text::from(tenth.to_string())).collect();
    let count = deciles.len() as f64;
    let highest = deciles.iter().copied().fold(1.5 / count, f64::max);
    let ends = vec![-0.5, count - 0.5];
    Chart {
        id: "tenths".into(),
        title: "Right numbers in each tenth of their predicted distributions".into(),
        description: deciles.iter().map(|share| percent(*share)).collect::<Vec<_>>().join(", ").into(),
        height: 340.0,
        ratio: None,
        x: Axis::of_names("tenth of the predicted distribution", &names),
        y: Axis::of_numbers("share of the rows", 0.0, 1.1 * highest),
        marks: vec![
            Mark::Bars {
                name: "rows".into(),
                series: 1,
                from: -0.5,
                to: count - 0.5,
                gap: 0.15,
                heights: deciles.to_vec(),
            },
            Mark::Line {
                name: "calibrated".into(),
                series: 0,
                x: ends,
                y: vec![1.0 / count; 2],
                dashed: true,
            },
        ],
    }
}
