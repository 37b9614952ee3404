//! A recorded forward pass through a layer, and its backward pass.

use super::dropout::{add_noise, draw_dropped, drop_inputs};
use super::missing::Missing;
use super::parameters::Parameters;
use super::standardization::{LogScale, Units};
use super::{Layer, Means};
use crate::RowWeights;
use crate::softmax::log_sum_exp;
use rand_chacha::ChaCha8Rng;
use std::borrow::Cow;
use ugmm_kernels::{DROPPED_LOGIT, Forward, GradientSlices, Saved, backward_into, floor_gradients};

/// The kind of a forward pass.
pub(crate) struct Pass<'r, 'w> {
    /// Generator of the random choices of training; `None` outside of training.
    pub rng: Option<&'r mut ChaCha8Rng>,
    /// Whether the inputs are first standardised over the rows of the batch.
    pub standardize: bool,
    /// Whether NaN in the inputs means a missing value.
    pub missing_values: bool,
    /// Weights of the rows in the statistics of the batch.
    pub weights: RowWeights<'w>,
}

/// A forward pass through a layer with all values that the backward pass needs.
pub(crate) struct Recorded<'l> {
    layer: &'l Layer,
    /// The inputs of the mixtures.
    x: Vec<f32>,
    parameters: Parameters<'l>,
    saved: Saved,
    units: Option<RecordedUnits>,
    /// Whether each input was dropped, `[rows, inputs]`; empty if none can be.
    dropped_inputs: Vec<bool>,
    /// Whether each component was dropped, `[neurons, inputs]`; empty if none can be.
    dropped: Vec<bool>,
    missing: Option<Missing<'l>>,
    weights: RowWeights<'l>,
}

/// The units to which inputs were standardised.
struct RecordedUnits {
    units: Units,
    /// The inputs in these units, before noise and dropout; empty if the inputs of the mixtures are equal to
    /// them.
    standardized: Vec<f32>,
    /// `None` for a single neuron.
    log_scale: Option<LogScale>,
}

impl<'l> Recorded<'l> {
    /// A forward pass through `layer`, and its activations `[rows, neurons]`.
    pub(crate) fn new(layer: &'l Layer, mut x: Vec<f32>, pass: Pass<'_, 'l>) -> (Self, Vec<f32>) {
        let Pass { mut rng, standardize, missing_values, weights } = pass;
        let (config, inputs) = (&layer.config, layer.inputs());
        let units = standardize.then(|| Units::of(&x, inputs, weights));
        if let Some(units) = &units {
            units.standardize(&mut x);
        }
        let missing = if missing_values { Missing::of(&x, layer) } else { None };
        let mut standardized = Vec::new();
        let mut dropped_inputs = Vec::new();
        if let Some(rng) = rng.as_deref_mut()
            && (config.input_noise > 0.0 || config.input_dropout > 0.0)
        {
            if units.is_some() {
                standardized.clone_from(&x);
            }
            // NaN stays NaN: noise does not change it, and a dropped NaN is restored.
            if config.input_noise > 0.0 {
                add_noise(&mut x, config.input_noise, rng);
            }
            if config.input_dropout > 0.0 {
                dropped_inputs = drop_inputs(&mut x, config.input_dropout, rng);
            }
        }
        let mut parameters = layer.parameters();
        let mut dropped = Vec::new();
        if let Some(rng) = rng
            && config.dropout > 0.0
            && missing.is_none()
        {
            dropped = draw_dropped([layer.neurons(), inputs], config.dropout, rng);
            let logits = parameters.mixing_logits.iter().zip(&dropped);
            let kept = logits.map(|(&logit, &dropped)| if dropped { DROPPED_LOGIT } else { logit });
            parameters.mixing_logits = Cow::Owned(kept.collect());
        }
        let Forward { mut y, saved } = parameters.recorded(&x);
        if !dropped.is_empty() && !config.renormalize {
            let surviving = log_weight_ratios(&parameters.mixing_logits, &layer.mixing_logits, inputs);
            add_to_rows(&mut y, &surviving, 1.0);
        }
        if let Some(missing) = &missing {
            missing.renormalize(&mut y);
        }
        // A joint score per unit of the original inputs could be increased without bound by scaling them
        // down.
        let units = units.map(|units| {
            let log_scale = (layer.neurons() > 1).then(|| units.log_scale(&layer.mixing_logits));
            RecordedUnits { units, standardized, log_scale }
        });
        if let Some(RecordedUnits { log_scale: Some(log_scale), .. }) = &units {
            add_to_rows(&mut y, &log_scale.values(), -1.0);
        }
        (Self { layer, x, parameters, saved, units, dropped_inputs, dropped, missing, weights }, y)
    }

    /// Zero gradients of the layer's tensors.
    pub(crate) fn zero_gradients(&self) -> [Vec<f32>; 3] {
        self.layer.tensors().map(|tensor| vec![0.0; tensor.len()])
    }

