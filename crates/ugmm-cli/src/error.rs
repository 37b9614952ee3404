//! Errors of the command; each is printed as one sentence.

use crate::advice;
use std::path::PathBuf;
use ugmm_experiments::ExperimentError;
use ugmm_export::ExportError;
use ugmm_network::DeviceName;
use ugmm_table_report::ReportError;
use ugmm_tabular::TabularError;
use ugmm_tabular::question::QuestionError;

/// Exit status after an interruption, as in shells: 128 plus the number of the signal.
pub const INTERRUPTED_STATUS: u8 = 130;

#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error(transparent)]
    Data(#[from] ugmm_data::DataError),
    #[error(transparent)]
    Model(#[from] ugmm_network::UgmmError),
    #[error(transparent)]
    Circuit(#[from] ugmm_circuit::CircuitError),
    #[error("{}{}", .0, advice::of(.0.remedies()))]
    Frame(#[from] ugmm_data::frame::FrameError),
    #[error("{}{}", .0, advice::of(.0.remedies()))]
    Tabular(Box<TabularError>),
    /// An error in the content of a file.
    #[error("{}: {source}{}", .path.display(), advice::of(.source.remedies()))]
    InTable { path: PathBuf, source: Box<TabularError> },
    #[error("{}: the output would replace this input; choose another name", .0.display())]
    OverwritesInput(PathBuf),
    #[error("{0} is in this folder, and the demo would replace it; run it in another folder")]
    DemoReplaces(&'static str),
    #[error("{} would be written to twice; choose another name", .0.display())]
    SameOutput(PathBuf),
    #[error(
        "two columns of the output would be called {0:?}; leave it out of --keep, or give the table's another name"
    )]
    SameColumn(String),
    #[error("there is no {0}; name it on the command line or in the file of --config")]
    NotGiven(&'static str),
    #[error("{key}: {reason}")]
    Option { key: &'static str, reason: String },
    /// An error in the options on the command line.
    #[error("{0}")]
    Usage(String),
    #[error("{}: no row has both a value in the column {target:?} and one that the model uses", .path.display())]
    NothingToCompare { path: PathBuf, target: String },
    #[error("{}: no row has a value that the model uses, to predict {target:?} from", .path.display())]
    NothingToLookAt { path: PathBuf, target: String },
    #[error("{}{place}: {reason}", .path.display())]
    SettingsFile { path: PathBuf, place: String, reason: String },
    #[error("--neurons: there is no neuron {id:?}; neurons are named layer.number, from 1.1 to {last}")]
    NoSuchNeuron { id: String, last: String },
    #[error("--show: row {row} is not among the rows of {} in the report, {first} to {last}", .path.display())]
    NoSuchRow { path: PathBuf, row: usize, first: usize, last: usize },
    #[error("--output: {0}")]
    Export(#[from] ExportError),
    #[error(transparent)]
    Drawing(#[from] ugmm_report::PngError),
    /// Options of experiments have the same names as those of the command.
    #[error("{dashes}{0}", dashes = match .0 { ExperimentError::Option(..) => "--", _ => "" })]
    Experiment(#[from] ExperimentError),
    #[error(
        "the device {device}: this program was built without it; cargo install --path crates/ugmm-cli --features {feature} \
         builds one that has it"
    )]
    NoBackend { device: DeviceName, feature: &'static str },
    #[cfg(not(feature = "architectures"))]
    #[error(
        "this program was built without other architectures; cargo install --path crates/ugmm-cli --features architectures \
         builds one that has them"
    )]
    NoArchitectures,
    #[error("the pool of threads could not be started: {0}")]
    Threads(String),
    #[error("Ctrl-C cannot be watched for: {0}")]
    Interrupts(String),
    #[error("the output could not be written: {0}")]
    Output(#[from] std::io::Error),
}

impl CliError {
    /// 2 if the command line is wrong whatever the files contain, 1 for other errors.
    pub fn exit_status(&self) -> u8 {
        use ugmm_network::UgmmError::Setting;
        match self {
            Self::Tabular(error) => match &**error {
                TabularError::Question(error) => match **error {
                    QuestionError::Assignment { .. }
                    | QuestionError::GivenTwice { .. }
                    | QuestionError::GivenAndAsked { .. }
                    | QuestionError::AskedTwice { .. } => 2,
                    _ => 1,
                },
                TabularError::Interrupted { .. } => INTERRUPTED_STATUS,
                TabularError::Model(Setting { .. }) => 2,
                _ => 1,
            },
            Self::Option { .. }
            | Self::Usage(_)
            | Self::Export(ExportError::Ending { .. } | ExportError::NoChoice { .. })
            | Self::SameColumn(_)
            | Self::NoSuchNeuron { .. }
            | Self::NotGiven(_)
            | Self::Experiment(ExperimentError::Option(..) | ExperimentError::Model(Setting { .. }))
            | Self::Model(Setting { .. }) => 2,
            _ => 1,
        }
    }

    /// An error of a report on the table of this name.
    pub fn of_report(path: &std::path::Path, error: ReportError) -> Self {
        let path = path.to_path_buf();
        match error {
            ReportError::Tabular(error) => Self::Tabular(error),
            ReportError::Model(error) => error.into(),
            ReportError::NothingToLookAt { target } => Self::NothingToLookAt { path, target },
            ReportError::NoSuchNeuron { id, last } => Self::NoSuchNeuron { id, last },
            ReportError::NoSuchRow { row, first, last } => Self::NoSuchRow { path, row, first, last },
            error => Self::Option { key: "--neurons", reason: format!("{error}; leave it out") },
        }
    }

    /// An error of training on a table, with the name of the file if the library does not know it.
    pub fn of_table(path: &std::path::Path, source: TabularError) -> Self {
        match source.is_about_table() {
            true => Self::InTable { path: path.to_path_buf(), source: Box::new(source) },
            false => source.into(),
        }
    }
}

impl From<TabularError> for CliError {
    fn from(error: TabularError) -> Self {
        Self::Tabular(Box::new(error))
    }
}
