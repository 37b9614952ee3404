//! Parquet files, written by Arrow.

use std::fs::File;
use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int8Array, Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampSecondArray, UInt64Array,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use ugmm_data::frame::{Doubt, Kind, ReadAs, ReadOptions, Request, Values};

use crate::fixture::{
    Fixture, infer, infer_with, kind, levels, numbers, read, read_refusal, refusal, refusal_with, strings,
    text,
};

/// The bytes of a file with these columns.
pub fn written(columns: Vec<(&str, ArrayRef)>, compression: Compression) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(1000))
        .set_data_page_row_count_limit(100)
        .build();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("f");
    let file = File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    std::fs::read(&path).unwrap()
}

fn plain(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    written(columns, Compression::UNCOMPRESSED)
}

/// A file with a column of every type that is supported.
pub fn every_type(compression: Compression) -> Vec<u8> {
    written(columns_of_every_type(), compression)
}

pub fn columns_of_every_type() -> Vec<(&'static str, ArrayRef)> {
    let dictionary: DictionaryArray<Int32Type> = [Some("u"), None, Some("v")].into_iter().collect();
    vec![
        ("i8", Arc::new(Int8Array::from(vec![Some(-1), None, Some(3)]))),
        ("i64", Arc::new(Int64Array::from(vec![Some(1 << 40), None, Some(3)]))),
        ("u64", Arc::new(UInt64Array::from(vec![Some(1), None, Some(3)]))),
        ("f32", Arc::new(Float32Array::from(vec![Some(0.5), None, Some(f32::NAN)]))),
        ("f64", Arc::new(Float64Array::from(vec![Some(0.1), None, Some(3.0)]))),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![Some(-12_345), None, Some(5)])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
        ),
        ("boolean", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("string", Arc::new(StringArray::from(vec![Some(" x "), Some("NA"), Some("y")]))),
        ("large", Arc::new(LargeStringArray::from(vec![Some("1"), None, Some("2")]))),
        ("view", Arc::new(StringViewArray::from(vec![Some("x"), None, Some("y")]))),
        ("dictionary", Arc::new(dictionary)),
        ("date", Arc::new(Date32Array::from(vec![Some(19_782), None, Some(0)]))),
        ("second", Arc::new(TimestampSecondArray::from(vec![Some(43_200), None, Some(86_400)]))),
        (
            "micro",
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(-43_200_000_000), None, Some(0)])
                    .with_timezone("UTC"),
            ),
        ),
        (
            "fixed",
            Arc::new(
                Decimal128Array::from(vec![Some(-12_345), None, Some(5)])
                    .with_precision_and_scale(30, 2)
                    .unwrap(),
            ),
        ),
    ]
}

#[test]
fn every_type_is_described_and_read() {
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4_RAW,
    ] {
        let content = every_type(compression);
        let schema = infer(&content);
        assert_eq!((schema.rows, schema.delimiter), (3, None));
        let kinds: Vec<&str> = schema.columns.iter().map(|column| kind(&schema, &column.name)).collect();
        let (number, category, date) = ("numeric", "categorical", "date");
        assert_eq!(
            kinds,
            [
                number, number, number, number, number, number, "boolean", category, category, category,
                category, date, date, date, number
            ]
        );
        let frame = read(&content, &schema.requests());
        assert_eq!(frame.rows, [1, 2, 3]);
        for (index, first, last) in [
            (0, -1.0, 3.0),
            (1, 2f64.powi(40), 3.0),
            (2, 1.0, 3.0),
            (4, 0.1, 3.0),
            (5, -123.45, 0.05),
            (6, 1.0, 0.0),
            (11, 19_782.0, 0.0),
            (12, 0.5, 1.0),
            (13, -0.5, 0.0),
            (14, -123.45, 0.05),
        ] {
            let values = numbers(&frame.columns[index]);
            assert_eq!((values[0], values[1].is_nan(), values[2]), (first, true, last), "{index}");
        }
        let floats = numbers(&frame.columns[3]);
        assert!(floats[0] == 0.5 && floats[1].is_nan() && floats[2].is_nan());
        for index in 7..11 {
            assert_eq!(frame.columns[index], Values::Codes(vec![Some(0), None, Some(1)]), "{index}");
        }
        assert_eq!(levels(&schema, "string"), [("x", 1), ("y", 1)]);
    }
}

