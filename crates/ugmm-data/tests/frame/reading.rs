//! Columns by name, in batches.

use ugmm_data::frame::{
    DecimalMark, FrameReader, NumberFormat, ReadAs, ReadOptions, Request, UNSEEN, Values,
};

use crate::fixture::{Fixture, infer, numbers, read, read_refusal, strings, text};

fn request(name: &str, read_as: ReadAs) -> Request {
    Request { name: name.into(), read_as }
}

fn number(name: &str) -> Request {
    request(name, ReadAs::Numbers(NumberFormat::default()))
}

#[test]
fn columns_come_in_the_order_asked_for() {
    let content = "id,b,place,a,class\n7,1,here,2,x\n8,,,4,y\n";
    let frame = read(content, &[Request::text("class"), number("a"), number("b")]);
    assert_eq!(text(&frame.columns[0]), [Some("x".into()), Some("y".into())]);
    assert_eq!(numbers(&frame.columns[1]), [2.0, 4.0]);
    assert!(numbers(&frame.columns[2])[1].is_nan());
    assert_eq!(frame.rows, [2, 3]);
}

#[test]
fn every_kind_is_read_as_the_schema_says() {
    let content = "n;d;b;c;k\n1,5;2024-01-01T12:00;yes;x;same\n;;;;same\n1.000,5;1970-01-02;no;y;same\n";
    let schema = infer(content);
    let requests = schema.requests();
    let names: Vec<&str> = requests.iter().map(|request| request.name.as_str()).collect();
    assert_eq!(names, ["n", "d", "b", "c"]);
    let frame = read(content, &requests);
    let expected = [[1.5, 1000.5], [19_723.5, 1.0], [1.0, 0.0]];
    for (values, expected) in frame.columns.iter().zip(expected) {
        let values = numbers(values);
        assert_eq!([values[0], values[2]], expected);
        assert!(values[1].is_nan());
    }
    assert_eq!(frame.columns[3], Values::Codes(vec![Some(0), None, Some(1)]));
}

#[test]
fn labels_of_any_kind_are_read_as_text() {
    let frame =
        read("a,b,c,d\n1,1.50,true,x\n4,,2024-01-01,\" y \"\n", &["a", "b", "c", "d"].map(Request::text));
    let expected = [["1", "4"], ["1.50", ""], ["true", "2024-01-01"], ["x", "y"]];
    for (values, expected) in frame.columns.iter().zip(expected) {
        let values: Vec<&str> = text(values).iter().map(|value| value.as_deref().unwrap_or("")).collect();
        assert_eq!(values, expected);
    }
}

#[test]
fn categories_that_were_not_there_have_a_code_of_their_own() {
    let codes = request("a", ReadAs::Codes(strings(&["x", "y"])));
    let frame = read("a,b\ny,\nz,\nNA,\nx,\n", &[codes]);
    assert_eq!(frame.columns[0], Values::Codes(vec![Some(1), Some(UNSEEN), None, Some(0)]));
}

#[test]
fn frames_have_the_rows_asked_for() {
    let content = "a\n".to_owned() + &(1..=10).map(|n| format!("{n}\n")).collect::<String>();
    let fixture = Fixture::new(content);
    for (batch, sizes) in [(4, vec![4, 4, 2]), (5, vec![5, 5]), (100, vec![10]), (0, vec![1; 10])] {
        let frames = fixture.frames(&[number("a")], &ReadOptions::default(), batch).unwrap();
        assert_eq!(frames.iter().map(|frame| frame.rows.len()).collect::<Vec<_>>(), sizes);
        let all: Vec<f64> = frames.iter().flat_map(|frame| numbers(&frame.columns[0])).copied().collect();
        assert_eq!(all, (1..=10).map(f64::from).collect::<Vec<_>>());
    }
}

#[test]
fn all_missing_columns_are_named() {
    assert_eq!(
        read_refusal("a,b\n1,2\n", &[number("c"), number("a"), Request::text("d")]),
        "t: there are no columns \"c\", \"d\"; the columns are \"a\", \"b\""
    );
    assert_eq!(
        read_refusal("length,b\n1,2\n", &[number("lenght")]),
        "t: there is no column \"lenght\" (is it \"length\"?); the columns are \"length\", \"b\""
    );
}

