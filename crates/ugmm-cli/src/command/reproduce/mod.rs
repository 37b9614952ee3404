//! `ugmm reproduce`: the paper's experiments.

mod iris;
mod mnist;

use crate::arguments::{Common, ModelKind, PresetKind, Reproduce, ReproduceOptions};
use crate::error::CliError;
use crate::output::{percent_and_sd, print, table, write_json};
use crate::progress::Progress;
use crate::statistics::{MeanAndSd, mean_and_sd};
use serde::Serialize;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;
use ugmm::training::{Dataset, EpochReport, TrainingConfig, evaluate, init_model, train};
use ugmm::{ModelConfig, Preset, Task};

pub fn run(what: &Reproduce, common: &Common) -> Result<(), CliError> {
    match what {
        Reproduce::Iris(options) => iris::run(options, common),
        Reproduce::Mnist(options) => mnist::run(options, common),
    }
}

/// One of the models of an experiment, and what others report of it.
struct Contender {
    kind: ModelKind,
    name: String,
    config: ModelConfig,
    task: Task,
    /// Test accuracy that the paper reports.
    paper: MeanAndSd,
    /// Test accuracy of the paper's published code, run by this project.
    published_code: Option<MeanAndSd>,
}

/// An experiment: models trained on the same rows with several seeds.
struct Experiment<'a> {
    name: &'static str,
    description: String,
    contenders: Vec<Contender>,
    /// Every model is trained on each of them.
    parts: Vec<Part>,
    /// With the paper's settings: first of the last epochs over which test accuracy is averaged, given their number.
    /// With others, accuracy is measured once, after the last epoch.
    first_measured_epoch: fn(usize) -> usize,
    options: &'a ReproduceOptions,
    /// Options of this experiment alone that change the paper's protocol, as typed.
    changes: Vec<String>,
    seeds: NonZeroUsize,
    default_seeds: usize,
}

/// Rows to train on and rows to measure on.
struct Part {
    /// scikit-learn's random_state of the split, where there are several.
    split: Option<u64>,
    train: Dataset,
    test: Dataset,
}

/// What was measured for one model.
#[derive(Serialize)]
struct Measured {
    model: String,
    parameters: usize,
    training: TrainingConfig,
    /// Over the runs.
    test_accuracy: MeanAndSd,
    paper_test_accuracy: MeanAndSd,
    published_code_test_accuracy: Option<MeanAndSd>,
    runs: Vec<Run>,
}

/// One training.
#[derive(Serialize)]
struct Run {
    seed: u64,
    split: Option<u64>,
    /// Mean over the measured epochs.
    test_accuracy: f64,
    seconds: f64,
    history: Vec<EpochReport>,
}

#[derive(Serialize)]
struct Report<'a> {
    experiment: &'a str,
    /// What was changed from the paper's protocol; empty for the full reproduction.
    deviations: &'a [String],
    threads: usize,
    results: &'a [Measured],
}

