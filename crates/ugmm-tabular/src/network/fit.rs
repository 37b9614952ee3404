//! Trains a network on a table: splits, the choice of settings, cross-validation, and the final network.

use crate::Table;
use crate::column::range::ranges;
use crate::conformal::{Conformal, categories};
use crate::distribution::Predictions;
use crate::distribution::measures::Measures;
use crate::error::TabularError;
use crate::model::TableModel;
use crate::network::baseline::Baseline;
use crate::network::cross_validation::{
    CrossValidation, Part, fitted_factor, held_out, measured_folds, outputs_of, parts, spread_of,
};
use crate::network::doubt::Doubt;
use crate::network::doubts::doubts;
use crate::network::learner::{Fitted, Learner, known_rows};
use crate::network::model::NetworkModel;
use crate::network::novelty::Novelty;
use crate::network::options::FitOptions;
use crate::network::outputs::Outputs;
use crate::network::part::TablePart;
use crate::network::rare_levels::rare_rows;
use crate::network::repeated::repeated_rows;
use crate::network::search::Candidate;
use crate::run::identity::identity;
use crate::run::journal::Journal;
use crate::run::{Group, Run, Stages};
use crate::target::{PreparedTarget, Target, TargetValues};
use indexmap::IndexMap;
use serde::Serialize;
use ugmm_data::frame::{ReadAs, Request};
use ugmm_data::{Dependence, Preprocessor, Split};
use ugmm_network::model_file::{Columns, ModelParts};
use ugmm_network::training::{EpochReport, History};
use ugmm_network::{Recipe, Settings, UgmmError};

/// Number of folds of a search if none is given.
const SEARCH_FOLDS: usize = 3;

/// Numbers of training rows with which, without folds, the spread of a regressor is fitted to predictions of
/// held-out training rows. With more rows densities are about right without it, and training takes long.
const CALIBRATED_ROWS: std::ops::Range<usize> = 100..10_000;
/// Number of training rows up to which networks without one fold each predict every training row for this
/// purpose. With few rows the spread is uncertain: the 90 % quantile of the errors of 60 rows is off by a
/// tenth in half of the cases.
const CALIBRATED_BY_FOLDS: usize = 2000;
const CALIBRATION_FOLDS: usize = 3;
/// Fraction of the training rows that is held out for the spread if there are more rows.
const CALIBRATION_SHARE: f64 = 0.2;

/// Number of connections of a network times rows of a step from which one training at a time uses all threads,
/// because its steps are worth sharing and several trainings would take much memory. The network for MNIST,
/// whose steps two threads take 1.7 times as fast as one, has 14 million (docs/results/speed.md).
const SHARED_FROM: usize = 10_000_000;

/// Calibration of a regressor that was trained without folds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Number of rows that the spread was fitted to, each predicted by a network that was not trained on it.
    pub rows: usize,
    /// The factor that stretches densities, saved with the model ([`ugmm_network::calibration::spread`]).
    pub spread: f64,
}

/// The calibration rows of conformal prediction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConformalReport {
    /// Number of calibration rows.
    pub rows: usize,
    /// Categories of classes, within each of which the guarantee holds; empty for numbers.
    pub categories: Vec<Vec<String>>,
    /// The highest level at which an interval has ends, or a class can be left out of a set.
    pub highest_level: f64,
    /// Whether each calibration row is of another group, so that the guarantee is for a random row of a new group.
    pub by_group: bool,
}

impl ConformalReport {
    fn of(conformal: &Conformal, classes: &[String]) -> Self {
        let mut categories: Vec<Vec<String>> = Vec::new();
        for (&category, class) in conformal.categories().iter().zip(classes) {
            categories.resize(categories.len().max(category + 1), Vec::new());
            categories[category].push(class.clone());
        }
        Self {
            rows: conformal.rows(),
            categories,
            highest_level: conformal.highest_level(),
            by_group: conformal.is_by_group(),
        }
    }
}

