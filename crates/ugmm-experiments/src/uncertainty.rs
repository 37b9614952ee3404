//! Are the probabilities of MNIST networks true, and do they notice what is no digit?

use crate::experiment::seeds;
use crate::fit::fit;
use crate::{ExperimentError, Progress, Protocol, mean_and_sd, mnist};
use indexmap::IndexMap;
use rand::RngExt;
use rand::seq::SliceRandom;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use ugmm_data::{load_mnist, read_idx_images};
use ugmm_network::calibration::{scale, temperature};
use ugmm_network::inference::prediction::{class_scores, log_probabilities};
use ugmm_network::metrics::{Metrics, area_under_roc};
use ugmm_network::training::{Dataset, Features};
use ugmm_network::{
    Architecture, Classification, Device, Model, Recipe, Rows, Settings, Stream, UgmmError, generator,
};
use ugmm_report::table;

/// Images of each kind that is no digit.
const OTHERS: usize = 10_000;

/// Images that are no digits of MNIST's kind; their labels mean nothing.
struct Others {
    name: String,
    images: Rows,
}

/// One model with one seed.
#[derive(Serialize)]
struct Run {
    seed: u64,
    temperature: f64,
    /// On the test images.
    metrics: Metrics,
    /// Measures on the test images after temperature scaling.
    scaled_metrics: Metrics,
    /// By kind of images and by sign; the area under the ROC curve of test images against these.
    area_under_roc: IndexMap<String, Signs<f64>>,
}

/// By what speaks for an image being of the kind that the network was trained on; larger is more so.
type Signs<T> = IndexMap<&'static str, T>;

#[derive(Serialize)]
struct Measured {
    model: String,
    recipe: Recipe,
    runs: Vec<Run>,
}

/// Options of the experiment.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder with MNIST's four IDX files.
    pub data: PathBuf,
    /// IDX files of images of 28 × 28 pixels that are no digits; of each at most 10,000 are looked at.
    pub others: Vec<PathBuf>,
    /// Number of training images that are left out of training, for the temperature.
    pub validation: NonZeroUsize,
    /// Models, settings and seeds.
    pub protocol: Protocol,
}

/// The results of the experiment; docs/json.md describes their JSON.
#[derive(Serialize)]
pub struct Report {
    experiment: &'static str,
    validation: usize,
    results: Vec<Measured>,
    /// The results in words and tables of plain text.
    #[serde(skip)]
    pub text: String,
}

/// Trains networks on MNIST, and compares what they say of test images with what they say of others. Files that cannot be read,
/// images of another size, and options that cannot be are errors.
pub fn run(options: &Options, device: &Device, progress: Progress) -> Result<Report, ExperimentError> {
    let Options { data, others: files, validation, protocol } = options;
    let data = load_mnist(data)?;
    let (train, held_out) = mnist::split_off_last(data.train, validation.get())?;
    let images = (data.test.images.rows, data.test.images.columns);
    let (train, held_out, test) =
        (mnist::dataset(train)?, mnist::dataset(held_out)?, mnist::dataset(data.test)?);
    let others = others(&test, files, images)?;
    let contenders = contenders(protocol);
    // Every recipe is checked before any training starts.
    let recipes = contenders
        .values()
        .map(|settings| protocol.recipe(settings, &train, protocol.seed))
        .collect::<Result<Vec<_>, _>>()?;
    let mut results = Vec::new();
    for ((name, settings), first) in contenders.iter().zip(recipes) {
        let mut runs = Vec::new();
        for seed in seeds(protocol.seed, protocol.seeds) {
            let recipe = protocol.recipe(settings, &train, seed)?;
            let network =
                fit(&format!("{name}, seed {seed}"), &recipe, &train, None, device, progress)?.network;
            runs.push(measure(seed, &network, recipe.task.classification()?, [&held_out, &test], &others)?);
        }
        results.push(Measured { model: name.clone(), recipe: first, runs });
    }
    let text = text(options, &results);
    Ok(Report { experiment: "uncertainty", validation: validation.get(), results, text })
}

fn contenders(protocol: &Protocol) -> IndexMap<String, Settings> {
    let mut contenders = match &protocol.variants {
        Some((_, variants)) => variants.clone(),
        None => IndexMap::from([
            ("uGMM-NN".into(), Settings::default()),
            ("FFNN".into(), Settings { model: Some(Architecture::Mlp), ..Settings::default() }),
        ]),
    };
    contenders.retain(|_, settings| protocol.wants(settings));
    for settings in contenders.values_mut() {
        settings.hidden.get_or_insert_with(|| mnist::PAPER_HIDDEN.to_vec());
    }
    contenders
}

