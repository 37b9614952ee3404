//! The figures.

use super::conditional::{self, Learned};
use super::targets::Target;
use super::univariate::{Density, Fit};
use crate::ExperimentError;
use ugmm_report::{Axis, Chart, Figure, Mark, Text, Tick};

/// Points of a line.
const POINTS: usize = 400;
/// Fits that are drawn beside a density: few, more, many components.
const DRAWN: [usize; 3] = [1, 4, 16];
/// Places of x at which p(y | x) is drawn.
const PLACES: [f64; 3] = [-1.5, 0.0, 1.2];

/// A density and some of its fits.
pub fn of_density(target: &Target, fits: &[Fit]) -> Result<Figure, ExperimentError> {
    let x = places(target.shown);
    let truth: Vec<f64> = x.iter().map(|&x| (target.density)(x)).collect();
    let most = truth.iter().copied().fold(0.0, f64::max);
    let mut marks = vec![line("the density", 0, &x, truth, true)];
    let drawn = fits.iter().filter(|fit| DRAWN.contains(&fit.components));
    for (index, fit) in drawn.enumerate() {
        let name = match fit.components {
            1 => "1 component".to_owned(),
            more => format!("{more} components"),
        };
        marks.push(line(name, index + 1, &x, fit.densities(&x)?, false));
    }
    Ok(Figure::of(Chart {
        id: target.id.into(),
        title: target.name.into(),
        description: format!("A density, {}, and mixtures of Gaussians fitted to it", target.name).into(),
        height: 300.0,
        ratio: None,
        x: Axis::of_numbers("y", target.shown.0, target.shown.1),
        y: Axis::of_numbers("density", 0.0, 1.1 * most),
        marks,
    }))
}

/// How errors fall with the number of components, both by orders of magnitude.
pub fn of_errors(densities: &[Density]) -> Figure {
    let of = |density: &Density| -> (Vec<f64>, Vec<f64>) {
        let fits = density.fits.iter();
        fits.map(|fit| ((fit.components as f64).log2(), fit.total_variation.max(1e-6).log10())).unzip()
    };
    let lines: Vec<(Vec<f64>, Vec<f64>)> = densities.iter().map(of).collect();
    let least = lines.iter().flat_map(|(_, y)| y).copied().fold(0.0, f64::min).floor();
    let most = lines.iter().flat_map(|(x, _)| x).copied().fold(1.0, f64::max);
    let powers = |from: i32, to: i32, text: fn(i32) -> String| -> Vec<Tick> {
        (from..=to).map(|power| Tick { at: f64::from(power), text: text(power).into() }).collect()
    };
    let marks = densities.iter().zip(lines).enumerate();
    Figure::of(Chart {
        id: "errors".into(),
        title: "Total variation distance by components".into(),
        description: "How the errors of mixtures fall as components are added".into(),
        height: 300.0,
        ratio: None,
        x: Axis {
            label: "components".into(),
            from: 0.0,
            to: most,
            ticks: powers(0, most as i32, |power| (1 << power).to_string()),
        },
        y: Axis {
            label: "total variation distance".into(),
            from: least,
            to: 0.0,
            ticks: powers(least as i32, 0, |power| format!("{}", 10f64.powi(power))),
        },
        marks: marks.map(|(index, (density, (x, y)))| line(density.name, index + 1, &x, y, false)).collect(),
    })
}

/// p(y | x) at some places of x: the truth, the circuit and the network.
pub fn of_conditional(learned: &Learned) -> Result<Figure, ExperimentError> {
    let (low, high) = conditional::Y;
    let y = places((low, high));
    let mut charts = Vec::new();
    for (index, x) in PLACES.into_iter().enumerate() {
        let rows: Vec<f64> = y.iter().flat_map(|&y| [x, y]).collect();
        let densities = |logs: Vec<f64>| -> Vec<f64> { logs.into_iter().map(f64::exp).collect() };
        let truth: Vec<f64> = y.iter().map(|&y| conditional::density(x, y)).collect();
        let lines = [
            ("the truth", truth),
            ("circuit", densities(learned.by_circuit(&rows)?)),
            ("uGMM network", densities(learned.by_network(&rows)?)),
        ];
        let most = lines.iter().flat_map(|(_, values)| values).copied().fold(0.0, f64::max);
        let marks = lines.into_iter().enumerate();
        charts.push(Chart {
            id: format!("conditional-{}", index + 1),
            title: format!("p(y | x = {x})").into(),
            description: format!("The density of y given that x is {x}").into(),
            height: 300.0,
            ratio: None,
            x: Axis::of_numbers("y", low, high),
            y: Axis::of_numbers("density", 0.0, 1.1 * most),
            marks: marks
                .map(|(series, (name, values))| line(name, series, &y, values, series == 0))
                .collect(),
        });
    }
    Ok(Figure { id: "conditional".into(), lines: charts.into_iter().map(|chart| vec![chart]).collect() })
}

/// The places to draw a line through.
fn places((low, high): (f64, f64)) -> Vec<f64> {
    (0..POINTS).map(|step| low + (high - low) * step as f64 / (POINTS - 1) as f64).collect()
}

fn line(name: impl Into<Text>, series: usize, x: &[f64], y: Vec<f64>, dashed: bool) -> Mark {
    Mark::Line { name: name.into(), series, x: x.to_vec(), y, dashed }
}
