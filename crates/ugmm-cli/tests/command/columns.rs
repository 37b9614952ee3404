//! Inferred kinds of columns, and remarks about them.

use crate::{CASES, failure, failure_of, json, stdout, ugmm};
use std::path::Path;
use tempfile::TempDir;

/// A folder with one table.
fn with_table(name: &str, content: impl AsRef<[u8]>) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join(name), content).unwrap();
    folder
}

fn case(name: &str) -> TempDir {
    with_table(name, std::fs::read(Path::new(CASES).join(name)).unwrap())
}

/// The remarks of a training of a few epochs.
fn train(at: &Path, table: &str, options: &[&str]) -> String {
    let output = ugmm(at, &[&["train", table, "-o", "m", "--epochs", "2"], options].concat());
    stdout(&output);
    String::from_utf8(output.stderr).unwrap()
}

/// A table of 90 customers, of whom every third has no internet, with the table's words.
fn customers() -> String {
    let row = |n: usize| {
        let (internet, cable) = [("DSL", "a"), ("fibre", "b"), ("none", "c")][n % 3];
        format!("{internet},{cable},{}\n", if n % 3 == 2 { "stays" } else { "leaves" })
    };
    "internet,cable,churn\n".to_owned() + &(0..90).map(row).collect::<String>()
}

#[test]
fn a_class_that_is_a_usual_mark_is_remarked_on_and_kept_when_told_so() {
    let folder = case("class-none.csv");
    let at = folder.path();
    let target = ["--target", "disorder"];
    let said = train(at, "class-none.csv", &target);
    assert!(
        said.contains("8 times \"None\"") && said.contains("if that is a class: --keep-text \"disorder\""),
        "{said}"
    );
    for keep in [&["--keep-text", "disorder"][..], &["--no-usual-na"]] {
        let said = train(at, "class-none.csv", &[&target[..], keep, &["--json", "t.json"]].concat());
        assert!(!said.contains("--keep-text"), "{said}");
        let report = json(&at.join("t.json"));
        assert_eq!(report["columns"]["classes"], serde_json::json!(["Apnea", "Insomnia", "None"]));
        // The model stores the option.
        stdout(&ugmm(at, &["evaluate", "m", "class-none.csv", "--json", "e.json"]));
        assert_eq!(json(&at.join("e.json"))["rows"], 24, "{keep:?}");
    }
    // So does the file of options.
    stdout(&ugmm(at, &["train", "--config", "m.toml", "-o", "again", "--json", "t.json"]));
    assert_eq!(json(&at.join("t.json"))["columns"]["classes"].as_array().unwrap().len(), 3);
}

#[test]
fn a_target_that_is_left_with_one_class_names_the_option() {
    let folder = with_table("t.csv", "y,x\n".to_owned() + &"None,1.5\nill,2.5\n".repeat(10));
    let refused = ugmm(folder.path(), &["train", "t.csv", "--target", "y", "-o", "m"]);
    let message = failure(&refused);
    assert!(message.contains("only one label, \"ill\""), "{message}");
    assert!(
        message.ends_with(
            "\"None\" (10 times); if such texts are values of the column \"y\": --keep-text \"y\""
        ),
        "{message}"
    );
    let refused = ugmm(folder.path(), &["train", "t.csv", "--target", "y", "-o", "m", "--keep-text", "z"]);
    assert!(failure(&refused).contains("a column \"z\" that is not there"));
}

#[test]
fn a_level_that_is_a_usual_mark_is_remarked_on_and_kept_when_told_so() {
    let folder = with_table("t.csv", customers());
    let at = folder.path();
    let said = train(at, "t.csv", &["--target", "churn"]);
    assert!(said.contains("in \"internet\" 30 times \"none\"; if such a text is a value"), "{said}");
    assert!(said.contains("--keep-text \"internet\""), "{said}");
    train(at, "t.csv", &["--target", "churn", "--keep-text", "internet", "--json", "t.json"]);
    let features = json(&at.join("t.json"))["columns"]["features"].to_string();
    assert!(features.contains("internet=none"), "{features}");
    // The model has no missing and no unseen values.
    stdout(&ugmm(at, &["predict", "m", "t.csv", "-o", "p.csv", "--json", "p.json"]));
    let report = json(&at.join("p.json"));
    assert_eq!((&report["missing_values"], &report["unseen_categories"]), (&0.into(), &0.into()));
}

