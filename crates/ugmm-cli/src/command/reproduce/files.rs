//! The files of the experiments: variants to compare, and reports.

use crate::arguments::Common;
use crate::error::CliError;
use crate::output::{print, write_json};
use crate::variants_file::read_tables;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use ugmm_experiments::Variants;

pub fn variants<T: DeserializeOwned>(file: Option<&Path>) -> Result<Option<Variants<T>>, CliError> {
    file.map(|file| Ok((file.to_path_buf(), read_tables(file)?))).transpose()
}

pub fn show(schema: &str, report: &impl Serialize, text: &str, common: &Common) -> Result<(), CliError> {
    write_json(common.json.as_deref(), schema, report)?;
    print(text)
}
