//! Files of images, from training to predictions.

use crate::{failure, json, names, stdout, ugmm};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;

/// Height and width of the images: more than a hundred pixels, so that the settings for images apply.
const SIDE: usize = 12;
const TRAINING: &str = "train-images-idx3-ubyte";
const TRAIN: [&str; 8] =
    ["train", TRAINING, "--target", "label", "-o", "m.safetensors", "--json", "train.json"];

/// An IDX file with this header, followed by `data`.
fn idx(header: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = header.iter().flat_map(|number| number.to_be_bytes()).collect();
    bytes.extend_from_slice(data);
    bytes
}

/// `count` images and their labels: 3 for a horizontal bar, 8 for a vertical bar, with varying position and
/// brightness in a frame of zeros.
fn bars(count: u32, side: usize, seed: usize) -> (Vec<u8>, Vec<u8>) {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for index in 0..count as usize {
        let place = 1 + (index * 7 + seed) % (side - 2);
        let brightness = 120 + (index * 31 + seed) % 136;
        let lies = (index / (side - 2)).is_multiple_of(2);
        for (row, column) in (0..side).flat_map(|row| (0..side).map(move |column| (row, column))) {
            let (across, along) = if lies { (row, column) } else { (column, row) };
            let is_bar = across == place && (1..side - 1).contains(&along);
            pixels.push(if is_bar { brightness as u8 } else { 0 });
        }
        labels.push(if lies { 3 } else { 8 });
    }
    let side = side as u32;
    (idx(&[0x803, count, side, side], &pixels), idx(&[0x801, count], &labels))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder with training images and compressed test images.
fn with_bars() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let (images, labels) = bars(400, SIDE, 0);
    write(TRAINING, &images);
    write("train-labels-idx1-ubyte", &labels);
    let (images, labels) = bars(60, SIDE, 3);
    write("t10k-images-idx3-ubyte.gz", &gzip(&images));
    write("t10k-labels-idx1-ubyte.gz", &gzip(&labels));
    folder
}

fn run(at: &Path, arguments: &[&str]) -> String {
    stdout(&ugmm(at, arguments))
}

#[test]
fn images_are_learned_evaluated_predicted_and_inspected() {
    let folder = with_bars();
    let at = folder.path();
    let output = ugmm(at, &[&TRAIN[..], &["--epochs", "30"]].concat());
    let text = stdout(&output);
    assert!(text.starts_with("400 rows, 100 features; label is one of 3, 8\n"), "{text}");
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = "400 images of 12x12 pixels, pixel_1_1 to pixel_12_12 by row and column, from 0 to 1; labels in \
                    train-labels-idx1-ubyte\n145 columns: 1 × target, 44 × left out: constant, 100 × number\n";
    assert!(said.starts_with(expected), "{said}");
    let report = json(&at.join("train.json"));
    assert!(report["validation_metrics"]["accuracy"].as_f64().unwrap() > 0.95, "{text}");
    // The settings for pixels apply.
    let first = &report["model"]["layers"][0];
    assert_eq!((&first["min_sigma"], &first["input_dropout"]), (&0.5.into(), &0.3.into()), "{first}");

    let text = run(at, &["evaluate", "m.safetensors", "t10k-images-idx3-ubyte.gz", "--json", "e.json"]);
    assert!(text.starts_with("60 rows, accuracy "), "{text}");
    assert!(json(&at.join("e.json"))["accuracy"].as_f64().unwrap() > 0.95, "{text}");

    // Predictions do not need labels, but --keep can copy them.
    let images = "t10k-images-idx3-ubyte.gz";
    let kept = run(at, &["predict", "m.safetensors", images, "--keep", "label", "--explain", "1"]);
    let right = kept.lines().skip(1).filter(|line| line[..1] == line[2..3]).count();
    assert!(right > 57 && kept.contains(",pixel_"), "{kept}");
    fs::remove_file(at.join("t10k-labels-idx1-ubyte.gz")).unwrap();
    let alone = run(at, &["predict", "m.safetensors", images, "--explain", "1"]);
    let without_label = |line: &str| line[line.find(',').unwrap() + 1..].to_owned();
    assert_eq!(kept.lines().map(without_label).collect::<Vec<_>>(), alone.lines().collect::<Vec<_>>());

    let text = run(at, &["inspect", "m.safetensors", "--data", TRAINING]);
    assert!(text.starts_with("uGMM network 100-128-64-2, for label") && text.contains("pixel_"), "{text}");
}

/// Zeros remain exact: the same images as a table without scaling give the same network.
#[test]
fn pixels_stay_as_they_are_unless_it_is_said_otherwise() {
    let folder = with_bars();
    let at = folder.path();
    let (images, labels) = bars(400, SIDE, 0);
    let pixels = (1..=SIDE).flat_map(|row| (1..=SIDE).map(move |column| format!("pixel_{row}_{column}")));
    let mut table = "label,".to_owned() + &pixels.collect::<Vec<_>>().join(",") + "\n";
    for (image, label) in images[16..].chunks(SIDE * SIDE).zip(&labels[8..]) {
        let values = image.iter().map(|&byte| (f64::from(byte) / 255.0).to_string());
        table += &format!("{label},{}\n", values.collect::<Vec<_>>().join(","));
    }
    fs::write(at.join("t.csv"), table).unwrap();
    let predictions = |data: &str, options: &[&str]| {
        let train = ["train", data, "--target", "label", "-o", "m.safetensors", "--epochs", "2"];
        run(at, &[&train[..], options].concat());
        run(at, &["predict", "m.safetensors", TRAINING])
    };
    let of_images = predictions(TRAINING, &[]);
    assert!(of_images == predictions("t.csv", &["--scaling", "none"]));
    assert!(of_images != predictions("t.csv", &[]));
    assert!(of_images != predictions(TRAINING, &["--scaling", "standard"]));
    // The file of options repeats the training.
    run(at, &["train", TRAINING, "--target", "label", "-o", "m.safetensors", "--epochs", "2"]);
    run(at, &["train", "--config", "m.safetensors.toml", "-o", "again.safetensors"]);
    assert!(fs::read(at.join("again.safetensors")).unwrap() == fs::read(at.join("m.safetensors")).unwrap());
}

