//! The engine of this crate, which computes steps on slices with the kernels.

use super::update::Optimizer;
use super::{Batch, Dataset, Engine, EngineState, Measured, Targets, TrainingConfig, input_weights, measure};
use crate::random::{Stream, generator};
use crate::{Checked, LossOptions, Model, Predictor, RowWeights, Task, TaskTargets, UgmmError};
use rand_chacha::ChaCha8Rng;

/// Rows times parameters from which the loops of a step are worth several threads.
const POOL_FROM: usize = 1 << 20;

/// A network in training with its optimiser, whose steps [`train`](super::train) repeats; for custom training
/// loops.
///
/// ```
/// use ugmm_network::training::{Stepper, Targets, TrainingConfig};
/// use ugmm_network::{Check, ClassObjective, Classification, MlpConfig, Model, Stream, generator};
///
/// let task = Classification::new(2, 2, ClassObjective::Discriminative)?.into();
/// let network = MlpConfig::new(&[2, 2]).init(&mut generator(0, Stream::Initialization))?;
/// let config = TrainingConfig::new(0, 1).checked()?;
/// let mut stepper = Stepper::new(Model::Mlp(network), task, &config)?;
/// let x = vec![-1.0, 0.5, 1.0, -0.5];
/// let classes = Targets::Classes(vec![0, 1]);
/// let before = stepper.take_step(x.clone(), &classes, 0.1)?;
/// let after = stepper.take_step(x, &classes, 0.1)?;
/// assert!(after < before);
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
#[derive(Debug)]
pub struct Stepper {
    network: Model,
    task: Task,
    optimizer: Optimizer,
    max_gradient_norm: Option<f64>,
    loss: LossOptions,
    dropout: ChaCha8Rng,
    /// Memory for the gradients of a step, one list for each tensor.
    gradients: Vec<Vec<f32>>,
    losses: Vec<f32>,
}

impl Stepper {
    /// Prepares the training of `network` with the optimiser, clipping, loss options and seed (for dropout)
    /// of `config`.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the network does not fit the task.
    pub fn new(network: Model, task: Task, config: &Checked<TrainingConfig>) -> Result<Self, UgmmError> {
        task.check_width((network.inputs(), network.outputs()))?;
        task.check_class_weights(config.class_weights.as_deref())?;
        let gradients = network.zero_gradients();
        Ok(Self {
            optimizer: Optimizer::new(config.optimizer, network.parameter_count()),
            network,
            task,
            max_gradient_norm: config.max_gradient_norm,
            loss: config.loss_options(),
            dropout: generator(config.seed, Stream::Dropout),
            gradients,
            losses: Vec::new(),
        })
    }

    /// Takes one step on a batch of rows with equal weights: features `x`, row-major `[rows, features]`, and the
    /// targets of each row. Returns the loss before the step. If the loss is not finite, the network stays
    /// unchanged.
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
        self.take_weighted_step(x, targets, None, learning_rate)
    }

    fn take_weighted_step(
        &mut self,
        x: Vec<f32>,
        targets: &Targets,
        weights: Option<Vec<f64>>,
        learning_rate: f64,
    ) -> Result<f32, UgmmError> {
        self.loss.row_weights = weights;
        self.loss.check_row_weights(targets.len())?;
        let targets = self.task.batch(&x, targets, 1)?;
        let work = targets.count().saturating_mul(self.network.parameter_count());
        let in_pool = rayon::current_num_threads() == 1 || rayon::current_thread_index().is_some();
        if work < POOL_FROM || in_pool {
            return Ok(self.checked_step(x, targets, learning_rate));
        }
        // The step runs on a thread of the pool. From outside the pool every parallel loop in it would be
        // handed over, and waited for, separately.
        Ok(rayon::scope(|_| self.checked_step(x, targets, learning_rate)))
    }

    fn checked_step(&mut self, x: Vec<f32>, targets: TaskTargets<'_>, learning_rate: f64) -> f32 {
        let Self { network, loss, dropout, gradients, .. } = self;
        let (loss, moments) = fill_gradients(network, x, targets, loss, dropout, gradients);
        if !loss.is_finite() {
            return loss;
        }
        if let Model::Mlp(network) = network {
            network.remember(moments);
        }
        let factor = self.max_gradient_norm.map_or(1.0, |most| clipping_factor(gradients, most));
        self.optimizer.step(learning_rate, factor, network.tensors_mut(), gradients);
        loss
    }

    /// The current network.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.network
    }
}

