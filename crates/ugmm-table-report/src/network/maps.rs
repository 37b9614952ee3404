//! Pictures of the classes of a model of images.

use super::seen::Seen;
use crate::naming::in_data_units;
use ugmm_data::ImageGrid;
use ugmm_network::inspect::class_maps;
use ugmm_report::{ClassMaps, Maps};
use ugmm_tabular::NetworkModel;
use ugmm_tabular::distribution::Predictions;

/// Maps for the true classes if the table has them, otherwise for the predicted ones; `None` for numbers.
pub fn maps(model: &NetworkModel, seen: &Seen, grid: &ImageGrid) -> Option<Maps> {
    let Predictions::Classes(found) = &seen.predicted else { return None };
    let right = |row: usize| seen.right.as_ref().map_or(f64::NAN, |right| right[row]);
    let label = |(row, &predicted): (usize, &usize)| match right(row) {
        unknown if unknown.is_nan() => predicted,
        class => class as usize,
    };
    let labels: Vec<usize> = found.decisions.iter().enumerate().map(label).collect();
    let all = class_maps(seen.network, model.saved().task().classification().ok()?, &seen.features, &labels);
    let classes = all.into_iter().zip(model.classes()).map(|(maps, name)| {
        let means = maps.means.iter().enumerate().map(|(input, &mean)| in_data_units(model, input, mean));
        let means: Vec<f64> = means.collect();
        ClassMaps {
            name: name.into(),
            rows: maps.rows,
            means: grid.image(&means, f64::NAN),
            weights: grid.image(&maps.weights, f64::NAN),
            responsibilities: grid.image(&maps.responsibilities, f64::NAN),
        }
    });
    Some(Maps { width: grid.shape.columns, height: grid.shape.rows, classes: classes.collect() })
}
