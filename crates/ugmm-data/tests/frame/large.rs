//! Many rows and many columns.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::{ArrayRef, Int64Array};
use parquet::basic::Compression;
use ugmm_data::frame::{FrameReader, ReadOptions, Request, Schema};

use crate::fixture::{Fixture, kind, numbers, strings, zstd};
use crate::parquet::written;

#[test]
fn many_rows_come_in_bounded_batches() {
    let mut content = String::from("n,half,label\n");
    for n in 0..300_000 {
        writeln!(content, "{n},{},class {}", f64::from(n) / 2.0, n % 5).unwrap();
    }
    for content in [content.clone().into_bytes(), zstd(content.as_bytes())] {
        let fixture = Fixture::new(content);
        let options = ReadOptions::default();
        let schema = fixture.infer(&options).unwrap();
        assert_eq!(schema.rows, 300_000);
        assert_eq!(
            ["n", "half", "label"].map(|name| kind(&schema, name)),
            ["numeric", "numeric", "categorical"]
        );
        let reader = FrameReader::open(&fixture.path(), &schema.requests(), &options, 4096).unwrap();
        let mut next = 0;
        for frame in reader {
            let frame = frame.unwrap();
            assert!(frame.rows.len() == 4096 || next + frame.rows.len() == 300_000);
            for (&value, &row) in numbers(&frame.columns[0]).iter().zip(&frame.rows) {
                assert_eq!((value, row), (next as f64, next + 2));
                next += 1;
            }
        }
        assert_eq!(next, 300_000);
    }
}

#[test]
fn many_columns_are_read() {
    let columns = 10_000;
    let names: Vec<String> = (0..columns).map(|index| format!("c{index}")).collect();
    let mut content = names.join(",") + "\n";
    for row in 0..300 {
        let fields: Vec<String> = (0..columns).map(|column| format!("{}.25", row * column % 1009)).collect();
        content += &(fields.join(",") + "\n");
    }
    let fixture = Fixture::new(content);
    let options = ReadOptions::default();
    let schema = fixture.infer(&options).unwrap();
    assert_eq!((schema.columns.len(), schema.rows), (columns, 300));
    assert_eq!(kind(&schema, "c9999"), "numeric");
    // Of the first all values are alike.
    let requests = schema.requests();
    let frames = fixture.frames(&requests, &options, 128).unwrap();
    assert_eq!(frames.iter().map(|frame| frame.rows.len()).collect::<Vec<_>>(), [128, 128, 44]);
    assert_eq!(numbers(frames[2].columns.last().unwrap())[43], f64::from(299 * 9999 % 1009) + 0.25);
    let some = [Request::text("c9999"), Request::text("c1")];
    assert_eq!(fixture.frames(&some, &options, 1000).unwrap()[0].columns.len(), 2);
    let wrong = ReadOptions { ignore: strings(&["d1"]), ..ReadOptions::default() };
    assert!(fixture.message(&fixture.infer(&wrong).unwrap_err()).ends_with("\"c9\" and 9990 more"));
}

#[test]
fn many_columns_of_parquet_are_read() {
    let names: Vec<String> = (0..3000).map(|index| format!("c{index}")).collect();
    let column =
        |index: i64| Arc::new(Int64Array::from_iter_values((0..50).map(|row| row * index))) as ArrayRef;
    let columns = names.iter().zip(0..).map(|(name, index)| (name.as_str(), column(index))).collect();
    let fixture = Fixture::new(written(columns, Compression::SNAPPY));
    let options = ReadOptions::default();
    let schema = fixture.infer(&options).unwrap();
    assert_eq!((schema.columns.len(), schema.rows), (3000, 50));
    let frames = fixture.frames(&schema.requests(), &options, 20).unwrap();
    assert_eq!(frames.len(), 3);
    assert_eq!(numbers(frames[2].columns.last().unwrap())[9], f64::from(49 * 2999));
}

/// `cargo test --release -p ugmm-data --test frame speed -- --ignored --nocapture`
#[test]
#[ignore = "a measurement, not a test"]
fn speed() {
    let mut content = String::from("a,b,c,d,e,f,g,h,label,when\n");
    let mut state = 1_u64;
    for n in 0..1_000_000_u64 {
        for _ in 0..7 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            write!(content, "{:.6},", (state >> 11) as f64 / 1e12).unwrap();
        }
        writeln!(content, "{},class {},2024-01-{:02}", n, n % 10, n % 28 + 1).unwrap();
    }
    let mebibytes = content.len() as f64 / f64::from(1 << 20);
    let fixture = Fixture::new(content);
    let options = ReadOptions::default();
    let start = Instant::now();
    let schema = Schema::infer(&fixture.path(), &options).unwrap();
    println!("{mebibytes:.0} MiB: schema in {:.2} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let reader = FrameReader::open(&fixture.path(), &schema.requests(), &options, 8192).unwrap();
    let rows: usize = reader.map(|frame| frame.unwrap().rows.len()).sum();
    println!("{rows} rows in {:.2} s", start.elapsed().as_secs_f64());
}
