//! The engine of this crate, which computes steps on slices with the kernels.

use super::update::Optimizer;
use super::{
    Batch, Dataset, Engine, EngineState, Measured, Sparsity, Targets, TrainingConfig, input_weights, measure,
};
use crate::network::model::RecordedModel;
use crate::network::sparse::{RecordedSparse, SparseNetwork, kept};
use crate::random::{Stream, generator};
use crate::{Checked, LossOptions, Means, Model, Predictor, RowWeights, Task, TaskTargets, UgmmError};
use rand_chacha::ChaCha8Rng;
use std::borrow::Cow;

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
    /// The network; while [`Self::sparse`] is present, its parameters are those of the last time that components left.
    network: Model,
    /// The network without the components that have left, once some have.
    sparse: Option<SparseNetwork>,
    sparsity: Option<Sparsity>,
    /// The share of components that should remain.
    share: f64,
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
        if let (Some(sparsity), true) = (config.sparsity, !can_be_sparse(&network)) {
            let expected = "left out for a network with tied means or without Gaussian mixtures";
            return Err(UgmmError::setting("keep_components", sparsity.keep_components, expected));
        }
        let gradients = zeros(&network.tensors());
        Ok(Self {
            optimizer: Optimizer::new(config.optimizer, network.parameter_count()),
            network,
            sparse: None,
            sparsity: config.sparsity,
            share: 1.0,
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
        let parameters = self
            .sparse
            .as_ref()
            .map_or_else(|| self.network.parameter_count(), SparseNetwork::parameter_count);
        let work = targets.count().saturating_mul(parameters);
        let in_pool = rayon::current_num_threads() == 1 || rayon::current_thread_index().is_some();
        if work < POOL_FROM || in_pool {
            return Ok(self.checked_step(x, targets, learning_rate));
        }
        // The step runs on a thread of the pool. From outside the pool every parallel loop in it would be
        // handed over, and waited for, separately.
        Ok(rayon::scope(|_| self.checked_step(x, targets, learning_rate)))
    }

    fn checked_step(&mut self, x: Vec<f32>, targets: TaskTargets<'_>, learning_rate: f64) -> f32 {
        let Self { network, sparse, loss, dropout, gradients, .. } = self;
        let trained: &dyn Trained = match sparse {
            Some(sparse) => sparse,
            None => network,
        };
        let (loss, moments) = fill_gradients(trained, x, targets, loss, dropout, gradients);
        if !loss.is_finite() {
            return loss;
        }
        if let Model::Mlp(network) = network {
            network.remember(moments);
        }
        let factor = self.max_gradient_norm.map_or(1.0, |most| clipping_factor(gradients, most));
        let parameters = sparse.as_mut().map_or_else(|| network.tensors_mut(), SparseNetwork::tensors_mut);
        self.optimizer.step(learning_rate, factor, parameters, gradients);
        loss
    }

    /// Removes components until their share remains that should.
    fn thin(&mut self) {
        let Model::Ugmm(network) = &self.network else { unreachable!("it was checked at the start") };
        let sparse = self.sparse.get_or_insert_with(|| {
            let sparse = SparseNetwork::of(network.clone());
            self.optimizer.keep(&sparse.positions());
            sparse
        });
        self.optimizer.keep(&sparse.thin(self.share, self.optimizer.squares()));
        self.gradients = zeros(&sparse.tensors());
    }

    /// The current network.
    #[must_use]
    pub fn model(&self) -> Cow<'_, Model> {
        match &self.sparse {
            Some(sparse) => Cow::Owned(Model::Ugmm(sparse.network())),
            None => Cow::Borrowed(&self.network),
        }
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
    let mut gradients = zeros(&network.tensors());
    let (loss, _) = fill_gradients(network, x, targets, options, rng, &mut gradients);
    Ok((loss, gradients))
}

/// Gradients of these tensors, all 0.
fn zeros(tensors: &[&[f32]]) -> Vec<Vec<f32>> {
    tensors.iter().map(|tensor| vec![0.0; tensor.len()]).collect()
}

/// Mean and variance of the batch at each batch normalisation.
type Moments = Vec<(Vec<f32>, Vec<f32>)>;

/// A network whose gradients a step needs.
trait Trained {
    /// Number of inputs.
    fn columns(&self) -> usize;

    /// A forward pass of training.
    fn pass<'n>(
        &'n self,
        x: Vec<f32>,
        rng: &mut ChaCha8Rng,
        weights: RowWeights<'n>,
    ) -> Box<dyn TrainingPass + 'n>;
}

