//! Tests of responsibilities: their sums, and their agreement with the formula.

use ugmm_network::inspect::{feature_responsibilities, leading_components, responsibilities, summarize};
use ugmm_network::{
    ClassObjective, Classification, Init, LabelEncoding, Network, NetworkConfig, Predictor, Stream, generator,
};

fn network(sizes: &[usize], missing_values: bool) -> Network {
    let config = NetworkConfig::new(sizes)
        .with_init(Init::Paper)
        .with_min_sigma(0.3)
        .with_missing_values(missing_values);
    config.init(None, &mut generator(8, Stream::Initialization)).unwrap()
}

fn values(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| value.into()).collect()
}

/// Compares with exp(log π − log σ − ½ log 2π − ½ z² − y), computed from the layer's parameters and
/// activation.
#[test]
fn one_layers_responsibilities_are_those_of_the_formula() {
    let network = network(&[4, 3], false);
    let layer = &network.layers[0];
    let rows = [[0.5f32, -1.0, 0.0, 2.0], [1.5, 0.3, -0.2, 0.1]];
    let y = values(&network.forward(&rows.concat()));
    let (means, log_sigmas) = (values(&layer.means), values(&layer.log_sigmas()));
    let logits = values(&layer.mixing_logits);
    for output in 0..3 {
        let found = responsibilities(&network, &rows.concat(), &[output; 2]);
        let total: f64 = logits[4 * output..][..4].iter().map(|logit| logit.exp()).sum();
        for (row, x) in rows.iter().enumerate() {
            for (k, &x) in x.iter().enumerate() {
                let at = 4 * output + k;
                let z = (f64::from(x) - means[at]) / log_sigmas[at].exp();
                let log =
                    logits[at] - total.ln() - log_sigmas[at] - 0.5 * std::f64::consts::TAU.ln() - 0.5 * z * z;
                let expected = (log - y[3 * row + output]).exp();
                let found = f64::from(found[4 * row + k]);
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }
}

/// With one hidden neuron all responsibility passes through it; a missing input has none.
#[test]
fn they_pass_through_layers_and_sum_to_one() {
    let x = [0.5, -1.0, 0.0, 2.0];
    let deep = network(&[4, 1, 2], false);
    let first = Network { layers: deep.layers[..1].to_vec(), ..deep.clone() };
    assert_eq!(responsibilities(&deep, &x, &[1]), responsibilities(&first, &x, &[0]));

    let x = [0.5, f32::NAN, 0.0, 2.0, 1e30, f32::NAN, f32::NAN, 3.0];
    let found = responsibilities(&network(&[4, 6, 3], true), &x, &[0, 2]);
    for row in found.chunks(4) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5 && row[1] == 0.0, "{row:?}");
        assert!(row.iter().all(|value| value.is_finite()));
    }
    assert_eq!(found[6], 0.0);
}

/// The label is an input of a generative network, but responsibilities are those of the features only.
#[test]
fn the_targets_part_is_taken_out() {
    let task =
        Classification::new(2, 3, ClassObjective::Generative { label: LabelEncoding::OneHot }).unwrap();
    let network = network(&[5, 4, 1], false);
    let x = [0.5, -1.0, 0.2, 0.3];
    let targets = task.with_labels(&[2, 0]).unwrap();
    let found = feature_responsibilities(&network, &x, targets);
    let all = responsibilities(&network, &targets.network_input(&x), &[0, 0]);
    for (found, all) in found.chunks(2).zip(all.chunks(5)) {
        for k in 0..2 {
            assert!((found[k] - all[k] / (all[0] + all[1])).abs() < 1e-6);
        }
    }
}

/// Summaries agree with the parameters.
#[test]
fn summaries_are_counts_over_components() {
    let mut network = network(&[3, 2, 1], false);
    let layer = &mut network.layers[0];
    // One neuron uses one input only, the other all equally; one σ is at the floor.
    layer.mixing_logits = vec![0.0, -60.0, -60.0, 0.0, 0.0, 0.0];
    layer.means = vec![0.0; 6];
    layer.raw_log_sigmas = vec![0.0, 0.0, 0.0, -20.0, 0.0, 0.0];
    let x = [0.1, -0.2, 0.3, 1.0, 0.5, -0.7];
    let summary = &summarize(&network, Some(&x))[0];
    assert!((summary.effective_components - 2.0).abs() < 1e-4, "{summary:?}");
    assert_eq!(summary.at_floor, Some(1));
    let activity = summary.activity.unwrap();
    assert_eq!(activity.dead_components, 2);
    assert!(activity.least < activity.mean && activity.mean < activity.greatest);
    assert!(summarize(&network, None).iter().all(|layer| layer.activity.is_none()));
    let leading = leading_components(&network.layers[0], 2);
    assert_eq!((leading[0].len(), leading[0][0].input), (2, 0));
    assert!((leading[0][0].weight - 1.0).abs() < 1e-6 && (leading[1][1].weight - 1.0 / 3.0).abs() < 1e-6);
    let all = leading_components(&network.layers[0], 3);
    let at_floor = all[1].iter().find(|component| component.input == 0).unwrap();
    assert!((at_floor.sigma - 0.3).abs() < 1e-4, "{all:?}");
}