impl Experiment<'_> {
    fn run(self, json: Option<&Path>) -> Result<(), CliError> {
        let deviations = self.deviations();
        let contenders =
            self.contenders.iter().filter(|model| self.options.only.is_none_or(|only| only == model.kind));
        let results = contenders.map(|contender| self.measure(contender)).collect::<Result<Vec<_>, _>>()?;
        let threads = rayon::current_num_threads();
        let report = Report { experiment: self.name, deviations: &deviations, threads, results: &results };
        write_json(json, "ugmm/reproduce", &report)?;
        print(&self.text(&report))
    }

    /// How this run differs from the paper's protocol.
    fn deviations(&self) -> Vec<String> {
        let mut deviations = Vec::new();
        if self.options.preset != PresetKind::Paper {
            deviations.push(format!("--preset {}", self.options.preset.name()));
        }
        if let Some(epochs) = self.options.epochs {
            deviations.push(format!("--epochs {epochs}"));
        }
        if self.seeds.get() != self.default_seeds {
            deviations.push(format!("--seeds {}", self.seeds));
        }
        if let Some(only) = self.options.only {
            let name = if only == ModelKind::Ugmm { "ugmm" } else { "mlp" };
            deviations.push(format!("--only {name}"));
        }
        if self.options.seed != 0 {
            deviations.push(format!("--seed {}", self.options.seed));
        }
        deviations.extend(self.changes.iter().cloned());
        deviations
    }

    fn measure(&self, contender: &Contender) -> Result<Measured, CliError> {
        let first = self.options.seed;
        let seeds: Vec<u64> = (0..self.seeds.get() as u64).map(|index| first.wrapping_add(index)).collect();
        let runs = self.parts.iter().flat_map(|part| seeds.iter().map(move |&seed| (part, seed)));
        let runs =
            runs.map(|(part, seed)| self.train(contender, part, seed)).collect::<Result<Vec<_>, _>>()?;
        let accuracies: Vec<f64> = runs.iter().map(|run| run.test_accuracy).collect();
        Ok(Measured {
            model: contender.name.clone(),
            parameters: parameters(&contender.config),
            training: self.training(contender, &self.parts[0], first),
            test_accuracy: mean_and_sd(&accuracies),
            paper_test_accuracy: contender.paper,
            published_code_test_accuracy: contender.published_code,
            runs,
        })
    }

    fn training(&self, contender: &Contender, part: &Part, seed: u64) -> TrainingConfig {
        let preset = self.options.preset.preset();
        let objective = match preset {
            // Both models of an experiment follow its schedule, as in the paper's code.
            Preset::Paper => self.contenders[0].task.objective,
            _ => contender.task.objective,
        };
        let mut training = preset.training(&contender.config, objective, part.train.rows(), seed);
        if let Some(epochs) = self.options.epochs {
            training.epochs = epochs.get();
        }
        training
    }

    fn train(&self, contender: &Contender, part: &Part, seed: u64) -> Result<Run, CliError> {
        let device = burn_device();
        let training = self.training(contender, part, seed);
        let split = part.split.map_or(String::new(), |split| format!(", split {split}"));
        let mut progress = Progress::new(format!("{}{split}, seed {seed}", contender.name), training.epochs);
        let start = Instant::now();
        let (config, task) = (&contender.config, &contender.task);
        let network = init_model(config, task, &part.train, seed, &device)?;
        let every_epoch = (self.options.preset == PresetKind::Paper).then_some(&part.test);
        let trained = train(network, task, &part.train, every_epoch, &training, &device, &mut progress)?;
        let seconds = start.elapsed().as_secs_f64();
        let test_accuracy = match every_epoch {
            Some(_) => {
                let first = (self.first_measured_epoch)(training.epochs);
                let measured = trained.history.iter().filter(|report| report.epoch >= first);
                let accuracies: Vec<f64> =
                    measured.filter_map(|report| Some(report.validation?.accuracy)).collect();
                mean_and_sd(&accuracies).mean
            }
            None => evaluate(&trained.network, task, &part.test, &device)?.accuracy,
        };
        Ok(Run { seed, split: part.split, test_accuracy, seconds, history: trained.history })
    }

    fn text(&self, report: &Report) -> String {
        let mut text = format!("{}\n", self.description);
        if !report.deviations.is_empty() {
            text += &format!("Run with {}.\n", report.deviations.join(" "));
        }
        if self.options.epochs.is_some() {
            text += "NOT the paper's number of epochs: do not compare the figures with the paper's.\n";
        }
        let seeds = match self.seeds.get() * self.parts.len() {
            1 => "1 run".into(),
            count => format!("{count} runs, mean ± sd"),
        };
        let mut rows = vec![
            [
                format!("test accuracy, % ({seeds})"),
                "measured".into(),
                "paper".into(),
                "its published code".into(),
            ]
            .to_vec(),
        ];
        for result in report.results {
            rows.push(vec![
                result.model.clone(),
                percent_and_sd(&result.test_accuracy, 2),
                percent_and_sd(&result.paper_test_accuracy, 2),
                result.published_code_test_accuracy.map_or("–".into(), |value| percent_and_sd(&value, 2)),
            ]);
        }
        text += &format!("\n{}\n", table(&rows));
        for result in report.results {
            let seconds: f64 = result.runs.iter().map(|run| run.seconds).sum();
            let accuracies: Vec<String> =
                result.runs.iter().map(|run| format!("{:.2}", 100.0 * run.test_accuracy)).collect();
            let by = if self.parts.len() == 1 { "by seed" } else { "by split and seed" };
            let (model, parameters, threads) = (&result.model, result.parameters, report.threads);
            text += &format!(
                "{model}: {parameters} parameters, {seconds:.1} s on {threads} threads; {by}: {}\n",
                accuracies.join(", ")
            );
        }
        text
    }
}

fn burn_device() -> burn::tensor::Device {
    burn::tensor::Device::flex()
}

/// Number of trainable numbers of a model.
fn parameters(config: &ModelConfig) -> usize {
    match config {
        ModelConfig::Ugmm(config) => config.layers.iter().map(|layer| 3 * layer.inputs * layer.neurons).sum(),
        ModelConfig::Mlp(config) => config.sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum(),
    }
}

/// A share given in percent without spread.
const fn percent(mean: f64) -> MeanAndSd {
    MeanAndSd { mean: mean / 100.0, sd: None }
}

/// Mean and spread given in percent.
const fn percent_with_sd(mean: f64, sd: f64) -> MeanAndSd {
    MeanAndSd { mean: mean / 100.0, sd: Some(sd / 100.0) }
}
