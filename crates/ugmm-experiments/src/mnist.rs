//! The paper's discriminative experiment (§4.2).

use crate::experiment::{Contender, Experiment, Part, layer_sizes, percent};
use crate::{ExperimentError, Measured, Progress, Protocol, Report};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use ugmm_data::{IdxImages, LabelledImages, load_mnist};
use ugmm_network::training::{Dataset, Features};
use ugmm_network::{Architecture, Device, Preset, Settings};

const DIGITS: usize = 10;
pub(crate) const PAPER_HIDDEN: [usize; 2] = [128, 64];

/// Options of the experiment.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder with MNIST's four IDX files.
    pub data: PathBuf,
    /// Number of training images, the last ones, that are held out and measured on instead of the test images.
    pub validation: Option<NonZeroUsize>,
    /// Models, settings and seeds.
    pub protocol: Protocol,
}

/// Trains the paper's models, or others, on MNIST. Files that cannot be read and options that cannot be are errors.
pub fn run(
    options: &Options,
    device: &Device,
    progress: Progress,
) -> Result<Report<Measured>, ExperimentError> {
    let mnist = load_mnist(&options.data)?;
    let (train, test) = match options.validation {
        Some(held_out) => split_off_last(mnist.train, held_out.get())?,
        None => (mnist.train, mnist.test),
    };
    let (train, test) = (dataset(train)?, dataset(test)?);
    let features = train.columns();
    // The paper's layers, whatever the settings.
    let base = Settings { hidden: Some(PAPER_HIDDEN.to_vec()), ..Settings::default() };
    let sizes = layer_sizes(&[&[features], &PAPER_HIDDEN[..], &[DIGITS]].concat());
    let contenders = vec![
        Contender {
            name: format!("uGMM-NN {sizes}"),
            settings: base.clone(),
            paper: Some(percent(97.74, None)),
            published_code: Some(percent(97.46, None)),
        },
        Contender {
            name: format!("FFNN {sizes}"),
            settings: Settings { model: Some(Architecture::Mlp), ..base.clone() },
            paper: Some(percent(98.21, None)),
            published_code: Some(percent(98.31, None)),
        },
    ];
    let experiment = Experiment {
        name: "mnist",
        description: description(options),
        contenders,
        base,
        parts: vec![Part { split: None, train, test }],
        test_rows: options.validation.is_none(),
        first_measured_epoch: |epochs| epochs - epochs / 10,
        protocol: &options.protocol,
        changes: options.validation.map(|rows| format!("--validation {rows}")).into_iter().collect(),
        default_seeds: 1,
        progress,
        device,
    };
    experiment.run()
}

fn description(options: &Options) -> String {
    let measured = match options.validation {
        Some(rows) => format!("the last {rows} training images, which are left out of training"),
        None => "the 10,000 test images".into(),
    };
    match options.protocol.preset {
        Preset::Paper => format!(
            "MNIST, by the paper's protocol: 60,000 training and 10,000 test images, pixels in [0, 1], batches of 128, \
             Adam (uGMM 1e-2, FFNN 1e-3),\nlearning rate ×0.1 after epochs 20, 45 and 60, 100 epochs; accuracy is that \
             on {measured}, averaged over epochs 90 to 100 (or the last tenth).\nThe published code's figures: its \
             notebook's last epoch (50 epochs, dropout 0.2, batches of 256); its FFNN after 23 epochs."
        ),
        Preset::Best => format!(
            "MNIST, the paper's networks and data with this project's settings (docs/results/mnist-quality.md): pixels in \
             [0, 1], no augmentation;\naccuracy is that on {measured}, measured once, after the last epoch."
        ),
    }
}

/// Images and labels without the last `count`, and the last `count`.
pub(crate) fn split_off_last(
    mut all: LabelledImages,
    count: usize,
) -> Result<(LabelledImages, LabelledImages), ExperimentError> {
    if count >= all.labels.len() {
        let expected = "less than the number of training images";
        return Err(ExperimentError::Option("validation", count.to_string(), expected));
    }
    let kept = all.labels.len() - count;
    let (rows, columns) = (all.images.rows, all.images.columns);
    let pixels = all.images.pixels.split_off(kept * rows * columns);
    let labels = all.labels.split_off(kept);
    all.images.count = kept;
    Ok((all, LabelledImages { images: IdxImages { count, rows, columns, pixels }, labels }))
}

pub(crate) fn dataset(labelled: LabelledImages) -> Result<Dataset, ExperimentError> {
    let LabelledImages { images, labels } = labelled;
    let columns = images.rows * images.columns;
    Ok(Dataset::new(features(images.pixels), columns, labels.into_iter().map(usize::from).collect(), DIGITS)?)
}

/// Pixels in [0, 1].
pub(crate) fn features(pixels: Vec<u8>) -> Features {
    Features::Bytes { values: pixels, scale: 1.0 / 255.0 }
}
