//! What can go wrong between a table and a model.

use crate::network::every_value::NeedsEveryValue;
use crate::question::error::QuestionError;
use std::path::PathBuf;
use ugmm_data::frame::{Level, Schema, columns_are};
use ugmm_data::{ImageShape, closest};

/// An error of this library. Each message is one sentence that says what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what their names say; the messages spell them out")]
pub enum TabularError {
    /// What is wrong with a file or a column.
    #[error(transparent)]
    Frame(#[from] ugmm_data::frame::FrameError),

    /// What is wrong with the making of inputs.
    #[error(transparent)]
    Preprocess(#[from] ugmm_data::PreprocessError),

    /// What is wrong with splits and labels.
    #[error(transparent)]
    Data(#[from] ugmm_data::DataError),

    /// What is wrong with a network, its settings or its file.
    #[error(transparent)]
    Model(#[from] ugmm_network::UgmmError),

    /// What is wrong with a circuit.
    #[error(transparent)]
    Circuit(#[from] ugmm_circuit::CircuitError),

    /// The column to predict is not there.
    #[error("there is no target column {target:?}; {}", match closest(.target, .columns) {
        Some(column) => format!("did you mean {column:?}?"),
        None => columns_are(.columns),
    })]
    NoSuchTarget { target: String, columns: Vec<String> },

    /// The column to predict is left out.
    #[error("the target column {target:?} cannot be ignored")]
    TargetIgnored { target: String },

    /// Only one class.
    #[error(
        "the column {target:?} holds only one label, {label:?}; at least two classes are needed{}",
        kept_as_classes(.target, .missing_as)
    )]
    OneClass { target: String, label: String, missing_as: MissingAs },

    /// Each row has a class of its own.
    #[error(
        "the column {target:?} has {classes} different labels in {rows} rows, too many to be classes; name another target{}",
        .as_numbers.as_ref().map_or_else(String::new, |mend| format!(", or, if it holds numbers, {mend}"))
    )]
    TooManyClasses { target: String, classes: usize, rows: usize, as_numbers: Option<String> },

    /// A column of text where a number is to be predicted.
    #[error(
        "the column {target:?} does not hold numbers, so it can only be predicted by classification{}",
        match (.no_number.first(), .as_numbers) {
            (Some(text), _) => format!(
                "; if it holds numbers but for {text:?}, which marks a missing value, say {}", as_missing(.no_number)
            ),
            (None, Some(mend)) => format!("; if it should, {mend}"),
            (None, None) => String::new(),
        }
    )]
    TargetIsNoNumber { target: String, no_number: Vec<String>, as_numbers: Option<String> },

    /// A column of equal numbers.
    #[error("the column {target:?} holds one number only, {number}; there is nothing to predict")]
    OneNumber { target: String, number: f64 },

    /// A column of equal numbers but for rows too few to be learned from and held out.
    #[error(
        "the column {target:?} is {common} in all rows but {others} ({other} in row {row}), and the rows that are held out leave \
         a network nothing else to learn from; if {other} is an error, correct or remove it; else predict whether a row has \
         it with --task classification"
    )]
    AlmostOneNumber { target: String, common: String, others: usize, other: String, row: usize },

    /// No row to learn from.
    #[error("no row has a value in the column {target:?}{}", kept_as_classes(.target, .missing_as))]
    NoLabels { target: String, missing_as: MissingAs },

    /// No column to learn from.
    #[error("beside {target:?} no column is left to learn from; constant columns say nothing")]
    NoFeatures { target: String },

    /// A table of constant columns.
    #[error("no column is left to learn from; constant columns say nothing")]
    NothingToLearn,

    /// Fewer rows than a density needs.
    #[error("only {} a value; at least {needed} are needed", rows_have(*.rows))]
    TooFewKnownRows { rows: usize, needed: usize },

    /// A setting for images.
    #[error("{setting} is for images, and the columns are not the pixels of whole ones")]
    NoImages { setting: &'static str },

    /// Fewer rows than learning needs.
    #[error(
        "only {} a value in the column {target:?} and one beside it; at least {needed} are needed", rows_have(*.rows)
    )]
    TooFewRows { target: String, rows: usize, needed: usize },

    /// A category that names rows rather than kinds of rows.
    #[error(
        "the column {column:?} has {levels} different texts in {rows} rows, too many to learn from; if it should hold \
         numbers, see with --numeric {column:?} which value is none; if it holds dates, say how they are written, such as \
         --date-format \"{column}=%d/%m/%Y\"; else leave it out with --ignore {column:?}"
    )]
    TooManyLevels { column: String, levels: usize, rows: usize },

    /// Dates that are read only in a format that is stated, and too many to be categories.
    #[error(
        "the column {column:?} has {levels} different texts that look like dates; to read them so, say --date-format \
         \"{column}={format}\", or leave the column out with --ignore {column:?}"
    )]
    UnreadDates { column: String, levels: usize, format: String },

    /// Dates but for a value, and too many to be categories.
    #[error(
        "the column {column:?} has {levels} different texts that look like dates, but {written:?} is no date or is written in another \
         way than the others; say how dates are written with --date-format \"{column}=%d/%m/%Y\" or the like, say --na {written:?} if \
         it marks a missing value, or leave the column out with --ignore {column:?}"
    )]
    NotAllDates { column: String, levels: usize, written: String },

    /// A column with gaps for a network that needs every value.
    #[error(
        "the column {column:?} lacks {}, and {}; fill in what is missing, leave the column out with --ignore {column:?}, or {}",
        if *.missing == 1 { "a value".to_owned() } else { format!("{missing} values") }, .why.reason(), .why.instead()
    )]
    Incomplete { column: String, missing: usize, why: NeedsEveryValue },

    /// A class weight for a class that is not there, or none for one that is.
    #[error("the class weights are for {}, but the classes of {target:?} are {}; give each its weight", some(.given), some(.classes))]
    ClassWeights { target: String, given: Vec<String>, classes: Vec<String> },

    /// A class of a row that the model does not know.
    #[error(
        "{}, row {row}, column {target:?}: {found:?}, where the model knows the classes {}", .file.display(),
        .known.join(", ")
    )]
    UnknownClass { file: PathBuf, row: usize, target: String, found: String, known: Vec<String> },

    /// A row to predict that lacks a value, for a model that needs all.
    #[error(
        "{}, row {row}, column {column:?}: the value is missing, and {}; fill it in, or {}",
        .file.display(), .why.reason(), .why.instead()
    )]
    ValueMissing { file: PathBuf, row: usize, column: String, why: NeedsEveryValue },

    /// Images of another size than those that the model learned from.
    #[error("{}: the images are {found} pixels, where the model learned from images of {expected}", .file.display())]
    ImageSize { file: PathBuf, found: ImageShape, expected: ImageShape },

    /// A question that cannot be asked.
    #[error(transparent)]
    Question(Box<QuestionError>),

    /// The table's part of a model file is damaged.
    #[error("{}: the model's description of its table cannot be used: {reason}", .file.display())]
    ModelTable { file: PathBuf, reason: String },

    /// The file of a density model is damaged.
    #[error("{}: {reason}", .file.display())]
    DensityFile { file: PathBuf, reason: String },

    /// A command for networks, and a density model.
    #[error(
        "{}: this is a density model, and {what} is for networks; train one without --objective density",
        .file.display()
    )]
    NeedsNetwork { file: PathBuf, what: &'static str },

    /// A command for density models, and a network.
    #[error(
        "{}: this is a network, and {what} needs a density model; train one with --objective density",
        .file.display()
    )]
    NeedsDensity { file: PathBuf, what: &'static str },

    /// A model for something else.
    #[error("the model predicts {found}, where {expected} were to be predicted")]
    OtherTask { found: &'static str, expected: &'static str },

    /// Columns to be left out of rows, for a model that needs all.
    #[error("columns cannot be left out of a model that needs every value; delete them by their averages")]
    CannotLeaveOut,

    /// A checkpoint that does not belong to this run.
    #[error(
        "{}: this checkpoint is of another run ({difference}); go on with the options and the data it was made with, \
         or delete it to start anew",
        .file.display()
    )]
    OtherRun { file: PathBuf, difference: String },

    /// A checkpoint that is not asked for.
    #[error(
        "{}: a run that did not end left this checkpoint; go on from it with --resume, or delete it to start anew",
        .file.display()
    )]
    UnfinishedRun { file: PathBuf },

    /// A damaged checkpoint.
    #[error("{}: no usable checkpoint ({reason}); delete it to start anew", .file.display())]
    Checkpoint { file: PathBuf, reason: String },

    /// Training was interrupted.
    #[error("interrupted{}", match .checkpoint {
        Some(file) => format!("; {} keeps what was done, and --resume goes on from it", file.display()),
        None => String::new(),
    })]
    Interrupted { checkpoint: Option<PathBuf> },
}

