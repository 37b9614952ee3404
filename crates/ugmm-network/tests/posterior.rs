//! The posterior over labels.

use burn::tensor::{Device, Distribution, Tensor};
use ugmm_network::inference::posterior::{joint_scores, log_posterior};
use ugmm_network::{Init, LabelEncoding, Predictor, Stream, Network, NetworkConfig, generator};

const FEATURES: usize = 4;
const CLASSES: usize = 3;

fn network(encoding: LabelEncoding) -> Network {
    let inputs = FEATURES + encoding.columns(CLASSES);
    let config = NetworkConfig::new(&[inputs, 6, 1]).with_init(Init::Paper);
    config.init(None, &mut generator(1, Stream::Initialization), &Device::flex()).unwrap()
}

#[test]
fn it_is_the_score_of_each_label_normalised() {
    let device = Device::flex();
    let x = Tensor::<2>::random([7, FEATURES], Distribution::Normal(0.0, 1.0), &device);
    for encoding in [LabelEncoding::Index, LabelEncoding::OneHot] {
        let network = network(encoding);
        let scores: Vec<f32> =
            joint_scores(&network, x.clone(), encoding, CLASSES).into_data().iter().collect();
        let log_posterior: Vec<f32> =
            log_posterior(&network, x.clone(), encoding, CLASSES).into_data().iter().collect();
        for (row, scores) in scores.chunks(CLASSES).enumerate() {
            let x_row = x.clone().narrow(0, row, 1);
            let densities: Vec<f64> = scores.iter().map(|&score| f64::from(score).exp()).collect();
            for label in 0..CLASSES {
                // The label written out by hand.
                let label_columns = match encoding {
                    LabelEncoding::Index => Tensor::<2>::from_floats([[label as f32]], &device),
                    LabelEncoding::OneHot => {
                        let mut one_hot = [0f32; CLASSES];
                        one_hot[label] = 1.0;
                        Tensor::<2>::from_floats([one_hot], &device)
                    }
                };
                let joint = Tensor::cat(vec![x_row.clone(), label_columns], 1);
                let score: f32 = network.forward(joint).into_scalar();
                assert!((score - scores[label]).abs() < 1e-5);
                let expected = densities[label] / densities.iter().sum::<f64>();
                let found = f64::from(log_posterior[row * CLASSES + label]).exp();
                assert!((found - expected).abs() < 1e-5, "row {row}, label {label}: {found} {expected}");
            }
        }
    }
}
