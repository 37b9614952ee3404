//! Conformal prediction: sets and intervals hold the true value of a new row as often as guaranteed.

use std::path::Path;
use tempfile::TempDir;
use ugmm_data::frame::ColumnData;
use ugmm_network::pruning::{Criterion, Keep};
use ugmm_network::{Architecture, Settings};
use ugmm_tabular::network::ClassWeights;
use ugmm_tabular::{
    FitOptions, NetworkModel, Table, TableModel, TabularError, UgmmClassifier, UgmmRegressor, load,
};

/// Number of trainings of each simulation.
const REPETITIONS: u64 = 200;

/// Random numbers in (0, 1), by SplitMix64.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64 + 1e-17
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// A small network that is trained for too short a time, so that its own probabilities are not right.
fn options(share: f64, seed: u64) -> FitOptions {
    let settings = Settings {
        model: Some(Architecture::Ugmm),
        hidden: Some(vec![4]),
        epochs: Some(4),
        ..Settings::default()
    };
    FitOptions { settings, conformal: true, validation: share, seed, ..FitOptions::default() }
}

/// 75 % of the rows are of class a, 20 % of b, 5 % of c, which overlap.
fn classes(rows: usize, random: &mut Random) -> (Table, Vec<usize>) {
    let (mut x, mut y, mut right) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let at = random.uniform();
        let class = if at < 0.75 { 0 } else { 1 + usize::from(at > 0.95) };
        x.push(random.normal() + [0.0, 1.5, 3.0][class]);
        y.push(random.normal() - [0.0, 1.0, -1.0][class]);
        right.push(class);
    }
    let names = right.iter().map(|&class| Some(["a", "b", "c"][class].to_owned())).collect();
    let columns =
        [("x", ColumnData::Numbers(x)), ("y", ColumnData::Numbers(y)), ("class", ColumnData::Text(names))];
    (Table::from_columns(columns.map(|(name, data)| (name.to_owned(), data)).to_vec()).unwrap(), right)
}

/// Means over repetitions with a standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (variance / count).sqrt())
}

#[test]
fn sets_hold_the_class_of_new_rows_as_often_as_guaranteed() {
    for (rows, share, level) in [(200, 0.3, 0.9), (400, 0.5, 0.8)] {
        let (mut all, mut by_category, mut sizes) = (Vec::new(), [vec![], vec![]], Vec::new());
        for seed in 0..REPETITIONS {
            let random = &mut Random(seed);
            let (table, _) = classes(rows, random);
            let (classifier, report) = UgmmClassifier::fit(&table, "class", &options(share, seed)).unwrap();
            let found = report.conformal.unwrap();
            assert_eq!(found.rows, report.validation_rows);
            let (new, right) = classes(400, random);
            let sets = classifier.predict_sets(&new, level).unwrap();
            let categories = classifier.model().conformal().unwrap().categories().to_vec();
            let mut held = [[0.0; 2]; 2];
            for (set, &class) in sets.chunks(3).zip(&right) {
                let counts = &mut held[categories[class].min(1)];
                counts[0] += f64::from(u8::from(set[class]));
                counts[1] += 1.0;
            }
            all.push((held[0][0] + held[1][0]) / 400.0);
            for (rates, [held, count]) in by_category.iter_mut().zip(held) {
                rates.extend((count > 0.0).then_some(held / count));
            }
            sizes.push(sets.iter().filter(|is_member| **is_member).count() as f64 / 400.0);
        }
        let (rate, error) = mean(&all);
        assert!(rate > level - 3.0 * error && rate < level + 0.05, "{rate} ± {error}");
        assert!(mean(&sizes).0 < 2.5, "{sizes:?}");
        // The guarantee holds for the rare classes as well.
        for rates in by_category.iter().filter(|rates| rates.len() > 1) {
            let (rate, error) = mean(rates);
            assert!(rate > level - 3.0 * error, "{rate} ± {error}");
        }
        assert_eq!(by_category[1].len() > 1, rows == 400);
    }
}

