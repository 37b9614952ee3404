//! The configuration of training.

use crate::error::CircuitError;
use serde::{Deserialize, Serialize};

/// Settings of training. The defaults were chosen by held-out likelihood on eight of KEEL's tables, cut to
/// 150, 1,000 and 4,000 rows; those of σ and the patience on ten tables of docs/results/densities.md. For
/// images with many states per pixel a `pseudo_count` of 5 to 10, one component and batches of 1,000 rows are
/// better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// The structure of the circuit.
    pub structure: StructureChoice,
    /// Number of units of each region. `None` takes the square root of the number of rows, 4 to 64.
    pub units: Option<usize>,
    /// Number of Gaussian components of each unit of a leaf.
    pub components: usize,
    /// Weight of a background: one more component in each mixture of a number, much wider than the data, that
    /// training does not change. With it, a value unlike all others gets a low density rather than almost
    /// none. 0 disables it.
    pub background: f64,
    /// Number of members: circuits that are trained with different random choices and held-out rows, and
    /// mixed with equal weights. Each member takes as long as one circuit, and improves the density of rows
    /// unlike the training rows. With small batches, members are trained side by side on several threads.
    pub members: usize,
    /// A categorical variable for each of whose states the other variables get a density. `None` treats all
    /// variables alike.
    pub class_conditional: Option<usize>,
    /// The training method.
    pub method: Method,
    /// Largest number of epochs, which are passes over all rows.
    pub epochs: usize,
    /// Number of rows per update of the parameters.
    pub batch_size: usize,
    /// Pseudo-count of the prior of each distribution of weights or states. The prior of weights is uniform,
    /// that of states has their frequencies in the data.
    pub pseudo_count: f64,
    /// The least σ of a continuous variable's components, as a fraction of its scale.
    pub sigma_floor: f64,
    /// Pseudo-count of the prior of each σ², whose value is half of the scale.
    pub sigma_pseudo_count: f64,
    /// Fraction of the rows that is held out for early stopping, from 0 to below 1. With 0, or if fewer than
    /// [`Self::FEWEST_VALIDATION_ROWS`] would be held out, training takes all epochs.
    pub validation_share: f64,
    /// Patience: the number of epochs without a better validation log-likelihood after which training stops;
    /// the best parameters are kept.
    pub patience: usize,
    /// Seed of every random choice.
    pub seed: u64,
    /// Precision of the computations in training.
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

/// The structure of a circuit; see [`crate::structure`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StructureChoice {
    /// A hidden Chow-Liu tree.
    #[default]
    ChowLiu,
    /// One mixture over all variables.
    Mixture,
    /// A mixture of random binary trees.
    RandomTrees {
        /// Number of trees.
        replicas: usize,
    },
    /// Recursive halves of an image in both directions; variables after its pixels join at the root.
    ImageHalves {
        /// Number of rows of pixels.
        height: usize,
        /// Number of columns of pixels.
        width: usize,
    },
    /// Recursive quadrants of an image; variables after its pixels join at the root.
    ImageQuadrants {
        /// Number of rows of pixels.
        height: usize,
        /// Number of columns of pixels.
        width: usize,
    },
    /// Independent variables.
    Independent,
}

/// The training method.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Expectation maximisation on batches (Cappé and Moulines 2009): a running average of expected
    /// statistics, in which the newest batch has the step size as its weight. The step size decreases from
    /// the first to the last epoch by a cosine, but not below a batch's fraction of an epoch. Large steps are
    /// noisy, which helps to find better parameters; if rows are held out, epochs with all rows in one batch
    /// therefore follow the best epoch, as long as they help. With a single batch the method is the
    /// textbook's, and the likelihood never decreases.
    ExpectationMaximization {
        /// Initial step size; above 0, and at most 1.
        step_size: f64,
        /// Final step size; above 0, and at most 1.
        final_step_size: f64,
    },
    /// Adam (Kingma and Ba 2015) on the negative log-likelihood per row, over logits, means and log σ.
    Adam {
        /// Initial learning rate; it decreases to 0 by a cosine.
        learning_rate: f64,
    },
}

impl Default for Method {
    fn default() -> Self {
        Self::ExpectationMaximization { step_size: 0.5, final_step_size: 0.05 }
    }
}

/// Precision of the computations in training. Parameters and queries always have double precision.
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
    /// Fewest held-out rows for early stopping; fewer are not informative enough.
    pub const FEWEST_VALIDATION_ROWS: usize = 10;

    pub(super) fn check(&self) -> Result<(), CircuitError> {
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