#[test]
fn a_column_may_be_asked_for_in_several_ways_but_one_must_be() {
    assert_eq!(read_refusal("a\n1\n", &[]), "no column is requested; name at least one");
    let frame = read("b,a\nx,1\n,2\n", &[number("a"), Request::text("b"), Request::text("a")]);
    assert_eq!(numbers(&frame.columns[0]), [1.0, 2.0]);
    let text = |values: [Option<&str>; 2]| Values::Text(values.map(|value| value.map(String::from)).to_vec());
    assert_eq!(frame.columns[1], text([Some("x"), None]));
    assert_eq!(frame.columns[2], text([Some("1"), Some("2")]));
}

#[test]
fn what_cannot_be_read_is_missing_where_that_is_allowed() {
    let fixture = Fixture::new("a,b,c\n1,yes,2024-01-01\noops,maybe,soon\n3,no,2024-01-02\n");
    let options = ReadOptions { lenient: true, ..ReadOptions::default() };
    let requests = [number("a"), request("b", ReadAs::Booleans), request("c", ReadAs::Days)];
    let mut reader = FrameReader::open(&fixture.path(), &requests, &options, 10).unwrap();
    let frame = reader.next().unwrap().unwrap();
    for column in &frame.columns {
        let Values::Numbers(values) = column else { panic!("{column:?}") };
        assert_eq!(values.iter().map(|value| value.is_nan()).collect::<Vec<_>>(), [false, true, false]);
    }
}

/// The table that was learned from may come from another country than the one to predict.
#[test]
fn the_other_decimal_mark_is_read_where_it_can_mean_nothing_else() {
    let comma = NumberFormat { mark: DecimalMark::Comma, ..NumberFormat::default() };
    let with = |format| request("a", ReadAs::Numbers(format));
    let frame = read("a;b\n32,1;x\n5.25;\n", &[with(NumberFormat::default())]);
    assert_eq!(numbers(&frame.columns[0]), [32.1, 5.25]);
    let frame = read("a;b\n32.1;x\n5,25;\n", &[with(comma)]);
    assert_eq!(numbers(&frame.columns[0]), [32.1, 5.25]);
    // One number that can only have a point decides for all; without any the numbers are as in the table learned from.
    let grouped = with(NumberFormat { grouped: true, ..comma });
    let frame = read("a,b\n1.234,x\n5.84,x\n", std::slice::from_ref(&grouped));
    assert_eq!(numbers(&frame.columns[0]), [1.234, 5.84]);
    let frame = read("a,b\n1.234,x\n\"5,84\",x\n", &[grouped]);
    assert_eq!(numbers(&frame.columns[0]), [1234.0, 5.84]);
    let message =
        read_refusal("a;b\n5,84;x\n1.234;x\n5.84;x\n", &[with(NumberFormat { grouped: true, ..comma })]);
    assert!(
        message.starts_with("t, row 4, column \"a\": \"5.84\" contradicts \"1.234\" in row 3"),
        "{message}"
    );
}

#[test]
fn groups_of_thousands_are_read_where_they_are_no_decimals() {
    let read = |content: &str| numbers(&read(content, &[number("a")]).columns[0]).to_vec();
    assert_eq!(read("a;b\n4,198.10;x\n950.5;x\n"), [4198.1, 950.5]);
    assert_eq!(read("a;b\n4 198;x\n1,234,567;x\n"), [4198.0, 1_234_567.0]);
    // One number with both marks decides for the others.
    assert_eq!(read("a;b\n4,198;x\n3,675.6;x\n"), [4198.0, 3675.6]);
    let message = read_refusal("a;b\n41.98;x\n44,599;x\n", &[number("a")]);
    let expected = "t, row 3, column \"a\": \"44,599\" is 44599 with commas between thousands and 44.599 with a decimal comma, \
                    and \"41.98\" in row 2 has a decimal point; correct one of them; if commas stand between thousands";
    assert_eq!(message, expected);
}

