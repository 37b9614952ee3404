//! The layer's parameters in the form that the fast path reads, computed once per call and kept from the
//! forward pass for the backward pass.

use crate::layout::lanes::Lanes;
use crate::layout::panel::PanelLayout;
use crate::layout::transpose::transpose;
use crate::simd::aligned::AlignedVec;
use crate::simd::dispatch::InstructionSet;
use crate::simd::exp::exp;
use crate::simd::exp2::{Exp2, ZERO_BELOW};
use crate::simd::logarithm::ln;
use crate::simd::vector::{Operation, Vector, load, store};
use crate::tasks::Tasks;
use crate::{DROPPED_LOGIT, LayerArguments, LayerShape};
use std::f64::consts::LOG2_E;

pub(crate) const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_7;

/// √(½ log₂ e), the factor from z to the u for which 2^(-u²) = exp(-½ z²).
const Z_TO_U: f64 = 0.849_321_800_288_019_1;

/// The factor from u² to z².
pub(crate) const U_TO_Z_SQUARED: f64 = 1.0 / (Z_TO_U * Z_TO_U);

/// The base 2 offset of padding and of components without weight, which makes their exponential 0. No stored
/// offset is lower.
pub(crate) const NO_WEIGHT: f32 = -1e4;
const _: () = assert!(NO_WEIGHT < ZERO_BELOW);

/// The log weight of a dropped component: finite, but so low that no distance of the other components makes
/// up for it.
const DROPPED_LOG_WEIGHT: f64 = -1e306;

/// Number of values that describe a component: mean, scale, offset.
pub(crate) const VALUES: usize = 3;

/// Neurons whose values are transposed together: a cache line of each value.
const STRIP: usize = 16;

/// Vectors of weights that are summed up in `f32` before they join the `f64` total.
const SUM_VECTORS: usize = 32;

/// The softmax of one neuron's mixing logits, in `f64`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixing {
    largest: f64,
    log_total: f64,
}

impl Mixing {
    /// Computes the softmax of one neuron's logits, `[inputs]`.
    #[inline(always)]
    pub(crate) fn of(logits: &[f32]) -> Self {
        let mut largest = f32::MIN;
        for &logit in logits {
            largest = if logit > largest { logit } else { largest };
        }
        let largest = f64::from(largest);
        let mut lanes = [0.0_f64; 8];
        let (chunks, rest) = logits.as_chunks::<8>();
        for chunk in chunks {
            for (lane, &logit) in lanes.iter_mut().zip(chunk) {
                *lane += exp(f64::from(logit) - largest);
            }
        }
        let total: f64 = rest.iter().map(|&logit| exp(f64::from(logit) - largest)).chain(lanes).sum();
        Mixing { largest, log_total: total.ln() }
    }

    /// log π of a component. It subtracts the largest logit first, so that large logits keep their digits.
    #[inline(always)]
    pub(crate) fn log_weight(self, logit: f32) -> f64 {
        if logit <= DROPPED_LOGIT && self.largest > f64::from(DROPPED_LOGIT) {
            DROPPED_LOG_WEIGHT
        } else {
            (f64::from(logit) - self.largest) - self.log_total
        }
    }

    /// log π - log σ - ½ log 2π of a component.
    #[inline(always)]
    pub(crate) fn exponent(self, logit: f32, log_sigma: f32) -> f64 {
        self.log_weight(logit) - f64::from(log_sigma) - HALF_LOG_TWO_PI
    }

    /// π of a component.
    #[inline(always)]
    pub(crate) fn weight(self, logit: f32) -> f64 {
        exp(self.log_weight(logit))
    }
}

