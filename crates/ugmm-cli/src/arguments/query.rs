//! The options of `ugmm query` and `ugmm sample`.

use super::values::{parse_count, parse_seed};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What is known, and what numbers range over.
#[derive(Clone, Debug, Default, Args)]
pub struct Known {
    /// What is known, in the table's units and words, such as petal_length=4.5,colour=red; names or values with commas or
    /// equals signs in double quotes; may be repeated
    #[arg(long, value_name = "COLUMN=VALUE,…", allow_hyphen_values = true)]
    pub given: Vec<String>,

    /// What a column of numbers ranges over, instead of the numbers learned from; once for each
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
    /// A model file written by `ugmm train`; for other questions than its target a density,
    /// generative, hybrid or conditional one
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    #[command(flatten)]
    pub known: Known,

    /// The columns to ask for, each by itself; those that are neither given nor asked for are missing [default: the
    /// target, or the score where everything is given]
    #[arg(long, value_name = "COLUMN,…")]
    pub ask: Vec<String>,

    /// The score of a row of which everything is given; of a density model the log-likelihood of what is given
    #[arg(long, conflicts_with = "ask")]
    pub score: bool,

    /// Cells that the range of a number is divided into [default: 256]; a density model needs none
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub cells: Option<NonZeroUsize>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ugmm sample flowers.safetensors --given species=setosa -n 1000 -o samples.csv\n  \
                  ugmm sample flowers.safetensors -n 50 --warm-up 1000 --thin 50"
)]
pub struct Sample {
    /// A density, generative, hybrid or conditional model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    #[command(flatten)]
    pub known: Known,

    /// Rows to draw
    #[arg(short = 'n', long, default_value = "1000", value_name = "N", value_parser = parse_count)]
    pub rows: NonZeroUsize,

    /// The file to write, in the format that its ending says (.csv, .jsonl, .parquet), or, of a density of images, a picture
    /// (.png) [default: CSV to standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Chains that begin at random places, at least 2 [default: 8]; a density model needs none, as its draws are independent
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub chains: Option<NonZeroUsize>,

    /// Sweeps over all columns before the first row is kept [default: 200]; not of a density model
    #[arg(long, value_name = "N")]
    pub warm_up: Option<usize>,

    /// Sweeps of a chain from one row to the next [default: 10]; not of a density model
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub thin: Option<NonZeroUsize>,

    /// Cells that the range of a number is divided into [default: 128]; not of a density model
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub cells: Option<NonZeroUsize>,

    /// Decides every random choice
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,
}
