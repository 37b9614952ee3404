//! uGMM gates, transformers and convolution beside ordinary ones of the same size: networks trained on the same rows with several
//! seeds.

mod images;
mod sequences;

use crate::experiment::seeds;
use crate::{ExperimentError, Progress, Variants, mean_and_sd};
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;
use ugmm::architecture::{MixedConfig, MixedInput, MixedLayerConfig};
use ugmm::burn::tensor::{Device, Tensor};
use ugmm::open_device;
use ugmm::training::{evaluate, features, train};
use ugmm_data::{LabelledImages, Mnist, load_mnist};
use ugmm_network::training::{Augmentation, Dataset, EpochReport, OptimizerConfig, Schedule, TrainingConfig};
use ugmm_network::{DeviceName, Objective, Stream, UgmmError, generator};
use ugmm_report::table;

/// Training images of MNIST that are measured on with --validation.
const MNIST_VALIDATION: usize = 5000;
/// Images of MNIST with --quick, to learn from and to measure on.
const QUICK_IMAGES: [usize; 2] = [4000, 1000];
/// Rows that networks are initialised from.
const INITIALIZATION_ROWS: usize = 256;
const BATCH_SIZE: usize = 128;
const DEFAULT_SEEDS: usize = 3;
/// Steps of the warm-up, at most: a tenth of all, where that is less.
const WARMUP_STEPS: usize = 200;
/// Where the learning rate ends, as a share of the largest.
const FINAL_FRACTION: f64 = 1e-3;

/// Options of the experiments.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the experiment, as the report has it.
    pub experiment: &'static str,
    /// What to learn.
    pub tasks: Vec<Task>,
    /// Number of runs of each network, each with a seed of its own.
    pub seeds: NonZeroUsize,
    /// The first seed; further runs take the numbers after it.
    pub seed: u64,
    /// Epochs of training, in the place of the experiment's number.
    pub epochs: Option<NonZeroUsize>,
    /// A first look: one seed, a part of the rows, few epochs.
    pub quick: bool,
    /// Leaves the test data alone: some of the training data are held out and measured on.
    pub validation: bool,
    /// What the names of the networks to run have in them.
    pub only: Option<String>,
    /// Networks to run in the place of the experiment's.
    pub variants: Option<Variants<Variant>>,
    /// What to compute on.
    pub device: DeviceName,
}

/// What to learn. Tasks of MNIST have the folder with its four IDX files.
#[derive(Clone, Debug)]
pub enum Task {
    /// The rows of an MNIST image, one after the other: which digit is it?
    Rows(PathBuf),
    /// The characters of Paradise Lost: which one comes next?
    Text,
    /// The images of MNIST.
    Mnist(PathBuf),
    /// The 1,797 digits of 8 × 8 pixels that come with `ugmm-data`.
    Digits,
}

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Practice {
    epochs: usize,
    batch_size: usize,
    /// Largest, of a cosine schedule with a warm-up.
    learning_rate: f64,
    /// By AdamW.
    weight_decay: f32,
    max_gradient_norm: Option<f64>,
    /// Images are moved by at most so many pixels in each direction, anew whenever they are met.
    shift: usize,
}

impl Default for Practice {
    fn default() -> Self {
        Self {
            epochs: 10,
            batch_size: BATCH_SIZE,
            learning_rate: 1e-2,
            weight_decay: 0.0,
            max_gradient_norm: Some(1.0),
            shift: 0,
        }
    }
}

/// A network in the place of an experiment's own: its `layers` and, where given, its `training`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    layers: Vec<MixedLayerConfig>,
    #[serde(default)]
    training: Practice,
}

/// A network that takes part.
struct Contender {
    name: String,
    config: MixedConfig,
    practice: Practice,
}

/// What is to be learned, and by whom.
struct Contest {
    name: &'static str,
    description: String,
    train: Dataset,
    measured: Dataset,
    input: MixedInput,
    /// Whether what is predicted is the next symbol, so that bits per symbol are the measure.
    is_text: bool,
    contenders: Vec<Contender>,
}

impl Contest {
    fn task(&self) -> ugmm_network::Task {
        let (features, classes) = (self.train.columns(), self.train.classes());
        ugmm_network::Task { features, classes, objective: Objective::Discriminative }
    }
}

#[derive(Serialize)]
struct Run {
    seed: u64,
    accuracy: f64,
    /// Mean of −log P, natural logarithm.
    log_loss: f64,
    /// The same to base 2.
    bits: f64,
    seconds: f64,
    history: Vec<EpochReport>,
}

#[derive(Serialize)]
struct Measured {
    task: &'static str,
    network: String,
    parameters: usize,
    config: MixedConfig,
    training: Practice,
    runs: Vec<Run>,
}

