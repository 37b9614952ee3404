//! Errors between a table and a model.

use crate::names::some;
use crate::network::every_value::NeedsEveryValue;
use crate::network::options::TaskChoice;
use crate::question::error::QuestionError;
use crate::remedy::Remedy;
use std::fmt;
use std::path::PathBuf;
use ugmm_data::frame::{Level, Schema, columns_are};
use ugmm_data::{ImageShape, closest};

/// An error of this library. Each message is one sentence that says what is wrong; [`TabularError::remedies`]
/// are settings that help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what their names say; the messages spell them out")]
pub enum TabularError {
    /// An error in a file or a column.
    #[error(transparent)]
    Frame(#[from] ugmm_data::frame::FrameError),

    /// An error of preprocessing.
    #[error(transparent)]
    Preprocess(#[from] ugmm_data::PreprocessError),

    /// An error in splits or labels.
    #[error(transparent)]
    Data(#[from] ugmm_data::DataError),

    /// An error in a network, its settings or its file.
    #[error(transparent)]
    Model(#[from] ugmm_network::UgmmError),

    /// An error in a circuit.
    #[error(transparent)]
    Circuit(#[from] ugmm_circuit::CircuitError),

    /// The target does not exist.
    #[error("there is no target column {target:?}; {}", match closest(.target, .columns) {
        Some(column) => format!("did you mean {column:?}?"),
        None => columns_are(.columns),
    })]
    NoSuchTarget { target: String, columns: Vec<String> },

    /// The target is ignored.
    #[error("the target column {target:?} cannot be ignored")]
    TargetIgnored { target: String },

    /// The target has only one class.
    #[error(
        "the column {target:?} holds only one label, {label:?}; at least two classes are needed{missing_as}"
    )]
    OneClass { target: String, label: String, missing_as: MissingAs },

