//! The arguments of `ugmm train`.

use super::density::{MethodKind, StructureKind};
use super::values::{
    Hidden, List, ModelKind, ObjectiveKind, PresetKind, ScalingKind, TaskKind, parse_class_weights,
    parse_count, parse_duration, parse_hidden, parse_list, parse_ordinal, parse_seed, parse_time_limit,
};
use super::{DeviceOption, TableOptions};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;
use ugmm_data::Ordinal;
use ugmm_tabular::network::ClassWeights;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm train flowers.csv --target species -o flowers.safetensors\n  \
                        ugmm train flowers.csv --target species -o flowers.safetensors \\\n       \
                        --hidden 64,32 --epochs 300 --seed 7 --json training.json\n  \
                        ugmm train houses.csv --target price -o houses.safetensors --folds 5 --time-limit 10m\n  \
                        ugmm train train-images-idx3-ubyte --target label -o mnist.safetensors\n  \
                        ugmm train flowers.csv --objective density -o flowers-density.safetensors\n  \
                        ugmm train --config flowers.safetensors.toml -o again.safetensors")]
// Makes the message about -1 name the setting instead of an unknown option.
#[command(allow_negative_numbers = true)]
pub struct Train {
    /// Table: CSV, TSV or similar, plain or compressed with gzip or zstd; Parquet; Arrow or Feather; a sheet of
    /// Excel (.xlsx) or OpenDocument (.ods), the first or one named as in "file.xlsx::Sheet 2"; or images in an IDX file
    #[arg(value_name = "TABLE", required_unless_present = "config")]
    pub data: Option<PathBuf>,

    /// Column to predict: class labels (texts or numbers) or numbers; optional with --objective density
    #[arg(long, value_name = "COLUMN", required_unless_present_any = ["config", "objective"])]
    pub target: Option<String>,

    /// Model file to write; the options used are written beside it, to a file with .toml appended to its name
    #[arg(short, long, value_name = "FILE", required_unless_present = "config")]
    pub output: Option<PathBuf>,

    /// TOML file with options: any of those below (with underscores instead of dashes), and finer settings such as
    /// `label_smoothing = 0.1`; options on the command line take precedence
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Task: predict classes or numbers [default: inferred from the target column, and reported]
    #[arg(long, value_name = "TASK")]
    pub task: Option<TaskKind>,

    /// Columns to treat as numbers, whatever their values look like
    #[arg(long, value_name = "COLUMN,…", value_parser = parse_list)]
    pub numeric: Vec<List>,

    /// Columns to treat as categories, even if their values are numbers
    #[arg(long, value_name = "COLUMN,…", value_parser = parse_list)]
    pub categorical: Vec<List>,

    /// Columns to leave out, such as row numbers
    #[arg(long, value_name = "COLUMN,…", value_parser = parse_list)]
    pub ignore: Vec<List>,

    /// Column whose categories have an order: the order given, else numerical or alphabetical; may be repeated
    #[arg(long, value_name = "COLUMN[=a<b<c]", value_parser = parse_ordinal)]
    pub ordinal: Vec<Ordinal>,

    /// Scaling of numeric columns [default: standard; none for images and with --preset paper]
    #[arg(long, value_name = "SCALING")]
    pub scaling: Option<ScalingKind>,

    #[command(flatten)]
    pub table: TableOptions,

    /// Kind of network [default: ugmm]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<ModelKind>,

    /// Training objective: the probability of the label, the joint score of features and label, both of them, the
    /// conditional density of a number, or the density of all columns [default: discriminative; conditional if the
    /// target is a number]
    #[arg(long, value_name = "OBJECTIVE")]
    pub objective: Option<ObjectiveKind>,

    /// With --objective hybrid: weight of the posterior's cross-entropy relative to the joint score [default: 10]
    #[arg(long, value_name = "WEIGHT")]
    pub cross_entropy_weight: Option<f64>,

    /// With --objective density: structure of the circuit, which decides how columns depend on each other [default:
    /// auto]
    #[arg(long, value_name = "STRUCTURE")]
    pub structure: Option<StructureKind>,

    /// With --objective density: number of units (densities side by side) in each region of the circuit [default:
    /// depends on the number of rows]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub units: Option<NonZeroUsize>,

    /// With --objective density: number of circuits to train, each with different validation rows, and to mix [default:
    /// 4; 1 for more than 2,000,000 training values]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub members: Option<NonZeroUsize>,

    /// With --objective density: training algorithm [default: em]
    #[arg(long, value_name = "METHOD")]
    pub method: Option<MethodKind>,

    /// Preset of all settings that are not given: those that learn best, or those of the paper [default: best]
    #[arg(long, value_name = "PRESET")]
    pub preset: Option<PresetKind>,

