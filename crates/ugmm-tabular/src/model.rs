//! The interface of models of tables, whatever their engine.

use crate::column::Column;
use crate::conformal::Conformal;
use crate::distribution::{Distribution, Predictions};
use crate::error::TabularError;
use crate::network::every_value::NeedsEveryValue;
use crate::network::options::TaskChoice;
use crate::question::error::QuestionError;
use crate::question::{Answer, DrawOptions, Draws, Evidence};
use crate::reading::Reading;
use std::any::Any;
use std::ops::ControlFlow;
use std::path::Path;
use ugmm_circuit::{Mpe, MpeOptions, ProofProgress};
use ugmm_data::frame::ReadAs;
use ugmm_network::UgmmError;
use ugmm_network::file::write_atomically;

/// A model of a table: a network that predicts a column, or a density of all columns. Rows are `[rows,
/// columns]`, row-major, in the order of [`Self::columns`]; see [`Column`] for their values.
pub trait TableModel: Any + Send + Sync {
    /// The columns of the model; the target, if there is one, is the last.
    fn columns(&self) -> &[Column];

    /// Whether the last column is a target, which the model predicts from the others.
    fn has_target(&self) -> bool;

    /// How tables are read for the model.
    fn reading(&self) -> Reading<'_>;

    /// What a row must have to be predicted.
    fn needs(&self) -> Needs;

    /// Whether evidence may have a value of the column at `column`; false only for the target of a
    /// discriminative network.
    fn can_be_given(&self, column: usize) -> bool;

    /// Predictions of the target given the other columns, for each row. Values of the target are ignored.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no target, or the values do not match the model's columns.
    fn predict(&self, rows: &[f64]) -> Result<Predictions, TabularError>;

    /// The distribution of the column at `column` given the evidence, which must not have a value of it. A
    /// network answers for a number with a density over `cells` cells; for the target, the distribution is
    /// that of [`Self::predict`]. [`Self::answer`] takes a column's name and checks it.
    ///
    /// # Errors
    ///
    /// Returns an error if the engine cannot answer for this column, or needs columns that are not given.
    fn distribution(
        &self,
        evidence: &Evidence,
        column: usize,
        cells: usize,
    ) -> Result<Distribution, TabularError>;

    /// For a density, the log-likelihood of the evidence, in nats; for a network, the score of a whole row, a
    /// logarithm that is not normalised.
    ///
    /// # Errors
    ///
    /// Returns an error if the network is discriminative, or a value that it needs is missing.
    fn level(&self, evidence: &Evidence) -> Result<f64, TabularError>;

    /// The scores that give sets of classes and intervals of numbers their guarantee; `None` if the model was trained without.
    fn conformal(&self) -> Option<&Conformal> {
        None
    }

    /// The coverage of the central interval of a predicted number's distribution that is an interval of this level, between 0
    /// and 1: the level itself, unless calibration rows say otherwise.
    ///
    /// # Errors
    ///
    /// [`TabularError::Level`] if there are too few calibration rows for the level.
    fn interval_share(&self, level: f64) -> Result<f64, TabularError> {
        match self.conformal() {
            None => Ok(level),
            Some(conformal) => conformal.central_share(level),
        }
    }

