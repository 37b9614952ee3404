//! Networks as graphs: inputs in double precision, the layers in single precision, the head in double precision.

use super::Outputs;
use super::graph::{Graph, Type, Value};
use super::inputs::{Inputs, Place, select};
use super::number;
use crate::error::ExportError;
use crate::portable::{Encoding, Head, Layer, Linear, Mixture, Network, RowNeeds, Scale, log_sum_exp};

/// Number of components of a row that are computed together, which bounds the memory: 8 MB for 1,024 rows.
const TOGETHER: usize = 2048;

/// The network's inputs for the columns.
struct Features {
    /// `[rows, features]`, floats; 0 where a value is missing.
    values: Value,
    /// Where a value is missing, `[rows, features]`.
    missing: Value,
    /// Whether a row has the values that a prediction needs, `[rows, 1]`.
    usable: Value,
}

pub fn build(
    outputs: &mut Outputs,
    network: &Network,
    inputs: &Inputs,
    by_column: bool,
) -> Result<(), ExportError> {
    if by_column {
        return Err(ExportError::NoChoice { form: "the ONNX graph of a network" });
    }
    let graph = &mut outputs.graph;
    let features = features(graph, network, inputs, outputs.model.needs);
    let scores = scores(graph, network, &features);
    let scores = graph.cast(&scores, Type::Double);
    let usable = Some(&features.usable);
    match &network.head {
        Head::Classes(head) => {
            let divided = match head.temperature {
                1.0 => scores,
                temperature => {
                    let temperature = graph.double(temperature);
                    graph.op("Div", [&scores, &temperature])
                }
            };
            let offsets = graph.doubles(&[1, head.offsets.len()], &head.offsets);
            let shifted = graph.op("Add", [&divided, &offsets]);
            let logs = graph.log_softmax(&shifted, Type::Double);
            outputs.add_classes(&head.names, &logs, Some(&head.decision), usable);
        }
        Head::Number(head) => {
            let found = number::of_cells(graph, head, &scores);
            outputs.add_number(&found.mean, &found.deviation, &found.quantiles, usable);
        }
    }
    Ok(())
}

/// Scales the columns as the network's inputs.
fn features(graph: &mut Graph, network: &Network, inputs: &Inputs, needs: RowNeeds) -> Features {
    // Values and where they are missing, and the features that they are.
    let mut parts: Vec<(Value, Value)> = Vec::new();
    let mut order: Vec<usize> = Vec::new();
    let (mut positions, mut means, mut deviations, mut linear) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut first = 0;
    for (encoding, place) in network.inputs.iter().zip(&inputs.places) {
        match (encoding, place) {
            (Encoding::Number(Scale::Linear { mean, deviation }), Place::Number(position)) => {
                positions.push(*position);
                means.push(*mean);
                deviations.push(*deviation);
                linear.push(first);
            }
            (Encoding::Number(Scale::Curve { values, scores }), Place::Number(position)) => {
                if let Some(x) = inputs.some_numbers(graph, &[*position]) {
                    parts.push(curve(graph, &x, values, scores, network.largest_input));
                    order.push(first);
                }
            }
            (Encoding::States(states), Place::State(state)) => {
                let width = encoding.width();
                // The last row is for a missing value.
                let table: Vec<f32> =
                    states.iter().flatten().copied().chain(std::iter::repeat_n(f32::NAN, width)).collect();
                let table = graph.floats(&[states.len() + 1, width], &table);
                let values = graph.gather(&table, &state.index, 0);
                parts.push(known(graph, &values, Type::Float));
                order.extend(first..first + width);
            }
            // A column of numbers has no states, and a column of states no scale.
            _ => {}
        }
        first += encoding.width();
    }
    if let Some(x) = inputs.some_numbers(graph, &positions).filter(|_| !positions.is_empty()) {
        let (x, missing) = known(graph, &x, Type::Double);
        let half = |values: &[f64]| values.iter().map(|value| 0.5 * value).collect::<Vec<f64>>();
        let means = graph.doubles(&[1, means.len()], &half(&means));
        let deviations = graph.doubles(&[1, deviations.len()], &half(&deviations));
        // Halves of finite numbers have a finite difference.
        let one_half = graph.double(0.5);
        let x = graph.op("Mul", [&x, &one_half]);
        let x = graph.op("Sub", [&x, &means]);
        let x = graph.op("Div", [&x, &deviations]);
        parts.insert(0, (single(graph, &x, network.largest_input), missing));
        order.splice(0..0, linear);
    }
    let (values, missing): (Vec<Value>, Vec<Value>) = parts.into_iter().unzip();
    let mut inverse = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, &feature)| inverse[feature] = place);
    let [values, missing] = [values, missing].map(|parts| {
        let all = graph.concat(&parts, 1);
        select(graph, &all, &inverse, inverse.len())
    });
    let as_number = graph.cast(&missing, Type::Float);
    let operator = if needs == RowNeeds::EveryValue { "ReduceMax" } else { "ReduceMin" };
    let lacking = graph.reduce(operator, &as_number, true);
    let half = graph.float(0.5);
    let usable = graph.op("Less", [&lacking, &half]);
    Features { values, missing, usable }
}

