//! The command from end to end, on the Iris table and on invalid files.

#[cfg(feature = "architectures")]
mod architectures;
mod book;
mod certificates;
mod columns;
mod conformal;
mod demo;
mod densities;
mod density_answers;
mod devices;
mod export;
mod faults;
mod groups;
mod hostile;
mod images;
mod importance;
mod importing;
mod inspection;
mod learning;
mod limits;
mod map;
mod old_models;
mod predictions;
mod pruning;
mod questions;
mod report;
mod resume;
mod rows;
mod shell;
mod time_order;
mod trust;
mod values;
mod weights;

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Small tables for which the program was wrong.
const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");

/// Runs `ugmm` in `folder`.
fn ugmm(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ugmm")).current_dir(folder).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The single line of a failure with status 1, or 2 for wrong options.
fn failure(output: &Output) -> String {
    assert!(matches!(output.status.code(), Some(1 | 2)), "{output:?}");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(output.stdout.is_empty());
    text.trim_end().strip_prefix("error: ").unwrap().to_owned()
}

/// The last line of a failure that follows remarks about the file.
fn failure_of(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    text.lines().last().unwrap().strip_prefix("error: ").unwrap().to_owned()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A folder with iris.csv.
fn with_iris() -> TempDir {
    let folder = TempDir::new().unwrap();
    let table = ugmm_data::iris();
    let mut text = format!("{},species\n", table.feature_names.join(","));
    for (row, label) in table.labels.iter().enumerate() {
        let values: Vec<String> = table.row(row).iter().map(f32::to_string).collect();
        text += &format!("{},{label}\n", values.join(","));
    }
    std::fs::write(folder.path().join("iris.csv"), text).unwrap();
    folder
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const TRAIN: [&str; 6] = ["train", "iris.csv", "--target", "species", "-o", "iris.safetensors"];

#[test]
fn reproduce_iris_prints_the_papers_rows_beside_the_measured_ones() {
    let folder = TempDir::new().unwrap();
    let output = ugmm(folder.path(), &["reproduce", "iris", "--seeds", "1", "--json", "iris.json"]);
    let text = stdout(&output);
    assert!(text.contains("Run with --seeds 1.") && !text.contains("NOT"), "{text}");
    let report = json(&folder.path().join("iris.json"));
    assert_eq!(report["schema"], "ugmm/reproduce");
    assert_eq!(report["schema_version"], 2);
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for (result, at_least, parameters) in [(&results[0], 0.5, 315), (&results[1], 0.9, 259)] {
        let accuracy = result["test_accuracy"]["mean"].as_f64().unwrap();
        assert!((at_least..=1.0).contains(&accuracy), "{result}");
        assert_eq!(result["paper_test_accuracy"]["mean"], 1.0);
        assert_eq!(result["parameters"], parameters);
        assert_eq!(result["runs"][0]["history"].as_array().unwrap().len(), 300);
        let printed = format!("{:.2}", 100.0 * accuracy);
        let model = result["model"].as_str().unwrap();
        assert!(text.lines().any(|line| line.starts_with(model) && line.contains(&printed)), "{text}");
    }
}

#[test]
fn reproduce_says_which_options_made_it_shorter() {
    let folder = TempDir::new().unwrap();
    let arguments = ["reproduce", "iris", "--epochs", "2", "--seeds", "3", "--only", "mlp", "--seed", "7"];
    let text = stdout(&ugmm(folder.path(), &arguments));
    assert!(text.contains("Run with --epochs 2 --seeds 3 --only mlp --seed 7."), "{text}");
    assert!(text.contains("NOT the paper's number of epochs"), "{text}");
    assert!(text.contains("FFNN 4-32-3") && !text.contains("uGMM-NN 5-10-5-1"), "{text}");
}

#[test]
fn reproduce_approximation_has_smaller_errors_with_more_components_and_draws_them() {
    let folder = TempDir::new().unwrap();
    let short = ["--components", "4", "--epochs", "40", "--rows", "200", "-o", "figures", "--json", "-"];
    let text = stdout(&ugmm(folder.path(), &[&["reproduce", "approximation"], &short[..]].concat()));
    let report: Value = serde_json::from_str(&text).unwrap();
    for density in report["densities"].as_array().unwrap() {
        let fits = density["fits"].as_array().unwrap();
        let errors: Vec<f64> = fits.iter().map(|fit| fit["total_variation"].as_f64().unwrap()).collect();
        assert!(errors[0] > errors[1] && errors[1] > errors[2] && errors[0] < 0.5, "{density}");
        assert!(fits.iter().all(|fit| fit["divergence"].as_f64().unwrap() > 0.0), "{density}");
    }
    let worth: Vec<f64> = report["conditional"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["log_density"].as_f64().unwrap())
        .collect();
    assert!(worth[0] > worth[1] && worth[0] > worth[2] && worth[1] > worth[3], "{report}");
    for name in ["skewed", "heavy-tailed", "multimodal", "interval", "plateau", "errors", "conditional"] {
        let svg = std::fs::read_to_string(folder.path().join(format!("figures/{name}.svg"))).unwrap();
        assert!(svg.contains("</svg>") && !svg.contains("NaN"), "{name}");
    }
}

/// The project's own settings, on several splits and, without any test row, on folds of the training rows.
#[test]
fn reproduce_iris_runs_the_best_preset_on_splits_and_folds() {
    let folder = TempDir::new().unwrap();
    let run = |options: &[&str]| {
        let arguments = ["reproduce", "iris", "--preset", "best", "--seeds", "1", "--json", "iris.json"];
        let text = stdout(&ugmm(folder.path(), &[&arguments, options].concat()));
        (text, json(&folder.path().join("iris.json")))
    };
    let (text, report) = run(&["--splits", "42,3"]);
    assert!(text.contains("Run with --preset best --seeds 1 --splits 42,3."), "{text}");
    for result in report["results"].as_array().unwrap() {
        assert!(result["test_accuracy"]["mean"].as_f64().unwrap() >= 0.93, "{result}");
        let splits: Vec<_> = result["runs"].as_array().unwrap().iter().map(|run| &run["split"]).collect();
        assert_eq!(splits, [42, 3]);
    }
    let (text, report) = run(&["--folds", "4", "--epochs", "5", "--only", "mlp"]);
    assert!(text.contains("The test rows are not used: 4-fold cross-validation"), "{text}");
    assert_eq!(report["results"][0]["runs"].as_array().unwrap().len(), 4);
    let message = failure(&ugmm(folder.path(), &["reproduce", "iris", "--splits", "5"]));
    assert_eq!(message, "--splits is 5, but must be among 42, 0, 1, 2, 3 and 4");
}

#[test]
fn a_table_is_learned_saved_predicted_and_evaluated() {
    let folder = with_iris();
    let at = folder.path();
    for options in [
        &[][..],
        &["--model", "mlp"],
        &["--objective", "generative"],
        &["--objective", "hybrid"],
        &["--hidden", "none"],
        &["--preset", "paper"],
    ] {
        let text =
            stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "120", "--json", "train.json"], options].concat()));
        assert!(
            text.contains("150 rows, 4 features; species is one of setosa, versicolor, virginica"),
            "{text}"
        );
        let report = json(&at.join("train.json"));
        assert_eq!(report["training_rows"], 120);
        assert_eq!(report["validation_rows"], 30);
        assert!(report["validation_metrics"]["accuracy"].as_f64().unwrap() >= 0.85, "{options:?}: {text}");

        // The columns are in another order, one is superfluous, and the target is missing.
        let data = "virginica?,petal_width,petal_length,sepal_width,sepal_length\n\
                    no,0.2,1.4,3.5,5.1\nyes,2.5,6.0,3.3,6.3\n";
        std::fs::write(at.join("new.csv"), data).unwrap();
        let predictions =
            stdout(&ugmm(at, &["predict", "iris.safetensors", "new.csv", "--json", "new.json"]));
        let lines: Vec<Vec<&str>> = predictions.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(
            lines[0],
            [
                "predicted species",
                "probability of setosa",
                "probability of versicolor",
                "probability of virginica",
                "entropy",
                "distance",
                "unusual"
            ]
        );
        assert_eq!((lines[1][0], lines[2][0]), ("setosa", "virginica"), "{options:?}");
        for line in &lines[1..] {
            let numbers: Vec<f32> = line[1..5].iter().map(|value| value.parse().unwrap()).collect();
            assert!((numbers[..3].iter().sum::<f32>() - 1.0).abs() < 1e-5, "{line:?}");
            let entropy: f32 = numbers[..3].iter().map(|p| if *p > 0.0 { -p * p.ln() } else { 0.0 }).sum();
            assert!((numbers[3] - entropy).abs() < 1e-4, "{line:?}");
        }
        assert_eq!(json(&at.join("new.json"))["rows"], 2);

        let text =
            stdout(&ugmm(at, &["evaluate", "iris.safetensors", "iris.csv", "--json", "evaluation.json"]));
        let report = json(&at.join("evaluation.json"));
        let accuracy = report["accuracy"].as_f64().unwrap();
        assert!(accuracy >= 0.9, "{options:?}: {text}");
        assert!(text.contains(&format!("150 rows, accuracy {:.2} %", 100.0 * accuracy)), "{text}");
        let counts = report["confusion"].as_array().unwrap();
        let counts: u64 =
            counts.iter().flat_map(|row| row.as_array().unwrap()).map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(counts, 150);
    }
}

