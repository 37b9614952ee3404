//! Tests of the training loop: it learns, is reproducible, and fails for invalid settings.

use std::ops::ControlFlow;
use ugmm_network::training::{
    Augmentation, BatchReport, Checkpoint, Dataset, EarlyStopping, EpochReport, Features, Observer,
    OptimizerConfig, Position, Schedule, Trained, TrainingConfig, evaluate, init_model, loss_and_gradients,
    train,
};
use ugmm_network::{
    Check, ClassObjective, Classification, Init, LabelEncoding, LossOptions, Means, MlpConfig, Model,
    ModelConfig, NetworkConfig, Predictor, Preset, Stream, Targets, Task, UgmmError, generator,
};

const FEATURES: usize = 3;
const CLASSES: usize = 3;

/// Three clusters of rows that no single coordinate separates linearly.
fn clouds(rows: usize) -> Dataset {
    use rand::RngExt;
    let mut rng = generator(11, Stream::Splitting);
    let labels: Vec<usize> = (0..rows).map(|row| row % CLASSES).collect();
    let features = labels
        .iter()
        .flat_map(|&label| {
            let centre = [[0.0, 2.0, -1.0], [2.0, 0.0, 1.0], [-2.0, -1.0, 0.0]][label];
            centre.map(|centre: f32| centre + rng.random_range(-1.0..1.0f32))
        })
        .collect();
    Dataset::new(Features::F32(features), FEATURES, labels, CLASSES).unwrap()
}

fn task(objective: ClassObjective) -> Task {
    Classification::new(FEATURES, CLASSES, objective).unwrap().into()
}

const GENERATIVE: ClassObjective = ClassObjective::Generative { label: LabelEncoding::OneHot };

fn ugmm(task: &Task) -> ModelConfig {
    Preset::Best.ugmm(task, &[16])
}

fn settings(epochs: usize) -> TrainingConfig {
    TrainingConfig {
        batch_size: 16,
        schedule: Schedule::Cosine { learning_rate: 2e-2, warmup_steps: 5, final_fraction: 0.01 },
        ..TrainingConfig::new(0, epochs)
    }
}

fn fit(
    config: &ModelConfig,
    task: &Task,
    rows: &Dataset,
    training: &TrainingConfig,
) -> Result<Trained<Model>, UgmmError> {
    let network = init_model(config, task, rows, training.seed)?;
    train(network, task, rows, None, &training.clone().checked()?, &mut ())
}

fn weights(network: &Model) -> Vec<u32> {
    network.tensors().into_iter().flatten().map(|value| value.to_bits()).collect()
}

#[test]
fn every_kind_of_model_and_optimiser_learns() {
    let rows = clouds(150);
    let discriminative = task(ClassObjective::Discriminative);
    let generative = task(GENERATIVE);
    let index = task(ClassObjective::Generative { label: LabelEncoding::Index });
    let hybrid = task(ClassObjective::Hybrid { label: LabelEncoding::OneHot, weight: 1.0 });
    let tied = ModelConfig::Ugmm(
        NetworkConfig::new(&[FEATURES, 24, CLASSES]).with_means(Means::Tied).with_min_sigma(0.1),
    );
    let mlp = ModelConfig::Mlp(MlpConfig::new(&[FEATURES, 16, CLASSES]));
    let normalised = ModelConfig::Mlp(
        MlpConfig::new(&[FEATURES, 16, 8, CLASSES]).with_batch_norm(true).with_dropout(&[0.0, 0.1]),
    );
    let adam = OptimizerConfig::default();
    for (name, config, task, optimizer, learning_rate, floor) in [
        ("uGMM", ugmm(&discriminative), discriminative, adam, 2e-2, 0.97),
        ("uGMM, AdamW", ugmm(&discriminative), discriminative, OptimizerConfig::adam_w(1e-2), 2e-2, 0.97),
        (
            "uGMM, SGD",
            ugmm(&discriminative),
            discriminative,
            OptimizerConfig::Sgd { momentum: 0.9, weight_decay: 0.0 },
            5e-2,
            0.95,
        ),
        ("uGMM, tied means", tied, discriminative, adam, 2e-2, 0.9),
        ("uGMM, generative, one-hot", ugmm(&generative), generative, adam, 2e-2, 0.85),
        ("uGMM, generative, index", ugmm(&index), index, adam, 2e-2, 0.85),
        ("uGMM, hybrid", ugmm(&hybrid), hybrid, adam, 2e-2, 0.95),
        ("MLP", mlp, discriminative, adam, 2e-2, 0.97),
        ("MLP, batch norm", normalised, discriminative, adam, 2e-2, 0.97),
    ] {
        let schedule = Schedule::Cosine { learning_rate, warmup_steps: 5, final_fraction: 0.01 };
        let training = TrainingConfig { optimizer, schedule, ..settings(60) };
        let trained = fit(&config, &task, &rows, &training).unwrap();
        let metrics = evaluate(&trained.network, task.classification().unwrap(), &rows).unwrap();
        assert!(metrics.accuracy >= floor, "{name}: {metrics:?}");
        let (first, last) = (trained.history[0].training_loss, trained.history[59].training_loss);
        assert!(last < first, "{name}: {first} to {last}");
    }
}

