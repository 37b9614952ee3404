//! Pictures of the classes of a model of images.

use super::image::Grid;
use super::seen::{Predicted, Right, Seen};
use crate::naming::in_data_units;
use burn::tensor::{Device, Tensor, TensorData};
use ugmm::inspect::class_maps;
use ugmm_report::{ClassMaps, Maps};
use ugmm_tabular::TabularModel;

/// By right classes where the table says them, else by predicted ones; none of numbers.
pub fn maps(model: &TabularModel, seen: &Seen, grid: &Grid) -> Option<Maps> {
    let Predicted::Classes { decisions, .. } = &seen.predicted else { return None };
    let labels: Vec<usize> = match &seen.right {
        Some(Right::Classes(right)) => {
            right.iter().zip(decisions).map(|(right, &predicted)| right.unwrap_or(predicted)).collect()
        }
        _ => decisions.clone(),
    };
    let shape = [seen.rows(), seen.width];
    let x = Tensor::<2>::from_data(TensorData::new(seen.features.clone(), shape), &Device::flex());
    let all = class_maps(seen.network, &model.saved().task, x, &labels);
    let classes = all.into_iter().zip(model.classes()).map(|(maps, name)| {
        let means = maps.means.iter().enumerate().map(|(input, &mean)| in_data_units(model, input, mean));
        ClassMaps {
            name: name.into(),
            rows: maps.rows,
            means: grid.pixels(means, f64::NAN),
            weights: grid.pixels(maps.weights.iter().copied(), f64::NAN),
            responsibilities: grid.pixels(maps.responsibilities.iter().copied(), f64::NAN),
        }
    });
    Some(Maps { width: grid.width, height: grid.height, classes: classes.collect() })
}
