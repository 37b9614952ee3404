//! Tests of pruning: which results must not change, which components leave, and what replaces them.

use proptest::prelude::*;
use ugmm_network::inspect::Absence;
use ugmm_network::model_file::{Columns, ModelParts, SavedModel};
use ugmm_network::pruning::ModelPruner;
use ugmm_network::pruning::{Criterion, Keep, Pruned, Pruner};
use ugmm_network::{
    Check, ClassObjective, Classification, DensityObjective, Init, LabelEncoding, Layer, Means, Network,
    NetworkConfig, Predictor, Regression, Stream, Task, generator,
};
use ugmm_network::{Model, Targets};

const CRITERIA: [Criterion; 3] = [Criterion::Influence, Criterion::Responsibility, Criterion::Weight];

fn values(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| value.into()).collect()
}

/// The greatest absolute difference between two lists.
fn error(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max)
}

/// Pseudo-random rows with about unit variance.
fn rows(count: usize, columns: usize) -> Vec<f32> {
    (0..count * columns).map(|at| ((at * at + 7 * at) as f32 * 0.618).sin() * 1.7).collect()
}

fn config(sizes: &[usize]) -> NetworkConfig {
    NetworkConfig::new(sizes).with_init(Init::Data)
}

fn network(config: &NetworkConfig, x: &[f32]) -> Network {
    config.init(Some(x), &mut generator(5, Stream::Initialization)).unwrap()
}

fn task(features: usize, classes: usize) -> Task {
    Classification::new(features, classes, ClassObjective::Discriminative).unwrap().into()
}

fn prune(network: &Network, task: &Task, x: &[f32], criterion: Criterion, keep: Keep) -> Pruned {
    Pruner::new(network, task, x, criterion, None).unwrap().prune(keep).unwrap()
}

/// π of a layer, `[neurons, inputs]`.
fn weights(layer: &Layer) -> Vec<Vec<f64>> {
    let logits = values(&layer.mixing_logits);
    let softmax = |logits: &[f64]| {
        let largest = logits.iter().copied().fold(f64::MIN, f64::max);
        let all: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
        let sum: f64 = all.iter().sum();
        all.into_iter().map(|weight| weight / sum).collect()
    };
    logits.chunks(layer.inputs()).map(softmax).collect()
}

/// The outputs of each layer on some rows.
fn activations(network: &Network, x: &[f32]) -> Vec<Vec<f64>> {
    let mut x = x.to_vec();
    let pass = |layer: &Layer| {
        x = layer.forward(&x);
        values(&x)
    };
    network.layers.iter().map(pass).collect()
}

fn column_mean(values: &[f64], columns: usize, column: usize) -> f64 {
    let column: Vec<f64> = values.iter().skip(column).step_by(columns).copied().collect();
    column.iter().sum::<f64>() / column.len() as f64
}

#[test]
fn keeping_everything_changes_nothing() {
    let x = rows(50, 6);
    let network = network(&config(&[6, 9, 3]), &x);
    for criterion in CRITERIA {
        let pruned = prune(&network, &task(6, 3), &x, criterion, Keep::Share(1.0));
        assert_eq!(pruned.share(), 1.0);
        assert_eq!(pruned.network.forward(&x), network.forward(&x));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn weights_still_sum_to_one_and_components_are_as_many_as_asked_for(
        share in 0.1..0.9_f64,
        hidden in 2..20usize,
        criterion in prop::sample::select(CRITERIA.to_vec()),
        tied in any::<bool>(),
    ) {
        let x = rows(80, 12);
        let means = if tied { Means::Tied } else { Means::Free };
        let network = network(&config(&[12, hidden, 4]).with_means(means), &x);
        let pruned = prune(&network, &task(12, 4), &x, criterion, Keep::Share(share));
        let components: usize = pruned.layers.iter().map(|layer| layer.components).sum();
        let with_weight = pruned.network.layers.iter().flat_map(weights).flatten().filter(|weight| *weight > 0.0);
        prop_assert_eq!(with_weight.count(), components);
        // A neuron has at least two components, its best one and its background.
        let most = (share * (12 * hidden + 4 * hidden) as f64).max(2.0 * (hidden + 4) as f64) + 1.0;
        prop_assert!(components as f64 <= most, "{components} of at most {most}");
        prop_assert_eq!(pruned.network.outputs(), 4);
        prop_assert_eq!(pruned.network.forward(&x).len(), 80 * 4);
        prop_assert!(pruned.network.config().check().is_ok());
        for (layer, report) in pruned.network.layers.iter().zip(&pruned.layers) {
            prop_assert_eq!(layer.neurons(), report.neurons);
            prop_assert_eq!(layer.means.len(), layer.neurons() * means.per_neuron(layer.inputs()));
            for weights in weights(layer) {
                prop_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-6);
            }
        }
    }
}

