//! The arguments of the command line.

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
pub use values::{CriterionKind, Hidden, List, ModelKind, ObjectiveKind, PresetKind};

use crate::error::CliError;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use ugmm_data::frame::{DecimalMark, Encoding, ReadOptions, Thousands, UsualMarks};
use ugmm_network::DeviceName;
use values::{
    parse_character, parse_count, parse_coverage, parse_dates, parse_decimal, parse_delimiter, parse_device,
    parse_encoding, parse_list, parse_probability, parse_seed, parse_thousands, parse_threads,
};

/// Train, use and explain uGMM networks: neural networks whose neurons are Gaussian mixtures.
#[derive(Debug, Parser)]
#[command(
    name = "ugmm",
    version,
    propagate_version = true,
    after_help = "Examples:\n  ugmm demo\n  ugmm train flowers.csv --target species -o flowers.safetensors\n  \
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
    /// Number of threads; results do not depend on it [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = parse_threads)]
    pub threads: Option<NonZeroUsize>,

    /// Also write the results to this file as JSON (docs/json.md lists the fields); - prints JSON instead of text
    #[arg(long, global = true, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Suppress progress and reports; errors, and rows written to standard output such as predictions, are still
    /// printed
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub struct DeviceOption {
    /// Device to compute on: cpu, or a GPU through wgpu, vulkan, metal, cuda or rocm; cuda:1 is the second GPU (`ugmm
    /// devices` lists the available devices)
    #[arg(long, default_value = "cpu", value_name = "DEVICE", value_parser = parse_device)]
    pub device: DeviceName,
}

impl DeviceOption {
    /// Returns an error if the device is a GPU, because densities are computed on the processor only.
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
    /// Show what the program does: train on a small bundled table, predict, and draw a report, in the current folder
    Demo,
    /// Run an experiment of the paper, or a related one, and print the results beside published ones
    #[command(subcommand)]
    Reproduce(Reproduce),
    /// Train a model that predicts a column of a table (classes or numbers), or a density of all columns
    Train(Box<Train>),
    /// Predict the target for each row of a table
    Predict(Predict),
    /// Evaluate a model on a table with known targets; for a density, measure its log-likelihood
    Evaluate(Evaluate),
    /// Print the components of a model's neurons, or which columns matter and how
    Inspect(Inspect),
    /// Remove the components that a model's predictions do not need
    Prune(Prune),
    /// Write a model in a form that other programs use: ONNX, JavaScript, a page for a browser, or C
    Export(Export),
    /// Draw a model's neurons and predictions: a page for a browser, or figures for a paper
    Report(Report),
    /// Compute the distribution of any column given any other columns
    Query(Query),
    /// Draw random rows (samples) from a model
    Sample(Sample),
    /// Find unusual rows: compute the log-likelihood of each row under a density model
    Score(Score),
    /// Impute the missing values of a table with a density model
    Impute(Impute),
    /// Find the values of columns that a model scores highest, given other columns, with a proved upper bound
    Mpe(Mpe),
    /// Prove that small changes of a row do not change its predicted class, or find a counter-example
    Certify(Certify),
    /// Make a model file of a network that the paper's published PyTorch code trained
    Import(Import),
    /// List the devices that can compute networks
    Devices,
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print the manual page, or write the manual pages of all commands to a folder
    Man(Man),
}

