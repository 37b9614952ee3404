//! Networks in C.

use super::{check_needs, number_head, write as c};
use crate::portable::{Encoding, Head, Layer, Network, NumberHead, PortableModel, RowNeeds, Scale};
use std::fmt::Write;

pub fn write(out: &mut String, network: &Network, model: &PortableModel) {
    let alternatives = network.head.alternatives();
    let more = alternatives.as_ref().map_or(0, |all| all[0].len());
    let copies = alternatives.as_ref().map_or(1, Vec::len);
    let last = network.layers.last().map_or(0, Layer::outputs);
    let widest = network.layers.iter().map(Layer::outputs).max().unwrap_or(0);
    *out += "\n";
    c::constant(out, "FEATURES", network.features());
    c::constant(out, "LAYERS", network.layers.len());
    c::constant(out, "WIDEST", widest.max(network.features() + more));
    let is_linear = matches!(network.layers.first(), Some(Layer::Linear(_)));
    if !is_linear {
        c::constant(out, "ALTERNATIVES", copies);
        c::constant(out, "MORE", more);
        c::constant(out, "MISSING_VALUES", u8::from(network.missing_values));
    }
    c::constant(out, "LARGEST_INPUT", c::number(network.largest_input.into()));
    inputs(out, network);
    if is_linear {
        linear_layers(out, network)
    } else {
        mixture_layers(out, network, alternatives.unwrap_or_default())
    }
    match &network.head {
        Head::Classes(head) => {
            *out += include_str!("../../assets/c/softmax.c");
            *out += include_str!("../../assets/c/classes.c");
            *out += "\n";
            c::doubles(out, "offsets", head.offsets.iter().copied());
            c::doubles(out, "decision", head.decision.iter().copied());
        }
        Head::Number(head) => number(out, head),
    }
    let scores = if number_head(&network.head).is_some() { "CELLS" } else { "UGMM_CLASSES" };
    debug_assert!(copies * last >= 1, "a network has outputs");
    let _ = write!(
        out,
        "\nint ugmm_predict(const struct ugmm_row *row, struct ugmm_prediction *prediction) {{\n  double values[COLUMNS], \
         features[FEATURES], scores[{scores}], log_share = 0.0;\n"
    );
    if model.needs != RowNeeds::Nothing {
        *out += "  int known = 0;\n";
    }
    *out += "  encode(row, values, &log_share);\n";
    check_needs(out, model.needs);
    *out += "  inputs_of(values, features);\n  forward(features, scores);\n";
    match &network.head {
        Head::Classes(head) => {
            let _ = writeln!(
                out,
                "  for (int i = 0; i < UGMM_CLASSES; i++) scores[i] = scores[i] / {} + offsets[i];",
                c::number(head.temperature)
            );
            *out += "  log_softmax(scores, UGMM_CLASSES);\n  of_classes(scores, decision, prediction);\n";
        }
        Head::Number(head) => predict_number(out, head),
    }
    *out += "  return 1;\n}\n";
}

/// The function that turns values of columns into inputs.
fn inputs(out: &mut String, network: &Network) {
    let has = |wanted: fn(&Encoding) -> bool| network.inputs.iter().any(wanted);
    if has(|encoding| matches!(encoding, Encoding::Number(Scale::Linear { .. }))) {
        *out += include_str!("../../assets/c/linear_scale.c");
    }
    if has(|encoding| matches!(encoding, Encoding::Number(Scale::Curve { .. }))) {
        *out += include_str!("../../assets/c/curve_scale.c");
    }
    if has(|encoding| matches!(encoding, Encoding::States(_))) {
        *out += include_str!("../../assets/c/state_inputs.c");
    }
    let mut body = String::new();
    let mut first = 0;
    *out += "\n";
    for (column, encoding) in network.inputs.iter().enumerate() {
        let _ = match encoding {
            Encoding::Number(Scale::Linear { mean, deviation }) => {
                let [mean, deviation] = [mean, deviation].map(|value| c::number(*value));
                writeln!(body, "  inputs[{first}] = on_line(values[{column}], {mean}, {deviation});")
            }
            Encoding::Number(Scale::Curve { values, scores }) => {
                c::doubles(out, &format!("knots_{column}"), values.iter().copied());
                c::doubles(out, &format!("scores_{column}"), scores.iter().copied());
                let count = values.len();
                writeln!(
                    body,
                    "  inputs[{first}] = on_curve(values[{column}], knots_{column}, scores_{column}, {count});"
                )
            }
            Encoding::States(states) => {
                c::floats(out, &format!("states_{column}"), states.iter().flatten().copied());
                let (count, width) = (states.len(), encoding.width());
                writeln!(
                    body,
                    "  inputs_of_state(states_{column}, {count}, {width}, values[{column}], inputs + {first});"
                )
            }
        };
        first += encoding.width();
    }
    let _ = write!(out, "\nstatic void inputs_of(const double *values, double *inputs) {{\n{body}}}\n");
}

