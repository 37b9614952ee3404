//! The charts of a report.

mod maps;
mod matters;
mod measures;
mod network;
mod neuron;
mod parts;
mod row;
mod training;

pub(crate) use maps::{MapRow, maps};
pub(crate) use matters::{effects, importance};
pub(crate) use measures::measures;
pub(crate) use network::diagram;
pub(crate) use neuron::{NeuronFigures, neuron};
pub use parts::short;
pub(crate) use row::{RowFigures, row};
pub(crate) use training::training;

use crate::Chart;
use crate::report::Report;

/// Number of components side by side in the figure of a neuron.
const PANELS: usize = 3;
/// Number of pictures side by side: those of two classes.
const PICTURES: usize = 6;

/// Charts that form one picture: lines of charts that share the width.
#[derive(Clone, Debug)]
pub struct Figure {
    /// A name that is valid as a file name: letters, digits and hyphens.
    pub id: String,
    /// The lines, from top to bottom; an incomplete line leaves space at its end.
    pub lines: Vec<Vec<Chart>>,
}

impl Figure {
    /// A figure of one chart.
    #[must_use]
    pub fn of(chart: Chart) -> Self {
        Self { id: chart.id.clone(), lines: vec![vec![chart]] }
    }
}

/// The figures of a report, for one file each: the network, the neurons with the given identifiers ("1.3"),
/// maps of classes, importance and effects of columns, measures and training. A neuron that the report does not contain is left out.
#[must_use]
pub fn figures(report: &Report, neurons: &[String]) -> Vec<Figure> {
    let mut figures = vec![Figure::of(network_figure(report))];
    for id in neurons {
        if let Some(found) = report.neurons.iter().find(|neuron| neuron.id == *id) {
            let NeuronFigures { chart, inputs, .. } = neuron(found);
            let id = chart.id.clone();
            let inputs = lines_of(inputs, PANELS);
            figures.push(Figure { id, lines: std::iter::once(vec![chart]).chain(inputs).collect() });
        }
    }
    if let Some(all) = &report.maps {
        let maps = maps(all).into_iter().flat_map(MapRow::named_charts).collect();
        figures.push(Figure { id: "classes".into(), lines: lines_of(maps, PICTURES) });
    }
    if let Some(matters) = &report.matters {
        figures.extend(importance(matters).map(Figure::of));
        let effects = effects(matters);
        if !effects.is_empty() {
            figures.push(Figure { id: "effects".into(), lines: lines_of(effects, PANELS) });
        }
    }
    figures.extend(report.measures.iter().flat_map(measures).map(Figure::of));
    let training: Vec<Chart> = report.training.iter().flat_map(training).collect();
    if !training.is_empty() {
        figures.push(Figure { id: "training".into(), lines: lines_of(training, 2) });
    }
    figures
}

/// Arranges charts in lines of `columns` charts.
fn lines_of(charts: Vec<Chart>, columns: usize) -> Vec<Vec<Chart>> {
    charts.chunks(columns).map(<[Chart]>::to_vec).collect()
}

/// Figure 1: the network with its mixing weights.
pub(crate) fn network_figure(report: &Report) -> Chart {
    let title = "The network; edges by mixing weight";
    diagram("network", title.into(), &report.network)
}
