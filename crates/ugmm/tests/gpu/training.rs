//! Whole networks on the device, beside the same on the processor: with the same seed the same batches, masks and initial
//! values, so that the losses part by rounding alone.

use crate::support::{device, host};
use burn::tensor::Device;
use ugmm::training::{
    Dataset, Features, OptimizerConfig, Stepper, Targets, Trained, TrainingConfig, init_model,
    log_probabilities, train,
};
use ugmm::{
    Check, ClassObjective, Classification, InitOn, LabelEncoding, Model, ModelConfig, NetworkConfig, Stream,
    UgmmError, generator,
};
use ugmm_network::{Preset, Recipe, Settings, TableShape};

/// Largest difference of a mean loss of an epoch, relative to it where it is above 1.
const LOSS_TOLERANCE: f64 = 2e-3;
/// Largest difference of a probability after training.
const PROBABILITY_TOLERANCE: f32 = 2e-2;

const ROWS: usize = 200;
const COLUMNS: usize = 6;

/// Rows of three classes, each with a place of its own.
fn rows(missing: bool) -> Dataset {
    let mut state = 7_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let labels: Vec<usize> = (0..ROWS).map(|row| row % 3).collect();
    let features = labels.iter().flat_map(|&label| {
        let row: Vec<f32> = (0..COLUMNS)
            .map(|column| {
                let value = if column % 3 == label { 1.5 } else { 0.0 } + 2.0 * (uniform() - 0.5);
                if missing && uniform() < 0.2 && column > 0 { f32::NAN } else { value }
            })
            .collect();
        row
    });
    let features = Features::F32(features.collect());
    if missing {
        Dataset::with_missing_values(features, COLUMNS, labels, 3).unwrap()
    } else {
        Dataset::new(features, COLUMNS, labels, 3).unwrap()
    }
}

fn fit(recipe: &Recipe, rows: &Dataset, device: &Device) -> Result<Trained<Model>, UgmmError> {
    let network = init_model(&recipe.model, &recipe.task, rows, recipe.training.seed, device)?;
    train(network, &recipe.task, rows, Some(rows), &recipe.training, device, &mut ())
}

fn assert_learns_alike(what: &str, recipe: &Recipe, rows: &Dataset) {
    let Some(device) = device() else { return };
    let cpu = Device::flex();
    let expected = fit(recipe, rows, &cpu).unwrap();
    let found = fit(recipe, rows, &device).unwrap();
    assert_eq!(found.history.len(), expected.history.len());
    for (found, expected) in found.history.iter().zip(&expected.history) {
        let epoch = expected.epoch;
        let pairs = [
            (found.training_loss, expected.training_loss),
            (found.validation_loss.unwrap(), expected.validation_loss.unwrap()),
        ];
        for (found, expected) in pairs {
            let allowed = LOSS_TOLERANCE * expected.abs().max(1.0);
            assert!(
                (found - expected).abs() <= allowed,
                "{what}, epoch {epoch}: {found}, processor {expected}"
            );
        }
    }
    let first = expected.history.first().unwrap().training_loss;
    let last = expected.history.last().unwrap().training_loss;
    assert!(last < first, "{what}: nothing was learned");
    let of = |network: &Model, device: &Device| {
        log_probabilities(network, recipe.task.classification().unwrap(), rows.features(), device).unwrap()
    };
    for (found, expected) in of(&found.network, &device).iter().zip(of(&expected.network, &cpu)) {
        assert!((found.exp() - expected.exp()).abs() <= PROBABILITY_TOLERANCE, "{what}: {found} {expected}");
    }
}

fn recipe(settings: Settings) -> Recipe {
    let rows = rows(false);
    let mut recipe = settings.recipe(Preset::Best, &TableShape::of(&rows), 3).unwrap();
    let training = recipe.training.into_inner();
    recipe.training = TrainingConfig { epochs: 6, batch_size: 32, ..training }.checked().unwrap();
    recipe
}

/// The preset that `ugmm train` uses: dropout, noise, standardisation between layers, label smoothing.
#[test]
fn the_best_preset_learns_as_on_the_processor() {
    assert_learns_alike("best", &recipe(Settings::default()), &rows(false));
}

