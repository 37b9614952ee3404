//! The training loop.

mod adam;
mod augmentation;
mod batches;
mod clipping;
mod dataset;
mod evaluation;
mod optimizer;
mod schedule;
mod stepper;

pub use augmentation::Augmentation;
pub use dataset::{Dataset, Features};
pub use evaluation::{class_probabilities, class_scores, evaluate, log_probabilities};
pub use optimizer::OptimizerConfig;
pub use schedule::{Position, Schedule};
pub use stepper::Stepper;

use crate::random::{Stream, generator};
use crate::{Metrics, ModelConfig, Network, Task, UgmmError};
use burn::tensor::Device;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// How to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Decides every random choice.
    pub seed: u64,
    /// Number of passes over the training rows.
    pub epochs: usize,
    /// Rows per step; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// The optimiser.
    pub optimizer: OptimizerConfig,
    /// The learning rate.
    pub schedule: Schedule,
    /// Largest allowed Euclidean norm of all gradients together; larger ones are scaled down.
    pub max_gradient_norm: Option<f64>,
    /// Share of a cross-entropy's target that goes from the right class to all classes alike; in [0, 1).
    #[serde(default)]
    pub label_smoothing: f64,
    /// What is done to the rows of each batch.
    #[serde(default)]
    pub augmentation: Option<Augmentation>,
}

impl TrainingConfig {
    /// Adam with a constant learning rate of 1e-3, batches of 32, no clipping.
    #[must_use]
    pub fn new(seed: u64, epochs: usize) -> Self {
        Self {
            seed,
            epochs,
            batch_size: 32,
            optimizer: OptimizerConfig::default(),
            schedule: Schedule::Constant { learning_rate: 1e-3 },
            max_gradient_norm: None,
            label_smoothing: 0.0,
            augmentation: None,
        }
    }

    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// Names the first setting that is out of its range.
    pub fn validate(&self) -> Result<(), UgmmError> {
        if self.batch_size == 0 {
            return Err(UgmmError::setting("batch_size", 0, "at least 1"));
        }
        if let Some(norm) = self.max_gradient_norm
            && !(norm > 0.0 && norm.is_finite())
        {
            return Err(UgmmError::setting("max_gradient_norm", norm, "positive and finite"));
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            let expected = "at least 0 and less than 1";
            return Err(UgmmError::setting("label_smoothing", self.label_smoothing, expected));
        }
        self.optimizer.validate()?;
        self.schedule.validate()
    }
}

/// After a step.
#[derive(Clone, Copy, Debug)]
pub struct BatchReport {
    /// Finished steps, over all epochs.
    pub step: usize,
    /// Steps of the whole training.
    pub total_steps: usize,
    /// Loss of this batch.
    pub loss: f32,
}

/// After an epoch.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EpochReport {
    /// Finished epochs.
    pub epoch: usize,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Mean loss over the epoch's rows, as they were met (with dropout).
    pub training_loss: f64,
    /// On the held-out rows, if any were given.
    pub validation: Option<Metrics>,
}

/// Told about the progress of training; the place for progress bars, records and stopping early.
pub trait Observer {
    /// After each step.
    fn on_batch(&mut self, _report: &BatchReport) {}

