//! The bundled digits and the bundled text.

use ugmm_data::{EncodedText, digits, paradise_lost};

#[test]
fn digits_are_scikit_learns() {
    let all = digits();
    assert_eq!((all.images.count, all.images.rows, all.images.columns, all.labels.len()), (1797, 8, 8, 1797));
    assert_eq!(all.images.pixels.len(), 1797 * 64);
    assert_eq!(*all.images.pixels.iter().max().unwrap(), 16);
    // The first image is a zero, as scikit-learn's documentation shows it.
    assert_eq!(all.images.pixels[..16], [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]);
    let counts: Vec<usize> =
        (0..10).map(|digit| all.labels.iter().filter(|&&label| label == digit).count()).collect();
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
}

#[test]
fn the_text_is_the_poem_and_nothing_else() {
    let text = paradise_lost();
    assert_eq!(text.chars().count(), 456_756);
    assert!(text.is_ascii() && !text.contains("Gutenberg") && !text.contains(char::is_numeric));
    assert_eq!(text.lines().filter(|line| line.starts_with("Book ")).count(), 12);
    assert!(text.trim_end().ends_with("Through Eden took their solitary way."));
    let encoded = EncodedText::of(&text);
    assert_eq!((encoded.alphabet.len(), encoded.numbers.len()), (66, 456_756));
    let decoded: String = encoded.numbers.iter().take(60).map(|&number| encoded.alphabet[number]).collect();
    assert_eq!(decoded, text[..60]);
}
