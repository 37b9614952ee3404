//! Sound bounds of a network's outputs over boxes of its inputs, in `f64`.
//!
//! There are two kinds of bounds, and the better of them is used. Intervals are propagated through the
//! network layer by layer. Lines ([`ugmm_kernels::bounds::Relaxation`]) are composed from the outputs back to
//! the inputs, so that terms common to activations cancel before the greatest value is taken (backward linear
//! bounds: Zhang et al. 2018, Singh et al. 2019). Their error falls with the square of the width of the box.

use crate::{Network, UgmmError};
use ugmm_kernels::bounds::{InputBox, Mixtures, Relaxation, rounding};
use ugmm_kernels::{LayerArguments, LayerShape};

/// The state of an input of a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    /// The input varies: it is queried or perturbed.
    Free,
    /// Its value, in the network's units.
    Value(f64),
    /// The value is missing: the components of this input are left out, and the weights of the others
    /// renormalised.
    Missing,
}

/// A network as a function of its free inputs, computed in `f64` from the saved `f32` parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreFunction {
    layers: Vec<Mixtures>,
}

impl ScoreFunction {
    /// The function of a network with all inputs free.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] when the network still standardises between its layers, as it does in training.
    pub fn new(network: &Network) -> Result<Self, UgmmError> {
        if network.standardize {
            let expected = "false; bounds are of settled networks, as they are after training";
            return Err(UgmmError::setting("standardize", true, expected));
        }
        let layers = network.layers.iter().map(|layer| {
            let shape = LayerShape { batch: 0, inputs: layer.inputs(), neurons: layer.neurons() };
            let arguments = LayerArguments {
                x: &[],
                means: &layer.component_means(),
                log_sigmas: &layer.raw_log_sigmas,
                mixing_logits: &layer.mixing_logits,
            };
            let mixtures = Mixtures::with_floor(shape, arguments, layer.config.min_sigma);
            mixtures.expect("a layer has parameters of its own shape")
        });
        Ok(Self::chained(layers.collect()))
    }

    /// Composes the layers to one function. The inputs of each layer are exactly the remaining neurons of the
    /// layer before it.
    fn chained(layers: Vec<Mixtures>) -> Self {
        assert!(!layers.is_empty(), "a network has a layer");
        for pair in layers.windows(2) {
            assert_eq!(
                pair[1].inputs(),
                pair[0].neurons(),
                "a layer sees what there is of the one before it"
            );
        }
        Self { layers }
    }

    /// This function restricted to the inputs that are [`Known::Free`], with `known` `[inputs]`. A neuron
    /// that sees only missing inputs leaves the function, in its own layer and as an input of the next one.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when `known` does not have an entry for each input of the network, or an output sees no
    /// remaining input.
    ///
    /// # Panics
    ///
    /// When this function is already restricted.
    pub fn restricted(&self, known: &[Known]) -> Result<Self, UgmmError> {
        if known.len() != self.inputs() {
            let (what, unit) = ("what is known of a network's inputs", "entries");
            return Err(UgmmError::Size { what, found: known.len(), unit, expected: self.inputs() });
        }
        let mut missing: Vec<bool> = known.iter().map(|known| *known == Known::Missing).collect();
        let mut layers = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let (layer, unknown) = layer.without(&missing);
            missing = unknown;
            layers.push(layer);
        }
        if missing.contains(&true) {
            let expected = "such that every output sees something";
            return Err(UgmmError::setting("what is missing", "too much", expected));
        }
        let seen = known.iter().filter(|known| **known != Known::Missing);
        let values: Vec<Option<f64>> = seen
            .map(|known| match known {
                Known::Value(value) => Some(*value),
                _ => None,
            })
            .collect();
        layers[0] = layers[0].given(&values);
        Ok(Self::chained(layers))
    }

    /// Number of free inputs.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs()
    }

    /// Number of outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, Mixtures::neurons)
    }

    /// The layers of the function, first to last.
    #[must_use]
    pub fn layers(&self) -> &[Mixtures] {
        &self.layers
    }

    /// The outputs `[outputs]` at `x` `[inputs]`.
    #[must_use]
    pub fn outputs_at(&self, x: &[f64]) -> Vec<f64> {
        let (first, later) = self.layers.split_first().expect("a network has a layer");
        self.outputs_from(first.activations(x), later)
    }

    fn outputs_from(&self, y: Vec<f64>, later: &[Mixtures]) -> Vec<f64> {
        later.iter().fold(y, |y, layer| layer.activations(&y))
    }

    /// The outputs `[outputs]` that follow from activations of the first layer, `[neurons]`.
    #[must_use]
    pub fn outputs_above(&self, first_activations: Vec<f64>) -> Vec<f64> {
        self.outputs_from(first_activations, &self.layers[1..])
    }

    /// Lower and upper bounds of the outputs over a box, each `[outputs]`, by intervals alone; `low` and
    /// `high` are `[inputs]`.
    #[must_use]
    pub fn intervals(&self, low: &[f64], high: &[f64]) -> (Vec<f64>, Vec<f64>) {
        self.layers.iter().fold((low.to_vec(), high.to_vec()), |(low, high), layer| {
            layer.intervals(InputBox { low: &low, high: &high, ends_only: &[] })
        })
    }
}