    /// Overwrites `gradients` with the gradients of Σ activations · `cotangent` with respect to means, ρ and
    /// mixing logits. Returns the gradient with respect to the inputs, if it is wanted. Missing activations
    /// have no gradient.
    pub(crate) fn backward(
        &self,
        mut cotangent: Vec<f32>,
        gradients: [&mut [f32]; 3],
        want_x: bool,
    ) -> Option<Vec<f32>> {
        let (layer, inputs) = (self.layer, self.layer.inputs());
        let neurons = layer.neurons();
        let [means, rhos, logits] = gradients;
        if let Some(missing) = &self.missing {
            missing.mask(&mut cotangent);
        }
        let mut x = want_x.then(|| vec![0.0; self.x.len()]);
        let mut of_components = vec![0.0; if layer.config.means == Means::Tied { logits.len() } else { 0 }];
        let of_means = match layer.config.means {
            Means::Free => &mut *means,
            Means::Tied => &mut of_components,
        };
        let slices =
            GradientSlices { x: x.as_deref_mut(), means: of_means, log_sigmas: rhos, mixing_logits: logits };
        let arguments = self.parameters.arguments(&self.x);
        backward_into(self.parameters.shape(&self.x), arguments, &self.saved, &cotangent, slices)
            .unwrap_or_else(|error| panic!("uGMM layer: {error}"));
        for (gradient, of_components) in means.iter_mut().zip(of_components.chunks(inputs)) {
            *gradient = of_components.iter().map(|&g| f64::from(g)).sum::<f64>() as f32;
        }
        if layer.config.min_sigma > 0.0 {
            floor_gradients(rhos, &layer.raw_log_sigmas, layer.config.min_sigma.ln() as f32);
        }
        for (gradient, &dropped) in logits.iter_mut().zip(&self.dropped) {
            *gradient = if dropped { 0.0 } else { *gradient };
        }
        if let Some(missing) = &self.missing {
            missing.add_gradients(&cotangent, logits);
        }
        if !self.dropped.is_empty() && !layer.config.renormalize {
            let totals = column_sums(&cotangent, neurons, 1.0);
            for (neuron, &total) in totals.iter().enumerate() {
                let places = neuron * inputs..(neuron + 1) * inputs;
                let kept = softmax(&self.parameters.mixing_logits[places.clone()]);
                let all = softmax(&layer.mixing_logits[places.clone()]);
                for ((gradient, kept), all) in logits[places].iter_mut().zip(kept).zip(all) {
                    *gradient += (total * (kept - all)) as f32;
                }
            }
        }
        let mut log_deviations = vec![0.0; if self.units.is_some() { inputs } else { 0 }];
        if let Some(RecordedUnits { units, log_scale: Some(log_scale), .. }) = &self.units {
            let totals = column_sums(&cotangent, neurons, -1.0);
            units.log_scale_gradients(log_scale, &totals, logits, &mut log_deviations);
        }
        let mut x = x?;
        for (gradient, &dropped) in x.iter_mut().zip(&self.dropped_inputs) {
            *gradient = if dropped { 0.0 } else { *gradient };
        }
        if let Some(RecordedUnits { units, standardized, .. }) = &self.units {
            let standardized = if standardized.is_empty() { &self.x } else { standardized };
            units.backward(&mut x, standardized, &log_deviations, self.weights);
        }
        Some(x)
    }
}

/// log Σ_k exp(of_jk) − log Σ_k exp(among_jk) for each neuron j.
fn log_weight_ratios(of: &[f32], among: &[f32], inputs: usize) -> Vec<f32> {
    let neurons = of.chunks(inputs).zip(among.chunks(inputs));
    let log_sum = |logits: &[f32]| log_sum_exp(logits.iter().copied().map(f64::from));
    neurons.map(|(of, among)| (log_sum(of) - log_sum(among)) as f32).collect()
}

/// The softmax of some values.
pub(crate) fn softmax(values: &[f32]) -> impl Iterator<Item = f64> {
    let log_sum = log_sum_exp(values.iter().copied().map(f64::from));
    values.iter().map(move |&value| (f64::from(value) - log_sum).exp())
}

/// `factor` times the sum over rows of each column of row-major `values`, `[columns]`.
pub(crate) fn column_sums(values: &[f32], columns: usize, factor: f64) -> Vec<f64> {
    let mut sums = vec![0.0; columns];
    for row in values.chunks(columns) {
        sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    sums.iter_mut().for_each(|sum| *sum *= factor);
    sums
}

/// Adds `factor` times `values` `[columns]` to every row.
fn add_to_rows(rows: &mut [f32], values: &[f32], factor: f32) {
    for row in rows.chunks_mut(values.len()) {
        row.iter_mut().zip(values).for_each(|(y, value)| *y += factor * value);
    }
}
