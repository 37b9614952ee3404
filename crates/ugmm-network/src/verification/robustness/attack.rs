//! The search for counter-examples: projected gradient ascent of the margin (Madry et al. 2018).

use super::options::RobustnessOptions;
use crate::{Classification, Model, RowWeights};

/// Number of rows that pass through the network together.
pub(super) const ROWS: usize = 256;
/// Length of a step, as a fraction of epsilon.
const STEP: f64 = 0.25;
/// A penalty that excludes a class from a maximum.
const OUT: f32 = 1e30;

/// An input for each row within its box, `[rows, features]`, with the greatest margin of another class over
/// the decided one that was found.
pub(super) fn attack(
    model: &Model,
    task: &Classification,
    features: &[f32],
    classes: &[usize],
    log_weights: &[f64],
    options: &RobustnessOptions,
) -> Vec<f32> {
    let columns = task.features();
    let rows = features.chunks(ROWS * columns).zip(classes.chunks(ROWS));
    rows.flat_map(|(features, classes)| {
        let mut best = features.to_vec();
        let mut best_margins = vec![f32::NEG_INFINITY; classes.len()];
        let mut now = best.clone();
        for step in 0..=options.attack_steps {
            let (margins, gradients) = margins(model, task, &now, classes, log_weights);
            for (row, &margin) in margins.iter().enumerate() {
                if margin > best_margins[row] {
                    best_margins[row] = margin;
                    let place = row * columns..(row + 1) * columns;
                    best[place.clone()].copy_from_slice(&now[place]);
                }
            }
            if step == options.attack_steps {
                break;
            }
            // The first step goes to the corner in the direction of the gradient, later ones are shorter.
            let length = options.epsilon * if step == 0 { 1.0 } else { STEP };
            for (at, gradient) in gradients.iter().enumerate() {
                let start = f64::from(features[at]);
                if *gradient != 0.0 && !start.is_nan() {
                    let to = f64::from(now[at]) + length * f64::from(gradient.signum());
                    let (low, high) = options.ends(at % columns, start);
                    now[at] = inside(to, low, high);
                }
            }
        }
        best
    })
    .collect()
}

/// The `f32` nearest to `x` between `low` and `high`.
fn inside(x: f64, low: f64, high: f64) -> f32 {
    let x = x.clamp(low, high) as f32;
    if f64::from(x) > high {
        x.next_down()
    } else if f64::from(x) < low {
        x.next_up()
    } else {
        x
    }
}

/// The greatest margin of another class over the decided one, `[rows]`, and its gradient with respect to the
/// features, `[rows, features]`.
fn margins(
    model: &Model,
    task: &Classification,
    features: &[f32],
    classes: &[usize],
    log_weights: &[f64],
) -> (Vec<f32>, Vec<f32>) {
    let (x, count) = (task.prediction_inputs(features), task.classes());
    let pass = model.recorded(x, None, RowWeights::default());
    let mut cotangent = vec![0.0; pass.outputs().len()];
    let of_rows = pass.outputs().chunks(count).zip(cotangent.chunks_mut(count)).zip(classes);
    let margins = of_rows.map(|((scores, cotangent), &own)| {
        let score = |class: usize| scores[class] + log_weights[class] as f32;
        let other = |class: usize| score(class) - if class == own { OUT } else { 0.0 };
        let best = (0..count).rev().max_by(|&a, &b| other(a).total_cmp(&other(b))).unwrap_or(own);
        // With a single class both terms cancel.
        cotangent[best] += 1.0;
        cotangent[own] -= 1.0;
        other(best) - score(own)
    });
    let margins = margins.collect();
    let gradient = pass.input_gradient(cotangent);
    // If a row was passed with each label, its features are equal in all copies, and their gradients add up.
    let mut of_features = Vec::with_capacity(features.len());
    for shown in gradient.chunks(task.inputs_of_a_row() * task.inputs()) {
        let of_feature = |at: usize| shown.iter().skip(at).step_by(task.inputs()).sum::<f32>();
        of_features.extend((0..task.features()).map(of_feature));
    }
    (margins, of_features)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClassObjective, Init, LabelEncoding, MlpConfig, NetworkConfig, Stream, generator};

    /// Compares gradients with differences of margins, with and without labels among the inputs, and with a
    /// missing value.
    #[test]
    fn gradients_are_slopes_of_the_margin() {
        let mut rng = generator(2, Stream::Initialization);
        let mut cases = Vec::new();
        for (objective, sizes) in [
            (ClassObjective::Discriminative, [3, 5, 4, 3]),
            (ClassObjective::Generative { label: LabelEncoding::Index }, [4, 5, 4, 1]),
            (ClassObjective::Generative { label: LabelEncoding::OneHot }, [6, 5, 4, 1]),
        ] {
            let config = NetworkConfig::new(&sizes).with_init(Init::Paper).with_min_sigma(0.5);
            let network = config.with_missing_values(true).init(None, &mut rng).unwrap();
            cases.push((Model::Ugmm(network), objective, f32::NAN));
        }
        let mlp = MlpConfig::new(&[3, 8, 3]).with_batch_norm(true).init(&mut rng).unwrap();
        cases.push((Model::Mlp(mlp), ClassObjective::Discriminative, 0.7));
        for (model, objective, last) in cases {
            let task = Classification::new(3, 3, objective).unwrap();
            let (features, classes) = ([0.4, -0.3, 0.9, -0.6, 0.2, last], [0, 2]);
            let at = |features: &[f32]| margins(&model, &task, features, &classes, &[0.1, 0.0, -0.2]);
            let (_, gradient) = at(&features);
            assert_eq!(gradient.len(), features.len());
            for (place, gradient) in gradient.iter().enumerate() {
                let moved = |by: f32| {
                    let mut features = features;
                    features[place] += by;
                    at(&features).0[place / 3]
                };
                let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                assert!(
                    (slope - gradient).abs() <= 1e-2 * (1.0 + slope.abs()),
                    "{place}: {slope} {gradient}"
                );
            }
        }
    }
}