/// Results of training besides the model.
#[derive(Clone, Debug, Serialize)]
pub struct FitReport {
    /// Number of training and held-out rows.
    pub rows: usize,
    /// Number of training rows, including the validation rows of early stopping.
    pub training_rows: usize,
    /// Number of held-out rows.
    pub validation_rows: usize,
    /// Number of rows left out because they have no target.
    pub rows_without_target: usize,
    /// Number of rows left out because they have only a target.
    pub rows_without_features: usize,
    /// Number of the rows that measure the model, held out or in folds, that have the same values as a row that it was trained
    /// on in every column.
    pub repeated_rows: usize,
    /// Measures of the final model on the training rows.
    pub training_metrics: Measures,
    /// Measures of the final model on the held-out rows; `None` if there are none.
    pub validation_metrics: Option<Measures>,
    /// Calibration of a regressor without folds; `None` for a classifier, or if there are too few or very
    /// many rows.
    pub calibration: Option<Calibration>,
    /// The calibration rows of conformal prediction; `None` without.
    pub conformal: Option<ConformalReport>,
    /// The baseline on the rows that measure the model: those of the folds, the held-out rows, or the
    /// training rows.
    pub baseline: Option<Baseline>,
    /// Doubts about the training. They are not serialised, because a sentence for people includes remedies as
    /// the caller names them.
    #[serde(skip)]
    pub doubts: Vec<Doubt>,
    /// Results of cross-validation, with folds or a search.
    pub cross_validation: Option<CrossValidation>,
    /// All settings that a search compared; empty without a search.
    pub search: Vec<Candidate>,
    /// Number of epochs that the time limit left out.
    pub skipped_epochs: usize,
    /// With early stopping, the epoch of the final network, from 1.
    pub best_epoch: Option<usize>,
    /// Reports on the epochs of the final network.
    pub history: Vec<EpochReport>,
    /// Duration of the run in seconds, including times in which the machine slept.
    pub seconds: f64,
}

