//! `ugmm demo`.

use crate::{failure, json, stdout, ugmm};
use std::path::Path;
use tempfile::TempDir;

#[test]
fn the_demo_runs_the_commands_that_it_prints_and_replaces_nothing() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let text = stdout(&ugmm(at, &["demo"]));
    let commands: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("$ ugmm ")).collect();
    assert_eq!(commands.len(), 3, "{text}");
    assert!(text.contains("held-out rows: 30, accuracy "), "{text}");
    assert!(text.contains("  ugmm train TABLE --target COLUMN"), "{text}");

    // The printed commands make the same files again.
    let names = ["iris.csv", "iris.safetensors", "iris-predictions.csv", "iris-report.html"];
    let read = |at: &Path| names.map(|name| std::fs::read(at.join(name)).unwrap());
    let again = TempDir::new().unwrap();
    std::fs::copy(at.join("iris.csv"), again.path().join("iris.csv")).unwrap();
    for command in commands {
        stdout(&ugmm(again.path(), &command.split(' ').collect::<Vec<_>>()));
    }
    assert!(read(at) == read(again.path()));

    let message = failure(&ugmm(at, &["demo"]));
    assert_eq!(
        message,
        "iris.csv is in this folder, and the demo would replace it; run it in another folder"
    );
}

#[test]
fn a_quiet_demo_lists_its_files_as_json() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    std::fs::write(at.join("iris-report.html"), "mine").unwrap();
    let message = failure(&ugmm(at, &["demo", "--quiet"]));
    assert!(message.starts_with("iris-report.html is in this folder"), "{message}");
    assert_eq!(std::fs::read_dir(at).unwrap().count(), 1, "nothing is written before all is checked");

    std::fs::remove_file(at.join("iris-report.html")).unwrap();
    assert_eq!(stdout(&ugmm(at, &["demo", "--quiet", "--json", "demo.json"])), "");
    let files = json(&at.join("demo.json"))["files"].as_array().unwrap().clone();
    assert_eq!(files.len(), 5);
    assert!(files.iter().all(|file| at.join(file.as_str().unwrap()).exists()), "{files:?}");
}
