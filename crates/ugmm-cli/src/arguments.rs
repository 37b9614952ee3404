//! What can be typed.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use ugmm::{Architecture, Preset};
use ugmm_data::frame::ReadOptions;

/// Neural networks whose every neuron is a Gaussian mixture: train, predict, evaluate, reproduce the paper.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    after_help = "Example:\n  ugmm train flowers.csv --target species -o flowers.safetensors\n  \
                  ugmm predict flowers.safetensors new-flowers.csv"
)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
pub struct Common {
    /// Threads to compute with [default: one per core]; the results do not depend on it
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<NonZeroUsize>,

    /// Write the numbers to this file as well, as JSON (its fields: docs/json.md)
    #[arg(long, global = true, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run an experiment of the paper and print its figures beside the measured ones
    #[command(subcommand)]
    Reproduce(Reproduce),
    /// Train a classifier on a table
    Train(Box<Train>),
    /// Predict the classes of a table's rows
    Predict(Predict),
    /// Compare a model's predictions with a table's labels
    Evaluate(Evaluate),
}

#[derive(Debug, Subcommand)]
pub enum Reproduce {
    /// Iris: a generative uGMM network 5-10-5-1 and a feed-forward network 4-32-3
    #[command(after_help = "Examples:\n  ugmm reproduce iris --seeds 10\n  \
                            ugmm reproduce iris --preset best --splits 0,1,2,3,4")]
    Iris(ReproduceIris),
    /// MNIST: a uGMM network and a feed-forward network, both 784-128-64-10
    #[command(
        after_help = "Example:\n  scripts/fetch-mnist.sh data/mnist\n  ugmm reproduce mnist --data data/mnist"
    )]
    Mnist(ReproduceMnist),
    /// MNIST: calibration before and after temperature scaling, and whether networks notice what is no digit
    #[command(
        after_help = "Example:\n  scripts/fetch-mnist.sh data/mnist\n  scripts/make_others.py data/others\n  \
                            ugmm reproduce uncertainty --data data/mnist --others data/others/*"
    )]
    Uncertainty(ReproduceUncertainty),
}

#[derive(Debug, Args)]
pub struct ReproduceOptions {
    /// Epochs of training, instead of the paper's number
    #[arg(long, value_name = "N")]
    pub epochs: Option<NonZeroUsize>,

    /// Run one of the two models only
    #[arg(long, value_name = "MODEL")]
    pub only: Option<ModelKind>,

    /// The paper's settings, or those that learn best
    #[arg(long, default_value = "paper", value_name = "PRESET")]
    pub preset: PresetKind,

    /// In place of the two models, run those of a TOML file: a table such as [wider] for each, with settings below
    /// it (as for `ugmm train --settings`)
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    pub variants: Option<PathBuf>,

    /// The first seed; further runs take the numbers after it
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    pub seed: u64,
}

#[derive(Debug, Args)]
pub struct ReproduceIris {
    /// Number of runs, each with a seed of its own
    #[arg(long, default_value = "10", value_name = "N")]
    pub seeds: NonZeroUsize,

    /// Splits into training and test rows, as scikit-learn's random_state: 42 (the paper's), 0, 1, 2, 3 or 4
    #[arg(long, default_value = "42", value_name = "STATES", value_delimiter = ',')]
    pub splits: Vec<u64>,

    /// Leave the test rows alone: cross-validate on the training rows, with so many folds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=60))]
    pub folds: Option<u64>,

    #[command(flatten)]
    pub options: ReproduceOptions,
}

#[derive(Debug, Args)]
pub struct ReproduceMnist {
    /// Folder with MNIST's four IDX files, plain or gzipped (scripts/fetch-mnist.sh brings them)
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// Number of runs, each with a seed of its own
    #[arg(long, default_value = "1", value_name = "N")]
    pub seeds: NonZeroUsize,

    /// Leave the test images alone: hold out the last N training images and measure on them
    #[arg(long, value_name = "N")]
    pub validation: Option<NonZeroUsize>,

    #[command(flatten)]
    pub options: ReproduceOptions,
}

