//! Cross-validation: the log-likelihood of a configuration on unseen rows, for data with too few rows to hold
//! some out.

use super::choice::chosen_structure;
use super::config::TrainingConfig;
use super::random::{Stream, generator};
use super::run::{Epoch, Plan, train_planned};
use crate::error::CircuitError;
use crate::rows::Rows;
use crate::variable::Variable;
use rand::seq::SliceRandom;

/// The result of cross-validation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossValidated {
    /// Mean log-likelihood of all rows, each under the circuit after `epoch` epochs that was trained without
    /// it.
    pub level: f64,
    /// The number of epochs, common to all folds, with the greatest mean.
    pub epoch: usize,
}

/// Trains a circuit for each fold on the rows of the other folds, for all epochs of the configuration; its
/// validation share, patience and members are ignored. `progress` is called after each epoch; if it returns
/// false, cross-validation ends without a result.
///
/// # Errors
///
/// The errors of [`train`](super::train), and [`CircuitError`] when there are fewer than 2 folds or fewer
/// rows than folds.
pub fn cross_validate(
    rows: Rows<'_>,
    variables: &[Variable],
    config: &TrainingConfig,
    folds: usize,
    mut progress: impl FnMut(&Epoch) -> bool,
) -> Result<Option<CrossValidated>, CircuitError> {
    if folds < 2 {
        let (setting, expected) = ("folds", "2 or more");
        return Err(CircuitError::Setting { setting, value: folds.to_string(), expected });
    }
    if rows.count() < folds {
        return Err(CircuitError::TooFewRows { rows: rows.count(), needed: folds });
    }
    let config = TrainingConfig { patience: config.epochs.max(1), ..config.clone() };
    let plan = Plan::new(variables.to_vec(), &config)?;
    let mut order: Vec<usize> = (0..rows.count()).collect();
    order.shuffle(&mut generator(config.seed, Stream::Splitting));
    let mut sums = vec![0.0; config.epochs];
    for fold in 0..folds {
        let pick = |is_held_out: bool| {
            let places = order.iter().enumerate();
            let places = places.filter(move |(place, _)| (place % folds == fold) == is_held_out);
            rows.select(places.map(|(_, &row)| row))
        };
        let (held_out, training) = (pick(true), pick(false));
        let (held_out, training) = (held_out.rows(), training.rows());
        let structure = chosen_structure(training, variables, &config)?;
        let mut go_on = true;
        train_planned(training, Some(held_out), &structure, &plan, &mut |epoch| {
            // After the last epoch there are more that only settle the parameters.
            if let (Some(sum), Some(level)) = (sums.get_mut(epoch.number - 1), epoch.validation) {
                *sum += level * held_out.total_weight();
            }
            go_on = progress(epoch);
            go_on
        })?;
        if !go_on {
            return Ok(None);
        }
    }
    let levels = sums.iter().map(|sum| sum / rows.total_weight()).enumerate();
    // The first of equal means is taken; NaN is excluded.
    let best = levels
        .filter(|(_, level)| !level.is_nan())
        .reduce(|best, other| if other.1 > best.1 { other } else { best });
    Ok(best.map(|(epoch, level)| CrossValidated { level, epoch: epoch + 1 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::StructureChoice;

    /// Two columns that are equal up to noise, which a model of independent columns cannot represent.
    #[test]
    fn dependence_is_found_from_few_rows() {
        let values: Vec<f64> = (0..40)
            .flat_map(|i| {
                let x = f64::from(i * 17 % 40);
                [x, x + f64::from(i % 3)]
            })
            .collect();
        let rows = Rows::new(&values, 2).unwrap();
        let variables = [0, 1].map(|column| Variable::standardizing(rows.column(column)));
        let level = |structure, units| {
            let units = Some(units);
            let config = TrainingConfig { structure, units, epochs: 40, components: 1, ..Default::default() };
            let mut epochs = 0;
            let found = cross_validate(rows, &variables, &config, 5, |_| {
                epochs += 1;
                true
            });
            let found = found.unwrap().unwrap();
            assert!(epochs == 5 * 40 && (1..=40).contains(&found.epoch));
            assert_eq!(cross_validate(rows, &variables, &config, 5, |_| false).unwrap(), None);
            found.level
        };
        assert!(level(StructureChoice::Mixture, 4) > level(StructureChoice::Independent, 1) + 0.5);
        let config = TrainingConfig::default();
        for folds in [1, 41] {
            assert!(cross_validate(rows, &variables, &config, folds, |_| true).is_err());
        }
    }
}
