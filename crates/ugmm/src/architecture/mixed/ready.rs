//! Configurations that are ready to use.

use super::{MixedConfig, MixedInput, MixedLayerConfig, Padding};
use crate::Init;

/// Patches of the convolutions here.
const KERNEL: [usize; 2] = [3, 3];
/// σ floors of convolutions, which read pixels in [0, 1] or values of standard deviation 1, and of a head, which reads the latter.
const CONVOLUTION_MIN_SIGMA: f64 = 0.5;
const HEAD_MIN_SIGMA: f64 = 1.0;

impl MixedConfig {
    /// A uGMM head on a convolutional trunk, for images of `[channels, height, width]` with pixels in [0, 1]: for each of
    /// `trunk` an ordinary convolution of 3 × 3 to so many channels, batch normalisation, ReLU and pooling of 2 × 2; then
    /// uGMM layers of `head` neurons, and one with a neuron for each class. The trunk's features are normalised before the head,
    /// so that their spread suits its components; `dropout` of them are left out in training, half as many of what the head's
    /// neurons say. Scores are scaled log-densities: as they are, the means over many
    /// components that wide, they differ so little at first that learning begins late.
    #[must_use]
    pub fn ugmm_head_on_convolutional_trunk(
        [channels, height, width]: [usize; 3],
        trunk: &[usize],
        head: &[usize],
        classes: usize,
        dropout: f64,
    ) -> Self {
        let mut layers: Vec<MixedLayerConfig> =
            trunk.iter().flat_map(|&channels| ordinary_block(channels)).collect();
        layers.extend([MixedLayerConfig::Flatten, MixedLayerConfig::BatchNorm]);
        layers.extend(ugmm_head(head, classes, dropout));
        Self::new(MixedInput::Image { channels, height, width }, layers)
    }

    /// A network for images with a convolution by uGMM neurons in the trunk as well, without activation functions: uGMM neurons need none.
    #[must_use]
    pub fn ugmm_cnn(
        [channels, height, width]: [usize; 3],
        trunk: &[usize],
        head: &[usize],
        classes: usize,
        dropout: f64,
    ) -> Self {
        let mut layers = Vec::new();
        for &channels in trunk {
            layers.extend([
                MixedLayerConfig::UgmmConv2d {
                    channels,
                    kernel: KERNEL,
                    stride: [1, 1],
                    dilation: [1, 1],
                    padding: Padding::Same,
                    min_sigma: CONVOLUTION_MIN_SIGMA,
                    init: Init::Wide,
                    dropout: 0.0,
                },
                MixedLayerConfig::MaxPool2d { kernel: [2, 2] },
                MixedLayerConfig::BatchNorm,
            ]);
        }
        layers.extend([MixedLayerConfig::Flatten, MixedLayerConfig::BatchNorm]);
        layers.extend(ugmm_head(head, classes, dropout));
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

fn ugmm_head(head: &[usize], classes: usize, dropout: f64) -> Vec<MixedLayerConfig> {
    let dense = |(index, &outputs): (usize, &usize)| MixedLayerConfig::UgmmDense {
        outputs,
        min_sigma: HEAD_MIN_SIGMA,
        init: Init::Wide,
        dropout: 0.0,
        input_dropout: if index == 0 { dropout } else { dropout / 2.0 },
    };
    let hidden = head.iter().enumerate().flat_map(|layer| [dense(layer), MixedLayerConfig::BatchNorm]);
    hidden.chain([dense((head.len(), &classes))]).collect()
}
