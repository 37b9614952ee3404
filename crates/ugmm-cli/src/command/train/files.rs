//! The files of a training.

use crate::arguments::Common;
use crate::config_file::Options;
use crate::error::CliError;
use crate::output::check_outputs;
use std::path::{Path, PathBuf};
use ugmm_network::file::write_atomically;
use ugmm_tabular::{TableModel, TabularError};

/// The files of a training.
pub struct Files {
    pub data: PathBuf,
    pub output: PathBuf,
    /// The file of options.
    config: PathBuf,
    pub checkpoint: PathBuf,
}

impl Files {
    pub fn of(options: &Options, common: &Common) -> Result<Self, CliError> {
        let data = options.train.data.clone().ok_or(CliError::NotGiven("table"))?;
        let output = options.train.output.clone().ok_or(CliError::NotGiven("output"))?;
        let (config, checkpoint) = (beside(&output, "toml"), beside(&output, "checkpoint"));
        let outputs = [&output, &config, &checkpoint].map(|path| Some(path.as_path()));
        check_outputs(&[&outputs[..], &[common.json.as_deref()]].concat(), &[&data])?;
        Ok(Self { data, output, config, checkpoint })
    }

    /// An error of the table, with the name of its file.
    pub fn in_table(&self, error: TabularError) -> CliError {
        CliError::of_table(&self.data, error)
    }

    /// Writes a model and a file with its options and what was inferred, with which the training can be
    /// repeated.
    pub fn write(
        &self,
        model: &dyn TableModel,
        options: &Options,
        found: &[(&str, String)],
    ) -> Result<(), CliError> {
        let text = options.text(found)?;
        model.save(&self.output)?;
        Ok(write_atomically(&self.config, text.as_bytes())?)
    }
}

/// The name of the model with another extension.
fn beside(output: &Path, ending: &str) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}
