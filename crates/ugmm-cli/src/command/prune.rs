//! `ugmm prune`: a model with fewer components, and the cost of pruning.

use crate::arguments::{Common, Prune};
use crate::error::CliError;
use crate::output::{check_outputs, count, percent, print, six_digits, table, write_json};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;
use ugmm_network::pruning::{Criterion, Keep, PrunedLayer};
use ugmm_table_report::FirstRows;
use ugmm_tabular::distribution::Measures;
use ugmm_tabular::network::Baseline;
use ugmm_tabular::{Device, Engine, NetworkModel, TableModel};

/// Fractions of components that are compared if none is given.
const SHARES: [f64; 8] = [0.9, 0.7, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05];
/// Fraction of components in the written model if none is given.
const USUAL_SHARE: f64 = 0.5;
/// Number of times that predictions are timed; the shortest time is reported.
const TIMINGS: usize = 5;
/// Largest number of rows that are timed.
const TIMED_ROWS: usize = 4096;

#[derive(Serialize)]
struct Report<'a> {
    target: &'a str,
    rows: usize,
    criterion: Criterion,
    /// Number of components of the unpruned model.
    components: usize,
    quality: Option<Measures>,
    /// Baseline on the rows whose target is known.
    baseline: Option<Baseline>,
    pruned: Vec<Pruned>,
    model_file: Option<&'a Path>,
    /// Number of components of the written model.
    components_in_file: Option<usize>,
}

#[derive(Serialize)]
struct Pruned {
    keep: Keep,
    components: usize,
    /// Fraction of the components that were kept.
    share: f64,
    layers: Vec<PrunedLayer>,
    quality: Option<Measures>,
    /// Time of predictions relative to that of the unpruned model.
    time: f64,
}

pub fn run(options: &Prune, common: &Common) -> Result<(), CliError> {
    check_outputs(&[options.output.as_deref(), common.json.as_deref()], &[&options.model, &options.data])?;
    let model = ugmm_tabular::load(&options.model, &Device::default())?;
    let model = Engine::of(&*model).network(&options.model, "ugmm prune")?;
    let rows = FirstRows::read(&options.data, model, &options.table.read_options(), options.rows.get())
        .map_err(|error| CliError::of_report(&options.data, error))?;
    let quality = rows.quality(model)?;
    let keeps: Vec<Keep> = match (options.keep, options.at_least, options.max_loss) {
        (Some(share), _, _) => vec![Keep::Share(share)],
        (_, Some(least), _) => vec![Keep::AtLeast(least)],
        (_, _, None) if options.output.is_some() => vec![Keep::Share(USUAL_SHARE)],
        _ => SHARES.map(Keep::Share).to_vec(),
    };
    if options.max_loss.is_some() && quality.is_none() {
        return Err(CliError::NothingToCompare {
            path: options.data.clone(),
            target: model.target_name().into(),
        });
    }
    let merge = (options.merge != 0.0).then_some(options.merge);
    let pruner = model.pruner(&rows.features, options.by.into(), merge)?;
    let (mut all, mut chosen) = (Vec::new(), None);
    for keep in keeps {
        let (pruned, layers) = model.pruned(&pruner, keep)?;
        let result = measured(model, &pruned, keep, layers, &rows)?;
        let is_good_enough = match (options.max_loss, quality, result.quality) {
            (Some(most), Some(before), Some(after)) => loss(before, after) <= most,
            _ => true,
        };
        let components = result.components;
        all.push(result);
        if is_good_enough {
            // A smaller model may cost less than a larger one, so all of them are tried.
            chosen = Some((pruned, components));
        }
    }
    let mut components_in_file = None;
    if let Some(path) = &options.output {
        let reason = "every share that was tried costs more".to_owned();
        let none = || CliError::Option { key: "--max-loss", reason };
        let (pruned, components) = chosen.ok_or_else(none)?;
        pruned.save(path)?;
        components_in_file = Some(components);
    }
    let before = |layers: &[PrunedLayer]| layers.iter().map(|layer| layer.components_before).sum();
    let report = Report {
        target: model.target_name(),
        rows: rows.rows(),
        criterion: options.by.into(),
        components: all.first().map_or(0, |pruned| before(&pruned.layers)),
        quality,
        baseline: rows.baseline(model),
        pruned: all,
        model_file: options.output.as_deref(),
        components_in_file,
    };
    if model.conformal().is_some() && !common.quiet {
        eprintln!("pruned models have no calibration rows, so their sets and intervals have no guarantee");
    }
    write_json(common.json.as_deref(), "ugmm/prune", &report)?;
    if common.quiet { Ok(()) } else { print(&text(&report, &rows, options)) }
}

