//! Tests of missing values in prediction and training: they are left out of the first layer's mixtures.

use proptest::prelude::*;
use ugmm_network::training::{Dataset, Features, TrainingConfig, evaluate, init_model, train};
use ugmm_network::{
    Check, ClassObjective, Classification, Init, LabelEncoding, LayerConfig, MlpConfig, ModelConfig, Network,
    NetworkConfig, Predictor, Preset, Stream, Task, generator,
};

/// A network of one layer.
fn layer(inputs: usize, neurons: usize, seed: u64) -> Network {
    NetworkConfig::new(&[inputs, neurons])
        .with_init(Init::Paper)
        .with_missing_values(true)
        .init(None, &mut generator(seed, Stream::Initialization))
        .unwrap()
}

/// The definition in f64: the mixture of the components whose inputs are observed.
fn expected(network: &Network, row: &[f32]) -> Vec<f64> {
    let layer = &network.layers[0];
    let (means, log_sigmas, logits) = (&layer.means, layer.log_sigmas(), &layer.mixing_logits);
    let inputs = row.len();
    (0..layer.neurons())
        .map(|neuron| {
            let mut weights = 0f64;
            let mut terms = Vec::new();
            for (k, &x) in row.iter().enumerate().filter(|(_, x)| !x.is_nan()) {
                let at = neuron * inputs + k;
                let (weight, log_sigma) = (f64::from(logits[at]).exp(), f64::from(log_sigmas[at]));
                let z = (f64::from(x) - f64::from(means[at])) / log_sigma.exp();
                weights += weight;
                terms.push(weight.ln() - 0.5 * z * z - log_sigma - 0.5 * std::f64::consts::TAU.ln());
            }
            let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            largest + terms.iter().map(|term| (term - largest).exp()).sum::<f64>().ln() - weights.ln()
        })
        .collect()
}

proptest! {
    #[test]
    fn a_neuron_is_the_mixture_of_the_inputs_that_are_seen(
        seed in 0u64..1000,
        rows in prop::collection::vec(prop::collection::vec(prop::option::weighted(0.7, -2.0f32..2.0), 5), 1..40),
    ) {
        let network = layer(5, 3, seed);
        let rows: Vec<Vec<f32>> =
            rows.into_iter().map(|row| row.into_iter().map(|x| x.unwrap_or(f32::NAN)).collect()).collect();
        let rows: Vec<_> = rows.into_iter().filter(|row: &Vec<f32>| row.iter().any(|x| !x.is_nan())).collect();
        prop_assume!(!rows.is_empty());
        let found = network.forward(&rows.concat());
        for (found, row) in found.chunks(3).zip(&rows) {
            for (found, expected) in found.iter().zip(expected(&network, row)) {
                prop_assert!((f64::from(*found) - expected).abs() <= 2e-4 * expected.abs().max(1.0), "{found} {expected}");
            }
        }
    }
}

/// One component is as wide as the background of a pruned neuron, others have weights of e^-60, and values
/// are far from all means.
#[test]
fn a_missing_value_is_out_of_reach_of_every_component() {
    let mut network = layer(3, 1, 0);
    network.layers[0].raw_log_sigmas = vec![30.0, 0.0, -3.0];
    network.layers[0].mixing_logits = vec![60.0, 0.0, 1.0];
    for far in [0.0, 1e3, 1e6] {
        for row in [[f32::NAN, far, f32::NAN], [f32::NAN, far, -far], [f32::NAN, f32::NAN, 1.0 + far]] {
            let found = f64::from(network.forward(&row)[0]);
            let expected = expected(&network, &row)[0];
            assert!((found - expected).abs() <= 1e-5 * (1.0 + expected.abs()), "{row:?}: {found} {expected}");
        }
    }
}

#[test]
fn nothing_missing_changes_no_bit() {
    let with = layer(4, 3, 0);
    let without = Network { missing_values: false, ..with.clone() };
    let x = [0.1, -0.4, 2.0, 0.0, 1.0, 0.3, -0.2, 0.5];
    assert_eq!(with.forward(&x), without.forward(&x));
}

/// Two redundant features, each missing in a third of the rows; either one determines the class.
fn half_seen() -> Dataset {
    let mut features = Vec::new();
    let mut labels = Vec::new();
    for row in 0..300usize {
        let label = row % 2;
        let value = if label == 0 { -1.0 } else { 1.0 } + ((row * 37) % 100) as f32 / 100.0 - 0.5;
        let seen = |missing: bool| if missing { f32::NAN } else { value };
        features.extend([seen(row % 3 == 0), seen(row % 3 == 1)]);
        labels.push(label);
    }
    Dataset::with_missing_values(Features::F32(features), 2, labels, 2).unwrap()
}

#[test]
fn networks_learn_from_rows_with_missing_values_by_every_objective() {
    let rows = half_seen();
    let label = LabelEncoding::OneHot;
    for (objective, floor) in [
        (ClassObjective::Discriminative, 0.99),
        (ClassObjective::Hybrid { label, weight: 10.0 }, 0.99),
        (ClassObjective::Generative { label }, 0.8),
    ] {
        let task = Task::from(Classification::new(2, 2, objective).unwrap());
        let ModelConfig::Ugmm(network) = Preset::Best.ugmm(&task, &[16]) else { unreachable!() };
        let config = ModelConfig::Ugmm(network.with_missing_values(true));
        let training = Preset::Best.training(&config, &task, rows.rows(), 0);
        let training = TrainingConfig { epochs: 40, ..training }.checked().unwrap();
        let network = init_model(&config, &task, &rows, 0).unwrap();
        let trained = train(network, &task, &rows, None, &training, &mut ()).unwrap();
        let metrics = evaluate(&trained.network, task.classification().unwrap(), &rows).unwrap();
        assert!(metrics.accuracy >= floor && metrics.log_loss.is_finite(), "{objective:?}: {metrics:?}");
    }
}

#[test]
fn networks_that_need_every_value_say_which_one_is_missing() {
    let rows = half_seen();
    let task = Classification::new(2, 2, ClassObjective::Discriminative).unwrap();
    let mlp = MlpConfig::new(&[2, 2]).init(&mut generator(0, Stream::Initialization)).unwrap();
    let message = evaluate(&mlp, &task, &rows).unwrap_err().to_string();
    assert!(message.starts_with("row 0, column 0 (both counted from 0) is missing"), "{message}");
}

#[test]
fn rows_without_any_value_and_nan_where_none_is_expected_are_refused() {
    let features = || Features::F32(vec![1.0, f32::NAN, f32::NAN, f32::NAN]);
    let message = Dataset::with_missing_values(features(), 2, vec![0, 0], 1).unwrap_err().to_string();
    assert!(message.starts_with("row 1 (counted from 0) has no value at all"), "{message}");
    let features = Features::F32(vec![1.0, f32::NAN]);
    let message = Dataset::new(features, 2, vec![0], 1).unwrap_err().to_string();
    assert!(message.contains("NaN in row 0, column 1"), "{message}");
    let dropping = LayerConfig { dropout: 0.1, ..LayerConfig::new(2, 2) };
    let config = NetworkConfig { layers: vec![dropping], standardize: false, missing_values: true };
    let message = config.check().unwrap_err().to_string();
    assert!(message.starts_with("missing_values is true, but must be false where"), "{message}");
}
