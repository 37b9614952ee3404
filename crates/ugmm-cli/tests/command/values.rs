//! Numbers, dates, booleans and missing values as people and programs write them, from training to
//! predictions.

use super::{CASES, failure, failure_of, json, stdout, ugmm};
use std::path::Path;
use tempfile::TempDir;

/// A folder with these files.
fn with(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
    folder
}

/// One of the small tables for which the program was wrong.
fn case(name: &str) -> String {
    std::fs::read_to_string(Path::new(CASES).join(name)).unwrap()
}

/// The messages of a short training.
fn train(at: &Path, table: &str, target: &str, others: &[&str]) -> String {
    let usual = ["train", table, "--target", target, "-o", "m.safetensors", "--epochs", "3"];
    let output = ugmm(at, &[&usual[..], others].concat());
    stdout(&output);
    String::from_utf8(output.stderr).unwrap()
}

fn predict(at: &Path, table: &str, others: &[&str]) -> String {
    stdout(&ugmm(at, &[&["predict", "m.safetensors", table][..], others].concat()))
}

/// The line of a column in the overview.
fn line<'a>(said: &'a str, column: &str) -> &'a str {
    said.lines().find(|line| line.trim_start().starts_with(column)).unwrap_or_else(|| panic!("{said}"))
}

#[test]
fn thousands_are_found_by_the_decimals_of_another_column() {
    let table = case("german-thousands.csv");
    let english = table.replace('.', "").replace(',', ".").replace(';', ",");
    let folder = with(&[
        ("d.csv", &table),
        ("english.csv", &english),
        ("quoted.csv", "flaeche,einwohner\n\"33,16\",3.316\n"),
    ]);
    let at = folder.path();
    let said = train(at, "d.csv", "land", &[]);
    assert!(line(&said, "einwohner").contains("412 to 3316"), "{said}");
    assert!(!said.contains("--decimal"), "{said}");
    // The model stores the decimal mark, and detects that another file has another one.
    assert_eq!(predict(at, "d.csv", &[]), predict(at, "english.csv", &[]));
    let other = with(&[]);
    std::fs::copy(at.join("m.safetensors"), other.path().join("m.safetensors")).unwrap();
    std::fs::write(other.path().join("plain.csv"), "flaeche,einwohner\n33.16,3316\n").unwrap();
    std::fs::write(other.path().join("mixed.csv"), "flaeche;einwohner\n33,16;3.316\n33.16;412\n").unwrap();
    assert_eq!(predict(at, "quoted.csv", &[]), predict(other.path(), "plain.csv", &[]));
    let message = failure(&ugmm(other.path(), &["predict", "m.safetensors", "mixed.csv"]));
    assert!(message.starts_with("mixed.csv, row 3, column \"flaeche\": \"33.16\" contradicts"), "{message}");
    let message =
        failure(&ugmm(at, &["train", "d.csv", "--target", "land", "-o", "n.safetensors", "--decimal", "."]));
    assert!(message.contains("\"5,84\" is not written as stated, with decimal points"), "{message}");
}

#[test]
fn what_is_assumed_of_a_decimal_mark_is_said() {
    let rows: String =
        (0..30).map(|i| format!("{}.{:03};{}\n", i % 7 + 1, 100 + 13 * i, ["a", "b"][i % 2])).collect();
    let folder = with(&[("d.csv", &format!("x;y\n{rows}"))]);
    let said = train(folder.path(), "d.csv", "y", &[]);
    assert!(
        said.contains("\"x\" is read with decimal points, as which \"1.100\" is 1.1; nothing in the file"),
        "{said}"
    );
    let said = train(folder.path(), "d.csv", "y", &["--decimal", ","]);
    assert!(!said.contains("nothing in the file") && line(&said, "x ").contains("1100 to"), "{said}");
}

#[test]
fn dates_with_the_day_first_are_predicted_as_those_of_the_standard() {
    let table = case("dates-day-first.csv");
    let (mut iso, mut new, mut new_iso) = ("day,rent\n".to_owned(), "day\n".to_owned(), "day\n".to_owned());
    for line in table.lines().skip(1) {
        iso += &format!("{}-{}-{}{}\n", &line[6..10], &line[3..5], &line[..2], &line[10..]);
    }
    for day in 20..30 {
        new += &format!("{day}/02/2024\n");
        new_iso += &format!("2024-02-{day}\n");
    }
    let files = [("d.csv", table.as_str()), ("iso.csv", &iso), ("new.csv", &new), ("new-iso.csv", &new_iso)];
    let (folder, other) = (with(&files), with(&files));
    let said = train(folder.path(), "d.csv", "rent", &[]);
    assert!(line(&said, "day").contains("date") && !said.contains("--date-format"), "{said}");
    train(other.path(), "iso.csv", "rent", &[]);
    let expected = predict(other.path(), "new-iso.csv", &[]);
    assert_eq!(predict(folder.path(), "new.csv", &[]), expected);
    assert_eq!(predict(folder.path(), "new-iso.csv", &[]), expected);
    assert_eq!(predict(other.path(), "new.csv", &["--date-format", "%d/%m/%Y"]), expected);
    let message = failure(&ugmm(other.path(), &["predict", "m.safetensors", "new.csv"]));
    assert!(message.contains("\"20/02/2024\" is not a date; write it like 2024-02-29"), "{message}");
    std::fs::write(folder.path().join("us.csv"), "day\n02/20/2024\n").unwrap();
    let message = failure(&ugmm(folder.path(), &["predict", "m.safetensors", "us.csv"]));
    assert!(
        message.contains("\"02/20/2024\" is not a date; write it like 29/02/2024 (the day first)"),
        "{message}"
    );
}

