//! Gradient clipping by the norm of all gradients together (Pascanu et al. 2013). Burn's own clipping looks at each
//! parameter alone, which changes the direction of the step.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Scales all gradients of `module` by the same factor so that their joint Euclidean norm is at most `max_norm`.
/// Returns the norm before clipping.
pub(crate) fn clip_by_global_norm<M: Module>(
    gradients: &mut GradientsParams,
    module: &M,
    max_norm: f64,
) -> f64 {
    let mut sum = SquareSum { gradients, sum: 0.0 };
    module.visit(&mut sum);
    let norm = sum.sum.sqrt();
    if norm > max_norm {
        module.visit(&mut Scale { gradients, factor: max_norm / norm });
    }
    norm
}

struct SquareSum<'a> {
    gradients: &'a GradientsParams,
    sum: f64,
}

impl ModuleVisitor for SquareSum<'_> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(parameter.id) {
            // In f64: the squares of large f32 gradients overflow f32.
            let values = crate::init::host_values(&gradient);
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