#[derive(Debug, Args)]
pub struct ReproduceUncertainty {
    /// Folder with MNIST's four IDX files, plain or gzipped (scripts/fetch-mnist.sh brings them)
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// Images that are no digits, as IDX files of 28 × 28 pixels, plain or gzipped (scripts/make_others.py makes some);
    /// at most 10,000 of each file
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub others: Vec<PathBuf>,

    /// Training images that are left out of training, for the temperature
    #[arg(long, default_value = "5000", value_name = "N")]
    pub validation: NonZeroUsize,

    /// Number of runs, each with a seed of its own
    #[arg(long, default_value = "3", value_name = "N")]
    pub seeds: NonZeroUsize,

    /// The paper's settings, or those that learn best
    #[arg(long, default_value = "best", value_name = "PRESET")]
    pub preset: PresetKind,

    /// In place of the two models, those of a TOML file: a table such as [wider] for each, with settings below it
    #[arg(long, value_name = "FILE")]
    pub variants: Option<PathBuf>,

    /// The first seed; further runs take the numbers after it
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    pub seed: u64,
}

/// How to read a table, where its content does not say.
#[derive(Debug, Args)]
pub struct TableOptions {
    /// What separates the columns of a text file, such as ";" or "\t" [default: found]
    #[arg(long, value_name = "CHARACTER", value_parser = parse_delimiter)]
    pub delimiter: Option<u8>,

    /// The file has no header; its columns are x1, x2, …
    #[arg(long)]
    pub no_header: bool,

    /// Lines that begin with this character are comments
    #[arg(long, value_name = "CHARACTER", value_parser = parse_character)]
    pub comment: Option<u8>,

    /// Texts that stand for a missing value, besides nothing, NA, N/A, NaN, null, None, ? and -
    #[arg(long, value_name = "TEXT,…", value_delimiter = ',', allow_hyphen_values = true)]
    pub na: Vec<String>,
}

impl TableOptions {
    /// The same for the library.
    pub fn read_options(&self) -> ReadOptions {
        ReadOptions {
            delimiter: self.delimiter,
            has_header: !self.no_header,
            comment: self.comment,
            missing: self.na.clone(),
            ..ReadOptions::default()
        }
    }
}

fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text {
        "\\t" | "tab" => Ok(b'\t'),
        _ => parse_character(text),
    }
}

