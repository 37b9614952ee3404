//! Diagrams of the network by its mixing weights, and of the path of a row.

use super::weights::Weights;
use crate::naming::{input_names, neuron_names};
use ugmm_network::Network;
use ugmm_network::inspect::RowPath;
use ugmm_report::{Column, Diagram, Edge, Node, percent};
use ugmm_tabular::NetworkModel;

/// Largest number of nodes in a column of the diagram of weights.
const MOST_NODES: usize = 14;
/// Largest number of nodes in a column of the path of a row.
const PATH_NODES: usize = 10;
/// Fraction below which a node or edge is not drawn.
const NEGLIGIBLE: f64 = 0.002;
/// Least thickness of an edge that is drawn, relative to the thickest edge between the two columns.
const FAINTEST: f64 = 0.02;

/// Names of the inputs, followed by the names of the neurons of each layer.
pub fn names(model: &NetworkModel, network: &Network) -> Vec<Vec<String>> {
    let layers = (0..network.layers.len()).map(|layer| neuron_names(model, network, layer));
    std::iter::once(input_names(model)).chain(layers).collect()
}

/// The diagram of the network by its mixing weights.
pub fn by_weights(model: &NetworkModel, network: &Network, weights: &Weights) -> Diagram {
    let names = names(model, network);
    let columns = &weights.importances;
    let chosen: Vec<Vec<usize>> = columns.iter().map(|shares| largest(shares, MOST_NODES)).collect();
    let mut edges = Vec::new();
    for (layer, neurons) in weights.components.iter().enumerate() {
        let mut all = Vec::new();
        for (to, &neuron) in chosen[layer + 1].iter().enumerate() {
            for component in &neurons[neuron] {
                if let Some(from) = chosen[layer].iter().position(|&input| input == component.input) {
                    all.push((from, to, component.weight));
                }
            }
        }
        let note = |from: usize, to: usize, weight: f64| {
            let (input, neuron) =
                (&names[layer][chosen[layer][from]], &names[layer + 1][chosen[layer + 1][to]]);
            format!("{input} → {neuron}: π = {} %", percent(weight, 2))
        };
        edges.extend(drawn(layer, all, note));
    }
    diagram(&names, columns, &chosen, edges, "of the outputs by weights")
}

/// The diagram of the path of a row.
pub fn by_responsibility(names: &[Vec<String>], path: &RowPath) -> Diagram {
    let columns: Vec<Vec<f64>> =
        path.shares.iter().map(|shares| shares.iter().map(|&share| f64::from(share)).collect()).collect();
    let chosen: Vec<Vec<usize>> = columns
        .iter()
        .map(|shares| {
            largest(shares, PATH_NODES).into_iter().filter(|&node| shares[node] >= NEGLIGIBLE).collect()
        })
        .collect();
    let mut edges = Vec::new();
    for (layer, flows) in path.flows.iter().enumerate() {
        let place = |column: usize, node: usize| chosen[column].iter().position(|&one| one == node);
        let all = flows.iter().filter_map(|flow| {
            Some((place(layer, flow.input)?, place(layer + 1, flow.neuron)?, f64::from(flow.share)))
        });
        let note = |from: usize, to: usize, share: f64| {
            let (input, neuron) =
                (&names[layer][chosen[layer][from]], &names[layer + 1][chosen[layer + 1][to]]);
            format!("{input} → {neuron}: {} %", percent(share, 1))
        };
        edges.extend(drawn(layer, all.collect(), note));
    }
    diagram(names, &columns, &chosen, edges, "of the responsibility")
}

/// Indices of the largest shares, largest first.
pub fn largest(shares: &[f64], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|&a, &b| shares[b].total_cmp(&shares[a]));
    order.truncate(most);
    order
}

/// Edges from one column to the next, faintest first, so that strong ones are drawn over them.
fn drawn(
    column: usize,
    mut all: Vec<(usize, usize, f64)>,
    note: impl Fn(usize, usize, f64) -> String,
) -> Vec<Edge> {
    all.sort_by(|a, b| a.2.total_cmp(&b.2));
    let strongest = all.last().map_or(1.0, |edge| edge.2).max(f64::MIN_POSITIVE);
    let seen = all.into_iter().filter(|(_, _, weight)| weight / strongest >= FAINTEST);
    let edge = |(from, to, weight): (usize, usize, f64)| Edge {
        column,
        from,
        to,
        strength: weight / strongest,
        note: note(from, to, weight).into(),
    };
    seen.map(edge).collect()
}

fn diagram(
    names: &[Vec<String>],
    shares: &[Vec<f64>],
    chosen: &[Vec<usize>],
    edges: Vec<Edge>,
    of: &str,
) -> Diagram {
    let last = shares.len() - 1;
    let column = |(index, chosen): (usize, &Vec<usize>)| {
        let shares = &shares[index];
        let largest = chosen.iter().map(|&node| shares[node]).fold(f64::MIN_POSITIVE, f64::max);
        let node = |&node: &usize| Node {
            name: names[index][node].as_str().into(),
            neuron: (index > 0).then(|| format!("{index}.{}", node + 1)),
            size: shares[node] / largest,
            note: format!("{} % {of}", percent(shares[node], 2)).into(),
        };
        let heading = match index {
            0 => "inputs".into(),
            _ if index == last && shares.len() == 1 => "output".into(),
            _ if index == last => "outputs".into(),
            _ => format!("layer {index}"),
        };
        let extent = match chosen.len() == shares.len() {
            true => chosen.len().to_string(),
            false => format!("{} of {}", chosen.len(), shares.len()),
        };
        Column { heading: heading.into(), extent: extent.into(), nodes: chosen.iter().map(node).collect() }
    };
    Diagram { columns: chosen.iter().enumerate().map(column).collect(), edges }
}