fn mixture_layers(out: &mut String, network: &Network, alternatives: Vec<Vec<f32>>) {
    *out += include_str!("../../assets/c/mixture_layer.c");
    *out += "\n";
    let mut layers = Vec::new();
    let mut weights = Vec::new();
    for (index, layer) in network.layers.iter().enumerate() {
        let Layer::Mixture(layer) = layer else { continue };
        c::floats(out, &format!("means_{index}"), layer.means.iter().copied());
        c::doubles(out, &format!("precisions_{index}"), layer.precisions());
        c::doubles(out, &format!("peaks_{index}"), layer.log_peaks());
        if network.missing_values {
            c::doubles(out, &format!("weights_{index}"), layer.log_weights().into_iter().map(f64::exp));
            weights.push(format!("weights_{index}"));
        }
        let (inputs, neurons) = (layer.inputs, layer.neurons);
        layers.push(format!("{{{inputs}, {neurons}, means_{index}, precisions_{index}, peaks_{index}}}"));
    }
    let _ = writeln!(out, "static const struct layer layers[LAYERS] = {{\n  {}}};", layers.join(",\n  "));
    c::floats_as_doubles(out, "alternatives", alternatives.into_iter().flatten());
    if network.missing_values {
        let _ = writeln!(out, "static const double *const weights[LAYERS] = {{{}}};", weights.join(", "));
        *out += include_str!("../../assets/c/weight_seen.c");
    } else {
        *out += include_str!("../../assets/c/no_weights.c");
    }
    *out += include_str!("../../assets/c/mixture_forward.c");
}

fn linear_layers(out: &mut String, network: &Network) {
    *out += include_str!("../../assets/c/linear_forward.c");
    *out += "\n";
    let mut layers = Vec::new();
    for (index, layer) in network.layers.iter().enumerate() {
        let Layer::Linear(layer) = layer else { continue };
        c::floats(out, &format!("matrix_{index}"), layer.weight.iter().copied());
        c::floats(out, &format!("bias_{index}"), layer.bias.iter().copied());
        let norm = match &layer.norm {
            Some(norm) => {
                let lists = [&norm.means, &norm.factors, &norm.gamma, &norm.beta];
                c::floats(out, &format!("norm_{index}"), lists.into_iter().flatten().copied());
                format!("norm_{index}")
            }
            None => "NULL".into(),
        };
        let (inputs, outputs, relu) = (layer.inputs, layer.outputs, u8::from(layer.relu));
        layers.push(format!("{{{inputs}, {outputs}, matrix_{index}, bias_{index}, {norm}, {relu}}}"));
    }
    let _ = writeln!(out, "static const struct layer layers[LAYERS] = {{\n  {}}};", layers.join(",\n  "));
    *out += include_str!("../../assets/c/linear_layers.c");
}

fn number(out: &mut String, head: &NumberHead) {
    *out += include_str!("../../assets/c/cells.c");
    *out += "\n";
    c::constant(out, "CELLS", head.nodes.len());
    c::constant(out, "POSSIBLE", head.edges.len() - 1);
    c::constant(out, "FIRST", head.first);
    c::constant(out, "BELOW", c::number(head.below.unwrap_or(0.0)));
    c::constant(out, "HAS_TAILS", u8::from(head.usual.is_some()));
    let [from, to] = head.usual.unwrap_or([0, 0]);
    c::constant(out, "USUAL_FROM", from);
    c::constant(out, "USUAL_TO", to);
    if let Some(spread) = head.spread {
        c::constant(out, "SPREAD", c::number(spread));
        c::constant(out, "RANGE_LOW", format!("({})", c::number(head.range[0])));
        c::constant(out, "RANGE_HIGH", format!("({})", c::number(head.range[1])));
        *out += include_str!("../../assets/c/stretch.c");
    }
    c::doubles(out, "edges", head.edges.iter().copied());
    *out += include_str!("../../assets/c/number.c");
}

fn predict_number(out: &mut String, head: &NumberHead) {
    *out += "  {\n    double all = log_sum_exp(scores, CELLS), at_low = 0.0;\n    for (int i = 0; i < CELLS; i++) scores[i] = exp(scores[i] - all);\n";
    if head.spread.is_some() {
        *out += "    stretch(scores);\n";
    }
    if head.below.is_some() {
        *out += "    at_low = scores[FIRST] * BELOW;\n    for (int i = 0; i < FIRST; i++) at_low += scores[i], scores[FIRST] += scores[i];\n";
    }
    *out += "    of_cells(scores + FIRST, at_low, prediction);\n  }\n";
}
