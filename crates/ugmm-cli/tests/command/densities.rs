//! Density models from end to end.

use super::{failure, json, stdout, ugmm, with_iris};
use std::path::Path;
use tempfile::TempDir;

/// A table with missing values, a category, a whole number and dates; weight depends on height.
fn with_people() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut text = String::from("name,height,weight,children,born,colour\n");
    for i in 0..200 {
        let height = 150.0 + ((i * 37) % 50) as f64;
        let noise = ((i * 13) % 23) as f64 / 23.0 - 0.5;
        let weight = if i % 9 == 4 { String::new() } else { format!("{:.1}", 0.5 * height + 6.0 * noise) };
        let children = (i / 7) % 4;
        let colour = if i % 10 == 3 { "" } else { ["red", "blue"][usize::from(height > 175.0)] };
        text += &format!("p{i},{height},{weight},{children},19{}-0{}-11,{colour}\n", 50 + i % 40, 1 + i % 9);
    }
    std::fs::write(folder.path().join("people.csv"), text).unwrap();
    folder
}

const TRAIN: [&str; 9] =
    ["train", "people.csv", "--ignore", "name", "--objective", "density", "-o", "d.safetensors", "--quiet"];

fn train_people(at: &Path, more: &[&str]) {
    stdout(&ugmm(at, &[&TRAIN[..], more].concat()));
}

fn level(at: &Path, given: &str) -> f64 {
    stdout(&ugmm(at, &["query", "d.safetensors", "--given", given, "--score", "--json", "q.json"]));
    json(&at.join("q.json"))["log_likelihood"].as_f64().unwrap()
}

/// The answers of query agree with its log-likelihoods: ln p(a | b) = ln p(a, b) − ln p(b).
#[test]
fn conditionals_are_ratios_of_likelihoods() {
    let folder = with_people();
    let at = folder.path();
    train_people(at, &["--epochs", "20"]);
    stdout(&ugmm(
        at,
        &[
            "query",
            "d.safetensors",
            "--given",
            "height=180,children=1",
            "--ask",
            "colour",
            "--json",
            "a.json",
        ],
    ));
    let answer = json(&at.join("a.json"));
    let probabilities = answer["answers"][0]["probabilities"].as_object().unwrap();
    let sum: f64 = probabilities.values().map(|share| share.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9 && probabilities.len() == 3, "{answer}");
    let known = level(at, "height=180,children=1");
    for (state, share) in probabilities {
        let ratio = (level(at, &format!("height=180,children=1,colour={state}")) - known).exp();
        assert!((ratio - share.as_f64().unwrap()).abs() < 1e-9, "{state}: {ratio} {share}");
    }
    // This checks the density of a number and the probabilities of whole numbers.
    stdout(&ugmm(
        at,
        &["query", "d.safetensors", "--given", "height=180", "--ask", "weight,children", "--json", "a.json"],
    ));
    let answer = json(&at.join("a.json"));
    let density = &answer["answers"][0]["density"];
    let (low, high) = (density["low"].as_f64().unwrap(), density["high"].as_f64().unwrap());
    let cells = density["density"].as_array().unwrap();
    let cell = (high - low) / cells.len() as f64;
    let all: f64 = cells.iter().map(|value| value.as_f64().unwrap() * cell).sum();
    assert!((all - 1.0).abs() < 0.01, "{all}");
    let known = level(at, "height=180");
    let place = low + 100.5 * cell;
    let ratio = (level(at, &format!("height=180,weight={place}")) - known).exp();
    assert!((ratio - cells[100].as_f64().unwrap()).abs() < 1e-9 * ratio.max(1.0), "{ratio} {}", cells[100]);
    let children = answer["answers"][1]["numbers"]["probabilities"].as_object().unwrap();
    let ratio = (level(at, "height=180,children=2") - known).exp();
    assert!((ratio - children["2"].as_f64().unwrap()).abs() < 1e-9, "{ratio}");
    assert!(answer["answers"][0]["entropy"].as_f64().unwrap() > 0.0);
    // No value is certain.
    assert!(level(at, "children=1") < 0.0);
}

