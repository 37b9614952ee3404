//! Importance and effects of columns: what is known about them for every model, and for models of known functions.

use rayon::ThreadPoolBuilder;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;
use ugmm_data::frame::ReadOptions;
use ugmm_network::random::{Stream, generator, normal, uniform};
use ugmm_network::{Architecture, Settings};
use ugmm_tabular::distribution::Measures;
use ugmm_tabular::network::{Importance, ImportanceOptions, Loss};
use ugmm_tabular::read::{ReadTarget, RowSample, TableReader};
use ugmm_tabular::{
    FitOptions, NetworkModel, Table, TableModel, TabularError, UgmmClassifier, UgmmRegressor,
};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn many(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap()
}

fn options(epochs: usize) -> FitOptions {
    let settings = Settings { epochs: Some(epochs), hidden: Some(vec![16]), ..Settings::default() };
    FitOptions { settings, ..FitOptions::default() }
}

fn table(text: &str) -> (TempDir, Table) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    let table = Table::read(&path, &ReadOptions::default()).unwrap();
    (folder, table)
}

/// The rows of a table in a folder, with their targets.
fn rows(model: &NetworkModel, folder: &TempDir, text: &str) -> Vec<f64> {
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, text).unwrap();
    let mut reader = TableReader::open(&path, model, ReadTarget::Yes, &[], &ReadOptions::default()).unwrap();
    RowSample::read(&mut reader, many(100_000), 0, &GO_ON).unwrap().values
}

/// A table whose class depends on `a`, which is a number with missing values, and on `kind`, and not on `noise` and
/// `day`; `same` is constant in the last half of the rows.
fn classes(seed: u64, count: usize) -> String {
    let mut rng = generator(seed, Stream::Sampling);
    let mut text = "a,kind,noise,day,same,y\n".to_owned();
    for row in 0..count {
        let (a, noise, day) = (normal(&mut rng), normal(&mut rng), (uniform(&mut rng) * 28.0) as u32 + 1);
        let kind = ["red", "green", "blue"][(uniform(&mut rng) * 3.0) as usize];
        let score = 3.0 * a + if kind == "red" { 2.0 } else { -1.0 } + 0.5 * normal(&mut rng);
        let a = if row % 9 == 4 { String::new() } else { a.to_string() };
        let same = if row < count / 2 { row % 7 } else { 3 };
        text += &format!(
            "{a},{kind},{noise},2024-03-{day:02},{same},{}\n",
            if score > 0.0 { "yes" } else { "no" }
        );
    }
    text
}

fn classifier(text: &str) -> (TempDir, NetworkModel) {
    let (folder, table) = table(text);
    let model = UgmmClassifier::fit(&table, "y", &options(60)).unwrap().0.model().clone();
    (folder, model)
}

fn of<'i>(importance: &'i Importance, column: &str) -> &'i ugmm_tabular::network::ColumnImportance {
    importance.columns.iter().find(|one| one.column == column).unwrap()
}

#[test]
fn permutation_shows_what_a_classifier_uses() {
    let (folder, model) = classifier(&classes(1, 400));
    let held_out = rows(&model, &folder, &classes(2, 600));
    let how = ImportanceOptions { repetitions: many(8), seed: 3 };
    let found = model.importance(&held_out, how, &GO_ON).unwrap();
    assert_eq!((found.rows, found.loss, found.repetitions), (600, Loss::LogLoss, 8));
    let names: Vec<&str> = found.columns.iter().map(|column| column.column.as_str()).collect();
    assert_eq!(names, ["a", "kind", "noise", "day", "same"], "a date and a category are one column each");
    // The baseline is the log-loss that is measured elsewhere.
    let right: Vec<f64> = held_out.chunks(6).map(|row| row[5]).collect();
    let measured = Measures::of_predictions(&model.predict(&held_out).unwrap(), &right, None);
    assert!((measured.loss() - found.baseline).abs() < 1e-9, "{measured:?} {}", found.baseline);
    for column in ["a", "kind"] {
        let one = of(&found, column);
        assert!(one.mean > 0.2 && one.mean > 10.0 * one.sd.unwrap(), "{one:?}");
    }
    for column in ["noise", "day", "same"] {
        let one = of(&found, column);
        // The network is not independent of a column of noise, but nearly.
        assert!(one.mean.abs() < 0.1 * of(&found, "kind").mean, "{one:?}");
    }
    for one in &found.columns {
        let mean = one.rises.iter().sum::<f64>() / 8.0;
        let squares: f64 = one.rises.iter().map(|rise| (rise - mean).powi(2)).sum();
        assert!((mean - one.mean).abs() < 1e-12 && ((squares / 7.0).sqrt() - one.sd.unwrap()).abs() < 1e-12);
    }
    let contributions = model.mean_contributions(&held_out, &GO_ON).unwrap();
    assert!(
        contributions[0] > 3.0 * contributions[2] && contributions[1] > contributions[2],
        "{contributions:?}"
    );

    // The same seed gives the same bits on any number of threads, another seed other ones.
    let on = |threads: usize, seed: u64| {
        let how = ImportanceOptions { seed, ..how };
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let effects: Vec<_> =
                (0..5).map(|column| model.effect(&held_out, column, many(7), &GO_ON).unwrap()).collect();
            let importance = model.importance(&held_out, how, &GO_ON).unwrap();
            (importance, model.mean_contributions(&held_out, &GO_ON).unwrap(), format!("{effects:?}"))
        })
    };
    let one = on(1, 3);
    assert_eq!((&one.0, &one.1), (&found, &contributions));
    assert_eq!(one, on(2, 3));
    assert_eq!(one, on(5, 3));
    assert_ne!(on(2, 4).0.columns[0].rises, found.columns[0].rises);
    assert_eq!(on(2, 4).0.columns[0].rises.len(), 8);
}

