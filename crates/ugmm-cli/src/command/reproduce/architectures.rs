//! What `ugmm reproduce sequences` and `ugmm reproduce images` have in common: networks of uGMM and of ordinary layers,
//! trained on the same rows with several seeds.

use super::seeds;
use crate::arguments::{ArchitectureOptions, Common};
use crate::device::burn_device;
use crate::error::CliError;
use crate::output::{print, table, write_json};
use crate::progress::Training;
use crate::variants_file::read_tables;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Instant;
use ugmm::architecture::{MixedConfig, MixedInput, MixedLayerConfig};
use ugmm::burn::tensor::{Device, Tensor};
use ugmm::training::{evaluate, features, train};
use ugmm_data::{LabelledImages, Mnist, load_mnist};
use ugmm_experiments::mean_and_sd;
use ugmm_network::training::{Augmentation, Dataset, EpochReport, OptimizerConfig, Schedule, TrainingConfig};
use ugmm_network::{Objective, Stream, Task, UgmmError, generator};

/// Training images of MNIST that are measured on with --validation.
pub(super) const MNIST_VALIDATION: usize = 5000;
/// Images of MNIST with --quick, to learn from and to measure on.
pub(super) const QUICK_IMAGES: [usize; 2] = [4000, 1000];
/// Rows that networks are initialised from.
const INITIALIZATION_ROWS: usize = 256;
const BATCH_SIZE: usize = 128;
const DEFAULT_SEEDS: usize = 3;
/// Steps of the warm-up, at most: a tenth of all, where that is less.
const WARMUP_STEPS: usize = 200;
/// Where the learning rate ends, as a share of the largest.
const FINAL_FRACTION: f64 = 1e-3;

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Practice {
    pub epochs: usize,
    pub batch_size: usize,
    /// Largest, of a cosine schedule with a warm-up.
    pub learning_rate: f64,
    /// By AdamW.
    pub weight_decay: f32,
    pub max_gradient_norm: Option<f64>,
    /// Images are moved by at most so many pixels in each direction, anew whenever they are met.
    pub shift: usize,
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

/// A network of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variant {
    layers: Vec<MixedLayerConfig>,
    #[serde(default)]
    training: Practice,
}

/// A network that takes part.
pub(super) struct Contender {
    pub name: String,
    pub config: MixedConfig,
    pub practice: Practice,
}

/// What is to be learned, and by whom.
pub(super) struct Contest {
    pub name: &'static str,
    pub description: String,
    pub train: Dataset,
    pub measured: Dataset,
    pub input: MixedInput,
    /// Whether what is predicted is the next symbol, so that bits per symbol are the measure.
    pub is_text: bool,
    pub contenders: Vec<Contender>,
}

impl Contest {
    fn task(&self) -> Task {
        let (features, classes) = (self.train.columns(), self.train.classes());
        Task { features, classes, objective: Objective::Discriminative }
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

#[derive(Serialize)]
struct Report<'a> {
    experiment: &'a str,
    /// What was typed that makes these other figures than those of the experiment.
    deviations: &'a [String],
    threads: usize,
    results: &'a [Measured],
}

/// Runs these contests.
pub(super) fn run(
    experiment: &'static str,
    mut contests: Vec<Contest>,
    options: &ArchitectureOptions,
    common: &Common,
) -> Result<(), CliError> {
    for contest in &mut contests {
        if let Some(path) = &options.variants {
            contest.contenders = variants(path, contest.input)?;
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
        return Err(UgmmError::Setting { setting: "--only", value: only.clone(), expected }.into());
    }
    let seeds = match options.quick {
        true => vec![options.seed],
        false => seeds(options.seed, options.seeds),
    };
    let mut results = Vec::new();
    for contest in &contests {
        for contender in &contest.contenders {
            results.push(measure(contest, contender, &seeds, options, common)?);
        }
    }
    let deviations = deviations(options);
    let threads = rayon::current_num_threads();
    let report = Report { experiment, deviations: &deviations, threads, results: &results };
    write_json(common.json.as_deref(), "ugmm/architectures", &report)?;
    print(&text(&contests, &report, seeds.len(), options))
}

fn variants(path: &Path, input: MixedInput) -> Result<Vec<Contender>, CliError> {
    let variants = read_tables::<Variant>(path)?.into_iter();
    Ok(variants
        .map(|(name, Variant { layers, training })| Contender {
            name,
            config: MixedConfig::new(input, layers),
            practice: training,
        })
        .collect())
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
    options: &ArchitectureOptions,
    common: &Common,
) -> Result<Measured, CliError> {
    let Contest { train: rows, measured, .. } = contest;
    let Contender { name, config, practice } = contender;
    let device = burn_device(options.device.device)?;
    let task = contest.task();
    let mut runs = Vec::new();
    let mut parameters = 0;
    for &seed in seeds {
        let start = Instant::now();
        let network =
            config.init(&first_rows(rows, &device), &mut generator(seed, Stream::Initialization), &device)?;
        parameters = network.learned_parameters();
        let training = training(practice, (rows.rows(), contest.input), seed)?;
        let mut progress =
            Training::new(&format!("{}: {name}, seed {seed}", contest.name), training.epochs, common.quiet);
        // Test data are looked at once.
        let every_epoch = options.validation.then_some(measured);
        let trained = train(network, &task, rows, every_epoch, &training, &device, &mut progress)?;
        let seconds = start.elapsed().as_secs_f64();
        let metrics = match trained.history.last().and_then(|report| report.validation) {
            Some(metrics) => metrics,
            None => evaluate(&trained.network, &task, measured, &device)?,
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

fn deviations(options: &ArchitectureOptions) -> Vec<String> {
    let mut deviations = Vec::new();
    let mut add = |is_given: bool, text: String| {
        if is_given {
            deviations.push(text);
        }
    };
    add(options.quick, "--quick".into());
    add(options.validation, "--validation".into());
    add(options.epochs.is_some(), format!("--epochs {}", options.epochs.map_or(0, usize::from)));
    add(options.seeds.get() != DEFAULT_SEEDS && !options.quick, format!("--seeds {}", options.seeds));
    add(options.seed != 0, format!("--seed {}", options.seed));
    if let Some(path) = &options.variants {
        add(true, format!("--variants {}", path.display()));
    }
    deviations
}

fn text(contests: &[Contest], report: &Report, seeds: usize, options: &ArchitectureOptions) -> String {
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
pub(super) fn width_for(
    parameters: usize,
    config: impl Fn(usize) -> MixedConfig,
) -> Result<usize, UgmmError> {
    let count = |width: usize| Ok(config(width).blank(&Device::flex())?.learned_parameters());
    let (mut low, mut high) = (1, 2);
    while count(high)? <= parameters {
        (low, high) = (high, 2 * high);
    }
    while high - low > 1 {
        let middle = low.midpoint(high);
        if count(middle)? <= parameters {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Number of parameters of a network.
pub(super) fn parameters(config: &MixedConfig) -> Result<usize, UgmmError> {
    Ok(config.blank(&Device::flex())?.learned_parameters())
}

/// MNIST's images to learn from and to measure on.
pub(super) fn mnist(options: &ArchitectureOptions) -> Result<[LabelledImages; 2], CliError> {
    let Some(folder) = &options.data else {
        return Err(CliError::Option {
            key: "--data",
            reason:
                "the tasks of MNIST need the folder with its four files; scripts/fetch-mnist.sh brings them"
                    .into(),
        });
    };
    let Mnist { train, test } = load_mnist(folder)?;
    let (mut train, mut measured) = match options.validation {
        true => super::mnist::split_off_last(train, MNIST_VALIDATION)?,
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
