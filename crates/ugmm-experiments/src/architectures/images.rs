//! uGMM neurons and convolution.

use super::contest::{Contender, Contest, Options, Practice, mnist, parameters, width_for};
use crate::ExperimentError;
use crate::mnist::dataset;
use std::path::Path;
use ugmm::architecture::{MixedConfig, MixedInput};
use ugmm_data::{ClassLabels, digits, stratified_split};
use ugmm_network::training::{Dataset, Features};

const DIGITS: usize = 10;
/// Largest pixel of the 8 × 8 digits.
const DIGITS_WHITE: f32 = 16.0;
/// Dropout of the ordinary network's dense layers, and of the uGMM heads.
const DROPOUT: f64 = 0.3;
const MNIST_UGMM_DROPOUT: f64 = 0.2;
const DIGITS_UGMM_DROPOUT: f64 = 0.4;
/// The best of those tried for the ordinary network on MNIST's held-out images, and for the uGMM networks as well
/// (docs/results/architectures.md).
const LEARNING_RATE: f64 = 3e-2;
/// By how many pixels MNIST's images are moved at most.
const MNIST_SHIFT: usize = 1;

pub fn of_mnist(folder: &Path, options: &Options) -> Result<Contest, ExperimentError> {
    let [train, measured] = mnist(folder, options)?;
    let (images, height, width) = (train.images.count, train.images.rows, train.images.columns);
    let size = [1, height, width];
    let epochs = if options.quick { 3 } else { 8 };
    let practice =
        Practice { epochs, learning_rate: LEARNING_RATE, shift: MNIST_SHIFT, ..Practice::default() };
    Ok(Contest {
        name: "MNIST",
        description: format!(
            "MNIST: {images} images to learn from, pixels in [0, 1], moved by at most {MNIST_SHIFT} pixel in \
             each direction, anew in each epoch."
        ),
        train: dataset(train)?,
        measured: dataset(measured)?,
        input: MixedInput::Image { channels: 1, height, width },
        is_text: false,
        contenders: contenders(size, [&[16, 32, 64], &[64]], MNIST_UGMM_DROPOUT, practice)?,
    })
}

pub fn of_digits(options: &Options) -> Result<Contest, ExperimentError> {
    let all = digits();
    let names: Vec<String> = all.labels.iter().map(u8::to_string).collect();
    let labels = ClassLabels::from_labels(&names)?.encode(&names)?;
    let split = stratified_split(&labels, 0.2, 42)?;
    let (train, measured) = match options.validation {
        true => {
            let of_train: Vec<usize> = split.train.iter().map(|&row| labels[row]).collect();
            let inner = stratified_split(&of_train, 0.2, 42)?;
            let rows = |chosen: &[usize]| chosen.iter().map(|&place| split.train[place]).collect();
            (rows(&inner.train), rows(&inner.test))
        }
        false => (split.train, split.test),
    };
    let (height, width) = (all.images.rows, all.images.columns);
    let rows = |chosen: &[usize]| {
        let pixels = height * width;
        let values = chosen.iter().flat_map(|row| &all.images.pixels[row * pixels..(row + 1) * pixels]);
        let features = Features::Bytes { values: values.copied().collect(), scale: 1.0 / DIGITS_WHITE };
        Dataset::new(features, pixels, chosen.iter().map(|&row| labels[row]).collect(), DIGITS)
    };
    let epochs = if options.quick { 15 } else { 60 };
    let practice = Practice { epochs, batch_size: 32, learning_rate: LEARNING_RATE, ..Practice::default() };
    Ok(Contest {
        name: "8×8 digits",
        description: format!(
            "8×8 digits: {} images to learn from, a fifth of all, by class, to measure on.",
            train.len()
        ),
        train: rows(&train)?,
        measured: rows(&measured)?,
        input: MixedInput::Image { channels: 1, height, width },
        is_text: false,
        contenders: contenders([1, height, width], [&[16, 32], &[32]], DIGITS_UGMM_DROPOUT, practice)?,
    })
}

fn contenders(
    size: [usize; 3],
    [trunk, head]: [&[usize]; 2],
    ugmm_dropout: f64,
    practice: Practice,
) -> Result<Vec<Contender>, ExperimentError> {
    let cnn = |width: usize| MixedConfig::cnn(size, trunk, &[width], DIGITS, DROPOUT);
    let ugmm_cnn = MixedConfig::ugmm_cnn(size, trunk, head, DIGITS, ugmm_dropout);
    let head_on_trunk =
        MixedConfig::ugmm_head_on_convolutional_trunk(size, trunk, head, DIGITS, ugmm_dropout);
    let width = width_for(parameters(&ugmm_cnn)?, cnn)?;
    let named = |name: String, config| Contender { name, config, practice };
    let channels = trunk.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
    Ok(vec![
        named(format!("uGMM CNN {channels}, {}", head[0]), ugmm_cnn),
        named(format!("uGMM head {} on a trunk {channels}", head[0]), head_on_trunk),
        named(format!("CNN {channels}, {width}"), cnn(width)),
    ])
}
