//! Tables from standard input: this test program calls itself with them.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use parquet::basic::Compression;
use ugmm_data::Table;
use ugmm_data::frame::{ColumnData, FrameReader, ReadOptions, Request, Schema, Values};

use crate::fixture::{gzip, numbers, zstd};
use crate::parquet::every_type;

/// Set for the called program only, so that it does not wait for a person to type a table.
const CALLED: &str = "UGMM_DATA_READS_STANDARD_INPUT";
/// Begins the lines that the called program writes, among those of the test harness.
const MARK: &str = "read: ";

#[test]
#[ignore = "the program that the tests below call"]
fn reads() {
    match std::env::var(CALLED).as_deref() {
        Ok("frames") => reads_frames(),
        Ok("table") => reads_a_table(),
        _ => {}
    }
}

fn reads_frames() {
    let requests = [Request::text("label"), number("n")];
    match FrameReader::open(Path::new("-"), &requests, &ReadOptions::default(), 1000) {
        Ok(frames) => frames.for_each(|frame| match frame {
            Ok(frame) => {
                let Values::Text(labels) = &frame.columns[0] else { panic!("{frame:?}") };
                let sum: f64 = numbers(&frame.columns[1]).iter().sum();
                println!("{MARK}{} rows to line {}", labels.len(), frame.rows[frame.rows.len() - 1]);
                println!("{MARK}{:?} sum {sum}", labels[0]);
            }
            Err(error) => println!("{MARK}{error}"),
        }),
        Err(error) => println!("{MARK}{error}"),
    }
}

fn reads_a_table() {
    let columns = [
        ("label".to_owned(), ColumnData::Text(vec![Some("a".into()), Some("b".into())])),
        ("n".to_owned(), ColumnData::Numbers(vec![1.0, 2.0])),
    ];
    let schema = Table::from_columns(columns.to_vec()).unwrap().schema().clone();
    let table = Table::read_as(Path::new("-"), schema, &ReadOptions::default()).unwrap();
    println!("{MARK}{:?} {:?}", table.column("label").unwrap(), table.column("n").unwrap());
}

fn number(name: &str) -> Request {
    Request { name: name.into(), read_as: ugmm_data::frame::ReadAs::Numbers(Default::default()) }
}

/// What the called program says about `input` frame by frame.
fn said(input: Vec<u8>) -> Vec<String> {
    said_by("frames", input)
}

fn said_by(reader: &str, input: Vec<u8>) -> Vec<String> {
    let mut program = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "standard_input::reads", "--ignored", "--nocapture", "--test-threads=1"])
        .env(CALLED, reader)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = program.stdin.take().unwrap();
    // More than a pipe holds must be written while the program reads.
    let writer = thread::spawn(move || match pipe.write_all(&input) {
        // It need not read on after an error.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => panic!("{error}"),
        _ => {}
    });
    let output = program.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    // The harness writes the name of the test before the first line.
    text.lines().filter_map(|line| line.split_once(MARK)).map(|(_, said)| said.to_owned()).collect()
}

#[test]
fn text_is_read_plain_and_compressed() {
    let mut content = String::from("n,label\n");
    for n in 0..2500 {
        content += &format!("{n},class {n} {}\n", "x".repeat(1000));
    }
    for input in [content.clone().into_bytes(), gzip(content.as_bytes()), zstd(content.as_bytes())] {
        let lines = said(input);
        assert_eq!(lines.len(), 6, "{lines:?}");
        assert_eq!(
            [&lines[0], &lines[2], &lines[4]],
            ["1000 rows to line 1001", "1000 rows to line 2001", "500 rows to line 2501"]
        );
        let sum: f64 = (2000..2500).map(f64::from).sum();
        assert!(lines[5].starts_with("Some(\"class 2000 xx") && lines[5].ends_with(&format!(" sum {sum}")));
    }
}

#[test]
fn messages_say_standard_input() {
    let content = b"n,label\n1,a\nfive,b\n";
    assert_eq!(
        said(content.to_vec()),
        ["standard input, row 3, column \"n\": \"five\" is not a number; write it like 5.1 or -2e-3"]
    );
    assert_eq!(
        said(b"n,labels\n1,a\n".to_vec()),
        [
            "standard input: there is no column \"label\" (is it \"labels\"?); the columns are \"n\", \"labels\""
        ]
    );
    assert_eq!(said(b"n,label\n".to_vec()), ["standard input has columns but no rows of data"]);
    let gzip = gzip(b"n,label\n1,a\n");
    assert_eq!(
        said(gzip[..gzip.len() - 5].to_vec()),
        ["standard input: the gzip data breaks off before its end; fetch the file again"]
    );
    assert_eq!(
        said(Vec::new()),
        ["standard input is empty; a table needs rows and, unless it is read without one, a header line"]
    );
    assert_eq!(
        said(every_type(Compression::UNCOMPRESSED)),
        ["standard input holds a Parquet file, which is read from its end; give it as a file"]
    );
}

#[test]
fn a_table_whose_schema_is_known_is_read() {
    let lines = said_by("table", b"n,label\n7,b\n8,c\n".to_vec());
    assert_eq!(lines, ["Codes([Some(1), Some(4294967295)]) Numbers([7.0, 8.0])"]);
}

#[test]
fn what_is_read_twice_is_no_standard_input() {
    let options = ReadOptions::default();
    let message = "the table is read twice, once to infer what its columns hold, so it cannot come from standard input; \
        save it as a file";
    assert_eq!(Schema::infer(Path::new("-"), &options).unwrap_err().to_string(), message);
    assert_eq!(Table::read(Path::new("-"), &options).unwrap_err().to_string(), message);
}