/// The values with 0 in the place of NaN, and where NaN was.
fn known(graph: &mut Graph, values: &Value, of: Type) -> (Value, Value) {
    let missing = graph.op("IsNaN", [values]);
    let zero = if of == Type::Double { graph.double(0.0) } else { graph.float(0.0) };
    (graph.op("Where", [&missing, &zero, values]), missing)
}

/// Doubles as floats no larger than `largest`.
fn single(graph: &mut Graph, x: &Value, largest: f32) -> Value {
    let [low, high] = [-largest, largest].map(|end| graph.double(end.into()));
    let x = graph.op("Clip", [x, &low, &high]);
    graph.cast(&x, Type::Float)
}

/// The curve through points at a number `[rows, 1]`, and where it is missing.
fn curve(graph: &mut Graph, x: &Value, values: &[f64], scores: &[f64], largest: f32) -> (Value, Value) {
    let (x, missing) = known(graph, x, Type::Double);
    let knots = graph.doubles(&[1, values.len()], values);
    let below = graph.op("LessOrEqual", [&knots, &x]);
    let below = graph.cast(&below, Type::Int);
    let count = graph.reduce("ReduceSum", &below, false);
    let one = graph.ints(&[], &[1]);
    let cell = graph.op("Sub", [&count, &one]);
    let [first, last] = [0, values.len() as i64 - 2].map(|end| graph.ints(&[], &[end]));
    let cell = graph.op("Clip", [&cell, &first, &last]);
    let halves: Vec<f64> = values.iter().map(|value| 0.5 * value).collect();
    let differences = |list: &[f64]| list.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<f64>>();
    let mut at = |list: &[f64]| {
        let table = graph.doubles(&[list.len()], list);
        let found = graph.gather(&table, &cell, 0);
        graph.unsqueeze(&found, 1)
    };
    let [start, way] = [at(&halves), at(&differences(&halves))];
    let [low, rise] = [at(scores), at(&differences(scores))];
    // Halves, as for a linear scale.
    let one_half = graph.double(0.5);
    let x = graph.op("Mul", [&x, &one_half]);
    let x = graph.op("Sub", [&x, &start]);
    let share = graph.op("Div", [&x, &way]);
    let [zero, one] = [0.0, 1.0].map(|end| graph.double(end));
    let share = graph.op("Clip", [&share, &zero, &one]);
    let risen = graph.op("Mul", [&share, &rise]);
    let y = graph.op("Add", [&low, &risen]);
    (single(graph, &y, largest), missing)
}

/// The network's outputs, `[rows, outputs]`, or its one output for each alternative, `[rows, alternatives]`.
fn scores(graph: &mut Graph, network: &Network, features: &Features) -> Value {
    let alternatives = network.head.alternatives();
    let copies = alternatives.as_ref().map_or(1, Vec::len);
    let mut x = features.values.clone();
    let mut may_miss = network.missing_values;
    for (index, layer) in network.layers.iter().enumerate() {
        let copied = alternatives.as_deref().filter(|_| index == 0);
        let missing = match (may_miss, index) {
            (false, _) => None,
            (true, 0) => Some(features.missing.clone()),
            (true, _) => {
                let (known, missing) = known(graph, &x, Type::Float);
                x = known;
                Some(missing)
            }
        };
        x = match layer {
            Layer::Mixture(layer) => {
                let rows_together = if index == 0 { 1 } else { copies };
                let y = mixture(graph, layer, &x, missing.as_ref(), copied, rows_together);
                // Later layers lack an input only where a neuron sees none of its own.
                may_miss = network.missing_values && (layer.has_dropped() || may_miss && index > 0);
                y
            }
            Layer::Linear(layer) => linear(graph, layer, &x, copied),
        };
    }
    if may_miss {
        x = without_unknown(graph, &x);
    }
    match alternatives {
        Some(alternatives) => graph.reshape(&x, &[-1, alternatives.len() as i64]),
        None => x,
    }
}