/// The last layer keeps all neurons and their mean activations, although all layers below have changed.
#[test]
fn backgrounds_keep_mean_activations() {
    let x = rows(200, 30);
    let network = network(&config(&[30, 40, 5]), &x);
    let pruned = prune(&network, &task(30, 5), &x, Criterion::Influence, Keep::Share(0.4));
    let (before, after) = (activations(&network, &x), activations(&pruned.network, &x));
    for class in 0..5 {
        let (before, after) = (column_mean(&before[1], 5, class), column_mean(&after[1], 5, class));
        assert!((before - after).abs() < 0.1, "{before} {after}");
    }
}

/// A network in which only the first input matters: the second is constant, and the components of the others
/// are so wide that they are constant.
#[test]
fn what_decides_stays() {
    let mut x = rows(100, 4);
    x.iter_mut().skip(1).step_by(4).for_each(|x| *x = 3.0);
    let mut network = network(&config(&[4, 2]), &x);
    let layer = &mut network.layers[0];
    layer.means = vec![-1.0, 3.0, 0.0, 0.0, 1.0, 3.0, 0.0, 0.0];
    layer.raw_log_sigmas = [-1.0, 0.0, 7.0, 7.0].repeat(2);
    layer.mixing_logits = [0.0, 2.0, 2.0, 2.0].repeat(2);
    let expected = network.forward(&x);
    for criterion in CRITERIA {
        let pruned = prune(&network, &task(4, 2), &x, criterion, Keep::Share(0.5));
        let error = error(&pruned.network.forward(&x), &expected);
        if criterion == Criterion::Influence {
            assert!(error < 1e-3, "{error}");
        } else {
            // By weight or responsibility the informative component is removed, and the constant one stays.
            assert!(error > 0.1, "{error}");
        }
    }
}

/// Two equal inputs have equal components, so that one component replaces both.
#[test]
fn components_that_are_alike_are_merged() {
    let mut x = rows(60, 5);
    x.chunks_mut(5).for_each(|row| row[4] = row[0]);
    let mut network = network(&config(&[5, 6, 3]), &x);
    let layer = &mut network.layers[0];
    for parameter in [&mut layer.means, &mut layer.raw_log_sigmas, &mut layer.mixing_logits] {
        parameter.chunks_mut(5).for_each(|neuron| neuron[4] = neuron[0]);
    }
    let pruner = Pruner::new(&network, &task(5, 3), &x, Criterion::Influence, Some(1e-3)).unwrap();
    let pruned = pruner.prune(Keep::Share(1.0)).unwrap();
    assert_eq!(pruned.layers[0].merged, 6, "{:?}", pruned.layers);
    assert_eq!((pruned.layers[0].components, pruned.layers[0].components_before), (24, 30));
    let error = error(&pruned.network.forward(&x), &network.forward(&x));
    assert!(error < 1e-5, "{error}");
}

#[test]
fn neurons_that_nothing_looks_at_leave() {
    let x = rows(60, 6);
    let network = network(&config(&[6, 40, 2]), &x);
    let pruned = prune(&network, &task(6, 2), &x, Criterion::Influence, Keep::Share(0.05));
    let layer = pruned.layers[0];
    // Two output neurons with a component and a background each use at most four neurons.
    assert!(layer.neurons_before == 40 && layer.neurons <= 4, "{layer:?}");
    assert_eq!(pruned.network.layers[1].inputs(), layer.neurons);
    assert_eq!(pruned.network.forward(&x).len(), 60 * 2);
}

/// Removed neurons leave room for components of the others.
#[test]
fn shares_are_met() {
    let x = rows(80, 7);
    for sizes in [&[7, 128, 1][..], &[7, 128, 3], &[7, 60, 30, 3]] {
        let objective = match sizes.last() {
            Some(1) => ClassObjective::Generative { label: LabelEncoding::Index },
            _ => ClassObjective::Discriminative,
        };
        let features = 7 - usize::from(sizes.last() == Some(&1));
        let task = Classification::new(features, 3, objective).unwrap().into();
        let network = network(&config(sizes), &x);
        let features: Vec<f32> = x.chunks(7).flat_map(|row| &row[..features]).copied().collect();
        for share in [0.05, 0.1, 0.3, 0.6] {
            let pruned = prune(&network, &task, &features, Criterion::Influence, Keep::Share(share));
            let found = pruned.share();
            assert!(found < share + 1e-3 && found > 0.8 * share, "{sizes:?}: {found} for {share}");
        }
    }
}

/// A threshold keeps the components of at least that importance.
#[test]
fn thresholds_are_kept() {
    let x = rows(60, 8);
    let network = network(&config(&[8, 5, 3]), &x);
    let pruned = prune(&network, &task(8, 3), &x, Criterion::Weight, Keep::AtLeast(0.1));
    for (before, after) in network.layers.iter().zip(&pruned.network.layers) {
        assert_eq!(before.neurons(), after.neurons());
        for (before, after) in weights(before).iter().zip(weights(after)) {
            let heavy: Vec<usize> = (0..before.len()).filter(|&input| before[input] >= 0.1).collect();
            assert!(heavy.iter().all(|&input| (after[input] - before[input]).abs() < 1e-6));
            let others = (0..before.len()).filter(|input| !heavy.contains(input));
            assert!(others.filter(|&input| after[input] > 0.0).count() <= 1, "the background at most");
        }
    }
}

