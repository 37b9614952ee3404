//! The layer: dropout, tied means, σ floor, initialisation.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor, TensorData, Tolerance};
use std::convert::Infallible;
use ugmm::{Init, InitOn, LayerConfig, Means, Stream, UgmmLayer, generator};

fn layer(config: &LayerConfig, device: &Device) -> UgmmLayer {
    let config = LayerConfig { init: Init::Paper, ..config.clone() };
    config.init_on(None, &mut generator(3, Stream::Initialization), device).unwrap()
}

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

#[test]
fn dropout_never_gives_nan_even_with_one_input() {
    let device = Device::flex().autodiff();
    let mut rng = generator(0, Stream::Dropout);
    for inputs in 1..=5 {
        for dropout in [0.5, 0.95] {
            for renormalize in [true, false] {
                let config = LayerConfig { dropout, renormalize, ..LayerConfig::new(inputs, 16) };
                let layer = layer(&config, &device);
                for _ in 0..60 {
                    let x = Tensor::<2>::random([8, inputs], Distribution::Normal(0.0, 1.0), &device);
                    let y = layer.forward_training(x, &mut rng);
                    assert!(values(&y).iter().all(|value| value.is_finite()));
                    let gradients = y.sum().backward();
                    for parameter in [&layer.means, &layer.raw_log_sigmas, &layer.mixing_logits] {
                        let gradient = parameter.val().grad(&gradients).unwrap();
                        assert!(values(&gradient).iter().all(|value| value.is_finite()));
                    }
                }
            }
        }
    }
}

/// DESIGN: the two formulas differ by the constant −log Σ_k d_jk π_jk of each neuron; and the plain formula is the sum
/// over the surviving components with their own weights.
#[test]
fn without_renormalisation_the_survivors_keep_their_weights() {
    let device = Device::flex().autodiff();
    let (inputs, neurons) = (6, 4);
    let config = LayerConfig { dropout: 0.5, ..LayerConfig::new(inputs, neurons) };
    let renormalised = layer(&config, &device);
    let mut plain = renormalised.clone();
    plain.renormalize = false;
    let x = Tensor::<2>::random([5, inputs], Distribution::Normal(0.0, 1.0), &device);
    let y_renormalised = renormalised.forward_training(x.clone(), &mut generator(9, Stream::Dropout));
    let y_plain = plain.forward_training(x.clone(), &mut generator(9, Stream::Dropout));
    let difference = values(&(y_plain.clone() - y_renormalised));
    for row in difference.chunks(neurons) {
        for (value, first) in row.iter().zip(&difference) {
            assert!(*value <= 1e-6, "dropping components cannot raise the density");
            assert!((value - first).abs() < 1e-5, "the difference must not depend on the row");
        }
    }
    assert!(difference.iter().any(|value| *value < -0.1), "half of the components were dropped");

    // By hand, for the neurons with one survivor or more: Σ over the survivors, found from the weights.
    let kept_weight: Vec<f64> = difference[..neurons].iter().map(|value| f64::from(*value).exp()).collect();
    let weights = burn::tensor::activation::softmax(plain.mixing_logits.val(), 1);
    for (neuron, weights) in values(&weights).chunks(inputs).enumerate() {
        let subsets = 1u32..1 << inputs;
        let sum = |subset: u32| {
            (0..inputs).filter(|k| subset >> k & 1 == 1).map(|k| f64::from(weights[k])).sum::<f64>()
        };
        assert!(
            subsets.into_iter().any(|subset| (sum(subset) - kept_weight[neuron]).abs() < 1e-5),
            "neuron {neuron}: {} is no sum of its weights",
            kept_weight[neuron]
        );
    }
}

#[test]
fn dropout_is_only_for_training() {
    let plain = Device::flex();
    let device = plain.clone().autodiff();
    let layer = layer(&LayerConfig { dropout: 0.5, ..LayerConfig::new(6, 4) }, &device);
    let x = Tensor::<2>::random([5, 6], Distribution::Normal(0.0, 1.0), &plain);
    let tracked = Tensor::from_data(x.to_data(), &device);
    let expected = values(&layer.valid().forward(x.clone()));
    assert_eq!(values(&layer.valid().forward_training(x, &mut generator(1, Stream::Dropout))), expected);
    assert_ne!(values(&layer.forward(tracked.clone())), expected);
    assert_ne!(
        values(&layer.forward_training(tracked.clone(), &mut generator(1, Stream::Dropout))),
        expected
    );
    assert_eq!(values(&layer.freeze().forward(tracked)), expected);
}