#[test]
fn a_density_is_learned_scored_and_evaluated() {
    let folder = with_people();
    let at = folder.path();
    let output = ugmm(
        at,
        &[
            "train",
            "people.csv",
            "--ignore",
            "name",
            "--objective",
            "density",
            "-o",
            "d.safetensors",
            "--json",
            "t.json",
        ],
    );
    let text = stdout(&output);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("whole number") && said.contains("date") && said.contains("they are integrated out"),
        "{said}"
    );
    assert!(
        text.contains("held-out rows: 40, log-likelihood") && text.contains("of independent columns"),
        "{text}"
    );
    let report = json(&at.join("t.json"));
    let held_out = &report["validation_log_likelihoods"];
    let [model, independent] = ["model", "independent"].map(|who| held_out[who]["mean"].as_f64().unwrap());
    assert!(model > independent + 0.3, "{model} {independent}");
    assert!(report["tried"].as_array().unwrap().len() >= 2, "{report}");
    assert_eq!(report["columns"][2]["taken_as"], "whole number");

    // The rows have no missing values; one has an impossible value, and one is unusual.
    let rows = "name,height,weight,children,born,colour\nx,180,90,1,1960-01-11,blue\ny,180,90,99,1960-01-11,blue\n\
                z,150,99.5,1,1960-01-11,red\n";
    std::fs::write(at.join("new.csv"), rows).unwrap();
    let output = ugmm(at, &["score", "d.safetensors", "new.csv", "--keep", "name", "--json", "s.json"]);
    let scores = stdout(&output);
    let lines: Vec<Vec<&str>> = scores.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(
        lines[0],
        [
            "name",
            "log-likelihood",
            "share of rows as likely or less",
            "most surprising",
            "its value",
            "expected",
            "surprise"
        ]
    );
    let number = |row: usize, column: usize| lines[row][column].parse::<f64>().unwrap();
    assert!(number(1, 1).is_finite() && number(1, 2) > 0.02, "{scores}");
    assert_eq!((lines[2][1], lines[2][3], lines[2][4]), ("-inf", "children", "outside"), "{scores}");
    assert_eq!((number(3, 2), lines[3][3]), (0.0, "weight"), "{scores}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("\"children\" in row 3 (99, where it must be a whole number from 0 to 3)"),
        "{said}"
    );
    assert_eq!(json(&at.join("s.json"))["rows_with_outside_values"], 1);

    // Without a target, predict prints the same log-likelihood, and evaluate its mean.
    let predicted = stdout(&ugmm(at, &["predict", "d.safetensors", "new.csv"]));
    assert_eq!(predicted.lines().nth(1).unwrap(), lines[1][1]);
    let text = stdout(&ugmm(at, &["evaluate", "d.safetensors", "new.csv", "--json", "e.json"]));
    assert!(text.contains("without 1 row of log-likelihood minus infinity"), "{text}");
    let mean = json(&at.join("e.json"))["log_likelihood"]["mean"].as_f64().unwrap();
    assert!((mean - 0.5 * (number(1, 1) + number(3, 1))).abs() < 1e-9);
    for ending in ["jsonl", "parquet"] {
        let name = format!("scores.{ending}");
        stdout(&ugmm(at, &["score", "d.safetensors", "new.csv", "-o", &name]));
        assert!(at.join(&name).metadata().unwrap().len() > 100);
    }
    let line = std::fs::read_to_string(at.join("scores.jsonl")).unwrap();
    let first: serde_json::Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    assert_eq!(first["log-likelihood"].as_f64().unwrap(), number(1, 1));
}

#[test]
fn gaps_are_filled_in_and_the_rest_stays_as_it_is() {
    let folder = with_people();
    let at = folder.path();
    train_people(at, &["--epochs", "20"]);
    let before = std::fs::read_to_string(at.join("people.csv")).unwrap();
    let imputed =
        stdout(&ugmm(at, &["impute", "d.safetensors", "people.csv", "--uncertainty", "--json", "i.json"]));
    let cells = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    };
    let (old, new) = (cells(&before), cells(&imputed));
    // Only the columns with missing values, weight and colour, have a column of uncertainties.
    assert_eq!(new[0][6..], ["standard deviation of weight", "probability of colour"]);
    let beside = |column: usize| [6, 7][usize::from(column == 5)];
    assert_eq!(old.len(), new.len());
    let mut filled = 0;
    for (old, new) in old.iter().zip(&new).skip(1) {
        for column in 0..6 {
            if old[column].is_empty() {
                filled += 1;
                assert!(!new[column].is_empty() && !new[beside(column)].is_empty(), "{new:?}");
            } else {
                assert_eq!(old[column], new[column]);
                assert!(!matches!(column, 2 | 5) || new[beside(column)].is_empty(), "{new:?}");
            }
        }
        if old[2].is_empty() {
            let (height, weight): (f64, f64) = (new[1].parse().unwrap(), new[2].parse().unwrap());
            assert!((weight - 0.5 * height).abs() < 8.0, "{new:?}");
        }
    }
    assert_eq!(json(&at.join("i.json"))["filled_values"], filled);
    let drawn =
        cells(&stdout(&ugmm(at, &["impute", "d.safetensors", "people.csv", "--draws", "3", "--seed", "5"])));
    assert_eq!((drawn.len(), drawn[0][0].as_str()), (1 + 3 * 200, "draw"));
    assert!(drawn.iter().all(|row| row.iter().all(|cell| !cell.is_empty())));
    let again =
        cells(&stdout(&ugmm(at, &["impute", "d.safetensors", "people.csv", "--draws", "3", "--seed", "5"])));
    assert_eq!(drawn, again);
    let (one, two) = (&drawn[1 + 3 * 4], &drawn[2 + 3 * 4]);
    assert!(one[1] == two[1] && one[3] != two[3], "row 5 lacks its weight: {one:?} {two:?}");
}