/// Numbers whose spread grows, with one in fifty far away.
fn numbers(rows: usize, random: &mut Random) -> (Table, Vec<f64>) {
    let x: Vec<f64> = (0..rows).map(|_| 4.0 * random.uniform()).collect();
    let number = |x: &f64| {
        let far = if random.uniform() < 0.02 { 30.0 } else { 0.0 };
        x * x + (0.2 + x) * random.normal() + far
    };
    let y: Vec<f64> = x.iter().map(number).collect();
    let columns = [("x", ColumnData::Numbers(x)), ("y", ColumnData::Numbers(y.clone()))];
    (Table::from_columns(columns.map(|(name, data)| (name.to_owned(), data)).to_vec()).unwrap(), y)
}

#[test]
fn intervals_hold_new_numbers_as_often_as_guaranteed() {
    for (rows, share, level) in [(120, 0.25, 0.9), (80, 0.5, 0.5)] {
        let mut rates = Vec::new();
        for seed in 0..REPETITIONS {
            let random = &mut Random(seed);
            let (table, _) = numbers(rows, random);
            let (regressor, report) = UgmmRegressor::fit(&table, "y", &options(share, seed)).unwrap();
            assert_eq!(report.conformal.unwrap().rows, report.validation_rows);
            let (new, right) = numbers(300, random);
            let intervals = match regressor.predict_intervals(&new, level) {
                Ok(intervals) => intervals,
                // More calibration rows than the level allows have a number that the network holds impossible.
                Err(TabularError::Level { .. }) => {
                    rates.push(1.0);
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            let held = intervals.iter().zip(&right).filter(|((low, high), y)| (low..=high).contains(y));
            rates.push(held.count() as f64 / 300.0);
        }
        let (rate, error) = mean(&rates);
        // The ranks of n scores are (n + 1) × level, rounded up.
        let rows = (rows as f64 * share).round();
        let expected = (level * (rows + 1.0)).ceil() / (rows + 1.0);
        assert!(rate > level - 3.0 * error && rate < expected + 0.02, "{rate} ± {error}, {expected}");
    }
}

/// A row's calibration does not depend on where it is in the table: all first visits stand before all second ones, and only
/// these are hard to predict.
#[test]
fn a_group_is_calibrated_by_any_of_its_rows() {
    let level = 0.9;
    let mut rates = Vec::new();
    for seed in 0..REPETITIONS {
        let random = &mut Random(seed);
        let table = |patients: usize, random: &mut Random| {
            let (mut x, mut y) = (Vec::new(), Vec::new());
            for visit in 0..2 {
                for _ in 0..patients {
                    x.push(random.uniform());
                    y.push(x[x.len() - 1] + if visit == 0 { 0.02 } else { 1.0 } * random.normal());
                }
            }
            let names = (0..2 * patients).map(|row| Some(format!("p{}", row % patients))).collect();
            let columns = [
                ("patient", ColumnData::Text(names)),
                ("x", ColumnData::Numbers(x)),
                ("y", ColumnData::Numbers(y.clone())),
            ];
            (Table::from_columns(columns.map(|(name, data)| (name.to_owned(), data)).to_vec()).unwrap(), y)
        };
        let (learned, _) = table(90, random);
        let learned = learned.grouped_by("patient").unwrap();
        let (regressor, report) = UgmmRegressor::fit(&learned, "y", &options(0.2, seed)).unwrap();
        assert_eq!(report.conformal.unwrap().rows, 18);
        let (new, right) = table(100, random);
        let intervals = regressor.predict_intervals(&new, level);
        let Ok(intervals) = intervals else { continue };
        let held = intervals.iter().zip(&right).filter(|((low, high), y)| (low..=high).contains(y));
        rates.push(held.count() as f64 / 200.0);
    }
    let (rate, error) = mean(&rates);
    assert!(rates.len() > 150 && rate > level - 3.0 * error && rate < 0.97, "{rate} ± {error}");
}

/// Whole numbers of few kinds of rows: many scores are equal, and the ends of intervals are numbers that occur.
#[test]
fn ties_and_whole_numbers_are_held_as_well() {
    let level = 0.75;
    let mut rates = Vec::new();
    for seed in 0..REPETITIONS {
        let random = &mut Random(seed);
        let table = |rows: usize, random: &mut Random| {
            let kinds: Vec<bool> = (0..rows).map(|_| random.uniform() < 0.5).collect();
            let number = |kind: &bool| {
                let share = if *kind { 0.7 } else { 0.3 };
                (0..6).map(|_| f64::from(u8::from(random.uniform() < share))).sum()
            };
            let y: Vec<f64> = kinds.iter().map(number).collect();
            let names = kinds.iter().map(|kind| Some(if *kind { "u" } else { "v" }.to_owned())).collect();
            let columns = [("kind", ColumnData::Text(names)), ("y", ColumnData::Numbers(y.clone()))];
            (Table::from_columns(columns.map(|(name, data)| (name.to_owned(), data)).to_vec()).unwrap(), y)
        };
        let (learned, _) = table(90, random);
        let (regressor, _) = UgmmRegressor::fit(&learned, "y", &options(0.3, seed)).unwrap();
        let (new, right) = table(300, random);
        let intervals = regressor.predict_intervals(&new, level).unwrap();
        let held = intervals.iter().zip(&right).filter(|((low, high), y)| (low..=high).contains(y));
        rates.push(held.count() as f64 / 300.0);
    }
    let (rate, error) = mean(&rates);
    assert!(rate > level - 3.0 * error, "{rate} ± {error}");
}

#[test]
fn class_weights_are_those_of_the_training_rows() {
    let (table, right) = classes(300, &mut Random(5));
    let balanced = FitOptions { class_weights: Some(ClassWeights::Balanced), ..options(0.4, 2) };
    let (classifier, report) = UgmmClassifier::fit(&table, "class", &balanced).unwrap();
    let found = classifier.model().saved().class_weights().unwrap().to_vec();
    // Inverse shares of 180 training rows: the weight of a class times its rows is a third of them.
    assert_eq!(report.training_rows, 180);
    for (class, weight) in found.iter().enumerate() {
        let rows = 180.0 / 3.0 / weight;
        let all = right.iter().filter(|&&other| other == class).count() as f64;
        assert!((rows - rows.round()).abs() < 1e-6 && rows < all, "{rows} {all}");
    }
}

/// Rows of patients, whose class is the patient's in nine of ten rows; one patient in eight has half of the rows.
fn patients(patients: usize, random: &mut Random) -> (Vec<usize>, Vec<f64>, Vec<usize>) {
    let (mut groups, mut x, mut right) = (Vec::new(), Vec::new(), Vec::new());
    for patient in 0..patients {
        let own = random.normal();
        let usual = usize::from(own + random.normal() > 0.7);
        for _ in 0..if patient % 8 == 0 { 14 } else { 2 } {
            groups.push(patient);
            x.push(own + 0.2 * random.normal());
            right.push(if random.uniform() < 0.9 { usual } else { 1 - usual });
        }
    }
    (groups, x, right)
}

#[test]
fn with_groups_the_guarantee_is_for_a_random_row_of_a_new_group() {
    let level = 0.9;
    let mut rates = Vec::new();
    for seed in 0..REPETITIONS {
        let random = &mut Random(seed);
        let table = |(groups, x, right): &(Vec<usize>, Vec<f64>, Vec<usize>)| {
            let texts = |values: &[usize]| {
                ColumnData::Text(values.iter().map(|value| Some(format!("v{value}"))).collect())
            };
            let columns =
                [("patient", texts(groups)), ("x", ColumnData::Numbers(x.clone())), ("class", texts(right))];
            Table::from_columns(columns.map(|(name, data)| (name.to_owned(), data)).to_vec()).unwrap()
        };
        let learned = table(&patients(80, random)).grouped_by("patient").unwrap();
        let (classifier, report) = UgmmClassifier::fit(&learned, "class", &options(0.4, seed)).unwrap();
        let found = report.conformal.unwrap();
        // One row of each held-out patient.
        assert!(found.by_group && found.rows == 32 && report.validation_rows > 32, "{found:?}");
        let new = patients(200, random);
        let sets = classifier.predict_sets(&table(&new), level).unwrap();
        let mut of_patients = vec![(0.0, 0.0); 200];
        for ((set, &class), &patient) in sets.chunks(2).zip(&new.2).zip(&new.0) {
            of_patients[patient].0 += f64::from(u8::from(set[class]));
            of_patients[patient].1 += 1.0;
        }
        rates.push(of_patients.iter().map(|(held, count)| held / count).sum::<f64>() / 200.0);
    }
    let (rate, error) = mean(&rates);
    assert!(rate > level - 3.0 * error && rate < level + 0.06, "{rate} ± {error}");
}

#[test]
fn scores_are_saved_and_leave_with_pruning() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("m.safetensors");
    let (table, right) = classes(300, &mut Random(7));
    let options = FitOptions { folds: Some(3), ..options(0.3, 1) };
    let (classifier, report) = UgmmClassifier::fit(&table, "class", &options).unwrap();
    // The folds are folds of the other rows.
    assert_eq!((report.validation_rows, report.training_rows), (90, 210));
    assert_eq!(report.cross_validation.as_ref().map(|measured| measured.metrics.rows()), Some(210));
    classifier.save(&path).unwrap();
    let loaded = load(&path, &ugmm_tabular::Device::default()).unwrap();
    assert_eq!(loaded.conformal(), classifier.model().conformal());
    let sets = UgmmClassifier::load(&path).unwrap().predict_sets(&table, 0.9).unwrap();
    assert_eq!(sets, classifier.predict_sets(&table, 0.9).unwrap());
    // At any level the predicted class is in its set, and sets grow with the level.
    let mut before = vec![false; sets.len()];
    for level in [0.01, 0.5, 0.9, 0.99, 0.999_999] {
        let sets = classifier.predict_sets(&table, level).unwrap();
        let predicted = classifier.predict(&table).unwrap();
        for (set, predicted) in sets.chunks(3).zip(predicted) {
            assert!(set[classifier.classes().iter().position(|class| class == predicted).unwrap()]);
        }
        assert!(before.iter().zip(&sets).all(|(before, after)| before <= after));
        before = sets;
    }
    // Calibration rows are too few for the last level.
    assert!(before.iter().all(|is_member| *is_member) && right.contains(&2));

    let model = NetworkModel::load(&path).unwrap();
    let rows: Vec<usize> = (0..table.rows()).collect();
    let inputs = model.preprocessor().transform(&table, &rows).unwrap();
    let pruner = model.pruner(&inputs, Criterion::Weight, None).unwrap();
    let (pruned, _) = model.pruned(&pruner, Keep::Share(0.5)).unwrap();
    pruned.save(&path).unwrap();
    assert!(pruned.conformal().is_none() && NetworkModel::load(&path).unwrap().conformal().is_none());
}

#[test]
fn rows_without_a_guarantee_are_refused() {
    let (table, _) = classes(100, &mut Random(3));
    let fit = |table: &Table, options: &FitOptions| UgmmClassifier::fit(table, "class", options).map(|_| ());
    let weights: Vec<f64> = (0..100).map(|row| 1.0 + f64::from(row % 3)).collect();
    let error = fit(&table.clone().weighted(&weights).unwrap(), &options(0.3, 0)).unwrap_err();
    assert!(error.to_string().contains("rows with weights are not"), "{error}");
    let ordered = table.clone().ordered_by("x", Path::new("t.csv")).unwrap();
    let error = fit(&ordered, &options(0.3, 0)).unwrap_err();
    assert!(error.to_string().contains("rows that follow one another in time are not"), "{error}");
    let error = fit(&table, &options(0.0, 0)).unwrap_err();
    assert!(error.to_string().contains("for conformal prediction"), "{error}");
    let plain = FitOptions { conformal: false, ..options(0.3, 0) };
    let (classifier, _) = UgmmClassifier::fit(&table, "class", &plain).unwrap();
    assert!(matches!(classifier.predict_sets(&table, 0.9), Err(TabularError::NoCalibration)));
}
