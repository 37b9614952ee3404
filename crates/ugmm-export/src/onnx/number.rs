//! What is known of a number, as operations in double precision.

use super::graph::{Graph, Type, Value};
use super::proto::AttributeProto;
use crate::portable::{MixtureUnit, NumberHead, QUANTILES};
use ugmm_circuit::UnivariateMixture;

/// Share of a cell's probability that it keeps when a density is made narrower.
const LEFT_OUTSIDE: f64 = 1e-3;
/// Least probability of the usual cells with which the others do not affect the mean.
const USUAL_SHARE: f64 = 0.95;

/// How much a sum of probabilities may be less than it should be.
const ROUNDING: f64 = 1e-12;
/// Number of halvings of a part of a cell.
const BISECTIONS: i32 = 40;
/// Standard deviations between two numbers at which a distribution function is stored, and from the mean to the last.
const STEP: f64 = 0.25;
const REACH: f64 = 8.5;

/// Doubles, each `[rows, 1]`.
pub struct NumberValues {
    pub mean: Value,
    pub deviation: Value,
    pub quantiles: Vec<Value>,
}

/// Cells with the probabilities `[rows, cells]`.
struct Cells<'a> {
    edges: &'a [f64],
    shares: Value,
    /// Probabilities of each cell and those before it, and of those before it.
    with: Value,
    before: Value,
    /// The part of the first cell's probability that is at its lower end, `[rows, 1]`.
    at_low: Option<Value>,
}

/// Mean, standard deviation and quantiles of the number with these scores of the cells, `[rows, cells]`.
pub fn of_cells(graph: &mut Graph, head: &NumberHead, scores: &Value) -> NumberValues {
    let logs = graph.log_softmax(scores, Type::Double);
    let mut shares = graph.op("Exp", [&logs]);
    let count = head.nodes.len();
    if let Some(spread) = head.spread {
        let [low, high] = head.range;
        let width = (high - low) / count as f64;
        let edges: Vec<f64> = (0..=count).map(|cell| low + cell as f64 * width).collect();
        let cells = Cells::new(shares, &edges, None, graph);
        shares = stretched(graph, &cells, spread, [low, width]);
    }
    let mut at_low = None;
    if let Some(part) = head.below {
        let before = match head.first {
            0 => None,
            first => {
                let impossible = graph.slice(&shares, 0, first);
                Some(graph.reduce("ReduceSum", &impossible, true))
            }
        };
        let own = graph.slice(&shares, head.first, head.first + 1);
        let part = graph.double(part);
        let below = graph.op("Mul", [&own, &part]);
        let (mut joined, mut mass) = (own, below);
        if let Some(before) = &before {
            joined = graph.op("Add", [&joined, before]);
            mass = graph.op("Add", [&mass, before]);
        }
        let rest = (head.first + 1 < count).then(|| graph.slice(&shares, head.first + 1, count));
        let all: Vec<Value> = std::iter::once(joined).chain(rest).collect();
        shares = graph.concat(&all, 1);
        at_low = Some(mass);
    }
    let cells = Cells::new(shares, &head.edges, at_low, graph);
    let quantiles = QUANTILES.map(|probability| cells.quantile(graph, probability)).to_vec();
    let (mean, deviation) = cells.moments(graph, head.usual);
    NumberValues { mean, deviation, quantiles }
}

/// Mean, standard deviation and quantiles of a whole number with these log-probabilities `[rows, count]` of `first` and
/// the numbers after it.
pub fn of_whole(graph: &mut Graph, logs: &Value, first: i64, count: usize) -> NumberValues {
    let shares = graph.op("Exp", [logs]);
    let numbers: Vec<f64> = (0..count).map(|place| (first + place as i64) as f64).collect();
    let all = graph.doubles(&[1, count], &numbers);
    let products = graph.op("Mul", [&shares, &all]);
    let mean = graph.reduce("ReduceSum", &products, true);
    let distances = graph.op("Sub", [&all, &mean]);
    let squares = graph.op("Mul", [&distances, &distances]);
    let squares = graph.op("Mul", [&squares, &shares]);
    let variance = graph.reduce("ReduceSum", &squares, true);
    let deviation = graph.op("Sqrt", [&variance]);
    let axis = graph.ints(&[], &[1]);
    let with = graph.op("CumSum", [&shares, &axis]);
    let table = graph.doubles(&[count], &numbers);
    let quantiles = QUANTILES.map(|probability| {
        // A sum of probabilities is subject to rounding.
        let wanted = graph.double(probability - ROUNDING);
        let less = graph.op("Less", [&with, &wanted]);
        let less = graph.cast(&less, Type::Int);
        let place = graph.reduce("ReduceSum", &less, true);
        let last = graph.ints(&[], &[count as i64 - 1]);
        let place = graph.op("Min", [&place, &last]);
        graph.gather(&table, &place, 0)
    });
    NumberValues { mean, deviation, quantiles: quantiles.to_vec() }
}

