//! Gradient clipping by the norm of all gradients together (Pascanu et al. 2013). Burn's own clipping looks at each
//! parameter alone, which changes the direction of the step.

use crate::host::is_cpu;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Scales all gradients of `module` by the same factor so that their joint Euclidean norm is at most `max_norm`. On a
/// GPU nothing is read back for that.
pub(crate) fn clip_by_global_norm<M: Module>(gradients: &mut GradientsParams, module: &M, max_norm: f64) {
    if !module.devices().iter().all(is_cpu) {
        return clip_on_device(gradients, module, max_norm);
    }
    let mut sum = SquareSum { gradients, sum: 0.0 };
    module.visit(&mut sum);
    let norm = sum.sum.sqrt();
    if norm > max_norm {
        module.visit(&mut Scale { gradients, factor: max_norm / norm });
    }
}

fn clip_on_device<M: Module>(gradients: &mut GradientsParams, module: &M, max_norm: f64) {
    let mut norms = Norms { gradients, norms: Vec::new() };
    module.visit(&mut norms);
    let norms = norms.norms;
    if !norms.is_empty() {
        let factor = (norm(Tensor::cat(norms, 0)).recip() * max_norm).clamp_max(1.0);
        module.visit(&mut ScaleOnDevice { gradients, factor });
    }
}

/// The Euclidean norm of all values, `[1]`; 0 counts as [`SMALLEST_NORM`].
fn norm<const D: usize>(values: Tensor<D>) -> Tensor<1> {
    // Relative to the largest: the squares of large f32 gradients overflow f32.
    let values = values.flatten::<1>(0, D - 1);
    let largest = values.clone().abs().max().clamp_min(SMALLEST_NORM);
    (values / largest.clone()).square().sum().sqrt().clamp_min(SMALLEST_NORM) * largest
}

/// Smallest norm to divide by, so that the factor is finite where all gradients are 0.
const SMALLEST_NORM: f64 = 1e-18;

struct Norms<'a> {
    gradients: &'a GradientsParams,
    /// The norm of each parameter's gradient, `[1]`.
    norms: Vec<Tensor<1>>,
}

impl ModuleVisitor for Norms<'_> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(parameter.id) {
            self.norms.push(norm(gradient));
        }
    }
}

struct ScaleOnDevice<'a> {
    gradients: &'a mut GradientsParams,
    /// `[1]`
    factor: Tensor<1>,
}

impl ModuleVisitor for ScaleOnDevice<'_> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(parameter.id) {
            let factor = self.factor.clone().reshape([1; D]);
            self.gradients.register(parameter.id, gradient * factor);
        }
    }
}

struct SquareSum<'a> {
    gradients: &'a GradientsParams,
    sum: f64,
}

impl ModuleVisitor for SquareSum<'_> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(parameter.id) {
            // In f64: the squares of large f32 gradients overflow f32.
            let values = crate::host::host_values(&gradient);
            self.sum += values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
        }
    }
}

struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    factor: f64,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(parameter.id) {
            self.gradients.register(parameter.id, gradient * self.factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Device;

    /// Gradients in proportion to `scale`, clipped by `clip` to a norm of at most 1.
    fn clipped(scale: f32, clip: fn(&mut GradientsParams, &Linear, f64)) -> Vec<f32> {
        let device = Device::flex().autodiff();
        let linear = LinearConfig::new(2, 2).init(&device);
        let x = Tensor::<2>::from_floats([[3.0, 4.0]], &device) * scale;
        let gradients = linear.forward(x).sum().backward();
        let mut gradients = GradientsParams::from_grads(gradients, &linear);
        clip(&mut gradients, &linear, 1.0);
        let weight = gradients.get::<2>(linear.weight.id).expect("the weight has a gradient");
        let bias = gradients.get::<1>(linear.bias.as_ref().unwrap().id).expect("the bias has a gradient");
        [crate::host::host_values(&weight), crate::host::host_values(&bias)].concat()
    }

    #[test]
    fn a_device_is_clipped_on_as_the_processor_is() {
        for scale in [1e-3, 1.0, 1e20, 1e30] {
            let expected = clipped(scale, |gradients, linear, norm| {
                clip_by_global_norm(gradients, linear, norm);
            });
            let found = clipped(scale, clip_on_device);
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{scale}: {found} {expected}");
            }
            let norm = expected.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
            assert!(norm < 1.0 + 1e-6 && norm > 0.99, "{scale}: {norm}");
        }
    }
}