/// Replaces unknown outputs `[rows, outputs]` by the mean of the row's known ones, or by 0.
fn without_unknown(graph: &mut Graph, y: &Value) -> Value {
    let (values, unknown) = known(graph, y, Type::Float);
    let is_known = graph.op("Not", [&unknown]);
    let is_known = graph.cast(&is_known, Type::Float);
    let count = graph.reduce("ReduceSum", &is_known, true);
    let one = graph.float(1.0);
    let count = graph.op("Max", [&count, &one]);
    let sum = graph.reduce("ReduceSum", &values, true);
    let mean = graph.op("Div", [&sum, &count]);
    graph.op("Where", [&unknown, &mean, y])
}

/// The activations of a layer of mixtures, `[rows, neurons]`, for `x` `[rows, inputs]`; with `copied` each row of `x`
/// followed by each of these alternatives, `[rows · alternatives, neurons]`.
fn mixture(
    graph: &mut Graph,
    layer: &Mixture,
    x: &Value,
    missing: Option<&Value>,
    copied: Option<&[Vec<f32>]>,
    rows_together: usize,
) -> Value {
    let more = copied.map_or(0, |copied| copied[0].len());
    let (inputs, own) = (layer.inputs, layer.inputs - more);
    let (log_weights, peaks, precisions) = (layer.log_weights(), layer.log_peaks(), layer.precisions());
    let step = (TOGETHER / (own * rows_together).max(1)).clamp(1, layer.neurons);
    let x = graph.unsqueeze(x, 1);
    let hidden = missing.map(|missing| graph.unsqueeze(missing, 1));
    let mut parts = Vec::new();
    for from in (0..layer.neurons).step_by(step) {
        let neurons = from..(from + step).min(layer.neurons);
        let sizes = [neurons.len(), own];
        let of = |values: &dyn Fn(usize) -> f64| -> Vec<f32> {
            let all = neurons.clone().flat_map(|neuron| neuron * inputs..neuron * inputs + own);
            all.map(|at| finite(values(at))).collect()
        };
        let means = graph.floats(&sizes, &of(&|at| layer.means[at].into()));
        // Half of the square is the square of the root of a half.
        let scaled = graph.floats(&sizes, &of(&|at| precisions[at] * 0.5f64.sqrt()));
        let peaks = graph.floats(&sizes, &of(&|at| peaks[at]));
        let centred = graph.op("Sub", [&x, &means]);
        let z = graph.op("Mul", [&centred, &scaled]);
        let square = graph.op("Mul", [&z, &z]);
        let mut exponents = graph.op("Sub", [&peaks, &square]);
        if let Some(hidden) = &hidden {
            let nothing = graph.float(f32::NEG_INFINITY);
            exponents = graph.op("Where", [hidden, &nothing, &exponents]);
        }
        parts.push(graph.log_sum_exp(&exponents, Type::Float));
    }
    let mut y = graph.concat(&parts, 1);
    let neurons = layer.neurons;
    if let Some(copied) = copied {
        y = graph.unsqueeze(&y, 1);
        let of_more = copied.iter().flat_map(|numbers| {
            (0..neurons).map(|neuron| {
                let first = neuron * inputs + own;
                let terms = numbers.iter().enumerate().map(|(place, &number)| {
                    let at = first + place;
                    let z = (f64::from(number) - f64::from(layer.means[at])) * precisions[at];
                    peaks[at] - 0.5 * z * z
                });
                finite(log_sum_exp(terms))
            })
        });
        let of_more: Vec<f32> = of_more.collect();
        let of_more = graph.floats(&[1, copied.len(), neurons], &of_more);
        // log(e^a + e^b), with the larger one in front.
        let larger = graph.op("Max", [&y, &of_more]);
        let lowest = graph.float(f32::MIN);
        let larger = graph.op("Max", [&larger, &lowest]);
        let terms = [&y, &of_more].map(|term| {
            let relative = graph.op("Sub", [term, &larger]);
            graph.op("Exp", [&relative])
        });
        let sum = graph.op("Add", [&terms[0], &terms[1]]);
        let log = graph.op("Log", [&sum]);
        y = graph.op("Add", [&larger, &log]);
    }
    let lowest = graph.float(f32::MIN);
    y = graph.op("Max", [&y, &lowest]);
    if let Some(missing) = missing {
        // The logarithm of the weight of all components that see a value; none if it is 0.
        let weights: Vec<f64> = (0..own)
            .flat_map(|input| (0..neurons).map(move |neuron| neuron * inputs + input))
            .map(|at| log_weights[at].exp())
            .collect();
        let others: Vec<f64> = (0..neurons)
            .map(|neuron| (own..inputs).map(|input| log_weights[neuron * inputs + input].exp()).sum())
            .collect();
        let weights = graph.doubles(&[own, neurons], &weights);
        let others = graph.doubles(&[1, neurons], &others);
        let seen = graph.op("Not", [missing]);
        let seen = graph.cast(&seen, Type::Double);
        let seen = graph.op("MatMul", [&seen, &weights]);
        let seen = graph.op("Add", [&seen, &others]);
        let log = graph.op("Log", [&seen]);
        let zero = graph.double(0.0);
        let sees = graph.op("Greater", [&seen, &zero]);
        let nothing = graph.double(f64::NAN);
        let log = graph.op("Where", [&sees, &log, &nothing]);
        let mut log = graph.cast(&log, Type::Float);
        if copied.is_some() {
            log = graph.unsqueeze(&log, 1);
        }
        y = graph.op("Sub", [&y, &log]);
    }
    match copied {
        Some(_) => graph.reshape(&y, &[-1, neurons as i64]),
        None => y,
    }
}

