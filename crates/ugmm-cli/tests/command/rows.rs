//! Each input row gives one output row, with the digits and words of the table.

use crate::{CASES, failure, json, stdout, ugmm};
use tempfile::TempDir;

fn write(folder: &TempDir, name: &str, text: &str) {
    std::fs::write(folder.path().join(name), text).unwrap();
}

/// The fields of each row, the header first.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(String::from).collect()).collect()
}

/// The column with this name, without the header.
fn column(rows: &[Vec<String>], name: &str) -> Vec<String> {
    let place = rows[0].iter().position(|found| found == name).unwrap();
    rows[1..].iter().map(|row| row[place].clone()).collect()
}

fn case(name: &str) -> String {
    format!("{CASES}/{name}")
}

/// A table of a number, a category, a boolean, a class and a number.
fn table() -> String {
    let row = |index: usize| {
        let (x, is_high) = (index % 20, index % 20 >= 10);
        let [colour, answer, class] = if is_high { ["red", "ja", "b"] } else { ["blue", "nein", "a"] };
        format!("{x}.5,{colour},{answer},{class},{}\n", 3 * x)
    };
    "x,colour,answer,class,y\n".to_owned() + &(0..60).map(row).collect::<String>()
}

#[test]
fn rows_without_a_value_keep_their_places_in_whole_batches_of_them() {
    let folder = TempDir::new().unwrap();
    write(&folder, "t.csv", &table());
    // There are more rows than any reader's batch: rows without values, and rows with unseen categories.
    let nothing = ["", "NA"].map(|x| format!("{x},,\n").repeat(2500)).concat() + &",green,\n".repeat(2500);
    write(&folder, "new.csv", &format!("x,colour,answer\n1.5,blue,no\n{nothing}15.5,red,yes\n"));
    for (target, ignored) in [("class", "y"), ("y", "class")] {
        let train = ["train", "t.csv", "--target", target, "--ignore", ignored, "--epochs", "3", "-o", "m"];
        stdout(&ugmm(folder.path(), &train));
        let found = rows(&stdout(&ugmm(folder.path(), &["predict", "m", "new.csv", "--explain", "1", "-q"])));
        assert_eq!(found.len(), 7503, "{target}");
        let predicted = column(&found, &format!("predicted {target}"));
        assert!(!predicted[0].is_empty() && !predicted[7501].is_empty());
        assert!(predicted[1..7501].iter().all(String::is_empty), "{target}");
        assert!(found[2..7502].iter().all(|row| row.len() == found[0].len()));
        let with_target = format!(
            "x,colour,answer,{target}\n{}1.5,blue,no,{}\n",
            ",,,\n".repeat(5000),
            if target == "y" { "3" } else { "a" }
        );
        write(&folder, "known.csv", &with_target);
        stdout(&ugmm(folder.path(), &["evaluate", "m", "known.csv", "--json", "e.json"]));
        assert_eq!(json(&folder.path().join("e.json"))["rows"], 1);
    }
}

#[test]
fn densities_say_of_such_rows_what_is_usual() {
    let folder = TempDir::new().unwrap();
    write(&folder, "t.csv", &table());
    write(
        &folder,
        "new.csv",
        &format!("x,colour,answer,y\n1.5,blue,no,3\n{}15.5,red,yes,\n", ",,,\n".repeat(5000)),
    );
    let train = ["train", "t.csv", "--objective", "density", "--target", "class", "--epochs", "3", "-o", "m"];
    stdout(&ugmm(folder.path(), &train));
    for command in ["predict", "score", "impute"] {
        let found = rows(&stdout(&ugmm(folder.path(), &[command, "m", "new.csv", "-q"])));
        assert_eq!(found.len(), 5003, "{command}");
        assert!(found[2..5002].iter().all(|row| row == &found[2]), "{command}");
    }
    let found = rows(&stdout(&ugmm(folder.path(), &["predict", "m", "new.csv", "-q"])));
    let share: f64 = column(&found, "probability of a")[1].parse().unwrap();
    assert!((share - 0.5).abs() < 0.1, "{share}");
}