#[test]
fn what_is_assumed_of_dates_is_said() {
    let rows: String =
        (0..40).map(|i| format!("0{}/0{}/2024,{}\n", i % 8 + 1, i % 5 + 1, i % 2 * 3)).collect();
    let broken = rows.replace("08/02/2024", "31/02/2024");
    let folder = with(&[("d.csv", &format!("day,y\n{rows}")), ("broken.csv", &format!("day,y\n{broken}"))]);
    let said = train(folder.path(), "d.csv", "y", &[]);
    assert!(said.contains("\"day\" is read with the day first"), "{said}");
    assert!(said.contains("--date-format \"day=%m/%d/%Y\""), "{said}");
    let said = train(folder.path(), "d.csv", "y", &["--date-format", "day=%m/%d/%Y"]);
    assert!(
        line(&said, "day").contains("2024-01-01 to 2024-08-05") && !said.contains("nothing in the file"),
        "{said}"
    );
    let usual = ["train", "broken.csv", "--target", "y", "-o", "m.safetensors", "--epochs", "1"];
    let message = failure_of(&ugmm(folder.path(), &usual));
    assert!(
        message.contains("the texts of the column \"day\" look like dates, but \"31/02/2024\" is no date"),
        "{message}"
    );
    let few: String =
        (0..40).map(|i| format!("{}/02/2024,{}\n", [10, 20, 28, 31][i % 4], i % 2 * 3)).collect();
    std::fs::write(folder.path().join("few.csv"), format!("day,y\n{few}")).unwrap();
    let said = train(folder.path(), "few.csv", "y", &[]);
    assert!(
        said.contains("\"day\" looks like dates and is taken as a category, because \"31/02/2024\""),
        "{said}"
    );
    let message =
        failure_of(&ugmm(folder.path(), &[&usual[..], &["--date-format", "day=%d/%m/%Y"]].concat()));
    assert!(message.contains("\"31/02/2024\" is not a date"), "{message}");
}

#[test]
fn labels_and_truth_are_the_same_however_they_are_written() {
    let table = |truth: [&str; 2], label: [&str; 2]| {
        let row = |i: usize| format!("{},{},{}\n", i % 5 + i % 2 * 4, truth[i / 2 % 2], label[i % 2]);
        "x,t,y\n".to_owned() + &(0..40).map(row).collect::<String>()
    };
    let kinds = [["True", "False"], ["TRUE", "FALSE"], ["t", "f"], ["yes", "no"], ["1", "0"], ["1.0", "0.0"]];
    let folder = with(&[("d.csv", &table(kinds[0], ["0", "1"]))]);
    let at = folder.path();
    train(at, "d.csv", "y", &[]);
    let expected = predict(at, "d.csv", &[]);
    let measured = stdout(&ugmm(at, &["evaluate", "m.safetensors", "d.csv"]));
    for truth in kinds {
        std::fs::write(at.join("o.csv"), table(truth, ["0.0", "1.0"])).unwrap();
        assert_eq!(predict(at, "o.csv", &[]), expected, "{truth:?}");
        assert_eq!(stdout(&ugmm(at, &["evaluate", "m.safetensors", "o.csv"])), measured, "{truth:?}");
    }
    train(at, "d.csv", "t", &[]);
    let measured = stdout(&ugmm(at, &["evaluate", "m.safetensors", "d.csv"]));
    for truth in kinds {
        std::fs::write(at.join("o.csv"), table(truth, ["0", "1"])).unwrap();
        assert_eq!(stdout(&ugmm(at, &["evaluate", "m.safetensors", "o.csv"])), measured, "{truth:?}");
    }
}

/// A feature is trained on as the numbers 0 and 1.
#[test]
fn truth_is_read_where_only_0_and_1_were_learned() {
    let table = |truth: [&str; 2], many: &str| {
        let row = |i: usize| format!("{},{},{many},{}\n", i % 5, truth[i % 2], ["a", "b"][i % 2]);
        "x,t,n,y\n".to_owned() + &(0..40).map(row).collect::<String>()
    };
    let counted = table(["0", "1"], "3").replacen(",3,", ",4,", 20);
    let folder = with(&[("d.csv", &counted)]);
    let at = folder.path();
    train(at, "d.csv", "y", &[]);
    let expected = predict(at, "d.csv", &[]);
    for truth in [["False", "True"], ["FALSE", "TRUE"], ["no", "yes"], ["0.0", "1.0"]] {
        let written = table(truth, "3").replacen(",3,", ",4,", 20);
        std::fs::write(at.join("o.csv"), &written).unwrap();
        assert_eq!(predict(at, "o.csv", &[]), expected, "{truth:?}");
        // A word in a column that had other numbers is an error.
        std::fs::write(at.join("o.csv"), written.replacen(",4,", ",true,", 1)).unwrap();
        let message = failure(&ugmm(at, &["predict", "m.safetensors", "o.csv"]));
        assert!(message.starts_with("o.csv, row 2, column \"n\": \"true\" is not a number"), "{message}");
    }
}

/// Imputed values can be read again with the rest of their column.
#[test]
fn imputed_numbers_have_the_decimal_mark_of_the_file() {
    let rows: String = (0..60)
        .map(|i| match i % 10 {
            3 => format!(";{},25\n", i % 7),
            _ => format!("{},5;{},25\n", i % 5, i % 7),
        })
        .collect();
    let folder = with(&[("d.csv", &format!("x;y\n{rows}"))]);
    let at = folder.path();
    let train = ["train", "d.csv", "--objective", "density", "--epochs", "3", "-o", "m.safetensors"];
    stdout(&ugmm(at, &train));
    for others in [&[][..], &["--draws", "2"]] {
        let imputed = stdout(&ugmm(
            at,
            &[&["impute", "m.safetensors", "d.csv", "-o", "full.csv"][..], others].concat(),
        ));
        assert!(imputed.is_empty());
        let text = std::fs::read_to_string(at.join("full.csv")).unwrap();
        assert!(!text.contains('.'), "{text}");
        let schema = ugmm_data::frame::Schema::infer(&at.join("full.csv"), &Default::default()).unwrap();
        let kind = &schema.column("x").unwrap().kind;
        assert!(matches!(kind, ugmm_data::frame::Kind::Numeric { .. }), "{kind:?}");
        assert_eq!(schema.column("x").unwrap().missing, 0);
    }
}

#[test]
fn a_mark_that_is_a_number_is_missing_however_it_is_written() {
    let rows: String = (0..30)
        .map(|i| {
            format!("{};{}\n", if i % 5 == 0 { "-999,0".into() } else { format!("{i},5") }, ["a", "b"][i % 2])
        })
        .collect();
    let folder = with(&[("d.csv", &format!("x;y\n{rows}"))]);
    let said = train(folder.path(), "d.csv", "y", &["--na=-999"]);
    assert!(said.contains("missing: 6 values") && line(&said, "x ").contains("1.5 to 29.5"), "{said}");
}

/// Trains a density of the table d.csv with this text; the model is m.safetensors.
fn density(table: &str) -> TempDir {
    let folder = with(&[("d.csv", table)]);
    let train = ["train", "d.csv", "--objective", "density", "--epochs", "3", "-o", "m.safetensors"];
    stdout(&ugmm(folder.path(), &train));
    folder
}

