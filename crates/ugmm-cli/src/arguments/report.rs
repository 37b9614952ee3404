//! What can be typed after `ugmm report`.

use super::TableOptions;
use super::values::parse_count;
use clap::{Args, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm report flowers.safetensors --data flowers.csv -o report.html\n  \
                        ugmm report flowers.safetensors --data flowers.csv --format svg --neurons 1.3,2.1 -o figures")]
pub struct Report {
    /// A model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// A table with the model's columns; with its target column too, predictions are compared with it
    #[arg(long, value_name = "TABLE")]
    pub data: PathBuf,

    #[command(flatten)]
    pub table: TableOptions,

    /// The page to write; of other formats the folder for the figures, which is made if it is not there
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// A page that needs nothing but a browser, or one file for each figure
    #[arg(long, default_value = "html", value_name = "FORMAT")]
    pub format: ReportFormat,

    /// Rows of the table to look at, the first ones
    #[arg(long, default_value = "4096", value_name = "N", value_parser = parse_count)]
    pub rows: NonZeroUsize,

    /// Rows to show first, by their numbers in the file (as messages and the page have them)
    #[arg(long, value_name = "ROW,…", value_delimiter = ',')]
    pub show: Vec<usize>,

    /// Neurons to draw, as layer.number: on the page beside the others, and first; of other formats in place of the two most
    /// important of each layer
    #[arg(long, value_name = "NEURON,…", value_delimiter = ',')]
    pub neurons: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// A page for a browser
    Html,
    /// Vector graphics
    Svg,
    /// Pictures
    Png,
}