#[test]
fn a_blank_line_of_the_only_column_is_predicted_as_a_row() {
    let folder = TempDir::new().unwrap();
    let row = |index: usize| format!("{},{}\n", index % 20, if index % 20 > 9 { "b" } else { "a" });
    write(&folder, "t.csv", &("x,class\n".to_owned() + &(0..60).map(row).collect::<String>()));
    stdout(&ugmm(folder.path(), &["train", "t.csv", "--target", "class", "--epochs", "3", "-o", "m"]));
    for (text, count) in [("x\n1\n\n12\n", 3), ("x\n1\n\"\"\n12\n\"\"\n", 4), ("x\n1\nNA\n12\n\n", 3)] {
        write(&folder, "new.csv", text);
        let found = rows(&stdout(&ugmm(folder.path(), &["predict", "m", "new.csv", "-q"])));
        let predicted = column(&found, "predicted class");
        assert_eq!(predicted.len(), count, "{text:?}");
        assert!(predicted[1].is_empty() && !predicted[2].is_empty(), "{text:?}");
    }
}

#[test]
fn predicted_numbers_have_the_digits_of_the_table() {
    let folder = TempDir::new().unwrap();
    let data = case("unix-seconds.csv");
    let train = ["train", &data, "--target", "y", "--task", "regression", "--epochs", "30", "-o", "m"];
    stdout(&ugmm(folder.path(), &train));
    let found = rows(&stdout(&ugmm(folder.path(), &["predict", "m", &data, "--keep", "y", "-q"])));
    stdout(&ugmm(folder.path(), &["evaluate", "m", &data, "--json", "e.json"]));
    let numbers =
        |name: &str| -> Vec<f64> { column(&found, name).iter().map(|text| text.parse().unwrap()).collect() };
    let (right, predicted) = (numbers("y"), numbers("predicted y"));
    let squares: f64 = right.iter().zip(&predicted).map(|(a, b)| (a - b).powi(2)).sum();
    let rmse = (squares / right.len() as f64).sqrt();
    let expected = json(&folder.path().join("e.json"))["rmse"].as_f64().unwrap();
    assert!((rmse - expected).abs() <= 1e-9 * expected.max(1.0), "{rmse} {expected}");
    let different: std::collections::HashSet<u64> = predicted.iter().map(|number| number.to_bits()).collect();
    assert!(different.len() > 90, "{}", different.len());
    let (low, high) = (numbers("5 %"), numbers("95 %"));
    let inside = right.iter().zip(low.iter().zip(&high)).filter(|(y, (low, high))| *low <= y && y <= high);
    let coverage = inside.count() as f64 / right.len() as f64;
    assert_eq!(json(&folder.path().join("e.json"))["coverage_90"].as_f64().unwrap(), coverage);
}

