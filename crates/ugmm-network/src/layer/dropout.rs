//! Dropout in training: of components (paper §3.4), which leave the mixtures of their neurons for the whole
//! batch, and of input values, separately for each row.

use crate::random;
use rand::{Rng, RngExt};

/// The components of a layer that are dropped in one forward pass, `[neurons, inputs]`, true = dropped. There
/// is one Bernoulli(`probability`) draw per component, shared by all rows of the batch. A neuron whose
/// components were all drawn keeps one of them, chosen uniformly, because a mixture needs a component.
#[must_use]
pub fn draw_dropped<R: Rng + ?Sized>(
    [neurons, inputs]: [usize; 2],
    probability: f64,
    rng: &mut R,
) -> Vec<bool> {
    let mut dropped = Vec::with_capacity(neurons * inputs);
    for neuron in 0..neurons {
        dropped.extend(draw(inputs, probability, rng));
        let components = &mut dropped[neuron * inputs..];
        if components.iter().all(|&dropped| dropped) {
            components[random::index(rng, inputs)] = false;
        }
    }
    dropped
}

/// Replaces input values of `x` by 0, each with this probability; returns which were drawn. Missing values
/// (NaN) stay.
pub(crate) fn drop_inputs<R: Rng + ?Sized>(x: &mut [f32], probability: f64, rng: &mut R) -> Vec<bool> {
    let dropped = draw(x.len(), probability, rng);
    for (x, &dropped) in x.iter_mut().zip(&dropped) {
        *x = if dropped && !x.is_nan() { 0.0 } else { *x };
    }
    dropped
}

/// Adds Gaussian noise with standard deviation `deviation` to every value of `x`. The noise of standardised
/// inputs (see `standardization.rs`) is in units of their standard deviation.
pub(crate) fn add_noise<R: Rng + ?Sized>(x: &mut [f32], deviation: f64, rng: &mut R) {
    x.iter_mut().for_each(|x| *x += (deviation * random::normal(rng)) as f32);
}

/// `count` independent Bernoulli(`probability`) draws.
#[must_use]
pub fn draw<R: Rng + ?Sized>(count: usize, probability: f64, rng: &mut R) -> Vec<bool> {
    // The threshold is an integer, so that a draw takes 32 bits.
    let threshold = (probability * 2f64.powi(32)) as u32;
    (0..count).map(|_| rng.random::<u32>() < threshold).collect()
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
        // Five standard deviations of a binomial proportion are 0.0072.
        assert!((share - 0.3).abs() < 0.0073, "{share}");
    }

    #[test]
    fn dropped_inputs_are_zero_and_the_others_untouched() {
        let mut values = vec![3.0; 200 * 500];
        let dropped = drop_inputs(&mut values, 0.2, &mut generator(2, Stream::Dropout));
        assert!(values.iter().zip(dropped).all(|(&value, dropped)| dropped == (value == 0.0)));
        assert!(values.iter().all(|&value| value == 0.0 || value == 3.0));
        let share = values.iter().filter(|&&value| value == 0.0).count() as f64 / 1e5;
        // Five standard deviations of a binomial proportion are 0.0063. Each row has its own draws.
        assert!((share - 0.2).abs() < 0.0064, "{share}");
        assert!(values[..500] != values[500..1000]);
    }

    #[test]
    fn noise_has_the_stated_spread() {
        let mut noisy = vec![1.0; 200 * 500];
        add_noise(&mut noisy, 0.5, &mut generator(3, Stream::Dropout));
        let mean = noisy.iter().map(|&value| f64::from(value)).sum::<f64>() / 1e5;
        let variance = noisy.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / 1e5;
        // The tolerances are five standard errors: 0.5 · 5 / √1e5, and 0.25 · 5 · √(2 / 1e5).
        assert!((mean - 1.0).abs() < 0.008 && (variance - 0.25).abs() < 0.0056, "{mean} {variance}");
    }
}