/// Values that all rows share, or that no row has, can be permuted without any change.
#[test]
fn a_column_without_differences_has_no_importance() {
    let (folder, model) = classifier(&classes(1, 200));
    let text = classes(4, 60);
    let constant: String = text
        .lines()
        .map(|line| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if cells[0] != "a" {
                (cells[2], cells[3]) = ("0.25", "");
            }
            cells.join(",") + "\n"
        })
        .collect();
    let constant = rows(&model, &folder, &constant);
    let found = model.importance(&constant, ImportanceOptions::default(), &GO_ON).unwrap();
    for column in ["noise", "day"] {
        assert!(of(&found, column).rises.iter().all(|rise| *rise == 0.0), "{:?}", of(&found, column));
    }
    let effect = model.effect(&constant, 2, many(20), &GO_ON).unwrap();
    assert_eq!((effect.points.len(), effect.points[0].rows), (1, 60));
    assert_eq!((effect.points[0].value, &effect.points[0].effect), (0.25, &vec![0.0, 0.0]));
    let message = model.effect(&constant, 3, many(20), &GO_ON).unwrap_err().to_string();
    assert_eq!(message, "no row has a value in the column \"day\", so that its effect cannot be measured");
}

#[test]
fn rows_that_cannot_be_measured_are_left_out() {
    let (folder, model) = classifier(&classes(1, 200));
    let text = classes(5, 40);
    let known = rows(&model, &folder, &text);
    let mut more = known.clone();
    // A row without a target, and one without anything but a target.
    more.extend_from_slice(&[&known[..5], &[f64::NAN]].concat());
    more.extend_from_slice(&[f64::NAN, f64::NAN, f64::NAN, f64::NAN, f64::NAN, 1.0]);
    let how = ImportanceOptions::default();
    let expected = model.importance(&known, how, &GO_ON).unwrap();
    assert_eq!(model.importance(&more, how, &GO_ON).unwrap(), expected);
    for rows in [&known[..6], &[]] {
        let error = model.importance(rows, how, &GO_ON).unwrap_err();
        assert!(matches!(error, TabularError::TooFewToPermute { rows, .. } if rows < 2), "{error}");
    }
    let message = model.importance(&known[..6], how, &GO_ON).unwrap_err().to_string();
    assert_eq!(
        message,
        "the values of a column are permuted among two rows or more, but only 1 row has a value of \"y\" and of another column"
    );
    let message = model.effect(&known, 5, many(3), &GO_ON).unwrap_err().to_string();
    assert!(message.starts_with("\"y\" is the column that the model predicts; "), "{message}");
    assert!(model.effect(&[], 0, many(3), &GO_ON).is_err());
    let stopped = AtomicBool::new(true);
    for error in [
        model.importance(&known, how, &stopped).unwrap_err(),
        model.mean_contributions(&known, &stopped).unwrap_err(),
        model.effect(&known, 0, many(3), &stopped).unwrap_err(),
    ] {
        assert!(matches!(error, TabularError::Interrupted { checkpoint: None }), "{error}");
    }
    // A row that would lose its only value keeps it.
    let sparse = "a,kind,noise,day,same,y\n,red,,,,yes\n1,,,,,no\n-1,,,,,yes\n,blue,,,,no\n,green,,,,no\n";
    let sparse = rows(&model, &folder, sparse);
    let found = model.importance(&sparse, how, &GO_ON).unwrap();
    assert!(found.rows == 5 && found.columns.iter().all(|one| one.mean.is_finite()), "{found:?}");
    let effect = model.effect(&sparse, 0, many(3), &GO_ON).unwrap();
    assert!(effect.missing.is_none() && effect.points.len() == 2, "{effect:?}");
}

