//! `--weights` of `ugmm train` and `ugmm evaluate`.

use crate::{failure, json, stdout, ugmm};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use tempfile::TempDir;

/// Writes a table whose class and number depend on x, with these weights, or with each row as often as its weight
/// says.
fn write(path: &Path, weights: &[usize], is_repeated: bool) {
    let mut text = String::from("x,w,kind,y\n");
    for row in 0..200 {
        let (x, noise) = ((row * 37 % 101) as f64 / 50.0, (row * 71 % 97) as f64 / 97.0);
        let weight = weights[row % weights.len()];
        let kind = if x + noise > 1.5 { "high" } else { "low" };
        let times = if is_repeated { weight } else { 1 };
        (0..times).for_each(|_| writeln!(text, "{x},{weight},{kind},{:.3}", 3.0 * x + noise).unwrap());
    }
    std::fs::write(path, text).unwrap();
}

const WEIGHTS: [usize; 5] = [1, 3, 0, 2, 1];

fn close(found: &Value, expected: &Value, key: &str) {
    let [found, expected] = [found, expected].map(|report| report.pointer(key).and_then(Value::as_f64));
    let (found, expected) = (found.expect(key), expected.expect(key));
    assert!((found - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{key}: {found}, not {expected}");
}

#[test]
fn measures_with_weights_are_those_of_repeated_rows() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    write(&at.join("w.csv"), &WEIGHTS, false);
    write(&at.join("r.csv"), &WEIGHTS, true);
    let class = [
        "/accuracy",
        "/log_loss",
        "/brier_score",
        "/calibration_error",
        "/balanced_accuracy",
        "/area_under_roc",
        "/baseline/accuracy",
        "/baseline/log_loss",
        "/by_class/0/precision",
        "/by_class/1/recall",
    ];
    let number = [
        "/rmse",
        "/mae",
        "/r2",
        "/log_density",
        "/crps",
        "/coverage_50",
        "/coverage_90",
        "/width_90",
        "/baseline/mean",
        "/baseline/rmse",
        "/deciles/3",
    ];
    for (ignored, options, keys) in [
        ("y", &["--target", "kind"][..], &class[..]),
        ("kind", &["--target", "y"], &number),
        ("y", &["--target", "kind", "--objective", "density"], &["/accuracy", "/log_likelihood/mean"]),
    ] {
        let train = ["train", "w.csv", "-o", "m.safetensors", "--epochs", "5", "--ignore", ignored];
        let weighted = ["--weights", "w", "--json", "t.json"];
        let text = stdout(&ugmm(at, &[&train[..], options, &weighted].concat()));
        assert!(!text.contains("w is a number"), "{text}");
        let report = json(&at.join("t.json"));
        let rows = ["training_rows", "validation_rows"].map(|key| report[key].as_u64().unwrap());
        assert_eq!(rows[0] + rows[1], 160, "{report}");
        let options = std::fs::read_to_string(at.join("m.safetensors.toml")).unwrap();
        assert!(options.contains("weights = \"w\""), "{options}");

        let evaluate = |table: &str, options: &[&str]| {
            stdout(&ugmm(at, &[&["evaluate", "m.safetensors", table, "--json", "e.json"], options].concat()));
            json(&at.join("e.json"))
        };
        let (found, expected) = (evaluate("w.csv", &["--weights", "w"]), evaluate("r.csv", &[]));
        keys.iter().for_each(|key| close(&found, &expected, key));
        let plain = evaluate("w.csv", &[]);
        assert!(keys.iter().any(|key| found.pointer(key) != plain.pointer(key)));
    }
}

#[test]
fn weights_go_with_folds_a_search_and_a_config_file() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    write(&at.join("w.csv"), &WEIGHTS, false);
    let train =
        ["train", "w.csv", "-o", "m.safetensors", "--epochs", "3", "--ignore", "y", "--target", "kind"];
    let options = ["--weights", "w", "--folds", "2", "--class-weights", "balanced", "--json", "t.json"];
    stdout(&ugmm(at, &[&train[..], &options].concat()));
    assert_eq!(json(&at.join("t.json"))["cross_validation"]["metrics"]["rows"], 160);
    let again = ["train", "--config", "m.safetensors.toml", "-o", "n.safetensors", "--json", "u.json"];
    stdout(&ugmm(at, &again));
    let [first, second] =
        ["m", "n"].map(|name| std::fs::read(at.join(name).with_extension("safetensors")).unwrap());
    assert!(first == second);
    stdout(&ugmm(at, &[&train[..], &["--weights", "w", "--search"]].concat()));
}

