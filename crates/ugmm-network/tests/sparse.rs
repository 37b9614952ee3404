//! Tests of sparse training: the right components leave, and training stays reproducible.

use std::ops::ControlFlow;
use ugmm_kernels::DROPPED_LOGIT;
use ugmm_network::training::{
    Checkpoint, Dataset, EarlyStopping, EpochReport, Features, Observer, OptimizerConfig, Schedule, Sparsity,
    Trained, TrainingConfig, evaluate, init_model, resume,
};
use ugmm_network::{
    Check, ClassObjective, Classification, Means, MlpConfig, Model, ModelConfig, NetworkConfig, Stream, Task,
    UgmmError, generator,
};

const COLUMNS: usize = 40;
/// The columns that decide the class.
const INFORMATIVE: [usize; 3] = [4, 17, 39];
const KEPT: usize = 12;
/// Consecutive neurons that keep the same inputs.
const GROUP: usize = 32;

/// Rows whose class is the informative column with the largest value.
fn rows(count: usize, gaps: bool) -> Dataset {
    use rand::RngExt;
    let mut rng = generator(5, Stream::Splitting);
    let mut x: Vec<f32> = (0..count * COLUMNS).map(|_| rng.random_range(-1.0..1.0f32)).collect();
    let label =
        |row: &[f32]| (0..3).max_by(|&a, &b| row[INFORMATIVE[a]].total_cmp(&row[INFORMATIVE[b]])).unwrap();
    let labels = x.chunks(COLUMNS).map(label).collect();
    if gaps {
        x.iter_mut().step_by(7).for_each(|x| *x = f32::NAN);
    }
    Dataset::with_missing_values(Features::F32(x), COLUMNS, labels, 3).unwrap()
}

fn task() -> Task {
    Classification::new(COLUMNS, 3, ClassObjective::Discriminative).unwrap().into()
}

/// 70 neurons are two full groups and one of six.
fn network() -> NetworkConfig {
    NetworkConfig::new(&[COLUMNS, 70, 40, 3]).with_min_sigmas(&[0.5, 1.0]).with_standardize(true)
}

fn config(epochs: usize) -> TrainingConfig {
    TrainingConfig {
        schedule: Schedule::Cosine { learning_rate: 2e-2, warmup_steps: 5, final_fraction: 0.01 },
        sparsity: Some(Sparsity { keep_components: KEPT as f64 / COLUMNS as f64 }),
        ..TrainingConfig::new(3, epochs)
    }
}

fn fit(
    network: &ModelConfig,
    rows: &Dataset,
    config: &TrainingConfig,
    checkpoint: Option<&Checkpoint>,
    observer: &mut dyn Observer,
) -> Result<Trained<Model>, UgmmError> {
    let config = config.clone().checked()?;
    let model = init_model(network, &task(), rows, config.seed)?;
    resume(checkpoint, model, &task(), rows, Some(rows), &config, observer)
}

fn bits(network: &Model) -> Vec<u32> {
    network.tensors().into_iter().flatten().map(|value| value.to_bits()).collect()
}

/// For each neuron of a layer the inputs of which it has components.
fn inputs(network: &Model, layer: usize) -> Vec<Vec<usize>> {
    let Model::Ugmm(network) = network else { unreachable!("it is one") };
    let layer = &network.layers[layer];
    let of_neuron =
        |logits: &[f32]| (0..logits.len()).filter(|&input| logits[input] > DROPPED_LOGIT).collect();
    layer.mixing_logits.chunks(layer.inputs()).map(of_neuron).collect()
}

