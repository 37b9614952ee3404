//! Checks of any engine: a training resumed from a checkpoint ends with the bits of an uninterrupted one, and a checkpoint of another
//! network is refused. The engines of ugmm-network and of ugmm are tested by them.

use std::ops::ControlFlow;
use ugmm_network::training::{
    Augmentation, Checkpoint, Dataset, EarlyStopping, EpochReport, Features, Observer, OptimizerConfig,
    Schedule, Trained, TrainingConfig,
};
use ugmm_network::{
    Check, Checked, ClassObjective, Classification, DensityObjective, LabelEncoding, MlpConfig, ModelConfig,
    NetworkConfig, Preset, Regression, Stream, Task, UgmmError, generator,
};

const FEATURES: usize = 4;
const EPOCHS: usize = 6;

/// The engine to test.
pub trait Training {
    /// Its networks.
    type Network;

    /// A new network, initialised from rows.
    fn init(&self, model: &ModelConfig, task: &Task, rows: &Dataset, seed: u64) -> Self::Network;

    /// Trains a network, from a checkpoint if there is one.
    #[allow(clippy::too_many_arguments, reason = "those of `resume`")]
    fn resume(
        &self,
        checkpoint: Option<&Checkpoint>,
        network: Self::Network,
        task: &Task,
        rows: &Dataset,
        validation: Option<&Dataset>,
        config: &Checked<TrainingConfig>,
        observer: &mut dyn Observer,
    ) -> Result<Trained<Self::Network>, UgmmError>;

    /// The bits of all parameters.
    fn bits(&self, network: &Self::Network) -> Vec<u32>;
}

/// Keeps the checkpoint of every epoch.
#[derive(Default)]
struct Keep(Vec<Checkpoint>);

impl Observer for Keep {
    fn on_epoch(
        &mut self,
        _report: &EpochReport,
        checkpoint: &dyn Fn() -> Result<Checkpoint, UgmmError>,
    ) -> Result<ControlFlow<()>, UgmmError> {
        self.0.push(checkpoint()?);
        Ok(ControlFlow::Continue(()))
    }
}

fn values() -> (Vec<f32>, Vec<usize>) {
    use rand::RngExt;
    let mut rng = generator(3, Stream::Splitting);
    let labels: Vec<usize> = (0..70).map(|row| row % 3).collect();
    let value = |label: usize, feature: usize| ((label * feature) % 3) as f32;
    let features = labels.iter().flat_map(|&label| (0..FEATURES).map(move |feature| value(label, feature)));
    (features.map(|value| value + rng.random_range(-1.0..1.0f32)).collect(), labels)
}

