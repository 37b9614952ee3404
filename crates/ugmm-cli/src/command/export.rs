//! `ugmm export`: a model in a form that other programs use.

use crate::arguments::{Common, Export};
use crate::error::CliError;
use crate::output::{check_outputs, write_json};
use serde::Serialize;
use std::path::Path;
use ugmm_export::{Choices, Form, export};
use ugmm_network::file::write_atomically;
use ugmm_tabular::Device;

#[derive(Serialize)]
struct Report<'a> {
    target: Option<&'a str>,
    form: &'static str,
    file: &'a Path,
    bytes: usize,
}

pub fn run(options: &Export, common: &Common) -> Result<(), CliError> {
    let form = Form::of(&options.output)?;
    check_outputs(&[Some(&options.output), common.json.as_deref()], &[&options.model])?;
    let model = ugmm_tabular::load(&options.model, &Device::default())?;
    let choices = Choices { by_column: options.by_column, table: options.table.as_deref() };
    let bytes = export(&*model, form, choices)?;
    write_atomically(&options.output, &bytes)?;
    let report =
        Report { target: model.target_name(), form: form.name(), file: &options.output, bytes: bytes.len() };
    write_json(common.json.as_deref(), "ugmm/export", &report)?;
    if !common.quiet {
        eprintln!("written to {} ({}, {} bytes)", report.file.display(), report.form, report.bytes);
    }
    Ok(())
}
