//! Models as graphs of ONNX.
//!
//! The inputs are the table's columns, each `[rows, 1]`: numbers as doubles with NaN for a missing value, categories and
//! booleans as texts with "" for a missing value. A model of images has one input, `image`, `[rows, pixels]`.

mod circuit;
mod graph;
mod inputs;
mod network;
mod number;
pub mod proto;

use crate::error::ExportError;
use crate::portable::{Body, Column, PortableModel, RowNeeds};
use graph::{Graph, Type, Value};
use inputs::Inputs;
use prost::Message;
use proto::{ModelProto, OperatorSetIdProto, StringStringEntryProto};

/// The version of the format; operators of version 18 need 8.
const IR_VERSION: i64 = 8;
/// Version of the usual operators.
const OPERATORS: i64 = 18;
/// The set of operators for machine learning, and its version.
const ML_DOMAIN: &str = "ai.onnx.ml";
const ML_OPERATORS: i64 = 3;

/// The bytes of the model as ONNX.
///
/// # Errors
///
/// [`ExportError::NoChoice`] if `by_column` is true for a network.
pub fn bytes(model: &PortableModel, by_column: bool) -> Result<Vec<u8>, ExportError> {
    Ok(model_proto(model, by_column)?.encode_to_vec())
}

/// The model as a message of ONNX.
///
/// # Errors
///
/// [`ExportError::NoChoice`] if `by_column` is true for a network.
pub fn model_proto(model: &PortableModel, by_column: bool) -> Result<ModelProto, ExportError> {
    let mut graph = Graph::default();
    let inputs = Inputs::new(&mut graph, model);
    let mut outputs = Outputs { graph, model };
    match &model.body {
        Body::Network(network) => network::build(&mut outputs, network, &inputs, by_column)?,
        Body::Circuit(circuit) => circuit::build(&mut outputs, circuit, &inputs, by_column)?,
    }
    let name = model.target.as_ref().map_or("density", |target| &target.name);
    let mut metadata: Vec<(String, String)> =
        model.card.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    metadata.push(("columns".into(), columns_json(&model.columns)));
    if let Some(target) = &model.target {
        metadata.push(("target".into(), columns_json(std::slice::from_ref(target))));
    }
    let entry = |(key, value)| StringStringEntryProto { key, value };
    let set = |domain: &str, version| OperatorSetIdProto { domain: domain.into(), version };
    Ok(ModelProto {
        ir_version: IR_VERSION,
        producer_name: "ugmm".into(),
        producer_version: model.version.into(),
        doc_string: description(model),
        graph: Some(outputs.graph.finish(name)),
        opset_import: vec![set("", OPERATORS), set(ML_DOMAIN, ML_OPERATORS)],
        metadata_props: metadata.into_iter().map(entry).collect(),
    })
}

/// The columns for programs: name, kind and possible values of each.
fn columns_json(columns: &[Column]) -> String {
    let column = |column: &Column| serde_json::json!({ "name": column.name, "kind": column.kind, "values": column.values, "range": column.range });
    serde_json::Value::Array(columns.iter().map(column).collect()).to_string()
}

fn description(model: &PortableModel) -> String {
    let lines: Vec<String> = model.card.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let needs = match model.needs {
        RowNeeds::Nothing => "A row may be without any value.",
        RowNeeds::OneValue => {
            "A row needs the value of at least one column; without one, its outputs are NaN."
        }
        RowNeeds::EveryValue => {
            "A row needs the values of all columns; where one is missing, its outputs are NaN."
        }
    };
    format!(
        "{}\nA missing number is NaN, a missing text is empty; dates are days since 1970-01-01. {needs}",
        lines.join("\n")
    )
}

/// A graph whose outputs do not have the names of columns.
struct Outputs<'m> {
    graph: Graph,
    model: &'m PortableModel,
}

