//! Options of `ugmm train`: numbers, class weights, search, early stopping, time limit, order of levels.

use crate::{TRAIN, failure, failure_of, json, stdout, ugmm, with_iris};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use tempfile::TempDir;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Writes a table with y = 3 a − 2 b + noise, and a category that adds 4.
fn write_numbers(path: &Path, rows: usize) {
    let mut text = String::from("a,b,kind,y\n");
    for row in 0..rows {
        let (a, b) = ((row * 37 % 101) as f64 / 50.0, (row * 53 % 89) as f64 / 40.0);
        let noise = (row * 71 % 97) as f64 / 97.0 - 0.5;
        let kind = ["low", "high"][row % 2];
        let y = 3.0 * a - 2.0 * b + 0.4 * noise + if row % 2 == 0 { 0.0 } else { 4.0 };
        writeln!(text, "{a},{b},{kind},{y:.4}").unwrap();
    }
    std::fs::write(path, text).unwrap();
}

#[test]
fn numbers_are_predicted_as_densities() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    write_numbers(&at.join("n.csv"), 300);
    let train =
        ["train", "n.csv", "--target", "y", "-o", "m.safetensors", "--epochs", "60", "--json", "t.json"];
    let text = stdout(&ugmm(at, &train));
    assert!(text.contains("y is a number") && text.contains("explained variance"), "{text}");
    let report = json(&at.join("t.json"));
    assert!(number(&report["validation_metrics"]["r2"]) > 0.8, "{report}");
    assert_eq!(report["task"]["classes"], 0);

    let predictions = stdout(&ugmm(at, &["predict", "m.safetensors", "n.csv"]));
    let lines: Vec<Vec<&str>> = predictions.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(
        lines[0],
        ["predicted y", "standard deviation", "5 %", "median", "95 %", "distance", "unusual"]
    );
    for line in &lines[1..] {
        let numbers: Vec<f64> = line[..5].iter().map(|value| value.parse().unwrap()).collect();
        let [mean, deviation, low, median, high] = numbers[..] else { panic!("{line:?}") };
        assert!(low < median && median < high && low < mean && mean < high && deviation > 0.0, "{line:?}");
    }
    let text = stdout(&ugmm(at, &["evaluate", "m.safetensors", "n.csv", "--json", "e.json"]));
    assert!(text.contains("central 90 %") && text.contains("always predicting the mean"), "{text}");
    let report = json(&at.join("e.json"));
    assert!(number(&report["rmse"]) < 0.5 * number(&report["baseline"]["rmse"]), "{report}");
    assert!((0.7..=1.0).contains(&number(&report["coverage_90"])), "{report}");
    let deciles: f64 = report["deciles"].as_array().unwrap().iter().map(number).sum();
    assert!((deciles - 1.0).abs() < 1e-9);

    // Folds give a spread; each number is predicted by a network that was not trained on it.
    let text = stdout(&ugmm(at, &[&train[..], &["--folds", "3"]].concat()));
    assert!(text.contains("3-fold cross-validation") && text.contains("90 % intervals"), "{text}");
    let measured = &json(&at.join("t.json"))["cross_validation"];
    assert_eq!(measured["metrics"]["rows"], 300);
    assert!(number(&measured["metrics"]["r2"]) > 0.7, "{measured}");

    for (options, expected) in [
        (&["--task", "classification"][..], "too many for classes"),
        (&["--model", "mlp"], "model is mlp, but must be ugmm, where a number is predicted"),
        (&["--objective", "hybrid"], "must be conditional or left out where a number is predicted"),
        (&["--class-weights", "balanced"], "class weights is given, but must be left out"),
    ] {
        let message = failure(&ugmm(at, &[&train[..], options].concat()));
        assert!(message.contains(expected), "{message} does not say {expected}");
    }
    let kind = ["train", "n.csv", "--target", "kind", "-o", "m.safetensors", "--task", "regression"];
    let message = failure(&ugmm(at, &kind));
    assert!(message.contains("\"kind\" does not hold numbers"), "{message}");
}

