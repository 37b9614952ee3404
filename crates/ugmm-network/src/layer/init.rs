//! Initial parameters of a layer.

use super::{Init, Layer, LayerConfig, Means, raw_log_sigma_of};
use crate::random::{index, normal, uniform};
use crate::values::{check_finite, known, mean_and_deviation};
use crate::{Check, UgmmError};
use rand::Rng;

/// The smallest σ that [`Init::Paper`] draws: U(0, 1) can return exactly 0, whose logarithm would make the
/// neuron's results NaN.
const SMALLEST_INITIAL_SIGMA: f64 = 1e-3;
/// [`Init::Data`]: mean and standard deviation of log(σ / standard deviation of the input). A few narrow,
/// well-placed components carry the signal of a neuron; components as wide as the data average each other
/// out.
const DATA_LOG_SIGMA_MEAN: f64 = -1.5;
const DATA_LOG_SIGMA_SPREAD: f64 = 1.0;
/// [`Init::Wide`]: σ and the standard deviation of the means, in standard deviations of the input.
const WIDE_SPREAD: f64 = 3.0;
const WIDE_LOG_SIGMA_SPREAD: f64 = 0.1;

impl LayerConfig {
    /// A layer with new parameters. `sample`, row-major `[rows, inputs]`, holds typical inputs of the layer;
    /// [`Init::Data`] and [`Init::Wide`] need it, [`Init::Paper`] ignores it.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when a setting is out of its range, or the sample is missing, of the wrong width or not
    /// finite.
    pub fn init<R: Rng + ?Sized>(&self, sample: Option<&[f32]>, rng: &mut R) -> Result<Layer, UgmmError> {
        self.check()?;
        self.init_checked(sample, false, rng)
    }

    /// A new layer of settings that were checked, initialised from a sample in which NaN means a missing value if
    /// `missing_values` is set.
    pub(crate) fn init_checked<R: Rng + ?Sized>(
        &self,
        sample: Option<&[f32]>,
        missing_values: bool,
        rng: &mut R,
    ) -> Result<Layer, UgmmError> {
        let values = match (self.init, sample) {
            (Init::Paper, _) => paper(self.inputs, self.neurons, self.means, rng),
            (init @ (Init::Data | Init::Wide), None) => {
                let value = if init == Init::Data { "\"data\"" } else { "\"wide\"" };
                let expected = "\"paper\" where no sample of the inputs is given (the others need one)";
                return Err(UgmmError::setting("init", value, expected));
            }
            (init @ (Init::Data | Init::Wide), Some(sample)) => {
                if !sample.len().is_multiple_of(self.inputs) {
                    let (what, found) = ("the sample for initialisation", sample.len());
                    let unit = "values, which make no whole rows,";
                    return Err(UgmmError::Size { what, found, unit, expected: self.inputs });
                }
                let draw = if init == Init::Data { from_data } else { wide };
                draw(sample, missing_values, [self.neurons, self.inputs], self.means, rng)?
            }
        };
        Ok(self.with_values(values))
    }

    /// A layer with these values. Its ρ give the effective σ of `values`, or a σ just above the floor.
    fn with_values(&self, values: InitialValues) -> Layer {
        let floored = |log_sigma| raw_log_sigma_of(log_sigma, self.min_sigma);
        Layer {
            config: self.clone(),
            means: values.means,
            raw_log_sigmas: values.log_sigmas.into_iter().map(floored).collect(),
            mixing_logits: values.mixing_logits,
        }
    }

    /// A layer of the right shapes, whose values the weights of a file replace.
    pub(crate) fn blank(&self) -> Layer {
        let components = self.neurons * self.inputs;
        Layer {
            config: self.clone(),
            means: vec![0.0; self.neurons * self.means.per_neuron(self.inputs)],
            raw_log_sigmas: vec![0.0; components],
            mixing_logits: vec![0.0; components],
        }
    }
}

/// Initial values, row-major `[neurons, inputs]`; `means` is `[neurons, 1]` for tied means.
struct InitialValues {
    means: Vec<f32>,
    /// Logarithms of the effective σ.
    log_sigmas: Vec<f32>,
    mixing_logits: Vec<f32>,
}

/// Draws the parameters of [`Init::Paper`].
fn paper<R: Rng + ?Sized>(inputs: usize, neurons: usize, means: Means, rng: &mut R) -> InitialValues {
    let components = neurons * inputs;
    InitialValues {
        means: (0..neurons * means.per_neuron(inputs)).map(|_| normal(rng) as f32).collect(),
        log_sigmas: (0..components).map(|_| uniform(rng).max(SMALLEST_INITIAL_SIGMA).ln() as f32).collect(),
        mixing_logits: (0..components).map(|_| uniform(rng) as f32).collect(),
    }
}

