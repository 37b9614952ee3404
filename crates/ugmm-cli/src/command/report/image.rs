//! Features that are the pixels of an image.

use std::collections::HashSet;

/// Pixels above which there are no pictures: they would take the page's room from everything else.
const MOST_PIXELS: usize = 16_384;

/// Where each feature is in an image.
pub struct Grid {
    pub width: usize,
    pub height: usize,
    /// Place of each feature, row by row.
    places: Vec<usize>,
}

impl Grid {
    /// Of features that are all called `pixel_ROW_COLUMN`, counted from 0. Pixels that are the same in all images are no
    /// features; the picture has them all the same.
    pub fn of(names: &[String]) -> Option<Self> {
        let places: Option<Vec<(usize, usize)>> = names.iter().map(|name| place(name)).collect();
        let places = places.filter(|places| places.len() > 1)?;
        let different: HashSet<_> = places.iter().collect();
        let height = places.iter().map(|(row, _)| row + 1).max()?;
        let width = places.iter().map(|(_, column)| column + 1).max()?;
        // A few pixels of a huge grid are no image.
        if different.len() < places.len() || height.checked_mul(width)? > 64 * places.len() {
            return None;
        }
        Some(Self {
            width,
            height,
            places: places.iter().map(|(row, column)| row * width + column).collect(),
        })
    }

    pub fn is_large(&self) -> bool {
        self.width * self.height > MOST_PIXELS
    }

    /// Values of features as those of pixels, row by row; where there is no feature stands `background`.
    pub fn pixels(&self, values: impl Iterator<Item = f64>, background: f64) -> Vec<f64> {
        let mut pixels = vec![background; self.width * self.height];
        self.places.iter().zip(values).for_each(|(&place, value)| pixels[place] = value);
        pixels
    }
}

fn place(name: &str) -> Option<(usize, usize)> {
    let (row, column) = name.strip_prefix("pixel_")?.split_once('_')?;
    Some((row.parse().ok()?, column.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(names: &[&str]) -> Option<Grid> {
        Grid::of(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn pixels_are_known_by_their_names() {
        let image = grid(&["pixel_0_1", "pixel_2_0", "pixel_1_1"]).unwrap();
        assert_eq!((image.height, image.width), (3, 2));
        assert_eq!(image.pixels([1.0, 2.0, 3.0].into_iter(), 0.0), [0.0, 1.0, 0.0, 3.0, 2.0, 0.0]);
        for others in
            [&["pixel_0_0", "age"][..], &["pixel_0_0", "pixel_00_0"], &["pixel_0_0", "pixel_9_99999999"], &[]]
        {
            assert!(grid(others).is_none(), "{others:?}");
        }
    }
}