fn measured(
    model: &NetworkModel,
    pruned: &NetworkModel,
    keep: Keep,
    layers: Vec<PrunedLayer>,
    rows: &FirstRows,
) -> Result<Pruned, CliError> {
    let width = rows.features.len() / rows.rows();
    let timed = &rows.features[..rows.rows().min(TIMED_ROWS) * width];
    let mut shortest = [f64::INFINITY; 2];
    // The models are timed alternately, so that other load on the machine affects both.
    for _ in 0..TIMINGS {
        for (shortest, model) in shortest.iter_mut().zip([model, pruned]) {
            let start = Instant::now();
            model.predicted(timed)?;
            *shortest = shortest.min(start.elapsed().as_secs_f64());
        }
    }
    let sum = |part: fn(&PrunedLayer) -> usize| layers.iter().map(part).sum::<usize>();
    let (components, before) = (sum(|layer| layer.components), sum(|layer| layer.components_before));
    Ok(Pruned {
        keep,
        components,
        share: components as f64 / before as f64,
        quality: rows.quality(pruned)?,
        layers,
        time: shortest[1] / shortest[0],
    })
}

/// The loss in quality: percentage points of accuracy, or the relative rise of the root mean squared error in
/// percent.
fn loss(before: Measures, after: Measures) -> f64 {
    match (before, after) {
        (Measures::Classes(before), Measures::Classes(after)) => 100.0 * (before.accuracy - after.accuracy),
        (Measures::Numbers(before), Measures::Numbers(after)) => 100.0 * (after.rmse / before.rmse - 1.0),
        _ => unreachable!("both models predict the same"),
    }
}

fn text(report: &Report, rows: &FirstRows, options: &Prune) -> String {
    let mut header = ["kept, %", "components", "neurons"].map(String::from).to_vec();
    header.extend(match report.quality {
        Some(Measures::Classes(_)) => vec!["accuracy, %".into(), "log-loss".into()],
        Some(Measures::Numbers(_)) => vec!["RMSE".into(), "CRPS".into()],
        None => Vec::new(),
    });
    header.push("time, %".into());
    let cells = |quality: Option<Measures>| match quality {
        Some(Measures::Classes(metrics)) => {
            vec![percent(metrics.accuracy, 2), format!("{:.4}", metrics.log_loss)]
        }
        Some(Measures::Numbers(metrics)) => vec![six_digits(metrics.rmse), six_digits(metrics.crps)],
        None => Vec::new(),
    };
    let sizes = |part: fn(&PrunedLayer) -> usize, layers: &[PrunedLayer]| {
        layers.iter().map(|layer| part(layer).to_string()).collect::<Vec<_>>().join("-")
    };
    let mut lines = vec![header];
    if let Some(first) = report.pruned.first() {
        let neurons = sizes(|layer| layer.neurons_before, &first.layers);
        let mut line = vec!["100".into(), report.components.to_string(), neurons];
        line.extend(cells(report.quality));
        line.push("100".into());
        lines.push(line);
    }
    for pruned in &report.pruned {
        let neurons = sizes(|layer| layer.neurons, &pruned.layers);
        let mut line = vec![percent(pruned.share, 1), pruned.components.to_string(), neurons];
        line.extend(cells(pruned.quality));
        line.push(percent(pruned.time, 0));
        lines.push(line);
    }
    let mut text = table(&lines);
    let more = if rows.more { "the first " } else { "" };
    text += &format!("on {more}{} of {}", count(report.rows, "row"), options.data.display());
    text += match report.quality {
        None => ", which have no target; with a target, the cost of pruning is shown\n",
        Some(_) => "; rows that were not used in training show the cost better\n",
    };
    if let Some(baseline) = &report.baseline {
        text += &format!("baseline: {}\n", baseline.in_words(report.target));
        let is_guess =
            |quality: Option<Measures>| quality.is_some_and(|quality| baseline.is_not_beaten_by(&quality));
        let written = report.components_in_file;
        let guesses = |pruned: &&Pruned| is_guess(pruned.quality);
        let guesses: Vec<&Pruned> = report.pruned.iter().filter(guesses).collect();
        if guesses.iter().any(|pruned| written.is_none_or(|written| written == pruned.components)) {
            let shares: Vec<String> =
                guesses.iter().map(|pruned| format!("{} %", percent(pruned.share, 1))).collect();
            text += &format!("warning: no better than the baseline with {}\n", shares.join(", "));
        }
    }
    let merged: usize =
        report.pruned.last().iter().flat_map(|pruned| &pruned.layers).map(|layer| layer.merged).sum();
    if merged > 0 {
        text += &format!("merged with nearly equal ones: {}\n", count(merged, "component"));
    }
    text += &match report.model_file.zip(report.components_in_file) {
        Some((path, components)) => {
            format!("written to {}: the one with {}\n", path.display(), count(components, "component"))
        }
        None => "nothing is written without --output\n".into(),
    };
    text
}
