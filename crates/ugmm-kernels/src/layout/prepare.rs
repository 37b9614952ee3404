//! The layer's parameters in the form that the fast path reads, computed once per call and kept from the
//! forward pass for the backward pass.

use crate::layout::lanes::Lanes;
use crate::layout::transpose::transpose;
use crate::simd::aligned::AlignedVec;
use crate::simd::dispatch::InstructionSet;
use crate::simd::exp::exp;
use crate::simd::exp2::{Exp2, ZERO_BELOW};
use crate::simd::vector::{Operation, Vector};
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

/// Inputs whose values are computed before they are transposed, few enough to stay in the first-level cache.
const INPUTS: usize = 32;

/// Components whose weights are summed up in `f32` before they join the `f64` total.
const SUM_INPUTS: usize = 512;

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

/// The arrangement of neurons in vectors: side by side. One or two vectors form a panel, whose neurons are
/// evaluated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PanelLayout {
    /// Vectors of a panel, 1 or 2.
    pub(crate) vectors: usize,
    /// Neurons of a panel.
    pub(crate) width: usize,
    /// Panels of the layer.
    pub(crate) count: usize,
}

impl PanelLayout {
    pub(crate) fn new(instructions: InstructionSet, neurons: usize) -> Self {
        let lanes = instructions.lanes();
        let vectors = if neurons <= lanes { 1 } else { 2 };
        let width = vectors * lanes;
        PanelLayout { vectors, width, count: neurons.div_ceil(width) }
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
            let outputs = Outputs { parameters, weights, bounds };
            instructions.run(Fill { arguments, inputs, first_neuron, layout, lanes, outputs });
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
    layout: PanelLayout,
    lanes: Lanes,
    outputs: Outputs<'a>,
}

/// A panel's part of each list of [`Prepared`].
struct Outputs<'a> {
    parameters: &'a mut [f32],
    weights: &'a mut [f32],
    bounds: &'a mut [f64],
}

impl Operation for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Fill { arguments, inputs, first_neuron, layout, lanes, outputs } = self;
        let Outputs { parameters, weights, bounds } = outputs;
        let exponentials = Exponentials::new(simd);
        let softmaxes: Vec<Softmax> = weights
            .chunks_exact_mut(inputs)
            .zip(bounds)
            .zip(first_neuron..)
            .map(
                #[inline(always)]
                |((weights, bound), neuron)| {
                    let components = neuron * inputs..(neuron + 1) * inputs;
                    let logits = &arguments.mixing_logits[components.clone()];
                    let (softmax, total) =
                        exponentials.softmax(logits, &arguments.log_sigmas[components], weights);
                    *bound = f64::from(softmax.largest_exponent) - total.ln() - HALF_LOG_TWO_PI;
                    softmax
                },
            )
            .collect();
        let panel = Panel { arguments, inputs, first_neuron, softmaxes: &softmaxes };
        match lanes {
            Lanes::Neurons => panel.by_neurons(exponentials, layout.width, parameters),
            Lanes::Inputs => panel.by_inputs(exponentials, parameters),
        }
    }
}

/// The neurons of a panel.
struct Panel<'a> {
    arguments: LayerArguments<'a>,
    inputs: usize,
    first_neuron: usize,
    softmaxes: &'a [Softmax],
}

