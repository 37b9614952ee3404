//! Gated recurrent units with uGMM gates.

use super::{check_sequences, first_states, gate_inputs, reference_sequences, rows_of_gates};
use crate::architecture::dense::Joined;
use crate::architecture::{UgmmDense, UgmmDenseConfig};
use crate::host::generator_of_device;
use crate::{Check, Init, UgmmError};
use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation::sigmoid};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use ugmm_network::Stream;

/// The configuration of a [`UgmmGru`], which follows Burn's [`GruConfig`](burn::nn::GruConfig), where that applies.
#[derive(Config, Debug, PartialEq)]
pub struct UgmmGruConfig {
    /// Number of input features.
    pub d_input: usize,
    /// Size of the hidden state.
    pub d_hidden: usize,
    /// Largest absolute value of the hidden state, if it is bounded.
    pub clip: Option<f64>,
    /// Lower bound of every σ, in the units of inputs and states; see
    /// [`LayerConfig::min_sigma`](crate::LayerConfig::min_sigma). States lie between −1 and 1.
    #[config(default = 0.5)]
    pub min_sigma: f64,
    /// Initialisation of the layers; see [`Init`].
    #[config(default = "Init::Wide")]
    pub init: Init,
    /// Component dropout, the same at every step; see [`LayerConfig::dropout`](crate::LayerConfig::dropout).
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Mean of the update gate's activations at first: 1, so that states are mostly kept, as an LSTM's are.
    #[config(default = 1.0)]
    pub update_shift: f64,
    /// Whether gates see states divided by their standard deviation on the rows of initialisation. The states of a GRU are
    /// running means, which vary far less than 1, so that components as wide as suits the inputs would hardly tell them
    /// apart.
    #[config(default = true)]
    pub scale_states: bool,
}

impl UgmmGruConfig {
    /// A module for inputs of mean 0 and standard deviation 1. Its random numbers come from the device's own generator
    /// (`Device::seed`), as those of Burn's modules.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range.
    pub fn init(&self, device: &Device) -> Result<UgmmGru, UgmmError> {
        let mut rng = generator_of_device(device, Stream::Initialization);
        let sample = reference_sequences(self.d_input, &mut rng, device);
        self.init_from(&sample, &mut rng, device)
    }

