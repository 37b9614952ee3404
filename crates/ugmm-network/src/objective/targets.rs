//! The targets of rows.

/// The targets of some rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// The class index of each row.
    Classes(Vec<usize>),
    /// The number to predict for each row.
    Numbers(Vec<f32>),
}

impl Targets {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The targets of the given rows.
    ///
    /// # Panics
    ///
    /// When a row is not below [`Self::len`].
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(rows.iter().map(|&row| classes[row]).collect()),
            Self::Numbers(numbers) => Self::Numbers(rows.iter().map(|&row| numbers[row]).collect()),
        }
    }
}
