//! What is met in the rows of a table that a model reads.

use crate::output::count;
use crate::unseen::lines;
use serde::Serialize;
use ugmm_data::frame::UnseenValues;
use ugmm_tabular::{Batch, Engine, TableModel};

/// Values outside of their ranges that are named, at most.
const NAMED: usize = 3;

/// What was met.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Met {
    pub rows: usize,
    pub missing_values: usize,
    pub unseen_categories: usize,
    /// Numbers that their columns cannot have, and classes that there are none of.
    pub outside_values: usize,
    pub rows_with_outside_values: usize,
    /// Numbers with a fraction in columns of whole numbers, which were rounded.
    pub rounded_values: usize,
}

impl Met {
    /// Takes note of a batch. A target that was not read is not missing.
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

    /// Remarks on what was met. `doing` says what is done about missing values; without it they are not mentioned. `unseen` are the
    /// reader's.
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
                    "categories that training did not have: {values}; taken as rare ones, or as missing where training had no \
                     rare ones\n"
                ),
                Engine::Density(_) => format!(
                    "categories that training did not have, or seldom: {values}; taken as one and the same rare category\n"
                ),
            };
            text += &lines(unseen);
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
                "values that their columns cannot have in this model: {}{more}; they have no probability, and nothing is \
                 concluded from them\n",
                examples.join(", ")
            );
        }
        text
    }
}

/// A line about cells that no level of the table stands for; nothing if there are none.
pub fn left_empty(cells: usize) -> String {
    match cells {
        0 => String::new(),
        cells => format!(
            "left empty: {}, where one of the categories that were rare in training would be; this model was trained by a version that \
             did not keep their names: train it again\n",
            count(cells, "cell")
        ),
    }
}

/// Adds values of a batch that are outside of their ranges, in words, until there are some.
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