/// Trains a network that predicts the target of a table, as
/// [`prepare_target`](crate::target::prepare_target) prepared it, from the other columns. The rows may have
/// [weights](Table::weighted), by which losses, statistics and measures are weighted. A checkpoint remains
/// until the caller, who has saved the model, deletes it ([`Run::discard_checkpoint`]).
///
/// # Errors
///
/// Returns an error if the table, the target or an option cannot be used, the loss becomes infinite or NaN, a
/// checkpoint belongs to another run or cannot be written, or the run is interrupted.
pub fn fit(
    table: &Table,
    target: &PreparedTarget,
    options: &FitOptions,
    run: &mut Run,
) -> Result<(NetworkModel, FitReport), TabularError> {
    let mut learner = Learner::new(table, target, options, run.device.clone())?;
    let split = split(&learner)?;
    if options.conformal {
        learner.take_targets_of(&split.train)?;
    }
    let learner = learner;
    let folds = match (options.folds, options.search.is_empty()) {
        (Some(folds), _) => folds,
        (None, false) => SEARCH_FOLDS,
        (None, true) => 0,
    };
    let folds = if folds == 0 { Vec::new() } else { learner.folds(&split.train, folds)? };
    let candidates = candidates(options);
    let calibrating = calibrating(&learner, &split, &folds)?;
    // Errors in the numbers and the options are found before training begins.
    let inputs = learner.prepare(candidates[0].patience.is_some(), &split)?.inputs();
    for learned in folds.iter().chain(&calibrating) {
        learner.number(&learned.train)?;
    }
    let mut at_once = usize::MAX;
    for settings in candidates.values() {
        let recipe = learner.recipe(settings, inputs, split.train.len(), None)?;
        at_once = at_once.min(trainings_at_once(&learner, &recipe));
    }
    // The networks that predict rows which they were not trained on; the model comes after them.
    let mut others: Vec<Part> = Vec::new();
    for (name, settings) in &candidates {
        others.extend(parts(settings, &folds, if candidates.len() == 1 { "" } else { name }));
        others.extend(parts(settings, &calibrating, "the width of intervals"));
    }
    let identity = identity(&learner);
    let journal = Journal::open(run.checkpoint.as_deref(), run.resume, identity)?;
    run.progress.on_begin();
    let last = others.len() + 1;
    let stages = Stages::new(run, journal, last);
    let train_model = |settings: &Settings, stages: &Group| -> Result<Fitted, TabularError> {
        let begin = |epochs| stages.begin(last, "the model", epochs);
        let (fitted, stage) = learner.fit(settings, &split, begin)?;
        stage.end(None)?;
        Ok(fitted)
    };
    // Without a choice of settings, the model is trained beside the others.
    let group = if candidates.len() == 1 { 1..last + 1 } else { 1..last };
    let learned = stages.run(group, at_once, |stages, number| match others.get(number - 1) {
        Some(part) => Ok(Learned::Outputs(outputs_of(&learner, part, stages, number)?)),
        None => Ok(Learned::Model(Box::new(train_model(&candidates[0], stages)?))),
    })?;
    let (mut outputs, mut fitted) = (Vec::with_capacity(others.len()), None);
    for learned in learned {
        match learned {
            Learned::Outputs(of_part) => outputs.push(of_part),
            Learned::Model(model) => fitted = Some(*model),
        }
    }

    let (mut tried, mut widths) = (Vec::new(), Vec::new());
    if !folds.is_empty() {
        for _ in &candidates {
            let own: Vec<Outputs> = outputs.drain(..folds.len()).collect();
            let held_out = held_out(&learner, &folds, own);
            tried.push(measured_folds(&learner, &folds, &held_out.outputs)?);
            widths.push(held_out.widths);
        }
    }
    let losses = tried.iter().map(|measured| measured.metrics.loss());
    let chosen = losses.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(0, |(index, _)| index);
    let (_, settings) = candidates.get_index(chosen).expect("there is at least one candidate");
    let search = match options.search.is_empty() {
        true => Vec::new(),
        false => {
            let candidate = |(index, (name, measured)): (usize, (&String, &CrossValidation))| Candidate {
                name: name.clone(),
                settings: options.search[name].clone(),
                measures: measured.metrics,
                chosen: index == chosen,
            };
            candidates.keys().zip(&tried).enumerate().map(candidate).collect()
        }
    };
    let mut cross_validation = (!tried.is_empty()).then(|| tried.swap_remove(chosen));
    let of_others = if let Some(measured) = &cross_validation {
        measured.spread.map(|spread| (spread, widths.swap_remove(chosen)))
    } else if calibrating.is_empty() {
        None
    } else {
        let held_out = held_out(&learner, &calibrating, outputs);
        let factor = fitted_factor(&learner, calibrating.iter().zip(&held_out.outputs))?;
        Some((factor, held_out.widths))
    };
    let fitted = match fitted {
        Some(fitted) => fitted,
        None => {
            let of_chosen = stages.run(last..last + 1, 1, |stages, _| train_model(settings, stages))?;
            of_chosen.into_iter().next().expect("one stage has one result")
        }
    };
    stages.end();
    let seconds = stages.spent().as_secs_f64();
    let spread = match &of_others {
        Some((factor, widths)) => {
            let folds = if calibrating.is_empty() { &folds } else { &calibrating };
            Some(spread_of(&learner, &fitted, folds, *factor, widths)?)
        }
        None => None,
    };
    if let Some(measured) = &mut cross_validation {
        measured.spread = spread;
    }
    let calibrated_rows = calibrating.iter().map(|split| split.test.len()).sum();
    let calibration = spread
        .filter(|_| !calibrating.is_empty())
        .map(|spread| Calibration { rows: calibrated_rows, spread });
    let factor = spread.or(cross_validation.as_ref().and_then(|measured| measured.temperature));
    let measured = |places: &[usize]| -> Result<Measures, TabularError> {
        let outputs = learner.outputs(&fitted, places)?.calibrated(factor, learner.class_weights.as_deref());
        Ok(learner.measures(&[outputs], places))
    };
    let training_metrics = measured(&split.train)?;
    let validation_metrics = (!split.test.is_empty()).then(|| measured(&split.test)).transpose()?;
    let of_folds = || folds.iter().flat_map(|fold| &fold.test).copied().collect();
    let compared: Vec<usize> = match (split.test.is_empty(), folds.is_empty()) {
        (false, _) => split.test.clone(),
        (true, false) => of_folds(),
        (true, true) => split.train.clone(),
    };
    let folds_metrics = cross_validation.as_ref().map(|measured| measured.scaled_metrics);
    let usual = validation_metrics.or(folds_metrics).unwrap_or(training_metrics);
    let baseline = Baseline::of(&learner.values, &compared, learner.weights_of(&compared).as_deref());
    let doubts = doubts(&learner, &fitted, baseline.as_ref(), &usual);
    let recipe = &fitted.recipe;
    let skipped_epochs = match fitted.trained.best_epoch {
        None => recipe.training.epochs - fitted.trained.history.len(),
        Some(_) => 0,
    };
    let (best_epoch, history) = (fitted.trained.best_epoch, fitted.trained.history.clone());
    let model = model(&learner, fitted, factor)?;
    let model = match options.conformal {
        true => conformal_model(&learner, model, &split)?,
        false => model,
    };
    let report = FitReport {
        rows: learner.rows.len(),
        training_rows: split.train.len(),
        validation_rows: split.test.len(),
        rows_without_target: learner.without_target,
        rows_without_features: learner.without_features,
        repeated_rows: repeated_rows(
            &learner,
            if split.test.is_empty() { &folds } else { std::slice::from_ref(&split) },
        ),
        training_metrics,
        validation_metrics,
        calibration,
        baseline,
        doubts,
        cross_validation,
        search,
        conformal: model.conformal().map(|conformal| ConformalReport::of(conformal, model.classes())),
        skipped_epochs,
        best_epoch,
        history,
        seconds,
    };
    Ok((model, report))
}

