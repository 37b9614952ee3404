//! The files of a report.

use crate::arguments::{Report as Options, ReportFormat};
use crate::error::CliError;
use std::path::{Path, PathBuf};
use ugmm_network::UgmmError;
use ugmm_network::file::write_atomically;
use ugmm_report::{Figure, png, svg};

/// Width of a figure in CSS pixels.
const WIDTH: f64 = 720.0;
/// Number of pixels of an image file for each CSS pixel.
const SCALE: f32 = 2.0;

/// The name of a file without its folder.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Writes one file for each figure; returns the files and their total size in bytes.
pub fn write_figures<'f>(
    figures: impl IntoIterator<Item = &'f Figure>,
    options: &Options,
) -> Result<(Vec<PathBuf>, usize), CliError> {
    std::fs::create_dir_all(&options.output)
        .map_err(|source| UgmmError::Io { path: options.output.clone(), source })?;
    let (mut files, mut bytes) = (Vec::new(), 0);
    for figure in figures {
        let (ending, content) = match options.format {
            ReportFormat::Png => ("png", png(figure, WIDTH, SCALE)?),
            _ => ("svg", svg(figure, WIDTH).into_bytes()),
        };
        let path = options.output.join(format!("{}.{ending}", figure.id));
        write_atomically(&path, &content)?;
        bytes += content.len();
        files.push(path);
    }
    Ok((files, bytes))
}
