//! The columns of a table as variables of a network.

use std::fmt::Write;
use tempfile::TempDir;
use ugmm_data::frame::ReadOptions;
use ugmm_data::{Ordinal, PreprocessingOptions, Scaling};
use ugmm_network::inference::question::{Conditional, conditionals};
use ugmm_network::inference::variable::Domain;
use ugmm_network::model_file::SavedModel;
use ugmm_network::{LabelEncoding, Model, ObjectiveKind, Settings};
use ugmm_tabular::question::parse_assignments;
use ugmm_tabular::{
    Distribution, Evidence, FitOptions, NetworkModel, Remedy, Table, TableModel, TabularError,
    UgmmClassifier, UgmmRegressor,
};

/// Largest number of whole numbers that have a probability each.
const FEW: usize = 64;

/// A table with decimal commas, whole numbers, a date, booleans, an ordered category, and a category with
/// rare levels.
fn table(folder: &TempDir) -> Table {
    let mut text = String::from("Länge;count;day;ripe;size;a=b,c;kind\n");
    for i in 0..60 {
        let level = match i {
            7 => "rare, 1",
            8 => "rare=2",
            _ => ["red", "dark blue"][i % 2],
        };
        let (size, ripe) = (["small", "medium", "large"][i % 3], ["yes", "no"][i / 3 % 2]);
        let _ = writeln!(
            text,
            "{},{};{};2024-02-{:02};{ripe};{size};{level};{}",
            i % 9,
            i % 10,
            i % 4,
            1 + i % 28,
            ["apple", "pear"][i % 2]
        );
    }
    let path = folder.path().join("fruit.csv");
    std::fs::write(&path, text).unwrap();
    Table::read(&path, &ReadOptions::default()).unwrap()
}

fn options(settings: Settings, scaling: Scaling) -> FitOptions {
    let order = Some(["small", "medium", "large"].map(String::from).to_vec());
    let ordinal = vec![Ordinal { column: "size".into(), order }];
    let preprocessing = PreprocessingOptions { scaling, ordinal, ..PreprocessingOptions::default() };
    let settings = Settings { epochs: Some(1), hidden: Some(vec![4]), ..settings };
    FitOptions { settings, preprocessing, validation: 0.0, ..FitOptions::default() }
}

fn model(
    folder: &TempDir,
    objective: ObjectiveKind,
    label: Option<LabelEncoding>,
    scaling: Scaling,
) -> NetworkModel {
    let settings = Settings { objective: Some(objective), label_encoding: label, ..Settings::default() };
    let (classifier, _) = UgmmClassifier::fit(&table(folder), "kind", &options(settings, scaling)).unwrap();
    classifier.model().clone()
}

