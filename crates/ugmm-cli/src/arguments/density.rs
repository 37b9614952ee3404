//! The options of `ugmm score` and `ugmm impute`, and those of `ugmm train --objective density`.

use super::values::{parse_count, parse_seed};
use super::{RowOptions, TableOptions};
use clap::{Args, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use ugmm_tabular::{DensityMethod, DensityStructure};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm score flowers.safetensors new-flowers.csv -o scores.csv\n  \
                        ugmm score machine.safetensors today.csv --keep time | sort -t, -k3 -g | head")]
pub struct Score {
    /// A model file written by `ugmm train --objective density`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// A table with the model's columns, in any order, among others or not, or images; "-" for standard input. The target, if the
    /// model has one, may be there or not
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    #[command(flatten)]
    pub table: TableOptions,

    #[command(flatten)]
    pub rows: RowOptions,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ugmm impute flowers.safetensors flowers.csv -o whole.csv --uncertainty\n  \
                        ugmm impute flowers.safetensors flowers.csv -o twenty.csv --draws 20\n  \
                        ugmm impute mnist.safetensors t10k-images-idx3-ubyte --hide bottom --rows 10 -o completed.png"
)]
pub struct Impute {
    /// A model file written by `ugmm train --objective density`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// A table with the model's columns, in any order, among others or not; the target, if the model has one, may be there or
    /// not; "-" for standard input
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    #[command(flatten)]
    pub table: TableOptions,

    /// The file to write, in the format that its ending says (.csv, .jsonl, .parquet), or, of images, the picture (.png)
    /// [default: CSV to standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Add columns that say how uncertain what was filled in is: the standard deviation of numbers, the probability of states
    #[arg(long, conflicts_with = "draws")]
    pub uncertainty: bool,

    /// Write each row N times, with missing values drawn together rather than by what is to be expected, and a column "draw"
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub draws: Option<NonZeroUsize>,

    /// Of images: the part to hide and to complete
    #[arg(long, value_name = "PART")]
    pub hide: Option<Hide>,

    /// Of images: how many, the first ones [default: 10]
    #[arg(long, value_name = "N", value_parser = parse_count, requires = "hide")]
    pub rows: Option<NonZeroUsize>,

    /// Decides every draw
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,
}

/// Which half of images is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Hide {
    /// The lower half
    Bottom,
    /// The upper half
    Top,
    /// The left half
    Left,
    /// The right half
    Right,
}

/// Which columns a density joins where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StructureKind {
    /// Of small tables the best of chow-liu, mixture and random-trees on rows set aside; of others chow-liu
    Auto,
    /// A tree of the columns that depend most on each other, with hidden states
    ChowLiu,
    /// Several trees that divide the columns at random
    RandomTrees,
    /// A plain mixture
    Mixture,
    /// Of images: rectangles, halved again and again, both ways
    Halves,
    /// Columns that do not depend on each other
    Independent,
}

impl From<StructureKind> for DensityStructure {
    fn from(kind: StructureKind) -> Self {
        match kind {
            StructureKind::Auto => Self::Auto,
            StructureKind::ChowLiu => Self::ChowLiu,
            StructureKind::RandomTrees => Self::RandomTrees,
            StructureKind::Mixture => Self::Mixture,
            StructureKind::Halves => Self::Halves,
            StructureKind::Independent => Self::Independent,
        }
    }
}

/// How the parameters of a density are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MethodKind {
    /// Expectation maximisation
    Em,
    /// Gradient ascent
    Adam,
}

impl From<MethodKind> for DensityMethod {
    fn from(kind: MethodKind) -> Self {
        match kind {
            MethodKind::Em => Self::Em,
            MethodKind::Adam => Self::Adam,
        }
    }
}
