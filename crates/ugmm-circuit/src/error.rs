//! The errors of this library.

/// An error of this library. Each message is one sentence that says how to correct it. Rows, columns, regions
/// and units are counted from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what their names say; the messages spell them out")]
pub enum CircuitError {
    /// A setting is outside of its range.
    #[error("{setting} is {value}, but must be {expected}")]
    Setting { setting: &'static str, value: String, expected: &'static str },

    /// A variable is invalid.
    #[error("variable {variable} has {value}, but {expected}")]
    Variable { variable: usize, value: String, expected: &'static str },

    /// A region is not a density.
    #[error("region {region} {reason}")]
    Region { region: usize, reason: String },

    /// A circuit does not fit into memory.
    #[error("{}", memory_message(*.numbers, *.bytes))]
    Memory { numbers: Option<usize>, bytes: Option<usize> },

    /// The number of values is not a multiple of the number of columns.
    #[error("{values} values do not make up rows of {columns}, one value for each variable")]
    Shape { values: usize, columns: usize },

    /// Rows do not have the circuit's number of variables.
    #[error("the rows have {found} columns, but the circuit has {expected} variables")]
    Columns { found: usize, expected: usize },

    /// A value is not one of its variable's.
    #[error("row {row} has {value} in column {column} ({name}); {expected}, or NaN where it is missing")]
    Value { row: usize, column: usize, name: String, value: f64, expected: String },

    /// The circuit does not have this variable.
    #[error("there is no variable {variable}; the circuit has the variables 0 to {last}")]
    NoSuchVariable { variable: usize, last: usize },

    /// A query about states concerns a variable without states.
    #[error(
        "variable {variable} ({name}) is not categorical; only categorical variables have probabilities of states"
    )]
    NotCategorical { variable: usize, name: String },

    /// The circuit gives the evidence probability 0.
    #[error("the values of row {row} cannot occur together in this model, so nothing follows from them")]
    Impossible { row: usize },

    /// There are too few rows for training.
    #[error("there are {rows} rows to learn from; at least {needed} are needed")]
    TooFewRows { rows: usize, needed: usize },

    /// Training led to values that are not finite.
    #[error(
        "the log-likelihood became {value} in epoch {epoch}; a smaller step size or a larger sigma_floor may help"
    )]
    Diverged { epoch: usize, value: f64 },
}

/// The message about the memory that a circuit would need; `None` is too much to count.
fn memory_message(numbers: Option<usize>, bytes: Option<usize>) -> String {
    let (Some(numbers), Some(bytes)) = (numbers, bytes) else {
        return "a circuit of this structure has more numbers than can be counted; take fewer units".into();
    };
    let gibibytes = bytes as f64 / f64::from(1 << 30);
    format!(
        "a circuit of this structure has {numbers} numbers, and training it takes {gibibytes:.1} GiB of memory, more than \
         there is; take fewer units"
    )
}
