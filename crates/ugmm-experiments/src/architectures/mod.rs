//! uGMM gates, transformers and convolution beside ordinary ones of the same size: networks trained on the same rows with several
//! seeds.

mod contest;
mod images;
mod sequences;

pub use contest::{Options, Task, Variant};

use crate::experiment::seeds;
use crate::{ExperimentError, Progress, Report, mean_and_sd};
use contest::{Contender, Contest, Practice};
use serde::Serialize;
use std::time::Instant;
use ugmm::architecture::{MixedConfig, MixedInput};
use ugmm::burn::tensor::{Device, Tensor};
use ugmm::open_device;
use ugmm::training::{evaluate, features, train};
use ugmm_network::training::{Augmentation, Dataset, EpochReport, OptimizerConfig, Schedule, TrainingConfig};
use ugmm_network::{Check, Checked, Stream, UgmmError, generator};
use ugmm_report::table;

/// Rows that networks are initialised from.
const INITIALIZATION_ROWS: usize = 256;
const DEFAULT_SEEDS: usize = 3;
/// Steps of the warm-up, at most: a tenth of all, where that is less.
const WARMUP_STEPS: usize = 200;
/// Where the learning rate ends, as a share of the largest.
const FINAL_FRACTION: f64 = 1e-3;

#[derive(Serialize)]
struct Run {
    seed: u64,
    accuracy: f64,
    /// Mean of −log P, natural logarithm.
    log_loss: f64,
    /// Mean of −log₂ P.
    bits: f64,
    seconds: f64,
    history: Vec<EpochReport>,
}

/// The measures of one network.
#[derive(Serialize)]
pub struct Measured {
    task: &'static str,
    network: String,
    parameters: usize,
    config: MixedConfig,
    training: Practice,
    runs: Vec<Run>,
}

/// Trains the networks of each task, or others. Files that cannot be read, networks and options that cannot be, and devices that are
/// not there are errors.
pub fn run(options: &Options, progress: Progress) -> Result<Report<Measured>, ExperimentError> {
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
        let task = ugmm_network::Task::from(contest.task()?);
        if let Some(only) = &options.only {
            contest.contenders.retain(|contender| contender.name.contains(only.as_str()));
        }
        for Contender { config, practice, .. } in &mut contest.contenders {
            practice.epochs = options.epochs.map_or(practice.epochs, usize::from);
            task.check_width((config.inputs(), config.outputs()?))?;
            training(practice, (contest.train.rows(), contest.input), 0)?;
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
    let text = |report: &Report<Measured>| text(&contests, report, seeds.len(), options);
    Ok(Report::new(options.experiment, deviations(options), results, text))
}

fn training(
    practice: &Practice,
    (rows, input): (usize, MixedInput),
    seed: u64,
) -> Result<Checked<TrainingConfig>, UgmmError> {
    let steps = practice.epochs * rows.div_ceil(practice.batch_size.max(1));
    let augmentation = match (practice.shift, input) {
        (0, _) => None,
        (most, MixedInput::Image { channels: 1, height, width }) => {
            let shift = Augmentation::Shift { height, width, most };
            shift.check(height * width)?;
            Some(shift)
        }
        (most, _) => {
            let expected = "0 where rows are not images of one channel";
            return Err(UgmmError::Setting { setting: "shift", value: most.to_string(), expected });
        }
    };
    let config = TrainingConfig {
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
    };
    config.checked()
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
    let task = contest.task()?;
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
        let trained = train(network, &task.into(), rows, every_epoch, &training, device, &mut *observer)?;
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

fn text(contests: &[Contest], report: &Report<Measured>, seeds: usize, options: &Options) -> String {
    let mut text = report.deviations_line();
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
