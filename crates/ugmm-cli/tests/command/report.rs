//! The output and the errors of `ugmm report`. tests/browser checks the pages in a browser.

use crate::{TRAIN, failure, json, names, stdout, ugmm, with_iris};
use std::path::Path;
use tempfile::TempDir;

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

const REPORT: [&str; 4] = ["report", "iris.safetensors", "--data", "iris.csv"];

fn report(at: &Path, more: &[&str]) -> std::process::Output {
    ugmm(at, &[&REPORT[..], more].concat())
}

/// The data in the page's script.
fn content(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("id=\"report\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn a_page_and_figures_are_written() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "12", "--hidden", "9,4"]].concat()));
    let text = stdout(&report(at, &["-o", "page.html", "--json", "r.json"]));
    assert!(
        text.starts_with("page.html: one page, ") && text.contains("computed on 150 rows of iris.csv"),
        "{text}"
    );
    let written = json(&at.join("r.json"));
    assert_eq!(
        (&written["schema"], &written["rows"], &written["neurons"]),
        (&"ugmm/report".into(), &150.into(), &16.into())
    );
    assert_eq!(
        (&written["files"], &written["notes"]),
        (&serde_json::json!(["page.html"]), &serde_json::json!([]))
    );

    let page = content(&read(&at.join("page.html")));
    // The model stores the course of its twelve epochs.
    assert_eq!(page["training"][0]["marks"][0]["x"].as_array().unwrap().len(), 12);
    // The 24 most uncertain rows come first, the most uncertain one at the top, with their numbers in the
    // file.
    let unsure: Vec<&serde_json::Value> =
        page["rows"].as_array().unwrap().iter().filter(|row| row["unsure"] == true).collect();
    assert_eq!(unsure.len(), 24);
    let doubts: Vec<&str> = unsure.iter().map(|row| row["doubt"].as_str().unwrap()).collect();
    assert!(doubts.is_sorted_by(|a, b| a >= b), "{doubts:?}");
    let counted: usize = page["measures"]["charts"][0]["marks"][0]["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| {
            note.as_str()
                .unwrap()
                .split(": ")
                .last()
                .unwrap()
                .split(' ')
                .next()
                .unwrap()
                .parse::<usize>()
                .unwrap()
        })
        .sum();
    assert_eq!(counted, 150);
    // A row that was asked for comes first, and only once.
    let again = |shown: &str| report(at, &["-o", "shown.html", "-q", "--show", shown]);
    stdout(&again("100,3"));
    let shown = content(&read(&at.join("shown.html")));
    let numbers: Vec<u64> =
        shown["rows"].as_array().unwrap().iter().map(|row| row["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers[..2], [100, 3]);
    assert!((1..numbers.len()).all(|place| !numbers[..place].contains(&numbers[place])), "{numbers:?}");
    let message = failure(&again("152"));
    assert_eq!(message, "--show: row 152 is not among the rows of iris.csv in the report, 2 to 151");
    // An identical model and table give an identical page.
    stdout(&report(at, &["-o", "again.html", "-q"]));
    assert_eq!(read(&at.join("page.html")), read(&at.join("again.html")));

    let text = stdout(&report(at, &["--format", "svg", "-o", "figures", "--neurons", "1.3,2.1"]));
    assert!(text.starts_with("figures: 8 figures, "), "{text}");
    let mut found: Vec<String> = std::fs::read_dir(at.join("figures"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let figures = [
        "confusion",
        "effects",
        "importance",
        "network",
        "neuron-1-3",
        "neuron-2-1",
        "reliability",
        "training",
    ];
    assert_eq!(found, figures.map(|name| format!("{name}.svg")));
    let neuron = read(&at.join("figures/neuron-1-3.svg"));
    assert!(neuron.contains("neuron 1.3") && neuron.contains("petal_length"), "{neuron}");
    stdout(&report(at, &["--format", "png", "-o", "pictures", "-q"]));
    let picture = std::fs::read(at.join("pictures/network.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 10_000);
    // There are two neurons of each of three layers.
    assert_eq!(std::fs::read_dir(at.join("pictures")).unwrap().count(), 6 + 6);
}

#[test]
fn it_says_what_it_did_not_look_at() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "2", "--hidden", "4"]].concat()));
    let text = stdout(&report(at, &["-o", "page.html", "--rows", "20"]));
    assert!(text.contains("computed on 20 rows of iris.csv"), "{text}");
    assert!(text.contains("the first 20 rows of the table, which has more."), "{text}");
    assert!(text.contains("computed on 20 rows of iris.csv (the most that --rows allows)\n"), "{text}");
    // The report shows exactly all rows.
    assert!(!stdout(&report(at, &["-o", "page.html", "--rows", "150"])).contains("which has more"));

    // One table lacks the target, another one has rows without a target or without features.
    let table = read(&at.join("iris.csv"));
    let cut = |line: &str| line.rsplit_once(',').unwrap().0.to_owned();
    std::fs::write(at.join("bare.csv"), table.lines().map(|line| cut(line) + "\n").collect::<String>())
        .unwrap();
    let text = stdout(&ugmm(at, &["report", "iris.safetensors", "--data", "bare.csv", "-o", "page.html"]));
    assert!(
        text.contains("bare.csv has no column \"species\": predictions are shown without a comparison"),
        "{text}"
    );
    let page = content(&read(&at.join("page.html")));
    assert!(page["measures"].is_null() && page["rows"][0]["right"].is_null());
    let gaps = format!("{table}5.1,3.5,1.4,0.2,\n,,,,setosa\n");
    std::fs::write(at.join("gaps.csv"), gaps).unwrap();
    let text = stdout(&ugmm(at, &["report", "iris.safetensors", "--data", "gaps.csv", "-o", "page.html"]));
    assert!(text.contains("computed on 151 rows of gaps.csv"), "{text}");
    assert!(text.contains("1 row without any value") && text.contains("1 row without a value"), "{text}");

    let classless = table.replace("versicolor", "unheard-of");
    std::fs::write(at.join("other.csv"), classless).unwrap();
    let message = failure(&ugmm(at, &["report", "iris.safetensors", "--data", "other.csv", "-o", "p.html"]));
    assert!(
        message.contains("row 52, column \"species\": \"unheard-of\", but the model knows only"),
        "{message}"
    );
    assert!(!names(&folder).contains(&"p.html".into()));
}

/// Sets the weights of the first two components of each neuron of the first layer to 0, as pruning does.
fn drop_components(path: &Path, inputs: usize, neurons: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let description: serde_json::Value = serde_json::from_slice(&bytes[8..header]).unwrap();
    let place = &description["layers.0.mixing_logits"]["data_offsets"][0];
    let start = header + place.as_u64().unwrap() as usize;
    for neuron in 0..neurons {
        for input in 0..2 {
            let at = start + 4 * (neuron * inputs + input);
            bytes[at..at + 4].copy_from_slice(&(-1e30f32).to_le_bytes());
        }
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn components_without_weight_are_counted_and_not_drawn() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "2", "--hidden", "5"]].concat()));
    drop_components(&at.join("iris.safetensors"), 4, 5);
    let text = stdout(&report(at, &["-o", "page.html"]));
    assert!(text.contains("10 of 35 components have no weight; they are not drawn"), "{text}");
    let page = content(&read(&at.join("page.html")));
    for neuron in page["neurons"].as_array().unwrap().iter().filter(|neuron| neuron["layer"] == 1) {
        let table = neuron["table"].as_array().unwrap();
        let names: Vec<&str> = table.iter().map(|line| line[0].as_str().unwrap()).collect();
        assert!(names.len() == 2 && names.iter().all(|name| name.starts_with("petal")), "{names:?}");
        assert!(
            neuron["facts"].as_array().unwrap().contains(&serde_json::json!(["dropped components", "2"]))
        );
    }
    let edges = page["network"]["marks"][0]["edges"].as_array().unwrap();
    let from_sepals = edges
        .iter()
        .filter(|edge| edge["column"] == 0 && edge["note"].as_str().unwrap().starts_with("sepal"));
    assert_eq!(from_sepals.count(), 0);
}

