//! Networks that do not accept missing values.

use crate::remedy::Remedy;
use std::fmt;
use ugmm_network::ModelConfig;

/// Why a network needs every value of a row; the [`Display`](fmt::Display) text is a clause that states the
/// reason.
#[derive(Clone, Debug, PartialEq)]
pub enum NeedsEveryValue {
    /// It is a feed-forward network.
    FeedForward,
    /// Component dropout in its first layer may drop all components of a neuron whose inputs are known.
    Dropout {
        /// The component dropout of its layers, first to last.
        layers: Vec<f64>,
    },
    /// Its setting `missing_values` is false.
    Set,
}

impl NeedsEveryValue {
    /// The reason why a network needs every value; `None` if it accepts missing values.
    #[must_use]
    pub fn of(network: &ModelConfig) -> Option<Self> {
        match network {
            ModelConfig::Mlp(_) => Some(Self::FeedForward),
            ModelConfig::Ugmm(network) if network.missing_values => None,
            ModelConfig::Ugmm(network) if network.layers[0].dropout > 0.0 => {
                Some(Self::Dropout { layers: network.layers.iter().map(|layer| layer.dropout).collect() })
            }
            ModelConfig::Ugmm(_) => Some(Self::Set),
        }
    }

    /// The remedy with which a network accepts missing values.
    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            Self::FeedForward => Remedy::UgmmNetwork,
            Self::Dropout { layers } => {
                let dropped = layers.iter().rposition(|&rate| rate > 0.0).unwrap_or(0);
                Remedy::Dropout([&[0.0], &layers[1..=dropped]].concat())
            }
            Self::Set => Remedy::MissingValues,
        }
    }
}

impl fmt::Display for NeedsEveryValue {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::FeedForward => "a feed-forward network needs every value",
            Self::Dropout { .. } => {
                "a network needs every value if components of its first layer are dropped out in training"
            }
            Self::Set => "a network with missing_values = false needs every value",
        })
    }
}
