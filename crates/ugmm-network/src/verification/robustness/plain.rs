//! Interval bounds of a plain feed-forward network (Gowal et al. 2018), for comparison.

use super::margins::Margins;
use crate::network::mlp::EPSILON;
use crate::{Classification, Mlp, UgmmError};
use ugmm_kernels::bounds::rounding;

/// The layers of a plain network with their normalisations folded in.
pub(super) struct PlainMargins {
    layers: Vec<Affine>,
}

struct Affine {
    /// `[outputs, inputs]`
    weights: Vec<Vec<f64>>,
    biases: Vec<f64>,
}

impl PlainMargins {
    pub fn new(network: &Mlp, task: &Classification) -> Result<Self, UgmmError> {
        if task.objective().label_encoding().is_some() {
            let expected = "discriminative; feed-forward networks are certified as such only";
            return Err(UgmmError::setting("the objective", "generative", expected));
        }
        let layers = network.layers.iter().enumerate().map(|(index, layer)| {
            let (inputs, outputs) = (layer.inputs, layer.outputs);
            let weight =
                |output: usize| (0..inputs).map(|k| f64::from(layer.weight[k * outputs + output])).collect();
            let mut weights: Vec<Vec<f64>> = (0..outputs).map(weight).collect();
            let mut biases: Vec<f64> = layer.bias.iter().copied().map(f64::from).collect();
            if let Some(norm) = network.norms.get(index) {
                for unit in 0..outputs {
                    let deviation = (f64::from(norm.running_var[unit]) + EPSILON).sqrt();
                    let scale = f64::from(norm.gamma[unit]) / deviation;
                    weights[unit].iter_mut().for_each(|weight| *weight *= scale);
                    let centred = biases[unit] - f64::from(norm.running_mean[unit]);
                    biases[unit] = centred * scale + f64::from(norm.beta[unit]);
                }
            }
            Affine { weights, biases }
        });
        Ok(Self { layers: layers.collect() })
    }
}

/// Lower and upper bound of Σ weights · x + bias over a box.
fn range(weights: impl Iterator<Item = f64>, bias: f64, low: &[f64], high: &[f64]) -> (f64, f64) {
    let (mut least, mut greatest, mut magnitude) = (bias, bias, bias.abs());
    for (weight, (low, high)) in weights.zip(low.iter().zip(high)) {
        let (a, b) = (weight * low, weight * high);
        least += a.min(b);
        greatest += a.max(b);
        magnitude += a.abs().max(b.abs());
    }
    let slack = rounding(low.len(), magnitude);
    (least - slack, greatest + slack)
}

impl Margins for PlainMargins {
    fn greatest(
        &self,
        _row: &[f32],
        low: &[f64],
        high: &[f64],
        class: usize,
        log_weights: &[f64],
        _by_intervals: bool,
    ) -> Vec<f64> {
        let (mut low, mut high) = (low.to_vec(), high.to_vec());
        let (last, hidden) = self.layers.split_last().expect("a network has a layer");
        for layer in hidden {
            let units = layer.weights.iter().zip(&layer.biases);
            let ranges = units.map(|(weights, &bias)| range(weights.iter().copied(), bias, &low, &high));
            (low, high) = ranges.map(|(least, greatest)| (least.max(0.0), greatest.max(0.0))).unzip();
        }
        let own = &last.weights[class];
        let margin = |other: usize| {
            if other == class {
                return f64::NEG_INFINITY;
            }
            // The bound of the difference of two outputs is tighter than the difference of their bounds.
            let weights = last.weights[other].iter().zip(own).map(|(other, own)| other - own);
            let bias = last.biases[other] - last.biases[class] + (log_weights[other] - log_weights[class]);
            range(weights, bias, &low, &high).1
        };
        (0..last.weights.len()).map(margin).collect()
    }

    fn has_lines(&self) -> bool {
        false
    }
}
