//! Classifier and regressor: models that predict one kind of target.

use crate::distribution::{Predictions, central_tails};
use crate::error::TabularError;
use crate::network::fit::{FitReport, fit};
use crate::network::model::NetworkModel;
use crate::network::options::{FitOptions, TaskChoice};
use crate::run::Run;
use crate::target::{Target, prepare_target};
use crate::{Table, TableModel};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use ugmm_network::inference::conditional::ConditionalDensity;

/// A model that predicts one of the labels of a column; see the [crate] for an example.
#[derive(Clone, Debug)]
pub struct UgmmClassifier {
    model: NetworkModel,
}

/// A model that predicts the number in a column as a density.
///
/// ```
/// use ugmm_network::Settings;
/// use ugmm_data::frame::ColumnData;
/// use ugmm_tabular::{FitOptions, Table, UgmmRegressor};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dose: Vec<f64> = (0..80).map(|i| f64::from(i) / 8.0).collect();
/// let effect = dose.iter().map(|dose| 2.0 * dose + 1.0).collect();
/// let columns = [("dose", dose), ("effect", effect)];
/// let columns = columns.map(|(name, numbers)| (name.to_owned(), ColumnData::Numbers(numbers)));
/// let table = Table::from_columns(columns.to_vec())?;
/// let settings = Settings { epochs: Some(60), ..Settings::default() };
/// let options = FitOptions { validation: 0.0, settings, ..FitOptions::default() };
/// let (regressor, _) = UgmmRegressor::fit(&table, "effect", &options)?;
/// let density = &regressor.predict_densities(&table)?[40];
/// let (low, high) = (density.quantile(0.05), density.quantile(0.95));
/// assert!(low < density.mean() && density.mean() < high);
/// assert!((density.mean() - 11.0).abs() < 3.0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UgmmRegressor {
    model: NetworkModel,
}

impl UgmmClassifier {
    /// Trains a classifier of the column `target` on the other columns.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`fit()`](crate::fit()).
    pub fn fit(table: &Table, target: &str, options: &FitOptions) -> Result<(Self, FitReport), TabularError> {
        let (model, report) = fit_quietly(table, target, options, TaskChoice::Classification)?;
        Ok((Self { model }, report))
    }

    /// Reads a classifier from a file.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`NetworkModel::load`], and an error if the model predicts numbers.
    pub fn load(path: &Path) -> Result<Self, TabularError> {
        match NetworkModel::load(path)? {
            model if matches!(model.target(), Target::Classes(_)) => Ok(Self { model }),
            _ => Err(TabularError::OtherTask { found: "numbers", expected: "classes" }),
        }
    }

    /// Writes the classifier to a file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), TabularError> {
        self.model.save(path)
    }

    /// Names of the classes, in the order of the probabilities.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        self.model.classes()
    }

    /// P(class | row) for each row of a table, `[rows, classes]`, row-major; each row sums to 1.
    ///
    /// # Errors
    ///
    /// Returns an error if the columns of the table do not match the model's.
    pub fn predict_proba(&self, table: &Table) -> Result<Vec<f32>, TabularError> {
        let mut values = self.model.log_probabilities(&inputs(&self.model, table)?)?;
        values.iter_mut().for_each(|value| *value = value.exp());
        Ok(values)
    }

    /// The predicted class of each row of a table.
    ///
    /// # Errors
    ///
    /// Returns an error if the columns of the table do not match the model's.
    pub fn predict(&self, table: &Table) -> Result<Vec<&str>, TabularError> {
        let values = self.model.log_probabilities(&inputs(&self.model, table)?)?;
        let name = |class: usize| self.model.classes()[class].as_str();
        Ok(self.model.decisions(&values).into_iter().map(name).collect())
    }

    /// For each row of a table, the classes of a set that holds the class of a new row with a probability of at least `level`,
    /// between 0 and 1: `[rows, classes]`, row-major. See [`FitOptions::conformal`].
    ///
    /// # Errors
    ///
    /// [`TabularError::NoCalibration`], or an error if the columns of the table do not match the model's.
    pub fn predict_sets(&self, table: &Table, level: f64) -> Result<Vec<bool>, TabularError> {
        let thresholds = self.model.conformal().ok_or(TabularError::NoCalibration)?.thresholds(level);
        match self.model.predicted(&inputs(&self.model, table)?)? {
            Predictions::Classes(found) => Ok(found.sets(&thresholds)),
            Predictions::Numbers(_) => Err(TabularError::OtherTask { found: "numbers", expected: "classes" }),
        }
    }

    /// The underlying model.
    #[must_use]
    pub fn model(&self) -> &NetworkModel {
        &self.model
    }
}

