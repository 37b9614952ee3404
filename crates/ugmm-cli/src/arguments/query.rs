//! The arguments of `ugmm query` and `ugmm sample`.

use super::values::{parse_count, parse_seed};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// The given values and the ranges of a question.
#[derive(Clone, Debug, Default, Args)]
pub struct Known {
    /// Known values, in the table's units and words, such as petal_length=4.5,colour=red; put names and values that
    /// contain commas or equals signs in double quotes; may be repeated
    #[arg(long, value_name = "COLUMN=VALUE,…", allow_hyphen_values = true)]
    pub given: Vec<String>,

    /// Range of a numeric column, instead of the range of the training rows; may be repeated; of a density only with
    /// `ugmm mpe`
    #[arg(long, value_name = "COLUMN=LOW:HIGH", allow_hyphen_values = true)]
    pub range: Vec<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ugmm query flowers.safetensors --given petal_length=4.5,petal_width=1.4\n  \
                  ugmm query flowers.safetensors --given species=setosa --ask sepal_length\n  \
                  ugmm query flowers.safetensors --given '\"length, cm\"=4' --given 'place=\"Paris, France\"'"
)]
pub struct Query {
    /// Model file written by `ugmm train`; questions about columns other than the target need a density, generative,
    /// hybrid or conditional model
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    #[command(flatten)]
    pub known: Known,

    /// Columns to ask for, each separately; columns that are neither given nor asked for are missing [default: the
    /// target, or --score if every column is given; without a target, all columns that are not given]
    #[arg(long, value_name = "COLUMN,…")]
    pub ask: Vec<String>,

    /// Print the score of a row whose columns are all given; for a density, the log-likelihood of the given values
    #[arg(long, conflicts_with = "ask")]
    pub score: bool,

    /// Number of cells into which the range of a number is divided; not for a density [default: 256]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub cells: Option<NonZeroUsize>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ugmm sample flowers.safetensors --given species=setosa -n 1000 -o samples.csv\n  \
                  ugmm sample flowers.safetensors -n 50 --warm-up 1000 --thin 50"
)]
pub struct Sample {
    /// Density, generative, hybrid or conditional model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    #[command(flatten)]
    pub known: Known,

    /// Number of rows to draw
    #[arg(short = 'n', long, default_value = "1000", value_name = "N", value_parser = parse_count)]
    pub rows: NonZeroUsize,

    /// File to write, in the format of its extension: .csv, .jsonl or .parquet; for a density of images also a picture,
    /// .png [default: CSV to standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Number of Gibbs sampling chains, at least 2, with random starts; not for a density, whose draws are independent
    /// [default: 8]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub chains: Option<NonZeroUsize>,

    /// Number of sweeps over all columns before the first row is kept; not for a density [default: 200]
    #[arg(long, value_name = "N")]
    pub warm_up: Option<usize>,

    /// Number of sweeps of a chain from one kept row to the next; not for a density [default: 10]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub thin: Option<NonZeroUsize>,

    /// Number of cells into which the range of a number is divided; not for a density [default: 128]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub cells: Option<NonZeroUsize>,

    /// Seed of all random choices
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,
}
