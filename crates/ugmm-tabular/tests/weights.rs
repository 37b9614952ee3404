//! Row weights in the training of networks and densities on tables.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;
use ugmm_data::frame::{ColumnData, Kind};
use ugmm_network::{Architecture, Settings};
use ugmm_tabular::density::DensityStructure;
use ugmm_tabular::network::{Baseline, ClassWeights};
use ugmm_tabular::target::prepare_target;
use ugmm_tabular::{
    DensityModel, DensityOptions, DensityReport, FitOptions, FitReport, Run, Table, TabularError,
    UgmmClassifier, UgmmRegressor, fit, fit_density,
};

const ROWS: usize = 120;

fn noise(at: usize) -> f64 {
    ((at * at + 13 * at) as f64 * 0.618).sin()
}

/// A table of the given rows, whose class and number depend on a length and a colour.
fn table(rows: &[usize]) -> Table {
    let number = |of: fn(usize) -> f64| ColumnData::Numbers(rows.iter().map(|&row| of(row)).collect());
    let text = |of: fn(usize) -> Option<&'static str>| {
        ColumnData::Text(rows.iter().map(|&row| of(row).map(str::to_owned)).collect())
    };
    Table::from_columns(vec![
        ("length".into(), number(|row| if row % 9 == 4 { f64::NAN } else { noise(row) })),
        ("colour".into(), text(|row| [Some("red"), Some("blue"), None][row % 3])),
        ("kind".into(), text(|row| Some(if noise(row) + 0.3 * noise(row + 7) > 0.0 { "a" } else { "b" }))),
        ("price".into(), number(|row| 3.0 * noise(row) + (row % 3) as f64 + 0.1 * noise(row + 31))),
    ])
    .unwrap()
}

fn without(table: &Table, name: &str) -> Table {
    let column = |column: &ugmm_data::frame::Column| {
        let texts = table.labels(&column.name).unwrap();
        let data = match column.kind {
            Kind::Numeric { .. } => ColumnData::Numbers(
                texts
                    .iter()
                    .map(|text| text.as_ref().map_or(f64::NAN, |text| text.parse().unwrap()))
                    .collect(),
            ),
            _ => ColumnData::Text(texts),
        };
        (column.name.clone(), data)
    };
    let columns = table.schema().columns.iter().filter(|one| one.name != name).map(column).collect();
    Table::from_columns(columns).unwrap()
}

fn weights() -> Vec<f64> {
    (0..ROWS).map(|row| [1.0, 0.0, 3.0, 2.0, 1.0][row % 5]).collect()
}

fn all() -> Vec<usize> {
    (0..ROWS).collect()
}

fn options() -> FitOptions {
    let settings = Settings { epochs: Some(12), hidden: Some(vec![8]), ..Settings::default() };
    FitOptions { settings, ..FitOptions::default() }
}

fn classifier(table: &Table, options: &FitOptions) -> (Vec<f32>, FitReport) {
    let (model, report) =
        UgmmClassifier::fit(&without(table, "price").reweighted(table), "kind", options).unwrap();
    (model.predict_proba(&complete(&without(&self::table(&all()), "price"))).unwrap(), report)
}

fn regressor(table: &Table, options: &FitOptions) -> (Vec<f64>, FitReport) {
    let (model, report) =
        UgmmRegressor::fit(&without(table, "kind").reweighted(table), "price", options).unwrap();
    (model.predict(&without(&self::table(&all()), "kind")).unwrap(), report)
}

trait Reweighted {
    fn reweighted(self, like: &Table) -> Table;
}

impl Reweighted for Table {
    /// The table with the weights of another one.
    fn reweighted(self, like: &Table) -> Table {
        match like.weights() {
            Some(weights) => self.weighted(weights).unwrap(),
            None => self,
        }
    }
}

fn density(table: &Table, options: &DensityOptions) -> (DensityModel, DensityReport) {
    let interrupted = AtomicBool::new(false);
    fit_density(table, None, options, &mut Run::new(&mut (), &interrupted)).unwrap()
}