#[test]
fn impute_leaves_a_kept_text_alone() {
    let folder = with_table("t.csv", customers());
    let at = folder.path();
    let said = train(at, "t.csv", &["--objective", "density", "--keep-text", "internet"]);
    assert!(!said.contains("--keep-text"), "{said}");
    std::fs::write(at.join("gaps.csv"), "internet,cable,churn\nnone,c,\n,b,leaves\n").unwrap();
    let filled = stdout(&ugmm(at, &["impute", "m", "gaps.csv"]));
    assert!(filled.contains("\nnone,c,stays\n") && filled.contains("\nfibre,b,leaves\n"), "{filled}");
}

#[test]
fn the_index_that_pandas_writes_is_left_out_and_said() {
    let folder = case("pandas-index.csv");
    let at = folder.path();
    let said = train(at, "pandas-index.csv", &["--target", "y", "--json", "t.json"]);
    assert!(said.contains("x1       left out: index"), "{said}");
    assert!(
        said.contains("\"x1\" is the index of the table according to the file, and is left out"),
        "{said}"
    );
    assert_eq!(json(&at.join("t.json"))["columns"]["features"], serde_json::json!(["x"]));
    // Other tables may have the index column, or not, under any name.
    for table in ["x\n0.5\n", ",x\n0,0.5\n", "index,x\n0,0.5\n"] {
        std::fs::write(at.join("new.csv"), table).unwrap();
        assert_eq!(stdout(&ugmm(at, &["predict", "m", "new.csv"])).lines().count(), 2, "{table:?}");
    }
    train(at, "pandas-index.csv", &["--target", "y", "--numeric", "x1", "--json", "t.json"]);
    assert_eq!(json(&at.join("t.json"))["columns"]["features"], serde_json::json!(["x1", "x"]));
    // The index can be the target.
    train(at, "pandas-index.csv", &["--target", "x1", "--json", "t.json"]);
    assert_eq!(json(&at.join("t.json"))["columns"]["target"], "x1");
}

#[test]
fn columns_that_may_name_the_rows_are_warned_of_and_kept() {
    let header = "running,order_id,ticket,day,length,price,seconds,gaps,shuffled,dose,y\n";
    let row = |n: u64| {
        let order = 7 * n * n % 6007;
        let ticket = 100_003 + 7_919 * n % 800_000;
        let day = format!("2024-{:02}-{:02}", 1 + n / 28, 1 + n % 28);
        let length = 0.37 * n as f64 + 1.0;
        let price = 120_000 + 10 * (n * 37 % 991) * (n + 3);
        let (seconds, gaps, shuffled, dose) = (1_700_000_000 + 61 * n, n + n / 7, n * 97 % 331, n * n % 97);
        let class = ["a", "b"][n as usize % 2];
        let numbers = format!("{seconds},{gaps},{shuffled},{dose}");
        format!("{},{order},{ticket},{day},{length:.2},{price},{numbers},{class}\n", n + 1)
    };
    let folder = with_table("t.csv", header.to_owned() + &(0..120).map(row).collect::<String>());
    let said = train(folder.path(), "t.csv", &["--target", "y", "--json", "t.json"]);
    for (name, warned) in [
        ("running", true),
        ("order_id", true),
        ("ticket", true),
        ("day", false),
        ("length", false),
        ("price", false),
        ("seconds", true),
        ("gaps", true),
        ("shuffled", true),
        ("dose", false),
    ] {
        assert_eq!(said.contains(&format!("--ignore {name:?}")), warned, "{name}: {said}");
    }
    assert!(
        said.contains("\"running\" counts the rows, from 1 to 120; if it only identifies the rows"),
        "{said}"
    );
    for why in [
        "in steps of 61, from",
        "\"gaps\" grows from row to row",
        "\"shuffled\" has a different number in each row",
    ] {
        assert!(said.contains(why), "{why}: {said}");
    }
    let features = json(&folder.path().join("t.json"))["columns"]["features"].as_array().unwrap().len();
    assert_eq!(features, 10);
}

#[test]
fn an_index_of_joined_tables_or_of_several_levels_is_left_out() {
    let joined: String = (0..60).map(|n| format!("{},{}.5,{}\n", n % 30, n * 7 % 13, n % 2)).collect();
    let shuffled: String = (0..60).map(|n| format!("{},{}.5,{}\n", n * 7 % 30, n * 7 % 13, n % 2)).collect();
    let levels: String = (0..60)
        .map(|n| format!("{},{},{}.5,{}\n", ["north", "south"][n / 30], n % 30, n * 7 % 13, n % 2))
        .collect();
    let classes: String = (0..60).map(|n| format!("{},{}.5,{}\n", n % 3, n * 7 % 13, n % 2)).collect();
    for (table, features) in [
        (format!(",u,v\n{joined}"), vec!["u"]),
        (format!(",u,v\n{shuffled}"), vec!["u"]),
        (format!(",,u,v\n{levels}"), vec!["u"]),
        (format!(",u,v\n{classes}"), vec!["x1", "u"]),
    ] {
        let folder = with_table("t.csv", table);
        let said = train(folder.path(), "t.csv", &["--target", "v", "--json", "t.json"]);
        assert_eq!(
            json(&folder.path().join("t.json"))["columns"]["features"],
            serde_json::json!(features),
            "{said}"
        );
    }
}

