//! The loss of a batch, and its gradient with respect to the network's outputs.

use super::{Objective, Task, log_softmax};
use crate::Targets;
use crate::inference::conditional::random_nodes;
use crate::inference::posterior::joint_inputs;
use rand::{Rng, RngExt};

/// What is weighed how in a loss.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossOptions {
    /// Share of a cross-entropy's target that goes from the right class to all classes alike, in [0, 1) (Szegedy et al.
    /// 2016).
    pub label_smoothing: f64,
    /// How much the rows of each class count, one positive number per class; all alike if not given.
    pub class_weights: Option<Vec<f64>>,
}

/// What a loss shows the network.
#[derive(Debug)]
pub struct LossInputs {
    /// Row-major `[rows, inputs]`; each row of the batch may stand there several times.
    pub x: Vec<f32>,
    /// With numbers to predict, the cell of the range that holds each row's own.
    own_cells: Vec<usize>,
}

impl LossInputs {
    /// With numbers to predict, the cell of the range that holds each row's own.
    #[must_use]
    pub fn own_cells(&self) -> &[usize] {
        &self.own_cells
    }
}

impl Task {
    /// What the loss of a batch with features `x` `[rows, features]` shows the network; the places of numbers in their cells
    /// are drawn from `rng`.
    ///
    /// # Panics
    ///
    /// When the targets are not of the kind that is predicted.
    pub fn loss_inputs<R: Rng + ?Sized>(&self, x: Vec<f32>, targets: &Targets, rng: &mut R) -> LossInputs {
        match (self.objective, targets) {
            (Objective::Conditional { low, high, nodes, .. }, Targets::Numbers(numbers)) => {
                let places = random_nodes(numbers, (low, high), nodes, || rng.random::<f32>());
                let own_cells = places.own_cells.clone();
                LossInputs { x: places.joined_to(&x), own_cells }
            }
            // One pass for all labels, so that they are compared under the same dropout.
            (Objective::Hybrid { label, .. }, Targets::Classes(_)) => {
                LossInputs { x: joint_inputs(&x, label, self.classes, self.features), own_cells: Vec::new() }
            }
            (Objective::Discriminative, Targets::Classes(_)) => LossInputs { x, own_cells: Vec::new() },
            _ => LossInputs { x: self.network_input(&x, targets), own_cells: Vec::new() },
        }
    }

    /// The loss of a batch, given the outputs of the network for [`Self::loss_inputs`], and its gradient with respect to
    /// them: the mean cross-entropy; or minus the mean joint score; or that plus the weighted cross-entropy of the
    /// posterior; or minus the mean log of the conditional density.
    ///
    /// # Panics
    ///
    /// When the targets are not of the kind that is predicted.
    #[must_use]
    pub fn loss(
        &self,
        outputs: &[f32],
        inputs: &LossInputs,
        targets: &Targets,
        options: &LossOptions,
    ) -> (f32, Vec<f32>) {
        let mut gradient = vec![0.0; outputs.len()];
        let loss = match (self.objective, targets) {
            (Objective::Discriminative, Targets::Classes(labels)) => {
                self.cross_entropy(outputs, labels, options, 1.0, &mut gradient)
            }
            (Objective::Generative { .. }, Targets::Classes(labels)) => {
                let weights = RowWeights::new(labels, options);
                let mut sum = 0.0;
                for (row, (&score, gradient)) in outputs.iter().zip(&mut gradient).enumerate() {
                    let weight = weights.of(row);
                    sum -= weight * f64::from(score);
                    *gradient = -weight as f32;
                }
                sum
            }
            (Objective::Hybrid { weight, .. }, Targets::Classes(labels)) => {
                let cross_entropy = self.cross_entropy(outputs, labels, options, weight, &mut gradient);
                let weights = RowWeights::new(labels, options);
                let mut sum = cross_entropy;
                for (row, &label) in labels.iter().enumerate() {
                    let (place, weight) = (row * self.classes + label, weights.of(row));
                    sum -= weight * f64::from(outputs[place]);
                    gradient[place] -= weight as f32;
                }
                sum
            }
            (Objective::Conditional { low, high, nodes, crps_weight }, Targets::Numbers(_)) => {
                let cell = (high - low) / nodes as f64;
                // A share of a cell as a density over it.
                cell.ln()
                    + log_loss_and_crps(outputs, nodes, &inputs.own_cells, crps_weight * cell, &mut gradient)
            }
            (_, Targets::Numbers(_)) => panic!("the task is to predict classes, not numbers"),
            (_, Targets::Classes(_)) => panic!("the task is to predict numbers, not classes"),
        };
        (loss as f32, gradient)
    }

    /// `factor` times the mean cross-entropy of the softmax of `scores` `[rows, classes]`; adds its gradient.
    fn cross_entropy(
        &self,
        scores: &[f32],
        labels: &[usize],
        options: &LossOptions,
        factor: f64,
        gradient: &mut [f32],
    ) -> f64 {
        let classes = self.classes;
        let (weights, smoothing) = (RowWeights::new(labels, options), options.label_smoothing);
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

/// How much each row counts in a mean; all rows together count 1.
struct RowWeights<'a> {
    labels: &'a [usize],
    /// Of each class, if they do not count alike.
    weights: Option<&'a [f64]>,
    sum: f64,
}

impl<'a> RowWeights<'a> {
    fn new(labels: &'a [usize], options: &'a LossOptions) -> Self {
        let weights = options.class_weights.as_deref();
        let sum = match weights {
            Some(weights) => labels.iter().map(|&label| weights[label]).sum(),
            None => labels.len() as f64,
        };
        Self { labels, weights, sum }
    }

    fn of(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[self.labels[row]]) / self.sum
    }
}

/// Minus the mean log of the softmax of `scores` `[rows, cells]` at each row's own cell, plus `crps_weight` times the mean
/// continuous ranked probability score in units of a cell's width: the sum of squared distances between the distribution
/// function at the cells' ends and that of certainty that the number is in its own cell. Adds the gradient.
fn log_loss_and_crps(
    scores: &[f32],
    cells: usize,
    own_cells: &[usize],
    crps_weight: f64,
    gradient: &mut [f32],
) -> f64 {
    let rows = own_cells.len() as f64;
    let mut logs = scores.to_vec();
    log_softmax(&mut logs, cells);
    let (mut log_loss, mut crps) = (0.0, 0.0);
    // Of one row: shares of the cells, and the derivative with respect to each of them.
    let (mut shares, mut slopes) = (vec![0.0_f64; cells], vec![0.0_f64; cells]);
    for ((logs, gradient), &own) in logs.chunks(cells).zip(gradient.chunks_mut(cells)).zip(own_cells) {
        log_loss -= f64::from(logs[own]);
        let mut below = 0.0;
        for (cell, &log) in logs.iter().enumerate() {
            shares[cell] = f64::from(log).exp();
            below += shares[cell];
            let distance = if cell >= own { below - 1.0 } else { below };
            crps += distance * distance;
            slopes[cell] = 2.0 * distance;
        }
        // A share moves the distribution function from its cell on.
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
            *gradient += ((shares[cell] - certain + of_crps) / rows) as f32;
        }
    }
    (log_loss + crps_weight * crps) / rows
}
