//! `ugmm reproduce`: the paper's experiments.

mod approximation;
#[cfg(feature = "architectures")]
mod architectures;
#[cfg(feature = "architectures")]
mod images;
mod iris;
mod mnist;
#[cfg(feature = "architectures")]
mod sequences;
mod uncertainty;

use crate::arguments::{Common, ModelKind, PresetKind, Reproduce, ReproduceOptions};
use crate::error::CliError;
use crate::fit::fit;
use crate::output::{check_outputs, print, table, write_json};
use crate::variants_file::read_variants;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::time::Instant;
use ugmm_experiments::{MeanAndSd, mean_and_sd};
use ugmm_network::training::{Dataset, EpochReport, evaluate};
use ugmm_network::{Architecture, ModelConfig, Recipe, Settings};

pub fn run(what: &Reproduce, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[])?;
    match what {
        Reproduce::Iris(options) => iris::run(options, common),
        Reproduce::Mnist(options) => mnist::run(options, common),
        Reproduce::Uncertainty(options) => uncertainty::run(options, common),
        Reproduce::Approximation(options) => approximation::run(options, common),
        #[cfg(feature = "architectures")]
        Reproduce::Sequences(options) => sequences::run(options, common),
        #[cfg(feature = "architectures")]
        Reproduce::Images(options) => images::run(options, common),
        #[cfg(not(feature = "architectures"))]
        Reproduce::Sequences(_) | Reproduce::Images(_) => Err(CliError::NoArchitectures),
    }
}

/// One of the models of an experiment, and what others report of it.
struct Contender {
    name: String,
    settings: Settings,
    /// Test accuracy that the paper reports.
    paper: Option<MeanAndSd>,
    /// Test accuracy of the paper's published code, run by this project.
    published_code: Option<MeanAndSd>,
}