/// Mean, standard deviation and quantiles of a mixture of units with these logarithms of weights, `[rows, units]`.
///
/// The distribution function is the sum of those of the units, which constants hold at many numbers. Between two of
/// them it is a cubic with the density as its slope at both ends.
pub fn of_mixture(
    graph: &mut Graph,
    logs: &Value,
    units: &[MixtureUnit],
    ends: (Option<f64>, Option<f64>),
) -> NumberValues {
    let weights = graph.op("Exp", [logs]);
    let column = |graph: &mut Graph, value: &dyn Fn(&MixtureUnit) -> f64| {
        let values: Vec<f64> = units.iter().map(value).collect();
        graph.doubles(&[1, units.len()], &values)
    };
    let means = column(graph, &|unit| unit.mean);
    let products = graph.op("Mul", [&weights, &means]);
    let mean = graph.reduce("ReduceSum", &products, true);
    let variances = column(graph, &|unit| unit.deviation.powi(2));
    let distances = graph.op("Sub", [&means, &mean]);
    let squares = graph.op("Mul", [&distances, &distances]);
    let squares = graph.op("Add", [&squares, &variances]);
    let squares = graph.op("Mul", [&squares, &weights]);
    let variance = graph.reduce("ReduceSum", &squares, true);
    let deviation = graph.op("Sqrt", [&variance]);

    let numbers = knots(units, ends);
    let count = numbers.len();
    let mixtures: Vec<UnivariateMixture> = units.iter().map(|unit| unit.mixture(ends.0, ends.1)).collect();
    let mut table = |value: &dyn Fn(&UnivariateMixture, f64) -> f64| {
        let values: Vec<f64> =
            mixtures.iter().flat_map(|unit| numbers.iter().map(|&number| value(unit, number))).collect();
        let constant = graph.doubles(&[units.len(), count], &values);
        graph.op("MatMul", [&weights, &constant])
    };
    let below = table(&UnivariateMixture::cumulative);
    let densities = table(&UnivariateMixture::density);
    let starts = graph.doubles(&[count], &numbers);
    let quantiles = QUANTILES.map(|probability| {
        let wanted = graph.double(probability);
        let less = graph.op("Less", [&below, &wanted]);
        let less = graph.cast(&less, Type::Int);
        let upper = graph.reduce("ReduceSum", &less, true);
        let [one, last] = [1, count as i64 - 1].map(|end| graph.ints(&[], &[end]));
        let upper = graph.op("Clip", [&upper, &one, &last]);
        let lower = graph.op("Sub", [&upper, &one]);
        let [from, to] = [&lower, &upper].map(|place| graph.gather(&starts, place, 0));
        let width = graph.op("Sub", [&to, &from]);
        let [start, end] = [&lower, &upper].map(|place| elements(graph, &below, place));
        let slopes = [&lower, &upper].map(|place| {
            let density = elements(graph, &densities, place);
            graph.op("Mul", [&density, &width])
        });
        let part = solved(graph, &wanted, [&start, &end], [&slopes[0], &slopes[1]]);
        let inside = graph.op("Mul", [&part, &width]);
        graph.op("Add", [&from, &inside])
    });
    NumberValues { mean, deviation, quantiles: quantiles.to_vec() }
}

/// The place from 0 to 1, `[rows, 1]`, at which the cubic with these values and slopes at 0 and 1 is `wanted`, by bisection.
fn solved(graph: &mut Graph, wanted: &Value, [start, end]: [&Value; 2], [rise, fall]: [&Value; 2]) -> Value {
    let [two, three, half] = [2.0, 3.0, 0.5].map(|value| graph.double(value));
    // start + t (rise + t (b + t a)), with a and b from the values and slopes at the ends.
    let way = graph.op("Sub", [end, start]);
    let slopes = graph.op("Add", [rise, fall]);
    let twice = graph.op("Mul", [&way, &two]);
    let a = graph.op("Sub", [&slopes, &twice]);
    let thrice = graph.op("Mul", [&way, &three]);
    let b = graph.op("Sub", [&thrice, &slopes]);
    let b = graph.op("Sub", [&b, rise]);
    let zero = graph.double(0.0);
    let mut low = graph.op("Mul", [start, &zero]);
    let mut size = half.clone();
    for step in 1..=BISECTIONS {
        let middle = graph.op("Add", [&low, &size]);
        let value = graph.op("Mul", [&middle, &a]);
        let value = graph.op("Add", [&value, &b]);
        let value = graph.op("Mul", [&value, &middle]);
        let value = graph.op("Add", [&value, rise]);
        let value = graph.op("Mul", [&value, &middle]);
        let value = graph.op("Add", [&value, start]);
        let is_below = graph.op("Less", [&value, wanted]);
        low = graph.op("Where", [&is_below, &middle, &low]);
        size = graph.double(0.5f64.powi(step + 1));
    }
    let last = graph.double(0.5f64.powi(BISECTIONS + 1));
    graph.op("Add", [&low, &last])
}

