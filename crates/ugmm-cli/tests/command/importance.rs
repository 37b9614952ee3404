//! `ugmm inspect --importance` and `--effect`, and the part of a report on what matters.

use crate::{TRAIN, failure, json, stdout, ugmm, with_iris};
use serde_json::Value;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

const INSPECT: [&str; 4] = ["inspect", "iris.safetensors", "--data", "iris.csv"];

fn inspect(at: &Path, more: &[&str]) -> Output {
    ugmm(at, &[&INSPECT[..], more].concat())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap()
}

#[test]
fn columns_are_ranked_and_their_effects_shown() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "60"]].concat()));
    let asked =
        ["--importance", "--repetitions", "3", "--effect", "petal_length", "--bins", "6", "--json", "i.json"];
    let text = stdout(&inspect(at, &asked));
    assert!(text.starts_with("importance of the columns for species, on 150 rows\nlog-loss 0."), "{text}");
    assert!(text.contains("mean and standard deviation of 3 permutations"), "{text}");
    assert!(
        text.contains("On training rows, importance shows what the model uses;\non held-out rows, also"),
        "{text}"
    );
    assert!(
        text.contains("effect of petal_length on species, on 150 rows\naccumulated local effect:\n"),
        "{text}"
    );
    assert!(widest(&text) <= 80, "{text}");

    let report = json(&at.join("i.json"));
    assert_eq!(
        (&report["schema"], &report["rows"], &report["target"]),
        (&"ugmm/inspect".into(), &150.into(), &"species".into())
    );
    let importance = &report["importance"];
    let columns = importance["columns"].as_array().unwrap();
    let names: Vec<&str> = columns.iter().map(|column| column["column"].as_str().unwrap()).collect();
    assert_eq!(names, ["sepal_length", "sepal_width", "petal_length", "petal_width"]);
    let means: Vec<f64> = columns.iter().map(|column| number(&column["mean"])).collect();
    assert!(means[2].min(means[3]) > 3.0 * means[0].max(means[1]), "{means:?}");
    assert_eq!(columns[0]["rises"].as_array().unwrap().len(), 3);
    // The printed columns are in descending order, and the baseline is the log-loss of `evaluate`.
    let first = if means[2] > means[3] { "petal_length" } else { "petal_width" };
    let ranked = text.lines().skip_while(|line| !line.starts_with("column")).nth(1).unwrap();
    assert!(ranked.starts_with(first) && ranked.ends_with('█'), "{text}");
    stdout(&ugmm(at, &["evaluate", "iris.safetensors", "iris.csv", "--json", "e.json"]));
    let measured = number(&json(&at.join("e.json"))["log_loss"]);
    assert!((number(&importance["baseline"]) - measured).abs() < 1e-9);
    let effect = &report["effects"][0];
    let points = effect["points"].as_array().unwrap();
    assert_eq!(
        (points.len(), &effect["method"], &effect["missing"]),
        (7, &"accumulated".into(), &Value::Null)
    );
    assert_eq!(points.iter().map(|point| number(&point["rows"])).sum::<f64>(), 150.0);
    let setosa = |place: usize| number(&points[place]["effect"][0]);
    assert!(setosa(0) > 0.15 && setosa(6) < -0.05 && number(&points[0]["value"]) == 1.0, "{effect}");

    // Nothing depends on threads; the seed decides.
    let again = |more: &[&str]| stdout(&inspect(at, &[&asked[..7], more].concat()));
    assert_eq!(again(&["--threads", "1"]), text);
    assert_eq!(again(&["--threads", "3"]), text);
    assert_ne!(again(&["--seed", "1"]), text);
    let text = again(&["--rows", "40"]);
    assert!(text.contains(", on 40 of 150 rows, drawn at random with the seed 0\n"), "{text}");

    // Tables for other programs.
    stdout(&inspect(at, &["--importance", "-o", "importance.csv", "-q"]));
    let table = std::fs::read_to_string(at.join("importance.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!((lines[0], lines.len()), ("column,importance,sd,contribution", 5));
    assert!(lines[1].starts_with(first) && lines[1].split(',').count() == 4, "{table}");
    stdout(&inspect(at, &["--effect", "petal_width", "--effect", "sepal_width", "-o", "effects.csv", "-q"]));
    let table = std::fs::read_to_string(at.join("effects.csv")).unwrap();
    assert!(
        table.starts_with("column,value,rows,effect on setosa,effect on versicolor,effect on virginica\n"),
        "{table}"
    );
    assert!(table.contains("\npetal_width,0.1,") && table.contains("\nsepal_width,2,"), "{table}");
    let output = inspect(at, &["--importance", "--effect", "petal_width", "-o", "both.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(failure(&output).contains("give either --importance or --effect"), "{output:?}");
    for usage in
        [&["--repetitions", "3"][..], &["--rows", "9"], &["--importance", "--faithfulness"], &["-o", "a.csv"]]
    {
        assert_eq!(inspect(at, usage).status.code(), Some(2), "{usage:?}");
    }

    // A feed-forward network has importance, too, but no contributions.
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "20", "--model", "mlp"]].concat()));
    let text = stdout(&inspect(at, &["--importance"]));
    assert!(text.contains("petal_length") && !text.contains("contribution"), "{text}");
}