/// A seed determines every bit, whatever the number of threads; another seed gives another model.
#[test]
fn one_seed_decides_every_bit() {
    let rows = clouds(100);
    let task = task(ClassObjective::Discriminative);
    // The network is large enough for the kernels to use several threads.
    let config =
        ModelConfig::Ugmm(NetworkConfig::new(&[FEATURES, 301, 64, CLASSES]).with_dropout(&[0.2, 0.1, 0.0]));
    let run = |seed, threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let training = TrainingConfig { seed, batch_size: 64, ..settings(2) };
            weights(&fit(&config, &task, &rows, &training).unwrap().network)
        })
    };
    let reference = run(1, 1);
    for threads in [1, 2, 3] {
        assert!(run(1, threads) == reference, "{threads} threads");
    }
    assert!(run(2, 1) != reference);
}

/// The random changes of a batch are reproducible, and evaluated rows are not changed.
#[test]
fn augmentation_changes_the_rows_of_batches_only() {
    let rows = clouds(60);
    let task = task(ClassObjective::Discriminative);
    let shift = |most| Some(Augmentation::Shift { height: 1, width: FEATURES, most });
    let run = |augmentation| {
        let training = TrainingConfig { augmentation, ..settings(2) };
        fit(&ugmm(&task), &task, &rows, &training)
    };
    let trained = |augmentation| run(augmentation).unwrap();
    let most_is_0 = weights(&trained(shift(0)).network);
    assert_eq!(most_is_0, weights(&trained(None).network));
    let message = run(shift(1)).unwrap_err().to_string();
    assert_eq!(message, "most is 1, but must be less than the image's height and width");

    // The image has two rows of pixels, the first two features.
    let square = |rows: &Dataset| {
        let x = rows.batch(&(0..rows.rows()).collect::<Vec<_>>()).x;
        let values = x.chunks(FEATURES).flat_map(|row| [row[0], row[1], row[0], row[1]]).collect();
        Dataset::new(Features::F32(values), 4, rows.labels().to_vec(), CLASSES).unwrap()
    };
    let (rows, task) =
        (square(&rows), Classification::new(4, CLASSES, ClassObjective::Discriminative).unwrap().into());
    let run = |augmentation| {
        let training = TrainingConfig { augmentation, ..settings(2) };
        weights(&fit(&ugmm(&task), &task, &rows, &training).unwrap().network)
    };
    let shifted = Some(Augmentation::Shift { height: 2, width: 2, most: 1 });
    assert_eq!(run(shifted), run(shifted));
    assert!(run(shifted) != run(None));
}