#[test]
fn only_ratios_of_weights_matter_and_rows_of_weight_0_are_left_out() {
    let weighted = |weights: &[f64]| table(&all()).weighted(weights).unwrap();
    let kept: Vec<usize> = all().into_iter().filter(|&row| weights()[row] > 0.0).collect();
    let of_kept: Vec<f64> = kept.iter().map(|&row| weights()[row]).collect();
    let scaled: Vec<f64> = weights().iter().map(|weight| 512.0 * weight).collect();
    let plain = table(&all());
    let (ones, own) = (weighted(&[7.0; ROWS]), weighted(&weights()));
    let same = [weighted(&scaled), table(&kept).weighted(&of_kept).unwrap()];
    let of_settings = |settings: Settings| FitOptions { settings, ..options() };
    let settings = || options().settings;
    for options in [
        FitOptions { folds: Some(3), ..options() },
        FitOptions { class_weights: Some(ClassWeights::Balanced), ..options() },
        of_settings(Settings { patience: Some(2), ..settings() }),
        of_settings(Settings { model: Some(Architecture::Mlp), batch_norm: Some(true), ..settings() }),
    ] {
        let is_mlp = options.settings.model.is_some();
        let fill = |table: &Table| if is_mlp { complete(table) } else { table.clone() };
        let found = classifier(&fill(&own), &options).0;
        assert_eq!(classifier(&fill(&ones), &options).0, classifier(&fill(&plain), &options).0);
        assert_ne!(found, classifier(&fill(&plain), &options).0);
        same.iter().for_each(|table| assert_eq!(classifier(&fill(table), &options).0, found));
    }
    for folds in [None, Some(3)] {
        let options = FitOptions { folds, ..options() };
        let found = regressor(&own, &options).0;
        assert_eq!(regressor(&ones, &options).0, regressor(&plain, &options).0);
        assert_ne!(found, regressor(&plain, &options).0);
        same.iter().for_each(|table| assert_eq!(regressor(table, &options).0, found));
    }
    for structure in [DensityStructure::Auto, DensityStructure::ChowLiu] {
        let options = DensityOptions { structure, epochs: Some(4), ..DensityOptions::default() };
        let circuit = |table: &Table| density(table, &options).0.circuit().clone();
        let found = circuit(&own);
        assert_eq!(circuit(&ones), circuit(&plain));
        assert_ne!(found, circuit(&plain));
        same.iter().for_each(|table| assert_eq!(circuit(table), found));
    }
}

/// A table without missing values.
fn complete(table: &Table) -> Table {
    let column = |column: &ugmm_data::frame::Column| {
        let texts = table.labels(&column.name).unwrap();
        let data = match column.kind {
            Kind::Numeric { .. } => ColumnData::Numbers(
                texts.iter().map(|text| text.as_ref().map_or(0.0, |text| text.parse().unwrap())).collect(),
            ),
            _ => ColumnData::Text(texts.into_iter().map(|text| text.or(Some("none".into()))).collect()),
        };
        (column.name.clone(), data)
    };
    let columns = table.schema().columns.iter().map(column).collect();
    Table::from_columns(columns).unwrap().reweighted(table)
}

/// Baselines do not depend on random choices, so that they are exactly those of repeated rows.
#[test]
fn measures_of_a_report_are_weighted() {
    let repeated: Vec<usize> =
        all().into_iter().flat_map(|row| std::iter::repeat_n(row, weights()[row] as usize)).collect();
    let (own, repeated) = (table(&all()).weighted(&weights()).unwrap(), table(&repeated));
    let options = FitOptions { validation: 0.0, ..options() };
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "{a} {b}");
    let baseline = |report: FitReport| report.baseline.unwrap();
    match (baseline(classifier(&own, &options).1), baseline(classifier(&repeated, &options).1)) {
        (Baseline::Class(found), Baseline::Class(expected)) => {
            assert_eq!(found.class, expected.class);
            close(found.accuracy, expected.accuracy);
            close(found.log_loss, expected.log_loss);
        }
        found => panic!("{found:?}"),
    }
    match (baseline(regressor(&own, &options).1), baseline(regressor(&repeated, &options).1)) {
        (Baseline::Number(found), Baseline::Number(expected)) => {
            close(found.mean, expected.mean);
            close(found.rmse, expected.rmse);
            close(found.crps, expected.crps);
        }
        found => panic!("{found:?}"),
    }
}

