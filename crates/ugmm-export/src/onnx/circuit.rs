//! Circuits as graphs, in double precision.
//!
//! Regions are `[rows, alternatives, units]`. A prediction computes the root once for each alternative of the target in
//! place of its leaves; a region that does not depend on the target has one alternative, and one that depends on
//! nothing else has one row.

use super::graph::{Graph, Type, Value};
use super::inputs::{Inputs, Place};
use super::{Outputs, number};
use crate::error::ExportError;
use crate::portable::{Circuit, CircuitTarget, Region, Variable};

/// Largest number of weights of a region whose sums are computed term by term, which loses nothing where the products
/// of great weight are small. Others are a matrix product.
const TERM_BY_TERM: usize = 4096;
/// Least sum of a matrix product, relative to the largest product.
const SMALLEST_SUM: f64 = 1e-300;
/// A distance in standard deviations whose square is finite.
const FARTHEST: f64 = 1e150;
/// The largest value of a pixel as a byte, and how far from a whole one a pixel may be.
const WHITE: f64 = 255.0;
const PIXEL_TOLERANCE: f64 = 0.02;

/// The value of a variable.
enum Known {
    /// Standard units, `[rows, 1, 1]`, 0 where it is missing.
    Number(Value),
    /// Index of tables, `[rows]`; the number of states where it is missing.
    State(Value),
}

/// A variable of the rows.
struct Seen {
    known: Known,
    /// Where the value is missing or not possible, `[rows, 1]`.
    missing: Value,
    /// Where the value is not possible, `[rows, 1]`; none where each value is.
    impossible: Option<Value>,
}

pub fn build(
    outputs: &mut Outputs,
    circuit: &Circuit,
    inputs: &Inputs,
    by_column: bool,
) -> Result<(), ExportError> {
    let graph = &mut outputs.graph;
    let seen: Vec<Seen> = inputs
        .places
        .iter()
        .zip(&circuit.variables)
        .filter_map(|(place, variable)| see(graph, inputs, place, variable))
        .collect();
    if seen.len() != inputs.places.len() {
        let reason = "the columns are not those of the circuit".into();
        return Err(ExportError::Unable { form: "ONNX", reason });
    }
    let alternatives = target_leaves(graph, circuit);
    let (root, shift) = root(graph, circuit, &seen, &alternatives, None);
    let mut level = match circuit.target {
        None => root.clone(),
        Some(CircuitTarget::Number { .. } | CircuitTarget::Whole { .. } | CircuitTarget::Classes { .. }) => {
            let sum = graph.log_sum_exp(&root, Type::Double);
            graph.unsqueeze(&sum, -1)
        }
    };
    if let Some(shift) = &shift {
        level = graph.op("Add", [&level, shift]);
    }
    match &circuit.target {
        None => {}
        Some(CircuitTarget::Classes { names }) => {
            let logs = graph.log_softmax(&root, Type::Double);
            outputs.add_classes(names, &logs, None, None);
        }
        Some(CircuitTarget::Whole { first, count }) => {
            let logs = graph.log_softmax(&root, Type::Double);
            let found = number::of_whole(graph, &logs, *first, *count);
            outputs.add_number(&found.mean, &found.deviation, &found.quantiles, None);
        }
        Some(CircuitTarget::Number { units, low, high }) => {
            let logs = graph.log_softmax(&root, Type::Double);
            let found = number::of_mixture(graph, &logs, units, (*low, *high));
            outputs.add_number(&found.mean, &found.deviation, &found.quantiles, None);
        }
    }
    let graph = &mut outputs.graph;
    let shares: Vec<Value> = inputs
        .places
        .iter()
        .filter_map(|place| match place {
            Place::State(state) => state.log_share.clone(),
            Place::Number(_) => None,
        })
        .collect();
    for share in shares {
        let share = graph.unsqueeze(&share, 1);
        level = graph.op("Add", [&level, &share]);
    }
    let never = graph.double(f64::NEG_INFINITY);
    for impossible in seen.iter().filter_map(|seen| seen.impossible.as_ref()) {
        level = graph.op("Where", [impossible, &never, &level]);
    }
    let level = graph.squeeze(&level, -1);
    let about = "the logarithm of the density of the row's values, in nats; without the target";
    outputs.add("log_likelihood", Type::Double, None, &level, about);
    if by_column {
        add_conditionals(outputs, circuit, &seen);
    }
    Ok(())
}

