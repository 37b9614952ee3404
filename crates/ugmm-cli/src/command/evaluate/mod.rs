//! `ugmm evaluate`: measures of a model's predictions on a table.

mod classes;
mod numbers;

use crate::arguments::{Common, Evaluate};
use crate::error::CliError;
use crate::output::{check_outputs, count, left_out, log_likelihood, print, write_json};
use crate::table::reading_doubts;
use serde::Serialize;
use ugmm_data::frame::{FrameError, UnseenValues};
use ugmm_network::RowWeights;
use ugmm_table_report::met::{Met, outside_examples};
use ugmm_table_report::unseen_lines;
use ugmm_tabular::distribution::{ClassPredictions, LogLikelihoodMeasures, Predictions};
use ugmm_tabular::read::{Batch, ReadTarget, TableReader};
use ugmm_tabular::{DensityModel, Device, Distribution, Engine, TableModel};

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    density: Option<OfDensity>,
    /// Measures of predictions; `None` if the model has no target.
    #[serde(flatten)]
    target: Option<OfTarget<'a>>,
    #[serde(flatten)]
    left_out: Option<LeftOut>,
}

/// Measures of a density.
#[derive(Serialize)]
struct OfDensity {
    /// Log-likelihoods of all columns, including the target if the table has it.
    log_likelihood: LogLikelihoodMeasures,
    /// Mean log-likelihood in bits per pixel, for images without a target.
    bits_per_pixel: Option<f64>,
    #[serde(flatten)]
    met: Met,
}

