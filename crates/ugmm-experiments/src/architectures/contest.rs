//! Tasks, networks and training settings of the experiments with other architectures.

use crate::{ExperimentError, Variants};
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use ugmm::architecture::{MixedConfig, MixedInput, MixedLayerConfig};
use ugmm::burn::tensor::Device;
use ugmm_data::{LabelledImages, Mnist, load_mnist};
use ugmm_network::training::Dataset;
use ugmm_network::{ClassObjective, Classification, DeviceName, UgmmError};

/// Training images of MNIST that are measured on with --validation.
const MNIST_VALIDATION: usize = 5000;
/// Images of MNIST with --quick, to learn from and to measure on.
const QUICK_IMAGES: [usize; 2] = [4000, 1000];
const BATCH_SIZE: usize = 128;

/// Options of the experiments.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the experiment, as the report has it.
    pub experiment: &'static str,
    /// The tasks to learn.
    pub tasks: Vec<Task>,
    /// Number of runs of each network, each with a seed of its own.
    pub seeds: NonZeroUsize,
    /// The first seed; further runs take the numbers after it.
    pub seed: u64,
    /// Epochs of training, in the place of the experiment's number.
    pub epochs: Option<NonZeroUsize>,
    /// A first look: one seed, a part of the rows, few epochs.
    pub quick: bool,
    /// Leaves the test data alone: some of the training data are held out and measured on.
    pub validation: bool,
    /// A part of the names of the networks to run; all, if it is not given.
    pub only: Option<String>,
    /// Networks to run in the place of the experiment's.
    pub variants: Option<Variants<Variant>>,
    /// The device.
    pub device: DeviceName,
}

/// A task to learn. Tasks of MNIST have the folder with its four IDX files.
#[derive(Clone, Debug)]
pub enum Task {
    /// The rows of an MNIST image, one after the other: which digit is it?
    Rows(PathBuf),
    /// The characters of Paradise Lost: which one comes next?
    Text,
    /// The images of MNIST.
    Mnist(PathBuf),
    /// The 1,797 digits of 8 × 8 pixels that come with `ugmm-data`.
    Digits,
}

/// Settings of a network's training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Practice {
    pub(super) epochs: usize,
    pub(super) batch_size: usize,
    /// Largest learning rate of a cosine schedule with a warm-up.
    pub(super) learning_rate: f64,
    /// Weight decay of AdamW.
    pub(super) weight_decay: f32,
    pub(super) max_gradient_norm: Option<f64>,
    /// Largest shift of images in each direction, in pixels; it is drawn for each use of an image.
    pub(super) shift: usize,
}

impl Default for Practice {
    fn default() -> Self {
        Self {
            epochs: 10,
            batch_size: BATCH_SIZE,
            learning_rate: 1e-2,
            weight_decay: 0.0,
            max_gradient_norm: Some(1.0),
            shift: 0,
        }
    }
}

/// A network in the place of an experiment's own: its `layers` and, where given, its `training`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    pub(super) layers: Vec<MixedLayerConfig>,
    #[serde(default)]
    pub(super) training: Practice,
}

/// A network that takes part.
pub(super) struct Contender {
    pub(super) name: String,
    pub(super) config: MixedConfig,
    pub(super) practice: Practice,
}

/// A task with its data and its networks.
pub(super) struct Contest {
    pub(super) name: &'static str,
    pub(super) description: String,
    pub(super) train: Dataset,
    pub(super) measured: Dataset,
    pub(super) input: MixedInput,
    /// Whether what is predicted is the next symbol, so that bits per symbol are the measure.
    pub(super) is_text: bool,
    pub(super) contenders: Vec<Contender>,
}

impl Contest {
    pub(super) fn task(&self) -> Result<Classification, UgmmError> {
        Classification::new(self.train.columns(), self.train.classes(), ClassObjective::Discriminative)
    }
}

/// The largest width with which a network has at most `most` parameters.
pub(super) fn width_for(most: usize, config: impl Fn(usize) -> MixedConfig) -> Result<usize, UgmmError> {
    let count = |width: usize| parameters(&config(width));
    let (mut low, mut high) = (1, 2);
    while count(high)? <= most {
        (low, high) = (high, 2 * high);
    }
    while high - low > 1 {
        let middle = low.midpoint(high);
        if count(middle)? <= most {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Number of parameters of a network.
pub(super) fn parameters(config: &MixedConfig) -> Result<usize, UgmmError> {
    Ok(config.blank(&Device::flex())?.learned_parameters())
}

/// MNIST's images to learn from and to measure on.
pub(super) fn mnist(folder: &Path, options: &Options) -> Result<[LabelledImages; 2], ExperimentError> {
    let Mnist { train, test } = load_mnist(folder)?;
    let (mut train, mut measured) = match options.validation {
        true => crate::mnist::split_off_last(train, MNIST_VALIDATION)?,
        false => (train, test),
    };
    if options.quick {
        let [of_train, of_measured] = QUICK_IMAGES;
        truncate(&mut train, of_train);
        truncate(&mut measured, of_measured);
    }
    Ok([train, measured])
}

fn truncate(all: &mut LabelledImages, count: usize) {
    let count = count.min(all.labels.len());
    all.labels.truncate(count);
    all.images.pixels.truncate(count * all.images.rows * all.images.columns);
    all.images.count = count;
}