#[test]
fn the_same_seed_writes_the_same_model_on_any_number_of_threads() {
    let folder = with_iris();
    let model = |arguments: &[&str]| {
        stdout(&ugmm(
            folder.path(),
            &[&TRAIN[..], &["--epochs", "3", "--dropout", "0.2"], arguments].concat(),
        ));
        std::fs::read(folder.path().join("iris.safetensors")).unwrap()
    };
    let first = model(&["--seed", "5", "--threads", "1"]);
    assert!(model(&["--seed", "5", "--threads", "2"]) == first);
    assert!(model(&["--seed", "6", "--threads", "1"]) != first);
}

#[test]
fn predictions_go_to_a_file_that_is_never_half_written() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "1"]].concat()));
    stdout(&ugmm(at, &["predict", "iris.safetensors", "iris.csv", "-o", "out.csv"]));
    let lines = std::fs::read_to_string(at.join("out.csv")).unwrap().lines().count();
    assert_eq!(lines, 151);
    // A failure keeps the old predictions.
    std::fs::write(at.join("bad.csv"), "sepal_length,sepal_width,petal_length,petal_width\n1,2,x,4\n")
        .unwrap();
    let message = failure(&ugmm(at, &["predict", "iris.safetensors", "bad.csv", "-o", "out.csv"]));
    assert!(message.starts_with("bad.csv, row 2, column \"petal_length\": \"x\""), "{message}");
    assert_eq!(std::fs::read_to_string(at.join("out.csv")).unwrap().lines().count(), 151);
    assert_eq!(
        names(&folder),
        ["bad.csv", "iris.csv", "iris.safetensors", "iris.safetensors.toml", "out.csv"]
    );
}

