//! Compares proofs with sampling, for pruned networks and extreme parameters, with every pattern of missing
//! values.

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;
use ugmm_kernels::oracle::{self, LayerArguments64};
use ugmm_kernels::{DROPPED_LOGIT, LayerShape};
use ugmm_network::inference::mpe::{MpeOptions, MpeQuery, most_probable_explanation};
use ugmm_network::inference::variable::Variable;
use ugmm_network::verification::robustness::{RobustnessOptions, Verdict, certify};
use ugmm_network::{
    ClassObjective, Classification, Init, LabelEncoding, Model, Network, NetworkConfig, Predictor, Stream,
    generator,
};

const FEATURES: usize = 4;
const CLASSES: usize = 3;

/// A pruned network: each component is dropped with probability `dropped`; some of the others are as wide as
/// the backgrounds of pruned neurons, or have almost no weight.
fn pruned_network(sizes: &[usize], dropped: f64, rng: &mut impl Rng) -> Network {
    let floor = [0.0, 0.4][usize::from(rng.random_bool(0.5))];
    let config = NetworkConfig::new(sizes).with_init(Init::Paper).with_missing_values(true);
    let config = config.with_min_sigma(floor);
    let mut network = config.init(None, &mut generator(rng.random(), Stream::Initialization)).unwrap();
    for (index, layer) in network.layers.iter_mut().enumerate() {
        let shape = [layer.neurons(), layer.inputs()];
        let (mut logits, mut logs) = (Vec::new(), Vec::new());
        for _ in 0..shape[0] {
            let kept = rng.random_range(0..shape[1]);
            for input in 0..shape[1] {
                let out = input != kept && rng.random_bool(dropped);
                let extreme = if rng.random_bool(0.1) { -120.0 } else { 0.0 };
                logits.push(if out { DROPPED_LOGIT } else { rng.random_range(-2.0..2.0) + extreme });
                let wide = if rng.random_bool(0.1) { 30.0 } else { 0.0 };
                logs.push(rng.random_range(-1.5..0.7) + wide);
            }
        }
        (layer.mixing_logits, layer.raw_log_sigmas) = (logits, logs);
        // The inputs of later layers are log-densities, which are mostly below 0.
        if index > 0 {
            layer.means.iter_mut().for_each(|mean| *mean = *mean * 2.0 - 2.0);
        }
    }
    network
}

fn sizes(features: usize, outputs: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut sizes = vec![features];
    (0..rng.random_range(0..4)).for_each(|_| sizes.push(rng.random_range(2..8)));
    sizes.push(outputs);
    sizes
}

fn decided(model: &Model, task: &Classification, rows: &[f32]) -> Vec<usize> {
    let scores = task.class_scores(model, rows);
    let best = |row: &[f32]| (0..CLASSES).rev().max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
    scores.chunks(CLASSES).map(best).collect()
}

/// Rows with every pattern of missing values, each with its own known values.
fn rows_with_every_pattern(rng: &mut impl Rng) -> Vec<f32> {
    let value = |pattern: usize, input: usize, rng: &mut dyn Rng| {
        if pattern >> input & 1 == 1 { f32::NAN } else { rng.random_range(-1.5..1.5) }
    };
    (0..1 << FEATURES)
        .flat_map(|pattern| (0..FEATURES).map(|input| value(pattern, input, rng)).collect::<Vec<f32>>())
        .collect()
}

#[test]
fn no_sampled_point_of_a_proved_box_is_decided_otherwise() {
    const POINTS: usize = 150;
    let mut rng = generator(21, Stream::Initialization);
    let (mut sampled, mut proved_with_missing, mut disproved) = (0, 0, 0);
    for case in 0..150 {
        let (objective, features, outputs) = match case % 3 {
            0 => (ClassObjective::Discriminative, FEATURES, CLASSES),
            1 => (ClassObjective::Generative { label: LabelEncoding::Index }, FEATURES + 1, 1),
            _ => (ClassObjective::Generative { label: LabelEncoding::OneHot }, FEATURES + CLASSES, 1),
        };
        let sizes = sizes(features, outputs, &mut rng);
        let dropped = [0.0, 0.4, 0.7, 0.9][case / 3 % 4];
        let model = Model::Ugmm(pruned_network(&sizes, dropped, &mut rng));
        let task = Classification::new(FEATURES, CLASSES, objective).unwrap();
        let rows = rows_with_every_pattern(&mut rng);
        let epsilon = [0.02, 0.2, 0.5, 2.0][case % 4];
        let movable = vec![true; FEATURES];
        let options = RobustnessOptions { epsilon, movable, limits: None, most_boxes: 16, attack_steps: 4 };
        for (row, certificate) in
            certify(&model, &task, &rows, &[], &options).unwrap().into_iter().enumerate()
        {
            match certificate.verdict {
                Verdict::Proved => {
                    let own = &rows[row * FEATURES..(row + 1) * FEATURES];
                    let side = |rng: &mut ChaCha8Rng| match rng.random_range(0..3) {
                        0 => -1.0,
                        1 => 1.0,
                        _ => rng.random_range(-1.0..1.0f32),
                    };
                    let points: Vec<f32> = (0..POINTS)
                        .flat_map(|_| {
                            let moved = |x: &f32| x + 0.9999 * epsilon as f32 * side(&mut rng);
                            own.iter().map(moved).collect::<Vec<f32>>()
                        })
                        .collect();
                    let found = decided(&model, &task, &points);
                    assert!(
                        found.iter().all(|found| *found == certificate.class),
                        "{case} {sizes:?}: {own:?} by {epsilon}, {found:?}"
                    );
                    sampled += POINTS;
                    proved_with_missing += usize::from(own.iter().any(|x| x.is_nan()));
                }
                Verdict::Disproved { .. } => disproved += 1,
                Verdict::Undecided => {}
            }
        }
    }
    assert!(
        sampled >= 100_000 && proved_with_missing >= 500 && disproved >= 100,
        "{sampled} {proved_with_missing} {disproved}"
    );
}