#[test]
fn every_type_is_read_as_text() {
    let content = every_type(Compression::SNAPPY);
    let requests: Vec<Request> =
        infer(&content).columns.iter().map(|column| Request::text(&column.name)).collect();
    let frame = read(&content, &requests);
    let firsts: Vec<&str> = frame.columns.iter().map(|values| text(values)[0].as_deref().unwrap()).collect();
    assert_eq!(
        firsts,
        [
            "-1",
            "1099511627776",
            "1",
            "0.5",
            "0.1",
            "-123.45",
            "true",
            "x",
            "1",
            "x",
            "u",
            "2024-02-29",
            "1970-01-01T12:00:00",
            "1969-12-31T12:00:00Z",
            "-123.45"
        ]
    );
    assert!(frame.columns.iter().all(|values| text(values)[1].is_none()));
}

#[test]
fn rows_are_streamed_across_row_groups() {
    let values: Int64Array = (0..25_000).collect();
    let labels: StringArray = (0..25_000).map(|n| Some(format!("n{}", n % 7))).collect();
    let content = written(vec![("a", Arc::new(values)), ("b", Arc::new(labels))], Compression::SNAPPY);
    let fixture = Fixture::new(content);
    let options = ReadOptions::default();
    let schema = fixture.infer(&options).unwrap();
    let requests = [schema.request("b").unwrap(), schema.request("a").unwrap()];
    let frames = fixture.frames(&requests, &options, 700).unwrap();
    assert!(frames[..35].iter().all(|frame| frame.rows.len() == 700));
    let rows: Vec<usize> = frames.iter().flat_map(|frame| frame.rows.clone()).collect();
    assert_eq!(rows, (1..=25_000).collect::<Vec<_>>());
    let values: Vec<f64> = frames.iter().flat_map(|frame| numbers(&frame.columns[1])).copied().collect();
    assert_eq!(values, (0..25_000).map(f64::from).collect::<Vec<_>>());
}

#[test]
fn text_and_parquet_can_stand_for_each_other() {
    let schema = infer("a,b,c\n1,x,yes\n2,y,no\n");
    let content = plain(vec![
        ("c", Arc::new(BooleanArray::from(vec![false, true]))),
        ("b", Arc::new(StringArray::from(vec!["y", "z"]))),
        ("a", Arc::new(StringArray::from(vec!["1.5", "2"]))),
    ]);
    let frame = read(content, &schema.requests());
    assert_eq!(numbers(&frame.columns[0]), [1.5, 2.0]);
    assert_eq!(frame.columns[1], Values::Codes(vec![Some(1), Some(ugmm_data::frame::UNSEEN)]));
    assert_eq!(numbers(&frame.columns[2]), [0.0, 1.0]);
}

#[test]
fn strings_are_numbers_only_if_asked_for() {
    let content = plain(vec![("a", Arc::new(StringArray::from(vec!["1", "2.5"])))]);
    assert_eq!(kind(&infer(&content), "a"), "categorical");
    let options = ReadOptions { numeric: strings(&["a"]), ..ReadOptions::default() };
    assert!(matches!(infer_with(&content, &options).columns[0].kind, Kind::Numeric { max: 2.5, .. }));
    let options = ReadOptions { categorical: strings(&["a"]), ..ReadOptions::default() };
    let integers = plain(vec![("a", Arc::new(Int64Array::from(vec![10, 9, 10])))]);
    assert_eq!(levels(&infer_with(integers, &options), "a"), [("9", 1), ("10", 2)]);
}

