//! Figure 2: the components of a neuron and their mixture.

use super::parts::{histogram, percent, short};
use crate::report::{Component, Neuron, Scale, Units};
use crate::{Axis, Chart, Gaussian, Mark, Text, Tick};
use serde::Serialize;

/// Largest number of components drawn together.
const MOST_CURVES: usize = 6;
/// Height of histograms as a fraction of the chart's.
const BEHIND: f64 = 0.85;

/// The figures and the table of a neuron.
#[derive(Serialize)]
pub(crate) struct NeuronFigures {
    id: String,
    name: Text,
    layer: usize,
    facts: Vec<(Text, Text)>,
    /// For each component: input, weight, mean, mean ± σ.
    table: Vec<[Text; 4]>,
    /// The neuron that is the input of each component; `None` for an input of the network.
    links: Vec<Option<String>>,
    pub(crate) chart: Chart,
    pub(crate) inputs: Vec<Chart>,
    activations: Option<Chart>,
}

pub(crate) fn neuron(neuron: &Neuron) -> NeuronFigures {
    let mut facts = vec![
        (Text::from("share of the outputs, by weights"), percent(neuron.importance).into()),
        (Text::from("components"), neuron.components.to_string().into()),
    ];
    if neuron.dropped > 0 {
        facts.push((Text::from("dropped components"), neuron.dropped.to_string().into()));
    }
    let shown: f64 = neuron.leading.iter().map(|component| component.weight).sum();
    if neuron.leading.len() < neuron.components {
        let of = format!("{} of the weight", percent(shown));
        facts.push((format!("the {} listed have", neuron.leading.len()).into(), of.into()));
    }
    let inputs = neuron.leading.iter().enumerate();
    NeuronFigures {
        id: neuron.id.clone(),
        name: neuron.name.clone(),
        layer: neuron.layer,
        facts,
        table: neuron.leading.iter().map(line).collect(),
        links: neuron.leading.iter().map(|component| component.neuron.clone()).collect(),
        chart: mixture(neuron),
        inputs: inputs.map(|(index, component)| of_input(neuron, index, component)).collect(),
        activations: neuron.activations.as_ref().map(|values| activations(neuron, values)),
    }
}

fn file_name(neuron: &Neuron) -> String {
    format!("neuron-{}", neuron.id.replace('.', "-"))
}

fn line(component: &Component) -> [Text; 4] {
    let at = |deviations: f64| component.units.convert(component.mean + deviations * component.sigma);
    let (low, high) = (at(-1.0).min(at(1.0)), at(-1.0).max(at(1.0)));
    let text = component.units.text;
    let range = format!("{} to {}", text(low), text(high));
    [component.name.clone(), percent(component.weight).into(), text(at(0.0)).into(), range.into()]
}

/// The chart of components and mixture on one axis.
fn mixture(neuron: &Neuron) -> Chart {
    let (from, to) = neuron.range;
    let highest = neuron.mixture.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let factor = magnification(neuron, highest);
    let curve = |(index, component): (usize, &Component)| Gaussian {
        name: format!("{} ({})", component.name.shortened(20), percent(component.weight)).into(),
        series: index + 1,
        weight: component.weight,
        mean: component.mean,
        sigma: component.sigma,
    };
    let curves: Vec<Gaussian> = neuron.leading.iter().take(MOST_CURVES).enumerate().map(curve).collect();
    let count = neuron.mixture.len().max(2) as f64 - 1.0;
    let x = (0..neuron.mixture.len()).map(|index| from + (to - from) * index as f64 / count).collect();
    let mut marks = Vec::new();
    if let Some(values) = &neuron.inputs {
        marks.push(histogram("values of its inputs, by weight", values, BEHIND));
    }
    marks.push(Mark::Gaussians { curves, raised: factor });
    let name = Text::from("mixture of all components");
    marks.push(Mark::Line { name, series: 0, x, y: neuron.mixture.clone(), dashed: false });
    Chart {
        id: file_name(neuron),
        title: match factor > 1.0 {
            true => {
                format!("{}: components, drawn {factor} times as high, and their mixture", neuron.name).into()
            }
            false => format!("{}: components and their mixture", neuron.name).into(),
        },
        description: format!("Densities of the leading components of {} and of their mixture", neuron.name)
            .into(),
        height: 280.0,
        ratio: None,
        x: Axis::of_numbers(neuron.units.clone(), from, to),
        y: Axis::of_numbers("density", 0.0, 1.08 * highest),
        marks,
    }
}

