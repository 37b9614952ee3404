//! Regions of images: recursively halved rectangles (Poon and Domingos, *Sum-Product Networks*, UAI 2011,
//! with halves in place of all splits).

use super::{RegionShape, Structure};
use crate::error::CircuitError;
use std::collections::HashMap;

/// The division of rectangles of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageSplit {
    /// Two partitions, one into left and right halves, one into upper and lower halves, which share their
    /// parts.
    Both,
    /// One partition into four quadrants, which gives a tree.
    Quadrants,
}

/// Regions of an image whose pixels are the variables 0 to `height * width` - 1, row by row, divided by
/// `split`. Further variables up to `variables` - 1, such as a label, join it at the root. Every region has
/// `units` units.
///
/// # Errors
///
/// [`CircuitError`] when the image has no pixels or there are fewer variables than pixels.
pub fn quadrants(
    (height, width): (usize, usize),
    variables: usize,
    units: usize,
    split: ImageSplit,
) -> Result<Structure, CircuitError> {
    let pixels = height * width;
    if pixels == 0 || pixels > variables {
        return Err(CircuitError::Setting {
            setting: "the image's size",
            value: format!("{height} × {width}"),
            expected: "at least 1 pixel, and at most one for each variable",
        });
    }
    let mut growth = Growth { width, units, split, regions: Vec::new(), known: HashMap::new() };
    let image = growth.grow(Rectangle { top: 0, left: 0, height, width });
    let mut children = vec![image];
    for variable in pixels..variables {
        growth.regions.push(RegionShape::Leaf { variable, units });
        children.push(growth.regions.len() - 1);
    }
    let mut regions = growth.regions;
    // Without further variables the image's own region is the root.
    match regions.last_mut() {
        Some(RegionShape::Inner { units, .. }) if children.len() == 1 => *units = 1,
        _ => regions.push(RegionShape::Inner { units: 1, partitions: vec![children] }),
    }
    Structure::new(variables, regions)
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Rectangle {
    top: usize,
    left: usize,
    height: usize,
    width: usize,
}

impl Rectangle {
    /// The upper and lower halves; the rectangle itself if it is one pixel high.
    fn by_height(self) -> Vec<Self> {
        let upper = self.height / 2;
        if upper == 0 {
            return vec![self];
        }
        vec![
            Self { height: upper, ..self },
            Self { top: self.top + upper, height: self.height - upper, ..self },
        ]
    }

    /// The left and right halves; the rectangle itself if it is one pixel wide.
    fn by_width(self) -> Vec<Self> {
        let left = self.width / 2;
        if left == 0 {
            return vec![self];
        }
        vec![Self { width: left, ..self }, Self { left: self.left + left, width: self.width - left, ..self }]
    }
}

struct Growth {
    width: usize,
    units: usize,
    split: ImageSplit,
    regions: Vec<RegionShape>,
    known: HashMap<Rectangle, usize>,
}

impl Growth {
    /// Adds the regions of a rectangle unless they exist; returns the index of the top one.
    fn grow(&mut self, rectangle: Rectangle) -> usize {
        if let Some(&region) = self.known.get(&rectangle) {
            return region;
        }
        let units = self.units;
        let shape = if rectangle.height * rectangle.width == 1 {
            RegionShape::Leaf { variable: rectangle.top * self.width + rectangle.left, units }
        } else {
            let divisions: Vec<Vec<Rectangle>> = match self.split {
                ImageSplit::Both => vec![rectangle.by_height(), rectangle.by_width()],
                ImageSplit::Quadrants => {
                    vec![rectangle.by_height().into_iter().flat_map(Rectangle::by_width).collect()]
                }
            };
            let partitions = divisions
                .into_iter()
                .filter(|parts| parts.len() > 1)
                .map(|parts| parts.into_iter().map(|part| self.grow(part)).collect())
                .collect();
            RegionShape::Inner { units, partitions }
        };
        self.regions.push(shape);
        self.known.insert(rectangle, self.regions.len() - 1);
        self.regions.len() - 1
    }
}