#[test]
fn marks_that_are_numbers_are_missing_values() {
    let content = plain(vec![
        ("a", Arc::new(Int64Array::from(vec![-999, 1, 2]))),
        ("b", Arc::new(Float64Array::from(vec![1.5, -999.0, 2.0]))),
    ]);
    let options = ReadOptions { missing: strings(&["-999"]), ..ReadOptions::default() };
    let schema = infer_with(content, &options);
    assert_eq!((schema.columns[0].missing, schema.columns[1].missing), (1, 1));
}

#[test]
fn marks_are_compared_by_the_type_of_their_column() {
    let content = plain(vec![
        ("a", Arc::new(Float32Array::from(vec![-999.1, 1.0, 2.0])) as ArrayRef),
        ("b", Arc::new(Date32Array::from(vec![2_932_896, 1, 2]))),
        ("c", Arc::new(BooleanArray::from(vec![true, false, true]))),
        ("d", Arc::new(Float64Array::from(vec![1.5, f64::INFINITY, 2.0]))),
    ]);
    let missing = strings(&["-999.1", "9999-12-31", "FALSE", "inf", "-5"]);
    let options = ReadOptions { missing, ..ReadOptions::default() };
    let schema = infer_with(content, &options);
    assert_eq!(schema.columns.iter().map(|column| column.missing).collect::<Vec<_>>(), [1; 4]);
    assert_eq!(schema.doubts, [Doubt::UnmetMark { mark: "-5".into() }]);
}

#[test]
fn numbers_that_cannot_be_computed_with_are_refused() {
    let integers = plain(vec![("a", Arc::new(Int64Array::from(vec![1, (1 << 53) + 1, 2])))]);
    assert!(
        refusal(&integers).starts_with("t, row 2, column \"a\": \"9007199254740993\" has too many digits")
    );
    let floats = plain(vec![("a", Arc::new(Float64Array::from(vec![1.0, 2.0, f64::NEG_INFINITY])))]);
    assert!(refusal(&floats).starts_with("t, row 3, column \"a\": \"-inf\" is not a finite number"));
    let request = Request { name: "a".into(), read_as: ReadAs::Numbers(Default::default()) };
    assert!(
        read_refusal(&floats, &[request])
            .starts_with("t, row 3, column \"a\": \"-inf\" is not a finite number")
    );
}

#[test]
fn columns_that_are_no_single_values_are_refused() {
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), Some(2)]);
    let content = plain(vec![
        ("a", Arc::new(lists.finish())),
        ("b", Arc::new(BinaryArray::from(vec![&b"x"[..]]))),
        ("c", Arc::new(Int64Array::from(vec![1]))),
    ]);
    let message = refusal(&content);
    assert!(message.starts_with("t: the column \"a\" is nested (List("), "{message}");
    assert!(
        message.ends_with("); flatten it into columns of single values; to leave the column \"a\" out"),
        "{message}"
    );
    let ignore = |names: &[&str]| ReadOptions { ignore: strings(names), ..ReadOptions::default() };
    assert_eq!(
        refusal_with(&content, &ignore(&["a"])),
        "t: the column \"b\" is of the type Binary, stored as BYTE_ARRAY; convert it to numbers, booleans, strings, dates or timestamps; \
         to leave the column \"b\" out"
    );
    assert_eq!(kind(&infer_with(&content, &ignore(&["a", "b"])), "c"), "constant");
    assert_eq!(text(&read(&content, &[Request::text("c")]).columns[0]), [Some("1".to_owned())]);
    assert_eq!(infer_with(&content, &ignore(&["a", "b", "c"])).rows, 1);
}

