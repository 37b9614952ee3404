//! The reported quality of a training is reliable: temperatures, intervals, outliers, and doubts.

use crate::{failure_of, json, stdout, ugmm};
use std::path::Path;
use tempfile::TempDir;

/// A pseudorandom number, approximately uniform over [0, 1).
fn chance(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1u64 << 53) as f64
}

/// An approximately standard normal number.
fn normal(state: &mut u64) -> f64 {
    (0..12).map(|_| chance(state)).sum::<f64>() - 6.0
}

/// y = 2x + a standard normal number.
fn line(rows: usize, seed: u64) -> Vec<(f64, f64)> {
    let mut state = seed;
    let row = |_| {
        let x = 20.0 * chance(&mut state) - 10.0;
        (x, 2.0 * x + normal(&mut state))
    };
    (0..rows).map(row).collect()
}

fn written(at: &Path, name: &str, rows: &[(f64, f64)]) {
    let rows: String = rows.iter().map(|(x, y)| format!("{x:.4},{y:.4}\n")).collect();
    std::fs::write(at.join(name), format!("x,y\n{rows}")).unwrap();
}

/// A table of two overlapping classes, one of which is rare.
fn imbalanced(rows: usize) -> String {
    let mut state = 3;
    let row = |_| {
        let class = if chance(&mut state) < 0.15 { ("rare", 1.2) } else { ("usual", 0.0) };
        format!("{:.3},{:.3},{}\n", class.1 + normal(&mut state), class.1 + normal(&mut state), class.0)
    };
    "a,b,class\n".to_owned() + &(0..rows).map(row).collect::<String>()
}

#[test]
fn a_temperature_changes_no_class_where_classes_are_weighted() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    std::fs::write(at.join("t.csv"), imbalanced(240)).unwrap();
    let train = ["train", "t.csv", "--target", "class", "--class-weights", "balanced", "--epochs", "15"];
    let validation = ["--validation", "0", "-o", "plain.safetensors"];
    stdout(&ugmm(at, &[&train[..], &validation].concat()));
    let folds = ["--folds", "4", "-o", "scaled.safetensors", "--json", "t.json"];
    let text = stdout(&ugmm(at, &[&train[..], &folds].concat()));
    let classes = |model: &str| -> Vec<String> {
        let text = stdout(&ugmm(at, &["predict", model, "t.csv"]));
        text.lines().map(|line| line.split(',').next().unwrap().to_owned()).collect()
    };
    assert_eq!(classes("plain.safetensors"), classes("scaled.safetensors"), "{text}");
    let report = json(&at.join("t.json"));
    let measured = &report["cross_validation"];
    // The printed measures are the saved ones; a temperature does not change the classes.
    assert_eq!(measured["metrics"]["accuracy"], measured["scaled_metrics"]["accuracy"]);
}

#[test]
fn one_far_row_does_not_make_all_probabilities_alike() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let table = include_str!("../cases/one-far-row.csv");
    std::fs::write(at.join("t.csv"), table).unwrap();
    let train = ["train", "t.csv", "--target", "y", "--task", "classification", "--folds", "5"];
    let more = ["--epochs", "40", "-o", "m.safetensors", "--json", "t.json"];
    stdout(&ugmm(at, &[&train[..], &more].concat()));
    let report = json(&at.join("t.json"));
    let measured = &report["cross_validation"];
    let temperature = measured["temperature"].as_f64().unwrap();
    assert!((0.05..20.0).contains(&temperature), "{temperature}");
    for measure in ["log_loss", "calibration_error"] {
        let [before, after] = ["metrics", "scaled_metrics"].map(|of| measured[of][measure].as_f64().unwrap());
        assert!(after <= before, "{measure}: {before} {after}");
    }
}

#[test]
fn one_far_number_does_not_spoil_a_model_and_is_named() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let mut rows = line(240, 1);
    rows[16].1 = 1e4;
    written(at, "t.csv", &rows);
    written(at, "new.csv", &line(300, 7));
    let train = ["train", "t.csv", "--target", "y", "--epochs", "60", "-o", "m.safetensors"];
    let text = stdout(&ugmm(at, &train));
    assert!(text.contains("y is 10000 in row 17, where all others lie between"), "{text}");
    stdout(&ugmm(at, &["evaluate", "m.safetensors", "new.csv", "--json", "e.json"]));
    let report = json(&at.join("e.json"));
    assert!(report["r2"].as_f64().unwrap() > 0.95, "{report}");
    let coverage = report["coverage_90"].as_f64().unwrap();
    assert!((0.82..0.98).contains(&coverage), "{report}");
}

