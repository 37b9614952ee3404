//! Workbooks of Excel and OpenDocument.

use std::io::{Cursor, Write};

use proptest::prelude::*;
use ugmm_data::frame::{FrameError, Kind, ReadAs, ReadOptions, Request, Schema, Values};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::fixture::{
    Fixture, infer, infer_with, kind, levels, numbers, read, refusal, refusal_with, strings, text, texts,
};

/// A cell of a sheet.
#[derive(Clone, Debug)]
pub enum Cell {
    Empty,
    Number(f64),
    Boolean(bool),
    /// Days since 1970.
    Days(f64),
    Text(String),
    Error(&'static str),
}
use Cell::{Boolean, Days, Empty, Error, Number};

fn t(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

type Rows = Vec<Vec<Cell>>;

fn archive(files: &[(&str, String)]) -> Vec<u8> {
    // Where the parts of a workbook begin.
    let root = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" \
        Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" \
        Target=\"xl/workbook.xml\"/></Relationships>";
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let root =
        files.iter().any(|(name, _)| *name == "xl/workbook.xml").then(|| ("_rels/.rels", root.to_owned()));
    for (name, content) in root.iter().chain(files) {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// A workbook of Excel with these sheets; cells are where their places say. The texts of the first sheet are shared ones.
pub fn excel(sheets: &[(&str, Rows)]) -> Vec<u8> {
    const NAMESPACE: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
        xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let (mut shared, mut files) = (Vec::new(), Vec::new());
    let (mut list, mut relations) = (String::new(), String::new());
    for (index, (name, rows)) in sheets.iter().enumerate() {
        let number = index + 1;
        list += &format!("<sheet name=\"{}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>", escaped(name));
        relations += &format!(
            "<Relationship Id=\"rId{number}\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
        );
        let mut data = String::new();
        for (row, cells) in rows.iter().enumerate() {
            data += &format!("<row r=\"{}\">", row + 1);
            for (column, cell) in cells.iter().enumerate() {
                let place = format!("{}{}", char::from(b'A' + column as u8), row + 1);
                data += &match cell {
                    Empty => String::new(),
                    Number(number) => format!("<c r=\"{place}\"><v>{number}</v></c>"),
                    Boolean(boolean) => format!("<c r=\"{place}\" t=\"b\"><v>{}</v></c>", u8::from(*boolean)),
                    Days(days) => format!("<c r=\"{place}\" s=\"1\"><v>{}</v></c>", days + 25_569.0),
                    Error(error) => format!("<c r=\"{place}\" t=\"e\"><v>{error}</v></c>"),
                    Cell::Text(text) if index == 0 => {
                        let text = format!("<si><t xml:space=\"preserve\">{}</t></si>", escaped(text));
                        let at = shared.iter().position(|other| *other == text).unwrap_or_else(|| {
                            shared.push(text);
                            shared.len() - 1
                        });
                        format!("<c r=\"{place}\" t=\"s\"><v>{at}</v></c>")
                    }
                    Cell::Text(text) => {
                        format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{}</t></is></c>", escaped(text))
                    }
                };
            }
            data += "</row>";
        }
        let name = format!("xl/worksheets/sheet{number}.xml");
        files.push((name, format!("<worksheet {NAMESPACE}><sheetData>{data}</sheetData></worksheet>")));
    }
    let count = sheets.len();
    relations +=
        &format!("<Relationship Id=\"rId{}\" Type=\"{RELATIONS}/styles\" Target=\"styles.xml\"/>", count + 1);
    relations += &format!(
        "<Relationship Id=\"rId{}\" Type=\"{RELATIONS}/sharedStrings\" Target=\"sharedStrings.xml\"/>",
        count + 2
    );
    let whole = [
        ("xl/workbook.xml", format!("<workbook {NAMESPACE}><sheets>{list}</sheets></workbook>")),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{relations}</Relationships>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet {NAMESPACE}><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"
            ),
        ),
        ("xl/sharedStrings.xml", format!("<sst {NAMESPACE}>{}</sst>", shared.concat())),
    ];
    let mut all: Vec<(&str, String)> = whole.to_vec();
    all.extend(files.iter().map(|(name, content)| (name.as_str(), content.clone())));
    archive(&all)
}

/// The rows of a sheet of OpenDocument.
fn rows_of(rows: &Rows) -> String {
    let cell = |cell: &Cell| match cell {
        Empty => "<table:table-cell/>".to_owned(),
        Number(number) => {
            format!("<table:table-cell office:value-type=\"float\" office:value=\"{number}\"/>")
        }
        Boolean(boolean) => {
            format!("<table:table-cell office:value-type=\"boolean\" office:boolean-value=\"{boolean}\"/>")
        }
        Days(days) => format!(
            "<table:table-cell office:value-type=\"date\" office:date-value=\"{}\"/>",
            ReadAs::Days.text(*days)
        ),
        Cell::Text(text) => format!(
            "<table:table-cell office:value-type=\"string\"><office:annotation><text:p>a note</text:p></office:annotation>\
             <text:p>{}</text:p></table:table-cell>",
            escaped(text)
        ),
        Error(error) => format!(
            "<table:table-cell office:value-type=\"string\" office:string-value=\"\" calcext:value-type=\"error\">\
             <text:p>{error}</text:p></table:table-cell>"
        ),
    };
    let row = |cells: &Vec<Cell>| {
        format!("<table:table-row>{}</table:table-row>\n", cells.iter().map(cell).collect::<String>())
    };
    rows.iter().map(row).collect()
}

fn open_document_of(tables: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<office:document-content xmlns:office=\"urn:o\" xmlns:table=\"urn:t\" \
         xmlns:text=\"urn:x\" xmlns:calcext=\"urn:c\"><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>\
         </office:document-content>"
    );
    archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet".to_owned()),
        ("content.xml", content),
    ])
}