#[test]
fn every_bad_table_is_refused_before_anything_is_written() {
    for (contents, expected) in [
        (&b""[..], "data.csv is empty"),
        (b"a,b,species\n", "has columns but no rows"),
        (b"a,b,species\n1,2,x\n1,inf,y\n", "row 3, column \"b\""),
        (b"a,b,species\n1,2,x\n1,y\n", "row 3: 2 fields, where the first row has 3"),
        (b"a,b,kind\n1,2,x\n1,2,y\n", "there is no target column \"species\""),
        (b"a,b,species\n1,2,x\n3,4,x\n", "only one label, \"x\""),
        (b"a,b,species\n1,2,x\n1,\xff,y\n", "UTF-8"),
        (b"\x93NUMPY\x01\x00", "UTF-8"),
    ] {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("data.csv"), contents).unwrap();
        let arguments =
            ["train", "data.csv", "--target", "species", "-o", "m.safetensors", "--json", "t.json"];
        let message = failure(&ugmm(folder.path(), &arguments));
        assert!(
            message.contains("data.csv") && message.contains(expected),
            "{message} does not say {expected}"
        );
        assert_eq!(names(&folder), ["data.csv"]);
    }
    let folder = TempDir::new().unwrap();
    let message = failure(&ugmm(folder.path(), &TRAIN));
    assert_eq!(message, "iris.csv does not exist");
    // A text among numbers makes a category, unless an option declares the column numeric.
    std::fs::write(folder.path().join("iris.csv"), "a,b,species\n1,2,x\n1,two,y\n").unwrap();
    let message = failure(&ugmm(folder.path(), &[&TRAIN[..], &["--numeric", "b"]].concat()));
    assert!(message.starts_with("iris.csv, row 3, column \"b\": \"two\""), "{message}");
}