#[test]
fn two_far_numbers_of_200_do_not_spoil_a_model() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let mut rows = line(200, 1);
    (rows[7].1, rows[107].1) = (-1e4, -1e4);
    written(at, "t.csv", &rows);
    written(at, "new.csv", &line(300, 7));
    let train = ["train", "t.csv", "--target", "y", "--epochs", "60", "-o", "m.safetensors"];
    for seed in ["0", "2"] {
        let text = stdout(&ugmm(at, &[&train[..], &["--seed", seed]].concat()));
        assert!(
            text.contains("y is -10000 in 2 rows, first in row 8, where all others lie between"),
            "{text}"
        );
        assert!(text.contains("; if \"-10000\" marks a missing value: --na \"-10000\"\n"), "{text}");
        stdout(&ugmm(at, &["evaluate", "m.safetensors", "new.csv", "--json", "e.json"]));
        let report = json(&at.join("e.json"));
        let [r2, coverage] = ["r2", "coverage_90"].map(|of| report[of].as_f64().unwrap());
        assert!(r2 > 0.8 && coverage > 0.82, "{report}");
    }
}

#[test]
fn a_code_for_missing_values_in_a_feature_is_named() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let mut state = 3;
    let values: Vec<[f64; 2]> = (0..240).map(|_| [0; 2].map(|_| normal(&mut state))).collect();
    let table = |code: &dyn Fn(usize) -> Option<&'static str>| {
        let row = |(i, [x, z]): (usize, &[f64; 2])| {
            let label = if *x > 0.0 { "p" } else { "q" };
            format!("{},{z:.3},{label}\n", code(i).map_or_else(|| format!("{x:.3}"), str::to_owned))
        };
        format!("x,z,t\n{}", values.iter().enumerate().map(row).collect::<String>())
    };
    let train = |text: String, others: &[&str]| {
        std::fs::write(at.join("t.csv"), text).unwrap();
        let usual = ["train", "t.csv", "--target", "t", "-o", "m.safetensors", "--epochs", "20"];
        stdout(&ugmm(at, &[&usual[..], &["--learning-rate", "0.01"], others].concat()))
    };
    let coded = || table(&|i| (i % 80 == 11).then_some("999999"));
    let text = train(coded(), &[]);
    assert!(text.contains("the column \"x\" is 999999 in 3 rows, first in row 12, where all"), "{text}");
    let advice = "; if \"999999\" marks a missing value: --na \"999999\"; to scale columns by their quantiles: --scaling quantile\n";
    assert!(text.contains(advice), "{text}");
    let no_better = "warning: the model is no better than the baseline";
    assert!(text.contains(no_better) && text.contains("columns named above may be the reason"), "{text}");
    for mend in [["--na", "999999"], ["--scaling", "quantile"]] {
        assert!(!train(coded(), &mend).contains("warning"));
    }
    let text =
        train(table(&|i| [(30, "1e6"), (31, "2e6")].iter().find(|(row, _)| *row == i).map(|at| at.1)), &[]);
    assert!(text.contains("the column \"x\" is 1000000 in row 31, 2000000 in row 32, where all"), "{text}");
    let advice = "if they are errors, correct or remove them; to scale columns by their quantiles: --scaling quantile\n";
    assert!(text.contains(advice), "{text}");
}

#[test]
fn numbers_that_are_equal_but_for_one_row_are_refused_in_words() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let row = |i: usize| format!("{},{}\n", i * 37 % 101, if i == 5 { "1000000" } else { "0" });
    std::fs::write(at.join("t.csv"), format!("x,y\n{}", (0..200).map(row).collect::<String>())).unwrap();
    let train = ["train", "t.csv", "--target", "y", "--task", "regression", "-o", "m.safetensors"];
    let said = failure_of(&ugmm(at, &train));
    assert!(said.starts_with("t.csv: the column \"y\" is 0 in all rows but 1 (1000000 in row 6)"), "{said}");
    assert!(said.ends_with("remove it; to predict classes: --task classification"), "{said}");
}

