//! What can go wrong in an experiment.

/// An error of an experiment. Each message is one sentence that says what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// What is wrong with data.
    #[error(transparent)]
    Data(#[from] ugmm_data::DataError),
    /// What is wrong with a network, its settings or a file.
    #[error(transparent)]
    Model(#[from] ugmm_network::UgmmError),
    /// What is wrong with a circuit.
    #[error(transparent)]
    Circuit(#[from] ugmm_circuit::CircuitError),
    /// What is wrong with learning from a table.
    #[error(transparent)]
    Tabular(#[from] Box<ugmm_tabular::TabularError>),
    /// An option that cannot be: its name, what it is, and what would be right.
    #[error("{0} is {1}, but must be {2}")]
    Option(&'static str, String, &'static str),
}
