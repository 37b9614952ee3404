//! Networks in SQL.

use super::head;
use super::write::{self as sql, Tables};
use crate::portable::{Encoding, Head, Layer, Linear, Mixture, Network, PortableModel, RowNeeds, Scale};

/// Number of terms that the prediction of a row sums.
pub fn terms(network: &Network) -> usize {
    let copies = network.head.alternatives().map_or(1, |all| all.len());
    let of_layer = |(index, layer): (usize, &Layer)| match layer {
        Layer::Mixture(layer) if index == 0 => layer.inputs * layer.neurons + copies * layer.neurons,
        Layer::Mixture(layer) => copies * layer.inputs * layer.neurons,
        Layer::Linear(layer) => layer.inputs * layer.outputs,
    };
    network.layers.iter().enumerate().map(of_layer).sum()
}

/// Adds all tables from the inputs to `ugmm_prediction`.
pub fn write(tables: &mut Tables, network: &Network, model: &PortableModel) {
    inputs(tables, network, model);
    let alternatives = network.head.alternatives();
    for (index, layer) in network.layers.iter().enumerate() {
        match layer {
            Layer::Linear(layer) => linear(tables, index, layer),
            Layer::Mixture(layer) if index == 0 => first(tables, network, layer, alternatives.as_deref()),
            Layer::Mixture(layer) => {
                let keys = if alternatives.is_some() { "ugmm_row, alternative, " } else { "ugmm_row, " };
                let before = format!("(SELECT {keys}neuron AS input, y AS x FROM ugmm_layer_{})", index - 1);
                components(tables, index, layer);
                terms_of(tables, &format!("ugmm_terms_{index}"), keys, &before, index);
                outputs(tables, index, network, &format!("{keys}neuron"), &format!("ugmm_terms_{index}"));
            }
        }
    }
    // Without alternatives each output is a score, otherwise the output of each alternative is one.
    let last = network.layers.len() - 1;
    let class = if alternatives.is_some() { "alternative" } else { "neuron" };
    let places = match &network.head {
        Head::Classes(head) => {
            head::classes(tables, head);
            "ugmm_classes"
        }
        Head::Number(head) => {
            head::cells(tables, head);
            "ugmm_nodes"
        }
    };
    // An unknown output, which has no row, is the mean of the known ones.
    let mean = if alternatives.is_some() { "" } else { "avg(max(y)) OVER (PARTITION BY ugmm_row), " };
    tables.add(
        "ugmm_scores(ugmm_row, class, score)",
        &format!(
            "SELECT ugmm_row, class, coalesce(max(y), {mean}0e0)\n  FROM (SELECT ugmm_row, {class} AS class, y FROM ugmm_layer_{last}\n    UNION ALL \
             SELECT ugmm_row, class, NULL FROM ugmm_known CROSS JOIN {places}) AS outputs\n  GROUP BY ugmm_row, class"
        ),
    );
    match &network.head {
        Head::Classes(head) => head::predict_classes(tables, head),
        Head::Number(head) => head::predict_cells(tables, head),
    }
}