#[test]
fn intervals_of_a_line_hold_what_they_say() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    written(at, "t.csv", &line(400, 1));
    written(at, "new.csv", &line(1000, 7));
    let train = ["train", "t.csv", "--target", "y", "--epochs", "60", "-o", "m.safetensors"];
    let text = stdout(&ugmm(at, &train));
    assert!(text.contains("each predicted by a network that was not trained on it"), "{text}");
    stdout(&ugmm(at, &["evaluate", "m.safetensors", "new.csv", "--json", "e.json"]));
    let report = json(&at.join("e.json"));
    let coverage = report["coverage_90"].as_f64().unwrap();
    assert!((0.85..0.95).contains(&coverage), "{report}");
}

/// A line with irrelevant columns, so that networks fit training rows more closely than new ones.
#[test]
fn intervals_hold_what_they_say_beside_columns_of_noise() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let table = |rows: usize, mut state: u64| -> String {
        let row = |_| {
            let [x, a, b, c, d, noise] = [0; 6].map(|_| normal(&mut state));
            format!("{x:.3},{a:.3},{b:.3},{c:.3},{d:.3},{:.3}\n", 2.0 * x + 0.5 * noise)
        };
        "x,a,b,c,d,y\n".to_owned() + &(0..rows).map(row).collect::<String>()
    };
    std::fs::write(at.join("t.csv"), table(300, 1)).unwrap();
    std::fs::write(at.join("new.csv"), table(2000, 7)).unwrap();
    for folds in [&[][..], &["--folds", "3"]] {
        let train = ["train", "t.csv", "--target", "y", "--epochs", "60", "-o", "m.safetensors"];
        stdout(&ugmm(at, &[&train[..], folds].concat()));
        stdout(&ugmm(at, &["evaluate", "m.safetensors", "new.csv", "--json", "e.json"]));
        let report = json(&at.join("e.json"));
        let coverage = report["coverage_90"].as_f64().unwrap();
        // The 90 % quantile of 240 or 300 errors is uncertain, and with it the coverage, by about two points
        // in either direction.
        assert!((0.85..0.96).contains(&coverage), "{folds:?} {report}");
    }
}

#[test]
fn numbers_that_were_never_negative_are_not_predicted_to_be() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let mut state = 4;
    let row = |i: usize| {
        let y = if i % 10 < 8 { 0.0 } else { normal(&mut state).abs() * 100.0 };
        format!("{:.3},{y:.2}\n", normal(&mut state))
    };
    let rows: String = (0..150).map(row).collect();
    std::fs::write(at.join("t.csv"), format!("x,y\n{rows}")).unwrap();
    stdout(&ugmm(at, &["train", "t.csv", "--target", "y", "-o", "m.safetensors"]));
    let predicted = stdout(&ugmm(at, &["predict", "m.safetensors", "t.csv"]));
    let mut lines = predicted.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |name: &str| columns.iter().position(|column| *column == name).unwrap();
    let numbers = [place("predicted y"), place("5 %"), place("median"), place("95 %")];
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        assert!(numbers.iter().all(|&place| fields[place].parse::<f64>().unwrap() >= 0.0), "{line}");
    }
    stdout(&ugmm(at, &["evaluate", "m.safetensors", "t.csv", "--json", "e.json"]));
    let coverage = json(&at.join("e.json"))["coverage_90"].as_f64().unwrap();
    assert!(coverage > 0.8, "{coverage}");
    let drawn = stdout(&ugmm(at, &["sample", "m.safetensors", "--rows", "50"]));
    assert!(drawn.lines().skip(1).all(|line| !line.rsplit(',').next().unwrap().starts_with('-')), "{drawn}");
}

