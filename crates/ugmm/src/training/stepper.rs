//! One step of training.

use super::checkpoint::unusable;
use super::losses::StepLoss;
use super::{Targets, TrainingConfig, clipping};
use crate::device::is_cpu;
use crate::random::{Stream, generator};
use crate::{LossOptions, Network, Task, UgmmError};
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Bytes, Device, Gradients, Tensor};
use rand_chacha::ChaCha8Rng;

/// Rows times parameters from which a step has loops worth several threads.
const POOL_FROM: usize = 1 << 20;

/// A network in training with its optimiser: what [`train`](super::train) repeats, for training loops of one's own.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ugmm::training::{Stepper, Targets, TrainingConfig};
/// use ugmm::{MlpConfig, Objective, Stream, Task, generator};
///
/// let device = Device::flex();
/// let task = Task { features: 2, classes: 2, objective: Objective::Discriminative };
/// let network = MlpConfig::new(&[2, 2]).init(&mut generator(0, Stream::Initialization), &device)?;
/// let mut stepper = Stepper::new(network, task, &TrainingConfig::new(0, 1), &device)?;
/// let x = || Tensor::<2>::from_floats([[-1.0, 0.5], [1.0, -0.5]], &device);
/// let classes = Targets::Classes(vec![0, 1]);
/// let before = stepper.step(x(), &classes, 0.1)?;
/// let after = stepper.step(x(), &classes, 0.1)?;
/// assert!(after < before);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
pub struct Stepper<N> {
    network: Option<N>,
    task: Task,
    optimizer: ModuleOptimizer,
    max_gradient_norm: Option<f64>,
    loss: LossOptions,
    dropout: ChaCha8Rng,
    /// How many values the parameters have.
    parameters: usize,
    device: Device,
}

impl<N: Network> Stepper<N> {
    /// Starts training `network`; of `config` the optimiser, the clipping, the loss and the seed (for dropout) matter.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range or the network does not fit the task.
    pub fn new(network: N, task: Task, config: &TrainingConfig, device: &Device) -> Result<Self, UgmmError> {
        config.validate()?;
        task.validate()?;
        task.check_width((network.inputs(), network.outputs()))?;
        if let Some(weights) = &config.class_weights
            && weights.len() != task.classes
        {
            let (what, found) = ("the list of class weights", weights.len());
            return Err(UgmmError::Size { what, found, unit: "numbers", expected: task.classes });
        }
        let device = device.clone().autodiff();
        let parameters = network.num_params();
        Ok(Self {
            // A graph of its own: the caller's network stays as it is.
            network: Some(network.train().fork(&device)),
            task,
            optimizer: config.optimizer.init(),
            max_gradient_norm: config.max_gradient_norm,
            loss: config.loss_options(),
            dropout: generator(config.seed, Stream::Dropout),
            parameters,
            device,
        })
    }

    /// One step on a batch: features `x` `[rows, features]` and what is to be predicted of each row. Returns the loss before
    /// the step. A loss that is not finite is returned and the network left as it was.
    ///
    /// # Errors
    ///
    /// When the batch does not fit the task.
    pub fn step(&mut self, x: Tensor<2>, targets: &Targets, learning_rate: f64) -> Result<f32, UgmmError> {
        self.check_batch(&x, targets)?;
        let work = targets.len().saturating_mul(self.parameters);
        let in_pool = rayon::current_num_threads() == 1 || rayon::current_thread_index().is_some();
        if work < POOL_FROM || in_pool || !is_cpu(&self.device) {
            return Ok(self.checked_step(x, targets, learning_rate));
        }
        // From a thread of the pool: from outside, every parallel loop in the step would be handed over, and waited for,
        // by itself.
        Ok(rayon::scope(|_| self.checked_step(x, targets, learning_rate)))
    }