impl Outputs<'_> {
    /// Adds an output; see [`Graph::output`].
    fn add(&mut self, name: &str, of: Type, width: Option<usize>, value: &Value, about: &str) {
        let mut name = name.to_owned();
        while self.model.columns.iter().any(|column| column.name == name) {
            name.push('_');
        }
        self.graph.output(&name, of, width, value, about);
    }

    /// Adds the outputs of a predicted class: the label, the probabilities and their entropy. `logs` `[rows, classes]` are
    /// logarithms of probabilities and `decision` the numbers added to them for the label, both doubles; rows that are
    /// not `usable` `[rows, 1]` have no label and NaN.
    fn add_classes(
        &mut self,
        names: &[String],
        logs: &Value,
        decision: Option<&[f64]>,
        usable: Option<&Value>,
    ) {
        let graph = &mut self.graph;
        let weighted = match decision {
            Some(weights) if weights.iter().any(|weight| *weight != 0.0) => {
                let weights = graph.doubles(&[1, weights.len()], weights);
                graph.op("Add", [logs, &weights])
            }
            _ => logs.clone(),
        };
        let settings =
            [("axis", -1), ("keepdims", 1)].map(|(name, value)| proto::AttributeProto::int(name, value));
        let best = graph.with("ArgMax", &[&weighted], settings.to_vec());
        let labels = graph.texts(names);
        let mut label = graph.gather(&labels, &best, 0);
        let probabilities = graph.op("Exp", [logs]);
        // A probability of 0 has a logarithm of minus infinity, whose product would be no number.
        let lowest = graph.double(f64::MIN);
        let finite = graph.op("Max", [logs, &lowest]);
        let products = graph.op("Mul", [&probabilities, &finite]);
        let entropy = graph.reduce("ReduceSum", &products, true);
        let entropy = graph.op("Neg", [&entropy]);
        let zero = graph.double(0.0);
        let entropy = graph.op("Max", [&entropy, &zero]);
        let mut results = [probabilities, entropy].map(|value| graph.cast(&value, Type::Float));
        if let Some(usable) = usable {
            let (none, unknown) = (graph.texts(&[""]), graph.float(f32::NAN));
            label = graph.op("Where", [usable, &label, &none]);
            results = results.map(|value| graph.op("Where", [usable, &value, &unknown]));
        }
        let [probabilities, entropy] = results;
        let label = graph.squeeze(&label, -1);
        let entropy = graph.squeeze(&entropy, -1);
        self.add("label", Type::Text, None, &label, "the predicted class");
        let about = format!("the probability of each class: {}", names.join(", "));
        self.add("probabilities", Type::Float, Some(names.len()), &probabilities, &about);
        self.add(
            "entropy",
            Type::Float,
            None,
            &entropy,
            "uncertainty in nats, from 0 to log of the number of classes",
        );
    }

    /// Adds the outputs of a predicted number, doubles `[rows, 1]`: mean, standard deviation and quantiles. Rows that are
    /// not `usable` `[rows, 1]` have NaN.
    fn add_number(&mut self, mean: &Value, deviation: &Value, quantiles: &[Value], usable: Option<&Value>) {
        let graph = &mut self.graph;
        let quantiles = graph.concat(quantiles, 1);
        let mut results = [mean.clone(), deviation.clone(), quantiles];
        if let Some(usable) = usable {
            let unknown = graph.double(f64::NAN);
            results = results.map(|value| graph.op("Where", [usable, &value, &unknown]));
        }
        let [mean, deviation, quantiles] = results;
        let [mean, deviation] = [mean, deviation].map(|value| graph.squeeze(&value, -1));
        self.add("mean", Type::Double, None, &mean, "the expected number");
        self.add("deviation", Type::Double, None, &deviation, "the standard deviation");
        let width = crate::portable::QUANTILES.len();
        self.add("quantiles", Type::Double, Some(width), &quantiles, "the quantiles of 5 %, 50 % and 95 %");
    }
}
