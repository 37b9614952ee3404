//! How rows of a table become rows of an output, in `ugmm predict` and `ugmm score`.

use super::TableOptions;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use ugmm_data::frame::ReadOptions;

#[derive(Debug, Args)]
pub struct RowOptions {
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// What to write [default: by the ending of the output's name, else csv]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,

    /// Take values that cannot be read, such as a text in a column of numbers, as missing
    #[arg(long)]
    pub lenient: bool,

    /// Columns of the table to write before the others, such as a number of the row
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub keep: Vec<String>,
}

impl RowOptions {
    /// How the table is read.
    pub fn read_options(&self, table: &TableOptions) -> ReadOptions {
        ReadOptions { lenient: self.lenient, ..table.read_options() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated values with a header
    Csv,
    /// One JSON object a line
    Jsonl,
    /// Apache Parquet
    Parquet,
}
