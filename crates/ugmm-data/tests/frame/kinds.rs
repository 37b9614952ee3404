//! What columns are taken for.

use ugmm_data::frame::{DecimalMark, Doubt, Kind, NumberFormat, ReadOptions, StatedDates, Thousands};

use crate::fixture::{infer, infer_with, kind, levels, refusal, refusal_with, strings};

/// A file of one column.
fn column(values: &[&str]) -> String {
    let rows: Vec<String> = values.iter().map(|value| format!("\"{value}\",0\n")).collect();
    format!("a,b\n{}", rows.concat())
}

fn kind_of(values: &[&str]) -> &'static str {
    kind(&infer(column(values)), "a")
}

fn options(numeric: &[&str], categorical: &[&str], ignore: &[&str]) -> ReadOptions {
    ReadOptions {
        numeric: strings(numeric),
        categorical: strings(categorical),
        ignore: strings(ignore),
        ..ReadOptions::default()
    }
}

#[test]
fn kinds_follow_from_the_values() {
    for (values, expected) in [
        (&["1", "2.5", "-3e4"][..], "numeric"),
        (&["0", "1"], "numeric"),
        (&["1,234.5", "5"], "numeric"),
        (&["1 234", "12 345 678"], "numeric"),
        (&["1_234", "2"], "categorical"),
        (&["true", "False", "TRUE"], "boolean"),
        (&["yes", "no"], "boolean"),
        (&["t", "f"], "boolean"),
        (&["Y", "n"], "boolean"),
        (&["yes", "false"], "categorical"),
        (&["f", "m"], "categorical"),
        (&["2024-02-29", "2023-01-01T12:00:00Z"], "date"),
        (&["2024-02-30", "2023-01-01"], "categorical"),
        (&["1", "2024-01-01"], "categorical"),
        (&["x", "y"], "categorical"),
        (&["1", "x"], "categorical"),
        (&["x", "1e400", "inf", "99999999999999999999"], "categorical"),
        (&["1e400", "inf", "99999999999999999999", "x"], "categorical"),
        (&["x", "x"], "constant"),
        (&["5", "5.0"], "constant"),
        (&["", "NA"], "constant"),
        (&["x", ""], "categorical"),
        (&["5", ""], "numeric"),
        (&["yes", "", "yes"], "boolean"),
    ] {
        assert_eq!(kind_of(values), expected, "{values:?}");
    }
}

#[test]
fn numbers_are_described() {
    let schema = infer("a,b\n1,\n,2\n-7,2.5\nNA,3\n");
    assert_eq!((schema.rows, schema.columns[0].missing, schema.columns[1].missing), (4, 2, 1));
    let format = NumberFormat::default();
    assert_eq!(schema.columns[0].kind, Kind::Numeric { min: -7.0, max: 1.0, integers: true, format });
    assert_eq!(schema.columns[1].kind, Kind::Numeric { min: 2.0, max: 3.0, integers: false, format });
    assert_eq!(levels(&schema, "b"), [("2", 1), ("2.5", 1), ("3", 1)]);
}

#[test]
fn levels_are_counted_in_the_order_of_class_labels() {
    let schema = infer("a,b\nx,10\n y ,9\nx,10\nX,100\n");
    assert_eq!(levels(&schema, "a"), [("X", 1), ("x", 2), ("y", 1)]);
    assert_eq!(levels(&schema, "b"), [("9", 1), ("10", 2), ("100", 1)]);
}

#[test]
fn integers_may_become_decimals_late() {
    let content = "a\n".to_owned() + &"1\n2\n".repeat(5000) + "2.5\n";
    assert!(matches!(infer(content).columns[0].kind, Kind::Numeric { integers: false, max: 2.5, .. }));
}

#[test]
fn one_late_text_makes_categories() {
    let content = "a,b\n".to_owned() + &"1,2\n2,3\n".repeat(5000) + "unknown,4\n";
    let schema = infer(&content);
    assert_eq!(kind(&schema, "a"), "categorical");
    assert_eq!(levels(&schema, "a"), [("1", 5000), ("2", 5000), ("unknown", 1)]);
    assert_eq!(
        refusal_with(&content, &options(&["a"], &[], &[])),
        "t, row 10002, column \"a\": \"unknown\" is not a number; write it like 5.1 or -2e-3; if \"unknown\" marks a missing \
         value"
    );
    let missing = ReadOptions { missing: strings(&["unknown"]), ..ReadOptions::default() };
    assert_eq!(kind(&infer_with(&content, &missing), "a"), "numeric");
}

