//! How tables are read for a model.

use crate::error::TabularError;
use std::path::Path;
use ugmm_data::ImageShape;
use ugmm_data::frame::{ReadOptions, UsualMarks};

/// How tables are read for a model: as the table that it learned from.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'m> {
    /// Marks of missing values besides the usual ones.
    pub missing_marks: &'m [String],
    /// Columns in which the usual marks are values.
    pub usual_marks: &'m UsualMarks,
    /// Size of the images, where the table was one of images.
    pub images: Option<ImageShape>,
}

impl Reading<'_> {
    /// The options with the marks of missing values of the table that the model learned from.
    pub(crate) fn options(&self, options: &ReadOptions) -> ReadOptions {
        let mut options = options.clone();
        options.missing.extend_from_slice(self.missing_marks);
        options.usual_marks = options.usual_marks.and(self.usual_marks);
        options
    }

    /// Fails for images of another size than those that the model learned from: their pixels would be taken for others.
    pub(crate) fn check_images(&self, file: &Path, found: ImageShape) -> Result<(), TabularError> {
        match self.images {
            Some(expected) if expected != found => {
                Err(TabularError::ImageSize { file: file.to_path_buf(), found, expected })
            }
            _ => Ok(()),
        }
    }
}
