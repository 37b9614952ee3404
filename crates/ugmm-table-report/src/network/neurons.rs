//! Neurons and their components.

use super::diagrams::{largest, names};
use super::seen::Seen;
use crate::error::ReportError;
use crate::naming::{in_data_units, value_text};
use ugmm_network::inspect::{Component as Parameters, Histogram as Counted};
use ugmm_network::{Layer, Network};
use ugmm_report::{Component, Histogram, Neuron, Scale, Units, short};
use ugmm_tabular::NetworkModel;
use ugmm_tabular::target::Target;

/// Largest number of components of a neuron that are listed.
const LEADING: usize = 8;
/// Number of bars of a histogram.
const BARS: usize = 28;
/// Number of fine intervals in which the values of all inputs of a layer are counted.
const FINE: usize = 224;
/// Number of points at which a mixture is computed.
const PLACES: usize = 121;
/// Fraction of a layer's input values that is left out at either end, because it may contain outliers.
const TAIL: f64 = 0.002;
/// Approximate number of values of a layer's inputs that determine its range.
const SAMPLE: usize = 200_000;
/// Margin of a mixture beyond the values of its inputs, as a fraction of their range.
const MARGIN: f64 = 0.08;
/// Number of points of the curve that converts values to the data's units.
const CURVE: usize = 33;

/// Fails with an error if the network does not have one of the named neurons.
pub fn check(network: &Network, named: &[String]) -> Result<(), ReportError> {
    let number =
        |text: &str| text.parse::<usize>().ok().filter(|number| number.to_string() == text)?.checked_sub(1);
    let is_there = |id: &String| {
        let (layer, neuron) = id.split_once('.')?;
        (number(neuron)? < network.layers.get(number(layer)?)?.neurons()).then_some(())
    };
    match named.iter().find(|id| is_there(id).is_none()) {
        Some(id) => {
            let last = network.layers.last().map_or(0, Layer::neurons);
            Err(ReportError::NoSuchNeuron {
                id: id.clone(),
                last: format!("{}.{last}", network.layers.len()),
            })
        }
        None => Ok(()),
    }
}

/// All neurons by layer, the most important first; the neurons in `named` come first of all.
pub fn neurons(model: &NetworkModel, seen: &Seen, named: &[String]) -> Vec<Neuron> {
    let names = names(model, seen.network);
    let mut neurons = Vec::new();
    for layer in 0..seen.network.layers.len() {
        let pool = Pool::of(seen, layer);
        let importances = &seen.weights.importances[layer + 1];
        for neuron in largest(importances, importances.len()) {
            neurons.push(of_neuron(model, seen, &names, &pool, (layer, neuron)));
        }
    }
    // The page groups neurons by layer; within its layer a named neuron comes first.
    let rank = |id: &String| named.iter().position(|named| named == id).unwrap_or(named.len());
    neurons.sort_by_key(|neuron: &Neuron| (neuron.layer, rank(&neuron.id)));
    neurons
}

/// The values of all inputs of a layer, counted in common intervals.
struct Pool {
    from: f64,
    to: f64,
    /// How far mixtures are drawn beyond either end.
    margin: f64,
    /// Fraction of each input's values in each interval, `[inputs, FINE]`.
    shares: Vec<f64>,
}

impl Pool {
    fn of(seen: &Seen, layer: usize) -> Self {
        let values = &seen.activations[layer];
        let inputs = values.len() / seen.rows();
        // A step that is coprime to the number of inputs reaches all of them.
        let step = (values.len() / SAMPLE).max(1);
        let step = (step..).find(|step| gcd(*step, inputs) == 1).unwrap_or(1);
        let mut sample: Vec<f32> =
            values.iter().step_by(step).copied().filter(|value| value.is_finite()).collect();
        sample.sort_by(f32::total_cmp);
        let at = |share: f64| {
            sample.get(((sample.len().max(1) - 1) as f64 * share) as usize).map_or(0.0, |v| f64::from(*v))
        };
        let (low, high) = (at(TAIL), at(1.0 - TAIL));
        let (from, to) = if low < high { (low, high) } else { (low - 1.0, high + 1.0) };
        let mut shares = vec![0.0; inputs * FINE];
        for row in values.chunks(inputs) {
            for (input, &value) in row.iter().enumerate() {
                let place = (f64::from(value) - from) / (to - from) * FINE as f64;
                // The largest value belongs to the last interval.
                if (0.0..=FINE as f64).contains(&place) {
                    shares[input * FINE + (place as usize).min(FINE - 1)] += 1.0 / seen.rows() as f64;
                }
            }
        }
        Self { from, to, margin: MARGIN * (to - from), shares }
    }