/// Dropout of inputs and units applies in training only.
#[test]
fn an_mlp_drops_inputs_in_training_only() {
    let config = MlpConfig::new(&[FEATURES, 8, CLASSES]);
    let network =
        |config: MlpConfig| Model::Mlp(config.init(&mut generator(0, Stream::Initialization)).unwrap());
    let x = [1.0; 64 * FEATURES];
    let (plain, dropping) = (network(config.clone()), network(config.with_input_dropout(0.5)));
    assert_eq!(plain.forward(&x), dropping.forward(&x));
    let task = task(ClassObjective::Discriminative);
    // Equal rows have the loss of one of them, unless they lose inputs.
    let gradients = |network: &Model, rows: usize| {
        let (x, targets) = (vec![1.0; rows * FEATURES], Targets::Classes(vec![0; rows]));
        let rng = &mut generator(0, Stream::Dropout);
        loss_and_gradients(network, &task, x, &targets, &LossOptions::default(), rng).unwrap()
    };
    assert!((gradients(&plain, 64).0 - gradients(&plain, 1).0).abs() < 1e-6);
    assert!((gradients(&dropping, 64).0 - gradients(&plain, 1).0).abs() > 1e-3);
    let message = MlpConfig::new(&[2, 2]).with_input_dropout(1.0).check().unwrap_err().to_string();
    assert_eq!(message, "input_dropout is 1, but must be at least 0 and less than 1");
}

/// Steps are large enough to enter the thread pool, where waiting threads take up work of each other.
#[test]
fn networks_can_train_side_by_side() {
    let task = task(ClassObjective::Discriminative);
    let rows = clouds(512);
    let config = Preset::Best.ugmm(&task, &[256]);
    let training = TrainingConfig { batch_size: 512, ..settings(3) };
    let train = || weights(&fit(&config, &task, &rows, &training).unwrap().network);
    let alone = train();
    std::thread::scope(|scope| {
        let beside: Vec<_> = (0..3).map(|_| scope.spawn(train)).collect();
        for thread in beside {
            assert!(thread.join().unwrap() == alone);
        }
    });
}

#[test]
fn clipping_keeps_steps_small() {
    let rows = clouds(30);
    let task = task(ClassObjective::Discriminative);
    let optimizer = OptimizerConfig::Sgd { momentum: 0.0, weight_decay: 0.0 };
    let schedule = Schedule::Constant { learning_rate: 1.0 };
    // The network does not standardise, because settling would change the parameters too.
    let config = ModelConfig::Ugmm(NetworkConfig::new(&[FEATURES, 16, CLASSES]).with_min_sigma(0.1));
    let before = init_model(&config, &task, &rows, 0).unwrap();
    let step = |max_gradient_norm| {
        let training = TrainingConfig {
            optimizer,
            schedule: schedule.clone(),
            batch_size: 30,
            max_gradient_norm,
            ..settings(1)
        };
        let after = fit(&config, &task, &rows, &training).unwrap().network;
        let difference =
            |(a, b): (u32, u32)| (f64::from(f32::from_bits(a)) - f64::from(f32::from_bits(b))).powi(2);
        weights(&before).into_iter().zip(weights(&after)).map(difference).sum::<f64>().sqrt()
    };
    let free = step(None);
    // One step of gradient descent with rate 1 changes parameters by the gradient's norm.
    for limit in [0.5 * free, 0.01 * free] {
        assert!((step(Some(limit)) / limit - 1.0).abs() < 1e-3, "{limit}");
    }
    assert!((step(Some(2.0 * free)) / free - 1.0).abs() < 1e-6);
}

