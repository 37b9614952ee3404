//! The layer in the place of `Linear`.

use crate::support::{
    assert_close, assert_gradients_are_right, assert_record_is_complete, random, rng, values,
};
use burn::module::Module;
use burn::nn::LinearConfig;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Distribution, Tensor};
use ugmm::architecture::{UgmmDense, UgmmDenseConfig};
use ugmm::{Init, Stream, generator};

fn dense(d_input: usize, d_output: usize, device: &Device) -> UgmmDense {
    let mut rng = rng(1);
    let sample = random([200, d_input], &mut rng, device);
    UgmmDenseConfig::new(d_input, d_output).with_min_sigma(0.5).init_from(&sample, &mut rng, device).unwrap()
}

#[test]
fn it_has_the_shapes_of_linear_for_any_rank() {
    let device = Device::flex();
    let (dense, linear) = (dense(5, 3, &device), LinearConfig::new(5, 3).init(&device));
    let mut rng = rng(0);
    assert_eq!(
        dense.forward(random([7, 5], &mut rng, &device)).dims(),
        linear.forward(random([7, 5], &mut rng, &device)).dims()
    );
    assert_eq!(
        dense.forward(random([2, 4, 6, 5], &mut rng, &device)).dims(),
        linear.forward(random([2, 4, 6, 5], &mut rng, &device)).dims()
    );
    // Rows are mapped one by one, in their order.
    let x = random([2, 3, 5], &mut rng, &device);
    let rows = values(&dense.forward(x.clone().reshape([6, 5])));
    assert_eq!(values(&dense.forward(x)), rows);
}

/// What the docstring of `OutputScale` says of gain, deviation, mean and shift.
#[test]
fn activations_are_scaled_log_densities() {
    let device = Device::flex();
    let mut rng = rng(2);
    let sample = random([300, 4], &mut rng, &device);
    let config = UgmmDenseConfig::new(4, 6).with_shift(0.75);
    let dense = config.init_from(&sample, &mut rng, &device).unwrap();
    let activations = dense.forward(sample.clone());
    for neuron in 0..6 {
        let column = values(&activations.clone().narrow(1, neuron, 1));
        let mean = column.iter().sum::<f32>() / 300.0;
        let variance = column.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / 300.0;
        assert!((mean - 0.75).abs() < 1e-3 && (variance - 1.0).abs() < 1e-2, "{mean} {variance}");
    }
    let x = random([9, 4], &mut rng, &device);
    let y = values(&dense.layer.forward(x.clone()));
    let reference = values(&dense.layer.forward(dense.reference.val().unsqueeze()));
    let of = |parameter: &burn::module::Param<Tensor<1>>| values(&parameter.val());
    let (mean, deviation) = (of(&dense.scale.mean), of(&dense.scale.deviation));
    let (gain, shift) = (of(&dense.scale.gain), of(&dense.scale.shift));
    let scaled = |(place, y): (usize, &f32)| {
        let neuron = place % 6;
        gain[neuron] * (y - reference[neuron] - mean[neuron]) / deviation[neuron] + shift[neuron]
    };
    let expected: Vec<f32> = y.iter().enumerate().map(scaled).collect();
    assert_close(&values(&dense.forward(x)), &expected, 1e-4);
}

#[test]
fn gradients_equal_finite_differences() {
    let device = Device::flex().autodiff();
    let dense = dense(4, 3, &device);
    let mut rng = rng(3);
    let x = random([5, 4], &mut rng, &Device::flex());
    let loss = |dense: &UgmmDense| {
        let x = Tensor::<2>::from_data(x.to_data(), &dense.layer.means.val().device());
        dense.forward(x).tanh().square().sum()
    };
    assert_gradients_are_right(&dense, loss, &mut rng);
}

#[test]
fn a_record_holds_all_of_it() {
    let device = Device::flex();
    let x = random([5, 4], &mut rng(4), &device);
    let other = UgmmDenseConfig::new(4, 3).with_min_sigma(0.5).init(&device).unwrap();
    assert_record_is_complete(&dense(4, 3, &device), other, |dense| values(&dense.forward(x.clone())));
}

