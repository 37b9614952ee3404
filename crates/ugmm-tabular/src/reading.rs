//! How tables are read for a model.

use crate::error::TabularError;
use std::path::Path;
use ugmm_data::ImageShape;
use ugmm_data::frame::{ReadOptions, UsualMarks};

/// How tables are read for a model, as set or inferred for its training table.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'m> {
    /// Marks of missing values besides the default ones.
    pub missing_marks: &'m [String],
    /// Columns in which the default marks are values.
    pub usual_marks: &'m UsualMarks,
    /// Size of the images if the training table contained images.
    pub images: Option<ImageShape>,
}

impl Reading<'_> {
    /// The options with the training table's marks of missing values.
    pub(crate) fn options(&self, options: &ReadOptions) -> ReadOptions {
        let mut options = options.clone();
        options.missing.extend_from_slice(self.missing_marks);
        options.usual_marks = options.usual_marks.and(self.usual_marks);
        options
    }

    /// Fails with an error for images of another size than the training images, whose pixels have other
    /// meanings.
    pub(crate) fn check_images(&self, file: &Path, found: ImageShape) -> Result<(), TabularError> {
        match self.images {
            Some(expected) if expected != found => {
                Err(TabularError::ImageSize { file: file.to_path_buf(), found, expected })
            }
            _ => Ok(()),
        }
    }
}
