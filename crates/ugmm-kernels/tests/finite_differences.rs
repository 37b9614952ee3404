//! Compares the oracle's gradients with central differences of the oracle's activations, all in `f64`.

mod common;

use common::{Layer64, ordinary_layers};
use proptest::prelude::*;
use ugmm_kernels::oracle;

/// The step of the differences. It balances their truncation error, which grows with the square of the step,
/// against the rounding error of y, which grows with its inverse.
const STEP: f64 = 1e-5;

/// Largest error of a gradient, relative to the larger of its magnitude and 1.
const TOLERANCE: f64 = 1e-5;

fn objective(layer: &Layer64) -> f64 {
    let y = oracle::forward(layer.shape, layer.arguments()).unwrap();
    y.iter().zip(&layer.cotangent).map(|(y, g)| y * g).sum()
}

fn check(
    layer: &Layer64,
    name: &str,
    gradient: &[f64],
    select: impl Fn(&mut Layer64) -> &mut Vec<f64>,
) -> Result<(), TestCaseError> {
    for (index, &expected) in gradient.iter().enumerate() {
        let at = |offset: f64| {
            let mut moved = layer.clone();
            select(&mut moved)[index] += offset;
            objective(&moved)
        };
        let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        let error = (difference - expected).abs() / expected.abs().max(1.0);
        prop_assert!(error < TOLERANCE, "{name}[{index}]: difference {difference}, gradient {expected}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn gradients_are_the_slopes(layer in ordinary_layers(5)) {
        // Widths of at least exp(-1), so that a step is small beside them.
        let mut layer = layer.widen();
        layer.log_sigmas.iter_mut().for_each(|log_sigma| *log_sigma = log_sigma.max(-1.0));
        let gradients = oracle::backward(layer.shape, layer.arguments(), &layer.cotangent).unwrap();
        check(&layer, "x", &gradients.x, |layer| &mut layer.x)?;
        check(&layer, "means", &gradients.means, |layer| &mut layer.means)?;
        check(&layer, "log_sigmas", &gradients.log_sigmas, |layer| &mut layer.log_sigmas)?;
        check(&layer, "mixing_logits", &gradients.mixing_logits, |layer| &mut layer.mixing_logits)?;
    }
}
