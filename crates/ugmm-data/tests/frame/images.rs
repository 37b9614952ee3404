//! IDX files of images as tables, with and without labels, good and hostile.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use ugmm_data::frame::{FrameError, FrameReader, Kind, ReadOptions, Request, Schema, Values};
use ugmm_data::{ImageGrid, ImageShape, Table};

use crate::fixture::{gzip, kind, levels, numbers, read_refusal, refusal, strings, texts, zstd};

const IMAGES: &str = "train-images-idx3-ubyte";

/// An IDX file with this header, then `data`.
fn idx(header: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = header.iter().flat_map(|number| number.to_be_bytes()).collect();
    bytes.extend_from_slice(data);
    bytes
}

/// Three images of 2x2 pixels, of which the first is always 0 and the last 51 everywhere.
fn three() -> Vec<u8> {
    idx(&[0x803, 3, 2, 2], &[0, 255, 102, 51, 0, 0, 1, 51, 0, 255, 0, 51])
}

struct Folder(TempDir);

impl Folder {
    fn with(files: &[(&str, Vec<u8>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn schema(&self, name: &str) -> Result<Schema, FrameError> {
        Schema::infer(&self.path(name), &ReadOptions::default())
    }

    /// The message without the folder, which differs each time.
    fn message(&self, error: impl std::fmt::Display) -> String {
        let folder = format!("{}{}", self.0.path().display(), std::path::MAIN_SEPARATOR);
        error.to_string().replace(&folder, "")
    }
}

#[test]
fn a_row_is_an_image_with_its_label() {
    let labels = idx(&[0x801, 3], &[7, 0, 7]);
    let folder = Folder::with(&[(IMAGES, three()), ("train-labels-idx1-ubyte", labels)]);
    let schema = folder.schema(IMAGES).unwrap();
    let names: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["label", "pixel_1_1", "pixel_1_2", "pixel_2_1", "pixel_2_2"]);
    assert_eq!((schema.rows, schema.delimiter), (3, None));
    assert_eq!(levels(&schema, "label"), [("0", 1), ("7", 2)]);
    assert!(schema.is_label("label") && !schema.is_label("pixel_1_1"));
    assert_eq!(kind(&schema, "pixel_1_1"), "constant");
    assert_eq!(kind(&schema, "pixel_2_2"), "constant");
    assert_eq!(levels(&schema, "pixel_1_2"), [("0", 1), ("1", 2)]);
    let Kind::Numeric { min, max, integers, .. } = schema.column("pixel_2_1").unwrap().kind else { panic!() };
    assert_eq!((min, max, integers), (0.0, 0.4, false));
    let images = schema.images.as_ref().unwrap();
    assert_eq!(images.shape, ImageShape { rows: 2, columns: 2 });
    assert_eq!(images.labels, Some(folder.path("train-labels-idx1-ubyte")));

    let options = ReadOptions::default();
    let requests =
        [schema.request("pixel_2_1").unwrap(), Request::text("label"), schema.request("pixel_1_2").unwrap()];
    let frames: Vec<_> = FrameReader::open(&folder.path(IMAGES), &requests, &options, 2)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!((frames[0].rows.as_slice(), frames[1].rows.as_slice()), (&[1, 2][..], &[3][..]));
    assert_eq!(numbers(&frames[0].columns[0]), [0.4, 1.0 / 255.0]);
    assert_eq!(frames[0].columns[1], Values::Text(vec![Some("7".into()), Some("0".into())]));
    assert_eq!(numbers(&frames[1].columns[2]), [1.0]);

    let table = Table::read(&folder.path(IMAGES), &options).unwrap();
    assert_eq!(table.labels("label").unwrap(), ["7", "0", "7"].map(|label| Some(label.to_owned())));
}

/// What a schema found by counting bytes says is what one found value by value would: that of the same table as text.
#[test]
fn counting_bytes_finds_what_reading_values_does() {
    let pixels: Vec<u8> = (0..40_u32 * 6).map(|n| (n * n % 97 * 11 % 256) as u8).collect();
    let labels: Vec<u8> = (0..40).map(|n: u8| n % 12 * 7 % 12).collect();
    let folder =
        Folder::with(&[("images", idx(&[0x803, 40, 2, 3], &pixels)), ("labels", idx(&[0x801, 40], &labels))]);
    let schema = folder.schema("images").unwrap();
    let mut text =
        schema.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>().join(",") + "\n";
    for (image, label) in pixels.chunks(6).zip(&labels) {
        let values: Vec<String> = image.iter().map(|&byte| (f64::from(byte) / 255.0).to_string()).collect();
        text += &format!("{label},{}\n", values.join(","));
    }
    fs::write(folder.path("t.csv"), text).unwrap();
    for options in [
        ReadOptions::default(),
        ReadOptions {
            missing: strings(&["0", "7"]),
            categorical: strings(&["pixel_1_1"]),
            numeric: strings(&["label"]),
            ignore: strings(&["pixel_2_3"]),
            ..ReadOptions::default()
        },
    ] {
        let of_images = Schema::infer(&folder.path("images"), &options).unwrap();
        let of_text = Schema::infer(&folder.path("t.csv"), &options).unwrap();
        assert_eq!(of_images.columns, of_text.columns);
        assert_eq!(of_images.rows, of_text.rows);
    }
}

#[test]
fn labels_are_found_under_the_names_that_they_have() {
    let labels = idx(&[0x801, 3], &[1, 2, 3]);
    for (images, file_of_labels, is_packed) in [
        ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", false),
        ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz", true),
        ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", true),
        ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte", false),
        ("t10k-images-idx3-ubyte.zst", "t10k-labels-idx1-ubyte.gz", true),
        ("train-images.idx3-ubyte", "train-labels.idx1-ubyte", false),
        ("images.idx", "labels.idx", false),
    ] {
        let packed = if is_packed { gzip(&labels) } else { labels.clone() };
        let content = match images.rsplit('.').next() {
            Some("gz") => gzip(&three()),
            Some("zst") => zstd(&three()),
            _ => three(),
        };
        let folder = Folder::with(&[(images, content), (file_of_labels, packed)]);
        let found = folder.schema(images).unwrap().images.unwrap().labels;
        assert_eq!(found, Some(folder.path(file_of_labels)));
        assert_eq!(levels(&folder.schema(images).unwrap(), "label").len(), 3);
    }
}

#[test]
fn without_labels_there_is_no_column_of_them() {
    let folder = Folder::with(&[(IMAGES, three()), ("digits", three())]);
    let schema = folder.schema(IMAGES).unwrap();
    assert_eq!((schema.columns.len(), schema.columns[0].name.as_str()), (4, "pixel_1_1"));
    let expected = "train-images-idx3-ubyte: there is no column \"label\", because no file of labels lies beside the \
                    images; it would be called train-labels-idx1-ubyte or train-labels-idx1-ubyte.gz";
    assert_eq!(folder.message(schema.column("label").unwrap_err()), expected);
    let options = ReadOptions::default();
    let open = |requests: &[Request]| {
        let error = FrameReader::open(&folder.path(IMAGES), requests, &options, 9).err().unwrap();
        folder.message(error)
    };
    assert_eq!(open(&[Request::text("pixel_1_1"), Request::text("label")]), expected);
    let ignore = ReadOptions { ignore: strings(&["label"]), ..ReadOptions::default() };
    assert_eq!(folder.message(Schema::infer(&folder.path(IMAGES), &ignore).unwrap_err()), expected);
    assert_eq!(
        folder.message(folder.schema("digits").unwrap().column("label").unwrap_err()),
        "digits: there is no column \"label\", because no file of labels lies beside the images; it is looked for where \
         the name of the file of images has \"images\" in it, and is called \"labels\" instead"
    );
    // Of another column nothing is known.
    assert_eq!(
        open(&[Request::text("pixel_3_1")]),
        "train-images-idx3-ubyte: the images are 2x2 pixels, so there is no column \"pixel_3_1\""
    );
    assert_eq!(
        open(&[Request::text("age")]),
        "train-images-idx3-ubyte: there is no column \"age\"; the columns are \"pixel_1_1\", \"pixel_1_2\", \
         \"pixel_2_1\", \"pixel_2_2\""
    );
}

/// A broken file of labels is no reason not to look at the images alone.
#[test]
fn labels_must_be_one_for_each_image_where_they_are_asked_for() {
    for (labels, expected) in [
        (
            idx(&[0x801, 4], &[0; 4]),
            "train-images-idx3-ubyte holds 3 images but train-labels-idx1-ubyte holds 4 labels; there must be one \
             label per image",
        ),
        // Refused before any of the labels is read.
        (
            gzip(&idx(&[0x801, u32::MAX], &[0; 4])),
            "train-images-idx3-ubyte holds 3 images but train-labels-idx1-ubyte holds 4294967295 labels; there must be \
             one label per image",
        ),
        (
            idx(&[0x801, 3], &[0; 2]),
            "train-labels-idx1-ubyte: the header announces 3 data bytes, but the file holds only 2",
        ),
        (
            three(),
            "train-labels-idx1-ubyte: the file begins with 0x00000803, where an IDX file of labels begins with \
             0x00000801; it seems to hold images",
        ),
        (
            Vec::new(),
            "train-labels-idx1-ubyte: the file ends after 0 bytes, where an IDX header of labels has 8",
        ),
    ] {
        let folder = Folder::with(&[(IMAGES, three()), ("train-labels-idx1-ubyte", labels)]);
        assert_eq!(folder.message(folder.schema(IMAGES).unwrap_err()), expected);
        let ignore = ReadOptions { ignore: strings(&["label"]), ..ReadOptions::default() };
        let schema = Schema::infer(&folder.path(IMAGES), &ignore).unwrap();
        assert_eq!(Table::read_as(&folder.path(IMAGES), schema, &ignore).unwrap().rows(), 3);
    }
}

#[test]
fn other_idx_files_are_refused() {
    for (header, what) in [
        ([0x804, 1, 1, 1], "unsigned bytes in 4 dimensions"),
        ([0x802, 1, 1, 1], "unsigned bytes in 2 dimensions"),
        ([0xd03, 1, 1, 1], "floats of 32 bits in 3 dimensions"),
        ([0x903, 1, 1, 1], "signed bytes in 3 dimensions"),
        ([0x8ff, 1, 1, 1], "unsigned bytes in 255 dimensions"),
    ] {
        let expected = format!(
            "t is an IDX file of {what}, where images are unsigned bytes in 3: images, rows and columns"
        );
        assert_eq!(refusal(idx(&header, &[0; 9])), expected);
        assert_eq!(refusal(gzip(&idx(&header, &[0; 9]))), expected);
        assert_eq!(refusal(header[0].to_be_bytes()), expected);
    }
    assert_eq!(
        refusal(idx(&[0x801, 2], &[0, 1])),
        "t is an IDX file of unsigned bytes in 1 dimension, where images are unsigned bytes in 3: images, rows and \
         columns; if it holds their labels, give the file of images, and the labels are found beside it"
    );
    // These are no IDX files at all.
    for bytes in [&[0, 0, 8, 0, 1][..], &[0, 0, 7, 3, 1], &[0, 0, 8], &[0, 1, 8, 3, 1]] {
        assert!(!refusal(bytes).contains("IDX"), "{bytes:?}");
    }
}

#[test]
fn headers_that_lie_are_refused_without_making_room_for_what_they_say() {
    let whole = three();
    for pack in [|bytes: &[u8]| bytes.to_vec(), |bytes: &[u8]| gzip(bytes), |bytes: &[u8]| zstd(bytes)] {
        let refused = |bytes: &[u8]| refusal(pack(bytes));
        for length in [4, 5, 8, 15] {
            let expected =
                format!("t: the file ends after {length} bytes, where an IDX header of images has 16");
            assert_eq!(refused(&whole[..length]), expected);
        }
        for (sizes, what) in [([0, 2, 2], "images"), ([3, 0, 2], "rows"), ([3, 2, 0], "columns")] {
            let expected = format!("t: the header gives 0 as the number of {what}; it must be at least 1");
            assert_eq!(refused(&idx(&[0x803, sizes[0], sizes[1], sizes[2]], &[])), expected);
        }
        for length in [16, 17, 27] {
            let found = length - 16;
            let expected = format!("t: the header announces 12 data bytes, but the file holds only {found}");
            assert_eq!(refused(&whole[..length]), expected);
        }
        let longer = [whole.as_slice(), &[0]].concat();
        let expected = "t: the header announces 12 data bytes, but the file goes on for at least 13";
        assert_eq!(refused(&longer), expected);
        assert_eq!(
            refused(&idx(&[0x803, u32::MAX, 16, 16], &[0; 300])),
            "t: the header announces 1099511627520 data bytes, but the file holds only 300"
        );
        // Also where some columns of the file are read.
        assert_eq!(read_refusal(pack(&longer), &[Request::text("pixel_1_1")]), expected);
    }
    assert_eq!(
        refusal(idx(&[0x803, u32::MAX, u32::MAX, u32::MAX], &[0; 5])),
        "t: the header announces 79228162458924105385300197375 data bytes, but the file holds only 5"
    );
    let too_large =
        "and a table has a column for each; make them smaller, of at most 65536 pixels, such as 256x256";
    assert_eq!(
        refusal(gzip(&idx(&[0x803, 1, u32::MAX, u32::MAX], &[0; 5]))),
        format!("t: the images are 4294967295x4294967295 pixels, {too_large}")
    );
    assert_eq!(
        refusal(idx(&[0x803, 1, 1, 65_537], &[0; 65_537])),
        format!("t: the images are 1x65537 pixels, {too_large}")
    );
}

#[test]
fn the_largest_images_are_read() {
    let mut pixels = vec![0; 2 << 16];
    pixels[(2 << 16) - 1] = 255;
    let folder = Folder::with(&[("t", idx(&[0x803, 2, 256, 256], &pixels))]);
    let schema = folder.schema("t").unwrap();
    let informative: Vec<&str> = schema
        .columns
        .iter()
        .filter(|column| column.is_informative())
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!((schema.columns.len(), informative), (1 << 16, vec!["pixel_256_256"]));
}

#[test]
fn broken_compression_is_told() {
    let whole = gzip(&idx(
        &[0x803, 100, 30, 30],
        &(0..90_000_u32).map(|n| (n % 251 * (n % 241) % 256) as u8).collect::<Vec<_>>(),
    ));
    assert_eq!(
        refusal(&whole[..whole.len() - 100]),
        "t: the gzip data breaks off before its end; fetch the file again"
    );
    let mut damaged = whole.clone();
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    assert!(refusal(damaged).starts_with("t: the gzip data is damaged ("));
}

/// More pixels than are read at once, and more than the beginning that tells what a file is.
#[test]
fn many_images_come_in_batches_of_any_size() {
    let pixels: Vec<u8> = (0..3_000_u32 * 1000).map(|n| (n % 1000 * (n / 1000 + 1) % 256) as u8).collect();
    let bytes = idx(&[0x803, 3000, 10, 100], &pixels);
    for content in [bytes.clone(), gzip(&bytes)] {
        let folder = Folder::with(&[("t", content)]);
        let options = ReadOptions::default();
        assert_eq!(folder.schema("t").unwrap().rows, 3000);
        let request = folder.schema("t").unwrap().request("pixel_10_98").unwrap();
        for batch_rows in [1, 999, usize::MAX] {
            let frames =
                FrameReader::open(&folder.path("t"), std::slice::from_ref(&request), &options, batch_rows)
                    .unwrap();
            let frames: Vec<_> = frames.map(Result::unwrap).collect();
            assert_eq!(frames.len(), 3000_usize.div_ceil(batch_rows));
            let values: Vec<f64> =
                frames.iter().flat_map(|frame| numbers(&frame.columns[0]).to_vec()).collect();
            let expected: Vec<f64> = pixels.chunks(1000).map(|image| f64::from(image[997]) / 255.0).collect();
            assert_eq!(values, expected);
            let rows: Vec<usize> = frames.iter().flat_map(|frame| frame.rows.clone()).collect();
            assert_eq!(rows, (1..=3000).collect::<Vec<_>>());
        }
    }
}

#[test]
fn options_about_text_change_nothing_and_text_is_as_in_a_table() {
    let options = ReadOptions {
        has_header: false,
        delimiter: Some(b';'),
        comment: Some(b'#'),
        ..ReadOptions::default()
    };
    let (names, rows, places) = texts(three(), &options);
    assert_eq!(names, ["pixel_1_1", "pixel_1_2", "pixel_2_1", "pixel_2_2"]);
    assert_eq!(rows[0], ["0", "1", "0.4", "0.2"]);
    assert_eq!(places, [1, 2, 3]);
}

#[test]
fn features_are_found_in_the_image_again() {
    let folder = Folder::with(&[("t", three())]);
    let schema = folder.schema("t").unwrap();
    let names: Vec<String> = schema.requests().into_iter().map(|request| request.name).collect();
    let grid = ImageGrid::of(&names, schema.images.map(|images| images.shape)).unwrap();
    assert_eq!((grid.shape.rows, grid.shape.columns), (2, 2));
    assert_eq!(grid.places, [(0, 1), (1, 0)]);
}