#[test]
fn columns_are_variables_with_their_values_in_words() {
    let folder = TempDir::new().unwrap();
    for (scaling, label) in [
        (Scaling::Standard, LabelEncoding::OneHot),
        (Scaling::Quantile, LabelEncoding::Index),
        (Scaling::None, LabelEncoding::OneHot),
    ] {
        let model = model(&folder, ObjectiveKind::Hybrid, Some(label), scaling);
        let columns = model.columns();
        let names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
        assert_eq!(names, ["Länge", "count", "day", "ripe", "size", "a=b,c", "kind"]);
        let mut next = 0;
        for (index, name) in names.iter().enumerate() {
            assert_eq!(model.inputs_of(index).start, next, "{name}");
            next = model.inputs_of(index).end;
        }
        assert_eq!((next, model.has_target_input()), (model.saved().task().inputs(), true));
        let states = |index: usize| columns[index].states().unwrap();
        assert_eq!(states(3), ["no", "yes"]);
        assert_eq!(states(4), ["small", "medium", "large"]);
        assert_eq!(states(5), ["dark blue", "red", "(other)"]);
        assert_eq!(states(6), ["apple", "pear"]);
        let range = columns[0].range().unwrap();
        assert_eq!((range.low, range.high, range.whole), (0.0, 8.8, false));
        assert!(columns[1].range().unwrap().whole);

        // A value read from text is encoded as the preprocessor encodes it in the table, and is written as
        // the same text.
        let table = table(&folder);
        let inputs = model.preprocessor().transform(&table, &(0..60).collect::<Vec<_>>()).unwrap();
        let width = model.preprocessor().inputs();
        for (row, inputs) in inputs.chunks(width).enumerate() {
            let mut values = vec![f64::NAN; columns.len()];
            for (index, column) in columns.iter().enumerate() {
                let text = table.labels(column.name()).unwrap()[row].clone().unwrap();
                values[index] = column.parse(&text).unwrap();
                let expected = match text.as_str() {
                    // The table has its own words for true and false.
                    "true" => "yes".to_owned(),
                    "false" => "no".to_owned(),
                    _ => text,
                };
                assert_eq!(column.text(values[index]), expected, "{}", column.name());
            }
            assert_eq!(model.features(&values), inputs);
            let nothing = Evidence::nothing(columns.len());
            assert_eq!(model.network_row(&Evidence { row: values, ..nothing })[..width], *inputs);
        }
        let nothing = Evidence::nothing(columns.len());
        for (index, column) in columns.iter().enumerate() {
            let number = |number: f64| model.to_network(index, number);
            match model.variable(&nothing, index, FEW).unwrap().domain {
                Domain::Interval { low, high } => {
                    let range = column.range().unwrap();
                    assert_eq!([low, high], [range.low, range.high].map(number));
                }
                Domain::States(inputs) => assert_eq!(inputs.len(), column.states().unwrap().len()),
                Domain::Numbers(numbers) => {
                    let range = column.range().unwrap();
                    let expected: Vec<f64> =
                        (range.low as i64..=range.high as i64).map(|whole| number(whole as f64)).collect();
                    assert_eq!(numbers, expected);
                }
            }
        }
    }
}