#[test]
fn samples_are_rows_of_the_table_and_questions_of_chains_are_refused() {
    let folder = with_people();
    let at = folder.path();
    train_people(at, &["--epochs", "20", "--structure", "mixture", "--units", "6"]);
    let drawn = stdout(&ugmm(at, &["sample", "d.safetensors", "-n", "300", "--given", "colour=blue"]));
    assert_eq!(drawn.lines().count(), 301);
    let mut tall = 0;
    for line in drawn.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        assert!(
            cells[4] == "blue"
                && cells[2].parse::<i64>().is_ok()
                && (cells[3].starts_with("19") || cells[3].starts_with("20")),
            "{line}"
        );
        tall += usize::from(cells[0].parse::<f64>().unwrap() > 172.0);
    }
    assert!(tall > 240, "{tall}");
    // Drawn rows can be scored.
    std::fs::write(at.join("drawn.csv"), drawn).unwrap();
    stdout(&ugmm(at, &["evaluate", "d.safetensors", "drawn.csv"]));
    for (arguments, reason) in [
        (
            &["sample", "d.safetensors", "--chains", "4"][..],
            "--chains: a density model draws its rows independently",
        ),
        (
            &["sample", "d.safetensors", "--range", "height=0:1"],
            "--range: a density model has ranges of its own",
        ),
        (&["sample", "d.safetensors", "-o", "x.png"], "-o: the model is of no images"),
        (&["query", "d.safetensors", "--cells", "9"], "--cells: a density model answers without cells"),
        (
            &["query", "d.safetensors", "--given", "children=77"],
            "\"children\" cannot be \"77\"; it must be a whole number",
        ),
        (&["query", "d.safetensors", "--ask", "colours"], "did you mean \"colour\"?"),
        (
            &["prune", "d.safetensors", "people.csv"],
            "this is a density model, and ugmm prune needs a network; to train a network: ugmm train TABLE --target",
        ),
        (&["certify", "d.safetensors", "people.csv", "--epsilon", "0.1"], "ugmm certify needs a network"),
        (&["predict", "d.safetensors", "people.csv", "--explain", "1"], "reasons are those of networks"),
        (&["inspect", "d.safetensors", "--data", "people.csv"], "a density model has none"),
        (
            &["report", "d.safetensors", "--data", "people.csv", "-o", "r.html", "--neurons", "1.1"],
            "no neurons",
        ),
        (
            &["impute", "d.safetensors", "people.csv", "--hide", "top", "-o", "x.csv"],
            "--hide: parts of images",
        ),
    ] {
        let message = failure(&ugmm(at, arguments));
        assert!(message.contains(reason), "{arguments:?}: {message}");
    }
}

