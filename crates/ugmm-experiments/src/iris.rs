//! The paper's generative experiment (§4.1).

use crate::experiment::{Contender, Experiment, Part, layer_sizes, percent};
use crate::{ExperimentError, Measured, Progress, Protocol, Report};
use ugmm_data::{ClassLabels, IRIS_SPLIT_STATES, LabelledTable, Split, iris, iris_split};
use ugmm_network::training::{Dataset, Features, Schedule};
use ugmm_network::{
    Architecture, Device, ModelConfig, ObjectiveKind, Preset, Settings, Standardization, TableShape,
};

/// scikit-learn's `random_state` of the split that the paper's published script uses.
const PAPER_SPLIT: u64 = 42;
/// Hidden units of the paper's feed-forward network.
const MLP_HIDDEN: usize = 32;

/// Options of the experiment.
#[derive(Clone, Debug)]
pub struct Options {
    /// Splits into training and test rows, as scikit-learn's `random_state`: 42 (the paper's), 0, 1, 2, 3 or 4.
    pub splits: Vec<u64>,
    /// Number of folds, 2 to 60, of a cross-validation on the training rows; the test rows are then not used.
    pub folds: Option<u64>,
    /// Models, settings and seeds.
    pub protocol: Protocol,
}

/// Trains the paper's models, or others, on Iris. Options that cannot be are errors.
pub fn run(
    options: &Options,
    device: &Device,
    progress: Progress,
) -> Result<Report<Measured>, ExperimentError> {
    let table = iris();
    let preset = options.protocol.preset;
    let parts = splits(options)?
        .into_iter()
        .map(|(state, split)| part(&table, preset, (options.splits.len() > 1).then_some(state), &split))
        .collect::<Result<Vec<_>, _>>()?;

    let base = match preset {
        Preset::Paper => Settings { objective: Some(ObjectiveKind::Generative), ..Settings::default() },
        // Of all that was tried, the smallest log-loss in cross-validation on the training rows
        // (docs/results/iris-quality.md).
        Preset::Best => Settings {
            objective: Some(ObjectiveKind::Hybrid),
            learning_rate: Some(6e-2),
            epochs: Some(600),
            ..Settings::default()
        },
    };
    let mlp = Settings {
        model: Some(Architecture::Mlp),
        hidden: Some(vec![MLP_HIDDEN]),
        // Both models follow the schedule of the generative one, as in the paper's code.
        ..match preset {
            Preset::Paper => Settings {
                epochs: Some(300),
                batch_size: Some(16),
                schedule: Some(Schedule::Constant { learning_rate: 1e-3 }),
                ..Settings::default()
            },
            Preset::Best => Settings::default(),
        }
    };
    let sizes = match base.recipe(preset, &TableShape::of(&parts[0].train), 0)?.model {
        ModelConfig::Ugmm(network) => {
            let neurons = network.layers.iter().map(|layer| layer.neurons);
            layer_sizes(&[network.layers[0].inputs].into_iter().chain(neurons).collect::<Vec<_>>())
        }
        ModelConfig::Mlp(network) => layer_sizes(&network.sizes),
    };
    let contenders = vec![
        Contender {
            name: format!("uGMM-NN {sizes}"),
            settings: base.clone(),
            paper: Some(percent(100.0, Some(0.0))),
            published_code: Some(percent(76.0, Some(15.7))),
        },
        Contender {
            name: format!(
                "FFNN {}",
                layer_sizes(&[parts[0].train.columns(), MLP_HIDDEN, parts[0].train.classes()])
            ),
            settings: mlp,
            paper: Some(percent(100.0, Some(0.0))),
            published_code: Some(percent(99.3, Some(1.4))),
        },
    ];
    let experiment = Experiment {
        name: "iris",
        description: description(options),
        contenders,
        base,
        parts,
        test_rows: options.folds.is_none(),
        // The accuracy after training.
        first_measured_epoch: |epochs| epochs,
        protocol: &options.protocol,
        changes: changes(options),
        default_seeds: 10,
        progress,
        device,
    };
    experiment.run()
}

/// Changes of the protocol by the options of this experiment alone.
fn changes(options: &Options) -> Vec<String> {
    let mut changes = Vec::new();
    if options.splits != [PAPER_SPLIT] {
        let states: Vec<String> = options.splits.iter().map(u64::to_string).collect();
        changes.push(format!("--splits {}", states.join(",")));
    }
    changes.extend(options.folds.map(|folds| format!("--folds {folds}")));
    changes
}

fn description(options: &Options) -> String {
    let settings = match options.protocol.preset {
        Preset::Paper => {
            "Iris, by the paper's protocol: raw features, 120 training and 30 test rows, batches of 16, Adam 1e-3, 300 \
             epochs;\nuGMM: joint score of features and label, prediction by posterior; FFNN: cross-entropy."
        }
        Preset::Best => {
            "Iris, the paper's rows with this project's settings (docs/results/iris-quality.md): standardised features;\n\
             uGMM: joint score of features and label with the cross-entropy of its posterior, prediction by posterior; \
             FFNN: cross-entropy."
        }
    };
    match options.folds {
        Some(folds) => format!(
            "{settings}\nThe test rows are not used: {folds}-fold cross-validation on the training rows."
        ),
        None => settings.into(),
    }
}

/// The rows to train on and to measure on, with the state of the split that they come from.
fn splits(options: &Options) -> Result<Vec<(u64, Split)>, ExperimentError> {
    let refused = |state: String| ExperimentError::Option("splits", state, "among 42, 0, 1, 2, 3 and 4");
    if let Some(folds) = options.folds.filter(|folds| !(2..=60).contains(folds)) {
        return Err(ExperimentError::Option("folds", folds.to_string(), "from 2 to 60"));
    }
    let mut splits = Vec::new();
    for &state in &options.splits {
        let Some(split) = iris_split(state) else {
            debug_assert!(!IRIS_SPLIT_STATES.contains(&state));
            return Err(refused(state.to_string()));
        };
        match options.folds {
            Some(folds) => splits.extend((0..folds as usize).map(|fold| {
                let in_fold = |place: usize| place % folds as usize == fold;
                let rows = |wanted: bool| {
                    let rows = split.train.iter().enumerate();
                    rows.filter(|(place, _)| in_fold(*place) == wanted).map(|(_, &row)| row).collect()
                };
                (state, Split { train: rows(false), test: rows(true) })
            })),
            None => splits.push((state, split)),
        }
    }
    if splits.is_empty() { Err(refused("empty".into())) } else { Ok(splits) }
}

fn part(
    table: &LabelledTable,
    preset: Preset,
    state: Option<u64>,
    split: &Split,
) -> Result<Part, ExperimentError> {
    let (mut train, mut test) = (table.select_rows(&split.train)?, table.select_rows(&split.test)?);
    if preset != Preset::Paper {
        let standardization = Standardization::fit(&train.features, table.columns())?;
        standardization.apply(&mut train.features)?;
        standardization.apply(&mut test.features)?;
    }
    // The classes of the whole table: a fold need not have them all.
    let classes = ClassLabels::from_labels(&table.labels)?;
    Ok(Part { split: state, train: dataset(&train, &classes)?, test: dataset(&test, &classes)? })
}

fn dataset(table: &LabelledTable, classes: &ClassLabels) -> Result<Dataset, ExperimentError> {
    let labels = classes.encode(&table.labels)?;
    Ok(Dataset::new(Features::F32(table.features.clone()), table.columns(), labels, classes.len())?)
}
