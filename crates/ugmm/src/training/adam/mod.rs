//! Adam in one pass over memory. Burn's own takes a dozen passes, each with a new tensor, which costs more than the
//! kernels of a uGMM layer on sparse inputs.

mod factors;
#[cfg(feature = "gpu")]
mod gpu;

use burn::backend::DispatchDevice;
use burn::backend::flex::{Flex, FlexTensor};
use burn::optim::{Adam, AdamConfig, AdamState, AdaptiveMomentumState, LearningRate, Optimizer};
use burn::tensor::{Device, Tensor};
use factors::Factors;
use rayon::prelude::*;

/// Adam (Kingma and Ba 2015), with decoupled weight decay if any (AdamW, Loshchilov and Hutter 2019): one fused loop
/// on the CPU backend, one fused kernel on those for GPUs, Burn's operations elsewhere.
#[derive(Clone)]
pub(crate) struct FusedAdam {
    beta_1: f32,
    beta_2: f32,
    epsilon: f32,
    weight_decay: f32,
    elsewhere: Adam,
}

/// Parameters per task: a few hundred kB of traffic, far more than starting a task costs.
const PARAMETERS_PER_TASK: usize = 1 << 14;

impl FusedAdam {
    pub(crate) fn new(beta_1: f32, beta_2: f32, epsilon: f32, weight_decay: f32) -> Self {
        let elsewhere =
            AdamConfig::new().with_beta_1(beta_1).with_beta_2(beta_2).with_epsilon(epsilon).build();
        Self { beta_1, beta_2, epsilon, weight_decay, elsewhere }
    }

    /// The factors of step number `time`, which counts from 1.
    fn factors(&self, learning_rate: LearningRate, time: usize) -> Factors {
        let time = i32::try_from(time).unwrap_or(i32::MAX);
        // 1 − βᵗ loses its digits in f32 when t is small.
        let correction = |beta: f32| 1.0 - f64::from(beta).powi(time);
        Factors {
            beta_1: self.beta_1,
            beta_2: self.beta_2,
            epsilon: self.epsilon,
            step: (learning_rate / correction(self.beta_1)) as f32,
            root_scale: (1.0 / correction(self.beta_2).sqrt()) as f32,
            keep: (1.0 - learning_rate * f64::from(self.weight_decay)) as f32,
        }
    }
}

impl Optimizer for FusedAdam {
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Self::State<D>>,
    ) -> (Tensor<D>, Option<Self::State<D>>) {
        #[cfg(feature = "gpu")]
        if gpu::takes(&parameter) {
            let momentum = or_first(state, &parameter);
            let time = momentum.time + 1;
            let tensors = [parameter, gradient, momentum.moment_1, momentum.moment_2];
            let [parameter, moment_1, moment_2] = gpu::step(tensors, self.factors(learning_rate, time));
            return (parameter, Some(AdamState::new(AdaptiveMomentumState::new(time, moment_1, moment_2))));
        }
        if !matches!(parameter.device().as_dispatch(), DispatchDevice::Flex(_)) {
            let decayed = match self.weight_decay {
                0.0 => parameter,
                decay => parameter * (1.0 - learning_rate * f64::from(decay)),
            };
            return self.elsewhere.step(learning_rate, decayed, gradient, state);
        }
        let momentum = or_first(state, &parameter);
        let time = momentum.time + 1;
        let mut tensors = [parameter, momentum.moment_1, momentum.moment_2].map(owned);
        let gradient = owned(gradient);
        let [parameter, moment_1, moment_2] = tensors.each_mut().map(FlexTensor::storage_mut::<f32>);
        let factors = self.factors(learning_rate, time);
        update(parameter, gradient.storage(), moment_1, moment_2, factors);
        let [parameter, moment_1, moment_2] = tensors.map(Tensor::from_primitive::<Flex>);
        (parameter, Some(AdamState::new(AdaptiveMomentumState::new(time, moment_1, moment_2))))
    }

    fn to_device<const D: usize>(state: Self::State<D>, device: &Device) -> Self::State<D> {
        Adam::to_device(state, device)
    }
}

/// The state, or that before the first step.
fn or_first<const D: usize>(state: Option<AdamState<D>>, parameter: &Tensor<D>) -> AdaptiveMomentumState<D> {
    state.map_or_else(
        || AdaptiveMomentumState::new(0, parameter.zeros_like(), parameter.zeros_like()),
        |state| state.momentum,
    )
}

/// The tensor with a buffer that holds its values in order and nothing else.
fn owned<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    let tensor = tensor.try_into_primitive::<Flex>().expect("the device is Flex");
    let values = tensor.layout().num_elements();
    match tensor.layout().contiguous_offsets() {
        Some((0, end)) if end == values && tensor.storage::<f32>().len() == values => tensor,
        // `to_contiguous` may keep a longer buffer; a copy of the values does not.
        _ => FlexTensor::from_data(tensor.to_contiguous().into_data()),
    }
}

