//! `ugmm reproduce approximation`.

use crate::arguments::{Common, ReproduceApproximation};
use crate::error::CliError;
use crate::output::{print, write_json};
use indicatif::ProgressBar;
use ugmm_experiments::approximation;

pub fn run(typed: &ReproduceApproximation, common: &Common) -> Result<(), CliError> {
    let ReproduceApproximation { components, epochs, rows, ref output, seed } = *typed;
    let options = approximation::Options { components, epochs, rows, output: output.clone(), seed };
    let bar = if common.quiet { ProgressBar::hidden() } else { ProgressBar::new(1) };
    let report = approximation::run(&options, &|done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    write_json(common.json.as_deref(), "ugmm/approximation", &report)?;
    if common.quiet { Ok(()) } else { print(&report.text) }
}
