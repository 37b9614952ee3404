//! The density of one number given the features: the joint score, normalised over a range of the number by quadrature.

use crate::Predictor;
use crate::objective::random_nodes;
use crate::softmax::normalized;
use std::ops::Range;
use std::sync::Arc;
use ugmm_kernels::root_mean_square;

/// Largest total probability of the tails with which they do not affect [`ConditionalDensity::mean`].
const SMALL_TAILS: f64 = 0.05;

/// Fraction of a cell's probability that it keeps when a density is made narrower.
const LEFT_OUTSIDE: f64 = 1e-3;

/// The density of a number y given a row's features, p(y | x), constant on each cell of a range. It
/// integrates to 1 whatever the network is. Cells have equal widths, or individual ones after
/// [`Self::over_cells`].
///
/// ```
/// use ugmm_network::inference::conditional::ConditionalDensity;
///
/// let density = ConditionalDensity::new((0.0, 4.0), vec![0.0, 1.0, 1.0, 0.0]); // scores of four cells
/// assert!((density.mean() - 2.0).abs() < 1e-6);
/// assert!((density.quantile(0.5) - 2.0).abs() < 1e-6);
/// assert_eq!(density.density(4.5), 0.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionalDensity {
    cells: Cells,
    /// Probability of each cell, `[cells]`.
    probabilities: Vec<f64>,
    /// The part of the first cell's probability that is a point mass at the lower end of the range.
    at_low: f64,
}

/// The positions of the cells of a density.
#[derive(Clone, Debug, PartialEq)]
enum Cells {
    Equal {
        low: f64,
        width: f64,
    },
    /// Ends of the cells, ascending, and the range of the cells between the tails.
    Unequal {
        edges: Arc<[f64]>,
        usual: Range<usize>,
    },
}

impl Cells {
    fn edge(&self, cell: usize) -> f64 {
        match self {
            Self::Equal { low, width } => low + cell as f64 * width,
            Self::Unequal { edges, .. } => edges[cell],
        }
    }

    fn width(&self, cell: usize) -> f64 {
        match self {
            Self::Equal { width, .. } => *width,
            Self::Unequal { edges, .. } => edges[cell + 1] - edges[cell],
        }
    }

    fn at(&self, cell: usize, part: f64) -> f64 {
        match self {
            Self::Equal { low, width } => low + (cell as f64 + part) * width,
            Self::Unequal { edges, .. } => edges[cell] + part * (edges[cell + 1] - edges[cell]),
        }
    }

    /// The position of `y` as a number from 0 to `cells`: the index of its cell plus the fraction of the cell
    /// below it.
    fn place(&self, y: f64, cells: usize) -> f64 {
        match self {
            Self::Equal { low, width } => ((y - low) / width).clamp(0.0, cells as f64),
            Self::Unequal { edges, .. } => {
                let cell = edges.partition_point(|edge| *edge <= y).clamp(1, cells) - 1;
                cell as f64 + ((y - edges[cell]) / (edges[cell + 1] - edges[cell])).clamp(0.0, 1.0)
            }
        }
    }
}

impl ConditionalDensity {
    /// The density from the joint scores (natural logarithms, up to a constant) of the middles of equal cells
    /// that divide the range `(low, high)`.
    ///
    /// # Panics
    ///
    /// When there is no score or the range is empty.
    #[must_use]
    pub fn new((low, high): (f64, f64), scores: Vec<f32>) -> Self {
        assert!(!scores.is_empty() && low < high, "a range and the scores of its cells are needed");
        let cell = (high - low) / scores.len() as f64;
        Self { cells: Cells::Equal { low, width: cell }, probabilities: normalized(&scores), at_low: 0.0 }
    }

    /// This density stretched about its median by a factor: above 1 wider, below 1 narrower. Probability that
    /// would fall outside of the range is cut off. Cells that the narrower density does not reach keep a
    /// thousandth of their probability, so that they do not become impossible.
    #[must_use]
    pub fn stretched(&self, factor: f64) -> Self {
        let median = self.quantile(0.5);
        let at = |edge: usize| self.cumulative(median + (self.cells.edge(edge) - median) / factor);
        let cells = self.probabilities.len();
        let edges: Vec<f64> = (0..=cells).map(at).collect();
        let kept = (edges[cells] - edges[0]).max(f64::MIN_POSITIVE);
        let mut probabilities: Vec<f64> = edges.windows(2).map(|pair| (pair[1] - pair[0]) / kept).collect();
        for (stretched, share) in probabilities.iter_mut().zip(&self.probabilities) {
            *stretched = stretched.max(LEFT_OUTSIDE * share);
        }
        let sum: f64 = probabilities.iter().sum();
        probabilities.iter_mut().for_each(|share| *share /= sum);
        Self { probabilities, cells: self.cells.clone(), at_low: 0.0 }
    }

