//! `ugmm reproduce`: the paper's experiments.

mod iris;
mod mnist;

use crate::arguments::{Common, ModelKind, Reproduce, ReproduceOptions};
use crate::error::CliError;
use crate::output::{percent_and_sd, print, table, write_json};
use crate::progress::Progress;
use crate::statistics::{MeanAndSd, mean_and_sd};
use serde::Serialize;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;
use ugmm::training::{Dataset, EpochReport, TrainingConfig, init_model, train};
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
    name: &'static str,
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
    train: Dataset,
    test: Dataset,
    /// First of the last epochs over which test accuracy is averaged, given their number.
    first_measured_epoch: fn(usize) -> usize,
    options: &'a ReproduceOptions,
    seeds: NonZeroUsize,
    default_seeds: usize,
}

/// What was measured for one model.
#[derive(Serialize)]
struct Measured {
    model: &'static str,
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
        deviations
    }

    fn measure(&self, contender: &Contender) -> Result<Measured, CliError> {
        let first = self.options.seed;
        let seeds: Vec<u64> = (0..self.seeds.get() as u64).map(|index| first.wrapping_add(index)).collect();
        let runs = seeds.iter().map(|&seed| self.train(contender, seed)).collect::<Result<Vec<_>, _>>()?;
        let accuracies: Vec<f64> = runs.iter().map(|run| run.test_accuracy).collect();
        Ok(Measured {
            model: contender.name,
            parameters: parameters(&contender.config),
            training: self.training(contender, first),
            test_accuracy: mean_and_sd(&accuracies),
            paper_test_accuracy: contender.paper,
            published_code_test_accuracy: contender.published_code,
            runs,
        })
    }

    fn training(&self, contender: &Contender, seed: u64) -> TrainingConfig {
        // Both models of an experiment follow its schedule, as in the paper's code.
        let objective = self.contenders[0].task.objective;
        let mut training = Preset::Paper.training(&contender.config, objective, seed);
        if let Some(epochs) = self.options.epochs {
            training.epochs = epochs.get();
        }
        training
    }

    fn train(&self, contender: &Contender, seed: u64) -> Result<Run, CliError> {
        let device = burn_device();
        let training = self.training(contender, seed);
        let label = format!("{}, seed {seed}", contender.name);
        let mut progress = Progress::new(label, training.epochs);
        let start = Instant::now();
        let network = init_model(&contender.config, &contender.task, &self.train, seed, &device)?;
        let trained = train(
            network,
            &contender.task,
            &self.train,
            Some(&self.test),
            &training,
            &device,
            &mut progress,
        )?;
        let first = (self.first_measured_epoch)(training.epochs);
        let accuracies: Vec<f64> = trained
            .history
            .iter()
            .filter(|report| report.epoch >= first)
            .filter_map(|report| report.validation.map(|metrics| metrics.accuracy))
            .collect();
        Ok(Run {
            seed,
            test_accuracy: mean_and_sd(&accuracies).mean,
            seconds: start.elapsed().as_secs_f64(),
            history: trained.history,
        })
    }

    fn text(&self, report: &Report) -> String {
        let mut text = format!("{}\n", self.description);
        if !report.deviations.is_empty() {
            text += &format!("Run with {}.\n", report.deviations.join(" "));
        }
        if self.options.epochs.is_some() {
            text += "NOT the paper's number of epochs: do not compare the figures with the paper's.\n";
        }
        let seeds = match self.seeds.get() {
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
                result.model.into(),
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
            let (model, parameters, threads) = (result.model, result.parameters, report.threads);
            text += &format!(
                "{model}: {parameters} parameters, {seconds:.1} s on {threads} threads; by seed: {}\n",
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
