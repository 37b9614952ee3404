//! CSV files, good and hostile; the whole message is compared, because people act on it.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use ugmm_data::{DataError, Table, read_csv, read_csv_columns};

/// A file `t.csv` in a directory that goes away with it.
struct Fixture {
    directory: TempDir,
}

impl Fixture {
    fn new(content: impl AsRef<[u8]>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("t.csv"), content).unwrap();
        Self { directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("t.csv")
    }

    /// The message without the directory, which differs each time.
    fn message(&self, result: Result<Table, DataError>) -> String {
        let directory = format!("{}{}", self.directory.path().display(), std::path::MAIN_SEPARATOR);
        result.unwrap_err().to_string().replace(&directory, "")
    }
}

fn read(content: impl AsRef<[u8]>, target: Option<&str>) -> Table {
    read_csv(&Fixture::new(content).path(), target).unwrap()
}

fn refusal(content: impl AsRef<[u8]>, target: Option<&str>) -> String {
    let fixture = Fixture::new(content);
    fixture.message(read_csv(&fixture.path(), target))
}

fn read_columns(content: &str, features: &[&str], target: Option<&str>) -> Table {
    read_csv_columns(&Fixture::new(content).path(), &strings(features), target).unwrap()
}

fn column_refusal(content: &str, features: &[&str], target: Option<&str>) -> String {
    let fixture = Fixture::new(content);
    fixture.message(read_csv_columns(&fixture.path(), &strings(features), target))
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn reads_features_and_target() {
    let table = read("a,class,b\n1,x,-2.5\n3e2,y,.5\n", Some("class"));
    assert_eq!(table.feature_names, ["a", "b"]);
    assert_eq!(table.features, [1.0, -2.5, 300.0, 0.5]);
    let target = table.target.unwrap();
    assert_eq!((target.name.as_str(), target.labels), ("class", strings(&["x", "y"])));
}

#[test]
fn reads_without_target() {
    let table = read("a,b\n1,2\n", None);
    assert_eq!((table.rows(), table.columns(), table.target.is_none()), (1, 2, true));
}

#[test]
fn accepts_what_programs_write() {
    let expected = read("a,b,c\n1,2,x\n3,4,y\n", Some("c"));
    for content in [
        "\u{feff}a,b,c\n1,2,x\n3,4,y\n",
        "a,b,c\r\n1,2,x\r\n3,4,y\r\n",
        "a,b,c\r1,2,x\r3,4,y\r",
        "a,b,c\n1,2,x\n3,4,y",
        "\n\na,b,c\n\n1,2,x\n  \n3,4,y\n\n\n",
        "\"a\",\"b\",\"c\"\n\"1\",\"2\",\"x\"\n3,4,\"y\"",
        " a ,\tb, c\n 1 ,\t2, x \n3,4,y\n",
    ] {
        assert_eq!(read(content, Some("c")), expected, "{content:?}");
    }
}

#[test]
fn keeps_quoted_commas_quotes_and_newlines_in_labels() {
    let table = read("a,c\n1,\"x, \"\"y\"\"\"\n2,\"two\nlines\"\n", Some("c"));
    assert_eq!(table.target.unwrap().labels, ["x, \"y\"", "two\nlines"]);
}

#[test]
fn refuses_what_is_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("none.csv");
    let error = read_csv(&missing, None).unwrap_err();
    assert_eq!(error.to_string(), format!("{} does not exist", missing.display()));
    let error = read_csv(directory.path(), None).unwrap_err();
    assert_eq!(error.to_string(), format!("{} is a directory, not a file", directory.path().display()));
}

#[test]
fn refuses_files_without_data() {
    let empty = "t.csv is empty; a CSV file needs a header line and rows of numbers";
    for content in ["", "\n", "\u{feff}", " \r\n\r\n"] {
        assert_eq!(refusal(content, None), empty, "{content:?}");
    }
    for content in ["a,b", "a,b\n", "a,b\r\n\r\n"] {
        assert_eq!(refusal(content, None), "t.csv has a header but no rows of data", "{content:?}");
    }
}

#[test]
fn refuses_text_that_is_not_utf8() {
    assert_eq!(
        refusal(b"a,b\r\n1,2\r\n3,\xe9\r\n", None),
        "t.csv, row 3: the text is not UTF-8; save the file as UTF-8"
    );
}

