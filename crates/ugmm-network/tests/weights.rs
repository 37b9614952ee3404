//! The law of row weights: a row of weight 2 counts as two rows, one of weight 0 as none, and only ratios of weights matter.

use rand::TryRng;
use std::convert::Infallible;
use ugmm_network::calibration::{spread, temperature};
use ugmm_network::inference::conditional::ConditionalDensity;
use ugmm_network::metrics::{Confusion, NumberMetrics, areas_one_against_rest, decisions, reliability};
use ugmm_network::training::{
    Batch, Dataset, Features, OptimizerConfig, Schedule, Trained, TrainingConfig, init_model,
    loss_and_gradients, measure, train,
};
use ugmm_network::{
    Check, ClassObjective, Classification, DensityObjective, Init, LabelEncoding, LossOptions, Metrics,
    MlpConfig, Model, ModelConfig, NetworkConfig, Regression, Stream, Targets, Task, generator,
};

const FEATURES: usize = 3;
const CLASSES: usize = 3;
const WEIGHTS: [f64; 10] = [1.0, 2.0, 0.0, 3.0, 1.0, 1.0, 2.0, 0.0, 4.0, 1.0];

fn noise(at: usize) -> f64 {
    ((at * at + 13 * at) as f64 * 0.618).sin()
}

/// Each row as often as its weight says.
fn repeated() -> Vec<usize> {
    (0..WEIGHTS.len()).flat_map(|row| std::iter::repeat_n(row, WEIGHTS[row] as usize)).collect()
}

fn label(row: usize) -> usize {
    row * 5 % CLASSES
}

fn dataset(task: &Task, rows: &[usize]) -> Dataset {
    let x = rows.iter().flat_map(|row| (0..FEATURES).map(move |at| noise(row * FEATURES + at) as f32));
    let x = Features::F32(x.collect());
    match task {
        Task::Classes(_) => {
            Dataset::new(x, FEATURES, rows.iter().map(|&row| label(row)).collect(), CLASSES).unwrap()
        }
        Task::Number(_) => {
            let numbers = rows.iter().map(|row| 1.8 * noise(row + 50) as f32).collect();
            Dataset::with_numbers(x, FEATURES, numbers).unwrap()
        }
    }
}

fn plain(task: &Task) -> Dataset {
    dataset(task, &(0..WEIGHTS.len()).collect::<Vec<_>>())
}

fn class_tasks() -> [Task; 3] {
    let label = LabelEncoding::OneHot;
    let task = |objective| Classification::new(FEATURES, CLASSES, objective).unwrap().into();
    [
        task(ClassObjective::Discriminative),
        task(ClassObjective::Generative { label }),
        task(ClassObjective::Hybrid { label, weight: 3.0 }),
    ]
}

fn number_task() -> Task {
    let objective = DensityObjective { low: -2.0, high: 2.0, nodes: 6, crps_weight: 4.0 };
    Regression::new(FEATURES, objective).unwrap().into()
}

fn models(task: &Task) -> Vec<ModelConfig> {
    let sizes = [task.inputs(), 5, 4, task.outputs()];
    let network = NetworkConfig::new(&sizes).with_init(Init::Paper).with_min_sigmas(&[0.7, 0.4]);
    vec![
        ModelConfig::Ugmm(network.clone()),
        ModelConfig::Ugmm(network.with_standardize(true)),
        ModelConfig::Mlp(MlpConfig::new(&sizes)),
        ModelConfig::Mlp(MlpConfig::new(&sizes).with_batch_norm(true)),
    ]
}

fn model(config: &ModelConfig) -> Model {
    config.init(None, &mut generator(8, Stream::Initialization)).unwrap()
}

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{what}: {found}, not {expected}");
}

#[test]
fn loss_and_gradients_are_those_of_repeated_rows() {
    for task in class_tasks() {
        for config in models(&task) {
            for class_weights in [None, Some(vec![1.0, 3.0, 0.5])] {
                let name = format!("{task:?}, {config:?}, {class_weights:?}");
                let value = |Batch { x, targets, weights }: Batch| {
                    let options = LossOptions {
                        label_smoothing: 0.1,
                        class_weights: class_weights.clone(),
                        row_weights: weights,
                    };
                    let rng = &mut generator(3, Stream::Dropout);
                    loss_and_gradients(&model(&config), &task, x, &targets, &options, rng).unwrap()
                };
                let all = |rows: &Dataset| rows.batch(&(0..rows.rows()).collect::<Vec<_>>());
                let weighted = all(&plain(&task).weighted(&WEIGHTS).unwrap());
                let (found, expected) = (value(weighted), value(all(&dataset(&task, &repeated()))));
                // Without the loop's factor for class weights both differ by a constant.
                let factor = if class_weights.is_none() { 1.0 } else { f64::from(expected.0 / found.0) };
                close(f64::from(found.0) * factor, expected.0.into(), &name);
                let pairs = found.1.iter().flatten().zip(expected.1.iter().flatten());
                pairs
                    .for_each(|(&found, &expected)| close(f64::from(found) * factor, expected.into(), &name));
            }
        }
    }
}

