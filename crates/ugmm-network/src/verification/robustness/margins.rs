//! Upper bounds of margins between classes.

use crate::verification::bounds::{Analysis, Known, ScoreFunction, Sides};
use crate::{Classification, LabelEncoding, Network, UgmmError};
use ugmm_kernels::bounds::rounding;

/// A network whose margins can be bounded.
pub(super) trait Margins: Sync {
    /// Upper bounds of the scores of all classes minus that of `class`, `[classes]`, over a box of the
    /// features; −∞ for `class` itself. NaN in `row` marks missing features.
    fn greatest(
        &self,
        row: &[f32],
        low: &[f64],
        high: &[f64],
        class: usize,
        log_weights: &[f64],
        by_intervals: bool,
    ) -> Vec<f64>;

    /// Whether it has tighter bounds than intervals.
    fn has_lines(&self) -> bool;
}

/// A uGMM network as functions of its features: its outputs, or its root with each label.
pub(super) struct UgmmMargins {
    whole: ScoreFunction,
    label: Option<LabelEncoding>,
    classes: usize,
}

/// Functions of the features, and for each class the index of its function and of the output that is its
/// score.
type Scores = (Vec<ScoreFunction>, Vec<(usize, usize)>);

impl UgmmMargins {
    pub fn new(network: &Network, task: &Classification) -> Result<Self, UgmmError> {
        let (label, classes) = (task.objective().label_encoding(), task.classes());
        Ok(Self { whole: ScoreFunction::new(network)?, label, classes })
    }

    /// The functions of the observed features that give the scores of the classes.
    fn scores(&self, row: &[f32]) -> Option<Scores> {
        let features = row.iter().map(|x| if x.is_nan() { Known::Missing } else { Known::Free });
        let features: Vec<Known> = features.collect();
        let Some(label) = self.label else {
            let function = self.whole.restricted(&features).ok()?;
            return Some((vec![function], (0..self.classes).map(|class| (0, class)).collect()));
        };
        let of_class = |class: usize| {
            let value = |input: usize| match label {
                LabelEncoding::Index => class as f64,
                LabelEncoding::OneHot => f64::from(u8::from(input == class)),
            };
            let mut known = features.clone();
            known.extend((0..label.columns(self.classes)).map(|input| Known::Value(value(input))));
            self.whole.restricted(&known).ok()
        };
        let functions: Option<Vec<ScoreFunction>> = (0..self.classes).map(of_class).collect();
        Some((functions?, (0..self.classes).map(|class| (class, 0)).collect()))
    }
}

impl Margins for UgmmMargins {
    fn greatest(
        &self,
        row: &[f32],
        low: &[f64],
        high: &[f64],
        class: usize,
        log_weights: &[f64],
        by_intervals: bool,
    ) -> Vec<f64> {
        let Some((functions, places)) = self.scores(row) else {
            return vec![f64::INFINITY; self.classes];
        };
        let seen = |side: &[f64]| -> Vec<f64> {
            side.iter().zip(row).filter(|(_, x)| !x.is_nan()).map(|(side, _)| *side).collect()
        };
        let region = Sides { low: seen(low), high: seen(high) };
        let margin = |other: usize, bound: f64| {
            let bound = bound + (log_weights[other] - log_weights[class]);
            if other == class { f64::NEG_INFINITY } else { bound + rounding(4, bound.abs() + 1.0) }
        };
        if by_intervals {
            let ends: Vec<_> = functions.iter().map(|f| f.intervals(&region.low, &region.high)).collect();
            let (function, output) = places[class];
            let least = ends[function].0[output];
            let bound = |(other, &(function, output)): (usize, &(usize, usize))| {
                margin(other, ends[function].1[output] - least)
            };
            return places.iter().enumerate().map(bound).collect();
        }
        let analyses: Vec<_> = functions.iter().map(|function| Analysis::new(function, &region)).collect();
        let (function, output) = places[class];
        let own = analyses[function].line_above(output, -1.0);
        let least = analyses[function].output(output).0;
        let bound = |(other, &(function, output)): (usize, &(usize, usize))| {
            if other == class {
                return f64::NEG_INFINITY;
            }
            // All analyses concern one box, so that their lines can be added.
            let line = analyses[function].line_above(output, 1.0);
            let by_lines = analyses[function].greatest_sum(line, &own);
            margin(other, by_lines.min(analyses[function].upper(output) - least))
        };
        places.iter().enumerate().map(bound).collect()
    }

    fn has_lines(&self) -> bool {
        true
    }
}
