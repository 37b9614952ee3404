//! What is known of a number, as operations in double precision.

use super::graph::{Graph, Type, Value};
use super::proto::AttributeProto;
use crate::portable::{NumberHead, QUANTILES};

/// Share of a cell's probability that it keeps when a density is made narrower.
const LEFT_OUTSIDE: f64 = 1e-3;
/// Least probability of the usual cells with which the others do not affect the mean.
const USUAL_SHARE: f64 = 0.95;

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
        let middles: Vec<f64> = self.edges.windows(2).map(|pair| pair[0] + 0.5 * (pair[1] - pair[0])).collect();
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
        let variances: Vec<f64> = self.edges.windows(2).map(|pair| (pair[1] - pair[0]).powi(2) / 12.0).collect();
        let variances = graph.doubles(&[1, count], &variances);
        let distances = graph.op("Sub", [&centres, &mean]);
        let squares = graph.op("Mul", [&distances, &distances]);
        let squares = graph.op("Add", [&squares, &variances]);
        let squares = graph.op("Mul", [&squares, &shares]);
        let variance = graph.reduce("ReduceSum", &squares, true);
        (mean, graph.op("Sqrt", [&variance]))
    }
}