    /// Nearly every row has a class of its own.
    #[error(
        "the column {target:?} has {classes} different labels in {rows} rows, too many for classes; name another target"
    )]
    TooManyClasses { target: String, classes: usize, rows: usize, remedies: Vec<Remedy> },

    /// The target has texts, but a number is to be predicted.
    #[error("the column {target:?} does not hold numbers, so it can only be predicted by classification")]
    TargetIsNoNumber { target: String, remedies: Vec<Remedy> },

    /// All numbers of the target are equal.
    #[error("the column {target:?} holds one number only, {number}; there is nothing to predict")]
    OneNumber { target: String, number: f64 },

    /// All numbers of the target are equal except in rows that are too few for training and held-out rows.
    #[error(
        "the column {target:?} is {common} in all rows but {others} ({other} in row {row}), and without the held-out rows no \
         other number is left for training; if {other} is an error, correct or remove it"
    )]
    AlmostOneNumber { target: String, common: String, others: usize, other: String, row: usize },

    /// The target has no value in any row.
    #[error("no row has a value in the column {target:?}{missing_as}")]
    NoLabels { target: String, missing_as: MissingAs },

    /// No column besides the target is left.
    #[error(
        "no column except the target {target:?} is left to train on; constant columns have no information"
    )]
    NoFeatures { target: String },

    /// All columns are constant.
    #[error("no column is left to train on; constant columns have no information")]
    NothingToLearn,

    /// The table has fewer rows with a value than a density needs.
    #[error("only {} a value; training needs at least {needed}", rows_have(*.rows))]
    TooFewKnownRows { rows: usize, needed: usize },

    /// The structure is for images, but the table has none.
    #[error("the structure {structure:?} is for images, and the columns are not the pixels of whole ones")]
    NoImages { structure: &'static str },

    /// The table has fewer rows with target and features than training needs.
    #[error(
        "only {} a value in the column {target:?} and one beside it; at least {needed} are needed", rows_have(*.rows)
    )]
    TooFewRows { target: String, rows: usize, needed: usize },

    /// A category identifies rows.
    #[error("the column {column:?} has {levels} different texts in {rows} rows, too many for a category")]
    TooManyLevels { column: String, levels: usize, rows: usize },

    /// A column has dates in a format that must be given, and too many texts to be a category.
    #[error(
        "the texts of the column {column:?} look like dates; {levels} different texts are too many for categories"
    )]
    UnreadDates { column: String, levels: usize, format: String },

    /// A column has dates except for one text, and too many texts to be a category.
    #[error(
        "the texts of the column {column:?} look like dates, but {written:?} is no date or has another format than the others; \
         {levels} different texts are too many for categories"
    )]
    NotAllDates { column: String, levels: usize, written: String },

    /// A column has missing values, but the network needs every value.
    #[error(
        "the column {column:?} lacks {}, and {why}; impute what is missing",
        if *.missing == 1 { "a value".to_owned() } else { format!("{missing} values") }
    )]
    Incomplete { column: String, missing: usize, why: NeedsEveryValue },

    /// The class weights do not match the classes.
    #[error("the class weights are for {}, but the classes of {target:?} are {}; give each its weight", some(.given), some(.classes))]
    ClassWeights { target: String, given: Vec<String>, classes: Vec<String> },

    /// Rows that are not exchangeable, so that conformal prediction has no guarantee.
    #[error("conformal prediction needs exchangeable rows, and {which} are not")]
    NotExchangeable { which: &'static str },

    /// The model has no scores of calibration rows.
    #[error("the model was trained without conformal prediction, so it has no calibration rows")]
    NoCalibration,

    /// A level that the calibration rows are too few for.
    #[error(
        "no interval has a level of {level} with {rows} calibration rows{}; the highest level is {}",
        match *.impossible {
            0 => String::new(),
            rows => format!(", of which {rows} have a number that the network holds impossible"),
        },
        (10_000.0 * .highest).floor() / 10_000.0
    )]
    Level { level: f64, highest: f64, rows: usize, impossible: usize },

    /// A row has a class that the model does not know.
    #[error(
        "{}, row {row}, column {target:?}: {found:?}, but the model knows only the classes {}", .file.display(),
        .known.join(", ")
    )]
    UnknownClass { file: PathBuf, row: usize, target: String, found: String, known: Vec<String> },

    /// A row has a missing value, but the network needs every value.
    #[error("{}, row {row}, column {column:?}: the value is missing, and {why}; impute it", .file.display())]
    ValueMissing { file: PathBuf, row: usize, column: String, why: NeedsEveryValue },

    /// The images have another size than the training images.
    #[error("{}: the images are {found} pixels, but the training images were {expected}", .file.display())]
    ImageSize { file: PathBuf, found: ImageShape, expected: ImageShape },

    /// The question cannot be answered.
    #[error(transparent)]
    Question(Box<QuestionError>),

    /// The description of the table in a model file is damaged.
    #[error("{}: the model's description of its table cannot be used: {reason}", .file.display())]
    ModelTable { file: PathBuf, reason: String },

    /// The file of a density model is damaged.
    #[error("{}: {reason}", .file.display())]
    DensityFile { file: PathBuf, reason: String },

    /// The command needs a network, but the model is a density.
    #[error("{}: this is a density model, and {what} needs a network", .file.display())]
    NeedsNetwork { file: PathBuf, what: &'static str },

    /// The command needs a density, but the model is a network.
    #[error("{}: this is a network, and {what} needs a density model", .file.display())]
    NeedsDensity { file: PathBuf, what: &'static str },

    /// The model predicts classes instead of numbers, or numbers instead of classes.
    #[error("the model predicts {found}, but {expected} are needed")]
    OtherTask { found: &'static str, expected: &'static str },

    /// Columns are to be left out, but the model needs every value.
    #[error("columns cannot be left out of a model that needs every value; delete them by their averages")]
    CannotLeaveOut,

    /// Values are to be permuted among too few rows.
    #[error(
        "the values of a column are permuted among two rows or more, but only {} a value of {target:?} and of another column",
        rows_have(*.rows)
    )]
    TooFewToPermute { target: String, rows: usize },

    /// The mean loss of predictions is infinite.
    #[error(
        "the mean loss of the predictions of {target:?} is no finite number, so that its rise cannot be measured; leave out \
         the rows with its largest values"
    )]
    InfiniteLoss { target: String },

    /// The effect of the target on itself is asked for.
    #[error("{target:?} is the column that the model predicts; the columns that have an effect on it are {}", some(.columns))]
    EffectOfTarget { target: String, columns: Vec<String> },

    /// No row has a value in a column.
    #[error("no row has a value in the column {column:?}, so that its effect cannot be measured")]
    NoValues { column: String },

    /// The checkpoint belongs to another run.
    #[error(
        "{}: this checkpoint is of another run ({difference}); resume that run with its own settings and data, or delete \
         the checkpoint",
        .file.display()
    )]
    OtherRun { file: PathBuf, difference: String },

    /// A checkpoint exists, but the run does not resume from it.
    #[error("{}: an interrupted run left this checkpoint; delete it to start anew", .file.display())]
    UnfinishedRun { file: PathBuf },

    /// The checkpoint is damaged.
    #[error("{}: no usable checkpoint ({reason}); delete it to start anew", .file.display())]
    Checkpoint { file: PathBuf, reason: String },

    /// Training was interrupted.
    #[error("interrupted{}", match .checkpoint {
        Some(file) => format!("; {} is the checkpoint of the run", file.display()),
        None => String::new(),
    })]
    Interrupted { checkpoint: Option<PathBuf> },
}

