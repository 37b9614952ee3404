//! `ugmm reproduce uncertainty`: are the probabilities of MNIST networks true, and do they notice what is no digit?

use super::{mnist, seeds};
use crate::arguments::{Common, ReproduceUncertainty};
use crate::error::CliError;
use crate::fit::fit;
use crate::output::{print, table, write_json};
use crate::variants_file::read_variants;
use indexmap::IndexMap;
use rand::RngExt;
use rand::seq::SliceRandom;
use serde::Serialize;
use std::path::Path;
use ugmm_data::{load_mnist, read_idx_images};
use ugmm_experiments::mean_and_sd;
use ugmm_network::calibration::{scale, temperature};
use ugmm_network::metrics::{Metrics, area_under_roc};
use ugmm_network::training::{Dataset, Features, class_scores, log_probabilities};
use ugmm_network::{Architecture, Model, Recipe, Settings, Stream, Task, UgmmError, generator};

/// Images of each kind that is no digit.
const OTHERS: usize = 10_000;

/// Images that are no digits of MNIST's kind; their labels mean nothing.
struct Others {
    name: String,
    images: Dataset,
}

/// One model with one seed.
#[derive(Serialize)]
struct Run {
    seed: u64,
    temperature: f64,
    /// On the test images.
    metrics: Metrics,
    /// The same after temperature scaling.
    scaled_metrics: Metrics,
    /// By kind of images and by sign; the area under the ROC curve of test images against these.
    area_under_roc: IndexMap<String, Areas>,
}

/// How well each sign tells test images from others.
#[derive(Clone, Copy, Serialize)]
struct Areas {
    /// Probability of the predicted class.
    max_probability: f64,
    /// Minus the entropy of the class probabilities.
    entropy: f64,
    /// The root score: log Σ exp of the outputs (of a generative network: over the labels).
    root_score: f64,
}

#[derive(Serialize)]
struct Measured {
    model: String,
    recipe: Recipe,
    runs: Vec<Run>,
}

#[derive(Serialize)]
struct Report<'a> {
    experiment: &'a str,
    validation: usize,
    results: &'a [Measured],
}

pub fn run(options: &ReproduceUncertainty, common: &Common) -> Result<(), CliError> {
    let contenders = contenders(options)?;
    let data = load_mnist(&options.data)?;
    let (train, held_out) = mnist::split_off_last(data.train, options.validation.get())?;
    let images = (data.test.images.rows, data.test.images.columns);
    let (train, held_out, test) =
        (mnist::dataset(train)?, mnist::dataset(held_out)?, mnist::dataset(data.test)?);
    let others = others(&test, &options.others, images)?;
    let shape = train.shape();
    let recipe = |settings: &Settings, seed| settings.recipe(options.preset.preset(), &shape, seed);
    let seeds = seeds(options.seed, options.seeds);
    // Every recipe is checked before any training starts.
    let recipes = contenders
        .iter()
        .map(|(_, settings)| recipe(settings, options.seed))
        .collect::<Result<Vec<_>, _>>()?;
    let mut results = Vec::new();
    for ((name, settings), first) in contenders.iter().zip(recipes) {
        let mut runs = Vec::new();
        for &seed in &seeds {
            let recipe = recipe(settings, seed)?;
            let network = fit(&format!("{name}, seed {seed}"), &recipe, &train, None, common.quiet)?.network;
            runs.push(measure(seed, &network, &recipe.task, [&held_out, &test], &others)?);
        }
        results.push(Measured { model: name.clone(), recipe: first, runs });
    }
    let validation = options.validation.get();
    write_json(
        common.json.as_deref(),
        "ugmm/uncertainty",
        &Report { experiment: "uncertainty", validation, results: &results },
    )?;
    print(&text(options, &results))
}

fn contenders(options: &ReproduceUncertainty) -> Result<IndexMap<String, Settings>, CliError> {
    let hidden = Some(mnist::PAPER_HIDDEN.to_vec());
    let mut contenders = match &options.variants {
        Some(path) => read_variants(path)?,
        None => IndexMap::from([
            ("uGMM-NN".into(), Settings::default()),
            ("FFNN".into(), Settings { model: Some(Architecture::Mlp), ..Settings::default() }),
        ]),
    };
    for settings in contenders.values_mut() {
        settings.hidden = settings.hidden.take().or_else(|| hidden.clone());
    }
    Ok(contenders)
}

fn measure(
    seed: u64,
    network: &Model,
    task: &Task,
    [held_out, test]: [&Dataset; 2],
    others: &[Others],
) -> Result<Run, CliError> {
    let log_probabilities = |rows| log_probabilities(network, task, rows);
    let temperature = temperature(&log_probabilities(held_out)?, held_out.labels(), None)?;
    let on_test = log_probabilities(test)?;
    let mut scaled_on_test = on_test.clone();
    scale(&mut scaled_on_test, test.classes(), temperature, None);
    let own = signs(network, task, test)?;
    let area_under_roc = others
        .iter()
        .map(|others| Ok((others.name.clone(), areas(&own, &signs(network, task, &others.images)?))))
        .collect::<Result<_, CliError>>()?;
    Ok(Run {
        seed,
        temperature,
        metrics: Metrics::of(&on_test, test.labels()),
        scaled_metrics: Metrics::of(&scaled_on_test, test.labels()),
        area_under_roc,
    })
}