#[test]
fn weights_of_1_change_nothing() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    write(&at.join("w.csv"), &[1], false);
    let model = |options: &[&str]| {
        let train = ["train", "w.csv", "-o", "m.safetensors", "--epochs", "3", "--target", "kind"];
        stdout(&ugmm(at, &[&train[..], options].concat()));
        std::fs::read(at.join("m.safetensors")).unwrap()
    };
    assert!(model(&["--weights", "w"]) == model(&["--ignore", "w"]));
}

#[test]
fn what_is_no_weight_is_refused_with_its_place() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    write(&at.join("w.csv"), &WEIGHTS, false);
    let good = std::fs::read_to_string(at.join("w.csv")).unwrap();
    let train =
        ["train", "w.csv", "-o", "m.safetensors", "--epochs", "2", "--ignore", "y", "--target", "kind"];
    stdout(&ugmm(at, &[&train[..], &["--weights", "w"]].concat()));
    let other = "if another column has the weights: --weights COLUMN";
    let with_weight = |weight: &str| -> String {
        let line = |(line, text): (usize, &str)| {
            let cells: Vec<&str> = text.split(',').collect();
            let own = if line == 4 { weight } else { cells[1] };
            format!("{},{own},{},{}\n", cells[0], cells[2], cells[3])
        };
        good.lines().enumerate().map(line).collect()
    };
    for (weight, found) in [("-3", "\"-3\""), ("", "a missing value"), ("many", "\"many\"")] {
        std::fs::write(at.join("w.csv"), with_weight(weight)).unwrap();
        let expected = format!(
            "w.csv, row 5, column \"w\": {found} is no weight; a weight is a finite number of at least 0; {other}"
        );
        for density in [&[][..], &["--objective", "density"]] {
            let message = failure(&ugmm(at, &[&train[..], density, &["--weights", "w"]].concat()));
            assert_eq!(message, expected);
        }
        let message = failure(&ugmm(at, &["evaluate", "m.safetensors", "w.csv", "--weights", "w"]));
        match weight {
            "-3" | "" => assert_eq!(message, expected),
            text => assert!(
                message.starts_with(&format!("w.csv, row 5, column \"w\": {text:?} is not a number")),
                "{message}"
            ),
        }
    }
    // No column of numbers may have an infinity.
    std::fs::write(at.join("w.csv"), with_weight("inf")).unwrap();
    let message = failure(&ugmm(at, &[&train[..], &["--weights", "w"]].concat()));
    assert!(message.starts_with("w.csv, row 5, column \"w\": \"inf\" is not a finite number"), "{message}");
    std::fs::write(at.join("w.csv"), "x,w,kind,y\n1,0,a,1\n2,0,b,2\n").unwrap();
    let message = failure(&ugmm(at, &[&train[..], &["--weights", "w"]].concat()));
    assert_eq!(
        message,
        format!("w.csv, column \"w\": all weights are 0; at least one must be positive; {other}")
    );
    let message = failure(&ugmm(at, &[&train[..], &["--weights", "kind"]].concat()));
    assert_eq!(
        message,
        "--weights: \"kind\" is the column of the target; weights need a column of their own"
    );
    let message = failure(&ugmm(at, &[&train[..], &["--weights", "v"]].concat()));
    assert!(message.starts_with("there is no column \"v\""), "{message}");
}
