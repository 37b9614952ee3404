//! A table for training, and the training of one network on some of its rows.

use crate::column::usable::{check_column, rows_with_features};
use crate::conformal;
use crate::distribution::measures::Measures;
use crate::error::TabularError;
use crate::network::class_weights::class_weights;
use crate::network::every_value::NeedsEveryValue;
use crate::network::far::usual_numbers;
use crate::network::options::FitOptions;
use crate::network::outputs::{CELLS, Outputs};
use crate::run::StageObserver;
use crate::target::{NumberTarget, PreparedTarget, TargetRows, TargetValues, are_different, target_rows};
use crate::{Table, TaskChoice};
use std::collections::HashSet;
use ugmm_data::frame::Column;
use ugmm_data::{Dependence, Preprocessor, Split};
use ugmm_network::inference::prediction::{log_probabilities, predicted_densities};
use ugmm_network::metrics::unweighted;
use ugmm_network::training::{Trained, TrainingConfig, init_model};
use ugmm_network::{
    Check, Device, Model, ModelConfig, OnDevice, Recipe, Settings, TableShape, TargetKind, Task,
};

/// Fraction of the training rows that early stopping holds out as validation rows.
const STOPPING_SHARE: f64 = 0.1;
/// Number of strata of about the same size for splits of numbers; fewer if fewer rows are held out.
const STRATA: usize = 10;
/// Fewest rows for training.
pub(crate) const FEWEST_ROWS: usize = 2;

/// A table and its rows that a model can be trained on. A "place" is an index into these rows, not into the
/// table's.
pub(crate) struct Learner<'a> {
    pub(crate) table: &'a Table,
    pub(crate) target: &'a str,
    pub(crate) task: TaskChoice,
    pub(crate) options: &'a FitOptions,
    /// The device that trains networks.
    pub(crate) device: Device,
    /// Row of the table at each place.
    pub(crate) rows: Vec<usize>,
    pub(crate) values: TargetValues,
    /// For numbers, the range without outliers; `None` if there are no outliers.
    pub(crate) usual: Option<(f64, f64)>,
    pub(crate) class_weights: Option<Vec<f64>>,
    /// The weight of the row at each place; `None` for equal weights.
    pub(crate) weights: Option<Vec<f64>>,
    /// Which places depend on each other.
    pub(crate) dependence: Dependence,
    /// Number of rows of the table that are left out because they have no target, or only a target.
    pub(crate) without_target: usize,
    pub(crate) without_features: usize,
}

/// Rows that are prepared for the training of a network.
pub(crate) struct Prepared {
    /// Places of the training rows.
    learned: Vec<usize>,
    /// Places of the rows that are measured after each epoch.
    measured: Vec<usize>,
    /// Indices of the training rows in the table.
    rows: Vec<usize>,
    preprocessor: Preprocessor,
    number: Option<NumberTarget>,
}

impl Prepared {
    /// Number of the network's inputs.
    pub(crate) fn inputs(&self) -> usize {
        self.preprocessor.inputs()
    }
}

/// A trained network and what its predictions need.
pub(crate) struct Fitted {
    pub(crate) preprocessor: Preprocessor,
    pub(crate) recipe: Recipe,
    pub(crate) number: Option<NumberTarget>,
    pub(crate) trained: Trained<Model>,
    pub(crate) on_device: OnDevice,
    /// The network's inputs for its training rows.
    pub(crate) inputs: Vec<f32>,
    /// Indices of the training rows in the table.
    pub(crate) rows: Vec<usize>,
    /// Weights of the training rows; `None` for equal weights.
    pub(crate) weights: Option<Vec<f64>>,
}