impl Panel<'_> {
    /// Fills in `[vectors of inputs, 3, lanes]` for each neuron.
    #[inline(always)]
    fn by_inputs<S: Vector>(self, exponentials: Exponentials<S>, parameters: &mut [f32]) {
        let Panel { arguments, inputs, first_neuron, softmaxes } = self;
        let lanes = S::F32_LANES;
        let size = VALUES * inputs.next_multiple_of(lanes);
        for ((neuron, &softmax), parameters) in
            (first_neuron..).zip(softmaxes).zip(parameters.chunks_exact_mut(size))
        {
            for (at, values) in parameters.chunks_exact_mut(VALUES * lanes).enumerate() {
                let count = lanes.min(inputs - at * lanes);
                let start = neuron * inputs + at * lanes;
                let components = start..start + count;
                let (means, rest) = values.split_at_mut(lanes);
                means[..count].copy_from_slice(&arguments.means[components.clone()]);
                let (scales, offsets) = rest.split_at_mut(lanes);
                offsets.fill(NO_WEIGHT);
                let log_sigmas = &arguments.log_sigmas[components.clone()];
                let logits = &arguments.mixing_logits[components];
                let (scales, offsets) = (&mut scales[..count], &mut offsets[..count]);
                exponentials.scales_and_offsets(softmax, log_sigmas, logits, scales, offsets);
            }
        }
    }

    /// Fills in `[inputs, 3, width]`.
    #[inline(always)]
    fn by_neurons<S: Vector>(self, exponentials: Exponentials<S>, width: usize, parameters: &mut [f32]) {
        let Panel { arguments, inputs, first_neuron, softmaxes } = self;
        let mut strip = [[0.0_f32; VALUES * INPUTS]; STRIP];
        for first_lane in (0..width).step_by(STRIP) {
            let lanes = STRIP.min(width - first_lane);
            for (block, parameters) in parameters.chunks_mut(INPUTS * VALUES * width).enumerate() {
                let first = block * INPUTS;
                let count = INPUTS.min(inputs - first);
                for (lane, values) in (first_lane..).zip(strip.iter_mut().take(lanes)) {
                    let Some(&softmax) = softmaxes.get(lane) else {
                        values.fill(0.0);
                        values[2 * INPUTS..].fill(NO_WEIGHT);
                        continue;
                    };
                    let start = (first_neuron + lane) * inputs + first;
                    let components = start..start + count;
                    let (means, rest) = values.split_at_mut(INPUTS);
                    means[..count].copy_from_slice(&arguments.means[components.clone()]);
                    let (scales, offsets) = rest.split_at_mut(INPUTS);
                    let log_sigmas = &arguments.log_sigmas[components.clone()];
                    let logits = &arguments.mixing_logits[components];
                    exponentials.scales_and_offsets(softmax, log_sigmas, logits, scales, offsets);
                }
                let strip = strip.as_flattened();
                for value in 0..VALUES {
                    let target = &mut parameters[value * width + first_lane..];
                    transpose(
                        &strip[value * INPUTS..],
                        VALUES * INPUTS,
                        lanes,
                        count,
                        target,
                        VALUES * width,
                    );
                }
            }
        }
    }
}

/// The reference values of one neuron's offsets.
#[derive(Clone, Copy)]
struct Softmax {
    largest_logit: f32,
    /// The largest of: logit less the largest logit, less log σ.
    largest_exponent: f32,
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

    /// Fills `weights` with π; returns the reference values and the total of the unscaled weights.
    #[inline(always)]
    fn softmax(self, logits: &[f32], log_sigmas: &[f32], weights: &mut [f32]) -> (Softmax, f64) {
        let simd = self.simd;
        let largest_logit =
            self.reduce(logits, f32::NEG_INFINITY, |largest, logit| simd.max_f32s(largest, logit));
        let largest_logit = simd.reduce_max_f32s(largest_logit);
        let shift = simd.splat_f32s(largest_logit);
        let mut total = 0.0;
        let mut largest_exponent = simd.splat_f32s(f32::MIN);
        let pieces = logits.chunks(SUM_INPUTS).zip(log_sigmas.chunks(SUM_INPUTS));
        for ((logits, log_sigmas), weights) in pieces.zip(weights.chunks_mut(SUM_INPUTS)) {
            let mut sum = simd.splat_f32s(0.0);
            for ((logits, log_sigmas), weights) in logits
                .chunks(S::F32_LANES)
                .zip(log_sigmas.chunks(S::F32_LANES))
                .zip(weights.chunks_mut(S::F32_LANES))
            {
                // Padding beyond the end is too low to have a weight, even where all logits are `f32::MIN`.
                let padding = simd.splat_f32s(f32::NEG_INFINITY);
                let logit = self.load(logits, padding);
                let log_weight = self.log_weight(simd.sub_f32s(logit, shift));
                let exponent = simd.sub_f32s(log_weight, self.load(log_sigmas, simd.splat_f32s(0.0)));
                largest_exponent = simd.max_f32s(largest_exponent, exponent);
                let weight = self.exp(log_weight);
                sum = simd.add_f32s(sum, weight);
                simd.partial_store_f32s(weights, weight);
            }
            total += f64::from(simd.reduce_sum_f32s(sum));
        }
        let scale = (1.0 / total) as f32;
        weights.iter_mut().for_each(|weight| *weight *= scale);
        (Softmax { largest_logit, largest_exponent: simd.reduce_max_f32s(largest_exponent) }, total)
    }

