//! `ugmm mpe` and `ugmm certify`.

use crate::{CASES, TRAIN, failure, json, stdout, ugmm, with_iris};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

const NUMBERS: [&str; 4] = ["sepal_length", "sepal_width", "petal_length", "petal_width"];
const CLASSES: [&str; 3] = ["setosa", "versicolor", "virginica"];

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn mpe(at: &Path, arguments: &[&str]) -> Value {
    stdout(&ugmm(at, &[&["mpe", "iris.safetensors"], arguments, &["--json", "m.json"]].concat()));
    json(&at.join("m.json"))
}

#[test]
fn every_subset_of_iris_is_proved_and_no_row_of_the_table_scores_higher() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--objective", "hybrid", "--epochs", "60", "--hidden", "32"]].concat()));
    let row = ["6.0", "2.9", "4.5", "1.4", "versicolor"];
    let columns = [&NUMBERS[..], &["species"]].concat();
    let score = |values: &[&str]| {
        let given = columns.iter().zip(values).map(|(name, value)| format!("{name}={value}"));
        let given = given.collect::<Vec<_>>().join(",");
        stdout(&ugmm(at, &["query", "iris.safetensors", "--given", &given, "--score", "--json", "q.json"]));
        number(&json(&at.join("q.json"))["score"])
    };
    for subset in 1..31usize {
        let asked = |k: &usize| subset >> k & 1 == 1;
        let query = (0..5).filter(asked).map(|k| columns[k]).collect::<Vec<_>>().join(",");
        let given = (0..5).filter(|k| !asked(k)).map(|k| format!("{}={}", columns[k], row[k]));
        let given = given.collect::<Vec<_>>().join(",");
        let report = mpe(at, &["--query", &query, "--given", &given, "--gap", "0.01"]);
        let (value, bound) = (number(&report["value"]), number(&report["upper_bound"]));
        assert!(report["proved"].as_bool().unwrap() && value <= bound && bound - value <= 0.01, "{report}");
        assert_eq!(number(&report["gap"]), bound - value);
        // The values that were found have the reported score, and the row's own values have no higher one.
        let found: Vec<String> = (0..5)
            .map(|k| match report["values"].get(columns[k]) {
                Some(value) => {
                    report["numbers"].get(columns[k]).unwrap_or(value).to_string().replace('"', "")
                }
                None => row[k].to_owned(),
            })
            .collect();
        let found = score(&found.iter().map(String::as_str).collect::<Vec<_>>());
        assert!((found - value).abs() < 1e-3, "{found} {report}");
        assert!(score(&row) <= bound + 1e-4, "{report}");
        if subset >> 4 == 1 {
            for class in CLASSES {
                assert!(score(&[row[0], row[1], row[2], row[3], class]) <= bound + 1e-4, "{class} {report}");
            }
        }
    }
    // By default all columns that are not given are asked for; the result is within the range.
    let report = mpe(at, &["--given", "species=setosa", "--gap", "0.05", "--range", "petal_width=1:1.5"]);
    assert_eq!(report["values"].as_object().unwrap().len(), 4);
    assert!((1.0..=1.5).contains(&number(&report["numbers"]["petal_width"])), "{report}");
    let text = stdout(&ugmm(at, &["mpe", "iris.safetensors", "--query", "species,sepal_length"]));
    assert!(text.contains("proved to 0.001") && text.contains("neither given nor asked for"), "{text}");
    assert!(!text.contains("likelihood"), "{text}");
}

#[test]
fn what_cannot_be_asked_is_said() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "5"]].concat()));
    let message = |arguments: &[&str]| failure(&ugmm(at, arguments));
    let usage = |arguments: &[&str]| {
        let output = ugmm(at, arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for column in ["sepal_width", "species"] {
        let message = message(&["mpe", "iris.safetensors", "--query", column]);
        let why = "it can be asked for \"species\" only, not for rows, their scores or most probable values";
        assert!(message.contains(why) && message.contains("--objective"), "{message}");
    }
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "5", "--objective", "hybrid"]].concat()));
    let ask = |arguments: &[&str]| message(&[&["mpe", "iris.safetensors"], arguments].concat());
    assert!(ask(&["--query", "specie"]).contains("did you mean \"species\""));
    assert!(ask(&["--query", "species,species"]).contains("twice"));
    assert!(ask(&["--query", "species", "--given", "species=setosa"]).contains("both given and asked"));
    let all = "sepal_length=5,sepal_width=3,petal_length=1,petal_width=0.2,species=setosa";
    assert!(ask(&["--given", all]).contains("nothing left to find"));
    assert!(usage(&["mpe", "iris.safetensors", "--gap=-1"]).contains("not a number from 0 on"));
    assert!(usage(&["certify", "iris.safetensors", "iris.csv"]).contains("--epsilon"));
}