/// A source that is always in the same place of a cell.
struct Middle;

impl TryRng for Middle {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(1 << 31)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(1 << 63)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0x80);
        Ok(())
    }
}

#[test]
fn the_loss_of_densities_is_that_of_repeated_rows() {
    let task = number_task();
    let value = |rows: &Dataset| {
        let Batch { x, targets, weights } = rows.batch(&(0..rows.rows()).collect::<Vec<_>>());
        let targets = task.with_targets(&targets).unwrap();
        let inputs = targets.loss_inputs(x, &mut Middle);
        let scores: Vec<f32> = inputs.x.iter().skip(FEATURES).step_by(FEATURES + 1).copied().collect();
        targets.loss(&scores, &inputs, &LossOptions { row_weights: weights, ..LossOptions::default() })
    };
    let (found, gradients) = value(&plain(&task).weighted(&WEIGHTS).unwrap());
    let (expected, of_repeated) = value(&dataset(&task, &repeated()));
    close(found.into(), expected.into(), "loss");
    let kept = (0..WEIGHTS.len()).filter(|&row| WEIGHTS[row] > 0.0);
    let mut of_repeated = of_repeated.chunks(6);
    for (row, gradients) in kept.zip(gradients.chunks(6)) {
        let mut sum = [0.0; 6];
        for gradients in of_repeated.by_ref().take(WEIGHTS[row] as usize) {
            sum.iter_mut().zip(gradients).for_each(|(sum, &gradient)| *sum += f64::from(gradient));
        }
        gradients.iter().zip(sum).for_each(|(&found, sum)| close(found.into(), sum, "gradient"));
    }
}

fn full_batch(class_weights: Option<Vec<f64>>) -> Checked {
    let config = TrainingConfig {
        batch_size: 100,
        optimizer: OptimizerConfig::Sgd { momentum: 0.5, weight_decay: 0.0 },
        schedule: Schedule::Constant { learning_rate: 0.01 },
        class_weights,
        ..TrainingConfig::new(3, 15)
    };
    config.checked().unwrap()
}

type Checked = ugmm_network::Checked<TrainingConfig>;

fn trained(task: &Task, config: &ModelConfig, rows: &Dataset, training: &Checked) -> Trained<Model> {
    train(model(config), task, rows, Some(rows), training, &mut ()).unwrap()
}

fn parameters(trained: &Trained<Model>) -> Vec<f32> {
    trained.network.tensors().concat()
}

#[test]
fn training_in_full_batches_is_that_of_repeated_rows() {
    for task in class_tasks() {
        for config in models(&task) {
            for class_weights in [None, Some(vec![1.0, 3.0, 0.5])] {
                let name = format!("{task:?}, {config:?}, {class_weights:?}");
                let training = full_batch(class_weights);
                let weighted = plain(&task).weighted(&WEIGHTS).unwrap();
                let found = trained(&task, &config, &weighted, &training);
                let expected = trained(&task, &config, &dataset(&task, &repeated()), &training);
                for (found, expected) in parameters(&found).into_iter().zip(parameters(&expected)) {
                    assert!(
                        (found - expected).abs() < 1e-4 * (1.0 + expected.abs()),
                        "{name}: {found} {expected}"
                    );
                }
                for (found, expected) in found.history.iter().zip(&expected.history) {
                    assert!((found.training_loss - expected.training_loss).abs() < 1e-4, "{name}");
                    let losses = [found, expected].map(|report| report.validation_loss.unwrap());
                    assert!((losses[0] - losses[1]).abs() < 1e-4, "{name}");
                }
            }
        }
    }
}

