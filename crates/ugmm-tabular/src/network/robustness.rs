//! Certified robustness of a classifier of a table.

use crate::error::TabularError;
use crate::model::TableModel;
use crate::network::model::NetworkModel;
use crate::question::error::QuestionError;
use ugmm_network::verification::robustness::{Certificate, RobustnessOptions, certify};

/// The certificate of a row.
pub type TableCertificate = Certificate;

impl NetworkModel {
    /// Which inputs of the network change with a small change of a column: those of numbers and dates, not of
    /// categories and booleans.
    #[must_use]
    pub fn movable_inputs(&self) -> Vec<bool> {
        let mut movable = vec![false; self.preprocessor().inputs()];
        let features = self.columns.len() - 1;
        let numbers = (0..features).filter(|&column| self.columns[column].is_number());
        numbers.flat_map(|column| self.inputs_of(column)).for_each(|input| movable[input] = true);
        movable
    }

    /// Certifies for each row of `inputs` `[rows, inputs]`, as [`Self::features`] returns them, whether
    /// inputs within `epsilon` can change the decided class. `movable` `[inputs]` is true for inputs that may
    /// change (see [`Self::movable_inputs`]). Pixels of images stay between 0 and 1.
    ///
    /// # Errors
    ///
    /// Returns an error if the model does not predict classes.
    pub fn certify(
        &self,
        inputs: &[f32],
        epsilon: f64,
        movable: &[bool],
        most_boxes: usize,
        attack_steps: usize,
    ) -> Result<Vec<TableCertificate>, TabularError> {
        if self.classes().is_empty() {
            return Err(QuestionError::NotOfClasses { target: self.target_name().to_owned() }.into());
        }
        let saved = self.saved();
        // Decisions use the scores of weighted classes. In files of older versions the temperature divides
        // the unweighted scores and therefore influences decisions.
        let temperature =
            if saved.temperature_after_weights() { saved.temperature().unwrap_or(1.0) } else { 1.0 };
        let log_weights: Vec<f64> = saved
            .class_weights()
            .map_or_else(Vec::new, |weights| weights.iter().map(|w| (temperature - 1.0) * w.ln()).collect());
        let as_they_are =
            [0.0, 1.0].iter().all(|&pixel| self.preprocessor().input_of(0, pixel) == Some(pixel));
        let limits = (self.reading().images.is_some() && as_they_are).then_some((0.0, 1.0));
        let options =
            RobustnessOptions { epsilon, movable: movable.to_vec(), limits, most_boxes, attack_steps };
        Ok(certify(saved.model(), saved.task().classification()?, inputs, &log_weights, &options)?)
    }
}