pub fn open_document(sheets: &[(&str, Rows)]) -> Vec<u8> {
    let table = |(name, rows): &(&str, Rows)| {
        format!(
            "<table:table table:name=\"{}\"><table:table-column/>{}<table:table-row table:number-rows-repeated=\"1048000\">\
             <table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row></table:table>",
            escaped(name),
            rows_of(rows)
        )
    };
    open_document_of(&sheets.iter().map(table).collect::<String>())
}

/// The same sheets as both kinds of workbooks.
fn both(sheets: &[(&str, Rows)]) -> [Vec<u8>; 2] {
    [excel(sheets), open_document(sheets)]
}

fn one(rows: Rows) -> [Vec<u8>; 2] {
    both(&[("Sheet 1", rows)])
}

fn sample() -> Rows {
    vec![
        vec![t("n"), t("word"), t("ok"), t("day"), t("at"), t("mixed")],
        vec![Number(1.5), t("a & <b>"), Boolean(true), Days(19_782.0), Days(0.25 + 19_782.0), Number(5.0)],
        vec![Empty, Empty, Empty, Empty, Empty, t("7")],
        vec![Number(-2.0), t("c"), Boolean(false), Days(10.0), Days(10.5), t("x")],
        vec![Number(3e-7), t("c"), Boolean(false), Days(11.0), Days(10.5), t("x")],
    ]
}

#[test]
fn cells_keep_their_types() {
    for content in one(sample()) {
        let schema = infer(&content);
        assert_eq!((schema.rows, schema.delimiter), (4, None));
        let kinds: Vec<&str> = schema.columns.iter().map(|column| kind(&schema, &column.name)).collect();
        assert_eq!(kinds, ["numeric", "categorical", "boolean", "date", "date", "categorical"]);
        assert_eq!(
            schema.columns.iter().map(|column| column.missing).collect::<Vec<_>>(),
            [1, 1, 1, 1, 1, 0]
        );
        assert_eq!(levels(&schema, "mixed"), [("5", 1), ("7", 1), ("x", 2)]);
        assert_eq!(levels(&schema, "word"), [("a & <b>", 1), ("c", 2)]);
        let frame = read(&content, &schema.requests());
        assert_eq!(frame.rows, [2, 3, 4, 5]);
        let first: Vec<f64> = [0, 2, 3, 4].map(|index| numbers(&frame.columns[index])[0]).to_vec();
        assert_eq!(first, [1.5, 1.0, 19_782.0, 19_782.25]);
        let days: Vec<Request> = ["day", "at"].map(Request::text).to_vec();
        let days = read(&content, &days);
        assert_eq!(text(&days.columns[0])[0], Some("2024-02-29".to_owned()));
        assert_eq!(text(&days.columns[1])[2], Some("1970-01-11T12:00:00".to_owned()));
    }
}

