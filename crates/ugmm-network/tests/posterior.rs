//! Tests of the posterior over labels.

use rand::RngExt;
use ugmm_network::{
    ClassObjective, Classification, Init, LabelEncoding, Network, NetworkConfig, Predictor, Stream, generator,
};

const FEATURES: usize = 4;
const CLASSES: usize = 3;

fn network(encoding: LabelEncoding) -> Network {
    let inputs = FEATURES + encoding.columns(CLASSES);
    let config = NetworkConfig::new(&[inputs, 6, 1]).with_init(Init::Paper);
    config.init(None, &mut generator(1, Stream::Initialization)).unwrap()
}

#[test]
fn it_is_the_score_of_each_label_normalised() {
    let mut rng = generator(2, Stream::Splitting);
    let x: Vec<f32> = (0..7 * FEATURES).map(|_| rng.random_range(-2.0..2.0)).collect();
    for encoding in [LabelEncoding::Index, LabelEncoding::OneHot] {
        let network = network(encoding);
        let objective = ClassObjective::Generative { label: encoding };
        let task = Classification::new(FEATURES, CLASSES, objective).unwrap();
        let scores = task.class_scores(&network, &x);
        let log_posterior = task.log_probabilities(&network, &x);
        for (row, scores) in scores.chunks(CLASSES).enumerate() {
            let x_row = &x[row * FEATURES..][..FEATURES];
            let densities: Vec<f64> = scores.iter().map(|&score| f64::from(score).exp()).collect();
            for label in 0..CLASSES {
                // The label is encoded explicitly.
                let label_columns = match encoding {
                    LabelEncoding::Index => vec![label as f32],
                    LabelEncoding::OneHot => {
                        let mut one_hot = vec![0.0; CLASSES];
                        one_hot[label] = 1.0;
                        one_hot
                    }
                };
                let score = network.forward(&[x_row, &label_columns].concat())[0];
                assert!((score - scores[label]).abs() < 1e-5);
                let expected = densities[label] / densities.iter().sum::<f64>();
                let found = f64::from(log_posterior[row * CLASSES + label]).exp();
                assert!((found - expected).abs() < 1e-5, "row {row}, label {label}: {found} {expected}");
            }
        }
    }
}
