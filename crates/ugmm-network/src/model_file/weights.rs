//! The weights of a module as named tensors, and back.

use super::StoredTensor;
use crate::init::host_values;
use crate::{Model, ModelConfig};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors};

/// Every float tensor of the model with its name.
pub(super) fn collect(model: &Model) -> Vec<(String, StoredTensor)> {
    let mut collector = Collector::default();
    match model {
        Model::Ugmm(network) => network.visit(&mut collector),
        Model::Mlp(network) => network.visit(&mut collector),
    }
    collector.weights
}

#[derive(Default)]
struct Collector {
    path: Vec<String>,
    weights: Vec<(String, StoredTensor)>,
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let tensor = parameter.val();
        let weight = StoredTensor::of_f32(&tensor.dims(), &host_values(&tensor));
        self.weights.push((self.path.join("."), weight));
    }
}

/// A model of this configuration with the weights of a file.
pub(super) fn load(
    config: &ModelConfig,
    tensors: &SafeTensors<'_>,
    device: &Device,
) -> Result<Model, String> {
    // Before anything is allocated by the configuration's word: the file must hold that much.
    let expected = parameter_count(config);
    let found: usize = tensors.iter().map(|(_, tensor)| tensor.data().len() / size_of::<f32>()).sum();
    if expected != Some(found) {
        let expected = expected.map_or("too many to count".into(), |count| count.to_string());
        return Err(format!(
            "the model's description asks for {expected} weights, but the file holds {found}"
        ));
    }
    let mut loader = Loader { path: Vec::new(), tensors, error: None };
    let model = match config.blank(device) {
        Model::Ugmm(network) => Model::Ugmm(network.map(&mut loader)),
        Model::Mlp(network) => Model::Mlp(network.map(&mut loader)),
    };
    match loader.error {
        Some(error) => Err(error),
        None => Ok(model),
    }
}

/// Number of weights in the file of such a model, or `None` where it overflows.
fn parameter_count(config: &ModelConfig) -> Option<usize> {
    match config {
        ModelConfig::Ugmm(config) => config.weights(),
        ModelConfig::Mlp(config) => config.weights(),
    }
}

struct Loader<'a> {
    path: Vec<String>,
    tensors: &'a SafeTensors<'a>,
    /// The first thing that was wrong.
    error: Option<String>,
}

impl Loader<'_> {
    fn read(&self, shape: &[usize]) -> Result<Vec<f32>, String> {
        let name = self.path.join(".");
        let tensor =
            self.tensors.tensor(&name).map_err(|_| format!("the model's weights {name:?} are missing"))?;
        if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
            return Err(format!(
                "the model's weights {name:?} are {:?} of shape {:?}, but F32 of shape {shape:?} are needed",
                tensor.dtype(),
                tensor.shape()
            ));
        }
        let (chunks, _) = tensor.data().as_chunks();
        let values: Vec<f32> = chunks.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(format!("the model's weights {name:?} hold {value}")),
            None => Ok(values),
        }
    }
}

impl ModuleMapper for Loader<'_> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = parameter.dims();
        match self.read(&shape) {
            Ok(values) => {
                parameter.map(|old| Tensor::from_data(TensorData::new(values, shape), &old.device()))
            }
            Err(error) => {
                self.error.get_or_insert(error);
                parameter
            }
        }
    }
}