#[test]
fn only_ratios_of_weights_matter() {
    for task in class_tasks().into_iter().chain([number_task()]) {
        let sizes = [task.inputs(), 5, task.outputs()];
        let config = ModelConfig::Ugmm(NetworkConfig::new(&sizes).with_min_sigma(0.5).with_standardize(true));
        let training = TrainingConfig { batch_size: 4, ..TrainingConfig::new(3, 5) }.checked().unwrap();
        let parameters = |rows: Dataset| {
            let network = init_model(&config, &task, &rows, 1).unwrap();
            parameters(&train(network, &task, &rows, None, &training, &mut ()).unwrap())
        };
        let weighted = |weights: &[f64]| parameters(plain(&task).weighted(weights).unwrap());
        assert_eq!(weighted(&[1.0; 10]), parameters(plain(&task)));
        assert_eq!(weighted(&[0.1; 10]), parameters(plain(&task)));
        assert_eq!(weighted(&WEIGHTS), weighted(&WEIGHTS.map(|weight| weight * 1024.0)));
        assert_ne!(weighted(&WEIGHTS), parameters(plain(&task)));
        // A row of weight 0 is left out.
        let known: Vec<usize> = (0..10).filter(|&row| WEIGHTS[row] > 0.0).collect();
        let ones = WEIGHTS.map(|weight| if weight > 0.0 { 1.0 } else { 0.0 });
        assert_eq!(weighted(&ones), parameters(dataset(&task, &known)));
    }
}

/// The sums over batches are divided by their numbers of rows.
#[test]
fn the_gradients_of_batches_are_on_average_that_of_all_rows() {
    let task = class_tasks()[0];
    let network = model(&models(&task)[0]);
    let rows = plain(&task).weighted(&WEIGHTS).unwrap();
    let gradients = |chosen: &[usize]| {
        let Batch { x, targets, weights } = rows.batch(chosen);
        let options = LossOptions { row_weights: weights, ..LossOptions::default() };
        let rng = &mut generator(3, Stream::Dropout);
        loss_and_gradients(&network, &task, x, &targets, &options, rng).unwrap().1.concat()
    };
    let all = gradients(&(0..8).collect::<Vec<_>>());
    let (one, other) = (gradients(&[0, 1, 2, 3]), gradients(&[4, 5, 6, 7]));
    for ((all, one), other) in all.iter().zip(one).zip(other) {
        close(f64::from(one + other) / 2.0, (*all).into(), "gradient");
    }
}

#[test]
fn measures_are_those_of_repeated_rows() {
    let (task, repeated) = (class_tasks()[0], repeated());
    let logs = |rows: &[usize]| -> Vec<f32> {
        let row = |row: usize| {
            let scores: Vec<f64> = (0..CLASSES).map(|class| 2.0 * noise(7 * row + class)).collect();
            let sum = scores.iter().map(|score| score.exp()).sum::<f64>().ln();
            scores.into_iter().map(move |score| (score - sum) as f32)
        };
        rows.iter().flat_map(|&at| row(at)).collect()
    };
    let of = |rows: &[usize], weights: Option<&[f64]>| {
        let (logs, labels) = (logs(rows), rows.iter().map(|&row| label(row)).collect::<Vec<_>>());
        let decided = decisions(&logs, CLASSES, None);
        let Metrics { accuracy, log_loss, brier_score, calibration_error, .. } =
            Metrics::of_decisions(&logs, &labels, &decided, weights);
        let mut found = vec![accuracy, log_loss, brier_score, calibration_error];
        let areas = areas_one_against_rest(&logs, &labels, CLASSES, weights);
        let confusion = Confusion::of(&decided, &labels, CLASSES, weights);
        for class in confusion.by_class(&areas) {
            found.extend([class.precision, class.recall, class.f1, class.area_under_roc].map(Option::unwrap));
        }
        found.extend([confusion.balanced_accuracy().unwrap(), confusion.commonest().unwrap().1]);
        found
            .extend(reliability(&logs, &labels, 4, weights).iter().flat_map(|b| [b.probability, b.accuracy]));
        found
    };
    let all: Vec<usize> = (0..10).collect();
    for (found, expected) in of(&all, Some(&WEIGHTS)).into_iter().zip(of(&repeated, None)) {
        close(found, expected, "measure");
    }
    assert_eq!(of(&all, Some(&[1.0; 10])), of(&all, None));

    let densities = |rows: &[usize]| -> (Vec<ConditionalDensity>, Vec<f64>) {
        let density = |&row: &usize| {
            let scores = (0..20).map(|cell| 3.0 * noise(row * 20 + cell) as f32).collect();
            ConditionalDensity::new((-1.5, 1.5), scores)
        };
        let numbers = rows.iter().map(|&row| 1.8 * noise(row + 50)).collect();
        (rows.iter().map(density).collect(), numbers)
    };
    let of = |rows: &[usize], weights: Option<&[f64]>| {
        let (densities, numbers) = densities(rows);
        let found = NumberMetrics::of(&densities, &numbers, weights);
        assert!(found.outside > 0);
        [
            found.rmse,
            found.mae,
            found.r2.unwrap(),
            found.log_density,
            found.outside_share,
            found.crps,
            found.coverage_50,
            found.coverage_90,
            found.width_90,
        ]
    };
    for (found, expected) in of(&all, Some(&WEIGHTS)).into_iter().zip(of(&repeated, None)) {
        close(found, expected, "measure of numbers");
    }
    assert_eq!(of(&all, Some(&[1.0; 10])), of(&all, None));

    let network = model(&models(&task)[0]);
    let measured = |rows: &Dataset| measure(&network, &task, rows, &TrainingConfig::new(0, 1)).unwrap().loss;
    close(measured(&plain(&task).weighted(&WEIGHTS).unwrap()), measured(&dataset(&task, &repeated)), "loss");
}

