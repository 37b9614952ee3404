//! Initial parameters of Burn's modules from a generator of ours: Burn draws them from a process-wide one, so that a seed
//! would not decide them.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use ugmm_network::random::{normal, uniform};

/// Distributions of parameters: the defaults of Burn's modules.
#[derive(Clone, Copy)]
pub(super) enum Draw {
    /// U(−1/√n, 1/√n), with n the number of inputs: `Linear` and `Conv2d`.
    FanIn,
    /// N(0, 2 / (n + m)), with m the number of outputs (Glorot and Bengio 2010): `Lstm` and `Gru`.
    Xavier,
    /// N(0, 1): `Embedding`.
    Normal,
}

/// The module with new parameters. Weights are `[inputs, outputs]` or `[outputs, inputs, height, width]`, each before its
/// bias.
pub(super) fn redrawn<M: Module, R: Rng + ?Sized>(module: M, draw: Draw, rng: &mut R) -> M {
    module.map(&mut Redraw { draw, rng, fans: (1, 1) })
}

struct Redraw<'a, R: ?Sized> {
    draw: Draw,
    rng: &'a mut R,
    /// Inputs and outputs of the last weights.
    fans: (usize, usize),
}

impl<R: Rng + ?Sized> ModuleMapper for Redraw<'_, R> {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = parameter.dims();
        self.fans = match shape[..] {
            [inputs, outputs] => (inputs, outputs),
            [outputs, inputs, height, width] => (inputs * height * width, outputs * height * width),
            _ => self.fans,
        };
        let (inputs, outputs) = (self.fans.0 as f64, self.fans.1 as f64);
        let value = |rng: &mut R| match self.draw {
            Draw::FanIn => (2.0 * uniform(rng) - 1.0) / inputs.sqrt(),
            Draw::Xavier => (2.0 / (inputs + outputs)).sqrt() * normal(rng),
            Draw::Normal => normal(rng),
        };
        let count: usize = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|_| value(self.rng) as f32).collect();
        parameter.map(|old| Tensor::from_data(TensorData::new(values, shape), &old.device()))
    }
}
