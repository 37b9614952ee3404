//! Rows of a table as data sets for a network.

use crate::error::TabularError;
use crate::network::learner::{FEWEST_ROWS, Learner, known_rows};
use crate::target::{NumberTarget, TargetValues};
use ugmm_data::Preprocessor;
use ugmm_network::training::{Dataset, Features};

impl Learner<'_> {
    /// A data set of the rows at these places that have a value in the network's inputs; an error if there
    /// are none.
    pub(crate) fn dataset(
        &self,
        inputs: Vec<f32>,
        preprocessor: &Preprocessor,
        number: Option<NumberTarget>,
        places: &[usize],
    ) -> Result<Dataset, TabularError> {
        let too_few = || {
            let (target, needed) = (self.target.to_owned(), FEWEST_ROWS);
            TabularError::TooFewRows { target, rows: 0, needed }
        };
        self.dataset_or_none(inputs, preprocessor, number, places)?.ok_or_else(too_few)
    }

    /// A data set of the rows at these places that have a value in the network's inputs; `None` if there are
    /// none.
    pub(crate) fn dataset_or_none(
        &self,
        inputs: Vec<f32>,
        preprocessor: &Preprocessor,
        number: Option<NumberTarget>,
        places: &[usize],
    ) -> Result<Option<Dataset>, TabularError> {
        let columns = preprocessor.inputs();
        let known = known_rows(&inputs, columns);
        if known.is_empty() {
            return Ok(None);
        }
        let inputs = match known.len() == places.len() {
            true => inputs,
            false => known.iter().flat_map(|&row| &inputs[row * columns..][..columns]).copied().collect(),
        };
        let places: Vec<usize> = known.iter().map(|&row| places[row]).collect();
        let weights = self.weights_of(&places);
        let places = places.into_iter();
        let features = Features::F32(inputs);
        let rows = match (&self.values, number) {
            (TargetValues::Classes(classes, labels), _) => {
                let labels = places.map(|place| labels[place]).collect();
                Dataset::with_missing_values(features, columns, labels, classes.len())?
            }
            (TargetValues::Numbers(numbers), Some(number)) => {
                // Numbers outside the range are clamped to it for training.
                let inside = |place: usize| numbers[place].clamp(number.low, number.high);
                let numbers = places.map(|place| number.to_network(inside(place)) as f32).collect();
                Dataset::with_numbers(features, columns, numbers)?
            }
            (TargetValues::Numbers(_), None) => unreachable!("numbers come with their scale"),
        };
        Ok(Some(match weights {
            Some(weights) => rows.weighted(&weights)?,
            None => rows,
        }))
    }
}
