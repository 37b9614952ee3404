//! The schedule by which components leave during training.

use crate::UgmmError;
use serde::{Deserialize, Serialize};

/// Removal of components of the first layer during training, so that later steps take less time. Up to 32 consecutive
/// neurons keep components of the same inputs. `docs/results/sparse.md` has accuracies and times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sparsity {
    /// Fraction of the components of the first layer that remain, in (0, 1].
    pub keep_components: f64,
}

/// Share of all steps after which the first components leave: until then, their influence is estimated.
const START: f64 = 0.05;
/// Share of all steps after which none leaves.
const END: f64 = 0.3;
/// Number of times that components leave.
const STAGES: f64 = 10.0;

impl Sparsity {
    pub(super) fn check(self) -> Result<(), UgmmError> {
        let Self { keep_components } = self;
        if keep_components > 0.0 && keep_components <= 1.0 {
            return Ok(());
        }
        Err(UgmmError::setting("keep_components", keep_components, "greater than 0 and at most 1"))
    }

    /// The share of components that remain when `share_of_steps` in [0, 1] of all steps were taken. It falls from 1 to
    /// `keep_components` in ten stages, first by much and then by little (Zhu and Gupta 2017, "To prune, or not to
    /// prune").
    pub(super) fn share(self, share_of_steps: f64) -> f64 {
        let passed = ((share_of_steps - START) / (END - START)).clamp(0.0, 1.0);
        let left = 1.0 - (passed * STAGES).floor() / STAGES;
        self.keep_components + (1.0 - self.keep_components) * left.powi(3)
    }
}