#[test]
fn evidence_is_read_in_any_order_and_what_is_wrong_is_said() {
    let folder = TempDir::new().unwrap();
    let model = model(&folder, ObjectiveKind::Generative, None, Scaling::Standard);
    let evidence = |text: &str| -> Result<Evidence, Box<TabularError>> {
        Ok(model.evidence(&parse_assignments(text)?, &[])?)
    };
    let one = evidence("Länge=4,5,ripe=Yes,\"a=b,c\"=rare=2,day=2024-02-03").unwrap();
    let other = evidence("\"a=b,c\"=\"rare, 1\", day=2024-02-03,ripe=t,Länge=4.5").unwrap();
    assert!(one.holds(0) && !one.holds(1));
    let row = model.network_row(&one);
    let bits = |row: &[f32]| row.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    // The network cannot distinguish rare levels.
    assert_eq!(bits(&row), bits(&model.network_row(&other)));
    assert_eq!(row.iter().filter(|value| !value.is_nan()).count(), 6);
    for (text, expected) in [
        ("Lange=1", "has no column \"Lange\"; did you mean \"Länge\"?"),
        ("weight=1", "its columns are Länge, count, day, ripe, size, a=b,c, kind"),
        ("count=1,count=2", "\"count\" is given twice"),
        ("count=many", "cannot be \"many\"; it must be a number, such as those from 0 to 3"),
        ("count=", "cannot be \"\"; it must be a number"),
        ("count=inf", "cannot be \"inf\""),
        ("count=1e999", "cannot be \"1e999\""),
        ("Länge=1,2,3", "cannot be \"1,2,3\""),
        ("day=yesterday", "it must be a date, such as those from 2024-02-01 to 2024-02-28"),
        ("ripe=maybe", "it must be one of \"no\", \"yes\""),
        ("size=smal", "did you mean \"small\"?"),
        ("kind=", "it must be one of \"apple\", \"pear\""),
        ("a=b,c=red", "has no column \"a\""),
    ] {
        let message = evidence(text).unwrap_err().to_string();
        assert!(message.contains(expected) && !message.contains('\n'), "{text}: {message}");
    }
    let range = |name: &str, text: &str| {
        model.evidence(&[], &[(name.to_owned(), text.to_owned())]).map_err(|error| error.to_string())
    };
    let given = range("Länge", "-1:2,5").unwrap().ranges[0].unwrap();
    assert_eq!((given.low, given.high), (-1.0, 2.5));
    // All dates of the column are whole days.
    assert_eq!(range("day", "2024-01-01T00:00:2024-03-01T12:30").unwrap().ranges[2].unwrap().high, 19_783.0);
    for (name, text, expected) in [
        ("count", "1", "it must be a range such as 0:10"),
        ("count", "2:2", "it must be a range"),
        ("count", "NaN:2", "it must be a range"),
        ("size", "0:1", "holds categories, so it has no range such as \"0:1\""),
        ("sise", "0:1", "did you mean \"size\"?"),
    ] {
        let message = range(name, text).unwrap_err();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn the_target_is_a_variable_where_the_network_has_it_among_its_inputs() {
    let folder = TempDir::new().unwrap();
    let discriminative = model(&folder, ObjectiveKind::Discriminative, None, Scaling::Standard);
    assert!(!discriminative.has_target_input());
    let given = [("kind".to_owned(), "pear".to_owned())];
    let message = discriminative.evidence(&given, &[]).unwrap_err().to_string();
    assert!(message.contains("this discriminative model predicts \"kind\""), "{message}");

    let (regressor, _) =
        UgmmRegressor::fit(&table(&folder), "Länge", &options(Settings::default(), Scaling::Standard))
            .unwrap();
    let model = regressor.model();
    let target = model.columns().len() - 1;
    assert_eq!(model.columns()[target].name(), "Länge");
    assert_eq!(model.inputs_of(target).end, model.saved().task().inputs());
    let value = model.columns()[target].parse("4,5").unwrap();
    assert_eq!((value, model.columns()[target].text(value)), (4.5, "4.5".to_owned()));
}

/// A file of a version that did not store ranges can be read; questions that need a range ask for one.
#[test]
fn models_without_ranges_ask_for_them() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("m.safetensors");
    model(&folder, ObjectiveKind::Generative, None, Scaling::Standard).save(&path).unwrap();
    let mut parts = SavedModel::load(&path).unwrap().into_parts();
    let reading = parts.columns.reading.as_mut().unwrap().as_object_mut().unwrap();
    assert!(reading.remove("ranges").is_some());
    SavedModel::new(parts).unwrap().save(&path).unwrap();
    let model = NetworkModel::load(&path).unwrap();
    let nothing = Evidence::nothing(model.columns().len());
    let error = model.variable(&nothing, 1, FEW).unwrap_err();
    assert_eq!(error.remedies(), [Remedy::Range("count".into())], "{error}");
    let given = model.evidence(&[], &[("count".to_owned(), "0:3".to_owned())]).unwrap();
    assert!(model.variable(&given, 1, FEW).is_ok() && model.variable(&nothing, 3, FEW).is_ok());
}

/// A density in the data's units corresponds to the one in the network's units, whatever the scale between
/// them.
#[test]
fn densities_are_the_same_in_the_units_of_the_data_and_of_the_network() {
    let folder = TempDir::new().unwrap();
    for scaling in [Scaling::Standard, Scaling::Quantile, Scaling::None] {
        let model = model(&folder, ObjectiveKind::Hybrid, None, scaling);
        // There are too many days for a probability each.
        let range = [("day".to_owned(), "2023-06-01:2024-06-01".to_owned())];
        let given = [("kind", "pear"), ("size", "small")].map(|(name, value)| (name.into(), value.into()));
        let evidence = model.evidence(&given, &range).unwrap();
        let Model::Ugmm(network) = model.saved().model() else { panic!("a uGMM network was trained") };
        for name in ["Länge", "day"] {
            let index = model.index_of(name).unwrap();
            let Distribution::Cells(density) = model.answer(&evidence, name, 1000).unwrap().distribution
            else {
                panic!("a number has a density");
            };
            let row = model.network_row(&evidence);
            let variable = model.variable(&evidence, index, FEW).unwrap();
            let found = conditionals(network, &row, &variable, 1000).unwrap();
            let Conditional::Density(expected) = &found[0] else { panic!("a number has a density") };
            let (low, high) = density.range();
            for part in 1..10 {
                let x = low + (high - low) * f64::from(part) / 10.0;
                let (found, expected) =
                    (density.cumulative(x), expected.cumulative(model.to_network(index, x)));
                assert!((found - expected).abs() < 2e-3, "{name} {scaling:?}: {found} {expected}");
            }
        }
    }
}