/// What speaks for an image being of the kind that the network was trained on; larger is more so.
#[derive(Default)]
struct Signs {
    max_probability: Vec<f64>,
    entropy: Vec<f64>,
    root_score: Vec<f64>,
}

fn signs(network: &Model, task: &Task, images: &Dataset) -> Result<Signs, CliError> {
    let mut signs = Signs::default();
    for row in class_scores(network, task, images)?.chunks(task.classes) {
        let largest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let sum: f64 = row.iter().map(|&score| (f64::from(score) - largest).exp()).sum();
        let root_score = largest + sum.ln();
        let entropy: f64 = row
            .iter()
            .map(|&score| f64::from(score) - root_score)
            .map(|log_probability| -log_probability.exp() * log_probability)
            .sum();
        signs.max_probability.push(largest - root_score);
        signs.entropy.push(-entropy);
        signs.root_score.push(root_score);
    }
    Ok(signs)
}

fn areas(own: &Signs, others: &Signs) -> Areas {
    let area = |sign: fn(&Signs) -> &Vec<f64>| {
        area_under_roc(sign(own), sign(others)).expect("there are images of both kinds")
    };
    Areas {
        max_probability: area(|signs| &signs.max_probability),
        entropy: area(|signs| &signs.entropy),
        root_score: area(|signs| &signs.root_score),
    }
}

/// Noise, test images with their pixels shuffled, inverted test images, and those of files.
fn others(
    test: &Dataset,
    files: &[std::path::PathBuf],
    (height, width): (usize, usize),
) -> Result<Vec<Others>, CliError> {
    let columns = test.columns();
    let rows: Vec<usize> = (0..test.rows().min(OTHERS)).collect();
    let (digits, _) = test.batch(&rows);
    let mut rng = generator(0, Stream::Splitting);
    let mut shuffled = digits.clone();
    shuffled.chunks_mut(columns).for_each(|image| image.shuffle(&mut rng));
    let noise = (0..digits.len()).map(|_| rng.random::<f32>()).collect();
    let inverted = digits.iter().map(|pixel| 1.0 - pixel).collect();
    let others = |name: String, features: Features, count: usize| -> Result<Others, UgmmError> {
        let images = Dataset::new(features, columns, vec![0; count], test.classes())?;
        Ok(Others { name, images })
    };
    let mut all = Vec::new();
    for (name, pixels) in [("noise", noise), ("shuffled pixels", shuffled), ("inverted", inverted)] {
        all.push(others(name.into(), Features::F32(pixels), rows.len())?);
    }
    for path in files {
        let mut images = read_idx_images(path)?;
        if (images.rows, images.columns) != (height, width) {
            let value =
                format!("{} with images of {} × {} pixels", path.display(), images.rows, images.columns);
            let expected = "images as large as MNIST's, 28 × 28";
            return Err(UgmmError::Setting { setting: "--others", value, expected }.into());
        }
        let count = images.count.min(OTHERS);
        images.pixels.truncate(count * columns);
        all.push(others(stem(path), mnist::features(images.pixels), count)?);
    }
    Ok(all)
}

/// "letters" of "data/letters-images-idx3-ubyte.gz".
fn stem(path: &Path) -> String {
    let name = path
        .file_name()
        .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    name.split(['.', '-']).next().unwrap_or_default().to_owned()
}

fn text(options: &ReproduceUncertainty, results: &[Measured]) -> String {
    let over =
        |runs: &[Run], value: &dyn Fn(&Run) -> f64| mean_and_sd(&runs.iter().map(value).collect::<Vec<_>>());
    let mut text = format!(
        "MNIST: trained on all but the last {} training images; these for the temperature alone; measured on the test \
         images. Seeds: {}.\n\n",
        options.validation, options.seeds
    );
    let mut rows = vec![
        ["", "accuracy, %", "log-loss", "Brier score", "calibration error, %", "temperature"]
            .map(String::from)
            .to_vec(),
    ];
    for Measured { model, runs, .. } in results {
        for (name, scaled) in [("", false), (", scaled", true)] {
            let metrics = |run: &Run| if scaled { run.scaled_metrics } else { run.metrics };
            rows.push(vec![
                format!("{model}{name}"),
                over(runs, &|run| metrics(run).accuracy).percent(2),
                over(runs, &|run| metrics(run).log_loss).text(4),
                over(runs, &|run| metrics(run).brier_score).text(4),
                over(runs, &|run| metrics(run).calibration_error).percent(2),
                if name.is_empty() { "1".into() } else { over(runs, &|run| run.temperature).text(4) },
            ]);
        }
    }
    text += &table(&rows);
    text += "\nArea under the ROC curve of the test images against other images, %:\n\n";
    let mut rows = vec![["other images", "sign"].map(String::from).to_vec()];
    rows[0].extend(results.iter().map(|result| result.model.clone()));
    let by_sign = |areas: &Areas| {
        [
            ("max probability", areas.max_probability),
            ("entropy", areas.entropy),
            ("root score", areas.root_score),
        ]
    };
    let Some(run) = results.first().and_then(|result| result.runs.first()) else { return text };
    for kind in run.area_under_roc.keys() {
        for sign in 0..by_sign(&run.area_under_roc[kind]).len() {
            let of = |run: &Run| by_sign(&run.area_under_roc[kind])[sign];
            let mut row = vec![kind.clone(), of(run).0.to_owned()];
            row.extend(results.iter().map(|result| over(&result.runs, &|run| of(run).1).percent(1)));
            rows.push(row);
        }
    }
    text + &table(&rows)
}