/// The values of a column of a CSV text without quotes.
fn column(text: &str, name: &str) -> Vec<String> {
    let mut rows = text.lines().map(|line| line.split(','));
    let place = rows.next().unwrap().position(|known| known == name).unwrap();
    rows.map(|mut row| row.nth(place).unwrap().to_owned()).collect()
}

#[test]
fn imputed_truth_and_dates_are_written_as_the_file_writes_them() {
    let day = |i: usize| (1 + i % 28, 1 + i / 28 % 12);
    let row = |i: usize| {
        let (day, month) = day(i);
        format!("{},{},2021-{month:02}-{day:02}\n", i % 5, ["Yes", "No"][i % 2])
    };
    let folder = density(&("x,b,when\n".to_owned() + &(0..120).map(row).collect::<String>()));
    let at = folder.path();
    for (words, format) in [(["1", "0"], "/"), (["True", "False"], "."), (["f", "t"], "-")] {
        let row = |i: usize| {
            let (day, month) = day(i);
            let date = format!("{day:02}{format}{month:02}{format}2021");
            format!(
                "{},{},{}\n",
                i % 5,
                if i % 7 == 1 { "" } else { words[i % 2] },
                if i % 9 == 1 { "" } else { &date }
            )
        };
        std::fs::write(at.join("new.csv"), "x,b,when\n".to_owned() + &(0..60).map(row).collect::<String>())
            .unwrap();
        for others in [&[][..], &["--draws", "2"]] {
            let stated = format!("when=%d{format}%m{format}%Y");
            let usual = ["impute", "m.safetensors", "new.csv", "--date-format", &stated];
            let text = stdout(&ugmm(at, &[&usual[..], others].concat()));
            assert!(column(&text, "b").iter().all(|word| words.contains(&word.as_str())), "{text}");
            let is_date = |text: &String| {
                let parts: Vec<&str> = text.split(format).collect();
                parts.len() == 3 && parts[2].starts_with("202") && parts[0].len() == 2
            };
            assert!(column(&text, "when").iter().all(is_date), "{text}");
        }
    }
}

#[test]
fn what_is_assumed_of_a_file_that_a_model_reads_is_said() {
    let rows: String = (0..40).map(|i| format!("{},25;{},5\n", i % 7, i % 5)).collect();
    let folder = density(&format!("x;y\n{rows}"));
    let at = folder.path();
    std::fs::write(at.join("new.csv"), "x,y\n\"4,554\",1\n\"1,250\",2\n").unwrap();
    for command in ["score", "impute"] {
        let output = ugmm(at, &[command, "m.safetensors", "new.csv"]);
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        stdout(&output);
        assert!(said.contains("\"x\" is read with decimal commas, as which \"4,554\" is 4.554"), "{said}");
        let output = ugmm(at, &[command, "m.safetensors", "new.csv", "--decimal", ","]);
        assert!(!String::from_utf8(output.stderr).unwrap().contains("nothing in the file"));
    }
    std::fs::write(at.join("new.csv"), "x,y\n\"4,554\",1\n\"1,25\",2\n").unwrap();
    let output = ugmm(at, &["score", "m.safetensors", "new.csv"]);
    assert!(!String::from_utf8(output.stderr).unwrap().contains("nothing in the file"));
}

#[test]
fn filled_in_and_drawn_rows_have_the_format_that_their_name_says() {
    let row =
        |i: usize| format!("{},{}\n", if i % 9 == 1 { String::new() } else { (i % 5).to_string() }, i % 7);
    let table = "x,y\n".to_owned() + &(0..90).map(row).collect::<String>();
    let folder = density(&table);
    let at = folder.path();
    for command in [&["impute", "m.safetensors", "d.csv"][..], &["sample", "m.safetensors", "-n", "20"]] {
        stdout(&ugmm(at, &[command, &["-o", "o.parquet"]].concat()));
        let table = ugmm_data::Table::read(&at.join("o.parquet"), &Default::default()).unwrap();
        let kind = &table.schema().column("x").unwrap().kind;
        assert!(matches!(kind, ugmm_data::frame::Kind::Numeric { .. }), "{kind:?}");
        stdout(&ugmm(at, &[command, &["-o", "o.jsonl"]].concat()));
        for line in std::fs::read_to_string(at.join("o.jsonl")).unwrap().lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(row["x"].is_number() && row["y"].is_number(), "{line}");
        }
        for name in ["o.xlsx", "o.csv.gz"] {
            let message = failure(&ugmm(at, &[command, &["-o", name]].concat()));
            assert!(message.contains("end the name in .csv, .jsonl or .parquet"), "{message}");
            assert!(!at.join(name).exists());
        }
    }
    // A network can draw rows as well.
    let usual = ["train", "d.csv", "--target", "y", "--objective", "generative", "--task", "classification"];
    stdout(&ugmm(at, &[&usual[..], &["--epochs", "1", "-o", "n.safetensors"]].concat()));
    let sample = ["sample", "n.safetensors", "-n", "5", "--warm-up", "1", "--thin", "1", "-o"];
    stdout(&ugmm(at, &[&sample[..], &["n.parquet"]].concat()));
    assert_eq!(ugmm_data::Table::read(&at.join("n.parquet"), &Default::default()).unwrap().rows(), 5);
    let message = failure(&ugmm(at, &[&sample[..], &["n.xlsx"]].concat()));
    assert!(message.contains("rows are not written as .xlsx"), "{message}");
}

