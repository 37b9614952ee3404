//! IDX files and MNIST's four of them, good and hostile.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use ugmm_data::{load_mnist, read_idx_images, read_idx_labels};

/// An IDX file with this header, then `data`.
fn idx(header: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = header.iter().flat_map(|number| number.to_be_bytes()).collect();
    bytes.extend_from_slice(data);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `message` without `directory`, which differs each time.
fn without(directory: &Path, message: &str) -> String {
    message
        .replace(&format!("{}{}", directory.display(), std::path::MAIN_SEPARATOR), "")
        .replace(&directory.display().to_string(), "DIR")
}

fn images_refusal(bytes: &[u8]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("f");
    fs::write(&path, bytes).unwrap();
    without(directory.path(), &read_idx_images(&path).unwrap_err().to_string())
}

fn labels_refusal(bytes: &[u8]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("f");
    fs::write(&path, bytes).unwrap();
    without(directory.path(), &read_idx_labels(&path).unwrap_err().to_string())
}

#[test]
fn reads_plain_gzip_and_zstd() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("f");
    let images = idx(&[0x803, 2, 1, 3], &[1, 2, 3, 4, 5, 6]);
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 0).unwrap();
    for bytes in [images.clone(), gzip(&images), zstd(&images)] {
        fs::write(&path, bytes).unwrap();
        let images = read_idx_images(&path).unwrap();
        assert_eq!((images.count, images.rows, images.columns), (2, 1, 3));
        assert_eq!((images.image(0), images.image(1)), (&[1, 2, 3][..], &[4, 5, 6][..]));
    }
    let labels = idx(&[0x801, 4], &[7, 0, 9, 255]);
    for bytes in [labels.clone(), gzip(&labels), zstd(&labels)] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(read_idx_labels(&path).unwrap(), [7, 0, 9, 255]);
    }
}

#[test]
fn reads_more_than_one_step_of_memory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("f");
    let pixels: Vec<u8> = (0..300_000_u32).map(|index| (index % 251) as u8).collect();
    let bytes = idx(&[0x803, 3, 100, 1000], &pixels);
    for bytes in [bytes.clone(), gzip(&bytes)] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(read_idx_images(&path).unwrap().pixels, pixels);
    }
}

#[test]
fn refuses_what_is_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let error = read_idx_images(&directory.path().join("none")).unwrap_err();
    assert_eq!(without(directory.path(), &error.to_string()), "none does not exist");
    let error = read_idx_labels(directory.path()).unwrap_err();
    assert_eq!(without(directory.path(), &error.to_string()), "DIR is a directory, not a file");
}

#[test]
fn refuses_another_magic_number() {
    assert_eq!(
        images_refusal(&idx(&[0x801, 1], &[1])),
        "f: the file begins with 0x00000801, where an IDX file of images begins with 0x00000803; \
         it seems to hold labels"
    );
    assert_eq!(
        labels_refusal(&gzip(&idx(&[0x803, 1, 1, 1], &[1]))),
        "f: the file begins with 0x00000803, where an IDX file of labels begins with 0x00000801; \
         it seems to hold images"
    );
    assert_eq!(
        images_refusal(b"\x89PNG"),
        "f: the file begins with 0x89504e47, where an IDX file of images begins with 0x00000803"
    );
}

#[test]
fn refuses_a_truncated_header() {
    let whole = idx(&[0x803, 1, 1, 1], &[]);
    for length in [0, 1, 3, 4, 5, 8, 15] {
        let bytes = if length == 1 { "1 byte".into() } else { format!("{length} bytes") };
        let expected = format!("f: the file ends after {bytes}, where an IDX header of images has 16");
        assert_eq!(images_refusal(&whole[..length]), expected);
        assert_eq!(images_refusal(&gzip(&whole[..length])), expected);
    }
    assert_eq!(
        labels_refusal(&[0, 0, 8, 1, 0, 0]),
        "f: the file ends after 6 bytes, where an IDX header of labels has 8"
    );
}

#[test]
fn refuses_sizes_of_zero() {
    for (header, what) in
        [([0x803, 0, 1, 1], "images"), ([0x803, 1, 0, 1], "rows"), ([0x803, 1, 1, 0], "columns")]
    {
        assert_eq!(
            images_refusal(&idx(&header, &[])),
            format!("f: the header gives 0 as the number of {what}; it must be at least 1")
        );
    }
    assert_eq!(
        labels_refusal(&idx(&[0x801, 0], &[])),
        "f: the header gives 0 as the number of labels; it must be at least 1"
    );
}

