//! Models of earlier versions can be read and give the same predictions as before.

use crate::{stdout, ugmm};
use std::path::Path;
use tempfile::TempDir;

/// Largest difference from earlier predictions; other instruction sets round differently.
const TOLERANCE: f64 = 1e-4;

/// Each version has a folder in `models`, in which `NAME.csv` has the predictions of `NAME.safetensors` for
/// `pets.csv`.
#[test]
fn files_of_every_version_predict_what_they_did() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    let pets = models.join("pets.csv");
    let folder = TempDir::new().unwrap();
    let mut seen = 0;
    for version in std::fs::read_dir(&models).unwrap().map(|entry| entry.unwrap().path()) {
        let files = version.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path());
        for model in files.filter(|path| path.extension().is_some_and(|kind| kind == "safetensors")) {
            let predict = ["predict", model.to_str().unwrap(), pets.to_str().unwrap()];
            let found = stdout(&ugmm(folder.path(), &predict));
            let expected = std::fs::read_to_string(model.with_extension("csv")).unwrap();
            assert_eq!(found.lines().count(), expected.lines().count(), "{}", model.display());
            for (found, expected) in found.split([',', '\n']).zip(expected.split([',', '\n'])) {
                let agree = match (found.parse::<f64>(), expected.parse::<f64>()) {
                    (Ok(found), Ok(expected)) => {
                        (found - expected).abs() <= TOLERANCE * (1.0 + expected.abs())
                    }
                    _ => found == expected,
                };
                assert!(agree, "{}: {found}, where it was {expected}", model.display());
            }
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen} models");
}
