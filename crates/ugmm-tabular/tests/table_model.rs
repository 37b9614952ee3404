//! Laws of models of tables that hold for each engine.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;
use ugmm_circuit::MpeOptions;
use ugmm_data::frame::{ReadOptions, Schema};
use ugmm_network::inference::gibbs::SamplingOptions;
use ugmm_network::{ObjectiveKind, Settings};
use ugmm_tabular::distribution::Predictions;
use ugmm_tabular::question::DrawOptions;
use ugmm_tabular::read::{ReadTarget, TableReader};
use ugmm_tabular::target::prepare_target;
use ugmm_tabular::{
    DensityOptions, Device, Distribution, Evidence, FitOptions, Needs, Run, Table, TableModel,
    UgmmClassifier, UgmmRegressor, fit_density, load,
};

/// Writes a table of all kinds of columns, with missing values and rare levels.
fn write_table(path: &Path) {
    let mut text = String::from("height,count,day,member,colour,kind\n");
    for i in 0..180 {
        let kind = i % 3;
        let height = 150.0 + 20.0 * kind as f64 + ((i * 5) % 17) as f64 / 2.0;
        let day = format!("2024-0{}-{:02}", 1 + i % 9, 1 + (i * 7) % 28);
        let member = if i % 13 == 0 { "" } else { ["yes", "no"][i / 3 % 2] };
        let colour = match i {
            5 => "mauve",
            7 => "teal",
            _ => ["red", "green", "blue"][(kind + i / 30) % 3],
        };
        text += &format!("{height:.2},{},{day},{member},{colour},{}\n", i % 5, ["a", "b", "c"][kind]);
    }
    std::fs::write(path, text).unwrap();
}

/// The folder of the table, and models of both engines with a target of classes and one of numbers, read from
/// their files.
static MODELS: LazyLock<(TempDir, Vec<Box<dyn TableModel>>)> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let models = models(&folder);
    (folder, models)
});

fn models(folder: &TempDir) -> Vec<Box<dyn TableModel>> {
    let path = folder.path().join("table.csv");
    write_table(&path);
    let options = ReadOptions::default();
    let table = |target: &str| {
        let mut schema = Schema::infer(&path, &options).unwrap();
        let prepared = prepare_target(&mut schema, target, None).unwrap();
        (Table::read_as(&path, schema, &options).unwrap(), prepared)
    };
    let settings =
        |objective| Settings { epochs: Some(15), objective: Some(objective), ..Settings::default() };
    let fit_options =
        |objective| FitOptions { settings: settings(objective), validation: 0.0, ..FitOptions::default() };
    let classifier =
        UgmmClassifier::fit(&table("kind").0, "kind", &fit_options(ObjectiveKind::Hybrid)).unwrap().0;
    let regressor =
        UgmmRegressor::fit(&table("height").0, "height", &fit_options(ObjectiveKind::Conditional)).unwrap().0;
    let density = |target: &str| {
        let options = DensityOptions { epochs: Some(15), validation: 0.0, ..DensityOptions::default() };
        let interrupted = AtomicBool::new(false);
        let mut progress = ();
        let mut run = Run::new(&mut progress, &interrupted);
        let (table, prepared) = table(target);
        fit_density(&table, Some(&prepared), &options, &mut run).unwrap().0
    };
    let (kinds, heights) = (density("kind"), density("height"));
    let trained: [&dyn TableModel; 4] = [classifier.model(), regressor.model(), &kinds, &heights];
    let file = folder.path().join("model.safetensors");
    let saved = trained.map(|model| {
        model.save(&file).unwrap();
        load(&file, &Device::default()).unwrap()
    });
    saved.into()
}

fn given(model: &dyn TableModel, pairs: &[(&str, &str)]) -> Evidence {
    let pairs: Vec<_> = pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    model.evidence(&pairs, &[]).unwrap()
}

#[test]
fn every_column_has_a_distribution_that_sums_to_one() {
    for model in &MODELS.1 {
        for (index, column) in model.columns().iter().enumerate() {
            let pairs = [("height", "171.5"), ("count", "2"), ("colour", "teal")];
            let pairs: Vec<_> = pairs.into_iter().filter(|(name, _)| *name != column.name()).collect();
            let evidence = given(model.as_ref(), &pairs);
            let answer = model.answer(&evidence, column.name(), 200).unwrap();
            let distribution = &answer.distribution;
            if let Some(values) = distribution.probabilities(column) {
                let sum: f64 = values.iter().map(|(_, probability)| probability).sum();
                assert!((sum - 1.0).abs() < 1e-4, "{}: {sum}", column.name());
                assert_eq!(answer.states().is_some(), !column.is_number());
            } else {
                let ((low, high), heights) = distribution.heights();
                let mass: f64 = heights.iter().sum::<f64>() * (high - low) / heights.len() as f64;
                let error = match distribution {
                    Distribution::Cells(_) => 1e-9,
                    Distribution::Mixture(_) => 0.02,
                };
                assert!((mass - 1.0).abs() < error, "{}: {mass}", column.name());
                for share in [0.05, 0.5, 0.95] {
                    let found = distribution.cumulative(distribution.quantile(share));
                    assert!((found - share).abs() < 1e-3, "{}: {found} {share}", column.name());
                }
                assert!(distribution.crps(distribution.mean()) < distribution.crps(high + 10.0));
            }
            let asked_and_given = Evidence { row: vec![0.0; evidence.row.len()], ..evidence.clone() };
            model.answer(&asked_and_given, column.name(), 200).unwrap_err();
            assert_eq!(model.index_of(column.name()).unwrap(), index);
        }
    }
}

