//! Questions as people type them, and what can be wrong with them.

pub(crate) mod assignments;
pub(crate) mod error;
