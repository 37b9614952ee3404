//! The arguments of `reproduce sequences` and `reproduce images`.

use super::DeviceOption;
use super::values::{parse_count, parse_seed};
use clap::{Args, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// The options that `reproduce sequences` and `reproduce images` share.
#[derive(Debug, Args)]
pub struct ArchitectureOptions {
    /// Folder with the four IDX files of MNIST, plain or gzipped (scripts/fetch-mnist.sh downloads them); only the
    /// MNIST tasks need it
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Number of runs of each network, each with its own seed
    #[arg(long, default_value = "3", value_name = "N", value_parser = parse_count)]
    pub seeds: NonZeroUsize,

    /// Seed of the first run; each further run uses the next number
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,

    /// Number of training epochs [default: the experiment's]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub epochs: Option<NonZeroUsize>,

    /// Quick run: one seed, part of the rows, few epochs
    #[arg(long)]
    pub quick: bool,

    /// Hold out part of the training data and measure on it, without using the test data
    #[arg(long)]
    pub validation: bool,

    /// Run only networks whose name contains this text
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,

    /// Run the networks of this TOML file instead of the experiment's: one table per network, such as [wide], with its
    /// layers and optionally its training settings (docs/guide/architectures.md)
    #[arg(long, value_name = "FILE")]
    pub variants: Option<PathBuf>,

    #[command(flatten)]
    pub device: DeviceOption,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SequenceTask {
    /// Classify MNIST digits from the rows of the image, one after the other
    Rows,
    /// Predict the next character of Paradise Lost
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImageTask {
    /// MNIST: 28 × 28 pixels
    Mnist,
    /// The 1,797 bundled digits of 8 × 8 pixels
    Digits,
}

#[derive(Debug, Args)]
pub struct ReproduceSequences {
    /// Tasks to run
    #[arg(long, default_value = "rows,text", value_name = "TASKS", value_delimiter = ',')]
    pub tasks: Vec<SequenceTask>,

    #[command(flatten)]
    pub options: ArchitectureOptions,
}

#[derive(Debug, Args)]
pub struct ReproduceImages {
    /// Tasks to run
    #[arg(long, default_value = "mnist,digits", value_name = "TASKS", value_delimiter = ',')]
    pub tasks: Vec<ImageTask>,

    #[command(flatten)]
    pub options: ArchitectureOptions,
}
