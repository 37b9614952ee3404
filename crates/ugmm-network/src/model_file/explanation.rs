//! Explanations of the predictions of a saved model.

use super::SavedModel;
use crate::inspect::{Absence, scaled_contributions, score_gradient};
use crate::softmax::log_softmax;
use crate::{Model, Network, Rows, Targets, UgmmError};

/// Number of rows explained at a time, for networks that evaluate each row once.
const BATCH: usize = 512;

impl SavedModel {
    /// The contribution of each feature of each row to the log-probability of its prediction,
    /// `[rows, features]`, compared with a `baseline` `[features]`; see [`crate::inspect::contributions`].
    /// Probabilities are those of [`Self::log_probabilities`], with temperature and class weights; the spread
    /// of densities is not included.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the sizes do not fit, a value is not finite, or the model is not a uGMM network.
    pub fn contributions(
        &self,
        features: &[f32],
        baseline: &[f32],
        targets: &Targets,
        absence: Absence,
    ) -> Result<Vec<f32>, UgmmError> {
        let network = self.ugmm()?;
        let rows = self.rows_of(features, targets)?;
        let columns = self.parts.task.features();
        if baseline.len() != columns {
            let (what, found) = ("the baseline", baseline.len());
            return Err(UgmmError::Size { what, found, unit: "values", expected: columns });
        }
        // A missing value has no baseline.
        let base = features.chunks(columns).flat_map(|row| row.iter().zip(baseline));
        let base =
            base.map(|(value, base)| if value.is_nan() { f32::NAN } else { *base }).collect::<Vec<_>>();
        let base = self.rows(&base)?;
        let step = (BATCH / self.parts.task.class_count().max(1)).max(1);
        let mut all = Vec::with_capacity(features.len());
        for places in batches(rows.len(), step) {
            let [x, base] = [&rows, &base].map(|rows| rows.batch(&places));
            let log_probabilities = |mut scores: Vec<f32>, alternatives: usize| match targets {
                Targets::Classes(_) => self.log_probabilities_of(scores),
                Targets::Numbers(_) => {
                    log_softmax(&mut scores, alternatives);
                    scores
                }
            };
            let targets = targets.select(&places);
            let temperature = self.parts.temperature.unwrap_or(1.0);
            all.extend(scaled_contributions(
                network,
                [&x, &base],
                self.parts.task.with_targets(&targets)?,
                absence,
                temperature,
                log_probabilities,
            ));
        }
        Ok(all)
    }

    /// ∂ log P(class | x) / ∂ x, `[rows, features]`, with the class of each row in `classes` `[rows]`; see
    /// [`crate::inspect::log_probability_gradient`]. Probabilities are those of [`Self::log_probabilities`],
    /// features are in the network's units.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the sizes do not fit, a value is not finite, or the model predicts numbers.
    pub fn gradients(&self, features: &[f32], classes: &[usize]) -> Result<Vec<f32>, UgmmError> {
        let rows = self.rows_of(features, &Targets::Classes(classes.to_vec()))?;
        let task = self.parts.task.classification()?;
        let (count, temperature) = (task.classes(), self.parts.temperature.unwrap_or(1.0));
        let probabilities = self.class_probabilities(features)?;
        let mut all = Vec::with_capacity(features.len());
        for places in batches(rows.len(), BATCH) {
            let x = rows.batch(&places);
            let factor = |(row, class): (usize, usize)| {
                let own = if classes[row] == class { 1.0 } else { 0.0 };
                ((own - f64::from(probabilities[row * count + class])) / temperature) as f32
            };
            let factors =
                places.iter().flat_map(|&row| (0..count).map(move |class| (row, class))).map(factor);
            all.extend(score_gradient(&self.parts.model, task, &x, factors.collect()));
        }
        Ok(all)
    }

    /// The network, if it is a uGMM network.
    pub(super) fn ugmm(&self) -> Result<&Network, UgmmError> {
        match &self.parts.model {
            Model::Ugmm(network) => Ok(network),
            Model::Mlp(_) => {
                Err(UgmmError::setting("the model", "mlp", "ugmm; other neurons have no components"))
            }
        }
    }

    /// The rows as inputs of the network; their number must equal that of the targets.
    pub(super) fn rows_of(&self, features: &[f32], targets: &Targets) -> Result<Rows, UgmmError> {
        self.parts.task.with_targets(targets)?;
        let rows = self.rows(features)?;
        match rows.len() == targets.len() {
            true => Ok(rows),
            false => {
                let (what, found, expected) = ("the list of predictions", targets.len(), rows.len());
                Err(UgmmError::Size { what, found, unit: "entries", expected })
            }
        }
    }
}

/// Row indices in batches of at most `step`.
fn batches(rows: usize, step: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..rows).step_by(step).map(move |start| (start..(start + step).min(rows)).collect())
}