#[test]
fn values_of_another_kind_are_refused() {
    let refused =
        |value: &str, read_as| read_refusal(format!("a;b\n;\n{value};\n"), &[request("a", read_as)]);
    let plain = NumberFormat::default();
    let comma = NumberFormat { mark: DecimalMark::Comma, ..NumberFormat::default() };
    for (value, read_as, expected) in [
        ("x", ReadAs::Numbers(plain), "\"x\" is not a number; write it like 5.1 or -2e-3; if \"x\" marks"),
        (
            "1,234",
            ReadAs::Numbers(plain),
            "\"1,234\" is 1234 with commas between thousands and 1.234 with a decimal comma, and nothing above it decides \
             which; if commas stand between thousands; if the file has decimal commas",
        ),
        (
            "1.234",
            ReadAs::Numbers(comma),
            "\"1.234\" is 1234 with points between thousands and 1.234 with a decimal point",
        ),
        ("inf", ReadAs::Numbers(plain), "\"inf\" is not a finite number"),
        ("1e999", ReadAs::Numbers(plain), "\"1e999\" is too large"),
        ("36028797018963969", ReadAs::Numbers(plain), "\"36028797018963969\" has too many digits"),
        ("2", ReadAs::Booleans, "\"2\" is neither true nor false; write true or false, yes or no"),
        ("01.02.2024", ReadAs::Days, "\"01.02.2024\" is not a date; write it like 2024-02-29 or"),
    ] {
        let message = refused(value, read_as);
        assert!(message.starts_with(&format!("t, row 3, column \"a\": {expected}")), "{message}");
    }
}

#[test]
fn what_is_wrong_with_other_columns_does_not_matter() {
    let frame = read("a,b,c\n1,inf,x\n2,oops,\n", &[number("a")]);
    assert_eq!(numbers(&frame.columns[0]), [1.0, 2.0]);
}

#[test]
fn reading_ends_after_an_error() {
    let fixture = Fixture::new("a\n1\nx\n3\n");
    let options = ReadOptions::default();
    let mut reader = FrameReader::open(&fixture.path(), &[number("a")], &options, 1).unwrap();
    assert!(reader.next().unwrap().is_ok());
    assert!(reader.next().unwrap().is_err());
    assert!(reader.next().is_none());
}

#[test]
fn requests_can_be_stored() {
    let schema = infer("n;d;b;c\n1,5;2024-01-01;yes;x\n1.000,5;1970-01-02;no;y\n");
    let requests = schema.requests();
    let stored = serde_json::to_string(&requests).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Request>>(&stored).unwrap(), requests);
    let stored = serde_json::to_string(&schema).unwrap();
    assert_eq!(serde_json::from_str::<ugmm_data::frame::Schema>(&stored).unwrap(), schema);
}

#[test]
fn a_reader_can_move_to_another_thread() {
    let fixture = Fixture::new("a\n1\n2\n");
    let reader = FrameReader::open(&fixture.path(), &[number("a")], &ReadOptions::default(), 1).unwrap();
    let rows = std::thread::spawn(move || reader.map(|frame| frame.unwrap().rows[0]).collect::<Vec<_>>());
    assert_eq!(rows.join().unwrap(), [2, 3]);
}

/// A byte order mark that is not the first thing of a file is a sign like others, wherever a block of rows begins.
#[test]
fn a_byte_order_mark_in_a_cell_is_content() {
    let fixture = Fixture::new("a,b\n\u{feff}\"x,1\ny,2\n\u{feff}\"z,3\n");
    for rows in [1, 2, 3] {
        let frames = fixture.frames(&[Request::text("a")], &ReadOptions::default(), rows).unwrap();
        let cells: Vec<_> = frames.iter().flat_map(|frame| text(&frame.columns[0]).to_vec()).collect();
        assert_eq!(cells, [Some("\u{feff}\"x".into()), Some("y".into()), Some("\u{feff}\"z".into())]);
    }
}
