//! One step of training on tensors.

use super::clipping::clip_by_global_norm;
use super::loss::{loss, shares_of};
use super::on_device::OnDevice;
use super::optimizer;
use crate::Network;
use crate::host::{host_values, is_cpu, matrix};
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::{Bytes, Device, Gradients, Tensor};
use rand_chacha::ChaCha8Rng;
use ugmm_network::training::{Batch, Dataset, Engine, EngineState, Measured, TrainingConfig, measure};
use ugmm_network::{Checked, LossOptions, Stream, Targets, Task, TaskTargets, UgmmError, generator};

/// Rows times parameters from which the loops of a step are worth several threads.
const POOL_FROM: usize = 1 << 20;
/// Number of steps on a GPU between readings of losses; the GPU waits at each reading.
const STEPS_PER_READING: usize = 16;

/// A network in training with its optimiser on a device, whose steps [`train`](super::train) repeats; for custom training
/// loops too.
///
/// ```
/// use burn::tensor::Device;
/// use ugmm::training::{Stepper, Targets, TrainingConfig};
/// use ugmm::{Check, ClassObjective, Classification, InitOn, MlpConfig, Stream, generator};
///
/// let device = Device::flex();
/// let task = Classification::new(2, 2, ClassObjective::Discriminative)?.into();
/// let network = MlpConfig::new(&[2, 2]).init_on(None, &mut generator(0, Stream::Initialization), &device)?;
/// let config = TrainingConfig::new(0, 1).checked()?;
/// let mut stepper = Stepper::new(network, task, &config, &device)?;
/// let x = vec![-1.0, 0.5, 1.0, -0.5];
/// let classes = Targets::Classes(vec![0, 1]);
/// let before = stepper.take_step(x.clone(), &classes, 0.1)?;
/// let after = stepper.take_step(x, &classes, 0.1)?;
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
    /// Number of values of all parameters.
    parameters: usize,
    /// The device, with autodiff.
    device: Device,
    losses: Losses,
}

/// Losses that have not been read yet.
#[derive(Default)]
struct Losses {
    known: Vec<f32>,
    /// Losses on their device, each `[1]`.
    on_device: Vec<Tensor<1>>,
}

impl<N: Network> Stepper<N> {
    /// Prepares the training of `network` with the optimiser, clipping, loss options and seed (for dropout) of `config`.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the network does not fit the task.
    pub fn new(
        network: N,
        task: Task,
        config: &Checked<TrainingConfig>,
        device: &Device,
    ) -> Result<Self, UgmmError> {
        task.check_width((network.inputs(), network.outputs()))?;
        task.check_class_weights(config.class_weights.as_deref())?;
        if let Some(sparsity) = config.sparsity {
            let expected = "left out on a GPU, where components cannot leave during training";
            return Err(UgmmError::setting("keep_components", sparsity.keep_components, expected));
        }
        let device = device.clone().autodiff();
        let parameters = network.num_params();
        Ok(Self {
            // A graph of its own: the caller's network stays as it is.
            network: Some(network.train().fork(&device)),
            task,
            optimizer: optimizer::init(&config.optimizer),
            max_gradient_norm: config.max_gradient_norm,
            loss: config.loss_options(),
            dropout: generator(config.seed, Stream::Dropout),
            parameters,
            device,
            losses: Losses::default(),
        })
    }

    /// Takes one step on a batch of rows with equal weights: features `x`, row-major `[rows, features]`, and the targets of
    /// each row. Returns the loss before the step. If the loss is not finite, the network stays unchanged.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the batch does not fit the task.
    pub fn take_step(
        &mut self,
        x: Vec<f32>,
        targets: &Targets,
        learning_rate: f64,
    ) -> Result<f32, UgmmError> {
        self.take_weighted_step(Batch { x, targets: targets.clone(), weights: None }, learning_rate)
    }

    fn take_weighted_step(&mut self, batch: Batch, learning_rate: f64) -> Result<f32, UgmmError> {
        let Batch { x, targets, weights } = batch;
        let targets = self.checked_batch(&x, &targets, weights)?;
        let work = targets.count().saturating_mul(self.parameters);
        let in_pool = rayon::current_num_threads() == 1 || rayon::current_thread_index().is_some();
        if work < POOL_FROM || in_pool || !is_cpu(&self.device) {
            return Ok(self.checked_step(x, targets, learning_rate));
        }
        // The step runs on a thread of the pool. From outside the pool every parallel loop in it would be handed over, and
        // waited for, separately.
        Ok(rayon::scope(|_| self.checked_step(x, targets, learning_rate)))
    }

