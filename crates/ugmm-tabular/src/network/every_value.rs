//! Networks that do not do without missing values.

use ugmm_network::ModelConfig;

/// Why a network needs every value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum NeedsEveryValue {
    /// It is a feed-forward network.
    FeedForward,
    /// Components of its first layer are dropped in training: a neuron may then have none left whose value is there.
    Dropout {
        /// The component dropout of its layers, first to last.
        layers: Vec<f64>,
    },
    /// Its setting `missing_values` is false.
    Set,
}

impl NeedsEveryValue {
    /// `None` of a network that does without missing values.
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

    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::FeedForward => "a feed-forward network needs every value",
            Self::Dropout { .. } => {
                "a network needs every value where components of its first layer are dropped in training (--dropout)"
            }
            Self::Set => "a network with missing_values = false needs every value",
        }
    }

    /// What to train instead.
    pub(crate) fn instead(&self) -> String {
        match self {
            Self::FeedForward => "train a uGMM network, which does without them".into(),
            Self::Dropout { layers } => {
                let dropped = layers.iter().rposition(|&share| share > 0.0).unwrap_or(0);
                let later = layers[1..=dropped].iter().map(|share| format!(",{share}"));
                format!(
                    "train with --dropout 0{}, which leaves the first layer whole",
                    later.collect::<String>()
                )
            }
            Self::Set => "train without that setting".into(),
        }
    }
}