/// The loss of a batch in a training pass of `network`, and its gradients with respect to [`Model::tensors`].
/// Random choices are drawn from `rng`.
///
/// # Errors
///
/// [`UgmmError`] when the batch or the network do not fit the task.
pub fn loss_and_gradients(
    network: &Model,
    task: &Task,
    x: Vec<f32>,
    targets: &Targets,
    options: &LossOptions,
    rng: &mut ChaCha8Rng,
) -> Result<(f32, Vec<Vec<f32>>), UgmmError> {
    task.check_width((network.inputs(), network.outputs()))?;
    task.check_class_weights(options.class_weights.as_deref())?;
    options.check_row_weights(targets.len())?;
    let targets = task.batch(&x, targets, 1)?;
    let mut gradients = network.zero_gradients();
    let (loss, _) = fill_gradients(network, x, targets, options, rng, &mut gradients);
    Ok((loss, gradients))
}

/// Mean and variance of the batch at each batch normalisation.
type Moments = Vec<(Vec<f32>, Vec<f32>)>;

/// Fills `gradients` with those of a batch's loss, unless the loss is not finite.
fn fill_gradients(
    network: &Model,
    x: Vec<f32>,
    targets: TaskTargets<'_>,
    options: &LossOptions,
    rng: &mut ChaCha8Rng,
    gradients: &mut [Vec<f32>],
) -> (f32, Moments) {
    let mut inputs = targets.loss_inputs(x, rng);
    let x = std::mem::take(&mut inputs.x);
    let weights =
        options.row_weights.as_ref().map(|weights| input_weights(weights, x.len() / network.inputs()));
    let pass = network.recorded(x, Some(rng), RowWeights(weights.as_deref()));
    let (loss, cotangent) = targets.loss(pass.outputs(), &inputs, options);
    if loss.is_finite() {
        if let Model::Mlp(_) = network {
            // Its backward pass adds.
            gradients.iter_mut().for_each(|gradient| gradient.fill(0.0));
        }
        pass.backward(cotangent, gradients, false);
    }
    (loss, pass.moments())
}

/// The factor by which all gradients are multiplied so that their joint Euclidean norm is at most `most`
/// (Pascanu et al. 2013).
fn clipping_factor(gradients: &[Vec<f32>], most: f64) -> f64 {
    // The sum is in f64, because squares of large f32 gradients overflow f32.
    let squares = gradients.iter().flatten().map(|&gradient| f64::from(gradient).powi(2));
    let norm = squares.sum::<f64>().sqrt();
    if norm > most { most / norm } else { 1.0 }
}

impl Engine for Stepper {
    type Network = Model;

    fn takes_missing_values(&self) -> bool {
        self.network.takes_missing_values()
    }

    fn step(&mut self, batch: Batch, learning_rate: f64) -> Result<(), UgmmError> {
        let Batch { x, targets, weights } = batch;
        let loss = self.take_weighted_step(x, &targets, weights, learning_rate)?;
        self.losses.push(loss);
        Ok(())
    }

    fn read_losses(&mut self) -> Vec<f32> {
        std::mem::take(&mut self.losses)
    }

    fn network(&self) -> Model {
        self.network.clone()
    }

    fn settled(&self, network: Model, sample: &[f32], weights: Option<&[f64]>) -> Model {
        network.settled(sample, weights)
    }

    fn needs_settling(&self) -> bool {
        self.network.needs_settling()
    }

    fn measure(
        &self,
        network: &Model,
        task: &Task,
        rows: &Dataset,
        config: &TrainingConfig,
    ) -> Result<Measured, UgmmError> {
        measure(network, task, rows, config)
    }

    fn state(&self) -> Result<EngineState, UgmmError> {
        Ok(EngineState {
            network: self.to_bytes(&self.network)?,
            optimizer: self.optimizer.to_bytes(),
            dropout_position: self.dropout.get_word_pos(),
        })
    }

    fn restore(&mut self, state: &EngineState) -> Result<(), UgmmError> {
        self.network = self.network_of(&state.network)?;
        self.optimizer.restore(&state.optimizer)?;
        self.dropout.set_word_pos(state.dropout_position);
        Ok(())
    }

    fn to_bytes(&self, network: &Model) -> Result<Vec<u8>, UgmmError> {
        Ok(network.state().into_iter().flatten().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn network_of(&self, bytes: &[u8]) -> Result<Model, UgmmError> {
        let (values, rest) = bytes.as_chunks();
        let values = values.iter().map(|&bytes| f32::from_le_bytes(bytes));
        let network = if rest.is_empty() { self.network.with_state(values) } else { None };
        network.ok_or_else(|| UgmmError::Checkpoint { reason: "it is of a network of another shape".into() })
    }
}