/// Numbers between which the distribution function of each unit is nearly a cubic.
fn knots(units: &[MixtureUnit], (low, high): (Option<f64>, Option<f64>)) -> Vec<f64> {
    let ends = |number: f64| low.is_none_or(|low| number > low) && high.is_none_or(|high| number < high);
    let components = units.iter().flat_map(|unit| unit.means.iter().zip(&unit.sigmas));
    let around = |(mean, sigma): (&f64, &f64)| {
        let steps = (REACH / STEP) as i32;
        let (mean, sigma) = (*mean, *sigma);
        (-steps..=steps).map(move |step| mean + sigma * STEP * f64::from(step))
    };
    let mut all: Vec<(f64, f64)> = components
        .flat_map(|(mean, sigma)| around((mean, sigma)).map(move |number| (number, *sigma)))
        .filter(|(number, _)| ends(*number))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Numbers of wide components are not needed where narrow ones have theirs.
    let mut kept: Vec<f64> = low.into_iter().collect();
    let narrowest = all.iter().map(|(_, sigma)| *sigma).fold(f64::INFINITY, f64::min);
    for (number, _) in all {
        if kept.last().is_none_or(|last| number - last > 0.5 * STEP * narrowest) {
            kept.push(number);
        }
    }
    kept.extend(high);
    if kept.len() < 2 {
        let only = kept.first().copied().unwrap_or(0.0);
        kept = vec![only - 1.0, only + 1.0];
    }
    kept
}

/// The probabilities of equal cells, from `low` on, of the density stretched about its median.
fn stretched(graph: &mut Graph, cells: &Cells, factor: f64, [low, width]: [f64; 2]) -> Value {
    let count = cells.edges.len() - 1;
    let median = cells.quantile(graph, 0.5);
    let edges = graph.doubles(&[1, count + 1], cells.edges);
    let [factor, low, width] = [factor, low, width].map(|value| graph.double(value));
    let distance = graph.op("Sub", [&edges, &median]);
    let distance = graph.op("Div", [&distance, &factor]);
    let place = graph.op("Add", [&distance, &median]);
    let place = graph.op("Sub", [&place, &low]);
    let place = graph.op("Div", [&place, &width]);
    let [zero, last, end] = [0.0, count as f64 - 1.0, count as f64].map(|value| graph.double(value));
    let place = graph.op("Clip", [&place, &zero, &end]);
    let cell = graph.op("Floor", [&place]);
    let cell = graph.op("Min", [&cell, &last]);
    let part = graph.op("Sub", [&place, &cell]);
    let cell = graph.cast(&cell, Type::Int);
    let before = elements(graph, &cells.before, &cell);
    let own = elements(graph, &cells.shares, &cell);
    let own = graph.op("Mul", [&own, &part]);
    let cumulative = graph.op("Add", [&before, &own]);
    let one = graph.double(1.0);
    let cumulative = graph.op("Min", [&cumulative, &one]);
    let upper = graph.slice(&cumulative, 1, count + 1);
    let lower = graph.slice(&cumulative, 0, count);
    let shares = graph.op("Sub", [&upper, &lower]);
    let first = graph.slice(&cumulative, 0, 1);
    let whole = graph.slice(&cumulative, count, count + 1);
    let kept = graph.op("Sub", [&whole, &first]);
    let least = graph.double(f64::MIN_POSITIVE);
    let kept = graph.op("Max", [&kept, &least]);
    let shares = graph.op("Div", [&shares, &kept]);
    let left = graph.double(LEFT_OUTSIDE);
    let left = graph.op("Mul", [&cells.shares, &left]);
    let shares = graph.op("Max", [&shares, &left]);
    let sum = graph.reduce("ReduceSum", &shares, true);
    graph.op("Div", [&shares, &sum])
}

/// The elements of each row at these indices of the last axis.
fn elements(graph: &mut Graph, values: &Value, indices: &Value) -> Value {
    graph.with("GatherElements", &[values, indices], vec![AttributeProto::int("axis", 1)])
}