/// A prediction equals the answer about the target given the row's other columns.
#[test]
fn predictions_are_answers_about_the_target() {
    for model in &MODELS.1 {
        let path = MODELS.0.path().join("table.csv");
        let options = ReadOptions::default();
        let mut reader = TableReader::open(&path, model.as_ref(), ReadTarget::Yes, &[], &options).unwrap();
        let batch = reader.next().unwrap().unwrap();
        reader.check_classes(&batch).unwrap();
        let target = model.target().unwrap();
        let predictions = model.predict(&batch.rows.values).unwrap();
        assert_eq!(predictions.values().len(), 180);
        for place in [0, 5, 7, 13, 101] {
            assert!(model.is_predictable(batch.row(place)));
            let mut evidence = Evidence::nothing(model.columns().len());
            evidence.row.copy_from_slice(batch.row(place));
            evidence.row[target] = f64::NAN;
            let answer = model.distribution(&evidence, target, 256).unwrap();
            match &predictions {
                Predictions::Classes(found) => {
                    let classes = model.classes().unwrap().len();
                    let values = answer.probabilities(model.target_column().unwrap()).unwrap();
                    for ((_, answered), log) in values.iter().zip(&found.log_probabilities[place * classes..])
                    {
                        assert!((answered - f64::from(log.exp())).abs() < 1e-5, "{answered} {}", log.exp());
                    }
                }
                Predictions::Numbers(found) => {
                    let close = |of: &dyn Fn(&Distribution) -> f64| {
                        assert!((of(&found[place]) - of(&answer)).abs() < 1e-3);
                    };
                    close(&Distribution::mean);
                    close(&|one| one.quantile(0.9));
                }
            }
        }
        let nothing = vec![f64::NAN; model.columns().len()];
        assert_eq!(model.is_predictable(&nothing), model.needs() == Needs::Nothing);
    }
}

/// Drawn rows have the given values, and each value can be written as text and read back.
#[test]
fn drawn_values_are_values_of_the_table() {
    for model in &MODELS.1 {
        let evidence = given(model.as_ref(), &[("colour", "teal"), ("count", "3")]);
        let chains = SamplingOptions { chains: 2, warm_up: 20, draws: 20, thin: 2, cells: 64, seed: 3 };
        let options = DrawOptions { rows: 40, seed: 3, chains };
        let draws = model.sample(&evidence, &options, &mut |_, _| true).unwrap();
        let width = model.columns().len();
        assert_eq!(draws.rows.len(), 40 * width);
        for row in draws.rows.chunks(width) {
            for ((column, &value), &known) in model.columns().iter().zip(row).zip(&evidence.row) {
                assert!(known.is_nan() || known == value, "{}", column.name());
                let text = column.cell(value).unwrap();
                let rounded = if column.is_number() { column.rounded(value) } else { value };
                let read = column.parse(&text).unwrap();
                assert!((read - rounded).abs() < 1e-9, "{}: {text} {read} {value}", column.name());
            }
        }
        assert_eq!(model.sample(&evidence, &options, &mut |_, _| true).unwrap().rows, draws.rows);
    }
}

/// No other value of the answer's columns has a higher level than its upper bound.
#[test]
fn the_most_probable_values_are_bounded() {
    for model in &MODELS.1 {
        let fixed = [("height", "171.5"), ("day", "2024-03-05"), ("member", "yes"), ("kind", "b")];
        let evidence = given(model.as_ref(), &fixed);
        let asked = [model.index_of("count").unwrap(), model.index_of("colour").unwrap()];
        let found =
            model.mpe(&evidence, &asked, &MpeOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
        assert!(found.proved && found.value <= found.upper_bound);
        let mut best = f64::NEG_INFINITY;
        for count in 0..5 {
            for colour in 0..3 {
                let mut row = evidence.clone();
                (row.row[asked[0]], row.row[asked[1]]) = (f64::from(count), f64::from(colour));
                best = best.max(model.level(&row).unwrap());
            }
        }
        assert!(best <= found.upper_bound + 1e-4 && (best - found.value).abs() < 2e-3, "{best} {found:?}");
    }
}
