//! The output options of `ugmm predict` and `ugmm score`.

use super::TableOptions;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use ugmm_data::frame::ReadOptions;

#[derive(Debug, Args)]
pub struct RowOptions {
    /// File to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Format of the output [default: inferred from the extension of the output file, else csv]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,

    /// Treat values that cannot be read, such as text in a numeric column, as missing
    #[arg(long)]
    pub lenient: bool,

    /// Columns of the table to copy to the output, before the others, such as a row number
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub keep: Vec<String>,
}

impl RowOptions {
    /// Returns the options for reading the table.
    pub fn read_options(&self, table: &TableOptions) -> ReadOptions {
        ReadOptions { lenient: self.lenient, ..table.read_options() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated values with a header
    Csv,
    /// One JSON object per line
    Jsonl,
    /// Apache Parquet
    Parquet,
}