#[test]
fn missing_values_come_back_from_every_kind_of_page() {
    // Runs of values and gaps of many lengths, so that levels are stored as runs and bit by bit.
    let gaps = [1, 2, 3, 7, 8, 9, 40, 1, 1, 1, 100, 64];
    let values: Vec<Option<i64>> =
        (0..).zip(gaps).flat_map(|(run, length)| vec![(run % 2 == 0).then_some(run); length]).collect();
    let texts: StringArray = values.iter().map(|value| value.map(|value| format!("text {value}"))).collect();
    let columns: Vec<(&str, ArrayRef)> =
        vec![("a", Arc::new(Int64Array::from(values.clone()))), ("b", Arc::new(texts))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for (dictionary, encoding) in
            [(true, Encoding::PLAIN), (false, Encoding::PLAIN), (false, Encoding::DELTA_BINARY_PACKED)]
        {
            let texts =
                if encoding == Encoding::PLAIN { encoding } else { Encoding::DELTA_LENGTH_BYTE_ARRAY };
            let properties = WriterProperties::builder()
                .set_writer_version(version)
                .set_dictionary_enabled(dictionary)
                .set_column_encoding("a".into(), encoding)
                .set_column_encoding("b".into(), texts)
                .set_data_page_row_count_limit(50)
                .set_write_batch_size(10);
            let mut content = Vec::new();
            let mut writer =
                ArrowWriter::try_new(&mut content, batch.schema(), Some(properties.build())).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            let frame = read(&content, &[infer(&content).request("a").unwrap(), Request::text("b")]);
            let found: Vec<Option<f64>> = numbers(&frame.columns[0])
                .iter()
                .map(|&number| if number.is_nan() { None } else { Some(number) })
                .collect();
            let expected: Vec<Option<f64>> =
                values.iter().map(|value| value.map(|value| value as f64)).collect();
            assert_eq!(found, expected, "{version:?} {dictionary} {encoding}");
            assert!(
                text(&frame.columns[1])
                    .iter()
                    .zip(&values)
                    .all(|(text, value)| { *text == value.map(|value| format!("text {value}")) })
            );
        }
    }
}

#[test]
fn columns_stored_in_rare_ways_are_refused() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["x", "xy"]));
    let decimals = Decimal128Array::from(vec![1, 2]).with_precision_and_scale(30, 2).unwrap();
    let batch = RecordBatch::try_from_iter([("a", texts), ("b", Arc::new(decimals) as ArrayRef)]).unwrap();
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_column_encoding("a".into(), Encoding::DELTA_BYTE_ARRAY);
    let mut content = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut content, batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    assert_eq!(
        refusal(&content),
        "t: the column \"a\" is stored with the encoding DELTA_BYTE_ARRAY; write the file with the usual ones, PLAIN or \
         RLE_DICTIONARY; to leave the column \"a\" out"
    );
    let options = ReadOptions { ignore: strings(&["a"]), ..ReadOptions::default() };
    assert_eq!(
        numbers(&read(&content, &[infer_with(&content, &options).request("b").unwrap()]).columns[0]),
        [0.01, 0.02]
    );
}

/// Files by pyarrow, whose decimals have a fixed number of bytes unless something else is asked for.
#[test]
fn decimals_of_other_writers_are_numbers() {
    let (dictionary, plain, integers) = (
        &include_bytes!("../data/decimals.parquet")[..],
        &include_bytes!("../data/decimals-plain.parquet")[..],
        &include_bytes!("../data/decimals-integers.parquet")[..],
    );
    let price = [12.34, f64::NAN, -0.05, 1_234_567_890_123_456.8].repeat(2);
    let long = [1.5, -2.0, f64::NAN, 3.25].repeat(2);
    let whole = [1.0, 2.0, 3.0, f64::NAN].repeat(2);
    let half = [0.5, f64::NAN, 1.5, 2.0].repeat(2);
    for (content, name, expected) in [
        (dictionary, "price", &price),
        (dictionary, "long", &long),
        (dictionary, "whole", &whole),
        (dictionary, "wide", &long),
        (dictionary, "short", &long),
        (dictionary, "half", &half),
        (plain, "price", &price),
        (plain, "long", &long),
        (plain, "whole", &whole),
        (integers, "price", &price),
        (integers, "whole", &whole),
    ] {
        let frame = read(content, &[infer(content).request(name).unwrap()]);
        let same = |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan();
        let found = numbers(&frame.columns[0]);
        assert!(found.len() == 8 && found.iter().zip(expected).all(same), "{name}: {found:?}");
    }
}

