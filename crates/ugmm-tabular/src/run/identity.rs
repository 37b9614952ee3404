//! The identity of a run, which its checkpoint stores.

use crate::network::learner::Learner;
use crate::run::fingerprint::Fingerprint;
use crate::run::journal::DATA_KEY;
use serde_json::json;
use ugmm_data::Dependence;
use ugmm_data::frame::Values;

/// What identifies a run: the data and the options.
pub(crate) fn identity(learner: &Learner) -> serde_json::Value {
    let mut data = Fingerprint::new();
    for column in &learner.table.schema().columns {
        data.add_text(&column.name);
        if let Ok(values) = learner.table.column(&column.name) {
            (0..learner.table.rows()).for_each(|row| add_value(&mut data, values, row));
        }
        column.levels.iter().flatten().for_each(|level| data.add_text(&level.text));
    }
    learner.table.weights().into_iter().flatten().for_each(|weight| data.add(weight.to_bits()));
    match learner.table.dependence() {
        Dependence::None => {}
        Dependence::Groups(groups) => groups.iter().for_each(|&group| data.add(group as u64)),
        Dependence::Times(times) => times.iter().for_each(|time| data.add(time.to_bits())),
    }
    let mut options = serde_json::to_value(learner.options).expect("options are names and numbers");
    options["task"] = json!(learner.task);
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        (DATA_KEY): data.text(),
        "target": learner.target,
        "options": options,
    })
}

/// Adds the value of a row.
pub(crate) fn add_value(data: &mut Fingerprint, values: &Values, row: usize) {
    match values {
        // All missing numbers are one value.
        Values::Numbers(numbers) if numbers[row].is_nan() => data.add(f64::NAN.to_bits()),
        Values::Numbers(numbers) => data.add(numbers[row].to_bits()),
        Values::Codes(codes) => data.add(codes[row].map_or(u64::MAX, u64::from)),
        Values::Text(texts) => data.add_text(texts[row].as_deref().unwrap_or_default()),
    }
}
