//! `ugmm query` and `ugmm sample`.

use crate::{TRAIN, failure, json, stdout, ugmm, with_iris};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use tempfile::TempDir;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The JSON of a query.
fn ask(at: &Path, arguments: &[&str]) -> Value {
    stdout(&ugmm(at, &[&["query"], arguments, &["--json", "q.json"]].concat()));
    json(&at.join("q.json"))
}

/// Rows of a CSV file without its header.
fn records(at: &Path, name: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(at.join(name)).unwrap();
    let header = reader.headers().unwrap().iter().map(String::from).collect();
    let rows = reader.records().map(|row| row.unwrap().iter().map(String::from).collect()).collect();
    (header, rows)
}

#[test]
fn iris_is_asked_and_drawn() {
    let folder = with_iris();
    let at = folder.path();
    std::fs::write(at.join("one.csv"), "sepal_length,sepal_width,petal_length,petal_width\n,,4.5,1.4\n")
        .unwrap();
    for objective in ["generative", "hybrid"] {
        let train = ["--objective", objective, "--epochs", "60", "--hidden", "32", "--folds", "3"];
        stdout(&ugmm(at, &[&TRAIN[..], &train].concat()));
        // The posterior equals the prediction, including its temperature, in any order of the evidence.
        let given = ["iris.safetensors", "--given", "petal_length=4.5,petal_width=1.4", "--ask", "species"];
        let report = ask(at, &given);
        let predicted = stdout(&ugmm(at, &["predict", "iris.safetensors", "one.csv", "--format", "jsonl"]));
        let predicted: Value = serde_json::from_str(&predicted).unwrap();
        let posterior = report["answers"][0]["probabilities"].as_object().unwrap();
        for (class, probability) in posterior {
            let expected = number(&predicted[format!("probability of {class}")]);
            assert!((number(probability) - expected).abs() < 1e-6, "{class}: {probability} {expected}");
        }
        assert_eq!(report["answers"][0]["missing"], serde_json::json!(["sepal_length", "sepal_width"]));
        let other = ["iris.safetensors", "--given", "petal_width=1.40", "--given", " petal_length = 4.5"];
        assert_eq!(ask(at, &other)["answers"], report["answers"]);
        let nothing = ask(at, &["iris.safetensors"]);
        let sum: f64 = nothing["answers"][0]["probabilities"].as_object().unwrap().values().map(number).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{nothing}");

        // The density is over the range of the training rows, or over another range.
        for (range, low, high) in [(None, 4.3, 7.9), (Some("sepal_length=0:10"), 0.0, 10.0)] {
            let range = range.map(|range| ["--range", range]);
            let asked =
                ["iris.safetensors", "--given", "species=setosa", "--ask", "sepal_length,sepal_width"];
            let report = ask(at, &[&asked[..], range.as_ref().map_or(&[], |range| &range[..])].concat());
            let density = &report["answers"][0]["density"];
            assert_eq!((number(&density["low"]), number(&density["high"])), (low, high));
            let cells: Vec<f64> = density["density"].as_array().unwrap().iter().map(number).collect();
            assert!((cells.iter().sum::<f64>() * (high - low) / 256.0 - 1.0).abs() < 1e-9);
            assert!(number(&density["quantiles"]["0.05"]) < number(&density["quantiles"]["0.95"]));
            assert_eq!(report["answers"][1]["column"], "sepal_width");
        }
        let text = stdout(&ugmm(
            at,
            &["query", "iris.safetensors", "--given", "species=setosa", "--ask", "sepal_length"],
        ));
        assert!(
            text.contains("█") && text.contains("mean") && text.contains("not given: sepal_width"),
            "{text}"
        );
        assert!(text.contains("not how the data are distributed") && !text.contains("likelihood"), "{text}");

        // A whole row has a score; with a wrong label it has a lower one.
        let row = "sepal_length=5.1,sepal_width=3.5,petal_length=1.4,petal_width=0.2,species=";
        let score = |label: &str| {
            number(&ask(at, &["iris.safetensors", "--given", &format!("{row}{label}")])["score"])
        };
        if objective == "hybrid" {
            assert!(score("setosa") > score("virginica"));
        }
        let text =
            stdout(&ugmm(at, &["query", "iris.safetensors", "--score", "--given", &format!("{row}setosa")]));
        assert!(text.starts_with("score given") && text.contains("not normalised"), "{text}");

        let draw = |name: &str, options: &[&str]| {
            let sample =
                ["sample", "iris.safetensors", "--given", "species=setosa", "-n", "60", "--thin", "2"];
            let options =
                [&sample[..], &["--warm-up", "20", "-o", name, "--json", "s.json"], options].concat();
            let text = stdout(&ugmm(at, &options));
            assert!(text.contains("R-hat") && text.contains("60 rows given species = setosa"), "{text}");
            std::fs::read_to_string(at.join(name)).unwrap()
        };
        let drawn = draw("s.csv", &[]);
        assert_eq!(drawn, draw("t.csv", &["--threads", "1"]));
        assert_ne!(drawn, draw("t.csv", &["--seed", "1"]));
        let (header, rows) = records(at, "s.csv");
        assert_eq!(header.join(","), "sepal_length,sepal_width,petal_length,petal_width,species");
        assert_eq!(rows.len(), 60);
        for row in rows {
            let length: f64 = row[0].parse().unwrap();
            assert!((4.3..=7.9).contains(&length) && row[4] == "setosa", "{row:?}");
        }
        let report = json(&at.join("s.json"));
        assert_eq!(report["columns"].as_array().unwrap().len(), 4);
        assert!(report["columns"].as_array().unwrap().iter().all(|c| number(&c["r_hat"]) > 0.9), "{report}");
        let predictions = stdout(&ugmm(at, &["predict", "iris.safetensors", "s.csv"]));
        assert_eq!(predictions.lines().count(), 61);
        // Standard output has only rows; remarks go to standard error.
        let output = ugmm(at, &["sample", "iris.safetensors", "-n", "3", "--warm-up", "1", "--thin", "1"]);
        assert_eq!(stdout(&output).lines().count(), 4);
        assert!(String::from_utf8_lossy(&output.stderr).contains("R-hat"));
        // Two chains of 100 rows are too few for a diagnosis.
        let few = ["--chains", "2", "-n", "8", "--warm-up", "1", "--thin", "1", "-q"];
        let output = ugmm(at, &[&["sample", "iris.safetensors"][..], &few].concat());
        let warning = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(warning.starts_with("warning: the chains do not agree on 5 of 5 columns"), "{warning}");
        assert_eq!(stdout(&output).lines().count(), 9);
    }
}

