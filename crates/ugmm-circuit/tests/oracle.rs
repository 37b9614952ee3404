//! Compares circuits with the definition, by naive recursion and by enumeration.

mod common;

use common::{log_likelihood, mixed_variables, oracle, random_circuit, random_rows, rng, structures};
use ugmm_circuit::structure::{RegionShape, Structure, random_trees};
use ugmm_circuit::{Rows, UnivariateMixture, Variable};

#[test]
fn likelihoods_are_those_of_the_definition() {
    let variables = mixed_variables();
    for (seed, structure) in structures().iter().enumerate() {
        let circuit = random_circuit(&variables, structure, seed as u64);
        let rows = random_rows(&variables, 150, 0.3, seed as u64);
        for (row, found) in rows.chunks(4).zip(log_likelihood(&circuit, &rows)) {
            let expected = oracle(&circuit, row).ln();
            assert!(
                (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
                "{row:?}: {found}, not {expected}"
            );
        }
    }
}

#[test]
fn marginals_are_sums_over_states() {
    let variables = vec![Variable::categorical(2), Variable::categorical(3), Variable::integer(5, 8)];
    let structure = random_trees(3, 3, 2, &mut rng(0)).unwrap();
    let circuit = random_circuit(&variables, &structure, 1);
    for missing in 0..8_u32 {
        let given = [1.0, 2.0, 6.0];
        let mut rows = vec![Vec::new()];
        for (variable, about) in variables.iter().enumerate() {
            let values: Vec<f64> = match missing >> variable & 1 {
                0 => vec![given[variable]],
                _ => {
                    (0..about.states().unwrap()).map(|state| (about.first() + state as i64) as f64).collect()
                }
            };
            rows = rows
                .iter()
                .flat_map(|row| values.iter().map(|value| [row.as_slice(), &[*value]].concat()))
                .collect();
        }
        let sum: f64 = log_likelihood(&circuit, &rows.concat()).iter().map(|density| density.exp()).sum();
        let hidden: Vec<f64> = (0..3)
            .map(|variable| if missing >> variable & 1 == 1 { f64::NAN } else { given[variable] })
            .collect();
        assert!((log_likelihood(&circuit, &hidden)[0].exp() - sum).abs() < 1e-12);
    }
}

#[test]
fn conditionals_are_ratios_of_likelihoods() {
    let variables = mixed_variables();
    for (seed, structure) in structures().iter().enumerate() {
        let circuit = random_circuit(&variables, structure, seed as u64 + 20);
        for row in random_rows(&variables, 6, 0.3, seed as u64).chunks(4) {
            let conditionals = circuit.conditionals(row).unwrap();
            for (variable, conditional) in conditionals.iter().enumerate() {
                assert_eq!(*conditional, circuit.conditional(row, variable).unwrap());
                let mut others = row.to_vec();
                others[variable] = f64::NAN;
                let evidence = oracle(&circuit, &others);
                for other in random_rows(&variables, 4, 0.0, seed as u64 + 40).chunks(4) {
                    let mut complete = others.clone();
                    complete[variable] = other[variable];
                    let expected = oracle(&circuit, &complete) / evidence;
                    let found = conditional.density(other[variable]);
                    assert!((found - expected).abs() < 1e-9 * expected.max(1.0), "{found}, not {expected}");
                }
                if let UnivariateMixture::Discrete { probabilities, .. } = conditional {
                    assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                }
            }
            let posterior = circuit.posterior(Rows::new(row, 4).unwrap(), 1).unwrap();
            let UnivariateMixture::Discrete { probabilities, .. } = &conditionals[1] else {
                panic!("it is discrete")
            };
            assert_eq!(&posterior, probabilities);
        }
    }
}

/// Double precision would underflow in linear space where all but one unit are far from a row, and where
/// values are far from all units.
#[test]
fn distant_values_keep_their_digits() {
    let variables = vec![Variable::continuous(0.0, 1.0), Variable::continuous(0.0, 1.0)];
    let leaf = |variable| RegionShape::Leaf { variable, units: 2 };
    let inner = |units, partitions| RegionShape::Inner { units, partitions };
    let regions =
        vec![leaf(0), leaf(1), inner(2, vec![vec![0]]), inner(2, vec![vec![1]]), inner(1, vec![vec![2, 3]])];
    let structure = Structure::new(2, regions).unwrap();
    let circuit = random_circuit(&variables, &structure, 3);
    for row in [[1e3, -1e3], [40.0, 60.0], [1e6, f64::NAN], [-300.0, 300.0]] {
        // Far away along a line, log-densities are finite and differ as those of the widest Gaussians do.
        let found = log_likelihood(&circuit, &row)[0];
        assert!(found.is_finite() && found < -100.0, "{found}");
        for variable in 0..2 {
            let mut others = row;
            others[variable] = f64::NAN;
            let conditional = circuit.conditional(&row, variable).unwrap();
            if !row[variable].is_nan() {
                let ratio = found - log_likelihood(&circuit, &others)[0];
                let log_density = conditional.log_density(row[variable]);
                assert!((log_density - ratio).abs() < 1e-9 * ratio.abs(), "{log_density}, not {ratio}");
            }
        }
    }
}
