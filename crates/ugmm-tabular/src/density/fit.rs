//! Trains a density on a table: held-out rows, the choice of a structure, the circuit, and its measures.

use super::columns::{columns_of, used_columns};
use super::model::{DensityLearned, DensityModel, DensityPart};
use super::options::{DensityMethod, DensityOptions, DensityStructure};
use super::typical::Typical;
use crate::Table;
use crate::column::Column;
use crate::column::encoding::encode_table;
use crate::column::usable::rows_with_values;
use crate::distribution::log_likelihood::LogLikelihoodMeasures;
use crate::distribution::measures::Measures;
use crate::error::TabularError;
use crate::model::TableModel;
use crate::run::{EpochProgress, Measure, Run, Stage};
use crate::target::PreparedTarget;
use serde::Serialize;
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Instant;
use ugmm_circuit::{
    Circuit, Epoch, Method, Rows, StructureChoice, Trained, TrainingConfig, Variable, add_members, train,
};
use ugmm_data::Split;
use ugmm_data::frame::{Kind, Values};
use ugmm_network::UgmmError;

/// Fewest rows for training.
const FEWEST_ROWS: usize = 2;
/// Fraction of the training rows that is held out for early stopping.
pub(super) const STOPPING_SHARE: f64 = 0.1;
/// Largest number of values in a table for which several structures are compared by the log-likelihood of
/// validation rows.
const FEW_VALUES: usize = 2_000_000;
/// Batch size for images. It and the pseudo-count were chosen by the log-likelihood, in bits, of held-out
/// images of MNIST (the example `mnist` of ugmm-circuit).
const IMAGE_BATCH: usize = 1024;
const IMAGE_PSEUDO_COUNT: f64 = 5.0;
/// Number of trees in a circuit of random trees.
const REPLICAS: usize = 8;
/// Number of circuits that are trained and mixed for a table with few values. Their leaves have one component
/// each, because the mixture of the circuits has more components than two in each leaf would give.
const MEMBERS: usize = 4;
/// Chance variation of the log-likelihood of one row between structures, in nats. All circuits are trained
/// for each structure that is closer to the best one than chance explains, and these structures are compared
/// by all their circuits, each measured on its own validation rows.
const CHANCE_PER_ROW: f64 = 1.0;
/// A structure is given up if it would not come near the best one so far even if it gained ten times its last
/// gain, for a gain shrinks from epoch to epoch. No structure is given up before this epoch.
const FIRST_COMPARED_EPOCH: usize = 3;
const FURTHER_GAINS: f64 = 10.0;
/// Number of chance variations by which a structure may stay behind without being given up, because the last
/// epochs of training have all rows in one batch and gain once more.
const LAST_GAIN: f64 = 3.0;
/// Largest number of epochs for independent columns, which train fast.
const INDEPENDENT_EPOCHS: usize = 20;
/// Approximate number of parameter updates in an epoch of independent columns; each update recomputes the
/// tables of all whole numbers.
const INDEPENDENT_STEPS: usize = 8;
/// Largest number of components of each independent column. If there are too few rows for so many, the lower
/// bound of σ and the priors regularise them.
const INDEPENDENT_COMPONENTS: usize = 8;
/// Learning rate of Adam if none is given.
const ADAM_RATE: f64 = 0.01;

/// Log-likelihoods of some rows under the model and under independent columns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LogLikelihoods {
    /// Log-likelihoods under the model.
    pub model: LogLikelihoodMeasures,
    /// Log-likelihoods under independent columns, each a mixture that was trained on the same rows.
    pub independent: LogLikelihoodMeasures,
}

/// A structure that was compared with others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TriedStructure {
    /// The structure.
    pub structure: DensityStructure,
    /// Number of units in each region, or of components of each independent column; `None` if it was not
    /// chosen.
    pub units: Option<usize>,
    /// Mean log-likelihood of the validation rows under one circuit, in nats per row; all structures have the
    /// same validation rows. It is the best one so far if the structure was given up for another one. Without validation rows, the mean over all rows by cross-validation.
    pub log_likelihood: f64,
    /// Mean log-likelihood over all circuits that are mixed, each measured on its own validation rows; `None`
    /// for structures that are not close to the best one. If several structures have it, it decides between
    /// them.
    pub of_all_circuits: Option<f64>,
}

