//! Networks of uGMM and ordinary layers in any order.

mod config;
mod layer;
mod ready;
mod shape;

pub use config::{MixedConfig, MixedInput, MixedLayerConfig, Padding};
pub use layer::{Function, MaskedEncoder, MixedLayer};

use crate::{Network, UgmmError, UgmmLayer};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use shape::Shape;
use ugmm_network::random::{Stream, generator};

/// A network of layers of any kind, one after the other; made by [`MixedConfig::init`]. The training loop works with it
/// as with any [`Network`].
///
/// ```
/// use burn::tensor::{Device, Distribution, Tensor};
/// use ugmm::architecture::{MixedConfig, MixedInput, MixedLayerConfig, Padding};
/// use ugmm::{Init, Network, Stream, generator};
///
/// let device = Device::flex();
/// let config = MixedConfig::new(
///     MixedInput::Image { channels: 1, height: 8, width: 8 },
///     vec![
///         MixedLayerConfig::Conv2d {
///             channels: 6, kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padding: Padding::Same,
///         },
///         MixedLayerConfig::BatchNorm,
///         MixedLayerConfig::Relu,
///         MixedLayerConfig::MaxPool2d { kernel: [2, 2] },
///         MixedLayerConfig::Flatten,
///         MixedLayerConfig::Ugmm {
///             neurons: 10, min_sigma: 1.0, init: Init::Data, dropout: 0.0, input_dropout: 0.0,
///         },
///     ],
/// );
/// let images = Tensor::<2>::random([20, 64], Distribution::Uniform(0.0, 1.0), &device);
/// let network = config.init(&images, &mut generator(0, Stream::Initialization), &device)?;
/// assert_eq!(network.forward(images).dims(), [20, 10]);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
#[derive(Module, Debug)]
pub struct MixedNetwork {
    /// The layers, first to last.
    pub layers: Vec<MixedLayer>,
    #[module(skip)]
    input: MixedInput,
    #[module(skip)]
    output: Output,
}

/// The size of a row's output.
#[derive(Clone, Copy, Debug)]
struct Output {
    steps: usize,
    features: usize,
}

impl From<Shape> for Output {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Sequence(steps, features) => Self { steps, features },
            other => Self { steps: 1, features: other.len() },
        }
    }
}

/// Rows that uGMM layers are initialised from, at most.
const INITIALIZATION_ROWS: usize = 256;

impl MixedConfig {
    /// A network with new parameters. `sample` `[rows, inputs]` holds typical rows; each uGMM layer is initialised from
    /// what the layers before it make of them. At most 256 rows are looked at.
    ///
    /// # Errors
    ///
    /// When a setting is wrong, or the sample is empty, of the wrong width or not finite.
    pub fn init<R: Rng + ?Sized>(
        &self,
        sample: &Tensor<2>,
        rng: &mut R,
        device: &Device,
    ) -> Result<MixedNetwork, UgmmError> {
        let output = self.shapes()?;
        let (what, [rows, columns]) = ("the sample for initialisation", sample.dims());
        if columns != self.inputs() {
            return Err(UgmmError::Size { what, found: columns, unit: "columns", expected: self.inputs() });
        }
        if rows == 0 {
            return Err(UgmmError::Size { what, found: 0, unit: "rows", expected: 1 });
        }
        let sample = sample.clone().without_autodiff().narrow(0, 0, rows.min(INITIALIZATION_ROWS));
        let mut shape = Shape::of(self.input);
        let mut signal = shape.signal(sample);
        let mut layers = Vec::with_capacity(self.layers.len());
        for config in &self.layers {
            let layer = MixedLayer::new(config, shape, &signal, rng, device)?;
            signal = layer.valid().pass::<ChaCha8Rng>(signal, None);
            shape = shape.after(config)?;
            layers.push(layer);
        }
        Ok(MixedNetwork { layers, input: self.input, output: output.into() })
    }