impl<'a> Learner<'a> {
    pub(crate) fn new(
        table: &'a Table,
        target: &'a PreparedTarget,
        options: &'a FitOptions,
        device: Device,
    ) -> Result<Self, TabularError> {
        let all_rows = table.rows();
        let TargetRows { rows, values } = target_rows(table, target)?;
        let (target, task) = (target.name(), target.task());
        let with_target = rows.len();
        let known = rows_with_features(table, target)?;
        let kept: Vec<usize> = (0..rows.len()).filter(|&place| known[rows[place]]).collect();
        let rows: Vec<usize> = kept.iter().map(|&place| rows[place]).collect();
        if rows.len() < FEWEST_ROWS {
            let (target, needed) = (target.to_owned(), FEWEST_ROWS);
            return Err(TabularError::TooFewRows { target, rows: rows.len(), needed });
        }
        let values = values.at(&kept);
        for column in table.schema().columns.iter().filter(|column| column.name != target) {
            check_column(column, all_rows)?;
        }
        let weights: Option<Vec<f64>> =
            table.weights().map(|weights| rows.iter().map(|&row| weights[row]).collect());
        let dependence = table.dependence().of_rows(&rows);
        let (without_target, without_features) = (all_rows - with_target, with_target - rows.len());
        let mut learner = Self {
            table,
            target,
            task,
            options,
            device,
            rows,
            values,
            usual: None,
            class_weights: None,
            weights,
            dependence,
            without_target,
            without_features,
        };
        let all: Vec<usize> = (0..learner.rows.len()).collect();
        learner.take_targets_of(&all)?;
        Ok(learner)
    }

    /// The stratum of each of these places for a stratified split: the class, or the index of the quantile
    /// range of the number. There are at most as many quantile ranges as held-out rows.
    fn strata(&self, places: &[usize], held_out: f64) -> Vec<usize> {
        match &self.values {
            TargetValues::Classes(_, labels) => places.iter().map(|&place| labels[place]).collect(),
            TargetValues::Numbers(numbers) => {
                let parts = (held_out.round() as usize).clamp(1, STRATA);
                let mut order: Vec<usize> = (0..places.len()).collect();
                order.sort_by(|&a, &b| numbers[places[a]].total_cmp(&numbers[places[b]]));
                let mut strata = vec![0; places.len()];
                for (rank, index) in order.into_iter().enumerate() {
                    strata[index] = rank * parts / places.len();
                }
                strata
            }
        }
    }

    /// Splits these places into places to train on and a share of held-out places, stratified unless they depend on each
    /// other.
    pub(crate) fn split(&self, places: &[usize], share: f64) -> Result<Split, TabularError> {
        let strata = self.strata(places, share * places.len() as f64);
        let split = self.dependence.of_rows(places).split(&strata, share, self.options.seed)?;
        Ok(at_places(split, places))
    }

    /// Takes the class weights and the range of usual numbers from these places, so that they do not depend on the
    /// targets of other places.
    pub(crate) fn take_targets_of(&mut self, places: &[usize]) -> Result<(), TabularError> {
        let learned = self.values.at(places);
        self.usual = match &learned {
            TargetValues::Numbers(numbers) => usual_numbers(numbers),
            TargetValues::Classes(..) => None,
        };
        let (weights, asked) = (self.weights_of(places), self.options.class_weights.as_ref());
        self.class_weights = class_weights(self.target, &learned, weights.as_deref(), asked)?;
        Ok(())
    }

    /// Splits all places so that the held-out ones are a simple random sample, and therefore exchangeable with new rows.
    ///
    /// # Errors
    ///
    /// [`TabularError::NotExchangeable`] if times order the rows or they have weights, and the errors of splits.
    pub(crate) fn exchangeable_split(&self, share: f64) -> Result<Split, TabularError> {
        let not = |which| TabularError::NotExchangeable { which };
        if self.weights.is_some() {
            return Err(not("rows with weights"));
        }
        let split = self.dependence.random_split(self.rows.len(), share, self.options.seed)?;
        split.ok_or(not("rows that follow one another in time"))
    }

    /// The places of these held-out rows that calibrate sets and intervals: a random row of each group, and no more than
    /// enough.
    pub(crate) fn calibration_places(&self, held_out: &[usize]) -> Vec<usize> {
        let mut met = HashSet::new();
        // The rows are in random order.
        let mut places: Vec<usize> = held_out.to_vec();
        if let Dependence::Groups(groups) = &self.dependence {
            places.retain(|&place| met.insert(groups[place]));
        }
        places.truncate(conformal::MOST_ROWS);
        places
    }

    /// Divides these places into folds, stratified unless they depend on each other.
    pub(crate) fn folds(&self, places: &[usize], folds: usize) -> Result<Vec<Split>, TabularError> {
        let strata = self.strata(places, places.len() as f64 / folds as f64);
        let splits = self.dependence.of_rows(places).folds(&strata, folds, self.options.seed)?;
        Ok(splits.into_iter().map(|split| at_places(split, places)).collect())
    }

