//! Long short-term memory with uGMM gates.

use super::{check_sequences, first_states, gate_inputs, reference_sequences, rows_of_gates};
use crate::architecture::dense::Joined;
use crate::architecture::{UgmmDense, UgmmDenseConfig};
use crate::host::generator_of_device;
use crate::{Check, Init, UgmmError};
use burn::config::Config;
use burn::module::Module;
use burn::nn::LstmState;
use burn::tensor::{Device, Tensor, activation::sigmoid};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use ugmm_network::Stream;

/// The configuration of a [`UgmmLstm`], which follows Burn's [`LstmConfig`](burn::nn::LstmConfig), where that applies.
#[derive(Config, Debug, PartialEq)]
pub struct UgmmLstmConfig {
    /// Number of input features.
    pub d_input: usize,
    /// Size of the hidden state.
    pub d_hidden: usize,
    /// Whether sequences are `[batch, steps, features]`, or else `[steps, batch, features]`.
    #[config(default = true)]
    pub batch_first: bool,
    /// Whether the last step is read first.
    #[config(default = false)]
    pub reverse: bool,
    /// Largest absolute value of the cell state, if it is bounded.
    pub clip: Option<f64>,
    /// Lower bound of every σ, in the units of inputs and states; see
    /// [`LayerConfig::min_sigma`](crate::LayerConfig::min_sigma). States lie between −1 and 1.
    #[config(default = 0.5)]
    pub min_sigma: f64,
    /// How layers begin; see [`Init`].
    #[config(default = "Init::Wide")]
    pub init: Init,
    /// Component dropout, the same at every step; see [`LayerConfig::dropout`](crate::LayerConfig::dropout).
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Mean of the forget gate's activations at first: 1, so that it is mostly open (Gers et al. 2000; Jozefowicz et al.
    /// 2015).
    #[config(default = 1.0)]
    pub forget_shift: f64,
}

impl UgmmLstmConfig {
    /// A module for inputs of mean 0 and standard deviation 1. Its random numbers come from the device's own generator
    /// (`Device::seed`), as those of Burn's modules.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range.
    pub fn init(&self, device: &Device) -> Result<UgmmLstm, UgmmError> {
        let mut rng = generator_of_device(device, Stream::Initialization);
        let sample = reference_sequences(self.d_input, &mut rng, device);
        self.init_from_batch_first(&sample, &mut rng, device)
    }