/// One row in twelve is ill, and the features have little information: without class weights no row is
/// predicted to be ill.
#[test]
fn class_weights_move_predictions_and_leave_probabilities_true() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let mut text = String::from("x,state\n");
    for row in 0..600 {
        let ill = row % 12 == 0;
        let x = f64::from(row * 37 % 101) / 101.0 + if ill { 0.45 } else { 0.0 };
        writeln!(text, "{x:.3},{}", if ill { "ill" } else { "well" }).unwrap();
    }
    std::fs::write(at.join("d.csv"), text).unwrap();
    let run = |options: &[&str]| {
        let train = ["train", "d.csv", "--target", "state", "-o", "m.safetensors", "--epochs", "60"];
        stdout(&ugmm(at, &[&train[..], options].concat()));
        stdout(&ugmm(at, &["evaluate", "m.safetensors", "d.csv", "--json", "e.json"]));
        json(&at.join("e.json"))
    };
    let plain = run(&[]);
    let balanced = run(&["--class-weights", "balanced"]);
    let given = run(&["--class-weights", "well=1,ill=11"]);
    let recall = |report: &Value| number(&report["by_class"][0]["recall"]);
    assert!(recall(&balanced) > recall(&plain) + 0.2, "{balanced} {plain}");
    assert!(recall(&given) > recall(&plain) + 0.2, "{given}");
    assert!(number(&balanced["balanced_accuracy"]) > number(&plain["balanced_accuracy"]));
    // The probabilities still match the frequency of one in twelve.
    for report in [&balanced, &given] {
        let worse = number(&report["log_loss"]) - number(&plain["log_loss"]);
        assert!(worse < 0.05, "{report} {plain}");
    }
    let train = ["train", "d.csv", "--target", "state", "-o", "m.safetensors", "--class-weights", "ill=2"];
    let message = failure(&ugmm(at, &train));
    let expected = "the class weights are for ill, but the classes of \"state\" are ill, well";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn a_search_chooses_what_cross_validation_finds_best() {
    let folder = with_iris();
    let at = folder.path();
    let candidates = "[untrained]\nlearning_rate = 1e-9\n[trained]\nhidden = [16]\n";
    std::fs::write(at.join("s.toml"), candidates).unwrap();
    let options = ["--search", "s.toml", "--epochs", "40", "--json", "t.json"];
    let text = stdout(&ugmm(at, &[&TRAIN[..], &options].concat()));
    assert!(text.contains("settings tried, by cross-validation") && text.contains("chosen"), "{text}");
    let report = json(&at.join("t.json"));
    let search = report["search"].as_array().unwrap();
    assert_eq!((&search[0]["name"], &search[0]["chosen"]), (&"untrained".into(), &false.into()));
    assert_eq!((&search[1]["name"], &search[1]["chosen"]), (&"trained".into(), &true.into()));
    assert_eq!(report["model"]["layers"][0]["neurons"], 16);
    // The other options apply to all settings of the search.
    assert_eq!(report["training"]["epochs"], 40);
    // The training rows choose the settings; the others measure the model.
    assert_eq!(report["cross_validation"]["metrics"]["rows"], 120);
    assert_eq!(report["validation_metrics"]["rows"], 30);

    let text = stdout(&ugmm(at, &[&TRAIN[..], &["--search", "--epochs", "2", "--folds", "2"]].concat()));
    assert!(text.contains("as the preset has it") && text.contains("two hidden layers"), "{text}");
}

#[test]
fn early_stopping_leaves_the_held_out_rows_alone() {
    let folder = with_iris();
    let at = folder.path();
    let options = ["--patience", "5", "--learning-rate", "0.3", "--epochs", "500", "--json", "t.json"];
    let text = stdout(&ugmm(at, &[&TRAIN[..], &options].concat()));
    assert!(text.contains("the model is that of epoch"), "{text}");
    let report = json(&at.join("t.json"));
    let epochs = report["history"].as_array().unwrap().len() as u64;
    assert_eq!(report["best_epoch"].as_u64().unwrap() + 5, epochs);
    // A tenth of the 120 training rows are validation rows.
    assert_eq!(report["history"][0]["validation"]["rows"], 12);
    assert_eq!(report["validation_metrics"]["rows"], 30);
}