/// Numbers that are stored as texts are none in a column of texts, as in a Parquet file, but are beside numbers, as in CSV.
#[test]
fn texts_are_numbers_beside_numbers() {
    let rows = vec![
        vec![t("texts"), t("both")],
        vec![t("1.5"), t("1.5")],
        vec![t("2"), Number(2.0)],
        vec![t("3"), t("NA")],
    ];
    for content in one(rows) {
        let schema = infer(&content);
        assert_eq!((kind(&schema, "texts"), kind(&schema, "both")), ("categorical", "numeric"));
        assert_eq!(schema.columns[1].missing, 1);
        let options = ReadOptions { numeric: strings(&["texts"]), ..ReadOptions::default() };
        assert!(matches!(infer_with(content, &options).columns[0].kind, Kind::Numeric { max: 3.0, .. }));
    }
}

#[test]
fn a_sheet_is_chosen_by_name() {
    let second = vec![vec![t("b")], vec![t("x")], vec![Empty], vec![t("z")], vec![Empty]];
    for content in both(&[("All", sample()), ("Price & \"more\"", second)]) {
        let fixture = Fixture::new(content);
        let of = |name: &str| {
            Schema::infer(&format!("{}::{name}", fixture.path().display()), &ReadOptions::default())
        };
        // That the first sheet is taken is said.
        let mut first = fixture.infer(&ReadOptions::default()).unwrap();
        let said: Vec<String> = first.doubts.drain(..).map(|doubt| doubt.to_string()).collect();
        let expected =
            r#"the first sheet, "All", is read; the other is "Price & \"more\""; FILE::SHEET reads another"#;
        assert_eq!(said, [expected]);
        assert_eq!(of("All").unwrap(), first);
        // The only column has a missing value between others.
        let schema = of("Price & \"more\"").unwrap();
        assert_eq!((schema.rows, schema.columns[0].missing), (3, 1));
        let message = |error: FrameError| fixture.message(&error);
        let found = message(of("all").unwrap_err());
        assert!(
            found.ends_with(": there is no sheet \"all\" (is it \"All\"?); the sheets are \"All\", \"Price & \\\"more\\\"\""),
            "{found}"
        );
    }
    let fixture = Fixture::new("a\n1\n");
    let error =
        Schema::infer(&format!("{}::x", fixture.path().display()), &ReadOptions::default()).unwrap_err();
    assert_eq!(
        fixture.message(&error),
        "t is a single table, which has no parts such as \"x\"; give the file alone"
    );
}

#[test]
fn headers_that_are_none_are_named() {
    let title = vec![vec![t("Sales 2024")], vec![t("a"), t("b")], vec![Number(1.0), Number(2.0)]];
    let merged = vec![
        vec![Empty],
        vec![Empty, t("a"), Empty, t("c")],
        vec![Empty, Number(1.0), Number(2.0), Number(3.0)],
    ];
    let twice = vec![vec![t("a"), t(" a")], vec![Number(1.0), Number(2.0)]];
    let data = vec![vec![Number(1.5), Number(2.5)], vec![Number(3.0), Number(4.0)]];
    for (rows, expected) in [
        (
            title,
            "t, row 1: \"Sales 2024\" stands alone above a row of 2 cells, as a title does, where the names of the columns \
             belong; delete the rows above the names",
        ),
        (
            merged,
            "t, row 2, column C: the column has values but no name, as below a merged cell; write a name into each cell of the row",
        ),
        (twice, "t: columns 1 and 2 are both named \"a\"; every column needs a name of its own"),
        (
            data.clone(),
            "t, row 1: the header seems to be missing, because the first line holds numbers (\"1.5\", \"2.5\"); add a first line \
             that names every column; if the file has no header",
        ),
        (vec![vec![t("a"), t("b")]], "t has columns but no rows of data"),
        (vec![], "t is empty; a table needs rows and, unless it is read without one, a header line"),
    ] {
        for content in one(rows.clone()) {
            assert_eq!(refusal(content), expected);
        }
    }
    let options = ReadOptions { has_header: false, ..ReadOptions::default() };
    for content in one(data) {
        let (names, rows, places) = texts(content, &options);
        assert_eq!((names, places), (strings(&["x1", "x2"]), vec![1, 2]));
        assert_eq!(rows, [["1.5", "2.5"], ["3", "4"]]);
    }
}

