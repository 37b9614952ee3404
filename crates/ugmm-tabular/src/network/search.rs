//! Choice of settings by cross-validation.

use crate::distribution::measures::Measures;
use crate::network::options::TaskChoice;
use indexmap::IndexMap;
use serde::Serialize;
use ugmm_network::Settings;

/// Settings that a search compared.
#[derive(Clone, Debug, Serialize)]
pub struct Candidate {
    /// Name of the settings.
    pub name: String,
    /// The settings.
    pub settings: Settings,
    /// Measures over all rows, each predicted by a network that was not trained on it.
    pub measures: Measures,
    /// Whether these settings were chosen, because they have the smallest loss.
    pub chosen: bool,
}

/// A few settings that are worth a comparison on a table: smoother or less smooth networks, smaller or deeper
/// ones. Each costs one training for each fold.
#[must_use]
pub fn small_grid(task: TaskChoice) -> IndexMap<String, Settings> {
    let settings = Settings::default;
    let grid = match task {
        TaskChoice::Classification => vec![
            ("as the preset has it", settings()),
            ("less smooth", Settings { min_sigmas: Some(vec![1.0, 0.5]), ..settings() }),
            ("much less smooth", Settings { min_sigmas: Some(vec![0.5, 0.3]), ..settings() }),
            ("smoother", Settings { min_sigmas: Some(vec![3.0, 1.5]), ..settings() }),
            ("small", Settings { hidden: Some(vec![32]), ..settings() }),
            ("two hidden layers", Settings { hidden: Some(vec![128, 64]), ..settings() }),
        ],
        TaskChoice::Regression => vec![
            (
                "one hidden layer, smoother",
                Settings { hidden: Some(vec![128]), min_sigmas: Some(vec![2.0, 0.3]), ..settings() },
            ),
            (
                "two hidden layers, smoother",
                Settings { hidden: Some(vec![64, 16]), min_sigmas: Some(vec![3.0, 1.5, 0.3]), ..settings() },
            ),
            (
                "one hidden layer",
                Settings { hidden: Some(vec![128]), min_sigmas: Some(vec![1.5, 0.1]), ..settings() },
            ),
            (
                "two hidden layers",
                Settings { hidden: Some(vec![64, 16]), min_sigmas: Some(vec![2.0, 1.0, 0.2]), ..settings() },
            ),
            ("half the epochs", Settings { epochs: Some(35), ..settings() }),
        ],
    };
    grid.into_iter().map(|(name, settings)| (name.to_owned(), settings)).collect()
}