/// Every kind of training resumes to the same bits.
pub fn every_kind_of_training_goes_on_to_the_same_bits(engine: &impl Training) {
    let (features, labels) = values();
    let numbers = labels.iter().zip(&features).map(|(&label, value)| label as f32 + 0.1 * value).collect();
    let classes = Dataset::new(Features::F32(features.clone()), FEATURES, labels, 3).unwrap();
    let numbers = Dataset::with_numbers(Features::F32(features), FEATURES, numbers).unwrap();
    let of_classes = |objective| Task::from(Classification::new(FEATURES, 3, objective).unwrap());
    let discriminative = of_classes(ClassObjective::Discriminative);
    let hybrid = of_classes(ClassObjective::Hybrid { label: LabelEncoding::OneHot, weight: 3.0 });
    let density = DensityObjective { low: -1.0, high: 3.0, nodes: 8, crps_weight: 1.0 };
    let conditional = Task::from(Regression::new(FEATURES, density).unwrap());
    let dropout = NetworkConfig::new(&[FEATURES, 9, 3]).with_dropout(&[0.2, 0.1]);
    let noise = NetworkConfig::new(&[FEATURES, 9, 3])
        .with_min_sigma(0.5)
        .with_standardize(true)
        .with_input_dropout(&[0.1, 0.2])
        .with_input_noise(&[0.1]);
    let norm = MlpConfig::new(&[FEATURES, 9, 3]).with_batch_norm(true).with_dropout(&[0.2]);
    let plain = TrainingConfig {
        batch_size: 16,
        schedule: Schedule::Cosine { learning_rate: 2e-2, warmup_steps: 5, final_fraction: 0.01 },
        ..TrainingConfig::new(2, EPOCHS)
    };
    let sgd = OptimizerConfig::Sgd { momentum: 0.9, weight_decay: 1e-3 };
    let shift = Augmentation::Shift { height: 2, width: 2, most: 1 };
    let stopping = Some(EarlyStopping { patience: 2 });
    for (name, model, task, rows, config) in [
        ("dropout", ModelConfig::Ugmm(dropout), discriminative, &classes, plain.clone()),
        ("standardised", ModelConfig::Ugmm(noise.clone()), discriminative, &classes, plain.clone()),
        ("batch norm", ModelConfig::Mlp(norm), discriminative, &classes, plain.clone()),
        ("hybrid", Preset::Best.ugmm(&hybrid, &[8]), hybrid, &classes, plain.clone()),
        ("numbers", Preset::Best.ugmm(&conditional, &[8, 4]), conditional, &numbers, plain.clone()),
        (
            "SGD, augmentation, class weights",
            ModelConfig::Ugmm(noise.clone()),
            discriminative,
            &classes,
            TrainingConfig {
                optimizer: sgd,
                augmentation: Some(shift),
                class_weights: Some(vec![1.0, 2.0, 3.0]),
                ..plain.clone()
            },
        ),
        (
            "early stopping",
            ModelConfig::Ugmm(noise),
            discriminative,
            &classes,
            TrainingConfig {
                early_stopping: stopping,
                schedule: Schedule::Constant { learning_rate: 0.5 },
                ..plain
            },
        ),
    ] {
        let config = config.checked().unwrap();
        let network = || engine.init(&model, &task, rows, config.seed);
        let mut kept = Keep::default();
        let whole = engine.resume(None, network(), &task, rows, Some(rows), &config, &mut kept).unwrap();
        for checkpoint in &kept.0 {
            let at = checkpoint.history().len();
            // A model of another seed serves, because only its shape matters.
            let other = engine.init(&model, &task, rows, 99);
            let again =
                engine.resume(Some(checkpoint), other, &task, rows, Some(rows), &config, &mut ()).unwrap();
            assert_eq!(again.history, whole.history, "{name}, from epoch {at}");
            assert_eq!(again.best_epoch, whole.best_epoch, "{name}, from epoch {at}");
            assert!(engine.bits(&again.network) == engine.bits(&whole.network), "{name}, from epoch {at}");
        }
        assert_eq!(kept.0.len(), whole.history.len(), "{name}");
    }
}

/// A checkpoint of another network, or a damaged one, is refused.
pub fn a_checkpoint_of_another_network_is_refused(engine: &impl Training) {
    let (features, labels) = values();
    let rows = Dataset::new(Features::F32(features), FEATURES, labels, 3).unwrap();
    let task = Classification::new(FEATURES, 3, ClassObjective::Discriminative).unwrap().into();
    let config = TrainingConfig::new(0, 2).checked().unwrap();
    let network = |hidden| engine.init(&Preset::Best.ugmm(&task, &[hidden]), &task, &rows, 0);
    let mut kept = Keep::default();
    engine.resume(None, network(8), &task, &rows, None, &config, &mut kept).unwrap();
    let refused = |checkpoint: &Checkpoint, hidden| {
        let result = engine.resume(Some(checkpoint), network(hidden), &task, &rows, None, &config, &mut ());
        let message = result.err().expect("it must be refused").to_string();
        assert!(message.starts_with("the checkpoint cannot be used: "), "{message}");
    };
    refused(&kept.0[0], 9);
    let mut damaged = kept.0[0].clone();
    damaged.network.truncate(100);
    refused(&damaged, 8);
    let mut damaged = kept.0[0].clone();
    damaged.optimizer.truncate(100);
    refused(&damaged, 8);
}