/// Empty columns, and empty rows around the table, are no part of it; pandas writes an index without a name.
#[test]
fn what_is_empty_is_skipped_but_rows_between_others() {
    let rows = vec![
        vec![],
        vec![Empty, Empty, t("a"), Empty, t("b")],
        vec![Empty, Number(0.0), Number(5.0), Empty, t("x")],
        vec![Empty, Empty, t("  "), Empty, Empty],
        vec![Empty, Number(1.0), Number(6.0), Empty, t("y")],
    ];
    for content in one(rows) {
        let schema = infer(&content);
        assert_eq!(
            schema.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(),
            ["x1", "a", "b"]
        );
        assert_eq!((schema.rows, schema.columns[1].missing), (3, 1));
        assert_eq!(read(&content, &[Request::text("b")]).rows, [3, 4, 5]);
    }
}

#[test]
fn errors_of_formulas_are_named_unless_they_are_marks() {
    let rows = vec![
        vec![t("a"), t("b")],
        vec![Number(1.0), Error("#N/A")],
        vec![Error("#DIV/0!"), Number(2.0)],
        vec![Number(3.0), Number(4.0)],
    ];
    for content in one(rows) {
        assert_eq!(
            refusal(&content),
            "t, row 3, column \"a\": \"#DIV/0!\" is the error of a formula; correct the formula, or empty the cell if its value is \
             not known; if \"#DIV/0!\" marks a missing value; to leave the column \"a\" out"
        );
        let ignored = ReadOptions { ignore: strings(&["a"]), ..ReadOptions::default() };
        assert_eq!(infer_with(&content, &ignored).columns[1].missing, 1);
        let marked = ReadOptions { missing: strings(&["#DIV/0!"]), ..ReadOptions::default() };
        let schema = infer_with(&content, &marked);
        assert_eq!((kind(&schema, "a"), schema.columns[0].missing), ("numeric", 1));
    }
}

#[test]
fn repeated_cells_of_open_document_are_repeated() {
    let cell = "<table:table-cell table:number-columns-repeated=\"2\" office:value-type=\"float\" office:value=\"4\"/>";
    let header = rows_of(&vec![vec![t("a"), t("b")]]);
    let row = |times: u64| {
        let rows = format!(
            "{header}<table:table-row table:number-rows-repeated=\"{times}\">{cell}</table:table-row>"
        );
        open_document_of(&format!("<table:table table:name=\"t\">{rows}</table:table>"))
    };
    assert_eq!(infer(row(3)).rows, 3);
    // A million rows of two cells are fewer bytes than are allowed; those of 16,000 cells are not.
    assert_eq!(infer(row(u64::MAX)).rows, (1 << 20) - 1);
    let wide = cell.replace("repeated=\"2\"", "repeated=\"16000\"");
    let bomb = open_document_of(&format!(
        "<table:table table:name=\"t\"><table:table-row table:number-rows-repeated=\"1000000\">{wide}</table:table-row></table:table>"
    ));
    let options = ReadOptions { has_header: false, ..ReadOptions::default() };
    let message = refusal_with(bomb, &options);
    assert_eq!(
        message,
        "t holds more than 500 times its own size, which tables do not; if it is right, save it as plain CSV"
    );
}

#[test]
fn archives_that_would_fill_the_memory_are_refused() {
    let blanks = " ".repeat(300 << 20);
    let content = archive(&[("xl/workbook.xml", blanks)]);
    assert!(content.len() < 400_000);
    assert!(refusal(content).starts_with("t holds more than 500 times its own size"));
    // A long text that all cells share.
    let mut rows = vec![vec![t("a")]];
    rows.resize(2001, vec![t(&"long ".repeat(30_000))]);
    let content = excel(&[("s", rows)]);
    assert!(content.len() < 100_000);
    let message = refusal(content);
    assert!(message.starts_with("t holds more than 500 times its own size"), "{message}");
}

