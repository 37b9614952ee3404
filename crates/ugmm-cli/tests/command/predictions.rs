//! Input and output of `ugmm predict`.

use crate::{TRAIN, failure, names, stdout, ugmm, with_iris};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Runs `ugmm` with this standard input.
fn ugmm_fed(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ugmm"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A process that fails at the first rows does not read the rest.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn with_model() -> TempDir {
    let folder = with_iris();
    stdout(&ugmm(folder.path(), &[&TRAIN[..], &["--epochs", "20"]].concat()));
    folder
}

/// The header and the records of a CSV text.
fn records(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let fields = |record: &csv::StringRecord| record.iter().map(String::from).collect::<Vec<_>>();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = fields(reader.headers().unwrap());
    (header, reader.records().map(|record| fields(&record.unwrap())).collect())
}

#[test]
fn every_format_holds_the_same() {
    let folder = with_model();
    let at = folder.path();
    let table = std::fs::read(at.join("iris.csv")).unwrap();
    let from_file = stdout(&ugmm(at, &["predict", "iris.safetensors", "iris.csv"]));
    let from_input = stdout(&ugmm_fed(at, &["predict", "iris.safetensors", "-"], &table));
    assert_eq!(from_file, from_input);
    let lines = stdout(&ugmm(at, &["predict", "iris.safetensors", "iris.csv", "--format", "jsonl"]));
    let (header, records) = records(&from_file);
    for (record, line) in records.iter().zip(lines.lines()) {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        for (name, field) in header.iter().zip(record) {
            let value = &object[name];
            let text = value.as_str().map_or(value.to_string(), String::from);
            // JSON writes 1 as 1.0.
            let same = text == *field || text.parse::<f64>().unwrap() == field.parse::<f64>().unwrap();
            assert!(same, "{name}: {text} {field}");
        }
    }
    // The name of the file determines its format.
    stdout(&ugmm(at, &["predict", "iris.safetensors", "iris.csv", "-o", "p.parquet"]));
    assert!(std::fs::read(at.join("p.parquet")).unwrap().starts_with(b"PAR1"));
    let options = ugmm_data::frame::ReadOptions::default();
    let table = ugmm_data::Table::read(&at.join("p.parquet"), &options).unwrap();
    assert_eq!(table.rows(), 150);
    let names: Vec<&str> = table.schema().columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, header);
    let message = failure(&ugmm_fed(at, &["predict", "iris.safetensors", "-"], b"a,b\n1,2\n"));
    assert!(message.starts_with("standard input"), "{message}");
    let train = ["train", "-", "--target", "species", "-o", "m.safetensors"];
    let message = failure(&ugmm_fed(at, &train, b"a,species\n1,2\n"));
    assert!(message.contains("standard input") && message.contains("file"), "{message}");
}

#[test]
fn columns_are_kept_beside_their_predictions() {
    let folder = with_model();
    let at = folder.path();
    let header = "id,sepal_length,sepal_width,petal_length,petal_width\n";
    std::fs::write(at.join("new.csv"), format!("{header}007,5.1,3.5,1.4,0.2\n,6.3,3.3,6.0,2.5\n")).unwrap();
    let keep = ["predict", "iris.safetensors", "new.csv", "--keep", "id,petal_length"];
    let (header, rows) = records(&stdout(&ugmm(at, &keep)));
    assert_eq!(header[..3], ["id", "petal_length", "predicted species"]);
    assert_eq!(rows[0][..3], ["007", "1.4", "setosa"]);
    assert_eq!(rows[1][..2], ["", "6.0"]);
    let message = failure(&ugmm(at, &["predict", "iris.safetensors", "new.csv", "--keep", "name"]));
    assert!(message.contains("\"name\""), "{message}");
    // A name without a known format is rejected before anything is read.
    let message = failure(&ugmm(at, &["predict", "iris.safetensors", "new.csv", "-o", "p.csv.gz"]));
    assert_eq!(
        message,
        "--format: rows are not written as .gz; end the name in .csv, .jsonl or .parquet, or state one of them"
    );
}