#[test]
fn a_target_is_predicted_like_by_other_models() {
    let folder = with_iris();
    let at = folder.path();
    let text = stdout(&ugmm(
        at,
        &[
            "train",
            "iris.csv",
            "--objective",
            "density",
            "--target",
            "species",
            "-o",
            "d.safetensors",
            "--json",
            "t.json",
        ],
    ));
    assert!(text.contains("species of held-out rows, predicted from the others: accuracy"), "{text}");
    assert!(json(&at.join("t.json"))["predictions"]["accuracy"].as_f64().unwrap() >= 0.9, "{text}");
    let text = stdout(&ugmm(at, &["evaluate", "d.safetensors", "iris.csv", "--json", "e.json"]));
    assert!(text.contains("150 rows, accuracy") && text.contains("log-likelihood"), "{text}");
    let report = json(&at.join("e.json"));
    assert!(report["accuracy"].as_f64().unwrap() >= 0.93 && report["confusion"].is_array(), "{report}");
    let predictions = stdout(&ugmm(at, &["predict", "d.safetensors", "iris.csv"]));
    let header = predictions.lines().next().unwrap();
    assert_eq!(
        header,
        "predicted species,probability of setosa,probability of versicolor,probability of virginica,entropy,log-likelihood"
    );
    assert!(predictions.lines().nth(1).unwrap().starts_with("setosa,"), "{predictions}");
    let text = stdout(&ugmm(at, &["query", "d.safetensors", "--given", "petal_length=1.4"]));
    assert!(text.contains("setosa") && text.contains("integrated out: sepal_length"), "{text}");
    // This class did not occur in training.
    std::fs::write(
        at.join("new.csv"),
        "sepal_length,sepal_width,petal_length,petal_width,species\n5,3,1,0.2,rose\n",
    )
    .unwrap();
    let message = failure(&ugmm(at, &["evaluate", "d.safetensors", "new.csv"]));
    assert!(message.contains("row 2, column \"species\": \"rose\""), "{message}");
    // The target is a number.
    let text = stdout(&ugmm(
        at,
        &[
            "train",
            "iris.csv",
            "--objective",
            "density",
            "--target",
            "petal_width",
            "-o",
            "n.safetensors",
            "--json",
            "t.json",
        ],
    ));
    assert!(json(&at.join("t.json"))["predictions"]["r2"].as_f64().unwrap() > 0.8, "{text}");
    let text = stdout(&ugmm(at, &["evaluate", "n.safetensors", "iris.csv"]));
    assert!(text.contains("explained variance") && text.contains("central 90 %"), "{text}");
    let predictions = stdout(&ugmm(at, &["predict", "n.safetensors", "iris.csv"]));
    assert!(
        predictions.starts_with("predicted petal_width,standard deviation,5 %,median,95 %,log-likelihood\n")
    );
    let text = stdout(&ugmm(at, &["inspect", "n.safetensors"]));
    assert!(text.contains("it predicts petal_width") && text.contains("petal_length, petal_width"), "{text}");
}

#[test]
fn a_target_that_a_table_lacks_is_named_once() {
    let folder = with_iris();
    let at = folder.path();
    let train = ["train", "iris.csv", "--objective", "density", "--target", "species", "--epochs", "2"];
    stdout(&ugmm(at, &[&train[..], &["-o", "d.safetensors"]].concat()));
    let table = std::fs::read_to_string(at.join("iris.csv")).unwrap();
    let rows = table.lines().map(|line| format!("{}\n", line.rsplit_once(',').unwrap().0));
    std::fs::write(at.join("new.csv"), rows.collect::<String>()).unwrap();
    let message = failure(&ugmm(at, &["evaluate", "d.safetensors", "new.csv"]));
    assert!(message.contains("there is no column \"species\", which the model needs"), "{message}");
}