#[test]
fn rows_that_do_not_serve_are_explained() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "5", "--hidden", "8"]].concat()));
    let header = "sepal_length,sepal_width,petal_length,petal_width";
    let with = |name: &str, text: String, more: &[&str]| {
        std::fs::write(at.join(name), text).unwrap();
        ugmm(at, &[&["inspect", "iris.safetensors", "--data", name], more].concat())
    };
    let one = || format!("{header},species\n5.1,3.5,1.4,0.2,setosa\n");
    let message = failure(&with("one.csv", one(), &["--importance"]));
    assert_eq!(
        message,
        "one.csv: the values of a column are permuted among two rows or more, but only 1 row has a value of \"species\" and of \
         another column"
    );
    let text = stdout(&with("one.csv", one(), &["--effect", "sepal_width"]));
    assert!(text.contains("the column has one value in these rows, so that there is no curve"), "{text}");
    let unlabelled = || format!("{header}\n5.1,3.5,1.4,0.2\n4.9,3.0,,0.2\n");
    let message = failure(&with("bare.csv", unlabelled(), &["--importance"]));
    assert!(message.contains("\"species\""), "{message}");
    let text = stdout(&with("bare.csv", unlabelled(), &["--effect", "petal_length"]));
    assert!(text.contains("\nmissing") && text.contains("on 2 rows"), "{text}");
    let empty = format!("{header},species\n5.1,3.5,1.4,0.2,\n4.9,3.0,,0.2,\n");
    let message = failure(&with("empty.csv", empty, &["--importance"]));
    assert!(message.starts_with("empty.csv: no row has both a value in the column \"species\""), "{message}");
    let gaps =
        format!("{header},species\n5.1,3.5,,0.2,setosa\n4.9,3.0,,0.2,virginica\n6,3,,2,\n,,,,setosa\n");
    let text = stdout(&with("gaps.csv", gaps.clone(), &["--importance"]));
    assert!(
        text.contains("left out: 1 row with no value to compare with\nleft out: 1 row with no value that"),
        "{text}"
    );
    let still = text.lines().find(|line| line.starts_with("petal_length")).unwrap();
    assert!(still.split_whitespace().nth(1).unwrap().trim_matches(['0', '.']).is_empty(), "{still}");
    let message = failure(&with("gaps.csv", gaps, &["--effect", "petal_length"]));
    assert_eq!(
        message,
        "gaps.csv: no row has a value in the column \"petal_length\", so that its effect cannot be measured"
    );
    let message = failure(&inspect(at, &["--effect", "petal_lenght"]));
    assert!(message.contains("petal_length"), "{message}");
    let message = failure(&inspect(at, &["--effect", "species"]));
    assert!(message.starts_with("\"species\" is the column that the model predicts; "), "{message}");

    stdout(&ugmm(
        at,
        &["train", "iris.csv", "--objective", "density", "-o", "d.safetensors", "--epochs", "2", "-q"],
    ));
    for more in [&["--importance"][..], &["--effect", "petal_length"]] {
        let output = ugmm(at, &[&["inspect", "d.safetensors", "--data", "iris.csv"], more].concat());
        let message = failure(&output);
        assert!(
            message.starts_with(more[0]) && message.contains("which columns depend on each other"),
            "{message}"
        );
    }
}

