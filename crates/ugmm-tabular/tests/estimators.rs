//! Classifiers and regressors in a program: training, saving, loading, predictions.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tempfile::TempDir;
use ugmm_data::frame::ColumnData;
use ugmm_network::Settings;
use ugmm_network::model_file::{ModelParts, SavedModel};
use ugmm_tabular::network::ClassWeights;
use ugmm_tabular::target::prepare_target;
use ugmm_tabular::{Device, FitOptions, Run, Table, TabularError, UgmmClassifier, UgmmRegressor, fit};

fn texts(values: impl Iterator<Item = Option<&'static str>>) -> ColumnData {
    ColumnData::Text(values.map(|value| value.map(String::from)).collect())
}

/// A table whose class depends on the length except for its last digit, with missing values, a colour and the
/// class's number.
fn table(rows: usize, order: &[&str]) -> Table {
    let column = |name: &str| match name {
        "length" => ColumnData::Numbers(
            (0..rows)
                .map(|i| if i % 7 == 3 { f64::NAN } else { (i % 2 * 4) as f64 + (i % 5) as f64 * 0.2 })
                .collect(),
        ),
        "colour" => texts((0..rows).map(|i| {
            [Some("red"), if i % 7 == 3 { Some("red") } else { None }, Some("blue")][(i % 2 + i % 3) % 3]
        })),
        "code" => ColumnData::Numbers((0..rows).map(|i| (i % 2 * 10 + 5) as f64).collect()),
        "size" => {
            ColumnData::Numbers((0..rows).map(|i| (i % 2 * 4) as f64 + (i % 11) as f64 / 11.0).collect())
        }
        _ => texts((0..rows).map(|i| Some(["early", "late"][i % 2]))),
    };
    Table::from_columns(order.iter().map(|&name| (name.to_owned(), column(name))).collect()).unwrap()
}

fn options(epochs: usize) -> FitOptions {
    let settings = Settings { epochs: Some(epochs), ..Settings::default() };
    FitOptions { settings, ..FitOptions::default() }
}

#[test]
fn a_classifier_predicts_tables_with_other_columns_in_another_order() {
    let known = table(80, &["length", "colour", "season"]);
    let (classifier, report) = UgmmClassifier::fit(&known, "season", &options(60)).unwrap();
    assert_eq!((report.training_rows, report.validation_rows), (64, 16));
    assert_eq!(classifier.classes(), ["early", "late"]);
    let new = table(30, &["code", "colour", "length"]);
    let probabilities = classifier.predict_proba(&new).unwrap();
    assert!(probabilities.chunks(2).all(|row| (row[0] + row[1] - 1.0).abs() < 1e-5));
    let predicted = classifier.predict(&new).unwrap();
    let right = predicted.iter().enumerate().filter(|(row, class)| **class == ["early", "late"][row % 2]);
    assert!(right.count() >= 28, "{predicted:?}");

    let folder = TempDir::new().unwrap();
    let path = folder.path().join("m.safetensors");
    classifier.save(&path).unwrap();
    let loaded = UgmmClassifier::load(&path).unwrap();
    assert_eq!(loaded.predict_proba(&new).unwrap(), probabilities);
    let error = UgmmRegressor::load(&path).unwrap_err();
    assert_eq!(error.to_string(), "the model predicts classes, but numbers are needed");
    let error = classifier.predict(&table(5, &["length"])).unwrap_err().to_string();
    assert!(error.contains("it has no column \"colour\""), "{error}");
}

/// A numeric column can be predicted as classes and as a number.
#[test]
fn the_same_column_as_classes_and_as_numbers() {
    let known = table(60, &["length", "colour", "code"]);
    let (classifier, _) = UgmmClassifier::fit(&known, "code", &options(20)).unwrap();
    assert_eq!(classifier.classes(), ["5", "15"]);
    let (regressor, report) = UgmmRegressor::fit(&known, "code", &options(60)).unwrap();
    let predicted = regressor.predict(&known).unwrap();
    let wrong = predicted.iter().enumerate().filter(|(row, code)| (**code > 10.0) != (row % 2 == 1));
    assert!(wrong.count() <= 6, "{predicted:?}");
    assert!(report.history.iter().all(|epoch| epoch.validation_loss.is_some()));
    // The range has a margin of a tenth of the numbers' range on both sides.
    let (low, high) = regressor.predict_densities(&known).unwrap()[0].range();
    assert!((low - 4.0).abs() < 1e-9 && (high - 16.0).abs() < 1e-9, "{low} {high}");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("m.safetensors");
    regressor.save(&path).unwrap();
    assert_eq!(UgmmRegressor::load(&path).unwrap().predict(&known).unwrap(), predicted);
}