#[test]
fn settings_of_networks_are_refused_and_those_of_densities_without_one_too() {
    let folder = with_iris();
    let at = folder.path();
    let density = ["train", "iris.csv", "--objective", "density", "-o", "d.safetensors"];
    for (more, key) in [
        (&["--hidden", "3"][..], "--hidden"),
        (&["--dropout", "0.1"], "--dropout"),
        (&["--folds", "3"], "--folds"),
        (&["--search"], "--search"),
        (&["--scaling", "none"], "--scaling"),
        (&["--preset", "paper"], "--preset"),
        (&["--resume"], "--resume"),
        (&["--class-weights", "balanced"], "--class-weights"),
        (&["--model", "mlp"], "--model"),
    ] {
        let message = failure(&ugmm(at, &[&density[..], more].concat()));
        assert_eq!(message, format!("--objective density: {key} is for networks only; leave it out"));
    }
    let network = ["train", "iris.csv", "--target", "species", "-o", "d.safetensors"];
    for (more, key) in [
        (["--structure", "mixture"], "--structure"),
        (["--units", "3"], "--units"),
        (["--method", "em"], "--method"),
    ] {
        let message = failure(&ugmm(at, &[&network[..], &more].concat()));
        assert_eq!(
            message,
            format!("{key}: this is a setting of density models; it needs --objective density")
        );
    }
    let message =
        failure(&ugmm(at, &["train", "iris.csv", "--objective", "generative", "-o", "d.safetensors"]));
    assert!(message.starts_with("there is no target"), "{message}");
    // A file has the options that were used.
    stdout(&ugmm(
        at,
        &[
            &density[..],
            &["--epochs", "3", "--structure", "random-trees", "--units", "3", "--method", "adam"],
        ]
        .concat(),
    ));
    let model = std::fs::read(at.join("d.safetensors")).unwrap();
    let text = std::fs::read_to_string(at.join("d.safetensors.toml")).unwrap();
    assert!(
        text.contains("objective = \"density\"") && text.contains("structure = \"random-trees\""),
        "{text}"
    );
    stdout(&ugmm(at, &["train", "--config", "d.safetensors.toml", "-o", "e.safetensors"]));
    assert_eq!(std::fs::read(at.join("e.safetensors")).unwrap(), model);
    std::fs::write(at.join("bad.toml"), "objective = \"density\"\nhidden = [3]\n").unwrap();
    let message = failure(&ugmm(at, &["train", "iris.csv", "--config", "bad.toml", "-o", "e.safetensors"]));
    assert!(message.contains("hidden is for networks"), "{message}");
    for method in [&[][..], &["--method", "em"]] {
        let message = failure(&ugmm(at, &[&density[..], &["--learning-rate", "0.1"], method].concat()));
        assert_eq!(
            message,
            "--learning-rate is 0.1, but must be left out with the method EM, which has none; Adam has one"
        );
    }
    // A network is not a density.
    stdout(&ugmm(at, &[&network[..], &["--epochs", "2"]].concat()));
    for command in ["score", "impute"] {
        let message = failure(&ugmm(at, &[command, "d.safetensors", "iris.csv"]));
        assert!(
            message.contains(&format!("this is a network, and ugmm {command} needs a density model")),
            "{message}"
        );
    }
}

/// A table of images of 4 × 4 pixels, which are bright on the left or on the right.
fn with_images() -> TempDir {
    let folder = TempDir::new().unwrap();
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    let count = 160u32;
    for number in [0x803, count, 4, 4] {
        images.extend_from_slice(&number.to_be_bytes());
    }
    for number in [0x801, count] {
        labels.extend_from_slice(&number.to_be_bytes());
    }
    for image in 0..count {
        let is_left = image % 2 == 0;
        labels.push(u8::from(is_left));
        for pixel in 0..16u32 {
            let lit = (pixel % 4 < 2) == is_left;
            images.push(if lit {
                200 + ((image * 7 + pixel * 3) % 40) as u8
            } else {
                ((image + pixel) % 9) as u8
            });
        }
    }
    std::fs::write(folder.path().join("train-images-idx3-ubyte"), images).unwrap();
    std::fs::write(folder.path().join("train-labels-idx1-ubyte"), labels).unwrap();
    folder
}

#[test]
fn images_have_bits_and_pictures() {
    let folder = with_images();
    let at = folder.path();
    let images = "train-images-idx3-ubyte";
    for structure in ["auto", "halves"] {
        let arguments = [
            "train",
            images,
            "--objective",
            "density",
            "-o",
            "d.safetensors",
            "--epochs",
            "30",
            "--structure",
            structure,
        ];
        let text = stdout(&ugmm(at, &[&arguments[..], &["--json", "t.json"]].concat()));
        let bits = json(&at.join("t.json"))["bits_per_pixel"].as_f64().unwrap();
        assert!(text.contains("bits per pixel") && (1.0..8.0).contains(&bits), "{bits}: {text}");
    }
    let text = stdout(&ugmm(at, &["evaluate", "d.safetensors", images]));
    assert!(text.contains("bits per pixel"), "{text}");
    let is_png = |name: &str| std::fs::read(at.join(name)).unwrap().starts_with(b"\x89PNG");
    stdout(&ugmm(at, &["sample", "d.safetensors", "-n", "9", "-o", "drawn.png"]));
    stdout(&ugmm(
        at,
        &["impute", "d.safetensors", images, "--hide", "right", "--rows", "4", "-o", "completed.png"],
    ));
    assert!(is_png("drawn.png") && is_png("completed.png"));
    let page = stdout(&ugmm(at, &["report", "d.safetensors", "--data", images, "-o", "r.html"]));
    assert!(page.contains("one page"), "{page}");
    let message = failure(&ugmm(at, &["impute", "d.safetensors", images, "-o", "completed.png"]));
    assert!(message.contains("give the part of each to hide"), "{message}");
    // These images have labels.
    let text = stdout(&ugmm(
        at,
        &[
            "train",
            images,
            "--objective",
            "density",
            "--target",
            "label",
            "-o",
            "l.safetensors",
            "--epochs",
            "20",
        ],
    ));
    assert!(text.contains("label of held-out rows"), "{text}");
    let text = stdout(&ugmm(at, &["evaluate", "l.safetensors", images, "--json", "e.json"]));
    assert!(json(&at.join("e.json"))["accuracy"].as_f64().unwrap() > 0.95, "{text}");
}

