//! `ugmm inspect`: the structure and the components of a model.

mod density;
mod matters;
mod trust;

use crate::arguments::{Common, Inspect};
use crate::error::CliError;
use crate::output::{check_outputs, count, percent, print, table, within, write_json};
use serde::Serialize;
use trust::Trust;
use ugmm_network::Network;
use ugmm_network::inspect::{Component, LayerSummary, importances, leading_components, summarize};
use ugmm_table_report::naming::{in_data_units, input_names, network_of, neuron_names};
use ugmm_tabular::read::{ReadTarget, TableReader};
use ugmm_tabular::{Device, Engine, NetworkModel, TableModel};

/// Largest number of rows of the data that are used, enough for ranges and means.
const MOST_ROWS: usize = 4096;

#[derive(Serialize)]
struct Report<'a> {
    target: &'a str,
    classes: &'a [String],
    rows: usize,
    layers: Vec<LayerSummary>,
    /// `[layer][neuron]`, each with its largest components.
    neurons: Vec<Vec<Neuron>>,
    /// Faithfulness of explanations, with `--faithfulness`.
    faithfulness: Option<Trust>,
}

#[derive(Serialize)]
struct Neuron {
    /// Name of the neuron: a class, or its number.
    name: String,
    /// Fraction of the outputs that goes through the neuron according to the mixing weights; the neurons of a
    /// layer sum to 1.
    importance: f64,
    /// Components in descending order of their mixing weights.
    components: Vec<Named>,
}

/// A component: the name of its input, and its mean and range in the data's units.
#[derive(Serialize)]
struct Named {
    input: String,
    weight: f64,
    mean: f64,
    /// One standard deviation below the mean.
    from: f64,
    to: f64,
}

pub fn run(options: &Inspect, common: &Common) -> Result<(), CliError> {
    let inputs = [Some(options.model.as_path()), options.data.as_deref()];
    check_outputs(
        &[common.json.as_deref(), options.output.as_deref()],
        &inputs.into_iter().flatten().collect::<Vec<_>>(),
    )?;
    let model = ugmm_tabular::load(&options.model, &Device::default())?;
    match Engine::of(&*model) {
        Engine::Network(model) => match &options.data {
            Some(data) if options.importance || !options.effect.is_empty() => {
                matters::run(model, data, options, common)
            }
            _ => network(model, options, common),
        },
        Engine::Density(model) => density::run(model, options, common),
    }
}

fn network(model: &NetworkModel, options: &Inspect, common: &Common) -> Result<(), CliError> {
    let network = network_of(model)?;
    let inputs = match &options.data {
        Some(data) => Some(rows(model, data, options)?),
        None => None,
    };
    let x = match &inputs {
        Some(inputs) => Some(model.network_input(inputs, &model.predicted(inputs)?.values())?),
        None => None,
    };
    let trust = match (&inputs, options.faithfulness) {
        (Some(inputs), Some(deletion)) => Some(Trust::measure(model, inputs, deletion)?),
        _ => None,
    };
    let rows = x.as_ref().map_or(0, |x| x.len() / ugmm_network::Predictor::inputs(network));
    let report = Report {
        target: model.target_name(),
        classes: model.classes(),
        rows,
        layers: summarize(network, x.as_deref()),
        neurons: neurons(model, network, options.components.get()),
        faithfulness: trust,
    };
    write_json(common.json.as_deref(), "ugmm/inspect", &report)?;
    if common.quiet { Ok(()) } else { print(&text(&report, options)) }
}

/// The inputs of the first rows of a file.
fn rows(model: &NetworkModel, data: &std::path::Path, options: &Inspect) -> Result<Vec<f32>, CliError> {
    let mut values = Vec::new();
    let width = model.preprocessor().inputs();
    for batch in TableReader::open(data, model, ReadTarget::No, &[], &options.table.read_options())? {
        let batch = batch?;
        let known = batch.iter().filter(|row| model.is_predictable(row));
        values.extend(model.features(&known.flatten().copied().collect::<Vec<f64>>()));
        if values.len() >= MOST_ROWS * width {
            break;
        }
    }
    values.truncate(MOST_ROWS * width);
    if values.is_empty() {
        return Err(CliError::NothingToLookAt {
            path: data.to_path_buf(),
            target: model.target_name().into(),
        });
    }
    Ok(values)
}

