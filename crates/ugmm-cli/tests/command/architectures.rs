//! `reproduce sequences` and `reproduce images`.

use crate::{failure, json, stdout, ugmm};
use tempfile::TempDir;

const SMALL: &str = r#"
[small]
training = { epochs = 12, batch_size = 64, learning_rate = 2e-2 }
layers = [
    { kind = "ugmm_conv2d", channels = 4, kernel = [3, 3], min_sigma = 0.5 },
    { kind = "max_pool2d", kernel = [2, 2] },
    { kind = "batch_norm" },
    { kind = "flatten" },
    { kind = "ugmm_dense", outputs = 10 },
]

[ordinary]
training = { epochs = 2, learning_rate = 3e-3, shift = 1 }
layers = [{ kind = "flatten" }, { kind = "linear", outputs = 10 }]
"#;

fn with_variants(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("v.toml"), text).unwrap();
    folder
}

const DIGITS: [&str; 7] = ["reproduce", "images", "--tasks", "digits", "--quick", "--variants", "v.toml"];

#[test]
fn images_compares_networks_of_a_file_on_the_bundled_digits() {
    let folder = with_variants(SMALL);
    let arguments = [&DIGITS[..], &["--json", "out.json", "--quiet"]].concat();
    let text = stdout(&ugmm(folder.path(), &arguments));
    assert!(text.contains("Run with --quick --variants v.toml."), "{text}");
    let report = json(&folder.path().join("out.json"));
    assert_eq!(report["schema"], "ugmm/architectures");
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    // Counted by hand: 3 · 9 · 4 + 2 · 4, batch normalisation 2 · 4, 3 · 64 · 10 + 2 · 10; and 64 · 10 + 10.
    assert_eq!(results[0]["parameters"], 116 + 8 + 1940);
    assert_eq!(results[1]["parameters"], 650);
    let accuracy = results[0]["runs"][0]["accuracy"].as_f64().unwrap();
    assert!(accuracy > 0.85, "{accuracy}");
    let printed = format!("{:.2}", 100.0 * accuracy);
    assert!(text.lines().any(|line| line.starts_with("small") && line.contains(&printed)), "{text}");
    assert_eq!(results[0]["runs"][0]["history"].as_array().unwrap().len(), 12);

    // A seed gives identical figures on any number of threads.
    let again = [&arguments[..], &["--threads", "1", "--only", "small"]].concat();
    stdout(&ugmm(folder.path(), &again));
    let again = json(&folder.path().join("out.json"));
    assert_eq!(again["results"][0]["runs"][0]["log_loss"], results[0]["runs"][0]["log_loss"]);
}

#[test]
fn text_is_measured_in_bits_per_character() {
    let folder = with_variants(
        r#"[one]
        training = { epochs = 1, batch_size = 32, learning_rate = 3e-2 }
        layers = [{ kind = "embedding", features = 8 }, { kind = "linear", outputs = 66 }]"#,
    );
    let arguments = [
        "reproduce",
        "sequences",
        "--tasks",
        "text",
        "--quick",
        "--variants",
        "v.toml",
        "--json",
        "out.json",
    ];
    let text = stdout(&ugmm(folder.path(), &arguments));
    assert!(text.contains("test bits per character"), "{text}");
    let report = json(&folder.path().join("out.json"));
    let run = &report["results"][0]["runs"][0];
    let (bits, loss) = (run["bits"].as_f64().unwrap(), run["log_loss"].as_f64().unwrap());
    assert!((bits * std::f64::consts::LN_2 - loss).abs() < 1e-9);
    // A character has information about the next one: the entropy is less than the 6 bits of a uniform
    // distribution.
    assert!((2.0..5.0).contains(&bits), "{bits}");
}

#[test]
fn what_cannot_be_is_said_before_training() {
    let folder = TempDir::new().unwrap();
    let message = failure(&ugmm(folder.path(), &["reproduce", "images", "--tasks", "mnist"]));
    assert!(message.contains("scripts/fetch-mnist.sh"), "{message}");
    let message = failure(&ugmm(folder.path(), &["reproduce", "sequences", "--data", "."]));
    assert!(message.contains("scripts/fetch-mnist.sh"), "{message}");
    for (layers, expected) in [
        (
            r#"{ kind = "linear", outputs = 10 }"#,
            "linear is a layer after an image of 1 × 8 × 8 values, but must be after features or a sequence of them",
        ),
        (r#"{ kind = "flatten" }, { kind = "ugmm_dense", outputs = 3 }"#, "outputs, but 10 are needed"),
        (r#"{ kind = "flatten" }, { kind = "dense", outputs = 10 }"#, "unknown variant `dense`"),
    ] {
        let folder = with_variants(&format!("[a]\nlayers = [{layers}]"));
        let message = failure(&ugmm(folder.path(), &DIGITS));
        assert!(message.contains(expected), "{message}");
    }
    let large = with_variants(&SMALL.replace("shift = 1", "shift = 8"));
    let message = failure(&ugmm(large.path(), &DIGITS));
    assert!(message.contains("most is 8, but must be less than the image's height and width"), "{message}");
    for (training, expected) in [
        ("shift = -1", "v.toml, line 3: invalid value: integer `-1`, expected a whole number from 0 on"),
        ("weight_decay = \"high\"", "line 3: invalid type: string \"high\", expected a number"),
    ] {
        let folder = with_variants(&SMALL.replace("epochs = 12", training));
        let message = failure(&ugmm(folder.path(), &DIGITS));
        assert!(message.contains(expected), "{message}");
    }
    let moved_text = with_variants(
        r#"[a]
        training = { shift = 1 }
        layers = [{ kind = "embedding", features = 8 }, { kind = "linear", outputs = 66 }]"#,
    );
    let arguments = ["reproduce", "sequences", "--tasks", "text", "--quick", "--variants", "v.toml"];
    let message = failure(&ugmm(moved_text.path(), &arguments));
    assert!(
        message.contains("shift is 1, but must be 0 where rows are not images of one channel"),
        "{message}"
    );
    let folder = with_variants(SMALL);
    let message = failure(&ugmm(folder.path(), &[&DIGITS[..], &["--only", "large"]].concat()));
    assert!(message.contains("--only is large"), "{message}");
}