#[test]
fn a_report_shows_columns_rows_and_draws() {
    let folder = with_people();
    let at = folder.path();
    train_people(at, &["--epochs", "20"]);
    let text = stdout(&ugmm(
        at,
        &[
            "report",
            "d.safetensors",
            "--data",
            "people.csv",
            "-o",
            "r.html",
            "--show",
            "3",
            "--json",
            "r.json",
        ],
    ));
    assert!(text.contains("one page") && text.contains("computed on 200 rows of people.csv"), "{text}");
    let page = std::fs::read_to_string(at.join("r.html")).unwrap();
    for part in [
        "Columns",
        "Dependencies",
        "Least likely",
        "Rows asked for",
        "Draws",
        "Training",
        "mutual information",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(
        !page.contains("<script") && !page.contains("http://")
            || page.matches("http://").count() == page.matches("http://www.w3.org/2000/svg").count()
    );
    stdout(&ugmm(
        at,
        &["report", "d.safetensors", "--data", "people.csv", "-o", "figures", "--format", "svg"],
    ));
    assert!(at.join("figures/dependencies.svg").is_file() && at.join("figures/columns-1.svg").is_file());
    let message = failure(&ugmm(
        at,
        &["report", "d.safetensors", "--data", "people.csv", "-o", "r.html", "--show", "9999"],
    ));
    assert!(message.contains("row 9999 is not among the rows"), "{message}");
}

/// The result has the reported log-likelihood, no row of the table exceeds the bound, and values lie in the
/// given ranges.
#[test]
fn the_most_probable_values_come_with_a_proof() {
    let folder = with_people();
    let at = folder.path();
    train_people(at, &["--epochs", "20"]);
    let mpe = |more: &[&str]| {
        let arguments = [&["mpe", "d.safetensors", "--gap", "0.05", "--json", "m.json"], more].concat();
        let text = stdout(&ugmm(at, &arguments));
        (text, json(&at.join("m.json")))
    };
    let (text, found) = mpe(&["--given", "height=180", "--query", "weight,children,colour"]);
    assert!(text.contains("log-likelihood") && text.contains("integrated out: born"), "{text}");
    let number = |name: &str| found[name].as_f64().unwrap();
    assert!(found["proved"].as_bool().unwrap() && number("value") <= number("upper_bound"), "{found}");
    let weight = &found["numbers"]["weight"];
    let [children, colour] = ["children", "colour"].map(|name| found["values"][name].as_str().unwrap());
    let same = level(at, &format!("height=180,weight={weight},children={children},colour={colour}"));
    assert!((same - number("value")).abs() < 1e-9, "{same} {found}");
    for (weight, children) in [(88, 0), (90, 1), (91, 2), (92, 3)] {
        for colour in ["red", "blue"] {
            let other = level(at, &format!("height=180,weight={weight},children={children},colour={colour}"));
            assert!(other <= number("upper_bound"), "{weight} {children} {colour}: {other} {found}");
        }
    }
    let ranged =
        ["--given", "height=180", "--query", "weight,children", "--range", "weight=70:80,children=2:9"];
    let (_, ranged) = mpe(&ranged);
    assert!((70.0..=80.0).contains(&ranged["numbers"]["weight"].as_f64().unwrap()), "{ranged}");
    assert!(ranged["numbers"]["children"].as_f64().unwrap() >= 2.0, "{ranged}");
    for (more, expected) in [
        (&["--query", "wieght"][..], "did you mean \"weight\"?"),
        (&["--query", "weight", "--given", "weight=80"], "both given and asked for"),
        (&["--query", "weight", "--range", "colour=0:1"], "holds categories"),
        (&["--query", "weight", "--range", "children=0:1"], "is not asked for"),
        (&["--query", "children", "--range", "children=0.2:0.8"], "a whole number in it"),
    ] {
        let message = failure(&ugmm(at, &[&["mpe", "d.safetensors"], more].concat()));
        assert!(message.contains(expected), "{more:?}: {message}");
    }
}
