//! From a table to a density: rows held out, the choice of a structure, the circuit and what it is measured by.

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
use crate::target::prepare_target;
use serde::Serialize;
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Instant;
use ugmm_circuit::{
    Circuit, Epoch, Method, Rows, StructureChoice, Trained, TrainingConfig, Variable, add_members, train,
};
use ugmm_data::frame::{Kind, Values};
use ugmm_data::{Split, stratified_split};
use ugmm_network::UgmmError;

/// Rows that learning needs.
const FEWEST_ROWS: usize = 2;
/// Share of the training rows that is set aside to stop by.
pub(super) const STOPPING_SHARE: f64 = 0.1;
/// Values of a table up to which several structures are tried, of which the one that suits the rows set aside best is taken.
const FEW_VALUES: usize = 2_000_000;
/// Rows of a step, and rows that each distribution is held to its prior by, where columns are pixels: chosen by the bits of held-out
/// images of MNIST (the example `mnist` of ugmm-circuit).
const IMAGE_BATCH: usize = 1024;
const IMAGE_PSEUDO_COUNT: f64 = 5.0;
/// Trees of a circuit of random trees.
const REPLICAS: usize = 8;
/// Circuits that are learned and mixed of such a table; with one component in each of their leaves, since their mixture has more of
/// them than two components would make.
const MEMBERS: usize = 4;
/// How much a mean log-likelihood of one row may differ by chance between structures, in nats: of structures that are closer by what rows
/// are set aside, each gets all its circuits, which are compared by rows of their own.
const CHANCE_PER_ROW: f64 = 1.0;
/// Epochs of columns that do not depend on each other, at most: these are learned fast.
const INDEPENDENT_EPOCHS: usize = 20;
/// Changes of their parameters in an epoch, about: each makes the tables of all whole numbers anew.
const INDEPENDENT_STEPS: usize = 8;
/// Components of each column that does not depend on the others, at most: with too few rows for as many, σ floor and priors hold
/// them.
const INDEPENDENT_COMPONENTS: usize = 8;
/// Step size of Adam, where it is not given.
const ADAM_RATE: f64 = 0.01;

/// Log-likelihoods of some rows, by the model and by others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LogLikelihoods {
    /// By the model.
    pub model: LogLikelihoodMeasures,
    /// By columns that do not depend on each other, each a mixture learned from the same rows.
    pub independent: LogLikelihoodMeasures,
}

/// A structure that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TriedStructure {
    /// The structure.
    pub structure: DensityStructure,
    /// Densities side by side in its regions, of independent columns components of each, where they were chosen too.
    pub units: Option<usize>,
    /// Mean log-likelihood, by one circuit, of the rows set aside, which are the same for all structures; where there were too few
    /// to set some aside, of all rows by cross-validation.
    pub log_likelihood: f64,
    /// Of the structures close to the best by that: the mean over all circuits that are mixed, each measured by rows of its own.
    /// Where several structures have it, it decides between them.
    pub of_all_circuits: Option<f64>,
}

/// What came of a run beside the model.
#[derive(Clone, Debug, Serialize)]
pub struct DensityReport {
    /// Rows that were learned from or held out.
    pub rows: usize,
    /// Rows left out because nothing is known of them.
    pub rows_without_values: usize,
    /// Rows that the model learned from (those that it stopped by included).
    pub training_rows: usize,
    /// Rows that were held out.
    pub validation_rows: usize,
    /// Of the rows it learned from.
    pub training_log_likelihoods: LogLikelihoods,
    /// Of the rows held out, if there were some.
    pub validation_log_likelihoods: Option<LogLikelihoods>,
    /// How well the target of the rows held out (or, without, of those learned from) is predicted, if there is one.
    pub predictions: Option<Measures>,
    /// Structures that were tried; none where there was no choice.
    pub tried: Vec<TriedStructure>,
    /// Folds of the cross-validation by which a table with too few rows to set some aside was learned.
    pub folds: Option<usize>,
    /// The structure of the model.
    pub structure: DensityStructure,
    /// How it was learned.
    pub training: TrainingConfig,
    /// Circuits that are mixed.
    pub members: usize,
    /// Epochs that were done, of the first circuit.
    pub epochs: usize,
    /// The epoch that the model is of.
    pub best_epoch: usize,
    /// Whether the time was over before training was.
    pub out_of_time: bool,
    /// Time of the run.
    pub seconds: f64,
}