#[test]
fn values_of_any_size_far_from_all_others_are_named_and_harmless() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let mut rows = line(240, 1);
    rows[16].1 = 1e300;
    let text: String = rows.iter().map(|(x, y)| format!("{x:.4},{y:e}\n")).collect();
    std::fs::write(at.join("t.csv"), format!("x,y\n{text}")).unwrap();
    written(at, "new.csv", &line(300, 7));
    let train = ["train", "t.csv", "--target", "y", "--epochs", "60", "-o", "m.safetensors"];
    let text = stdout(&ugmm(at, &train));
    assert!(text.contains("y is 1e300 in row 17, where all others lie between"), "{text}");
    stdout(&ugmm(at, &["evaluate", "m.safetensors", "new.csv", "--json", "e.json"]));
    let report = json(&at.join("e.json"));
    assert!(report["r2"].as_f64().unwrap() > 0.95, "{report}");

    let mut rows = line(200, 1);
    rows[10].0 = 1e5;
    written(at, "t.csv", &rows);
    let train = ["train", "t.csv", "--target", "y", "--epochs", "3", "-o", "m.safetensors"];
    let text = stdout(&ugmm(at, &train));
    assert!(text.contains("the column \"x\" is 100000 in row 11, where all others lie between"), "{text}");
    assert!(text.contains("--scaling quantile"), "{text}");
    let text = stdout(&ugmm(at, &[&train[..], &["--scaling", "quantile"]].concat()));
    assert!(!text.contains("the column \"x\""), "{text}");
}

#[test]
fn a_training_that_did_not_learn_says_so() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let mut state = 5;
    let noise = |state: &mut u64| format!("{:.3},{:.3}", normal(state), normal(state));
    let rows: String =
        (0..200).map(|i| format!("{},{}\n", noise(&mut state), ["u", "v", "w"][i * 7 % 3])).collect();
    std::fs::write(at.join("noise.csv"), format!("a,b,c\n{rows}")).unwrap();
    let train = ["train", "noise.csv", "--target", "c", "--epochs", "20", "-o", "m.safetensors"];
    let text = stdout(&ugmm(at, &train));
    assert!(text.contains("warning: the model is no better than the baseline"), "{text}");
    assert!(text.contains("; to search for better settings: --search\n"), "{text}");

    let rows: String = (0..200)
        .map(|i| {
            format!("{},{}\n", 1_000_000_000 + i * 37 % 200, if i * 37 % 200 > 90 { "hi" } else { "lo" })
        })
        .collect();
    std::fs::write(at.join("big.csv"), format!("t,c\n{rows}")).unwrap();
    let train = ["train", "big.csv", "--target", "c", "--epochs", "5", "-o", "m.safetensors"];
    let text = stdout(&ugmm(at, &[&train[..], &["--scaling", "none"]].concat()));
    assert!(
        text.contains("the column \"t\" has 160 different values, of which the network can distinguish only"),
        "{text}"
    );
    assert!(!stdout(&ugmm(at, &train)).contains("can distinguish only"));
}

#[test]
fn what_may_have_kept_a_network_from_learning_is_said() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let mut state = 7;
    let rows: String = (0..200)
        .map(|i| {
            format!("{:.1},{:.3},{}\n", 3000.0 * normal(&mut state), normal(&mut state), ["u", "v"][i % 2])
        })
        .collect();
    std::fs::write(at.join("t.csv"), format!("a,b,c\n{rows}")).unwrap();
    let train = |others: &[&str]| {
        let usual = ["train", "t.csv", "--target", "c", "-o", "m.safetensors"];
        stdout(&ugmm(at, &[&usual[..], others].concat()))
    };
    let said = train(&["--epochs", "3", "--scaling", "none"]);
    assert!(
        said.contains("warning: the column \"a\" is not scaled and has a standard deviation of"),
        "{said}"
    );
    assert!(said.contains("standard deviations: --scaling standard\n"), "{said}");
    assert!(!said.contains("the column \"b\""), "{said}");
    let said = train(&["--epochs", "3", "--hidden", "4,4,4,4,4,4"]);
    let advice =
        "networks of 6 hidden layers are hard to train; to train a network with fewer layers: --hidden 4,4\n";
    assert!(said.contains(advice), "{said}");
    let said = train(&["--epochs", "4", "--learning-rate", "30", "--hidden", "16", "--json", "t.json"]);
    let warning =
        said.lines().find(|line| line.starts_with("warning: the training loss rose from ")).unwrap();
    let advice = "; to take smaller steps: --learning-rate 3; to limit the norm of the gradients: --clip 1";
    assert!(warning.ends_with(advice), "{said}");
    let doubts = json(&at.join("t.json"))["doubts"].clone();
    let sentence = warning.strip_prefix("warning: ").unwrap();
    assert!(doubts.as_array().unwrap().iter().any(|doubt| doubt == sentence), "{doubts}");
    let said = train(&["--epochs", "4", "--hidden", "16"]);
    assert!(!said.contains("the training loss rose") && !said.contains("is not scaled"), "{said}");
}
