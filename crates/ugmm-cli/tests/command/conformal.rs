//! `train --conformal`, `predict --sets` and `--interval`, `evaluate`.

use crate::{failure, json, stdout, ugmm};
use std::fmt::Write;
use tempfile::TempDir;

/// Two tables of rows of one kind: a number near 3 a, and a class that a and b say something about.
fn tables(folder: &TempDir) {
    let mut random = {
        let mut state = 1_u64;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1_u32 << 31)
        }
    };
    for (name, rows) in [("t.csv", 400), ("new.csv", 2000)] {
        let mut table = "a,b,number,class\n".to_owned();
        for _ in 0..rows {
            let (a, b) = (random(), random());
            let noise = random() + random() + random() - 1.5;
            let class = match a + b + noise {
                sum if sum < 0.8 => "low",
                sum if sum < 1.7 => "middle",
                _ => "high",
            };
            let _ = writeln!(table, "{a:.5},{b:.5},{:.5},{class}", 3.0 * a + noise);
        }
        std::fs::write(folder.path().join(name), table).unwrap();
    }
}

fn train(folder: &TempDir, options: &[&str]) -> String {
    let command =
        ["train", "t.csv", "--conformal", "--epochs", "5", "-o", "m.safetensors", "--json", "r.json"];
    stdout(&ugmm(folder.path(), &[&command[..], options].concat()))
}

#[test]
fn sets_and_intervals_hold_what_they_should() {
    let folder = TempDir::new().unwrap();
    tables(&folder);
    let run = |arguments: &[&str]| stdout(&ugmm(folder.path(), arguments));
    for (target, options, extra) in [
        ("class", &["--folds", "3", "--ignore", "number"][..], "--sets"),
        ("number", &["--validation", "0.3", "--ignore", "class"][..], "--interval"),
    ] {
        let said = train(&folder, &[&["--target", target][..], options].concat());
        let rows = if target == "class" { 80 } else { 120 };
        assert!(said.contains(&format!("conformal: {rows} held-out rows calibrate prediction ")), "{said}");
        let report = json(&folder.path().join("r.json"));
        assert_eq!(report["conformal"]["rows"], rows);
        assert_eq!(report["validation_rows"], rows);
        assert_eq!(report["cross_validation"].is_null(), target == "number");

        run(&["predict", "m.safetensors", "new.csv", extra, "0.9", "--keep", target, "-o", "p.jsonl"]);
        let text = std::fs::read_to_string(folder.path().join("p.jsonl")).unwrap();
        let (mut held, mut sizes) = (0, 0.0);
        for line in text.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            if target == "class" {
                let set: Vec<&str> = row["90 % set"].as_str().unwrap().split(" | ").collect();
                assert!(set.contains(&row["predicted class"].as_str().unwrap()));
                held += usize::from(set.contains(&row["class"].as_str().unwrap()));
                sizes += set.len() as f64;
            } else {
                // Kept values are as in the table.
                let end = |name: &str| -> f64 {
                    row[name].as_f64().or_else(|| row[name].as_str()?.parse().ok()).unwrap()
                };
                let (low, high) = (end("90 % interval from"), end("90 % interval to"));
                held += usize::from((low..=high).contains(&end("number")));
                sizes += high - low;
            }
        }
        // The probability is over the calibration rows as well: three standard deviations of it are 0.1 and 0.08.
        let rate = held as f64 / 2000.0;
        assert!(rate > 0.8 && rate < 0.99, "{rate}");
        let said = run(&["evaluate", "m.safetensors", "new.csv", "--json", "e.json"]);
        let measured = &json(&folder.path().join("e.json"))["conformal"];
        assert_eq!(measured["level"], 0.9);
        for (key, expected) in [("coverage", rate), ("size", sizes / 2000.0)] {
            assert!(
                (measured[key].as_f64().unwrap() - expected).abs() < 1e-3 * expected,
                "{measured} {expected}"
            );
        }
        assert!(said.contains("90 % sets hold the class of ") || said.contains("conformal 90 %"), "{said}");
    }
}

#[test]
fn levels_and_models_without_a_guarantee_are_refused() {
    let folder = TempDir::new().unwrap();
    tables(&folder);
    let predict = |options: &[&str]| {
        ugmm(folder.path(), &[&["predict", "m.safetensors", "new.csv", "-o", "p.csv"][..], options].concat())
    };
    train(&folder, &["--target", "number", "--validation", "0.05"]);
    // 20 calibration rows.
    assert!(predict(&["--interval", "0.95"]).status.success());
    let message = failure(&predict(&["--interval", "0.5,0.97"]));
    assert!(
        message.starts_with(
            "--interval: no interval has a level of 0.97 with 20 calibration rows; the highest level is "
        ),
        "{message}"
    );
    let message = failure(&predict(&["--sets", "0.9"]));
    assert!(
        message.contains("--sets: sets are those of predicted classes; of a predicted number: --interval"),
        "{message}"
    );
    stdout(&ugmm(
        folder.path(),
        &["train", "t.csv", "--target", "class", "--epochs", "1", "-o", "m.safetensors"],
    ));
    let message = failure(&predict(&["--sets", "0.9"]));
    assert_eq!(
        message,
        "--sets: the model has no calibration rows; networks have them after training with --conformal, until they are pruned"
    );
    train(&folder, &["--target", "class"]);
    let message = failure(&predict(&["--sets", "0.9,0.90"]));
    assert!(message.contains("two columns would be called \"90 % set\""), "{message}");

    let train = |options: &[&str]| {
        ugmm(
            folder.path(),
            &[&["train", "t.csv", "--target", "class", "-o", "n.safetensors"][..], options].concat(),
        )
    };
    let message = failure(&train(&["--folds", "3", "--validation", "0.3"]));
    assert!(
        message.contains("with --folds, no rows are held out unless --conformal needs them"),
        "{message}"
    );
    let message = failure(&train(&["--conformal", "--validation", "0"]));
    assert!(message.contains("for conformal prediction"), "{message}");
    for options in [&["--weights", "a"], &["--time-order", "a"]] {
        let output = train(&[&["--conformal"][..], options].concat());
        assert!(String::from_utf8(output.stderr).unwrap().contains("cannot be used with"), "{options:?}");
    }
    let message = failure(&train(&["--conformal", "--objective", "density"]));
    assert!(message.contains("conformal is for networks only"), "{message}");
    assert!(!folder.path().join("n.safetensors").exists());
}