#[test]
fn a_predicted_date_is_a_date() {
    for time in ["", " 18:30"] {
        let row = |i: usize| format!("{i},{:02}/{:02}/2023{time}\n", 1 + i % 28, 1 + i / 28);
        let folder = with(&[("d.csv", &("a,when\n".to_owned() + &(0..150).map(row).collect::<String>()))]);
        let at = folder.path();
        let said = ugmm(at, &["train", "d.csv", "--target", "when", "-o", "m.safetensors", "--epochs", "3"]);
        let trained = stdout(&said);
        assert!(trained.contains("when is a date") && trained.contains(" days, explained"), "{trained}");
        let density = ["train", "d.csv", "--target", "when", "-o", "n.safetensors", "--epochs", "3"];
        stdout(&ugmm(at, &[&density[..], &["--objective", "density"]].concat()));
        for model in ["m.safetensors", "n.safetensors"] {
            let measured = stdout(&ugmm(at, &["evaluate", model, "d.csv"]));
            assert!(measured.contains(" days; always predicting the mean gets "), "{measured}");
            let text = stdout(&ugmm(at, &["predict", model, "d.csv"]));
            let header = text.lines().next().unwrap();
            assert!(header.contains("predicted when,standard deviation in days,5 %,median,95 %"), "{header}");
            let length = if time.is_empty() { "2023-01-01".len() } else { "2023-01-01T18:30:00".len() };
            for name in ["predicted when", "5 %", "median", "95 %"] {
                let dates = column(&text, name);
                assert!(dates.iter().all(|date| date.starts_with("202") && date.len() <= length), "{text}");
                assert!(dates.iter().any(|date| date.len() == length), "{text}");
            }
            stdout(&ugmm(at, &["predict", model, "d.csv", "-o", "p.parquet"]));
            let table = ugmm_data::Table::read(&at.join("p.parquet"), &Default::default()).unwrap();
            let kind = &table.schema().column("predicted when").unwrap().kind;
            assert!(matches!(kind, ugmm_data::frame::Kind::Date { .. }), "{kind:?}");
            stdout(&ugmm(at, &["predict", model, "d.csv", "-o", "p.jsonl"]));
            let lines = std::fs::read_to_string(at.join("p.jsonl")).unwrap();
            let row: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
            assert!(row["median"].as_str().unwrap().starts_with("202"), "{row}");
        }
    }
}

/// The state that rare and unseen categories share is no value.
#[test]
fn the_state_of_rare_categories_is_neither_offered_nor_taken() {
    let row = |i: usize| format!("{},{}\n", i % 5, if i == 7 { "odd" } else { ["mild", "severe"][i % 2] });
    let folder = density(&("x,dis\n".to_owned() + &(0..90).map(row).collect::<String>()));
    let at = folder.path();
    let usual = ["train", "d.csv", "--target", "x", "--task", "classification", "--objective", "generative"];
    stdout(&ugmm(at, &[&usual[..], &["--epochs", "1", "-o", "n.safetensors"]].concat()));
    for model in ["m.safetensors", "n.safetensors"] {
        for value in ["None", "(other)", "(not seen)"] {
            let message =
                failure(&ugmm(at, &["query", model, "--given", &format!("dis={value}"), "--ask", "x"]));
            let list = message.split("it must be ").nth(1).unwrap();
            assert!(list.contains("\"mild\", \"severe\"") && !list.contains("(other)"), "{message}");
        }
        stdout(&ugmm(at, &["query", model, "--given", "dis=odd", "--ask", "x"]));
    }
}

#[test]
fn reasons_are_columns_of_which_the_row_has_a_value() {
    let row = |i: usize| format!("{},{},{},{}\n", i % 5, i % 3, i % 7, ["a", "b"][i % 2]);
    let missing = ",1,2\n3,,\n1,2,3\n";
    let rows: String = (0..60).map(row).collect();
    let gaps: String = (0..20).map(|i| format!(",,{},{}\n", i % 7, ["a", "b"][i % 2])).collect();
    let folder =
        with(&[("d.csv", &format!("x,y,z,c\n{rows}{gaps}")), ("new.csv", &format!("x,y,z\n{missing}"))]);
    let at = folder.path();
    train(at, "d.csv", "c", &[]);
    let text = predict(at, "new.csv", &["--explain", "3"]);
    let reasons: Vec<Vec<String>> = (1..4).map(|rank| column(&text, &format!("reason {rank}"))).collect();
    let of_row = |row: usize| {
        let mut names: Vec<&str> = reasons.iter().map(|names| names[row].as_str()).collect();
        names.sort();
        names
    };
    assert_eq!(of_row(0), ["", "y", "z"]);
    assert_eq!(of_row(1), ["", "", "x"]);
    assert_eq!(of_row(2), ["x", "y", "z"]);
    assert_eq!(column(&text, "share of reason 3")[0], "");
}

#[test]
fn numbers_have_the_digits_that_tell_them_apart() {
    let row = |i: usize, offset: f64, step: f64| {
        format!("{},{}\n", i % 10, offset + step * ((i % 10) as f64 * 3.0 + (i % 7) as f64 / 10.0))
    };
    for (offset, step, ends, error) in [
        (1.7e9, 1.0, "1700000000.0 to 1700000027.", ""),
        (0.0, 1e-9, "", "e-"),
        (48.137, 1e-6, "48.13700", "e-"),
    ] {
        let rows: String = (0..150).map(|i| row(i, offset, step)).collect();
        let folder = with(&[("d.csv", &format!("x,y\n{rows}"))]);
        let at = folder.path();
        let output = ugmm(at, &["train", "d.csv", "--target", "y", "-o", "m.safetensors", "--epochs", "3"]);
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        assert!(line(&said, "y ").contains(ends), "{said}");
        let trained = stdout(&output);
        assert!(trained.contains(error) && !trained.contains("error 0.0000"), "{trained}");
        let asked = stdout(&ugmm(at, &["query", "m.safetensors", "--given", "x=3", "--ask", "y"]));
        let interval = asked.lines().find(|line| line.starts_with("mean ")).unwrap();
        let ends: Vec<&str> = interval.split("from ").nth(1).unwrap().split(" to ").collect();
        assert_ne!(ends[0], ends[1], "{asked}");
    }
}

#[test]
fn words_of_truth_and_the_numbers_1_and_0_are_one_kind() {
    let row = |i: usize| {
        let truth = [["False", "0"], ["True", "1"]][i / 2 % 2][i / 4 % 2];
        let label = [["no", "0"], ["yes", "1"]][i % 2][i / 3 % 2];
        format!("{},{truth},{label}\n", i % 5 + i % 2 * 4)
    };
    let folder = with(&[("d.csv", &("x,b,g\n".to_owned() + &(0..60).map(row).collect::<String>()))]);
    let at = folder.path();
    let output = ugmm(at, &["train", "d.csv", "--target", "g", "-o", "m.safetensors", "--epochs", "3"]);
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(line(&said, "b ").contains("true or false"), "{said}");
    let trained = stdout(&output);
    assert!(trained.contains("2 features; g is one of no, yes"), "{trained}");
    for value in ["1", "true", "True", "yes"] {
        stdout(&ugmm(at, &["query", "m.safetensors", "--given", &format!("b={value}"), "--ask", "g"]));
    }
    assert!(stdout(&ugmm(at, &["evaluate", "m.safetensors", "d.csv"])).contains("60 rows"));
    // A column of the numbers 0 and 1 accepts words as well.
    let numbers: String =
        (0..60).map(|i| format!("{},{},{}\n", i % 5, i / 2 % 2, ["u", "v"][i % 2])).collect();
    std::fs::write(at.join("n.csv"), format!("x,b,g\n{numbers}")).unwrap();
    for others in [&[][..], &["--objective", "density"], &["--objective", "generative"]] {
        let usual = ["train", "n.csv", "--target", "g", "-o", "n.safetensors", "--epochs", "2"];
        stdout(&ugmm(at, &[&usual[..], others].concat()));
        let ask = |value| stdout(&ugmm(at, &["query", "n.safetensors", "--given", value, "--ask", "g"]));
        assert_eq!(ask("b=true"), ask("b=1"));
    }
}