impl Command {
    /// Returns the device that the command computes on; the processor for commands without `--device`.
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
    /// Iris: compare a generative uGMM network 5-10-5-1 with a feed-forward network 4-32-3
    #[command(after_help = "Examples:\n  ugmm reproduce iris --seeds 10\n  \
                            ugmm reproduce iris --preset best --splits 0,1,2,3,4")]
    Iris(ReproduceIris),
    /// MNIST: compare a uGMM network with a feed-forward network, both 784-128-64-10
    #[command(
        after_help = "Example:\n  scripts/fetch-mnist.sh data/mnist\n  ugmm reproduce mnist --data data/mnist"
    )]
    Mnist(ReproduceMnist),
    /// MNIST: measure calibration before and after temperature scaling, and the detection of images that are not digits
    #[command(
        after_help = "Example:\n  scripts/fetch-mnist.sh data/mnist\n  scripts/make_others.py data/others\n  \
                            ugmm reproduce uncertainty --data data/mnist --others data/others/*"
    )]
    Uncertainty(ReproduceUncertainty),
    /// Approximation: measure how close mixtures of univariate Gaussians come to smooth densities as components are
    /// added, and learn a conditional density that no single Gaussian can represent
    #[command(after_help = "Example:\n  ugmm reproduce approximation -o approximation")]
    Approximation(ReproduceApproximation),
    /// Sequences: compare LSTMs, GRUs and transformers of uGMM neurons with ordinary ones of the same size, on images
    /// read row by row and on text read character by character
    #[command(
        after_help = "Examples:\n  ugmm reproduce sequences --tasks text --quick\n  scripts/fetch-mnist.sh data/mnist\n  \
                            ugmm reproduce sequences --data data/mnist"
    )]
    Sequences(ReproduceSequences),
    /// Images: compare convolution by uGMM neurons, and a uGMM head on an ordinary trunk, with an ordinary
    /// convolutional network of the same size
    #[command(
        after_help = "Examples:\n  ugmm reproduce images --tasks digits\n  scripts/fetch-mnist.sh data/mnist\n  \
                            ugmm reproduce images --data data/mnist"
    )]
    Images(ReproduceImages),
}

#[derive(Debug, Args)]
pub struct ReproduceOptions {
    /// Number of training epochs [default: the preset's]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub epochs: Option<NonZeroUsize>,

    /// Run only one of the two models
    #[arg(long, value_name = "MODEL")]
    pub only: Option<ModelKind>,

    /// Settings: those of the paper, or those that learn best
    #[arg(long, default_value = "paper", value_name = "PRESET")]
    pub preset: PresetKind,

    /// Run the models of this TOML file instead of the two models: one table per model, such as [wider], with settings
    /// below it (the same keys as for `ugmm train --config`)
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    pub variants: Option<PathBuf>,

    /// Seed of the first run; each further run uses the next number
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,

    #[command(flatten)]
    pub device: DeviceOption,
}

#[derive(Debug, Args)]
pub struct ReproduceIris {
    /// Number of runs, each with its own seed
    #[arg(long, default_value = "10", value_name = "N", value_parser = parse_count)]
    pub seeds: NonZeroUsize,

    /// Splits into training and test rows, named by scikit-learn's random_state: 42 (the paper's), 0, 1, 2, 3 or 4
    #[arg(long, default_value = "42", value_name = "STATES", value_delimiter = ',')]
    pub splits: Vec<u64>,

    /// Cross-validate on the training rows with N folds (2 to 60), without using the test rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=60))]
    pub folds: Option<u64>,

    #[command(flatten)]
    pub options: ReproduceOptions,
}

#[derive(Debug, Args)]
pub struct ReproduceMnist {
    /// Folder with the four IDX files of MNIST, plain or gzipped (scripts/fetch-mnist.sh downloads them)
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// Number of runs, each with its own seed
    #[arg(long, default_value = "1", value_name = "N", value_parser = parse_count)]
    pub seeds: NonZeroUsize,

    /// Hold out the last N training images and measure on them, without using the test images
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub validation: Option<NonZeroUsize>,

    #[command(flatten)]
    pub options: ReproduceOptions,
}

#[derive(Debug, Args)]
pub struct ReproduceUncertainty {
    /// Folder with the four IDX files of MNIST, plain or gzipped (scripts/fetch-mnist.sh downloads them)
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// Images that are not digits: IDX files of 28 × 28 pixels, plain or gzipped (scripts/make_others.py makes some);
    /// at most 10,000 images per file are used
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub others: Vec<PathBuf>,

    /// Number of training images to hold out from training for fitting the temperature
    #[arg(long, default_value = "5000", value_name = "N", value_parser = parse_count)]
    pub validation: NonZeroUsize,

    /// Number of runs, each with its own seed
    #[arg(long, default_value = "3", value_name = "N", value_parser = parse_count)]
    pub seeds: NonZeroUsize,

    /// Settings: those of the paper, or those that learn best
    #[arg(long, default_value = "best", value_name = "PRESET")]
    pub preset: PresetKind,

    /// Run the models of this TOML file instead of the two models: one table per model, such as [wider], with settings
    /// below it
    #[arg(long, value_name = "FILE")]
    pub variants: Option<PathBuf>,

    /// Seed of the first run; each further run uses the next number
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,

