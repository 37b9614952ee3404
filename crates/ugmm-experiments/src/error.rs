//! What can go wrong in an experiment.

/// An error of an experiment. Each message is one sentence that says what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// An error of the data.
    #[error(transparent)]
    Data(#[from] ugmm_data::DataError),
    /// An error of a network, its settings or a file.
    #[error(transparent)]
    Model(#[from] ugmm_network::UgmmError),
    /// An error of a circuit.
    #[error(transparent)]
    Circuit(#[from] ugmm_circuit::CircuitError),
    /// An error of learning from a table.
    #[error(transparent)]
    Tabular(#[from] Box<ugmm_tabular::TabularError>),
    /// An option that is out of its range: its name, its value, and the valid values.
    #[error("{0} is {1}, but must be {2}")]
    Option(&'static str, String, &'static str),
}
