//! Linear functions above and below each activation of a layer over a box.

use super::bump::{Interval, Line};
use super::mixtures::{InputBox, Mixtures, log_sum, nearest};
use super::rounding;
use crate::simd::exp::exp;

/// Linear functions of a layer's inputs, each given by its value at the middle of the box and its slopes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// Values at the middle of the box, `[neurons]`, rounding included.
    pub values: Vec<f64>,
    /// Slopes, `[neurons, inputs]`.
    pub slopes: Vec<f64>,
}

impl Lines {
    fn with_capacity(neurons: usize, inputs: usize) -> Self {
        Self { values: Vec::with_capacity(neurons), slopes: Vec::with_capacity(neurons * inputs) }
    }
}

/// Bounds of a layer over a box of its inputs. With the sums S = Σ exp(exponent) = exp(y): `sums_above` ≥ S ·
/// exp(−`scales`), `above` ≥ y ≥ `below`, and `low` ≤ y ≤ `high`.
#[derive(Clone, Debug)]
pub struct Relaxation {
    /// Middle of the box, `[inputs]`.
    pub middle: Vec<f64>,
    /// Lower bounds of the activations, `[neurons]`.
    pub low: Vec<f64>,
    /// Upper bounds of the activations, `[neurons]`.
    pub high: Vec<f64>,
    /// Logarithms of the factors that the sums are divided by, `[neurons]`.
    pub scales: Vec<f64>,
    /// Lines above the scaled sums.
    pub sums_above: Lines,
    /// Lines below the scaled sums.
    sums_below: Lines,
    /// Lines below the activations, by Jensen's inequality.
    jensen: Lines,
    /// Distance between the two lines of each component in the middle of the box, relative to the neuron's
    /// sum there, `[neurons, inputs]`: the loss by the component's curvature.
    pub looseness: Vec<f64>,
    inputs: usize,
}

impl Relaxation {
    /// Relaxes `mixtures` over a box.
    #[must_use]
    pub fn new(mixtures: &Mixtures, inputs: InputBox<'_>) -> Self {
        let (neurons, columns) = (mixtures.neurons(), mixtures.inputs());
        let (low, high) = mixtures.intervals(inputs);
        let middle: Vec<f64> =
            inputs.low.iter().zip(inputs.high).map(|(low, high)| 0.5 * low + 0.5 * high).collect();
        let mut relaxation = Self {
            middle,
            low,
            high,
            scales: Vec::with_capacity(neurons),
            sums_above: Lines::with_capacity(neurons, columns),
            sums_below: Lines::with_capacity(neurons, columns),
            jensen: Lines::with_capacity(neurons, columns),
            looseness: Vec::with_capacity(neurons * columns),
            inputs: columns,
        };
        (0..neurons).for_each(|neuron| relaxation.add_neuron(mixtures, neuron, inputs));
        relaxation
    }

