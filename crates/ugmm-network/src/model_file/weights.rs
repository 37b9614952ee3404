//! Conversion of a model's weights to and from named tensors.

use super::StoredTensor;
use crate::{Means, Model, ModelConfig};
use safetensors::tensor::{Dtype, SafeTensors};

/// A tensor of a model with its name, its shape and its values.
struct Named<'m> {
    name: String,
    shape: Vec<usize>,
    values: &'m mut [f32],
}

/// All tensors of a model, with their names in files.
fn named(model: &mut Model) -> Vec<Named<'_>> {
    let mut all = Vec::new();
    let mut add = |name: String, shape: &[usize], values| {
        all.push(Named { name, shape: shape.to_vec(), values });
    };
    match model {
        Model::Ugmm(network) => {
            for (index, layer) in network.layers.iter_mut().enumerate() {
                let (neurons, inputs) = (layer.neurons(), layer.inputs());
                let means = if layer.config.means == Means::Tied { 1 } else { inputs };
                let name = |tensor: &str| format!("layers.{index}.{tensor}");
                add(name("means"), &[neurons, means], &mut layer.means);
                add(name("raw_log_sigmas"), &[neurons, inputs], &mut layer.raw_log_sigmas);
                add(name("mixing_logits"), &[neurons, inputs], &mut layer.mixing_logits);
            }
        }
        Model::Mlp(network) => {
            for (index, layer) in network.layers.iter_mut().enumerate() {
                let (inputs, outputs) = (layer.inputs, layer.outputs);
                add(format!("layers.{index}.weight"), &[inputs, outputs], &mut layer.weight);
                add(format!("layers.{index}.bias"), &[outputs], &mut layer.bias);
            }
            for (index, norm) in network.norms.iter_mut().enumerate() {
                let units = norm.gamma.len();
                let name = |tensor: &str| format!("norms.{index}.{tensor}");
                add(name("gamma"), &[units], &mut norm.gamma);
                add(name("beta"), &[units], &mut norm.beta);
                add(name("running_mean"), &[units], &mut norm.running_mean);
                add(name("running_var"), &[units], &mut norm.running_var);
            }
        }
    }
    all
}

/// Checks that the model has as many weights as its configuration asks for, and that they are finite.
pub(super) fn check(model: &Model) -> Result<(), String> {
    let state = model.state();
    let found: usize = state.iter().map(|tensor| tensor.len()).sum();
    if model.config().weights() != Some(found) {
        return Err(format!("the model has {found} weights, which is not what its configuration asks for"));
    }
    match state.into_iter().flatten().find(|value| !value.is_finite()) {
        Some(value) => Err(format!("the model's weights hold {value}")),
        None => Ok(()),
    }
}

/// Every tensor of the model with its name.
pub(super) fn collect(model: &Model) -> Vec<(String, StoredTensor)> {
    // The clone is needed because `named` borrows tensors mutably for loading.
    let mut model = model.clone();
    let stored = |tensor: Named| (tensor.name, StoredTensor::of_f32(&tensor.shape, tensor.values));
    named(&mut model).into_iter().map(stored).collect()
}

/// A model of this configuration with the weights of a file.
pub(super) fn load(config: &ModelConfig, tensors: &SafeTensors<'_>) -> Result<Model, String> {
    // The check comes before any allocation by the configuration's sizes: the file must hold as many weights.
    let expected = config.weights();
    let found: usize = tensors.iter().map(|(_, tensor)| tensor.data().len() / size_of::<f32>()).sum();
    if expected != Some(found) {
        let expected = expected.map_or("too many to count".into(), |count| count.to_string());
        return Err(format!(
            "the model's description asks for {expected} weights, but the file holds {found}"
        ));
    }
    let mut model = config.blank();
    for Named { name, shape, values } in named(&mut model) {
        read(tensors, &name, &shape, values)?;
    }
    Ok(model)
}

/// Reads a tensor of this name and shape.
fn read(tensors: &SafeTensors<'_>, name: &str, shape: &[usize], values: &mut [f32]) -> Result<(), String> {
    let tensor = tensors.tensor(name).map_err(|_| format!("the model's weights {name:?} are missing"))?;
    if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
        return Err(format!(
            "the model's weights {name:?} are {:?} of shape {:?}, but F32 of shape {shape:?} are needed",
            tensor.dtype(),
            tensor.shape()
        ));
    }
    let (chunks, _) = tensor.data().as_chunks();
    values.iter_mut().zip(chunks).for_each(|(value, &bytes)| *value = f32::from_le_bytes(bytes));
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(format!("the model's weights {name:?} hold {value}")),
        None => Ok(()),
    }
}