#[test]
fn burns_device_seed_decides_the_masks_of_forward() {
    let device = Device::flex().autodiff();
    let layer = layer(&LayerConfig { dropout: 0.5, ..LayerConfig::new(30, 20) }, &device);
    let x = Tensor::<2>::zeros([1, 30], &device);
    // Other tests draw from the same process-wide generator, so a few attempts are allowed.
    let repeats = (0..20).any(|_| {
        device.seed(5);
        let first = values(&layer.forward(x.clone()));
        device.seed(5);
        values(&layer.forward(x.clone())) == first
    });
    assert!(repeats);
}

#[test]
fn tied_means_are_one_mean_per_neuron() {
    let device = Device::flex().autodiff();
    let tied = layer(&LayerConfig { means: Means::Tied, ..LayerConfig::new(5, 3) }, &device);
    assert_eq!(tied.means.dims(), [3, 1]);
    let mut free = tied.clone();
    free.means =
        burn::module::Param::from_tensor(tied.means.val().inner().repeat_dim(1, 5).autodiff().require_grad());
    let x = Tensor::<2>::random([4, 5], Distribution::Normal(0.0, 1.0), &device);
    let (y_tied, y_free) = (tied.forward(x.clone()), free.forward(x));
    assert_eq!(values(&y_tied), values(&y_free));
    let gradient = |layer: &UgmmLayer, y: Tensor<2>| layer.means.val().grad(&y.sum().backward()).unwrap();
    let summed = gradient(&free, y_free).sum_dim(1);
    gradient(&tied, y_tied)
        .into_data()
        .assert_approx_eq::<f32>(&summed.into_data(), Tolerance::rel_abs(1e-5, 1e-5));
}

#[test]
fn the_floor_is_smooth_and_has_a_gradient_at_the_bottom() {
    let device = Device::flex().autodiff();
    let min_sigma = 0.1;
    let mut layer = layer(&LayerConfig { min_sigma, ..LayerConfig::new(4, 1) }, &device);
    let raw = [-30.0f32, -4.0, -1.0, 40.0];
    layer.raw_log_sigmas = burn::module::Param::from_data(TensorData::new(raw.to_vec(), [1, 4]), &device);
    let log_sigmas = layer.log_sigmas();
    let gradients = log_sigmas.clone().sum().backward();
    let gradients = values(&layer.raw_log_sigmas.val().grad(&gradients).unwrap());
    for ((rho, found), gradient) in raw.iter().zip(values(&log_sigmas)).zip(gradients) {
        let rho = f64::from(*rho);
        let variance = min_sigma * min_sigma + (2.0 * rho).exp();
        assert!((f64::from(found) - 0.5 * variance.ln()).abs() < 1e-5, "ρ = {rho}: {found}");
        let chain = (2.0 * rho).exp() / variance;
        assert!((f64::from(gradient) - chain).abs() <= 1e-5 * chain, "ρ = {rho}: {gradient} for {chain}");
    }
}

#[test]
fn initial_sigmas_are_the_drawn_ones_whatever_the_floor() {
    let device = Device::flex();
    let log_sigmas = |min_sigma| {
        values(&layer(&LayerConfig { min_sigma, ..LayerConfig::new(50, 20) }, &device).log_sigmas())
    };
    let min_sigma = 0.2f64;
    for (without, with) in log_sigmas(0.0).iter().zip(log_sigmas(min_sigma)) {
        // √(m² (1 + 1 %)) is the smallest effective σ that initialisation gives.
        let expected = f64::from(*without).exp().max(min_sigma * 1.01f64.sqrt());
        assert!((f64::from(with).exp() / expected - 1.0).abs() < 0.01, "{without} {with}");
    }
}

