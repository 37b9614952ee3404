//! `ugmm export`: files in each form, and its errors.

use crate::{TRAIN, failure, json, stdout, ugmm, with_iris};

#[test]
fn models_are_written_in_each_form() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "3"]].concat()));
    let files =
        [("a.onnx", "ONNX"), ("a.js", "JavaScript"), ("a.html", "a page"), ("a.c", "C"), ("a.sql", "SQL")];
    for (file, form) in files {
        stdout(&ugmm(at, &["export", "iris.safetensors", "-o", file, "--json", "e.json"]));
        let report = json(&at.join("e.json"));
        let bytes = std::fs::metadata(at.join(file)).unwrap().len();
        assert_eq!((&report["form"], &report["bytes"]), (&form.into(), &bytes.into()), "{report}");
    }
    let message = failure(&ugmm(at, &["export", "iris.safetensors", "-o", "a.pickle"]));
    assert!(message.contains("\".pickle\" is no form of a model to export"), "{message}");
    let message = failure(&ugmm(at, &["export", "iris.safetensors", "-o", "a.c", "--by-column"]));
    assert!(message.contains("C has no output by column"), "{message}");
    stdout(&ugmm(at, &["export", "iris.safetensors", "-o", "a.sql", "--table", "my \"flowers\""]));
    let select = std::fs::read_to_string(at.join("a.sql")).unwrap();
    assert!(select.contains(r#"FROM "my ""flowers""""#), "{}", &select[..2000]);
    let message = failure(&ugmm(at, &["export", "iris.safetensors", "-o", "a.c", "--table", "flowers"]));
    assert!(message.contains("C reads no table; only SQL does"), "{message}");
    let train = ["train", "iris.csv", "--target", "species", "--hidden", "40000", "--epochs", "1"];
    stdout(&ugmm(at, &[&train[..], &["-o", "wide.safetensors"]].concat()));
    let message = failure(&ugmm(at, &["export", "wide.safetensors", "-o", "wide.sql"]));
    assert!(message.contains("cannot be exported") && message.contains("320000 terms"), "{message}");
    assert!(!at.join("wide.sql").exists());
    let message = failure(&ugmm(at, &["export", "iris.csv", "-o", "a.onnx"]));
    assert!(message.contains("iris.csv"), "{message}");
}