/// A set of inputs over which a linear function can be maximised.
pub trait Region: Sync {
    /// Lower and upper ends of every input, each `[inputs]`.
    fn sides(&self) -> (&[f64], &[f64]);

    /// Inputs that take only the values at their two ends, `[inputs]`; empty if there are none.
    fn ends_only(&self) -> &[bool];

    /// An upper bound of Σ slopes · (x − middle) over the region.
    fn greatest(&self, slopes: &[f64], middle: &[f64]) -> f64;
}

/// A box of real inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Sides {
    /// Lower ends, `[inputs]`.
    pub low: Vec<f64>,
    /// Upper ends, `[inputs]`.
    pub high: Vec<f64>,
}

impl Region for Sides {
    fn sides(&self) -> (&[f64], &[f64]) {
        (&self.low, &self.high)
    }

    fn ends_only(&self) -> &[bool] {
        &[]
    }

    fn greatest(&self, slopes: &[f64], middle: &[f64]) -> f64 {
        let ends = self.low.iter().zip(&self.high).zip(middle);
        slopes.iter().zip(ends).map(|(s, ((l, h), m))| (s * (l - m)).max(s * (h - m))).sum()
    }
}

/// A linear function of the inputs: its value in the middle of the region, its slopes, and the sum of the
/// magnitudes of its terms, which bounds the rounding error.
#[derive(Clone, Debug)]
pub struct Linear {
    /// Value in the middle of the region.
    pub value: f64,
    /// Slopes, `[inputs]`.
    pub slopes: Vec<f64>,
    magnitude: f64,
}

/// The relaxation of all layers of a function over a region.
pub struct Analysis<'a, R> {
    region: &'a R,
    relaxations: Vec<Relaxation>,
}

impl<'a, R: Region> Analysis<'a, R> {
    /// Relaxes a function over a region.
    #[must_use]
    pub fn new(function: &ScoreFunction, region: &'a R) -> Self {
        let mut analysis = Self { region, relaxations: Vec::with_capacity(function.layers.len()) };
        let last = function.layers.len() - 1;
        for (index, layer) in function.layers.iter().enumerate() {
            let relaxation = match analysis.relaxations.last() {
                None => {
                    let (low, high) = region.sides();
                    Relaxation::new(layer, InputBox { low, high, ends_only: region.ends_only() })
                }
                Some(below) => {
                    Relaxation::new(layer, InputBox { low: &below.low, high: &below.high, ends_only: &[] })
                }
            };
            analysis.relaxations.push(relaxation);
            if index > 0 && index < last {
                analysis.narrow(index);
            }
        }
        analysis
    }

    /// Narrows the intervals of a layer's activations to the bounds from the lines.
    fn narrow(&mut self, layer: usize) {
        for neuron in 0..self.relaxations[layer].low.len() {
            let high = self.upper_of(layer, neuron);
            let low = -self.greatest(&self.substituted(layer, -1.0, neuron));
            self.relaxations[layer].narrow(neuron, low, high);
        }
    }

    /// An upper bound of an activation from an upper bound of its sum of exponentials.
    fn upper_of(&self, layer: usize, neuron: usize) -> f64 {
        let relaxation = &self.relaxations[layer];
        let greatest = self.greatest(&self.sum_above(layer, neuron));
        let high = relaxation.scales[neuron] + greatest.max(f64::MIN_POSITIVE).ln();
        (high + rounding(4, high.abs() + 1.0)).min(relaxation.high[neuron])
    }

    fn sum_above(&self, layer: usize, neuron: usize) -> Linear {
        let relaxation = &self.relaxations[layer];
        let columns = relaxation.inputs();
        let value = relaxation.sums_above.values[neuron];
        let slopes = relaxation.sums_above.slopes[neuron * columns..(neuron + 1) * columns].to_vec();
        self.in_inputs(layer, Linear { value, slopes, magnitude: value.abs() })
    }

    /// A line above `factor` times an activation, as a function of the network's inputs.
    fn substituted(&self, layer: usize, factor: f64, neuron: usize) -> Linear {
        let relaxation = &self.relaxations[layer];
        let mut slopes = vec![0.0; relaxation.inputs()];
        let value = factor * add_line(relaxation, neuron, factor, &mut slopes);
        self.in_inputs(layer, Linear { value, slopes, magnitude: value.abs() })
    }