/// Adds `ugmm_inputs(ugmm_row, input, x)`, which has the known inputs, and `ugmm_known(ugmm_row)`, the rows that have a
/// prediction.
fn inputs(tables: &mut Tables, network: &Network, model: &PortableModel) {
    let (mut states, mut curves, mut selects) = (Vec::new(), Vec::new(), Vec::new());
    let mut first = 0;
    for (column, encoding) in network.inputs.iter().enumerate() {
        let value = format!("ugmm_values.c{column}");
        selects.push(match encoding {
            Encoding::Number(Scale::Linear { mean, deviation }) => {
                let [mean, deviation] = [mean, deviation].map(|of| sql::number(of * 0.5));
                // Halves of finite numbers have a finite difference.
                format!(
                    "SELECT ugmm_row, {first}, ({value} * 0.5e0 - ({mean})) / {deviation} FROM ugmm_values WHERE {value} IS NOT NULL"
                )
            }
            Encoding::Number(Scale::Curve { values, scores }) => {
                curves.extend(pieces(values, scores).into_iter().map(|piece| {
                    let [from, to, low, high] = piece.map(sql::number);
                    format!("{first}, {from}, {to}, {low}, {high}")
                }));
                format!(
                    "SELECT ugmm_row, {first}, at_start + ({value} * 0.5e0 - start * 0.5e0) / (stop * 0.5e0 - start * 0.5e0) * (at_stop - at_start) \
                     FROM ugmm_values CROSS JOIN ugmm_curves WHERE input = {first} AND {value} >= start AND {value} < stop"
                )
            }
            Encoding::States(of_states) => {
                let count = model.columns[column].states.as_ref().map_or(0, |states| states.count);
                for state in 0..count.max(of_states.len()) {
                    let own = &of_states[state.min(of_states.len() - 1)];
                    states.extend(own.iter().enumerate().map(|(place, &x)| {
                        format!("{column}, {state}, {}, {}", first + place, sql::number(x.into()))
                    }));
                }
                format!("SELECT ugmm_row, input, x FROM ugmm_states CROSS JOIN ugmm_values WHERE of_column = {column} AND state = {value}")
            }
        });
        first += encoding.width();
    }
    if !states.is_empty() {
        tables.constants("ugmm_states(of_column, state, input, x)", states);
    }
    if !curves.is_empty() {
        tables.constants("ugmm_curves(input, start, stop, at_start, at_stop)", curves);
    }
    if selects.is_empty() {
        selects.push("SELECT ugmm_row, 0, 0e0 FROM ugmm_values WHERE 0 = 1".into());
    }
    tables.add("ugmm_encoded(ugmm_row, input, x)", &selects.join("\n  UNION ALL "));
    tables.add(
        "ugmm_known(ugmm_row)",
        &match model.needs {
            RowNeeds::Nothing => "SELECT ugmm_row FROM ugmm_rows".to_owned(),
            RowNeeds::OneValue => "SELECT DISTINCT ugmm_row FROM ugmm_encoded".into(),
            RowNeeds::EveryValue => {
                format!("SELECT ugmm_row FROM ugmm_encoded GROUP BY ugmm_row HAVING count(*) = {first}")
            }
        },
    );
    let largest = f64::from(network.largest_input);
    // x · (2²⁹ + 1) − (x · (2²⁹ + 1) − x) is x rounded to single precision, as the program has its inputs.
    tables.add(
        "ugmm_inputs(ugmm_row, input, x)",
        &format!(
            "SELECT ugmm_row, input, x * 536870913e0 - (x * 536870913e0 - x)\n  FROM (SELECT ugmm_row, input, {} AS x FROM ugmm_encoded) \
             AS encoded WHERE ugmm_row IN (SELECT ugmm_row FROM ugmm_known)",
            sql::clamped("x", -largest, largest)
        ),
    );
}

/// The parts of a curve, with numbers and inputs at both ends of each; it is constant before and behind its points.
fn pieces(values: &[f64], scores: &[f64]) -> Vec<[f64; 4]> {
    let (Some((&start, &stop)), Some((&first, &last))) =
        (values.first().zip(values.last()), scores.first().zip(scores.last()))
    else {
        return Vec::new();
    };
    let between = values.windows(2).zip(scores.windows(2));
    let mut all = vec![[f64::MIN, start, first, first]];
    all.extend(between.map(|(values, scores)| [values[0], values[1], scores[0], scores[1]]));
    all.push([stop, f64::MAX, last, last]);
    all
}

/// Adds the parameters of a layer, `ugmm_components_i(neuron, input, mean, precision, peak, weight)`.
fn components(tables: &mut Tables, index: usize, layer: &Mixture) {
    let (precisions, peaks, weights) = (layer.precisions(), layer.log_peaks(), layer.log_weights());
    let rows = (0..layer.inputs * layer.neurons).filter(|&at| peaks[at] > f64::NEG_INFINITY).map(|at| {
        let numbers =
            [f64::from(layer.means[at]), precisions[at], peaks[at], weights[at].exp()].map(sql::number);
        format!("{}, {}, {}", at / layer.inputs, at % layer.inputs, numbers.join(", "))
    });
    tables.constants(&format!("ugmm_components_{index}(neuron, input, mean, precision, peak, weight)"), rows);
}

/// Adds the terms of neurons for a table or SELECT with columns `input` and `x`; keys end with a comma.
fn terms_of(tables: &mut Tables, name: &str, keys: &str, from: &str, index: usize) {
    tables.add(
        &format!("{name}({keys}neuron, term, weight)"),
        &format!(
            "SELECT {keys}neuron, {}, weight\n  FROM ugmm_components_{index} CROSS JOIN {from} AS before WHERE ugmm_components_{index}.input = before.input",
            sql::exponent()
        ),
    );
}