/// A weight decides between two classes that the features do not tell apart.
#[test]
fn probabilities_follow_the_weights() {
    let x =
        ColumnData::Numbers((0..400).map(|row| noise(row) + if row % 2 == 0 { 1e-3 } else { 0.0 }).collect());
    let kind = ColumnData::Text((0..400).map(|row| Some(["a", "b"][row % 2].to_owned())).collect());
    let table = Table::from_columns(vec![("x".into(), x), ("kind".into(), kind)]).unwrap();
    let weights: Vec<f64> = (0..400).map(|row| [1.0, 9.0][row % 2]).collect();
    let settings = Settings { epochs: Some(150), ..options().settings };
    let long = FitOptions { settings, ..options() };
    let share = |table: Table| {
        let (model, report) = UgmmClassifier::fit(&table, "kind", &long).unwrap();
        let values = model.predict_proba(&table).unwrap();
        let mean = values.iter().skip(1).step_by(2).map(|&share| f64::from(share)).sum::<f64>() / 400.0;
        (mean, report)
    };
    let (of_weighted, report) = share(table.clone().weighted(&weights).unwrap());
    assert!((of_weighted - 0.9).abs() < 0.05, "{of_weighted}");
    let Some(Baseline::Class(baseline)) = report.baseline else { panic!("classes are predicted") };
    assert!((baseline.accuracy - 0.9).abs() < 1e-12 && baseline.class == "b", "{baseline:?}");
    assert!((share(table).0 - 0.5).abs() < 0.1);
}

#[test]
fn a_density_follows_the_weights() {
    let x = (0..600).map(|row| noise(row) + if row % 2 == 0 { 0.0 } else { 8.0 }).collect();
    let table = Table::from_columns(vec![("x".into(), ColumnData::Numbers(x))]).unwrap();
    let weights: Vec<f64> = (0..600).map(|row| [1.0, 3.0][row % 2]).collect();
    let (model, report) = density(&table.weighted(&weights).unwrap(), &DensityOptions::default());
    let values: Vec<f64> = (-200..200).map(|step| f64::from(step) / 100.0).collect();
    let share = |middle: f64| -> f64 {
        let rows: Vec<f64> = values.iter().map(|value| middle + value).collect();
        model.log_likelihood(&rows).unwrap().into_iter().map(f64::exp).sum::<f64>() / 100.0
    };
    let (low, high) = (share(0.0), share(8.0));
    assert!((low - 0.25).abs() < 0.03 && (high - 0.75).abs() < 0.03, "{low} {high}");
    assert_eq!(report.rows, 600);
}

#[test]
fn a_checkpoint_of_other_weights_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("c");
    let train = |weights: &[f64], path: &Path, stop: bool| {
        let table = without(&table(&all()), "price").weighted(weights).unwrap();
        let interrupted = AtomicBool::new(stop);
        let mut progress = ();
        let run = Run::new(&mut progress, &interrupted);
        let mut run = Run { checkpoint: Some(path.to_owned()), resume: !stop, ..run };
        let target = prepare_target(&mut table.schema().clone(), "kind", None).unwrap();
        fit(&table, &target, &options(), &mut run).map(drop)
    };
    assert!(matches!(train(&weights(), &path, true), Err(TabularError::Interrupted { .. })));
    let mut others = weights();
    others[0] = 5.0;
    let message = train(&others, &path, false).unwrap_err().to_string();
    assert!(message.contains("other data") || message.contains("another"), "{message}");
    train(&weights(), &path, false).unwrap();
}
