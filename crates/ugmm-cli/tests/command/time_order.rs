//! `--time-order`: a model is tested on rows that are later than those it learned from.

use crate::{failure, failure_of, json, stdout, ugmm};
use std::fmt::Write;
use tempfile::TempDir;

/// 40 weeks of ten rows each, not in their order. The features are near to those of other rows of the week, and the class is
/// the week's, at random: it is known from rows of the same week only.
fn weeks(folder: &TempDir) {
    let random = |week: u32, salt: u32| {
        let mixed = (week * 7 + salt + 1).wrapping_mul(2_654_435_761);
        let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_519);
        f64::from((mixed ^ (mixed >> 13)) >> 16) / 65_536.0
    };
    let mut table = "day,a,b,c,d,e,f,state\n".to_owned();
    for row in 0..400_u32 {
        let place = row * 123 % 400;
        let week = place / 10;
        let (month, day) = (1 + week / 4, 1 + week % 4 * 7);
        let state = if random(week, 6) > 0.5 { "on" } else { "off" };
        let measured: Vec<String> =
            (0..6).map(|salt| format!("{:.4}", random(week, salt) + 1e-4 * f64::from(place % 10))).collect();
        let _ = writeln!(table, "2024-{month:02}-{day:02},{},{state}", measured.join(","));
    }
    std::fs::write(folder.path().join("t.csv"), table).unwrap();
}

#[test]
fn a_model_of_the_past_is_tested_on_the_future() {
    let folder = TempDir::new().unwrap();
    weeks(&folder);
    let accuracy = |options: &[&str], measured: &str| {
        let command = ["train", "t.csv", "--target", "state", "-o", "m.safetensors", "--json", "r.json"];
        let memorising = ["--epochs", "150", "--min-sigma", "0.05"];
        stdout(&ugmm(folder.path(), &[&command[..], &memorising, options].concat()));
        let report = json(&folder.path().join("r.json"));
        let is_ordered = options.contains(&"--time-order");
        assert_eq!(report["time_order"], serde_json::json!(is_ordered.then_some("day")));
        assert!(report["groups"].is_null());
        (report.pointer(measured).unwrap()["accuracy"].as_f64().unwrap(), report)
    };
    let (leaking, _) = accuracy(&["--ignore", "day"], "/validation_metrics");
    let (honest, report) = accuracy(&["--time-order", "day"], "/validation_metrics");
    assert!(leaking > 0.9 && honest < 0.75, "{leaking} {honest}");
    assert_eq!(report["validation_rows"], 80);
    let (folds, report) = accuracy(&["--time-order", "day", "--folds", "4"], "/cross_validation/metrics");
    assert!(folds < 0.75, "{folds}");
    // The first of five blocks is never tested, and the baseline is that of the rows that are.
    assert_eq!(report["cross_validation"]["metrics"]["rows"], 320);
    let said = stdout(&ugmm(folder.path(), &["inspect", "m.safetensors"]));
    assert!(!said.contains("day"), "{said}");
}

#[test]
fn times_go_with_numbers_densities_early_stopping_weights_and_a_config_file() {
    let folder = TempDir::new().unwrap();
    weeks(&folder);
    for options in [
        &["--target", "a", "--epochs", "2"][..],
        &["--target", "a", "--epochs", "2", "--folds", "3"],
        &["--target", "state", "--epochs", "4", "--patience", "2"],
        &["--target", "state", "--epochs", "2", "--weights", "f", "--search"],
        &["--objective", "density", "--epochs", "2", "--members", "1"],
    ] {
        let command = ["train", "t.csv", "--time-order", "day", "-o", "m.safetensors"];
        let output = ugmm(folder.path(), &[&command[..], options].concat());
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("ordered by day; models are tested on rows that are later"),
            "{options:?} {said}"
        );
    }
    std::fs::write(folder.path().join("c.toml"), "time_order = \"day\"\nepochs = 1\n").unwrap();
    let config = ["train", "t.csv", "--target", "state", "--config", "c.toml", "-o", "c.safetensors"];
    let output = ugmm(folder.path(), &[&config[..], &["--ignore", "day"]].concat());
    assert!(String::from_utf8(output.stderr).unwrap().contains("ordered by day"));
}

#[test]
fn what_cannot_order_rows_is_refused() {
    let folder = TempDir::new().unwrap();
    let table = "when,kind,same,x,y\n1,a,7,0.1,2\n2,b,7,0.4,1\n,b,7,0.3,4\n4,a,7,0.2,3\n5,c,7,0.2,3\n";
    std::fs::write(folder.path().join("t.csv"), table).unwrap();
    let command = ["train", "t.csv", "--target", "y", "-o", "m.safetensors"];
    let run = |options: &[&str]| ugmm(folder.path(), &[&command[..], options].concat());
    for (column, part) in [
        ("when", "t.csv, row 4, column \"when\": a missing value is no time"),
        ("kind", "t.csv: the column \"kind\" cannot order the rows by time: it needs a number or a date"),
        ("same", "t.csv: the column \"same\" cannot order the rows by time"),
        ("whn", "when"),
    ] {
        let message = failure_of(&run(&["--time-order", column]));
        assert!(message.contains(part), "{column}: {message}");
    }
    let message = failure(&run(&["--time-order", "y"]));
    assert_eq!(message, "--time-order: \"y\" is the column of the target; times need a column of their own");
    let both = run(&["--time-order", "x", "--group", "kind"]);
    let message = String::from_utf8(both.stderr).unwrap();
    assert!(message.contains("'--time-order <COLUMN>' cannot be used with '--group <COLUMN>'"), "{message}");
    let message = failure_of(&run(&["--time-order", "x", "--folds", "9"]));
    assert!(message.contains("4 times, which cannot be divided into 10 parts"), "{message}");
    assert!(!folder.path().join("m.safetensors").exists());
}