/// Learns a density over the columns of a table. Missing values are integrated out, those of the target too.
///
/// # Errors
///
/// When the table, the target or an option cannot be used, or the run is interrupted.
pub fn fit_density(
    table: &Table,
    options: &DensityOptions,
    run: &mut Run,
) -> Result<(DensityModel, DensityReport), TabularError> {
    let start = Instant::now();
    if let (Some(rate), None | Some(DensityMethod::Em)) = (options.learning_rate, options.method) {
        let (setting, expected) =
            ("learning_rate", "left out with the method EM, which has none; Adam has one");
        return Err(UgmmError::Setting { setting, value: rate.to_string(), expected }.into());
    }
    if let Some(target) = &options.target {
        prepare_target(&mut table.schema().clone(), target, options.task)?;
    }
    let target = options.target.as_deref();
    let split = split(table, options)?;
    let columns = columns_of(table, target, &split.train)?;
    let values = encode_table(table, &columns, target.map(|_| columns.len() - 1))?;
    let width = columns.len();
    let pick = |rows: &[usize]| -> Vec<f64> {
        rows.iter().flat_map(|row| &values.values[row * width..(row + 1) * width]).copied().collect()
    };
    let (training, held_out) = (pick(&split.train), pick(&split.test));
    // A value that no row learned from makes possible is as unlikely as can be, not missing.
    let outside: HashSet<usize> = values.outside.iter().map(|outside| outside.row).collect();
    let impossible: Vec<usize> =
        (0..split.test.len()).filter(|&place| outside.contains(&split.test[place])).collect();
    drop(values);
    run.progress.on_begin();
    let fitter = Fitter { columns: &columns, options, has_target: target.is_some(), start };
    let Chosen { trained, structure, config, tried, folds, out_of_time } = fitter.fit(&training, run)?;
    let independent = fitter.independent(&training, run)?;
    run.progress.on_end();
    let measured = |circuit: &Circuit, rows: &[f64], impossible: &[usize]| {
        let mut levels = circuit.log_likelihood(Rows::new(rows, width)?)?;
        impossible.iter().for_each(|&place| levels[place] = f64::NEG_INFINITY);
        Ok::<_, TabularError>(LogLikelihoodMeasures::of(&levels))
    };
    let both = |rows: &[f64], impossible: &[usize]| -> Result<LogLikelihoods, TabularError> {
        Ok(LogLikelihoods {
            model: measured(&trained.circuit, rows, impossible)?,
            independent: measured(&independent, rows, impossible)?,
        })
    };
    let training_log_likelihoods = both(&training, &[])?;
    let validation_log_likelihoods =
        (!held_out.is_empty()).then(|| both(&held_out, &impossible)).transpose()?;
    let usual = if held_out.is_empty() { &training } else { &held_out };
    let seen = validation_log_likelihoods.unwrap_or(training_log_likelihoods);
    let typical = Typical::of(&trained.circuit, usual)?;
    let learned = DensityLearned {
        training_rows: training.len() / width,
        validation_rows: held_out.len() / width,
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
        training_rows: training.len() / width,
        validation_rows: held_out.len() / width,
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

/// The measures of the predicted target of rows from their other columns; `None` where no row has a target.
fn measures(model: &DensityModel, rows: &[f64]) -> Result<Option<Measures>, TabularError> {
    let known =
        rows.chunks_exact(model.columns().len()).filter(|row| row.last().is_some_and(|y| !y.is_nan()));
    let right: Vec<f64> = known.clone().filter_map(|row| row.last().copied()).collect();
    if right.is_empty() {
        return Ok(None);
    }
    let known: Vec<f64> = known.flatten().copied().collect();
    Ok(Some(Measures::of_predictions(&model.predict(&known)?, &right)))
}

/// The columns of a table that a density is learned of with these options, the target last: as the rows that are not held out
/// have them.
///
/// # Errors
///
/// When nothing is left to learn from, a category names rows rather than kinds of rows, or the rows cannot be split.
pub fn density_columns(table: &Table, options: &DensityOptions) -> Result<Vec<Column>, TabularError> {
    columns_of(table, options.target.as_deref(), &split(table, options)?.train)
}

/// The rows of a table with a value: those to learn from, and held-out ones, with the classes of the target in proportion.
fn split(table: &Table, options: &DensityOptions) -> Result<Split, TabularError> {
    let columns = used_columns(table, options.target.as_deref())?;
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
    if let Some(target) = &options.target {
        let of_classes = matches!(table.schema().column(target)?.kind, Kind::Categorical | Kind::Boolean);
        let class = |row: usize, values: &Values| match values {
            Values::Codes(codes) => codes[row].map_or(0, |code| code as usize + 1),
            Values::Numbers(truths) if of_classes && !truths[row].is_nan() => truths[row] as usize + 1,
            _ => 0,
        };
        let values = table.column(target)?;
        classes.iter_mut().zip(&known).for_each(|(place, &row)| *place = class(row, values));
    }
    let split = stratified_split(&classes, share, options.seed)?;
    let rows = |places: Vec<usize>| places.into_iter().map(|place| known[place]).collect();
    Ok(Split { train: rows(split.train), test: rows(split.test) })
}

pub(super) struct Fitter<'a> {
    pub(super) columns: &'a [Column],
    pub(super) options: &'a DensityOptions,
    pub(super) has_target: bool,
    pub(super) start: Instant,
}

/// A part of a choice between structures.
pub(super) struct Part<'a> {
    /// Name of the stage.
    pub(super) name: &'a str,
    /// Number of the stage, from 1, and of all.
    pub(super) stage: (usize, usize),
    /// Number of the part, from 0, and of all that share the time that is left.
    pub(super) share: (usize, usize),
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
    pub(super) fn variables(&self, rows: &[f64]) -> Vec<Variable> {
        let width = self.columns.len();
        let column = |index: usize| rows.iter().skip(index).step_by(width).copied();
        self.columns.iter().enumerate().map(|(index, known)| known.variable(column(index))).collect()
    }

    /// Whether there is a column of classes to predict.
    pub(super) fn of_classes(&self) -> bool {
        self.has_target && self.columns.last().is_some_and(|target| target.states().is_some())
    }

    /// The settings of the circuit.
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
        // Columns that do not depend on each other do not depend on the class either.
        if self.of_classes() && structure != DensityStructure::Independent {
            config.class_conditional = Some(self.columns.len() - 1);
        }
        config
    }

    /// The circuit with the structure asked for, or with the best one.
    fn fit(&self, rows: &[f64], run: &mut Run) -> Result<Chosen, TabularError> {
        let images = self.images();
        if images.is_none() && self.has_few(rows) {
            return self.fit_few(rows, run);
        }
        let candidates = match self.options.structure {
            DensityStructure::Auto if rows.len() <= FEW_VALUES && self.columns.len() > 1 => {
                let mut candidates =
                    vec![DensityStructure::ChowLiu, DensityStructure::Mixture, DensityStructure::RandomTrees];
                // Columns may have nothing to do with each other; where a class is predicted they had better.
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
        // Structures are compared by one circuit of each, and only those among the best get the others that they are mixed
        // with. Where there is a choice, these have a share of the time of their own.
        let parts = if candidates.len() > 1 { candidates.len() + 1 } else { 1 };
        let mut all: Vec<Chosen> = Vec::new();
        for (number, &structure) in candidates.iter().enumerate() {
            let config = self.config(structure, images, rows.len());
            let (trained, out_of_time) = self.train(
                rows,
                &config,
                None,
                Part { name: structure.in_words(), stage: (number + 1, parts), share: (number, parts) },
                run,
            )?;
            // Without rows set aside there is nothing to choose by, and without time nothing to choose from.
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
        let set_aside = rows.len() as f64 / self.columns.len() as f64 * STOPPING_SHARE;
        let enough = all.iter().filter_map(|chosen| chosen.trained.validation).reduce(f64::max);
        let enough = enough.map(|best| best - CHANCE_PER_ROW / set_aside.sqrt());
        let is_close =
            |chosen: &Chosen| chosen.trained.validation >= enough || enough.is_some_and(f64::is_nan);
        let best: Vec<Chosen> = all.into_iter().filter(is_close).collect();
        let (parts, before) = (best.len(), candidates.len());
        let with_all = best.into_iter().enumerate().map(|(number, mut chosen)| {
            let is_over = run.time_limit.is_some_and(|limit| self.start.elapsed() >= limit);
            if chosen.config.members > 1 && !chosen.out_of_time && !is_over {
                let first = Some(chosen.trained);
                let stage = (before + number + 1, before + parts);
                let part = Part { name: chosen.structure.in_words(), stage, share: (number, parts) };
                (chosen.trained, chosen.out_of_time) = self.train(rows, &chosen.config, first, part, run)?;
            }
            chosen.out_of_time |= is_over && chosen.config.members > 1;
            Ok(chosen)
        });
        let best: Vec<Chosen> = with_all.collect::<Result<_, TabularError>>()?;
        for one in &mut tried {
            let of_it = best.iter().find(|chosen| chosen.structure == one.structure);
            one.of_all_circuits = of_it
                .filter(|chosen| chosen.trained.members > 1)
                .and_then(|chosen| chosen.trained.validation);
        }
        // The first of equal ones. Columns depend on each other only where that shows beyond chance.
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

    /// Columns that do not depend on each other, each a mixture of as many components as the circuit has units.
    fn independent(&self, rows: &[f64], run: &mut Run) -> Result<Circuit, TabularError> {
        if self.images().is_none() && self.has_few(rows) {
            return self.independent_few(rows, run);
        }
        let mut config = self.config(DensityStructure::Independent, self.images(), rows.len());
        config.members = 1;
        config.components = INDEPENDENT_COMPONENTS;
        config.epochs = config.epochs.min(INDEPENDENT_EPOCHS);
        config.batch_size = config.batch_size.max(rows.len() / self.columns.len() / INDEPENDENT_STEPS);
        let interrupted = run.interrupted;
        let trained = train(Rows::new(rows, self.columns.len())?, self.variables(rows), &config, |_| {
            !interrupted.load(Ordering::Relaxed)
        })?;
        self.check_interrupted(run)?;
        Ok(trained.circuit)
    }

    /// The size of the images, where all columns but the target are the pixels of whole ones.
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

    /// Trains the first circuit, or the others after it.
    pub(super) fn train(
        &self,
        rows: &[f64],
        config: &TrainingConfig,
        first: Option<Trained>,
        Part { name, stage, share: (number, of) }: Part,
        run: &mut Run,
    ) -> Result<(Trained, bool), TabularError> {
        let began = Instant::now();
        // Each part gets an equal share of what is left; but a first circuit that cannot be learned in its share gets all of
        // it, since a choice among circuits none of which is learned is worth nothing.
        let deadline = run.time_limit.and_then(|limit| {
            let left = limit.saturating_sub(self.start.elapsed());
            let parts = if first.is_none() && number == 0 { 1 } else { of - number };
            began.checked_add(left / parts as u32)
        });
        let (mut out_of_time, mut done) = (false, 0);
        let (progress, interrupted) = (&mut *run.progress, run.interrupted);
        let rows = Rows::new(rows, self.columns.len())?;
        let (first_member, last_member) = if first.is_none() { (1, 1) } else { (2, config.members) };
        let epochs = config.epochs * (last_member + 1 - first_member);
        progress.on_stage(&Stage { name, number: stage.0, of: stage.1, epochs });
        let by_epoch = |epoch: &Epoch| {
            let epochs_before = config.epochs * epoch.member.saturating_sub(first_member);
            progress.on_epoch(&EpochProgress {
                epoch: epochs_before + epoch.number.min(config.epochs),
                measure: Measure::LogLikelihood,
                training: epoch.training,
                held_out: epoch.validation,
                accuracy: None,
            });
            let by_now = began.elapsed();
            done += 1;
            // Another epoch takes as long as those before.
            let next = by_now + by_now / done;
            let is_over = deadline.is_some_and(|deadline| began + next > deadline);
            // What comes after the last epoch of the last circuit only settles its parameters.
            let is_last = epoch.number >= config.epochs && epoch.member == last_member;
            out_of_time |= is_over && !is_last;
            !is_over && !interrupted.load(Ordering::Relaxed)
        };
        let variables = self.variables(rows.values());
        let trained = match first {
            None => train(rows, variables, &TrainingConfig { members: 1, ..config.clone() }, by_epoch),
            Some(first) => add_members(first, rows, variables, config, by_epoch),
        }?;
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
