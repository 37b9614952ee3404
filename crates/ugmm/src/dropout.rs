//! Component dropout (paper §3.4): in training, some components of each neuron leave its mixture.

use crate::random;
use burn::tensor::{Bool, Device, Tensor, TensorData, activation::log_softmax};
use rand::{Rng, RngExt};
use ugmm_kernels::DROPPED_LOGIT;

/// Which components of a layer are dropped in one forward pass: `[neurons, inputs]`, true = dropped. One
/// Bernoulli(`probability`) draw per component, shared by all rows of the batch. A neuron whose components all came
/// up dropped keeps one of them, chosen uniformly: a mixture of nothing has no density.
pub(crate) fn draw_dropped<R: Rng + ?Sized>(
    [neurons, inputs]: [usize; 2],
    probability: f64,
    rng: &mut R,
) -> Vec<bool> {
    // An integer threshold: one 32-bit draw per component.
    let threshold = (probability * 2f64.powi(32)) as u32;
    let mut dropped = Vec::with_capacity(neurons * inputs);
    for neuron in 0..neurons {
        dropped.extend((0..inputs).map(|_| rng.random::<u32>() < threshold));
        let components = &mut dropped[neuron * inputs..];
        if components.iter().all(|&dropped| dropped) {
            components[random::index(rng, inputs)] = false;
        }
    }
    dropped
}

/// Takes the dropped components out of the mixtures, by their logits.
pub(crate) fn drop_components(mixing_logits: Tensor<2>, dropped: Vec<bool>, device: &Device) -> Tensor<2> {
    let dropped = TensorData::new(dropped, mixing_logits.dims());
    mixing_logits.mask_fill(Tensor::<2, Bool>::from_data(dropped, device), DROPPED_LOGIT)
}

/// log Σ_k d_jk π_jk for each neuron, `[1, neurons]`: what must be added to the activations of renormalised mixtures
/// to get the sums over the surviving components with their original weights.
pub(crate) fn log_surviving_weight(mixing_logits: Tensor<2>, kept_logits: Tensor<2>) -> Tensor<2> {
    // Both softmax denominators, from the same component: the heaviest survivor of each neuron.
    let heaviest = kept_logits.clone().argmax(1);
    let among_all = log_softmax(mixing_logits, 1).gather(1, heaviest.clone());
    let among_kept = log_softmax(kept_logits, 1).gather(1, heaviest);
    (among_all - among_kept).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Stream, generator};

    #[test]
    fn a_neuron_never_loses_every_component() {
        let mut rng = generator(0, Stream::Dropout);
        for inputs in 1..=5 {
            for probability in [0.5, 0.95] {
                for _ in 0..200 {
                    let dropped = draw_dropped([16, inputs], probability, &mut rng);
                    assert!(dropped.chunks(inputs).all(|neuron| neuron.contains(&false)));
                }
            }
        }
    }

    #[test]
    fn components_are_dropped_with_the_stated_probability() {
        let mut rng = generator(1, Stream::Dropout);
        let dropped = draw_dropped([100, 1000], 0.3, &mut rng);
        let share = dropped.iter().filter(|&&dropped| dropped).count() as f64 / 1e5;
        // Five standard deviations of a binomial share are 0.0072.
        assert!((share - 0.3).abs() < 0.0073, "{share}");
    }
}
