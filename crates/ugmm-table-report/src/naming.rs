//! Names of inputs and neurons, and the data's units.

use ugmm_data::frame::minute_text;
use ugmm_network::{LabelEncoding, Model, Network, Task, UgmmError};
use ugmm_tabular::NetworkModel;
use ugmm_tabular::target::Target;

/// The uGMM network of a model.
///
/// # Errors
///
/// Returns an error for a model of other neurons.
pub fn network_of(model: &NetworkModel) -> Result<&Network, UgmmError> {
    match model.saved().model() {
        Model::Ugmm(network) => Ok(network),
        Model::Mlp(_) => {
            let (setting, expected) = ("the model", "ugmm; other neurons have no components");
            Err(UgmmError::Setting { setting, value: "mlp".into(), expected })
        }
    }
}

/// Names of the network's inputs: the features, and the target if it is an input.
pub fn input_names(model: &NetworkModel) -> Vec<String> {
    let saved = model.saved();
    let target = model.target_name();
    let mut names = saved.columns().features.clone();
    match (saved.task(), saved.task().label_encoding()) {
        (Task::Number(_), _) | (_, Some(LabelEncoding::Index)) => names.push(target.to_owned()),
        (_, Some(LabelEncoding::OneHot)) => {
            names.extend(model.classes().iter().map(|class| format!("{target}={class}")));
        }
        (_, None) => {}
    }
    names
}

/// Names of the neurons of a layer, counted from 0: the classes for outputs, otherwise numbers.
pub fn neuron_names(model: &NetworkModel, network: &Network, layer: usize) -> Vec<String> {
    let neurons = network.layers[layer].neurons();
    let is_last = layer + 1 == network.layers.len();
    match (is_last, model.classes()) {
        (true, classes) if classes.len() == neurons => classes.to_vec(),
        (true, _) => vec!["root".into()],
        (false, _) => (1..=neurons).map(|number| format!("neuron {}.{number}", layer + 1)).collect(),
    }
}

/// A function that writes values of one of the network's inputs as text: dates as dates, other values as
/// numbers.
pub fn value_text(model: &NetworkModel, input: usize) -> fn(f64) -> String {
    let columns = model.preprocessor().source_columns();
    let requests = model.preprocessor().requests();
    match columns.get(input).map(|&column| &requests[column].read_as) {
        Some(read_as) if read_as.is_date() => minute_text,
        _ => ugmm_report::short,
    }
}

/// A value of one of the network's inputs in the data's units, if these are known.
pub fn in_data_units(model: &NetworkModel, input: usize, value: f64) -> f64 {
    match (model.target(), model.preprocessor().to_data_units(input, value)) {
        (_, Some(value)) => value,
        (Target::Number(number), None) => number.mean + value * number.scale,
        (Target::Classes(_), None) => value,
    }
}