    /// The same on a GPU without waiting for it: the loss, `[1]`, stays on the device, and the step is taken whatever it is,
    /// so that one that is not finite spoils the network.
    ///
    /// # Errors
    ///
    /// When the batch does not fit the task.
    pub fn step_without_waiting(
        &mut self,
        x: Tensor<2>,
        targets: &Targets,
        learning_rate: f64,
    ) -> Result<Tensor<1>, UgmmError> {
        self.check_batch(&x, targets)?;
        Ok(self.unchecked_step(x, targets, learning_rate))
    }

    /// [`Self::step`] on a processor, [`Self::step_without_waiting`] elsewhere.
    pub(super) fn fastest_step(
        &mut self,
        x: Tensor<2>,
        targets: &Targets,
        learning_rate: f64,
    ) -> Result<StepLoss, UgmmError> {
        match is_cpu(&self.device) {
            true => self.step(x, targets, learning_rate).map(StepLoss::Known),
            false => self.step_without_waiting(x, targets, learning_rate).map(StepLoss::OnDevice),
        }
    }

    fn unchecked_step(&mut self, x: Tensor<2>, targets: &Targets, learning_rate: f64) -> Tensor<1> {
        let x = Tensor::from_inner(x.without_autodiff().to_device(&self.device));
        let network = self.network.take().expect("a step gives the network back");
        let loss = self.task.loss(&network, x, targets, &self.loss, &mut self.dropout);
        let gradients = loss.backward();
        self.network = Some(self.stepped(network, gradients, learning_rate));
        loss.without_autodiff()
    }

    /// The network after a step against these gradients.
    fn stepped(&mut self, network: N, gradients: Gradients, learning_rate: f64) -> N {
        let mut gradients = GradientsParams::from_grads(gradients, &network);
        if let Some(max_norm) = self.max_gradient_norm {
            clipping::clip_by_global_norm(&mut gradients, &network, max_norm);
        }
        self.optimizer.step(learning_rate, network, gradients)
    }

    fn checked_step(&mut self, x: Tensor<2>, targets: &Targets, learning_rate: f64) -> f32 {
        let x = Tensor::from_inner(x.without_autodiff().to_device(&self.device));
        let network = self.network.take().expect("a step gives the network back");
        let loss = self.task.loss(&network, x, targets, &self.loss, &mut self.dropout);
        let gradients = loss.backward();
        let loss: f32 = loss.into_scalar();
        let is_usable = loss.is_finite();
        self.network =
            Some(if is_usable { self.stepped(network, gradients, learning_rate) } else { network });
        loss
    }

    /// The network as it is now, on the autodiff device.
    #[must_use]
    pub fn network(&self) -> &N {
        self.network.as_ref().expect("a step gives the network back")
    }

    /// Position in the random numbers for dropout.
    pub(super) fn dropout_position(&self) -> u128 {
        self.dropout.get_word_pos()
    }

    /// What the optimiser remembers.
    pub(super) fn optimizer_state(&self) -> Result<Vec<u8>, UgmmError> {
        Ok(self.optimizer.into_bytes().map_err(unusable)?.to_vec())
    }

    /// The same stepper with an optimiser that remembers this, and at this position in the random numbers.
    pub(super) fn continued(mut self, optimizer: Vec<u8>, dropout_position: u128) -> Result<Self, UgmmError> {
        self.optimizer = self.optimizer.from_bytes(Bytes::from_bytes_vec(optimizer)).map_err(unusable)?;
        self.dropout.set_word_pos(dropout_position);
        Ok(self)
    }

    fn check_batch(&self, x: &Tensor<2>, targets: &Targets) -> Result<(), UgmmError> {
        let [rows, columns] = x.dims();
        let size = |unit, found, expected| UgmmError::Size { what: "the batch", found, unit, expected };
        if columns != self.task.features {
            return Err(size("feature columns", columns, self.task.features));
        }
        let expected = rows * self.network().predictions_per_row();
        if targets.len() != expected {
            return Err(size("targets", targets.len(), expected));
        }
        self.task.check_targets(targets)
    }
}