/// A layer's parameters in the form that the fast path reads.
///
/// With u = scale·(x - mean) a component is exp(c - M - ½z²) = 2^(offset - u²). M is the largest c of the
/// neuron and bounds every exponent whatever x is.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) layout: PanelLayout,
    /// μ, √(½ log₂ e)/σ and (c - M) log₂ e; places beyond the last neuron or input have no weight. With neurons in
    /// lanes `[panels, inputs, 3, width]`, with inputs in lanes `[neurons, vectors of inputs, 3, lanes]`.
    parameters: AlignedVec,
    /// Number of `parameters` of a panel.
    panel_size: usize,
    /// π, `[neurons, inputs]`.
    weights: Vec<f32>,
    /// M of each neuron, `[neurons]`.
    bounds: Vec<f64>,
    inputs: usize,
}

impl Prepared {
    pub(crate) fn new(
        instructions: InstructionSet,
        tasks: Tasks,
        shape: LayerShape,
        arguments: LayerArguments<'_>,
        lanes: Lanes,
    ) -> Self {
        let LayerShape { inputs, neurons, .. } = shape;
        let layout = PanelLayout::new(instructions, neurons);
        let (padded_inputs, padded_neurons) = match lanes {
            Lanes::Neurons => (inputs, layout.count * layout.width),
            Lanes::Inputs => (inputs.next_multiple_of(instructions.lanes()), neurons),
        };
        let panel_size = padded_inputs * VALUES * layout.width;
        let mut prepared = Prepared {
            layout,
            parameters: AlignedVec::zeros(padded_neurons * VALUES * padded_inputs),
            panel_size,
            weights: vec![0.0; neurons * inputs],
            bounds: vec![0.0; neurons],
            inputs,
        };
        let panels = prepared
            .parameters
            .chunks_mut(panel_size)
            .zip(prepared.weights.chunks_mut(layout.width * inputs))
            .zip(prepared.bounds.chunks_mut(layout.width))
            .enumerate();
        tasks.for_each(panels, |(panel, ((parameters, weights), bounds))| {
            let first_neuron = panel * layout.width;
            let width = layout.width;
            let fill = Fill { arguments, inputs, first_neuron, width, lanes, parameters, weights, bounds };
            instructions.run(fill);
        });
        prepared
    }

    /// The parameters of one panel, with neurons in lanes `[inputs, 3, width]`.
    pub(crate) fn panel(&self, panel: usize) -> &[f32] {
        let first = panel * self.panel_size;
        &self.parameters[first..self.parameters.len().min(first + self.panel_size)]
    }

    /// The parameters of each neuron of a panel, `[vectors of inputs, 3, lanes]`, with inputs in lanes.
    pub(crate) fn neurons(&self, panel: usize) -> std::slice::ChunksExact<'_, f32> {
        self.panel(panel).chunks_exact(self.panel_size / self.layout.width)
    }

    /// π of one neuron, `[inputs]`.
    pub(crate) fn weights(&self, neuron: usize) -> &[f32] {
        &self.weights[neuron * self.inputs..(neuron + 1) * self.inputs]
    }

    /// M of each neuron, `[neurons]`.
    pub(crate) fn bounds(&self) -> &[f64] {
        &self.bounds
    }
}

/// Prepares one panel.
struct Fill<'a> {
    arguments: LayerArguments<'a>,
    inputs: usize,
    first_neuron: usize,
    width: usize,
    lanes: Lanes,
    parameters: &'a mut [f32],
    weights: &'a mut [f32],
    bounds: &'a mut [f64],
}