/// A table of categories with commas and rare levels, names with equals signs, dates, booleans, and missing
/// values.
fn with_mixed_table() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut text = String::from("place,a=b,when,ok,count,kind\n");
    for i in 0..90 {
        let place = match i {
            4 | 5 => "Rome",
            _ if i % 7 == 0 => "",
            _ => ["\"Paris, France\"", "Bonn"][i % 2],
        };
        let value = if i % 5 == 0 { String::new() } else { format!("{}.{}", i % 2 * 3, i % 10) };
        let (ok, kind) = (["yes", "no"][i / 2 % 2], ["new", "old"][i % 2]);
        let _ = writeln!(text, "{place},{value},2024-03-{:02},{ok},{},{kind}", 1 + i % 30, i % 6);
    }
    std::fs::write(folder.path().join("mixed.csv"), text).unwrap();
    folder
}

const TRAIN_MIXED: [&str; 12] = [
    "train",
    "mixed.csv",
    "--target",
    "kind",
    "-o",
    "m.safetensors",
    "--epochs",
    "30",
    "--hidden",
    "16",
    "--validation",
    "0",
];

#[test]
fn columns_of_all_kinds_are_asked_and_drawn_with_gaps() {
    let folder = with_mixed_table();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN_MIXED[..], &["--objective", "hybrid"]].concat()));
    let given = ["m.safetensors", "--given", "place=Paris, France,ok=Yes,\"a=b\"=0.5"];
    let report = ask(at, &[&given[..], &["--ask", "kind", "--ask", "when,count"]].concat());
    assert_eq!(report["given"], serde_json::json!({"place": "Paris, France", "a=b": "0.5", "ok": "yes"}));
    let answers = report["answers"].as_array().unwrap();
    assert!(number(&answers[0]["probabilities"]["new"]) > 0.5, "{report}");
    assert!(answers[1]["numbers"]["probabilities"]["2024-03-17"].is_number(), "{report}");
    assert!(answers[2]["numbers"]["mean"].is_number(), "{report}");
    let text = stdout(&ugmm(at, &["query", "m.safetensors", "--ask", "when"]));
    assert!(text.contains("2024-03-01") && text.contains("2024-03-30"), "{text}");
    let report = ask(at, &["m.safetensors", "--given", "kind=old", "--ask", "place"]);
    let places = report["answers"][0]["probabilities"].as_object().unwrap();
    assert_eq!(places.keys().collect::<Vec<_>>(), ["Bonn", "Paris, France", "Rome"]);
    assert!((places.values().map(number).sum::<f64>() - 1.0).abs() < 1e-6);
    let rare = ask(at, &["m.safetensors", "--given", "place=Rome"]);
    assert_eq!(rare["given"]["place"], "Rome");

    let sample = ["sample", "m.safetensors", "-n", "80", "--warm-up", "20", "--thin", "1", "-o", "s.csv"];
    stdout(&ugmm(at, &sample));
    let (header, rows) = records(at, "s.csv");
    assert_eq!(header, ["place", "a=b", "when", "ok", "count", "kind"]);
    for row in &rows {
        assert!(["Bonn", "Paris, France", "Rome"].contains(&row[0].as_str()), "{row:?}");
        assert!((0.0..=3.9).contains(&row[1].parse::<f64>().unwrap()), "{row:?}");
        assert!(row[2].starts_with("2024-03-") && ["yes", "no"].contains(&row[3].as_str()), "{row:?}");
        assert!(
            row[4].parse::<usize>().unwrap() <= 5 && ["new", "old"].contains(&row[5].as_str()),
            "{row:?}"
        );
    }
    stdout(&ugmm(at, &["predict", "m.safetensors", "s.csv"]));

    for (given, status, expected) in [
        ("", 2, "there is no equals sign"),
        ("=1", 2, "a column's name is missing"),
        ("count", 2, "there is no equals sign"),
        ("count=\"1", 2, "a quote is not closed"),
        ("count=1,count=2", 2, "\"count\" is given twice"),
        ("cuont=1", 1, "did you mean \"count\"?"),
        ("a=b=1", 1, "has no column \"a\""),
        ("count=x", 1, "must be a number, such as those from 0 to 5"),
        ("count=NaN", 1, "cannot be \"NaN\""),
        ("count=1e400", 1, "cannot be \"1e400\""),
        ("when=2024-02-30", 1, "must be a date, such as those from 2024-03-01 to 2024-03-30"),
        ("ok=2", 1, "must be one of \"no\", \"yes\""),
        ("place=Pairs, France", 1, "did you mean \"Paris, France\"?"),
        ("kind=new", 1, "\"kind\" is given, so there is nothing to ask"),
    ] {
        let output = ugmm(at, &["query", "m.safetensors", "--ask", "kind", "--given", given]);
        let message = failure(&output);
        assert!(message.contains(expected), "{given}: {message}");
        assert_eq!(output.status.code(), Some(status), "{given}: {message}");
    }
    for (arguments, expected) in [
        (&["query", "m.safetensors", "--ask", "place,"][..], "a column's name is missing"),
        (&["query", "m.safetensors", "--ask", "plaice"], "did you mean \"place\"?"),
        (&["query", "m.safetensors", "--score"], "give place, a=b, when, ok, count, kind as well"),
        (&["query", "m.safetensors", "--range", "count=3:1"], "it must be a range such as 0:10"),
        (&["query", "m.safetensors", "--range", "place=0:1"], "holds categories, so it has no range"),
        (&["sample", "m.safetensors", "--chains", "1"], "at least 2"),
        (&["sample", "m.safetensors", "--cells", "1"], "at least 2"),
        (&["sample", "m.safetensors", "-o", "m.safetensors"], "would replace this input"),
    ] {
        let message = failure(&ugmm(at, arguments));
        assert!(message.contains(expected), "{arguments:?}: {message}");
    }
}

