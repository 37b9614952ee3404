//! Images: mean and spread of pixels, and drawn images.

use super::rows::Seen;
use crate::error::ReportError;
use ugmm_data::ImageGrid;
use ugmm_report::{Axis, Chart, DocumentSection, Figure, Mark};
use ugmm_tabular::{DensityModel, TableModel, TabularError};

/// Number of images that are drawn.
const DRAWN: usize = 18;
/// Number of images in a line.
const IN_A_LINE: usize = 6;
/// Largest number of pixels of an image for which pictures are drawn.
const MOST_PIXELS: usize = 16_384;

/// Mean and standard deviation of each pixel, drawn images, and the least and the most likely images of the
/// table.
pub fn sections(
    model: &DensityModel,
    grid: &ImageGrid,
    seen: &Seen,
) -> Result<Vec<DocumentSection>, ReportError> {
    if grid.shape.rows * grid.shape.columns > MOST_PIXELS {
        return Ok(Vec::new());
    }
    let width = model.columns().len();
    let marginals = model.circuit().conditionals(&vec![f64::NAN; width]).map_err(TabularError::from)?;
    let pixels = grid.places.len();
    let in_table = |index: usize, value: f64| model.columns()[index].to_table(value);
    let means: Vec<f64> = (0..pixels).map(|index| in_table(index, marginals[index].mean())).collect();
    let spreads: Vec<f64> = (0..pixels).map(|index| in_table(index, marginals[index].deviation())).collect();
    let usual = Figure {
        id: "pixels".into(),
        lines: vec![vec![
            picture("pixel-means", "mean of each pixel", grid, &means),
            picture("pixel-spreads", "standard deviation of each pixel", grid, &spreads),
        ]],
    };
    let drawn = model.complete(&vec![f64::NAN; width], DRAWN, 0)?;
    let image = |row: &[f64]| -> Vec<f64> { (0..pixels).map(|index| in_table(index, row[index])).collect() };
    let sheet = |id: &str, rows: Vec<(String, Vec<f64>)>| {
        let charts = rows
            .into_iter()
            .enumerate()
            .map(|(number, (title, values))| picture(&format!("{id}-{}", number + 1), &title, grid, &values));
        let charts: Vec<Chart> = charts.collect();
        charts
            .chunks(IN_A_LINE)
            .enumerate()
            .map(|(line, charts)| Figure {
                id: format!("{id}-line-{}", line + 1),
                lines: vec![charts.to_vec()],
            })
            .collect::<Vec<Figure>>()
    };
    let mut order: Vec<usize> = (0..seen.places.len()).collect();
    order.sort_by(|&a, &b| seen.surprises[a].log_likelihood.total_cmp(&seen.surprises[b].log_likelihood));
    let titled = |row: usize| {
        (format!("row {}", seen.places[row]), image(&seen.values[row * width..(row + 1) * width]))
    };
    let least: Vec<_> = order.iter().take(IN_A_LINE).map(|&row| titled(row)).collect();
    let most: Vec<_> = order.iter().rev().take(IN_A_LINE).map(|&row| titled(row)).collect();
    let drawn = drawn.chunks_exact(width).map(|row| (String::new(), image(row))).collect();
    let section = |heading: &str, text: &str, figures| DocumentSection {
        heading: heading.into(),
        text: text.into(),
        figures,
        tables: Vec::new(),
    };
    Ok(vec![
        section("Pixels", "The marginal distribution of each pixel under the model.", vec![usual]),
        section("Draws", "Independent draws from the density.", sheet("draw", drawn)),
        section("Least likely images", "Among the rows of this report.", sheet("least-likely", least)),
        section("Most likely images", "Among the rows of this report.", sheet("most-likely", most)),
    ])
}

/// A picture of values from 0 to 1.
fn picture(id: &str, title: &str, grid: &ImageGrid, values: &[f64]) -> Chart {
    let shades: Vec<f64> =
        values.iter().map(|value| if value.is_nan() { -1.0 } else { value.clamp(0.0, 1.0) }).collect();
    Chart {
        id: id.into(),
        title: title.into(),
        description: format!("an image: {title}").into(),
        height: 0.0,
        ratio: Some(grid.shape.rows as f64 / grid.shape.columns as f64),
        x: Axis::hidden(0.0, 1.0),
        y: Axis::hidden(0.0, 1.0),
        marks: vec![Mark::Cells {
            columns: grid.shape.columns,
            shades: grid.image(&shades, -1.0),
            texts: Vec::new(),
            notes: Vec::new(),
        }],
    }
}
