//! Dropout in training: of components (paper §3.4), which leave the mixtures of their neurons for the whole batch, and of
//! input values, row by row.

use burn::tensor::{Bool, Device, Tensor, TensorData, activation::log_softmax};
use rand::Rng;
use ugmm_kernels::DROPPED_LOGIT;
use ugmm_network::dropout::draw;
use ugmm_network::random;

/// The mixing logits with those of dropped components lowered so far that they have no weight.
pub(crate) fn drop_components(mixing_logits: Tensor<2>, dropped: Vec<bool>, device: &Device) -> Tensor<2> {
    let dropped = TensorData::new(dropped, mixing_logits.dims());
    mixing_logits.mask_fill(Tensor::<2, Bool>::from_data(dropped, device), DROPPED_LOGIT)
}

/// Replaces input values of `x` `[rows, inputs]` by 0, each with this probability.
pub(crate) fn drop_inputs<R: Rng + ?Sized>(x: Tensor<2>, probability: f64, rng: &mut R) -> Tensor<2> {
    let dropped = draw(x.dims().iter().product(), probability, rng);
    let (shape, device) = (x.dims(), x.device());
    x.mask_fill(Tensor::<2, Bool>::from_data(TensorData::new(dropped, shape), &device), 0.0)
}

/// Adds Gaussian noise of this standard deviation to every value of `x` `[rows, inputs]`. On inputs in units of their
/// spread (see `standardization.rs`) the noise is in these units too.
pub(crate) fn add_noise<R: Rng + ?Sized>(x: Tensor<2>, deviation: f64, rng: &mut R) -> Tensor<2> {
    let (shape, device) = (x.dims(), x.device());
    let count = shape.iter().product();
    let noise: Vec<f32> = (0..count).map(|_| (deviation * random::normal(rng)) as f32).collect();
    x + Tensor::from_data(TensorData::new(noise, shape), &device)
}

/// log Σ_k d_jk π_jk for each neuron, `[1, neurons]`. Added to the activations of renormalised mixtures, it gives the sums over
/// the surviving components with their original weights.
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
    use ugmm_network::{Stream, generator};

    #[test]
    fn dropped_inputs_are_zero_and_the_others_untouched() {
        let device = Device::flex();
        let x = Tensor::<2>::ones([200, 500], &device) * 3.0;
        let mut rng = generator(2, Stream::Dropout);
        let values: Vec<f32> = drop_inputs(x, 0.2, &mut rng).into_data().iter::<f32>().collect();
        assert!(values.iter().all(|&value| value == 0.0 || value == 3.0));
        let share = values.iter().filter(|&&value| value == 0.0).count() as f64 / 1e5;
        // Five standard deviations of a binomial share are 0.0063. Each row has its own draws.
        assert!((share - 0.2).abs() < 0.0064, "{share}");
        assert!(values[..500] != values[500..1000]);
    }

    #[test]
    fn noise_has_the_stated_spread() {
        let x = Tensor::<2>::ones([200, 500], &Device::flex());
        let mut rng = generator(3, Stream::Dropout);
        let noisy: Vec<f32> = add_noise(x, 0.5, &mut rng).into_data().iter::<f32>().collect();
        let mean = noisy.iter().map(|&value| f64::from(value)).sum::<f64>() / 1e5;
        let variance = noisy.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / 1e5;
        // Five standard errors: 0.5 · 5 / √1e5, and 0.25 · 5 · √(2 / 1e5).
        assert!((mean - 1.0).abs() < 0.008 && (variance - 0.25).abs() < 0.0056, "{mean} {variance}");
    }
}