/// The effects of levels are those of predictions with the level in every row, and unseen and rare levels share one.
#[test]
fn effects_of_levels_are_mean_predictions() {
    let (folder, model) = classifier(&classes(1, 400));
    let text = classes(6, 120) + "0.3,violet,0.1,2024-03-05,2,yes\n0.4,,0.1,2024-03-05,2,yes\n";
    let rows = rows(&model, &folder, &text);
    let effect = model.effect(&rows, 1, many(20), &GO_ON).unwrap();
    let column = &model.columns()[1];
    let mean_with = |value: f64| {
        let mut changed = rows.clone();
        changed.chunks_mut(6).for_each(|row| row[1] = value);
        let logs = model.log_probabilities(&model.features(&changed)).unwrap();
        logs.chunks(2).map(|row| f64::from(row[1]).exp()).sum::<f64>() / (rows.len() / 6) as f64
    };
    let counted: usize = effect.points.iter().map(|point| point.rows).sum();
    let missing = effect.missing.as_ref().unwrap();
    // The unseen level has the state of rare levels if there is one, and is missing otherwise.
    let other = column.other().is_some();
    assert_eq!((counted, missing.rows), if other { (121, 1) } else { (120, 2) });
    let average: f64 =
        effect.points.iter().map(|point| point.rows as f64 * mean_with(point.value)).sum::<f64>()
            / counted as f64;
    for point in &effect.points {
        assert!((point.effect[1] - (mean_with(point.value) - average)).abs() < 1e-9, "{point:?}");
        assert!((point.effect[0] + point.effect[1]).abs() < 1e-6, "{point:?}");
    }
    // A missing value counts as one more level.
    assert!((missing.effect[1] - (mean_with(f64::NAN) - average)).abs() < 1e-9, "{missing:?}");
    let red = effect.points.iter().find(|point| column.text(point.value) == "red").unwrap();
    assert!(red.effect[1] > 0.1, "{effect:?}");
}

/// A regressor of a sum of a line, a square and a step has effects that are these terms, in the target's units.
#[test]
fn a_sum_of_terms_is_recovered_from_a_regressor() {
    let sum = |seed: u64, count: usize| {
        let mut rng = generator(seed, Stream::Sampling);
        let mut text = "line,square,step,noise,y\n".to_owned();
        for _ in 0..count {
            let [a, b, c] = [0; 3].map(|_| 2.0 * uniform(&mut rng) - 1.0);
            let step = uniform(&mut rng) < 0.4;
            let y = 500.0 + 40.0 * a + 30.0 * b * b + if step { 25.0 } else { 0.0 } + normal(&mut rng);
            text += &format!("{a},{b},{step},{c},{y}\n");
        }
        text
    };
    let (folder, table) = table(&sum(1, 1200));
    let settings = Settings { epochs: Some(100), hidden: Some(vec![48]), ..Settings::default() };
    let options = FitOptions { settings, ..FitOptions::default() };
    let model = UgmmRegressor::fit(&table, "y", &options).unwrap().0.model().clone();
    let rows = rows(&model, &folder, &sum(2, 200));
    let effect = |column: usize| model.effect(&rows, column, many(8), &GO_ON).unwrap();
    let centred = |column: usize, term: &dyn Fn(f64) -> f64| {
        let values = rows.chunks(5).map(|row| term(row[column]));
        let mean = values.sum::<f64>() / 200.0;
        move |value: f64| value - mean
    };
    let line = |x: f64| 40.0 * x;
    let square = |x: f64| 30.0 * x * x;
    let step = |x: f64| 25.0 * x;
    let none = |_: f64| 0.0;
    let terms: [(&dyn Fn(f64) -> f64, f64); 4] = [(&line, 6.0), (&square, 6.0), (&step, 4.0), (&none, 4.0)];
    for (column, (term, tolerance)) in terms.into_iter().enumerate() {
        let centred = centred(column, term);
        for point in effect(column).points {
            let expected = centred(term(point.value));
            assert!((point.effect[0] - expected).abs() < tolerance, "{column}: {point:?}, {expected}");
        }
    }
    let mean = effect(0).mean_prediction[0];
    assert!((mean - 520.0).abs() < 6.0, "{mean}");
    let found = model.importance(&rows, ImportanceOptions { repetitions: many(2), seed: 0 }, &GO_ON).unwrap();
    assert_eq!(found.loss, Loss::Crps);
    let rises: Vec<f64> = found.columns.iter().map(|one| one.mean).collect();
    // 40·x has twice the spread of the step, and three times that of 30·x².
    assert!(rises[0] > rises[2] && rises[2] > 0.5 && rises[1] > 0.5, "{rises:?}");
    assert!(rises[3].abs() < 0.3, "{rises:?}");
}

/// Other neurons have importance and effects, too, but no contributions.
#[test]
fn a_feed_forward_network_has_importance() {
    let text: String = classes(1, 200)
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},{},{}\n", cells[1], cells[2], cells[5])
        })
        .collect();
    let (folder, table) = table(&text);
    let settings = Settings { model: Some(Architecture::Mlp), epochs: Some(40), ..Settings::default() };
    let options = FitOptions { settings, ..FitOptions::default() };
    let model = UgmmClassifier::fit(&table, "y", &options).unwrap().0.model().clone();
    let rows = rows(&model, &folder, &text);
    let found = model.importance(&rows, ImportanceOptions::default(), &GO_ON).unwrap();
    assert!(found.columns[0].mean > 0.02, "{found:?}");
    assert_eq!(model.effect(&rows, 0, many(9), &GO_ON).unwrap().points.len(), 3);
    assert!(model.mean_contributions(&rows, &GO_ON).is_err());
}