#[test]
fn quantiles_and_intervals_are_those_that_are_requested() {
    let folder = TempDir::new().unwrap();
    let data = case("unix-seconds.csv");
    let train = ["train", &data, "--target", "y", "--task", "regression", "--epochs", "5", "-o", "m"];
    stdout(&ugmm(folder.path(), &train));
    let predict = |options: &[&str]| {
        let output = ugmm(folder.path(), &[&["predict", "m", &data, "-q"], options].concat());
        rows(&stdout(&output))
    };
    let names = |found: &[Vec<String>]| -> Vec<String> {
        found[0]
            .iter()
            .filter(|name| name.ends_with('%') || *name == "median" || name.contains("interval"))
            .cloned()
            .collect()
    };
    let usual = predict(&[]);
    assert_eq!(names(&usual), ["5 %", "median", "95 %"]);
    let both = predict(&["--quantiles", "0.025,0.5,0.1,0", "--interval", "0.8,0.9"]);
    let expected = [
        "2.5 %",
        "median",
        "10 %",
        "0 %",
        "80 % interval from",
        "80 % interval to",
        "90 % interval from",
        "90 % interval to",
    ];
    assert_eq!(names(&both), expected);
    assert_eq!(column(&both, "median"), column(&usual, "median"));
    let numbers =
        |name: &str| -> Vec<f64> { column(&both, name).iter().map(|text| text.parse().unwrap()).collect() };
    let ascending =
        ["0 %", "2.5 %", "90 % interval from", "10 %", "median", "80 % interval to", "90 % interval to"];
    for pair in ascending.windows(2) {
        assert!(numbers(pair[0]).iter().zip(numbers(pair[1])).all(|(low, high)| *low <= high), "{pair:?}");
    }
    for (own, same) in [("10 %", "80 % interval from"), ("2.5 %", "2.5 %")] {
        assert!(numbers(own).iter().zip(numbers(same)).all(|(a, b)| (a - b).abs() <= 1e-9 * a.abs()));
    }
    assert_eq!(names(&predict(&["--interval", "0.5"])), ["50 % interval from", "50 % interval to"]);

    let refused = |options: &[&str]| {
        let output = ugmm(folder.path(), &[&["predict", "m", &data], options].concat());
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (options, message) in [
        (["--quantiles", "1.5"], "\"1.5\" is not a number from 0 to 1"),
        (["--quantiles", "0.1,"], "\"\" is not a number from 0 to 1"),
        (["--quantiles", "nan"], "\"nan\" is not a number from 0 to 1"),
        (["--quantiles", "0.1,0.10"], "--quantiles: two columns would be called \"10 %\""),
        (["--quantiles", "0.1,0.1000000001"], "--quantiles: two columns would be called \"10 %\""),
        (["--interval", "0.9,0.5,0.9"], "--interval: two columns would be called \"90 % interval from\""),
        (["--interval", "90"], "\"90\" is not a number greater than 0 and less than 1"),
        (["--interval", "1"], "greater than 0 and less than 1"),
    ] {
        let found = refused(&options);
        assert!(found.contains(message), "{found}");
    }
    let iris = crate::with_iris();
    stdout(&ugmm(iris.path(), &[&crate::TRAIN[..], &["--epochs", "1"]].concat()));
    let found =
        failure(&ugmm(iris.path(), &["predict", "iris.safetensors", "iris.csv", "--interval", "0.9"]));
    assert!(
        found.contains(
            "--interval: quantiles are those of a predicted number, and the model predicts classes"
        ),
        "{found}"
    );
}

#[test]
fn reasons_of_a_row_far_from_all_others_are_finite() {
    let folder = TempDir::new().unwrap();
    let data = case("explained-far-away.csv");
    let text = std::fs::read_to_string(&data).unwrap();
    let names: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    stdout(&ugmm(folder.path(), &["train", &data, "--target", "y", "--epochs", "20", "-o", "m"]));
    let features: Vec<&str> = names.into_iter().filter(|name| *name != "y").collect();
    let row = |value: &str| format!("{}\n", vec![value; features.len()].join(","));
    let far = ["1e12", "-1e12", "1e30", "-1e300", "1.7e308"].map(row).concat();
    write(&folder, "far.csv", &format!("{}\n{far}", features.join(",")));
    let found = rows(&stdout(&ugmm(folder.path(), &["predict", "m", "far.csv", "--explain", "2", "-q"])));
    assert_eq!(found.len(), 6);
    for name in ["distance", "share of reason 1", "share of reason 2"] {
        for text in column(&found, name) {
            let number: f64 = text.parse().unwrap();
            assert!(number.is_finite() && number >= 0.0, "{name}: {text}");
            assert!(name == "distance" || number <= 1.0, "{name}: {text}");
        }
    }
}

#[test]
fn answers_have_the_tables_words_for_true_and_false() {
    let folder = TempDir::new().unwrap();
    for (no, yes) in [("No", "Yes"), ("f", "t"), ("FALSE", "TRUE")] {
        let text = table().replace(",nein,", &format!(",{no},")).replace(",ja,", &format!(",{yes},"));
        write(&folder, "t.csv", &text);
        let train =
            ["train", "t.csv", "--target", "class", "--objective", "hybrid", "--epochs", "3", "-o", "m"];
        stdout(&ugmm(folder.path(), &train));
        let sampled =
            rows(&stdout(&ugmm(folder.path(), &["sample", "m", "--rows", "20", "--warm-up", "5", "-q"])));
        let words = column(&sampled, "answer");
        assert!(words.iter().all(|word| word == no || word == yes), "{words:?}");
        let found = stdout(&ugmm(folder.path(), &["query", "m", "--ask", "answer", "--given", "class=a"]));
        assert!(
            found.contains(no) && found.contains(yes) && (no == "FALSE" || !found.contains("false")),
            "{found}"
        );
        let given = format!("answer={yes}");
        let found = stdout(&ugmm(folder.path(), &["mpe", "m", "--given", &given, "--query", "class"]));
        assert!(found.contains(yes), "{found}");
    }
}

#[test]
fn positive_log_densities_are_said_to_be_normal() {
    let folder = TempDir::new().unwrap();
    let row =
        |index: usize| format!("{},{}\n", index % 20, (index % 20) as f64 / 1e5 + (index % 7) as f64 / 1e7);
    write(&folder, "t.csv", &("x,y\n".to_owned() + &(0..80).map(row).collect::<String>()));
    for options in [&["--target", "y"][..], &["--objective", "density"]] {
        let train = [&["train", "t.csv", "--epochs", "20", "-o", "m"], options].concat();
        let text = stdout(&ugmm(folder.path(), &train));
        assert!(text.contains("a log-density above 0, and a loss below 0, is normal"), "{text}");
    }
}
