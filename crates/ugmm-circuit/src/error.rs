//! What can go wrong in this library.

/// An error of this library. Each message is one sentence that says what would be right. Rows, columns, regions and units are
/// counted from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what their names say; the messages spell them out")]
pub enum CircuitError {
    /// A setting outside of its range.
    #[error("{setting} is {value}, but must be {expected}")]
    Setting { setting: &'static str, value: String, expected: &'static str },

    /// A variable that cannot be one.
    #[error("variable {variable} has {value}, but {expected}")]
    Variable { variable: usize, value: String, expected: &'static str },

    /// A region that would not be a density.
    #[error("region {region} {reason}")]
    Region { region: usize, reason: String },

    /// A circuit that does not fit into memory.
    #[error("{}", memory_message(*.numbers, *.bytes))]
    Memory { numbers: Option<usize>, bytes: Option<usize> },

    /// Numbers that do not fill rows.
    #[error("{values} values do not make up rows of {columns}, one value for each variable")]
    Shape { values: usize, columns: usize },

    /// Rows of another width than the circuit's.
    #[error("the rows have {found} columns, but the circuit has {expected} variables")]
    Columns { found: usize, expected: usize },

    /// A value that a variable cannot have.
    #[error("row {row} has {value} in column {column} ({name}); {expected}, or NaN where it is missing")]
    Value { row: usize, column: usize, name: String, value: f64, expected: String },

    /// A variable that the circuit does not have.
    #[error("there is no variable {variable}; the circuit has the variables 0 to {last}")]
    NoSuchVariable { variable: usize, last: usize },

    /// A question about classes of a variable that has none.
    #[error(
        "variable {variable} ({name}) is not categorical; only categorical variables have probabilities of states"
    )]
    NotCategorical { variable: usize, name: String },

    /// Evidence that the circuit gives no probability.
    #[error("the values of row {row} cannot occur together in this model, so nothing follows from them")]
    Impossible { row: usize },

    /// Nothing to learn from.
    #[error("there are {rows} rows to learn from; at least {needed} are needed")]
    TooFewRows { rows: usize, needed: usize },

    /// Training led to numbers that are not finite.
    #[error(
        "the log-likelihood became {value} in epoch {epoch}; a smaller step size or a larger sigma_floor may help"
    )]
    Diverged { epoch: usize, value: f64 },
}

/// How much would be needed; `None` is too much to count.
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