#[test]
fn outputs_that_cannot_be_written_or_would_replace_inputs_are_refused_at_once() {
    let folder = with_iris();
    let at = folder.path();
    let train = |output: &str, json: &[&str]| {
        failure(&ugmm(at, &[&["train", "iris.csv", "--target", "species", "-o", output], json].concat()))
    };
    assert!(train("missing/m.safetensors", &[]).starts_with("missing/m.safetensors: "));
    assert!(train("m.safetensors", &["--json", "missing/t.json"]).starts_with("missing/t.json: "));
    assert!(train(".", &[]).contains("directory"));
    assert_eq!(
        train("./iris.csv", &[]),
        "./iris.csv: the output would replace this input; choose another name"
    );
    assert_eq!(names(&folder), ["iris.csv"]);
    assert_eq!(std::fs::read_to_string(at.join("iris.csv")).unwrap().lines().count(), 151);
}

#[test]
fn models_and_data_that_do_not_fit_are_told() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "1"]].concat()));
    std::fs::write(at.join("other.csv"), "sepal_length,width\n1,2\n").unwrap();
    let message = failure(&ugmm(at, &["predict", "iris.safetensors", "other.csv"]));
    assert!(message.contains("\"sepal_width\", \"petal_length\", \"petal_width\""), "{message}");
    assert_eq!(failure(&ugmm(at, &["predict", "iris.csv", "iris.csv"])).split(": ").next(), Some("iris.csv"));
    let no_target = "sepal_length,sepal_width,petal_length,petal_width\n1,2,3,4\n";
    std::fs::write(at.join("no-target.csv"), no_target).unwrap();
    let message = failure(&ugmm(at, &["evaluate", "iris.safetensors", "no-target.csv"]));
    assert!(message.contains("no-target.csv") && message.contains("\"species\""), "{message}");
    let unknown = "sepal_length,sepal_width,petal_length,petal_width,species\n1,2,3,4,rose\n";
    std::fs::write(at.join("unknown.csv"), unknown).unwrap();
    let message = failure(&ugmm(at, &["evaluate", "iris.safetensors", "unknown.csv"]));
    assert!(message.contains("\"rose\"") && message.contains("setosa"), "{message}");
}

#[test]
fn settings_out_of_range_are_refused() {
    let folder = with_iris();
    for (options, expected) in [
        (&["--dropout", "1"][..], "--dropout is 1, but must be at least 0 and less than 1"),
        (&["--min-sigma", "-1"], "--min-sigma is -1"),
        (&["--learning-rate", "-0.1"], "--learning-rate is -0.1"),
        (&["--clip", "0"], "--clip is 0"),
        (&["--validation", "1"], "--validation is 1"),
        (
            &["--dropout", "0.1,0.1,0.1"],
            "--dropout is a list of 3, but must be not empty and no longer than the number of layers",
        ),
        (
            &["--model", "mlp", "--objective", "generative"],
            "--objective is given, but must be left out for a feed-forward network",
        ),
        (&["--model", "mlp", "--objective", "hybrid"], "--objective is given"),
        (
            &["--objective", "hybrid", "--cross-entropy-weight", "inf"],
            "--cross-entropy-weight is inf, but must be at least 0 and finite",
        ),
    ] {
        let message = failure(&ugmm(folder.path(), &[&TRAIN[..], options].concat()));
        assert!(message.contains(expected), "{message} does not say {expected}");
    }
    assert_eq!(names(&folder), ["iris.csv"]);
}

/// A table as people have them: semicolons, decimal commas, text, dates, missing values, row numbers, a
/// comment.
const MESSY: &str = "# measured in May\n\
    no;length;colour;seen;ok;species;same\n";