#[test]
fn refuses_a_file_without_header() {
    assert_eq!(
        refusal("5.1,3.5\n4.9,3.0\n", None),
        "t.csv, row 1: the header seems to be missing, because the first line holds numbers (\"5.1\", \"3.5\"); \
         add a first line that names every column"
    );
    let labelled = "5.1,3.5,setosa\n4.9,3.0,setosa\n";
    let expected = "t.csv, row 1: the header seems to be missing, because the first line holds numbers \
                    (\"5.1\", \"3.5\", \"setosa\"); add a first line that names every column";
    assert_eq!(refusal(labelled, Some("species")), expected);
    assert_eq!(column_refusal(labelled, &["length"], None), expected);
}

#[test]
fn refuses_other_separators() {
    assert_eq!(
        refusal("a;b\n1;2\n", None),
        "t.csv, row 1: the columns seem to be separated by semicolons; use commas"
    );
    assert_eq!(
        refusal("a\tb\n1\t2\n", Some("b")),
        "t.csv, row 1: the columns seem to be separated by tabs; use commas"
    );
}

#[test]
fn refuses_bad_headers() {
    assert_eq!(refusal("a,,b\n1,2,3\n", None), "t.csv, row 1: column 2 has no name; every column needs one");
    assert_eq!(
        refusal("\na,b, a\n1,2,3\n", None),
        "t.csv, row 2: columns 1 and 3 are both named \"a\"; every column needs a name of its own"
    );
    assert_eq!(
        refusal("a\nx\n", Some("a")),
        "t.csv: \"a\" is the only column; at least one feature column is needed beside the target"
    );
}

#[test]
fn names_the_columns_when_the_target_is_not_among_them() {
    assert_eq!(
        refusal("a,b\n1,2\n", Some("c")),
        "t.csv: there is no target column \"c\"; the columns are \"a\", \"b\""
    );
    let header: Vec<String> = (0..785).map(|index| format!("p{index}")).collect();
    assert_eq!(
        refusal(header.join(","), Some("c")),
        "t.csv: there is no target column \"c\"; the columns are \"p0\", \"p1\", \"p2\", \"p3\", \"p4\", \"p5\", \
         \"p6\", \"p7\", \"p8\", \"p9\" and 775 more"
    );
}

#[test]
fn refuses_ragged_rows() {
    assert_eq!(refusal("a,b\n1,2\n3\n", None), "t.csv, row 3: 1 field, where the header has 2");
    assert_eq!(refusal("a,b\n1,2,3\n", None), "t.csv, row 2: 3 fields, where the header has 2");
}

#[test]
fn counts_lines_as_an_editor_does() {
    for (content, row) in [
        ("a,c\n\n\n1,x\nbad,y\n", 5),
        ("a,c\r\n\r\n1,x\r\nbad,y\r\n", 4),
        ("a,c\r1,x\rbad,y\r", 3),
        ("a,\"b\nb\",c\n1,2,\"x\ny\nz\"\nbad,3,w\n", 6),
        ("\u{feff}a,c\n  \nbad,x", 3),
    ] {
        assert_eq!(
            refusal(content, Some("c")),
            format!("t.csv, row {row}, column \"a\": \"bad\" is not a number; write it like 5.1 or -2e-3"),
            "{content:?}"
        );
    }
}

#[test]
fn refuses_cells_that_are_no_finite_number() {
    let cell = |text: &str| refusal(format!("a,b\n1,2\n3,{text}\n"), None);
    assert_eq!(
        cell("abc"),
        "t.csv, row 3, column \"b\": \"abc\" is not a number; write it like 5.1 or -2e-3"
    );
    assert_eq!(
        cell("\"5,1\""),
        "t.csv, row 3, column \"b\": \"5,1\" is not a number; write it like 5.1 or -2e-3"
    );
    for text in ["NaN", "inf", "-Infinity"] {
        assert_eq!(
            cell(text),
            format!(
                "t.csv, row 3, column \"b\": {text:?} is not a finite number; only finite numbers are accepted"
            )
        );
    }
    for text in ["1e39", "-1e999"] {
        assert_eq!(
            cell(text),
            format!(
                "t.csv, row 3, column \"b\": {text:?} is too large; numbers may go from -3.4e38 to 3.4e38"
            )
        );
    }
    let long = "x".repeat(1_000_000);
    assert_eq!(
        cell(&long),
        format!(
            "t.csv, row 3, column \"b\": \"{}…\" is not a number; write it like 5.1 or -2e-3",
            "x".repeat(40)
        )
    );
}

