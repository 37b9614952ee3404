//! The program in a shell.

use crate::{TRAIN, stdout, ugmm, with_iris};
use tempfile::TempDir;

#[test]
fn quiet_says_nothing_but_predictions_and_errors() {
    let folder = with_iris();
    let at = folder.path();
    let output = ugmm(at, &[&TRAIN[..], &["--epochs", "2", "--quiet"]].concat());
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    let output = ugmm(at, &["-q", "evaluate", "iris.safetensors", "iris.csv", "--json", "e.json"]);
    assert!(output.stdout.is_empty() && at.join("e.json").exists());
    let output = ugmm(at, &["predict", "iris.safetensors", "iris.csv", "-q"]);
    assert_eq!((stdout(&output).lines().count(), output.stderr.len()), (151, 0));
    let output = ugmm(at, &["predict", "iris.safetensors", "nothing.csv", "-q"]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "error: nothing.csv does not exist\n");
}

#[test]
fn nothing_is_coloured_where_there_is_no_terminal() {
    let folder = with_iris();
    for arguments in [&[&TRAIN[..], &["--epochs", "2"]].concat()[..], &["train"], &["help", "train"]] {
        let output = ugmm(folder.path(), arguments);
        assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "{output:?}");
    }
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let folder = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = stdout(&ugmm(folder.path(), &["completions", shell]));
        assert!(text.contains("train") && text.contains("time-limit"), "{shell}");
    }
    assert!(stdout(&ugmm(folder.path(), &["man"])).contains(".TH ugmm 1"));
    stdout(&ugmm(folder.path(), &["man", "."]));
    let page = std::fs::read_to_string(folder.path().join("ugmm-train.1")).unwrap();
    assert!(page.contains("class\\-weights"), "{page}");
    assert!(folder.path().join("ugmm-reproduce-iris.1").exists());
}
