//! The arguments of `ugmm mpe` and `ugmm certify`.

use super::TableOptions;
use super::query::Known;
use super::values::{parse_count, parse_seed, parse_time_limit};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// Parses a finite number of at least 0.
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
    /// Generative, hybrid, conditional or density model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    #[command(flatten)]
    pub known: Known,

    /// Columns whose values to find jointly; columns that are neither given nor asked for are missing (a density
    /// integrates them out) [default: all columns that are not given]
    #[arg(long, value_name = "COLUMN,…")]
    pub query: Vec<String>,

    /// Largest gap, in nats, between the score (or log-likelihood) and its upper bound that counts as proved
    #[arg(long, default_value = "0.001", value_name = "NATS", value_parser = parse_amount)]
    pub gap: f64,

    /// Time limit of the proof; the best values found by then are printed with the bound reached
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = parse_time_limit)]
    pub time_limit: Duration,

    /// Number of paths in the first search and of starts of the gradient ascent; for a density, number of samples to
    /// start from
    #[arg(long, default_value = "32", value_name = "N", value_parser = parse_count)]
    pub beam: NonZeroUsize,

    /// Seed of all random choices
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm certify flowers.safetensors flowers.csv --epsilon 0.1\n  \
                  ugmm certify mnist.safetensors t10k-images-idx3-ubyte --epsilon 0.02 --rows 500 --boxes 1")]
pub struct Certify {
    /// Model file of a classifier, written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// Table with the model's columns and its target column, or images with their labels in a file beside them
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    /// Distance by which every number may increase or decrease, in the units of the network's inputs: standard
    /// deviations for standardised columns, the range from black to white for pixels; categories do not change
    #[arg(long, value_name = "DISTANCE", value_parser = parse_amount)]
    pub epsilon: f64,

    /// Columns that do not change, in addition to the categories
    #[arg(long, value_name = "COLUMNS")]
    pub keep: Vec<String>,

    /// Use only the first N rows [default: all rows]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub rows: Option<NonZeroUsize>,

    /// Largest number of boxes into which the neighbourhood of a row is split for a proof
    #[arg(long, default_value = "256", value_name = "N", value_parser = parse_count)]
    pub boxes: NonZeroUsize,

    /// Number of steps of the search for a counter-example
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub attack_steps: usize,

    /// Number of counter-examples to print, in the table's units
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub examples: usize,

    #[command(flatten)]
    pub table: TableOptions,
}
