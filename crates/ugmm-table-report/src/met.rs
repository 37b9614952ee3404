//! Observations in the rows that a model reads.

use crate::unseen::unseen_lines;
use serde::Serialize;
use ugmm_data::frame::UnseenValues;
use ugmm_report::count;
use ugmm_tabular::read::Batch;
use ugmm_tabular::{Engine, TableModel};

/// Largest number of impossible values that are named.
const NAMED: usize = 3;

/// Counts of observations.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Met {
    /// Number of rows.
    pub rows: usize,
    /// Number of missing values.
    pub missing_values: usize,
    /// Number of categories that training did not have.
    pub unseen_categories: usize,
    /// Number of numbers outside their columns' ranges, and of classes that training did not have.
    pub outside_values: usize,
    /// Number of rows that have such a value.
    pub rows_with_outside_values: usize,
    /// Number of numbers with a fraction in columns of whole numbers, which were rounded.
    pub rounded_values: usize,
}

impl Met {
    /// Counts the observations in a batch. A target that was not read does not count as missing.
    pub fn add(&mut self, batch: &Batch) {
        self.rows += batch.places.len();
        self.missing_values += batch.rows.missing;
        self.unseen_categories += batch.rows.unseen;
        self.outside_values += batch.rows.outside.len();
        self.rounded_values += batch.rows.rounded;
        let mut last = None;
        for outside in &batch.rows.outside {
            self.rows_with_outside_values += usize::from(last != Some(outside.row));
            last = Some(outside.row);
        }
    }

    /// Remarks on the observations. `doing` says how missing values are handled; without it they are not
    /// mentioned. `unseen` are the unseen levels that the reader found.
    pub fn remarks(
        &self,
        model: &dyn TableModel,
        doing: Option<&str>,
        examples: &[String],
        unseen: &[UnseenValues],
    ) -> String {
        let mut text = String::new();
        if let (Some(doing), 1..) = (doing, self.missing_values) {
            text += &format!("missing: {}; {doing}\n", count(self.missing_values, "value"));
        }
        if self.unseen_categories > 0 {
            let values = count(self.unseen_categories, "value");
            text += &match Engine::of(model) {
                Engine::Network(_) => format!(
                    "categories that training did not have: {values}; treated as rare ones, or as missing if training had no \
                     rare ones\n"
                ),
                Engine::Density(_) => format!(
                    "categories that training did not have, or had in few rows: {values}; treated as one rare category\n"
                ),
            };
            text += &unseen_lines(unseen);
        }
        if self.rounded_values > 0 {
            text += &format!(
                "numbers with a fraction in columns that had only whole ones in training: {}; rounded (train on a table with such \
                 numbers for a density of them)\n",
                count(self.rounded_values, "value")
            );
        }
        if self.outside_values > 0 {
            let more = self.outside_values.saturating_sub(examples.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            text += &format!(
                "values that their columns cannot have in this model: {}{more}; they have probability 0, and the model treats \
                 them as missing in other answers\n",
                examples.join(", ")
            );
        }
        text
    }
}

/// A line about missing values whose level has no name in the model; empty if there are none.
pub fn left_empty(cells: usize) -> String {
    match cells {
        0 => String::new(),
        cells => format!(
            "left empty: {}, where a category that was rare in training would be; the version that trained this model did not \
             store the names of such categories: train it again\n",
            count(cells, "cell")
        ),
    }
}

/// Adds descriptions of impossible values in a batch until there are as many as are named.
pub fn outside_examples(model: &dyn TableModel, batch: &Batch, examples: &mut Vec<String>) {
    for outside in batch.rows.outside.iter().take(NAMED.saturating_sub(examples.len())) {
        let (column, row) = (&model.columns()[outside.column], batch.places[outside.row]);
        let value = match outside.number.is_nan() {
            true => "a class that the model does not know".to_owned(),
            false => column.number_text(outside.number),
        };
        examples.push(format!(
            "{:?} in row {row} ({value}, where it must be {})",
            column.name(),
            column.possible_values()
        ));
    }
}
