//! A folder of tables, one for each thing that can be wrong with a table, and the expected outcomes.

use crate::{failure, stdout, ugmm};
use std::path::Path;
use tempfile::TempDir;

/// The expected outcome for a table.
enum Outcome {
    /// Training succeeds and prints these texts.
    Learned(&'static [&'static str]),
    /// Training fails with this text in its message.
    Refused(&'static str),
}
use Outcome::{Learned, Refused};

const TABLES: [(&str, &[&str], Outcome); 47] = [
    ("plain.csv", &[], Learned(&["24 rows, 2 features; y is one of a, b"])),
    ("tabs.tsv", &[], Learned(&["24 rows, 2 features"])),
    ("bom-before-quoted-header.csv", &[], Learned(&["24 rows, 2 features", "x          number"])),
    ("carriage-returns.csv", &[], Learned(&["24 rows, 2 features; y is one of a, b"])),
    ("blank-lines-and-comments.csv", &[], Learned(&["24 rows, 2 features"])),
    ("decimal-commas.csv", &[], Learned(&["24 rows, 2 features", "0 to 3"])),
    ("compressed.csv.gz", &[], Learned(&["24 rows, 2 features"])),
    (
        "no-header.csv",
        &[],
        Refused("there is no target column \"y\"; the columns are \"0.00\", \"0\", \"a\""),
    ),
    (
        "no-header.csv",
        &["--no-header", "--target", "x3"],
        Learned(&["24 rows, 2 features; x3 is one of a, b"]),
    ),
    ("numbers-as-header.csv", &[], Refused("row 1")),
    (
        "numbers-as-header.csv",
        &["--no-header", "--target", "x3"],
        Learned(&["24 rows, 2 features; x3 is one of 0, 1"]),
    ),
    ("missing-marks.csv", &[], Learned(&["missing: 10 values", "x          number        10"])),
    ("own-missing-mark.csv", &["--na=-999"], Learned(&["missing: 6 values", "0.25 to 3"])),
    (
        "na-late-in-a-column-of-numbers.csv",
        &[],
        Learned(&["missing: 1 value", "x          number         1"]),
    ),
    ("integers-then-decimals.csv", &[], Learned(&["x          number         0   0 to 8"])),
    ("text-late-in-a-column-of-numbers.csv", &[], Learned(&["because \"broken\" is not a number"])),
    (
        "text-late-in-a-column-of-numbers.csv",
        &["--numeric", "x"],
        Refused("row 52, column \"x\": \"broken\""),
    ),
    ("text-late-in-a-column-of-numbers.csv", &["--na", "broken"], Learned(&["x          number         1"])),
    ("thousands.csv", &[], Learned(&["x          number         0   1000 to 2023"])),
    ("dates.csv", &[], Learned(&["date", "2024-01-01T06:00:00 to 2024-02-24T06:00:00"])),
    ("booleans.csv", &[], Learned(&["ok       true or false", "open     true or false"])),
    ("unicode.csv", &["--target", "种类"], Learned(&["24 rows, 4 features; 种类 is one of 玫瑰, 蘭花"])),
    ("labels-from-1.csv", &[], Learned(&["y is one of 1, 2, 3", "if that is wrong: --task regression"])),
    ("labels-from-1.csv", &["--task", "regression"], Learned(&["30 rows, 1 feature; y is a number"])),
    ("labels-with-gaps.csv", &[], Learned(&["y is one of 2, 7, 40"])),
    ("class-seen-once.csv", &[], Learned(&["25 rows, 1 feature; y is one of a, b, rare"])),
    ("class-seen-once.csv", &["--folds", "3"], Learned(&["3-fold cross-validation"])),
    (
        "one-class.csv",
        &[],
        Refused("the column \"y\" holds only one label, \"a\"; at least two classes are needed"),
    ),
    ("constant-columns.csv", &[], Learned(&["24 rows, 1 feature", "left out: constant"])),
    ("only-constant-columns.csv", &[], Refused("no column except the target \"y\" is left to train on")),
    ("duplicate-names.csv", &[], Refused("columns 1 and 2 are both named \"x\"")),
    ("unnamed-column.csv", &[], Learned(&["x2"])),
    ("ragged-row.csv", &[], Refused("row 11: 2 fields, where the first row has 3")),
    ("unclosed-quote.csv", &[], Refused("row 11: a quoted field begins but its closing quote is missing")),
    ("infinite.csv", &[], Refused("row 9, column \"x\": \"inf\" is not a finite number")),
    (
        "integer-too-large.csv",
        &[],
        Refused("row 9, column \"x\": \"12345678901234567890\" has too many digits"),
    ),
    ("integer-too-large.csv", &["--ignore", "x"], Learned(&["24 rows, 1 feature"])),
    ("latin-1.csv", &[], Refused("row 2, column \"y\": the text is not UTF-8")),
    (
        "latin-1.csv",
        &[],
        Refused(
            "if the text is as Windows wrote it in Western Europe (Latin-1): --encoding \"windows-1252\"",
        ),
    ),
    ("latin-1.csv", &["--encoding", "latin1"], Learned(&["24 rows, 2 features"])),
    ("utf-16.csv", &[], Learned(&["24 rows, 2 features"])),
    ("empty.csv", &[], Refused("is empty")),
    ("only-a-header.csv", &[], Refused("has columns but no rows of data")),
    ("workbook.csv", &[], Refused("the spreadsheet data is damaged or incomplete")),
    ("names-of-rows.csv", &[], Refused("the column \"name\" has 60 different texts in 60 rows")),
    ("rows-without-label.csv", &[], Learned(&["25 rows, 2 features", "left out: 5 rows with no target"])),
    (
        "numbers-to-predict.csv",
        &[],
        Learned(&["60 rows, 2 features; y is a number", "if that is wrong: --task classification"]),
    ),
];

