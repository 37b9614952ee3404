//! `ugmm reproduce mnist`: the paper's discriminative experiment (§4.2).

use super::{Contender, Experiment, percent};
use crate::arguments::{Common, ModelKind, ReproduceMnist};
use crate::error::CliError;
use crate::output::check_outputs;
use ugmm::training::{Dataset, Features};
use ugmm::{Objective, Preset, Task};
use ugmm_data::{LabelledImages, load_mnist};

const DIGITS: usize = 10;

pub fn run(options: &ReproduceMnist, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[])?;
    let mnist = load_mnist(&options.data)?;
    let (train, test) = (dataset(mnist.train)?, dataset(mnist.test)?);
    let task = Task { features: train.columns(), classes: DIGITS, objective: Objective::Discriminative };
    let hidden = Preset::Paper.hidden(task.objective);
    let contenders = vec![
        Contender {
            kind: ModelKind::Ugmm,
            name: "uGMM-NN 784-128-64-10",
            config: Preset::Paper.ugmm(&task, &hidden),
            task,
            paper: percent(97.74),
            published_code: Some(percent(97.46)),
        },
        Contender {
            kind: ModelKind::Mlp,
            name: "FFNN 784-128-64-10",
            config: Preset::Paper.mlp(&task, &hidden),
            task,
            paper: percent(98.21),
            published_code: Some(percent(98.31)),
        },
    ];
    let experiment = Experiment {
        name: "mnist",
        description: "MNIST, by the paper's protocol: 60,000 training and 10,000 test images, pixels in [0, 1], batches \
                      of 128, Adam (uGMM 1e-2, FFNN 1e-3),\nlearning rate ×0.1 after epochs 20, 45 and 60, 100 epochs; \
                      test accuracy is the mean over epochs 90 to 100 (or the last tenth).\nThe published code's \
                      figures: its notebook's last epoch (50 epochs, dropout 0.2, batches of 256); its FFNN after 23 \
                      epochs."
            .into(),
        contenders,
        train,
        test,
        first_measured_epoch: |epochs| epochs - epochs / 10,
        options: &options.options,
        seeds: options.seeds,
        default_seeds: 1,
    };
    experiment.run(common.json.as_deref())
}

fn dataset(labelled: LabelledImages) -> Result<Dataset, CliError> {
    let LabelledImages { images, labels } = labelled;
    let columns = images.rows * images.columns;
    let features = Features::Bytes { values: images.pixels, scale: 1.0 / 255.0 };
    Ok(Dataset::new(features, columns, labels.into_iter().map(usize::from).collect(), DIGITS)?)
}
