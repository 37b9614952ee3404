//! Faults of the machine: no disk space, no memory, a concurrent run.

use crate::{TRAIN, names, stdout, ugmm, with_iris};
use std::process::{Command, Stdio};

/// `/dev/full` is a disk without space.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_in_a_sentence() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "1"]].concat()));
    let model = std::fs::read(at.join("iris.safetensors")).unwrap();
    for arguments in [
        &["predict", "iris.safetensors", "iris.csv", "-o", "/dev/full"][..],
        &["evaluate", "iris.safetensors", "iris.csv", "--json", "/dev/full", "-q"],
        &["train", "iris.csv", "--target", "species", "--epochs", "1", "-q", "-o", "/dev/full"],
    ] {
        let output = ugmm(at, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = said.lines().last().unwrap_or_default();
        assert!(
            last.starts_with("error: /dev/full") && last.contains("No space left"),
            "{arguments:?}: {said}"
        );
    }
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut predict = Command::new(env!("CARGO_BIN_EXE_ugmm"));
    predict.current_dir(at).args(["predict", "iris.safetensors", "iris.csv"]).stdout(full);
    let output = predict.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("No space left"), "{output:?}");
    assert!(std::fs::read(at.join("iris.safetensors")).unwrap() == model);
    assert!(names(&folder).iter().all(|name| !name.starts_with(".ugmm-")), "{:?}", names(&folder));
}

/// The network would need 41 GiB, but the process may use 8.
#[cfg(unix)]
#[test]
fn a_limit_of_memory_is_said_in_a_sentence() {
    let folder = with_iris();
    let script = "ulimit -v 8000000 && exec \"$@\"";
    let mut train = Command::new("sh");
    train.current_dir(folder.path()).args(["-c", script, "sh", env!("CARGO_BIN_EXE_ugmm")]);
    let output = train.args(TRAIN).args(["--hidden", "100000000", "-q"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("GiB of memory, more than there is"), "{said}");
    assert_eq!(names(&folder), ["iris.csv"]);
}

/// The last of two runs leaves its complete model; neither leaves other files.
#[test]
fn two_runs_into_one_output_leave_a_whole_model() {
    let folder = with_iris();
    let at = folder.path();
    let expected: Vec<Vec<u8>> = ["1", "2"]
        .map(|seed| {
            stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "20", "--seed", seed, "-q"]].concat()));
            std::fs::read(at.join("iris.safetensors")).unwrap()
        })
        .to_vec();
    for _ in 0..5 {
        let runs = ["1", "2"].map(|seed| {
            Command::new(env!("CARGO_BIN_EXE_ugmm"))
                .current_dir(at)
                .args(TRAIN)
                .args(["--epochs", "20", "--seed", seed, "-q"])
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        });
        for mut run in runs {
            assert!(run.wait().unwrap().success());
        }
        assert!(expected.contains(&std::fs::read(at.join("iris.safetensors")).unwrap()));
        assert_eq!(names(&folder), ["iris.csv", "iris.safetensors", "iris.safetensors.toml"]);
    }
}
