//! Transformer encoders.

use crate::support::{
    assert_close, assert_gradients_are_right, assert_record_is_complete, random, rng, values,
};
use burn::module::Module;
use burn::nn::attention::generate_autoregressive_mask;
use burn::nn::transformer::{TransformerEncoderConfig, TransformerEncoderInput};
use burn::tensor::{Bool, Device, Tensor, TensorData};
use ugmm::architecture::{
    FeedForward, Projection, UgmmTransformerEncoder, UgmmTransformerEncoderConfig,
    UgmmTransformerEncoderInput,
};
use ugmm::{Stream, generator};

fn config() -> UgmmTransformerEncoderConfig {
    UgmmTransformerEncoderConfig::new(8, 12, 2, 2).with_dropout(0.0)
}

fn init(config: &UgmmTransformerEncoderConfig, device: &Device) -> UgmmTransformerEncoder {
    config.init_with(&mut generator(1, Stream::Initialization), device).unwrap()
}

fn padding(device: &Device) -> Tensor<2, Bool> {
    let padding = vec![false, false, false, false, true, false, false, false, true, true];
    Tensor::from_data(TensorData::new(padding, [2, 5]), device)
}

/// Without uGMM layers it is Burn's encoder: with its parameters, ours gives what Burn's gives, masks and all.
#[test]
fn an_ordinary_one_is_burns_encoder() {
    let device = Device::flex();
    let x: Tensor<3> = random([2, 5, 8], &mut rng(0), &device);
    for norm_first in [false, true] {
        for quiet_softmax in [false, true] {
            let burns = TransformerEncoderConfig::new(8, 12, 2, 2)
                .with_norm_first(norm_first)
                .with_quiet_softmax(quiet_softmax)
                .init(&device);
            let config = config()
                .with_norm_first(norm_first)
                .with_quiet_softmax(quiet_softmax)
                .with_ugmm_feed_forward(false);
            let mut ours = init(&config, &device);
            for (ours, burns) in ours.layers.iter_mut().zip(&burns.layers) {
                let attention = &mut ours.attention;
                attention.query = Projection::Linear(burns.mha.query.clone());
                attention.key = Projection::Linear(burns.mha.key.clone());
                attention.value = Projection::Linear(burns.mha.value.clone());
                attention.output = burns.mha.output.clone();
                let FeedForward::Ordinary(layers) = &mut ours.feed_forward else {
                    panic!("no uGMM layers were asked for")
                };
                layers.linear_inner = burns.pwff.linear_inner.clone();
                layers.linear_outer = burns.pwff.linear_outer.clone();
                ours.norm_1 = burns.norm_1.clone();
                ours.norm_2 = burns.norm_2.clone();
            }
            let causal = generate_autoregressive_mask(2, 5, &device);
            let found = ours.forward(
                UgmmTransformerEncoderInput::new(x.clone())
                    .mask_pad(padding(&device))
                    .mask_attn(causal.clone()),
            );
            let expected = burns.forward(
                TransformerEncoderInput::new(x.clone()).mask_pad(padding(&device)).mask_attn(causal),
            );
            assert_close(&values(&found), &values(&expected), 1e-5);

            let (mut our_cache, mut burns_cache) =
                (ours.new_autoregressive_cache(), burns.new_autoregressive_cache());
            for steps in 1..=5 {
                let x = x.clone().narrow(1, 0, steps);
                let input = UgmmTransformerEncoderInput::new(x.clone());
                let found = ours.forward_autoregressive_inference(input, &mut our_cache);
                let input = TransformerEncoderInput::new(x);
                let expected = burns.forward_autoregressive_inference(input, &mut burns_cache);
                assert_close(&values(&found), &values(&expected), 1e-5);
            }
        }
    }
}

#[test]
fn masks_hide_what_they_should() {
    let device = Device::flex();
    let mut rng = rng(1);
    for projections in [false, true] {
        let encoder = init(&config().with_ugmm_projections(projections), &device);
        let x: Tensor<3> = random([2, 5, 8], &mut rng, &device);
        // Another last step: with a causal mask no step before it changes.
        let other = Tensor::cat(vec![x.clone().narrow(1, 0, 4), random([2, 1, 8], &mut rng, &device)], 1);
        let causal = |x: Tensor<3>| {
            let mask = generate_autoregressive_mask(2, 5, &device);
            encoder.forward(UgmmTransformerEncoderInput::new(x).mask_attn(mask))
        };
        let before = |y: Tensor<3>| values(&y.narrow(1, 0, 4));
        assert_close(&before(causal(x.clone())), &before(causal(other.clone())), 1e-6);
        let open = |x: Tensor<3>| encoder.forward(UgmmTransformerEncoderInput::new(x));
        assert_ne!(before(open(x.clone())), before(open(other.clone())));
        // Padding that differs is not seen by the others.
        let masked =
            |x: Tensor<3>| encoder.forward(UgmmTransformerEncoderInput::new(x).mask_pad(padding(&device)));
        assert_close(&before(masked(x).narrow(0, 0, 1)), &before(masked(other).narrow(0, 0, 1)), 1e-6);
    }
}

