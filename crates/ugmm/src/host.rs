//! Transfer of values between tensors and plain lists.

use burn::backend::DispatchDevice;
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use ugmm_network::random::{Stream, generator};

/// The values of a tensor, row-major.
pub(crate) fn host_values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data_as::<f32>().try_into_vec::<f32>().expect("the data was converted to f32")
}

/// Row-major values `[rows, columns]` as a tensor.
pub(crate) fn matrix(values: Vec<f32>, columns: usize, device: &Device) -> Tensor<2> {
    let rows = values.len().checked_div(columns).unwrap_or(0);
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

/// A generator whose seed is drawn from the device's own generator (`Device::seed`), as random numbers of Burn's modules are.
pub(crate) fn generator_of_device(device: &Device, stream: Stream) -> ChaCha8Rng {
    let seed = Tensor::<1, Int>::random([1], Distribution::Uniform(0.0, i32::MAX.into()), device);
    let seed: i64 = seed.into_scalar();
    generator(seed.unsigned_abs(), stream)
}

/// Whether tensors of this device are in the memory of the processor, so that reading them costs nothing.
pub(crate) fn is_cpu(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}