#[test]
fn columns_of_a_parquet_file_keep_their_types() {
    use arrow_array::{
        ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, TimestampMillisecondArray,
    };
    use arrow_schema::DataType;
    use std::sync::Arc;
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let write = |name: &str, gap: usize| {
        let known = |i: &i64| gap == 0 || i % 6 != gap as i64 % 6;
        let rows = || (0..90i64).map(move |i| known(&i).then_some(i));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("k", Arc::new(rows().map(|i| Some(i? % 5)).collect::<Int64Array>())),
            ("x", Arc::new(rows().map(|i| Some((i? % 7) as f64 / 4.0)).collect::<Float64Array>())),
            ("b", Arc::new(rows().map(|i| Some(i? % 2 == 0)).collect::<BooleanArray>())),
            ("day", Arc::new(rows().map(|i| Some(19_000 + i? as i32)).collect::<Date32Array>())),
            (
                "at",
                Arc::new(
                    rows()
                        .map(|i| Some(1_700_000_000_000 + 3_600_500 * i?))
                        .collect::<TimestampMillisecondArray>(),
                ),
            ),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let file = std::fs::File::create(at.join(name)).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    };
    write("d.parquet", 0);
    write("gaps.parquet", 1);
    let train = ["train", "d.parquet", "--objective", "density", "--epochs", "2", "-o", "m.safetensors"];
    stdout(&ugmm(at, &train));
    let keep = ["score", "m.safetensors", "gaps.parquet", "--keep", "k,x,b,day,at", "-o"];
    let impute = ["impute", "m.safetensors", "gaps.parquet", "-o"];
    for (command, gaps) in [(&keep[..], 15), (&impute, 0)] {
        stdout(&ugmm(at, &[command, &["o.parquet"]].concat()));
        let file = std::fs::File::open(at.join("o.parquet")).unwrap();
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let batch = reader.build().unwrap().next().unwrap().unwrap();
        let of = |name: &str| batch.column_by_name(name).unwrap();
        for (name, expected) in [
            ("k", DataType::Int64),
            ("x", DataType::Float64),
            ("b", DataType::Boolean),
            ("day", DataType::Date32),
        ] {
            assert_eq!(
                (of(name).data_type(), of(name).null_count()),
                (&expected, gaps),
                "{command:?} {name}"
            );
        }
        assert!(matches!(of("at").data_type(), DataType::Timestamp(..)), "{command:?}");
        assert_eq!(of("at").null_count(), gaps);
        stdout(&ugmm(at, &[command, &["o.jsonl"]].concat()));
        let lines = std::fs::read_to_string(at.join("o.jsonl")).unwrap();
        let row: serde_json::Value = serde_json::from_str(lines.lines().nth(2).unwrap()).unwrap();
        assert_eq!((&row["k"], &row["x"], &row["b"]), (&2.into(), &0.5.into(), &true.into()), "{row}");
        assert_eq!((&row["day"], &row["at"]), (&"2022-01-10".into(), &"2023-11-15T00:13:21".into()), "{row}");
    }
}

/// For types that an `f64` cannot hold, copied values are unchanged, and imputed values have the type of the
/// column.
#[test]
fn kept_decimals_times_and_infinities_are_not_rounded() {
    use arrow_array::{
        ArrayRef, Decimal128Array, Float64Array, RecordBatch, TimestampMicrosecondArray,
        TimestampNanosecondArray,
    };
    use std::sync::Arc;
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let write = |name: &str, gap: bool| {
        let rows = || 0..90i64;
        let decimal = |digits, scale, value: &dyn Fn(i64) -> Option<i128>| -> ArrayRef {
            let array = rows().map(value).collect::<Decimal128Array>();
            Arc::new(array.with_precision_and_scale(digits, scale).unwrap())
        };
        let known = move |i: i64| !gap || i % 5 > 0;
        let micro = rows().map(|i| known(i).then_some(1_700_000_000_123_456 + 3_600_000_001 * i));
        let nano = rows().map(|i| Some(1_700_000_000_123_456_789 + i));
        let infinite = rows().map(|i| Some(if i == 3 { f64::NEG_INFINITY } else { i as f64 }));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("key", decimal(30, 2, &|i| Some(1_234_567_890_123_456_789_012 + i128::from(i)))),
            ("price", decimal(10, 2, &|i| known(i).then_some(1990 + i128::from(i % 7)))),
            ("at", Arc::new(micro.collect::<TimestampMicrosecondArray>().with_timezone("Europe/Berlin"))),
            ("exact", Arc::new(nano.collect::<TimestampNanosecondArray>())),
            ("far", Arc::new(infinite.collect::<Float64Array>())),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let file = std::fs::File::create(at.join(name)).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        batch
    };
    write("d.parquet", false);
    let table = write("gaps.parquet", true);
    let train = ["train", "d.parquet", "--objective", "density", "--epochs", "2", "-o", "m.safetensors"];
    stdout(&ugmm(at, &[&train[..], &["--ignore", "key,exact,far"]].concat()));
    let keep = ["score", "m.safetensors", "gaps.parquet", "--keep", "key,price,at,exact,far", "-o"];
    let impute = ["impute", "m.safetensors", "gaps.parquet", "-o"];
    for command in [&keep[..], &impute] {
        stdout(&ugmm(at, &[command, &["o.parquet"]].concat()));
        let file = std::fs::File::open(at.join("o.parquet")).unwrap();
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let batch = reader.build().unwrap().next().unwrap().unwrap();
        let is_filled = command[0] == "impute";
        for name in ["key", "price", "at", "exact", "far"] {
            let (found, expected) =
                (batch.column_by_name(name).unwrap(), table.column_by_name(name).unwrap());
            if is_filled && ["price", "at"].contains(&name) {
                assert_eq!((found.data_type(), found.null_count()), (expected.data_type(), 0), "{name}");
                assert_eq!(&found.slice(1, 4), &expected.slice(1, 4), "{name}");
            } else {
                assert_eq!(found, expected, "{name}");
            }
        }
        stdout(&ugmm(at, &[command, &["o.jsonl"]].concat()));
        let lines = std::fs::read_to_string(at.join("o.jsonl")).unwrap();
        let row: serde_json::Value = serde_json::from_str(lines.lines().nth(3).unwrap()).unwrap();
        assert_eq!((&row["key"], &row["price"]), (&"12345678901234567890.15".into(), &19.93.into()));
        assert_eq!(row["at"], "2023-11-15T01:13:20.123459Z");
        assert_eq!((&row["exact"], &row["far"]), (&"2023-11-14T22:13:20.123456792".into(), &"-inf".into()));
    }
}