/// The neurons of each layer with their largest components, in words.
fn neurons(model: &NetworkModel, network: &Network, most: usize) -> Vec<Vec<Neuron>> {
    let mut names = input_names(model);
    let importances = importances(network);
    let mut layers = Vec::with_capacity(network.layers.len());
    for (index, layer) in network.layers.iter().enumerate() {
        let of_layer = neuron_names(model, network, index);
        let named = |component: Component| {
            let in_units = |value: f64| match index {
                0 => in_data_units(model, component.input, value),
                _ => value,
            };
            let Component { weight, mean, sigma, input } = component;
            Named {
                input: names[input].clone(),
                weight,
                mean: in_units(mean),
                from: in_units(mean - sigma),
                to: in_units(mean + sigma),
            }
        };
        let leading = leading_components(layer, most).into_iter().zip(&of_layer);
        let neurons = leading.zip(&importances[index]).map(|((components, name), &importance)| Neuron {
            name: name.clone(),
            importance,
            components: components.into_iter().map(named).collect(),
        });
        layers.push(neurons.collect());
        names = of_layer;
    }
    layers
}

fn text(report: &Report, options: &Inspect) -> String {
    let sizes: Vec<String> = std::iter::once(report.layers[0].inputs)
        .chain(report.layers.iter().map(|layer| layer.neurons))
        .map(|size| size.to_string())
        .collect();
    let mut text = format!("uGMM network {}, for {}\n\n", sizes.join("-"), report.target);
    let header = ["layer", "neurons", "components", "effective", "at the σ floor", "dead", "activations"];
    let mut rows = vec![header.map(String::from).to_vec()];
    for (index, layer) in report.layers.iter().enumerate() {
        let share = |part: usize| format!("{} %", percent(part as f64 / layer.components as f64, 1));
        let unknown = || "–".to_owned();
        rows.push(vec![
            (index + 1).to_string(),
            layer.neurons.to_string(),
            layer.components.to_string(),
            format!("{:.1}", layer.effective_components),
            layer.at_floor.map_or_else(unknown, share),
            layer.activity.map_or_else(unknown, |activity| share(activity.dead_components)),
            layer.activity.map_or_else(unknown, |activity| {
                format!("{:.2} to {:.2}, mean {:.2}", activity.least, activity.greatest, activity.mean)
            }),
        ]);
    }
    text += &table(&rows);
    text += &match report.rows {
        0 => "--data shows dead components and the range of activations\n".into(),
        rows => format!("on {}, each with its predicted {}\n", count(rows, "row"), report.target),
    };
    for neurons in report.neurons.iter().rev() {
        let mut by_importance: Vec<&Neuron> = neurons.iter().collect();
        by_importance.sort_by(|a, b| b.importance.total_cmp(&a.importance));
        for neuron in by_importance.into_iter().take(options.neurons.get()) {
            let mut rows =
                vec![[neuron.name.as_str(), "weight, %", "mean", "mean ± σ"].map(String::from).to_vec()];
            for Named { input, weight, mean, from, to } in &neuron.components {
                let number = |number: f64| within(number, to - from);
                let range = format!("{} to {}", number(*from), number(*to));
                rows.push(vec![input.clone(), percent(*weight, 2), number(*mean), range]);
            }
            text += &format!("\n{}", table(&rows));
        }
        let more = neurons.len().saturating_sub(options.neurons.get());
        if more > 0 {
            text += &format!(
                "\nand {} more of this layer (--neurons shows more, --json all)\n",
                count(more, "neuron")
            );
        }
    }
    if let Some(trust) = &report.faithfulness {
        text += &trust.text();
    }
    text
}