/// Calibration assumes one row more than there are, so that few rows of large weight differ a little from many.
#[test]
fn calibration_is_that_of_repeated_rows() {
    let rows: Vec<usize> = (0..3000).collect();
    let weights: Vec<f64> = rows.iter().map(|row| WEIGHTS[row % 10]).collect();
    let repeated: Vec<usize> =
        rows.iter().flat_map(|&row| std::iter::repeat_n(row, WEIGHTS[row % 10] as usize)).collect();
    let of = |rows: &[usize], weights: Option<&[f64]>| {
        let scores: Vec<f32> =
            rows.iter().flat_map(|&row| [3.0 * noise(row) as f32, 3.0 * noise(2 * row + 7) as f32]).collect();
        let labels: Vec<usize> = rows.iter().map(|&row| usize::from(noise(3 * row + 1) > 0.2)).collect();
        let scores: Vec<f32> = scores
            .chunks(2)
            .zip(&labels)
            .flat_map(|(row, &label)| {
                let plus = |class| row[class] + if class == label { 1.5 } else { 0.0 };
                [plus(0), plus(1)]
            })
            .collect();
        let density = ConditionalDensity::new((-4.0, 4.0), vec![0.0; 10]);
        let numbers: Vec<f64> = rows.iter().map(|&row| 5.0 * noise(row)).collect();
        [
            temperature(&scores, &labels, None, weights).unwrap(),
            spread(&vec![density; rows.len()], &numbers, weights).unwrap(),
        ]
    };
    let (found, expected) = (of(&rows, Some(&weights)), of(&repeated, None));
    for (found, expected) in found.into_iter().zip(expected) {
        assert!((found / expected - 1.0).abs() < 1e-3, "{found} {expected}");
    }
    assert!((found[0] / of(&rows, None)[0] - 1.0).abs() > 1e-3);
    let scaled: Vec<f64> = weights.iter().map(|weight| 8.0 * weight).collect();
    assert_eq!(of(&rows, Some(&scaled)), found);
    assert_eq!(of(&rows, Some(&vec![1.0; rows.len()])), of(&rows, None));
}

#[test]
fn weights_that_cannot_be_used_are_refused() {
    let task = class_tasks()[0];
    let message = |weights: &[f64]| plain(&task).weighted(weights).unwrap_err().to_string();
    assert_eq!(message(&[1.0; 9]), "the list of row weights has 9 numbers, but 10 are needed");
    let mut weights = WEIGHTS;
    weights[3] = -1.0;
    assert_eq!(message(&weights), "a row weight is -1, but must be at least 0 and finite");
    weights[3] = f64::NAN;
    assert_eq!(message(&weights), "a row weight is NaN, but must be at least 0 and finite");
    assert_eq!(message(&[0.0; 10]), "the greatest row weight is 0, but must be positive");
    let large = plain(&task).weighted(&WEIGHTS.map(|weight| weight * 1e307)).unwrap();
    assert!((large.weights().unwrap()[0] - 8.0 / 15.0).abs() < 1e-12);
    let options = LossOptions { row_weights: Some(vec![1.0; 2]), ..LossOptions::default() };
    let Batch { x, targets, .. } = plain(&task).batch(&[0, 1, 2]);
    let rng = &mut generator(3, Stream::Dropout);
    let error = loss_and_gradients(&model(&models(&task)[0]), &task, x, &targets, &options, rng).unwrap_err();
    assert_eq!(error.to_string(), "the list of row weights has 2 numbers, but 3 are needed");
    assert!(matches!(targets, Targets::Classes(_)));
}
