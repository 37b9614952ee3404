//! Tests of faults that were reported for comparable software; the guide's table of promises names other
//! classes of faults.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use ugmm_circuit::{
    Circuit, GaussianMixtures, InnerRegion, Leaf, LeafDistribution, MpeOptions, MpeVariable, Region, Rows,
    StructureChoice, TrainingConfig, Variable, train,
};

/// Pseudo-random numbers from 0 to 1.
fn noise(at: usize) -> f64 {
    ((at * at + 13 * at) as f64 * 0.754_877_666).fract()
}

/// A mixture of two components and of a third with weight 0, which would be the nearest by far.
fn with_a_weight_of_zero() -> Circuit {
    let mixtures = GaussianMixtures {
        components: 3,
        weights: vec![0.0, 0.25, 0.75],
        means: vec![5.0, -1.0, 1.0],
        sigmas: vec![1e-50, 1.0, 1.0],
        held: 0,
    };
    let leaf =
        Leaf { variable: 0, units: 1, distribution: LeafDistribution::Gaussians(mixtures), trained: true };
    let table =
        Leaf { variable: 1, units: 1, distribution: LeafDistribution::Table(vec![0.0, 1.0]), trained: true };
    let root = InnerRegion { units: 1, partitions: vec![vec![0, 1]], weights: vec![1.0] };
    let variables = vec![Variable::continuous(0.0, 1.0), Variable::categorical(2)];
    Circuit::new(variables, vec![Region::Leaf(leaf), Region::Leaf(table), Region::Inner(root)]).unwrap()
}

/// Tests log 0 of a weight, and 0 × ∞ in the results that depend on it.
#[test]
fn a_weight_of_zero_is_no_component() {
    let circuit = with_a_weight_of_zero();
    let density = |x: f64| {
        let normal = |mean: f64| (-0.5 * (x - mean).powi(2)).exp() / std::f64::consts::TAU.sqrt();
        0.25 * normal(-1.0) + 0.75 * normal(1.0)
    };
    for x in [-1.0, 0.0, 5.0, 5.0 + 1e-9] {
        let found = circuit.log_likelihood(Rows::new(&[x, 1.0], 2).unwrap()).unwrap()[0];
        assert!((found - density(x).ln()).abs() < 1e-12, "{x}: {found}");
    }
    // An event of probability 0 has the logarithm -∞, and conditioning on it is an error rather than NaN.
    assert_eq!(circuit.log_likelihood(Rows::new(&[0.0, 0.0], 2).unwrap()).unwrap(), [f64::NEG_INFINITY]);
    assert!(circuit.conditional(&[f64::NAN, 0.0], 0).is_err());
    let drawn = circuit.sample(200, &[f64::NAN; 2], &mut random()).unwrap();
    assert!(drawn.chunks(2).all(|row| row[0].abs() < 4.9 && row[1] == 1.0));
}

fn random() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(3)
}

/// The density of every component underflows to 0, but the logarithm is finite.
#[test]
fn densities_that_all_underflow_have_a_logarithm() {
    let circuit = with_a_weight_of_zero();
    for x in [1e3, -1e6, 1e100] {
        let found = circuit.log_likelihood(Rows::new(&[x, 1.0], 2).unwrap()).unwrap()[0];
        let expected = -0.5 * (x - x.signum()).powi(2);
        assert!(found.is_finite() && (found / expected - 1.0).abs() < 1e-4, "{x}: {found}");
    }
}

/// Duplicated and constant columns make a covariance singular; a spread could shrink to 0 and the likelihood
/// become infinite.
#[test]
fn duplicated_and_constant_columns_do_not_collapse() {
    let rows: Vec<f64> = (0..300)
        .flat_map(|row| {
            let x = noise(row) + f64::from(row % 2 == 0) * 3.0;
            [x, x, x, 7.0]
        })
        .collect();
    let view = Rows::new(&rows, 4).unwrap();
    let variables: Vec<Variable> =
        (0..4).map(|column| Variable::standardizing(view.column(column))).collect();
    for structure in [StructureChoice::ChowLiu, StructureChoice::RandomTrees { replicas: 2 }] {
        let config = TrainingConfig { structure, epochs: 60, ..TrainingConfig::default() };
        let trained = train(view, variables.clone(), &config, |_| true).unwrap();
        for region in trained.circuit.regions() {
            let Region::Leaf(leaf) = region else { continue };
            let LeafDistribution::Gaussians(mixtures) = &leaf.distribution else { continue };
            let least = mixtures.sigmas.iter().copied().fold(f64::INFINITY, f64::min);
            assert!(least >= config.sigma_floor * 0.999, "σ fell to {least}");
        }
        let levels = trained.circuit.log_likelihood(view).unwrap();
        assert!(levels.iter().all(|level| level.is_finite()));
    }
}

/// Components with equal parameters would get equal gradients and stay equal.
#[test]
fn components_do_not_begin_alike_and_separate() {
    let rows: Vec<f64> =
        (0..400).map(|row| noise(row) * 0.2 + if row % 2 == 0 { -3.0 } else { 3.0 }).collect();
    let view = Rows::new(&rows, 1).unwrap();
    for seed in 0..5 {
        let config = TrainingConfig { seed, epochs: 40, ..TrainingConfig::default() };
        let variables = vec![Variable::standardizing(view.column(0))];
        let circuit = train(view, variables, &config, |_| true).unwrap().circuit;
        let density = |x: f64| circuit.log_likelihood(Rows::new(&[x], 1).unwrap()).unwrap()[0];
        let (modes, middle) = (density(-2.9).min(density(3.1)), density(0.1));
        assert!(modes > middle + 3.0, "seed {seed}: {modes} at the clouds, {middle} between them");
    }
}

/// The maximum is that of the density itself: its logarithm is that of the row, and no other row of a fine
/// grid exceeds it.
#[test]
fn the_most_probable_row_is_measured_in_one_space() {
    let circuit = with_a_weight_of_zero();
    let asked = [0, 1].map(|variable| MpeVariable { variable, range: None });
    let found = circuit
        .mpe(&[f64::NAN; 2], &asked, &MpeOptions::default(), |_| std::ops::ControlFlow::Continue(()))
        .unwrap();
    let density = |row: &[f64]| circuit.log_likelihood(Rows::new(row, 2).unwrap()).unwrap()[0];
    assert!((density(&found.row) - found.value).abs() < 1e-9);
    let best = (-4000..4000).map(|cell| density(&[f64::from(cell) / 1000.0, 1.0])).fold(f64::MIN, f64::max);
    assert!(found.value >= best - 1e-3 && found.upper_bound >= best);
}