/// The model with the scores of its calibration rows, which are among the held-out rows.
fn conformal_model(
    learner: &Learner,
    model: NetworkModel,
    split: &Split,
) -> Result<NetworkModel, TabularError> {
    let places = learner.calibration_places(&split.test);
    let inputs = model.preprocessor().transform(learner.table, &learner.table_rows(&places))?;
    let width = model.preprocessor().inputs();
    // Rows without any value are not predicted.
    let known = known_rows(&inputs, width);
    let places: Vec<usize> = known.iter().map(|&row| places[row]).collect();
    let inputs: Vec<f32> = known.iter().flat_map(|&row| &inputs[row * width..][..width]).copied().collect();
    let by_group = matches!(learner.dependence, Dependence::Groups(_));
    let conformal = match (&learner.values, model.predicted(&inputs)?) {
        (TargetValues::Classes(classes, labels), Predictions::Classes(found)) => {
            let mut learned = vec![0; classes.len()];
            split.train.iter().for_each(|&place| learned[labels[place]] += 1);
            let categories = categories(&learned, places.len() as f64 / split.train.len() as f64);
            let right: Vec<usize> = places.iter().map(|&place| labels[place]).collect();
            Conformal::of_classes(categories, &found, &right, by_group)
        }
        (TargetValues::Numbers(numbers), Predictions::Numbers(found)) => {
            let right: Vec<f64> = places.iter().map(|&place| numbers[place]).collect();
            Conformal::of_numbers(&found, &right, by_group)
        }
        _ => unreachable!("a network predicts what its target is"),
    };
    model.with_conformal(conformal)
}

/// What a stage of training results in.
enum Learned {
    /// The outputs of a network for rows that it was not trained on.
    Outputs(Outputs),
    /// The network of the model.
    Model(Box<Fitted>),
}

/// How many networks of this recipe may be trained side by side.
fn trainings_at_once(learner: &Learner, recipe: &Recipe) -> usize {
    let in_step = recipe.training.batch_size.saturating_mul(recipe.task.training_inputs_per_row());
    let work = in_step.saturating_mul(recipe.model.connections());
    if learner.device.is_processor() && work < SHARED_FROM { usize::MAX } else { 1 }
}

/// The settings to choose from: those of the search combined with the options, or only the options.
fn candidates(options: &FitOptions) -> IndexMap<String, Settings> {
    if options.search.is_empty() {
        return IndexMap::from([("the settings".to_owned(), options.settings.clone())]);
    }
    let over = |(name, settings): (&String, &Settings)| (name.clone(), settings.over(&options.settings));
    options.search.iter().map(over).collect()
}