    /// The task with the targets of a batch, whose weights the loss takes.
    fn checked_batch<'t>(
        &mut self,
        x: &[f32],
        targets: &'t Targets,
        weights: Option<Vec<f64>>,
    ) -> Result<TaskTargets<'t>, UgmmError> {
        self.loss.row_weights = weights;
        self.loss.check_row_weights(targets.len())?;
        self.task.batch(x, targets, self.trained().predictions_per_row())
    }

    /// Takes a step on a GPU without waiting for it: the loss, `[1]`, stays on the device, and the step is taken whatever it is,
    /// so that one that is not finite spoils the network.
    ///
    /// # Errors
    ///
    /// When the batch does not fit the task.
    pub fn step_without_waiting(&mut self, batch: Batch, learning_rate: f64) -> Result<Tensor<1>, UgmmError> {
        let Batch { x, targets, weights } = batch;
        let targets = self.checked_batch(&x, &targets, weights)?;
        let (network, loss) = self.loss(x, targets);
        let gradients = loss.backward();
        self.network = Some(self.stepped(network, gradients, learning_rate));
        Ok(loss.without_autodiff())
    }

    /// The network, and its loss.
    fn loss(&mut self, x: Vec<f32>, targets: TaskTargets<'_>) -> (N, Tensor<1>) {
        let network = self.network.take().expect("a step gives the network back");
        let rng = &mut self.dropout;
        let loss = loss(&network, x, targets, &self.loss, rng, &self.device);
        (network, loss)
    }

    fn checked_step(&mut self, x: Vec<f32>, targets: TaskTargets<'_>, learning_rate: f64) -> f32 {
        let (network, loss) = self.loss(x, targets);
        let gradients = loss.backward();
        let loss: f32 = loss.into_scalar();
        let is_usable = loss.is_finite();
        self.network =
            Some(if is_usable { self.stepped(network, gradients, learning_rate) } else { network });
        loss
    }

    /// The network after a step against these gradients.
    fn stepped(&mut self, network: N, gradients: Gradients, learning_rate: f64) -> N {
        let mut gradients = GradientsParams::from_grads(gradients, &network);
        if let Some(max_norm) = self.max_gradient_norm {
            clip_by_global_norm(&mut gradients, &network, max_norm);
        }
        self.optimizer.step(learning_rate, network, gradients)
    }

    /// The network as it is now, on the autodiff device.
    #[must_use]
    pub fn trained(&self) -> &N {
        self.network.as_ref().expect("a step gives the network back")
    }
}

impl<N: Network> Engine for Stepper<N> {
    type Network = N;

    fn predictions_per_row(&self) -> usize {
        self.trained().predictions_per_row()
    }

    fn takes_missing_values(&self) -> bool {
        self.trained().takes_missing_values()
    }

    fn step(&mut self, batch: Batch, learning_rate: f64) -> Result<(), UgmmError> {
        if is_cpu(&self.device) {
            let loss = self.take_weighted_step(batch, learning_rate)?;
            self.losses.known.push(loss);
        } else {
            let loss = self.step_without_waiting(batch, learning_rate)?;
            self.losses.on_device.push(loss);
        }
        Ok(())
    }

    fn steps_per_reading(&self) -> usize {
        if is_cpu(&self.device) { 1 } else { STEPS_PER_READING }
    }

    fn read_losses(&mut self) -> Vec<f32> {
        let Losses { mut known, on_device } = std::mem::take(&mut self.losses);
        if !on_device.is_empty() {
            known.extend(host_values(&Tensor::cat(on_device, 0)));
        }
        known
    }

    fn network(&self) -> N {
        self.trained().valid()
    }

    fn settled(&self, network: N, sample: &[f32], weights: Option<&[f64]>) -> N {
        let (inputs, device) = (network.inputs(), self.device.clone().inner());
        let shares = weights.map(|weights| shares_of(weights, &device));
        network.settled(&matrix(sample.to_vec(), inputs, &device), shares.as_ref())
    }

    fn needs_settling(&self) -> bool {
        self.trained().needs_settling()
    }

    fn measure(
        &self,
        network: &N,
        task: &Task,
        rows: &Dataset,
        config: &TrainingConfig,
    ) -> Result<Measured, UgmmError> {
        measure(&OnDevice::new(network, &self.device.clone().inner()), task, rows, config)
    }

    fn state(&self) -> Result<EngineState, UgmmError> {
        Ok(EngineState {
            network: parameters(self.network())?,
            optimizer: self.optimizer.into_bytes().map_err(unusable)?.to_vec(),
            dropout_position: self.dropout.get_word_pos(),
        })
    }

    fn restore(&mut self, state: &EngineState) -> Result<(), UgmmError> {
        let network = with_parameters(self.network(), &state.network)?;
        self.network = Some(network.train().fork(&self.device));
        let bytes = Bytes::from_bytes_vec(state.optimizer.clone());
        self.optimizer = self.optimizer.clone().from_bytes(bytes).map_err(unusable)?;
        self.dropout.set_word_pos(state.dropout_position);
        Ok(())
    }

    fn to_bytes(&self, network: &N) -> Result<Vec<u8>, UgmmError> {
        parameters(network.clone())
    }

    fn network_of(&self, bytes: &[u8]) -> Result<N, UgmmError> {
        with_parameters(self.network(), bytes)
    }
}

/// The error for a record that cannot be written or used.
fn unusable(error: impl std::fmt::Display) -> UgmmError {
    UgmmError::Checkpoint { reason: error.to_string() }
}

fn parameters<N: Network>(network: N) -> Result<Vec<u8>, UgmmError> {
    Ok(network.into_record().into_bytes().map_err(unusable)?.to_vec())
}

fn with_parameters<N: Network>(network: N, bytes: &[u8]) -> Result<N, UgmmError> {
    let record = ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes.to_vec()));
    let restored = record.and_then(|record| network.try_load_record(record));
    restored.map_err(|error: RecordError| unusable(error))
}