/// The report measures the same as the command, on rows of which it says how many, and ranks by contributions where
/// there is nothing to compare with.
#[test]
fn a_report_shows_what_matters() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let row = |i: usize| {
        let (size, other) = ((i * 37 % 101) as f64 / 10.0, i * 53 % 89);
        let colour = ["red", "green", "blue", ""][i * 7 % 4];
        let gap = if i.is_multiple_of(10) { String::new() } else { size.to_string() };
        let day = 1 + i * 11 % 28;
        let is_fox = size > 5.0 || colour == "red";
        format!("{gap},{colour},{other},2024-02-{day:02},{}\n", if is_fox { "fox" } else { "<owl>" })
    };
    let rows: String = (0..240).map(row).collect();
    std::fs::write(at.join("t.csv"), format!("size,colour,other,day,kind\n{rows}")).unwrap();
    stdout(&ugmm(at, &["train", "t.csv", "--target", "kind", "-o", "m.safetensors", "--epochs", "60", "-q"]));
    let page = |data: &str| {
        stdout(&ugmm(at, &["report", "m.safetensors", "--data", data, "-o", "page.html"]));
        let html = std::fs::read_to_string(at.join("page.html")).unwrap();
        let (_, rest) = html.split_once("id=\"report\">").unwrap();
        let content: Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
        (html, content)
    };
    let (html, content) = page("t.csv");
    assert!(
        html.contains("<h2>What matters</h2>") && html.contains("the mean of 5 permutations, on 240 rows")
    );
    stdout(&ugmm(
        at,
        &["inspect", "m.safetensors", "--data", "t.csv", "--importance", "-q", "--json", "i.json"],
    ));
    let measured = json(&at.join("i.json"));
    let mut means: Vec<f64> = measured["importance"]["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| number(&one["mean"]))
        .collect();
    means.sort_by(|a, b| b.total_cmp(a));
    let drawn: Vec<f64> =
        content["importance"]["marks"][0]["heights"].as_array().unwrap().iter().map(number).collect();
    assert!(
        drawn.len() == 4 && drawn.iter().zip(&means).all(|(a, b)| (a - b).abs() < 1e-3 * b.abs() + 1e-6),
        "{drawn:?} {means:?}"
    );
    let effects = content["effects"].as_array().unwrap();
    assert_eq!(effects.len(), 4);
    let titles: Vec<&str> = effects.iter().map(|chart| chart["title"].as_str().unwrap()).collect();
    assert!(titles[..2].contains(&"size") && titles[..2].contains(&"colour"), "{titles:?}");
    assert!(effects.iter().all(|chart| chart["y"] == effects[0]["y"]));
    let of = |name: &str| effects.iter().find(|chart| chart["title"] == name).unwrap();
    let ticks = |name: &str| -> Vec<&str> {
        of(name)["x"]["ticks"].as_array().unwrap().iter().map(|tick| tick["text"].as_str().unwrap()).collect()
    };
    assert!(ticks("day").iter().all(|text| text.starts_with("2024-0")), "{:?}", ticks("day"));
    assert_eq!(ticks("colour").last(), Some(&"missing"));

    let bare: String = rows.lines().map(|line| format!("{}\n", line.rsplit_once(',').unwrap().0)).collect();
    std::fs::write(at.join("bare.csv"), format!("size,colour,other,day\n{bare}")).unwrap();
    let (html, content) = page("bare.csv");
    assert!(html.contains("Without two true values of the target"), "{html}");
    assert_eq!(content["importance"]["y"]["label"], "mean |contribution|, nats");
    assert_eq!(content["effects"].as_array().unwrap().len(), 4);
}