#[test]
fn one_late_mark_is_a_missing_value() {
    let content = "a\n".to_owned() + &"1\n2\n".repeat(5000) + "NA\n";
    let schema = infer(content);
    assert_eq!((kind(&schema, "a"), schema.columns[0].missing), ("numeric", 1));
}

#[test]
fn a_text_among_many_numbers_is_refused() {
    let rows: String = (0..10_001).map(|n| format!("{n},{}\n", n % 2)).collect();
    assert_eq!(
        refusal(format!("a,b\n{rows}oops,1\n")),
        "t, row 10003, column \"a\": \"oops\" is not a number like the values before it, and those are too many for \
         categories (more than 10000); correct it; if \"oops\" marks a missing value; to leave the column \"a\" out"
    );
    let schema = infer_with(format!("a,b\n{rows}oops,1\n"), &options(&[], &[], &["a"]));
    assert_eq!(kind(&schema, "a"), "ignored");
}

#[test]
fn too_many_texts_are_refused() {
    let rows = |count: usize| -> String { (0..count).map(|n| format!("n{n},0\n")).collect() };
    let schema = infer(format!("a,b\n{}", rows(10_000)));
    assert_eq!(levels(&schema, "a").len(), 10_000);
    let expected = "t, row 10002, column \"a\": more than 10000 different values up to here are too many for categories; \
                    put values together; if the column \"a\" holds dates in a format such as this one; to leave the column \"a\" out";
    assert_eq!(refusal(format!("a,b\n{}", rows(10_001))), expected);
    let numbers: String = (0..10_001).map(|n| format!("{n},0\n")).collect();
    assert_eq!(refusal_with(format!("a,b\n{numbers}"), &options(&[], &["a"], &[])), expected);
    let long = "x".repeat(20_000);
    let rows: String = (0..1000).map(|n| format!("{n}{long},0\n")).collect();
    assert!(refusal(format!("a,b\n{rows}")).contains("too many for categories"));
}

#[test]
fn usual_marks_are_missing_values() {
    for mark in ["", "NA", "na", "N/A", "#N/A", "<NA>", "NaN", "nan", "null", "NULL", "None", "?", "-", "  "]
    {
        let schema = infer(column(&["1", mark, "2"]));
        assert_eq!((kind(&schema, "a"), schema.columns[0].missing), ("numeric", 1), "{mark:?}");
    }
    let extra = ReadOptions { missing: strings(&["-999", "n.d."]), ..ReadOptions::default() };
    let schema = infer_with(column(&["1", " -999", "n.d.", "2"]), &extra);
    assert_eq!((kind(&schema, "a"), schema.columns[0].missing), ("numeric", 2));
    assert_eq!(kind_of(&["1", "n.d.", "2"]), "categorical");
}

#[test]
fn decimal_marks_are_those_of_the_file() {
    let comma = |grouped| NumberFormat { mark: DecimalMark::Comma, grouped, ..NumberFormat::default() };
    let point = |grouped| NumberFormat { mark: DecimalMark::Point, grouped, ..NumberFormat::default() };
    for (content, least, format) in [
        ("a;b\n3,25;0\n5;1\n", 3.25, comma(false)),
        ("a;b\n1.234,5;0\n12.345,5;1\n", 1234.5, comma(true)),
        ("a;b\n1,234;0\n2,5;1\n", 1.234, comma(false)),
        ("a;b\n1,234;0\n2,345;1\n", 1.234, comma(false)),
        ("a\tb\n1,234\t0\n2,345\t1\n", 1234.0, point(true)),
        ("a\tb\n1,234\t0\n2,3\t1\n", 1.234, comma(false)),
        ("a;b\n1.234;0\n2.345;1\n", 1.234, point(false)),
        ("a,b\n\"1,234\",0\n\"2,345\",1\n", 1234.0, point(true)),
        ("a;b\n5;0\n7;1\n", 5.0, point(false)),
    ] {
        let Kind::Numeric { min, format: found, .. } = infer(content).columns[0].kind else {
            panic!("{content:?}")
        };
        assert_eq!((min, found), (least, format), "{content:?}");
    }
    assert_eq!(kind_of(&["3,14", "5"]), "numeric");
}

/// The range of the column "a" and what is in doubt.
fn range(content: &str, options: &ReadOptions) -> (f64, f64, usize) {
    let schema = infer_with(content, options);
    match schema.columns[0].kind {
        Kind::Numeric { min, max, .. } | Kind::Date { min, max, .. } => (min, max, schema.doubts.len()),
        ref other => panic!("{content:?}: {other:?}"),
    }
}

