//! Extreme sizes fail with a message before anything is trained or written.

use crate::{failure, names, stdout, ugmm, with_iris};

#[test]
fn networks_and_circuits_that_no_memory_holds_are_refused() {
    let folder = with_iris();
    let train = ["train", "iris.csv", "--target", "species", "-o", "m.safetensors", "-q"];
    for (options, expected) in [
        (&["--hidden", "1000000000000"][..], "more than there is; make its layers smaller"),
        (&["--hidden", "4000000000,4000000000"], "more weights than can be counted"),
        (&["--model", "mlp", "--hidden", "1000000000000"], "more than there is; make its layers smaller"),
        (&["--objective", "density", "--units", "1000000000"], "take fewer units"),
        (&["--objective", "density", "--structure", "chow-liu", "--units", "1000000"], "take fewer units"),
    ] {
        let message = failure(&ugmm(folder.path(), &[&train[..], options].concat()));
        assert!(message.contains(expected), "{options:?}: {message}");
    }
    std::fs::write(folder.path().join("wide.toml"), "hidden = [9000000000000000000]").unwrap();
    let message = failure(&ugmm(folder.path(), &[&train[..], &["--config", "wide.toml"]].concat()));
    assert!(message.contains("more weights than can be counted"), "{message}");
    assert!(!names(&folder).iter().any(|name| name.starts_with("m.safetensors")), "{:?}", names(&folder));
}

/// The options are written as TOML, whose whole numbers end at 2^63 - 1.
#[test]
fn numbers_that_a_file_of_options_cannot_hold_are_refused_at_once() {
    let folder = with_iris();
    for option in ["--seed", "--epochs", "--batch-size", "--patience", "--folds"] {
        let train = ["train", "iris.csv", "--target", "species", option, "18446744073709551615"];
        let output = ugmm(folder.path(), &train);
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains("9223372036854775807"), "{option}: {message}");
    }
}

/// A time limit that the clock cannot represent is no limit.
#[test]
fn times_beyond_all_clocks_are_no_limit() {
    let folder = with_iris();
    let long = "5000000000000000h";
    let train =
        ["train", "iris.csv", "--target", "species", "-o", "m.safetensors", "--objective", "generative"];
    let train =
        [&train[..], &["--epochs", "30", "--time-limit", long, "--checkpoint-interval", long]].concat();
    stdout(&ugmm(folder.path(), &train));
    let given = "sepal_length=5,sepal_width=3,petal_length=4";
    stdout(&ugmm(folder.path(), &["mpe", "m.safetensors", "--given", given, "--time-limit", long]));
    let density = ["train", "iris.csv", "--objective", "density", "-o", "d.safetensors", "--units", "2"];
    stdout(&ugmm(folder.path(), &[&density[..], &["--epochs", "2", "--time-limit", long]].concat()));
}