    fn add_neuron(&mut self, mixtures: &Mixtures, neuron: usize, inputs: InputBox<'_>) {
        let constant = mixtures.constants[neuron];
        let first = neuron * self.inputs;
        // The greatest exponent in the box, so that no scaled term exceeds 1.
        let mut scale = constant;
        let mut exponents = Vec::with_capacity(self.inputs);
        for k in 0..self.inputs {
            let at = first + k;
            let (from, to) = mixtures.z_interval(at, inputs.low[k], inputs.high[k]);
            let near = nearest(from, to);
            scale = scale.max(mixtures.log_peaks[at] - 0.5 * near * near);
            let z = mixtures.z(at, self.middle[k]);
            exponents.push(mixtures.log_peaks[at] - 0.5 * z * z);
        }
        if scale == f64::NEG_INFINITY {
            scale = 0.0;
        }
        let in_middle = log_sum(&exponents, constant);
        let moved_constant = mixtures.constant_roundings[neuron];
        let mut above = exp(constant + moved_constant - scale);
        let mut below = exp(constant - moved_constant - scale);
        let mut jensen = in_middle - moved_constant;
        let mut jensen_magnitude = in_middle.abs() + 1.0;
        let (mut wobble, mut jensen_wobble) = (0.0, 0.0);
        for k in 0..self.inputs {
            let at = first + k;
            let peak = mixtures.log_peaks[at];
            let z = mixtures.z(at, self.middle[k]);
            let inverse = mixtures.inverse_sigmas[at];
            let (from, to) = mixtures.z_interval(at, inputs.low[k], inputs.high[k]);
            let moved = mixtures.z_rounding(at, inputs.low[k].abs().max(inputs.high[k].abs()));
            let near = nearest(from, to);
            let greatest = exp(peak - 0.5 * near * near - scale);
            let responsibility = exp(exponents[k] - in_middle);
            // −½ z² is above its chord.
            let square = Line { offset: 0.5 * from * to, slope: -0.5 * (from + to) };
            if responsibility > 0.0 {
                jensen += responsibility * (square.at(z) + 0.5 * z * z);
                jensen_magnitude +=
                    responsibility * (from * from + to * to + z * z + mixtures.magnitudes[at]);
                jensen_wobble += responsibility * square.slope.abs() * moved;
            }
            let jensen_slope = responsibility * square.slope * inverse;
            if greatest == 0.0 {
                // Such a term is below e^-709 of the greatest, which `rounding` covers.
                self.push_slopes(0.0, 0.0, jensen_slope, 0.0);
                continue;
            }
            // These are lines for exp(log_peak − scale) φ(z). Where the whole interval is far from 0, φ
            // underflows although the product does not, so that the greatest value of φ is taken out of it.
            let (upper, lower) = if near < FAR_TAIL {
                let factor = exp(peak - scale);
                let interval = Interval::new(from, to);
                let (upper, lower) = if inputs.ends_only(k) {
                    (interval.chord(), interval.chord())
                } else {
                    (interval.above(), interval.below())
                };
                let times = |line: Line| Line { offset: line.offset * factor, slope: line.slope * factor };
                (times(upper), times(lower))
            } else {
                tail(from, to, greatest)
            };
            let (at_upper, at_lower) = (upper.at(z), lower.at(z));
            above += at_upper;
            below += at_lower;
            let slopes = upper.slope.abs() + lower.slope.abs();
            let magnitude = upper.offset.abs() + lower.offset.abs() + slopes * z.abs();
            // The exponent of a line's factor is as exact as the magnitudes that it was computed from.
            wobble += slopes * moved + rounding(1, magnitude) * mixtures.magnitudes[at];
            let loose = (at_upper - at_lower) * exp(scale - in_middle);
            self.push_slopes(upper.slope * inverse, lower.slope * inverse, jensen_slope, loose);
        }
        let terms = self.inputs;
        self.sums_above.values.push(above + wobble + rounding(terms, above.abs() + 1.0));
        self.sums_below.values.push(below - wobble - rounding(terms, above.abs() + 1.0));
        self.jensen.values.push(jensen - jensen_wobble - rounding(terms, jensen_magnitude));
        self.scales.push(scale);
    }

    fn push_slopes(&mut self, above: f64, below: f64, jensen: f64, loose: f64) {
        self.sums_above.slopes.push(above);
        self.sums_below.slopes.push(below);
        self.jensen.slopes.push(jensen);
        self.looseness.push(loose);
    }

    /// Intersects the interval of a neuron's activation with bounds that are known from elsewhere.
    pub fn narrow(&mut self, neuron: usize, low: f64, high: f64) {
        self.low[neuron] = self.low[neuron].max(low);
        self.high[neuron] = self.high[neuron].min(high).max(self.low[neuron]);
    }

    /// Number of inputs of the layer.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Returns the value, in the middle of the box, of a line above the activation of a neuron, and adds the
    /// line's slopes times `factor` to `slopes`, `[inputs]`.
    pub fn add_above(&self, neuron: usize, factor: f64, slopes: &mut [f64]) -> f64 {
        let scale = self.scales[neuron];
        let (least, greatest) = (exp(self.low[neuron] - scale), exp(self.high[neuron] - scale));
        // log is below its tangents. Halfway between the ends the tangent is never more than 0.31 above the upper end.
        let touch = 0.5 * (least + greatest);
        let sum = self.sums_above.values[neuron];
        let value = scale + touch.ln() + (sum - touch) / touch;
        if value >= self.high[neuron] || touch == 0.0 {
            return self.high[neuron];
        }
        self.add_slopes(&self.sums_above, neuron, factor / touch, slopes);
        value + rounding(4, scale.abs() + 1.0 + sum / touch)
    }

