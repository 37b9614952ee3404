//! The check that a device computes what the processor does, before it is used: drivers and compilers of kernels may be wrong
//! without a message.

use crate::ugmm_log_density;
use burn::tensor::{Device, Tensor, TensorData};

const ROWS: usize = 7;
const INPUTS: usize = 5;
const NEURONS: usize = 3;
/// Largest difference of a result, relative to 1 plus its magnitude. Correct devices differ by a hundredth of it.
const TOLERANCE: f32 = 1e-3;

/// Computes a small layer on a device, forward and backward, and compares it with the processor. The error says what differs.
pub(super) fn check(device: &Device) -> Result<(), String> {
    let found = quietly(|| layer(device))?;
    let expected = layer(&Device::flex());
    // NaN agrees with nothing.
    let agrees =
        |(found, expected): &(f32, f32)| (found - expected).abs() <= TOLERANCE * (1.0 + expected.abs());
    match found.into_iter().zip(expected).find(|pair| !agrees(pair)) {
        Some((found, expected)) => {
            Err(format!("of a small layer it makes {found}, where the processor makes {expected}"))
        }
        None => Ok(()),
    }
}

/// Activations of a layer, and their gradients with respect to its inputs and parameters. The last row is so distant that all
/// exponentials are 0.
fn layer(device: &Device) -> Vec<f32> {
    let device = device.clone().autodiff();
    let matrix = |rows: usize, columns: usize, value: fn(usize) -> f32| {
        let values: Vec<f32> = (0..rows * columns).map(value).collect();
        Tensor::<2>::from_data(TensorData::new(values, [rows, columns]), &device).require_grad()
    };
    // Numbers without order between -1 and 1, from the remainders of products.
    let x = matrix(ROWS, INPUTS, |i| match i {
        i if i >= (ROWS - 1) * INPUTS => 1e4,
        i => (i * 37 % 19) as f32 / 9.0 - 1.0,
    });
    let means = matrix(NEURONS, INPUTS, |i| (i * 29 % 17) as f32 / 8.0 - 1.0);
    let log_sigmas = matrix(NEURONS, INPUTS, |i| (i * 23 % 13) as f32 / 6.0 - 1.0);
    let logits = matrix(NEURONS, INPUTS, |i| (i * 31 % 11) as f32 / 5.0 - 1.0);
    let y = ugmm_log_density(x.clone(), means.clone(), log_sigmas.clone(), logits.clone());
    let gradients = y.clone().sum().backward();
    let mut all = vec![y.inner()];
    all.extend(
        [x, means, log_sigmas, logits].iter().map(|leaf| leaf.grad(&gradients).expect("it is a leaf")),
    );
    all.into_iter()
        .flat_map(|tensor| tensor.into_data().try_into_vec::<f32>().expect("it is of f32"))
        .collect()
}

/// The result of `compute`, or the first line of the message with which it panics. Nothing is printed, and panics of other
/// threads meanwhile print nothing either.
pub(super) fn quietly<T>(compute: impl FnOnce() -> T) -> Result<T, String> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(compute));
    std::panic::set_hook(hook);
    result.map_err(|panic| {
        let text = match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
            (Some(text), _) => text.as_str(),
            (None, Some(text)) => text,
            (None, None) => "no reason given",
        };
        text.lines().next().unwrap_or_default().trim().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_agrees_with_itself() {
        assert_eq!(check(&Device::flex()), Ok(()));
        let all = layer(&Device::flex());
        assert_eq!(all.len(), ROWS * NEURONS + ROWS * INPUTS + 3 * NEURONS * INPUTS);
        assert!(all.iter().all(|value| value.is_finite()));
        // The far row, and gradients that are not all alike.
        assert!(all.iter().any(|&value| value < -1e6));
        assert!(all[ROWS * NEURONS..].iter().any(|&value| value.abs() > 1e-2));
    }
}
