//! `--group`: rows that belong together are on one side of every split.

use crate::{failure, failure_of, json, stdout, ugmm};
use std::fmt::Write;
use tempfile::TempDir;

/// Four rows of each of 60 patients. The features identify the patient, and not the class, which is random.
fn patients(folder: &TempDir) {
    let mut table = "patient,height,weight,a,b,c,d,ill\n".to_owned();
    for patient in 0..60_u32 {
        let random = |salt: u32| {
            let mixed = (patient * 7 + salt + 1).wrapping_mul(2_654_435_761);
            let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_519);
            f64::from((mixed ^ (mixed >> 13)) >> 16) / 65_536.0
        };
        let name = if patient == 0 { String::new() } else { format!("p{patient}") };
        let ill = if random(6) > 0.5 { "yes" } else { "no" };
        for visit in 0..4 {
            let measured: Vec<String> =
                (0..6).map(|salt| format!("{:.4}", random(salt) + 1e-4 * f64::from(visit))).collect();
            let _ = writeln!(table, "{name},{},{ill}", measured.join(","));
        }
    }
    std::fs::write(folder.path().join("t.csv"), table).unwrap();
}

fn train(folder: &TempDir, options: &[&str]) -> serde_json::Value {
    let command = ["train", "t.csv", "--target", "ill", "-o", "m.safetensors", "--json", "r.json"];
    let memorising = ["--epochs", "200", "--min-sigma", "0.05"];
    stdout(&ugmm(folder.path(), &[&command[..], &memorising, options].concat()));
    json(&folder.path().join("r.json"))
}

#[test]
fn rows_of_one_patient_do_not_measure_a_model_that_knows_the_patient() {
    let folder = TempDir::new().unwrap();
    patients(&folder);
    for (options, measured) in
        [(&["--folds", "4"][..], "/cross_validation/metrics"), (&[][..], "/validation_metrics")]
    {
        let accuracy =
            |report: &serde_json::Value| report.pointer(measured).unwrap()["accuracy"].as_f64().unwrap();
        let ignored = ["--ignore", "patient"];
        let leaking = accuracy(&train(&folder, &[options, &ignored[..]].concat()));
        let grouped = train(&folder, &[options, &["--group", "patient"][..]].concat());
        // The class of a new patient cannot be known.
        assert!(leaking > 0.9 && accuracy(&grouped) < 0.75, "{leaking} {}", accuracy(&grouped));
    }
    // The groups are no input of the model.
    let predicted = stdout(&ugmm(folder.path(), &["inspect", "m.safetensors"]));
    assert!(!predicted.contains("patient"), "{predicted}");
    // 59 patients, and the four rows without one.
    let output = ugmm(
        folder.path(),
        &["train", "t.csv", "--target", "ill", "--group", "patient", "--epochs", "1", "-o", "m.safetensors"],
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("63 groups by patient; none has both held-out rows and training rows"), "{said}");
}

#[test]
fn groups_go_with_densities_numbers_early_stopping_weights_and_a_config_file() {
    let folder = TempDir::new().unwrap();
    patients(&folder);
    for options in [
        &["--objective", "density", "--members", "1"][..],
        &["--target", "height", "--patience", "3"],
        &["--target", "ill", "--weights", "weight", "--folds", "3"],
        &["--target", "ill", "--search", "--epochs", "2"],
    ] {
        let command = ["train", "t.csv", "--group", "patient", "-o", "d.safetensors", "--epochs", "2"];
        let options: Vec<&str> = match options.contains(&"--epochs") {
            true => [&command[..6], options].concat(),
            false => [&command[..], options].concat(),
        };
        let output = ugmm(folder.path(), &options);
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("63 groups by patient"), "{options:?} {said}");
    }
    std::fs::write(folder.path().join("c.toml"), "group = \"patient\"\nepochs = 1\n").unwrap();
    let config = ["train", "t.csv", "--target", "ill", "--config", "c.toml", "-o", "c.safetensors"];
    let output = ugmm(folder.path(), &[&config[..], &["--ignore", "patient", "--json", "r.json"]].concat());
    let groups = &json(&folder.path().join("r.json"))["groups"];
    assert_eq!(groups, &serde_json::json!({"column": "patient", "count": 63}));
    assert!(String::from_utf8(output.stderr).unwrap().contains("63 groups"));
}

#[test]
fn what_cannot_be_a_group_is_refused() {
    let folder = TempDir::new().unwrap();
    patients(&folder);
    let command = ["train", "t.csv", "--target", "ill", "-o", "m.safetensors"];
    let run = |options: &[&str]| ugmm(folder.path(), &[&command[..], options].concat());
    let message = failure(&run(&["--group", "ill"]));
    assert!(message.contains("--group: \"ill\" is the column of the target"), "{message}");
    let message = failure(&run(&["--group", "weight", "--weights", "weight"]));
    assert!(message.contains("--group: \"weight\" is the column of the weights"), "{message}");
    let message = failure_of(&run(&["--group", "patients"]));
    assert!(message.contains("patients") && message.contains("patient"), "{message}");
    let message = failure_of(&run(&["--group", "patient", "--folds", "100"]));
    assert!(message.contains("63 groups, which cannot be divided into 100 parts"), "{message}");
    assert!(!folder.path().join("m.safetensors").exists());
}

#[test]
fn rows_that_repeat_on_both_sides_are_said() {
    let folder = TempDir::new().unwrap();
    // Each of 60 rows twice, with a gap, a category and a number.
    let mut table = "id,a,kind,y\n".to_owned();
    for row in 0..120_u32 {
        let row = row % 60;
        let gap = if row % 7 == 0 { String::new() } else { (row * 13 % 60).to_string() };
        let _ = writeln!(table, "n{row},{gap},{},{}", ["u", "v", "w"][row as usize % 3], row * 17 % 61);
    }
    std::fs::write(folder.path().join("t.csv"), &table).unwrap();
    let run = |options: &[&str]| {
        let command = ["train", "t.csv", "--epochs", "1", "-o", "m.safetensors", "--json", "r.json"];
        let said = stdout(&ugmm(folder.path(), &[&command[..], options].concat()));
        (said, json(&folder.path().join("r.json"))["repeated_rows"].as_u64().unwrap())
    };
    for target in ["y", "kind"] {
        let (said, repeated) = run(&["--target", target, "--ignore", "id"]);
        let held_out = json(&folder.path().join("r.json"))["validation_rows"].as_u64().unwrap();
        assert!((held_out / 2..=held_out).contains(&repeated), "{repeated} {held_out}");
        let expected =
            format!("{repeated} of the {held_out} rows that measure the model repeat a training row");
        assert!(said.contains(&expected), "{said}");
        let (said, repeated) = run(&["--target", target, "--ignore", "id", "--folds", "3"]);
        assert!(repeated > 60 && said.contains(" of the 120 rows that measure the model repeat"), "{said}");
        let (said, repeated) = run(&["--target", target, "--group", "id"]);
        assert!(repeated == 0 && !said.contains("repeat"), "{said}");
    }
    // Another value in any column makes another row.
    let numbered = table.lines().enumerate().map(|(line, text)| match line {
        0 => format!("{text},time\n"),
        _ => format!("{text},{}.5\n", line * line),
    });
    std::fs::write(folder.path().join("t.csv"), numbered.collect::<String>()).unwrap();
    let (said, repeated) = run(&["--target", "y", "--ignore", "id"]);
    assert!(repeated == 0 && !said.contains("repeat"), "{said}");
}
