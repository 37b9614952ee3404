//! The most probable explanation on Iris, for each subset of its variables, against brute force on a grid.

use std::ops::ControlFlow;
use ugmm_circuit::MpeOptions;
use ugmm_data::frame::{ReadAs, ReadOptions};
use ugmm_data::{PreprocessingOptions, Scaling};
use ugmm_network::inference::variable::Domain;
use ugmm_network::{Model, ObjectiveKind, Predictor, Settings};
use ugmm_tabular::{Evidence, FitOptions, NetworkModel, Table, TableModel, UgmmClassifier, UgmmRegressor};

const GAP: f64 = 1e-2;
/// Number of grid points in the range of each number, indexed by how many numbers are asked for.
const POINTS: [usize; 5] = [1, 2001, 121, 31, 15];

fn model(objective: ObjectiveKind) -> NetworkModel {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("iris.csv");
    let iris = ugmm_data::iris();
    let mut text = format!("{},species\n", iris.feature_names.join(","));
    for (row, label) in iris.labels.iter().enumerate() {
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

/// The greatest score on a grid of all rows that equal `row` except in the variables of the query.
fn brute_force(model: &NetworkModel, row: &[f32], query: &[usize]) -> f64 {
    let nothing = Evidence::nothing(model.columns().len());
    let domains: Vec<_> = query.iter().map(|&index| model.variable(&nothing, index, 64).unwrap()).collect();
    let numbers = domains.iter().filter(|one| matches!(one.domain, Domain::Interval { .. })).count();
    let mut rows = vec![row.to_vec()];
    for variable in &domains {
        let values: Vec<Vec<f32>> = match &variable.domain {
            Domain::States(states) => states.clone(),
            Domain::Numbers(numbers) => numbers.iter().map(|&number| vec![number as f32]).collect(),
            Domain::Interval { low, high } => {
                let last = (POINTS[numbers] - 1) as f64;
                let place = |point: usize| low + (high - low) * point as f64 / last;
                (0..POINTS[numbers]).map(|point| vec![place(point) as f32]).collect()
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
    let Model::Ugmm(network) = model.saved().model() else { unreachable!("it was trained as such") };
    let scores = network.forward(&rows.concat());
    scores.into_iter().fold(f32::NEG_INFINITY, f32::max).into()
}

fn evidence_of(model: &NetworkModel, given: &[(&str, &str)]) -> Evidence {
    let given: Vec<_> = given.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    model.evidence(&given, &[]).unwrap()
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
        let names: Vec<&str> = model.columns().iter().map(|column| column.name()).collect();
        assert_eq!(names, given.map(|(name, _)| name));
        let row = model.network_row(&evidence_of(&model, &given));
        for subset in 1..31usize {
            let query: Vec<usize> = (0..5).filter(|index| subset >> index & 1 == 1).collect();
            let known: Vec<_> =
                (0..5).filter(|index| !query.contains(index)).map(|index| given[index]).collect();
            let evidence = evidence_of(&model, &known);
            let options = MpeOptions { gap: GAP, ..MpeOptions::default() };
            let found = model.mpe(&evidence, &query, &options, &mut |_| ControlFlow::Continue(())).unwrap();
            let best = brute_force(&model, &row, &query);
            assert!(found.value <= found.upper_bound, "{query:?}: {found:?}");
            // The grid's scores are in f32.
            assert!(best <= found.upper_bound + 1e-4, "{query:?}: {best}, {found:?}");
            assert!(found.proved && best <= found.value + GAP + 1e-4, "{query:?}: {best}, {found:?}");
        }
    }
}

/// A table of whole numbers, dates, categories, and a number or a class to predict, which depend on each
/// other.
fn mixed_table(rows: usize) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.csv");
    let mut text = String::from("children,age,since,colour,weight,well\n");
    for row in 0..rows {
        // Periods without a common divisor give all combinations.
        let (children, age, day) = (row % 6, 18 + row * 7 % 83, row * 11 % 3001);
        let colour = ["red", "green", "blue"][row % 3];
        let weight = 40.0 + 0.4 * age as f64 + 3.0 * children as f64 + (row as f64 * 0.7).sin();
        let well = if age + 5 * children + row % 7 > 70 { "ill" } else { "fit" };
        let since = ReadAs::Days.text(12_000.0 + day as f64);
        text += &format!("{children},{age},{since},{colour},{weight},{well}\n");
    }
    std::fs::write(&path, text).unwrap();
    Table::read(&path, &ReadOptions::default()).unwrap()
}

#[test]
fn whole_numbers_are_whole_and_no_others_score_more() {
    let options = |objective| FitOptions {
        settings: Settings {
            objective: Some(objective),
            epochs: Some(30),
            hidden: Some(vec![12]),
            ..Settings::default()
        },
        ..FitOptions::default()
    };
    let table = mixed_table(300);
    let classes = UgmmClassifier::fit(&table, "well", &options(ObjectiveKind::Hybrid)).unwrap().0;
    let numbers = UgmmRegressor::fit(&table, "weight", &options(ObjectiveKind::Conditional)).unwrap().0;
    for (model, target) in [(classes.model(), ("well", "ill")), (numbers.model(), ("weight", "80"))] {
        let index = |name: &str| model.index_of(name).unwrap();
        for asked in [&["children"][..], &["age", "colour"], &["since"], &["children", "age", "colour"]] {
            let query: Vec<usize> = asked.iter().map(|name| index(name)).collect();
            let given =
                [("children", "2"), ("age", "50"), ("since", "2008-01-05"), ("colour", "red"), target];
            let given: Vec<_> = given.into_iter().filter(|(name, _)| !asked.contains(name)).collect();
            let evidence = evidence_of(model, &given);
            let options = MpeOptions { gap: GAP, ..MpeOptions::default() };
            let found = model.mpe(&evidence, &query, &options, &mut |_| ControlFlow::Continue(())).unwrap();
            let best = best_of_whole(model, &model.network_row(&evidence), &query);
            assert!(found.proved && best <= found.upper_bound + 1e-4, "{asked:?} {best} {found:?}");
            assert!(best <= found.value + GAP + 1e-4, "{asked:?} {best} {found:?}");
            for &column in &query {
                let (column, value) = (&model.columns()[column], found.row[column]);
                assert_eq!(value.fract(), 0.0, "{} {value}", column.name());
                // The printed value is the value that was found.
                assert_eq!(column.parse(&column.text(value)).unwrap(), value, "{}", column.name());
            }
        }
    }
}

/// The greatest score over all whole numbers and states of the variables of the query.
fn best_of_whole(model: &NetworkModel, row: &[f32], query: &[usize]) -> f64 {
    let Model::Ugmm(network) = model.saved().model() else { unreachable!("it was trained as such") };
    let nothing = Evidence::nothing(model.columns().len());
    let mut rows = vec![row.to_vec()];
    for &index in query {
        let values: Vec<Vec<f32>> = match model.variable(&nothing, index, usize::MAX).unwrap().domain {
            Domain::States(states) => states,
            Domain::Numbers(numbers) => numbers.into_iter().map(|number| vec![number as f32]).collect(),
            Domain::Interval { .. } => unreachable!("all of its numbers are whole"),
        };
        let with = |row: Vec<f32>| {
            values.clone().into_iter().map(move |value| {
                let mut row = row.clone();
                row[model.inputs_of(index)].copy_from_slice(&value);
                row
            })
        };
        rows = rows.into_iter().flat_map(with).collect();
    }
    let scores = network.forward(&rows.concat());
    scores.into_iter().fold(f32::NEG_INFINITY, f32::max).into()
}
