//! `ugmm reproduce iris`: the paper's generative experiment (§4.1).

use super::{Contender, Experiment, percent_with_sd};
use crate::arguments::{Common, ModelKind, ReproduceIris};
use crate::error::CliError;
use crate::output::check_outputs;
use ugmm::training::{Dataset, Features};
use ugmm::{LabelEncoding, MlpConfig, ModelConfig, Objective, Preset, Task};
use ugmm_data::{ClassLabels, Table, iris, iris_split};

/// scikit-learn's `random_state` of the split that the paper's published script uses.
const PAPER_SPLIT: u64 = 42;
/// Hidden units of the paper's feed-forward network.
const MLP_HIDDEN: usize = 32;

pub fn run(options: &ReproduceIris, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[])?;
    let table = iris();
    let split = iris_split(PAPER_SPLIT).expect("the split is bundled");
    let train = dataset(&table.select_rows(&split.train)?)?;
    let test = dataset(&table.select_rows(&split.test)?)?;
    let (features, classes) = (train.columns(), train.classes());

    let objective = Objective::Generative { label: LabelEncoding::Index };
    let generative = Task { features, classes, objective };
    let discriminative = Task { objective: Objective::Discriminative, ..generative };
    let contenders = vec![
        Contender {
            kind: ModelKind::Ugmm,
            name: "uGMM-NN 5-10-5-1",
            config: Preset::Paper.ugmm(&generative, &Preset::Paper.hidden(objective)),
            task: generative,
            paper: percent_with_sd(100.0, 0.0),
            published_code: Some(percent_with_sd(76.0, 15.7)),
        },
        Contender {
            kind: ModelKind::Mlp,
            name: "FFNN 4-32-3",
            config: ModelConfig::Mlp(MlpConfig::new(&[features, MLP_HIDDEN, classes])),
            task: discriminative,
            paper: percent_with_sd(100.0, 0.0),
            published_code: Some(percent_with_sd(99.3, 1.4)),
        },
    ];
    let experiment = Experiment {
        name: "iris",
        description: "Iris, by the paper's protocol: raw features, 120 training and 30 test rows, batches of 16, \
                      Adam 1e-3, 300 epochs;\nuGMM: joint score of features and label, prediction by posterior; \
                      FFNN: cross-entropy."
            .into(),
        contenders,
        train,
        test,
        // The accuracy after training.
        first_measured_epoch: |epochs| epochs,
        options: &options.options,
        seeds: options.seeds,
        default_seeds: 10,
    };
    experiment.run(common.json.as_deref())
}

fn dataset(table: &Table) -> Result<Dataset, CliError> {
    let labels = &table.target.as_ref().expect("Iris has a target").labels;
    let classes = ClassLabels::from_labels(labels)?;
    let encoded = classes.encode(labels)?;
    Ok(Dataset::new(Features::F32(table.features.clone()), table.columns(), encoded, classes.len())?)
}
