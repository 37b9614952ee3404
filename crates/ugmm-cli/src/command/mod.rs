//! One file per subcommand.

pub mod evaluate;
pub mod predict;
pub mod reproduce;
pub mod train;
