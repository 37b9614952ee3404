//! Whatever table is written as CSV, in whatever way, comes back.

use proptest::prelude::*;
use ugmm_data::frame::{ReadAs, ReadOptions, Request};

use crate::fixture::{Fixture, gzip, infer, numbers, texts, zstd};

/// The first four are found if they are not given.
const ALL: [char; 5] = [',', ';', '\t', '|', ':'];

/// How a table is written.
#[derive(Debug, Clone)]
struct Manner {
    delimiter: char,
    line_end: &'static str,
    /// For each field in turn, whether it is quoted without need.
    quoted: Vec<bool>,
    byte_order_mark: bool,
    ends_with_line_end: bool,
    compression: u8,
}

fn manner(delimiters: &'static [char]) -> impl Strategy<Value = Manner> {
    let delimiter = prop::sample::select(delimiters);
    let line_end = prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n", "\r\n \r\n"]);
    let quoted = prop::collection::vec(any::<bool>(), 1..20);
    (delimiter, line_end, quoted, any::<bool>(), any::<bool>(), 0..3u8).prop_map(
        |(delimiter, line_end, quoted, byte_order_mark, ends_with_line_end, compression)| Manner {
            delimiter,
            line_end,
            quoted,
            byte_order_mark,
            ends_with_line_end,
            compression,
        },
    )
}

impl Manner {
    fn write(&self, rows: &[Vec<String>]) -> Vec<u8> {
        let mut quoted = self.quoted.iter().cycle();
        let mut field = |text: &String| {
            let needed =
                text.is_empty() || text.contains([self.delimiter, '"', '\r', '\n']) || text.starts_with('#');
            if quoted.next() == Some(&true) || needed {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.clone()
            }
        };
        let delimiter = self.delimiter.to_string();
        let lines: Vec<String> =
            rows.iter().map(|row| row.iter().map(&mut field).collect::<Vec<_>>().join(&delimiter)).collect();
        let mark = if self.byte_order_mark { "\u{feff}" } else { "" };
        let end = if self.ends_with_line_end { self.line_end } else { "" };
        let text = format!("{mark}{}{end}", lines.join(self.line_end)).into_bytes();
        match self.compression {
            0 => text,
            1 => gzip(&text),
            _ => zstd(&text),
        }
    }
}

/// Columns of texts without blanks around them, so that they are to come back as they are.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    let text = "[a-c0-9.,;|:\t\"\r\n é#-]{0,6}".prop_map(|text: String| text.trim().to_owned());
    (1..5_usize, 1..12_usize).prop_flat_map(move |(columns, rows)| {
        prop::collection::vec(prop::collection::vec(text.clone(), columns), rows)
    })
}

/// What a text comes back as: nothing if it marks a missing value.
fn expected(text: &str) -> String {
    if matches!(text, "-" | "") { String::new() } else { text.to_owned() }
}

/// The line on which each row begins.
fn lines(content: &[Vec<String>], manner: &Manner) -> Vec<usize> {
    let breaks = |text: &str| text.replace("\r\n", "\n").matches(['\n', '\r']).count();
    let mut line = 1;
    let mut lines = Vec::new();
    for row in content {
        lines.push(line);
        line += row.iter().map(|field| breaks(field)).sum::<usize>() + breaks(manner.line_end);
    }
    lines
}

proptest! {
    #[test]
    fn texts_come_back(rows in table(), mut manner in manner(&ALL)) {
        // A blank line of a single column is a row.
        if rows[0].len() == 1 && manner.line_end.len() > 1 {
            manner.line_end = "\r\n";
        }
        let names: Vec<String> = (0..rows[0].len()).map(|index| format!("name {index}")).collect();
        let all: Vec<Vec<String>> = std::iter::once(names.clone()).chain(rows.clone()).collect();
        let options = ReadOptions { delimiter: Some(manner.delimiter as u8), ..ReadOptions::default() };
        let (found_names, found, found_lines) = texts(manner.write(&all), &options);
        prop_assert_eq!(found_names, names);
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|text| expected(text)).collect()).collect();
        prop_assert_eq!(found, rows);
        prop_assert_eq!(&found_lines, &lines(&all, &manner)[1..]);
    }

    #[test]
    fn numbers_come_back_exactly(
        values in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL, 2..50),
        manner in manner(&ALL),
    ) {
        let rows: Vec<Vec<String>> = values.iter().map(|value| vec![format!("{value:e}"), "x".into()]).collect();
        let all: Vec<Vec<String>> = std::iter::once(vec!["a".into(), "b".into()]).chain(rows).collect();
        let options = ReadOptions { delimiter: Some(manner.delimiter as u8), ..ReadOptions::default() };
        let fixture = Fixture::new(manner.write(&all));
        let request = Request { name: "a".into(), read_as: ReadAs::Numbers(Default::default()) };
        let frames = fixture.frames(&[request], &options, 7).unwrap();
        let found: Vec<f64> = frames.iter().flat_map(|frame| numbers(&frame.columns[0])).copied().collect();
        prop_assert_eq!(found, values);
    }

    #[test]
    fn the_delimiter_is_found(
        rows in prop::collection::vec(prop::collection::vec(-1000..1000_i32, 3), 2..20),
        manner in manner(&ALL[..4]),
    ) {
        let rows = rows.iter().map(|row| row.iter().map(|number| format!("{}.5", number)).collect());
        let all: Vec<Vec<String>> = std::iter::once(["a", "b", "c"].map(String::from).into()).chain(rows).collect();
        prop_assert_eq!(infer(manner.write(&all)).delimiter, Some(manner.delimiter));
    }
}
