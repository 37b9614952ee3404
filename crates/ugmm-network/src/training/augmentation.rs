//! Augmentation: random changes of training rows that keep their labels valid, drawn anew whenever a row is
//! used.

use crate::UgmmError;
use crate::random::index;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// A change of the features of each training row; rows in evaluation and prediction are unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Augmentation {
    /// Features are the pixels of an image, row by row. The image is shifted by whole numbers of pixels
    /// vertically and horizontally, each drawn uniformly from −`most` to `most`. Pixels beyond the border are
    /// lost; 0, the background, fills the gap.
    Shift {
        /// Number of rows of pixels.
        height: usize,
        /// Number of columns of pixels.
        width: usize,
        /// Largest distance in each direction, in pixels; below `height` and `width`.
        most: usize,
    },
}

impl Augmentation {
    /// Checks every setting, for rows of `columns` features.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] for the first setting that does not fit.
    pub fn check(&self, columns: usize) -> Result<(), UgmmError> {
        let Self::Shift { height, width, most } = *self;
        if height.checked_mul(width) != Some(columns) {
            let value = format!("{height} × {width} pixels");
            return Err(UgmmError::setting(
                "augmentation",
                value,
                "the size of the rows' images, with a feature for each pixel",
            ));
        }
        if most >= height.min(width) {
            return Err(UgmmError::setting("most", most, "less than the image's height and width"));
        }
        Ok(())
    }

    /// Changes the features of one row.
    pub(super) fn apply<R: Rng + ?Sized>(&self, row: &mut [f32], rng: &mut R) {
        let Self::Shift { height, width, most } = *self;
        let mut draw = || index(rng, 2 * most + 1) as isize - most as isize;
        let (down, right) = (draw(), draw());
        let source = |place: usize, shift: isize, size: usize| {
            place.checked_add_signed(-shift).filter(|&place| place < size)
        };
        let image = row.to_vec();
        for (y, line) in row.chunks_mut(width).enumerate() {
            match source(y, down, height) {
                None => line.fill(0.0),
                Some(from_y) => {
                    let from = &image[from_y * width..][..width];
                    for (x, pixel) in line.iter_mut().enumerate() {
                        *pixel = source(x, right, width).map_or(0.0, |x| from[x]);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Stream, generator};
    use std::collections::HashSet;

    #[test]
    fn images_move_in_all_directions_and_lose_what_leaves() {
        let shift = Augmentation::Shift { height: 3, width: 4, most: 1 };
        let image: Vec<f32> = (1..=12).map(|value| value as f32).collect();
        let mut rng = generator(0, Stream::Augmentation);
        let mut seen = HashSet::new();
        for _ in 0..500 {
            let mut moved = image.clone();
            shift.apply(&mut moved, &mut rng);
            // The place of pixel (1, 1), which always stays in the image, shows the shift.
            let place = moved.iter().position(|&value| value == 6.0).unwrap();
            let (down, right) = (place / 4, place % 4);
            seen.insert((down, right));
            for (place, value) in moved.iter().enumerate() {
                let (y, x) = (place / 4 + 1, place % 4 + 1);
                let inside = (down..down + 3).contains(&y) && (right..right + 4).contains(&x);
                let expected = if inside { image[(y - down) * 4 + x - right] } else { 0.0 };
                assert_eq!(*value, expected, "{moved:?}");
            }
        }
        assert_eq!(seen.len(), 9);
    }

    #[test]
    fn images_of_another_size_and_shifts_out_of_sight_are_refused() {
        let shift = |most| Augmentation::Shift { height: 3, width: 4, most };
        assert!(shift(2).check(12).is_ok());
        let message = shift(2).check(13).unwrap_err().to_string();
        assert_eq!(
            message,
            "augmentation is 3 × 4 pixels, but must be the size of the rows' images, with a feature for each pixel"
        );
        let message = shift(3).check(12).unwrap_err().to_string();
        assert_eq!(message, "most is 3, but must be less than the image's height and width");
    }
}
