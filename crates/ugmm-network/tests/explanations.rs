//! Tests of attributions: contributions sum to the change of the prediction, gradients equal finite
//! differences, and both find the only input that matters.

use rand::RngExt;
use ugmm_network::inference::conditional::conditional_densities;
use ugmm_network::inspect::{Absence, contributions, feature_responsibilities, log_probability_gradient};
use ugmm_network::{
    ClassObjective, Classification, DensityObjective, Init, LabelEncoding, Model, Network, NetworkConfig,
    Regression, Stream, Targets, Task, generator,
};

const FEATURES: usize = 4;
const ROWS: usize = 6;

fn network(task: impl Into<Task>, hidden: &[usize], seed: u64) -> Network {
    let task = task.into();
    let sizes = [&[task.inputs()], hidden, &[task.outputs()]].concat();
    let config =
        NetworkConfig::new(&sizes).with_init(Init::Paper).with_min_sigma(0.5).with_missing_values(true);
    config.init(None, &mut generator(seed, Stream::Initialization)).unwrap()
}

fn random(rows: usize, columns: usize, seed: u64) -> Vec<f32> {
    let mut rng = generator(seed, Stream::Shuffling);
    (0..rows * columns).map(|_| rng.random_range(-2.0..2.0)).collect()
}

fn classifications() -> [Classification; 4] {
    let task = |objective| Classification::new(FEATURES, 3, objective).unwrap();
    [
        task(ClassObjective::Discriminative),
        task(ClassObjective::Generative { label: LabelEncoding::OneHot }),
        task(ClassObjective::Generative { label: LabelEncoding::Index }),
        task(ClassObjective::Hybrid { label: LabelEncoding::OneHot, weight: 10.0 }),
    ]
}

/// log P(class | x) of each row, for the given classes.
fn log_probabilities(network: &Network, task: &Classification, x: &[f32], classes: &[usize]) -> Vec<f32> {
    let logs = task.log_probabilities(network, x);
    logs.chunks(task.classes()).zip(classes).map(|(row, &class)| row[class]).collect()
}

fn sums(values: &[f32], columns: usize) -> Vec<f32> {
    values.chunks(columns).map(|row| row.iter().sum()).collect()
}

#[test]
fn contributions_sum_to_the_change_of_the_log_probability() {
    for (seed, task) in classifications().iter().enumerate() {
        let seed = seed as u64;
        for hidden in [&[][..], &[7], &[8, 5]] {
            let network = network(*task, hidden, seed);
            let (mut x, mut base) = (random(ROWS, FEATURES, seed), random(ROWS, FEATURES, seed + 50));
            // One row has a missing feature, and one a feature equal to the baseline's.
            (x[1], base[1]) = (f32::NAN, f32::NAN);
            x[FEATURES] = base[FEATURES];
            let classes = [0, 1, 2, 2, 1, 0];
            let targets = task.with_labels(&classes).unwrap();
            let found = contributions(&network, &x, &base, targets, Absence::Baseline);
            assert_eq!((found[1], found[FEATURES].abs() < 1e-5), (0.0, true), "{found:?}");
            let (after, before) = (
                log_probabilities(&network, task, &x, &classes),
                log_probabilities(&network, task, &base, &classes),
            );
            for ((sum, after), before) in sums(&found, FEATURES).iter().zip(after).zip(before) {
                let expected = after - before;
                assert!((sum - expected).abs() < 1e-3 * (1.0 + expected.abs()), "{task:?} {sum} {expected}");
            }
        }
    }
}

#[test]
fn so_they_do_for_numbers() {
    let objective = DensityObjective { low: -1.6, high: 1.6, nodes: 32, crps_weight: 0.0 };
    let task = Task::from(Regression::new(FEATURES, objective).unwrap());
    let network = network(task, &[9, 5], 4);
    let (x, base) = (random(3, FEATURES, 1), random(3, FEATURES, 2));
    // Each number is in the middle of a cell of width 0.1.
    let numbers = vec![-1.05f32, 0.45, 1.55];
    let targets = Targets::Numbers(numbers.clone());
    let targets = task.with_targets(&targets).unwrap();
    let found = contributions(&network, &x, &base, targets, Absence::Baseline);
    let log_densities = |x: &[f32]| -> Vec<f64> {
        let densities = conditional_densities(&network, x, (-1.6, 1.6), 32);
        densities.iter().zip(&numbers).map(|(density, &y)| density.log_density(y.into())).collect()
    };
    for ((sum, after), before) in
        sums(&found, FEATURES).iter().zip(log_densities(&x)).zip(log_densities(&base))
    {
        assert!((f64::from(*sum) - (after - before)).abs() < 1e-3, "{sum} {}", after - before);
    }
}

