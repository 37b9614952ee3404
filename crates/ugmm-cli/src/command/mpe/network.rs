//! The values that a network's root scores highest.

use super::{Display, Report, asked};
use crate::arguments::{Common, Mpe};
use crate::error::CliError;
use crate::known::{Question, some};
use ugmm_circuit::ProofProgress;
use ugmm_network::inference::mpe::{MpeOptions, MpeProgress};
use ugmm_tabular::TabularModel;

pub fn run(model: &TabularModel, options: &Mpe, common: &Common) -> Result<(), CliError> {
    let question = Question::new(model, &options.known)?;
    let list = question.variables.list();
    let is_free = |index: usize| !question.evidence.holds(index);
    let find = |name: &str| Ok(question.variables.index_of(name)?);
    let asked = asked(&options.query, list.iter().map(|variable| variable.name()), is_free, find)?;
    let search = MpeOptions {
        gap: options.gap,
        time_limit: Some(options.time_limit),
        beam: options.beam.get(),
        seed: options.seed,
        ..MpeOptions::default()
    };
    let mut display = Display::new("score", common.quiet)?;
    let watch = |MpeProgress { value, upper_bound, boxes, open }| {
        display.show(ProofProgress { value, upper_bound, regions: boxes, open })
    };
    let found = model.mpe(&question.variables, &question.evidence, &asked, &search, watch)?;
    let seconds = display.finish();
    let numbers = found.values.iter().zip(&found.numbers);
    let report = Report {
        target: Some(model.target_name()),
        given: question.given().into_iter().collect(),
        numbers: numbers.filter_map(|((name, _), number)| Some((name.clone(), (*number)?))).collect(),
        missing: question.variables.missing(&question.evidence, &asked),
        value: found.mpe.value,
        upper_bound: found.mpe.upper_bound,
        gap: found.mpe.gap(),
        proved: found.mpe.proved,
        tolerance: options.gap,
        boxes: found.mpe.boxes,
        seconds,
        values: found.values.into_iter().collect(),
    };
    let title = format!("the values that the model scores highest{}", question.given_in_words());
    let mut remarks = String::new();
    if !report.missing.is_empty() {
        let missing = some(&report.missing);
        remarks += &format!("neither given nor asked for: {missing}; the network does without them\n");
    }
    remarks += question.remark();
    report.tell(&title, ("score", "score"), &remarks, common)
}
