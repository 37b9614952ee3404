//! Answers of densities: rare levels, possible values, ties, few rows, outliers.

use super::{CASES, json, stdout, ugmm, with_iris};
use std::path::Path;
use tempfile::TempDir;

fn with(name: &str, text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    folder
}

fn with_case(name: &str) -> TempDir {
    with(name, &std::fs::read_to_string(Path::new(CASES).join(name)).unwrap())
}

fn train(at: &Path, table: &str, more: &[&str]) -> String {
    let usual = ["train", table, "--objective", "density", "-o", "d.safetensors", "--json", "t.json"];
    stdout(&ugmm(at, &[&usual[..], more].concat()))
}

/// The values of a column of a CSV file.
fn column(at: &Path, file: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(at.join(file)).unwrap();
    let place = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[place].to_owned()).collect()
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A normally distributed number from a reproducible generator.
fn normal(state: &mut u64) -> f64 {
    let mut uniform = || {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((*state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
}

#[test]
fn a_value_that_nearly_all_rows_have_is_not_unusual() {
    let folder = with_case("tied-scores.csv");
    let at = folder.path();
    train(at, "tied-scores.csv", &[]);
    let score = ["score", "d.safetensors", "tied-scores.csv", "-o", "s.csv", "--json", "s.json"];
    stdout(&ugmm(at, &score));
    assert_eq!(json(&at.join("s.json"))["unlikely_rows"], 1);
    let shares = column(at, "s.csv", "share of rows as likely or less");
    let surprising = column(at, "s.csv", "most surprising");
    for ((value, share), surprising) in column(at, "tied-scores.csv", "v").iter().zip(shares).zip(surprising)
    {
        let is_usual = value == "x";
        assert_eq!(share.parse::<f64>().unwrap() > 0.5, is_usual, "{value}: {share}");
        // A row like all others has no surprising column.
        assert_eq!(surprising.is_empty(), is_usual, "{value}: {surprising}");
    }
}

/// If only a flag is known, and 4 of 100 rows have it, a row with the flag is among the 4 % most unusual.
#[test]
fn rows_with_gaps_are_compared_with_rows_of_the_same_columns() {
    let mut state = 2;
    let flag = |i: usize| if i % 25 == 3 { "yes" } else { "no" };
    let row = |i: usize| format!("{:.3},{:.3},{}\n", normal(&mut state), normal(&mut state), flag(i));
    let folder = with("t.csv", &format!("a,b,flag\n{}", (0..400).map(row).collect::<String>()));
    let at = folder.path();
    train(at, "t.csv", &[]);
    let gaps: String = (0..100).map(|i| format!(",,{}\n", flag(i))).collect();
    std::fs::write(at.join("gaps.csv"), format!("a,b,flag\n{gaps},,\n")).unwrap();
    let score = ["score", "d.safetensors", "gaps.csv", "-o", "s.csv", "--json", "s.json"];
    let output = ugmm(at, &score);
    assert!(
        stderr(&output).contains("less likely than 99 % of draws from the model over the same columns"),
        "{output:?}"
    );
    let report = json(&at.join("s.json"));
    assert_eq!(
        (report["unlikely_rows"].as_u64(), report["rows_compared_with_draws"].as_u64()),
        (Some(0), Some(101))
    );
    for (i, share) in column(at, "s.csv", "share of rows as likely or less").iter().enumerate() {
        let share: f64 = share.parse().unwrap();
        // The last row has no known value.
        let is_right = if i < 100 && flag(i) == "yes" { (0.02..0.06).contains(&share) } else { share == 1.0 };
        assert!(is_right, "{i}: {share}");
    }
    // Complete rows are compared with held-out rows.
    let output = ugmm(at, &["score", "d.safetensors", "t.csv"]);
    assert!(stderr(&output).contains("less likely than 99 % of held-out rows: "), "{output:?}");
}

#[test]
fn held_out_rows_none_of_which_is_possible_are_not_measured() {
    let row = |i: usize| format!("{}\n", if i % 6 == 3 { -1.5 } else { 0.5 + i as f64 });
    let folder = with("t.csv", &format!("x\n{}", (0..12).map(row).collect::<String>()));
    let at = folder.path();
    // With this seed both negative numbers are held out.
    let text = train(at, "t.csv", &["--seed", "62", "--epochs", "2"]);
    assert!(
        text.contains("held-out rows: 2, all of them impossible according to the training rows"),
        "{text}"
    );
    assert!(json(&at.join("t.json"))["validation_log_likelihoods"]["model"]["mean"].is_null());
    assert!(stdout(&ugmm(at, &["inspect", "d.safetensors"])).contains("held-out rows: not known"));
    stdout(&ugmm(at, &["score", "d.safetensors", "t.csv", "-o", "s.csv"]));
    let shares = column(at, "s.csv", "share of rows as likely or less");
    assert!(shares.iter().any(|share| share.parse::<f64>().unwrap() < 0.9), "{shares:?}");
}

#[test]
fn rare_levels_are_answered_by_their_own_names() {
    let folder = with_case("rare-levels.csv");
    let at = folder.path();
    let known = column(at, "rare-levels.csv", "shop");
    let is_level = |text: &str| !text.is_empty() && known.iter().any(|level| level == text);
    train(at, "rare-levels.csv", &["--validation", "0"]);
    stdout(&ugmm(at, &["impute", "d.safetensors", "rare-levels.csv", "-o", "i.csv", "--uncertainty"]));
    assert!(column(at, "i.csv", "shop").iter().all(|text| is_level(text)));
    stdout(&ugmm(at, &["impute", "d.safetensors", "rare-levels.csv", "-o", "draws.csv", "--draws", "200"]));
    let drawn = column(at, "draws.csv", "shop");
    assert!(drawn.iter().all(|text| is_level(text)));
    stdout(&ugmm(at, &["sample", "d.safetensors", "-n", "3000", "-o", "s.csv"]));
    let drawn = column(at, "s.csv", "shop");
    assert!(drawn.iter().all(|text| is_level(text)));
    // Each rare level is in 2 of 30 rows.
    for level in ["r0", "r5", "r9"] {
        let share = drawn.iter().filter(|text| *text == level).count() as f64 / 3000.0;
        assert!((share - 2.0 / 30.0).abs() < 0.03, "{level}: {share}");
    }
    stdout(&ugmm(at, &["query", "d.safetensors", "--ask", "shop", "--json", "q.json"]));
    let report = json(&at.join("q.json"));
    let shares = report["answers"][0]["probabilities"].as_object().unwrap();
    assert!(shares.keys().all(|name| is_level(name)) && shares.len() == 11, "{report}");
    assert!((shares.values().map(|share| share.as_f64().unwrap()).sum::<f64>() - 1.0).abs() < 1e-9);
    // The probability of one rare level is its fraction of the probability of all.
    stdout(&ugmm(at, &["query", "d.safetensors", "--given", "shop=r3", "--score", "--json", "r.json"]));
    let report = json(&at.join("r.json"));
    assert_eq!(report["given"]["shop"], "r3");
    let level = report["log_likelihood"].as_f64().unwrap().exp();
    assert!((level - shares["r3"].as_f64().unwrap()).abs() < 1e-9, "{report} {shares:?}");
    let text = stdout(&ugmm(at, &["mpe", "d.safetensors"]));
    assert!(text.contains("big") && !text.contains("(other)"), "{text}");
}

#[test]
fn a_category_of_rare_levels_only_is_answered_by_one_of_them() {
    let mut text = String::from("name,size\n");
    for i in 0..40 {
        text += &format!("n{},{}\n", i / 2, i % 7);
    }
    let folder = with("rare.csv", &text);
    let at = folder.path();
    train(at, "rare.csv", &["--validation", "0"]);
    let found = stdout(&ugmm(at, &["mpe", "d.safetensors"]));
    assert!(found.contains("n0") && !found.contains("(other)"), "{found}");
    let rows = stdout(&ugmm(at, &["sample", "d.safetensors", "-n", "50", "--given", "name=n7"]));
    assert!(rows.lines().skip(1).all(|line| line.starts_with("n7,")), "{rows}");
    stdout(&ugmm(at, &["sample", "d.safetensors", "-n", "50", "-o", "s.csv"]));
    assert!(column(at, "s.csv", "name").iter().all(|name| name.starts_with('n')));
}

#[test]
fn categories_without_rare_levels_never_get_one() {
    let mut text = String::from("colour,size\n");
    for i in 0..20 {
        text += &format!("{},{}\n", ["red", "blue"][i % 2], i % 5);
    }
    let folder = with("colours.csv", &text);
    let at = folder.path();
    train(at, "colours.csv", &["--validation", "0"]);
    stdout(&ugmm(at, &["sample", "d.safetensors", "-n", "5000", "-o", "s.csv"]));
    assert!(column(at, "s.csv", "colour").iter().all(|colour| colour == "red" || colour == "blue"));
}

/// A model of an older version, which does not store the names of rare levels, leaves cells empty and prints
/// this.
#[test]
fn models_without_the_names_of_rare_levels_leave_cells_empty() {
    let folder = with_case("rare-levels.csv");
    let at = folder.path();
    train(at, "rare-levels.csv", &["--validation", "0"]);
    // Removes from the model what older versions did not store, with spaces in its place.
    let mut bytes = std::fs::read(at.join("d.safetensors")).unwrap();
    let place = |bytes: &[u8], text: &str| bytes.windows(text.len()).position(|part| part == text.as_bytes());
    let start = place(&bytes, ",\\\"rare\\\":[").unwrap();
    let end = start + place(&bytes[start..], "]").unwrap() + 1;
    bytes[start..end].fill(b' ');
    std::fs::write(at.join("old.safetensors"), bytes).unwrap();
    let output = ugmm(at, &["sample", "old.safetensors", "-n", "200", "-o", "s.csv", "--json", "s.json"]);
    let text = stdout(&output);
    assert!(text.contains("left empty") && text.contains("train it again"), "{text}");
    let empty = column(at, "s.csv", "shop").iter().filter(|shop| shop.is_empty()).count();
    assert!(empty > 50 && json(&at.join("s.json"))["empty_cells"] == empty, "{empty}");
    assert!(!column(at, "s.csv", "shop").iter().any(|shop| shop == "(other)"));
    let output = ugmm(at, &["impute", "old.safetensors", "rare-levels.csv", "-o", "i.csv"]);
    assert!(stderr(&output).contains("left empty: 1 cell"), "{}", stderr(&output));
    assert_eq!(column(at, "i.csv", "shop").last().unwrap(), "");
}

/// A table of amounts and counts that are never negative, stars from 1 to 5, days, and a change that may be
/// negative.
fn with_supports() -> TempDir {
    let mut text = String::from("amount,large,visits,stars,day,change\n");
    let mut state = 3;
    for i in 0..160 {
        let z = normal(&mut state);
        let amount = if i % 4 == 0 { 0.0 } else { (z * 1.2).exp() };
        let large = (amount * 900.0).round();
        let visits = (z.abs() * 2.0).floor();
        let stars = (3.5 + 1.6 * z).round().clamp(1.0, 5.0);
        let (month, day) = (1 + (i * 5) % 12, 1 + (i * 7) % 28);
        text += &format!("{amount:.3},{large},{visits},{stars},2024-{month:02}-{day:02},{:.2}\n", z - 0.3);
    }
    with("supports.csv", &text)
}

#[test]
fn answers_are_values_that_columns_can_have() {
    let folder = with_supports();
    let at = folder.path();
    train(at, "supports.csv", &["--epochs", "15"]);
    stdout(&ugmm(at, &["sample", "d.safetensors", "-n", "4000", "-o", "s.csv"]));
    let numbers = |file: &str, name: &str| -> Vec<f64> {
        column(at, file, name).iter().map(|text| text.parse().unwrap()).collect()
    };
    for name in ["amount", "large", "visits"] {
        assert!(numbers("s.csv", name).iter().all(|number| *number >= 0.0), "{name}");
    }
    assert!(numbers("s.csv", "stars").iter().all(|stars| (1.0..=5.0).contains(stars)));
    assert!(numbers("s.csv", "change").iter().any(|change| *change < 0.0));
    assert!(column(at, "s.csv", "day").iter().all(|day| ["2023", "2024", "2025"].contains(&&day[..4])));
    let header = "amount,large,visits,stars,day,change\n";
    let gaps = format!("{header},0,0,1,2024-01-01,-2.5\n0,,,,,\n,,,5,,-2.9\n0.001,1,,1,2024-02-02,-3\n");
    std::fs::write(at.join("gaps.csv"), gaps).unwrap();
    stdout(&ugmm(at, &["impute", "d.safetensors", "gaps.csv", "-o", "i.csv", "--uncertainty"]));
    for name in ["amount", "large", "visits", "stars"] {
        assert!(numbers("i.csv", name).iter().all(|number| *number >= 0.0), "{name}");
    }
    for ask in ["amount", "large"] {
        let query = ["query", "d.safetensors", "--given", "stars=1", "--ask", ask, "--json", "q.json"];
        stdout(&ugmm(at, &query));
        let answer = &json(&at.join("q.json"))["answers"][0]["density"];
        let of = |value: &serde_json::Value| value.as_f64().unwrap();
        assert!(answer["quantiles"].as_object().unwrap().values().all(|value| of(value) >= 0.0), "{answer}");
        assert!(of(&answer["low"]) >= 0.0 && of(&answer["mean"]) >= 0.0 && of(&answer["mode"]) >= 0.0);
    }
    // A negative amount is impossible and reported; a fraction of a visit is rounded and reported.
    std::fs::write(
        at.join("odd.csv"),
        format!("{header}-1,10,2,3,2024-03-03,0.1\n1,10,2.4,3,2024-03-03,0.1\n"),
    )
    .unwrap();
    let output = ugmm(at, &["score", "d.safetensors", "odd.csv", "-o", "o.csv"]);
    let said = stderr(&output);
    assert!(said.contains("\"amount\" in row 2 (-1, where it must be a number of at least 0)"), "{said}");
    assert!(said.contains("only whole ones in training: 1 value; rounded"), "{said}");
    let levels = column(at, "o.csv", "log-likelihood");
    assert!(levels[0] == "-inf" && levels[1].parse::<f64>().unwrap().is_finite(), "{levels:?}");
    let refused = ugmm(at, &["query", "d.safetensors", "--given", "visits=2.4", "--ask", "stars"]);
    assert!(stderr(&refused).contains("it must be a whole number from 0 to"), "{}", stderr(&refused));
}

#[test]
fn uncertainty_has_columns_for_gaps_only() {
    let folder = with_iris();
    let at = folder.path();
    train(at, "iris.csv", &["--epochs", "3"]);
    let text = std::fs::read_to_string(at.join("iris.csv")).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[3] = format!(",{}", lines[3].split_once(',').unwrap().1);
    std::fs::write(at.join("gap.csv"), lines.join("\n") + "\n").unwrap();
    let impute = ["impute", "d.safetensors", "gap.csv", "--uncertainty"];
    let filled = stdout(&ugmm(at, &impute));
    let header = filled.lines().next().unwrap();
    assert!(header.ends_with(",species,standard deviation of sepal_length"), "{header}");
    assert_eq!(filled.lines().filter(|line| !line.ends_with(',')).count(), 2, "{filled}");
    let whole = stdout(&ugmm(at, &["impute", "d.safetensors", "iris.csv", "--uncertainty"]));
    assert!(whole.lines().next().unwrap().ends_with(",species"), "{whole}");
}

/// The deciding figures are printed: the chosen structure is the best by the last figure of each line.
#[test]
fn the_chosen_structure_is_the_best_of_those_shown() {
    let folder = with_iris();
    let at = folder.path();
    let text = train(at, "iris.csv", &[]);
    let report = json(&at.join("t.json"));
    let tried = report["tried"].as_array().unwrap();
    assert_eq!(tried.len(), 4, "{report}");
    let finalists: Vec<_> = tried.iter().filter(|one| one["of_all_circuits"].is_number()).collect();
    let (key, among) = match finalists.len() {
        0 | 1 => ("log_likelihood", tried.iter().collect()),
        _ => ("of_all_circuits", finalists),
    };
    let level = |one: &&serde_json::Value| one[key].as_f64().unwrap();
    let best = among.into_iter().max_by(|a, b| level(a).total_cmp(&level(b))).unwrap();
    assert_eq!(best["structure"], report["structure"], "{report}");
    let shown = format!("{:.4}", level(&best));
    assert!(text.lines().any(|line| line.contains(&shown) && line.contains("chosen")), "{text}");
}

/// A table of five numbers of standard deviation 1 with a common cause; `common` is its correlation with each
/// of them.
fn five_numbers(count: usize, state: &mut u64, common: f64) -> String {
    let mut text = String::from("a,b,c,d,e\n");
    for _ in 0..count {
        let cause = normal(state);
        let own = (1.0 - common * common).sqrt();
        let row: Vec<String> =
            (0..5).map(|_| format!("{:.4}", common * cause + own * normal(state))).collect();
        text += &format!("{}\n", row.join(","));
    }
    text
}

/// With so few validation rows, another structure often seems better by chance.
#[test]
fn columns_without_dependence_are_learned_as_such_where_rows_are_set_aside() {
    for (seed, rows) in [(1, 100), (2, 150), (3, 300)] {
        let mut state = seed;
        let folder = with("rows.csv", &five_numbers(rows, &mut state, 0.0));
        let text = train(folder.path(), "rows.csv", &[]);
        let report = json(&folder.path().join("t.json"));
        assert_eq!(report["structure"], "independent", "{rows}: {text}");
        let folder = with("rows.csv", &five_numbers(rows, &mut state, 0.75));
        let text = train(folder.path(), "rows.csv", &[]);
        let report = json(&folder.path().join("t.json"));
        assert_ne!(report["structure"], "independent", "{rows}: {text}");
    }
}

/// Five numbers of standard deviation 1 with a common cause: 60 training rows, 1000 new ones. Independent
/// columns have at best −7.09 nats, and about −7.2 when trained on so few rows.
#[test]
fn few_rows_are_learned_better_than_by_independent_columns() {
    // Modelling the dependence gains 0.7 nats if there is one, and costs nothing if there is none.
    for (seed, common, least) in [(1, 0.75, -6.9), (3, 0.0, -7.3)] {
        let mut state = seed;
        let folder = with("few.csv", &five_numbers(60, &mut state, common));
        let at = folder.path();
        std::fs::write(at.join("fresh.csv"), five_numbers(1000, &mut state, common)).unwrap();
        let text = train(at, "few.csv", &[]);
        assert!(text.contains("by 5-fold cross-validation"), "{text}");
        stdout(&ugmm(at, &["evaluate", "d.safetensors", "fresh.csv", "--json", "e.json"]));
        let level = json(&at.join("e.json"))["log_likelihood"]["mean"].as_f64().unwrap();
        assert!(level > least, "{seed}: {level}\n{text}");
    }
}

#[test]
fn classes_of_few_rows_are_still_told_apart() {
    let mut text = String::from("x,y,kind\n");
    let mut state = 5;
    for i in 0..40 {
        let kind = i % 2;
        text += &format!(
            "{:.3},{:.3},{}\n",
            3.0 * f64::from(kind) + normal(&mut state),
            normal(&mut state),
            ["a", "b"][kind as usize]
        );
    }
    let folder = with("kinds.csv", &text);
    let at = folder.path();
    train(at, "kinds.csv", &["--target", "kind"]);
    stdout(&ugmm(at, &["predict", "d.safetensors", "kinds.csv", "-o", "p.csv"]));
    let right = column(at, "p.csv", "predicted kind").into_iter().zip(column(at, "kinds.csv", "kind"));
    assert!(right.filter(|(found, right)| found == right).count() >= 34);
    // Far from all rows, classes have their frequencies as probabilities, however large the distance.
    let far = "x,y\n1e6,0\n1e12,0\n-1e12,1e13\n1e30,\n,\n";
    std::fs::write(at.join("far.csv"), far).unwrap();
    stdout(&ugmm(at, &["predict", "d.safetensors", "far.csv", "-o", "f.csv"]));
    let shares: Vec<f64> =
        column(at, "f.csv", "probability of a").iter().map(|share| share.parse().unwrap()).collect();
    assert!((shares[2] - shares[4]).abs() < 1e-5 && (shares[3] - shares[4]).abs() < 1e-5, "{shares:?}");
    assert!((shares[0] - shares[1]).abs() < 1e-5, "{shares:?}");
}

/// A network's answer about a feature comes with a warning; a discriminative network names the command that
/// can answer.
#[test]
fn networks_say_what_their_answers_about_features_are_not() {
    let folder = with_iris();
    let at = folder.path();
    let train_as = |objective: &str| {
        let file = format!("{objective}.safetensors");
        let usual = ["train", "iris.csv", "--target", "species", "--epochs", "5", "--hidden", "8", "-o"];
        stdout(&ugmm(at, &[&usual[..], &[&file, "--objective", objective]].concat()));
    };
    train_as("discriminative");
    train_as("hybrid");
    let ask = ["--given", "species=setosa", "--ask", "sepal_length"];
    let refused = ugmm(at, &[&["query", "discriminative.safetensors"], &ask[..]].concat());
    assert!(stderr(&refused).contains("ugmm train TABLE --objective density"), "{}", stderr(&refused));
    let text = stdout(&ugmm(at, &[&["query", "hybrid.safetensors", "--json", "q.json"], &ask[..]].concat()));
    assert!(text.contains("warning: this is not how the data are distributed"), "{text}");
    assert!(json(&at.join("q.json"))["answers"][0]["warning"].is_string());
    stdout(&ugmm(at, &["query", "hybrid.safetensors", "--given", "petal_length=1.4", "--json", "q.json"]));
    assert!(json(&at.join("q.json"))["answers"][0]["warning"].is_null());
    train(at, "iris.csv", &[]);
    stdout(&ugmm(at, &[&["query", "d.safetensors", "--json", "q.json"], &ask[..]].concat()));
    let mean = json(&at.join("q.json"))["answers"][0]["density"]["mean"].as_f64().unwrap();
    assert!((mean - 5.01).abs() < 0.15, "{mean}");
}

/// In a network with the target among its inputs, only the label's components matter far from all rows: the
/// probabilities do not depend on the distance, and are not equal due to rounding.
#[test]
fn far_from_all_rows_a_generative_network_says_what_it_knows_of_the_labels() {
    let folder = with_iris();
    let at = folder.path();
    let names = "sepal_length,sepal_width,petal_length,petal_width\n";
    let row = |far: &str| [far; 4].join(",") + "\n";
    let far: String = ["1e4", "1e6", "1e12", "1e30"].map(row).concat();
    std::fs::write(at.join("far.csv"), names.to_owned() + &far).unwrap();
    for objective in ["generative", "hybrid"] {
        let usual = [
            "train",
            "iris.csv",
            "--target",
            "species",
            "--epochs",
            "20",
            "--hidden",
            "8",
            "-o",
            "m.safetensors",
        ];
        stdout(&ugmm(at, &[&usual[..], &["--objective", objective]].concat()));
        stdout(&ugmm(at, &["predict", "m.safetensors", "far.csv", "-o", "p.csv"]));
        for class in ["setosa", "versicolor", "virginica"] {
            let shares = column(at, "p.csv", &format!("probability of {class}"));
            let shares: Vec<f64> = shares.iter().map(|share| share.parse().unwrap()).collect();
            assert!(shares.iter().all(|share| (share - shares[0]).abs() < 1e-6), "{objective}: {shares:?}");
            assert!((shares[0] - 1.0 / 3.0).abs() > 1e-6, "{objective}: {shares:?}");
        }
    }
}