/// Measures of predictions.
#[derive(Serialize)]
#[serde(untagged)]
enum OfTarget<'a> {
    Classes(Box<classes::Report<'a>>),
    Numbers(Box<numbers::Report<'a>>),
}

/// Level of the conformal sets and intervals that are measured.
const LEVEL: f64 = 0.9;

/// How often the conformal sets or intervals of a level hold the true value, and how large they are.
#[derive(Serialize)]
struct Guarantee {
    level: f64,
    /// Fraction of the rows whose true value is in its set or interval.
    coverage: f64,
    /// Mean number of classes, or mean width of the intervals.
    size: f64,
}

impl Guarantee {
    /// The means over rows; `of_row` says whether the true value of a row is held, and how large its set or interval is.
    fn of(rows: usize, weights: RowWeights, of_row: impl Fn(usize) -> (bool, f64)) -> Self {
        let (mut held, mut size) = (0.0, 0.0);
        for row in 0..rows {
            let (is_held, own) = of_row(row);
            held += weights.of(row) * f64::from(u8::from(is_held));
            size += weights.of(row) * own;
        }
        let all = weights.sum(rows);
        Self { level: LEVEL, coverage: held / all, size: size / all }
    }
}

/// Rows that are left out of the measures.
#[derive(Clone, Copy, Default, Serialize)]
struct LeftOut {
    /// Rows whose target is missing.
    rows_without_target: usize,
    /// Number of rows without any value that the model uses.
    rows_without_values: usize,
}

impl LeftOut {
    fn text(self) -> String {
        left_out(self.rows_without_target, "no value to compare with")
            + &left_out(self.rows_without_values, "no value that the model uses")
    }
}

/// Predictions and true values of the target for the rows that are measured.
#[derive(Default)]
struct Compared {
    classes: ClassPredictions,
    numbers: Vec<Distribution>,
    /// The true values of the target.
    right: Vec<f64>,
    /// The weights of these rows; empty without weights.
    weights: Vec<f64>,
    left_out: LeftOut,
}

impl Compared {
    /// Adds the rows of a batch.
    fn add(&mut self, model: &dyn TableModel, batch: &Batch) -> Result<(), CliError> {
        let mut rows = Vec::new();
        for (place, row) in batch.iter().enumerate() {
            let target = row.last().copied().unwrap_or(f64::NAN);
            match (target.is_nan(), model.is_predictable(row)) {
                (true, _) => self.left_out.rows_without_target += 1,
                (false, false) => self.left_out.rows_without_values += 1,
                (false, true) => {
                    rows.extend_from_slice(row);
                    self.right.push(target);
                    self.weights.extend(batch.weights.as_ref().map(|weights| weights[place]));
                }
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        match model.predict(&rows)? {
            Predictions::Numbers(found) => self.numbers.extend(found),
            Predictions::Classes(found) => {
                self.classes.log_probabilities.extend(found.log_probabilities);
                self.classes.decisions.extend(found.decisions);
                self.classes.scores.extend(found.scores);
            }
        }
        Ok(())
    }

    fn report<'m>(&self, model: &'m dyn TableModel) -> Option<OfTarget<'m>> {
        let target = model.target_name()?;
        let weights = RowWeights::normalized(&self.weights);
        let weights = weights.as_deref();
        Some(match model.classes() {
            Some(names) => {
                let labels: Vec<usize> = self.right.iter().map(|&class| class as usize).collect();
                OfTarget::Classes(Box::new(classes::Report::of(
                    target,
                    names,
                    &self.classes,
                    &labels,
                    weights,
                    model.conformal(),
                )))
            }
            None => {
                let (found, right) = (&self.numbers, &self.right);
                OfTarget::Numbers(Box::new(numbers::Report::of(
                    target,
                    found,
                    right,
                    weights,
                    model.conformal(),
                )))
            }
        })
    }
}

pub fn run(options: &Evaluate, device: &Device, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[&options.model, &options.data])?;
    let model = ugmm_tabular::load(&options.model, device)?;
    let model = model.as_ref();
    let density = match Engine::of(model) {
        Engine::Network(_) => None,
        Engine::Density(density) => {
            options.device.refuse_for_densities()?;
            Some(density)
        }
    };
    let read_options = options.table.read_options();
    let (data, target) = (&options.data, ReadTarget::Yes);
    let mut reader = match &options.weights {
        None => TableReader::open(data, model, target, &[], &read_options)?,
        Some(weights) => TableReader::open_weighted(data, model, target, weights, &read_options)?,
    };
    let (mut met, mut examples) = (Met::default(), Vec::new());
    let (mut likelihoods, mut weights) = (Vec::new(), Vec::new());
    let mut compared = Compared::default();
    while let Some(batch) = reader.next() {
        let batch = batch?;
        reader.check_classes(&batch)?;
        met.add(&batch);
        outside_examples(model, &batch, &mut examples);
        if let Some(density) = density {
            let start = likelihoods.len();
            likelihoods.extend(density.log_likelihood(&batch.rows.values)?);
            weights.extend(batch.weights.iter().flatten().copied());
            let impossible = batch.rows.outside.iter();
            impossible.for_each(|outside| likelihoods[start + outside.row] = f64::NEG_INFINITY);
        }
        if model.has_target() {
            compared.add(model, &batch)?;
        }
    }
    if let (Some(column), Some(0)) = (&options.weights, density.map(|_| likelihoods.len())) {
        let (file, column) = (Some(options.data.clone()), Some(column.clone()));
        return Err(FrameError::NoWeight { file, column }.into());
    }
    if let (Some(target), true) = (model.target_name(), compared.right.is_empty()) {
        return Err(CliError::NothingToCompare { path: options.data.clone(), target: target.into() });
    }
    let of_density = |density: &DensityModel| {
        let weights = RowWeights::normalized(&weights);
        let log_likelihood = LogLikelihoodMeasures::of(&likelihoods, weights.as_deref());
        let bits_per_pixel = log_likelihood.mean.and_then(|mean| density.bits_per_pixel(mean));
        OfDensity { log_likelihood, bits_per_pixel, met }
    };
    let report = Report {
        density: density.map(of_density),
        target: compared.report(model),
        left_out: model.has_target().then_some(compared.left_out),
    };
    write_json(common.json.as_deref(), "ugmm/evaluate", &report)?;
    if common.quiet {
        return Ok(());
    }
    let (unseen, assumed) = (reader.unseen(), reading_doubts(&reader.doubts()));
    let mut text = match (&report.density, density) {
        (Some(found), Some(density)) => {
            assumed
                + &density_text(found, density, &examples, &unseen)
                + if report.target.is_some() { "\n" } else { "" }
        }
        _ if unseen.is_empty() => assumed,
        _ => format!("categories that training did not have:\n{}{assumed}", unseen_lines(&unseen)),
    };
    text += &report.left_out.unwrap_or_default().text();
    print(&match &report.target {
        None => text,
        Some(OfTarget::Classes(report)) => text + &classes::text(report),
        Some(OfTarget::Numbers(report)) => text + &numbers::text(report, model.target_date().is_some()),
    })
}

fn density_text(
    found: &OfDensity,
    model: &DensityModel,
    examples: &[String],
    unseen: &[UnseenValues],
) -> String {
    let LogLikelihoodMeasures { rows, mean, impossible, .. } = found.log_likelihood;
    let learned = model.learned();
    let mut text = found.met.remarks(model, None, examples, unseen);
    text += &format!(
        "{}{}; {} in training had {}\n",
        count(rows, "row"),
        log_likelihood(&found.log_likelihood),
        if learned.validation_rows > 0 { "held-out rows" } else { "training rows" },
        learned.log_likelihood.map_or_else(|| "none".into(), |level| format!("{level:.4}"))
    );
    if impossible > 0 && mean.is_some() {
        text += &format!("without {} of log-likelihood minus infinity\n", count(impossible, "row"));
    }
    if let Some(bits) = found.bits_per_pixel {
        text += &format!("that is {bits:.4} bits per pixel\n");
    }
    text
}