#[test]
fn refuses_other_counts_than_announced() {
    for pack in [|bytes: Vec<u8>| bytes, |bytes: Vec<u8>| gzip(&bytes)] {
        assert_eq!(
            images_refusal(&pack(idx(&[0x803, 2, 2, 2], &[0; 7]))),
            "f: the header announces 8 data bytes, but the file holds only 7"
        );
        assert_eq!(
            images_refusal(&pack(idx(&[0x803, 2, 2, 2], &[0; 9]))),
            "f: the header announces 8 data bytes, but the file goes on for at least 9"
        );
    }
    assert_eq!(
        labels_refusal(&idx(&[0x801, 1], &[0; 100])),
        "f: the header announces 1 data byte, but the file goes on for at least 100"
    );
}

#[test]
fn a_huge_claim_is_refused_without_making_room_for_it() {
    let bytes = idx(&[0x803, u32::MAX, u32::MAX, u32::MAX], &[0; 5]);
    let expected =
        "f: the header announces 79228162458924105385300197375 data bytes, but the file holds only 5";
    assert_eq!(images_refusal(&bytes), expected);
    assert_eq!(images_refusal(&gzip(&bytes)), expected);
}

#[test]
fn a_gzip_bomb_is_read_only_as_far_as_its_header_announces() {
    let bomb = gzip(&idx(&[0x801, 10], &vec![0; 50_000_000]));
    assert_eq!(
        labels_refusal(&bomb),
        "f: the header announces 10 data bytes, but the file goes on for at least 11"
    );
}

#[test]
fn refuses_broken_gzip() {
    let whole = gzip(&idx(&[0x801, 3], &[1, 2, 3]));
    let truncated = "f: the gzip data breaks off before its end; fetch the file again";
    for length in [2, 9, 15, whole.len() - 8, whole.len() - 1] {
        assert_eq!(labels_refusal(&whole[..length]), truncated, "{length}");
    }
    let mut damaged = whole.clone();
    let checksum = whole.len() - 8;
    damaged[checksum] ^= 1;
    assert_eq!(
        labels_refusal(&damaged),
        "f: the gzip data is damaged (corrupt gzip stream does not have a matching checksum); fetch the file again"
    );
}

/// A small MNIST: `count` images and labels in each part.
fn small_mnist(count: u32) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let images = idx(&[0x803, count, 28, 28], &vec![9; 784 * count as usize]);
    let labels = idx(&[0x801, count], &vec![9; count as usize]);
    let write = |name: &str, bytes: &[u8]| fs::write(directory.path().join(name), bytes).unwrap();
    // Every kind of name once.
    write("train-images-idx3-ubyte", &images);
    write("train-labels.idx1-ubyte", &labels);
    write("t10k-images.idx3-ubyte.gz", &gzip(&images));
    write("t10k-labels-idx1-ubyte.gz", &gzip(&labels));
    directory
}

fn mnist_refusal(directory: &TempDir) -> String {
    without(directory.path(), &load_mnist(directory.path()).unwrap_err().to_string())
}

#[test]
fn mnist_is_read_under_any_of_its_names() {
    let mnist = load_mnist(small_mnist(3).path()).unwrap();
    for part in [mnist.train, mnist.test] {
        assert_eq!((part.images.count, part.images.pixels.len(), part.labels), (3, 3 * 784, vec![9; 3]));
    }
}

#[test]
fn a_missing_mnist_file_is_named() {
    let directory = small_mnist(1);
    fs::remove_file(directory.path().join("t10k-images.idx3-ubyte.gz")).unwrap();
    assert_eq!(
        mnist_refusal(&directory),
        "none of the files t10k-images-idx3-ubyte, t10k-images.idx3-ubyte, t10k-images-idx3-ubyte.gz, \
         t10k-images.idx3-ubyte.gz is in the directory DIR; fetch MNIST with scripts/fetch-mnist.sh"
    );
}

#[test]
fn mnist_images_must_be_28_by_28() {
    let directory = small_mnist(1);
    fs::write(directory.path().join("train-images-idx3-ubyte"), idx(&[0x803, 1, 8, 9], &[0; 72])).unwrap();
    assert_eq!(
        mnist_refusal(&directory),
        "train-images-idx3-ubyte: the images are 8x9 pixels, where MNIST's are 28x28"
    );
}

#[test]
fn mnist_has_one_label_per_image() {
    let directory = small_mnist(1);
    fs::write(directory.path().join("train-labels.idx1-ubyte"), idx(&[0x801, 2], &[0; 2])).unwrap();
    assert_eq!(
        mnist_refusal(&directory),
        "train-images-idx3-ubyte holds 1 image but train-labels.idx1-ubyte holds 2 labels; \
         there must be one label per image"
    );
}

#[test]
fn mnist_labels_are_digits() {
    let directory = small_mnist(3);
    fs::write(directory.path().join("train-labels.idx1-ubyte"), idx(&[0x801, 3], &[0, 9, 10])).unwrap();
    assert_eq!(
        mnist_refusal(&directory),
        "train-labels.idx1-ubyte: label 3 is 10; MNIST's labels go from 0 to 9"
    );
}