#[test]
fn a_model_remembers_marks_of_missing_values_and_can_be_lenient() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let rows: String = (0..40)
        .map(|i| {
            format!(
                "{},{},{}\n",
                i % 2 * 4 + i % 3,
                if i % 9 == 0 { "-99" } else { ["0", "1", "2", "3"][i % 4] },
                ["a", "b"][i % 2]
            )
        })
        .collect();
    std::fs::write(at.join("d.csv"), format!("x,n,y\n{rows}")).unwrap();
    stdout(&ugmm(
        at,
        &["train", "d.csv", "--target", "y", "-o", "m.safetensors", "--epochs", "5", "--na=-99"],
    ));
    std::fs::write(at.join("new.csv"), "x,n\n1,-99\n2,3\n").unwrap();
    let output = ugmm(at, &["predict", "m.safetensors", "new.csv"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("missing: 1 value"), "{output:?}");
    std::fs::write(at.join("new.csv"), "x,n\n1,many\n2,3\n").unwrap();
    let message = failure(&ugmm(at, &["predict", "m.safetensors", "new.csv"]));
    assert!(message.starts_with("new.csv, row 2, column \"n\": \"many\" is not a number"), "{message}");
    let output = ugmm(at, &["predict", "m.safetensors", "new.csv", "--lenient"]);
    assert_eq!(stdout(&output).lines().count(), 3);
}

#[test]
fn reasons_are_the_columns_that_speak_for_the_prediction() {
    let folder = with_model();
    let at = folder.path();
    let text = stdout(&ugmm(at, &["predict", "iris.safetensors", "iris.csv", "--explain", "9"]));
    let (header, records) = records(&text);
    assert_eq!(header.iter().filter(|name| name.starts_with("reason")).count(), 4);
    let mut without = 0;
    for record in records {
        let mut reasons: Vec<&str> = record[7..].iter().step_by(2).map(String::as_str).collect();
        let shares: Vec<f32> = record[8..].iter().step_by(2).map(|share| share.parse().unwrap()).collect();
        let sum: f32 = shares.iter().sum();
        assert!(shares.is_sorted_by(|a, b| a >= b) && (sum == 0.0 || (sum - 1.0).abs() < 1e-4), "{shares:?}");
        without += usize::from(sum == 0.0);
        reasons.sort_unstable();
        assert_eq!(reasons, ["petal_length", "petal_width", "sepal_length", "sepal_width"]);
    }
    // For versicolor, the species in the middle, an average flower may be more typical than a real one.
    assert!(without < 75, "{without}");
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "2", "--model", "mlp"]].concat()));
    let explain = ["predict", "iris.safetensors", "iris.csv", "--explain", "1", "-o", "p.csv"];
    let message = failure(&ugmm(at, &explain));
    assert!(message.contains("the model is mlp, but must be ugmm"), "{message}");
    assert!(!names(&folder).contains(&"p.csv".into()));
}

#[test]
fn unusual_rows_are_flagged() {
    let folder = with_model();
    let at = folder.path();
    let header = "sepal_length,sepal_width,petal_length,petal_width\n";
    // The rows are a flower with petals that are wider than long, a flower of the table, and an impossible
    // flower.
    let rows = "5.1,3.5,0.2,2.4\n5.1,3.5,1.4,0.2\n500,3,1,1\n";
    std::fs::write(at.join("new.csv"), format!("{header}{rows}")).unwrap();
    let output = ugmm(at, &["predict", "iris.safetensors", "new.csv"]);
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let (_, predicted) = records(&stdout(&output));
    let flags: Vec<&str> = predicted.iter().map(|record| record.last().unwrap().as_str()).collect();
    assert_eq!(flags, ["true", "false", "true"]);
    assert!(said.contains("unlike the training rows: 2 of 3 rows"), "{said}");
    let text = stdout(&ugmm(at, &["predict", "iris.safetensors", "iris.csv"]));
    let flagged = text.lines().filter(|line| line.ends_with("true")).count();
    assert!(flagged <= 6, "{flagged}");
}
