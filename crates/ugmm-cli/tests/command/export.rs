//! `ugmm export`: files in each form, and its errors.

use crate::{TRAIN, failure, json, stdout, ugmm, with_iris};

#[test]
fn models_are_written_in_each_form() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "3"]].concat()));
    for (file, form) in [("a.onnx", "ONNX"), ("a.js", "JavaScript"), ("a.html", "a page"), ("a.c", "C")] {
        stdout(&ugmm(at, &["export", "iris.safetensors", "-o", file, "--json", "e.json"]));
        let report = json(&at.join("e.json"));
        let bytes = std::fs::metadata(at.join(file)).unwrap().len();
        assert_eq!((&report["form"], &report["bytes"]), (&form.into(), &bytes.into()), "{report}");
    }
    let message = failure(&ugmm(at, &["export", "iris.safetensors", "-o", "a.pickle"]));
    assert!(message.contains("\".pickle\" is no form of a model to export"), "{message}");
    let message = failure(&ugmm(at, &["export", "iris.safetensors", "-o", "a.c", "--by-column"]));
    assert!(message.contains("C has no output by column"), "{message}");
    let message = failure(&ugmm(at, &["export", "iris.csv", "-o", "a.onnx"]));
    assert!(message.contains("iris.csv"), "{message}");
}
