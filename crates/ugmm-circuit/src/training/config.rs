//! How to learn.

use crate::error::CircuitError;
use serde::{Deserialize, Serialize};

/// How a circuit is learned. The defaults were chosen by held-out likelihood on eight of KEEL's tables, cut to 150, 1,000 and
/// 4,000 rows, those of σ and the patience on ten tables of docs/results/densities.md. Images with many states for each pixel are
/// better off with a `pseudo_count` of 5 to 10, one component and batches of 1,000 rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Which regions there are.
    pub structure: StructureChoice,
    /// Units of each region. `None` takes the square root of the number of rows, 4 to 64.
    pub units: Option<usize>,
    /// Gaussian components of each unit of a leaf.
    pub components: usize,
    /// The weight of one more component in each mixture of a number, much wider than the data, that training leaves as it is: a
    /// value unlike all others is improbable then, and not a catastrophe. 0 leaves it out.
    pub background: f64,
    /// Circuits that are learned, each from other random choices and with other rows held out, and mixed with equal weights. Each
    /// costs as much time as one circuit, and makes the density of rows unlike the training rows better.
    pub members: usize,
    /// A categorical variable that gets a density of the others for each of its states. `None` treats all variables alike.
    pub class_conditional: Option<usize>,
    /// How parameters are found.
    pub method: Method,
    /// Times that all rows are gone through at most.
    pub epochs: usize,
    /// Rows from one change of the parameters to the next.
    pub batch_size: usize,
    /// Rows that each distribution of weights or states is held to its prior by: weights to equal ones, states to their
    /// frequencies in the data.
    pub pseudo_count: f64,
    /// The least σ of a continuous variable's components, as a share of its scale.
    pub sigma_floor: f64,
    /// Rows that each σ is held by to half of the scale.
    pub sigma_pseudo_count: f64,
    /// Share of the rows that is held out to stop by, from 0 to below 1. With 0, or for so few rows that less than
    /// [`Self::FEWEST_VALIDATION_ROWS`] would be held out, training goes on for all epochs.
    pub validation_share: f64,
    /// Epochs without a better validation log-likelihood after which training stops; the best parameters are kept.
    pub patience: usize,
    /// Decides everything random.
    pub seed: u64,
    /// What training computes in.
    pub precision: Precision,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            structure: StructureChoice::default(),
            units: None,
            components: 2,
            background: 1e-3,
            members: 1,
            class_conditional: None,
            method: Method::default(),
            epochs: 100,
            batch_size: 256,
            pseudo_count: 1.0,
            sigma_floor: 0.002,
            sigma_pseudo_count: 0.01,
            validation_share: 0.1,
            patience: 5,
            seed: 0,
            precision: Precision::default(),
        }
    }
}

/// Which regions a circuit has; see [`crate::structure`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StructureChoice {
    /// A hidden Chow-Liu tree.
    #[default]
    ChowLiu,
    /// One mixture over all variables.
    Mixture,
    /// Random binary trees, mixed.
    RandomTrees {
        /// Their number.
        replicas: usize,
    },
    /// An image's rectangles, halved both ways; variables after its pixels join at the root.
    ImageHalves {
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
    },
    /// An image's quadrants; variables after its pixels join at the root.
    ImageQuadrants {
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
    },
    /// No dependence at all.
    Independent,
}

/// How parameters are found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Expectation maximisation on batches (Cappé and Moulines 2009): expected statistics are averaged over batches, the newest
    /// with the step size as its weight. It falls from the first to the last epoch by a cosine, but not below a batch's share
    /// of an epoch; large steps are noisy, which helps to find better parameters. So where rows are held out, epochs with all
    /// rows in one batch follow upon the best one, until they no longer help. With one batch to begin with, all of it is the
    /// textbook's method, and the likelihood never falls.
    ExpectationMaximization {
        /// Above 0, and at most 1.
        step_size: f64,
        /// In the end; above 0, and at most 1.
        final_step_size: f64,
    },
    /// Adam (Kingma and Ba 2015) on the negative log-likelihood per row, over logits, means and log σ.
    Adam {
        /// At the beginning; it falls to 0 by a cosine.
        learning_rate: f64,
    },
}

impl Default for Method {
    fn default() -> Self {
        Self::ExpectationMaximization { step_size: 0.5, final_step_size: 0.05 }
    }
}

/// What training computes in. Parameters are in double precision anyway, and so are all questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// `f32`, at least twice as fast.
    #[default]
    Single,
    /// `f64`.
    Double,
}

impl TrainingConfig {
    /// Fewer held-out rows say too little to stop by.
    pub const FEWEST_VALIDATION_ROWS: usize = 10;

    pub(crate) fn validate(&self) -> Result<(), CircuitError> {
        let held = |value: f64| value.is_finite() && value >= 0.0;
        let replicas = match self.structure {
            StructureChoice::RandomTrees { replicas } => replicas,
            _ => 1,
        };
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let step = |value: f64| positive(value) && value <= 1.0;
        let (rate, last) = match self.method {
            Method::ExpectationMaximization { step_size, final_step_size } => {
                (("step_size", step_size, step(step_size), "above 0, and at most 1"), final_step_size)
            }
            Method::Adam { learning_rate } => {
                (("learning_rate", learning_rate, positive(learning_rate), "positive"), 1.0)
            }
        };
        let checks = [
            rate,
            ("final_step_size", last, step(last), "above 0, and at most 1"),
            ("units", self.units.unwrap_or(1) as f64, self.units != Some(0), "1 or more"),
            ("components", self.components as f64, self.components > 0, "1 or more"),
            ("background", self.background, (0.0..1.0).contains(&self.background), "from 0 to below 1"),
            ("members", self.members as f64, self.members > 0, "1 or more"),
            ("replicas", replicas as f64, replicas > 0, "1 or more"),
            ("batch_size", self.batch_size as f64, self.batch_size > 0, "1 or more"),
            ("patience", self.patience as f64, self.patience > 0, "1 or more"),
            ("pseudo_count", self.pseudo_count, held(self.pseudo_count), "0 or more"),
            ("sigma_pseudo_count", self.sigma_pseudo_count, held(self.sigma_pseudo_count), "0 or more"),
            (
                "sigma_floor",
                self.sigma_floor,
                positive(self.sigma_floor) && self.sigma_floor <= 1.0,
                "above 0, and at most 1",
            ),
            (
                "validation_share",
                self.validation_share,
                (0.0..1.0).contains(&self.validation_share),
                "from 0 to below 1",
            ),
        ];
        for (setting, value, fine, expected) in checks {
            if !fine {
                return Err(CircuitError::Setting { setting, value: value.to_string(), expected });
            }
        }
        Ok(())
    }
}
