//! Tests of standardisation between layers: it folds into the parameters exactly, and the network can be
//! saved.

use ugmm_network::training::{Dataset, Features, Schedule, TrainingConfig, evaluate, init_model, train};
use ugmm_network::{
    Check, ClassObjective, Classification, Means, ModelConfig, Network, NetworkConfig, Predictor, Stream,
    generator,
};

const SIZES: [usize; 4] = [6, 20, 9, 4];

fn rows(count: usize) -> Vec<f32> {
    use rand::RngExt;
    let mut rng = generator(count as u64, Stream::Splitting);
    // The sum of twelve uniform numbers is nearly normal.
    let mut normal = || (0..12).map(|_| rng.random_range(-0.5..0.5f32)).sum::<f32>();
    (0..count * SIZES[0]).map(|_| 0.5 + 2.0 * normal()).collect()
}

fn network(sizes: &[usize], sample: &[f32]) -> Network {
    let config = NetworkConfig::new(sizes).with_min_sigmas(&[0.5, 1.0]).with_standardize(true);
    config.init(Some(sample), &mut generator(5, Stream::Initialization)).unwrap()
}

fn assert_close(found: &[f32], expected: &[f32]) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 2e-4 * (1.0 + expected.abs()), "{found} instead of {expected}");
    }
}

/// On the rows of the settling sample the plain network has the outputs of the standardising one.
#[test]
fn folding_leaves_the_outputs_unchanged() {
    let x = rows(300);
    let standardizing = network(&SIZES, &x);
    let before = standardizing.forward(&x);
    let settled = standardizing.settled(&x, None);
    assert!(!settled.standardize && settled.layers[1..].iter().all(|layer| layer.config.min_sigma == 0.0));
    assert_eq!(settled.layers[0].config.min_sigma, 0.5);
    assert_close(&settled.forward(&x), &before);
    // The outputs no longer depend on the other rows: one row alone has the output that it has among others.
    let alone = settled.forward(&x[7 * SIZES[0]..8 * SIZES[0]]);
    assert_close(&alone, &before[7 * 4..8 * 4]);
    // Settling does not change a plain network.
    let again = settled.clone().settled(&rows(10), None);
    assert_eq!(again.forward(&x), settled.forward(&x));
}

/// The scores of a single root change by a constant, on which no posterior depends.
#[test]
fn folding_shifts_a_single_root_by_a_constant() {
    let x = rows(200);
    let standardizing = network(&[6, 12, 5, 1], &x);
    let before = standardizing.forward(&x);
    let after = standardizing.settled(&x, None).forward(&x);
    let shift = after[0] - before[0];
    let shifted: Vec<f32> = before.iter().map(|score| score + shift).collect();
    assert_close(&after, &shifted);
}

/// The scale of a layer's activations cannot raise a joint score: inputs twice as large, with matching
/// parameters, leave the score of a standardising root unchanged.
#[test]
fn the_score_of_a_standardising_root_does_not_depend_on_the_scale_of_its_inputs() {
    let x = rows(100);
    let mut network = network(&[6, 12, 1], &x);
    let before = network.forward(&x);
    let first = &mut network.layers[0];
    // Doubling σ lowers every activation by log 2, a shift that standardisation removes.
    first.means.iter_mut().for_each(|mean| *mean *= 2.0);
    first.raw_log_sigmas.iter_mut().for_each(|rho| *rho += 2f32.ln());
    first.config.min_sigma *= 2.0;
    let twice: Vec<f32> = x.iter().map(|x| 2.0 * x).collect();
    assert_close(&network.forward(&twice), &before);
}

#[test]
fn a_trained_network_is_settled_and_fits_its_settled_configuration() {
    let features = rows(60);
    let labels = features.chunks(SIZES[0]).map(|row| usize::from(row[0] > row[1])).collect();
    let data = Dataset::new(Features::F32(features), SIZES[0], labels, 2).unwrap();
    let task = Classification::new(SIZES[0], 2, ClassObjective::Discriminative).unwrap();
    let whole = task.into();
    let network = NetworkConfig::new(&[6, 8, 2])
        .with_min_sigma(1.0)
        .with_standardize(true)
        .with_input_dropout(&[0.0, 0.1])
        .with_input_noise(&[0.1]);
    let config = ModelConfig::Ugmm(network);
    let model = init_model(&config, &whole, &data, 1).unwrap();
    let schedule = Schedule::Constant { learning_rate: 2e-2 };
    let settings = TrainingConfig { schedule, ..TrainingConfig::new(1, 100) }.checked().unwrap();
    let trained = train(model, &whole, &data, Some(&data), &settings, &mut ()).unwrap();
    assert!(!trained.network.needs_settling());
    let ModelConfig::Ugmm(settled) = config.settled() else { panic!("still a uGMM network") };
    assert!(!settled.standardize && settled.layers[1].min_sigma == 0.0 && settled.layers[0].min_sigma == 1.0);
    assert_eq!(trained.network.config(), ModelConfig::Ugmm(settled));
    // The measures of training equal those of the returned network.
    let metrics = evaluate(&trained.network, &task, &data).unwrap();
    assert_eq!(trained.history[99].validation, Some(metrics));
    assert!(metrics.accuracy > 0.8, "{metrics:?}");
    assert_eq!(trained.network.parameter_count(), 3 * (6 * 8 + 8 * 2));
}

#[test]
fn tied_means_cannot_be_standardised() {
    let config = NetworkConfig::new(&SIZES).with_means(Means::Tied).with_standardize(true);
    assert_eq!(
        config.check().unwrap_err().to_string(),
        "standardize is true, but must be false where means are tied, which have no unit of their own for each input"
    );
}