/// Adds the log-density of each value given the others of its row: the log-likelihood of the row less that of the row
/// without the value.
fn add_conditionals(outputs: &mut Outputs, circuit: &Circuit, seen: &[Seen]) {
    let graph = &mut outputs.graph;
    let count = seen.len();
    let (all, shift) = root(graph, circuit, seen, &[], Some(count));
    let whole = graph.slice(&all, count, count + 1);
    let without = graph.slice(&all, 0, count);
    // The shift belongs to the row; that of each left-out variable is taken back.
    let mut conditionals = graph.op("Sub", [&whole, &without]);
    if let Some(shift) = shift {
        conditionals = graph.op("Add", [&conditionals, &shift]);
    }
    let missing: Vec<Value> = seen.iter().map(|seen| seen.missing.clone()).collect();
    let missing = graph.concat(&missing, 1);
    let unknown = graph.double(f64::NAN);
    let conditionals = graph.op("Where", [&missing, &unknown, &conditionals]);
    let about = "the logarithm of the density of each value given the others of its row, in nats; NaN where it is missing";
    outputs.add("log_conditionals", Type::Double, Some(count), &conditionals, about);
}

/// The value of a column as that of its variable; none if they do not fit each other.
fn see(graph: &mut Graph, inputs: &Inputs, place: &Place, variable: &Variable) -> Option<Seen> {
    match (place, variable) {
        (Place::State(state), Variable::States { count }) => {
            let last = graph.ints(&[], &[*count as i64]);
            let missing = graph.op("Equal", [&state.index, &last]);
            let missing = graph.unsqueeze(&missing, 1);
            Some(Seen { known: Known::State(state.index.clone()), missing, impossible: None })
        }
        (Place::Number(position), Variable::Continuous { location, scale, low, high }) => {
            let (x, missing) = number_of(graph, inputs, *position, *location)?;
            let mut outside: Option<Value> = None;
            for (operator, end) in [("Less", low), ("Greater", high)] {
                if let Some(end) = end {
                    let end = graph.double(*end);
                    let beyond = graph.op(operator, [&x, &end]);
                    outside = Some(match outside {
                        Some(other) => graph.op("Or", [&other, &beyond]),
                        None => beyond,
                    });
                }
            }
            let [location, scale] = [location, scale].map(|value| graph.double(*value));
            let x = match &outside {
                Some(outside) => graph.op("Where", [outside, &location, &x]),
                None => x,
            };
            let x = graph.op("Sub", [&x, &location]);
            let x = graph.op("Div", [&x, &scale]);
            let known = Known::Number(graph.unsqueeze(&x, 2));
            Some(with_impossible(graph, known, missing, outside))
        }
        (Place::Number(position), Variable::Whole { low, high, floor }) => {
            let (x, missing) = number_of(graph, inputs, *position, *low as f64)?;
            let whole = if *floor { graph.op("Floor", [&x]) } else { nearest(graph, &x) };
            let states = (high - low) as f64 + 1.0;
            let low = graph.double(*low as f64);
            let index = graph.op("Sub", [&whole, &low]);
            Some(state(graph, &index, states, missing, None))
        }
        (Place::Number(position), Variable::Pixel) => {
            let (x, missing) = number_of(graph, inputs, *position, 0.0)?;
            let white = graph.double(WHITE);
            let byte = graph.op("Mul", [&x, &white]);
            let whole = nearest(graph, &byte);
            let distance = graph.op("Sub", [&byte, &whole]);
            let distance = graph.op("Abs", [&distance]);
            let most = graph.double(PIXEL_TOLERANCE);
            let is_no_byte = graph.op("GreaterOrEqual", [&distance, &most]);
            Some(state(graph, &whole, WHITE + 1.0, missing, Some(is_no_byte)))
        }
        _ => None,
    }
}

/// The number at a position, `[rows, 1]`, with `instead` where it is missing, and where it is.
fn number_of(graph: &mut Graph, inputs: &Inputs, position: usize, instead: f64) -> Option<(Value, Value)> {
    let x = inputs.some_numbers(graph, &[position])?;
    let missing = graph.op("IsNaN", [&x]);
    let instead = graph.double(instead);
    Some((graph.op("Where", [&missing, &instead, &x]), missing))
}

/// The nearest whole number; of two, the one away from 0, unlike the operator Round.
fn nearest(graph: &mut Graph, x: &Value) -> Value {
    let [half, zero] = [0.5, 0.0].map(|value| graph.double(value));
    let up = graph.op("Add", [x, &half]);
    let up = graph.op("Floor", [&up]);
    let down = graph.op("Sub", [x, &half]);
    let down = graph.op("Ceil", [&down]);
    let negative = graph.op("Less", [x, &zero]);
    graph.op("Where", [&negative, &down, &up])
}

