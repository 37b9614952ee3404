//! The arguments of `ugmm report`.

use super::TableOptions;
use super::values::parse_count;
use clap::{Args, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm report flowers.safetensors --data flowers.csv -o report.html\n  \
                        ugmm report flowers.safetensors --data flowers.csv --format svg --neurons 1.3,2.1 -o figures")]
pub struct Report {
    /// Model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// Table with the model's columns; if it has the target column, predictions are compared with it
    #[arg(long, value_name = "TABLE")]
    pub data: PathBuf,

    #[command(flatten)]
    pub table: TableOptions,

    /// Page to write; with --format svg or png, the folder for the figures, which is created if necessary
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Format: a self-contained page for a browser, or one file per figure
    #[arg(long, default_value = "html", value_name = "FORMAT")]
    pub format: ReportFormat,

    /// Number of rows of the table to use, from its start
    #[arg(long, default_value = "4096", value_name = "N", value_parser = parse_count)]
    pub rows: NonZeroUsize,

    /// Rows to show first, by their row numbers in the file (the numbers in messages and on the page)
    #[arg(long, value_name = "ROW,…", value_delimiter = ',')]
    pub show: Vec<usize>,

    /// Neurons to draw, as layer.number, such as 1.3; html: before the other neurons; svg and png: instead of the two
    /// most important neurons of each layer
    #[arg(long, value_name = "NEURON,…", value_delimiter = ',')]
    pub neurons: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Page for a browser
    Html,
    /// Vector graphics (SVG)
    Svg,
    /// Pixel images (PNG)
    Png,
}
