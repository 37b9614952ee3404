//! One file per subcommand.

pub mod certify;
pub mod completions;
pub mod demo;
pub mod devices;
pub mod evaluate;
pub mod export;
mod images;
pub mod import;
pub mod impute;
pub mod inspect;
pub mod man;
pub mod mpe;
pub mod predict;
pub mod prune;
pub mod query;
pub mod report;
pub mod reproduce;
pub mod sample;
pub mod score;
pub mod train;