#[test]
fn an_observer_can_stop_training() {
    struct StopAfter(usize);
    impl Observer for StopAfter {
        fn on_epoch(
            &mut self,
            report: &EpochReport,
            _checkpoint: &dyn Fn() -> Result<Checkpoint, UgmmError>,
        ) -> Result<ControlFlow<()>, UgmmError> {
            Ok(if report.epoch == self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        }
    }
    let rows = clouds(30);
    let task = task(ClassObjective::Discriminative);
    let network = init_model(&ugmm(&task), &task, &rows, 0).unwrap();
    let trained =
        train(network, &task, &rows, Some(&rows), &settings(50).checked().unwrap(), &mut StopAfter(3))
            .unwrap();
    assert_eq!(trained.history.len(), 3);
    assert_eq!(trained.history[2].validation.unwrap().rows, 30);
}

/// The deadline shortens the training and its cosine schedule.
#[test]
fn a_deadline_ends_training_at_the_end_of_its_schedule() {
    /// The deadline, and the last report before it.
    struct Until(std::time::Instant, Option<BatchReport>);
    impl Observer for Until {
        fn on_batch(&mut self, report: &BatchReport) -> ControlFlow<()> {
            self.1 = Some(*report);
            ControlFlow::Continue(())
        }

        fn deadline(&self) -> Option<std::time::Instant> {
            Some(self.0)
        }
    }
    let rows = clouds(150);
    let task = task(ClassObjective::Discriminative);
    let training = settings(1_000_000).checked().unwrap();
    let run = |time| {
        let network = init_model(&ugmm(&task), &task, &rows, 0).unwrap();
        let mut until = Until(std::time::Instant::now() + std::time::Duration::from_millis(time), None);
        let trained = train(network, &task, &rows, None, &training, &mut until).unwrap();
        (trained, until.1.unwrap())
    };
    let (trained, last_step) = run(1500);
    let last = trained.history.last().unwrap();
    assert!(last.epoch < 1_000_000);
    // The final rate depends on how even the pace was; it is that of a schedule over this number of steps.
    let BatchReport { step, total_steps, .. } = last_step;
    assert!(total_steps < 1_000_000, "{last_step:?}");
    let position = Position { epoch: last.epoch - 1, step: step - 1, total_steps };
    assert_eq!(last.learning_rate, training.schedule.learning_rate(position));
    // Without any time only the epoch that has begun is finished.
    assert_eq!(run(0).0.history.len(), 1);
}

#[test]
fn early_stopping_takes_the_best_network() {
    let (rows, held_out) = (clouds(60), clouds(45));
    let task = task(ClassObjective::Discriminative);
    // At this rate the loss fluctuates.
    let training = TrainingConfig {
        schedule: Schedule::Constant { learning_rate: 0.2 },
        early_stopping: Some(EarlyStopping { patience: 4 }),
        ..settings(200)
    };
    let training = training.checked().unwrap();
    let network = || init_model(&ugmm(&task), &task, &rows, 0).unwrap();
    let trained = train(network(), &task, &rows, Some(&held_out), &training, &mut ()).unwrap();
    let losses: Vec<f64> = trained.history.iter().map(|report| report.validation_loss.unwrap()).collect();
    let best = trained.best_epoch.unwrap();
    assert!(losses.len() == best + 4 && losses.len() < 200, "{losses:?}");
    assert!(losses.iter().all(|loss| *loss >= losses[best - 1]));
    let measured = evaluate(&trained.network, task.classification().unwrap(), &held_out).unwrap();
    assert_eq!(measured.log_loss, losses[best - 1]);
    let error = train(network(), &task, &rows, None, &training, &mut ()).unwrap_err();
    let expected = "early_stopping is given, but must be left out where there are no validation rows";
    assert_eq!(error.to_string(), expected);
}

/// A network trained with class weights equals one for which the rows of the heavier class occur more often.
#[test]
fn class_weights_count_rows_more_often() {
    use ugmm_network::metrics::unweighted;
    // The only feature is uninformative; 3 of 4 rows are of class 0.
    let labels: Vec<usize> = (0..400).map(|row| usize::from(row % 4 == 3)).collect();
    let features = Features::F32((0..400).map(|row| [-1.0, 1.0][row / 4 % 2]).collect());
    let rows = Dataset::new(features, 1, labels, 2).unwrap();
    for (objective, weights) in [
        (ClassObjective::Discriminative, vec![1.0, 9.0]),
        (ClassObjective::Hybrid { label: LabelEncoding::OneHot, weight: 10.0 }, vec![1.0, 9.0]),
    ] {
        let task = Classification::new(1, 2, objective).unwrap();
        let whole = task.into();
        let training = TrainingConfig { class_weights: Some(weights.clone()), ..settings(60) };
        let trained = fit(&ugmm(&whole), &whole, &rows, &training).unwrap();
        let mut logs =
            ugmm_network::inference::prediction::log_probabilities(&trained.network, &task, rows.features())
                .unwrap();
        // The weighted odds are 9 · ¼ against ¾.
        assert!((logs[1].exp() - 0.75).abs() < 0.06, "{objective:?}: {}", logs[1].exp());
        unweighted(&mut logs, &weights);
        assert!((logs[1].exp() - 0.25).abs() < 0.06, "{objective:?}: {}", logs[1].exp());
    }
    let task = Classification::new(1, 2, ClassObjective::Discriminative).unwrap().into();
    let message = |weights: Vec<f64>| {
        let training = TrainingConfig { class_weights: Some(weights), ..settings(1) };
        fit(&ugmm(&task), &task, &rows, &training).unwrap_err().to_string()
    };
    assert_eq!(message(vec![1.0]), "the list of class weights has 1 numbers, but 2 are needed");
    assert_eq!(message(vec![1.0, 0.0]), "a class weight is 0, but must be positive and finite");
}

#[test]
fn what_cannot_work_is_refused() {
    let rows = clouds(30);
    let good = task(ClassObjective::Discriminative);
    let message = |config: &ModelConfig, task: &Task, training: &TrainingConfig| {
        fit(config, task, &rows, training).unwrap_err().to_string()
    };
    let wide = ModelConfig::Ugmm(NetworkConfig::new(&[FEATURES + 1, CLASSES]));
    assert_eq!(message(&wide, &good, &settings(1)), "the network has 4 inputs, but 3 are needed");
    assert_eq!(
        message(&ugmm(&good), &task(GENERATIVE), &settings(1)),
        "the network has 3 inputs, but 6 are needed"
    );
    let none = TrainingConfig { batch_size: 0, ..settings(1) };
    assert_eq!(message(&ugmm(&good), &good, &none), "batch_size is 0, but must be at least 1");
    let more = Classification::new(FEATURES, 4, ClassObjective::Discriminative).unwrap().into();
    let config = ModelConfig::Ugmm(NetworkConfig::new(&[FEATURES, 4]));
    assert_eq!(message(&config, &more, &settings(1)), "the data set has 3 classes, but 4 are needed");

    let dataset = |features: Vec<f32>, labels: Vec<usize>| {
        Dataset::new(Features::F32(features), 2, labels, 2).unwrap_err().to_string()
    };
    assert_eq!(dataset(vec![1.0; 3], vec![0, 1]), "the data set has 3 feature values, but 4 are needed");
    assert_eq!(
        dataset(vec![1.0, 2.0, 3.0, f32::INFINITY], vec![0, 1]),
        "the data set holds inf in row 1, column 1 (both counted from 0); every value must be finite"
    );
    assert_eq!(
        dataset(vec![1.0; 4], vec![0, 2]),
        "row 1 (counted from 0) has class 2, but there are only the classes 0 to 1"
    );
    assert_eq!(dataset(vec![], vec![]), "the data set has 0 rows, but 1 are needed");
}

/// A loss that is not finite ends training with an error instead of a NaN model.
#[test]
fn a_loss_that_overflows_is_reported() {
    let rows = clouds(30);
    let task = task(ClassObjective::Discriminative);
    let mlp = ModelConfig::Mlp(MlpConfig::new(&[FEATURES, 64, 64, CLASSES]));
    let network = init_model(&mlp, &task, &rows, 0).unwrap();
    let optimizer = OptimizerConfig::Sgd { momentum: 0.0, weight_decay: 0.0 };
    let schedule = Schedule::Constant { learning_rate: 1e30 };
    let training = TrainingConfig { optimizer, schedule, ..TrainingConfig::new(0, 5) }.checked().unwrap();
    let error = train(network, &task, &rows, None, &training, &mut ()).unwrap_err();
    assert!(matches!(error, UgmmError::Diverged { epoch: 2.., batch: 1, .. }), "{error}");
}

#[test]
fn configurations_survive_json_and_refuse_unknown_fields() {
    let config = ModelConfig::Ugmm(
        NetworkConfig::new(&[4, 3, 2]).with_init(Init::Paper).with_dropout(&[0.25]).with_means(Means::Tied),
    );
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<ModelConfig>(&json).unwrap(), config);
    let training = TrainingConfig { max_gradient_norm: Some(0.1), ..settings(7) };
    let json = serde_json::to_string(&training).unwrap();
    assert_eq!(serde_json::from_str::<TrainingConfig>(&json).unwrap(), training);
    assert!(serde_json::from_str::<NetworkConfig>(r#"{"layers": [], "lairs": 1}"#).is_err());
    let short = r#"{"layers": [{"inputs": 2, "neurons": 3}]}"#;
    assert_eq!(serde_json::from_str::<NetworkConfig>(short).unwrap(), NetworkConfig::new(&[2, 3]));
}
