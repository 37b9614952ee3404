//! Burn's optimisers by the settings of `ugmm_network`, which have PyTorch's defaults rather than Burn's (whose ε for Adam is
//! 1e-5).

use super::adam::FusedAdam;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{ModuleOptimizer, SgdConfig};
use ugmm_network::training::OptimizerConfig;

/// The optimiser with these settings.
pub(super) fn init(config: &OptimizerConfig) -> ModuleOptimizer {
    let penalty = |weight_decay| (weight_decay > 0.0).then(|| WeightDecayConfig::new(weight_decay));
    match *config {
        OptimizerConfig::Adam { beta_1, beta_2, epsilon } => {
            FusedAdam::new(beta_1, beta_2, epsilon, 0.0).into()
        }
        OptimizerConfig::AdamW { beta_1, beta_2, epsilon, weight_decay } => {
            FusedAdam::new(beta_1, beta_2, epsilon, weight_decay).into()
        }
        OptimizerConfig::Sgd { momentum, weight_decay } => SgdConfig::new()
            .with_momentum(
                (momentum > 0.0).then(|| MomentumConfig::new().with_momentum(momentum).with_dampening(0.0)),
            )
            .with_weight_decay(penalty(weight_decay))
            .init(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Param;
    use burn::nn::Linear;
    use burn::optim::GradientsParams;
    use burn::tensor::{Device, Tensor};

    /// The first step of Adam moves each parameter by the learning rate against the sign of its gradient, as long as the
    /// gradient is large against ε: a wrong ε (Burn's 1e-5 against 1e-8) shows with gradients of 1e-6.
    #[test]
    fn adam_has_pytorchs_epsilon() {
        let device = Device::flex().autodiff();
        let weight = Param::from_tensor(Tensor::<2>::from_floats([[0.5]], &device).require_grad());
        let linear = Linear { weight, bias: None };
        let loss = linear.forward(Tensor::<2>::from_floats([[1e-6]], &device)).sum();
        let gradients = GradientsParams::from_grads(loss.backward(), &linear);
        let mut optimizer = init(&OptimizerConfig::default());
        let stepped = optimizer.step(1e-2, linear, gradients);
        let moved = 0.5 - stepped.weight.val().into_scalar::<f32>();
        let expected: f32 = 1e-2 * 1e-6 / (1e-6 + 1e-8);
        assert!((moved - expected).abs() < 1e-6, "{moved} instead of {expected}");
    }
}
