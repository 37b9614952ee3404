//! What can be typed after `reproduce sequences` and `reproduce images`.

use super::DeviceOption;
use super::values::{parse_count, parse_seed};
use clap::{Args, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Options of both.
#[derive(Debug, Args)]
pub struct ArchitectureOptions {
    /// Folder with MNIST's four IDX files, plain or gzipped (scripts/fetch-mnist.sh brings them); only the tasks of MNIST
    /// need it
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Number of runs of each network, each with a seed of its own
    #[arg(long, default_value = "3", value_name = "N", value_parser = parse_count)]
    pub seeds: NonZeroUsize,

    /// The first seed; further runs take the numbers after it
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,

    /// Epochs of training, instead of those of the experiment
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub epochs: Option<NonZeroUsize>,

    /// A first look: one seed, a part of the rows, few epochs
    #[arg(long)]
    pub quick: bool,

    /// Leave the test data alone: hold out some of the training data and measure on them
    #[arg(long)]
    pub validation: bool,

    /// Only networks whose name contains this
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,

    /// In place of the networks of the experiment, those of a TOML file: a table such as [wide] for each, with its layers
    /// and, if wanted, its training (docs/guide/src/architectures.md)
    #[arg(long, value_name = "FILE")]
    pub variants: Option<PathBuf>,

    #[command(flatten)]
    pub device: DeviceOption,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SequenceTask {
    /// The rows of an MNIST image, one after the other: which digit is it?
    Rows,
    /// The characters of Paradise Lost: which one comes next?
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImageTask {
    /// MNIST
    Mnist,
    /// The 1,797 digits of 8 × 8 pixels that come with the program
    Digits,
}

#[derive(Debug, Args)]
pub struct ReproduceSequences {
    /// What to learn
    #[arg(long, default_value = "rows,text", value_name = "TASKS", value_delimiter = ',')]
    pub tasks: Vec<SequenceTask>,

    #[command(flatten)]
    pub options: ArchitectureOptions,
}

#[derive(Debug, Args)]
pub struct ReproduceImages {
    /// What to learn
    #[arg(long, default_value = "mnist,digits", value_name = "TASKS", value_delimiter = ',')]
    pub tasks: Vec<ImageTask>,

    #[command(flatten)]
    pub options: ArchitectureOptions,
}