#[test]
fn identifiers_that_stop_training_say_what_to_type_last() {
    for rows in [60, 10_500] {
        let row = |n: usize| format!("key-{n:05},{}.5,{}\n", n % 7, ["a", "b"][n % 2]);
        let folder = with_table("t.csv", "name,x,y\n".to_owned() + &(0..rows).map(row).collect::<String>());
        let message = failure_of(&ugmm(folder.path(), &["train", "t.csv", "--target", "y", "-o", "m"]));
        assert!(message.ends_with("--ignore \"name\""), "{rows}: {message}");
    }
}

#[test]
fn a_target_of_numbers_but_for_a_few_is_not_learned_in_silence() {
    let row = |n: usize| match n % 30 {
        29 => format!("n/d,{n}\n"),
        _ => format!("{}.5,{n}\n", n % 10),
    };
    let folder = with_table("t.csv", "y,x\n".to_owned() + &(0..120).map(row).collect::<String>());
    let at = folder.path();
    let said = train(at, "t.csv", &["--target", "y"]);
    let remark = "because \"n/d\" is not a number; if \"n/d\" marks a missing value: --na \"n/d\"; to predict numbers: \
                  --task regression\n";
    assert!(said.contains(remark), "{said}");
    let refused =
        failure_of(&ugmm(at, &["train", "t.csv", "--target", "y", "-o", "m", "--task", "regression"]));
    assert!(refused.ends_with("; if \"n/d\" marks a missing value: --na \"n/d\""), "{refused}");
    train(at, "t.csv", &["--target", "y", "--na=n/d", "--task", "regression"]);
}

#[test]
fn a_target_with_a_class_for_almost_every_row_is_not_learned_in_silence() {
    let row = |n: usize| format!("name {},{n}.5\n", n / 2);
    let folder = with_table("t.csv", "y,x\n".to_owned() + &(0..30).map(row).collect::<String>());
    let said = train(folder.path(), "t.csv", &["--target", "y", "--validation", "0"]);
    assert!(said.contains("\"y\" has 15 classes in 30 rows, too few rows of each class"), "{said}");
    let row = |n: usize| format!("name {n},{n}.5\n");
    let folder = with_table("t.csv", "y,x\n".to_owned() + &(0..30).map(row).collect::<String>());
    let message = failure_of(&ugmm(folder.path(), &["train", "t.csv", "--target", "y", "-o", "m"]));
    assert!(message.contains("30 different labels in 30 rows"), "{message}");
}

#[test]
fn output_columns_of_one_name_are_refused_before_anything_is_written() {
    let rows: String = (0..60).map(|n| format!("{}.5,{}.25,{}\n", n % 9, n % 7, ["a", "b"][n % 2])).collect();
    let folder = with_table("t.csv", "entropy,log-likelihood,y\n".to_owned() + &rows);
    let at = folder.path();
    train(at, "t.csv", &["--target", "y"]);
    std::fs::rename(at.join("m"), at.join("network")).unwrap();
    train(at, "t.csv", &["--objective", "density"]);
    for (command, model, keep) in [
        ("predict", "network", "entropy"),
        ("predict", "network", "y,y"),
        ("predict", "m", "log-likelihood"),
        ("score", "m", "log-likelihood"),
    ] {
        for format in ["csv", "jsonl", "parquet"] {
            let output = format!("out.{format}");
            let refused = ugmm(at, &[command, model, "t.csv", "--keep", keep, "-o", &output]);
            let message = failure(&refused);
            let name = keep.split(',').next().unwrap();
            assert!(
                message.contains(&format!("two columns of the output would be called {name:?}")),
                "{message}"
            );
            assert!(!at.join(&output).exists());
            let printed = ugmm(at, &[command, model, "t.csv", "--keep", keep, "--format", format]);
            assert!(printed.stdout.is_empty() && !printed.status.success(), "{format}");
        }
    }
}

