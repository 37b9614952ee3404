//! Pictures of the classes of a model of images.

use super::seen::{Predicted, Right, Seen};
use crate::naming::in_data_units;
use ugmm_data::ImageGrid;
use ugmm_network::inspect::class_maps;
use ugmm_report::{ClassMaps, Maps};
use ugmm_tabular::TabularModel;

/// By right classes where the table says them, else by predicted ones; none of numbers.
pub fn maps(model: &TabularModel, seen: &Seen, grid: &ImageGrid) -> Option<Maps> {
    let Predicted::Classes { decisions, .. } = &seen.predicted else { return None };
    let labels: Vec<usize> = match &seen.right {
        Some(Right::Classes(right)) => {
            right.iter().zip(decisions).map(|(right, &predicted)| right.unwrap_or(predicted)).collect()
        }
        _ => decisions.clone(),
    };
    let all = class_maps(seen.network, model.saved().task(), &seen.features, &labels);
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