/// An experiment: models trained on the same rows with several seeds.
struct Experiment<'a> {
    name: &'static str,
    description: String,
    /// The paper's models.
    contenders: Vec<Contender>,
    /// What a file of variants builds upon.
    base: Settings,
    /// Every model is trained on each of them.
    parts: Vec<Part>,
    /// Whether the rows that accuracy is measured on are the test rows.
    test_rows: bool,
    /// With the paper's settings: first of the last epochs over which test accuracy is averaged, given their number.
    /// With others, accuracy is measured once, after the last epoch.
    first_measured_epoch: fn(usize) -> usize,
    options: &'a ReproduceOptions,
    /// Options of this experiment alone that change the paper's protocol, as typed.
    changes: Vec<String>,
    seeds: NonZeroUsize,
    default_seeds: usize,
    quiet: bool,
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
    /// Of the first run.
    recipe: Recipe,
    /// Over the runs.
    test_accuracy: MeanAndSd,
    paper_test_accuracy: Option<MeanAndSd>,
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
    /// After the last epoch.
    test_log_loss: f64,
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
    fn run(mut self, common: &Common) -> Result<(), CliError> {
        if let Some(path) = &self.options.variants {
            let variants = read_variants(path)?.into_iter();
            self.contenders = variants.map(|(name, settings)| self.variant(name, settings)).collect();
        }
        let wanted = |contender: &&Contender| {
            let kind = contender.settings.model.unwrap_or_default();
            self.options.only.is_none_or(|only| Architecture::from(only) == kind)
        };
        // Every recipe is checked before any training starts.
        for contender in self.contenders.iter().filter(wanted) {
            self.recipe(contender, &self.parts[0], self.options.seed)?;
        }
        let deviations = self.deviations();
        let results = self
            .contenders
            .iter()
            .filter(wanted)
            .map(|contender| self.measure(contender))
            .collect::<Result<Vec<_>, _>>()?;
        let threads = rayon::current_num_threads();
        let report = Report { experiment: self.name, deviations: &deviations, threads, results: &results };
        write_json(common.json.as_deref(), "ugmm/reproduce", &report)?;
        print(&self.text(&report))
    }

    /// A model that the paper does not have.
    fn variant(&self, name: String, mut settings: Settings) -> Contender {
        settings.hidden = settings.hidden.or_else(|| self.base.hidden.clone());
        if settings.model.unwrap_or_default() == Architecture::Ugmm {
            settings.objective = settings.objective.or(self.base.objective);
            settings.learning_rate = settings.learning_rate.or(self.base.learning_rate);
            settings.epochs = settings.epochs.or(self.base.epochs);
        }
        Contender { name, settings, paper: None, published_code: None }
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
        if let Some(path) = &self.options.variants {
            deviations.push(format!("--variants {}", path.display()));
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
        let seeds = seeds(first, self.seeds);
        let runs = self.parts.iter().flat_map(|part| seeds.iter().map(move |&seed| (part, seed)));
        let runs =
            runs.map(|(part, seed)| self.train(contender, part, seed)).collect::<Result<Vec<_>, _>>()?;
        let accuracies: Vec<f64> = runs.iter().map(|run| run.test_accuracy).collect();
        let recipe = self.recipe(contender, &self.parts[0], first)?;
        Ok(Measured {
            model: contender.name.clone(),
            parameters: parameters(&recipe.model),
            recipe,
            test_accuracy: mean_and_sd(&accuracies),
            paper_test_accuracy: contender.paper,
            published_code_test_accuracy: contender.published_code,
            runs,
        })
    }

    fn recipe(&self, contender: &Contender, part: &Part, seed: u64) -> Result<Recipe, CliError> {
        let preset = self.options.preset.preset();
        let mut settings = contender.settings.clone();
        settings.epochs = self.options.epochs.map_or(settings.epochs, |epochs| Some(epochs.get()));
        Ok(settings.recipe(preset, &part.train.shape(), seed)?)
    }

    fn train(&self, contender: &Contender, part: &Part, seed: u64) -> Result<Run, CliError> {
        let recipe = self.recipe(contender, part, seed)?;
        let split = part.split.map_or(String::new(), |split| format!(", split {split}"));
        let label = format!("{}{split}, seed {seed}", contender.name);
        // Test rows are looked at once, but for the paper's protocol, which averages over epochs.
        let as_the_paper = self.options.preset == PresetKind::Paper && self.options.variants.is_none();
        let every_epoch = (as_the_paper || !self.test_rows).then_some(&part.test);
        let start = Instant::now();
        let trained = fit(&label, &recipe, &part.train, every_epoch, self.quiet)?;
        let seconds = start.elapsed().as_secs_f64();
        let metrics = match trained.history.last().and_then(|report| report.validation) {
            Some(after_the_last_epoch) => after_the_last_epoch,
            None => evaluate(&trained.network, &recipe.task, &part.test)?,
        };
        let test_accuracy = if as_the_paper {
            let first = (self.first_measured_epoch)(recipe.training.epochs);
            let measured = trained.history.iter().filter(|report| report.epoch >= first);
            let accuracies: Vec<f64> =
                measured.filter_map(|report| Some(report.validation?.accuracy)).collect();
            mean_and_sd(&accuracies).mean
        } else {
            metrics.accuracy
        };
        let (split, test_log_loss) = (part.split, metrics.log_loss);
        Ok(Run { seed, split, test_accuracy, test_log_loss, seconds, history: trained.history })
    }

    fn text(&self, report: &Report) -> String {
        let mut text = format!("{}\n", self.description);
        if !report.deviations.is_empty() {
            text += &format!("Run with {}.\n", report.deviations.join(" "));
        }
        if self.options.epochs.is_some() && self.options.preset == PresetKind::Paper {
            text += "NOT the paper's number of epochs: do not compare the figures with the paper's.\n";
        }
        let seeds = match self.seeds.get() * self.parts.len() {
            1 => "1 run".into(),
            count => format!("{count} runs, mean ± sd"),
        };
        let measured_on = if self.test_rows { "test" } else { "held-out" };
        let mut rows = vec![vec![
            format!("{measured_on} accuracy, % ({seeds})"),
            "measured".into(),
            "paper".into(),
            "its published code".into(),
            "log-loss".into(),
        ]];
        let known = |value: &Option<MeanAndSd>| value.as_ref().map_or("–".into(), |value| value.percent(2));
        for result in report.results {
            let log_losses: Vec<f64> = result.runs.iter().map(|run| run.test_log_loss).collect();
            rows.push(vec![
                result.model.clone(),
                result.test_accuracy.percent(2),
                known(&result.paper_test_accuracy),
                known(&result.published_code_test_accuracy),
                format!("{:.4}", mean_and_sd(&log_losses).mean),
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

/// So many seeds from the first on.
fn seeds(first: u64, count: NonZeroUsize) -> Vec<u64> {
    (0..count.get() as u64).map(|index| first.wrapping_add(index)).collect()
}

/// "784-128-64-10".
fn layer_sizes(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
}

/// Mean and spread given in percent.
const fn percent_with_sd(mean: f64, sd: f64) -> MeanAndSd {
    MeanAndSd { mean: mean / 100.0, sd: Some(sd / 100.0) }
}