/// A source whose every bit is 0.
struct Zeros;

impl rand::TryRng for Zeros {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0);
        Ok(())
    }
}

#[test]
fn a_random_source_that_returns_zero_gives_a_working_layer() {
    let device = Device::flex();
    let sample = Tensor::<2>::zeros([3, 4], &device);
    for init in [Init::Paper, Init::Data, Init::Wide] {
        for means in [Means::Free, Means::Tied] {
            let config = LayerConfig { init, means, ..LayerConfig::new(4, 3) };
            let layer = config.init_on(Some(&sample), &mut Zeros, &device).unwrap();
            for tensor in [layer.means.val(), layer.raw_log_sigmas.val(), layer.mixing_logits.val()] {
                assert!(values(&tensor).iter().all(|value| value.is_finite()));
            }
            let y = layer.forward(Tensor::ones([2, 4], &device));
            assert!(values(&y).iter().all(|value| value.is_finite()));
        }
    }
}

#[test]
fn paper_initialisation_has_the_papers_distributions() {
    let device = Device::flex();
    let layer = layer(&LayerConfig::new(200, 100), &device);
    let moments = |values: Vec<f32>| {
        let count = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
        (mean, values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count)
    };
    // 20,000 draws: the bounds are five standard errors.
    let near = |(mean, variance): (f64, f64), expected: (f64, f64)| {
        assert!((mean - expected.0).abs() < 5.0 * (expected.1 / 2e4).sqrt(), "mean {mean}");
        assert!((variance / expected.1 - 1.0).abs() < 5.0 * (2.0 / 2e4f64).sqrt(), "variance {variance}");
    };
    near(moments(values(&layer.means.val())), (0.0, 1.0));
    near(moments(values(&layer.log_sigmas().exp())), (0.5, 1.0 / 12.0));
    near(moments(values(&layer.mixing_logits.val())), (0.5, 1.0 / 12.0));
}

#[test]
fn data_initialisation_puts_every_mean_on_a_value_of_its_input() {
    let device = Device::flex();
    let sample = Tensor::<2>::from_floats([[0.0, 100.0], [1.0, 200.0], [2.0, 300.0]], &device);
    let mut rng = generator(0, Stream::Initialization);
    let layer = LayerConfig::new(2, 50).init_on(Some(&sample), &mut rng, &device).unwrap();
    for means in values(&layer.means.val()).chunks(2) {
        assert!([0.0, 1.0, 2.0].contains(&means[0]) && [100.0, 200.0, 300.0].contains(&means[1]));
    }
    // The σ of an input follow its scale.
    let log_sigmas = values(&layer.log_sigmas());
    let mean = |input: usize| log_sigmas.iter().skip(input).step_by(2).sum::<f32>() / 50.0;
    assert!((mean(1) - mean(0) - 100f32.ln()).abs() < 1.0);
}

#[test]
fn settings_out_of_range_are_refused_in_one_sentence() {
    let device = Device::flex();
    let message = |config: LayerConfig| {
        config
            .init_on(None, &mut generator(0, Stream::Initialization), &device)
            .err()
            .map(|error| error.to_string())
    };
    let paper = LayerConfig { init: Init::Paper, ..LayerConfig::new(4, 3) };
    assert_eq!(message(paper.clone()), None);
    for (config, expected) in [
        (LayerConfig { inputs: 0, ..paper.clone() }, "the number of inputs is 0, but must be at least 1"),
        (
            LayerConfig { dropout: 1.0, ..paper.clone() },
            "dropout is 1, but must be at least 0 and less than 1",
        ),
        (
            LayerConfig { dropout: f64::NAN, ..paper.clone() },
            "dropout is NaN, but must be at least 0 and less than 1",
        ),
        (LayerConfig { min_sigma: -1.0, ..paper.clone() }, "min_sigma is -1, but must be between 0 and 1e30"),
        (
            LayerConfig { init: Init::Data, ..paper.clone() },
            "init is \"data\", but must be \"paper\" where no sample of the inputs is given (the others need one)",
        ),
    ] {
        assert_eq!(message(config).as_deref(), Some(expected));
    }
}