/// What an experiment found; docs/json.md describes its JSON.
#[derive(Serialize)]
pub struct Report {
    experiment: &'static str,
    /// What makes these other figures than those of the experiment, as options of `ugmm reproduce`.
    deviations: Vec<String>,
    threads: usize,
    results: Vec<Measured>,
    /// What was found, in words and tables of plain text.
    #[serde(skip)]
    pub text: String,
}

/// Trains the networks of each task, or others. Files that cannot be read, networks and options that cannot be, and devices that are
/// not there are errors.
pub fn run(options: &Options, progress: Progress) -> Result<Report, ExperimentError> {
    let contest = |task: &Task| match task {
        Task::Rows(folder) => sequences::of_rows(folder, options),
        Task::Text => sequences::of_text(options),
        Task::Mnist(folder) => images::of_mnist(folder, options),
        Task::Digits => images::of_digits(options),
    };
    let mut contests = options.tasks.iter().map(contest).collect::<Result<Vec<_>, _>>()?;
    for contest in &mut contests {
        if let Some((_, variants)) = &options.variants {
            let contender = |(name, Variant { layers, training })| {
                let config = MixedConfig::new(contest.input, layers);
                Contender { name, config, practice: training }
            };
            contest.contenders = variants.clone().into_iter().map(contender).collect();
        }
        let task = contest.task();
        if let Some(only) = &options.only {
            contest.contenders.retain(|contender| contender.name.contains(only.as_str()));
        }
        for Contender { config, practice, .. } in &mut contest.contenders {
            practice.epochs = options.epochs.map_or(practice.epochs, usize::from);
            task.check_width((config.inputs(), config.outputs()?))?;
            training(practice, (contest.train.rows(), contest.input), 0)?.validate()?;
        }
    }
    if let Some(only) = &options.only
        && contests.iter().all(|contest| contest.contenders.is_empty())
    {
        let expected = "a part of the name of one of the networks";
        return Err(ExperimentError::Option("only", only.clone(), expected));
    }
    let seeds = match options.quick {
        true => vec![options.seed],
        false => seeds(options.seed, options.seeds),
    };
    let device = open_device(options.device)?;
    let mut results = Vec::new();
    for contest in &contests {
        for contender in &contest.contenders {
            results.push(measure(contest, contender, &seeds, options, &device, progress)?);
        }
    }
    let (experiment, threads) = (options.experiment, rayon::current_num_threads());
    let deviations = deviations(options);
    let mut report = Report { experiment, deviations, threads, results, text: String::new() };
    report.text = text(&contests, &report, seeds.len(), options);
    Ok(report)
}

fn training(
    practice: &Practice,
    (rows, input): (usize, MixedInput),
    seed: u64,
) -> Result<TrainingConfig, UgmmError> {
    let steps = practice.epochs * rows.div_ceil(practice.batch_size.max(1));
    let augmentation = match (practice.shift, input) {
        (0, _) => None,
        (most, MixedInput::Image { channels: 1, height, width }) => {
            let shift = Augmentation::Shift { height, width, most };
            shift.validate(height * width)?;
            Some(shift)
        }
        (most, _) => {
            let expected = "0 where rows are not images of one channel";
            return Err(UgmmError::Setting { setting: "shift", value: most.to_string(), expected });
        }
    };
    Ok(TrainingConfig {
        batch_size: practice.batch_size,
        optimizer: OptimizerConfig::adam_w(practice.weight_decay),
        schedule: Schedule::Cosine {
            learning_rate: practice.learning_rate,
            warmup_steps: WARMUP_STEPS.min(steps / 10),
            final_fraction: FINAL_FRACTION,
        },
        max_gradient_norm: practice.max_gradient_norm,
        augmentation,
        ..TrainingConfig::new(seed, practice.epochs)
    })
}

fn measure(
    contest: &Contest,
    contender: &Contender,
    seeds: &[u64],
    options: &Options,
    device: &Device,
    progress: Progress,
) -> Result<Measured, UgmmError> {
    let Contest { train: rows, measured, .. } = contest;
    let Contender { name, config, practice } = contender;
    let task = contest.task();
    let mut runs = Vec::new();
    let mut parameters = 0;
    for &seed in seeds {
        let start = Instant::now();
        let network =
            config.init(&first_rows(rows, device), &mut generator(seed, Stream::Initialization), device)?;
        parameters = network.learned_parameters();
        let training = training(practice, (rows.rows(), contest.input), seed)?;
        let mut observer = progress(&format!("{}: {name}, seed {seed}", contest.name), training.epochs);
        // Test data are looked at once.
        let every_epoch = options.validation.then_some(measured);
        let trained = train(network, &task, rows, every_epoch, &training, device, &mut *observer)?;
        let seconds = start.elapsed().as_secs_f64();
        let metrics = match trained.history.last().and_then(|report| report.validation) {
            Some(metrics) => metrics,
            None => evaluate(&trained.network, &task, measured, device)?,
        };
        runs.push(Run {
            seed,
            accuracy: metrics.accuracy,
            log_loss: metrics.log_loss,
            bits: metrics.log_loss / std::f64::consts::LN_2,
            seconds,
            history: trained.history,
        });
    }
    Ok(Measured {
        task: contest.name,
        network: name.clone(),
        parameters,
        config: config.clone(),
        training: *practice,
        runs,
    })
}

