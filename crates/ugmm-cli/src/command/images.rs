//! Pictures of images that a density model draws or completes.

use crate::arguments::{Common, Hide, Impute};
use crate::error::CliError;
use crate::output::{count, print, write_json};
use serde::Serialize;
use std::path::Path;
use ugmm_data::ImageGrid;
use ugmm_network::file::write_atomically;
use ugmm_tabular::read::{ReadTarget, TableReader};
use ugmm_tabular::{DensityModel, TableModel};

/// Screen pixels for each pixel of an image, and between images.
const SCALE: usize = 3;
const GAP: usize = 2;
/// Grey level between images.
const PAPER: u8 = 96;
/// Grey level of hidden pixels.
const HIDDEN: u8 = 40;
/// Largest number of images in a picture.
const MOST_IMAGES: usize = 4096;
/// Number of images in a picture if none is given.
const USUAL_ROWS: usize = 10;
/// Number of draws for each completed image if none is given.
const USUAL_DRAWS: usize = 5;

#[derive(Serialize)]
struct Report {
    images: usize,
    draws: usize,
    columns: Vec<&'static str>,
}

/// Whether the name of an output is that of a picture.
pub fn is_picture(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"))
}

/// Writes drawn rows as a picture, one image for each row.
pub fn write_samples(model: &DensityModel, rows: &[f64], output: &Path) -> Result<(), CliError> {
    let grid = grid(model)?;
    let images: Vec<Vec<u8>> =
        rows.chunks_exact(model.columns().len()).map(|row| image(model, &grid, row)).collect();
    check_number(images.len())?;
    let across = (images.len() as f64).sqrt().ceil() as usize;
    let sheet: Vec<&[Vec<u8>]> = images.chunks(across).collect();
    write_sheet(&sheet, &grid, across, output)
}

/// `ugmm impute MODEL IMAGES --hide bottom -o FILE.png`: each image, its known part, its expected completion,
/// and draws.
pub fn complete(
    model: &DensityModel,
    options: &Impute,
    output: &Path,
    common: &Common,
) -> Result<(), CliError> {
    let grid = grid(model)?;
    let Some(hide) = options.hide else {
        let reason = "images have no missing pixels; give the part of each to hide".into();
        return Err(CliError::Option { key: "--hide", reason });
    };
    let most = options.rows.map_or(USUAL_ROWS, std::num::NonZeroUsize::get);
    check_number(most)?;
    let draws = options.draws.map_or(USUAL_DRAWS, std::num::NonZeroUsize::get);
    let width = model.columns().len();
    let is_hidden: Vec<bool> = (0..width)
        .map(|column| grid.places.get(column).is_some_and(|&place| hide.hides(place, &grid)))
        .collect();
    let mut sheet: Vec<Vec<Vec<u8>>> = Vec::new();
    let read_options = options.table.read_options();
    'file: for batch in TableReader::open(&options.data, model, ReadTarget::No, &[], &read_options)? {
        let batch = batch?;
        for row in 0..batch.places.len() {
            if sheet.len() == most {
                break 'file;
            }
            let whole = batch.row(row);
            let mut known = whole.to_vec();
            known
                .iter_mut()
                .zip(&is_hidden)
                .filter(|(_, hidden)| **hidden)
                .for_each(|(value, _)| *value = f64::NAN);
            let mut expected = known.clone();
            for cell in &model.fill(&known, &is_hidden)?[0].cells {
                expected[cell.column] = cell.value;
            }
            let seed = options.seed.wrapping_add((batch.places[row] as u64) << 32);
            let drawn = model.complete(&known, draws, seed)?;
            let mut images =
                vec![image(model, &grid, whole), image(model, &grid, &known), image(model, &grid, &expected)];
            images.extend(drawn.chunks_exact(width).map(|row| image(model, &grid, row)));
            sheet.push(images);
        }
    }
    let rows: Vec<&[Vec<u8>]> = sheet.iter().map(Vec::as_slice).collect();
    write_sheet(&rows, &grid, 3 + draws, output)?;
    let report = Report { images: sheet.len(), draws, columns: vec!["image", "known", "expected", "draws"] };
    write_json(common.json.as_deref(), "ugmm/impute", &report)?;
    let text = format!(
        "{}: {}, one in each line; from the left: the image, what is known of it, what is to be expected of the rest, and {}\n",
        output.display(),
        count(report.images, "image"),
        count(draws, "draw")
    );
    if common.quiet { Ok(()) } else { print(&text) }
}

impl Hide {
    /// Whether the pixel in this row and column is hidden.
    fn hides(self, (row, column): (usize, usize), grid: &ImageGrid) -> bool {
        let (rows, columns) = (grid.shape.rows, grid.shape.columns);
        match self {
            Self::Bottom => 2 * row >= rows,
            Self::Top => 2 * row < rows,
            Self::Left => 2 * column < columns,
            Self::Right => 2 * column >= columns,
        }
    }
}

fn check_number(images: usize) -> Result<(), CliError> {
    match images <= MOST_IMAGES {
        true => Ok(()),
        false => {
            let reason =
                format!("{images} images are too many for a picture; at most {MOST_IMAGES} are drawn");
            Err(CliError::Option { key: "-o", reason })
        }
    }
}

/// Positions of the pixels of the model's images.
fn grid(model: &DensityModel) -> Result<ImageGrid, CliError> {
    model.image_grid().ok_or_else(|| {
        let reason = "the model is of no images, so there is nothing for a picture; name a .csv file".into();
        CliError::Option { key: "-o", reason }
    })
}

/// A row as an image of grey bytes.
fn image(model: &DensityModel, grid: &ImageGrid, row: &[f64]) -> Vec<u8> {
    let bytes: Vec<u8> = row[..grid.places.len()]
        .iter()
        .zip(model.columns())
        .map(|(&value, column)| match value.is_nan() {
            true => HIDDEN,
            false => (column.to_table(value) * 255.0).round().clamp(0.0, 255.0) as u8,
        })
        .collect();
    grid.image(&bytes, 0)
}

/// Writes lines of images as one picture.
fn write_sheet(lines: &[&[Vec<u8>]], grid: &ImageGrid, across: usize, output: &Path) -> Result<(), CliError> {
    let (height, width) = (grid.shape.rows * SCALE, grid.shape.columns * SCALE);
    let sheet_width = across * (width + GAP) + GAP;
    let sheet_height = lines.len() * (height + GAP) + GAP;
    let mut pixels = vec![PAPER; sheet_width * sheet_height];
    for (line, images) in lines.iter().enumerate() {
        for (place, image) in images.iter().enumerate() {
            let (top, left) = (GAP + line * (height + GAP), GAP + place * (width + GAP));
            for row in 0..height {
                let start = (top + row) * sheet_width + left;
                for column in 0..width {
                    pixels[start + column] = image[row / SCALE * grid.shape.columns + column / SCALE];
                }
            }
        }
    }
    Ok(write_atomically(output, &ugmm_report::grey_png(&pixels, sheet_width)?)?)
}
