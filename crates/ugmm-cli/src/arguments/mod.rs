//! What can be typed.

mod architectures;
mod density;
mod mpe;
mod query;
mod report;
mod rows;
mod train;
mod values;

#[cfg(feature = "architectures")]
pub use architectures::{ArchitectureOptions, ImageTask, SequenceTask};
pub use architectures::{ReproduceImages, ReproduceSequences};
pub use density::{Hide, Impute, Score};
pub use mpe::{Certify, Mpe};
pub use query::{Known, Query, Sample};
pub use report::{Report, ReportFormat};
pub use rows::{Format, RowOptions};
pub use train::Train;
pub use values::{
    CriterionKind, Hidden, ModelKind, ObjectiveKind, PresetKind, parse_class_weights, parse_dates,
    parse_decimal, parse_delimiter, parse_duration, parse_ordinal, parse_thousands, parse_time_limit,
};

use crate::error::CliError;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use ugmm_data::frame::{DecimalMark, ReadOptions, Thousands, UsualMarks};
use ugmm_network::DeviceName;
use values::{parse_character, parse_count, parse_device, parse_seed, parse_threads};

/// Neural networks whose every neuron is a Gaussian mixture: train, predict, evaluate, reproduce the paper.
#[derive(Debug, Parser)]
#[command(
    name = "ugmm",
    version,
    propagate_version = true,
    after_help = "Example:\n  ugmm train flowers.csv --target species -o flowers.safetensors\n  \
                  ugmm predict flowers.safetensors new-flowers.csv\n\n\
                  Exit status: 0 for success, 1 for a failure, 2 for wrong usage, 130 after an interruption"
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
    #[arg(long, global = true, value_name = "N", value_parser = parse_threads)]
    pub threads: Option<NonZeroUsize>,

    /// Write the numbers to this file as well, as JSON (its fields: docs/json.md); - prints them in the place of the text
    #[arg(long, global = true, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Say nothing but what is wrong; predictions are printed all the same
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub struct DeviceOption {
    /// What to compute on: cpu, or a GPU by wgpu, vulkan, metal, cuda or rocm, such as cuda:1 for the second one (`ugmm
    /// devices` lists what there is)
    #[arg(long, default_value = "cpu", value_name = "DEVICE", value_parser = parse_device)]
    pub device: DeviceName,
}

impl DeviceOption {
    /// Refuses a GPU for what is computed on the processor alone.
    pub fn refuse_for_densities(&self) -> Result<(), CliError> {
        match self.device {
            DeviceName::Cpu => Ok(()),
            _ => {
                let reason = "densities are computed on the processor alone; leave it out".into();
                Err(CliError::Option { key: "--device", reason })
            }
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run an experiment of the paper and print its figures beside the measured ones
    #[command(subcommand)]
    Reproduce(Reproduce),
    /// Learn to predict a column of a table, classes or numbers, or learn the density of all columns
    Train(Box<Train>),
    /// Predict the rows of a table
    Predict(Predict),
    /// Compare a model's predictions with what a table holds
    Evaluate(Evaluate),
    /// Show what a model's neurons are made of
    Inspect(Inspect),
    /// Leave out the components of a model that it does not need
    Prune(Prune),
    /// Draw what is inside of a model: a page for a browser, or figures for a paper
    Report(Report),
    /// Ask a model for any of its columns, given any others
    Query(Query),
    /// Draw rows from a model
    Sample(Sample),
    /// Say how likely rows are by a density model, and what is unusual about them
    Score(Score),
    /// Fill in the missing values of a table by a density model
    Impute(Impute),
    /// Find the values of columns that a model scores highest, given others, with a proof
    Mpe(Mpe),
    /// Prove of rows that nothing near them is classified otherwise, or find what is
    Certify(Certify),
    /// List the devices that networks can be computed on
    Devices,
    /// Print completions for a shell
    Completions(Completions),
    /// Print the manual page, or write one for each command into a folder
    Man(Man),
}

impl Command {
    /// What it computes on.
    pub fn device(&self) -> DeviceName {
        match self {
            Self::Train(options) => options.device.device,
            Self::Predict(options) => options.device.device,
            Self::Evaluate(options) => options.device.device,
            Self::Reproduce(what) => match what {
                Reproduce::Iris(options) => options.options.device.device,
                Reproduce::Mnist(options) => options.options.device.device,
                Reproduce::Uncertainty(options) => options.device.device,
                Reproduce::Sequences(options) => options.options.device.device,
                Reproduce::Images(options) => options.options.device.device,
                Reproduce::Approximation(_) => DeviceName::Cpu,
            },
            _ => DeviceName::Cpu,
        }
    }
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
    /// How near mixtures of univariate Gaussians come to smooth densities as components are added, and a density of one
    /// number given another that no single Gaussian can hold
    #[command(after_help = "Example:\n  ugmm reproduce approximation -o approximation")]
    Approximation(ReproduceApproximation),
    /// Rows of images as sequences, and text character by character: uGMM gates and transformers beside ordinary ones of
    /// the same size
    #[command(
        after_help = "Examples:\n  ugmm reproduce sequences --tasks text --quick\n  scripts/fetch-mnist.sh data/mnist\n  \
                            ugmm reproduce sequences --data data/mnist"
    )]
    Sequences(ReproduceSequences),
    /// Images: convolution by uGMM neurons, and a uGMM head on an ordinary trunk, beside an ordinary convolutional network
    /// of the same size
    #[command(
        after_help = "Examples:\n  ugmm reproduce images --tasks digits\n  scripts/fetch-mnist.sh data/mnist\n  \
                            ugmm reproduce images --data data/mnist"
    )]
    Images(ReproduceImages),
}

