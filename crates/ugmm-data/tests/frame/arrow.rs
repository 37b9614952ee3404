//! Files and streams of Arrow, which Feather files of version 2 are.

use std::sync::Arc;

use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{
    ArrayRef, BinaryArray, DictionaryArray, Int64Array, NullArray, RecordBatch, StringArray, new_null_array,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::DataType;
use parquet::basic::Compression;
use proptest::prelude::*;
use ugmm_data::frame::{ReadOptions, Request};

use crate::fixture::{Fixture, gzip, infer, infer_with, levels, numbers, read, refusal, strings, text};
use crate::parquet::{columns_of_every_type, every_type};

const CODECS: [Option<CompressionType>; 3] =
    [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)];

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    File,
    Stream,
}

/// The bytes of a file or stream with these batches.
pub fn written(form: Form, codec: Option<CompressionType>, batches: &[RecordBatch]) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(codec).unwrap();
    let options = match form {
        Form::File => options,
        Form::Stream => options.with_dictionary_handling(DictionaryHandling::Delta),
    };
    let (mut content, schema) = (Vec::new(), batches[0].schema());
    match form {
        Form::File => {
            let mut writer = FileWriter::try_new_with_options(&mut content, &schema, options).unwrap();
            batches.iter().for_each(|batch| writer.write(batch).unwrap());
            writer.finish().unwrap();
        }
        Form::Stream => {
            let mut writer = StreamWriter::try_new_with_options(&mut content, &schema, options).unwrap();
            batches.iter().for_each(|batch| writer.write(batch).unwrap());
            writer.finish().unwrap();
        }
    }
    content
}

fn of_columns(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    written(Form::File, None, &[RecordBatch::try_from_iter(columns).unwrap()])
}

#[test]
fn every_type_is_read_as_from_a_parquet_file() {
    let parquet = every_type(Compression::UNCOMPRESSED);
    let schema = infer(&parquet);
    let mut requests = schema.requests();
    requests.extend(schema.columns.iter().map(|column| Request::text(&column.name)));
    let batch = RecordBatch::try_from_iter(columns_of_every_type()).unwrap();
    for (form, codec) in
        [Form::File, Form::Stream].into_iter().flat_map(|form| CODECS.map(|codec| (form, codec)))
    {
        let content = written(form, codec, std::slice::from_ref(&batch));
        assert_eq!(infer(&content), schema, "{form:?} {codec:?}");
        // NaN differs from itself.
        let (found, expected) = (read(&content, &requests), read(&parquet, &requests));
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{form:?} {codec:?}");
    }
}

/// Batches of several lengths, an empty one too, whose dictionary grows from one to the next.
#[test]
fn batches_are_cut_into_frames() {
    let batch = |from: i64, to: i64| {
        let mut labels = StringDictionaryBuilder::<Int32Type>::new();
        // The second batch has the entries of the first before its own.
        (0..to).filter(|n| n % 3 == 0).for_each(|n| labels.append_value(format!("n{n}")));
        let entries = labels.finish().values().clone();
        let keys = (from..to).map(|n| if n % 3 == 0 { Some((n / 3) as i32) } else { None }).collect();
        let labels: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::try_new(keys, entries).unwrap());
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(from..to));
        RecordBatch::try_from_iter([("n", numbers), ("label", labels)]).unwrap()
    };
    let batches = [batch(0, 700), batch(700, 700), batch(700, 1000)];
    let fixture = Fixture::new(written(Form::Stream, Some(CompressionType::ZSTD), &batches));
    let options = ReadOptions::default();
    let schema = fixture.infer(&options).unwrap();
    assert_eq!((schema.rows, schema.columns[1].missing), (1000, 666));
    let requests = [Request::text("label"), schema.request("n").unwrap()];
    let frames = fixture.frames(&requests, &options, 300).unwrap();
    assert_eq!(frames.iter().map(|frame| frame.rows.len()).collect::<Vec<_>>(), [300, 300, 300, 100]);
    assert_eq!(frames[3].rows, (901..=1000).collect::<Vec<_>>());
    assert_eq!(text(&frames[3].columns[0])[99], Some("n999".to_owned()));
    let values: Vec<f64> = frames.iter().flat_map(|frame| numbers(&frame.columns[1])).copied().collect();
    assert_eq!(values, (0..1000).map(f64::from).collect::<Vec<_>>());
}

