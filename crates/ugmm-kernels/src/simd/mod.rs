//! Vectors of numbers: the instruction set, exponentials and logarithms for it, and aligned memory.

pub(crate) mod aligned;
pub(crate) mod dispatch;
pub(crate) mod exp;
pub(crate) mod exp2;
pub(crate) mod logarithm;
pub(crate) mod vector;
