//! The options of `ugmm mpe` and `ugmm certify`.

use super::TableOptions;
use super::query::Known;
use super::values::{parse_count, parse_seed, parse_time_limit};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// A number from 0 on.
fn parse_amount(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(amount) if (0.0..f64::INFINITY).contains(&amount) => Ok(amount),
        _ => Err(format!("{text:?} is not a number from 0 on")),
    }
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ugmm mpe flowers.safetensors --given petal_length=4.5,petal_width=1.4 --query species,sepal_length\n  \
                  ugmm mpe flowers.safetensors --given species=setosa --gap 0.01 --time-limit 10s"
)]
pub struct Mpe {
    /// A generative, hybrid, conditional or density model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    #[command(flatten)]
    pub known: Known,

    /// The columns to find, together; those that are neither given nor asked for are missing, and of a
    /// density integrated out [default: all that are not
    /// given]
    #[arg(long, value_name = "COLUMN,…")]
    pub query: Vec<String>,

    /// By how much the score, or the log-likelihood, may be below its upper bound to count as proved, in nats
    #[arg(long, default_value = "0.001", value_name = "NATS", value_parser = parse_amount)]
    pub gap: f64,

    /// How long to look for a proof; what is found by then comes with the bound reached
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = parse_time_limit)]
    pub time_limit: Duration,

    /// Paths of the first search, and starts of the gradient ascent; of a density, samples to climb from
    #[arg(long, default_value = "32", value_name = "N", value_parser = parse_count)]
    pub beam: NonZeroUsize,

    /// Decides every random choice
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm certify flowers.safetensors flowers.csv --epsilon 0.1\n  \
                  ugmm certify mnist.safetensors t10k-images-idx3-ubyte --epsilon 0.02 --rows 500 --boxes 1")]
pub struct Certify {
    /// A model file of a classifier written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// A table with the model's columns and its target column, or images with their labels in a file beside them
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    /// How far every number may move up or down, in the network's units: standard deviations of a standardised column, of
    /// pixels the range from black to white; categories stay
    #[arg(long, value_name = "DISTANCE", value_parser = parse_amount)]
    pub epsilon: f64,

    /// Columns that stay as they are, beside the categories
    #[arg(long, value_name = "COLUMNS")]
    pub keep: Vec<String>,

    /// Look at the first rows only
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub rows: Option<NonZeroUsize>,

    /// Boxes that the surroundings of a row are split into for a proof, at most
    #[arg(long, default_value = "256", value_name = "N", value_parser = parse_count)]
    pub boxes: NonZeroUsize,

    /// Steps of the search for a counter-example
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub attack_steps: usize,

    /// Counter-examples to print, in the table's units
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub examples: usize,

    #[command(flatten)]
    pub table: TableOptions,
}
