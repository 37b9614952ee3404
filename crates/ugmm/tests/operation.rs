//! The operation through Burn: against plain tensor operations and Burn's own differentiation, and against the f64
//! oracle at extremes.

use burn::tensor::{Device, Distribution, Tensor, TensorData, Tolerance, activation::log_softmax};
use proptest::prelude::*;
use ugmm::ugmm_log_density;
use ugmm_kernels::oracle;

/// The neuron written in Burn's own operations, which materialise `[batch, neurons, inputs]`.
fn plain(x: Tensor<2>, means: Tensor<2>, log_sigmas: Tensor<2>, logits: Tensor<2>) -> Tensor<2> {
    let z = (x.unsqueeze_dim::<3>(1) - means.unsqueeze_dim::<3>(0))
        / log_sigmas.clone().exp().unsqueeze_dim::<3>(0);
    let constant = log_softmax(logits, 1) - log_sigmas - 0.5 * std::f64::consts::TAU.ln();
    let exponents = constant.unsqueeze_dim::<3>(0) - z.square() * 0.5;
    let largest = exponents.clone().max_dim(2).detach();
    ((exponents - largest.clone()).exp().sum_dim(2).log() + largest).squeeze_dim::<2>(2)
}

fn leaf(shape: [usize; 2], scale: f64, device: &Device) -> Tensor<2> {
    Tensor::random(shape, Distribution::Normal(0.0, scale), device).require_grad()
}

type Operation = fn(Tensor<2>, Tensor<2>, Tensor<2>, Tensor<2>) -> Tensor<2>;

/// Value and the four gradients of Σ y².
fn value_and_gradients(operation: Operation, arguments: &[Tensor<2>; 4]) -> Vec<TensorData> {
    let [x, means, log_sigmas, logits] = arguments.clone();
    let y = operation(x, means, log_sigmas, logits);
    let gradients = y.clone().square().sum().backward();
    let of = |tensor: &Tensor<2>| tensor.grad(&gradients).expect("every argument is tracked").into_data();
    let mut all = vec![y.into_data()];
    all.extend(arguments.iter().map(of));
    all
}

#[test]
fn equals_burns_own_operations_with_all_gradients() {
    let device = Device::flex().autodiff();
    for (batch, inputs, neurons) in [(7, 5, 3), (1, 1, 1), (33, 17, 9)] {
        let parameter = || leaf([neurons, inputs], 0.7, &device);
        let arguments = [leaf([batch, inputs], 1.0, &device), parameter(), parameter(), parameter()];
        let expected = value_and_gradients(plain, &arguments);
        let found = value_and_gradients(ugmm_log_density, &arguments);
        for (name, (expected, found)) in
            ["y", "x", "means", "log_sigmas", "logits"].iter().zip(expected.iter().zip(&found))
        {
            println!("{name} of {batch}×{inputs}→{neurons}");
            found.assert_approx_eq::<f32>(expected, Tolerance::rel_abs(2e-4, 2e-4));
        }
    }
}

#[test]
fn strided_arguments_are_read_in_the_right_order() {
    let device = Device::flex();
    let transposed = |rows, columns| {
        Tensor::<2>::random([columns, rows], Distribution::Normal(0.0, 1.0), &device).transpose()
    };
    let arguments = [transposed(6, 4), transposed(3, 4), transposed(3, 4), transposed(3, 4)];
    let [x, means, log_sigmas, logits] = arguments.clone();
    let expected = plain(x, means, log_sigmas, logits);
    let [x, means, log_sigmas, logits] = arguments;
    let found = ugmm_log_density(x, means, log_sigmas, logits);
    found.into_data().assert_approx_eq::<f32>(&expected.into_data(), Tolerance::rel_abs(1e-5, 1e-5));
}

#[test]
fn only_tracked_arguments_get_gradients() {
    let device = Device::flex().autodiff();
    let constant = |shape| Tensor::<2>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    let x = constant([4, 3]);
    let means = leaf([2, 3], 1.0, &device);
    let y = ugmm_log_density(x.clone(), means.clone(), constant([2, 3]), constant([2, 3]));
    let gradients = y.sum().backward();
    assert!(means.grad(&gradients).is_some());
    assert!(x.grad(&gradients).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Through Burn, every finite argument gives finite activations and gradients.
    #[test]
    fn finite_in_finite_out(
        values in prop::collection::vec(any::<f32>().prop_filter("finite", |v| v.is_finite()), 3 * 2 + 3 * 2 * 3),
    ) {
        let device = Device::flex().autodiff();
        let tensor = |values: &[f32], shape: [usize; 2]| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), &device).require_grad()
        };
        let arguments = [
            tensor(&values[..6], [3, 2]),
            tensor(&values[6..12], [3, 2]),
            tensor(&values[12..18], [3, 2]),
            tensor(&values[18..], [3, 2]),
        ];
        let [x, means, log_sigmas, logits] = arguments.clone();
        let y = ugmm_log_density(x, means, log_sigmas, logits);
        let gradients = y.clone().sum().backward();
        let mut results = vec![y];
        results.extend(arguments.iter().map(|argument| {
            Tensor::from_inner(argument.grad(&gradients).expect("tracked"))
        }));
        for result in results {
            for value in result.into_data().iter::<f32>() {
                prop_assert!(value.is_finite());
            }
        }
    }
}

/// Far inputs, tiny and huge σ: the activation through Burn is the oracle's.
#[test]
fn extremes_agree_with_the_oracle() {
    let device = Device::flex();
    let x = [0.0f32, 1e4, -1e30, 1e30, 1e-30, 5.0];
    let means = [0.0f32, 1e4, -3.0, 5.0];
    let log_sigmas = [-13.8f32, 13.8, 0.0, -13.8];
    let logits = [1e4f32, -1e4, 0.0, 1.0];
    let tensor = |values: &[f32], shape: [usize; 2]| {
        Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), &device)
    };
    let y = ugmm_log_density(
        tensor(&x, [3, 2]),
        tensor(&means, [2, 2]),
        tensor(&log_sigmas, [2, 2]),
        tensor(&logits, [2, 2]),
    );
    let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
    let (x, means, log_sigmas, logits) = (wide(&x), wide(&means), wide(&log_sigmas), wide(&logits));
    let expected = oracle::forward(
        ugmm_kernels::LayerShape { batch: 3, inputs: 2, neurons: 2 },
        oracle::LayerArguments64 { x: &x, means: &means, log_sigmas: &log_sigmas, mixing_logits: &logits },
    )
    .unwrap();
    for (found, expected) in y.into_data().iter::<f32>().zip(expected) {
        let expected = expected.clamp(f32::MIN.into(), f32::MAX.into());
        assert!((f64::from(found) - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{found} {expected}");
    }
}