    /// The histogram of a neuron's inputs, each weighted by its mixing weight.
    fn histogram(&self, components: &[Parameters]) -> Histogram {
        let mut counts = vec![0.0; BARS];
        for component in components {
            let shares = &self.shares[component.input * FINE..][..FINE];
            for (place, share) in shares.iter().enumerate() {
                counts[place * BARS / FINE] += component.weight * share;
            }
        }
        Histogram { from: self.from, to: self.to, counts }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn of_neuron(
    model: &NetworkModel,
    seen: &Seen,
    names: &[Vec<String>],
    pool: &Pool,
    (layer, neuron): (usize, usize),
) -> Neuron {
    let components = &seen.weights.components[layer][neuron];
    let is_first = layer == 0;
    let component = |one: &Parameters| Component {
        name: names[layer][one.input].as_str().into(),
        neuron: (!is_first).then(|| format!("{layer}.{}", one.input + 1)),
        weight: one.weight,
        mean: one.mean,
        sigma: one.sigma,
        values: Counted::of_values(seen.column(layer, one.input), BARS).map(histogram),
        units: if is_first {
            units(model, one, seen)
        } else {
            Units { scale: Scale::Linear { offset: 0.0, factor: 1.0 }, text: short }
        },
    };
    let density = |x: f64| {
        let one = |component: &Parameters| {
            let z = (x - component.mean) / component.sigma;
            component.weight / (component.sigma * std::f64::consts::TAU.sqrt()) * (-0.5 * z * z).exp()
        };
        components.iter().map(one).sum::<f64>()
    };
    let (from, to) = (pool.from - pool.margin, pool.to + pool.margin);
    let place = |index: usize| from + (to - from) * index as f64 / (PLACES - 1) as f64;
    let name = names[layer + 1][neuron].as_str();
    let units = match (is_first, model.saved().task().label_encoding()) {
        (true, _) if is_as_in_the_data(model) => "value of the input",
        (true, _) => "value of the input, scaled as the network sees it",
        (false, _) => "activation of the layer before (a log-density)",
    };
    Neuron {
        id: format!("{}.{}", layer + 1, neuron + 1),
        name: if layer + 2 == names.len() { format!("output {name}").into() } else { name.into() },
        layer: layer + 1,
        importance: seen.weights.importances[layer + 1][neuron],
        components: components.len(),
        dropped: seen.network.layers[layer].inputs() - components.len(),
        leading: components.iter().take(LEADING).map(component).collect(),
        mixture: (0..PLACES).map(|index| density(place(index))).collect(),
        range: (from, to),
        inputs: Some(pool.histogram(components)),
        activations: Counted::of_values(seen.column(layer + 1, neuron), BARS).map(histogram),
        units: units.into(),
    }
}

fn histogram(Counted { from, to, counts }: Counted) -> Histogram {
    Histogram { from, to, counts }
}

fn is_as_in_the_data(model: &NetworkModel) -> bool {
    (0..model.preprocessor().inputs().min(64))
        .all(|input| model.preprocessor().scale_of(input) == Some((0.0, 1.0)))
}

/// The conversion of an input of the network to the data's units.
fn units(model: &NetworkModel, component: &Parameters, seen: &Seen) -> Units {
    let input = component.input;
    let is_feature = input < seen.width;
    let scale = match (model.preprocessor().scale_of(input), model.target()) {
        (Some((offset, factor)), _) if is_feature => Scale::Linear { offset, factor },
        (_, Target::Number(number)) if !is_feature => {
            Scale::Linear { offset: number.mean, factor: number.scale }
        }
        _ if !is_feature => Scale::Linear { offset: 0.0, factor: 1.0 },
        _ => {
            let ends =
                Counted::of_values(seen.column(0, input), 1).map_or((-3.0, 3.0), |all| (all.from, all.to));
            let low = ends.0.min(component.mean - component.sigma);
            let high = ends.1.max(component.mean + component.sigma);
            let place = |index: usize| low + (high - low) * index as f64 / (CURVE - 1) as f64;
            Scale::Curve((0..CURVE).map(place).map(|at| (at, in_data_units(model, input, at))).collect())
        }
    };
    Units { scale, text: value_text(model, input) }
}