#[test]
fn a_column_that_can_be_read_in_one_way_decides_for_the_others() {
    for (content, least, greatest, doubts) in [
        ("a;b\n1.204;5,84\n890;8,9\n", 890.0, 1204.0, 0),
        ("a,b\n1.204,\"5,84\"\n890,\"8,9\"\n", 890.0, 1204.0, 0),
        ("a,b\n\"1,204\",5.84\n890,8.9\n", 890.0, 1204.0, 0),
        ("a;b\n1,204;5.84\n890;8.9\n", 890.0, 1204.0, 0),
        ("a\tb\n1,204\t0,584\n8,900\t0,890\n", 1.204, 8.9, 0),
        ("a;b\n1.204;x\n8.900;y\n", 1.204, 8.9, 1),
        ("a;b\n1,204;x\n8,900;y\n", 1.204, 8.9, 1),
        ("a,b\n\"1,204\",x\n\"8,900\",y\n", 1204.0, 8900.0, 1),
        ("a;b\n1'204;x\n8'900,5;y\n", 1204.0, 8900.5, 0),
        ("a;b\n1\u{202f}204;x\n8\u{a0}900,5;y\n", 1204.0, 8900.5, 0),
        ("a;b;c\n1.204;5,84;5.84\n890;8,9;8.9\n", 1.204, 890.0, 2),
    ] {
        assert_eq!(range(content, &ReadOptions::default()), (least, greatest, doubts), "{content:?}");
    }
}

#[test]
fn marks_of_numbers_can_be_stated() {
    let stated = |decimal, thousands| ReadOptions { decimal, thousands, ..ReadOptions::default() };
    let (point, comma) = (Some(DecimalMark::Point), Some(DecimalMark::Comma));
    let content = "a;b\n1.204;x\n8.900;y\n";
    assert_eq!(range(content, &stated(comma, None)), (1204.0, 8900.0, 0));
    assert_eq!(range(content, &stated(point, None)), (1.204, 8.9, 0));
    assert_eq!(range(content, &stated(None, Some(Thousands::Point))), (1204.0, 8900.0, 0));
    assert_eq!(range(content, &stated(None, Some(Thousands::Nothing))), (1.204, 8.9, 0));
    for (content, options, expected) in [
        (
            "a;b\n1.5;x\n2;y\n",
            stated(comma, None),
            "\"1.5\" is not written as stated, with decimal commas; state",
        ),
        (
            "a;b\n1 500;x\n2;y\n",
            stated(None, Some(Thousands::Apostrophe)),
            "\"1 500\" is not written as stated, with apos",
        ),
    ] {
        let message = refusal_with(content, &options);
        assert!(message.starts_with(&format!("t, row 2, column \"a\": {expected}")), "{message}");
    }
    let message = refusal_with("a\n1\n", &stated(comma, Some(Thousands::Comma)));
    assert!(message.starts_with("the decimal mark and the mark between thousands"), "{message}");
}

#[test]
fn the_order_of_dates_is_that_of_the_column() {
    for (values, first, doubts) in [
        (&["01/02/1970", "13/02/1970"][..], 31.0, 0),
        (&["01/02/1970", "02/13/1970"], 1.0, 0),
        (&["01/02/1970", "02/03/1970"], 31.0, 1),
        (&["1.2.70", "2.3.71"], 31.0, 1),
        (&["1/2/1970 6:00 PM", "2/3/1971 1:00 AM"], 1.75, 1),
        (&["2 Jan 1970", "January 3rd, 1971"], 1.0, 0),
        (&["70-01-31", "70-01-30"], 29.0, 0),
        // Years first, by the time that the dates span; without a doubt where it is much shorter.
        (&["22-08-10", "21-12-31", "22-02-01"], 18_992.0, 0),
        (&["22/08/10", "21/12/31", "22/02/01"], 18_992.0, 0),
        (&["10-08-22", "31-12-21", "01-02-22"], 18_992.0, 0),
        (&["01-02-03", "03-02-01", "02-02-02"], 11_356.0, 1),
        (&["08/10/22", "12/31/21", "02/01/22"], 18_992.0, 0),
    ] {
        let (least, _, found) = range(&column(values), &ReadOptions::default());
        assert_eq!((least, found), (first, doubts), "{values:?}");
    }
    // A column that has the year first says nothing of another one.
    let schema = infer("a,b\n01/02/1970,22-08-10\n03/04/1970,21-12-31\n");
    assert!(
        matches!(schema.doubts.as_slice(), [Doubt::DateOrder { column, .. }] if column == "a"),
        "{schema:?}"
    );
    let schema = infer(column(&["01-02-03", "03-02-01"]));
    let Doubt::DateOrder { others, .. } = &schema.doubts[0] else { panic!("{schema:?}") };
    assert_eq!(others[..], ["%m-%d-%y", "%y-%m-%d"]);
    // Another column decides.
    let schema = infer("a,b\n01/02/1970,02/13/1970\n03/04/1970,05/06/1970\n");
    assert!(
        matches!(schema.columns[0].kind, Kind::Date { min: 1.0, .. }) && schema.doubts.is_empty(),
        "{schema:?}"
    );
}