impl UgmmRegressor {
    /// Trains a regressor of the column `target` on the other columns.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`fit()`](crate::fit()).
    pub fn fit(table: &Table, target: &str, options: &FitOptions) -> Result<(Self, FitReport), TabularError> {
        let (model, report) = fit_quietly(table, target, options, TaskChoice::Regression)?;
        Ok((Self { model }, report))
    }

    /// Reads a regressor from a file.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`NetworkModel::load`], and an error if the model predicts classes.
    pub fn load(path: &Path) -> Result<Self, TabularError> {
        match NetworkModel::load(path)? {
            model if matches!(model.target(), Target::Number(_)) => Ok(Self { model }),
            _ => Err(TabularError::OtherTask { found: "classes", expected: "numbers" }),
        }
    }

    /// Writes the regressor to a file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), TabularError> {
        self.model.save(path)
    }

    /// The expected number of each row of a table.
    ///
    /// # Errors
    ///
    /// Returns an error if the columns of the table do not match the model's.
    pub fn predict(&self, table: &Table) -> Result<Vec<f64>, TabularError> {
        Ok(self.predict_densities(table)?.iter().map(ConditionalDensity::mean).collect())
    }

    /// The density of the number of each row of a table, with its mean, quantiles and intervals.
    ///
    /// # Errors
    ///
    /// Returns an error if the columns of the table do not match the model's.
    pub fn predict_densities(&self, table: &Table) -> Result<Vec<ConditionalDensity>, TabularError> {
        self.model.densities(&inputs(&self.model, table)?)
    }

    /// For each row of a table, the ends of an interval that holds the number of a new row with a probability of at least
    /// `level`, between 0 and 1. See [`FitOptions::conformal`].
    ///
    /// # Errors
    ///
    /// [`TabularError::NoCalibration`], [`TabularError::Level`], or an error if the columns of the table do not match the
    /// model's.
    pub fn predict_intervals(&self, table: &Table, level: f64) -> Result<Vec<(f64, f64)>, TabularError> {
        let share = self.model.conformal().ok_or(TabularError::NoCalibration)?.central_share(level)?;
        let interval =
            |found: &ConditionalDensity| central_tails(share).map(|tail| found.quantile(tail)).into();
        Ok(self.predict_densities(table)?.iter().map(interval).collect())
    }

    /// The underlying model.
    #[must_use]
    pub fn model(&self) -> &NetworkModel {
        &self.model
    }
}

fn fit_quietly(
    table: &Table,
    target: &str,
    options: &FitOptions,
    task: TaskChoice,
) -> Result<(NetworkModel, FitReport), TabularError> {
    let interrupted = AtomicBool::new(false);
    let mut progress = ();
    let mut run = Run::new(&mut progress, &interrupted);
    let target = prepare_target(&mut table.schema().clone(), target, Some(task))?;
    fit(table, &target, options, &mut run)
}

fn inputs(model: &NetworkModel, table: &Table) -> Result<Vec<f32>, TabularError> {
    if let Some(images) = &table.schema().images {
        model.reading().check_images(&images.file, images.shape)?;
    }
    let rows: Vec<usize> = (0..table.rows()).collect();
    Ok(model.preprocessor().transform(table, &rows)?)
}
