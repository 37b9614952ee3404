//! The panel in which values of a row are changed, and the values that it begins with.

use super::seen::Seen;
use serde_json::{Map, Value};
use ugmm_export::javascript;
use ugmm_export::portable::{Column, PortableModel};
use ugmm_tabular::{NetworkModel, TableModel};

/// Largest panel in bytes; with everything else a page stays below 5 MB.
const MOST_BYTES: usize = 400_000;

pub struct WhatIf {
    /// The panel; `None` if it is too large.
    pub panel: Option<String>,
    /// Why there is no panel.
    pub note: Option<String>,
    /// The columns that can be changed; none without a panel.
    pub columns: Vec<Column>,
}

impl WhatIf {
    pub fn of(model: &NetworkModel) -> Self {
        let without = |note: String| Self { panel: None, note: Some(note), columns: Vec::new() };
        let portable = match PortableModel::of(model) {
            Ok(portable) => portable,
            Err(error) => return without(format!("There is no panel with other values: {error}.")),
        };
        let panel = javascript::panel(&portable);
        if panel.len() > MOST_BYTES {
            let note = "The model is too large for a panel with other values on this page; export it as a page of its own.";
            return without(note.into());
        }
        Self { panel: Some(panel), note: None, columns: portable.columns }
    }
}

/// The values of these columns in a row, by name, as the panel takes them.
pub fn values(columns: &[Column], model: &NetworkModel, seen: &Seen, row: usize) -> Map<String, Value> {
    let width = model.columns().len();
    let values = &seen.values[row * width..][..width];
    let value = |(place, column): (usize, &Column)| {
        let value = match &column.states {
            Some(states) => {
                let level = states.levels.iter().find(|level| level.state as f64 == values[place]);
                level.map_or(Value::Null, |level| level.text.as_str().into())
            }
            None => model.columns()[place].to_table(values[place]).into(),
        };
        (column.name.clone(), value)
    };
    columns.iter().enumerate().map(value).collect()
}
