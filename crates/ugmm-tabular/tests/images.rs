//! Models of images know where pixels are.

use std::path::Path;
use tempfile::TempDir;
use ugmm_data::frame::ReadOptions;
use ugmm_data::{ImageGrid, ImageShape};
use ugmm_network::Settings;
use ugmm_tabular::{FitOptions, NetworkModel, Table, TableModel, UgmmClassifier};

/// A table of images in which only the middle column of pixels varies, with the class, except in the last row
/// of pixels.
fn table(folder: &Path, rows: u32, columns: u32) -> Table {
    let (images, labels) = (folder.join("images"), folder.join("labels"));
    let mut bytes: Vec<u8> = [0x803, 40, rows, columns].iter().flat_map(|n: &u32| n.to_be_bytes()).collect();
    for image in 0..40 {
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            let changes = row + 1 < rows && column == columns / 2;
            bytes.push(if changes { (image % 2 * 200 + image) as u8 } else { 9 });
        }
    }
    std::fs::write(&images, bytes).unwrap();
    let mut bytes: Vec<u8> = [0x801_u32, 40].iter().flat_map(|n| n.to_be_bytes()).collect();
    bytes.extend((0..40).map(|image| image % 2));
    std::fs::write(&labels, bytes).unwrap();
    Table::read(&images, &ReadOptions::default()).unwrap()
}

#[test]
fn a_model_of_images_remembers_their_size_and_where_its_inputs_are() {
    let folder = TempDir::new().unwrap();
    let images = table(folder.path(), 3, 5);
    let settings = Settings { epochs: Some(1), ..Settings::default() };
    let options = FitOptions { settings, ..FitOptions::default() };
    let (classifier, _) = UgmmClassifier::fit(&images, "label", &options).unwrap();
    let path = folder.path().join("m.safetensors");
    classifier.save(&path).unwrap();
    let model = NetworkModel::load(&path).unwrap();
    let shape = ImageShape { rows: 3, columns: 5 };
    assert_eq!(model.reading().images, Some(shape));
    // The row that never varies still belongs to the image.
    assert_eq!(model.image_grid(), Some(ImageGrid { shape, places: vec![(0, 2), (1, 2)] }));

    assert_eq!(classifier.predict(&images).unwrap().len(), 40);
    for (rows, columns) in [(3, 6), (2, 5)] {
        let others = table(folder.path(), rows, columns);
        assert_eq!(
            classifier.predict(&others).unwrap_err().to_string(),
            format!(
                "{}: the images are {rows}x{columns} pixels, but the training images were 3x5",
                folder.path().join("images").display()
            )
        );
    }
}

#[test]
fn other_tables_have_no_images() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.csv");
    let rows: String = (0..30).map(|n| format!("{},{},{}\n", n, n % 7, n % 2)).collect();
    let settings = Settings { epochs: Some(1), ..Settings::default() };
    let options = FitOptions { settings, ..FitOptions::default() };
    for (header, places) in
        [("a,b,label\n", None), ("pixel_2_3,pixel_1_1,label\n", Some(vec![(1, 2), (0, 0)]))]
    {
        std::fs::write(&path, header.to_owned() + &rows).unwrap();
        let table = Table::read(&path, &ReadOptions::default()).unwrap();
        let (classifier, _) = UgmmClassifier::fit(&table, "label", &options).unwrap();
        assert_eq!(classifier.model().reading().images, None);
        assert_eq!(classifier.model().image_grid().map(|grid| grid.places), places);
    }
}