/// A file with a column of decimals with two decimal places, each of any number of bytes.
fn decimals_of_bytes(values: &[&[u8]]) -> Vec<u8> {
    let schema = parse_message_type("message m { required binary a (DECIMAL(9,2)); }").unwrap();
    let values: Vec<ByteArray> = values.iter().map(|bytes| ByteArray::from(bytes.to_vec())).collect();
    let mut content = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut content, Arc::new(schema), Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    content
}

#[test]
fn decimals_of_any_number_of_bytes_are_numbers_unless_they_are_too_long() {
    let content = decimals_of_bytes(&[&[1], &[0x04, 0xd2], &[0xff, 0xff, 0x9c]]);
    let frame = read(&content, &[infer(&content).request("a").unwrap()]);
    assert_eq!(numbers(&frame.columns[0]), [0.01, 12.34, -1.0]);
    let message = refusal(decimals_of_bytes(&[&[1], &[0; 17]]));
    assert!(message.contains("(a decimal has more bytes than its digits)"), "{message}");
}

/// The decoder would panic on some of these.
#[test]
fn decimals_with_a_changed_byte_are_read_or_refused() {
    for content in
        [&include_bytes!("../data/decimals.parquet")[..], include_bytes!("../data/decimals-plain.parquet")]
    {
        // Pages come first; behind them, what changes is seen in other tests.
        for at in (4..800).step_by(2) {
            let mut content = content.to_vec();
            content[at] ^= [0x01, 0x80, 0xff][at % 3];
            Fixture::new(content).try_all(&ReadOptions::default());
        }
    }
}

/// As pyarrow writes them with `compression="lz4"` and `"brotli"`.
#[test]
fn lz4_and_brotli_of_another_program_are_read() {
    for content in [&include_bytes!("../data/lz4.parquet")[..], include_bytes!("../data/brotli.parquet")] {
        let schema = infer(content);
        let frame = read(content, &[schema.requests()[0].clone(), Request::text("b")]);
        assert_eq!(numbers(&frame.columns[0]), [1.0, 2.0, 3.0]);
        assert_eq!(text(&frame.columns[1]), [Some("x".into()), Some("y".into()), Some("z".into())]);
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    assert_eq!(
        refusal(written(vec![("a", numbers)], Compression::LZ4)),
        "t: the column \"a\" is compressed with LZ4, which is not supported; write the file with snappy, gzip, zstd, brotli \
         or LZ4_RAW, or without compression; to leave the column \"a\" out"
    );
    let types = include_bytes!("../data/types.parquet");
    let message = refusal(types);
    assert!(
        message
            .starts_with("t: the column \"when\" is of the type Time64(µs), stored as INT64; convert it to"),
        "{message}"
    );
    let options = ReadOptions { ignore: strings(&["when"]), ..ReadOptions::default() };
    let message = refusal_with(types, &options);
    assert!(
        message.starts_with(
            "t: the column \"id\" is of the type FixedSizeBinary(16), stored as FIXED_LEN_BYTE_ARRAY(16); convert"
        ),
        "{message}"
    );
    // A column of nulls only.
    let options = ReadOptions { ignore: strings(&["when", "id"]), ..ReadOptions::default() };
    assert_eq!(infer_with(types, &options).columns[2].missing, 2);
}

#[test]
fn files_without_rows_are_refused() {
    let content = plain(vec![("a", Arc::new(Int64Array::from(Vec::<i64>::new())))]);
    assert_eq!(refusal(&content), "t has columns but no rows of data");
    assert_eq!(read_refusal(&content, &[Request::text("a")]), "t has columns but no rows of data");
}

#[test]
fn truncated_files_are_refused() {
    let content = every_type(Compression::SNAPPY);
    for length in [4, 8, 100, content.len() / 2, content.len() - 1] {
        let message = refusal(&content[..length]);
        assert!(message.starts_with("t: the Parquet data is damaged or incomplete ("), "{length}: {message}");
    }
}