fn parse_character(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(*byte),
        _ => Err(format!("{text:?} is not one ASCII character that is neither letter nor digit")),
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm train flowers.csv --target species -o flowers.safetensors\n  \
                        ugmm train flowers.csv --target species -o flowers.safetensors \\\n       \
                        --hidden 64,32 --epochs 300 --seed 7 --json training.json")]
// So that what is wrong with -1 is said of the setting, not of an option that does not exist.
#[command(allow_negative_numbers = true)]
pub struct Train {
    /// The table: CSV, TSV or the like, plain or compressed with gzip or zstd, or Parquet
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    /// The column to predict; its labels may be numbers or text
    #[arg(long, value_name = "COLUMN")]
    pub target: String,

    /// Columns that are numbers, whatever they look like
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub numeric: Vec<String>,

    /// Columns that are categories, even if their values are numbers
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub categorical: Vec<String>,

    /// Columns to leave out, such as numbers of rows
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub ignore: Vec<String>,

    #[command(flatten)]
    pub table: TableOptions,

    /// The model file to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Settings in a TOML file, such as `hidden = [64, 32]` or `label_smoothing = 0.1`; options go before them
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,

    /// The kind of network [default: ugmm]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<ModelKind>,

    /// What is optimised: the probability of the label, the joint score of features and label, or both
    /// [default: discriminative]
    #[arg(long, value_name = "OBJECTIVE")]
    pub objective: Option<ObjectiveKind>,

    /// With --objective hybrid: the weight of the cross-entropy of the posterior beside the joint score [default: 10]
    #[arg(long, value_name = "WEIGHT")]
    pub cross_entropy_weight: Option<f64>,

    /// Settings for everything not given: those that learn best, or those of the paper
    #[arg(long, default_value = "best", value_name = "PRESET")]
    pub preset: PresetKind,

    /// Sizes of the hidden layers, separated by commas; "none" for none [default: the preset's]
    #[arg(long, value_name = "SIZES", value_parser = parse_hidden)]
    pub hidden: Option<Hidden>,

    /// Dropout of each layer (uGMM: of its components, first layer first; MLP: of each hidden layer's units)
    #[arg(long, value_name = "P,P,…", value_delimiter = ',')]
    pub dropout: Option<Vec<f64>>,

    /// Lower bound of every σ of a uGMM network, in units of its inputs
    #[arg(long, value_name = "SIGMA")]
    pub min_sigma: Option<f64>,

    /// Passes over the training rows
    #[arg(long, value_name = "N")]
    pub epochs: Option<NonZeroUsize>,

    /// Rows per step
    #[arg(long, value_name = "N")]
    pub batch_size: Option<NonZeroUsize>,

    /// The (highest) learning rate
    #[arg(long, value_name = "RATE")]
    pub learning_rate: Option<f64>,

    /// Scale all gradients down together when their norm exceeds this
    #[arg(long, value_name = "NORM")]
    pub clip: Option<f64>,

    /// Share of the rows held out, with the classes in proportion, to measure the model; 0 for none
    #[arg(long, default_value_t = 0.2, value_name = "SHARE")]
    pub validation: f64,

    /// Measure by cross-validation with so many folds instead, learn from all rows, and scale the probabilities by the
    /// temperature that fits the folds' predictions best
    #[arg(long, value_name = "K", conflicts_with = "validation")]
    pub folds: Option<NonZeroUsize>,

    /// Leave the features as they are (they are standardised otherwise, except by --preset paper)
    #[arg(long)]
    pub raw: bool,

    /// Decides every random choice
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    pub seed: u64,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ugmm predict flowers.safetensors new-flowers.csv -o predictions.csv")]
pub struct Predict {
    /// A model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// A table with the model's feature columns, in any order; other columns are ignored
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    #[command(flatten)]
    pub table: TableOptions,

    /// The CSV file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ugmm evaluate flowers.safetensors more-flowers.csv")]
pub struct Evaluate {
    /// A model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// A table with the model's feature columns and its target column
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    #[command(flatten)]
    pub table: TableOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModelKind {
    /// A uGMM network
    Ugmm,
    /// A feed-forward network
    Mlp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ObjectiveKind {
    /// Cross-entropy of the class probabilities
    Discriminative,
    /// Joint score of features and label; prediction by its posterior
    Generative,
    /// Joint score and cross-entropy of its posterior together
    Hybrid,
}

impl From<ModelKind> for Architecture {
    fn from(kind: ModelKind) -> Self {
        match kind {
            ModelKind::Ugmm => Self::Ugmm,
            ModelKind::Mlp => Self::Mlp,
        }
    }
}

impl From<ObjectiveKind> for ugmm::ObjectiveKind {
    fn from(kind: ObjectiveKind) -> Self {
        match kind {
            ObjectiveKind::Discriminative => Self::Discriminative,
            ObjectiveKind::Generative => Self::Generative,
            ObjectiveKind::Hybrid => Self::Hybrid,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PresetKind {
    /// What learns best
    Best,
    /// As in the paper
    Paper,
}

impl PresetKind {
    /// The library's preset.
    pub fn preset(self) -> Preset {
        match self {
            Self::Best => Preset::Best,
            Self::Paper => Preset::Paper,
        }
    }

    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Paper => "paper",
        }
    }
}

/// Sizes of hidden layers.
#[derive(Clone, Debug)]
pub struct Hidden(pub Vec<usize>);

fn parse_hidden(text: &str) -> Result<Hidden, String> {
    if text == "none" {
        return Ok(Hidden(Vec::new()));
    }
    let size = |part: &str| match part.trim().parse() {
        Ok(0) | Err(_) => {
            Err(format!("{part:?} is not a layer size; write whole numbers from 1, such as 64,32"))
        }
        Ok(size) => Ok(size),
    };
    text.split(',').map(size).collect::<Result<_, _>>().map(Hidden)
}