impl TabularError {
    /// Settings with which the error does not occur.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        use ugmm_data::Remedy as Reading;
        let of_reading = |remedies: Vec<Reading>| remedies.into_iter().map(Remedy::from).collect();
        match self {
            Self::Frame(error) => of_reading(error.remedies()),
            Self::Preprocess(error) => of_reading(error.remedies()),
            Self::NoSuchTarget { columns, .. } => {
                of_reading(Reading::of_columns(columns).into_iter().collect())
            }
            Self::OneClass { target, missing_as, .. } | Self::NoLabels { target, missing_as } => {
                missing_as.remedies(target)
            }
            Self::TooManyClasses { remedies, .. } | Self::TargetIsNoNumber { remedies, .. } => {
                remedies.clone()
            }
            Self::AlmostOneNumber { .. } => vec![Remedy::Task(TaskChoice::Classification)],
            Self::TooManyLevels { column, .. } => of_reading(vec![
                Reading::Numeric(column.clone()),
                Reading::Dates { column: column.clone(), format: None },
                Reading::Ignore(column.clone()),
            ]),
            Self::UnreadDates { column, format, .. } => of_reading(vec![
                Reading::Dates { column: column.clone(), format: Some(format.clone()) },
                Reading::Ignore(column.clone()),
            ]),
            Self::NotAllDates { column, written, .. } => of_reading(vec![
                Reading::Dates { column: column.clone(), format: None },
                Reading::Missing(written.clone()),
                Reading::Ignore(column.clone()),
            ]),
            Self::Incomplete { column, why, .. } => {
                vec![Reading::Ignore(column.clone()).into(), why.remedy()]
            }
            Self::ValueMissing { why, .. } => vec![why.remedy()],
            Self::Question(error) => error.remedies(),
            Self::NeedsNetwork { .. } => vec![Remedy::Network],
            Self::NeedsDensity { .. } => vec![Remedy::Density],
            Self::UnfinishedRun { .. } | Self::Interrupted { checkpoint: Some(_) } => vec![Remedy::Resume],
            _ => vec![],
        }
    }

    /// Whether the error is about the content of a table, whose file name only the caller knows.
    #[must_use]
    pub fn is_about_table(&self) -> bool {
        // There is no wildcard, so that the compiler requires a decision for every new variant.
        match self {
            Self::Preprocess(_)
            | Self::Data(_)
            | Self::NoSuchTarget { .. }
            | Self::OneClass { .. }
            | Self::TooManyClasses { .. }
            | Self::TargetIsNoNumber { .. }
            | Self::OneNumber { .. }
            | Self::AlmostOneNumber { .. }
            | Self::NoLabels { .. }
            | Self::NoFeatures { .. }
            | Self::NothingToLearn
            | Self::TooFewKnownRows { .. }
            | Self::NoImages { .. }
            | Self::TooFewRows { .. }
            | Self::TooManyLevels { .. }
            | Self::TooFewToPermute { .. }
            | Self::InfiniteLoss { .. }
            | Self::NoValues { .. }
            | Self::UnreadDates { .. }
            | Self::NotAllDates { .. }
            | Self::NotExchangeable { .. }
            | Self::Incomplete { .. } => true,
            Self::Frame(_)
            | Self::Model(_)
            | Self::Circuit(_)
            | Self::TargetIgnored { .. }
            | Self::ClassWeights { .. }
            | Self::UnknownClass { .. }
            | Self::ValueMissing { .. }
            | Self::ImageSize { .. }
            | Self::Question(_)
            | Self::ModelTable { .. }
            | Self::DensityFile { .. }
            | Self::NeedsNetwork { .. }
            | Self::NeedsDensity { .. }
            | Self::OtherTask { .. }
            | Self::CannotLeaveOut
            | Self::NoCalibration
            | Self::Level { .. }
            | Self::EffectOfTarget { .. }
            | Self::OtherRun { .. }
            | Self::UnfinishedRun { .. }
            | Self::Checkpoint { .. }
            | Self::Interrupted { .. } => false,
        }
    }
}

impl From<QuestionError> for TabularError {
    fn from(error: QuestionError) -> Self {
        Self::Question(Box::new(error))
    }
}

/// Texts of a target that were read as missing values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MissingAs {
    /// Texts among the default marks of missing values.
    pub usual: Vec<Level>,
    /// Texts among the added marks of missing values:
    /// [`ReadOptions::missing`](ugmm_data::frame::ReadOptions::missing).
    pub added: Vec<Level>,
}

impl MissingAs {
    /// The texts of the column `name` that were read as missing values; empty if there is no such column.
    #[must_use]
    pub fn of(schema: &Schema, name: &str) -> Self {
        let levels = schema.column(name).map(|column| column.missing_as.clone()).unwrap_or_default();
        let (added, usual) = levels.into_iter().partition(|level| schema.is_added_mark(&level.text));
        Self { usual, added }
    }

    /// Remedies that make these texts values of the column `target`.
    fn remedies(&self, target: &str) -> Vec<Remedy> {
        let usual = (!self.usual.is_empty()).then(|| ugmm_data::Remedy::KeepText(target.to_owned()).into());
        usual.into_iter().chain(self.added.iter().map(|level| Remedy::NoMark(level.text.clone()))).collect()
    }
}

/// Writes the end of a sentence with the texts and how often each occurs; nothing if there are none.
impl fmt::Display for MissingAs {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (marks, whose) in [(&self.usual, ""), (&self.added, " by the added marks")] {
            if !marks.is_empty() {
                let marks: Vec<String> =
                    marks.iter().map(|mark| format!("{:?} ({} times)", mark.text, mark.rows)).collect();
                write!(f, "; read as missing values{whose}: {}", some(&marks))?;
            }
        }
        Ok(())
    }
}

fn rows_have(rows: usize) -> String {
    if rows == 1 { "1 row has".to_owned() } else { format!("{rows} rows have") }
}
