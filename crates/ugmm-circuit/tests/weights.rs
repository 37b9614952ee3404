//! The law of row weights: a row of weight 2 counts as two rows, and only ratios of weights matter.

mod common;

use common::{mixed_variables, random_rows, structures};
use ugmm_circuit::structure::independent;
use ugmm_circuit::{
    Circuit, CircuitError, LeafDistribution, Method, Precision, Region, Rows, StructureChoice,
    TrainingConfig, Variable, cross_validate, train, train_structure,
};

fn full_batch() -> TrainingConfig {
    TrainingConfig {
        batch_size: usize::MAX,
        components: 1,
        background: 0.0,
        pseudo_count: 0.0,
        sigma_pseudo_count: 0.0,
        precision: Precision::Double,
        epochs: 3,
        ..Default::default()
    }
}

fn weights() -> Vec<f64> {
    (0..60).map(|row| [1.0, 2.0, 4.0, 1.0, 3.0][row % 5]).collect()
}

fn repeated(values: &[f64], columns: usize) -> Vec<f64> {
    values.chunks(columns).zip(weights()).flat_map(|(row, weight)| row.repeat(weight as usize)).collect()
}

/// The probabilities, means and deviations of leaves of one component each.
fn parameters(circuit: &Circuit) -> Vec<f64> {
    let of_region = |region: &Region| match region {
        Region::Leaf(leaf) => match &leaf.distribution {
            LeafDistribution::Table(table) => table.clone(),
            LeafDistribution::Gaussians(mixtures) => {
                [mixtures.means.clone(), mixtures.sigmas.clone()].concat()
            }
        },
        Region::Inner(inner) => inner.weights.clone(),
    };
    circuit.regions().iter().flat_map(of_region).collect()
}

/// Independent leaves of one component have one maximum, which does not depend on the initial parameters.
#[test]
fn expectation_maximisation_finds_the_parameters_of_repeated_rows() {
    let variables = vec![Variable::continuous(1.0, 2.0), Variable::categorical(3)];
    let values = random_rows(&variables, 60, 0.2, 1);
    let (weights, repeated) = (weights(), repeated(&values, 2));
    let trained = |rows: Rows<'_>| {
        let structure = independent(2).unwrap();
        let found = train_structure(rows, Some(rows), variables.clone(), &structure, &full_batch(), |_| true);
        found.unwrap()
    };
    let found = trained(Rows::new(&values, 2).unwrap().weighted(Some(&weights)).unwrap());
    let expected = trained(Rows::new(&repeated, 2).unwrap());
    for (found, expected) in parameters(&found.circuit).into_iter().zip(parameters(&expected.circuit)) {
        assert!((found - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{found} {expected}");
    }
    let (found, expected) = (found.history[2], expected.history[2]);
    assert!((found.training - expected.training).abs() < 1e-6, "{found:?} {expected:?}");
    assert!((found.validation.unwrap() - expected.validation.unwrap()).abs() < 1e-6);
    assert_ne!(found.training, trained(Rows::new(&values, 2).unwrap()).history[2].training);
}

#[test]
fn only_ratios_of_weights_matter() {
    let variables = mixed_variables();
    let values = random_rows(&variables, 60, 0.2, 1);
    let rows = Rows::new(&values, 4).unwrap();
    let (weights, ones) = (weights(), vec![1.0; 60]);
    let scaled: Vec<f64> = weights.iter().map(|weight| 1024.0 * weight).collect();
    let methods = [Method::default(), Method::Adam { learning_rate: 0.05 }];
    for (structure, method) in structures().iter().flat_map(|one| methods.map(|method| (one, method))) {
        let config = TrainingConfig { epochs: 3, batch_size: 16, method, ..Default::default() };
        let circuit = |weights: Option<&[f64]>| {
            let rows = rows.weighted(weights).unwrap();
            train_structure(rows, None, variables.clone(), structure, &config, |_| true).unwrap().circuit
        };
        assert_eq!(circuit(Some(&weights)), circuit(Some(&scaled)));
        assert_ne!(circuit(Some(&weights)), circuit(None));
        assert_eq!(circuit(Some(&ones)), circuit(None));
    }
    for structure in [StructureChoice::ChowLiu, StructureChoice::RandomTrees { replicas: 2 }] {
        let config = TrainingConfig { structure, epochs: 2, members: 2, ..Default::default() };
        let trained = |weights: &[f64]| {
            let rows = rows.weighted(Some(weights)).unwrap();
            let level = cross_validate(rows, &variables, &config, 3, |_| true).unwrap().unwrap().level;
            (train(rows, variables.clone(), &config, |_| true).unwrap().circuit, level)
        };
        assert_eq!(trained(&weights), trained(&scaled));
    }
}

#[test]
fn a_variable_is_standardised_by_weight() {
    let values = [1.0, 5.0, f64::NAN, -2.0];
    let weighed = values.into_iter().zip([2.0, 1.0, 9.0, 3.0]);
    let repeated = [1.0, 1.0, 5.0, -2.0, -2.0, -2.0];
    let found = Variable::standardizing_weighted(weighed);
    let expected = Variable::standardizing(repeated.into_iter());
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    use ugmm_circuit::VariableKind::Continuous;
    match (found.kind, expected.kind) {
        (Continuous { location, scale, .. }, Continuous { location: middle, scale: width, .. }) => {
            assert!(near(location, middle) && near(scale, width));
        }
        kinds => panic!("{kinds:?}"),
    }
}

#[test]
fn weights_that_cannot_be_used_are_refused() {
    let rows = Rows::new(&[1.0, 2.0], 1).unwrap();
    let message = |weights: &[f64]| rows.weighted(Some(weights)).unwrap_err().to_string();
    assert_eq!(message(&[1.0]), "the number of row weights is 1, but must be that of the rows");
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let expected = format!("a row weight is {weight}, but must be positive and finite");
        assert_eq!(message(&[1.0, weight]), expected);
    }
    assert!(matches!(rows.weighted(Some(&[])), Err(CircuitError::Setting { .. })));
    assert_eq!(rows.weighted(None).unwrap().weights(), None);
}