    /// The recipe for training on this many rows and inputs.
    pub(crate) fn recipe(
        &self,
        settings: &Settings,
        features: usize,
        rows: usize,
        number: Option<NumberTarget>,
    ) -> Result<Recipe, TabularError> {
        let target = match (&self.values, number) {
            (TargetValues::Classes(classes, _), _) => TargetKind::Classes(classes.len()),
            (TargetValues::Numbers(numbers), number) => {
                let of_all = || NumberTarget::of(numbers, self.weights.as_deref(), self.usual);
                let (low, high) = number.unwrap_or_else(of_all).network_range();
                TargetKind::Number { low, high }
            }
        };
        let shape = TableShape { features, target, rows };
        let mut recipe = settings.recipe(self.options.preset, &shape, self.options.seed)?;
        if let Some(weights) = &self.class_weights {
            let training = recipe.training.into_inner();
            recipe.training =
                TrainingConfig { class_weights: Some(weights.clone()), ..training }.checked()?;
        }
        // A uGMM network accepts missing values unless the settings disable this, so that it can predict
        // incomplete rows even if all training rows are complete.
        if let ModelConfig::Ugmm(network) = &mut recipe.model {
            let possible = network.layers[0].dropout == 0.0;
            network.missing_values = settings.missing_values.unwrap_or(possible);
        }
        let is_incomplete =
            |column: &&Column| column.name != self.target && column.is_informative() && column.missing > 0;
        if let Some(why) = NeedsEveryValue::of(&recipe.model)
            && let Some(column) = self.table.schema().columns.iter().find(is_incomplete)
        {
            let (column, missing) = (column.name.clone(), column.missing);
            return Err(TabularError::Incomplete { column, missing, why });
        }
        Ok(recipe)
    }

    /// Prepares the rows of a split of places for a network that is trained on one side of it. After each
    /// epoch the network is measured on the other side, or, with early stopping, on a part of the first.
    pub(crate) fn prepare(&self, early_stopping: bool, split: &Split) -> Result<Prepared, TabularError> {
        let (learned, measured) = self.learned_and_measured(early_stopping, split)?;
        let rows = self.table_rows(&learned);
        let options = &self.options.preprocessing;
        let preprocessor = Preprocessor::fit(self.table, &rows, Some(self.target), options)?;
        let number = self.number(&learned)?;
        Ok(Prepared { learned, measured, rows, preprocessor, number })
    }

    /// Trains a network on one side of a split of places. `begin` begins its stage, given the number of epochs.
    pub(crate) fn fit<'s, 'r>(
        &self,
        settings: &Settings,
        split: &Split,
        begin: impl FnOnce(usize) -> StageObserver<'s, 'r>,
    ) -> Result<(Fitted, StageObserver<'s, 'r>), TabularError> {
        let Prepared { learned, measured, rows, preprocessor, number } =
            self.prepare(settings.patience.is_some(), split)?;
        let inputs = preprocessor.transform(self.table, &rows)?;
        let recipe = self.recipe(settings, preprocessor.inputs(), learned.len(), number)?;
        let training = self.dataset(inputs.clone(), &preprocessor, number, &learned)?;
        let measured_inputs = preprocessor.transform(self.table, &self.table_rows(&measured))?;
        let measured = self.dataset_or_none(measured_inputs, &preprocessor, number, &measured)?;

        let mut observer = begin(recipe.training.epochs);
        let checkpoint = observer.checkpoint();
        let network = init_model(&recipe.model, &recipe.task, &training, recipe.training.seed)?;
        let (checkpoint, measured) = (checkpoint.as_ref(), measured.as_ref());
        let Recipe { task, training: how, .. } = &recipe;
        let trained =
            self.device.resume(checkpoint, network, task, &training, measured, how, &mut observer)?;
        observer.check()?;
        let on_device = OnDevice::new(self.device.clone());
        let weights = self.weights_of(&learned);
        Ok((Fitted { preprocessor, recipe, number, trained, on_device, inputs, rows, weights }, observer))
    }

