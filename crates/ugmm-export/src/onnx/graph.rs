//! Builds a graph, one operation after another.

use super::proto::{
    AttributeProto, DimensionProto, DimensionValue, GraphProto, NodeProto, TensorProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto,
};
use std::collections::HashMap;

/// The type of the elements of a tensor, with its number in ONNX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Float = 1,
    Int = 7,
    Text = 8,
    Double = 11,
}

/// The result of an operation, a constant or an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value(String);

/// A graph under construction. Constants that are equal are stored once.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
    known: HashMap<(i32, Vec<i64>, Vec<u8>), Value>,
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
}

/// Before the names of constants and results, to tell them from columns.
const PREFIX: &str = "ugmm/";
/// Name of the axis of rows.
const ROWS: &str = "rows";

impl Graph {
    /// An input `[rows, width]`.
    pub fn input(&mut self, name: &str, of: Type, width: usize, about: &str) -> Value {
        self.inputs.push(value_info(name, of, &[width], about));
        Value(name.to_owned())
    }

    /// Declares a value as an output: `[rows]` without a width, `[rows, width]` with one.
    pub fn output(&mut self, name: &str, of: Type, width: Option<usize>, value: &Value, about: &str) {
        let result = Value(name.to_owned());
        self.nodes.push(NodeProto {
            input: vec![value.0.clone()],
            output: vec![result.0],
            name: format!("output {name}"),
            op_type: "Identity".into(),
            ..NodeProto::default()
        });
        let widths: Vec<usize> = width.into_iter().collect();
        self.outputs.push(value_info(name, of, &widths, about));
    }

