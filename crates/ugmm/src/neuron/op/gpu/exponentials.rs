//! Exponentials alone, as fast as a device makes them: the limit that the kernels are measured by.

use super::fast_exp::fast_exp;
use super::tile::a_unit_each;
use burn::tensor::Device;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// Exponentials that a unit has under way at a time, so that it does not wait for one of them.
const CHAINS: usize = 8;
const LENGTH: usize = 1024;

/// A unit to each value.
#[cube(launch)]
fn chains(values: &mut Tensor<f32>) {
    let index = ABSOLUTE_POS;
    if index >= values.len() {
        terminate!();
    }
    let first = values[index];
    let mut chain = Array::<f32>::new(CHAINS);
    #[unroll]
    for i in 0..CHAINS {
        chain[i] = first - comptime!(i as f32 * 0.1);
    }
    for _ in 0..LENGTH {
        #[unroll]
        for i in 0..CHAINS {
            chain[i] = fast_exp(-chain[i]);
        }
    }
    let mut sum = 0.0f32.runtime();
    #[unroll]
    for i in 0..CHAINS {
        sum += chain[i];
    }
    values[index] = sum;
}

/// Computes at least `count` exponentials on a device of CubeCL, and returns their number.
pub(super) fn run(device: &Device, count: usize) -> usize {
    let units = count.div_ceil(CHAINS * LENGTH);
    let values: CubeTensor = burn::tensor::Tensor::<1>::ones([units], device)
        .try_into_primitive::<CubeBackend>()
        .expect("the device is one of CubeCL's");
    let client = values.client.clone();
    let (cubes, dim) = a_unit_each(&client, units);
    chains::launch(&client, cubes, dim, values.into_tensor_arg());
    units * CHAINS * LENGTH
}
