//! The step of Adam on GPUs: one kernel for a parameter and its moments; nothing leaves the device.

use super::factors::Factors;
use burn::tensor::DType;
use burn::tensor::Tensor as BurnTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::*;

/// Updates one parameter per unit.
#[cube(launch)]
#[allow(clippy::too_many_arguments, reason = "what Adam has to each parameter")]
fn update(
    parameter: &Tensor<f32>,
    gradient: &Tensor<f32>,
    moment_1: &Tensor<f32>,
    moment_2: &Tensor<f32>,
    new_parameter: &mut Tensor<f32>,
    new_moment_1: &mut Tensor<f32>,
    new_moment_2: &mut Tensor<f32>,
    beta_1: f32,
    beta_2: f32,
    epsilon: f32,
    step: f32,
    root_scale: f32,
    keep: f32,
) {
    let index = ABSOLUTE_POS;
    if index >= new_parameter.len() {
        terminate!();
    }
    let g = gradient[index];
    let first = beta_1 * moment_1[index] + (1.0 - beta_1) * g;
    let second = beta_2 * moment_2[index] + (1.0 - beta_2) * g * g;
    new_moment_1[index] = first;
    new_moment_2[index] = second;
    new_parameter[index] = keep * parameter[index] - step * first / (second.sqrt() * root_scale + epsilon);
}

/// Whether the kernel runs on the device of this tensor.
pub(super) fn takes<const D: usize>(tensor: &BurnTensor<D>) -> bool {
    matches!(tensor.device().as_dispatch(), burn::backend::DispatchDevice::Cube(_))
}

/// Parameter and moments after a step.
pub(super) fn step<const D: usize>(tensors: [BurnTensor<D>; 4], factors: Factors) -> [BurnTensor<D>; 3] {
    let tensors = tensors.map(|tensor| {
        let tensor = tensor.try_into_primitive::<CubeBackend>().expect("the device is one of CubeCL's");
        assert_eq!(tensor.dtype, DType::F32, "Adam works on f32 parameters");
        into_contiguous(tensor)
    });
    let [parameter, ..] = &tensors;
    let (client, shape) = (parameter.client.clone(), parameter.meta.shape().clone());
    let results = [(); 3].map(|()| {
        empty_device_contiguous_dtype(
            client.clone(),
            parameter.device.clone(),
            shape.clone(),
            parameter.dtype,
        )
    });
    let units = shape.num_elements();
    if units > 0 {
        let dim = CubeDim::new(&client, units);
        let [parameter, gradient, moment_1, moment_2] = tensors.map(CubeTensor::into_tensor_arg);
        let [new_parameter, new_moment_1, new_moment_2] = results.clone().map(CubeTensor::into_tensor_arg);
        update::launch(
            &client,
            calculate_cube_count_elemwise(&client, units, dim),
            dim,
            parameter,
            gradient,
            moment_1,
            moment_2,
            new_parameter,
            new_moment_1,
            new_moment_2,
            factors.beta_1,
            factors.beta_2,
            factors.epsilon,
            factors.step,
            factors.root_scale,
            factors.keep,
        );
    }
    results.map(BurnTensor::from_primitive::<CubeBackend>)
}