/// Results of training besides the model.
#[derive(Clone, Debug, Serialize)]
pub struct DensityReport {
    /// Number of training and held-out rows.
    pub rows: usize,
    /// Number of rows left out because they have no value.
    pub rows_without_values: usize,
    /// Number of training rows, including the validation rows of early stopping.
    pub training_rows: usize,
    /// Number of held-out rows.
    pub validation_rows: usize,
    /// Log-likelihoods of the training rows.
    pub training_log_likelihoods: LogLikelihoods,
    /// Log-likelihoods of the held-out rows; `None` if there are none.
    pub validation_log_likelihoods: Option<LogLikelihoods>,
    /// Measures of the predicted target on the held-out rows, or, without these, on the training rows; `None`
    /// without a target.
    pub predictions: Option<Measures>,
    /// The structures that were compared; empty if there was no choice.
    pub tried: Vec<TriedStructure>,
    /// Number of folds if cross-validation chose the settings, because the table has too few rows for
    /// validation rows.
    pub folds: Option<usize>,
    /// The structure of the model.
    pub structure: DensityStructure,
    /// The settings of training.
    pub training: TrainingConfig,
    /// Number of circuits that are mixed.
    pub members: usize,
    /// Number of finished epochs of the first circuit.
    pub epochs: usize,
    /// The epoch of the model's parameters.
    pub best_epoch: usize,
    /// Whether the time limit ended training.
    pub out_of_time: bool,
    /// Duration of the run in seconds.
    pub seconds: f64,
}

/// Trains a density over the columns of a table. The target, if there is one, is as
/// [`prepare_target`](crate::target::prepare_target) prepared it. Missing values are integrated out, those of the
/// target too. The rows may have [weights](Table::weighted), by which the training and all measures are weighted.
///
/// # Errors
///
/// Returns an error if the table, the target or an option cannot be used, or the run is interrupted.
pub fn fit_density(
    table: &Table,
    target: Option<&PreparedTarget>,
    options: &DensityOptions,
    run: &mut Run,
) -> Result<(DensityModel, DensityReport), TabularError> {
    DensityRows::prepare(table, target, options)?.fit(run)
}

/// The rows of a table and its columns as variables, prepared for the training of a density.
pub struct DensityRows<'a> {
    table: &'a Table,
    target: Option<&'a str>,
    options: &'a DensityOptions,
    split: Split,
    columns: Vec<Column>,
}

impl<'a> DensityRows<'a> {
    /// Chooses the training and the held-out rows of a table, and fits its columns to the training rows.
    ///
    /// # Errors
    ///
    /// Returns an error if no column is left, a category identifies rows, or the rows cannot be split.
    pub fn prepare(
        table: &'a Table,
        target: Option<&'a PreparedTarget>,
        options: &'a DensityOptions,
    ) -> Result<Self, TabularError> {
        let target = target.map(PreparedTarget::name);
        let split = split(table, target, options)?;
        let columns = columns_of(table, target, &split.train)?;
        Ok(Self { table, target, options, split, columns })
    }

    /// The columns of the model; the target, if there is one, is the last.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Trains a density.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`fit_density`].
    pub fn fit(self, run: &mut Run) -> Result<(DensityModel, DensityReport), TabularError> {
        fit(self, run)
    }
}

