#![doc = include_str!("../README.md")]
//!
//! [`frame`] reads tables of any size and with columns of any kind, as CSV, Parquet or
//! IDX; a [`Table`] is held in memory; a [`Preprocessor`] turns both into the inputs of a network. Images as IDX files, and
//! the bundled Iris table, small digits and a text.
//!
//! Everything that comes from outside is checked here, once: whatever this crate returns is finite, of the size it says,
//! and complete but for the missing values that frames mark. An error ([`DataError`], [`frame::FrameError`],
//! [`PreprocessError`]) is one sentence that names the place and what would be right there; a [`Remedy`] is a setting with
//! which it does not arise.

mod digits;
mod encoded;
mod error;
mod file;
pub mod frame;
mod idx;
mod image_grid;
mod iris;
mod labelled_table;
mod labels;
mod mnist;
mod preprocessor;
mod remedy;
mod show;
mod split;
mod table;
mod text;

pub use crate::digits::digits;
pub use crate::encoded::Encoded;
pub use crate::error::DataError;
pub use crate::frame::closest;
pub use crate::idx::{IdxImages, read_idx_images, read_idx_labels};
pub use crate::image_grid::{ImageGrid, ImageShape};
pub use crate::iris::{IRIS_CSV, IRIS_SPLIT_STATES, iris, iris_split};
pub use crate::labelled_table::LabelledTable;
pub use crate::labels::ClassLabels;
pub use crate::mnist::{LabelledImages, Mnist, load_mnist};
pub use crate::preprocessor::{
    ColumnStates, MIN_LEVEL_ROWS, Ordinal, PreprocessError, PreprocessingOptions, Preprocessor, Scaling,
};
pub use crate::remedy::Remedy;
pub use crate::split::{
    Dependence, Split, grouped_folds, grouped_split, stratified_folds, stratified_split, timed_folds,
    timed_split,
};
pub use crate::table::Table;
pub use crate::text::{EncodedText, paradise_lost};
