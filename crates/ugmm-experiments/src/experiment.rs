//! The common part of the paper's experiments on Iris and MNIST: models trained on the same rows with several seeds.

use crate::fit::{Progress, fit};
use crate::{ExperimentError, MeanAndSd, Report, mean_and_sd};
use indexmap::IndexMap;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;
use ugmm_network::training::{Dataset, EpochReport, evaluate};
use ugmm_network::{Architecture, Device, ModelConfig, Preset, Recipe, Settings, TableShape, UgmmError};
use ugmm_report::table;

/// Networks by name, to run in the place of an experiment's own, and the file that they are from.
pub type Variants<T> = (PathBuf, IndexMap<String, T>);

/// The trained models, and the number of runs.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// The paper's settings, or those that learn best.
    pub preset: Preset,
    /// Epochs of training, in the place of the preset's number.
    pub epochs: Option<NonZeroUsize>,
    /// Which of the models to run; all, if none is named.
    pub only: Option<Architecture>,
    /// Models to run in the place of the paper's.
    pub variants: Option<Variants<Settings>>,
    /// The first seed; further runs take the numbers after it.
    pub seed: u64,
    /// Number of runs of each model on each split, each with a seed of its own.
    pub seeds: NonZeroUsize,
}

impl Protocol {
    pub(crate) fn wants(&self, settings: &Settings) -> bool {
        self.only.is_none_or(|only| only == settings.model.unwrap_or_default())
    }

    pub(crate) fn recipe(&self, settings: &Settings, rows: &Dataset, seed: u64) -> Result<Recipe, UgmmError> {
        let mut settings = settings.clone();
        settings.epochs = self.epochs.map_or(settings.epochs, |epochs| Some(epochs.get()));
        settings.recipe(self.preset, &TableShape::of(rows), seed)
    }
}

/// One of the models of an experiment, and what others report of it.
pub(crate) struct Contender {
    pub name: String,
    pub settings: Settings,
    /// Test accuracy that the paper reports.
    pub paper: Option<MeanAndSd>,
    /// Test accuracy of the paper's published code, run by this project.
    pub published_code: Option<MeanAndSd>,
}

/// An experiment: models trained on the same rows with several seeds.
pub(crate) struct Experiment<'a> {
    pub name: &'static str,
    pub description: String,
    /// The paper's models.
    pub contenders: Vec<Contender>,
    /// The settings that variants from a file change.
    pub base: Settings,
    /// Every model is trained on each of them.
    pub parts: Vec<Part>,
    /// Whether the rows that accuracy is measured on are the test rows.
    pub test_rows: bool,
    /// With the paper's settings: first of the last epochs over which test accuracy is averaged, given their number.
    /// With others, accuracy is measured once, after the last epoch.
    pub first_measured_epoch: fn(usize) -> usize,
    pub protocol: &'a Protocol,
    /// Options of this experiment alone that change the paper's protocol, as typed.
    pub changes: Vec<String>,
    pub default_seeds: usize,
    pub progress: Progress<'a>,
    /// Where networks are trained.
    pub device: &'a Device,
}

/// Rows to train on and rows to measure on.
pub(crate) struct Part {
    /// scikit-learn's random_state of the split, where there are several.
    pub split: Option<u64>,
    pub train: Dataset,
    pub test: Dataset,
}

/// The measures of one model.
#[derive(Serialize)]
pub struct Measured {
    model: String,
    parameters: usize,
    /// The recipe of the first run.
    recipe: Recipe,
    /// Test accuracy over the runs.
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

impl Experiment<'_> {
    pub fn run(mut self) -> Result<Report<Measured>, ExperimentError> {
        if let Some((_, variants)) = &self.protocol.variants {
            let variants = variants.clone().into_iter();
            self.contenders = variants.map(|(name, settings)| self.variant(name, settings)).collect();
        }
        self.contenders.retain(|contender| self.protocol.wants(&contender.settings));
        // Every recipe is checked before any training starts.
        for contender in &self.contenders {
            self.recipe(contender, &self.parts[0], self.protocol.seed)?;
        }
        let results = self.contenders.iter().map(|contender| self.measure(contender));
        let results = results.collect::<Result<_, _>>()?;
        Ok(Report::new(self.name, self.deviations(), results, |report| self.text(report)))
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

    /// Differences of this run from the paper's protocol, as options of `ugmm reproduce`.
    fn deviations(&self) -> Vec<String> {
        let Protocol { preset, epochs, only, variants, seed, seeds } = self.protocol;
        let name = |only| if only == Architecture::Ugmm { "ugmm" } else { "mlp" };
        let common = [
            (*preset == Preset::Best).then(|| "--preset best".into()),
            epochs.map(|epochs| format!("--epochs {epochs}")),
            (seeds.get() != self.default_seeds).then(|| format!("--seeds {seeds}")),
            variants.as_ref().map(|(file, _)| format!("--variants {}", file.display())),
            only.map(|only| format!("--only {}", name(only))),
            (*seed != 0).then(|| format!("--seed {seed}")),
        ];
        common.into_iter().flatten().chain(self.changes.iter().cloned()).collect()
    }

    fn measure(&self, contender: &Contender) -> Result<Measured, UgmmError> {
        let first = self.protocol.seed;
        let seeds = seeds(first, self.protocol.seeds);
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

    fn recipe(&self, contender: &Contender, part: &Part, seed: u64) -> Result<Recipe, UgmmError> {
        self.protocol.recipe(&contender.settings, &part.train, seed)
    }

    fn train(&self, contender: &Contender, part: &Part, seed: u64) -> Result<Run, UgmmError> {
        let recipe = self.recipe(contender, part, seed)?;
        let split = part.split.map_or(String::new(), |split| format!(", split {split}"));
        let label = format!("{}{split}, seed {seed}", contender.name);
        // Test rows are looked at once, but for the paper's protocol, which averages over epochs.
        let as_the_paper = self.protocol.preset == Preset::Paper && self.protocol.variants.is_none();
        let every_epoch = (as_the_paper || !self.test_rows).then_some(&part.test);
        let start = Instant::now();
        let trained = fit(&label, &recipe, &part.train, every_epoch, self.device, self.progress)?;
        let seconds = start.elapsed().as_secs_f64();
        let metrics = match trained.history.last().and_then(|report| report.validation) {
            Some(after_the_last_epoch) => after_the_last_epoch,
            None => evaluate(&trained.network, recipe.task.classification()?, &part.test)?,
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

    fn text(&self, report: &Report<Measured>) -> String {
        let mut text = format!("{}\n", self.description);
        text += &report.deviations_line();
        if self.protocol.epochs.is_some() && self.protocol.preset == Preset::Paper {
            text += "NOT the paper's number of epochs: do not compare the figures with the paper's.\n";
        }
        let seeds = match self.protocol.seeds.get() * self.parts.len() {
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
        for result in &report.results {
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
        for result in &report.results {
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

/// Mean and spread of shares, given in percent.
pub(crate) fn percent(mean: f64, sd: Option<f64>) -> MeanAndSd {
    MeanAndSd { mean: mean / 100.0, sd: sd.map(|sd| sd / 100.0) }
}

/// `count` consecutive seeds from the first on.
pub(crate) fn seeds(first: u64, count: NonZeroUsize) -> Vec<u64> {
    (0..count.get() as u64).map(|index| first.wrapping_add(index)).collect()
}

/// "784-128-64-10".
pub(crate) fn layer_sizes(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
}