#[derive(Debug, Args)]
pub struct ReproduceOptions {
    /// Epochs of training, instead of the paper's number
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub epochs: Option<NonZeroUsize>,

    /// Run one of the two models only
    #[arg(long, value_name = "MODEL")]
    pub only: Option<ModelKind>,

    /// The paper's settings, or those that learn best
    #[arg(long, default_value = "paper", value_name = "PRESET")]
    pub preset: PresetKind,

    /// In place of the two models, run those of a TOML file: a table such as [wider] for each, with settings below
    /// it (as for `ugmm train --config`)
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    pub variants: Option<PathBuf>,

    /// The first seed; further runs take the numbers after it
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,

    #[command(flatten)]
    pub device: DeviceOption,
}

#[derive(Debug, Args)]
pub struct ReproduceIris {
    /// Number of runs, each with a seed of its own
    #[arg(long, default_value = "10", value_name = "N", value_parser = parse_count)]
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
    #[arg(long, default_value = "1", value_name = "N", value_parser = parse_count)]
    pub seeds: NonZeroUsize,

    /// Leave the test images alone: hold out the last N training images and measure on them
    #[arg(long, value_name = "N", value_parser = parse_count)]
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
    #[arg(long, default_value = "5000", value_name = "N", value_parser = parse_count)]
    pub validation: NonZeroUsize,

    /// Number of runs, each with a seed of its own
    #[arg(long, default_value = "3", value_name = "N", value_parser = parse_count)]
    pub seeds: NonZeroUsize,

    /// The paper's settings, or those that learn best
    #[arg(long, default_value = "best", value_name = "PRESET")]
    pub preset: PresetKind,

    /// In place of the two models, those of a TOML file: a table such as [wider] for each, with settings below it
    #[arg(long, value_name = "FILE")]
    pub variants: Option<PathBuf>,

    /// The first seed; further runs take the numbers after it
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,

    #[command(flatten)]
    pub device: DeviceOption,
}

#[derive(Debug, Args)]
pub struct ReproduceApproximation {
    /// The largest number of components; from 1 it is doubled up to it
    #[arg(long, default_value = "64", value_name = "N", value_parser = parse_count)]
    pub components: NonZeroUsize,

    /// Steps of expectation maximisation, each over all points
    #[arg(long, default_value = "1000", value_name = "N", value_parser = parse_count)]
    pub epochs: NonZeroUsize,

    /// Rows to learn the density of one number given another from
    #[arg(long, default_value = "5000", value_name = "N", value_parser = parse_count)]
    pub rows: NonZeroUsize,

    /// Write the figures into this folder, as SVG
    #[arg(long, short, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Decides every random choice
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,
}

/// How to read a table, where its content does not say.
#[derive(Clone, Debug, Default, Args)]
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

    /// The decimal mark of all numbers: "." or "," [default: found from the whole file]
    #[arg(long, value_name = "MARK", value_parser = parse_decimal)]
    pub decimal: Option<DecimalMark>,

    /// What stands between thousands in all numbers: ",", ".", "'", " " or none [default: found from the whole file]
    #[arg(long, value_name = "MARK", value_parser = parse_thousands)]
    pub thousands: Option<Thousands>,

    /// How dates are written, of all columns or of one: "%d/%m/%Y" or "day=%m/%d/%y %H:%M"; may be given several times
    /// [default: found from the whole column]
    #[arg(long, value_name = "[COLUMN=]FORMAT")]
    pub date_format: Vec<String>,

    /// Columns in which NA, None, - and the like are values; only an empty field is missing there, and what --na says
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub keep_text: Vec<String>,

    /// NA, None, - and the like are values in all columns; only an empty field is missing, and what --na says
    #[arg(long)]
    pub no_usual_na: bool,
}