    /// The result of an operator with these settings.
    pub fn with(&mut self, operator: &str, inputs: &[&Value], attributes: Vec<AttributeProto>) -> Value {
        let number = self.nodes.len();
        let result = format!("{PREFIX}v{number}");
        let is_ml = operator == "LabelEncoder";
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|value| value.0.clone()).collect(),
            output: vec![result.clone()],
            name: format!("{operator} {number}"),
            op_type: operator.into(),
            attribute: attributes,
            domain: if is_ml { super::ML_DOMAIN.into() } else { String::new() },
        });
        Value(result)
    }

    /// The result of an operator.
    pub fn op<const N: usize>(&mut self, operator: &str, inputs: [&Value; N]) -> Value {
        self.with(operator, &inputs, Vec::new())
    }

    pub fn cast(&mut self, value: &Value, to: Type) -> Value {
        self.with("Cast", &[value], vec![AttributeProto::int("to", to as i64)])
    }

    /// The values side by side along `axis`.
    pub fn concat(&mut self, values: &[Value], axis: i64) -> Value {
        match values {
            [value] => value.clone(),
            _ => self.with(
                "Concat",
                &values.iter().collect::<Vec<_>>(),
                vec![AttributeProto::int("axis", axis)],
            ),
        }
    }

    /// A reduction over the last axis, which is kept with the size 1 or left out.
    pub fn reduce(&mut self, operator: &str, value: &Value, keep: bool) -> Value {
        let axes = self.ints(&[1], &[-1]);
        self.with(operator, &[value, &axes], vec![AttributeProto::int("keepdims", keep.into())])
    }

    pub fn unsqueeze(&mut self, value: &Value, axis: i64) -> Value {
        let axes = self.ints(&[1], &[axis]);
        self.op("Unsqueeze", [value, &axes])
    }

    pub fn squeeze(&mut self, value: &Value, axis: i64) -> Value {
        let axes = self.ints(&[1], &[axis]);
        self.op("Squeeze", [value, &axes])
    }

    /// The value with other sizes; −1 stands for what is left.
    pub fn reshape(&mut self, value: &Value, sizes: &[i64]) -> Value {
        let sizes = self.ints(&[sizes.len()], sizes);
        self.op("Reshape", [value, &sizes])
    }

    /// Rows of a constant, or columns with `axis` 1.
    pub fn gather(&mut self, value: &Value, indices: &Value, axis: i64) -> Value {
        self.with("Gather", &[value, indices], vec![AttributeProto::int("axis", axis)])
    }

    /// The elements `from` to `to` of the last axis.
    pub fn slice(&mut self, value: &Value, from: usize, to: usize) -> Value {
        let [from, to] = [from, to].map(|end| self.ints(&[1], &[end as i64]));
        let axes = self.ints(&[1], &[-1]);
        self.op("Slice", [value, &from, &to, &axes])
    }

    pub fn floats(&mut self, sizes: &[usize], values: &[f32]) -> Value {
        self.constant(Type::Float, sizes, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub fn doubles(&mut self, sizes: &[usize], values: &[f64]) -> Value {
        self.constant(Type::Double, sizes, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub fn ints(&mut self, sizes: &[usize], values: &[i64]) -> Value {
        self.constant(Type::Int, sizes, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub fn texts<S: AsRef<str>>(&mut self, values: &[S]) -> Value {
        let name = format!("{PREFIX}c{}", self.constants.len());
        self.constants.push(TensorProto {
            dims: vec![values.len() as i64],
            data_type: Type::Text as i32,
            string_data: values.iter().map(|text| text.as_ref().as_bytes().to_vec()).collect(),
            name: name.clone(),
            raw_data: None,
        });
        Value(name)
    }

    /// One number of type `f32` for all elements.
    pub fn float(&mut self, value: f32) -> Value {
        self.floats(&[], &[value])
    }

    /// One number of type `f64` for all elements.
    pub fn double(&mut self, value: f64) -> Value {
        self.doubles(&[], &[value])
    }

    fn constant(&mut self, of: Type, sizes: &[usize], bytes: Vec<u8>) -> Value {
        let dims: Vec<i64> = sizes.iter().map(|&size| size as i64).collect();
        let key = (of as i32, dims.clone(), bytes);
        if let Some(value) = self.known.get(&key) {
            return value.clone();
        }
        let name = format!("{PREFIX}c{}", self.constants.len());
        let raw_data = Some(key.2.clone());
        let tensor =
            TensorProto { dims, data_type: key.0, name: name.clone(), raw_data, string_data: Vec::new() };
        self.constants.push(tensor);
        self.known.insert(key, Value(name.clone()));
        Value(name)
    }

    /// log Σ e^value over the last axis, which is left out: −∞ if all values are. It is written out, because runtimes
    /// differ on the operator for large numbers.
    pub fn log_sum_exp(&mut self, value: &Value, of: Type) -> Value {
        let largest = self.reduce("ReduceMax", value, true);
        // Minus infinity less minus infinity would be no number.
        let lowest = match of {
            Type::Double => self.double(f64::MIN),
            _ => self.float(f32::MIN),
        };
        let largest = self.op("Max", [&largest, &lowest]);
        let relative = self.op("Sub", [value, &largest]);
        let exponentials = self.op("Exp", [&relative]);
        let sum = self.reduce("ReduceSum", &exponentials, false);
        let log = self.op("Log", [&sum]);
        let largest = self.squeeze(&largest, -1);
        self.op("Add", [&log, &largest])
    }

    /// log softmax over the last axis.
    pub fn log_softmax(&mut self, value: &Value, of: Type) -> Value {
        let largest = self.reduce("ReduceMax", value, true);
        let relative = self.op("Sub", [value, &largest]);
        let total = self.log_sum_exp(&relative, of);
        let total = self.unsqueeze(&total, -1);
        self.op("Sub", [&relative, &total])
    }

    pub fn finish(self, name: &str) -> GraphProto {
        GraphProto {
            node: self.nodes,
            name: name.to_owned(),
            initializer: self.constants,
            input: self.inputs,
            output: self.outputs,
        }
    }
}

fn value_info(name: &str, of: Type, widths: &[usize], about: &str) -> ValueInfoProto {
    let sizes = widths.iter().map(|&width| DimensionValue::DimValue(width as i64));
    let dim = std::iter::once(DimensionValue::DimParam(ROWS.into())).chain(sizes);
    let dim = dim.map(|value| DimensionProto { value: Some(value) }).collect();
    let tensor = TensorTypeProto { elem_type: of as i32, shape: Some(TensorShapeProto { dim }) };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto { tensor_type: Some(tensor) }),
        doc_string: about.to_owned(),
    }
}
