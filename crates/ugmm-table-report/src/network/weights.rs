//! The mixing weights of a network, and how far its outputs follow them.

use ugmm_network::Network;
use ugmm_network::inspect::{Component, followed_weights, leading_components};

/// What is known of a network without any row.
pub struct Weights {
    /// `[layer][neuron]`, the components in descending order of their mixing weights, without those of weight
    /// 0.
    pub components: Vec<Vec<Vec<Component>>>,
    /// Fractions of the outputs by mixing weights, for the inputs and then for the neurons of each layer.
    pub importances: Vec<Vec<f64>>,
}

impl Weights {
    pub fn of(network: &Network) -> Self {
        let outputs = network.layers.last().map_or(0, |layer| layer.neurons());
        let with_weight = |all: Vec<Component>| all.into_iter().filter(|one| one.weight > 0.0).collect();
        let components = |layer| leading_components(layer, usize::MAX).into_iter().map(with_weight).collect();
        Self {
            components: network.layers.iter().map(components).collect(),
            importances: followed_weights(network, &vec![1.0 / outputs as f64; outputs]),
        }
    }
}
