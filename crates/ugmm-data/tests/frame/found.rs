//! What fuzzing found; each file is in the folder `found`.

use std::path::Path;

use ugmm_data::Table;
use ugmm_data::frame::{FrameReader, ReadOptions, Schema};

/// Whatever is in them, there is a table or one sentence.
#[test]
fn no_file_that_fuzzing_found_is_a_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frame/found");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let options = ReadOptions::default();
        let result = Schema::infer(&path, &options).and_then(|schema| {
            FrameReader::open(&path, &schema.requests(), &options, 100)?.collect::<Result<Vec<_>, _>>()?;
            Table::read_as(&path, schema, &options)
        });
        if let Err(error) = result {
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
        count += 1;
    }
    assert!(count > 0);
}

/// The decoder would make room for 10⁹ values, 5 GiB, of a file of 2 KB.
#[test]
fn a_dictionary_that_announces_more_values_than_it_has_is_refused() {
    let content = include_bytes!("found/dictionary-of-too-many-values.parquet");
    assert_eq!(
        crate::fixture::refusal(content),
        "t: the Parquet data is damaged or incomplete (a dictionary announces more values than it has bytes); fetch or \
         write the file again"
    );
}

/// Its size has 58 bits, of which the decoder keeps 32: it would make room for 1 GiB.
#[test]
fn a_page_whose_size_is_no_32_bit_number_is_refused() {
    let message = crate::fixture::refusal(include_bytes!("found/page-size-beyond-32-bits.parquet"));
    assert!(message.contains("claims to unpack to 18446744073709551615"), "{message}");
}

/// Arrow's schema says text, and the values are bytes: the decoder takes them for text unseen, which without debug
/// assertions is undefined behaviour.
#[test]
fn text_that_is_not_marked_as_such_is_refused() {
    let message = crate::fixture::refusal(include_bytes!("found/text-not-marked-as-utf8.parquet"));
    assert!(message.contains("that is not marked as UTF-8; convert it to"), "{message}");
}