/// The state with an index `[rows, 1]`, which is not possible unless it is one of `states`.
fn state(graph: &mut Graph, index: &Value, states: f64, missing: Value, also: Option<Value>) -> Seen {
    let [zero, last, none] = [0.0, states - 1.0, states].map(|value| graph.double(value));
    let below = graph.op("Less", [index, &zero]);
    let above = graph.op("Greater", [index, &last]);
    let mut outside = graph.op("Or", [&below, &above]);
    if let Some(also) = also {
        outside = graph.op("Or", [&outside, &also]);
    }
    let unknown = graph.op("Or", [&outside, &missing]);
    let index = graph.op("Where", [&unknown, &none, index]);
    let index = graph.cast(&index, Type::Int);
    let known = Known::State(graph.squeeze(&index, -1));
    with_impossible(graph, known, missing, Some(outside))
}

fn with_impossible(graph: &mut Graph, known: Known, missing: Value, outside: Option<Value>) -> Seen {
    let Some(outside) = outside else { return Seen { known, missing, impossible: None } };
    let is_known = graph.op("Not", [&missing]);
    let impossible = graph.op("And", [&outside, &is_known]);
    let missing = graph.op("Or", [&missing, &outside]);
    Seen { known, missing, impossible: Some(impossible) }
}

/// The alternatives of the target's leaves, `[1, alternatives, units]`, by region.
fn target_leaves(graph: &mut Graph, circuit: &Circuit) -> Vec<(usize, Value)> {
    let count = circuit.alternative_count();
    let leaves = circuit.alternatives();
    let value = |(region, logs): (usize, Vec<f64>)| {
        (region, graph.doubles(&[1, count, circuit.units(region)], &logs))
    };
    leaves.into_iter().map(value).collect()
}

/// The root `[rows, alternatives]`, and the part of its logarithm that it lacks, `[rows, 1]`. With `left_out` there is an
/// alternative without each of this number of variables, and a last one with all of them; its shift is that of each
/// variable, `[rows, variables]`, which the alternative without it does not have.
fn root(
    graph: &mut Graph,
    circuit: &Circuit,
    seen: &[Seen],
    alternatives: &[(usize, Value)],
    left_out: Option<usize>,
) -> (Value, Option<Value>) {
    let mut values: Vec<Value> = Vec::new();
    let leaf = |graph: &mut Graph, region: &Region| match region {
        Region::Gaussians { variable, units, components, means, precisions, peaks } => seen
            .get(*variable)
            .map(|seen| gaussians(graph, seen, [*units, *components], [means, precisions, peaks])),
        Region::Table { variable, units, logs } => {
            seen.get(*variable).map(|seen| table(graph, seen, *units, logs))
        }
        Region::Inner { .. } => None,
    };
    let mut leaves: Vec<Option<Value>> = circuit.regions.iter().map(|region| leaf(graph, region)).collect();
    let shift = shifted(graph, circuit, seen, &mut leaves, left_out.is_some());
    for (index, region) in circuit.regions.iter().enumerate() {
        let value = match (region, leaves[index].take()) {
            (Region::Inner { units, partitions, weights }, _) => {
                inner(graph, &values, partitions, *units, weights)
            }
            (_, Some(leaf)) => match (left_out, region.variable()) {
                (Some(count), Some(variable)) => {
                    let stays: Vec<u8> =
                        (0..=count).map(|alternative| u8::from(alternative != variable)).collect();
                    let stays: Vec<f64> = stays.into_iter().map(f64::from).collect();
                    let stays = graph.doubles(&[1, count + 1, 1], &stays);
                    let [half, zero] = [0.5, 0.0].map(|value| graph.double(value));
                    let stays = graph.op("Greater", [&stays, &half]);
                    graph.op("Where", [&stays, &leaf, &zero])
                }
                _ => leaf,
            },
            (_, None) => match alternatives.iter().find(|(leaf, _)| *leaf == index) {
                Some((_, value)) => value.clone(),
                // The target is left out where only the other columns count.
                None => graph.doubles(&[1, 1, circuit.units(index)], &vec![0.0; circuit.units(index)]),
            },
        };
        values.push(value);
    }
    let root = values.pop().unwrap_or_else(|| graph.doubles(&[1, 1, 1], &[0.0]));
    (graph.squeeze(&root, -1), shift)
}