/// Draws the parameters of [`Init::Data`] from `sample` `[rows, inputs]`.
///
/// # Errors
///
/// [`UgmmError`] when the sample has no row, or a value that is not finite; `missing_values` allows NaN,
/// which is ignored.
fn from_data<R: Rng + ?Sized>(
    sample: &[f32],
    missing_values: bool,
    [neurons, inputs]: [usize; 2],
    means: Means,
    rng: &mut R,
) -> Result<InitialValues, UgmmError> {
    check_sample(sample, inputs, missing_values)?;
    let (values, rows) = (sample, sample.len() / inputs);
    let spreads = input_spreads(values, inputs);
    // The known values of each column are gathered once, not for every draw.
    let known: Vec<Vec<f32>> = match values.iter().any(|value| value.is_nan()) {
        true => (0..inputs).map(|input| known(values, inputs, input).collect()).collect(),
        false => Vec::new(),
    };
    let mean = |input: usize, rng: &mut R| {
        let value = values[index(rng, rows) * inputs + input];
        match value.is_nan() {
            false => value,
            true if known[input].is_empty() => 0.0,
            true => known[input][index(rng, known[input].len())],
        }
    };
    let log_sigma = |input: usize, rng: &mut R| {
        (spreads[input].ln() + DATA_LOG_SIGMA_MEAN + DATA_LOG_SIGMA_SPREAD * normal(rng)) as f32
    };
    Ok(drawn([neurons, inputs], means, mean, log_sigma, rng))
}

/// Draws the parameters of [`Init::Wide`] from `sample` `[rows, inputs]`.
///
/// # Errors
///
/// The errors of [`from_data`].
fn wide<R: Rng + ?Sized>(
    sample: &[f32],
    missing_values: bool,
    [neurons, inputs]: [usize; 2],
    means: Means,
    rng: &mut R,
) -> Result<InitialValues, UgmmError> {
    check_sample(sample, inputs, missing_values)?;
    let spreads = input_spreads(sample, inputs);
    let centres: Vec<f64> = (0..inputs).map(|input| mean_and_deviation(sample, inputs, input).0).collect();
    let mean =
        |input: usize, rng: &mut R| (centres[input] + WIDE_SPREAD * spreads[input] * normal(rng)) as f32;
    let log_sigma = |input: usize, rng: &mut R| {
        ((WIDE_SPREAD * spreads[input]).ln() + WIDE_LOG_SIGMA_SPREAD * normal(rng)) as f32
    };
    Ok(drawn([neurons, inputs], means, mean, log_sigma, rng))
}

/// A layer whose means and log σ are drawn by the given functions of the input, with mixing logits ~ N(0, 1).
fn drawn<R: Rng + ?Sized>(
    [neurons, inputs]: [usize; 2],
    means: Means,
    mut mean: impl FnMut(usize, &mut R) -> f32,
    mut log_sigma: impl FnMut(usize, &mut R) -> f32,
    rng: &mut R,
) -> InitialValues {
    let means = (0..neurons)
        .flat_map(|_| 0..means.per_neuron(inputs))
        .map(|input| match means {
            Means::Free => mean(input, rng),
            // A tied mean serves all inputs and is drawn for one of them.
            Means::Tied => mean(index(rng, inputs), rng),
        })
        .collect();
    let log_sigmas = (0..neurons).flat_map(|_| 0..inputs).map(|input| log_sigma(input, rng)).collect();
    let mixing_logits = (0..neurons * inputs).map(|_| normal(rng) as f32).collect();
    InitialValues { means, log_sigmas, mixing_logits }
}

/// Checks a sample `[rows, inputs]`.
///
/// # Errors
///
/// [`UgmmError`] when it has no row, or a value that is not finite; `missing_values` allows NaN.
fn check_sample(sample: &[f32], inputs: usize, missing_values: bool) -> Result<(), UgmmError> {
    let what = "the sample for initialisation";
    if sample.is_empty() {
        return Err(UgmmError::Size { what, found: 0, unit: "rows", expected: 1 });
    }
    check_finite(what, sample, inputs, missing_values)
}

/// The standard deviation of each input. An input that does not vary in the sample gets the root mean square
/// of the others, which is their scale; 1 when none varies.
fn input_spreads(values: &[f32], inputs: usize) -> Vec<f64> {
    let mut spreads: Vec<f64> =
        (0..inputs).map(|input| mean_and_deviation(values, inputs, input).1).collect();
    let varying = spreads.iter().filter(|&&spread| spread > 0.0).count();
    let typical = match varying {
        0 => 1.0,
        _ => (spreads.iter().map(|spread| spread.powi(2)).sum::<f64>() / varying as f64).sqrt(),
    };
    for spread in &mut spreads {
        if *spread == 0.0 {
            *spread = typical;
        }
    }
    spreads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_inputs_get_the_scale_of_the_others() {
        let values = [0.0, 5.0, 2.0, 5.0];
        assert_eq!(input_spreads(&values, 2), vec![1.0, 1.0]);
        assert_eq!(input_spreads(&[3.0, 3.0], 1), vec![1.0]);
    }

    #[test]
    fn a_sample_that_is_not_finite_is_refused() {
        let sample = [0.0, 1.0, f32::NAN, 1.0];
        let mut rng = crate::random::generator(0, crate::random::Stream::Initialization);
        let error =
            from_data(&sample, false, [3, 2], Means::Free, &mut rng).err().expect("NaN must be refused");
        assert!(error.to_string().contains("row 1, column 0"), "{error}");
        let values = from_data(&sample, true, [3, 2], Means::Free, &mut rng).expect("NaN is a missing value");
        assert_eq!(values.means, [0.0, 1.0].repeat(3));
        assert!(values.log_sigmas.iter().all(|value| value.is_finite()));
    }
}