fn measure(
    seed: u64,
    network: &Model,
    task: &Classification,
    [held_out, test]: [&Dataset; 2],
    others: &[Others],
) -> Result<Run, UgmmError> {
    let log_probabilities = |rows: &Dataset| log_probabilities(network, task, rows.features());
    let temperature = temperature(&log_probabilities(held_out)?, held_out.labels(), None, None)?;
    let on_test = log_probabilities(test)?;
    let mut scaled_on_test = on_test.clone();
    scale(&mut scaled_on_test, test.classes(), temperature, None);
    let own = signs(network, task, test.features())?;
    let mut areas = IndexMap::new();
    for Others { name, images } in others {
        let others = signs(network, task, images)?;
        let area = |own, others| area_under_roc(own, others).expect("there are images of both kinds");
        let by_sign = own.iter().map(|(&sign, values)| (sign, area(values, &others[sign])));
        areas.insert(name.clone(), by_sign.collect());
    }
    Ok(Run {
        seed,
        temperature,
        metrics: Metrics::of(&on_test, test.labels()),
        scaled_metrics: Metrics::of(&scaled_on_test, test.labels()),
        area_under_roc: areas,
    })
}

fn signs(network: &Model, task: &Classification, images: &Rows) -> Result<Signs<Vec<f64>>, UgmmError> {
    let mut signs = Signs::from(["max_probability", "entropy", "root_score"].map(|sign| (sign, Vec::new())));
    for row in class_scores(network, task, images)?.chunks(task.classes()) {
        let largest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let sum: f64 = row.iter().map(|&score| (f64::from(score) - largest).exp()).sum();
        let root_score = largest + sum.ln();
        let entropy: f64 = row
            .iter()
            .map(|&score| f64::from(score) - root_score)
            .map(|log_probability| -log_probability.exp() * log_probability)
            .sum();
        // The root score is log Σ exp of the outputs, of a generative network over the labels; the entropy counts negatively.
        for (values, sign) in signs.values_mut().zip([largest - root_score, -entropy, root_score]) {
            values.push(sign);
        }
    }
    Ok(signs)
}

/// Noise, test images with their pixels shuffled, inverted test images, and those of files.
fn others(
    test: &Dataset,
    files: &[PathBuf],
    (height, width): (usize, usize),
) -> Result<Vec<Others>, ExperimentError> {
    let columns = test.columns();
    let rows: Vec<usize> = (0..test.rows().min(OTHERS)).collect();
    let digits = test.batch(&rows).x;
    let mut rng = generator(0, Stream::Splitting);
    let mut shuffled = digits.clone();
    shuffled.chunks_mut(columns).for_each(|image| image.shuffle(&mut rng));
    let noise = (0..digits.len()).map(|_| rng.random::<f32>()).collect();
    let inverted = digits.iter().map(|pixel| 1.0 - pixel).collect();
    let others = |name: String, features: Features| -> Result<Others, UgmmError> {
        let images = Rows::new(features, columns)?;
        Ok(Others { name, images })
    };
    let mut all = Vec::new();
    for (name, pixels) in [("noise", noise), ("shuffled pixels", shuffled), ("inverted", inverted)] {
        all.push(others(name.into(), Features::F32(pixels))?);
    }
    for path in files {
        let mut images = read_idx_images(path)?;
        if (images.rows, images.columns) != (height, width) {
            let value =
                format!("{} with images of {} × {} pixels", path.display(), images.rows, images.columns);
            let expected = "images as large as MNIST's, 28 × 28";
            return Err(ExperimentError::Option("others", value, expected));
        }
        images.pixels.truncate(OTHERS * columns);
        all.push(others(stem(path), mnist::features(images.pixels))?);
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

fn text(options: &Options, results: &[Measured]) -> String {
    let over =
        |runs: &[Run], value: &dyn Fn(&Run) -> f64| mean_and_sd(&runs.iter().map(value).collect::<Vec<_>>());
    let mut text = format!(
        "MNIST: trained on all but the last {} training images; these for the temperature alone; measured on the test \
         images. Seeds: {}.\n\n",
        options.validation, options.protocol.seeds
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
    let Some(run) = results.first().and_then(|result| result.runs.first()) else { return text };
    for (kind, areas) in &run.area_under_roc {
        for sign in areas.keys() {
            let mut row = vec![kind.clone(), sign.replace('_', " ")];
            let mean = |result: &Measured| over(&result.runs, &|run| run.area_under_roc[kind][sign]);
            row.extend(results.iter().map(|result| mean(result).percent(1)));
            rows.push(row);
        }
    }
    text + &table(&rows)
}