/// A number in the range of `f32`; minus infinity stays.
fn finite(value: f64) -> f32 {
    if value == f64::NEG_INFINITY {
        f32::NEG_INFINITY
    } else {
        value.clamp(f32::MIN.into(), f32::MAX.into()) as f32
    }
}

/// The outputs of a linear layer and what follows it, as [`mixture`] has them.
fn linear(graph: &mut Graph, layer: &Linear, x: &Value, copied: Option<&[Vec<f32>]>) -> Value {
    let more = copied.map_or(0, |copied| copied[0].len());
    let (outputs, own) = (layer.outputs, layer.inputs - more);
    let weight = graph.floats(&[own, outputs], &layer.weight[..own * outputs]);
    let mut y = graph.op("MatMul", [x, &weight]);
    let added = match copied {
        None => graph.floats(&[1, outputs], &layer.bias),
        Some(copied) => {
            y = graph.unsqueeze(&y, 1);
            let of = |numbers: &Vec<f32>| -> Vec<f32> {
                let product = |output: usize| {
                    let terms = numbers.iter().enumerate().map(|(place, &number)| {
                        f64::from(number) * f64::from(layer.weight[(own + place) * outputs + output])
                    });
                    (terms.sum::<f64>() + f64::from(layer.bias[output])) as f32
                };
                (0..outputs).map(product).collect()
            };
            let all: Vec<f32> = copied.iter().flat_map(of).collect();
            graph.floats(&[1, copied.len(), outputs], &all)
        }
    };
    y = graph.op("Add", [&y, &added]);
    if copied.is_some() {
        y = graph.reshape(&y, &[-1, outputs as i64]);
    }
    if let Some(norm) = &layer.norm {
        let lists = [&norm.means, &norm.factors, &norm.gamma, &norm.beta];
        let [means, factors, gamma, beta] = lists.map(|list| graph.floats(&[1, outputs], list));
        y = graph.op("Sub", [&y, &means]);
        y = graph.op("Mul", [&y, &factors]);
        y = graph.op("Mul", [&y, &gamma]);
        y = graph.op("Add", [&y, &beta]);
    }
    if layer.relu { graph.op("Relu", [&y]) } else { y }
}
