//! Files that mean no good: whatever is in them, there is a table or an error, and never a panic.

use parquet::basic::{BrotliLevel, Compression, ZstdLevel};
use proptest::prelude::*;
use ugmm_data::frame::{Kind, ReadOptions, Request};
use ugmm_data::{PreprocessingOptions, Preprocessor, Table};

use crate::fixture::{Fixture, gzip, zstd};
use crate::parquet::every_type;

/// Infers the schema, reads all columns as they are and as text, and makes inputs of them.
fn try_all(content: &[u8], options: &ReadOptions) {
    let fixture = Fixture::new(content);
    let Ok(schema) = fixture.infer(options) else { return };
    let _ = fixture.frames(&schema.requests(), options, 3);
    let texts: Vec<Request> = schema.columns.iter().map(|column| Request::text(&column.name)).collect();
    let rows: usize = fixture.frames(&texts, options, 3).unwrap().iter().map(|frame| frame.rows.len()).sum();
    assert_eq!(rows, schema.rows);
    let table = Table::read_as(&fixture.path(), schema, options).unwrap();
    assert_eq!(table.rows(), rows);
    // An index is left out, and has no labels.
    for column in table.schema().columns.iter().filter(|column| column.kind != Kind::Ignored) {
        let labels = table.labels(&column.name).unwrap();
        assert_eq!(labels.iter().filter(|label| label.is_none()).count(), column.missing);
    }
    let rows: Vec<usize> = (0..rows).collect();
    if let Ok(preprocessor) = Preprocessor::fit(&table, &rows, None, &PreprocessingOptions::default()) {
        let inputs = preprocessor.transform(&table, &rows).unwrap();
        assert_eq!(inputs.len(), rows.len() * preprocessor.inputs());
        assert!(inputs.iter().all(|input| !input.is_infinite()));
    }
}

proptest! {
    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        try_all(&bytes, &ReadOptions::default());
    }

    #[test]
    fn random_bytes_after_the_first_ones_of_a_known_kind(
        magic in prop::sample::select(vec![&b"PAR1"[..], b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xef\xbb\xbf", b"\0\0\x08\x03",
            b"\0\0\x08\x03\0\0\0\x02\0\0\0\x03\0\0\0"]),
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        tail in prop::bool::ANY,
    ) {
        let mut content = [magic, &bytes].concat();
        if tail {
            content.extend(b"PAR1");
        }
        try_all(&content, &ReadOptions::default());
    }

    #[test]
    fn random_signs_of_csv(text in "[a1,;\t|\"\r\n#.\u{feff}é -]{0,80}", has_header: bool) {
        let options = ReadOptions { has_header, ..ReadOptions::default() };
        try_all(text.as_bytes(), &options);
        try_all(&gzip(text.as_bytes()), &options);
        try_all(&zstd(text.as_bytes()), &options);
    }

    #[test]
    fn parquet_with_a_changed_byte(at in any::<prop::sample::Index>(), change in 1..=255u8) {
        for compression in [
            Compression::UNCOMPRESSED,
            Compression::ZSTD(ZstdLevel::default()),
            Compression::BROTLI(BrotliLevel::default()),
            Compression::LZ4_RAW,
        ] {
            let mut content = every_type(compression);
            let at = at.index(content.len());
            content[at] ^= change;
            Fixture::new(content).try_all(&ReadOptions::default());
        }
    }
}

#[test]
fn every_truncation() {
    let csv = "a;\"b\";c\r\n1,5;\"x\r\n\";\"é\"\r\n;yes;2024-01-01\r\n".as_bytes();
    for content in [csv.to_vec(), gzip(csv), zstd(csv)] {
        for length in 0..content.len() {
            try_all(&content[..length], &ReadOptions::default());
        }
    }
    let parquet = every_type(Compression::SNAPPY);
    for length in 0..parquet.len() {
        assert!(Fixture::new(&parquet[..length]).infer(&ReadOptions::default()).is_err());
    }
}
