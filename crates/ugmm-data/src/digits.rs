//! Small handwritten digits, part of the program.

use crate::idx::IdxImages;
use crate::mnist::LabelledImages;
use std::io::Read;

const TABLE: &[u8] = include_bytes!("../data/digits.csv.gz");
/// Height and width of every image, in pixels.
const SIDE: usize = 8;

/// 1,797 handwritten digits of 8 × 8 pixels from 0 (background) to 16, in the order of scikit-learn's `load_digits`.
///
/// Source: E. Alpaydin, C. Kaynak, "Cascading classifiers", Kybernetika 34 (1998); see `data/README.md`.
///
/// ```
/// let digits = ugmm_data::digits();
/// assert_eq!((digits.images.count, digits.images.rows, digits.images.columns), (1797, 8, 8));
/// assert_eq!(digits.labels[..3], [0, 1, 2]);
/// ```
#[must_use]
pub fn digits() -> LabelledImages {
    const RIGHT: &str = "the bundled table cannot be wrong: the tests read it";
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for line in unpacked(TABLE).lines() {
        let mut numbers = line.split(',').map(|number| number.parse::<u8>().expect(RIGHT));
        pixels.extend(numbers.by_ref().take(SIDE * SIDE));
        labels.push(numbers.next().expect(RIGHT));
    }
    let images = IdxImages { count: labels.len(), rows: SIDE, columns: SIDE, pixels };
    LabelledImages { images, labels }
}

/// The text of a bundled file.
pub(crate) fn unpacked(file: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .expect("the bundled file cannot be wrong: the tests read it");
    text
}