/// In which columns the usual marks of missing values are values.
pub fn usual_marks(none: bool, keep_text: &[String]) -> UsualMarks {
    match (none, keep_text) {
        (true, _) => UsualMarks::Text,
        (false, []) => UsualMarks::Missing,
        (false, columns) => UsualMarks::TextIn(columns.to_vec()),
    }
}

impl TableOptions {
    /// The same for the library.
    pub fn read_options(&self) -> ReadOptions {
        ReadOptions {
            delimiter: self.delimiter,
            has_header: !self.no_header,
            comment: self.comment,
            missing: self.na.clone(),
            decimal: self.decimal,
            thousands: self.thousands,
            dates: self.date_format.iter().map(|text| parse_dates(text)).collect(),
            usual_marks: usual_marks(self.no_usual_na, &self.keep_text),
            ..ReadOptions::default()
        }
    }
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ugmm predict flowers.safetensors new-flowers.csv -o predictions.csv\n  \
                        zcat sensors.csv.gz | ugmm predict machine.safetensors - --format jsonl --explain 3"
)]
pub struct Predict {
    /// A model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// A table with the model's columns, in any order, among others or not, or images; "-" for standard input
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    #[command(flatten)]
    pub table: TableOptions,

    #[command(flatten)]
    pub rows: RowOptions,

    /// Add the N columns that speak most for each prediction, compared with an average row, with their shares of all
    /// that does
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub explain: Option<NonZeroUsize>,

    #[command(flatten)]
    pub device: DeviceOption,
}

/// How a column is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deletion {
    /// By its average over the rows learned from
    Mean,
    /// By leaving it out, as a missing value
    Missing,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ugmm evaluate flowers.safetensors more-flowers.csv")]
pub struct Evaluate {
    /// A model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// A table with the model's columns and its target column, or images with their labels in a file beside them
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    #[command(flatten)]
    pub table: TableOptions,

    #[command(flatten)]
    pub device: DeviceOption,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm inspect flowers.safetensors --data flowers.csv\n  \
                        ugmm inspect flowers.safetensors --data new-flowers.csv --faithfulness")]
pub struct Inspect {
    /// A model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// A table with the model's columns, for what the neurons do on its rows; the first 4096 are looked at
    #[arg(long, value_name = "TABLE")]
    pub data: Option<PathBuf>,

    #[command(flatten)]
    pub table: TableOptions,

    /// Measure on the first rows of the table (1000, of numbers 200) how far the reasons of `predict --explain` can be
    /// trusted: how fast predictions fall when columns are deleted in their order, compared with other orders
    #[arg(
        long,
        value_name = "DELETION",
        num_args = 0..=1,
        default_missing_value = "mean",
        require_equals = true,
        requires = "data"
    )]
    pub faithfulness: Option<Deletion>,

    /// Neurons of each layer to show
    #[arg(long, default_value = "5", value_name = "N", value_parser = parse_count)]
    pub neurons: NonZeroUsize,

    /// Components of each neuron to show, those with the largest weights
    #[arg(long, default_value = "5", value_name = "N", value_parser = parse_count)]
    pub components: NonZeroUsize,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm prune flowers.safetensors flowers.csv\n  \
                  ugmm prune flowers.safetensors flowers.csv --keep 0.3 -o small.safetensors")]
pub struct Prune {
    /// A model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// The table that was learned from, or one like it; with the target column, it is measured what pruning costs
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    #[command(flatten)]
    pub table: TableOptions,

    /// The model file to write [default: none; several shares are compared]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// The share of all components to keep, greater than 0 and at most 1 [default with --output: 0.5]
    #[arg(long, value_name = "SHARE", group = "how_much")]
    pub keep: Option<f64>,

    /// Keep the components whose weight, mean responsibility or influence (see --by) is at least this
    #[arg(long, value_name = "NUMBER", group = "how_much")]
    pub at_least: Option<f64>,

    /// Keep as few as cost at most so many percentage points of accuracy on TABLE (of numbers: percent of the RMSE)
    #[arg(long, value_name = "POINTS", group = "how_much", allow_negative_numbers = true)]
    pub max_loss: Option<f64>,

    /// What makes a component worth keeping
    #[arg(long, default_value = "influence", value_name = "CRITERION")]
    pub by: CriterionKind,

    /// Merge components of a neuron whose log-densities differ by a constant, up to this standard deviation; 0 for none
    #[arg(long, default_value_t = 0.05, value_name = "NUMBER", allow_negative_numbers = true)]
    pub merge: f64,

    /// Rows of TABLE to look at, the first ones
    #[arg(long, default_value = "20000", value_name = "N", value_parser = parse_count)]
    pub rows: NonZeroUsize,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ugmm completions bash > ~/.local/share/bash-completion/completions/ugmm")]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm man | man -l -\n  ugmm man ~/.local/share/man/man1")]
pub struct Man {
    /// The folder to write the pages of all commands into [default: the first page to standard output]
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}
