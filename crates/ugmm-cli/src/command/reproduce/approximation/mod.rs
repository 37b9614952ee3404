//! `ugmm reproduce approximation`: the paper's section 3.5, that mixtures of univariate Gaussians come near to any smooth
//! density, in figures; and a density of one number given another that no single Gaussian can hold.

mod conditional;
mod figures;
mod targets;
mod univariate;

use crate::arguments::{Common, ReproduceApproximation};
use crate::error::CliError;
use crate::output::{check_outputs, print, table, write_json};
use conditional::Measured;
use indicatif::ProgressBar;
use serde::Serialize;
use std::path::PathBuf;
use targets::{TARGETS, Target};
use ugmm_network::file::write_atomically;
use ugmm_report::svg;
use univariate::Fit;

/// Width of a figure in px.
const WIDTH: f64 = 900.0;
/// Fresh rows to measure p(y | x) on.
const TEST_ROWS: usize = 10_000;

#[derive(Serialize)]
struct Report<'a> {
    experiment: &'a str,
    epochs: usize,
    rows: usize,
    densities: Vec<Density>,
    conditional: Vec<Measured>,
    figures: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Density {
    name: &'static str,
    fits: Vec<Fit>,
}

pub fn run(options: &ReproduceApproximation, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[])?;
    let figure = |id: &str| options.output.as_ref().map(|folder| folder.join(format!("{id}.svg")));
    if let Some(folder) = &options.output {
        std::fs::create_dir_all(folder)
            .map_err(|source| ugmm_network::UgmmError::Io { path: folder.clone(), source })?;
    }
    let counts: Vec<usize> =
        (0..).map(|power| 1usize << power).take_while(|count| *count <= options.components.get()).collect();
    let bar = if common.quiet { ProgressBar::hidden() } else { ProgressBar::new(TARGETS.len() as u64 + 1) };
    let mut densities = Vec::new();
    let mut drawn = Vec::new();
    for target in &TARGETS {
        let fits = |&components: &usize| univariate::fit(target, components, options.epochs.get());
        let fits: Vec<Fit> = counts.iter().map(fits).collect::<Result<_, _>>()?;
        if let Some(path) = figure(target.id) {
            write_atomically(&path, svg(&figures::of_density(target, &fits)?, WIDTH).as_bytes())?;
            drawn.push(path);
        }
        densities.push(Density { name: target.name, fits });
        bar.inc(1);
    }
    let learned = conditional::learn(options.rows.get(), TEST_ROWS, options.seed)?;
    for (id, chart) in
        [("errors", figures::of_errors(&densities)), ("conditional", figures::of_conditional(&learned)?)]
    {
        if let Some(path) = figure(id) {
            write_atomically(&path, svg(&chart, WIDTH).as_bytes())?;
            drawn.push(path);
        }
    }
    bar.finish_and_clear();
    let report = Report {
        experiment: "approximation",
        epochs: options.epochs.get(),
        rows: options.rows.get(),
        densities,
        conditional: learned.measured,
        figures: drawn,
    };
    write_json(common.json.as_deref(), "ugmm/approximation", &report)?;
    if common.quiet { Ok(()) } else { print(&text(&report)) }
}

fn text(report: &Report) -> String {
    let counts = || report.densities[0].fits.iter().map(|fit| fit.components.to_string());
    let errors = |of: fn(&Fit) -> f64| {
        let mut rows = vec![std::iter::once("components".to_owned()).chain(counts()).collect::<Vec<_>>()];
        for Density { name, fits } in &report.densities {
            let errors = fits.iter().map(|fit| format!("{:.5}", of(fit)));
            rows.push(std::iter::once((*name).to_owned()).chain(errors).collect());
        }
        table(&rows)
    };
    let mut text = "a univariate mixture of Gaussians against five densities (the paper's section 3.5)\n\n\
                    total variation distance, from 0 (the same) to 1:\n"
        .to_owned();
    text += &errors(|fit| fit.total_variation);
    text += "\nKullback-Leibler divergence in nats:\n";
    text += &errors(|fit| fit.divergence);
    text += &format!("\nmean log p(y | x) on {TEST_ROWS} fresh rows, learned from {}:\n", report.rows);
    let rows =
        report.conditional.iter().map(|one| vec![one.model.to_owned(), format!("{:.4}", one.log_density)]);
    text += &table(&rows.collect::<Vec<_>>());
    for path in &report.figures {
        text += &format!("wrote {}\n", path.display());
    }
    text
}

impl Target {
    /// Places to draw it at.
    fn places(&self, count: usize) -> Vec<f64> {
        let (low, high) = self.shown;
        (0..count).map(|step| low + (high - low) * step as f64 / (count - 1) as f64).collect()
    }
}
