//! Tests of malicious files: sizes whose product overflows must not pass for valid ones.

use ugmm_circuit::{
    Circuit, CircuitError, GaussianMixtures, InnerRegion, Leaf, LeafDistribution, Region, Rows,
    TrainingConfig, Variable, train,
};

/// 16 times this is 2^64, which is 0 as a `usize`.
const MANY: usize = 1 << 60;

fn root(children: usize, weights: usize) -> Region {
    let partitions = (0..children).map(|child| vec![child]).collect();
    Region::Inner(InnerRegion { units: 1, partitions, weights: vec![1.0; weights] })
}

fn refusal(variable: Variable, regions: Vec<Region>) -> String {
    Circuit::new(vec![variable], regions).unwrap_err().to_string()
}

#[test]
fn a_table_without_numbers_is_not_one_of_very_many_units() {
    let distribution = LeafDistribution::Table(Vec::new());
    let leaf = Leaf { variable: 0, units: MANY, distribution, trained: true };
    let message = refusal(Variable::categorical(16), vec![Region::Leaf(leaf), root(1, 0)]);
    assert!(message.contains("has 0 probabilities, not 16 states"), "{message}");
}

#[test]
fn mixtures_without_numbers_are_not_very_many_units() {
    for (components, units) in [(16, MANY), (MANY, 16), (0, 1), (0, MANY)] {
        let mixtures =
            GaussianMixtures { components, weights: vec![], means: vec![], sigmas: vec![], held: 0 };
        let distribution = LeafDistribution::Gaussians(mixtures);
        let leaf = Leaf { variable: 0, units, distribution, trained: true };
        let message = refusal(Variable::continuous(0.0, 1.0), vec![Region::Leaf(leaf), root(1, 0)]);
        assert!(message.contains("weights, means and sigmas"), "{message}");
    }
}

#[test]
fn sums_without_weights_are_not_very_many_units() {
    let leaf = |units: usize, states: usize| {
        let distribution = LeafDistribution::Table(vec![1.0 / states as f64; states * units]);
        Region::Leaf(Leaf { variable: 0, units, distribution, trained: true })
    };
    let inner = InnerRegion { units: MANY, partitions: vec![vec![0]], weights: Vec::new() };
    let message = refusal(Variable::categorical(2), vec![leaf(16, 2), Region::Inner(inner), root(2, 0)]);
    assert!(message.contains("has 0 weights, not 1152921504606846976 units × 16 products"), "{message}");
}

#[test]
fn the_least_of_all_numbers_bounds_no_variable() {
    for (low, high) in [(i64::MIN, i64::MIN + 5), (i64::MAX - 5, i64::MAX), (i64::MIN, i64::MAX)] {
        let message = refusal(Variable::integer(low, high), vec![]);
        assert!(message.contains("within 2^50 of 0"), "{message}");
    }
}

#[test]
fn a_circuit_that_no_memory_holds_is_not_begun() {
    let rows: Vec<f64> = (0..40).map(|value| f64::from(value % 7)).collect();
    for units in [1 << 30, usize::MAX] {
        let config = TrainingConfig { units: Some(units), ..TrainingConfig::default() };
        let variables = vec![Variable::continuous(0.0, 1.0); 2];
        let error = train(Rows::new(&rows, 2).unwrap(), variables, &config, |_| true).unwrap_err();
        assert!(matches!(error, CircuitError::Memory { .. }), "{error}");
        assert!(error.to_string().ends_with("take fewer units"), "{error}");
    }
}