#[test]
fn a_time_limit_is_kept() {
    let folder = with_iris();
    let at = folder.path();
    let options = ["--epochs", "1000000", "--folds", "3", "--time-limit", "2s", "--json", "t.json"];
    stdout(&ugmm(at, &[&TRAIN[..], &options].concat()));
    let report = json(&at.join("t.json"));
    assert!(report["history"].as_array().unwrap().len() < 1_000_000);
    // The reported number of epochs of a density is the number that was trained, whether circuits are trained
    // in turn or side by side. The limit is over before the first epoch on any machine.
    write_numbers(&at.join("numbers.csv"), 4000);
    for threads in ["1", "4"] {
        let density = ["train", "numbers.csv", "--objective", "density", "--structure", "random-trees"];
        let limits = ["--epochs", "1000", "--time-limit", "0.001s", "--threads", threads];
        let files = ["--json", "d.json", "-o", "d.safetensors"];
        let said = stdout(&ugmm(at, &[&density[..], &limits, &files].concat()));
        let report = json(&at.join("d.json"));
        let circuits = report["members"].as_u64().unwrap();
        assert!(report["out_of_time"] == true && report["epochs"] == 1, "{report}");
        assert!(if threads == "1" { circuits == 1 } else { (1..=4).contains(&circuits) }, "{report}");
        let expected = format!(
            "the time limit ended training after 1 epoch of the first circuit; the model has {circuits} of 4 circuits\n"
        );
        assert!(said.contains(&expected), "{said}");
    }
    let output = ugmm(at, &[&TRAIN[..], &["--time-limit", "soon"]].concat());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && message.contains("\"soon\" is no time"), "{message}");
}

#[test]
fn levels_have_an_order_where_it_is_said() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let level = |i: usize| ["small", "medium", "large"][i % 3];
    let rows: String = (0..60).map(|i| format!("{},{}\n", level(i), ["no", "yes"][i % 3 / 2])).collect();
    std::fs::write(at.join("d.csv"), format!("size,fits\n{rows}")).unwrap();
    let train =
        ["train", "d.csv", "--target", "fits", "-o", "m.safetensors", "--epochs", "2", "--json", "t.json"];
    let features = |options: &[&str]| {
        stdout(&ugmm(at, &[&train[..], options].concat()));
        json(&at.join("t.json"))["columns"]["features"].clone()
    };
    assert_eq!(features(&["--ordinal", "size=small<medium<large"]), serde_json::json!(["size"]));
    assert_eq!(features(&[]).as_array().unwrap().len(), 3);
    for (order, expected) in [
        ("size=small<large", "lacks levels that the table has: \"medium\""),
        ("fits", "the column \"fits\" is the target"),
        ("sighs", "a column \"sighs\" that is not there"),
    ] {
        let message = failure(&ugmm(at, &[&train[..], &["--ordinal", order]].concat()));
        assert!(message.contains(expected), "{message} does not say {expected}");
    }
    assert_eq!(features(&["--scaling", "quantile", "--ordinal", "size"]), serde_json::json!(["size"]));
}

