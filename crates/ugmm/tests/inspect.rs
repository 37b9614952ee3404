//! Responsibilities: what they sum to, and that they are those of the formula.

use burn::tensor::{Device, Tensor};
use ugmm::inspect::{feature_responsibilities, responsibilities};
use ugmm::{
    Init, LabelEncoding, Network, Objective, Stream, Targets, Task, UgmmNetwork, UgmmNetworkConfig, generator,
};

fn network(sizes: &[usize], missing_values: bool) -> UgmmNetwork {
    let config = UgmmNetworkConfig::new(sizes)
        .with_init(Init::Paper)
        .with_min_sigma(0.3)
        .with_missing_values(missing_values);
    config.init(None, &mut generator(8, Stream::Initialization), &Device::flex()).unwrap()
}

fn values(tensor: Tensor<2>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// exp(log π − log σ − ½ log 2π − ½ z² − y), from the layer's parameters and its own activation.
#[test]
fn one_layers_responsibilities_are_those_of_the_formula() {
    let network = network(&[4, 3], false);
    let layer = &network.layers[0];
    let rows = [[0.5f32, -1.0, 0.0, 2.0], [1.5, 0.3, -0.2, 0.1]];
    let y = values(network.forward(Tensor::from_floats(rows, &Device::flex())));
    let (means, log_sigmas) = (values(layer.means.val()), values(layer.log_sigmas()));
    let logits = values(layer.mixing_logits.val());
    for output in 0..3 {
        let found = responsibilities(&network, Tensor::from_floats(rows, &Device::flex()), &[output; 2]);
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

/// With one hidden neuron everything goes through it; a missing input is responsible for nothing.
#[test]
fn they_pass_through_layers_and_sum_to_one() {
    let x = || Tensor::<2>::from_floats([[0.5, -1.0, 0.0, 2.0]], &Device::flex());
    let deep = network(&[4, 1, 2], false);
    let first = UgmmNetwork { layers: deep.layers[..1].to_vec(), ..deep.clone() };
    assert_eq!(responsibilities(&deep, x(), &[1]), responsibilities(&first, x(), &[0]));

    let x = Tensor::<2>::from_floats(
        [[0.5, f32::NAN, 0.0, 2.0], [1e30, f32::NAN, f32::NAN, 3.0]],
        &Device::flex(),
    );
    let found = responsibilities(&network(&[4, 6, 3], true), x, &[0, 2]);
    for row in found.chunks(4) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5 && row[1] == 0.0, "{row:?}");
        assert!(row.iter().all(|value| value.is_finite()));
    }
    assert_eq!(found[6], 0.0);
}

/// The label is an input of a generative network; only the features are asked for.
#[test]
fn the_targets_part_is_taken_out() {
    let task =
        Task { features: 2, classes: 3, objective: Objective::Generative { label: LabelEncoding::OneHot } };
    let network = network(&[5, 4, 1], false);
    let x = || Tensor::<2>::from_floats([[0.5, -1.0], [0.2, 0.3]], &Device::flex());
    let targets = Targets::Classes(vec![2, 0]);
    let found = feature_responsibilities(&network, &task, x(), &targets);
    let all = responsibilities(&network, task.network_input(x(), &targets), &[0, 0]);
    for (found, all) in found.chunks(2).zip(all.chunks(5)) {
        for k in 0..2 {
            assert!((found[k] - all[k] / (all[0] + all[1])).abs() < 1e-6);
        }
    }
}