#[test]
fn the_units_are_fixed_and_the_rest_is_learned() {
    let device = Device::flex();
    let dense = dense(4, 3, &device).train();
    assert!(!dense.scale.mean.val().is_require_grad() && !dense.scale.deviation.val().is_require_grad());
    assert!(dense.scale.gain.val().is_require_grad() && dense.scale.shift.val().is_require_grad());
    assert!(dense.layer.means.val().is_require_grad());
}

#[test]
fn inputs_that_do_not_vary_and_far_inputs_stay_finite() {
    let device = Device::flex();
    let mut rng = rng(5);
    let constant = Tensor::<2>::ones([20, 4], &device) * 3.0;
    let dense = UgmmDenseConfig::new(4, 3).init_from(&constant, &mut rng, &device).unwrap();
    assert!(values(&dense.forward(constant)).iter().all(|value| value.is_finite()));
    let far = random([6, 4], &mut rng, &device) * 1e6;
    assert!(values(&dense.forward(far)).iter().all(|value| value.is_finite()));
}

#[test]
fn dropout_is_drawn_from_the_generator_and_only_in_training() {
    let plain = Device::flex();
    let device = plain.clone().autodiff();
    let config = UgmmDenseConfig::new(20, 10).with_dropout(0.5);
    let dense = config.init(&device).unwrap();
    let x = Tensor::<2>::random([4, 20], Distribution::Normal(0.0, 1.0), &device);
    let drawn = |seed| values(&dense.forward_training(x.clone(), &mut generator(seed, Stream::Dropout)));
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
    let inner = x.without_autodiff();
    let valid = dense.valid();
    assert_eq!(
        values(&valid.forward(inner.clone())),
        values(&valid.forward_training(inner, &mut generator(1, Stream::Dropout)))
    );
}

#[test]
fn settings_and_samples_that_cannot_be_are_refused() {
    let device = Device::flex();
    let message = |config: UgmmDenseConfig| config.init(&device).unwrap_err().to_string();
    assert_eq!(message(UgmmDenseConfig::new(0, 3)), "the number of inputs is 0, but must be at least 1");
    assert_eq!(
        message(UgmmDenseConfig::new(3, 3).with_dropout(1.0)),
        "dropout is 1, but must be at least 0 and less than 1"
    );
    assert_eq!(message(UgmmDenseConfig::new(3, 3).with_shift(f64::NAN)), "shift is NaN, but must be finite");
    let config = UgmmDenseConfig::new(3, 3);
    let error = config.init_from(&Tensor::zeros([5, 2], &device), &mut rng(0), &device).unwrap_err();
    assert_eq!(error.to_string(), "the sample for initialisation has 2 columns, but 3 are needed");
    let sample = Tensor::<2>::from_floats([[0.0, f32::NAN, 1.0]], &device);
    assert!(
        config.init_from(&sample, &mut rng(0), &device).unwrap_err().to_string().contains("row 0, column 1")
    );
}

/// What `Init::Wide` is for (docs/results/architectures.md): behind features that are large together, neurons that begin with
/// components on the data are nearly one and the same.
#[test]
fn neurons_of_a_wide_layer_differ_from_the_start() {
    const ROWS: usize = 200;
    const FEATURES: usize = 400;
    const NEURONS: usize = 16;
    let device = Device::flex();
    let mut rng = rng(8);
    let common: Tensor<2> = random([ROWS, 1], &mut rng, &device);
    let own: Tensor<2> = random([ROWS, FEATURES], &mut rng, &device);
    let sample = relu(own + common * 0.5);
    let mut mean_correlation = |init: Init| {
        let dense = UgmmDenseConfig::new(FEATURES, NEURONS).with_init(init);
        let dense = dense.init_from(&sample, &mut rng, &device).unwrap();
        // Activations have mean 0 and standard deviation 1 here.
        let y = dense.forward(sample.clone());
        let correlations = y.clone().transpose().matmul(y) / ROWS as f32;
        (values(&correlations.abs().sum())[0] - NEURONS as f32) / (NEURONS * (NEURONS - 1)) as f32
    };
    let (data, wide) = (mean_correlation(Init::Data), mean_correlation(Init::Wide));
    assert!(data > 0.85 && wide < 0.75, "{data} {wide}");
}