    #[command(flatten)]
    pub device: DeviceOption,
}

#[derive(Debug, Args)]
pub struct ReproduceApproximation {
    /// Largest number of components; the experiment uses 1, 2, 4 and so on up to it
    #[arg(long, default_value = "64", value_name = "N", value_parser = parse_count)]
    pub components: NonZeroUsize,

    /// Number of steps of expectation maximisation, each over all points
    #[arg(long, default_value = "1000", value_name = "N", value_parser = parse_count)]
    pub epochs: NonZeroUsize,

    /// Number of training rows for the density of one number given another
    #[arg(long, default_value = "5000", value_name = "N", value_parser = parse_count)]
    pub rows: NonZeroUsize,

    /// Folder to write the figures to, as SVG [default: none are written]
    #[arg(long, short, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Seed of all random choices
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,
}

/// Options for reading a table, which override what is inferred from its content.
#[derive(Clone, Debug, Default, Args)]
pub struct TableOptions {
    /// Delimiter between the columns of a text file, such as ";" or "\t" [default: inferred from the file]
    #[arg(long, value_name = "CHARACTER", value_parser = parse_delimiter)]
    pub delimiter: Option<u8>,

    /// The file has no header row; its columns are named x1, x2, …
    #[arg(long)]
    pub no_header: bool,

    /// Ignore lines that begin with this character (comments)
    #[arg(long, value_name = "CHARACTER", value_parser = parse_character)]
    pub comment: Option<u8>,

    /// Encoding of a text file, such as windows-1252 (which includes Latin-1) or shift_jis [default: UTF-8; UTF-16 where
    /// the file begins with a byte order mark]
    #[arg(long, value_name = "NAME", value_parser = parse_encoding)]
    pub encoding: Option<Encoding>,

    /// Texts that mark a missing value, in addition to an empty field, NA, N/A, NaN, null, None, ? and -
    #[arg(long, value_name = "TEXT,…", value_parser = parse_list, allow_hyphen_values = true)]
    pub na: Vec<List>,

    /// Decimal mark of all numbers: "." or "," [default: inferred from the whole file]
    #[arg(long, value_name = "MARK", value_parser = parse_decimal)]
    pub decimal: Option<DecimalMark>,

    /// Thousands separator of all numbers: ",", ".", "'", " " or none [default: inferred from the whole file]
    #[arg(long, value_name = "MARK", value_parser = parse_thousands)]
    pub thousands: Option<Thousands>,

    /// Format of the dates in all columns, such as "%d/%m/%Y", or in one column, such as "day=%m/%d/%y %H:%M"; may be
    /// repeated [default: inferred from the whole column]
    #[arg(long, value_name = "[COLUMN=]FORMAT")]
    pub date_format: Vec<String>,

    /// Columns in which NA, None, - and the like are values; only empty fields and the texts of --na are missing there
    #[arg(long, value_name = "COLUMN,…", value_parser = parse_list)]
    pub keep_text: Vec<List>,

    /// Treat NA, None, - and the like as values in all columns; only empty fields and the texts of --na are missing
    #[arg(long)]
    pub no_usual_na: bool,
}

