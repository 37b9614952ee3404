//! Why there is no report.

use ugmm_network::UgmmError;
use ugmm_tabular::TabularError;

/// An error of a report; the message is one sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The table cannot be read, or the model cannot be evaluated on it.
    #[error(transparent)]
    Tabular(Box<TabularError>),
    /// The network is not of uGMM neurons, or cannot be evaluated.
    #[error(transparent)]
    Model(#[from] UgmmError),
    /// No row can be predicted.
    #[error("no row has a value that the model uses, to predict {target:?} from")]
    NothingToLookAt {
        /// Name of the target.
        target: String,
    },
    /// A named neuron is not in the network.
    #[error("there is no neuron {id:?}; neurons are named layer.number, from 1.1 to {last}")]
    NoSuchNeuron {
        /// The name that was given.
        id: String,
        /// The name of the last neuron.
        last: String,
    },
    /// Neurons are named, but the model is a density.
    #[error("a density model has no neurons")]
    NoNeurons,
    /// A row to show is not among the rows that were read.
    #[error("row {row} is not among the rows in the report, {first} to {last}")]
    NoSuchRow {
        /// The number that was given.
        row: usize,
        /// Number of the first row.
        first: usize,
        /// Number of the last row.
        last: usize,
    },
}

impl From<TabularError> for ReportError {
    fn from(error: TabularError) -> Self {
        Self::Tabular(Box::new(error))
    }
}