#[test]
fn flowers_are_certified() {
    let folder = with_iris();
    let at = folder.path();
    for model in [&["--objective", "hybrid"][..], &[], &["--model", "mlp"]] {
        stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "40"], model].concat()));
        let mut last = 151.0;
        for epsilon in ["0", "0.1", "0.4"] {
            let certify =
                ["certify", "iris.safetensors", "iris.csv", "--epsilon", epsilon, "--json", "c.json"];
            let text = stdout(&ugmm(at, &certify));
            let report = json(&at.join("c.json"));
            let count = |name: &str| number(&report[name]);
            assert_eq!(count("proved") + count("disproved") + count("undecided"), 150.0, "{report}");
            assert!(count("proved") <= last && count("proved_by_intervals") <= count("proved"), "{report}");
            assert!(count("certified_accuracy") <= count("accuracy") && count("accuracy") > 0.8, "{report}");
            last = count("proved");
            if epsilon == "0" {
                assert!(count("proved") >= 149.0 && count("disproved") == 0.0, "{report}");
                continue;
            }
            // The prediction for a counter-example, entered as a row, is the reported one.
            let examples = report["counter_examples"].as_array().unwrap();
            assert_eq!(examples.len() as f64, count("disproved"));
            assert!(examples.is_empty() || text.contains("becomes"), "{text}");
            let table = std::fs::read_to_string(at.join("iris.csv")).unwrap();
            for example in examples.iter().take(2) {
                let line = table.lines().nth(example["row"].as_u64().unwrap() as usize - 1).unwrap();
                let mut fields: Vec<String> = line.split(',').map(String::from).collect();
                for change in example["changes"].as_array().unwrap() {
                    let place = NUMBERS.iter().position(|name| change[0] == *name).unwrap();
                    assert!((fields[place].parse::<f64>().unwrap() - number(&change[1])).abs() < 1e-4);
                    fields[place] = change[2].to_string();
                }
                let header = table.lines().next().unwrap();
                std::fs::write(at.join("one.csv"), format!("{header}\n{}\n", fields.join(","))).unwrap();
                let predicted =
                    stdout(&ugmm(at, &["predict", "iris.safetensors", "one.csv", "--format", "jsonl"]));
                let predicted: Value = serde_json::from_str(&predicted).unwrap();
                assert_eq!(predicted["predicted species"], example["becomes"], "{example}");
            }
        }
    }
}

/// A synthetic table: visits are whole, and complaints become more likely with the number of visits and the
/// stay.
fn with_visits() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("visits,stay,since,complains\n");
    for row in 0..200 {
        let (visits, stay) = (row % 5, f64::from(row * 37 % 100) / 10.0);
        let complains = if f64::from(visits) + stay > 7.0 { "often" } else { "never" };
        writeln!(text, "{visits},{stay:.1},2024-{:02}-{:02},{complains}", row % 12 + 1, row % 28 + 1)
            .unwrap();
    }
    std::fs::write(folder.path().join("visits.csv"), text).unwrap();
    folder
}