fn messy(rows: usize) -> String {
    let mut text = String::from(MESSY);
    for row in 0..rows {
        let (class, length) = if row % 2 == 0 { ("a", "1,5") } else { ("b", "4,25") };
        let length = if row % 7 == 0 { "NA" } else { length };
        let colour = if row % 2 == 0 { "red" } else { ["blue", "\"green; or so\""][row % 3 / 2] };
        let colour = if row % 5 == 0 && row % 7 != 0 { "" } else { colour };
        text += &format!(
            "{row};{length};{colour};2024-05-{:02};{};{class};1\n",
            row % 28 + 1,
            ["yes", "no"][row % 3 % 2]
        );
    }
    text
}

#[test]
fn messy_tables_are_understood_learned_and_predicted() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    std::fs::write(at.join("messy.csv"), messy(140)).unwrap();
    let train = ["train", "messy.csv", "--target", "species", "-o", "m.safetensors", "--epochs", "60"];
    let output = ugmm(at, &[&train[..], &["--ignore", "no", "--json", "t.json"]].concat());
    let overview = String::from_utf8(output.stderr.clone()).unwrap();
    stdout(&output);
    for expected in [
        "length",
        "number",
        "1.5 to 4.25",
        "category",
        "date",
        "true or false",
        "left out: constant",
        "left out: ignored",
    ] {
        assert!(overview.contains(expected), "{overview} does not say {expected}");
    }
    assert!(overview.contains("; the network ignores them"), "{overview}");
    let report = json(&at.join("t.json"));
    let features: Vec<_> =
        report["columns"]["features"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(features, ["length", "colour=blue", "colour=green; or so", "colour=red", "seen", "ok"]);
    assert!(report["validation_metrics"]["accuracy"].as_f64().unwrap() >= 0.95, "{report}");

    // The new file has another order and delimiter, gzip compression, an unseen colour, and missing values;
    // another decimal mark would be another format.
    let new = "colour\tok\tseen\tlength\nred\tyes\t2024-05-03\t1,5\nviolet\t?\t\t4,25\n";
    std::fs::write(at.join("new.tsv"), new).unwrap();
    let output = ugmm(at, &["predict", "m.safetensors", "new.tsv"]);
    let remarks = String::from_utf8(output.stderr.clone()).unwrap();
    let text = stdout(&output);
    let classes: Vec<&str> = text.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(classes, ["predicted species", "a", "b"]);
    assert!(remarks.contains("missing: 2 values") && remarks.contains("did not have: 1 value"), "{remarks}");
    let text = stdout(&ugmm(at, &["evaluate", "m.safetensors", "messy.csv"]));
    assert!(text.starts_with("140 rows"), "{text}");

    // Without --ignore the row number is an ordinary number; a text that identifies rows is an error.
    let table = messy(140);
    let named = table.lines().skip(1).enumerate().map(|(row, line)| match row {
        0 => format!("name;{line}\n"),
        _ => format!("plant {row};{line}\n"),
    });
    std::fs::write(at.join("messy.csv"), named.collect::<String>()).unwrap();
    let message = failure_of(&ugmm(at, &train));
    assert_eq!(
        message,
        "messy.csv: the column \"name\" has 140 different texts in 140 rows, too many for a category; if the column \"name\" \
         should hold numbers: --numeric \"name\"; if the column \"name\" holds dates in a format such as this one: \
         --date-format \"name=%d/%m/%Y\"; to leave the column \"name\" out: --ignore \"name\""
    );
    // A feed-forward network needs every value.
    let mlp = ["--model", "mlp", "--ignore", "name,no"];
    let message = failure_of(&ugmm(at, &[&train[..], &mlp].concat()));
    assert!(message.starts_with("messy.csv: the column \"length\" lacks 20 values"), "{message}");
}