/// Compares the contributions of a network of one layer, whose second class never changes, with e^a − e^a⁰
/// over the logarithmic mean of the sums.
#[test]
fn one_layers_division_is_that_of_logarithmic_means() {
    let task = Classification::new(2, 2, ClassObjective::Discriminative).unwrap();
    let mut network = network(task, &[], 0);
    let layer = &mut network.layers[0];
    // σ of the second class is so large that its score is constant.
    layer.means = vec![0.3, -0.8, 0.0, 0.0];
    layer.config.min_sigma = 0.0;
    layer.raw_log_sigmas = vec![0.5f32.ln(), 1.2f32.ln(), 1e4f32.ln(), 1e4f32.ln()];
    layer.mixing_logits = vec![0.0, 1.0, 0.0, 0.0];
    let (x, base) = ([0.9f32, -1.5], [-0.2f32, 0.4]);
    let total = 1.0 + 1f64.exp();
    let weights = [1.0 / total, 1f64.exp() / total];
    let (means, sigmas) = ([0.3, -0.8], [0.5, 1.2]);
    let part = |x: &[f32], k: usize| {
        let z = (f64::from(x[k]) - means[k]) / sigmas[k];
        weights[k] / sigmas[k] * (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
    };
    let other = 1e-4 / std::f64::consts::TAU.sqrt();
    let (now, before) = (part(&x, 0) + part(&x, 1), part(&base, 0) + part(&base, 1));
    let mean = |a: f64, b: f64| (a - b) / (a / b).ln();
    // log P is log S − log(S + other), and each change is divided in proportion to its terms.
    let factor = 1.0 / mean(now, before) - 1.0 / mean(now + other, before + other);
    let targets = task.with_labels(&[0]).unwrap();
    let found = contributions(&network, &x, &base, targets, Absence::Baseline);
    for k in 0..2 {
        let expected = factor * (part(&x, k) - part(&base, k));
        assert!(
            (f64::from(found[k]) - expected).abs() < 1e-4 * expected.abs().max(0.01),
            "{found:?} {expected}"
        );
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for (seed, task) in classifications().iter().enumerate() {
        let network = network(*task, &[8], 20 + seed as u64);
        let x = random(ROWS, FEATURES, 7);
        let classes = [0, 1, 2, 2, 1, 0];
        let model = Model::Ugmm(network.clone());
        let found = log_probability_gradient(&model, task, &x, &classes);
        let step = 1e-2;
        for feature in 0..FEATURES {
            let moved = |step: f32| {
                let mut x = x.clone();
                x.iter_mut().skip(feature).step_by(FEATURES).for_each(|value| *value += step);
                log_probabilities(&network, task, &x, &classes)
            };
            for (row, (up, down)) in moved(step).iter().zip(moved(-step)).enumerate() {
                let (found, expected) = (found[row * FEATURES + feature], (up - down) / (2.0 * step));
                assert!(
                    (found - expected).abs() < 5e-3 * (1.0 + expected.abs()),
                    "{task:?} {found} {expected}"
                );
            }
        }
        let mut gaps = x.clone();
        gaps[2] = f32::NAN;
        let found = log_probability_gradient(&model, task, &gaps, &classes);
        assert!(found[2] == 0.0 && found.iter().all(|value| value.is_finite()), "{found:?}");
    }
}

/// Near the baseline contributions equal gradient times difference.
#[test]
fn contributions_of_small_changes_are_gradient_times_difference() {
    for (seed, task) in classifications().iter().enumerate() {
        let network = network(*task, &[8, 5], 30 + seed as u64);
        let x = random(ROWS, FEATURES, 8);
        let base: Vec<f32> = x.iter().zip(random(ROWS, FEATURES, 9)).map(|(x, d)| x - 2e-3 * d).collect();
        let classes = vec![0, 1, 2, 2, 1, 0];
        let gradient = log_probability_gradient(&Model::Ugmm(network.clone()), task, &x, &classes);
        let targets = task.with_labels(&classes).unwrap();
        let found = contributions(&network, &x, &base, targets, Absence::Baseline);
        for (((found, gradient), x), base) in found.iter().zip(gradient).zip(&x).zip(&base) {
            let expected = gradient * (x - base);
            assert!((found - expected).abs() < 0.03 * expected.abs() + 1e-4, "{task:?} {found} {expected}");
        }
    }
}

/// If a neuron has many components, responsibility minus weight predicts the effect of leaving one out.
#[test]
fn contributions_of_knowing_foretell_what_leaving_out_does() {
    let (features, rows) = (40, 5);
    let task = Classification::new(features, 3, ClassObjective::Discriminative).unwrap();
    let network = network(task, &[8], 3);
    let x = random(rows, features, 3);
    let classes = vec![0, 1, 2, 0, 1];
    let targets = task.with_labels(&classes).unwrap();
    let near: Vec<f32> = x.iter().map(|value| value + 1e-3).collect();
    let found = contributions(&network, &x, &near, targets, Absence::Missing);
    assert!(sums(&found, features).iter().all(|sum| sum.abs() < 1e-4), "{:?}", sums(&found, features));
    let with = log_probabilities(&network, &task, &x, &classes);
    let (mut error, mut size) = (0.0, 0.0);
    for feature in 0..features {
        let mut without = x.clone();
        without.iter_mut().skip(feature).step_by(features).for_each(|value| *value = f32::NAN);
        for (row, without) in log_probabilities(&network, &task, &without, &classes).into_iter().enumerate() {
            let expected = with[row] - without;
            error += (found[row * features + feature] - expected).powi(2);
            size += expected.powi(2);
        }
    }
    assert!(error < 0.05 * size, "{error} {size}");
}

/// Every neuron of the first layer uses only the third feature.
#[test]
fn the_one_input_that_matters_is_found() {
    let task = Classification::new(FEATURES, 3, ClassObjective::Discriminative).unwrap();
    let mut network = network(task, &[6], 5);
    network.layers[0].mixing_logits = [0.0, 0.0, 60.0, 0.0].repeat(6);
    let (x, base) = (random(ROWS, FEATURES, 6), vec![0.1; ROWS * FEATURES]);
    // The class of each row is the one whose score rises most, so that the contribution of the feature is
    // positive.
    let change = |class: usize| -> Vec<f32> {
        let [now, before] =
            [&x, &base].map(|values| log_probabilities(&network, &task, values, &[class; ROWS]));
        now.iter().zip(before).map(|(now, before)| now - before).collect()
    };
    let changes = [0, 1, 2].map(change);
    let classes: Vec<usize> = (0..ROWS)
        .map(|row| (0..3).max_by(|&a, &b| changes[a][row].total_cmp(&changes[b][row])).unwrap())
        .collect();
    let targets = task.with_labels(&classes).unwrap();
    let gradient = log_probability_gradient(&Model::Ugmm(network.clone()), &task, &x, &classes);
    let all = [
        contributions(&network, &x, &base, targets, Absence::Baseline),
        contributions(&network, &x, &base, targets, Absence::Missing),
        feature_responsibilities(&network, &x, targets),
        gradient.iter().zip(x.iter().zip(&base)).map(|(gradient, (x, base))| gradient * (x - base)).collect(),
    ];
    for (index, attribution) in all.iter().enumerate() {
        for row in attribution.chunks(FEATURES) {
            let others = [row[0], row[1], row[3]].map(f32::abs);
            assert!(others.iter().all(|other| *other < 1e-5), "{index} {row:?}");
            // The feature already has the whole weight, so that knowing it adds nothing that leaving another
            // out would show.
            assert!(index == 1 || row[2].abs() > 1e-4, "{index} {row:?}");
        }
    }
    assert!(all[0].iter().skip(2).step_by(FEATURES).all(|value| *value > 0.0), "{:?}", all[0]);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let task = classifications()[3];
    let network = network(task, &[16, 8], 1);
    let (x, base) = (random(40, FEATURES, 1), random(40, FEATURES, 2));
    let classes: Vec<usize> = (0..40).map(|row| row % 3).collect();
    let results = [1, 4].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let targets = task.with_labels(&classes).unwrap();
            [
                contributions(&network, &x, &base, targets, Absence::Baseline),
                log_probability_gradient(&Model::Ugmm(network.clone()), &task, &x, &classes),
            ]
        })
    });
    assert_eq!(results[0], results[1]);
}
