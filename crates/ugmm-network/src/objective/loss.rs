//! The loss of a batch, and its gradient with respect to the network's outputs.

use super::{ClassObjective, Classification, DensityObjective, TaskTargets};
use crate::softmax::log_softmax;
use crate::{RowWeights, UgmmError};
use rand::{Rng, RngExt};

/// Options of a loss.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossOptions {
    /// Label smoothing: the fraction of a cross-entropy's target that is spread evenly over all classes, in
    /// [0, 1) (Szegedy et al. 2016).
    pub label_smoothing: f64,
    /// Weight of the rows of each class, `[classes]`, positive; `None` for equal weights.
    pub class_weights: Option<Vec<f64>>,
    /// Weight of each target of the batch, at least 0; `None` for equal weights. The weights of all rows of a data
    /// set are 1 on average, and the sum over a batch is divided by its number of targets (with class weights,
    /// by the sum of these) instead of the sum of its own row weights. The gradient of a random batch is then
    /// on average that of all rows.
    pub row_weights: Option<Vec<f64>>,
}

impl LossOptions {
    /// Checks that the number of row weights, if there are any, is the number of targets of a batch.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Size`] when there are more or fewer.
    pub fn check_row_weights(&self, targets: usize) -> Result<(), UgmmError> {
        match self.row_weights.as_ref().map(Vec::len).filter(|&found| found != targets) {
            Some(found) => {
                let (what, unit) = ("the list of row weights", "numbers");
                Err(UgmmError::Size { what, found, unit, expected: targets })
            }
            None => Ok(()),
        }
    }
}

/// The network inputs of a loss.
#[derive(Debug)]
pub struct LossInputs {
    /// The inputs, row-major `[rows, inputs]`; each row of the batch may occur several times.
    pub x: Vec<f32>,
    /// The cell of the range that contains each row's number, for targets that are numbers.
    own_cells: Vec<usize>,
}

impl LossInputs {
    /// The cell of the range that contains each row's number, for targets that are numbers; empty otherwise.
    #[must_use]
    pub fn own_cells(&self) -> &[usize] {
        &self.own_cells
    }
}

impl TaskTargets<'_> {
    /// The network inputs of the loss of a batch with features `x` `[rows, features]`. For a number the
    /// positions in the cells are drawn from `rng`.
    pub fn loss_inputs<R: Rng + ?Sized>(&self, x: Vec<f32>, rng: &mut R) -> LossInputs {
        self.placed_inputs(x, || rng.random::<f32>())
    }

    /// The network inputs of the loss with positions in cells from `place`, as fractions of a cell.
    pub(super) fn placed_inputs(&self, x: Vec<f32>, place: impl FnMut() -> f32) -> LossInputs {
        let x = match self {
            Self::Number { task, numbers } => {
                let places = task.nodes(numbers, task.objective().nodes, place);
                let own_cells = places.own_cells.clone();
                return LossInputs { x: places.joined_to(&x), own_cells };
            }
            Self::Classes { task, labels } => match task.objective() {
                ClassObjective::Discriminative => x,
                ClassObjective::Generative { .. } => task.network_input(&x, labels),
                // One pass evaluates all labels, so that they are compared under the same dropout.
                ClassObjective::Hybrid { .. } => task.prediction_inputs(&x),
            },
        };
        LossInputs { x, own_cells: Vec::new() }
    }

    /// The loss of a batch and its gradient with respect to the network's `outputs` for
    /// [`Self::loss_inputs`]. Depending on the objective the loss is the mean cross-entropy, minus the mean
    /// joint score, that plus the weighted cross-entropy of the posterior, or the mean negative log of the
    /// conditional density. Means are weighted as [`LossOptions`] says.
    ///
    /// # Panics
    ///
    /// When a class or a target has no weight although others have.
    #[must_use]
    pub fn loss(&self, outputs: &[f32], inputs: &LossInputs, options: &LossOptions) -> (f32, Vec<f32>) {
        let mut gradient = vec![0.0; outputs.len()];
        let loss = match self {
            Self::Classes { task, labels } => task.loss(outputs, labels, options, &mut gradient),
            Self::Number { task, .. } => {
                let DensityObjective { low, high, nodes, crps_weight } = task.objective();
                let (cell, weights) = ((high - low) / nodes as f64, options.row_weights.as_deref());
                let own_cells = &inputs.own_cells;
                let mean_weight = RowWeights(weights).sum(own_cells.len()) / own_cells.len() as f64;
                // The first term turns the probability of a cell into a density over it.
                mean_weight * cell.ln()
                    + log_loss_and_crps(outputs, nodes, own_cells, crps_weight * cell, weights, &mut gradient)
            }
        };
        (loss as f32, gradient)
    }
}