    /// Initialises a network from rows of zeros and a seed of its own: one of the right shape for
    /// [`load_record`](Module::load_record).
    ///
    /// # Errors
    ///
    /// When a setting is wrong.
    pub fn blank(&self, device: &Device) -> Result<MixedNetwork, UgmmError> {
        let sample = Tensor::zeros([1, self.inputs()], &device.clone().inner());
        self.init(&sample, &mut generator(0, Stream::Initialization), device)
    }
}

/// A uGMM layer of a network with the name of its place, such as "0.forget_gate".
pub type UgmmPart<'a> = (String, &'a UgmmLayer);

impl MixedNetwork {
    /// All uGMM layers with the names of their places: the number of the layer, from 0, and what it is in it.
    #[must_use]
    pub fn ugmm_layers(&self) -> Vec<UgmmPart<'_>> {
        let mut parts = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            let mut add = |name: &str, layer| parts.push((format!("{number}.{name}"), layer));
            match layer {
                MixedLayer::Ugmm(layer) => add("ugmm", layer),
                MixedLayer::UgmmDense(dense) => add("ugmm_dense", &dense.layer),
                MixedLayer::UgmmConv2d(convolution) => add("ugmm_conv2d", &convolution.dense.layer),
                MixedLayer::UgmmLstm(lstm) => {
                    lstm.gates().into_iter().for_each(|(name, gate)| add(name, &gate.layer));
                }
                MixedLayer::UgmmGru(gru) => {
                    gru.gates().into_iter().for_each(|(name, gate)| add(name, &gate.layer));
                }
                MixedLayer::TransformerEncoder(encoder) => {
                    encoder.encoder.ugmm_layers().into_iter().for_each(|(name, layer)| add(&name, layer));
                }
                _ => {}
            }
        }
        parts
    }

    /// Number of numbers that are learned.
    #[must_use]
    pub fn learned_parameters(&self) -> usize {
        let mut count = LearnedParameters(0);
        self.valid().train().visit(&mut count);
        count.0
    }

    fn pass<R: Rng + ?Sized>(&self, x: Tensor<2>, mut rng: Option<&mut R>) -> Tensor<2> {
        let signal = Shape::of(self.input).signal(x);
        let last = self.layers.iter().fold(signal, |signal, layer| layer.pass(signal, rng.as_deref_mut()));
        last.outputs()
    }
}

/// Counts parameters that have a gradient in training.
struct LearnedParameters(usize);

impl ModuleVisitor for LearnedParameters {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        if parameter.val().is_require_grad() {
            self.0 += parameter.dims().iter().product::<usize>();
        }
    }
}

impl Network for MixedNetwork {
    fn inputs(&self) -> usize {
        Shape::of(self.input).len()
    }

    fn outputs(&self) -> usize {
        self.output.features
    }

    fn predictions_per_row(&self) -> usize {
        self.output.steps
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.pass::<ChaCha8Rng>(x, None)
    }

    /// The outputs in a training pass. Batch normalisation counts each row once, whatever its share.
    fn forward_training<R: Rng + ?Sized>(
        &self,
        x: Tensor<2>,
        _shares: Option<&Tensor<2>>,
        rng: &mut R,
    ) -> Tensor<2> {
        self.pass(x, Some(rng))
    }

    /// Running means and variances of batch normalisation as they are without dropout. A mixture of many components hardly
    /// varies, but shifts as a whole when some of its inputs are replaced by their mean: with the moments of training,
    /// what comes out of it without dropout would be off by several standard deviations.
    fn settled(mut self, sample: &Tensor<2>, _shares: Option<&Tensor<2>>) -> Self {
        let rows = sample.dims()[0].min(SETTLING_ROWS);
        let sample = sample.clone().without_autodiff().narrow(0, 0, rows);
        let mut signal = Shape::of(self.input).signal(sample);
        for layer in &mut self.layers {
            layer.settle(&signal);
            signal = layer.valid().pass::<ChaCha8Rng>(signal, None);
        }
        self
    }

    fn needs_settling(&self) -> bool {
        self.layers.iter().any(|layer| matches!(layer, MixedLayer::BatchNorm(_)))
    }
}

/// Rows that running moments are settled on, at most: the layers of all of them are in memory at once.
const SETTLING_ROWS: usize = 1024;