fn saved(network: Network, task: Task) -> SavedModel {
    let parts = ModelParts {
        model: Model::Ugmm(network),
        task,
        columns: Columns {
            features: (0..task.features()).map(|feature| format!("x{feature}")).collect(),
            target: "y".into(),
            classes: (0..task.class_count()).map(|class| class.to_string()).collect(),
            reading: None,
        },
        standardization: None,
        training: None,
        history: None,
        temperature: None,
        temperature_after_weights: false,
        spread: None,
    };
    SavedModel::new(parts).unwrap()
}

/// For each kind of task, the pruned model loads from its file unchanged, accepts rows in which all inputs
/// that it uses are missing, and returns valid probabilities.
#[test]
fn pruned_models_are_saved_and_loaded_and_do_without_values() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pruned.safetensors");
    let features = rows(70, 6);
    let label = LabelEncoding::OneHot;
    let objectives = [
        ClassObjective::Discriminative,
        ClassObjective::Generative { label: LabelEncoding::Index },
        ClassObjective::Hybrid { label, weight: 1.0 },
    ];
    for objective in objectives {
        let task = Task::from(Classification::new(6, 3, objective).unwrap());
        let config = config(&[task.inputs(), 8, task.outputs()]).with_missing_values(true);
        let network = network(&config, &rows(70, task.inputs()));
        let model = saved(network, task);
        let pruner = ModelPruner::new(&model, &features, Criterion::Influence, Some(0.05)).unwrap();
        let (pruned, layers) = pruner.prune(Keep::Share(0.3)).unwrap();
        assert!(layers.iter().all(|layer| layer.components < layer.components_before), "{layers:?}");
        pruned.save(&file).unwrap();
        let loaded = SavedModel::load(&file).unwrap();
        let mut incomplete = features.clone();
        incomplete
            .iter_mut()
            .enumerate()
            .filter(|(at, _)| at % 6 != at / 6 % 6)
            .for_each(|(_, x)| *x = f32::NAN);
        for features in [&features, &incomplete] {
            // Explanations work as well as predictions.
            let baseline = [0.25; 6];
            let of = Targets::Classes(vec![1; 70]);
            let contributions = pruned.contributions(features, &baseline, &of, Absence::Baseline).unwrap();
            assert!(contributions.iter().all(|value| value.is_finite()), "{contributions:?}");
            let shares = pruned.responsibilities(features, &of).unwrap();
            assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{shares:?}");
            let probabilities = pruned.class_probabilities(features).unwrap();
            assert_eq!(loaded.class_probabilities(features).unwrap(), probabilities);
            for row in probabilities.chunks(3) {
                assert!(
                    (row.iter().sum::<f32>() - 1.0).abs() < 1e-5 && row.iter().all(|p| *p >= 0.0),
                    "{row:?}"
                );
            }
        }
    }
    let objective = DensityObjective { low: -2.0, high: 2.0, nodes: 16, crps_weight: 0.0 };
    let task = Regression::new(6, objective).unwrap().into();
    let config = config(&[7, 8, 1]);
    let network = network(&config, &rows(70, 7));
    let model = saved(network, task);
    let pruner = ModelPruner::new(&model, &features, Criterion::Influence, None).unwrap();
    let (pruned, _) = pruner.prune(Keep::Share(0.4)).unwrap();
    let density = &pruned.densities(&features, 64).unwrap()[0];
    assert!(density.mean().is_finite() && density.deviation() > 0.0);
}

#[test]
fn what_cannot_be_pruned_is_said() {
    let x = rows(20, 4);
    let standardized = config(&[4, 5, 3]).with_standardize(true);
    let open = network(&standardized, &x);
    let plain = network(&config(&[4, 5, 3]), &x);
    let of = |network: &Network, task: Task, x: &[f32], merge: Option<f64>| {
        Pruner::new(network, &task, x, Criterion::Influence, merge).map(|_| ()).unwrap_err().to_string()
    };
    assert!(of(&open, task(4, 3), &x, None).contains("the settled network"));
    assert!(of(&plain, task(4, 2), &x, None).contains("3 outputs"));
    assert!(of(&plain, task(5, 3), &x, None).contains("5"));
    assert!(of(&plain, task(4, 3), &[], None).contains("0 rows"));
    assert!(of(&plain, task(4, 3), &x, Some(-1.0)).contains("tolerance"));
    let pruner = Pruner::new(&plain, &task(4, 3), &x, Criterion::Influence, None).unwrap();
    for keep in [Keep::Share(0.0), Keep::Share(1.01), Keep::Share(f64::NAN), Keep::AtLeast(-0.1)] {
        let message = pruner.prune(keep).map(|_| ()).unwrap_err().to_string();
        assert!(message.contains("to keep"), "{message}");
    }
}