    /// Returns the value, in the middle of the box, of a line below the activation of a neuron, and adds the
    /// line's slopes times `factor` to `slopes`, `[inputs]`.
    pub fn add_below(&self, neuron: usize, factor: f64, slopes: &mut [f64]) -> f64 {
        let (low, high) = (self.low[neuron], self.high[neuron]);
        let jensen = self.jensen.values[neuron];
        let scale = self.scales[neuron];
        let (least, greatest) = (exp(low - scale), exp(high - scale));
        let sum = self.sums_below.values[neuron];
        // log is above its chord. The chord's ends are moved outwards, so that the sum lies between them.
        let width = greatest - least;
        let slope = if width > 1e-9 * greatest { (high - low) / width } else { 0.0 };
        let chord =
            low + slope * (sum - least) - rounding(8, low.abs() + high.abs() + slope * (sum.abs() + least));
        if jensen >= chord && jensen > low {
            self.add_slopes(&self.jensen, neuron, factor, slopes);
            return jensen;
        }
        if chord > low && slope > 0.0 {
            self.add_slopes(&self.sums_below, neuron, factor * slope, slopes);
            return chord;
        }
        low
    }

    fn add_slopes(&self, lines: &Lines, neuron: usize, factor: f64, slopes: &mut [f64]) {
        let row = &lines.slopes[neuron * self.inputs..(neuron + 1) * self.inputs];
        slopes.iter_mut().zip(row).for_each(|(sum, slope)| *sum += factor * slope);
    }
}

/// Smallest |z| at which a bump is scaled by its greatest value.
const FAR_TAIL: f64 = 30.0;

/// Lines around `greatest` · exp(−½ (z² − near²)) on an interval beyond [`FAR_TAIL`], where it is convex.
fn tail(from: f64, to: f64, greatest: f64) -> (Line, Line) {
    let near = nearest(from, to);
    let value = |z: f64| greatest * exp(-0.5 * (z.abs() - near) * (z.abs() + near));
    let (at_low, at_high) = (value(from), value(to));
    let width = to - from;
    let slope = if width > 1e-7 { (at_high - at_low) / width } else { 0.0 };
    let upper = Line { slope, offset: (at_low - slope * from).max(at_high - slope * to) };
    let middle = 0.5 * (from + to);
    let at_middle = value(middle);
    let lower = Line { offset: at_middle * (1.0 + middle * middle), slope: -middle * at_middle };
    (upper, lower)
}

#[cfg(test)]
mod tests {
    use super::{FAR_TAIL, tail};

    #[test]
    fn lines_of_a_far_tail_hold_and_touch() {
        for (near, width) in
            [(FAR_TAIL, 0.0), (FAR_TAIL, 1e-8), (30.5, 0.02), (40.0, 1.0), (1e4, 1e-4), (1e8, 3.0)]
        {
            for side in [1.0, -1.0] {
                let far = near + width;
                let (from, to) = if side > 0.0 { (near, far) } else { (-far, -near) };
                let greatest = 0.7;
                let (upper, lower) = tail(from, to, greatest);
                let value = |z: f64| greatest * (-0.5 * (z.abs() - near) * (z.abs() + near)).exp();
                // The two terms of a line cancel.
                let slack = |z: f64| 1e-12 * (1.0 + (upper.slope * z).abs() + (lower.slope * z).abs());
                for step in 0..=100 {
                    let z = from + (to - from) * f64::from(step) / 100.0;
                    assert!(
                        upper.at(z) >= value(z) - slack(z),
                        "{from} {to} {z}: {} {}",
                        upper.at(z),
                        value(z)
                    );
                    assert!(
                        lower.at(z) <= value(z) + slack(z),
                        "{from} {to} {z}: {} {}",
                        lower.at(z),
                        value(z)
                    );
                }
                let middle = 0.5 * (from + to);
                assert!((lower.at(middle) - value(middle)).abs() <= slack(middle));
                // The upper line is the chord, except on intervals too short for a quotient, where it is
                // level.
                let (left, right) = (upper.at(from) - value(from), upper.at(to) - value(to));
                let short = if width > 1e-7 { 0.0 } else { 2.0 * near * width };
                assert!(
                    left.abs() <= short + slack(from) && right.abs() <= short + slack(to),
                    "{left} {right}"
                );
            }
        }
    }
}