#[test]
fn what_cannot_be_learned_is_told() {
    let known = table(40, &["length", "colour", "season"]);
    let message = |target: &str, options: &FitOptions| {
        UgmmClassifier::fit(&known, target, options).unwrap_err().to_string()
    };
    assert_eq!(message("colr", &options(1)), "there is no target column \"colr\"; did you mean \"colour\"?");
    let weights = ClassWeights::ByLabel([("early".to_owned(), 2.0)].into_iter().collect());
    let uneven = FitOptions { class_weights: Some(weights), ..options(1) };
    assert_eq!(
        message("season", &uneven),
        "the class weights are for early, but the classes of \"season\" are early, late; give each its weight"
    );
    let much = FitOptions { validation: 1.5, ..options(1) };
    assert_eq!(message("season", &much), "validation is 1.5, but must be at least 0 and less than 1");
    let folds = FitOptions { folds: Some(41), ..options(1) };
    assert!(message("season", &folds).contains("cannot be divided into 41 folds"));
    let error = UgmmRegressor::fit(&known, "season", &options(1)).unwrap_err();
    assert!(matches!(error, TabularError::TargetIsNoNumber { .. }), "{error}");
    let error = UgmmRegressor::fit(&table(2, &["size", "code"]), "code", &options(1)).unwrap_err();
    assert!(matches!(error, TabularError::Data(_) | TabularError::Preprocess(_)), "{error}");
}

/// A checkpoint remains after training, because the program may be killed before the model is saved.
#[test]
fn a_checkpoint_stays_until_it_is_discarded() {
    let known = table(40, &["length", "colour", "season"]);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("checkpoint");
    let (interrupted, options) = (AtomicBool::new(false), options(3));
    let learn = |resume| {
        let mut run = Run {
            progress: &mut (),
            interrupted: &interrupted,
            device: Device::default(),
            time_limit: None,
            checkpoint: Some(path.clone()),
            checkpoint_interval: Duration::ZERO,
            resume,
        };
        let target = prepare_target(&mut known.schema().clone(), "season", None).unwrap();
        let history = fit(&known, &target, &options, &mut run).map_err(Box::new)?.1.history;
        if resume {
            run.discard_checkpoint().map_err(Box::new)?;
            run.discard_checkpoint().map_err(Box::new)?;
        }
        Ok::<_, Box<TabularError>>(history)
    };
    let history = learn(false).unwrap();
    assert!(path.exists());
    assert!(matches!(*learn(false).unwrap_err(), TabularError::UnfinishedRun { .. }));
    assert_eq!(learn(true).unwrap(), history);
    assert!(!path.exists());
}

/// The description of the table in a model file may be malicious.
#[test]
fn a_damaged_description_of_the_table_is_refused() {
    let known = table(40, &["length", "colour", "season"]);
    let (classifier, _) = UgmmClassifier::fit(&known, "season", &options(1)).unwrap();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("m.safetensors");
    let refused = |change: &dyn Fn(&mut ModelParts), expected: &str| {
        let mut parts = classifier.model().saved().clone().into_parts();
        change(&mut parts);
        SavedModel::new(parts).unwrap().save(&path).unwrap();
        let message = UgmmClassifier::load(&path).unwrap_err().to_string();
        assert!(message.contains(expected), "{message} does not say {expected}");
    };
    fn reading(parts: &mut ModelParts) -> &mut serde_json::Value {
        parts.columns.reading.as_mut().unwrap()
    }
    refused(&|parts| parts.columns.reading = None, "it has none");
    refused(&|parts| *reading(parts) = serde_json::json!([1, 2]), "cannot be used");
    refused(&|parts| reading(parts)["preprocessor"]["columns"] = serde_json::json!([]), "no columns");
    refused(&|parts| reading(parts)["target"]["classes"] = serde_json::json!(["a", "b"]), "not the model's");
    refused(&|parts| reading(parts)["novelty"]["means"] = serde_json::json!([]), "measure of novelty");
    refused(&|parts| parts.columns.features.reverse(), "do not make the model's features");
    assert!(Path::new(&path).exists());
}