/// With augmentation the constant frame is part of the inputs, because the images are complete.
#[test]
fn images_can_be_moved_about_in_training() {
    let folder = with_bars();
    let at = folder.path();
    fs::write(at.join("c.toml"), "augmentation = { shift = { height = 12, width = 12, most = 1 } }\n")
        .unwrap();
    let text = run(at, &[&TRAIN[..], &["--epochs", "5", "--config", "c.toml"]].concat());
    assert!(text.starts_with("400 rows, 144 features; label is one of 3, 8\n"), "{text}");
    let text = run(at, &["evaluate", "m.safetensors", "t10k-images-idx3-ubyte.gz"]);
    assert!(text.starts_with("60 rows, accuracy "), "{text}");
    run(at, &["train", "--config", "m.safetensors.toml", "-o", "again.safetensors"]);
    assert!(fs::read(at.join("again.safetensors")).unwrap() == fs::read(at.join("m.safetensors")).unwrap());
}

#[test]
fn what_images_do_not_have_is_told_before_anything_is_written() {
    let folder = with_bars();
    let at = folder.path();
    run(at, &[&TRAIN[..], &["--epochs", "1"]].concat());
    let before = names(&folder);
    let trains = |data: &str, target: &str| {
        failure(&ugmm(at, &["train", data, "--target", target, "-o", "n.safetensors"]))
    };
    assert!(
        trains(TRAINING, "digit")
            .contains("no target column \"digit\"; the columns are \"label\", \"pixel_1_1\", ")
    );
    assert!(trains(TRAINING, "pixel_13_1").contains("the images are 12x12 pixels"));
    assert_eq!(
        trains("train-labels-idx1-ubyte", "label"),
        "train-labels-idx1-ubyte is an IDX file of unsigned bytes in 1 dimension, where images are unsigned bytes in 3: \
         images, rows and columns; if it holds their labels, give the file of images, and the labels are found beside it"
    );
    // Larger images have all columns of the model, but these are other positions.
    for side in [SIDE - 1, SIDE + 1] {
        let (images, labels) = bars(3, side, 0);
        fs::write(at.join("other-images"), images).unwrap();
        fs::write(at.join("other-labels"), labels).unwrap();
        let expected =
            format!("other-images: the images are {side}x{side} pixels, but the training images were 12x12");
        for command in ["predict", "evaluate"] {
            assert_eq!(failure(&ugmm(at, &[command, "m.safetensors", "other-images"])), expected);
        }
        let inspect = ["inspect", "m.safetensors", "--data", "other-images"];
        assert_eq!(failure(&ugmm(at, &inspect)), expected);
    }
    fs::write(at.join("other-images"), bars(3, SIDE, 0).0).unwrap();
    fs::remove_file(at.join("other-labels")).unwrap();
    let expected = "other-images: there is no column \"label\", because no file of labels lies beside the images; it would \
                    be called other-labels or other-labels.gz";
    assert_eq!(failure(&ugmm(at, &["evaluate", "m.safetensors", "other-images"])), expected);
    assert_eq!(trains("other-images", "label"), expected);
    // A table without the pixels does not get a message for each of them.
    fs::write(at.join("t.csv"), "a,b\n1,2\n").unwrap();
    let message = failure(&ugmm(at, &["predict", "m.safetensors", "t.csv"]));
    assert!(message.contains("and 90 more") && message.len() < 300, "{message}");
    fs::remove_file(at.join("t.csv")).unwrap();
    fs::remove_file(at.join("other-images")).unwrap();
    assert_eq!(names(&folder), before);
}

/// Letters, for example, have more labels than a column of whole numbers has classes.
#[test]
fn labels_are_classes_however_many_there_are_unless_it_is_said_otherwise() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let pixels: Vec<u8> = (0..78 * 4).map(|n: usize| (n * 37 % 256) as u8).collect();
    fs::write(at.join("images"), idx(&[0x803, 78, 2, 2], &pixels)).unwrap();
    fs::write(at.join("labels"), idx(&[0x801, 78], &(0..78).map(|n| n % 26).collect::<Vec<_>>())).unwrap();
    let train = ["train", "images", "--target", "label", "-o", "m.safetensors", "--epochs", "1"];
    let output = ugmm(at, &train);
    assert!(stdout(&output).contains("label is one of 0, 1, 2, 3"), "{output:?}");
    assert!(!String::from_utf8(output.stderr).unwrap().contains("regression"));
    assert!(run(at, &[&train[..], &["--task", "regression"]].concat()).contains("label is a number"));
}

#[test]
fn images_without_labels_are_reported_on_and_pruned_by() {
    let folder = with_bars();
    let at = folder.path();
    run(at, &[&TRAIN[..], &["--epochs", "2"]].concat());
    let (images, _) = bars(30, SIDE, 3);
    fs::write(at.join("new-images-idx3-ubyte"), images).unwrap();
    for data in ["new-images-idx3-ubyte", TRAINING] {
        run(at, &["report", "m.safetensors", "--data", data, "--rows", "20", "-o", "r.html"]);
        run(at, &["prune", "m.safetensors", data, "--keep", "0.5", "-o", "small.safetensors"]);
    }
}