fn fit(rows: DensityRows, run: &mut Run) -> Result<(DensityModel, DensityReport), TabularError> {
    let DensityRows { table, target, options, split, columns } = rows;
    let start = Instant::now();
    if let (Some(rate), None | Some(DensityMethod::Em)) = (options.learning_rate, options.method) {
        let (setting, expected) =
            ("learning_rate", "left out with the method EM, which has none; Adam has one");
        return Err(UgmmError::Setting { setting, value: rate.to_string(), expected }.into());
    }
    let values = encode_table(table, &columns, target.map(|_| columns.len() - 1))?;
    let width = columns.len();
    let pick = |rows: &[usize]| -> (Vec<f64>, Option<Vec<f64>>) {
        let picked = rows.iter().flat_map(|row| &values.values[row * width..(row + 1) * width]).copied();
        (picked.collect(), table.weights().map(|weights| rows.iter().map(|&row| weights[row]).collect()))
    };
    let (picked, picked_held_out) = (pick(&split.train), pick(&split.test));
    let [training, held_out] = [&picked, &picked_held_out]
        .map(|(values, weights)| Rows::new(values, width)?.weighted(weights.as_deref()));
    let (training, held_out) = (training?, held_out?);
    // A value outside its column's range has probability 0; it is not missing.
    let outside: HashSet<usize> = values.outside.iter().map(|outside| outside.row).collect();
    let impossible: Vec<usize> =
        (0..split.test.len()).filter(|&place| outside.contains(&split.test[place])).collect();
    drop(values);
    run.progress.on_begin();
    let fitter = Fitter { columns: &columns, options, has_target: target.is_some(), start };
    let Chosen { trained, structure, config, tried, folds, out_of_time } = fitter.fit(training, run)?;
    let independent = fitter.independent(training, run)?;
    run.progress.on_end();
    let measured = |circuit: &Circuit, rows: Rows<'_>, impossible: &[usize]| {
        let mut levels = circuit.log_likelihood(rows)?;
        impossible.iter().for_each(|&place| levels[place] = f64::NEG_INFINITY);
        Ok::<_, TabularError>(LogLikelihoodMeasures::of(&levels, rows.weights()))
    };
    let both = |rows: Rows<'_>, impossible: &[usize]| -> Result<LogLikelihoods, TabularError> {
        Ok(LogLikelihoods {
            model: measured(&trained.circuit, rows, impossible)?,
            independent: measured(&independent, rows, impossible)?,
        })
    };
    let training_log_likelihoods = both(training, &[])?;
    let validation_log_likelihoods =
        (held_out.count() > 0).then(|| both(held_out, &impossible)).transpose()?;
    let usual = if held_out.count() == 0 { training } else { held_out };
    let seen = validation_log_likelihoods.unwrap_or(training_log_likelihoods);
    let typical = Typical::of(&trained.circuit, usual)?;
    let learned = DensityLearned {
        training_rows: training.count(),
        validation_rows: held_out.count(),
        structure,
        method: options.method.unwrap_or(DensityMethod::Em),
        log_likelihood: seen.model.mean,
        independent_log_likelihood: seen.independent.mean,
        training_history: trained.history.iter().map(|epoch| epoch.training).collect(),
        validation_history: trained.history.iter().map(|epoch| epoch.validation).collect(),
        best_epoch: trained.best_epoch,
        seed: options.seed,
    };
    let part = DensityPart {
        has_target: target.is_some(),
        missing_marks: table.schema().missing.clone(),
        usual_marks: table.schema().usual_marks.clone(),
        images: table.schema().images.as_ref().map(|images| images.shape),
        learned,
        typical,
        columns: columns.clone(),
    };
    let (epochs, best_epoch, members) = (trained.history.len(), trained.best_epoch, trained.members);
    let model = DensityModel::new(trained.circuit, part).expect("the circuit is made of these columns");
    let predictions = if target.is_some() { measures(&model, usual)? } else { None };
    let known = split.train.len() + split.test.len();
    let report = DensityReport {
        rows: known,
        rows_without_values: table.rows() - known,
        training_rows: training.count(),
        validation_rows: held_out.count(),
        training_log_likelihoods,
        validation_log_likelihoods,
        predictions,
        tried,
        folds,
        structure,
        training: config,
        members,
        epochs,
        best_epoch,
        out_of_time,
        seconds: start.elapsed().as_secs_f64(),
    };
    Ok((model, report))
}

