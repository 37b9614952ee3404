//! The two engines of the training loop, that of `ugmm_network` and that of Burn, make the same steps.

use burn::tensor::Device;
use ugmm::training::Stepper;
use ugmm::{
    Check, ClassObjective, Classification, DensityObjective, DeviceName, Init, LabelEncoding, Means,
    MlpConfig, Model, ModelConfig, NetworkConfig, Regression, Stream, Targets, Task, generator, open_device,
};
use ugmm_network::training as plain;
use ugmm_network::training::{Batch, Engine, OptimizerConfig, TrainingConfig};

const FEATURES: usize = 4;
const CLASSES: usize = 3;
const ROWS: usize = 24;
const STEPS: usize = 100;

/// Numbers that look random, from -1 to 1.
fn noise(at: usize) -> f32 {
    ((at * at + 13 * at) as f32 * 0.618).sin()
}

/// A batch of step number `step`; some values of it are missing, if they may be.
fn batch(task: &Task, step: usize, missing: bool) -> (Vec<f32>, Targets) {
    let label = |row: usize| (row * 7 + step) % CLASSES;
    let value = |at: usize| {
        let (row, column) = (at / FEATURES, at % FEATURES);
        match missing && column > 0 && (at + step).is_multiple_of(5) {
            true => f32::NAN,
            false => noise(at + 31 * step) + if column == label(row) { 1.0 } else { 0.0 },
        }
    };
    let x = (0..ROWS * FEATURES).map(value).collect();
    let targets = match task {
        Task::Number(_) => {
            Targets::Numbers((0..ROWS).map(|row| label(row) as f32 - 1.0 + 0.3 * noise(row + step)).collect())
        }
        Task::Classes(_) => Targets::Classes((0..ROWS).map(label).collect()),
    };
    (x, targets)
}

/// A hundred steps of both from the same parameters, with the same random numbers, and twenty with row weights.
fn assert_agree(name: &str, task: &Task, config: &ModelConfig, training: &TrainingConfig, missing: bool) {
    assert_agree_on_rows(name, task, config, training, missing, (None, STEPS));
    let weights = (0..ROWS).map(|row| 1.0 + 0.9 * f64::from(noise(row + 70))).collect();
    assert_agree_on_rows(name, task, config, training, missing, (Some(weights), STEPS / 5));
}

/// Steps of both from the same parameters, with the same random numbers, on rows with these weights.
fn assert_agree_on_rows(
    name: &str,
    task: &Task,
    config: &ModelConfig,
    training: &TrainingConfig,
    missing: bool,
    (weights, steps): (Option<Vec<f64>>, usize),
) {
    let training = &training.clone().checked().unwrap();
    let (sample, targets) = batch(task, 0, missing);
    let sample = task.with_targets(&targets).unwrap().training_input(&sample);
    let start = config.init(Some(&sample), &mut generator(5, Stream::Initialization)).unwrap();
    let device = Device::flex();
    let mut of_burn = Stepper::new(Model::of(&start, &device), *task, training, &device).unwrap();
    let mut own = plain::Stepper::new(start, *task, training).unwrap();
    for step in 0..steps {
        let (x, targets) = batch(task, step, missing);
        let batch = Batch { x, targets, weights: weights.clone() };
        of_burn.step(batch.clone(), 1e-3).unwrap();
        own.step(batch, 1e-3).unwrap();
        let [expected, found] = [of_burn.read_losses()[0], own.read_losses()[0]];
        let allowed = 2e-4 * (1.0 + expected.abs());
        assert!((found - expected).abs() < allowed, "{name}, step {step}: {found}, Burn {expected}");
    }
    let expected = of_burn.trained().to_model();
    let (mut largest, mut sum, mut count) = (0.0_f32, 0.0_f64, 0);
    for (found, expected) in own.model().tensors().iter().zip(expected.tensors()) {
        for (found, expected) in found.iter().zip(expected) {
            let difference = (found - expected).abs();
            largest = largest.max(difference);
            sum += f64::from(difference);
            count += 1;
        }
    }
    // Adam moves a parameter whose gradient is nothing but rounding, such as a bias before a normalisation, by its sign.
    let mean = sum / f64::from(count);
    assert!(mean < 1e-3 && largest < 5e-2, "{name}: parameters differ by {mean} and at most {largest}");
}

fn task(objective: ClassObjective) -> Task {
    Classification::new(FEATURES, CLASSES, objective).unwrap().into()
}

fn tasks() -> [Task; 5] {
    let label = LabelEncoding::OneHot;
    let density = |crps_weight| {
        let objective = DensityObjective { low: -2.0, high: 2.5, nodes: 8, crps_weight };
        Regression::new(FEATURES, objective).unwrap().into()
    };
    [
        task(ClassObjective::Discriminative),
        task(ClassObjective::Generative { label }),
        task(ClassObjective::Hybrid { label, weight: 3.0 }),
        density(0.0),
        density(5.0),
    ]
}

