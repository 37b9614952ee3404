//! Missing and unseen values among the inputs of a network.

/// Number of missing and of unseen values in columns that became inputs of a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Values that were missing.
    pub missing: usize,
    /// Categories that the network was not trained on.
    pub unseen: usize,
}

impl std::ops::AddAssign for Encoded {
    fn add_assign(&mut self, other: Self) {
        self.missing += other.missing;
        self.unseen += other.unseen;
    }
}