    /// After each epoch; `Break` ends training there.
    fn on_epoch(&mut self, _report: &EpochReport) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Watches nothing.
impl Observer for () {}

/// A trained network and its history.
#[derive(Debug)]
pub struct Trained<N> {
    /// The network after the last epoch, without autodiff and [settled](Network::settled): ready to predict. Its
    /// configuration is the [settled one](ModelConfig::settled).
    pub network: N,
    /// One report per epoch.
    pub history: Vec<EpochReport>,
}

/// Rows that [`Init::Data`](crate::Init::Data) looks at, at most.
const INITIALIZATION_ROWS: usize = 2048;
/// Rows whose statistics are folded into a network that standardises between its layers, at most: their means and
/// deviations are then within a few per cent of those of all rows, as those of a training batch never are.
const SETTLING_ROWS: usize = 4096;

/// A new model for a task, initialised from rows of `dataset` where its configuration asks for that.
///
/// # Errors
///
/// When a setting is out of its range or the model does not fit the task or the data.
pub fn init_model(
    config: &ModelConfig,
    task: &Task,
    dataset: &Dataset,
    seed: u64,
    device: &Device,
) -> Result<crate::Model, UgmmError> {
    config.validate()?;
    task.check_width(config.width())?;
    let mut rng = generator(seed, Stream::Initialization);
    let mut rows: Vec<usize> = (0..dataset.rows()).collect();
    let (rows, _) = rows.partial_shuffle(&mut rng, INITIALIZATION_ROWS);
    let (x, labels) = dataset.batch(rows, device);
    config.init(Some(&task.training_input(x, &labels)), &mut rng, device)
}

/// Trains `network` on `training` rows, measuring it on `validation` rows after each epoch.
///
/// The same network, data and configuration give the same bits on the same machine, whatever the number of threads.
///
/// # Errors
///
/// When a setting is out of its range, the data or the network do not fit the task, or the loss is no longer finite.
///
/// ```
/// use burn::tensor::Device;
/// use ugmm::training::{Dataset, Features, TrainingConfig, init_model, train};
/// use ugmm::{ModelConfig, Objective, Task, UgmmNetworkConfig};
///
/// let device = Device::flex();
/// let rows = Dataset::new(Features::F32(vec![-1.0, -1.2, 0.9, 1.1]), 1, vec![0, 0, 1, 1], 2)?;
/// let task = Task { features: 1, classes: 2, objective: Objective::Discriminative };
/// let config = ModelConfig::Ugmm(UgmmNetworkConfig::new(&[1, 4, 2]));
/// let network = init_model(&config, &task, &rows, 0, &device)?;
/// let trained = train(network, &task, &rows, None, &TrainingConfig::new(0, 3), &device, &mut ())?;
/// assert_eq!(trained.history.len(), 3);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
pub fn train<N: Network>(
    network: N,
    task: &Task,
    training: &Dataset,
    validation: Option<&Dataset>,
    config: &TrainingConfig,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<Trained<N>, UgmmError> {
    config.validate()?;
    task.objective.validate()?;
    evaluation::check_dataset(&network, task, training)?;
    if let Some(augmentation) = &config.augmentation {
        augmentation.validate(training.columns())?;
    }
    let sample = network.needs_settling().then(|| settling_sample(task, training, config.seed, device));
    let settled = |network: &N| match &sample {
        Some(sample) => network.valid().settled(sample),
        None => network.valid(),
    };
    let mut stepper = Stepper::new(network, *task, config, device)?;
    let steps_per_epoch = training.rows().div_ceil(config.batch_size);
    let total_steps = config.epochs * steps_per_epoch;
    let mut step = 0;
    let mut history = Vec::with_capacity(config.epochs);
    batches::with_batches(training, config, device, |batches| {
        for epoch in 0..config.epochs {
            let mut loss_sum = 0.0;
            let mut learning_rate = 0.0;
            for (batch, (x, labels)) in batches.take(steps_per_epoch).enumerate() {
                learning_rate = config.schedule.learning_rate(Position { epoch, step, total_steps });
                let loss = stepper.step(x, &labels, learning_rate)?;
                if !loss.is_finite() {
                    return Err(UgmmError::Diverged { epoch: epoch + 1, batch: batch + 1, loss });
                }
                step += 1;
                loss_sum += f64::from(loss) * labels.len() as f64;
                observer.on_batch(&BatchReport { step, total_steps, loss });
            }
            let validation = validation
                .map(|rows| evaluate(&settled(stepper.network()), task, rows, device))
                .transpose()?;
            let training_loss = loss_sum / training.rows() as f64;
            let report = EpochReport { epoch: epoch + 1, learning_rate, training_loss, validation };
            history.push(report);
            if observer.on_epoch(&report).is_break() {
                break;
            }
        }
        Ok(())
    })?;
    Ok(Trained { network: settled(stepper.network()), history })
}

/// What [`Network::settled`] gets: what the network reads of training rows drawn at random.
fn settling_sample(task: &Task, training: &Dataset, seed: u64, device: &Device) -> burn::tensor::Tensor<2> {
    let mut rows: Vec<usize> = (0..training.rows()).collect();
    let (rows, _) = rows.partial_shuffle(&mut generator(seed, Stream::Settling), SETTLING_ROWS);
    let (x, labels) = training.batch(rows, device);
    task.training_input(x, &labels)
}
