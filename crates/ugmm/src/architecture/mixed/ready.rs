//! Configurations that are ready to use.

use super::{MixedConfig, MixedInput, MixedLayerConfig, Padding};
use crate::Init;

/// Patches of the convolutions here.
const KERNEL: [usize; 2] = [3, 3];
/// σ floor of a uGMM layer that reads pixels in [0, 1], and of one that reads values of standard deviation 1; those of the
/// preset `best` (docs/results/mnist-quality.md).
const PIXEL_MIN_SIGMA: f64 = 0.5;
const STANDARD_MIN_SIGMA: f64 = 1.0;

impl MixedConfig {
    /// A uGMM head on a convolutional trunk, for images of `[channels, height, width]` with pixels in [0, 1]: for each of
    /// `trunk` an ordinary convolution of 3 × 3 to so many channels, batch normalisation, ReLU and pooling of 2 × 2; then
    /// uGMM layers of `head` neurons, and one with a neuron for each class. The trunk's features are normalised before the head,
    /// so that their spread suits its components. Scores are scaled log-densities: as they are, the means over many
    /// components that wide, they differ so little at first that learning begins late.
    #[must_use]
    pub fn ugmm_head_on_convolutional_trunk(
        [channels, height, width]: [usize; 3],
        trunk: &[usize],
        head: &[usize],
        classes: usize,
    ) -> Self {
        let mut layers: Vec<MixedLayerConfig> =
            trunk.iter().flat_map(|&channels| ordinary_block(channels)).collect();
        layers.extend([MixedLayerConfig::Flatten, MixedLayerConfig::BatchNorm]);
        layers.extend(ugmm_head(head, classes));
        Self::new(MixedInput::Image { channels, height, width }, layers)
    }

    /// The same with a convolution by uGMM neurons in the trunk as well, without activation functions: uGMM neurons need none.
    #[must_use]
    pub fn ugmm_cnn(
        [channels, height, width]: [usize; 3],
        trunk: &[usize],
        head: &[usize],
        classes: usize,
    ) -> Self {
        let mut layers = Vec::new();
        for (index, &channels) in trunk.iter().enumerate() {
            let min_sigma = if index == 0 { PIXEL_MIN_SIGMA } else { STANDARD_MIN_SIGMA };
            layers.extend([
                MixedLayerConfig::UgmmConv2d {
                    channels,
                    kernel: KERNEL,
                    stride: [1, 1],
                    dilation: [1, 1],
                    padding: Padding::Same,
                    min_sigma,
                    init: Init::Wide,
                    dropout: 0.0,
                },
                MixedLayerConfig::MaxPool2d { kernel: [2, 2] },
                MixedLayerConfig::BatchNorm,
            ]);
        }
        layers.extend([MixedLayerConfig::Flatten, MixedLayerConfig::BatchNorm]);
        layers.extend(ugmm_head(head, classes));
        Self::new(MixedInput::Image { channels, height, width }, layers)
    }

    /// An ordinary convolutional network to compare with: the same trunk, and linear layers with batch normalisation, ReLU and
    /// dropout of `dropout` before them.
    #[must_use]
    pub fn cnn(
        [channels, height, width]: [usize; 3],
        trunk: &[usize],
        head: &[usize],
        classes: usize,
        dropout: f64,
    ) -> Self {
        let mut layers: Vec<MixedLayerConfig> =
            trunk.iter().flat_map(|&channels| ordinary_block(channels)).collect();
        layers.extend([MixedLayerConfig::Flatten, MixedLayerConfig::Dropout { probability: dropout }]);
        for &outputs in head {
            layers.extend([
                MixedLayerConfig::Linear { outputs },
                MixedLayerConfig::BatchNorm,
                MixedLayerConfig::Relu,
                MixedLayerConfig::Dropout { probability: dropout },
            ]);
        }
        layers.push(MixedLayerConfig::Linear { outputs: classes });
        Self::new(MixedInput::Image { channels, height, width }, layers)
    }
}

fn ordinary_block(channels: usize) -> [MixedLayerConfig; 4] {
    [
        MixedLayerConfig::Conv2d {
            channels,
            kernel: KERNEL,
            stride: [1, 1],
            dilation: [1, 1],
            padding: Padding::Same,
        },
        MixedLayerConfig::BatchNorm,
        MixedLayerConfig::Relu,
        MixedLayerConfig::MaxPool2d { kernel: [2, 2] },
    ]
}

/// Input dropout of a head's features, of which there are many, and of what its neurons say (docs/results/architectures.md).
const FEATURE_DROPOUT: f64 = 0.4;
const NEURON_DROPOUT: f64 = 0.2;

fn ugmm_head(head: &[usize], classes: usize) -> Vec<MixedLayerConfig> {
    let dense = |(index, &outputs): (usize, &usize)| MixedLayerConfig::UgmmDense {
        outputs,
        min_sigma: STANDARD_MIN_SIGMA,
        init: Init::Wide,
        dropout: 0.0,
        input_dropout: if index == 0 { FEATURE_DROPOUT } else { NEURON_DROPOUT },
    };
    let hidden = head.iter().enumerate().flat_map(|layer| [dense(layer), MixedLayerConfig::BatchNorm]);
    hidden.chain([dense((head.len(), &classes))]).collect()
}
