//! Training of Burn modules by the loop of `ugmm_network`.

mod adam;
mod clipping;
mod loss;
mod on_device;
mod optimizer;
mod stepper;

pub use loss::loss;
pub use on_device::OnDevice;
pub use stepper::Stepper;
pub use ugmm_network::training::{
    Augmentation, Batch, BatchReport, Checkpoint, CheckpointProgress, Dataset, EarlyStopping, EpochReport,
    Features, History, Observer, OptimizerConfig, Position, Schedule, Targets, Trained, TrainingConfig,
};

use crate::host::matrix;
use crate::{Model, Network};
use burn::tensor::{Device, Tensor};
use ugmm_network::inference::prediction;
use ugmm_network::training as plain;
use ugmm_network::{Checked, Classification, Metrics, ModelConfig, Rows, Task, UgmmError};

/// A new model for a task, initialised from rows of `dataset` if its configuration requires it.
///
/// # Errors
///
/// [`UgmmError`] when a setting is out of its range or the model does not fit the task or the data.
pub fn init_model(
    config: &ModelConfig,
    task: &Task,
    dataset: &Dataset,
    seed: u64,
    device: &Device,
) -> Result<Model, UgmmError> {
    Ok(Model::of(&plain::init_model(config, task, dataset, seed)?, device))
}

/// Trains `network` on `training` rows and evaluates it on `validation` rows after each epoch, by the loop of
/// [`ugmm_network::training::train`]. The returned network is without autodiff.
///
/// # Errors
///
/// The errors of [`ugmm_network::training::train`].
///
/// ```
/// use burn::tensor::Device;
/// use ugmm::training::{Dataset, Features, TrainingConfig, init_model, train};
/// use ugmm::{Check, ClassObjective, Classification, ModelConfig, NetworkConfig};
///
/// let device = Device::flex();
/// let rows = Dataset::new(Features::F32(vec![-1.0, -1.2, 0.9, 1.1]), 1, vec![0, 0, 1, 1], 2)?;
/// let task = Classification::new(1, 2, ClassObjective::Discriminative)?.into();
/// let config = ModelConfig::Ugmm(NetworkConfig::new(&[1, 4, 2]));
/// let network = init_model(&config, &task, &rows, 0, &device)?;
/// let config = TrainingConfig::new(0, 3).checked()?;
/// let trained = train(network, &task, &rows, None, &config, &device, &mut ())?;
/// assert_eq!(trained.history.len(), 3);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
pub fn train<N: Network>(
    network: N,
    task: &Task,
    training: &Dataset,
    validation: Option<&Dataset>,
    config: &Checked<TrainingConfig>,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<Trained<N>, UgmmError> {
    resume(None, network, task, training, validation, config, device, observer)
}

/// Trains a network as [`train`] does, and resumes from a checkpoint of such a training if there is one; see [`ugmm_network::training::resume`].
///
/// # Errors
///
/// The errors of [`ugmm_network::training::resume`].
#[allow(clippy::too_many_arguments, reason = "those of `train`, and a checkpoint")]
pub fn resume<N: Network>(
    checkpoint: Option<&Checkpoint>,
    network: N,
    task: &Task,
    training: &Dataset,
    validation: Option<&Dataset>,
    config: &Checked<TrainingConfig>,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<Trained<N>, UgmmError> {
    let engine = Stepper::new(network, *task, config, device)?;
    plain::run(engine, checkpoint, task, training, validation, config, observer)
}

/// Measures of a network's class probabilities on a data set.
///
/// # Errors
///
/// [`UgmmError`] when the data set does not fit the task.
pub fn evaluate<N: Network>(
    network: &N,
    task: &Classification,
    dataset: &Dataset,
    device: &Device,
) -> Result<Metrics, UgmmError> {
    plain::evaluate(&OnDevice::new(network, device), task, dataset)
}

/// log P(class | x) of each row (or of each step of a row), row-major `[rows, classes]`, natural logarithms.
///
/// # Errors
///
/// [`UgmmError`] when the rows do not fit the task.
pub fn log_probabilities<N: Network>(
    network: &N,
    task: &Classification,
    rows: &Rows,
    device: &Device,
) -> Result<Vec<f32>, UgmmError> {
    prediction::log_probabilities(&OnDevice::new(network, device), task, rows)
}

/// Features `[rows.len(), columns]` of the given rows of a data set on a device.
///
/// # Panics
///
/// When a row is not below [`Dataset::rows`].
#[must_use]
pub fn features(dataset: &Dataset, rows: &[usize], device: &Device) -> Tensor<2> {
    matrix(dataset.batch(rows).x, dataset.columns(), device)
}
