#![doc = include_str!("../README.md")]
//!
//! [`ModelReport::of`] looks at a network or a density with the rows of a table, and collects neurons, rows, measures,
//! columns and dependencies. [`ModelReport::page`] and [`ModelReport::figures`] are drawn by the crate `ugmm-report`.
//! The other modules say in words what was found in the rows that a model reads, and name the inputs and neurons of a
//! network.

mod density;
mod error;
mod first_rows;
pub mod matters;
pub mod met;
pub mod naming;
mod network;
mod report;
mod unseen;
mod words;

pub use error::ReportError;
pub use first_rows::FirstRows;
pub use network::network_figure;
pub use report::{ModelReport, ReportOptions};
pub use unseen::unseen_lines;
pub use words::{expected_text, known_level, log_likelihood};