/// Adds the outputs of a layer of mixtures, `ugmm_layer_i(keys, y)`. A neuron that no component with weight sees has no
/// row.
fn outputs(tables: &mut Tables, index: usize, network: &Network, keys: &str, terms: &str) {
    tables.log_sums(&format!("ugmm_sums_{index}"), keys, terms);
    let y = sql::clamped("y", f32::MIN.into(), f32::MAX.into());
    // The weights of components that see a value sum to less than 1 where values are missing.
    let seen = if network.missing_values { " - ln(weight)" } else { "" };
    tables.add(
        &format!("ugmm_layer_{index}({keys}, y)"),
        &format!("SELECT {keys}, {y}{seen} FROM ugmm_sums_{index} WHERE weight > 0e0"),
    );
}

/// Adds the first layer of mixtures. The components that see an alternative of the target are the same for all rows,
/// and those that see inputs are the same for all alternatives.
fn first(tables: &mut Tables, network: &Network, layer: &Mixture, alternatives: Option<&[Vec<f32>]>) {
    components(tables, 0, layer);
    terms_of(tables, "ugmm_terms_0", "ugmm_row, ", "ugmm_inputs", 0);
    let Some(alternatives) = alternatives else {
        return outputs(tables, 0, network, "ugmm_row, neuron", "ugmm_terms_0");
    };
    tables.log_sums("ugmm_shared", "ugmm_row, neuron", "ugmm_terms_0");
    let features = network.features();
    let labels = alternatives.iter().enumerate().flat_map(|(alternative, label)| {
        let input = move |(place, &x): (usize, &f32)| {
            format!("{alternative}, {}, {}", features + place, sql::number(x.into()))
        };
        label.iter().enumerate().map(input)
    });
    tables.constants("ugmm_labels(alternative, input, x)", labels);
    terms_of(tables, "ugmm_label_terms", "alternative, ", "ugmm_labels", 0);
    tables.log_sums("ugmm_of_labels", "alternative, neuron", "ugmm_label_terms");
    tables.add(
        "ugmm_parts(ugmm_row, alternative, neuron, term, weight)",
        "SELECT ugmm_row, alternative, neuron, y, weight\n  FROM ugmm_shared CROSS JOIN (SELECT DISTINCT alternative FROM ugmm_labels) AS labels\n  \
         UNION ALL SELECT ugmm_row, alternative, neuron, y, weight FROM ugmm_known CROSS JOIN ugmm_of_labels",
    );
    outputs(tables, 0, network, "ugmm_row, alternative, neuron", "ugmm_parts");
}

/// Adds a layer with a matrix; its normalisation is a factor and a shift of each output.
fn linear(tables: &mut Tables, index: usize, layer: &Linear) {
    let outputs = layer.outputs;
    let weights =
        layer.weight.iter().enumerate().map(|(at, &weight)| {
            format!("{}, {}, {}", at % outputs, at / outputs, sql::number(weight.into()))
        });
    tables.constants(&format!("ugmm_weights_{index}(neuron, input, weight)"), weights);
    let neurons = (0..outputs).map(|output| {
        let bias = f64::from(layer.bias[output]);
        let (factor, shift) = layer.norm.as_ref().map_or((1.0, bias), |norm| {
            let [mean, factor, gamma, beta] =
                [&norm.means, &norm.factors, &norm.gamma, &norm.beta].map(|list| f64::from(list[output]));
            (factor * gamma, (bias - mean) * factor * gamma + beta)
        });
        format!("{output}, {}, {}", sql::number(factor), sql::number(shift))
    });
    tables.constants(&format!("ugmm_neurons_{index}(neuron, factor, shift)"), neurons);
    let before = match index {
        0 => "ugmm_inputs".to_owned(),
        _ => format!("(SELECT ugmm_row, neuron AS input, y AS x FROM ugmm_layer_{})", index - 1),
    };
    tables.add_large(
        &format!("ugmm_sums_{index}(ugmm_row, neuron, y)"),
        &format!(
            "SELECT ugmm_row, neuron, sum(x * weight)\n  FROM ugmm_weights_{index} CROSS JOIN {before} AS before WHERE ugmm_weights_{index}.input = before.input\n  \
             GROUP BY ugmm_row, neuron"
        ),
    );
    let y = "y * factor + shift";
    let y = if layer.relu { format!("CASE WHEN {y} > 0e0 THEN {y} ELSE 0e0 END") } else { y.to_owned() };
    tables.add(
        &format!("ugmm_layer_{index}(ugmm_row, neuron, y)"),
        &format!(
            "SELECT ugmm_row, ugmm_sums_{index}.neuron, {y}\n  FROM ugmm_neurons_{index} CROSS JOIN ugmm_sums_{index} WHERE \
             ugmm_neurons_{index}.neuron = ugmm_sums_{index}.neuron"
        ),
    );
}