/// Subtracts from the leaves of each continuous variable the largest of them, so that the terms of other variables are
/// not lost beside those of values that are far from all others. Returns the sum of what was subtracted, `[rows, 1]`,
/// or by variable, `[rows, variables]`.
fn shifted(
    graph: &mut Graph,
    circuit: &Circuit,
    seen: &[Seen],
    leaves: &mut [Option<Value>],
    by_variable: bool,
) -> Option<Value> {
    let mut shifts = Vec::new();
    for (variable, seen) in seen.iter().enumerate() {
        let of_variable =
            |region: &Region| matches!(region, Region::Gaussians { variable: own, .. } if *own == variable);
        let regions: Vec<usize> =
            (0..leaves.len()).filter(|&index| of_variable(&circuit.regions[index])).collect();
        let own: Vec<Value> = regions.iter().filter_map(|&index| leaves[index].clone()).collect();
        if own.is_empty() {
            if by_variable {
                let zero = graph.double(0.0);
                let missing = graph.cast(&seen.missing, Type::Double);
                shifts.push(graph.op("Mul", [&missing, &zero]));
            }
            continue;
        }
        let all = graph.concat(&own, 2);
        let largest = graph.reduce("ReduceMax", &all, true);
        for index in regions {
            leaves[index] = leaves[index].take().map(|leaf| graph.op("Sub", [&leaf, &largest]));
        }
        shifts.push(graph.squeeze(&largest, -1));
    }
    if by_variable {
        return Some(graph.concat(&shifts, 1));
    }
    let first = shifts.first()?.clone();
    Some(shifts[1..].iter().fold(first, |sum, shift| graph.op("Add", [&sum, shift])))
}

/// A leaf of Gaussian mixtures, `[rows, 1, units]`.
fn gaussians(
    graph: &mut Graph,
    seen: &Seen,
    [units, components]: [usize; 2],
    [means, precisions, peaks]: [&[f64]; 3],
) -> Value {
    let Known::Number(x) = &seen.known else {
        return graph.doubles(&[1, 1, units], &vec![0.0; units]);
    };
    // Components are the last axis.
    let turned = |list: &[f64]| -> Vec<f64> {
        (0..units).flat_map(|unit| (0..components).map(move |part| list[part * units + unit])).collect()
    };
    let sizes = [1, units, components];
    let [means, precisions, peaks] =
        [means, precisions, peaks].map(|list| graph.doubles(&sizes, &turned(list)));
    let centred = graph.op("Sub", [x, &means]);
    let z = graph.op("Mul", [&centred, &precisions]);
    let [low, high, half] = [-FARTHEST, FARTHEST, 0.5].map(|value| graph.double(value));
    let z = graph.op("Clip", [&z, &low, &high]);
    let square = graph.op("Mul", [&z, &z]);
    let square = graph.op("Mul", [&square, &half]);
    let logs = graph.op("Sub", [&peaks, &square]);
    let logs = graph.log_sum_exp(&logs, Type::Double);
    let zero = graph.double(0.0);
    let logs = graph.op("Where", [&seen.missing, &zero, &logs]);
    graph.unsqueeze(&logs, 1)
}

/// A leaf of tables, `[rows, 1, units]`.
fn table(graph: &mut Graph, seen: &Seen, units: usize, logs: &[f64]) -> Value {
    let Known::State(index) = &seen.known else {
        return graph.doubles(&[1, 1, units], &vec![0.0; units]);
    };
    // The last row is for a missing value.
    let with_missing: Vec<f64> = logs.iter().copied().chain(std::iter::repeat_n(0.0, units)).collect();
    let table = graph.doubles(&[with_missing.len() / units, units], &with_missing);
    let row = graph.gather(&table, index, 0);
    graph.unsqueeze(&row, 1)
}

/// A region of sums of products.
fn inner(
    graph: &mut Graph,
    values: &[Value],
    partitions: &[Vec<usize>],
    units: usize,
    weights: &[f64],
) -> Value {
    let product = |graph: &mut Graph, children: &Vec<usize>| {
        let mut factors = children.iter().map(|&child| &values[child]);
        let first = factors.next().cloned();
        first.map(|first| factors.fold(first, |sum, factor| graph.op("Add", [&sum, factor])))
    };
    let products: Vec<Value> = partitions.iter().filter_map(|children| product(graph, children)).collect();
    let products = graph.concat(&products, 2);
    let width = weights.len() / units;
    if weights.len() <= TERM_BY_TERM {
        let logs: Vec<f64> = weights.iter().map(|weight| weight.ln()).collect();
        let logs = graph.doubles(&[1, 1, units, width], &logs);
        let products = graph.unsqueeze(&products, 2);
        let terms = graph.op("Add", [&products, &logs]);
        return graph.log_sum_exp(&terms, Type::Double);
    }
    let largest = graph.reduce("ReduceMax", &products, true);
    let lowest = graph.double(f64::MIN);
    let largest = graph.op("Max", [&largest, &lowest]);
    let relative = graph.op("Sub", [&products, &largest]);
    let exponentials = graph.op("Exp", [&relative]);
    let turned: Vec<f64> =
        (0..width).flat_map(|place| (0..units).map(move |unit| weights[unit * width + place])).collect();
    let turned = graph.doubles(&[width, units], &turned);
    let sums = graph.op("MatMul", [&exponentials, &turned]);
    let least = graph.double(SMALLEST_SUM);
    let sums = graph.op("Max", [&sums, &least]);
    let logs = graph.op("Log", [&sums]);
    graph.op("Add", [&logs, &largest])
}
