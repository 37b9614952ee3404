//! The facts at the beginning of a report.

use super::measures::compared;
use super::seen::Seen;
use ugmm_network::{ClassObjective, Task};
use ugmm_report::{Text, percent, six_digits};
use ugmm_tabular::NetworkModel;
use ugmm_tabular::distribution::Measures;

/// Name and value of each fact.
pub fn facts(model: &NetworkModel, seen: &Seen) -> Vec<(Text, Text)> {
    let layers = &seen.network.layers;
    let sizes: Vec<String> = std::iter::once(layers[0].inputs())
        .chain(layers.iter().map(|layer| layer.neurons()))
        .map(|size| size.to_string())
        .collect();
    let components: usize = seen.weights.components.iter().flatten().map(Vec::len).sum();
    let saved = model.saved();
    let mut facts: Vec<(&str, String)> = vec![
        ("network", sizes.join("-")),
        ("components", components.to_string()),
        ("trained for", objective_name(saved.task()).into()),
        ("rows", seen.rows().to_string()),
    ];
    match compared(model, seen).map(|compared| compared.measures()) {
        Some(Measures::Classes(metrics)) => {
            facts.push(("accuracy", format!("{} %", percent(metrics.accuracy, 2))));
            facts.push(("log-loss", format!("{:.4}", metrics.log_loss)));
        }
        Some(Measures::Numbers(metrics)) => {
            facts.push(("root mean squared error", six_digits(metrics.rmse)));
        }
        None => {}
    }
    if let Some(training) = saved.training() {
        let epochs = saved.history().map_or(training.epochs, |history| history.training_loss.len());
        facts.push(("epochs", epochs.to_string()));
    }
    facts.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn objective_name(task: &Task) -> &'static str {
    match task.class_objective() {
        Some(ClassObjective::Discriminative) => "classes (cross-entropy)",
        Some(ClassObjective::Generative { .. }) => "features and label together (joint score)",
        Some(ClassObjective::Hybrid { .. }) => "features and label together (joint score and cross-entropy)",
        None => "a number (conditional density)",
    }
}

/// Name of the training loss.
pub fn loss_name(task: &Task) -> &'static str {
    match task.class_objective() {
        Some(ClassObjective::Discriminative) => "cross-entropy",
        Some(ClassObjective::Generative { .. }) => "minus the mean joint score",
        Some(ClassObjective::Hybrid { .. }) => "cross-entropy minus joint score",
        None => "−log density and CRPS",
    }
}
