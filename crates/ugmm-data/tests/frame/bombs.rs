//! Small files that would fill the memory, or the stack.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use ugmm_data::Table;
use ugmm_data::frame::{FrameReader, ReadOptions, Request, Schema};

use crate::fixture::{Fixture, gzip, refusal, zstd};

/// A Parquet file that is nothing but this footer.
fn footer(metadata: &[u8]) -> Vec<u8> {
    [b"PAR1", metadata, &(metadata.len() as u32).to_le_bytes(), b"PAR1"].concat()
}

/// Thrift's compact form of metadata: version 1, and a schema of groups with so many children each.
fn schema(children: &[u64]) -> Vec<u8> {
    let number = |mut number: u64, bytes: &mut Vec<u8>| {
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
    };
    let mut bytes = vec![0x15, 2, 0x19, 0xfc];
    number(children.len() as u64, &mut bytes);
    for &children in children {
        // Required, named g, and the number of children.
        bytes.extend([0x35, 0, 0x18, 1, b'g', 0x15]);
        number(2 * children, &mut bytes);
        bytes.push(0);
    }
    bytes.push(0);
    bytes
}

#[test]
fn a_schema_that_announces_more_columns_than_there_are_is_refused() {
    let message = refusal(footer(&schema(&[2_000_000_000, 0])));
    assert_eq!(
        message,
        "t: the Parquet data is damaged or incomplete (a group of the schema announces more columns than there are); \
         fetch or write the file again"
    );
}

/// Without the check the decoder calls itself for each, until there is no more stack.
#[test]
fn columns_a_hundred_thousand_levels_deep_are_refused() {
    let children: Vec<u64> = (0..100_000).map(|_| 1).chain([0]).collect();
    let message = refusal(footer(&schema(&children)));
    assert!(message.contains("its columns are nested too deeply"), "{message}");
}

/// A file with one page of so many zeros.
fn zeros(count: usize, compression: Compression) -> Vec<u8> {
    let column: ArrayRef = Arc::new(Float64Array::from_iter_values(std::iter::repeat_n(0.0, count)));
    let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_dictionary_enabled(false)
        .set_data_page_size_limit(1 << 30)
        .set_data_page_row_count_limit(usize::MAX)
        .set_max_row_group_row_count(Some(usize::MAX));
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn pages_that_unpack_to_far_more_than_they_are_are_refused() {
    for compression in [
        Compression::SNAPPY,
        Compression::ZSTD(ZstdLevel::default()),
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4_RAW,
    ] {
        let fine = zeros(100_000, compression);
        let schema = Fixture::new(fine).infer(&ReadOptions::default()).unwrap();
        assert_eq!(schema.rows, 100_000, "{compression:?}");
        // 80 MB in one page. Snappy packs it to a twentieth only, which is no more than is allowed.
        let bomb = zeros(10_000_000, compression);
        let inferred = Fixture::new(&bomb).infer(&ReadOptions::default());
        if compression == Compression::SNAPPY {
            assert_eq!(inferred.unwrap().rows, 10_000_000);
            continue;
        }
        let message = inferred.unwrap_err().to_string();
        assert!(message.contains("claims to unpack to 8000"), "{compression:?}: {message}");
    }
}

/// The decoders of gzip and Brotli do not look at what the header announces.
#[test]
fn pages_that_unpack_to_far_more_than_they_announce_are_refused() {
    for compression in [Compression::GZIP(GzipLevel::default()), Compression::BROTLI(BrotliLevel::default())]
    {
        let mut bomb = zeros(10_000_000, compression);
        // A page of the first version, and a number of four bytes: 200 in place of 80 million.
        assert_eq!(bomb[4..7], [0x15, 0, 0x15]);
        assert!(bomb[7..10].iter().all(|&byte| byte >= 0x80) && bomb[10] < 0x80, "{:?}", &bomb[7..11]);
        bomb[7..11].copy_from_slice(&[0x90, 0x83, 0x80, 0]);
        let message = refusal(&bomb);
        assert!(message.contains("unpacks to more than 67108864"), "{compression:?}: {message}");
    }
}

/// What is read in batches may be packed as densely as it likes; a table in memory may not.
#[test]
fn a_packed_table_that_would_fill_the_memory_is_refused() {
    let text = format!("x,y\n{}", "1,2\n2,1\n".repeat(6_000_000));
    for (packed, kind) in [(gzip(text.as_bytes()), "gzip"), (zstd(text.as_bytes()), "zstd")] {
        assert!(packed.len() < 530_000, "{kind}: {}", packed.len());
        let fixture = Fixture::new(packed);
        let options = ReadOptions::default();
        let mut frames = FrameReader::open(&fixture.path(), &[Request::text("x")], &options, 1000).unwrap();
        assert_eq!(frames.next().unwrap().unwrap().rows.len(), 1000);
        let schema = Schema::infer(&fixture.path(), &options).unwrap();
        assert_eq!(schema.rows, 12_000_000);
        let error = Table::read_as(&fixture.path(), schema, &options).unwrap_err();
        assert_eq!(
            fixture.message(&error),
            "t holds more than 500 times its own size, which tables do not; if it is right, save it as plain CSV"
        );
    }
}
