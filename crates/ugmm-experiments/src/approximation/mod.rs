//! The paper's section 3.5, that mixtures of univariate Gaussians come near to any smooth density, in figures; and a density of one
//! number given another that no single Gaussian can hold.

mod conditional;
mod figures;
mod targets;
mod univariate;

use crate::ExperimentError;
use conditional::Measured;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use targets::TARGETS;
use ugmm_network::file::write_atomically;
use ugmm_report::{svg, table};
use univariate::{Density, Fit};

/// Width of a figure in px.
const WIDTH: f64 = 900.0;
/// Fresh rows to measure p(y | x) on.
const TEST_ROWS: usize = 10_000;

/// Options of the experiment.
#[derive(Clone, Debug)]
pub struct Options {
    /// The largest number of components; from 1 it is doubled up to it.
    pub components: NonZeroUsize,
    /// Steps of expectation maximisation, each over all points.
    pub epochs: NonZeroUsize,
    /// Rows to learn p(y | x) from.
    pub rows: NonZeroUsize,
    /// The folder to write the figures into, as SVG; it is made where it is not there.
    pub output: Option<PathBuf>,
    /// Decides every random choice.
    pub seed: u64,
}

/// The results of the experiment; docs/json.md describes their JSON.
#[derive(Serialize)]
pub struct Report {
    experiment: &'static str,
    epochs: usize,
    rows: usize,
    densities: Vec<Density>,
    conditional: Vec<Measured>,
    figures: Vec<PathBuf>,
    /// The results in words and tables of plain text.
    #[serde(skip)]
    pub text: String,
}

/// Fits mixtures to densities and learns p(y | x). `progress` is told how many parts of the work are done, of how many. Files that
/// cannot be written and too few rows to learn from are errors.
pub fn run(options: &Options, progress: &dyn Fn(usize, usize)) -> Result<Report, ExperimentError> {
    if let Some(folder) = &options.output {
        std::fs::create_dir_all(folder)
            .map_err(|source| ugmm_network::UgmmError::Io { path: folder.clone(), source })?;
    }
    let mut written = Vec::new();
    let mut draw = |id: &str, figure| -> Result<(), ExperimentError> {
        if let Some(folder) = &options.output {
            let path = folder.join(format!("{id}.svg"));
            write_atomically(&path, svg(&figure, WIDTH).as_bytes())?;
            written.push(path);
        }
        Ok(())
    };
    let counts: Vec<usize> =
        (0..).map(|power| 1usize << power).take_while(|count| *count <= options.components.get()).collect();
    let mut densities = Vec::new();
    for target in &TARGETS {
        let fits = |&components: &usize| univariate::fit(target, components, options.epochs.get());
        let fits: Vec<Fit> = counts.iter().map(fits).collect::<Result<_, _>>()?;
        draw(target.id, figures::of_density(target, &fits)?)?;
        densities.push(Density { name: target.name, fits });
        progress(densities.len(), TARGETS.len() + 1);
    }
    let learned = conditional::learn(options.rows.get(), TEST_ROWS, options.seed)?;
    draw("errors", figures::of_errors(&densities))?;
    draw("conditional", figures::of_conditional(&learned)?)?;
    let mut report = Report {
        experiment: "approximation",
        epochs: options.epochs.get(),
        rows: options.rows.get(),
        densities,
        conditional: learned.measured,
        figures: written,
        text: String::new(),
    };
    report.text = text(&report);
    Ok(report)
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