#[test]
fn whole_numbers_have_probabilities_and_columns_can_be_kept() {
    let folder = with_visits();
    let at = folder.path();
    let train = |target: &str, objective: &[&str]| {
        let train = ["train", "visits.csv", "--target", target, "-o", "m.safetensors", "--epochs", "30"];
        stdout(&ugmm(at, &[&train[..], &["--hidden", "16"], objective].concat()));
    };
    train("complains", &["--objective", "hybrid"]);
    // Standard output has only JSON.
    let printed = |arguments: &[&str]| -> Value {
        serde_json::from_str(&stdout(&ugmm(at, &[arguments, &["--json", "-"]].concat()))).unwrap()
    };
    let report = printed(&["query", "m.safetensors", "--given", "complains=often", "--ask", "visits"]);
    let numbers = &report["answers"][0]["numbers"];
    let shares: Vec<(&String, f64)> = numbers["probabilities"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, share)| (name, number(share)))
        .collect();
    assert_eq!(shares.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3", "4"]);
    assert!((shares.iter().map(|(_, share)| share).sum::<f64>() - 1.0).abs() < 1e-9, "{numbers}");
    let mean: f64 = shares.iter().map(|(name, share)| name.parse::<f64>().unwrap() * share).sum();
    assert!((number(&numbers["mean"]) - mean).abs() < 1e-9, "{numbers}");
    let found = printed(&["mpe", "m.safetensors", "--given", "complains=often"]);
    assert_eq!(number(&found["numbers"]["visits"]).fract(), 0.0, "{found}");
    assert_eq!(number(&found["numbers"]["since"]).fract(), 0.0, "{found}");
    assert!(
        failure(&ugmm(at, &["sample", "m.safetensors", "--json", "-"]))
            .contains("standard output has the rows")
    );
    assert!(!at.join("-").exists());
    // A column that is kept does not change, so that fewer rows are disproved.
    let certify = ["certify", "m.safetensors", "visits.csv", "--epsilon", "0.3"];
    let all = printed(&certify);
    let kept = printed(&[&certify[..], &["--keep", "visits,since"]].concat());
    let columns = |report: &Value| -> Vec<String> {
        let examples = report["counter_examples"].as_array().unwrap().iter();
        let changes = examples.flat_map(|example| example["changes"].as_array().unwrap());
        changes.map(|change| change[0].as_str().unwrap().to_owned()).collect()
    };
    assert!(columns(&all).iter().any(|name| name == "visits"), "{all}");
    assert!(columns(&kept).iter().all(|name| name == "stay") && !columns(&kept).is_empty(), "{kept}");
    assert!(number(&kept["disproved"]) < number(&all["disproved"]), "{kept}");
    assert!(stdout(&ugmm(at, &certify)).contains("since 2024-"));
    let slip = failure(&ugmm(at, &[&certify[..], &["--keep", "vists"]].concat()));
    assert!(slip.contains("did you mean \"visits\""), "{slip}");
    train("stay", &[]);
    let message = failure(&ugmm(at, &certify));
    assert!(message.contains("predicts the number \"stay\""), "{message}");
}

/// If all inputs of a hidden neuron of a pruned network are missing, the neuron is missing in the next layer:
/// the class is setosa at a petal length of 1.6 and versicolor at 1.951, which is less than 0.2 of the
/// network's units away.
#[test]
fn what_is_proved_of_a_pruned_network_holds_where_values_are_missing() {
    let folder = with_iris();
    let at = folder.path();
    let table = std::fs::read_to_string(at.join("iris.csv")).unwrap().replacen("species", "target", 1);
    std::fs::write(at.join("iris.csv"), &table).unwrap();
    let train = ["train", "iris.csv", "--target", "target", "-o", "whole.safetensors"];
    stdout(&ugmm(at, &[&train[..], &["--epochs", "300", "--learning-rate", "0.01"]].concat()));
    stdout(&ugmm(
        at,
        &["prune", "whole.safetensors", "iris.csv", "--keep", "0.3", "-o", "pruned.safetensors"],
    ));
    let case = Path::new(CASES).join("pruned-and-missing.csv");
    let class_at = |petal_length: &str| {
        let text = std::fs::read_to_string(&case).unwrap().replace("1.6", petal_length);
        std::fs::write(at.join("row.csv"), text).unwrap();
        let predicted = stdout(&ugmm(at, &["predict", "pruned.safetensors", "row.csv"]));
        CLASSES.into_iter().find(|class| predicted.lines().nth(1).unwrap().starts_with(class)).unwrap()
    };
    assert_ne!(class_at("1.6"), class_at("1.951"));
    let certify =
        ["certify", "pruned.safetensors", case.to_str().unwrap(), "--epsilon", "0.2", "--json", "c.json"];
    stdout(&ugmm(at, &certify));
    let report = json(&at.join("c.json"));
    assert_eq!((&report["rows"], &report["proved"]), (&1.into(), &0.into()), "{report}");
    // A search for the most probable values uses the same layers.
    let hybrid = ["--objective", "hybrid", "--epochs", "40", "-o", "whole.safetensors"];
    stdout(&ugmm(at, &[&["train", "iris.csv", "--target", "target"], &hybrid[..]].concat()));
    stdout(&ugmm(
        at,
        &["prune", "whole.safetensors", "iris.csv", "--keep", "0.1", "-o", "pruned.safetensors"],
    ));
    for given in ["petal_length=1.6", "petal_length=4.5,target=virginica"] {
        let arguments = ["mpe", "pruned.safetensors", "--given", given, "--query", "petal_width"];
        assert!(stdout(&ugmm(at, &arguments)).contains("no other values score above"));
    }
}
