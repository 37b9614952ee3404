//! Tests of certified robustness: no point of a box refutes a proof, counter-examples are valid, and
//! unsuitable models fail.

use rand::RngExt;
use ugmm_network::verification::robustness::{Certificate, RobustnessOptions, Verdict, certify};
use ugmm_network::{
    ClassObjective, Classification, Init, LabelEncoding, MlpConfig, Model, NetworkConfig, Stream, generator,
};

const FEATURES: usize = 3;
const CLASSES: usize = 3;
const ROWS: usize = 40;

fn task(objective: ClassObjective) -> Classification {
    Classification::new(FEATURES, CLASSES, objective).unwrap()
}

fn models() -> Vec<(Model, Classification)> {
    let mut rng = generator(3, Stream::Initialization);
    let mut ugmm = |sizes: &[usize]| {
        let config = NetworkConfig::new(sizes).with_init(Init::Paper).with_min_sigma(0.5);
        Model::Ugmm(config.init(None, &mut rng).unwrap())
    };
    let mut models = vec![
        (ugmm(&[FEATURES, 8, CLASSES]), task(ClassObjective::Discriminative)),
        (ugmm(&[FEATURES, 8, 6, CLASSES]), task(ClassObjective::Discriminative)),
        (ugmm(&[FEATURES + 1, 8, 1]), task(ClassObjective::Generative { label: LabelEncoding::Index })),
        (
            ugmm(&[FEATURES + CLASSES, 8, 4, 1]),
            task(ClassObjective::Generative { label: LabelEncoding::OneHot }),
        ),
    ];
    let mlp = MlpConfig::new(&[FEATURES, 16, 8, CLASSES]).with_batch_norm(true);
    let mlp = mlp.init(&mut generator(4, Stream::Initialization)).unwrap();
    models.push((Model::Mlp(mlp), task(ClassObjective::Discriminative)));
    models
}

fn rows(seed: u64) -> Vec<f32> {
    let mut rng = generator(seed, Stream::Shuffling);
    (0..ROWS * FEATURES).map(|_| rng.random_range(-1.5..1.5f32)).collect()
}

fn decided(model: &Model, task: &Classification, features: &[f32], log_weights: &[f64]) -> Vec<usize> {
    let scores = task.class_scores(model, features);
    let weight = |class: usize| log_weights.get(class).copied().unwrap_or(0.0);
    let best = |row: &[f32]| {
        let score = |class: usize| f64::from(row[class]) + weight(class);
        (0..CLASSES).rev().max_by(|&a, &b| score(a).total_cmp(&score(b))).unwrap()
    };
    scores.chunks(CLASSES).map(best).collect()
}

fn options(epsilon: f64) -> RobustnessOptions {
    RobustnessOptions {
        epsilon,
        movable: vec![true, true, false],
        limits: None,
        most_boxes: 64,
        attack_steps: 10,
    }
}

#[test]
fn proofs_and_counter_examples_hold() {
    let features = rows(1);
    let mut counts = [0usize; 2];
    for (model, task) in models() {
        for log_weights in [vec![], vec![0.3, 0.0, -0.4]] {
            for epsilon in [0.0, 0.01, 0.1, 0.5] {
                let options = options(epsilon);
                let certificates = certify(&model, &task, &features, &log_weights, &options).unwrap();
                assert_eq!(certificates.len(), ROWS);
                let classes = decided(&model, &task, &features, &log_weights);
                let mut rng = generator(5, Stream::Shuffling);
                for (row, Certificate { class, verdict, by_intervals }) in
                    certificates.into_iter().enumerate()
                {
                    assert_eq!(class, classes[row]);
                    let own = &features[row * FEATURES..(row + 1) * FEATURES];
                    match verdict {
                        Verdict::Proved => {
                            counts[0] += 1;
                            // The points are corners and random points of the box.
                            let points: Vec<f32> = (0..200)
                                .flat_map(|point| {
                                    let mut side = |k: usize| match point {
                                        0..4 => [-1.0, 1.0][point >> k & 1],
                                        _ => 2.0 * rng.random::<f32>() - 1.0,
                                    };
                                    let mut moved = |k: usize| own[k] + 0.9999 * epsilon as f32 * side(k);
                                    vec![moved(0), moved(1), own[2]]
                                })
                                .collect();
                            let found = decided(&model, &task, &points, &log_weights);
                            assert!(found.iter().all(|found| *found == class), "row {row}, {epsilon}");
                        }
                        Verdict::Disproved { example, class: other } => {
                            counts[1] += 1;
                            assert!(!by_intervals && other != class);
                            assert_eq!(decided(&model, &task, &example, &log_weights), [other]);
                            let mut distances =
                                example.iter().zip(own).map(|(a, b)| f64::from(*a) - f64::from(*b));
                            assert!(distances.clone().all(|distance| distance.abs() <= epsilon));
                            assert_eq!(distances.next_back(), Some(0.0), "the last input does not move");
                        }
                        Verdict::Undecided => assert!(!by_intervals),
                    }
                }
            }
        }
    }
    assert!(counts.iter().all(|&count| count > 100), "{counts:?}");
}

#[test]
fn a_row_is_proved_at_smaller_distances_as_well_and_lines_prove_more_than_intervals() {
    let features = rows(2);
    let (mut by_lines, mut by_intervals) = (0, 0);
    for (model, task) in models() {
        let at = |epsilon: f64| certify(&model, &task, &features, &[], &options(epsilon)).unwrap();
        for (near, far) in at(0.02).iter().zip(at(0.2)) {
            by_lines += usize::from(far.verdict == Verdict::Proved);
            by_intervals += usize::from(far.by_intervals);
            assert!(far.verdict != Verdict::Proved || near.verdict == Verdict::Proved);
            assert!(!far.by_intervals || far.verdict == Verdict::Proved);
        }
    }
    assert!(by_intervals > 0 && by_lines > by_intervals, "{by_lines} {by_intervals}");
}

#[test]
fn limits_are_kept_and_missing_values_stay_missing() {
    let config = NetworkConfig::new(&[FEATURES, 8, CLASSES]).with_init(Init::Paper).with_missing_values(true);
    let model = Model::Ugmm(config.init(None, &mut generator(6, Stream::Initialization)).unwrap());
    let features = [0.1, f32::NAN, 0.9, f32::NAN, 0.5, 0.0];
    let options = RobustnessOptions { limits: Some((0.0, 1.0)), movable: vec![true; 3], ..options(2.0) };
    for certificate in
        certify(&model, &task(ClassObjective::Discriminative), &features, &[], &options).unwrap()
    {
        if let Verdict::Disproved { example, .. } = certificate.verdict {
            assert_eq!(example.iter().filter(|x| x.is_nan()).count(), 1);
            assert!(example.iter().all(|x| x.is_nan() || (0.0..=1.0).contains(x)), "{example:?}");
        }
    }
}

#[test]
fn what_cannot_be_certified_is_said() {
    let (model, task) = models().remove(0);
    let message = |options: RobustnessOptions, features: &[f32], weights: &[f64]| {
        certify(&model, &task, features, weights, &options).unwrap_err().to_string()
    };
    assert!(message(options(-1.0), &rows(1), &[]).contains("epsilon"));
    assert!(message(options(0.1), &[0.0; 4], &[]).contains("1 values"));
    assert!(message(options(0.1), &rows(1), &[0.0]).contains("class weights has 1"));
    let fixed = RobustnessOptions { movable: vec![true], ..options(0.1) };
    assert!(message(fixed, &rows(1), &[]).contains("inputs that move has 1"));
}
