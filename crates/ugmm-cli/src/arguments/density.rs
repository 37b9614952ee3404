//! The arguments of `ugmm score` and `ugmm impute`, and option values of `ugmm train --objective density`.

use super::values::{parse_count, parse_seed};
use super::{RowOptions, TableOptions};
use clap::{Args, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use ugmm_tabular::density::{DensityMethod, DensityStructure};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ugmm score flowers.safetensors new-flowers.csv -o scores.csv\n  \
                        ugmm score machine.safetensors today.csv --keep time | sort -t, -k3 -g | head")]
pub struct Score {
    /// Model file written by `ugmm train --objective density`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// Table or images with the model's columns, in any order; other columns are ignored; the target is optional; "-"
    /// reads standard input
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
    /// Model file written by `ugmm train --objective density`
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// Table or images with the model's columns, in any order; other columns are copied; the target is optional; "-"
    /// reads standard input
    #[arg(value_name = "TABLE")]
    pub data: PathBuf,

    #[command(flatten)]
    pub table: TableOptions,

    /// File to write, in the format of its extension: .csv, .jsonl or .parquet; for images also a picture, .png
    /// [default: CSV to standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Add columns with the uncertainty of imputed values: the standard deviation of numbers, the probability of
    /// categories
    #[arg(long, conflicts_with = "draws")]
    pub uncertainty: bool,

    /// Write each row N times with its missing values drawn jointly at random (multiple imputation), numbered in a
    /// column "draw" [default: once, with means and most probable categories]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub draws: Option<NonZeroUsize>,

    /// For images: half to hide and complete
    #[arg(long, value_name = "PART")]
    pub hide: Option<Hide>,

    /// For images: number of images to complete, from the start of the file [default: 10]
    #[arg(long, value_name = "N", value_parser = parse_count, requires = "hide")]
    pub rows: Option<NonZeroUsize>,

    /// Seed of all draws
    #[arg(long, default_value_t = 0, value_name = "SEED", value_parser = parse_seed)]
    pub seed: u64,
}

/// The half of an image that is hidden.
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

/// The structure of a density's circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StructureKind {
    /// Up to 2,000,000 training values: the structure with the highest log-likelihood on validation rows; above:
    /// chow-liu
    Auto,
    /// Hidden Chow-Liu tree: a tree that links the most dependent columns, with latent states
    ChowLiu,
    /// Several trees that split the columns at random
    RandomTrees,
    /// Mixture of components in which the columns are independent
    Mixture,
    /// For images: rectangles, halved repeatedly in both directions
    Halves,
    /// Independent columns
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

/// The training algorithm of a density.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MethodKind {
    /// Expectation maximisation
    Em,
    /// Gradient ascent with Adam
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