impl Operation for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Fill { arguments, inputs, first_neuron, width, lanes, parameters, weights, bounds } = self;
        let exponentials = Exponentials::new(simd);
        let size = VALUES * inputs.next_multiple_of(S::F32_LANES);
        let mut largest_exponents = Vec::with_capacity(bounds.len());
        // The bounds are the totals of the weights until all of them are known.
        let neurons = (first_neuron..).zip(weights.chunks_exact_mut(inputs)).zip(bounds.iter_mut());
        let mut neurons = neurons.map(
            #[inline(always)]
            |((neuron, weights), bound)| {
                let components = neuron * inputs..(neuron + 1) * inputs;
                let neuron = Neuron {
                    means: &arguments.means[components.clone()],
                    log_sigmas: &arguments.log_sigmas[components.clone()],
                    mixing_logits: &arguments.mixing_logits[components],
                };
                (neuron, weights, bound)
            },
        );
        match lanes {
            Lanes::Inputs => {
                for ((neuron, weights, total), parameters) in neurons.zip(parameters.chunks_exact_mut(size)) {
                    let largest;
                    (largest, *total) = exponentials.prepare(neuron, parameters, weights);
                    largest_exponents.push(largest);
                }
            }
            Lanes::Neurons => {
                let mut strip = AlignedVec::zeros(STRIP.min(width) * size);
                let zero = simd.splat_f32s(0.0);
                let no_neuron: [_; VALUES] = [zero, zero, simd.splat_f32s(NO_WEIGHT)];
                for first_lane in (0..width).step_by(STRIP) {
                    for values in strip.chunks_exact_mut(size) {
                        match neurons.next() {
                            Some((neuron, weights, total)) => {
                                let largest;
                                (largest, *total) = exponentials.prepare(neuron, values, weights);
                                largest_exponents.push(largest);
                            }
                            None => {
                                let (whole, _) = S::as_mut_simd_f32s(values);
                                whole.as_chunks_mut().0.fill(no_neuron);
                            }
                        }
                    }
                    for (at, parameters) in parameters.chunks_mut(S::F32_LANES * VALUES * width).enumerate() {
                        let count = S::F32_LANES.min(inputs - at * S::F32_LANES);
                        for value in 0..VALUES {
                            let source = &strip[(at * VALUES + value) * S::F32_LANES..];
                            let target = &mut parameters[value * width + first_lane..];
                            transpose(source, size, STRIP.min(width), count, target, VALUES * width);
                        }
                    }
                }
            }
        }
        for (bound, largest_exponent) in bounds.iter_mut().zip(largest_exponents) {
            *bound = f64::from(largest_exponent) - ln(*bound) - HALF_LOG_TWO_PI;
        }
    }
}

/// The parameters of a neuron, each `[inputs]`.
struct Neuron<'a> {
    means: &'a [f32],
    log_sigmas: &'a [f32],
    mixing_logits: &'a [f32],
}

/// Exponentials of natural exponents, a vector at a time.
#[derive(Clone, Copy)]
struct Exponentials<S: Vector> {
    simd: S,
    exp2: S::Exp2,
}