/// A cache, filled step by step or by several steps at once, changes nothing: with a causal mask it gives what a pass over all
/// steps gives.
#[test]
fn a_sequence_that_grows_is_encoded_as_one_that_is_there() {
    let device = Device::flex();
    let x: Tensor<3> = random([2, 6, 8], &mut rng(5), &device);
    let padding = {
        let is_padding = [[false; 6], [false, false, true, false, false, false]].concat();
        Tensor::<2, Bool>::from_data(TensorData::new(is_padding, [2, 6]), &device)
    };
    for norm_first in [false, true] {
        let config = config().with_norm_first(norm_first).with_ugmm_projections(true).with_dropout(0.3);
        let encoder = init(&config, &device);
        let input = |steps: usize| {
            UgmmTransformerEncoderInput::new(x.clone().narrow(1, 0, steps))
                .mask_pad(padding.clone().narrow(1, 0, steps))
                .mask_attn(generate_autoregressive_mask(2, steps, &device))
        };
        let expected = values(&encoder.forward(input(6)));
        for ends in [vec![1, 2, 3, 4, 5, 6], vec![3, 4, 6], vec![6]] {
            let mut cache = encoder.new_autoregressive_cache();
            let mut found = None;
            for end in ends {
                found = Some(encoder.forward_autoregressive_inference(input(end), &mut cache));
                assert_eq!(cache.steps(), end);
            }
            assert_close(&values(&found.unwrap()), &expected, 1e-5);
        }
        // Without a mask new steps see each other, but no step sees one that came later.
        let open = |steps: usize| UgmmTransformerEncoderInput::new(x.clone().narrow(1, 0, steps));
        let mut cache = encoder.new_autoregressive_cache();
        let first = encoder.forward_autoregressive_inference(open(3), &mut cache);
        assert_close(&values(&first), &values(&encoder.forward(open(3))), 1e-5);
        let later = encoder.forward_autoregressive_inference(open(6), &mut cache);
        assert_eq!(values(&later.narrow(1, 0, 3)), values(&first));
    }
}

#[test]
#[should_panic(expected = "a sequence of 3 steps, of which the cache knows 3, has no new step")]
fn a_cache_wants_a_new_step() {
    let device = Device::flex();
    let encoder = init(&config(), &device);
    let x: Tensor<3> = random([2, 3, 8], &mut rng(6), &device);
    let mut cache = encoder.new_autoregressive_cache();
    for _ in 0..2 {
        let input = UgmmTransformerEncoderInput::new(x.clone());
        let _ = encoder.forward_autoregressive_inference(input, &mut cache);
    }
}

#[test]
fn gradients_equal_finite_differences() {
    let device = Device::flex().autodiff();
    let mut rng = rng(2);
    let x: Tensor<3> = random([2, 4, 8], &mut rng, &Device::flex());
    for norm_first in [true, false] {
        let config = config().with_norm_first(norm_first).with_ugmm_projections(true);
        let encoder = init(&config, &device);
        let loss = |encoder: &UgmmTransformerEncoder| {
            let x = Tensor::from_data(x.to_data(), &encoder.layers[0].norm_1.gamma.val().device());
            encoder.forward(UgmmTransformerEncoderInput::new(x)).tanh().narrow(2, 0, 3).square().sum()
        };
        assert_gradients_are_right(&encoder, loss, &mut rng);
    }
}

#[test]
fn a_record_holds_all_of_it() {
    let device = Device::flex();
    let x: Tensor<3> = random([2, 4, 8], &mut rng(3), &device);
    let config = config().with_ugmm_projections(true);
    assert_record_is_complete(&init(&config, &device), config.init(&device).unwrap(), |encoder| {
        values(&encoder.forward(UgmmTransformerEncoderInput::new(x.clone())))
    });
}

#[test]
fn dropout_is_drawn_from_the_generator_and_only_in_training() {
    let device = Device::flex().autodiff();
    let encoder = init(&config().with_dropout(0.3), &device);
    let x: Tensor<3> = random([2, 4, 8], &mut rng(4), &device);
    let input = || UgmmTransformerEncoderInput::new(x.clone());
    let drawn = |seed| values(&encoder.forward_training(input(), &mut generator(seed, Stream::Dropout)));
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
    assert_ne!(values(&encoder.forward(input())), values(&encoder.forward(input())));
    let inner = || UgmmTransformerEncoderInput::new(x.clone().without_autodiff());
    let valid = encoder.valid();
    let expected = values(&valid.forward(inner()));
    assert_eq!(values(&valid.forward_training(inner(), &mut generator(1, Stream::Dropout))), expected);
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let device = Device::flex();
    let message = |config: UgmmTransformerEncoderConfig| config.init(&device).unwrap_err().to_string();
    assert_eq!(
        message(UgmmTransformerEncoderConfig::new(8, 12, 3, 1)),
        "d_model is 8, but must be a multiple of n_heads"
    );
    assert_eq!(message(UgmmTransformerEncoderConfig::new(8, 0, 2, 1)), "d_ff is 0, but must be at least 1");
    assert_eq!(message(config().with_dropout(1.5)), "dropout is 1.5, but must be at least 0 and less than 1");
}