#[test]
fn joint_scores_are_learned_as_on_the_processor() {
    let objective = ClassObjective::Generative { label: LabelEncoding::OneHot };
    let task = Classification::new(COLUMNS, 3, objective).unwrap();
    let mut training = TrainingConfig::new(1, 5);
    training.max_gradient_norm = Some(0.5);
    let config = NetworkConfig::new(&[task.inputs(), 8, 1]).with_min_sigma(0.2);
    let recipe =
        Recipe { task: task.into(), model: ModelConfig::Ugmm(config), training: training.checked().unwrap() };
    let Some(device) = device() else { return };
    let rows = rows(false);
    let cpu = Device::flex();
    let (expected, found) = (fit(&recipe, &rows, &cpu).unwrap(), fit(&recipe, &rows, &device).unwrap());
    for (found, expected) in found.history.iter().zip(&expected.history) {
        let (found, expected) = (found.training_loss, expected.training_loss);
        assert!((found - expected).abs() <= LOSS_TOLERANCE * expected.abs().max(1.0), "{found} {expected}");
    }
}

#[test]
fn missing_values_are_done_without_as_on_the_processor() {
    let mut recipe = recipe(Settings::default());
    let ModelConfig::Ugmm(config) = &mut recipe.model else { panic!("the preset is of uGMM networks") };
    config.missing_values = true;
    assert_learns_alike("missing values", &recipe, &rows(true));
}

#[test]
fn an_mlp_learns_as_on_the_processor() {
    let settings = Settings { model: Some(ugmm_network::Architecture::Mlp), ..Settings::default() };
    assert_learns_alike("MLP", &recipe(settings), &rows(false));
}

/// A few steps of Adam, with decay of weights or not, from the same values: parameter by parameter.
#[test]
fn adam_moves_parameters_as_on_the_processor() {
    let Some(gpu) = device() else { return };
    for optimizer in [
        OptimizerConfig::default(),
        OptimizerConfig::AdamW { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8, weight_decay: 0.1 },
        OptimizerConfig::Sgd { momentum: 0.9, weight_decay: 0.0 },
    ] {
        let mut config = TrainingConfig::new(0, 1);
        config.optimizer = optimizer;
        let config = config.checked().unwrap();
        let task = Classification::new(COLUMNS, 3, ClassObjective::Discriminative).unwrap().into();
        let parameters = |device: &Device| {
            let mut rng = generator(5, Stream::Initialization);
            let network = NetworkConfig::new(&[COLUMNS, 5, 3]).with_init(ugmm::Init::Paper);
            let network = network.init_on(None, &mut rng, device).unwrap();
            let mut stepper = Stepper::new(network, task, &config, device).unwrap();
            let x: Vec<f32> = (0..4 * COLUMNS).map(|at| (at as f32 * 0.37).sin()).collect();
            let targets = Targets::Classes(vec![0, 1, 2, 0]);
            for _ in 0..5 {
                stepper.take_step(x.to_vec(), &targets, 1e-2).unwrap();
            }
            let layers = &stepper.trained().layers;
            layers
                .iter()
                .flat_map(|layer| [&layer.means, &layer.raw_log_sigmas, &layer.mixing_logits])
                .flat_map(|parameter| host(parameter.val()))
                .collect::<Vec<_>>()
        };
        for (found, expected) in parameters(&gpu).iter().zip(parameters(&Device::flex())) {
            // A step is 1e-2 long at most.
            assert!((found - expected).abs() <= 2e-4, "{optimizer:?}: {found} {expected}");
        }
    }
}

#[test]
fn a_loss_that_is_no_number_ends_training_and_names_its_batch() {
    let Some(device) = device() else { return };
    let mut recipe = recipe(Settings::default());
    let schedule = ugmm::training::Schedule::Constant { learning_rate: 1e30 };
    recipe.training = TrainingConfig { schedule, ..recipe.training.into_inner() }.checked().unwrap();
    let message = fit(&recipe, &rows(false), &device).unwrap_err().to_string();
    assert!(message.contains("the loss became") && message.contains("batch"), "{message}");
}