/// Some rows from all of a data set.
fn first_rows(rows: &Dataset, device: &Device) -> Tensor<2> {
    let count = rows.rows().min(INITIALIZATION_ROWS);
    let spread: Vec<usize> = (0..count).map(|index| index * rows.rows() / count).collect();
    features(rows, &spread, device)
}

fn deviations(options: &Options) -> Vec<String> {
    let Options { seeds, seed, epochs, quick, validation, variants, .. } = options;
    let deviations = [
        quick.then(|| "--quick".into()),
        validation.then(|| "--validation".into()),
        epochs.map(|epochs| format!("--epochs {epochs}")),
        (seeds.get() != DEFAULT_SEEDS && !quick).then(|| format!("--seeds {seeds}")),
        (*seed != 0).then(|| format!("--seed {seed}")),
        variants.as_ref().map(|(file, _)| format!("--variants {}", file.display())),
    ];
    deviations.into_iter().flatten().collect()
}

fn text(contests: &[Contest], report: &Report, seeds: usize, options: &Options) -> String {
    let mut text = String::new();
    if !report.deviations.is_empty() {
        text += &format!("Run with {}.\n", report.deviations.join(" "));
    }
    for contest in contests {
        let measured_on = if options.validation { "held-out" } else { "test" };
        let runs = if seeds == 1 { "1 run".into() } else { format!("{seeds} runs, mean ± sd") };
        let measure = match contest.is_text {
            true => "bits per character",
            false => "accuracy, %",
        };
        let mut rows = vec![vec![
            format!("{} ({runs})", contest.name),
            "parameters".into(),
            format!("{measured_on} {measure}"),
            "log-loss".into(),
            format!("seconds of training on {} threads", report.threads),
        ]];
        let of_contest = |result: &&Measured| result.task == contest.name;
        for Measured { network, parameters, runs, .. } in report.results.iter().filter(of_contest) {
            let over = |value: fn(&Run) -> f64| mean_and_sd(&runs.iter().map(value).collect::<Vec<_>>());
            rows.push(vec![
                network.clone(),
                parameters.to_string(),
                match contest.is_text {
                    true => over(|run| run.bits).text(3),
                    false => over(|run| run.accuracy).percent(2),
                },
                over(|run| run.log_loss).text(4),
                format!("{:.0}", over(|run| run.seconds).mean),
            ]);
        }
        text += &format!("{}\n\n{}\n", contest.description, table(&rows));
    }
    text
}

/// The largest width with which a network has at most so many parameters.
fn width_for(most: usize, config: impl Fn(usize) -> MixedConfig) -> Result<usize, UgmmError> {
    let count = |width: usize| parameters(&config(width));
    let (mut low, mut high) = (1, 2);
    while count(high)? <= most {
        (low, high) = (high, 2 * high);
    }
    while high - low > 1 {
        let middle = low.midpoint(high);
        if count(middle)? <= most {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Number of parameters of a network.
fn parameters(config: &MixedConfig) -> Result<usize, UgmmError> {
    Ok(config.blank(&Device::flex())?.learned_parameters())
}

/// MNIST's images to learn from and to measure on.
fn mnist(folder: &Path, options: &Options) -> Result<[LabelledImages; 2], ExperimentError> {
    let Mnist { train, test } = load_mnist(folder)?;
    let (mut train, mut measured) = match options.validation {
        true => crate::mnist::split_off_last(train, MNIST_VALIDATION)?,
        false => (train, test),
    };
    if options.quick {
        let [of_train, of_measured] = QUICK_IMAGES;
        truncate(&mut train, of_train);
        truncate(&mut measured, of_measured);
    }
    Ok([train, measured])
}

fn truncate(all: &mut LabelledImages, count: usize) {
    let count = count.min(all.labels.len());
    all.labels.truncate(count);
    all.images.pixels.truncate(count * all.images.rows * all.images.columns);
    all.images.count = count;
}