#[test]
fn a_column_of_numbers_with_a_text_in_it_is_remarked_upon() {
    let folder = with_iris();
    let at = folder.path();
    let text = std::fs::read_to_string(at.join("iris.csv")).unwrap();
    std::fs::write(at.join("iris.csv"), text.replacen(",0.2,setosa", ",wide,setosa", 1)).unwrap();
    let said = |options: &[&str]| {
        let output = ugmm(at, &[&TRAIN[..], &["--epochs", "1"], options].concat());
        String::from_utf8(output.stderr).unwrap()
    };
    let remark = "\"petal_width\" is taken as a category, because \"wide\" is not a number";
    assert!(said(&[]).contains(remark), "{}", said(&[]));
    let as_missing = said(&["--na", "wide"]);
    assert!(
        !as_missing.contains("is taken as a category") && as_missing.contains("missing: 1 value"),
        "{as_missing}"
    );
}

#[test]
fn rows_without_a_label_are_left_out_and_said() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let rows: String = (0..40).map(|row| format!("{},{},{}\n", row % 2, row, ["x", "y"][row % 2])).collect();
    std::fs::write(at.join("d.csv"), format!("a,b,kind\n{rows}1,2,\n,,x\n")).unwrap();
    let output = ugmm(at, &["train", "d.csv", "--target", "kind", "-o", "m.safetensors", "--epochs", "2"]);
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let text = stdout(&output);
    assert!(text.starts_with("40 rows, 2 features"), "{output:?}");
    assert!(
        text.contains("left out: 1 row with no target")
            && text.contains("left out: 1 row with only a target"),
        "{text} {said}"
    );
    std::fs::write(at.join("empty.csv"), "a,b\n1,2\n,NA\n").unwrap();
    let output = ugmm(at, &["predict", "m.safetensors", "empty.csv"]);
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let predictions = stdout(&output);
    let lines: Vec<&str> = predictions.lines().collect();
    assert!(lines[1].starts_with(['x', 'y']) && lines[2] == ",,,,,", "{lines:?}");
    assert!(said.contains("1 row without any value that the model uses"), "{said}");
    // Neither rows without features nor rows without a label can be compared.
    std::fs::write(at.join("some.csv"), "a,b,kind\n0,2,x\n,,x\n1,3,\n1,5,y\n").unwrap();
    let text = stdout(&ugmm(at, &["evaluate", "m.safetensors", "some.csv", "--json", "e.json"]));
    assert!(text.contains("left out: 1 row with no value to compare with"), "{text}");
    assert!(text.contains("left out: 1 row with no value that the model uses"), "{text}");
    assert_eq!(json(&at.join("e.json"))["rows"], 2);
    std::fs::write(at.join("none.csv"), "a,b,kind\n1,2,\n").unwrap();
    let message = failure(&ugmm(at, &["evaluate", "m.safetensors", "none.csv"]));
    assert!(message.starts_with("none.csv: no row has both a value in the column \"kind\""), "{message}");
}