    /// Draws rows given the evidence. `progress` receives the number of finished steps and of all steps; it
    /// returns false to stop.
    ///
    /// # Errors
    ///
    /// Returns an error if every column is given, the evidence is impossible, an option is out of its range,
    /// or the network is discriminative.
    fn sample(
        &self,
        evidence: &Evidence,
        options: &DrawOptions,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Draws, TabularError>;

    /// The most probable joint values of the columns at `asked` given the evidence (for a network: the values
    /// with the highest score), with an upper bound for all other values. A category takes levels with enough
    /// training rows only; if there are none, it takes the most frequent rare level.
    ///
    /// # Errors
    ///
    /// Returns an error if a column is both given and asked for, its range is unknown, or the network is
    /// discriminative.
    fn mpe(
        &self,
        evidence: &Evidence,
        asked: &[usize],
        options: &MpeOptions,
        progress: &mut dyn FnMut(ProofProgress) -> ControlFlow<()>,
    ) -> Result<Mpe, TabularError>;

    /// Writes the model to a file. An existing file is replaced only when all of the new one is on disk.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written.
    fn save(&self, path: &Path) -> Result<(), TabularError> {
        let failed = |reason| UgmmError::ModelFile { path: path.to_path_buf(), reason };
        Ok(write_atomically(path, &self.to_bytes().map_err(failed)?)?)
    }

    /// The bytes of the model's file.
    ///
    /// # Errors
    ///
    /// Returns a clause that says why the model cannot be written.
    fn to_bytes(&self) -> Result<Vec<u8>, String>;

    /// Index of the target, if there is one.
    #[must_use]
    fn target(&self) -> Option<usize> {
        self.has_target().then(|| self.columns().len() - 1)
    }

    /// The target, if there is one.
    #[must_use]
    fn target_column(&self) -> Option<&Column> {
        self.target().map(|target| &self.columns()[target])
    }

    /// Name of the target, if there is one.
    #[must_use]
    fn target_name(&self) -> Option<&str> {
        self.target_column().map(Column::name)
    }

    /// Classes of the target, in the order of its states; `None` if the target is a number, or there is none.
    #[must_use]
    fn classes(&self) -> Option<Vec<String>> {
        self.target_column()?.states()
    }

    /// Whether classes or numbers are predicted; `None` without a target.
    #[must_use]
    fn task(&self) -> Option<TaskChoice> {
        Some(match self.target_column()?.is_number() {
            true => TaskChoice::Regression,
            false => TaskChoice::Classification,
        })
    }

    /// The kind of the target's dates; `None` if the target has no dates.
    fn target_date(&self) -> Option<DateTarget>;

    /// Whether a row has the values that a prediction [needs](Self::needs).
    #[must_use]
    fn is_predictable(&self, row: &[f64]) -> bool {
        let features = &row[..row.len() - usize::from(self.has_target())];
        self.needs() == Needs::Nothing || features.iter().any(|value| !value.is_nan())
    }

    /// Index of the column `name`.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such column; the message has the closest name.
    fn index_of(&self, name: &str) -> Result<usize, TabularError> {
        let found = self.columns().iter().position(|column| column.name() == name);
        found.ok_or_else(|| {
            let columns = self.columns().iter().map(|column| column.name().to_owned()).collect();
            QuestionError::NoSuchColumn { column: name.to_owned(), columns }.into()
        })
    }

    /// Evidence from pairs of a column and its value, and pairs of a column and its range such as `0:10`,
    /// written as in the table.
    ///
    /// # Errors
    ///
    /// Returns an error for the first column that does not exist or is given twice, and for the first value
    /// or range that its column cannot have.
    fn evidence(
        &self,
        given: &[(String, String)],
        ranges: &[(String, String)],
    ) -> Result<Evidence, TabularError> {
        let mut evidence = Evidence::nothing(self.columns().len());
        for (name, range) in ranges {
            let index = self.index_of(name)?;
            evidence.ranges[index] = Some(self.columns()[index].parse_range(range)?);
        }
        for (name, value) in given {
            let index = self.index_of(name)?;
            if evidence.holds(index) {
                return Err(QuestionError::GivenTwice { column: name.clone() }.into());
            }
            if !self.can_be_given(index) {
                return Err(QuestionError::NoTargetInput { target: name.clone() }.into());
            }
            evidence.row[index] = self.columns()[index].parse(value)?;
        }
        Ok(evidence)
    }

    /// The distribution of the column `asked` given the evidence. Columns that are neither given nor asked
    /// for are integrated out by a density, and are missing inputs of a network.
    ///
    /// # Errors
    ///
    /// Returns an error if the column does not exist or is given, and the errors of
    /// [`TableModel::distribution`].
    fn answer(&self, evidence: &Evidence, asked: &str, cells: usize) -> Result<Answer<'_>, TabularError> {
        let index = self.index_of(asked)?;
        if evidence.holds(index) {
            return Err(QuestionError::AskedAndGiven { column: asked.to_owned() }.into());
        }
        let distribution = self.distribution(evidence, index, cells)?;
        Ok(Answer { column: &self.columns()[index], distribution })
    }
}

/// The values that a row must have for a prediction.
#[derive(Clone, Debug, PartialEq)]
pub enum Needs {
    /// Nothing: without any value, the prediction is the marginal distribution.
    Nothing,
    /// The value of at least one column besides the target.
    OneValue,
    /// The values of all columns besides the target.
    EveryValue(NeedsEveryValue),
}

/// The kind of the dates in a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateTarget {
    /// Months.
    Months,
    /// Days.
    Days,
    /// Days with times.
    Times,
}

impl DateTarget {
    /// The kind for a column with this request; `None` if it has no dates.
    pub(crate) fn of(read_as: &ReadAs, with_time: bool) -> Option<Self> {
        match read_as {
            _ if read_as.is_month() => Some(Self::Months),
            ReadAs::Days | ReadAs::Dates(_) if with_time => Some(Self::Times),
            ReadAs::Days | ReadAs::Dates(_) => Some(Self::Days),
            _ => None,
        }
    }
}
