//! The output of `ugmm inspect`.

use crate::{TRAIN, failure, json, stdout, ugmm, with_iris};
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn neurons_are_shown_in_the_data_s_units() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "30"]].concat()));
    let inspect = ["inspect", "iris.safetensors", "--data", "iris.csv", "--json", "i.json"];
    let text = stdout(&ugmm(at, &inspect));
    assert!(text.starts_with("uGMM network 4-256-3, for species"), "{text}");
    assert!(text.contains("on 150 rows") && text.contains("petal_length"), "{text}");
    let report = json(&at.join("i.json"));
    let layers = report["layers"].as_array().unwrap();
    assert_eq!((&layers[0]["neurons"], &layers[1]["inputs"]), (&256.into(), &256.into()));
    for (layer, inputs) in layers.iter().zip([4.0, 256.0]) {
        assert!((1.0..=inputs).contains(&number(&layer["effective_components"])), "{layer}");
        let activity = &layer["activity"];
        let [least, mean, greatest] = ["least", "mean", "greatest"].map(|name| number(&activity[name]));
        assert!(least < mean && mean < greatest, "{layer}");
    }
    // Training keeps the σ floor of the first layer only.
    assert!(layers[0]["at_floor"].is_number() && layers[1]["at_floor"].is_null());
    let neurons = report["neurons"].as_array().unwrap();
    let names: Vec<&Value> = neurons[1].as_array().unwrap().iter().map(|neuron| &neuron["name"]).collect();
    assert_eq!(names, ["setosa", "versicolor", "virginica"]);
    for layer in neurons {
        let importance: f64 =
            layer.as_array().unwrap().iter().map(|neuron| number(&neuron["importance"])).sum();
        assert!((importance - 1.0).abs() < 1e-6, "{importance}");
    }
    // Each neuron of the first layer has four components: their weights sum to 1, their means are lengths in
    // centimetres.
    for neuron in neurons[0].as_array().unwrap() {
        let components = neuron["components"].as_array().unwrap();
        let weights: f64 = components.iter().map(|component| number(&component["weight"])).sum();
        assert!(components.len() == 4 && (weights - 1.0).abs() < 1e-6, "{neuron}");
        for component in components {
            assert!(number(&component["from"]) < number(&component["mean"]), "{component}");
            assert!((-15.0..25.0).contains(&number(&component["mean"])), "{component}");
        }
    }
    let text = stdout(&ugmm(at, &["inspect", "iris.safetensors"]));
    assert!(text.contains("--data shows dead components"), "{text}");
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "1", "--model", "mlp"]].concat()));
    let message = failure(&ugmm(at, &["inspect", "iris.safetensors"]));
    assert!(message.contains("the model is mlp, but must be ugmm"), "{message}");
}

/// For a model that fits its table, reasons are more faithful than chance, and the printed figures are those
/// of the file.
#[test]
fn faithfulness_is_measured() {
    let folder = with_iris();
    let at = folder.path();
    for objective in ["discriminative", "hybrid"] {
        stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "200", "--objective", objective]].concat()));
        for (option, deletion) in [("--faithfulness", "mean"), ("--faithfulness=missing", "missing")] {
            let inspect = ["inspect", "iris.safetensors", "--data", "iris.csv", option, "--json", "i.json"];
            let text = stdout(&ugmm(at, &inspect));
            let report = json(&at.join("i.json"));
            let found = &report["faithfulness"];
            assert_eq!((&found["deletion"], &found["rows"]), (&deletion.into(), &150.into()));
            assert_eq!(found["columns"], 4);
            let points = if deletion == "mean" { 5 } else { 4 };
            assert_eq!(found["deleted"].as_array().unwrap().len(), points);
            let curves = found["curves"].as_array().unwrap();
            let heights = |name: &str| -> Vec<f64> {
                let curve = curves.iter().find(|curve| curve["attribution"] == name).unwrap();
                curve["probabilities"].as_array().unwrap().iter().map(number).collect()
            };
            let (explained, random) = (heights("contributions"), heights("random"));
            // All orders begin with all columns and end with none.
            assert!((explained[0] - random[0]).abs() < 1e-9 && explained[0] > 0.6, "{explained:?}");
            assert!(
                deletion == "missing" || (explained[4] - random[4]).abs() < 1e-6,
                "{explained:?} {random:?}"
            );
            let comparison = &found["comparisons"].as_array().unwrap().last().unwrap();
            assert_eq!(comparison["with"], "random");
            let (difference, error) =
                (number(&comparison["difference"]), number(&comparison["standard_error"]));
            let size = format!("{:.3} ± {error:.3})", difference.abs());
            assert!(text.contains(&size), "{text}");
            if deletion == "mean" {
                assert!(explained[1] < random[1], "{explained:?} {random:?}");
                assert!(difference < -2.0 * error && error > 0.0, "{comparison}");
                assert!(text.contains(&format!("are more faithful than random order (area less by {size}")));
            }
            assert!(text.contains("1 of 4") && text.contains("gradient × input"), "{text}");
        }
    }
    let again = ["inspect", "iris.safetensors", "--data", "iris.csv", "--faithfulness=missing"];
    let one = stdout(&ugmm(at, &[&again[..], &["--threads", "1"]].concat()));
    assert_eq!(one, stdout(&ugmm(at, &[&again[..], &["--threads", "3"]].concat())));
    let first_row = std::fs::read_to_string(at.join("iris.csv")).unwrap();
    let first_row: Vec<&str> = first_row.lines().take(2).collect();
    std::fs::write(at.join("one.csv"), first_row.join("\n")).unwrap();
    let text = stdout(&ugmm(at, &["inspect", "iris.safetensors", "--data", "one.csv", "--faithfulness"]));
    assert!(text.contains("on 1 row, ") && text.contains("too few to compare with random order"), "{text}");
    let output = ugmm(at, &["inspect", "iris.safetensors", "--faithfulness"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

/// For a number, the probability of its central half is followed.
#[test]
fn faithfulness_of_numbers() {
    let folder = tempfile::TempDir::new().unwrap();
    let at = folder.path();
    let row = |i: u32| {
        let (a, b) = (f64::from(i * 37 % 101) / 50.0 - 1.0, f64::from(i * 53 % 89) / 44.0 - 1.0);
        let kind = if i.is_multiple_of(3) { "left" } else { "right" };
        let gap = if i.is_multiple_of(11) { String::new() } else { b.to_string() };
        format!("{a},{gap},{kind},{}\n", 3.0 * a + 0.01 * f64::from(i % 7))
    };
    let rows: String = (0..180).map(row).collect();
    std::fs::write(at.join("t.csv"), format!("a,b,kind,y\n{rows}")).unwrap();
    stdout(&ugmm(at, &["train", "t.csv", "--target", "y", "-o", "m.safetensors", "--epochs", "60"]));
    let inspect = ["inspect", "m.safetensors", "--data", "t.csv", "--faithfulness", "--json", "i.json"];
    let text = stdout(&ugmm(at, &inspect));
    assert!(text.contains("are more faithful than random order"), "{text}");
    let found = &json(&at.join("i.json"))["faithfulness"];
    assert!((number(&found["curves"][0]["probabilities"][0]) - 0.5).abs() < 1e-6, "{found}");
    // The number is three times the first column; for an average row no column contributes to the prediction.
    let text = stdout(&ugmm(at, &["predict", "m.safetensors", "t.csv", "--explain", "1"]));
    let named = text.lines().skip(1).filter(|line| line.contains(",a,")).count();
    assert!(named > 120, "{named} of 180");
}