#[test]
fn no_sampled_point_scores_more_than_the_upper_bound() {
    const POINTS: usize = 200;
    let mut rng = generator(22, Stream::Initialization);
    let (mut sampled, mut with_missing) = (0, 0);
    for case in 0..40 {
        let sizes = sizes(FEATURES, 1, &mut rng);
        let network = pruned_network(&sizes, [0.0, 0.4, 0.7, 0.9][case % 4], &mut rng);
        // Each input is queried, given or missing.
        for pattern in 0..3usize.pow(FEATURES as u32) {
            let kinds: Vec<usize> =
                (0..FEATURES).map(|input| pattern / 3usize.pow(input as u32) % 3).collect();
            let low = rng.random_range(-3.0..1.0);
            let high = low + rng.random_range(0.0..4.0);
            let of =
                |kind: usize| (0..FEATURES).filter(|&input| kinds[input] == kind).collect::<Vec<usize>>();
            let query: Vec<Variable> =
                of(0).into_iter().map(|input| Variable::number(input, low, high).unwrap()).collect();
            if query.is_empty() {
                continue;
            }
            let given: Vec<(usize, f64)> =
                of(1).into_iter().map(|input| (input, rng.random_range(-2.0..2.0))).collect();
            let missing = of(2);
            let options = MpeOptions { most_boxes: 60, beam: 4, steps: 4, ..MpeOptions::default() };
            let query = MpeQuery { query, given };
            let found =
                match most_probable_explanation(&network, &query, &options, |_| ControlFlow::Continue(())) {
                    Ok(found) => found,
                    // All inputs that reach the root are missing.
                    Err(error) => {
                        assert!(!missing.is_empty() && error.to_string().contains("too much"), "{error}");
                        continue;
                    }
                };
            let mut row = vec![f32::NAN; FEATURES];
            query.given.iter().for_each(|&(input, value)| row[input] = value as f32);
            let mut points = Vec::with_capacity(POINTS * FEATURES);
            for _ in 0..POINTS {
                let mut point = row.clone();
                query.query.iter().for_each(|variable| {
                    point[variable.inputs.start] = (low + (high - low) * rng.random::<f64>()) as f32;
                });
                points.extend(point);
            }
            let highest = network.forward(&points).into_iter().fold(f32::MIN, f32::max);
            let allowed = 1e-4 * (1.0 + f64::from(highest.abs()));
            assert!(
                f64::from(highest) <= found.upper_bound + allowed,
                "{case} {sizes:?} {kinds:?}: {highest} {found:?}"
            );
            sampled += POINTS;
            with_missing += usize::from(!missing.is_empty());
        }
    }
    assert!(sampled >= 100_000 && with_missing >= 500, "{sampled} {with_missing}");
}

/// The root's score in `f64`, from the saved parameters and the definition of σ.
fn exact(network: &Network, x: &[f64]) -> f64 {
    let wide = |values: &[f32]| -> Vec<f64> { values.iter().copied().map(f64::from).collect() };
    let root = network.layers.iter().fold(x.to_vec(), |x, layer| {
        let shape = LayerShape { batch: 1, inputs: layer.inputs(), neurons: layer.neurons() };
        let floor = layer.config.min_sigma.powi(2);
        let log_sigma = |raw: f64| 0.5 * (floor + (2.0 * raw).exp()).ln();
        let log_sigmas: Vec<f64> = wide(&layer.raw_log_sigmas).into_iter().map(log_sigma).collect();
        let (means, mixing_logits) = (wide(&layer.means), wide(&layer.mixing_logits));
        let arguments =
            LayerArguments64 { x: &x, means: &means, log_sigmas: &log_sigmas, mixing_logits: &mixing_logits };
        oracle::forward(shape, arguments).unwrap()
    });
    root[0]
}

/// For a single point only rounding separates value and bound, so that a step computed in `f32` would show.
#[test]
fn bounds_are_of_the_numbers_as_they_are_saved_and_asked_for() {
    let mut rng = generator(23, Stream::Initialization);
    for case in 0..200 {
        let sizes = sizes(FEATURES, 1, &mut rng);
        let network = pruned_network(&sizes, 0.3, &mut rng);
        let x: Vec<f64> = (0..FEATURES).map(|_| rng.random_range(-3.0..3.0)).collect();
        let asked = rng.random_range(1..=FEATURES);
        let query = MpeQuery {
            query: (0..asked).map(|input| Variable::number(input, x[input], x[input]).unwrap()).collect(),
            given: (asked..FEATURES).map(|input| (input, x[input])).collect(),
        };
        let found =
            most_probable_explanation(
                &network,
                &query,
                &MpeOptions::default(),
                |_| ControlFlow::Continue(()),
            );
        let (found, exact) = (found.unwrap(), exact(&network, &x));
        let rounding = 1e-13 * (1.0 + exact.abs());
        assert!(found.upper_bound >= exact - rounding, "{case} {sizes:?}: {} {exact}", found.upper_bound);
        assert!((found.value - exact).abs() <= 1e2 * rounding, "{case} {sizes:?}: {} {exact}", found.value);
        assert!(
            found.upper_bound <= exact + 1e4 * rounding,
            "{case} {sizes:?}: {} {exact}",
            found.upper_bound
        );
    }
}
