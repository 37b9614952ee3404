//! The options of `ugmm train`.

use super::density::{MethodKind, StructureKind};
use super::values::{
    Hidden, ModelKind, ObjectiveKind, PresetKind, ScalingKind, TaskKind, parse_class_weights, parse_count,
    parse_duration, parse_hidden, parse_ordinal, parse_seed, parse_time_limit,
};
use super::{DeviceOption, TableOptions};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;
use ugmm_data::Ordinal;
use ugmm_tabular::ClassWeights;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm train flowers.csv --target species -o flowers.safetensors\n  \
                        ugmm train flowers.csv --target species -o flowers.safetensors \\\n       \
                        --hidden 64,32 --epochs 300 --seed 7 --json training.json\n  \
                        ugmm train houses.csv --target price -o houses.safetensors --folds 5 --time-limit 10m\n  \
                        ugmm train train-images-idx3-ubyte --target label -o mnist.safetensors\n  \
                        ugmm train flowers.csv --objective density -o flowers-density.safetensors\n  \
                        ugmm train --config flowers.safetensors.toml -o again.safetensors")]
// So that what is wrong with -1 is said of the setting, not of an option that does not exist.
#[command(allow_negative_numbers = true)]
pub struct Train {
    /// The table: CSV, TSV or the like, plain or compressed with gzip or zstd, Parquet, or images in an IDX file
    #[arg(value_name = "TABLE", required_unless_present = "config")]
    pub data: Option<PathBuf>,

    /// The column to predict: labels, which may be text, or numbers; with --objective density there need not be one
    #[arg(long, value_name = "COLUMN", required_unless_present_any = ["config", "objective"])]
    pub target: Option<String>,

    /// The model file to write; the options that were used go beside it, with .toml at the end of its name
    #[arg(short, long, value_name = "FILE", required_unless_present = "config")]
    pub output: Option<PathBuf>,

    /// Options in a TOML file, in the place of any below (dashes become underscores), and finer settings such as
    /// `label_smoothing = 0.1`; what is typed goes before
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Predict classes or numbers [default: by what the target holds, and said]
    #[arg(long, value_name = "TASK")]
    pub task: Option<TaskKind>,

    /// Columns that are numbers, whatever they look like
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub numeric: Vec<String>,

    /// Columns that are categories, even if their values are numbers
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub categorical: Vec<String>,

    /// Columns to leave out, such as numbers of rows
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub ignore: Vec<String>,

    /// A category whose levels have an order, which is given or that of the alphabet or of numbers; once for each
    #[arg(long, value_name = "COLUMN[=a<b<c]", value_parser = parse_ordinal)]
    pub ordinal: Vec<Ordinal>,

    /// How numbers are scaled [default: standard; of images and with --preset paper none]
    #[arg(long, value_name = "SCALING")]
    pub scaling: Option<ScalingKind>,

    #[command(flatten)]
    pub table: TableOptions,

    /// The kind of network [default: ugmm]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<ModelKind>,

    /// What is optimised: the probability of the label, the joint score of features and label, or both; or the density of all
    /// columns [default: discriminative; of numbers conditional]
    #[arg(long, value_name = "OBJECTIVE")]
    pub objective: Option<ObjectiveKind>,

    /// With --objective hybrid: the weight of the cross-entropy of the posterior beside the joint score [default: 10]
    #[arg(long, value_name = "WEIGHT")]
    pub cross_entropy_weight: Option<f64>,

    /// With --objective density: which columns are joined where [default: auto]
    #[arg(long, value_name = "STRUCTURE")]
    pub structure: Option<StructureKind>,

    /// With --objective density: densities side by side in each part [default: by the number of rows]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub units: Option<NonZeroUsize>,

    /// With --objective density: circuits that are learned, each with other rows set aside, and mixed [default: 4, of large tables
    /// 1]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub members: Option<NonZeroUsize>,

    /// With --objective density: how parameters are found [default: em]
    #[arg(long, value_name = "METHOD")]
    pub method: Option<MethodKind>,

    /// Settings for everything not given: those that learn best, or those of the paper [default: best]
    #[arg(long, value_name = "PRESET")]
    pub preset: Option<PresetKind>,

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
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub epochs: Option<NonZeroUsize>,

    /// Rows per step
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub batch_size: Option<NonZeroUsize>,

    /// The (highest) learning rate
    #[arg(long, value_name = "RATE")]
    pub learning_rate: Option<f64>,

    /// Scale all gradients down together when their norm exceeds this
    #[arg(long, value_name = "NORM")]
    pub clip: Option<f64>,

    /// How much the rows of each class count: "balanced", or for example ill=5,well=1; predicted classes follow it,
    /// probabilities stay those of the classes as they occur
    #[arg(long, value_name = "WEIGHTS", value_parser = parse_class_weights)]
    pub class_weights: Option<ClassWeights>,

    /// Stop early when a tenth of the training rows, set aside for it, has not been predicted better for N epochs
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub patience: Option<NonZeroUsize>,

    /// Share of the rows held out, with the classes in proportion, to measure the model; 0 for none [default: 0.2]
    #[arg(long, value_name = "SHARE")]
    pub validation: Option<f64>,

    /// Measure by cross-validation with so many folds instead, learn from all rows, and scale the probabilities by the
    /// temperature that fits the folds' predictions best
    #[arg(long, value_name = "K", conflicts_with = "validation", value_parser = parse_count)]
    pub folds: Option<NonZeroUsize>,

    /// Choose among a few settings by cross-validation: some around the preset's, or the tables of a TOML file such as
    /// [wider] with settings below them
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub search: Option<Option<PathBuf>>,

    /// Time for all training together, such as 90s, 5m or 1h30m; the number of epochs is cut down to it
    #[arg(long, value_name = "TIME", value_parser = parse_time_limit)]
    pub time_limit: Option<Duration>,

    /// Time between checkpoints, which are kept beside the model while it is trained [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub checkpoint_interval: Option<Duration>,

    /// Go on from the checkpoint of a run that did not end, if there is one, to the same model
    #[arg(long)]
    pub resume: bool,

    /// Decides every random choice [default: 0]
    #[arg(long, value_name = "SEED", value_parser = parse_seed)]
    pub seed: Option<u64>,

    #[command(flatten)]
    pub device: DeviceOption,
}