    /// Fills in the scales and offsets of some components.
    #[inline(always)]
    fn scales_and_offsets(
        self,
        softmax: Softmax,
        log_sigmas: &[f32],
        logits: &[f32],
        scales: &mut [f32],
        offsets: &mut [f32],
    ) {
        let simd = self.simd;
        let zero = simd.splat_f32s(0.0);
        let shift = simd.splat_f32s(softmax.largest_logit);
        let largest_exponent = simd.splat_f32s(softmax.largest_exponent);
        let parameters = log_sigmas.chunks(S::F32_LANES).zip(logits.chunks(S::F32_LANES));
        let outputs = scales.chunks_mut(S::F32_LANES).zip(offsets.chunks_mut(S::F32_LANES));
        for ((log_sigmas, logits), (scales, offsets)) in parameters.zip(outputs) {
            let log_sigma = self.load(log_sigmas, zero);
            let scale = simd.mul_f32s(self.exp(simd.neg_f32s(log_sigma)), simd.splat_f32s(Z_TO_U as f32));
            simd.partial_store_f32s(scales, scale);
            let log_weight = self.log_weight(simd.sub_f32s(self.load(logits, shift), shift));
            let exponent = simd.sub_f32s(simd.sub_f32s(log_weight, log_sigma), largest_exponent);
            let offset = simd.mul_f32s(exponent, simd.splat_f32s(LOG2_E as f32));
            simd.partial_store_f32s(offsets, simd.max_f32s(offset, simd.splat_f32s(NO_WEIGHT)));
        }
    }

    /// Raises differences between logits and their largest to a bound that still gives no weight.
    #[inline(always)]
    fn log_weight(self, difference: S::f32s) -> S::f32s {
        self.simd.max_f32s(difference, self.simd.splat_f32s(2.0 * NO_WEIGHT))
    }

    /// e^value of values up to 87, as exact as the power of two.
    #[inline(always)]
    fn exp(self, value: S::f32s) -> S::f32s {
        // The product with log₂ e loses digits that matter where the value is large. 2^(rounded product) is
        // therefore multiplied by e to the power of the small rest.
        const LOG2_E_HIGH: f32 = LOG2_E as f32;
        const LOG2_E_LOW: f32 = (LOG2_E - LOG2_E_HIGH as f64) as f32;
        let simd = self.simd;
        let high = simd.splat_f32s(LOG2_E_HIGH);
        let product = simd.mul_f32s(value, high);
        let missing = simd.mul_add_f32s(value, high, simd.neg_f32s(product));
        let missing = simd.mul_add_f32s(value, simd.splat_f32s(LOG2_E_LOW), missing);
        let [[power]] = self.exp2.of([[product]]);
        let missing = simd.mul_f32s(missing, simd.splat_f32s(std::f32::consts::LN_2));
        simd.mul_add_f32s(power, missing, power)
    }

    /// At most a vector of values, followed by padding.
    #[inline(always)]
    fn load(self, values: &[f32], padding: S::f32s) -> S::f32s {
        let (whole, rest) = S::as_simd_f32s(values);
        match whole.first() {
            Some(&vector) => vector,
            None => {
                let is_value =
                    self.simd.less_than_u32s(self.indices(), self.simd.splat_u32s(rest.len() as u32));
                self.simd.select_f32s(is_value, self.simd.partial_load_f32s(rest), padding)
            }
        }
    }

    #[inline(always)]
    fn indices(self) -> S::u32s {
        let indices: [u32; STRIP] = std::array::from_fn(|index| index as u32);
        self.simd.partial_load_u32s(&indices[..S::U32_LANES])
    }

    /// Reduces all values to one vector.
    #[inline(always)]
    fn reduce(self, values: &[f32], padding: f32, step: impl Fn(S::f32s, S::f32s) -> S::f32s) -> S::f32s {
        let padding = self.simd.splat_f32s(padding);
        let mut result = padding;
        for values in values.chunks(S::F32_LANES) {
            result = step(result, self.load(values, padding));
        }
        result
    }
}
