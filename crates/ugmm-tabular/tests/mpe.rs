//! The most probable explanation on Iris, for each subset of its variables, against brute force on a grid.

use burn::tensor::{Device, Tensor, TensorData};
use std::ops::ControlFlow;
use ugmm::inference::mpe::MpeOptions;
use ugmm::inference::variable::Domain;
use ugmm::{Model, Network, ObjectiveKind, Settings};
use ugmm_data::frame::ReadOptions;
use ugmm_data::{PreprocessingOptions, Scaling};
use ugmm_tabular::{FitOptions, Table, TabularModel, UgmmClassifier};

const GAP: f64 = 1e-2;
/// Points of each number's range, for so many numbers that are asked for.
const POINTS: [usize; 5] = [1, 2001, 121, 31, 15];

fn model(objective: ObjectiveKind) -> TabularModel {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("iris.csv");
    let iris = ugmm_data::iris();
    let mut text = format!("{},species\n", iris.feature_names.join(","));
    for (row, label) in iris.target.as_ref().unwrap().labels.iter().enumerate() {
        let values: Vec<String> = iris.row(row).iter().map(f32::to_string).collect();
        text += &format!("{},{label}\n", values.join(","));
    }
    std::fs::write(&path, text).unwrap();
    let table = Table::read(&path, &ReadOptions::default()).unwrap();
    let settings = Settings {
        objective: Some(objective),
        epochs: Some(60),
        hidden: Some(vec![24]),
        ..Settings::default()
    };
    let preprocessing =
        PreprocessingOptions { scaling: Scaling::Standard, ..PreprocessingOptions::default() };
    let options = FitOptions { settings, preprocessing, ..FitOptions::default() };
    UgmmClassifier::fit(&table, "species", &options).unwrap().0.model().clone()
}

/// The greatest score on a grid: of all rows that agree with `row` but for the variables asked for.
fn brute_force(model: &TabularModel, row: &[f32], query: &[usize]) -> f64 {
    let variables = model.variables();
    let domains: Vec<_> = query.iter().map(|&index| variables.list()[index].variable().unwrap()).collect();
    let numbers = domains.iter().filter(|one| matches!(one.domain, Domain::Interval { .. })).count();
    let mut rows = vec![row.to_vec()];
    for variable in &domains {
        let values: Vec<Vec<f32>> = match &variable.domain {
            Domain::States(states) => states.clone(),
            Domain::Interval { low, high } => {
                let last = (POINTS[numbers] - 1) as f32;
                (0..POINTS[numbers]).map(|point| vec![low + (high - low) * point as f32 / last]).collect()
            }
        };
        let with = |row: &Vec<f32>| {
            let row = row.clone();
            values
                .iter()
                .map(move |value| {
                    let mut row = row.clone();
                    row[variable.inputs.clone()].copy_from_slice(value);
                    row
                })
                .collect::<Vec<_>>()
        };
        rows = rows.iter().flat_map(with).collect();
    }
    let Model::Ugmm(network) = &model.saved().model else { unreachable!("it was trained as such") };
    let shape = [rows.len(), row.len()];
    let x = Tensor::<2>::from_data(TensorData::new(rows.concat(), shape), &Device::flex());
    let best: f32 = network.forward(x).max().into_scalar();
    best.into()
}

#[test]
fn no_subset_of_iris_has_a_better_point_on_a_grid() {
    let given = [
        ("sepal_length", "6.0"),
        ("sepal_width", "2.9"),
        ("petal_length", "4.5"),
        ("petal_width", "1.4"),
        ("species", "versicolor"),
    ];
    for objective in [ObjectiveKind::Hybrid, ObjectiveKind::Generative] {
        let model = model(objective);
        let variables = model.variables();
        let names: Vec<&str> = variables.list().iter().map(|variable| variable.name()).collect();
        assert_eq!(names, given.map(|(name, _)| name));
        let row = variables.row(&variables.evidence(&given).unwrap());
        for subset in 1..31usize {
            let query: Vec<usize> = (0..5).filter(|index| subset >> index & 1 == 1).collect();
            let known: Vec<_> =
                (0..5).filter(|index| !query.contains(index)).map(|index| given[index]).collect();
            let evidence = variables.evidence(&known).unwrap();
            let options = MpeOptions { gap: GAP, ..MpeOptions::default() };
            let found = model
                .mpe(&variables, &evidence, &query, &options, |_| ControlFlow::Continue(()))
                .unwrap()
                .mpe;
            let best = brute_force(&model, &row, &query);
            assert!(found.value <= found.upper_bound, "{query:?}: {found:?}");
            // The grid's scores are in f32.
            assert!(best <= found.upper_bound + 1e-4, "{query:?}: {best}, {found:?}");
            assert!(found.proved && best <= found.value + GAP + 1e-4, "{query:?}: {best}, {found:?}");
        }
    }
}
