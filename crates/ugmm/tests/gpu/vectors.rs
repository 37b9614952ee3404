//! Golden vectors, sizes, tiles, strides: calls that are always the same.

use crate::common::{GOLDEN, Layer, golden_layer};
use crate::support::{assert_agrees, device, host, matrix, ordinary, run};
use burn::tensor::{Device, Tensor};
use safetensors::SafeTensors;
use std::path::Path;
use ugmm_kernels::DROPPED_LOGIT;

/// The layer of golden vectors of `ugmm-kernels`, which an independent implementation made.
fn golden(name: &str) -> Layer {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ugmm-kernels/tests/golden");
    let bytes = std::fs::read(folder.join(format!("{name}.safetensors"))).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    golden_layer(&file).narrow()
}

#[test]
fn golden_layers_agree_with_the_oracle() {
    let Some(device) = device() else { return };
    for name in GOLDEN {
        let layer = golden(name);
        assert_agrees(name, &layer, &run(&layer, &device));
    }
}

/// Sizes around those of tiles, of parts of the rows, and of cubes.
const SIZES: [(usize, usize, usize); 12] = [
    (1, 1, 1),
    (1, 1, 40),
    (1, 40, 1),
    (40, 1, 1),
    (3, 5, 2),
    (15, 16, 17),
    (16, 17, 15),
    (17, 15, 16),
    (65, 70, 67),
    (33, 129, 5),
    (511, 3, 3),
    (1030, 4, 2),
];

#[test]
fn every_size_and_tile_agrees_with_the_oracle_and_tiles_to_the_bit() {
    let Some(device) = device() else { return };
    for (batch, inputs, neurons) in SIZES {
        let layer = ordinary(batch, inputs, neurons);
        let chosen = run(&layer, &device);
        assert_agrees(&format!("{batch}×{inputs}→{neurons}"), &layer, &chosen);
        for tile in 0..ugmm::gpu_testing::TILES {
            ugmm::gpu_testing::force_tile(Some(tile));
            let found = run(&layer, &device);
            ugmm::gpu_testing::force_tile(None);
            let same =
                |one: &[f32], other: &[f32]| one.iter().zip(other).all(|(a, b)| a.to_bits() == b.to_bits());
            let what = format!("{batch}×{inputs}→{neurons}, tile {tile}");
            assert!(same(&found.y, &chosen.y), "{what}: y");
            assert!(same(&found.gradients.means, &chosen.gradients.means), "{what}: means");
            assert!(same(&found.gradients.log_sigmas, &chosen.gradients.log_sigmas), "{what}: log σ");
            assert!(same(&found.gradients.mixing_logits, &chosen.gradients.mixing_logits), "{what}: logits");
            let (found, chosen) = (found.gradients.x.unwrap(), chosen.gradients.x.as_ref().unwrap());
            assert!(same(&found, chosen), "{what}: x");
        }
    }
}

/// A call so large that the tile is chosen by measuring.
#[test]
fn a_measured_tile_agrees_with_the_oracle() {
    let Some(device) = device() else { return };
    let layer = ordinary(260, 130, 130);
    assert_agrees("measured tile", &layer, &run(&layer, &device));
}

#[test]
fn an_empty_batch_gives_nothing_and_zero_gradients() {
    let Some(device) = device() else { return };
    let layer = ordinary(0, 3, 2);
    let x = Tensor::<2>::zeros([0, 3], &device);
    let parameter = |values: &[f32]| matrix(values, [2, 3], &device);
    let y = ugmm::ugmm_log_density(
        x,
        parameter(&layer.means),
        parameter(&layer.log_sigmas),
        parameter(&layer.mixing_logits),
    );
    assert_eq!(y.dims(), [0, 2]);
}

/// Transposed arguments, parts of larger tensors, and a cotangent that is one number over and over.
#[test]
fn strided_arguments_are_read_in_the_right_order() {
    let Some(device) = device() else { return };
    let layer = ordinary(21, 18, 7);
    let values = |device: &Device| {
        let device = device.clone().autodiff();
        let wide = |values: &[f32], rows: usize, columns: usize| {
            let values = matrix(values, [rows, columns], &device);
            let other = values.clone() * 7.0;
            // Every second row and column of something larger, read transposed.
            Tensor::cat(vec![other.clone(), values, other], 0).transpose().narrow(1, rows, rows).transpose()
        };
        let x = wide(&layer.x, 21, 18).require_grad();
        let parameters = [&layer.means, &layer.log_sigmas, &layer.mixing_logits]
            .map(|values| wide(values, 18, 7).transpose().require_grad());
        let [means, log_sigmas, logits] = parameters.clone();
        let y = ugmm::ugmm_log_density(x.clone(), means, log_sigmas, logits);
        let gradients = y.clone().sum().backward();
        let mut all = vec![host(y), host(x.grad(&gradients).unwrap())];
        all.extend(parameters.iter().map(|parameter| host(parameter.grad(&gradients).unwrap())));
        all
    };
    for (found, expected) in values(&device).iter().zip(values(&Device::flex())) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-4 * expected.abs().max(1.0), "{found} {expected}");
        }
    }
}

#[test]
fn dropped_components_have_no_weight_and_no_gradient() {
    let Some(device) = device() else { return };
    let mut layer = ordinary(9, 6, 4);
    for (at, logit) in layer.mixing_logits.iter_mut().enumerate() {
        // All of the last neuron's.
        if at % 3 == 0 || at >= 18 {
            *logit = DROPPED_LOGIT;
        }
    }
    let near = run(&layer, &device);
    assert_agrees("dropped", &layer, &near);
    // Far from every component that is left, so that pairs are rescued.
    layer.x.iter_mut().for_each(|x| *x = *x * 100.0 + 2000.0);
    let far = run(&layer, &device);
    assert_agrees("dropped and far", &layer, &far);
    for found in [near, far] {
        for at in (0..18).filter(|at| at % 3 == 0) {
            assert_eq!(found.gradients.means[at], 0.0);
            assert_eq!(found.gradients.mixing_logits[at], 0.0);
        }
    }
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let Some(device) = device() else { return };
    let zeros = |shape: [usize; 2]| Tensor::<2>::zeros(shape, &device);
    let refused = std::panic::catch_unwind(|| {
        ugmm::ugmm_log_density(zeros([2, 3]), zeros([4, 3]), zeros([4, 2]), zeros([4, 3]))
    });
    let message = *refused.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("log_sigmas") && message.contains("[4, 3]"), "{message}");
}