impl<S: Vector> Exponentials<S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        Exponentials { simd, exp2: S::Exp2::new(simd) }
    }

    /// Fills `parameters`, `[vectors of inputs, 3, lanes]`, and `weights` with π. Returns the largest of
    /// logit less the largest logit, less log σ, and the total of the weights relative to the largest one.
    #[inline(always)]
    fn prepare(self, neuron: Neuron<'_>, parameters: &mut [f32], weights: &mut [f32]) -> (f32, f64) {
        let simd = self.simd;
        let Neuron { means, log_sigmas, mixing_logits } = neuron;
        let (zero, lowest) = (simd.splat_f32s(0.0), simd.splat_f32s(f32::NEG_INFINITY));
        let mut largest_logit = lowest;
        for logits in mixing_logits.chunks(S::F32_LANES) {
            largest_logit = simd.max_f32s(largest_logit, self.load(logits, lowest));
        }
        let largest_logit = simd.splat_f32s(simd.reduce_max_f32s(largest_logit));
        let (parameters, _) = S::as_mut_simd_f32s(parameters);
        let (parameters, _) = parameters.as_chunks_mut::<VALUES>();
        let mut largest_exponent = simd.splat_f32s(f32::MIN);
        let mut total = 0.0;
        let blocks = parameters.chunks_mut(SUM_VECTORS).zip(weights.chunks_mut(SUM_VECTORS * S::F32_LANES));
        for (block, (parameters, weights)) in blocks.enumerate() {
            let first = block * SUM_VECTORS * S::F32_LANES;
            let arguments = means[first..]
                .chunks(S::F32_LANES)
                .zip(log_sigmas[first..].chunks(S::F32_LANES))
                .zip(mixing_logits[first..].chunks(S::F32_LANES));
            let mut sum = zero;
            for (([mean, scale, offset], weights), ((means, log_sigmas), logits)) in
                parameters.iter_mut().zip(weights.chunks_mut(S::F32_LANES)).zip(arguments)
            {
                *mean = load(simd, means);
                let log_sigma = load(simd, log_sigmas);
                // Padding is too low to have a weight, even where all logits are `f32::MIN`. Differences between
                // logits are raised to a bound that still gives no weight.
                let difference = simd.sub_f32s(self.load(logits, lowest), largest_logit);
                let log_weight = simd.max_f32s(difference, simd.splat_f32s(2.0 * NO_WEIGHT));
                let [weight, inverse_sigma] = self.exp([log_weight, simd.neg_f32s(log_sigma)]);
                *scale = simd.mul_f32s(inverse_sigma, simd.splat_f32s(Z_TO_U as f32));
                *offset = simd.sub_f32s(log_weight, log_sigma);
                largest_exponent = simd.max_f32s(largest_exponent, *offset);
                sum = simd.add_f32s(sum, weight);
                store(simd, weight, weights);
            }
            total += f64::from(simd.reduce_sum_f32s(sum));
        }
        let largest_exponent = simd.reduce_max_f32s(largest_exponent);
        let shift = simd.splat_f32s(largest_exponent);
        for [_, _, offset] in parameters {
            let relative = simd.mul_f32s(simd.sub_f32s(*offset, shift), simd.splat_f32s(LOG2_E as f32));
            *offset = simd.max_f32s(relative, simd.splat_f32s(NO_WEIGHT));
        }
        let scale = (1.0 / total) as f32;
        weights.iter_mut().for_each(|weight| *weight *= scale);
        (largest_exponent, total)
    }

    /// e^value of values up to 87, as exact as the power of two.
    #[inline(always)]
    fn exp<const N: usize>(self, values: [S::f32s; N]) -> [S::f32s; N] {
        // The product with log₂ e loses digits that matter where the value is large. 2^(rounded product) is
        // therefore multiplied by e to the power of the small rest.
        const LOG2_E_HIGH: f32 = LOG2_E as f32;
        const LOG2_E_LOW: f32 = (LOG2_E - LOG2_E_HIGH as f64) as f32;
        let simd = self.simd;
        let high = simd.splat_f32s(LOG2_E_HIGH);
        let mut products = [[high]; N];
        for n in 0..N {
            products[n][0] = simd.mul_f32s(values[n], high);
        }
        let mut results = values;
        for (n, [power]) in self.exp2.of(products).into_iter().enumerate() {
            let missing = simd.mul_add_f32s(values[n], high, simd.neg_f32s(products[n][0]));
            let missing = simd.mul_add_f32s(values[n], simd.splat_f32s(LOG2_E_LOW), missing);
            let missing = simd.mul_f32s(missing, simd.splat_f32s(std::f32::consts::LN_2));
            results[n] = simd.mul_add_f32s(power, missing, power);
        }
        results
    }

    /// At most a vector of values, followed by padding.
    #[inline(always)]
    fn load(self, values: &[f32], padding: S::f32s) -> S::f32s {
        let vector = load(self.simd, values);
        if values.len() >= S::F32_LANES {
            return vector;
        }
        let count = self.simd.splat_u32s(values.len() as u32);
        self.simd.select_f32s(self.simd.less_than_u32s(self.indices(), count), vector, padding)
    }

    #[inline(always)]
    fn indices(self) -> S::u32s {
        let indices: [u32; STRIP] = std::array::from_fn(|index| index as u32);
        self.simd.partial_load_u32s(&indices[..S::U32_LANES])
    }
}