/// The measures of the predicted target given the other columns; `None` if no row has a target.
fn measures(model: &DensityModel, rows: Rows<'_>) -> Result<Option<Measures>, TabularError> {
    let target = |row: usize| rows.row(row).last().copied().unwrap_or(f64::NAN);
    let known: Vec<usize> = (0..rows.count()).filter(|&row| !target(row).is_nan()).collect();
    if known.is_empty() {
        return Ok(None);
    }
    let right: Vec<f64> = known.iter().map(|&row| target(row)).collect();
    let weights: Option<Vec<f64>> =
        rows.weights().map(|weights| known.iter().map(|&row| weights[row]).collect());
    let values: Vec<f64> = known.iter().flat_map(|&row| rows.row(row)).copied().collect();
    Ok(Some(Measures::of_predictions(&model.predict(&values)?, &right, weights.as_deref())))
}

/// Splits the rows that have a value into training rows and held-out rows, stratified by the classes of the
/// target.
fn split(table: &Table, target: Option<&str>, options: &DensityOptions) -> Result<Split, TabularError> {
    let columns = used_columns(table, target)?;
    let has_value = rows_with_values(table, columns.into_iter())?;
    let known: Vec<usize> = (0..table.rows()).filter(|&row| has_value[row]).collect();
    if known.len() < FEWEST_ROWS {
        return Err(TabularError::TooFewKnownRows { rows: known.len(), needed: FEWEST_ROWS });
    }
    let share = options.validation;
    if share == 0.0 {
        return Ok(Split { train: known, test: Vec::new() });
    }
    if !(0.0..1.0).contains(&share) {
        let (setting, expected) = ("validation", "at least 0 and less than 1");
        return Err(UgmmError::Setting { setting, value: share.to_string(), expected }.into());
    }
    let mut classes = vec![0usize; known.len()];
    if let Some(target) = target {
        let of_classes = matches!(table.schema().column(target)?.kind, Kind::Categorical | Kind::Boolean);
        let class = |row: usize, values: &Values| match values {
            Values::Codes(codes) => codes[row].map_or(0, |code| code as usize + 1),
            Values::Numbers(truths) if of_classes && !truths[row].is_nan() => truths[row] as usize + 1,
            _ => 0,
        };
        let values = table.column(target)?;
        classes.iter_mut().zip(&known).for_each(|(place, &row)| *place = class(row, values));
    }
    let split = table.dependence().of_rows(&known).split(&classes, share, options.seed)?;
    let rows = |places: Vec<usize>| places.into_iter().map(|place| known[place]).collect();
    Ok(Split { train: rows(split.train), test: rows(split.test) })
}

pub(super) struct Fitter<'a> {
    pub(super) columns: &'a [Column],
    pub(super) options: &'a DensityOptions,
    pub(super) has_target: bool,
    pub(super) start: Instant,
}

/// A stage of the comparison of structures.
pub(super) struct Part {
    /// Name of the stage.
    pub(super) name: String,
    /// Index of the stage, from 1, and number of stages.
    pub(super) stage: (usize, usize),
    /// Index of the stage among those that share the remaining time, from 0, and their number.
    pub(super) share: (usize, usize),
    /// The validation log-likelihood that the structure must come near, in order not to be given up.
    pub(super) rival: Option<f64>,
}

pub(super) struct Chosen {
    pub(super) trained: Trained,
    pub(super) structure: DensityStructure,
    pub(super) config: TrainingConfig,
    pub(super) tried: Vec<TriedStructure>,
    pub(super) folds: Option<usize>,
    pub(super) out_of_time: bool,
}