#[test]
fn settings_are_called_as_they_were_given() {
    let folder = with_table("t.csv", customers());
    let at = folder.path();
    let train = ["train", "t.csv", "--target", "churn", "-o", "m"];
    std::fs::write(at.join("wrong.toml"), "min_sigma = -1.0\n").unwrap();
    std::fs::write(at.join("structure.toml"), "structure = \"mixture\"\n").unwrap();
    for (options, expected) in [
        (&["--min-sigma", "-1"][..], "--min-sigma is -1, but must be"),
        (&["--config", "wrong.toml"], "min_sigma is -1, but must be"),
        (&["--clip", "0"], "--clip is 0, but must be"),
        (&["--learning-rate", "0"], "--learning-rate is 0, but must be"),
        (&["--dropout", "2"], "--dropout is 2, but must be"),
        (&["--structure", "mixture"], "--structure: this is a setting of density models"),
        (&["--config", "structure.toml"], "structure: this is a setting of density models"),
        (&["--objective", "density", "--min-sigma", "1"], "--objective density: --min-sigma is for networks"),
    ] {
        let output = ugmm(at, &[&train[..], options].concat());
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        let message = text.lines().last().unwrap().strip_prefix("error: ").unwrap();
        assert!(message.starts_with(expected), "{options:?}: {message}");
    }
}

#[test]
fn mpe_tells_given_and_asked_from_twice() {
    let folder = with_table("t.csv", customers());
    let at = folder.path();
    train(at, "t.csv", &["--objective", "density"]);
    for (options, expected) in [
        (&["--given", "cable=a", "--query", "cable"][..], "the column \"cable\" is both given and asked for"),
        (&["--query", "cable,cable"], "the column \"cable\" is asked for twice"),
        (&["--given", "cable=a,cable=b"], "the column \"cable\" is given twice"),
    ] {
        let message = failure(&ugmm(at, &[&["mpe", "m"], options].concat()));
        assert!(message.starts_with(expected), "{message}");
    }
}

/// A message that continues in the next source line must not contain the blanks at its beginning.
#[test]
fn messages_have_no_runs_of_blanks() {
    fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for one in std::fs::read_dir(crates).unwrap() {
        sources(&one.unwrap().path().join("src"), &mut found);
    }
    assert!(found.len() > 200, "{}", found.len());
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        for (line, number) in text.lines().zip(1..) {
            let code = line.trim();
            let words = |run: &str| {
                let around = code.split_once(run);
                around.is_some_and(|(before, after)| {
                    before.ends_with(|c: char| c.is_alphanumeric() || c == ',' || c == ';')
                        && after.trim_start().starts_with(char::is_alphabetic)
                })
            };
            assert!(code.starts_with("//") || !words("     "), "{}, line {number}: {code}", path.display());
        }
    }
}

#[test]
fn unseen_categories_are_named_by_column() {
    let folder = with_table("t.csv", customers());
    let at = folder.path();
    train(at, "t.csv", &["--target", "churn"]);
    std::fs::rename(at.join("m"), at.join("network")).unwrap();
    train(at, "t.csv", &["--objective", "density", "--target", "churn"]);
    let new = "internet,cable,churn\n".to_owned()
        + &"DSL,a,stays\nradio,a,leaves\nradio,z,stays\nmast,b,stays\n".repeat(2);
    std::fs::write(at.join("new.csv"), new).unwrap();
    for (command, model) in [
        ("predict", "network"),
        ("evaluate", "network"),
        ("predict", "m"),
        ("score", "m"),
        ("evaluate", "m"),
        ("impute", "m"),
    ] {
        let output = ugmm(at, &[command, model, "new.csv"]);
        let said = stdout(&output) + &String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("  internet: 6 rows with 2 unseen values (radio, mast)\n"),
            "{command}: {said}"
        );
        assert!(said.contains("  cable: 2 rows with 1 unseen value (z)\n"), "{command}: {said}");
    }
}

/// Names with commas are in double quotes, on the command line and in the file of options.
#[test]
fn names_with_commas_are_in_quotes_in_lists() {
    let rows: String = (0..60).map(|i| format!("{},{},{}\n", i % 7, i % 5, ["u", "v"][i % 2])).collect();
    let folder = with_table("t.csv", format!("\"a,b\",c,kind\n{rows}"));
    let at = folder.path();
    let train = ["train", "t.csv", "--target", "kind", "--epochs", "2", "-o", "m"];
    stdout(&ugmm(at, &[&train[..], &["--ignore", "\"a,b\"", "--categorical", "c"]].concat()));
    let options = std::fs::read_to_string(at.join("m.toml")).unwrap();
    assert!(options.contains("ignore = [\"a,b\"]"), "{options}");
    let first = std::fs::read(at.join("m")).unwrap();
    stdout(&ugmm(at, &["train", "--config", "m.toml", "-o", "again"]));
    assert_eq!(std::fs::read(at.join("again")).unwrap(), first);
    let message = failure(&ugmm(at, &[&train[..], &["--ignore", "a,b"]].concat()));
    assert!(message.contains("\"a\""), "{message}");
    let output = ugmm(at, &[&train[..], &["--ignore", "\"a,b"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("a quote that is not closed"));
}
