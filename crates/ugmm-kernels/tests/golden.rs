//! Tests the oracle against vectors of an independent implementation, and the `f32` kernels on the same
//! layers.

mod common;

use common::{GOLDEN, Layer64, TOLERANCE, assert_agrees_with_oracle, golden_layer, golden_values};
use safetensors::SafeTensors;
use std::path::Path;
use ugmm_kernels::oracle;

struct Golden {
    layer: Layer64,
    y: Vec<f64>,
    gradients: oracle::Gradients64,
    gradient_tolerance: f64,
}

impl Golden {
    fn read(name: &str) -> Golden {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.safetensors"));
        let bytes = std::fs::read(path).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let gradient_tolerance = metadata.metadata().as_ref().unwrap()["grad_rtol"].parse().unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let values = |tensor: &str| golden_values(&file, tensor);
        Golden {
            layer: golden_layer(&file),
            y: values("y"),
            gradients: oracle::Gradients64 {
                x: values("grad_x"),
                means: values("grad_mu"),
                log_sigmas: values("grad_log_sigma"),
                mixing_logits: values("grad_mix_logits"),
            },
            gradient_tolerance,
        }
    }
}

#[test]
fn oracle_agrees_with_the_independent_implementation() {
    for name in GOLDEN {
        let golden = Golden::read(name);
        let layer = &golden.layer;
        let y = oracle::forward(layer.shape, layer.arguments()).unwrap();
        for (found, expected) in y.iter().zip(&golden.y) {
            let error = (found - expected).abs();
            assert!(error <= 1e-12 * expected.abs().max(1.0), "{name}: y {found}, expected {expected}");
        }
        let found = oracle::backward(layer.shape, layer.arguments(), &layer.cotangent).unwrap();
        let expected = &golden.gradients;
        for (argument, found, expected) in [
            ("x", found.x, &expected.x),
            ("means", found.means, &expected.means),
            ("log_sigmas", found.log_sigmas, &expected.log_sigmas),
            ("mixing_logits", found.mixing_logits, &expected.mixing_logits),
        ] {
            let scale = largest_magnitude(expected).max(largest_magnitude(&layer.cotangent));
            for (found, expected) in found.iter().zip(expected) {
                let error = (found - expected).abs() / scale;
                assert!(
                    error <= golden.gradient_tolerance,
                    "{name}: {argument} is off by {error} of its scale"
                );
            }
        }
    }
}

#[test]
fn kernels_agree_with_the_oracle_on_the_same_layers() {
    for name in GOLDEN {
        // Values are rounded to f32 first and then widened for the oracle: where σ is 1e-6 the rounding alone
        // moves x by more than a standard deviation.
        assert_agrees_with_oracle(&Golden::read(name).layer.narrow(), &TOLERANCE);
    }
}

fn largest_magnitude(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}