#[test]
fn the_format_of_dates_can_be_stated() {
    let stated = |column: Option<&str>, format: &str| {
        let dates = vec![StatedDates { column: column.map(str::to_owned), format: format.to_owned() }];
        ReadOptions { dates, ..ReadOptions::default() }
    };
    let content = column(&["01/02/1970", "02/03/1970"]);
    assert_eq!(range(&content, &stated(None, "%m/%d/%Y")).0, 1.0);
    assert_eq!(range(&content, &stated(Some("a"), "%m/%d/%Y")).0, 1.0);
    assert_eq!(range(&column(&["19700102", "19700103"]), &stated(Some("a"), "%Y%m%d")).0, 1.0);
    for (options, expected) in [
        (
            stated(Some("a"), "%Y.%m.%d"),
            "t, row 2, column \"a\": \"01/02/1970\" is not a date; write it like \"%Y.%m.%d\" says",
        ),
        (stated(None, "%Y.%m.%d"), "t: no column holds dates written as \"%Y.%m.%d\""),
        (stated(Some("a"), "dd/mm"), "\"dd/mm\" is no format of dates"),
        (stated(Some("c"), "%F"), "t: the options name a column \"c\" that is not there"),
    ] {
        let message = refusal_with(&content, &options);
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn what_looks_like_dates_and_is_none_is_in_doubt() {
    let schema = infer(column(&["31/01/2024", "30/01/2024", "31/02/2024", "01/03/2024", "02/03/2024"]));
    let Doubt::NoDates { written, .. } = &schema.doubts[0] else { panic!("{schema:?}") };
    assert_eq!((kind(&schema, "a"), written.as_str()), ("categorical", "31/02/2024"));
    assert!(infer(column(&["x", "y", "31/01/2024"])).doubts.is_empty());
}

#[test]
fn what_is_near_to_dates_or_numbers_is_in_doubt() {
    let doubt = |values: &[&str]| infer(column(values)).doubts.into_iter().next();
    for (values, expected) in [
        (&["08/22", "12/21"][..], "%m/%y"),
        (&["2022-W32", "2021-W01"], "%G-W%V"),
        (&["2022年08月10日", "2021年12月31日"], "%Y年%m月%d日"),
    ] {
        let found = doubt(values);
        let Some(Doubt::UnreadDates { format, .. }) = &found else { panic!("{values:?}: {found:?}") };
        assert_eq!(format, expected);
        let stated = StatedDates { column: Some("a".into()), format: format.clone() };
        let options = ReadOptions { dates: vec![stated], ..ReadOptions::default() };
        assert_eq!(kind(&infer_with(column(values), &options), "a"), "date");
    }
    for (values, least) in [(&["10%", "5 %", "2.5%"][..], 2.5), (&["10,00 €", "1.250,50 €", "5,00 €"], 5.0)]
    {
        assert!(matches!(doubt(values), Some(Doubt::NearNumbers { .. })), "{values:?}");
        assert_eq!(range(&column(values), &options(&["a"], &[], &[])).0, least);
    }
    let message = refusal_with(column(&["10%", "5 €"]), &options(&["a"], &[], &[]));
    assert!(message.starts_with("t, row 3, column \"a\": \"5 €\" is not a number"), "{message}");
    assert_eq!(doubt(&["x", "y%", "z"]), None);
    assert_eq!(kind_of(&["\u{2212}2", "3"]), "numeric");
    assert_eq!(kind_of(&["01JAN2021", "02feb2021"]), "date");
}

#[test]
fn marks_of_missing_values_are_dates_where_they_are_compared_with_such() {
    let marked = |mark: &str| ReadOptions { missing: strings(&[mark]), ..ReadOptions::default() };
    for (value, mark, missing) in [
        ("01/01/1900", "1900-01-01", 1),
        ("1900-01-01", "1.1.1900", 1),
        ("31/12/9999 00:00", "9999-12-31", 1),
        // It could be in January.
        ("01/02/1900", "1900-02-01", 0),
    ] {
        let schema = infer_with(column(&[value, "13/02/2020", "14/02/2020"]), &marked(mark));
        assert_eq!(schema.columns[0].missing, missing, "{value}");
        let unmet = schema.doubts.iter().any(|doubt| matches!(doubt, Doubt::UnmetMark { .. }));
        assert_eq!(unmet, missing == 0, "{value}");
    }
}

#[test]
fn marks_and_levels_that_are_numbers_are_compared_as_such() {
    let marked = |mark: &str| ReadOptions { missing: strings(&[mark]), ..ReadOptions::default() };
    for (content, mark) in [
        ("a;b\n-999.0;1\n5;2\n", "-999"),
        ("a;b\n-999,0;1,5\n5;2\n", "-999"),
        ("a;b\n-999;1\n5;2\n", "-999.0"),
    ] {
        assert_eq!(infer_with(content, &marked(mark)).columns[0].missing, 1, "{content:?}");
    }
    assert_eq!(infer_with("a\n0999\n5\n6\n", &marked("999")).columns[0].missing, 0);
    let options = options(&[], &["a"], &[]);
    let schema = infer_with("a\n1\n1.0\n2\n1\n01\n1.1\n1.10\n", &options);
    assert_eq!(levels(&schema, "a"), [("01", 1), ("1", 3), ("1.1", 1), ("1.10", 1), ("2", 1)]);
    let schema = infer(column(&["True", "TRUE", "False", "true", "TRUE"]));
    assert_eq!(levels(&schema, "a"), [("False", 1), ("TRUE", 4)]);
}

#[test]
fn numbers_that_cannot_be_computed_with_are_refused() {
    for (value, expected) in [
        ("inf", "\"inf\" is not a finite number; write a finite number, or nothing if it is not known"),
        ("-1e400", "\"-1e400\" is too large; numbers may go from -1.7e308 to 1.7e308"),
        (
            "9007199254740993",
            "\"9007199254740993\" has too many digits to be told from its neighbours (integers may go from -2^53 to \
             2^53); write a number of fewer digits, or nothing if it is not known; if the numbers of the column \"a\" are no \
             quantities; to leave the column \"a\" out",
        ),
    ] {
        let content = column(&["1", value, "2"]);
        let expected = format!("t, row 3, column \"a\": {expected}");
        assert_eq!(refusal(&content), expected);
        assert_eq!(refusal_with(&content, &options(&["a"], &[], &[])), expected);
        assert_eq!(kind(&infer_with(&content, &options(&[], &["a"], &[])), "a"), "categorical");
        assert_eq!(kind(&infer_with(&content, &options(&[], &[], &["a"])), "a"), "ignored");
    }
    assert_eq!(kind_of(&["9007199254740992", "-9007199254740992"]), "numeric");
}

#[test]
fn options_override_what_is_found() {
    let schema = infer_with("a,b,c\n1,5,x\n2,5,y\n", &options(&["b"], &["a"], &["c"]));
    assert_eq!(["a", "b", "c"].map(|name| kind(&schema, name)), ["categorical", "numeric", "ignored"]);
    assert_eq!(
        refusal_with("a\n2024-01-01\n", &options(&["a"], &[], &[])),
        "t, row 2, column \"a\": \"2024-01-01\" is not a number; write it like 5.1 or -2e-3; if \"2024-01-01\" \
         marks a missing value"
    );
}

#[test]
fn options_about_unknown_columns_are_refused() {
    assert_eq!(
        refusal_with("height,width\n1,2\n", &options(&["heigth"], &[], &[])),
        "t: the options name a column \"heigth\" that is not there (is it \"height\"?); the columns are \"height\", \
         \"width\""
    );
    assert_eq!(
        refusal_with("height,width\n1,2\n", &options(&[], &[], &["other"])),
        "t: the options name a column \"other\" that is not there; the columns are \"height\", \"width\""
    );
    for options in [options(&["width"], &["width"], &[]), options(&[], &[], &["width", "width"])] {
        assert_eq!(
            refusal_with("height,width\n1,2\n", &options),
            "the options name the column \"width\" twice; it can be only one of numeric, categorical and ignored"
        );
    }
}

#[test]
fn a_schema_is_asked_by_name() {
    let schema = infer("height,width\n1,2\n2,3\n");
    assert_eq!(
        schema.request("Widht").unwrap_err().to_string(),
        "there is no column \"Widht\" (is it \"width\"?); the columns are \"height\", \"width\""
    );
    let schema = infer_with("height,width\n1,2\n2,3\n", &options(&[], &[], &["width"]));
    assert_eq!(
        schema.request("width").unwrap_err().to_string(),
        "the column \"width\" was ignored, so its kind is not known; request it as text or do not ignore it"
    );
    assert_eq!(schema.requests().len(), 1);
}
