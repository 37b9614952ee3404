//! `ugmm prune`: its figures and the model that it writes.

use crate::{TRAIN, failure, json, stdout, ugmm, with_iris};
use std::path::Path;

fn accuracy(at: &Path, model: &str) -> f64 {
    stdout(&ugmm(at, &["evaluate", model, "iris.csv", "--json", "e.json"]));
    json(&at.join("e.json"))["accuracy"].as_f64().unwrap()
}

/// Whether one of the models is no more accurate than the baseline, and no more confident.
fn is_guess(pruned: &[serde_json::Value]) -> bool {
    let is_guess = |quality: &serde_json::Value| {
        let [accuracy, log_loss] = ["accuracy", "log_loss"].map(|name| quality[name].as_f64().unwrap());
        accuracy <= 1.0 / 3.0 + (2.0 / 9.0 / 150f64).sqrt() && log_loss >= 3f64.ln()
    };
    pruned.iter().any(|pruned| is_guess(&pruned["quality"]))
}

#[test]
fn sizes_are_compared_and_the_one_asked_for_is_written() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "60", "--learning-rate", "0.01"]].concat()));
    let before = accuracy(at, "iris.safetensors");

    let text = stdout(&ugmm(at, &["prune", "iris.safetensors", "iris.csv", "--json", "p.json"]));
    assert!(text.contains("256-3") && text.contains("nothing is written"), "{text}");
    let report = json(&at.join("p.json"));
    assert_eq!((&report["schema"], &report["components"]), (&"ugmm/prune".into(), &1792.into()));
    let pruned = report["pruned"].as_array().unwrap();
    let shares: Vec<f64> = pruned.iter().map(|pruned| pruned["share"].as_f64().unwrap()).collect();
    assert!(shares.len() == 8 && shares.is_sorted_by(|a, b| a >= b), "{shares:?}");
    assert!(
        text.contains("baseline: always predicting species = setosa has an accuracy of 33.33 %"),
        "{text}"
    );
    assert!(text.contains("warning: no better than the baseline with") == is_guess(pruned), "{text}");

    let prune = ["prune", "iris.safetensors", "iris.csv", "-o", "small.safetensors"];
    let text = stdout(&ugmm(at, &prune));
    assert!(text.contains("written to small.safetensors: the one with "), "{text}");
    assert!((accuracy(at, "small.safetensors") - before).abs() < 0.03);
    let text = stdout(&ugmm(at, &["predict", "small.safetensors", "iris.csv", "--explain", "2"]));
    assert_eq!(text.lines().count(), 151);

    // Keeps the fewest components without a cost, fewer than half; then prunes the smaller model again.
    for from in ["iris.safetensors", "small.safetensors"] {
        let to =
            ["prune", from, "iris.csv", "-o", "least.safetensors", "--max-loss", "0", "--json", "p.json"];
        stdout(&ugmm(at, &to));
        let report = json(&at.join("p.json"));
        let sizes = report["pruned"].as_array().unwrap().iter().map(|pruned| &pruned["components"]);
        assert!(sizes.into_iter().any(|size| *size == report["components_in_file"]), "{report}");
        assert!(accuracy(at, "least.safetensors") >= accuracy(at, from));
        // Smaller fractions are tried even if a larger one costs something.
        assert_eq!(report["pruned"].as_array().unwrap().len(), 8);
    }

    // Without a target there is nothing to measure.
    let table = std::fs::read_to_string(at.join("iris.csv")).unwrap();
    let without: Vec<&str> = table.lines().map(|line| line.rsplit_once(',').unwrap().0).collect();
    std::fs::write(at.join("without.csv"), without.join("\n")).unwrap();
    let prune = ["prune", "iris.safetensors", "without.csv", "--keep", "0.4", "--by", "weight"];
    let text = stdout(&ugmm(at, &prune));
    assert!(text.contains("no target") && !text.contains("accuracy"), "{text}");
    let message = failure(&ugmm(at, &[&prune[..3], &["--max-loss", "1"]].concat()));
    assert!(message.starts_with("without.csv: ") && message.contains("\"species\""), "{message}");
}

#[test]
fn what_cannot_be_pruned_is_said_and_nothing_is_written() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "1"]].concat()));
    let model = std::fs::read(at.join("iris.safetensors")).unwrap();
    let prune = |options: &[&str]| {
        let output = ["prune", "iris.safetensors", "iris.csv", "-o", "new.safetensors"];
        failure(&ugmm(at, &[&output[..], options].concat()))
    };
    for share in ["0", "1.5", "NaN"] {
        let message = prune(&["--keep", share]);
        assert!(message.contains("greater than 0 and at most 1"), "{message}");
    }
    assert!(prune(&["--merge", "-1"]).contains("tolerance"));
    let message = prune(&["--max-loss", "-100"]);
    assert!(message.contains("--max-loss"), "{message}");
    assert!(!at.join("new.safetensors").exists());
    let over = failure(&ugmm(at, &["prune", "iris.safetensors", "iris.csv", "-o", "iris.safetensors"]));
    assert!(over.contains("would replace"), "{over}");
    assert_eq!(std::fs::read(at.join("iris.safetensors")).unwrap(), model);
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "1", "--model", "mlp"]].concat()));
    assert!(prune(&[]).contains("the model is mlp, but must be ugmm"));
}
