//! The device under test, and the operation on it.

use crate::common::{Layer, TOLERANCE, allowances, assert_gradients, in_range};
use burn::backend::DispatchDevice;
use burn::tensor::{Device, DeviceType, Tensor, TensorData};
use std::sync::LazyLock;
use ugmm_kernels::oracle::{self, Gradients64};
use ugmm_kernels::{Gradients, LayerShape};

/// The first device that there is.
static DEVICE: LazyLock<Option<Device>> = LazyLock::new(|| {
    ugmm::gpu_testing::fill_new_buffers_with_nan();
    let device = first_device();
    if device.is_none() {
        let required = std::env::var("UGMM_REQUIRE_GPU").is_ok_and(|value| value == "1");
        assert!(!required, "no GPU here and no software Vulkan device (Debian's mesa-vulkan-drivers)");
        eprintln!("skipped: no GPU here and no software Vulkan device (Debian's mesa-vulkan-drivers)");
    }
    device
});

/// The first device of the first backend in the build that has one. The names of `DeviceType` depend on the features.
fn first_device() -> Option<Device> {
    let kinds = [
        #[cfg(feature = "cuda")]
        DeviceType::Cuda,
        #[cfg(feature = "rocm")]
        DeviceType::Rocm,
        #[cfg(feature = "metal")]
        DeviceType::Metal,
        #[cfg(feature = "vulkan")]
        DeviceType::Vulkan,
        #[cfg(feature = "wgpu")]
        DeviceType::Wgpu,
    ];
    kinds.into_iter().find_map(|kind| Device::enumerate(kind).into_vec().into_iter().next())
}

/// The device under test; `None`, said aloud, where there is none.
pub fn device() -> Option<Device> {
    DEVICE.clone()
}

/// What the operation returns for a layer.
pub struct Found {
    pub y: Vec<f32>,
    pub gradients: Gradients,
}

pub fn matrix(values: &[f32], shape: [usize; 2], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

pub fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().expect("the tensor is of f32")
}

/// Activations and the four gradients on a device.
pub fn run(layer: &Layer, device: &Device) -> Found {
    let LayerShape { batch, inputs, neurons } = layer.shape;
    let device = device.clone().autodiff();
    let leaf = |values: &[f32], shape| matrix(values, shape, &device).require_grad();
    let parameter = |values: &[f32]| leaf(values, [neurons, inputs]);
    let x = leaf(&layer.x, [batch, inputs]);
    let [means, log_sigmas, logits] =
        [&layer.means, &layer.log_sigmas, &layer.mixing_logits].map(|values| parameter(values));
    let y = ugmm::ugmm_log_density(x.clone(), means.clone(), log_sigmas.clone(), logits.clone());
    // The gradient of Σ y ∘ cotangent.
    let cotangent = matrix(&layer.cotangent, [batch, neurons], &device);
    let gradients = (y.clone() * cotangent).sum().backward();
    let of = |tensor: &Tensor<2>| host(tensor.grad(&gradients).expect("every argument is tracked"));
    Found {
        y: host(y),
        gradients: Gradients {
            x: Some(of(&x)),
            means: of(&means),
            log_sigmas: of(&log_sigmas),
            mixing_logits: of(&logits),
        },
    }
}

/// Where the terms of a gradient add up to more than `f32` has, the kernels of GPUs saturate sums on the way, so that large
/// terms of both signs may leave anything; all that is asked then is that it is finite.
fn without_overflow(mut allowances: Gradients64) -> Gradients64 {
    let Gradients64 { x, means, log_sigmas, mixing_logits } = &mut allowances;
    for allowed in [x, means, log_sigmas, mixing_logits].into_iter().flatten() {
        // It has the terms' magnitudes as a factor.
        if *allowed > TOLERANCE.responsibility * f64::from(f32::MAX) {
            *allowed = f64::MAX;
        }
    }
    allowances
}

/// Asserts that values and gradients are the oracle's, up to what the kernels of the CPU are allowed.
pub fn assert_agrees(what: &str, layer: &Layer, found: &Found) {
    let wide = layer.widen();
    let y = oracle::forward(wide.shape, wide.arguments()).unwrap();
    for (index, (&found, &expected)) in found.y.iter().zip(&y).enumerate() {
        let allowed = TOLERANCE.y_absolute + TOLERANCE.y_relative * expected.abs();
        let error = (f64::from(found) - in_range(expected)).abs();
        assert!(error <= allowed, "{what}: y[{index}] = {found}, oracle {expected}");
    }
    let expected = oracle::backward(wide.shape, wide.arguments(), &wide.cotangent).unwrap();
    assert_gradients(what, &found.gradients, &expected, &without_overflow(allowances(&wide, &TOLERANCE)));
}

/// A layer of that shape with numbers such as training meets, always the same.
pub fn ordinary(batch: usize, inputs: usize, neurons: usize) -> Layer {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ (batch * 31 + inputs * 7 + neurons) as u64;
    let mut uniform = |low: f32, high: f32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + (high - low) * (state >> 40) as f32 / (1 << 24) as f32
    };
    let mut values = |count: usize, low, high| (0..count).map(|_| uniform(low, high)).collect::<Vec<_>>();
    Layer {
        shape: LayerShape { batch, inputs, neurons },
        x: values(batch * inputs, -3.0, 3.0),
        means: values(neurons * inputs, -2.0, 2.0),
        log_sigmas: values(neurons * inputs, -2.0, 1.0),
        mixing_logits: values(neurons * inputs, -2.0, 2.0),
        cotangent: values(batch * neurons, -2.0, 2.0),
    }
}

/// Whether this is the device of the CPU kernels.
pub fn is_cpu(device: &Device) -> bool {
    matches!(device.as_dispatch(), DispatchDevice::Flex(_))
}