    /// A module for sequences such as those of `sample`, `[sequences, steps, d_input]`. The gates are drawn twice: for
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
    ) -> Result<UgmmGru, UgmmError> {
        self.gate(0.0).check()?;
        check_sequences(sample, self.d_input)?;
        let sample = sample.clone().without_autodiff();
        let [sequences, steps, _] = sample.dims();
        let made_up = first_states([sequences, steps, self.d_hidden], rng, &sample.device());
        let first = self.gates(&sample, &made_up, rng, device)?.valid();
        let (states, _) = first.pass::<ChaCha8Rng>(sample.clone(), None, None);
        self.gates(&sample, &states, rng, device)
    }

    /// The new gate sees the hidden state behind the reset gate, that is smaller; it is drawn for the state itself, which
    /// is what it sees where nothing is reset.
    fn gates<R: Rng + ?Sized>(
        &self,
        sample: &Tensor<3>,
        states: &Tensor<3>,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmGru, UgmmError> {
        let state_scale = if self.scale_states { 1.0 / deviation(states) } else { 1.0 };
        let rows = gate_inputs(sample, &(states.clone() * state_scale), false, rng);
        let mut gate = |shift| self.gate(shift).init_from(&rows, rng, device);
        Ok(UgmmGru {
            update_gate: gate(self.update_shift)?,
            reset_gate: gate(0.0)?,
            new_gate: gate(0.0)?,
            d_hidden: self.d_hidden,
            clip: self.clip,
            state_scale: Param::from_tensor(Tensor::full([1], state_scale, device)).set_require_grad(false),
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

/// Gated recurrent units (Cho et al. 2014) whose gates' affine maps are uGMM layers, for the place of Burn's
/// [`Gru`](burn::nn::Gru):
///
/// h_t = (1 − σ(z_t)) tanh(n_t) + σ(z_t) h_{t−1}, with z_t and r_t the activations of two [`UgmmDense`] over
/// [x_t, s h_{t−1}], and n_t those of one over [x_t, s σ(r_t) h_{t−1}], s being the [`state_scale`](Self::state_scale). The reset gate is before the new gate (Burn's
/// `reset_after = false`): behind it there is no matrix product that it could scale.
///
/// ```
/// use burn::tensor::{Device, Distribution, Tensor};
/// use ugmm::architecture::UgmmGruConfig;
///
/// let device = Device::flex();
/// let gru = UgmmGruConfig::new(5, 8).init(&device)?;
/// let x = Tensor::<3>::random([2, 10, 5], Distribution::Normal(0.0, 1.0), &device);
/// assert_eq!(gru.forward(x, None).dims(), [2, 10, 8]);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
#[derive(Module, Debug)]
pub struct UgmmGru {
    /// How much of the state is kept.
    pub update_gate: UgmmDense,
    /// How much of the state the new gate sees.
    pub reset_gate: UgmmDense,
    /// The layer of the new state's activations.
    pub new_gate: UgmmDense,
    /// Size of the hidden state.
    pub d_hidden: usize,
    /// See [`UgmmGruConfig::clip`].
    pub clip: Option<f64>,
    /// The constant factor of states before the gates, `[1]`; see [`UgmmGruConfig::scale_states`].
    pub state_scale: Param<Tensor<1>>,
}

/// Standard deviation of all states together; 1 where it is as good as 0.
fn deviation(states: &Tensor<3>) -> f64 {
    let mean = states.clone().mean();
    let deviation: f64 = (states.clone() - mean.unsqueeze()).square().mean().sqrt().into_scalar();
    if deviation > SMALLEST_DEVIATION { deviation } else { 1.0 }
}

const SMALLEST_DEVIATION: f64 = 1e-3;

impl UgmmGru {
    /// Hidden states after every step `[batch, steps, d_hidden]` of sequences `x` `[batch, steps, d_input]`, as Burn's
    /// `Gru` gives them, from the state `[batch, d_hidden]`, or from 0. The last one is the state to go on from. Component
    /// dropout, in training, is seeded by the device's own generator.
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    #[must_use]
    pub fn forward(&self, x: Tensor<3>, state: Option<Tensor<2>>) -> Tensor<3> {
        let mut rng =
            (self.update_gate.layer.dropout > 0.0).then(|| generator_of_device(&x.device(), Stream::Dropout));
        self.pass(x, state, rng.as_mut()).0
    }

    /// The outputs of all steps in a training pass, with everything random drawn from `rng`; and the last state, `[batch, d_hidden]`.
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    #[must_use]
    pub fn forward_training<R: Rng + ?Sized>(
        &self,
        x: Tensor<3>,
        state: Option<Tensor<2>>,
        rng: &mut R,
    ) -> (Tensor<3>, Tensor<2>) {
        self.pass(x, state, Some(rng))
    }

    /// The gates with their names.
    #[must_use]
    pub fn gates(&self) -> [(&'static str, &UgmmDense); 3] {
        [("update_gate", &self.update_gate), ("reset_gate", &self.reset_gate), ("new_gate", &self.new_gate)]
    }

    /// The inputs of the update and the reset gate, rows [x_t, s h_{t−1}] `[batch × steps, d_input + d_hidden]` by sequence
    /// and step, for [`inspect`](ugmm_network::inspect) and [`pruning`](ugmm_network::pruning).
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    #[must_use]
    pub fn gate_inputs(&self, x: Tensor<3>) -> Tensor<2> {
        let x = x.without_autodiff();
        let (states, _) = self.valid().pass::<ChaCha8Rng>(x.clone(), None, None);
        rows_of_gates(&x, &(states * self.state_scale.val().without_autodiff().unsqueeze()), false)
    }

    /// The inputs of the new gate, rows [x_t, s σ(r_t) h_{t−1}] `[batch × steps, d_input + d_hidden]` by sequence and step.
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    #[must_use]
    pub fn new_gate_inputs(&self, x: Tensor<3>) -> Tensor<2> {
        let rows = self.gate_inputs(x);
        let inputs = rows.dims()[1] - self.d_hidden;
        let reset = sigmoid(self.reset_gate.valid().forward(rows.clone()));
        let seen = rows.clone().narrow(1, inputs, self.d_hidden) * reset;
        Tensor::cat(vec![rows.narrow(1, 0, inputs), seen], 1)
    }

    pub(crate) fn pass<R: Rng + ?Sized>(
        &self,
        x: Tensor<3>,
        state: Option<Tensor<2>>,
        mut rng: Option<&mut R>,
    ) -> (Tensor<3>, Tensor<2>) {
        let [batch, steps, d_input] = x.dims();
        let width = self.d_hidden;
        let device = x.device();
        let mut hidden = state.unwrap_or_else(|| Tensor::zeros([batch, width], &device));
        if steps == 0 {
            return (Tensor::zeros([batch, 0, width], &device), hidden);
        }
        let gates = Joined::of(&[&self.update_gate, &self.reset_gate], rng.as_deref_mut());
        let new_gate = Joined::of(&[&self.new_gate], rng);
        let scale: Tensor<2> = self.state_scale.val().unsqueeze();
        let mut outputs = Vec::with_capacity(steps);
        for step in 0..steps {
            let input = x.clone().narrow(1, step, 1).reshape([batch, d_input]);
            let seen = hidden.clone() * scale.clone();
            let open = sigmoid(gates.forward(Tensor::cat(vec![input.clone(), seen.clone()], 1)));
            let (update, reset) = (open.clone().narrow(1, 0, width), open.narrow(1, width, width));
            let candidate = new_gate.forward(Tensor::cat(vec![input, reset * seen], 1)).tanh();
            hidden = candidate.clone() + update * (hidden - candidate);
            if let Some(clip) = self.clip {
                hidden = hidden.clamp(-clip, clip);
            }
            outputs.push(hidden.clone());
        }
        (Tensor::stack(outputs, 1), hidden)
    }
}