impl TableOptions {
    /// Returns these options in the form that the library reads tables with.
    pub fn read_options(&self) -> ReadOptions {
        ReadOptions {
            delimiter: self.delimiter,
            has_header: !self.no_header,
            comment: self.comment,
            encoding: self.encoding,
            missing: List::names(&self.na),
            decimal: self.decimal,
            thousands: self.thousands,
            dates: self.date_format.iter().map(|text| parse_dates(text)).collect(),
            usual_marks: match (self.no_usual_na, List::names(&self.keep_text)) {
                (true, _) => UsualMarks::Text,
                (false, columns) if columns.is_empty() => UsualMarks::Missing,
                (false, columns) => UsualMarks::TextIn(columns),
            },
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
    /// Model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// Table or images with the model's columns, in any order; other columns are ignored; "-" reads standard input
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    #[command(flatten)]
    pub table: TableOptions,

    #[command(flatten)]
    pub rows: RowOptions,

    /// Add the N most influential columns for each prediction: those that contribute most to it compared with an
    /// average row, each with its share of all contributions in its favour
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub explain: Option<NonZeroUsize>,

    /// Quantiles of a predicted number, each from 0 to 1; each gets a column, such as "10 %" or "median" [default:
    /// 0.05,0.5,0.95 without --interval, none with it]
    #[arg(long, value_name = "Q,Q,…", value_delimiter = ',', value_parser = parse_probability)]
    pub quantiles: Vec<f64>,

    /// Prediction intervals of a predicted number, by their coverage between 0 and 1: 0.9 adds the columns "90 % interval
    /// from" and "90 % interval to"; as much probability lies below an interval as above it. After training with
    /// --conformal, an interval holds the number of a new row with at least this probability, if new rows are like those of
    /// training and in no order
    #[arg(long, value_name = "C,C,…", value_delimiter = ',', value_parser = parse_coverage)]
    pub interval: Vec<f64>,

    /// Prediction sets of a class, by their level between 0 and 1, from a model that was trained with --conformal: 0.9 adds the
    /// column "90 % set" with the classes of a set, separated by " | ". It holds the class of a new row with at least this
    /// probability, if new rows are like those of training and in no order, and their classes are among those of training
    #[arg(long, value_name = "C,C,…", value_delimiter = ',', value_parser = parse_coverage)]
    pub sets: Vec<f64>,

    #[command(flatten)]
    pub device: DeviceOption,
}

/// The replacement of a deleted column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deletion {
    /// Replace the column by its average over the training rows
    Mean,
    /// Leave the column out, as a missing value
    Missing,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ugmm export flowers.safetensors -o flowers.onnx\n  ugmm export flowers.safetensors -o flowers.html\n  \
                  ugmm export flowers.safetensors -o flowers.sql --table flowers"
)]
pub struct Export {
    /// Model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// File to write; its ending sets the form: .onnx (ONNX), .js (a JavaScript module), .html (a page that predicts), .c
    /// (C99) or .sql (a SELECT for SQLite and DuckDB)
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,

    /// Add an output to the ONNX graph of a density: the log-likelihood of each value given the others of its row; the graph
    /// takes longer
    #[arg(long)]
    pub by_column: bool,

    /// Name of the table that the SELECT of a .sql file reads [default: rows]
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ugmm evaluate flowers.safetensors more-flowers.csv")]
pub struct Evaluate {
    /// Model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// Table with the model's columns and its target column, or images with their labels in a file beside them
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    /// Numeric column with a weight of each row, at least 0, by which all measures are weighted; rows of weight 0 are
    /// left out [default: equal weights]
    #[arg(long, value_name = "COLUMN")]
    pub weights: Option<String>,

    #[command(flatten)]
    pub table: TableOptions,

    #[command(flatten)]
    pub device: DeviceOption,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm inspect flowers.safetensors --data flowers.csv\n  \
                        ugmm inspect flowers.safetensors --data new-flowers.csv --importance\n  \
                        ugmm inspect flowers.safetensors --data new-flowers.csv --effect petal_length\n  \
                        ugmm inspect flowers.safetensors --data new-flowers.csv --faithfulness")]
#[command(group = ArgGroup::new("matters").multiple(true))]
pub struct Inspect {
    /// Model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// Table with the model's columns; adds what the neurons do on its first 4096 rows
    #[arg(long, value_name = "TABLE")]
    pub data: Option<PathBuf>,

    #[command(flatten)]
    pub table: TableOptions,

    /// Rank the columns instead of showing neurons: how much the loss rises when the values of a column are permuted
    /// among the rows, and the column's mean absolute contribution; the table must have the target
    #[arg(long, requires = "data", group = "matters")]
    pub importance: bool,

    /// Show how the prediction depends on this column, instead of showing neurons: accumulated local effects of a
    /// number or date, mean predictions for the levels of a category; may be repeated
    #[arg(long, value_name = "COLUMN", requires = "data", group = "matters")]
    pub effect: Vec<String>,

    /// Number of rows to draw at random from the table for --importance and --effect [default: 2000, or 500 if the
    /// target is a number]
    #[arg(long, value_name = "N", value_parser = parse_count, requires = "matters")]
    pub rows: Option<NonZeroUsize>,

    /// Number of permutations of each column for --importance
    #[arg(long, default_value = "5", value_name = "N", value_parser = parse_count, requires = "importance")]
    pub repetitions: NonZeroUsize,