#[test]
fn folds_measure_every_row_and_make_the_probabilities_true() {
    let folder = with_iris();
    let at = folder.path();
    let options = ["--folds", "5", "--epochs", "100", "--json", "t.json"];
    let text = stdout(&ugmm(at, &[&TRAIN[..], &options].concat()));
    assert!(text.contains("5-fold cross-validation") && text.contains("a temperature of"), "{text}");
    let report = json(&at.join("t.json"));
    assert_eq!((&report["training_rows"], &report["validation_rows"]), (&150.into(), &0.into()));
    let measured = &report["cross_validation"];
    assert_eq!(measured["by_fold"].as_array().unwrap().len(), 5);
    assert_eq!(measured["metrics"]["rows"], 150);
    let number = |value: &Value| value.as_f64().unwrap();
    assert!(number(&measured["metrics"]["accuracy"]) > 0.9, "{measured}");
    assert_eq!(measured["metrics"]["accuracy"], measured["scaled_metrics"]["accuracy"]);
    let (before, after) = (&measured["metrics"]["log_loss"], &measured["scaled_metrics"]["log_loss"]);
    assert!(number(after) <= number(before) + 1e-3, "{measured}");

    // The measures of the training rows are those of the saved model, including its temperature.
    stdout(&ugmm(at, &["evaluate", "iris.safetensors", "iris.csv", "--json", "e.json"]));
    let evaluated = json(&at.join("e.json"));
    assert_eq!(evaluated["accuracy"], report["training_metrics"]["accuracy"]);
    let difference = number(&evaluated["log_loss"]) - number(&report["training_metrics"]["log_loss"]);
    assert!(difference.abs() < 1e-6, "{difference}");
    for (folds, expected) in [("1", "cannot be divided into 1 folds"), ("151", "150 rows cannot be divided")]
    {
        let message = failure(&ugmm(at, &[&TRAIN[..], &["--folds", folds]].concat()));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_config_file_stands_in_for_options_and_options_go_before_it() {
    let folder = with_iris();
    let at = folder.path();
    std::fs::write(at.join("s.toml"), "# mine\nhidden = [7]\nepochs = 3\nlabel_smoothing = 0.1\n").unwrap();
    let options = ["--config", "s.toml", "--epochs", "2", "--json", "t.json"];
    stdout(&ugmm(at, &[&TRAIN[..], &options].concat()));
    let report = json(&at.join("t.json"));
    assert_eq!(report["training"]["epochs"], 2);
    assert_eq!(report["training"]["label_smoothing"], 0.1);
    assert_eq!(report["model"]["layers"][0]["neurons"], 7);

    for (contents, expected) in [
        (
            "epochs = 3\nhiden = [7]\n",
            "s.toml, line 2: there is no option or setting \"hiden\"; did you mean \"hidden\"?",
        ),
        ("epochs = \"many\"\n", "s.toml, line 1: epochs: invalid type: string \"many\""),
        ("epochs = \n", "s.toml, line 1: "),
        ("batch_norm = true\n", "batch_norm is true, but must be left out for a uGMM network"),
        (
            "weight_decay = 0.1\noptimizer = { kind = \"sgd\", momentum = 0.9, weight_decay = 0.0 }\n",
            "weight_decay is 0.1",
        ),
        (
            "augmentation = { shift = { height = 2, width = 3, most = 1 } }\n",
            "augmentation is 2 × 3 pixels, but must be the size of the rows' images",
        ),
    ] {
        std::fs::write(at.join("s.toml"), contents).unwrap();
        let message = failure(&ugmm(at, &[&TRAIN[..], &["--config", "s.toml"]].concat()));
        assert!(message.contains(expected), "{message} does not say {expected}");
    }
    let message = failure(&ugmm(at, &[&TRAIN[..], &["--config", "none.toml"]].concat()));
    assert_eq!(message, "none.toml does not exist");
}

#[test]
fn variants_of_an_experiment_run_in_the_order_of_their_file() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    std::fs::write(at.join("v.toml"), "[zebra]\nhidden = [3]\n[ape]\nmodel = \"mlp\"\nepochs = 1\n").unwrap();
    let arguments =
        ["reproduce", "iris", "--variants", "v.toml", "--seeds", "1", "--folds", "2", "--epochs", "2"];
    let text = stdout(&ugmm(at, &[&arguments[..], &["--preset", "best", "--json", "v.json"]].concat()));
    let report = json(&at.join("v.json"));
    let results = report["results"].as_array().unwrap();
    let models: Vec<_> = results.iter().map(|result| result["model"].as_str().unwrap()).collect();
    assert_eq!(models, ["zebra", "ape"]);
    assert_eq!(results[0]["recipe"]["model"]["layers"][0]["neurons"], 3);
    assert_eq!(results[1]["recipe"]["training"]["epochs"], 2);
    assert!(results[0]["paper_test_accuracy"].is_null());
    // No test row is used, so that every epoch is measured.
    assert_eq!(results[0]["runs"][0]["history"][1]["validation"]["rows"], 60);
    assert!(text.contains("held-out accuracy, % (2 runs"), "{text}");
    std::fs::write(at.join("v.toml"), "# nothing\n").unwrap();
    let message = failure(&ugmm(at, &arguments));
    assert_eq!(message, "v.toml: there is no table such as [wider] with settings below it");
}

/// Four IDX files with `count` images each of two kinds: bright in the upper half, and bright in the lower
/// half.
fn with_images(count: usize) -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut images = [&[0, 0, 8, 3][..], &(count as u32).to_be_bytes(), &[0, 0, 0, 28, 0, 0, 0, 28]].concat();
    let mut labels = [&[0, 0, 8, 1][..], &(count as u32).to_be_bytes()].concat();
    for image in 0..count {
        let label = image % 2;
        labels.push(label as u8);
        images.extend(
            (0..784).map(|pixel| if (pixel / 392 == label) == (pixel % 5 > image % 3) { 200 } else { 0 }),
        );
    }
    for part in ["train", "t10k"] {
        std::fs::write(folder.path().join(format!("{part}-images-idx3-ubyte")), &images).unwrap();
        std::fs::write(folder.path().join(format!("{part}-labels-idx1-ubyte")), &labels).unwrap();
    }
    folder
}

