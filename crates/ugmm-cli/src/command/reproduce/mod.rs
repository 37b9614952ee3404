//! `ugmm reproduce`: the experiments of `ugmm-experiments`.

#[cfg(feature = "architectures")]
mod architectures;
mod files;

use self::files::{show, variants};
use crate::arguments::{Common, Reproduce, ReproduceOptions};
use crate::error::CliError;
use crate::output::check_outputs;
use crate::progress::trainings;
use indicatif::ProgressBar;
use std::num::NonZeroUsize;
use ugmm_experiments::{Protocol, approximation, iris, mnist, uncertainty};
use ugmm_network::Device;

pub fn run(what: &Reproduce, device: &Device, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[])?;
    let progress = trainings(common.quiet);
    match what {
        Reproduce::Iris(typed) => {
            let (splits, folds) = (typed.splits.clone(), typed.folds);
            let protocol = protocol(&typed.options, typed.seeds)?;
            let report = iris::run(&iris::Options { splits, folds, protocol }, device, &progress)?;
            show("ugmm/reproduce", &report, &report.text, common)
        }
        Reproduce::Mnist(typed) => {
            let (data, validation) = (typed.data.clone(), typed.validation);
            let protocol = protocol(&typed.options, typed.seeds)?;
            let report = mnist::run(&mnist::Options { data, validation, protocol }, device, &progress)?;
            show("ugmm/reproduce", &report, &report.text, common)
        }
        Reproduce::Uncertainty(typed) => {
            let (data, others, validation) = (typed.data.clone(), typed.others.clone(), typed.validation);
            let protocol = Protocol {
                preset: typed.preset.preset(),
                epochs: None,
                only: None,
                variants: variants(typed.variants.as_deref())?,
                seed: typed.seed,
                seeds: typed.seeds,
            };
            let options = uncertainty::Options { data, others, validation, protocol };
            let report = uncertainty::run(&options, device, &progress)?;
            show("ugmm/uncertainty", &report, &report.text, common)
        }
        Reproduce::Approximation(typed) => {
            let (components, epochs, rows, seed) = (typed.components, typed.epochs, typed.rows, typed.seed);
            let options =
                approximation::Options { components, epochs, rows, output: typed.output.clone(), seed };
            let bar = if common.quiet { ProgressBar::hidden() } else { ProgressBar::new(1) };
            let report = approximation::run(&options, &|done, of| {
                bar.set_length(of as u64);
                bar.set_position(done as u64);
            })?;
            bar.finish_and_clear();
            let text = if common.quiet { "" } else { &report.text };
            show("ugmm/approximation", &report, text, common)
        }
        #[cfg(feature = "architectures")]
        Reproduce::Sequences(typed) => architectures::sequences(typed, common),
        #[cfg(feature = "architectures")]
        Reproduce::Images(typed) => architectures::images(typed, common),
        #[cfg(not(feature = "architectures"))]
        Reproduce::Sequences(_) | Reproduce::Images(_) => Err(CliError::NoArchitectures),
    }
}

fn protocol(typed: &ReproduceOptions, seeds: NonZeroUsize) -> Result<Protocol, CliError> {
    Ok(Protocol {
        preset: typed.preset.preset(),
        epochs: typed.epochs,
        only: typed.only.map(Into::into),
        variants: variants(typed.variants.as_deref())?,
        seed: typed.seed,
        seeds,
    })
}