    /// The density whose cells have these probabilities on another range, in other units.
    ///
    /// # Panics
    ///
    /// When the range is empty.
    #[must_use]
    pub fn over(self, (low, high): (f64, f64)) -> Self {
        assert!(low < high, "a range is needed");
        Self { cells: Cells::Equal { low, width: (high - low) / self.probabilities.len() as f64 }, ..self }
    }

    /// The density that assigns the probabilities of this one to cells with other ends, `edges`
    /// `[cells + 1]`, in other units. The cells outside of `usual` are tails; if their total probability is
    /// small, they do not affect the [mean](Self::mean).
    ///
    /// # Panics
    ///
    /// When `edges` is not ascending or has the wrong length, or `usual` is empty.
    #[must_use]
    pub fn over_cells(self, edges: Arc<[f64]>, usual: Range<usize>) -> Self {
        let cells = self.probabilities.len();
        assert_eq!(edges.len(), cells + 1, "the ends of as many cells are needed");
        assert!(edges.windows(2).all(|pair| pair[0] < pair[1]), "cells are needed");
        assert!(usual.start < usual.end && usual.end <= cells, "a usual cell is needed");
        Self { cells: Cells::Unequal { edges, usual }, ..self }
    }

    /// This density for a number that is at least `least`: the probability of smaller numbers becomes a point
    /// mass at `least`, where the range then begins.
    ///
    /// # Panics
    ///
    /// When `least` is not inside the range.
    #[must_use]
    pub fn not_below(self, least: f64) -> Self {
        let (low, high) = self.range();
        assert!(low <= least && least < high, "a number inside of the range is needed");
        let cells = self.probabilities.len();
        let at_low = self.cumulative(least);
        let first = (0..cells).find(|&cell| self.cells.edge(cell + 1) > least).expect("the range ends above");
        let edges = std::iter::once(least).chain((first + 1..=cells).map(|edge| self.cells.edge(edge)));
        let edges: Vec<f64> = edges.collect();
        let usual = match &self.cells {
            Cells::Equal { .. } => 0..cells - first,
            Cells::Unequal { usual, .. } => {
                usual.start.saturating_sub(first)..usual.end.saturating_sub(first).max(1)
            }
        };
        let mut probabilities = self.probabilities[first..].to_vec();
        probabilities[0] += self.probabilities[..first].iter().sum::<f64>();
        Self { cells: Cells::Unequal { edges: edges.into(), usual }, probabilities, at_low }
    }

    /// Logarithms of [`Self::probabilities`], `[cells]`; finite even for probabilities of 0.
    #[must_use]
    pub fn log_probabilities(&self) -> Vec<f32> {
        self.probabilities.iter().map(|share| share.max(f64::MIN_POSITIVE).ln() as f32).collect()
    }

    fn middle(&self, cell: usize) -> f64 {
        self.cells.at(cell, 0.5)
    }

    /// The expectation of y within this cell.
    fn centre(&self, cell: usize) -> f64 {
        match cell == 0 && self.at_low > 0.0 {
            true => self.cells.at(0, 0.5 * (1.0 - self.at_low / self.probabilities[0])),
            false => self.middle(cell),
        }
    }

    /// The cells that count for expectations and their probabilities: without tails of small probability.
    fn expected(&self) -> impl Iterator<Item = (usize, f64)> + Clone {
        let all = 0..self.probabilities.len();
        let (cells, share) = match &self.cells {
            Cells::Equal { .. } => (all, 1.0),
            Cells::Unequal { usual, .. } => {
                let share: f64 = self.probabilities[usual.clone()].iter().sum();
                if share > 1.0 - SMALL_TAILS { (usual.clone(), share) } else { (all, 1.0) }
            }
        };
        cells.map(move |cell| (cell, self.probabilities[cell] / share))
    }

