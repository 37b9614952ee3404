//! The most probable values by a density.

use super::{Display, Report, asked};
use crate::arguments::{Common, Mpe};
use crate::command::query::density::given;
use crate::density_rows::left_empty;
use crate::error::CliError;
use crate::known::{given_in_words, pairs, some};
use ugmm_circuit::{MpeOptions, MpeVariable};
use ugmm_tabular::DensityModel;

pub fn run(model: &DensityModel, options: &Mpe, common: &Common) -> Result<(), CliError> {
    let evidence = model.evidence(&pairs(&options.known.given)?)?;
    let columns = model.columns();
    let names = columns.iter().map(|column| column.name());
    let asked =
        asked(&options.query, names, |index| !evidence.holds(index), |name| Ok(model.index_of(name)?))?;
    let mut variables: Vec<MpeVariable> =
        asked.iter().map(|&variable| MpeVariable { variable, range: None }).collect();
    for (column, range) in pairs(&options.known.range)? {
        let ranged = model.ranged(&column, &range)?;
        match variables.iter_mut().find(|one| one.variable == ranged.variable) {
            Some(one) => *one = ranged,
            None => {
                let reason = format!("{column:?} is not asked for, so that its range says nothing");
                return Err(CliError::Option { key: "--range", reason });
            }
        }
    }
    let search = MpeOptions {
        gap: options.gap,
        time_limit: Some(options.time_limit),
        starts: options.beam.get(),
        seed: options.seed,
        ..MpeOptions::default()
    };
    let mut display = Display::new("log-likelihood", common.quiet)?;
    let found = model.mpe(&evidence, &variables, &search, |progress| display.show(progress))?;
    let seconds = display.finish();
    let cell = |index: usize| columns[index].cell(found.row[index]);
    let empty_cells = asked.iter().filter(|&&index| cell(index).is_none()).count();
    let value_of = |&index: &usize| (columns[index].name().to_owned(), cell(index).unwrap_or_default());
    let numbers = asked.iter().filter(|&&index| columns[index].is_number());
    let number_of =
        |&index: &usize| (columns[index].name().to_owned(), columns[index].to_table(found.row[index]));
    let others = columns.iter().enumerate();
    let others = others.filter(|(index, _)| !evidence.holds(*index) && !asked.contains(index));
    let report = Report {
        target: model.target_name(),
        given: given(model, &evidence).into_iter().collect(),
        values: asked.iter().map(value_of).collect(),
        numbers: numbers.map(number_of).collect(),
        missing: others.map(|(_, column)| column.name().to_owned()).collect(),
        value: found.value,
        upper_bound: found.upper_bound,
        gap: found.gap(),
        proved: found.proved,
        tolerance: options.gap,
        boxes: found.boxes,
        seconds,
    };
    let title = format!("the most probable values{}", given_in_words(report.given.iter()));
    let mut remarks = String::new();
    if !report.missing.is_empty() {
        remarks += &format!("integrated out: {}\n", some(&report.missing));
    }
    remarks += &left_empty(empty_cells);
    report.tell(&title, ("log-likelihood", "have a log-likelihood"), &remarks, common)
}