/// Dates are written as dates, even as means of neurons; numbers are predicted.
#[test]
fn dates_are_dates_and_numbers_have_densities() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let row = |day: usize| format!("2024-0{}-{:02},{}\n", 1 + day % 3, 1 + day % 28, (day * day) % 37);
    std::fs::write(at.join("days.csv"), format!("when,sold\n{}", (0..90).map(row).collect::<String>()))
        .unwrap();
    let train = ["train", "days.csv", "--target", "sold", "--task", "regression", "-o", "days.safetensors"];
    stdout(&ugmm(at, &[&train[..], &["--epochs", "3", "--hidden", "4"]].concat()));
    stdout(&ugmm(
        at,
        &["report", "days.safetensors", "--data", "days.csv", "-o", "page.html", "--show", "2"],
    ));
    let page = content(&read(&at.join("page.html")));
    let inputs = page["rows"][0]["inputs"].as_array().unwrap();
    let value =
        |name: &str| inputs.iter().find(|input| input["name"] == name).unwrap()["value"].as_str().unwrap();
    assert_eq!(value("when"), "2024-01-01");
    assert!(value("sold").parse::<f64>().is_ok(), "{inputs:?}");
    let line = page["neurons"][0]["table"].as_array().unwrap().iter().find(|line| line[0] == "when").unwrap();
    assert!(
        line[2].as_str().unwrap().starts_with("202") && line[3].as_str().unwrap().contains(" to 202"),
        "{line}"
    );
    assert!(page["rows"][0]["density"].is_object() && page["rows"][0]["chances"].is_null());
    let charts = page["measures"]["charts"].as_array().unwrap();
    assert_eq!(
        charts.iter().map(|chart| &chart["id"]).collect::<Vec<_>>(),
        ["predicted-and-right", "tenths"]
    );
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let folder = with_iris();
    let at = folder.path();
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "1", "--hidden", "4"]].concat()));
    for id in ["1.5", "3.1", "0.1", "1.0", "first"] {
        let message = failure(&report(at, &["-o", "page.html", "--neurons", id]));
        assert_eq!(
            message,
            format!("--neurons: there is no neuron {id:?}; neurons are named layer.number, from 1.1 to 2.3")
        );
    }
    let message = failure(&report(at, &["-o", "iris.csv"]));
    assert!(message.contains("would replace this input"), "{message}");
    let message = failure(&report(at, &["-o", "iris.csv", "--format", "svg"]));
    assert!(message.starts_with("iris.csv: "), "{message}");
    let message = failure(&report(at, &["-o", "nowhere/page.html"]));
    assert!(message.contains("nowhere"), "{message}");
    stdout(&ugmm(at, &[&TRAIN[..], &["--epochs", "1", "--model", "mlp"]].concat()));
    let message = failure(&report(at, &["-o", "page.html"]));
    assert!(message.contains("the model is mlp, but must be ugmm"), "{message}");
    assert_eq!(names(&folder), ["iris.csv", "iris.safetensors", "iris.safetensors.toml"]);
}