#[test]
fn messages_name_the_option_that_helps() {
    let rows: String = (0..40).map(|i| format!("{},{},{}\n", i % 7, i % 3, ["a", "b"][i % 2])).collect();
    let texts: String = (0..40)
        .map(|i| format!("{},{},{}\n", ["none", "net", "p"][i % 3], ["None", "mild", "bad"][i % 3], i % 2))
        .collect();
    let objects: String = (0..5).map(|i| format!("{{\"x\":{i},\"y\":1}}\n")).collect();
    let stated = rows.replace(',', ";");
    let folder = with(&[
        ("d.csv", &format!("x,z,y\n{rows}")),
        ("texts.csv", &format!("net,dis,y\n{texts}")),
        ("less.csv", "x,w\n1,2\n"),
        ("words.csv", "x,z\nmany,1\n"),
        ("comma.csv", "x;z\n1.5;1\n2,25;1\n"),
        ("lines.jsonl", &objects),
        ("sep.csv", &format!("sep=;\r\nx;z;y\n{stated}")),
        ("bad-sep.csv", &format!("sep=;\nx;z;y\n{stated}1;2\n")),
    ]);
    let at = folder.path();
    std::fs::write(at.join("f.feather"), b"ARROW1\0\0\xff\xff\xff\xff\x10\x01\0\0\0\0\0\0\x0a\0\x0e\0")
        .unwrap();
    train(at, "d.csv", "y", &[]);
    let refused = |command: &[&str]| failure(&ugmm(at, command));
    let message = refused(&["predict", "m.safetensors", "words.csv"]);
    assert!(message.contains("; if \"many\" marks a missing value: --na \"many\""), "{message}");
    let message = refused(&["predict", "m.safetensors", "less.csv"]);
    assert!(message.contains("there is no column \"z\", which the model needs"), "{message}");
    let message = refused(&["predict", "m.safetensors", "d.csv", "--keep", "q"]);
    assert!(message.contains("there is no column \"q\"") && !message.contains("model"), "{message}");
    let said = train(at, "texts.csv", "y", &[]);
    assert!(said.contains("if such a text is a value: --keep-text \"net,dis\""), "{said}");
    let said = train(at, "texts.csv", "y", &["--keep-text", "net,dis"]);
    assert!(!said.contains("read as missing"), "{said}");
    train(at, "d.csv", "y", &[]);
    let train = |table| refused(&["train", table, "--target", "y", "-o", "n.safetensors"]);
    assert!(train("lines.jsonl").contains("pandas.read_json(FILE, lines=True)"), "{}", train("lines.jsonl"));
    assert!(train("f.feather").contains("the Arrow data is damaged or incomplete"), "{}", train("f.feather"));
    assert!(train("m.safetensors").contains("is a model file"), "{}", train("m.safetensors"));
    assert!(train("bad-sep.csv").contains("row 43: 2 fields"), "{}", train("bad-sep.csv"));
    assert_eq!(predict(at, "sep.csv", &[]), predict(at, "d.csv", &[]));
}

#[test]
fn months_and_dates_of_other_programs_are_read_or_remarked_on() {
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let table = |date: &dyn Fn(usize, usize) -> String| {
        let row = |i: usize| format!("{},{}\n", date(i / 12 % 3, i % 12), 500 + i);
        "day,rent\n".to_owned() + &(0..72).map(row).collect::<String>()
    };
    let folder = with(&[
        ("months.csv", &table(&|year, month| format!("202{year}-{:02}", month + 1))),
        ("excel.csv", &table(&|year, month| format!("{}-2{year}", names[month]))),
        ("c.csv", &table(&|year, month| format!("Fri {} 01 10:30:00 202{year}", names[month]))),
        ("compact.csv", &table(&|year, month| format!("202{year}{:02}01", month + 1))),
        ("mixed.csv", &table(&|year, month| format!("202{year}-{:02}{}", month + 1, ["", "-05"][month % 2]))),
    ]);
    let at = folder.path();
    for (file, range) in [
        ("months.csv", "2020-01 to 2022-12"),
        ("excel.csv", "2020-01 to 2022-12"),
        ("c.csv", "2020-01-01T10:30:00 to 2022-12-01T10:30:00"),
    ] {
        let said = train(at, file, "rent", &[]);
        assert!(line(&said, "day").contains("date") && line(&said, "day").contains(range), "{said}");
    }
    train(at, "months.csv", "rent", &[]);
    assert_eq!(predict(at, "months.csv", &[]), predict(at, "excel.csv", &[]));
    let said = train(at, "compact.csv", "rent", &[]);
    assert!(said.contains("to read dates: --date-format \"day=%Y%m%d\""), "{said}");
    let said = train(at, "compact.csv", "rent", &["--date-format", "day=%Y%m%d"]);
    assert!(line(&said, "day").contains("2020-01-01 to 2022-12-01") && !said.contains("to read"), "{said}");
    let message = failure_of(&ugmm(
        at,
        &["train", "mixed.csv", "--target", "rent", "-o", "n.safetensors", "--epochs", "1"],
    ));
    assert!(message.contains("look like dates, but \"2020-"), "{message}");
}