#[test]
fn other_archives_are_named() {
    let message = refusal(archive(&[("a.csv", "a\n1\n".to_owned())]));
    assert!(
        message.starts_with("t is an Excel workbook or another zip archive, which cannot be read"),
        "{message}"
    );
    let content = excel(&[("s", sample())]);
    for length in 4..content.len() {
        assert!(Fixture::new(&content[..length]).infer(&ReadOptions::default()).is_err(), "{length}");
    }
    let message = refusal(&content[..content.len() / 2]);
    assert!(message.starts_with("t: the spreadsheet data is damaged or incomplete ("), "{message}");
    // XML that ends within a sheet, in an archive that is whole.
    let message = refusal(open_document_of("<table:table table:name=\"a\"><table:table-row>"));
    assert!(message.contains("damaged or incomplete"), "{message}");
}

proptest! {
    #[test]
    fn workbooks_with_a_changed_byte(at in any::<prop::sample::Index>(), change in 1..=255u8) {
        for mut content in one(sample()) {
            let at = at.index(content.len());
            content[at] ^= change;
            Fixture::new(content).try_all(&ReadOptions::default());
        }
    }

    /// Bytes of the XML, which the archive is made anew of.
    #[test]
    fn sheets_with_changed_elements(at in any::<prop::sample::Index>(), part in "[a-z<>/=\"&;0-9 :]{0,12}", cut in 0..20_usize) {
        let mut rows = rows_of(&sample());
        let at = at.index(rows.len());
        if rows.is_char_boundary(at) && rows.is_char_boundary((at + cut).min(rows.len())) {
            let end = (at + cut).min(rows.len());
            rows.replace_range(at..end, &part);
            let content = open_document_of(&format!("<table:table table:name=\"a\">{rows}</table:table>"));
            Fixture::new(content).try_all(&ReadOptions::default());
        }
    }

    #[test]
    fn numbers_and_texts_come_back(values in prop::collection::vec((any::<f64>(), "[a-z&<>\"é ]{1,5}"), 1..8)) {
        let values: Vec<(f64, String)> = values.into_iter().filter(|(number, text)| number.is_finite() && !text.trim().is_empty()).collect();
        prop_assume!(!values.is_empty());
        let mut rows = vec![vec![t("n"), t("w")]];
        rows.extend(values.iter().map(|(number, text)| vec![Number(*number), t(text)]));
        for content in one(rows) {
            let frame = read(content, &[Request { name: "n".into(), read_as: ReadAs::Numbers(Default::default()) }, Request::text("w")]);
            let expected: Vec<f64> = values.iter().map(|(number, _)| *number).collect();
            prop_assert_eq!(numbers(&frame.columns[0]), &expected[..]);
            let Values::Text(texts) = &frame.columns[1] else { panic!() };
            let expected: Vec<Option<String>> = values.iter().map(|(_, text)| Some(text.trim().to_owned())).collect();
            prop_assert_eq!(texts, &expected);
        }
    }
}

/// A number keeps its value beside texts with decimal commas, and beside marks of missing values.
#[test]
fn numbers_beside_texts_keep_their_values() {
    let rows = vec![
        vec![t("v"), t("w")],
        vec![Number(1.204), t("x")],
        vec![t("5,84"), t("y")],
        vec![Number(2.375), t("x")],
    ];
    for content in one(rows) {
        let schema = infer(&content);
        if let Kind::Numeric { max, .. } = schema.columns[0].kind {
            assert!(max < 10.0, "{max}");
        }
    }
    let rows = vec![
        vec![t("v"), t("w")],
        vec![Number(1.204), t("x")],
        vec![t("NA"), t("y")],
        vec![Number(2.375), t("x")],
    ];
    for content in one(rows) {
        let schema = infer(&content);
        let Kind::Numeric { min, max, .. } = schema.columns[0].kind else { panic!("{schema:?}") };
        assert_eq!((min, max, schema.columns[0].missing), (1.204, 2.375, 1));
    }
}

/// pandas writes a single column beside an index without a name; a cell far out is refused before memory is taken.
#[test]
fn one_name_beside_an_index_is_a_header_and_far_cells_are_refused() {
    let rows = vec![vec![Empty, t("a")], vec![Number(0.0), Number(1.5)], vec![Number(1.0), Number(2.5)]];
    for content in one(rows) {
        assert!(infer(&content).columns.iter().any(|column| column.name == "a"));
    }
}