    /// Sizes of the hidden layers, such as 64,32; "none" for no hidden layer [default: the preset's]
    #[arg(long, value_name = "SIZES", value_parser = parse_hidden)]
    pub hidden: Option<Hidden>,

    /// Dropout rates, first layer first; ugmm: of each layer's components; mlp: of each hidden layer's units [default:
    /// the preset's]
    #[arg(long, value_name = "P,P,…", value_delimiter = ',')]
    pub dropout: Option<Vec<f64>>,

    /// Lower bound of every σ of a uGMM network, in units of the layer's inputs [default: the preset's]
    #[arg(long, value_name = "SIGMA")]
    pub min_sigma: Option<f64>,

    /// Number of epochs (passes over the training rows) [default: the preset's; at most 100 for a density]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub epochs: Option<NonZeroUsize>,

    /// Batch size: number of rows per training step [default: the preset's; 256 for a density, 1024 for one of images]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub batch_size: Option<NonZeroUsize>,

    /// Highest learning rate of the schedule; for a density, only with --method adam [default: the preset's; 0.01 for
    /// a density]
    #[arg(long, value_name = "RATE")]
    pub learning_rate: Option<f64>,

    /// Gradient clipping: scale all gradients down together when their norm exceeds this
    #[arg(long, value_name = "NORM")]
    pub clip: Option<f64>,

    /// Class weights: "balanced", or for example ill=5,well=1; they change the predicted classes, while probabilities
    /// still follow the frequencies of the classes in the data
    #[arg(long, value_name = "WEIGHTS", value_parser = parse_class_weights)]
    pub class_weights: Option<ClassWeights>,

    /// Numeric column with a weight of each row, at least 0, which is no input: a row of weight 2 counts as two rows
    /// in training and in all measures, and one of weight 0 is left out [default: equal weights]
    #[arg(long, value_name = "COLUMN")]
    pub weights: Option<String>,

    /// Column whose equal values mark rows that belong together, such as the rows of one patient; it is no input. Held-out
    /// rows, folds and validation rows have no group in common with the rows that a model is trained on; a row without
    /// a value is a group of its own
    #[arg(long, value_name = "COLUMN")]
    pub group: Option<String>,

    /// Column of numbers or dates by which the rows follow one another in time; it is no input. The held-out rows are the
    /// latest, and each fold, early stopping and calibration test on rows that are later than their training rows (for a
    /// density the held-out rows only)
    #[arg(long, value_name = "COLUMN", conflicts_with = "group")]
    pub time_order: Option<String>,

    /// Early stopping: hold out a tenth of the training rows as validation rows, and stop when their loss has not
    /// improved for N epochs [default: no early stopping; 5 for a density]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub patience: Option<NonZeroUsize>,

    /// Sparse training: fraction of the components of the first uGMM layer that remain after the first third of
    /// training; those leave to which the loss is least sensitive [default: all remain]
    #[arg(long, value_name = "FRACTION")]
    pub keep_components: Option<f64>,

    /// Share of the rows to hold out for measuring the model, stratified by class unless --group, --time-order or
    /// --conformal decides; 0 holds out none [default: 0.2]
    #[arg(long, value_name = "SHARE")]
    pub validation: Option<f64>,

    /// Measure the model by K-fold cross-validation instead of held-out rows, train it on all rows (except for the held-out
    /// rows of --conformal), and calibrate its
    /// probabilities with the temperature that fits the folds' predictions best
    #[arg(long, value_name = "K", value_parser = parse_count)]
    pub folds: Option<NonZeroUsize>,

    /// Conformal prediction: the held-out rows, here a simple random sample, calibrate the prediction sets of `predict --sets`
    /// and the intervals of `predict --interval`, which then hold the true value of a new row with at least the stated
    /// probability, if new rows are like those of the table and in no order. The folds of --folds divide the other rows
    #[arg(long, conflicts_with_all = ["weights", "time_order"])]
    pub conformal: bool,

    /// Choose the best of several settings by cross-validation: a small grid around the preset's settings, or the
    /// tables of a TOML file, such as [wider] with settings below it
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub search: Option<Option<PathBuf>>,

    /// Time limit for all training together, such as 90s, 5m or 1h30m; the number of epochs is reduced to fit
    #[arg(long, value_name = "TIME", value_parser = parse_time_limit)]
    pub time_limit: Option<Duration>,

    /// Time between checkpoints, which are kept beside the model file during training [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub checkpoint_interval: Option<Duration>,

    /// Resume an interrupted run from its checkpoint, if there is one; the model is the same as without interruption
    #[arg(long)]
    pub resume: bool,

    /// Seed of all random choices [default: 0]
    #[arg(long, value_name = "SEED", value_parser = parse_seed)]
    pub seed: Option<u64>,

    #[command(flatten)]
    pub device: DeviceOption,
}