#[test]
fn every_objective_and_kind_of_network_makes_the_same_steps() {
    type Change = fn(NetworkConfig) -> NetworkConfig;
    let kinds: [(&str, bool, Change); 7] = [
        ("plain", false, |network| network.with_min_sigma(0.1)),
        ("standardised", false, |network| network.with_standardize(true).with_min_sigmas(&[1.0, 0.5])),
        ("tied means", false, |network| network.with_means(Means::Tied).with_min_sigma(0.2)),
        ("missing values", true, |network| network.with_missing_values(true).with_min_sigma(0.3)),
        ("components dropped", false, |network| network.with_dropout(&[0.3, 0.2]).with_min_sigma(0.3)),
        ("components dropped, weights kept", false, |network| {
            let mut network = network.with_dropout(&[0.3, 0.2]).with_min_sigma(0.3);
            network.layers.iter_mut().for_each(|layer| layer.renormalize = false);
            network
        }),
        ("inputs dropped and noisy", true, |network| {
            let network = network.with_missing_values(true).with_standardize(true).with_min_sigma(0.4);
            network.with_input_dropout(&[0.1, 0.3]).with_input_noise(&[0.2, 0.1])
        }),
    ];
    for task in tasks() {
        for (name, missing, change) in kinds {
            let network =
                change(NetworkConfig::new(&[task.inputs(), 9, 6, task.outputs()]).with_init(Init::Wide));
            let name = format!("{task:?}, {name}");
            let training = TrainingConfig::new(3, 1);
            assert_agree(&name, &task, &ModelConfig::Ugmm(network), &training, missing);
        }
    }
}

#[test]
fn every_optimiser_and_setting_of_the_loss_makes_the_same_steps() {
    let task = task(ClassObjective::Hybrid { label: LabelEncoding::OneHot, weight: 3.0 });
    let network = NetworkConfig::new(&[task.inputs(), 9, task.outputs()]).with_min_sigma(0.3);
    let config = ModelConfig::Ugmm(network);
    let plain = TrainingConfig::new(3, 1);
    for (name, training) in [
        ("AdamW", TrainingConfig { optimizer: OptimizerConfig::adam_w(0.1), ..plain.clone() }),
        (
            "descent",
            TrainingConfig {
                optimizer: OptimizerConfig::Sgd { momentum: 0.0, weight_decay: 0.01 },
                ..plain.clone()
            },
        ),
        (
            "momentum",
            TrainingConfig {
                optimizer: OptimizerConfig::Sgd { momentum: 0.9, weight_decay: 0.01 },
                ..plain.clone()
            },
        ),
        ("clipping", TrainingConfig { max_gradient_norm: Some(0.05), ..plain.clone() }),
        ("smoothing", TrainingConfig { label_smoothing: 0.1, ..plain.clone() }),
        ("class weights", TrainingConfig { class_weights: Some(vec![1.0, 4.0, 0.5]), ..plain }),
    ] {
        assert_agree(name, &task, &config, &training, false);
    }
}

#[test]
fn feed_forward_networks_make_the_same_steps() {
    let task = task(ClassObjective::Discriminative);
    for (name, config) in [
        ("plain", MlpConfig::new(&[FEATURES, 8, 6, CLASSES])),
        (
            "dropout",
            MlpConfig::new(&[FEATURES, 8, 6, CLASSES]).with_dropout(&[0.2, 0.3]).with_input_dropout(0.1),
        ),
        ("batch normalisation", MlpConfig::new(&[FEATURES, 8, 6, CLASSES]).with_batch_norm(true)),
    ] {
        assert_agree(name, &task, &ModelConfig::Mlp(config), &TrainingConfig::new(3, 1), false);
    }
}

/// What `--device` does, on the device that every build has.
#[test]
fn a_backend_trains_and_predicts_as_the_processor_does() {
    use ugmm_network::training::{Dataset, Features};
    use ugmm_network::{Backend, Predictor};
    let device = open_device(DeviceName::Cpu).unwrap();
    let backend = ugmm::BurnBackend(device);
    let task = task(ClassObjective::Discriminative);
    let (x, targets) = batch(&task, 1, false);
    let Targets::Classes(labels) = targets else { unreachable!() };
    let weights: Vec<f64> = (0..ROWS).map(|row| (row % 4) as f64).collect();
    let rows = Dataset::new(Features::F32(x.clone()), FEATURES, labels, CLASSES).unwrap();
    let rows = rows.weighted(&weights).unwrap();
    let network =
        NetworkConfig::new(&[FEATURES, 8, CLASSES]).with_standardize(true).with_min_sigmas(&[1.0, 0.5]);
    let config = ModelConfig::Ugmm(network);
    let start = || plain::init_model(&config, &task, &rows, 1).unwrap();
    let training = TrainingConfig { batch_size: 8, ..TrainingConfig::new(1, 5) }.checked().unwrap();
    let expected = plain::train(start(), &task, &rows, Some(&rows), &training, &mut ()).unwrap();
    let found = backend.resume(None, start(), &task, &rows, Some(&rows), &training, &mut ()).unwrap();
    assert_eq!(found.network.config(), expected.network.config());
    assert_eq!(found.network.config(), config.settled());
    for (found, expected) in found.history.iter().zip(&expected.history) {
        assert!((found.training_loss - expected.training_loss).abs() < 1e-4, "{found:?} {expected:?}");
        let [found, expected] = [found, expected].map(|report| report.validation_loss.unwrap());
        assert!((found - expected).abs() < 1e-3, "{found} {expected}");
    }
    let outputs = backend.predictor(&expected.network).forward(&x);
    for (found, expected) in outputs.iter().zip(expected.network.forward(&x)) {
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }
}