#[test]
fn a_discriminative_model_is_asked_for_its_target_only() {
    let folder = with_mixed_table();
    let at = folder.path();
    stdout(&ugmm(at, &TRAIN_MIXED));
    let report = ask(at, &["m.safetensors", "--given", "place=Bonn"]);
    assert!(number(&report["answers"][0]["probabilities"]["old"]) > 0.5, "{report}");
    for (arguments, expected) in [
        (&["query", "m.safetensors"][..], "nothing is given to predict \"kind\" from"),
        (
            &["query", "m.safetensors", "--ask", "place"],
            "it can be asked for \"kind\" only, not for \"place\"",
        ),
        (
            &["query", "m.safetensors", "--given", "kind=new"],
            "this discriminative model predicts \"kind\", so it cannot be given",
        ),
        (&["query", "m.safetensors", "--score"], "not for rows, their scores or most probable values"),
        (&["sample", "m.safetensors"], "not for rows, their scores or most probable values"),
    ] {
        let message = failure(&ugmm(at, arguments));
        assert!(message.contains(expected), "{arguments:?}: {message}");
    }
    // A network that needs every value names the missing columns.
    stdout(&ugmm(at, &[&TRAIN_MIXED[..], &["--model", "mlp", "--ignore", "place,a=b"]].concat()));
    let message = failure(&ugmm(at, &["query", "m.safetensors", "--given", "ok=yes"]));
    assert_eq!(message, "this model needs every value; give when, count as well");
}

