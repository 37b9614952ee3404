//! Which columns of a table are the pixels of images, and where each is.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

/// The beginning of the name of a pixel's column; row and column follow, from 1.
const PREFIX: &str = "pixel_";
/// Most pixels of an image in a table, which has a column for each.
pub(crate) const MOST_PIXELS: u64 = 1 << 16;

/// Height and width of images, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageShape {
    /// Height.
    pub rows: usize,
    /// Width.
    pub columns: usize,
}

impl std::fmt::Display for ImageShape {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}x{}", self.rows, self.columns)
    }
}

impl ImageShape {
    /// The names of the pixels' columns, row by row: `pixel_1_1`, `pixel_1_2` and so on, `pixel_<row>_<column>`.
    pub fn names(self) -> impl Iterator<Item = String> {
        (1..=self.rows).flat_map(move |row| (1..=self.columns).map(move |column| Self::name(row, column)))
    }

    /// The name of the column of one pixel, by row and column from 1.
    pub fn name(row: usize, column: usize) -> String {
        format!("{PREFIX}{row}_{column}")
    }
}

/// Where the features of a network are in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageGrid {
    /// Size of the image.
    pub shape: ImageShape,
    /// Row and column of each feature, both from 0. A pixel that is no feature has no place: it had the same
    /// value in all training images, as a background has.
    pub places: Vec<(usize, usize)>,
}

impl ImageGrid {
    /// The grid that features of these names make, if all of them are pixels of an image, named as by
    /// [`ImageShape::names`], and none is there twice. Without a `shape`, the image is just so large that all of them
    /// are in it; there is no grid if they are not in the one given, or more than 65,536 pixels are needed.
    ///
    /// ```
    /// use ugmm_data::{ImageGrid, ImageShape};
    ///
    /// let shape = ImageShape { rows: 3, columns: 4 };
    /// let grid = ImageGrid::of(&["pixel_1_2", "pixel_3_1"], Some(shape)).expect("these are pixels");
    /// assert_eq!(grid.places, [(0, 1), (2, 0)]);
    /// let image = grid.image(&[0.5, 1.0], 0.0);
    /// assert_eq!(image, [0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
    /// assert!(ImageGrid::of(&["pixel_1_2", "age"], None).is_none());
    /// ```
    pub fn of<S: AsRef<str>>(names: &[S], shape: Option<ImageShape>) -> Option<Self> {
        let places: Vec<(usize, usize)> =
            names.iter().map(|name| place(name.as_ref())).collect::<Option<_>>()?;
        let needed = ImageShape {
            rows: 1 + places.iter().map(|place| place.0).max()?,
            columns: 1 + places.iter().map(|place| place.1).max()?,
        };
        let shape = shape.unwrap_or(needed);
        let fits = needed.rows <= shape.rows && needed.columns <= shape.columns;
        let mut seen = HashSet::new();
        let different = places.iter().all(|place| seen.insert(place));
        (fits && different && is_of_a_table(shape)).then_some(Self { shape, places })
    }

    /// The image in which each feature has its value of `values` and every other pixel is `background`:
    /// `[rows, columns]`, row-major. Values beyond the features are left out.
    pub fn image<T: Copy>(&self, values: &[T], background: T) -> Vec<T> {
        let mut image = vec![background; self.shape.rows * self.shape.columns];
        for (&(row, column), &value) in self.places.iter().zip(values) {
            image[row * self.shape.columns + column] = value;
        }
        image
    }
}

/// Whether images of this shape have no more pixels than a table.
pub(crate) fn is_of_a_table(shape: ImageShape) -> bool {
    (shape.rows as u128) * (shape.columns as u128) <= MOST_PIXELS.into()
}

/// Row and column, both from 0, of the pixel with this name; none if it is no name of a pixel.
pub(crate) fn place(name: &str) -> Option<(usize, usize)> {
    let (row, column) = name.strip_prefix(PREFIX)?.split_once('_')?;
    Some((number(row)?.checked_sub(1)?, number(column)?.checked_sub(1)?))
}

/// A number as this program writes it; others, such as 01 or +1, would make two names of one place.
fn number(text: &str) -> Option<usize> {
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_places_are_inverse() {
        let shape = ImageShape { rows: 3, columns: 12 };
        let names: Vec<String> = shape.names().collect();
        assert_eq!(
            (names[0].as_str(), names[11].as_str(), names[12].as_str()),
            ("pixel_1_1", "pixel_1_12", "pixel_2_1")
        );
        let grid = ImageGrid::of(&names, None).unwrap();
        assert_eq!(grid.shape, shape);
        let values: Vec<usize> = (0..36).collect();
        assert_eq!(grid.image(&values, 99), values);
    }

    #[test]
    fn what_is_no_grid_is_none() {
        let of = |names: &[&str]| ImageGrid::of(names, None);
        assert_eq!(of(&["pixel_2_5"]).unwrap().shape, ImageShape { rows: 2, columns: 5 });
        for names in [
            &[][..],
            &["pixel_0_1"],
            &["pixel_1_0"],
            &["pixel_01_1"],
            &["pixel_+1_1"],
            &["pixel_1"],
            &["pixel_1_1_1"],
            &["pixel_1_1=0"],
            &["Pixel_1_1"],
            &["pixel_1_1", "pixel_1_1"],
            &["pixel_1_1", "label"],
            &["pixel_1_4294967296"],
            &["pixel_99999999999999999999_1"],
            // Room for such an image is not made.
            &["pixel_1_65537"],
            &["pixel_4294967295_4294967295"],
        ] {
            assert_eq!(of(names), None, "{names:?}");
        }
        let shape = Some(ImageShape { rows: 2, columns: 2 });
        assert!(
            ImageGrid::of(&["pixel_2_2"], shape).is_some() && ImageGrid::of(&["pixel_1_3"], shape).is_none()
        );
        let huge = Some(ImageShape { rows: usize::MAX, columns: usize::MAX });
        assert!(ImageGrid::of(&["pixel_1_1"], huge).is_none());
    }
}