#[test]
fn groups_keep_their_share_of_the_first_layer_and_what_decides_the_class() {
    for gaps in [false, true] {
        let rows = rows(3000, gaps);
        let model = ModelConfig::Ugmm(network().with_missing_values(gaps));
        let trained = fit(&model, &rows, &config(20), None, &mut ()).unwrap();
        let first = inputs(&trained.network, 0);
        for group in first.chunks(GROUP) {
            assert!(group.iter().all(|inputs| inputs == &group[0] && inputs.len() == KEPT), "{group:?}");
            // The few neurons of the last group may do without one.
            let has_all = INFORMATIVE.iter().all(|column| group[0].contains(column));
            assert!(has_all || group.len() < GROUP, "{:?}", group[0]);
        }
        for (layer, width) in [(1, 70), (2, 40)] {
            assert!(inputs(&trained.network, layer).iter().all(|inputs| inputs.len() == width));
        }
        let plain = TrainingConfig { sparsity: None, ..config(20) };
        let whole = fit(&model, &rows, &plain, None, &mut ()).unwrap();
        let accuracy = |network| evaluate(network, task().classification().unwrap(), &rows).unwrap().accuracy;
        let (sparse, whole) = (accuracy(&trained.network), accuracy(&whole.network));
        assert!(sparse > whole - 0.05 && sparse > 0.9, "{sparse} {whole}");
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let rows = rows(300, false);
    let train = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit(&ModelConfig::Ugmm(network()), &rows, &config(4), None, &mut ()).unwrap().network)
    };
    assert!(bits(&train(1)) == bits(&train(3)));
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

#[test]
fn training_resumes_to_the_same_bits_before_while_and_after_components_leave() {
    let rows = rows(200, false);
    let model = ModelConfig::Ugmm(network().with_input_dropout(&[0.1, 0.1]));
    // With a constant large rate, early stopping ends training.
    let stopping = TrainingConfig {
        early_stopping: Some(EarlyStopping { patience: 2 }),
        schedule: Schedule::Constant { learning_rate: 0.3 },
        ..config(12)
    };
    for config in [config(8), stopping] {
        let mut kept = Keep::default();
        let whole = fit(&model, &rows, &config, None, &mut kept).unwrap();
        for checkpoint in &kept.0 {
            let again = fit(&model, &rows, &config, Some(checkpoint), &mut ()).unwrap();
            assert_eq!(again.history, whole.history);
            assert!(
                bits(&again.network) == bits(&whole.network),
                "from epoch {}",
                checkpoint.history().len()
            );
        }
        // Early stopping returns no network with more components.
        assert!(inputs(&whole.network, 0).iter().all(|inputs| inputs.len() == KEPT));
    }
}

#[test]
fn what_cannot_be_sparse_is_refused() {
    let rows = rows(60, false);
    let sgd = OptimizerConfig::Sgd { momentum: 0.9, weight_decay: 0.0 };
    let share =
        |keep_components| TrainingConfig { sparsity: Some(Sparsity { keep_components }), ..config(1) };
    let ugmm = ModelConfig::Ugmm(network());
    let tied = ModelConfig::Ugmm(NetworkConfig::new(&[COLUMNS, 8, 3]).with_means(Means::Tied));
    let mlp = ModelConfig::Mlp(MlpConfig::new(&[COLUMNS, 8, 3]));
    for (model, config, reason) in [
        (&ugmm, share(0.0), "greater than 0 and at most 1"),
        (&ugmm, share(1.5), "greater than 0 and at most 1"),
        (&ugmm, share(f64::NAN), "greater than 0 and at most 1"),
        (&ugmm, TrainingConfig { optimizer: sgd, ..config(1) }, "SGD"),
        (&tied, config(1), "tied means"),
        (&mlp, config(1), "without Gaussian mixtures"),
    ] {
        let message = fit(model, &rows, &config, None, &mut ()).unwrap_err().to_string();
        assert!(message.contains("keep_components") && message.contains(reason), "{message}");
    }
}

#[test]
fn all_components_may_stay_and_one_always_does() {
    let rows = rows(60, false);
    for (share, count) in [(1.0, COLUMNS), (1e-9, 1)] {
        let config = TrainingConfig { sparsity: Some(Sparsity { keep_components: share }), ..config(6) };
        let trained = fit(&ModelConfig::Ugmm(network()), &rows, &config, None, &mut ()).unwrap();
        assert!(inputs(&trained.network, 0).iter().all(|inputs| inputs.len() == count));
    }
}