#[test]
fn a_model_of_numbers_is_asked_for_them() {
    let folder = with_iris();
    let at = folder.path();
    let train = ["train", "iris.csv", "--target", "petal_width", "-o", "n.safetensors"];
    stdout(&ugmm(at, &[&train[..], &["--epochs", "30", "--hidden", "32", "--folds", "3"]].concat()));
    std::fs::write(at.join("one.csv"), "sepal_length,sepal_width,petal_length,species\n6,,4.5,versicolor\n")
        .unwrap();
    let predicted = stdout(&ugmm(at, &["predict", "n.safetensors", "one.csv", "--format", "jsonl"]));
    let predicted: Value = serde_json::from_str(&predicted).unwrap();
    let report = ask(at, &["n.safetensors", "--given", "species=versicolor,sepal_length=6,petal_length=4.5"]);
    let density = &report["answers"][0]["density"];
    for (found, expected) in [
        (&density["mean"], &predicted["predicted petal_width"]),
        (&density["quantiles"]["0.05"], &predicted["5 %"]),
        (&density["quantiles"]["0.5"], &predicted["median"]),
    ] {
        assert!((number(found) - number(expected)).abs() < 1e-5, "{report} {predicted}");
    }
    // A question may have no evidence; the answer about a feature has a remark.
    ask(at, &["n.safetensors"]);
    let text = stdout(&ugmm(at, &["query", "n.safetensors", "--given", "petal_width=1", "--ask", "species"]));
    assert!(text.contains("never compared with data"), "{text}");
}

#[test]
fn given_numbers_are_shown_as_they_are_and_nothing_to_find_is_said_in_words() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let rows: String = (0..60).map(|i| format!("{},{}\n", i % 6, ["u", "v"][i % 2])).collect();
    std::fs::write(at.join("t.csv"), format!("count,kind\n{rows}")).unwrap();
    let train = ["train", "t.csv", "--target", "kind", "--objective", "hybrid", "-o", "m.safetensors"];
    stdout(&ugmm(at, &[&train[..], &["--epochs", "2", "--hidden", "4"]].concat()));
    for number in ["2.5", "2"] {
        let given = format!("count={number}");
        let text = stdout(&ugmm(at, &["query", "m.safetensors", "--given", &given]));
        assert!(text.starts_with(&format!("kind given count = {number}\n")), "{text}");
        let drawn = stdout(&ugmm(at, &["sample", "m.safetensors", "--rows", "3", "--given", &given]));
        assert!(drawn.lines().skip(1).all(|line| line.starts_with(&format!("{number},"))), "{drawn}");
    }
    stdout(&ugmm(at, &["train", "t.csv", "--objective", "density", "-o", "d.safetensors", "--epochs", "2"]));
    for model in ["m.safetensors", "d.safetensors"] {
        let said = failure(&ugmm(at, &["mpe", model, "--given", "count=2,kind=u"]));
        assert_eq!(
            said,
            "every column is given, so there is nothing left to find; leave out what is asked for"
        );
    }
}