/// The factor by which components are drawn higher, if they are many and each is small relative to their
/// mixture.
fn magnification(neuron: &Neuron, highest: f64) -> f64 {
    let height = |component: &Component| {
        let z = (component.mean.clamp(neuron.range.0, neuron.range.1) - component.mean) / component.sigma;
        component.weight / (component.sigma * std::f64::consts::TAU.sqrt()) * (-0.5 * z * z).exp()
    };
    let drawn = neuron.leading.iter().take(MOST_CURVES).map(height).fold(f64::MIN_POSITIVE, f64::max);
    [100.0, 50.0, 20.0, 10.0, 5.0].into_iter().find(|factor| factor * drawn < 0.9 * highest).unwrap_or(1.0)
}

/// The chart of one component over its own input, in the data's units.
fn of_input(neuron: &Neuron, index: usize, component: &Component) -> Chart {
    let Component { name, weight, mean, sigma, values, units, .. } = component;
    let ends = values.as_ref().map(|values| (values.from, values.to));
    let (low, high) = ends.unwrap_or((mean - 3.0 * sigma, mean + 3.0 * sigma));
    let margin =
        0.06 * (high - low).max(if ends.is_some_and(|(low, high)| low == high) { *sigma } else { 0.0 });
    let (from, to) = (low - margin, high + margin);
    let highest = 1.0 / (sigma * std::f64::consts::TAU.sqrt());
    // The greatest value of the curve within the range.
    let z = (mean.clamp(from, to) - mean) / sigma;
    let top = highest * (-0.5 * z * z).exp();
    let mut marks: Vec<Mark> = values.iter().map(|values| histogram("", values, BEHIND)).collect();
    let curve = Gaussian { name: Text::from(""), series: index + 1, weight: 1.0, mean: *mean, sigma: *sigma };
    marks.push(Mark::Gaussians { curves: vec![curve], raised: 1.0 });
    Chart {
        id: format!("{}-input-{}", file_name(neuron), index + 1),
        title: format!("{}  π = {}", name.shortened(28), percent(*weight)).into(),
        description: "The density of one component, with the values of its input behind".into(),
        height: 150.0,
        ratio: None,
        x: units.axis(from, to),
        // A curve that is low everywhere in the range is not scaled up.
        y: Axis::hidden(0.0, 1.1 * top.max(0.05 * highest)),
        marks,
    }
}

fn activations(neuron: &Neuron, values: &crate::report::Histogram) -> Chart {
    let margin = 0.04 * (values.to - values.from);
    Chart {
        id: format!("{}-activations", file_name(neuron)),
        title: Text::from("Its activations on the rows"),
        description: format!("Histogram of the activations of {}", neuron.name).into(),
        height: 150.0,
        ratio: None,
        x: Axis::of_numbers("activation (a log-density)", values.from - margin, values.to + margin),
        y: Axis::hidden(0.0, 1.0),
        marks: vec![histogram("", values, BEHIND)],
    }
}

impl Units {
    /// Converts a value to the data's units; beyond the ends of a curve it takes the nearest known point.
    fn convert(&self, value: f64) -> f64 {
        match &self.scale {
            Scale::Linear { offset, factor } => offset + factor * value,
            Scale::Curve(points) => {
                let place = points.partition_point(|(at, _)| *at < value);
                match (place.checked_sub(1).and_then(|below| points.get(below)), points.get(place)) {
                    (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (value - x0) / (x1 - x0),
                    (Some((_, y)), None) | (None, Some((_, y))) => *y,
                    (None, None) => value,
                }
            }
        }
    }

    fn axis(&self, from: f64, to: f64) -> Axis {
        match &self.scale {
            Scale::Linear { offset, factor } => {
                let axis = Axis::of_converted("", (from, to), *offset, *factor);
                if std::ptr::fn_addr_eq(self.text, short as fn(f64) -> String) {
                    return axis;
                }
                let own = |tick: Tick| Tick { text: (self.text)(self.convert(tick.at)).into(), ..tick };
                Axis { ticks: axis.ticks.into_iter().map(own).collect(), ..axis }
            }
            Scale::Curve(_) => {
                let places = (0..=4).map(|part| from + (to - from) * f64::from(part) / 4.0);
                let tick = |at| Tick { at, text: (self.text)(self.convert(at)).into() };
                Axis { ticks: places.map(tick).collect(), ..Axis::hidden(from, to) }
            }
        }
    }
}