/// As pandas writes a categorical column without any value: a dictionary of no entries.
#[test]
fn columns_of_missing_values_only_are_constant() {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
    let content = of_columns(vec![
        ("d", new_null_array(&dictionary, 2)),
        ("e", Arc::new(DictionaryArray::<Int8Type>::from_iter([None::<&str>, None])) as ArrayRef),
        ("n", Arc::new(NullArray::new(2))),
        ("x", Arc::new(Int64Array::from(vec![1, 2]))),
    ]);
    let schema = infer(&content);
    assert_eq!(schema.columns.iter().map(|column| column.missing).collect::<Vec<_>>(), [2, 2, 2, 0]);
}

#[test]
fn other_types_are_refused_unless_they_are_ignored() {
    let content = of_columns(vec![
        ("a", Arc::new(BinaryArray::from(vec![&b"x"[..], b"y"])) as ArrayRef),
        ("b", Arc::new(StringArray::from(vec!["u", "v"]))),
    ]);
    assert_eq!(
        refusal(&content),
        "t: the column \"a\" is of the type Binary; convert it to numbers, booleans, strings, dates or timestamps; \
         to leave the column \"a\" out"
    );
    let options = ReadOptions { ignore: strings(&["a"]), ..ReadOptions::default() };
    assert_eq!(levels(&infer_with(&content, &options), "b"), [("u", 1), ("v", 1)]);
}

#[test]
fn compressed_files_and_other_versions_are_named() {
    let content = of_columns(vec![("a", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]);
    assert_eq!(
        refusal(gzip(&content)),
        "t is a compressed Arrow file, which cannot be read as a table; decompress it; Arrow files can be compressed inside"
    );
    assert!(refusal(b"FEA1....").starts_with("t is a Feather file of version 1, which cannot be read"));
}

#[test]
fn every_truncation_of_a_file_is_refused() {
    let batch = RecordBatch::try_from_iter(columns_of_every_type()).unwrap();
    let content = written(Form::File, Some(CompressionType::LZ4_FRAME), std::slice::from_ref(&batch));
    let end =
        content.windows(8).rposition(|bytes| bytes == [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]).unwrap() + 8;
    for length in 0..end {
        assert!(Fixture::new(&content[..length]).infer(&ReadOptions::default()).is_err(), "{length}");
    }
    // The footer lists again what is there.
    assert_eq!(infer(&content[..end]), infer(&content));
    let message = refusal(&content[..end - 8]);
    let expected = "t: the Arrow data is damaged or incomplete (it ends within a message); fetch or write the file again";
    assert_eq!(message, expected);
}

/// The first place of `part` in `content`.
fn place(content: &[u8], part: &[u8]) -> usize {
    content.windows(part.len()).position(|window| window == part).unwrap()
}

#[test]
fn announced_sizes_are_checked_before_there_is_room_for_them() {
    let values: ArrayRef = Arc::new(Int64Array::from(vec![7; 3000]));
    let batch = RecordBatch::try_from_iter([("a", values)]).unwrap();
    let mut content = written(Form::File, Some(CompressionType::ZSTD), std::slice::from_ref(&batch));
    let packed = place(&content, &24_000_u64.to_le_bytes());
    content[packed..packed + 8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    let message = refusal(&content);
    assert!(
        message.contains("a batch claims to unpack to 1099511627776 bytes, where 268435456 are"),
        "{message}"
    );

    let nothing: ArrayRef = Arc::new(NullArray::new(3000));
    let batch = RecordBatch::try_from_iter([("a", nothing)]).unwrap();
    let mut content = written(Form::Stream, None, std::slice::from_ref(&batch));
    while let Some(at) = content.windows(8).position(|window| window == 3000_u64.to_le_bytes()) {
        content[at..at + 8].copy_from_slice(&(1_u64 << 60).to_le_bytes());
    }
    let message = refusal(&content);
    assert!(message.contains("a batch of 0 bytes announces 1152921504606846976 rows"), "{message}");

    let message = refusal(b"\xff\xff\xff\xff\xff\xff\xff\x7f");
    assert!(message.contains("a message announces 2147483647 bytes"), "{message}");
}

proptest! {
    #[test]
    fn files_with_a_changed_byte(at in any::<prop::sample::Index>(), change in 1..=255u8) {
        let batch = RecordBatch::try_from_iter(columns_of_every_type()).unwrap();
        for codec in CODECS {
            for form in [Form::File, Form::Stream] {
                let mut content = written(form, codec, std::slice::from_ref(&batch));
                let at = at.index(content.len());
                content[at] ^= change;
                Fixture::new(content).try_all(&ReadOptions::default());
            }
        }
    }

    #[test]
    fn random_bytes_after_the_first_ones(
        magic in prop::sample::select(vec![&b"ARROW1\0\0"[..], b"\xff\xff\xff\xff", b"\xff\xff\xff\xff\x20\0\0\0"]),
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        Fixture::new([magic, &bytes].concat()).try_all(&ReadOptions::default());
    }
}