/// Other tests check the outcomes of these tables.
const OTHERS: [&str; 2] = ["large-offset.csv", "one-number-to-predict.csv"];

fn tables() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables")
}

#[test]
fn every_table_of_the_folder_has_its_outcome() {
    let folder = TempDir::new().unwrap();
    for (file, options, outcome) in &TABLES {
        let path = tables().join(file);
        let path = path.to_str().unwrap();
        let target = if options.contains(&"--target") { &[][..] } else { &["--target", "y"] };
        let arguments = [&["train", path, "-o", "m.safetensors", "--epochs", "2"], target, options].concat();
        let output = ugmm(folder.path(), &arguments);
        match outcome {
            Learned(expected) => {
                let said = format!("{}{}", stdout(&output), String::from_utf8_lossy(&output.stderr));
                for expected in *expected {
                    assert!(said.contains(expected), "{file} {options:?}: {said} does not say {expected}");
                }
            }
            Refused(expected) => {
                let message = failure(&output);
                assert!(message.contains(expected), "{file} {options:?}: {message} does not say {expected}");
                assert!(message.contains(file), "{file} {options:?}: {message}");
            }
        }
    }
    for entry in std::fs::read_dir(tables()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = TABLES.iter().map(|(file, ..)| *file).chain(OTHERS).any(|file| file == name);
        assert!(known, "{name} has no outcome");
    }
}

#[test]
fn a_single_number_cannot_be_predicted() {
    let folder = TempDir::new().unwrap();
    let path = tables().join("one-number-to-predict.csv");
    let train = ["train", path.to_str().unwrap(), "--target", "y", "-o", "m.safetensors"];
    let message = failure(&ugmm(folder.path(), &train));
    assert!(message.contains("the column \"y\" holds only one label, \"3.5\""), "{message}");
    let message = failure(&ugmm(folder.path(), &[&train[..], &["--task", "regression"]].concat()));
    assert!(message.contains("the column \"y\" holds one number only, 3.5; there is nothing"), "{message}");
}

/// Half seconds after 1.7 billion seconds would all be the same number in f32.
#[test]
fn a_large_offset_loses_no_digits() {
    let folder = TempDir::new().unwrap();
    let path = tables().join("large-offset.csv");
    let path = path.to_str().unwrap();
    let train =
        ["train", path, "--target", "y", "-o", "m.safetensors", "--epochs", "150", "--validation", "0"];
    stdout(&ugmm(folder.path(), &train));
    let text = stdout(&ugmm(folder.path(), &["evaluate", "m.safetensors", path]));
    assert!(text.starts_with("40 rows, accuracy 100.00 %"), "{text}");
}

#[test]
fn ten_thousand_columns_are_learned_from() {
    let folder = TempDir::new().unwrap();
    let header: Vec<String> = (0..10_000).map(|column| format!("x{column}")).collect();
    let mut text = format!("{},y\n", header.join(","));
    for row in 0..40usize {
        let values: Vec<String> =
            (0..10_000).map(|column| ((row * 7 + column * 13) % 11).to_string()).collect();
        text += &format!("{},{}\n", values.join(","), ["a", "b"][row % 2]);
    }
    std::fs::write(folder.path().join("wide.csv"), text).unwrap();
    let train =
        ["train", "wide.csv", "--target", "y", "-o", "m.safetensors", "--epochs", "1", "--hidden", "4"];
    let output = ugmm(folder.path(), &train);
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(stdout(&output).contains("10000 features"), "{said}");
    assert!(said.contains("10001 columns: 10000 × number, 1 × target"), "{said}");
    let predict = ["predict", "m.safetensors", "wide.csv", "--explain", "2"];
    assert_eq!(stdout(&ugmm(folder.path(), &predict)).lines().count(), 41);
}