impl Classification {
    /// Returns the loss, and fills `gradient`, which holds zeros.
    fn loss(&self, outputs: &[f32], labels: &[usize], options: &LossOptions, gradient: &mut [f32]) -> f64 {
        match self.objective() {
            ClassObjective::Discriminative => self.cross_entropy(outputs, labels, options, 1.0, gradient),
            ClassObjective::Generative { .. } => {
                let weights = Weights::new(labels, options);
                let mut sum = 0.0;
                for (row, (&score, gradient)) in outputs.iter().zip(gradient).enumerate() {
                    let weight = weights.of(row);
                    sum -= weight * f64::from(score);
                    *gradient = -weight as f32;
                }
                sum
            }
            ClassObjective::Hybrid { weight, .. } => {
                let mut sum = self.cross_entropy(outputs, labels, options, weight, gradient);
                let weights = Weights::new(labels, options);
                for (row, &label) in labels.iter().enumerate() {
                    let (place, weight) = (row * self.classes() + label, weights.of(row));
                    sum -= weight * f64::from(outputs[place]);
                    gradient[place] -= weight as f32;
                }
                sum
            }
        }
    }

    /// Returns `factor` times the mean cross-entropy of the softmax of `scores` `[rows, classes]`, and adds
    /// its gradient.
    fn cross_entropy(
        &self,
        scores: &[f32],
        labels: &[usize],
        options: &LossOptions,
        factor: f64,
        gradient: &mut [f32],
    ) -> f64 {
        let classes = self.classes();
        let (weights, smoothing) = (Weights::new(labels, options), options.label_smoothing);
        let spread = smoothing / classes as f64;
        let mut logs = scores.to_vec();
        log_softmax(&mut logs, classes);
        let mut sum = 0.0;
        let rows = logs.chunks(classes).zip(gradient.chunks_mut(classes)).zip(labels).enumerate();
        for (row, ((logs, gradient), &label)) in rows {
            let weight = factor * weights.of(row);
            for (class, (&log, gradient)) in logs.iter().zip(gradient).enumerate() {
                let target = spread + if class == label { 1.0 - smoothing } else { 0.0 };
                if target > 0.0 {
                    sum -= weight * target * f64::from(log);
                }
                *gradient += (weight * (f64::from(log).exp() - target)) as f32;
            }
        }
        sum
    }
}

/// Factors of the rows in a mean, which sum to 1 without row weights.
struct Weights<'a> {
    labels: &'a [usize],
    /// Weight of each class; `None` for equal weights.
    of_classes: Option<&'a [f64]>,
    of_rows: RowWeights<'a>,
    /// Sum of the class weights of the rows.
    sum: f64,
}

impl<'a> Weights<'a> {
    fn new(labels: &'a [usize], options: &'a LossOptions) -> Self {
        let of_classes = options.class_weights.as_deref();
        let sum = match of_classes {
            Some(weights) => labels.iter().map(|&label| weights[label]).sum(),
            None => labels.len() as f64,
        };
        Self { labels, of_classes, of_rows: RowWeights(options.row_weights.as_deref()), sum }
    }

    fn of(&self, row: usize) -> f64 {
        let of_class = self.of_classes.map_or(1.0, |weights| weights[self.labels[row]]);
        of_class * self.of_rows.of(row) / self.sum
    }
}

/// Returns minus the mean log of the softmax of `scores` `[rows, cells]` at each row's own cell, plus
/// `crps_weight` times the mean continuous ranked probability score in units of a cell's width. The score is
/// the sum of squared differences, at the cells' ends, between the distribution function and that of
/// certainty about the own cell. Adds the gradient. The weighted sums over rows are divided by the number of rows.
fn log_loss_and_crps(
    scores: &[f32],
    cells: usize,
    own_cells: &[usize],
    crps_weight: f64,
    weights: Option<&[f64]>,
    gradient: &mut [f32],
) -> f64 {
    let rows = own_cells.len() as f64;
    let mut logs = scores.to_vec();
    log_softmax(&mut logs, cells);
    let (mut log_loss, mut crps) = (0.0, 0.0);
    // Probabilities of the cells of one row, and the derivatives with respect to them.
    let (mut shares, mut slopes) = (vec![0.0_f64; cells], vec![0.0_f64; cells]);
    let each = logs.chunks(cells).zip(gradient.chunks_mut(cells)).zip(own_cells).enumerate();
    for (row, ((logs, gradient), &own)) in each {
        let weight = RowWeights(weights).of(row);
        log_loss -= weight * f64::from(logs[own]);
        let mut below = 0.0;
        for (cell, &log) in logs.iter().enumerate() {
            shares[cell] = f64::from(log).exp();
            below += shares[cell];
            let distance = if cell >= own { below - 1.0 } else { below };
            crps += weight * (distance * distance);
            slopes[cell] = 2.0 * distance;
        }
        // The probability of a cell changes the distribution function from this cell on.
        let mut mean = 0.0;
        let mut sum = 0.0;
        for (slope, share) in slopes.iter_mut().zip(&shares).rev() {
            sum += *slope;
            *slope = sum;
            mean += share * sum;
        }
        for (cell, gradient) in gradient.iter_mut().enumerate() {
            let certain = if cell == own { 1.0 } else { 0.0 };
            let of_crps = crps_weight * shares[cell] * (slopes[cell] - mean);
            *gradient += (weight * (shares[cell] - certain + of_crps) / rows) as f32;
        }
    }
    (log_loss + crps_weight * crps) / rows
}