impl From<QuestionError> for TabularError {
    fn from(error: QuestionError) -> Self {
        Self::Question(Box::new(error))
    }
}

/// The texts of a target that were taken for missing values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MissingAs {
    /// By the usual marks.
    pub usual: Vec<Level>,
    /// By marks that the options add.
    pub added: Vec<Level>,
}

impl MissingAs {
    /// Of the column `name`; nothing if there is none.
    #[must_use]
    pub fn of(schema: &Schema, name: &str) -> Self {
        let levels = schema.column(name).map(|column| column.missing_as.clone()).unwrap_or_default();
        let (added, usual) = levels.into_iter().partition(|level| schema.is_added_mark(&level.text));
        Self { usual, added }
    }
}

/// What to type to make classes of the texts that stand for missing values in the target; nothing if there are none.
fn kept_as_classes(target: &str, missing_as: &MissingAs) -> String {
    let in_words = |marks: &[Level], why: &str, remedy: String| match marks {
        [] => String::new(),
        marks => {
            let marks: Vec<String> =
                marks.iter().map(|mark| format!("{:?} ({} times)", mark.text, mark.rows)).collect();
            let marks = some(&marks);
            format!("; taken for missing values{why}: {marks}; if these are classes, {remedy}")
        }
    };
    in_words(&missing_as.usual, "", format!("say --keep-text {target:?}"))
        + &in_words(&missing_as.added, " by --na", "leave them out of --na".into())
}

/// What to type to make texts marks of missing values.
pub fn as_missing(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("--na={text:?}")).collect();
    quoted.join(" ")
}

fn rows_have(rows: usize) -> String {
    if rows == 1 { "1 row has".to_owned() } else { format!("{rows} rows have") }
}

/// Names shown in a message, at most.
const SHOWN: usize = 20;

pub(crate) fn some(names: &[String]) -> String {
    match names.len() {
        0 => "none".into(),
        1..=SHOWN => names.join(", "),
        more => format!("{} and {} more", names[..SHOWN].join(", "), more - SHOWN),
    }
}