/// A forward pass with all values that the backward pass needs.
trait TrainingPass {
    /// `[rows, outputs]`
    fn outputs(&self) -> &[f32];

    /// Overwrites `gradients` with those of Σ outputs · `cotangent`.
    fn fill(&self, cotangent: Vec<f32>, gradients: &mut [Vec<f32>]);

    fn moments(self: Box<Self>) -> Moments;
}

impl Trained for Model {
    fn columns(&self) -> usize {
        self.inputs()
    }

    fn pass<'n>(
        &'n self,
        x: Vec<f32>,
        rng: &mut ChaCha8Rng,
        weights: RowWeights<'n>,
    ) -> Box<dyn TrainingPass + 'n> {
        Box::new(self.recorded(x, Some(rng), weights))
    }
}

impl TrainingPass for RecordedModel<'_> {
    fn outputs(&self) -> &[f32] {
        self.outputs()
    }

    fn fill(&self, cotangent: Vec<f32>, gradients: &mut [Vec<f32>]) {
        if let Self::Mlp(_) = self {
            // Its backward pass adds.
            gradients.iter_mut().for_each(|gradient| gradient.fill(0.0));
        }
        self.backward(cotangent, gradients, false);
    }

    fn moments(self: Box<Self>) -> Moments {
        (*self).moments()
    }
}

impl Trained for SparseNetwork {
    fn columns(&self) -> usize {
        self.inputs()
    }

    fn pass<'n>(
        &'n self,
        x: Vec<f32>,
        rng: &mut ChaCha8Rng,
        weights: RowWeights<'n>,
    ) -> Box<dyn TrainingPass + 'n> {
        Box::new(self.recorded(x, Some(rng), weights))
    }
}

impl TrainingPass for RecordedSparse<'_> {
    fn outputs(&self) -> &[f32] {
        &self.outputs
    }

    fn fill(&self, cotangent: Vec<f32>, gradients: &mut [Vec<f32>]) {
        self.backward(cotangent, gradients);
    }

    fn moments(self: Box<Self>) -> Moments {
        Vec::new()
    }
}

/// Fills `gradients` with those of a batch's loss, unless the loss is not finite.
fn fill_gradients(
    network: &dyn Trained,
    x: Vec<f32>,
    targets: TaskTargets<'_>,
    options: &LossOptions,
    rng: &mut ChaCha8Rng,
    gradients: &mut [Vec<f32>],
) -> (f32, Moments) {
    let mut inputs = targets.loss_inputs(x, rng);
    let x = std::mem::take(&mut inputs.x);
    let columns = network.columns();
    let weights = options.row_weights.as_ref().map(|weights| input_weights(weights, x.len() / columns));
    let pass = network.pass(x, rng, RowWeights(weights.as_deref()));
    let (loss, cotangent) = targets.loss(pass.outputs(), &inputs, options);
    if loss.is_finite() {
        pass.fill(cotangent, gradients);
    }
    (loss, pass.moments())
}

/// Whether components of the network can leave during training.
fn can_be_sparse(network: &Model) -> bool {
    match network {
        Model::Ugmm(network) => network.layers.iter().all(|layer| layer.config.means == Means::Free),
        Model::Mlp(_) => false,
    }
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

    fn prepare(&mut self, share_of_steps: f64) {
        let Some(sparsity) = self.sparsity else { return };
        let share = sparsity.share(share_of_steps);
        if share < self.share {
            self.share = share;
            self.thin();
        }
    }

    fn has_final_shape(&self) -> bool {
        let Some(Sparsity { keep_components }) = self.sparsity else { return true };
        let inputs = self.network.inputs();
        self.sparse.as_ref().map_or(inputs, SparseNetwork::most_inputs) <= kept(keep_components, inputs)
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
        self.model().into_owned()
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
            network: self.to_bytes(&self.model())?,
            optimizer: self.optimizer.to_bytes(),
            dropout_position: self.dropout.get_word_pos(),
        })
    }

    fn restore(&mut self, state: &EngineState) -> Result<(), UgmmError> {
        self.network = self.network_of(&state.network)?;
        if let (Some(_), Model::Ugmm(network)) = (self.sparsity, &self.network)
            && let Some(sparse) = SparseNetwork::of_sparse(network)
        {
            self.gradients = zeros(&sparse.tensors());
            self.optimizer = Optimizer::new(self.optimizer.config(), sparse.parameter_count());
            self.sparse = Some(sparse);
        }
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