#[test]
fn months_are_answered_with_months() {
    let row = |i: usize| format!("2021-{:02},{}\n", i % 12 + 1, i * 37 % 101);
    let text = format!("m,v\n{}", (0..120).map(row).collect::<String>());
    let folder = with(&[("t.csv", &text), ("gaps.csv", "m,v\nMar-21,3\n,5\n")]);
    let at = folder.path();
    let is_month = |text: &str| text.len() == 7 && text.as_bytes()[4] == b'-';
    stdout(&ugmm(at, &["train", "t.csv", "--objective", "density", "-o", "d.safetensors", "--epochs", "5"]));
    let drawn = stdout(&ugmm(at, &["sample", "d.safetensors", "--rows", "20"]));
    assert!(column(&drawn, "m").iter().all(|month| is_month(month)), "{drawn}");
    let found = stdout(&ugmm(at, &["mpe", "d.safetensors", "--json", "m.json"]));
    assert!(is_month(json(&at.join("m.json"))["values"]["m"].as_str().unwrap()), "{found}");
    stdout(&ugmm(at, &["query", "d.safetensors", "--ask", "m", "--json", "q.json"]));
    let report = json(&at.join("q.json"));
    let months = report["answers"][0]["numbers"]["probabilities"].as_object().unwrap();
    let sum: f64 = months.values().map(|share| share.as_f64().unwrap()).sum();
    assert!(months.keys().all(|month| is_month(month)) && (sum - 1.0).abs() < 1e-9, "{report}");
    // If a file writes months in another way, imputed months are written in that way.
    let filled = stdout(&ugmm(at, &["impute", "d.safetensors", "gaps.csv"]));
    assert!(column(&filled, "m").iter().all(|month| month.ends_with("-21")), "{filled}");

    let said = train(at, "t.csv", "m", &[]);
    assert!(line(&said, "m").ends_with("2021-01 to 2021-12"), "{said}");
    let predicted = predict(at, "t.csv", &[]);
    for name in ["predicted m", "5 %", "median", "95 %"] {
        assert!(column(&predicted, name).iter().all(|month| is_month(month)), "{predicted}");
    }
}

#[test]
fn numbers_with_a_unit_are_named_where_they_are_the_target() {
    let kilos = |i: usize| format!("{},{} kg\n", i * 37 % 101, 50 + i * 7 % 97);
    let share = |i: usize| format!("{},{}%\n", i * 37 % 101, 10 * (i % 4));
    let table = |row: &dyn Fn(usize) -> String| format!("x,y\n{}", (0..120).map(row).collect::<String>());
    let folder = with(&[("kg.csv", &table(&kilos)), ("percent.csv", &table(&share))]);
    let at = folder.path();
    let arguments = ["train", "kg.csv", "--target", "y", "-o", "m.safetensors"];
    let mend = "; if the column holds numbers with a unit: write 100 in place of \"100 kg\"";
    let said = failure_of(&ugmm(at, &arguments));
    assert!(said.ends_with(&format!("too many for classes; name another target{mend}")), "{said}");
    let said = failure_of(&ugmm(at, &[&arguments[..], &["--task", "regression"]].concat()));
    assert!(said.ends_with(&format!("can only be predicted by classification{mend}")), "{said}");
    let said = train(at, "percent.csv", "y", &[]);
    assert!(said.contains("--numeric \"y\""), "{said}");
    // Other texts are not numbers, whatever the options are.
    let names = |i: usize| format!("{},name {}\n", i * 37 % 101, i);
    std::fs::write(at.join("kg.csv"), table(&names)).unwrap();
    let said = failure_of(&ugmm(at, &arguments));
    assert!(said.ends_with("too many for classes; name another target"), "{said}");
}

#[test]
fn targets_of_any_size_have_deviations_and_errors() {
    let folder = with(&[]);
    let at = folder.path();
    let (mut reports, mut deviations) = (Vec::new(), Vec::new());
    for power in [0, 300, -300] {
        let row = |i: usize| format!("{},{}e{power}\n", i * 37 % 101, i * 37 % 101 + i % 3);
        let rows: String = (0..60).map(row).collect();
        std::fs::write(at.join("t.csv"), format!("x,y\n{rows}")).unwrap();
        train(at, "t.csv", "y", &["--task", "regression"]);
        let first = column(&predict(at, "t.csv", &[]), "standard deviation").remove(0);
        deviations.push(first.parse::<f64>().unwrap() / 10f64.powi(power));
        stdout(&ugmm(at, &["evaluate", "m.safetensors", "t.csv", "--json", "e.json"]));
        let report = json(&at.join("e.json"));
        reports.push([
            report["rmse"].as_f64().unwrap() / 10f64.powi(power),
            report["r2"].as_f64().unwrap(),
            report["baseline"]["rmse"].as_f64().unwrap() / 10f64.powi(power),
        ]);
    }
    let is_close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-3;
    assert!(deviations.iter().all(|&found| is_close(found, deviations[0])), "{deviations:?}");
    for report in &reports {
        assert!(report.iter().zip(&reports[0]).all(|(&a, &b)| is_close(a, b)), "{reports:?}");
    }
}

#[test]
fn dates_with_a_short_year_first_are_found_by_the_time_that_they_span() {
    let date = |i: usize| format!("{}-{:02}-{:02}", 21 + i % 2, i % 12 + 1, i * 7 % 28 + 1);
    let rows: String = (0..60).map(|i| format!("{},{}\n", date(i), i % 5)).collect();
    let few = "01-02-03,1\n03-02-01,2\n02-02-02,3\n".repeat(10);
    let folder = with(&[("d.csv", &format!("day,y\n{rows}")), ("few.csv", &format!("day,y\n{few}"))]);
    let said = train(folder.path(), "d.csv", "y", &[]);
    assert!(line(&said, "day").contains("2021-01-01 to 2022-12-"), "{said}");
    assert!(!said.contains("--date-format"), "{said}");
    let said = train(folder.path(), "few.csv", "y", &[]);
    assert!(
        said.contains(
            "\"day\" is read with the day first, as which \"01-02-03\" is 2003-02-01; nothing in the file decides it; if the \
             dates of the column \"day\" have this format: --date-format \"day=%m-%d-%y\"; if the dates of the column \"day\" \
             have this format: --date-format \"day=%y-%m-%d\""
        ),
        "{said}"
    );
    let said = train(folder.path(), "few.csv", "y", &["--date-format", "day=%y-%m-%d"]);
    assert!(line(&said, "day").contains("2001-02-03 to 2003-02-01"), "{said}");
}