    /// A module for sequences such as those of `sample`, shaped as the inputs are. The gates are drawn twice: for
    /// states that are made up, and for those that come of them.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range, or the sample is empty, of the wrong width or not finite.
    pub fn init_from<R: Rng + ?Sized>(
        &self,
        sample: &Tensor<3>,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmLstm, UgmmError> {
        let sample = sample.clone().without_autodiff();
        let sample = if self.batch_first { sample } else { sample.swap_dims(0, 1) };
        self.init_from_batch_first(&sample, rng, device)
    }

    fn init_from_batch_first<R: Rng + ?Sized>(
        &self,
        sample: &Tensor<3>,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmLstm, UgmmError> {
        self.gate(0.0).check()?;
        check_sequences(sample, self.d_input)?;
        let [sequences, steps, _] = sample.dims();
        let made_up = first_states([sequences, steps, self.d_hidden], rng, &sample.device());
        let first = self.gates(&gate_inputs(sample, &made_up, self.reverse, rng), rng, device)?.valid();
        let (states, _) = first.steps::<ChaCha8Rng>(sample.clone(), None, None);
        self.gates(&gate_inputs(sample, &states, self.reverse, rng), rng, device)
    }

    fn gates<R: Rng + ?Sized>(
        &self,
        rows: &Tensor<2>,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmLstm, UgmmError> {
        let mut gate = |shift| self.gate(shift).init_from(rows, rng, device);
        Ok(UgmmLstm {
            input_gate: gate(0.0)?,
            forget_gate: gate(self.forget_shift)?,
            output_gate: gate(0.0)?,
            cell_gate: gate(0.0)?,
            d_hidden: self.d_hidden,
            batch_first: self.batch_first,
            reverse: self.reverse,
            clip: self.clip,
        })
    }

    fn gate(&self, shift: f64) -> UgmmDenseConfig {
        UgmmDenseConfig::new(self.d_input + self.d_hidden, self.d_hidden)
            .with_min_sigma(self.min_sigma)
            .with_init(self.init)
            .with_dropout(self.dropout)
            .with_shift(shift)
    }
}

/// Long short-term memory (Hochreiter and Schmidhuber 1997; with the forget gate of Gers et al. 2000) whose gates' affine
/// maps are uGMM layers over [x_t, h_{t−1}], for the place of Burn's [`Lstm`](burn::nn::Lstm):
///
/// c_t = σ(f_t) c_{t−1} + σ(i_t) tanh(g_t), h_t = σ(o_t) tanh(c_t), with i_t, f_t, o_t, g_t the activations of four
/// [`UgmmDense`]. See [`OutputScale`](crate::architecture::OutputScale) for what makes a gate of a log-density.
///
/// ```
/// use burn::tensor::{Device, Distribution, Tensor};
/// use ugmm::architecture::UgmmLstmConfig;
///
/// let device = Device::flex();
/// let lstm = UgmmLstmConfig::new(5, 8).init(&device)?;
/// let x = Tensor::<3>::random([2, 10, 5], Distribution::Normal(0.0, 1.0), &device);
/// let (output, state) = lstm.forward(x, None);
/// assert_eq!((output.dims(), state.hidden.dims()), ([2, 10, 8], [2, 8]));
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
#[derive(Module, Debug)]
pub struct UgmmLstm {
    /// The layer of the input gate, which decides how much is written to the cell.
    pub input_gate: UgmmDense,
    /// The layer of the forget gate, which decides how much the cell keeps.
    pub forget_gate: UgmmDense,
    /// The layer of the output gate, which decides how much of the cell is in the hidden state.
    pub output_gate: UgmmDense,
    /// The layer of the cell's candidate values.
    pub cell_gate: UgmmDense,
    /// Size of the hidden state.
    pub d_hidden: usize,
    /// See [`UgmmLstmConfig::batch_first`].
    pub batch_first: bool,
    /// See [`UgmmLstmConfig::reverse`].
    pub reverse: bool,
    /// See [`UgmmLstmConfig::clip`].
    pub clip: Option<f64>,
}

impl UgmmLstm {
    /// Hidden states after every step, and the last state, of sequences `x` `[batch, steps, d_input]`, as Burn's `Lstm`
    /// gives them: `[batch, steps, d_hidden]`, and cell and hidden state, each `[batch, d_hidden]`. Without an initial state
    /// both are 0. Not batch first, the first two dimensions of sequences are swapped. Component dropout, in training,
    /// is seeded by the device's own generator.
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    #[must_use]
    pub fn forward(&self, x: Tensor<3>, state: Option<LstmState<2>>) -> (Tensor<3>, LstmState<2>) {
        let mut rng =
            (self.input_gate.layer.dropout > 0.0).then(|| generator_of_device(&x.device(), Stream::Dropout));
        self.pass(x, state, rng.as_mut())
    }

    /// The outputs of all steps in a training pass, with everything random drawn from `rng`.
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    #[must_use]
    pub fn forward_training<R: Rng + ?Sized>(
        &self,
        x: Tensor<3>,
        state: Option<LstmState<2>>,
        rng: &mut R,
    ) -> (Tensor<3>, LstmState<2>) {
        self.pass(x, state, Some(rng))
    }

    /// The gates with their names.
    #[must_use]
    pub fn gates(&self) -> [(&'static str, &UgmmDense); 4] {
        [
            ("input_gate", &self.input_gate),
            ("forget_gate", &self.forget_gate),
            ("output_gate", &self.output_gate),
            ("cell_gate", &self.cell_gate),
        ]
    }

    /// The inputs of the gates, rows [x_t, h_{t−1}] `[batch × steps, d_input + d_hidden]` by sequence and step, for
    /// [`inspect`](ugmm_network::inspect) and [`pruning`](ugmm_network::pruning).
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    #[must_use]
    pub fn gate_inputs(&self, x: Tensor<3>) -> Tensor<2> {
        let x = x.without_autodiff();
        let x = if self.batch_first { x } else { x.swap_dims(0, 1) };
        let (states, _) = self.valid().steps::<ChaCha8Rng>(x.clone(), None, None);
        rows_of_gates(&x, &states, self.reverse)
    }

    pub(crate) fn pass<R: Rng + ?Sized>(
        &self,
        x: Tensor<3>,
        state: Option<LstmState<2>>,
        rng: Option<&mut R>,
    ) -> (Tensor<3>, LstmState<2>) {
        if self.batch_first {
            return self.steps(x, state, rng);
        }
        let (output, state) = self.steps(x.swap_dims(0, 1), state, rng);
        (output.swap_dims(0, 1), state)
    }

    fn steps<R: Rng + ?Sized>(
        &self,
        x: Tensor<3>,
        state: Option<LstmState<2>>,
        rng: Option<&mut R>,
    ) -> (Tensor<3>, LstmState<2>) {
        let [batch, steps, _] = x.dims();
        let width = self.d_hidden;
        let device = x.device();
        let state = state.unwrap_or_else(|| LstmState::initial([batch, width], &device));
        if steps == 0 {
            return (Tensor::zeros([batch, 0, width], &device), state);
        }
        let LstmState { mut cell, mut hidden } = state;
        let gates =
            Joined::of(&[&self.input_gate, &self.forget_gate, &self.output_gate, &self.cell_gate], rng);
        let mut outputs = Vec::with_capacity(steps);
        for step in 0..steps {
            let step = if self.reverse { steps - 1 - step } else { step };
            let input = x.clone().narrow(1, step, 1).reshape([batch, x.dims()[2]]);
            let activations = gates.forward(Tensor::cat(vec![input, hidden], 1));
            let open = sigmoid(activations.clone().narrow(1, 0, 3 * width));
            let part = |number: usize| open.clone().narrow(1, number * width, width);
            let candidate = activations.narrow(1, 3 * width, width).tanh();
            cell = part(1) * cell + part(0) * candidate;
            if let Some(clip) = self.clip {
                cell = cell.clamp(-clip, clip);
            }
            hidden = part(2) * cell.clone().tanh();
            outputs.push(hidden.clone());
        }
        if self.reverse {
            outputs.reverse();
        }
        (Tensor::stack(outputs, 1), LstmState::new(cell, hidden))
    }
}
