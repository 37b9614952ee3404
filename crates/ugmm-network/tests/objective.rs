//! Tests of the objectives as functions of a network's parameters.

use ugmm_network::training::loss_and_gradients;
use ugmm_network::{
    ClassObjective, Classification, Init, LabelEncoding, LossOptions, Model, NetworkConfig, Predictor,
    Stream, Targets, Task, generator,
};

const X: [[f32; 2]; 4] = [[0.1, -0.7], [1.2, 0.4], [-0.6, 0.9], [0.3, 0.2]];
const LABELS: [usize; 4] = [0, 2, 1, 2];
const WEIGHT: f64 = 1.7;

fn task(objective: ClassObjective) -> Task {
    Classification::new(2, 3, objective).unwrap().into()
}

fn hybrid(weight: f64) -> Task {
    task(ClassObjective::Hybrid { label: LabelEncoding::OneHot, weight })
}

fn network() -> Model {
    let config = NetworkConfig::new(&[5, 4, 1]).with_init(Init::Paper).with_min_sigma(0.3);
    Model::Ugmm(config.init(None, &mut generator(8, Stream::Initialization)).unwrap())
}

/// The loss of the given rows.
fn loss(task: &Task, network: &Model, rows: &[usize], options: &LossOptions) -> f64 {
    let x = rows.iter().flat_map(|&row| X[row]).collect();
    let targets = Targets::Classes(rows.iter().map(|&row| LABELS[row]).collect());
    let rng = &mut generator(0, Stream::Dropout);
    f64::from(loss_and_gradients(network, task, x, &targets, options, rng).unwrap().0)
}

fn value(task: &Task, network: &Model, smoothing: f64) -> f64 {
    let options = LossOptions { label_smoothing: smoothing, class_weights: None, row_weights: None };
    loss(task, network, &[0, 1, 2, 3], &options)
}

/// Compares the loss with its formula from the network's scores: −mean score + weight · mean −log posterior.
#[test]
fn the_hybrid_loss_is_its_formula() {
    let network = network();
    let score = |row: usize, label: usize| {
        let mut joint = X[row].to_vec();
        joint.extend((0..3).map(|class| if class == label { 1.0 } else { 0.0 }));
        f64::from(network.forward(&joint)[0])
    };
    for smoothing in [0.0, 0.2] {
        let (mut joint_score, mut cross_entropy) = (0.0, 0.0);
        for (row, &label) in LABELS.iter().enumerate() {
            let scores = [0, 1, 2].map(|label| score(row, label));
            let total = scores.iter().map(|score| score.exp()).sum::<f64>().ln();
            joint_score += scores[label] / 4.0;
            for (class, score) in scores.iter().enumerate() {
                let target = smoothing / 3.0 + if class == label { 1.0 - smoothing } else { 0.0 };
                cross_entropy -= target * (score - total) / 4.0;
            }
        }
        let found = value(&hybrid(WEIGHT), &network, smoothing);
        let expected = WEIGHT * cross_entropy - joint_score;
        assert!((found - expected).abs() < 1e-5, "{found} instead of {expected}");
    }
}

/// Equal weights change nothing, with or without smoothing; unequal ones give a weighted mean.
#[test]
fn class_weights_make_a_weighted_mean() {
    let network = network();
    let loss_of = |task: &Task, rows: &[usize], smoothing, class_weights: Option<Vec<f64>>| {
        let options = LossOptions { label_smoothing: smoothing, class_weights, row_weights: None };
        loss(task, &network, rows, &options)
    };
    for task in [hybrid(WEIGHT), task(ClassObjective::Generative { label: LabelEncoding::OneHot })] {
        for smoothing in [0.0, 0.2] {
            let all = loss_of(&task, &[0, 1, 2, 3], smoothing, None);
            let equal = loss_of(&task, &[0, 1, 2, 3], smoothing, Some(vec![2.0; 3]));
            assert!((all - equal).abs() < 1e-5, "{all} {equal}");
            let weights = [1.0, 3.0, 0.5];
            let each: f64 =
                (0..4).map(|row| weights[LABELS[row]] * loss_of(&task, &[row], smoothing, None)).sum();
            let expected = each / LABELS.iter().map(|&label| weights[label]).sum::<f64>();
            let found = loss_of(&task, &[0, 1, 2, 3], smoothing, Some(weights.to_vec()));
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
}

#[test]
fn without_weight_it_is_the_generative_loss() {
    let network = network();
    let generative = task(ClassObjective::Generative { label: LabelEncoding::OneHot });
    let difference = value(&hybrid(0.0), &network, 0.0) - value(&generative, &network, 0.0);
    assert!(difference.abs() < 1e-6, "{difference}");
}

#[test]
fn a_weight_that_is_no_weight_is_refused() {
    for weight in [-1.0, f64::NAN, f64::INFINITY] {
        let objective = ClassObjective::Hybrid { label: LabelEncoding::OneHot, weight };
        let error = Classification::new(2, 3, objective).unwrap_err().to_string();
        let expected =
            format!("the weight of the cross-entropy is {weight}, but must be at least 0 and finite");
        assert_eq!(error, expected);
    }
}