fn update(
    parameter: &mut [f32],
    gradient: &[f32],
    moment_1: &mut [f32],
    moment_2: &mut [f32],
    factors: Factors,
) {
    // Handing work to the pool, even to a single thread of it, costs as much as some thousand parameters.
    if parameter.len() <= PARAMETERS_PER_TASK || rayon::current_num_threads() == 1 {
        return update_vectorised(parameter, gradient, moment_1, moment_2, factors);
    }
    let parts = (
        parameter.par_chunks_mut(PARAMETERS_PER_TASK),
        gradient.par_chunks(PARAMETERS_PER_TASK),
        moment_1.par_chunks_mut(PARAMETERS_PER_TASK),
        moment_2.par_chunks_mut(PARAMETERS_PER_TASK),
    );
    parts.into_par_iter().for_each(|(parameter, gradient, moment_1, moment_2)| {
        update_vectorised(parameter, gradient, moment_1, moment_2, factors);
    });
}

/// The loop, compiled for the widest vectors of this machine.
fn update_vectorised(
    parameter: &mut [f32],
    gradient: &[f32],
    moment_1: &mut [f32],
    moment_2: &mut [f32],
    factors: Factors,
) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            let Factors { beta_1, beta_2, epsilon, step, root_scale, keep } = factors;
            let moments = moment_1.iter_mut().zip(moment_2);
            for ((parameter, &gradient), (first, second)) in parameter.iter_mut().zip(gradient).zip(moments) {
                *first = beta_1 * *first + (1.0 - beta_1) * gradient;
                *second = beta_2 * *second + (1.0 - beta_2) * gradient * gradient;
                *parameter = keep * *parameter - step * *first / (second.sqrt() * root_scale + epsilon);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published algorithm in f64, a hundred steps.
    #[test]
    fn it_follows_the_published_algorithm() {
        let device = Device::flex();
        for weight_decay in [0.0, 0.1] {
            let adam = FusedAdam::new(0.9, 0.999, 1e-8, weight_decay);
            // One parameter has gradients so small that ε matters.
            let gradient = |step: usize| [0.3, -2.0 + 0.05 * step as f64, 1e-8, 0.0];
            let mut expected = [0.5, -0.25, 0.125, 4.0];
            let (mut first, mut second) = ([0.0; 4], [0.0; 4]);
            let mut found = Tensor::<1>::from_floats([0.5, -0.25, 0.125, 4.0], &device);
            let mut state = None;
            for step in 1..=100 {
                let rate = 1e-2;
                for (index, gradient) in gradient(step).into_iter().enumerate() {
                    first[index] = 0.9 * first[index] + 0.1 * gradient;
                    second[index] = 0.999 * second[index] + 0.001 * gradient * gradient;
                    let corrected: f64 = first[index] / (1.0 - 0.9f64.powi(step as i32));
                    let root = (second[index] / (1.0 - 0.999f64.powi(step as i32))).sqrt();
                    expected[index] -= rate * f64::from(weight_decay) * expected[index];
                    expected[index] -= rate * corrected / (root + 1e-8);
                }
                let gradient = Tensor::<1>::from_floats(gradient(step).map(|value| value as f32), &device);
                (found, state) = adam.step(rate, found, gradient, state);
            }
            for (found, expected) in found.into_data().iter::<f64>().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }

    #[test]
    fn strided_and_shared_tensors_are_left_alone() {
        let device = Device::flex();
        let adam = FusedAdam::new(0.9, 0.999, 1e-8, 0.0);
        let whole = Tensor::<2>::from_floats([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &device);
        let part = whole.clone().transpose().narrow(0, 1, 2); // [[2, 5], [3, 6]], not contiguous
        let gradient = Tensor::<2>::from_floats([[1.0, -1.0], [1.0, -1.0]], &device);
        let (moved, state) = adam.step(0.5, part, gradient.clone(), None);
        // The first step of Adam is one learning rate against the sign of the gradient.
        assert_eq!(moved.to_data().iter::<f32>().collect::<Vec<_>>(), [1.5, 5.5, 2.5, 6.5]);
        assert_eq!(whole.into_data().iter::<f32>().collect::<Vec<_>>(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let kept = moved.clone();
        let (again, _) = adam.step(0.5, moved, gradient, state);
        assert_eq!(kept.into_data().iter::<f32>().collect::<Vec<_>>(), [1.5, 5.5, 2.5, 6.5]);
        assert_eq!(again.into_data().iter::<f32>().map(f32::round).collect::<Vec<_>>(), [1.0, 6.0, 2.0, 7.0]);
    }
}