#[test]
fn uncertainty_compares_test_images_with_others() {
    let folder = with_images(60);
    let at = folder.path();
    std::fs::copy(at.join("t10k-images-idx3-ubyte"), at.join("same-images.idx")).unwrap();
    let settings = "hidden = [8]\nepochs = 20\nbatch_size = 8\n";
    std::fs::write(at.join("v.toml"), format!("[small]\n{settings}[plain]\nmodel = \"mlp\"\n{settings}"))
        .unwrap();
    let arguments = ["reproduce", "uncertainty", "--data", ".", "--validation", "10", "--seeds", "1"];
    let others = ["--others", "same-images.idx", "--variants", "v.toml", "--json", "u.json"];
    let text = stdout(&ugmm(at, &[&arguments[..], &others].concat()));
    assert!(text.contains("small, scaled") && text.contains("root score"), "{text}");
    let report = json(&at.join("u.json"));
    assert_eq!(report["schema"], "ugmm/uncertainty");
    for result in report["results"].as_array().unwrap() {
        let run = &result["runs"][0];
        assert!(run["metrics"]["accuracy"].as_f64().unwrap() > 0.9, "{run}");
        assert_eq!(run["metrics"]["accuracy"], run["scaled_metrics"]["accuracy"]);
        let areas = run["area_under_roc"].as_object().unwrap();
        assert_eq!(areas.keys().collect::<Vec<_>>().len(), 4);
        // Identical images cannot be distinguished.
        for sign in ["max_probability", "entropy", "root_score"] {
            assert_eq!(areas["same"][sign], 0.5, "{run}");
        }
    }
    let small = [&[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2][..], &[1, 2, 3, 4]].concat();
    std::fs::write(at.join("small.idx"), small).unwrap();
    let message = failure(&ugmm(at, &[&arguments[..], &["--others", "small.idx"]].concat()));
    assert!(message.contains("small.idx with images of 2 × 2 pixels"), "{message}");
}

#[test]
fn wrong_usage_exits_with_2_and_help_has_an_example() {
    let folder = TempDir::new().unwrap();
    for arguments in
        [&["train"][..], &["reproduce", "iris", "--seeds", "0"], &["predict", "m", "d", "--threads", "no"]]
    {
        assert_eq!(ugmm(folder.path(), arguments).status.code(), Some(2), "{arguments:?}");
    }
    // So does a wrong option, whatever the files contain; errors in files exit with 1.
    let folder = with_iris();
    for (options, status) in [(&["--learning-rate", "-1"][..], 2), (&["--ignore", "species"], 1)] {
        let output = ugmm(folder.path(), &[&TRAIN[..], options].concat());
        assert_eq!(output.status.code(), Some(status), "{output:?}");
    }
    for command in [
        &[][..],
        &["reproduce", "iris"],
        &["reproduce", "mnist"],
        &["reproduce", "uncertainty"],
        &["reproduce", "sequences"],
        &["reproduce", "images"],
        &["train"],
        &["predict"],
        &["evaluate"],
        &["inspect"],
        &["completions"],
        &["man"],
    ] {
        let text = stdout(&ugmm(folder.path(), &[command, &["--help"]].concat()));
        assert!(text.contains("Example"), "{command:?}: {text}");
    }
}

#[test]
fn mnist_that_is_not_there_says_how_to_get_it() {
    let folder = TempDir::new().unwrap();
    let message = failure(&ugmm(folder.path(), &["reproduce", "mnist", "--data", "."]));
    assert!(message.contains("scripts/fetch-mnist.sh"), "{message}");
}
