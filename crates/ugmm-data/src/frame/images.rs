//! Files of images as tables: their shape, and the file of labels beside them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::FrameError;
use super::input;
use crate::image_grid::{ImageShape, place};

/// Name of the column of labels.
pub(super) const LABEL: &str = "label";
/// Parts of the names of files of images, and the parts that names of files of labels have instead.
const IN_NAMES: [(&str, &str); 2] = [("images", "labels"), ("idx3", "idx1")];
/// Endings of names of compressed files.
const COMPRESSED: [&str; 2] = ["gz", "zst"];

/// Size and labels of the images in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// The file.
    pub file: PathBuf,
    /// Size of each image.
    pub shape: ImageShape,
    /// The file of labels that lies beside it.
    pub labels: Option<PathBuf>,
    /// The names under which a file of labels was looked for: none if the name of the file does not contain `images`.
    pub looked_for: Vec<PathBuf>,
}

impl Images {
    /// Looks for the labels of the images in the file `path`.
    pub(super) fn at(path: &Path, shape: ImageShape) -> Self {
        let looked_for = names_of_labels(path);
        let labels = looked_for.iter().find(|path| path.exists()).cloned();
        Self { file: input::shown(path).to_owned(), shape, labels, looked_for }
    }

    /// Why the column `name` is not there, if it is one that a file of images may have.
    pub(super) fn refusal(&self, name: &str) -> Option<FrameError> {
        let file = || self.file.clone();
        match name {
            LABEL => Some(FrameError::LabelsMissing { file: file(), looked_for: self.looked_for.clone() }),
            name => place(name).map(|_| FrameError::PixelMissing {
                file: file(),
                shape: self.shape,
                column: name.to_owned(),
            }),
        }
    }
}

/// The names that the file of labels may have: that of the images with the words for labels, as it is and compressed.
fn names_of_labels(path: &Path) -> Vec<PathBuf> {
    let ending = path.extension().and_then(OsStr::to_str);
    let is_compressed = ending.is_some_and(|ending| COMPRESSED.contains(&ending));
    let plain = if is_compressed { path.with_extension("") } else { path.to_owned() };
    let [(images, labels), (idx3, idx1)] = IN_NAMES;
    let Some(name) = plain.file_name().and_then(OsStr::to_str).filter(|name| name.contains(images)) else {
        return Vec::new();
    };
    let name = name.replace(images, labels).replace(idx3, idx1);
    let mut names = vec![path.with_file_name(&name), path.with_file_name(name + ".gz")];
    if is_compressed {
        names.reverse();
    }
    names
}
