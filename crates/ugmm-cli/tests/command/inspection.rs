//! What `ugmm inspect` shows of a model.

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
    // Only the first layer's floor is still there after training.
    assert!(layers[0]["at_floor"].is_number() && layers[1]["at_floor"].is_null());
    let neurons = report["neurons"].as_array().unwrap();
    let names: Vec<&Value> = neurons[1].as_array().unwrap().iter().map(|neuron| &neuron["name"]).collect();
    assert_eq!(names, ["setosa", "versicolor", "virginica"]);
    for layer in neurons {
        let importance: f64 =
            layer.as_array().unwrap().iter().map(|neuron| number(&neuron["importance"])).sum();
        assert!((importance - 1.0).abs() < 1e-6, "{importance}");
    }
    // All four components of a neuron of the first layer: their weights sum to 1, their means are lengths in centimetres.
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
    assert!(text.contains("is known with --data"), "{text}");
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "1", "--model", "mlp"]].concat()));
    let message = failure(&ugmm(at, &["inspect", "iris.safetensors"]));
    assert!(message.contains("the model is mlp, but must be ugmm"), "{message}");
}