#[test]
fn refuses_missing_values() {
    let expected = "t.csv, row 2, column \"b\": the value is missing; missing values are not supported yet, \
                    so fill it in or remove the row";
    assert_eq!(refusal("a,b\n1,\n", None), expected);
    assert_eq!(refusal("a,b\n1,\" \"\n", None), expected);
    assert_eq!(refusal("b\n\"\"\n", None), expected);
    assert_eq!(
        refusal("a,b\n1,NA\n", None),
        "t.csv, row 2, column \"b\": the value is missing (\"NA\"); missing values are not supported yet, \
         so fill it in or remove the row"
    );
    assert_eq!(
        refusal("a,c\n1, \n", Some("c")),
        "t.csv, row 2, column \"c\": the label is missing; every row needs one"
    );
}

#[test]
fn refuses_a_quote_that_is_never_closed() {
    let expected = "t.csv, row 2: a quoted field begins but its closing quote is missing";
    for content in ["a,c\n1,\"x\n2,y\n3,z\n", "a,c\n1,\"x", "a,c\n1,\"x\"\"\n"] {
        assert_eq!(refusal(content, Some("c")), expected, "{content:?}");
    }
    // A quote inside an unquoted field is only a character.
    assert_eq!(read("a,c\n1,5\"", Some("c")).target.unwrap().labels, ["5\""]);
}

#[test]
fn reads_named_columns_in_the_order_asked_for() {
    let content = "id,b,place,a,class\n7,1,here,2,x\n8,3,,4,y\n";
    let table = read_columns(content, &["a", "b"], Some("class"));
    assert_eq!(table.feature_names, ["a", "b"]);
    assert_eq!(table.features, [2.0, 1.0, 4.0, 3.0]);
    assert_eq!(table.target.unwrap().labels, ["x", "y"]);
    assert_eq!(read_columns(content, &["a"], Some("absent")).target, None);
    assert_eq!(read_columns(content, &["a"], None).target, None);
}

#[test]
fn columns_not_asked_for_may_have_any_name() {
    assert_eq!(read_columns(",x,x,a\n0,1,2,3\n", &["a"], None).features, [3.0]);
    assert_eq!(read_columns("0,1\n5,6\n", &["1", "0"], None).features, [6.0, 5.0]);
}

#[test]
fn names_every_missing_column() {
    assert_eq!(
        column_refusal("a,b\n1,2\n", &["c", "a", "d"], None),
        "t.csv: there is no feature column \"c\", \"d\"; the columns are \"a\", \"b\""
    );
}

#[test]
fn refuses_columns_named_twice() {
    assert_eq!(
        column_refusal("a,b,a\n1,2,3\n", &["a"], None),
        "t.csv, row 1: columns 1 and 3 are both named \"a\"; every column needs a name of its own"
    );
    assert_eq!(
        column_refusal("a,b\n1,2\n", &["a", "a"], None),
        "the feature \"a\" was asked for twice; name it once"
    );
    assert_eq!(
        column_refusal("a,b\n1,2\n", &["a"], Some("a")),
        "\"a\" was asked for both as a feature and as the target; it can be only one of them"
    );
    assert_eq!(column_refusal("a,b\n1,2\n", &[], None), "no feature column was asked for; name at least one");
}

#[test]
fn rows_can_be_selected() {
    let table = read("a,c\n1,x\n2,y\n3,z\n", Some("c"));
    let selected = table.select_rows(&[2, 0, 2]).unwrap();
    assert_eq!(selected.features, [3.0, 1.0, 3.0]);
    assert_eq!(selected.target.unwrap().labels, ["z", "x", "z"]);
    let error = table.select_rows(&[0, 3]).unwrap_err();
    assert_eq!(error.to_string(), "there is no row with index 3 in a table of 3 rows");
}