impl Fitter<'_> {
    pub(super) fn variables(&self, rows: Rows<'_>) -> Vec<Variable> {
        let weight = |row: usize| rows.weights().map_or(1.0, |weights| weights[row]);
        let column = |index: usize| rows.column(index).enumerate().map(|(row, value)| (value, weight(row)));
        self.columns.iter().enumerate().map(|(index, known)| known.variable(column(index))).collect()
    }

    /// Whether the target is a column of classes.
    pub(super) fn of_classes(&self) -> bool {
        self.has_target && self.columns.last().is_some_and(|target| target.states().is_some())
    }

    /// The settings of the circuit's training.
    pub(super) fn config(
        &self,
        structure: DensityStructure,
        images: Option<(usize, usize)>,
        values: usize,
    ) -> TrainingConfig {
        let options = self.options;
        let mut config = TrainingConfig { seed: options.seed, ..TrainingConfig::default() };
        config.members = options.members.unwrap_or(if values <= FEW_VALUES { MEMBERS } else { 1 });
        if config.members > 1 {
            config.components = 1;
        }
        config.structure = match (structure, images) {
            (DensityStructure::RandomTrees, _) => StructureChoice::RandomTrees { replicas: REPLICAS },
            (DensityStructure::Mixture, _) => StructureChoice::Mixture,
            (DensityStructure::Independent, _) => StructureChoice::Independent,
            (DensityStructure::Halves, Some((height, width))) => {
                StructureChoice::ImageHalves { height, width }
            }
            _ => StructureChoice::ChowLiu,
        };
        config.units = options.units;
        config.epochs = options.epochs.unwrap_or(config.epochs);
        if images.is_some() {
            (config.batch_size, config.pseudo_count) = (IMAGE_BATCH, IMAGE_PSEUDO_COUNT);
        }
        config.batch_size = options.batch_size.unwrap_or(config.batch_size);
        config.patience = options.patience.unwrap_or(config.patience);
        config.validation_share = STOPPING_SHARE;
        if options.method == Some(DensityMethod::Adam) {
            config.method = Method::Adam { learning_rate: options.learning_rate.unwrap_or(ADAM_RATE) };
        }
        // Independent columns do not depend on the class either.
        if self.of_classes() && structure != DensityStructure::Independent {
            config.class_conditional = Some(self.columns.len() - 1);
        }
        config
    }

    /// The circuit with the structure in the options, or with the best one.
    fn fit(&self, rows: Rows<'_>, run: &mut Run) -> Result<Chosen, TabularError> {
        let images = self.images();
        if images.is_none() && self.has_few(rows) {
            return self.fit_few(rows, run);
        }
        let candidates = match self.options.structure {
            DensityStructure::Auto if rows.values().len() <= FEW_VALUES && self.columns.len() > 1 => {
                let mut candidates =
                    vec![DensityStructure::ChowLiu, DensityStructure::Mixture, DensityStructure::RandomTrees];
                // Columns may be independent of each other, but a predicted class must depend on some of
                // them.
                if !self.of_classes() {
                    candidates.push(DensityStructure::Independent);
                }
                candidates
            }
            DensityStructure::Auto => vec![DensityStructure::ChowLiu],
            DensityStructure::Halves if images.is_none() => {
                return Err(TabularError::NoImages { structure: "halves" });
            }
            structure => vec![structure],
        };
        // Structures are compared by one circuit each. Only the best ones get the other circuits of their
        // mixtures; if there is a choice, these are trained in a share of the time limit of their own.
        let parts = if candidates.len() > 1 { candidates.len() + 1 } else { 1 };
        let set_aside = rows.count() as f64 * STOPPING_SHARE;
        let chance = CHANCE_PER_ROW / set_aside.sqrt();
        let mut all: Vec<Chosen> = Vec::new();
        for (number, &structure) in candidates.iter().enumerate() {
            let config = self.config(structure, images, rows.values().len());
            let name = match candidates.len() {
                1 => structure.in_words().to_owned(),
                of => format!("structure {} of {of} ({})", number + 1, structure.in_words()),
            };
            let best = all.iter().filter_map(|chosen| chosen.trained.validation).reduce(f64::max);
            let rival = best.map(|best| best - LAST_GAIN * chance);
            let part = Part { name, stage: (number + 1, parts), share: (number, parts), rival };
            // Without a choice all circuits are trained together.
            let members = if candidates.len() > 1 { 1 } else { config.members };
            let (trained, out_of_time) = self.train(rows, &config, None, members, part, run)?;
            // The first structure is kept if there are no validation rows to compare by, or no time to train
            // others.
            let no_time = run.time_limit.is_some_and(|limit| {
                number == 0 && self.start.elapsed() > limit / parts as u32 || self.start.elapsed() >= limit
            });
            let is_last = trained.validation.is_none() || no_time;
            all.push(Chosen { trained, structure, config, tried: Vec::new(), folds: None, out_of_time });
            if is_last {
                break;
            }
        }
        let by_one = |chosen: &Chosen| {
            let (structure, units, of_all_circuits) = (chosen.structure, None, None);
            let log_likelihood = chosen.trained.validation?;
            Some(TriedStructure { structure, units, log_likelihood, of_all_circuits })
        };
        let mut tried: Vec<TriedStructure> = all.iter().filter_map(by_one).collect();
        let enough = all.iter().filter_map(|chosen| chosen.trained.validation).reduce(f64::max);
        let enough = enough.map(|best| best - chance);
        let is_close =
            |chosen: &Chosen| chosen.trained.validation >= enough || enough.is_some_and(f64::is_nan);
        let best: Vec<Chosen> = all.into_iter().filter(is_close).collect();
        let (parts, before) = (best.len(), candidates.len());
        let with_all = best.into_iter().enumerate().map(|(number, mut chosen)| {
            let is_over = run.time_limit.is_some_and(|limit| self.start.elapsed() >= limit);
            let (of, is_incomplete) = (chosen.config.members, chosen.trained.members < chosen.config.members);
            if is_incomplete && !chosen.out_of_time && !is_over {
                let first = Some(chosen.trained);
                let stage = (before + number + 1, before + parts);
                let name = format!("more of the best structure ({})", chosen.structure.in_words());
                let part = Part { name, stage, share: (number, parts), rival: None };
                (chosen.trained, chosen.out_of_time) =
                    self.train(rows, &chosen.config, first, of, part, run)?;
            }
            chosen.out_of_time |= is_over && is_incomplete;
            Ok(chosen)
        });
        let best: Vec<Chosen> = with_all.collect::<Result<_, TabularError>>()?;
        for one in &mut tried {
            let of_it = best.iter().find(|chosen| chosen.structure == one.structure);
            one.of_all_circuits = of_it
                .filter(|chosen| chosen.trained.members > 1)
                .and_then(|chosen| chosen.trained.validation);
        }
        // The first of equal structures wins. Independent columns win unless the others are better beyond
        // chance.
        let worth = |chosen: &Chosen| {
            let measured_by = set_aside * chosen.trained.members as f64;
            let allowed = match chosen.structure {
                DensityStructure::Independent => CHANCE_PER_ROW / 2.0 / measured_by.sqrt(),
                _ => 0.0,
            };
            chosen.trained.validation.map(|level| level + allowed)
        };
        let best =
            best.into_iter().reduce(|best, other| if worth(&other) > worth(&best) { other } else { best });
        let mut chosen = best.expect("the best structure is among those near it");
        chosen.tried = if tried.len() > 1 { tried } else { Vec::new() };
        Ok(chosen)
    }

    /// A circuit of independent columns, each a mixture of as many components as the circuit has units.
    fn independent(&self, rows: Rows<'_>, run: &mut Run) -> Result<Circuit, TabularError> {
        if self.images().is_none() && self.has_few(rows) {
            return self.independent_few(rows, run);
        }
        let mut config = self.config(DensityStructure::Independent, self.images(), rows.values().len());
        config.members = 1;
        config.components = INDEPENDENT_COMPONENTS;
        config.epochs = config.epochs.min(INDEPENDENT_EPOCHS);
        config.batch_size = config.batch_size.max(rows.count() / INDEPENDENT_STEPS);
        let interrupted = run.interrupted;
        let trained = train(rows, self.variables(rows), &config, |_| !interrupted.load(Ordering::Relaxed))?;
        self.check_interrupted(run)?;
        Ok(trained.circuit)
    }

    /// The size of the images; `None` unless the columns except the target are all pixels of an image.
    fn images(&self) -> Option<(usize, usize)> {
        let pixels = self.columns.len() - usize::from(self.has_target);
        let names: Vec<&str> = self.columns[..pixels].iter().map(Column::name).collect();
        let grid = ugmm_data::ImageGrid::of(&names, None)?;
        let in_order = grid
            .places
            .iter()
            .enumerate()
            .all(|(index, &(row, column))| row * grid.shape.columns + column == index);
        (in_order && grid.places.len() == grid.shape.rows * grid.shape.columns)
            .then_some((grid.shape.rows, grid.shape.columns))
    }

    /// Trains the first `members` circuits, or those of them that are mixed with `first`.
    pub(super) fn train(
        &self,
        rows: Rows<'_>,
        config: &TrainingConfig,
        first: Option<Trained>,
        members: usize,
        Part { name, stage, share: (number, of), rival }: Part,
        run: &mut Run,
    ) -> Result<(Trained, bool), TabularError> {
        let began = Instant::now();
        // Each stage gets an equal share of the remaining time. A first circuit without a finished epoch gets
        // all of it, because there is no model without any circuit.
        let deadline = run.time_limit.and_then(|limit| {
            let left = limit.saturating_sub(self.start.elapsed());
            let parts = if first.is_none() && number == 0 { 1 } else { of - number };
            began.checked_add(left / parts as u32)
        });
        let (mut out_of_time, mut reports) = (false, 0);
        let (progress, interrupted) = (&mut *run.progress, run.interrupted);
        let before = first.as_ref().map_or(0, |first| first.members);
        let epochs = config.epochs * (members - before);
        let stage = Stage { name: &name, number: stage.0, of: stage.1, epochs, finished: stage.0 - 1 };
        progress.on_stage(&stage);
        // Number of epochs of each circuit, which may be trained side by side.
        let mut done = vec![0; members];
        let mut best: Vec<f64> = Vec::new();
        let by_epoch = |epoch: &Epoch| {
            done[epoch.member - 1] = epoch.number.min(config.epochs);
            let report = EpochProgress {
                epoch: done.iter().sum(),
                circuit: (config.members > 1).then_some((epoch.member, config.members)),
                measure: Measure::LogLikelihood,
                training: epoch.training,
                held_out: epoch.validation,
                accuracy: None,
            };
            progress.on_epoch(&stage, &report);
            let by_now = began.elapsed();
            reports += 1;
            // Assumes that the next epoch takes as long as those before it.
            let next = by_now + by_now / reports;
            let is_over = deadline.is_some_and(|deadline| began + next > deadline);
            // Steps after the last epoch of the last circuit only finish its parameters.
            let is_last = epoch.number >= config.epochs && epoch.member == members;
            out_of_time |= is_over && !is_last;
            let last = best.last().copied().unwrap_or(f64::NEG_INFINITY);
            let level = epoch.validation.map_or(last, |level| last.max(level));
            best.push(level);
            let is_behind = rival.is_some_and(|rival| level + FURTHER_GAINS * (level - last) < rival);
            let is_given_up = is_behind && epoch.number >= FIRST_COMPARED_EPOCH;
            !(is_over || is_given_up || interrupted.load(Ordering::Relaxed))
        };
        let variables = self.variables(rows);
        let config = &TrainingConfig { members, ..config.clone() };
        let trained = match first {
            None => train(rows, variables, config, by_epoch),
            Some(first) => add_members(first, rows, variables, config, by_epoch),
        }?;
        run.progress.on_stage_end(&stage);
        self.check_interrupted(run)?;
        Ok((trained, out_of_time))
    }

    pub(super) fn check_interrupted(&self, run: &Run) -> Result<(), TabularError> {
        match run.interrupted.load(Ordering::Relaxed) {
            true => Err(TabularError::Interrupted { checkpoint: None }),
            false => Ok(()),
        }
    }
}