impl<'a> Cells<'a> {
    fn new(shares: Value, edges: &'a [f64], at_low: Option<Value>, graph: &mut Graph) -> Self {
        let axis = graph.ints(&[], &[1]);
        let with = graph.op("CumSum", [&shares, &axis]);
        let before = graph.op("Sub", [&with, &shares]);
        Self { edges, shares, with, before, at_low }
    }

    /// The number below which the probability is `probability`, `[rows, 1]`.
    fn quantile(&self, graph: &mut Graph, probability: f64) -> Value {
        let count = self.edges.len() - 1;
        let wanted = graph.double(probability);
        let less = graph.op("Less", [&self.with, &wanted]);
        let less = graph.cast(&less, Type::Int);
        let cell = graph.reduce("ReduceSum", &less, true);
        let last = graph.ints(&[], &[count as i64 - 1]);
        let cell = graph.op("Min", [&cell, &last]);
        let mut before = elements(graph, &self.before, &cell);
        let mut share = elements(graph, &self.shares, &cell);
        if let Some(at_low) = &self.at_low {
            let zero = graph.ints(&[], &[0]);
            let is_first = graph.op("Equal", [&cell, &zero]);
            let nothing = graph.double(0.0);
            let at_low = graph.op("Where", [&is_first, at_low, &nothing]);
            before = graph.op("Add", [&before, &at_low]);
            share = graph.op("Sub", [&share, &at_low]);
        }
        let least = graph.double(f64::MIN_POSITIVE);
        let share = graph.op("Max", [&share, &least]);
        let rest = graph.op("Sub", [&wanted, &before]);
        let part = graph.op("Div", [&rest, &share]);
        let [zero, one] = [0.0, 1.0].map(|end| graph.double(end));
        let part = graph.op("Clip", [&part, &zero, &one]);
        let starts = graph.doubles(&[count], &self.edges[..count]);
        let widths: Vec<f64> = self.edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let widths = graph.doubles(&[count], &widths);
        let [start, width] = [starts, widths].map(|table| graph.gather(&table, &cell, 0));
        let inside = graph.op("Mul", [&part, &width]);
        graph.op("Add", [&start, &inside])
    }

    /// Mean and standard deviation, each `[rows, 1]`; without tails of little probability.
    fn moments(&self, graph: &mut Graph, usual: Option<[usize; 2]>) -> (Value, Value) {
        let count = self.edges.len() - 1;
        let mut shares = self.shares.clone();
        if let Some([from, to]) = usual {
            let inside: Vec<f64> =
                (0..count).map(|cell| if (from..to).contains(&cell) { 1.0 } else { 0.0 }).collect();
            let inside = graph.doubles(&[1, count], &inside);
            let counted = graph.op("Mul", [&shares, &inside]);
            let total = graph.reduce("ReduceSum", &counted, true);
            let most = graph.double(USUAL_SHARE);
            let is_most = graph.op("Greater", [&total, &most]);
            let counted = graph.op("Div", [&counted, &total]);
            shares = graph.op("Where", [&is_most, &counted, &shares]);
        }
        let middles: Vec<f64> =
            self.edges.windows(2).map(|pair| pair[0] + 0.5 * (pair[1] - pair[0])).collect();
        let mut centres = graph.doubles(&[1, count], &middles);
        if let Some(at_low) = &self.at_low {
            // The point mass at the lower end moves the expectation within the first cell.
            let own = graph.slice(&self.shares, 0, 1);
            let least = graph.double(f64::MIN_POSITIVE);
            let own = graph.op("Max", [&own, &least]);
            let part = graph.op("Div", [at_low, &own]);
            let half_width = graph.double(0.5 * (self.edges[1] - self.edges[0]));
            let moved = graph.op("Mul", [&part, &half_width]);
            let first: Vec<f64> = (0..count).map(|cell| if cell == 0 { 1.0 } else { 0.0 }).collect();
            let first = graph.doubles(&[1, count], &first);
            let moved = graph.op("Mul", [&moved, &first]);
            centres = graph.op("Sub", [&centres, &moved]);
        }
        let products = graph.op("Mul", [&shares, &centres]);
        let mean = graph.reduce("ReduceSum", &products, true);
        let variances: Vec<f64> =
            self.edges.windows(2).map(|pair| (pair[1] - pair[0]).powi(2) / 12.0).collect();
        let variances = graph.doubles(&[1, count], &variances);
        let distances = graph.op("Sub", [&centres, &mean]);
        let squares = graph.op("Mul", [&distances, &distances]);
        let squares = graph.op("Add", [&squares, &variances]);
        let squares = graph.op("Mul", [&squares, &shares]);
        let variance = graph.reduce("ReduceSum", &squares, true);
        (mean, graph.op("Sqrt", [&variance]))
    }
}
