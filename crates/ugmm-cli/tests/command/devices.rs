//! Names of devices.

use crate::{TRAIN, failure, json, stdout, ugmm, with_iris};
use tempfile::TempDir;

#[test]
fn devices_are_listed_the_processor_first() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let text = stdout(&ugmm(at, &["devices", "--json", "d.json"]));
    assert!(text.starts_with("cpu"), "{text}");
    let report = json(&at.join("d.json"));
    assert_eq!(report["devices"][0]["name"], "cpu");
    let backends = [&report["built"], &report["not_built"]].map(|list| list.as_array().unwrap().len());
    assert_eq!(backends.iter().sum::<usize>(), 5);
    if backends[0] == 0 {
        assert!(text.contains("--features"), "{text}");
    }
}

#[test]
fn the_processor_by_name_is_the_processor() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "2"]].concat()));
    let by_default = std::fs::read(at.join("iris.safetensors")).unwrap();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "2", "--device", "cpu"]].concat()));
    assert!(by_default == std::fs::read(at.join("iris.safetensors")).unwrap());
    stdout(&ugmm(at, &["predict", "iris.safetensors", "iris.csv", "--device", "cpu"]));
    stdout(&ugmm(at, &["evaluate", "iris.safetensors", "iris.csv", "--device", "cpu"]));
}

#[test]
fn a_device_that_is_not_there_is_refused_in_one_sentence() {
    let folder = with_iris();
    let at = folder.path();
    for name in ["wgpu:77", "vulkan:77", "metal:77", "cuda:77", "rocm:77"] {
        let message = failure(&ugmm(at, &[&TRAIN[..], &["--device", name]].concat()));
        assert!(message.starts_with(&format!("the device {name}: ")), "{message}");
        // The device was not built, has no driver, or there are fewer GPUs.
        let says = ["--features", "install", "the last of its kind", "Apple"];
        assert!(says.iter().any(|says| message.contains(says)), "{message}");
        assert!(!at.join("iris.safetensors").exists());
    }
    let output = ugmm(at, &[&TRAIN[..], &["--device", "gpu"]].concat());
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("gpu") && text.contains("cuda:1"), "{text}");
}
