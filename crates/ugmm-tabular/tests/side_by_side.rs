//! Networks that are trained side by side are those that are trained one after the other.

use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ugmm_data::frame::ColumnData;
use ugmm_network::{Architecture, Settings};
use ugmm_tabular::run::{EpochProgress, Progress, Stage};
use ugmm_tabular::target::prepare_target;
use ugmm_tabular::{FitOptions, FitReport, Run, Table, TabularError, fit};

fn table() -> Table {
    let value = |row: usize| ((row * row + 13 * row) as f64 * 0.618).sin();
    let class = |row: usize| Some(if value(row) > 0.1 * value(row + 3) { "high" } else { "low" }.to_owned());
    Table::from_columns(vec![
        ("length".into(), ColumnData::Numbers((0..120).map(value).collect())),
        ("width".into(), ColumnData::Numbers((0..120).map(|row| value(row + 3)).collect())),
        ("kind".into(), ColumnData::Text((0..120).map(class).collect())),
    ])
    .unwrap()
}

fn settings(hidden: usize) -> Settings {
    Settings { epochs: Some(8), hidden: Some(vec![hidden]), ..Settings::default() }
}

/// The model and the report of a training on this number of threads.
fn trained(
    threads: usize,
    target: &str,
    options: &FitOptions,
    progress: &mut dyn Progress,
) -> Result<(Vec<u8>, FitReport), TabularError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let (table, never) = (table(), AtomicBool::new(false));
    let target = prepare_target(&mut table.schema().clone(), target, None).unwrap();
    let (model, report) = pool.install(|| fit(&table, &target, options, &mut Run::new(progress, &never)))?;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.safetensors");
    model.saved().save(&file).unwrap();
    Ok((std::fs::read(file).unwrap(), report))
}

fn searching() -> FitOptions {
    let search = IndexMap::from([("narrow".to_owned(), settings(4)), ("wide".to_owned(), settings(16))]);
    FitOptions { folds: Some(3), search, ..FitOptions::default() }
}

#[test]
fn folds_and_searches_have_the_same_bits_on_any_number_of_threads() {
    let folds = FitOptions { folds: Some(5), settings: settings(8), ..FitOptions::default() };
    let plain = FitOptions { folds: None, ..folds.clone() };
    // The width of intervals of numbers is fitted by folds of their own.
    for (target, options) in
        [("kind", &folds), ("kind", &searching()), ("length", &folds), ("length", &plain), ("kind", &plain)]
    {
        let (model, report) = trained(1, target, options, &mut ()).unwrap();
        for threads in [2, 3, 16] {
            let (other, measured) = trained(threads, target, options, &mut ()).unwrap();
            assert!(other == model, "{target} on {threads} threads");
            let text = |report: &FitReport| {
                serde_json::to_string(&FitReport { seconds: 0.0, ..report.clone() }).unwrap()
            };
            assert_eq!(text(&measured), text(&report));
        }
    }
}

/// The epochs of each stage by its number, and the largest number of stages that were unfinished at a time.
#[derive(Default)]
struct Seen {
    epochs: BTreeMap<usize, Vec<usize>>,
    running: Vec<usize>,
    most: usize,
    finished: usize,
}

impl Progress for Seen {
    fn on_stage(&mut self, stage: &Stage) {
        assert!(stage.finished == self.finished && stage.of == 7 && stage.epochs == 8);
        self.running.push(stage.number);
        self.most = self.most.max(self.running.len());
    }

    fn on_epoch(&mut self, stage: &Stage, progress: &EpochProgress) {
        assert!(self.running.contains(&stage.number));
        self.epochs.entry(stage.number).or_default().push(progress.epoch);
    }

    fn on_stage_end(&mut self, stage: &Stage) {
        self.running.retain(|&running| running != stage.number);
        self.finished += 1;
        assert_eq!(stage.finished, self.finished);
    }
}

#[test]
fn each_stage_reports_its_epochs_in_order() {
    for threads in [1, 2, 6] {
        let mut seen = Seen::default();
        trained(threads, "kind", &searching(), &mut seen).unwrap();
        assert_eq!(seen.epochs.len(), 7);
        assert!(seen.epochs.values().all(|epochs| epochs.iter().copied().eq(1..=8)));
        assert!(seen.running.is_empty() && seen.most <= threads, "{} on {threads}", seen.most);
    }
}

#[test]
fn the_error_is_that_of_the_first_stage_that_fails() {
    let mut options = searching();
    for settings in options.search.values_mut() {
        // The loss of a uGMM network stays finite whatever the rate.
        (settings.model, settings.learning_rate) = (Some(Architecture::Mlp), Some(1e30));
    }
    let expected = trained(1, "kind", &options, &mut ()).unwrap_err().to_string();
    assert!(expected.contains("epoch"), "{expected}");
    for threads in [2, 6] {
        assert_eq!(trained(threads, "kind", &options, &mut ()).unwrap_err().to_string(), expected);
    }
}

/// Interrupts the run after a while.
struct Interrupts<'a>(&'a AtomicBool, usize);

impl Progress for Interrupts<'_> {
    fn on_epoch(&mut self, _stage: &Stage, _progress: &EpochProgress) {
        self.1 += 1;
        if self.1 == 20 {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn an_interrupted_run_resumes_and_a_time_limit_is_shared() {
    let (whole, _) = trained(1, "kind", &searching(), &mut ()).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let (table, folder) = (table(), tempfile::tempdir().unwrap());
    let target = prepare_target(&mut table.schema().clone(), "kind", None).unwrap();
    let (checkpoint, file) = (folder.path().join("checkpoint"), folder.path().join("model.safetensors"));
    let mut rounds = 0;
    loop {
        rounds += 1;
        let interrupted = AtomicBool::new(false);
        let mut progress = Interrupts(&interrupted, 0);
        let mut run = Run {
            checkpoint: Some(checkpoint.clone()),
            checkpoint_interval: Duration::ZERO,
            resume: true,
            ..Run::new(&mut progress, &interrupted)
        };
        match pool.install(|| fit(&table, &target, &searching(), &mut run)) {
            Ok((model, _)) => {
                model.saved().save(&file).unwrap();
                break;
            }
            Err(error) => {
                let found = matches!(&error, TabularError::Interrupted { checkpoint: Some(found) } if *found == checkpoint);
                assert!(found, "{error}");
            }
        }
    }
    // Seven networks have 56 epochs.
    assert!(rounds > 2 && std::fs::read(&file).unwrap() == whole);

    let endless = FitOptions {
        settings: Settings { epochs: Some(10_000_000), ..settings(4) },
        folds: Some(4),
        ..FitOptions::default()
    };
    let (began, never) = (Instant::now(), AtomicBool::new(false));
    let mut nothing = ();
    let mut run = Run { time_limit: Some(Duration::from_millis(900)), ..Run::new(&mut nothing, &never) };
    let (_, report) = pool.install(|| fit(&table, &target, &endless, &mut run)).unwrap();
    assert!(report.skipped_epochs > 0 && began.elapsed() < Duration::from_secs(20));
}