    /// Largest number of intervals of a number for --effect
    #[arg(long, default_value = "20", value_name = "N", value_parser = parse_count, requires = "effect")]
    pub bins: NonZeroUsize,

    /// Seed of the drawn rows and of the permutations
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed, requires = "matters")]
    pub seed: u64,

    /// File for the importance or the effects, as CSV, JSON lines or Parquet by its name
    #[arg(short, long, value_name = "FILE", requires = "matters")]
    pub output: Option<PathBuf>,

    /// Measure how faithful the explanations of `predict --explain` are, on the first 1000 rows of the table (200 if
    /// the target is a number): how fast the predicted probability falls when the most influential columns are deleted
    /// first, compared with other orders [default without a value: mean]
    #[arg(
        long,
        value_name = "DELETION",
        num_args = 0..=1,
        default_missing_value = "mean",
        require_equals = true,
        requires = "data",
        conflicts_with = "matters"
    )]
    pub faithfulness: Option<Deletion>,

    /// Number of neurons to show per layer
    #[arg(long, default_value = "5", value_name = "N", value_parser = parse_count)]
    pub neurons: NonZeroUsize,

    /// Number of components to show per neuron: those with the largest mixing weights
    #[arg(long, default_value = "5", value_name = "N", value_parser = parse_count)]
    pub components: NonZeroUsize,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm import mnist.pt -o mnist.safetensors\n  \
                  ugmm import iris.pt -o iris.safetensors --classes setosa,versicolor,virginica --target species")]
pub struct Import {
    /// File that torch.save wrote of the state_dict() of the paper's uGMMNet; nothing in it is executed
    #[arg(value_name = "CHECKPOINT")]
    pub checkpoint: PathBuf,

    /// Model file to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Names of the columns of the table to predict from, in the order of the network's inputs; their numbers are the
    /// network's inputs as they are, and must be scaled as they were in training [default: x1,x2,…]
    #[arg(long, value_name = "NAMES", value_parser = parse_list)]
    pub columns: Vec<List>,

    /// Name of the predicted column
    #[arg(long, default_value = "class", value_name = "NAME")]
    pub target: String,

    /// Names of the classes in the order of their indices; a generative network, whose last input is the index of the
    /// class and which has one output, needs them [default: 0,1,…]
    #[arg(long, value_name = "NAMES", value_parser = parse_list)]
    pub classes: Vec<List>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm prune flowers.safetensors flowers.csv\n  \
                  ugmm prune flowers.safetensors flowers.csv --keep 0.3 -o small.safetensors")]
pub struct Prune {
    /// Model file written by `ugmm train`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// Training table, or a similar one; if it has the target column, the cost of pruning is measured on it
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    #[command(flatten)]
    pub table: TableOptions,

    /// Model file to write [default: none; several shares of components are compared]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Share of all components to keep, greater than 0 and at most 1 [default with --output: 0.5]
    #[arg(long, value_name = "SHARE", group = "how_much")]
    pub keep: Option<f64>,

    /// Keep the components whose influence, mean responsibility or mixing weight (see --by) is at least this
    #[arg(long, value_name = "NUMBER", group = "how_much")]
    pub at_least: Option<f64>,

    /// Keep the smallest compared share that costs at most this many percentage points of accuracy on TABLE (for a
    /// numeric target: percent of the RMSE)
    #[arg(long, value_name = "POINTS", group = "how_much", allow_negative_numbers = true)]
    pub max_loss: Option<f64>,

    /// Criterion by which components are kept
    #[arg(long, default_value = "influence", value_name = "CRITERION")]
    pub by: CriterionKind,

    /// Merge components of a neuron whose log-densities differ by a constant, up to this standard deviation; 0 merges
    /// none
    #[arg(long, default_value_t = 0.05, value_name = "NUMBER", allow_negative_numbers = true)]
    pub merge: f64,

    /// Number of rows of TABLE to use, from its start
    #[arg(long, default_value = "20000", value_name = "N", value_parser = parse_count)]
    pub rows: NonZeroUsize,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ugmm completions bash > ~/.local/share/bash-completion/completions/ugmm")]
pub struct Completions {
    /// Shell to print the script for
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm man | man -l -\n  ugmm man ~/.local/share/man/man1")]
pub struct Man {
    /// Folder to write the pages of all commands to [default: print the first page to standard output]
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}