    /// The scaling of numbers that is fitted to those at these places; `None` for classes.
    ///
    /// # Errors
    ///
    /// Returns an error if all of these numbers are equal.
    pub(crate) fn number(&self, learned: &[usize]) -> Result<Option<NumberTarget>, TabularError> {
        let TargetValues::Numbers(all) = &self.values else { return Ok(None) };
        let numbers: Vec<f64> = learned.iter().map(|&place| all[place]).collect();
        if are_different(&numbers) {
            let weights = self.weights_of(learned);
            return Ok(Some(NumberTarget::of(&numbers, weights.as_deref(), self.usual)));
        }
        let common = numbers.first().copied().unwrap_or(f64::NAN);
        let others: Vec<usize> = (0..all.len()).filter(|&place| all[place] != common).collect();
        let request = self.table.schema().request(self.target)?;
        let other = others
            .first()
            .map(|&place| (request.read_as.text(all[place]), self.table.number(self.rows[place])));
        let (other, row) = other.unwrap_or_default();
        let (target, common) = (self.target.to_owned(), request.read_as.text(common));
        Err(TabularError::AlmostOneNumber { target, common, others: others.len(), other, row })
    }

    /// The training rows, and the rows that are measured after each epoch.
    fn learned_and_measured(
        &self,
        early_stopping: bool,
        split: &Split,
    ) -> Result<(Vec<usize>, Vec<usize>), TabularError> {
        if !early_stopping {
            return Ok((split.train.clone(), split.test.clone()));
        }
        let inner = self.split(&split.train, STOPPING_SHARE)?;
        Ok((inner.train, inner.test))
    }

    /// The weights of the rows at these places; `None` for equal weights.
    pub(crate) fn weights_of(&self, places: &[usize]) -> Option<Vec<f64>> {
        self.weights.as_ref().map(|weights| places.iter().map(|&place| weights[place]).collect())
    }

    pub(crate) fn table_rows(&self, places: &[usize]) -> Vec<usize> {
        places.iter().map(|&place| self.rows[place]).collect()
    }

    /// A network's outputs for rows, before calibration. The outputs of a row without any value are uniform.
    pub(crate) fn outputs(&self, fitted: &Fitted, places: &[usize]) -> Result<Outputs, TabularError> {
        let Fitted { preprocessor, recipe, number, trained, on_device, .. } = fitted;
        let width = match &self.values {
            TargetValues::Classes(classes, _) => classes.len(),
            TargetValues::Numbers(_) => CELLS,
        };
        let mut values = vec![-(width as f32).ln(); places.len() * width];
        let inputs = preprocessor.transform(self.table, &self.table_rows(places))?;
        let known = known_rows(&inputs, preprocessor.inputs());
        if let Some(rows) = self.dataset_or_none(inputs, preprocessor, *number, places)? {
            let network = on_device.network(&trained.network);
            let known_values = match &recipe.task {
                Task::Classes(task) => {
                    let mut values = log_probabilities(network, task, rows.features())?;
                    if let Some(weights) = &self.class_weights {
                        unweighted(&mut values, weights);
                    }
                    values
                }
                Task::Number(task) => predicted_densities(network, task, rows.features(), CELLS)?
                    .iter()
                    .flat_map(|density| density.log_probabilities())
                    .collect(),
            };
            debug_assert_eq!(known_values.len(), known.len() * width);
            for (&index, row) in known.iter().zip(known_values.chunks(width)) {
                values[index * width..][..width].copy_from_slice(row);
            }
        }
        Ok(Outputs { values, width, number: *number })
    }

    /// The measures of outputs, which follow one another, for the rows at `places`.
    pub(crate) fn measures(&self, outputs: &[Outputs], places: &[usize]) -> Measures {
        let weights = self.weights_of(places);
        Measures::of(outputs, &self.values, places, self.class_weights.as_deref(), weights.as_deref())
    }
}

/// Indices of the rows of `[rows, columns]` that have a value.
pub(crate) fn known_rows(inputs: &[f32], columns: usize) -> Vec<usize> {
    let known = |row: &[f32]| row.iter().any(|value| !value.is_nan());
    let rows = inputs.chunks(columns).enumerate();
    rows.filter(|(_, row)| known(row)).map(|(index, _)| index).collect()
}

/// A split of indices of these places, as a split of the places.
fn at_places(split: Split, places: &[usize]) -> Split {
    let at = |indices: Vec<usize>| indices.into_iter().map(|index| places[index]).collect();
    Split { train: at(split.train), test: at(split.test) }
}