    /// Lower and upper end of the range.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        match &self.cells {
            Cells::Equal { low, width } => (*low, low + width * self.probabilities.len() as f64),
            Cells::Unequal { edges, .. } => (edges[0], edges[self.probabilities.len()]),
        }
    }

    /// Probability of each cell, `[cells]`; they sum to 1.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// p(y | x), per unit of y; 0 outside of the range. The point mass of [`Self::not_below`] counts as
    /// spread over the first cell.
    #[must_use]
    pub fn density(&self, y: f64) -> f64 {
        let (low, high) = self.range();
        if !(low..=high).contains(&y) {
            return 0.0;
        }
        let cell = self.cell_of(y);
        self.probabilities[cell] / self.cells.width(cell)
    }

    /// log p(y | x), at least the logarithm of the smallest positive `f64` per cell, so that values outside
    /// of the range or below the range of `f64` are not impossible.
    #[must_use]
    pub fn log_density(&self, y: f64) -> f64 {
        self.density(y).max(f64::MIN_POSITIVE / self.cells.width(self.cell_of(y))).ln()
    }

    /// The index of the cell of `y`, or of the nearest cell.
    fn cell_of(&self, y: f64) -> usize {
        let cells = self.probabilities.len();
        (self.cells.place(y, cells) as usize).min(cells - 1)
    }

    /// The expectation of y. If the tails hold less than 5 % of the probability, it is the expectation given
    /// that y is in no tail: values as remote as theirs, seen once or twice in training, would otherwise move
    /// the expectation of every row.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.expected().map(|(cell, share)| share * self.centre(cell)).sum()
    }

    /// The standard deviation of y, over the cells that [`Self::mean`] includes.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        let mean = self.mean();
        // The density is constant within a cell, with a variance of width² / 12.
        let parts = |cell: usize| [self.centre(cell) - mean, self.cells.width(cell) / 12f64.sqrt()];
        root_mean_square(self.expected().flat_map(|(cell, share)| parts(cell).map(|part| (share, part))))
    }

    /// The middle of the cell of greatest density; the first of equal ones.
    #[must_use]
    pub fn mode(&self) -> f64 {
        let density = |cell: usize| self.probabilities[cell] / self.cells.width(cell);
        let mut best = 0;
        for cell in 1..self.probabilities.len() {
            if density(cell) > density(best) {
                best = cell;
            }
        }
        self.middle(best)
    }

    /// P(Y ≤ y | x), in [0, 1].
    #[must_use]
    pub fn cumulative(&self, y: f64) -> f64 {
        let place = self.cells.place(y, self.probabilities.len());
        let whole = place.floor() as usize;
        let below: f64 = self.probabilities[..whole].iter().sum();
        let at_low = if whole == 0 && y >= self.range().0 { self.at_low } else { 0.0 };
        let part =
            self.probabilities.get(whole).map_or(0.0, |share| (share - at_low) * (place - whole as f64));
        (below + at_low + part).min(1.0)
    }

    /// The y with P(Y ≤ y | x) = `probability`, which is in [0, 1].
    #[must_use]
    pub fn quantile(&self, probability: f64) -> f64 {
        let mut below = 0.0;
        for (cell, &share) in self.probabilities.iter().enumerate() {
            if share > 0.0 && below + share >= probability {
                let at_low = if cell == 0 { self.at_low } else { 0.0 };
                let part = ((probability - below - at_low) / (share - at_low).max(f64::MIN_POSITIVE))
                    .clamp(0.0, 1.0);
                return self.cells.at(cell, part);
            }
            below += share;
        }
        self.range().1
    }

    /// The continuous ranked probability score of `y`, ∫ (F(t) − [t ≥ y])² dt, in units of y (Gneiting and
    /// Raftery 2007). It is 0 for a point mass at y; for a point mass elsewhere it is the absolute error.
    #[must_use]
    pub fn crps(&self, y: f64) -> f64 {
        let (low, high) = self.range();
        // F is 0 or 1 outside of the range.
        let mut sum = (low - y).max(0.0) + (y - high).max(0.0);
        let mut below = 0.0;
        for (cell, &share) in self.probabilities.iter().enumerate() {
            let at_low = if cell == 0 { self.at_low } else { 0.0 };
            below += at_low;
            let share = share - at_low;
            let (start, width) = (self.cells.edge(cell), self.cells.width(cell));
            let split = ((y - start) / width).clamp(0.0, 1.0);
            // The integral of (a + s t)² over a part of the cell.
            let integral = |from: f64, to: f64, a: f64| {
                let cube = |t: f64| a * a * t + a * share * t * t + share * share * t.powi(3) / 3.0;
                (cube(to) - cube(from)) * width
            };
            sum += integral(0.0, split, below) + integral(split, 1.0, below - 1.0);
            below += share;
        }
        sum
    }
}

/// The conditional densities of the number that is the last input of `network`, given each row of `x`
/// `[rows, features]`: one density per row, over `cells` cells of `range`, in the network's units.
#[must_use]
pub fn conditional_densities<N: Predictor + ?Sized>(
    network: &N,
    x: &[f32],
    range: (f64, f64),
    cells: usize,
) -> Vec<ConditionalDensity> {
    let rows = x.len() / (network.inputs() - 1);
    let middles = random_nodes(&vec![f32::NAN; rows], range, cells, || 0.5);
    let scores = network.forward(&middles.joined_to(x));
    scores.chunks(cells).map(|row| ConditionalDensity::new(range, row.to_vec())).collect()
}

/// Ranges of rows whose passes with `cells` nodes per row have at most `most` rows in total.
pub(crate) fn portions(rows: usize, cells: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let step = (most / cells.max(1)).max(1);
    (0..rows).step_by(step).map(move |start| start..(start + step).min(rows))
}