/// The file of options repeats the training bit for bit.
#[test]
fn the_config_beside_the_model_repeats_it() {
    let folder = with_iris();
    let at = folder.path();
    let options =
        ["--epochs", "3", "--seed", "9", "--ignore", "sepal_width", "--scaling", "quantile", "--clip", "1"];
    let options = [&options[..], &["--class-weights", "setosa=2,versicolor=1,virginica=1"]].concat();
    stdout(&ugmm(at, &[&TRAIN[..], &options].concat()));
    let first = std::fs::read(at.join("iris.safetensors")).unwrap();
    stdout(&ugmm(at, &["train", "--config", "iris.safetensors.toml", "-o", "again.safetensors"]));
    assert!(std::fs::read(at.join("again.safetensors")).unwrap() == first);
    // The training can also replace its own model.
    stdout(&ugmm(at, &["train", "--config", "iris.safetensors.toml"]));
    assert!(std::fs::read(at.join("iris.safetensors")).unwrap() == first);
    // Keys are the names of options, even if the library's setting has another name.
    std::fs::write(at.join("half.toml"), "min_sigma = 0.75\nclip = 2.5\nepochs = 1\n").unwrap();
    stdout(&ugmm(at, &[&TRAIN[..], &["--config", "half.toml", "--json", "t.json"]].concat()));
    let report = json(&at.join("t.json"));
    assert_eq!(report["training"]["max_gradient_norm"], 2.5);
    assert_eq!(report["model"]["layers"][0]["min_sigma"], 0.75);
    std::fs::write(at.join("half.toml"), "target = \"species\"\nepochs = 1\n").unwrap();
    let message = failure(&ugmm(at, &["train", "--config", "half.toml"]));
    assert_eq!(message, "there is no table; name it on the command line or in the file of --config");
    for (line, expected) in [
        ("seed = -1", "half.toml, line 1: seed: \"-1\" is not a whole number from 0 to"),
        ("folds = 0", "half.toml, line 1: "),
        ("time_limit = \"soon\"", "time_limit: \"soon\" is no time"),
        ("class_weights = \"heavy\"", "class_weights: \"heavy\" is neither"),
        (
            "task = \"guessing\"",
            "half.toml, line 1: task: \"guessing\" is none of classification, regression",
        ),
        ("epoch = 3", "half.toml, line 1: there is no option or setting \"epoch\"; did you mean \"epochs\"?"),
    ] {
        std::fs::write(at.join("half.toml"), format!("{line}\n")).unwrap();
        let message = failure(&ugmm(at, &[&TRAIN[..], &["--config", "half.toml"]].concat()));
        assert!(message.contains(expected), "{message} does not say {expected}");
    }
}

#[test]
fn dropped_components_of_the_first_layer_and_gaps_are_refused_in_words() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let row = |i: usize| format!("{},{},{}\n", i * 37 % 101, i * 53 % 97, ["u", "v"][i % 2]);
    let whole: String = (0..60).map(row).collect();
    std::fs::write(at.join("whole.csv"), format!("a,b,c\n{whole}")).unwrap();
    std::fs::write(at.join("gaps.csv"), format!("a,b,c\n{whole},3,u\n4,,v\n")).unwrap();
    let train = |table: &str, dropout: &str| {
        let usual =
            ["train", table, "--target", "c", "--epochs", "2", "--hidden", "4,4", "-o", "m.safetensors"];
        ugmm(at, &[&usual[..], &["--dropout", dropout]].concat())
    };
    let why = "a network needs every value if components of its first layer are dropped out in training";
    let instead = "to keep all components of the first layer: --dropout 0,0.2";
    let said = failure(&train("gaps.csv", "0.2,0.2"));
    assert_eq!(
        said,
        format!(
            "gaps.csv: the column \"a\" lacks a value, and {why}; impute what is missing; to leave the column \"a\" out: \
             --ignore \"a\"; {instead}"
        )
    );
    stdout(&train("gaps.csv", "0,0.2"));
    stdout(&ugmm(at, &["predict", "m.safetensors", "gaps.csv"]));
    stdout(&train("whole.csv", "0.2,0.2"));
    stdout(&ugmm(at, &["predict", "m.safetensors", "whole.csv"]));
    let output = ugmm(at, &["predict", "m.safetensors", "gaps.csv", "-o", "p.csv"]);
    let said = failure_of(&output);
    assert_eq!(
        said,
        format!("gaps.csv, row 62, column \"a\": the value is missing, and {why}; impute it; {instead}")
    );
}
