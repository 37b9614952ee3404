//! A model of a table, whatever its engine.

use crate::column::Column;
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

/// A model of a table: a network that predicts a column, or a density of all columns. Rows are `[rows, columns]`, row-major, in the
/// order of [`Self::columns`]; see [`Column`] for their values.
pub trait TableModel: Any + Send + Sync {
    /// The columns that the model knows; the target, if there is one, is the last.
    fn columns(&self) -> &[Column];

    /// Whether the last column is a target, which is predicted from the others.
    fn has_target(&self) -> bool;

    /// How tables are read for the model.
    fn reading(&self) -> Reading<'_>;

    /// What a row must have to be predicted.
    fn needs(&self) -> Needs;

    /// Whether a value of the column at `column` can be given: not the target of a discriminative network.
    fn can_be_given(&self, column: usize) -> bool;

    /// The target given the other columns, for each row. Values of the target are ignored.
    ///
    /// # Errors
    ///
    /// When there is no target, or the values are not rows of the model's columns.
    fn predict(&self, rows: &[f64]) -> Result<Predictions, TabularError>;

    /// The distribution of the column at `column` given the evidence, which does not hold it. A density over cells has so many `cells`,
    /// except for a target, which is as in predictions. [`Self::answer`] takes a name and checks it.
    ///
    /// # Errors
    ///
    /// When the engine cannot answer for this column, or needs columns that are not given.
    fn distribution(
        &self,
        evidence: &Evidence,
        column: usize,
        cells: usize,
    ) -> Result<Distribution, TabularError>;

    /// The log-likelihood of what is given, in nats, for a density; the score of a whole row, a logarithm that is not normalised, for a
    /// network.
    ///
    /// # Errors
    ///
    /// When the network is discriminative, or a value is missing that it needs.
    fn level(&self, evidence: &Evidence) -> Result<f64, TabularError>;

    /// Draws rows with the values of the evidence. `progress` is told the number of steps done and of all steps; it returns false to
    /// stop.
    ///
    /// # Errors
    ///
    /// When everything is given, what is given cannot occur together, an option is out of its range, or the network is discriminative.
    fn sample(
        &self,
        evidence: &Evidence,
        options: &DrawOptions,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Draws, TabularError>;

    /// The values of the columns at `asked` that are most probable together given the evidence (for a network: that it scores highest), with
    /// an upper bound for all other values. Only levels that training had in enough rows are considered for a category; the most
    /// frequent rare level if there are no others.
    ///
    /// # Errors
    ///
    /// When a column is both given and asked for, its range is not known, or the network is discriminative.
    fn mpe(
        &self,
        evidence: &Evidence,
        asked: &[usize],
        options: &MpeOptions,
        progress: &mut dyn FnMut(ProofProgress) -> ControlFlow<()>,
    ) -> Result<Mpe, TabularError>;

    /// Writes the model to a file, replacing one there only when all of the new one is on disk.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    fn save(&self, path: &Path) -> Result<(), TabularError>;

    /// Index of the column to predict, if there is one.
    #[must_use]
    fn target(&self) -> Option<usize> {
        self.has_target().then(|| self.columns().len() - 1)
    }

    /// The column to predict, if there is one.
    #[must_use]
    fn target_column(&self) -> Option<&Column> {
        self.target().map(|target| &self.columns()[target])
    }

    /// Name of the column to predict, if there is one.
    #[must_use]
    fn target_name(&self) -> Option<&str> {
        self.target_column().map(Column::name)
    }

    /// Classes of the target, in the order of its states; `None` where the target is a number, or there is none.
    #[must_use]
    fn classes(&self) -> Option<Vec<String>> {
        self.target_column()?.states()
    }

    /// What is predicted, if there is a target.
    #[must_use]
    fn task(&self) -> Option<TaskChoice> {
        Some(match self.target_column()?.is_number() {
            true => TaskChoice::Regression,
            false => TaskChoice::Classification,
        })
    }

    /// The kind of the target's dates; `None` where it has none.
    fn target_date(&self) -> Option<DateTarget>;

    /// Whether a row has what it [needs](Self::needs) to be predicted.
    #[must_use]
    fn is_predictable(&self, row: &[f64]) -> bool {
        let features = &row[..row.len() - usize::from(self.has_target())];
        self.needs() == Needs::Nothing || features.iter().any(|value| !value.is_nan())
    }

    /// Index of the column `name`.
    ///
    /// # Errors
    ///
    /// When there is none; the message has the closest name.
    fn index_of(&self, name: &str) -> Result<usize, TabularError> {
        let found = self.columns().iter().position(|column| column.name() == name);
        found.ok_or_else(|| {
            let columns = self.columns().iter().map(|column| column.name().to_owned()).collect();
            QuestionError::NoSuchColumn { column: name.to_owned(), columns }.into()
        })
    }

    /// Evidence from pairs of a column and its value, and of a column and its range such as `0:10`, in the table's units and words.
    ///
    /// # Errors
    ///
    /// Names the first column that does not exist or is given twice, and the first value or range that its column cannot have.
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

    /// The distribution of the column `asked` given the evidence. A density integrates columns out that are neither; a network does
    /// without them.
    ///
    /// # Errors
    ///
    /// When there is no such column, it is given, or as [`TableModel::distribution`].
    fn answer(&self, evidence: &Evidence, asked: &str, cells: usize) -> Result<Answer<'_>, TabularError> {
        let index = self.index_of(asked)?;
        if evidence.holds(index) {
            return Err(QuestionError::AskedAndGiven { column: asked.to_owned() }.into());
        }
        let distribution = self.distribution(evidence, index, cells)?;
        Ok(Answer { column: &self.columns()[index], distribution })
    }
}

/// What a row must have to be predicted.
#[derive(Clone, Debug, PartialEq)]
pub enum Needs {
    /// Nothing: without any value, the prediction is the marginal distribution.
    Nothing,
    /// The value of one column beside the target.
    OneValue,
    /// The values of all columns beside the target.
    EveryValue(NeedsEveryValue),
}

/// Kinds of dates in a target, by what the table had.
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
    /// The kind for a column that is read so; `None` if it holds no dates.
    pub(crate) fn of(read_as: &ReadAs, with_time: bool) -> Option<Self> {
        match read_as {
            _ if read_as.is_month() => Some(Self::Months),
            ReadAs::Days | ReadAs::Dates(_) if with_time => Some(Self::Times),
            ReadAs::Days | ReadAs::Dates(_) => Some(Self::Days),
            _ => None,
        }
    }
}
