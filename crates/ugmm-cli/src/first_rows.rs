//! The first rows of a table in memory, with what it says of the target where it does.

use crate::error::CliError;
use std::path::Path;
use ugmm_data::frame::{FrameError, LevelIndex, ReadOptions, Values};
use ugmm_network::metrics::{Metrics, NumberMetrics};
use ugmm_tabular::{
    Baseline, Batch, ClassBaseline, Measures, ModelReader, NumberBaseline, TabularError, TabularModel, Target,
};

/// Rows with a value that the model looks at. Lists have an entry for each of them.
pub struct FirstRows {
    /// Where each row is in the file.
    pub numbers: Vec<usize>,
    /// The features, `[rows, features]`, row-major.
    pub features: Vec<f32>,
    /// `None` where the table has no target column.
    pub right: Option<Right>,
    /// Whether the table has more rows.
    pub more: bool,
    /// Rows without any value that the model looks at.
    pub empty: usize,
}

/// What the table says.
pub enum Right {
    /// By index among the model's classes.
    Classes(Vec<Option<usize>>),
    /// NaN where it is missing.
    Numbers(Vec<f64>),
}

impl Right {
    /// Rows of which it is known.
    pub fn known(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.iter().flatten().count(),
            Self::Numbers(numbers) => numbers.iter().filter(|number| !number.is_nan()).count(),
        }
    }
}

impl FirstRows {
    /// Reads rows of the table, at most so many.
    pub fn read(
        data: &Path,
        model: &TabularModel,
        options: &ReadOptions,
        most: usize,
    ) -> Result<Self, CliError> {
        let (reader, with_target) = open(data, model, options)?;
        let width = model.preprocessor().inputs();
        let (mut numbers, mut features, mut empty, mut more) = (Vec::new(), Vec::new(), 0, false);
        let (mut classes, mut right_numbers) = (Vec::new(), Vec::new());
        for batch in reader {
            if numbers.len() == most {
                more = true;
                break;
            }
            let batch = batch?;
            let known: Vec<usize> = (0..batch.known.len()).filter(|&place| batch.known[place]).collect();
            let taken = &known[..known.len().min(most - numbers.len())];
            more = taken.len() < known.len();
            let end = if more { known[taken.len()] } else { batch.known.len() };
            empty += end - taken.len();
            match &batch.target {
                Some(Values::Text(texts)) => {
                    for &place in taken {
                        classes.push(class_of(data, model, &batch, place, texts[place].as_deref())?);
                    }
                }
                Some(Values::Numbers(all)) => right_numbers.extend(taken.iter().map(|&place| all[place])),
                _ => {}
            }
            numbers.extend(taken.iter().map(|&place| batch.rows[place]));
            features.extend_from_slice(&batch.inputs[..taken.len() * width]);
            if more {
                break;
            }
        }
        if numbers.is_empty() {
            let (path, target) = (data.to_path_buf(), model.target_name().into());
            return Err(CliError::NothingToLookAt { path, target });
        }
        let right = match (with_target, model.target()) {
            (false, _) => None,
            (true, Target::Classes(_)) => Some(Right::Classes(classes)),
            (true, Target::Number(_)) => Some(Right::Numbers(right_numbers)),
        };
        Ok(Self { numbers, features, right, more, empty })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.numbers.len()
    }

    /// How good a model's predictions are on the rows whose target is known; `None` if there are none.
    pub fn quality(&self, model: &TabularModel) -> Result<Option<Quality>, CliError> {
        let Some(right) = self.right.as_ref().filter(|right| right.known() > 0) else { return Ok(None) };
        Ok(Some(match right {
            Right::Classes(classes) => {
                let features = self.features_of(classes.iter().map(Option::is_some));
                let labels: Vec<usize> = classes.iter().flatten().copied().collect();
                let log_probabilities = model.log_probabilities(&features)?;
                let decisions = model.decisions(&log_probabilities);
                Quality::Classes(Metrics::of_decisions(&log_probabilities, &labels, &decisions))
            }
            Right::Numbers(numbers) => {
                let features = self.features_of(numbers.iter().map(|number| !number.is_nan()));
                let numbers: Vec<f64> = numbers.iter().copied().filter(|number| !number.is_nan()).collect();
                Quality::Numbers(NumberMetrics::of(&model.densities(&features)?, &numbers))
            }
        }))
    }

    /// How good guessing is on these rows; `None` where the target of none is known.
    pub fn baseline(&self, model: &TabularModel) -> Option<Baseline> {
        match self.right.as_ref().filter(|right| right.known() > 0)? {
            Right::Classes(classes) => {
                let labels: Vec<usize> = classes.iter().flatten().copied().collect();
                ClassBaseline::of(model.classes(), &labels).map(Baseline::Class)
            }
            Right::Numbers(numbers) => {
                let numbers: Vec<f64> = numbers.iter().copied().filter(|number| !number.is_nan()).collect();
                Some(Baseline::Number(NumberBaseline::of(&numbers)))
            }
        }
    }

    fn features_of(&self, chosen: impl Iterator<Item = bool>) -> Vec<f32> {
        let width = self.features.len() / self.rows();
        let rows = self.features.chunks(width).zip(chosen).filter(|(_, chosen)| *chosen);
        rows.flat_map(|(row, _)| row).copied().collect()
    }
}

/// How good predictions are.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[serde(untagged)]
pub enum Quality {
    Classes(Metrics),
    Numbers(NumberMetrics),
}

impl Quality {
    pub fn measures(self) -> Measures {
        match self {
            Self::Classes(metrics) => Measures::Classes(metrics),
            Self::Numbers(metrics) => Measures::Numbers(metrics),
        }
    }
}

/// The table, with its target column where it has one.
fn open<'m>(
    data: &Path,
    model: &'m TabularModel,
    options: &ReadOptions,
) -> Result<(ModelReader<'m>, bool), CliError> {
    let open =
        |with_target| ModelReader::open(data, model, with_target, &[], options).map_err(CliError::from);
    match open(true) {
        Err(CliError::Tabular(error))
            if lacks_only(&error, model.target_name()) && data != Path::new("-") =>
        {
            Ok((open(false)?, false))
        }
        opened => Ok((opened?, true)),
    }
}

fn lacks_only(error: &TabularError, column: &str) -> bool {
    match error {
        TabularError::Frame(FrameError::ColumnsMissing { missing, .. }) => missing == &[column],
        // Images without the file of their labels.
        TabularError::Frame(FrameError::LabelsMissing { .. }) => true,
        _ => false,
    }
}

/// The class of a row of a batch, if it has one.
pub fn class_of(
    path: &Path,
    model: &TabularModel,
    batch: &Batch,
    place: usize,
    text: Option<&str>,
) -> Result<Option<usize>, CliError> {
    let Some(text) = text else { return Ok(None) };
    let known = model.classes();
    let found = LevelIndex::new(known).position(text).map(|class| class as usize);
    found.map(Some).ok_or_else(|| CliError::Label {
        path: path.to_path_buf(),
        row: batch.rows[place],
        target: model.target_name().into(),
        found: text.to_owned(),
        known: known.to_vec(),
    })
}
