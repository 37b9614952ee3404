//! The objectives as functions of a network's parameters.

use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use ugmm_network::{
    Init, LabelEncoding, LossOptions, Predictor, Objective, Stream, Targets, Task, Network,
    NetworkConfig, generator,
};

const X: [[f32; 2]; 4] = [[0.1, -0.7], [1.2, 0.4], [-0.6, 0.9], [0.3, 0.2]];
const LABELS: [usize; 4] = [0, 2, 1, 2];
const WEIGHT: f64 = 1.7;

fn task(objective: Objective) -> Task {
    Task { features: 2, classes: 3, objective }
}

fn hybrid(weight: f64) -> Task {
    task(Objective::Hybrid { label: LabelEncoding::OneHot, weight })
}

fn network(device: &Device) -> Network {
    let config = NetworkConfig::new(&[5, 4, 1]).with_init(Init::Paper).with_min_sigma(0.3);
    config.init(None, &mut generator(8, Stream::Initialization), device).unwrap()
}

fn loss(task: &Task, network: &Network, smoothing: f64, device: &Device) -> Tensor<1> {
    let mut rng = generator(0, Stream::Dropout);
    let options = LossOptions { label_smoothing: smoothing, class_weights: None };
    task.loss(network, Tensor::from_floats(X, device), &Targets::Classes(LABELS.to_vec()), &options, &mut rng)
}

fn value(task: &Task, network: &Network, smoothing: f64) -> f64 {
    f64::from(loss(task, network, smoothing, &Device::flex()).into_scalar::<f32>())
}

/// The formula, from the network's own scores: −mean score + weight · mean −log posterior.
#[test]
fn the_hybrid_loss_is_its_formula() {
    let network = network(&Device::flex());
    let x = Tensor::<2>::from_floats(X, &Device::flex());
    let score = |row: usize, label: usize| {
        let mut joint = X[row].to_vec();
        joint.extend((0..3).map(|class| if class == label { 1.0 } else { 0.0 }));
        let joint = Tensor::<2>::from_data(TensorData::new(joint, [1, 5]), &x.device());
        f64::from(network.forward(joint).into_scalar::<f32>())
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

/// Equal weights change nothing, with smoothing or without; unequal ones are those of a weighted mean.
#[test]
fn class_weights_make_a_weighted_mean() {
    let network = network(&Device::flex());
    let x = || Tensor::<2>::from_floats(X, &Device::flex());
    let loss = |task: &Task, rows: &[usize], smoothing, class_weights: Option<Vec<f64>>| {
        let mut rng = generator(0, Stream::Dropout);
        let options = LossOptions { label_smoothing: smoothing, class_weights };
        let labels = rows.iter().map(|&row| LABELS[row]).collect();
        let indices: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
        let x = x().select(0, Tensor::from_data(indices.as_slice(), &Device::flex()));
        let loss = task.loss(&network, x, &Targets::Classes(labels), &options, &mut rng);
        f64::from(loss.into_scalar::<f32>())
    };
    for task in [hybrid(WEIGHT), task(Objective::Generative { label: LabelEncoding::OneHot })] {
        for smoothing in [0.0, 0.2] {
            let all = loss(&task, &[0, 1, 2, 3], smoothing, None);
            let equal = loss(&task, &[0, 1, 2, 3], smoothing, Some(vec![2.0; 3]));
            assert!((all - equal).abs() < 1e-5, "{all} {equal}");
            let weights = [1.0, 3.0, 0.5];
            let each: f64 =
                (0..4).map(|row| weights[LABELS[row]] * loss(&task, &[row], smoothing, None)).sum();
            let expected = each / LABELS.iter().map(|&label| weights[label]).sum::<f64>();
            let found = loss(&task, &[0, 1, 2, 3], smoothing, Some(weights.to_vec()));
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
}

#[test]
fn without_weight_it_is_the_generative_loss() {
    let network = network(&Device::flex());
    let generative = task(Objective::Generative { label: LabelEncoding::OneHot });
    let difference = value(&hybrid(0.0), &network, 0.0) - value(&generative, &network, 0.0);
    assert!(difference.abs() < 1e-6, "{difference}");
}

#[test]
fn the_hybrid_gradient_is_the_finite_difference() {
    let device = Device::flex().autodiff();
    let plain = network(&Device::flex());
    let tracked = plain.clone().train().fork(&device);
    let gradients =
        GradientsParams::from_grads(loss(&hybrid(WEIGHT), &tracked, 0.0, &device).backward(), &tracked);
    // Wide enough for f32 losses, narrow enough for the curvature.
    let step = 2e-3f32;
    let parameter_of: [fn(&mut Network) -> &mut Param<Tensor<2>>; 6] = [
        |network| &mut network.layers[0].means,
        |network| &mut network.layers[0].raw_log_sigmas,
        |network| &mut network.layers[0].mixing_logits,
        |network| &mut network.layers[1].means,
        |network| &mut network.layers[1].raw_log_sigmas,
        |network| &mut network.layers[1].mixing_logits,
    ];
    for (which, parameter_of) in parameter_of.into_iter().enumerate() {
        let id = parameter_of(&mut tracked.clone()).id;
        let gradient: Vec<f32> = gradients.get::<2>(id).unwrap().into_data().iter::<f32>().collect();
        for (place, &gradient) in gradient.iter().enumerate() {
            let moved = |by: f32| {
                let mut network = plain.clone();
                let parameter = parameter_of(&mut network);
                *parameter = parameter.clone().map(|tensor| {
                    let shape = tensor.dims();
                    let mut values: Vec<f32> = tensor.to_data().iter::<f32>().collect();
                    values[place] += by;
                    Tensor::from_data(TensorData::new(values, shape), &tensor.device())
                });
                value(&hybrid(WEIGHT), &network, 0.0)
            };
            let slope = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
            assert!(
                (slope - f64::from(gradient)).abs() < 2e-3,
                "parameter {which}, entry {place}: {gradient}, but the slope is {slope}"
            );
        }
    }
}

#[test]
fn a_weight_that_is_no_weight_is_refused() {
    for weight in [-1.0, f64::NAN, f64::INFINITY] {
        let error = hybrid(weight).objective.validate().unwrap_err().to_string();
        let expected =
            format!("the weight of the cross-entropy is {weight}, but must be at least 0 and finite");
        assert_eq!(error, expected);
    }
}
