//! `ugmm import`: models of checkpoints of the paper's published code.

use crate::{failure, json, stdout, ugmm};
use tempfile::TempDir;

const CHECKPOINTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ugmm-network/tests/checkpoints");

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("rows.csv"), "x1,x2,x3,class\n0.5,-1,2,0\n0,0.25,1,0\n").unwrap();
    for name in ["classes.pt", "generative.pt"] {
        std::fs::copy(format!("{CHECKPOINTS}/{name}"), folder.path().join(name)).unwrap();
    }
    folder
}

#[test]
fn an_imported_network_predicts_as_the_published_code_does() {
    let folder = folder();
    let at = folder.path();
    let text = stdout(&ugmm(at, &["import", "classes.pt", "-o", "m.safetensors", "--json", "i.json"]));
    assert!(
        text.contains("3-4-2, 60 parameters\npredicts \"class\" (2 classes) from 3 columns: x1 to x3"),
        "{text}"
    );
    assert_eq!(json(&at.join("i.json"))["sizes"], serde_json::json!([3, 4, 2]));
    let text = stdout(&ugmm(at, &["predict", "m.safetensors", "rows.csv"]));
    // The softmax of the published formula's outputs in PyTorch.
    assert_probabilities(&text, &[&[0.664_566, 0.335_434], &[0.892_382, 0.107_618]]);
    stdout(&ugmm(at, &["inspect", "m.safetensors", "--data", "rows.csv"]));
    stdout(&ugmm(at, &["evaluate", "m.safetensors", "rows.csv"]));

    // The root's scores with class 0 to 2 as the last input.
    let generative =
        ["import", "generative.pt", "-o", "g.safetensors", "--classes", "a,b,c", "--target", "kind"];
    let text = stdout(&ugmm(at, &[&generative[..], &["--columns", "x1,x3"]].concat()));
    assert!(text.contains("predicts \"kind\" (3 classes) from 2 columns: x1 to x3"), "{text}");
    let text = stdout(&ugmm(at, &["predict", "g.safetensors", "rows.csv"]));
    assert_probabilities(&text, &[&[0.584_134, 0.364_020, 0.051_846], &[0.281_918, 0.472_320, 0.245_762]]);
}

/// Checks the columns of probabilities, which follow the predicted class.
fn assert_probabilities(text: &str, right: &[&[f64]]) {
    let rows: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(rows.len(), right.len(), "{text}");
    for (row, right) in rows.into_iter().zip(right) {
        let found = row.split(',').skip(1).map(|cell| cell.parse::<f64>().unwrap());
        assert!(found.zip(*right).all(|(found, right)| (found - right).abs() < 1e-5), "{text}");
    }
}

#[test]
fn what_cannot_be_imported_is_refused_in_a_sentence() {
    let folder = folder();
    let at = folder.path();
    let refused =
        |arguments: &[&str]| failure(&ugmm(at, &[&["import"], arguments, &["-o", "m.safetensors"]].concat()));
    assert!(refused(&["generative.pt"]).contains("one output only"));
    assert!(refused(&["classes.pt", "--classes", "a,b,c"]).contains("the list of classes"));
    assert!(refused(&["classes.pt", "--columns", "a,b"]).contains("the list of columns"));
    assert!(refused(&["rows.csv"]).contains("not a file of torch.save"));
    assert!(refused(&["missing.pt"]).starts_with("missing.pt"));
    assert!(!at.join("m.safetensors").exists());
}