#[test]
fn marks_that_no_value_has_are_said() {
    let rows: String =
        (1..29).map(|i| format!("{:02}/01/{},{}\n", i, 1900 + 120 * (i % 5).min(1), i % 2)).collect();
    let folder = with(&[("d.csv", &format!("day,y\n{rows}"))]);
    let at = folder.path();
    let said = train(at, "d.csv", "y", &["--na=1900-01-20,-7"]);
    assert!(said.contains("missing: 1 value;"), "{said}");
    assert!(
        said.contains(
            "no value of the columns that were read is \"-7\", which was given as a mark of missing values"
        ) && !said.contains("is \"1900"),
        "{said}"
    );
    let output = ugmm(at, &["predict", "m.safetensors", "d.csv", "--na=1900-01-25,-8"]);
    stdout(&output);
    let said = String::from_utf8(output.stderr).unwrap();
    // Stored marks of missing values need not occur.
    assert!(
        said.contains("were read is \"-8\"") && !said.contains("\"-7\"") && said.contains("2 values"),
        "{said}"
    );
}

#[test]
fn thousands_that_the_model_did_not_have_are_read_or_named() {
    let rows: String = (0..30).map(|i| format!("{}.5,{}\n", 1000 + 37 * i, i % 2)).collect();
    let folder = with(&[("d.csv", &format!("x,y\n{rows}"))]);
    let at = folder.path();
    train(at, "d.csv", "y", &[]);
    for (name, text) in [
        ("plain.csv", "x\n1234.5\n"),
        ("us.csv", "x\n\"1,234.50\"\n"),
        ("open.csv", "x\n\"1,234\"\n"),
        ("both.csv", "x;z\n1234.5;0\n44,599;0\n"),
    ] {
        std::fs::write(at.join(name), text).unwrap();
    }
    assert_eq!(predict(at, "us.csv", &[]), predict(at, "plain.csv", &[]));
    let message = failure(&ugmm(at, &["predict", "m.safetensors", "open.csv"]));
    let advice = "which; if commas stand between thousands: --thousands \",\"; if the file has decimal commas: --decimal \",\"";
    assert!(message.ends_with(advice), "{message}");
    predict(at, "open.csv", &["--thousands", ","]);
    let message = failure(&ugmm(at, &["predict", "m.safetensors", "both.csv"]));
    assert!(
        message.contains("and \"1234.5\" in row 2 has a decimal point") && !message.contains("--na"),
        "{message}"
    );
}

#[test]
fn names_of_rows_as_r_writes_them_are_no_column() {
    let rows: String = (1..40).map(|i| format!("\"{i}\",{}.5,\"{}\"\n", i % 7, ["u", "v"][i % 2])).collect();
    let folder = with(&[("d.csv", &format!("\"a\",\"t\"\n{rows}"))]);
    let said = train(folder.path(), "d.csv", "t", &[]);
    assert!(said.contains("the header names one column less than the rows have, as R writes it"), "{said}");
    assert!(
        line(&said, "x1").contains("left out: index") && line(&said, "a ").contains("0.5 to 6.5"),
        "{said}"
    );
    predict(folder.path(), "d.csv", &[]);
}

#[test]
fn what_looks_like_dates_or_numbers_is_said_with_an_option_that_works() {
    let rows: String = (0..60)
        .map(|i| {
            let (month, year) = (i % 12 + 1, 21 + i % 2);
            format!("{month:02}/{year},20{year}{month:02},{}0%,\"{},50 €\",{}\n", i % 5, i % 5, i % 3)
        })
        .collect();
    let weeks: String = (0..60).map(|i| format!("2022-W{:02},{}\n", i % 50 + 1, i % 3)).collect();
    let folder = with(&[("d.csv", &format!("a,b,p,e,y\n{rows}")), ("w.csv", &format!("w,y\n{weeks}"))]);
    let at = folder.path();
    let said = train(at, "d.csv", "y", &[]);
    let options =
        ["--date-format \"a=%m/%y\"", "--date-format \"b=%Y%m\"", "--numeric \"p\"", "--numeric \"e\""];
    assert!(options.iter().all(|option| said.contains(option)), "{said}");
    let stated = ["--date-format", "a=%m/%y", "--date-format", "b=%Y%m", "--numeric", "p,e"];
    let said = train(at, "d.csv", "y", &stated);
    for (column, values) in
        [("a ", "2021-01-01 to"), ("b ", "2021-01-01 to"), ("p ", "0 to 40"), ("e ", "0.5 to 4.5")]
    {
        assert!(line(&said, column).contains(values), "{said}");
    }
    // The model stores how the numbers are written.
    assert_eq!(predict(at, "d.csv", &[]).lines().count(), 61);
    let usual = ["train", "w.csv", "--target", "y", "-o", "w.safetensors", "--epochs", "1"];
    let message = failure_of(&ugmm(at, &usual));
    assert!(
        message.ends_with(
            "too many for categories; if the dates of the column \"w\" have this format: --date-format \"w=%G-W%V\"; to leave the column \
             \"w\" out: --ignore \"w\""
        ),
        "{message}"
    );
    stdout(&ugmm(at, &[&usual[..], &["--date-format", "w=%G-W%V"]].concat()));
}

#[test]
fn advice_can_be_followed() {
    let rows: String = (0..40).map(|i| format!("{},{}\n", i, ["-3", "2"][i % 2])).collect();
    let folder = with(&[("d.csv", &format!("x,t\n{rows}"))]);
    let at = folder.path();
    // --na takes precedence over --keep-text.
    let message =
        failure_of(&ugmm(at, &["train", "d.csv", "--target", "t", "-o", "m.safetensors", "--na=-3"]));
    let advice = "by the added marks: \"-3\" (20 times); if \"-3\" is a value: leave it out of --na";
    assert!(message.ends_with(advice), "{message}");
    train(at, "d.csv", "t", &[]);
    // A file must have the model's columns.
    std::fs::write(at.join("new.csv"), "x\n99999999999999999999\n").unwrap();
    let message = failure(&ugmm(at, &["predict", "m.safetensors", "new.csv"]));
    assert!(message.contains("has too many digits") && !message.contains("--ignore"), "{message}");
    std::fs::write(at.join("new.csv"), "x:t\n1:2\n").unwrap();
    let message = failure(&ugmm(at, &["evaluate", "m.safetensors", "new.csv"]));
    assert!(message.contains("there are no columns \"x\", \"t\", which the model needs"), "{message}");
    let advice = "the only column is \"x:t\"; if \":\" separates the columns: --delimiter \":\"";
    assert!(message.ends_with(advice), "{message}");
    let message = failure_of(&ugmm(at, &["train", "new.csv", "--target", "t", "-o", "n.safetensors"]));
    assert!(message.ends_with(advice), "{message}");
}