/// Splits of the training rows into rows to train on and rows to fit the spread to; empty if no spread is
/// fitted this way.
fn calibrating(learner: &Learner, split: &Split, folds: &[Split]) -> Result<Vec<Split>, TabularError> {
    let is_number = matches!(learner.values, TargetValues::Numbers(_));
    let rows = split.train.len();
    if !is_number || !folds.is_empty() || !CALIBRATED_ROWS.contains(&rows) {
        return Ok(Vec::new());
    }
    // In order of time, the first folds would have learned from few rows, which may all be alike.
    let is_in_order = matches!(learner.dependence, Dependence::Times(_));
    if rows < CALIBRATED_BY_FOLDS && !is_in_order {
        return learner.folds(&split.train, CALIBRATION_FOLDS);
    }
    Ok(vec![learner.split(&split.train, CALIBRATION_SHARE)?])
}

/// Training rows and held-out rows. With folds all rows are training rows, unless conformal prediction needs held-out rows.
fn split(learner: &Learner) -> Result<Split, TabularError> {
    let FitOptions { validation, folds, conformal, .. } = learner.options;
    if !conformal && (folds.is_some() || *validation == 0.0) {
        return Ok(Split { train: (0..learner.rows.len()).collect(), test: Vec::new() });
    }
    if !(0.0..1.0).contains(validation) || *validation == 0.0 {
        let expected = match conformal {
            true => "more than 0 and less than 1, for conformal prediction",
            false => "at least 0 and less than 1",
        };
        let setting = "validation";
        return Err(UgmmError::Setting { setting, value: validation.to_string(), expected }.into());
    }
    if *conformal {
        return learner.exchangeable_split(*validation);
    }
    let all: Vec<usize> = (0..learner.rows.len()).collect();
    learner.split(&all, *validation)
}

/// The model of a trained network.
fn model(learner: &Learner, fitted: Fitted, factor: Option<f64>) -> Result<NetworkModel, TabularError> {
    let Fitted { preprocessor, recipe, number, trained, inputs, rows, weights, .. } = fitted;
    let target = match (&learner.values, number) {
        (TargetValues::Classes(classes, _), _) => Target::Classes(classes.clone()),
        (TargetValues::Numbers(_), Some(number)) => Target::Number(number),
        (TargetValues::Numbers(_), None) => unreachable!("numbers come with their scale"),
    };
    let missing_marks = learner.table.schema().missing.clone();
    let usual_marks = learner.table.schema().usual_marks.clone();
    let novelty = Novelty::fit(&inputs, preprocessor.inputs(), weights.as_deref());
    let target_request = match target {
        Target::Classes(_) => Request::text(learner.target),
        Target::Number(_) => learner.table.schema().request(learner.target)?,
    };
    let columns = Columns {
        features: preprocessor.names(),
        target: learner.target.to_owned(),
        classes: target.class_names(),
        reading: None,
    };
    let parts = ModelParts {
        model: trained.network,
        task: recipe.task,
        columns,
        standardization: None,
        training: Some(recipe.training),
        temperature: factor.filter(|_| number.is_none()),
        temperature_after_weights: false,
        spread: factor.filter(|_| number.is_some()),
        history: Some(History::of(&trained.history, trained.best_epoch)),
    };
    let images = learner.table.schema().images.as_ref().map(|images| images.shape);
    let ranges = ranges(&preprocessor, learner.table, &rows);
    let words = words_of(learner.table, &preprocessor)?;
    let rare_rows = rare_rows(&preprocessor, learner.table, &rows);
    let part = TablePart {
        preprocessor,
        target,
        target_times: target_request.read_as.is_date() && learner.values.have_fractions(),
        target_request,
        novelty: Some(novelty),
        missing_marks,
        usual_marks,
        images,
        ranges,
        words,
        rare_rows,
        conformal: None,
    };
    Ok(NetworkModel::new(parts, part)?.on_device(&learner.device))
}

/// The table's words for false and true for each column of a preprocessor; `None` for a column that is not
/// boolean.
fn words_of(table: &Table, preprocessor: &Preprocessor) -> Result<Vec<Option<[String; 2]>>, TabularError> {
    let of_request = |request: Request| match request.read_as {
        ReadAs::Booleans => Ok(Some(table.schema().column(&request.name)?.words())),
        _ => Ok(None),
    };
    preprocessor.requests().into_iter().map(of_request).collect()
}