    /// An upper bound of a linear function of a layer's inputs, as a linear function of the network's inputs.
    fn in_inputs(&self, layer: usize, linear: Linear) -> Linear {
        let Linear { mut value, mut slopes, mut magnitude } = linear;
        for below in (0..layer).rev() {
            let middle = &self.relaxations[below + 1].middle;
            let relaxation = &self.relaxations[below];
            let mut next = vec![0.0; relaxation.inputs()];
            for (neuron, (&slope, middle)) in slopes.iter().zip(middle).enumerate() {
                if slope != 0.0 {
                    let line = add_line(relaxation, neuron, slope, &mut next);
                    value += slope * (line - middle);
                    magnitude += slope.abs() * (line.abs() + middle.abs());
                }
            }
            slopes = next;
        }
        Linear { value, slopes, magnitude }
    }

    /// An upper bound of a linear function over the region, rounding included.
    fn greatest(&self, linear: &Linear) -> f64 {
        let middle = &self.relaxations[0].middle;
        let (low, high) = self.region.sides();
        let ends = low.iter().zip(high).zip(middle);
        let most: f64 = (linear.slopes.iter().zip(ends))
            .map(|(slope, ((low, high), middle))| slope.abs() * (low.abs().max(high.abs()) + middle.abs()))
            .sum();
        let terms: usize = self.relaxations.iter().map(Relaxation::inputs).sum();
        linear.value + self.region.greatest(&linear.slopes, middle) + rounding(terms, linear.magnitude + most)
    }

    /// Lower and upper bounds of an output.
    #[must_use]
    pub fn output(&self, output: usize) -> (f64, f64) {
        let last = self.relaxations.len() - 1;
        let low = -self.greatest(&self.substituted(last, -1.0, output));
        (low.max(self.relaxations[last].low[output]), self.upper_of(last, output))
    }

    /// An upper bound of an output.
    #[must_use]
    pub fn upper(&self, output: usize) -> f64 {
        self.upper_of(self.relaxations.len() - 1, output)
    }

    /// A linear function of the network's inputs that is above `factor` times an output.
    #[must_use]
    pub fn line_above(&self, output: usize, factor: f64) -> Linear {
        self.substituted(self.relaxations.len() - 1, factor, output)
    }

    /// An upper bound of the sum of linear functions of the network's inputs.
    #[must_use]
    pub fn greatest_sum(&self, mut first: Linear, second: &Linear) -> f64 {
        first.value += second.value;
        first.magnitude += second.magnitude + second.value.abs();
        first.slopes.iter_mut().zip(&second.slopes).for_each(|(sum, slope)| *sum += slope);
        self.greatest(&first)
    }

    /// Weights for the choice of the input to split. The first are the approximate contributions of each
    /// input to the looseness of the upper bound of the only output, `[inputs]`; the second are the slopes of
    /// that bound, `[inputs]`, relative to exp(output).
    #[must_use]
    pub fn looseness(&self) -> (Vec<f64>, Vec<f64>) {
        let last = self.relaxations.len() - 1;
        let root = &self.relaxations[last];
        let mut slopes: Vec<f64> = root.sums_above.slopes[..root.inputs()].to_vec();
        let sum = root.sums_above.values[0].max(f64::MIN_POSITIVE);
        slopes.iter_mut().for_each(|slope| *slope /= sum);
        let mut costs = root.looseness[..root.inputs()].to_vec();
        for layer in (0..last).rev() {
            let relaxation = &self.relaxations[layer];
            let columns = relaxation.inputs();
            let widths: Vec<f64> = match layer.checked_sub(1).map(|below| &self.relaxations[below]) {
                Some(below) => below.high.iter().zip(&below.low).map(|(high, low)| high - low).collect(),
                None => {
                    let (low, high) = self.region.sides();
                    high.iter().zip(low).map(|(high, low)| high - low).collect()
                }
            };
            let mut next = vec![0.0; columns];
            let mut next_slopes = vec![0.0; columns];
            for neuron in 0..relaxation.low.len() {
                let slope = slopes[neuron];
                add_line(relaxation, neuron, slope, &mut next_slopes);
                let row = neuron * columns..(neuron + 1) * columns;
                let steepness = &relaxation.sums_above.slopes[row.clone()];
                let spread: f64 =
                    steepness.iter().zip(&widths).map(|(slope, width)| slope.abs() * width).sum();
                let loose = &relaxation.looseness[row];
                for k in 0..columns {
                    let share = if spread > 0.0 { steepness[k].abs() * widths[k] / spread } else { 0.0 };
                    next[k] += costs[neuron] * share + slope.abs() * loose[k];
                }
            }
            costs = next;
            slopes = next_slopes;
        }
        (costs, slopes)
    }
}

/// Returns the value, in the middle of the box, of the line above `factor` times an activation, divided by
/// `factor`; adds its slopes to `slopes`.
fn add_line(relaxation: &Relaxation, neuron: usize, factor: f64, slopes: &mut [f64]) -> f64 {
    if factor >= 0.0 {
        relaxation.add_above(neuron, factor, slopes)
    } else {
        relaxation.add_below(neuron, factor, slopes)
    }
}
