//! Compares flows with finite differences, and single with double precision.

use super::{
    Compiled, CompiledRegion, Lanes, LeafStatistics, RegionStatistics, Statistics, expectation,
    log_likelihoods,
};
use crate::structure::{class_conditional, mixture, random_trees};
use crate::{Circuit, Method, Precision, Rows, TrainingConfig, Variable, train_structure};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Briefly trained circuits with encoded rows.
fn circuits() -> Vec<(Circuit, Vec<f64>)> {
    let variables = vec![
        Variable::continuous(1.0, 2.0),
        Variable::categorical(3),
        Variable::integer(0, 5),
        Variable::continuous(0.0, 1.0),
    ];
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut values = Vec::new();
    for _ in 0..130 {
        let mut draw = || if rng.random::<f64>() < 0.2 { f64::NAN } else { rng.random::<f64>() };
        values.extend([4.0 * draw(), (3.0 * draw()).floor(), (6.0 * draw()).floor(), draw()]);
    }
    let rows = Rows::new(&values, 4).unwrap();
    let structures = [
        mixture(4, 3).unwrap(),
        random_trees(4, 3, 2, &mut rng).unwrap(),
        class_conditional(&random_trees(3, 2, 2, &mut rng).unwrap(), 4, 1, 3).unwrap(),
    ];
    let config = TrainingConfig {
        components: 2,
        epochs: 2,
        method: Method::Adam { learning_rate: 0.1 },
        precision: Precision::Double,
        ..Default::default()
    };
    let train = |structure| {
        let circuit =
            train_structure(rows, None, variables.clone(), structure, &config, |_| true).unwrap().circuit;
        let encoded = circuit.encode(rows).unwrap();
        (circuit, encoded)
    };
    structures.iter().map(train).collect()
}

fn statistics<T: super::Real>(compiled: &Compiled<T>, rows: &[f64]) -> (Statistics<f64>, f64) {
    weighted_statistics(compiled, rows, None)
}

fn weighted_statistics<T: super::Real>(
    compiled: &Compiled<T>,
    rows: &[f64],
    weights: Option<&[f64]>,
) -> (Statistics<f64>, f64) {
    let rows: Vec<T> = rows.iter().map(|&value| T::from_f64(value)).collect();
    let batch: Vec<u32> = (0..(rows.len() / compiled.variables) as u32).collect();
    let mut totals = Statistics::zeros(compiled);
    let mut lanes = Lanes::new(compiled, batch.len());
    let sum = expectation(compiled, &rows, weights, &batch, &mut lanes, &mut totals);
    (totals, sum)
}

#[test]
fn statistics_of_weighted_rows_are_those_of_repeated_rows() {
    for (circuit, rows) in circuits() {
        let compiled = circuit.compile::<f64>();
        let width = compiled.variables;
        let weights: Vec<f64> = (0..rows.len() / width).map(|row| (row % 4) as f64 + 1.0).collect();
        let repeated: Vec<f64> =
            rows.chunks(width).zip(&weights).flat_map(|(row, weight)| row.repeat(*weight as usize)).collect();
        let (found, sum) = weighted_statistics(&compiled, &rows, Some(&weights));
        let (expected, of_repeated) = statistics(&compiled, &repeated);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "{a} {b}");
        close(sum, of_repeated);
        for (found, expected) in found.regions.iter().zip(&expected.regions) {
            for (found, expected) in found.parts().into_iter().zip(expected.parts()) {
                found.iter().zip(expected).for_each(|(&found, &expected)| close(found, expected));
            }
        }
        let (plain, _) = statistics(&compiled, &rows);
        let (ones, _) = weighted_statistics(&compiled, &rows, Some(&vec![1.0; rows.len() / width]));
        for (plain, ones) in plain.regions.iter().zip(&ones.regions) {
            assert_eq!(plain.parts(), ones.parts());
        }
    }
}

#[test]
fn flows_are_derivatives() {
    const STEP: f64 = 1e-5;
    for (circuit, rows) in circuits() {
        let compiled = circuit.compile::<f64>();
        let (found, sum) = statistics(&compiled, &rows);
        let total = |compiled: &Compiled<f64>| log_likelihoods(compiled, &rows).iter().sum::<f64>();
        assert!((sum - total(&compiled)).abs() < 1e-9);
        // The derivative with respect to a parameter to which `change` adds the step.
        let derivative = |change: &dyn Fn(&mut Compiled<f64>, f64)| {
            let moved = |step: f64| {
                let mut compiled = compiled.clone();
                change(&mut compiled, step);
                total(&compiled)
            };
            (moved(STEP) - moved(-STEP)) / (2.0 * STEP)
        };
        let close = |found: f64, expected: f64, what: &str| {
            assert!(
                (found - expected).abs() < 1e-6 * expected.abs().max(1.0),
                "{what}: {found}, not {expected}"
            );
        };
        for (index, region) in found.regions.iter().enumerate() {
            match region {
                RegionStatistics::Inner(counts) => {
                    for (at, &count) in counts.iter().enumerate() {
                        let change = |compiled: &mut Compiled<f64>, step: f64| {
                            let CompiledRegion::Inner(inner) = &mut compiled.regions[index] else { return };
                            inner.weights[at] *= 1.0 + step;
                        };
                        close(count, derivative(&change), "weight");
                    }
                }
                RegionStatistics::Leaf(LeafStatistics::Counts(counts)) => {
                    for (at, &count) in counts.iter().enumerate() {
                        let change = |compiled: &mut Compiled<f64>, step: f64| {
                            let CompiledRegion::Discrete(table) = &mut compiled.regions[index] else {
                                return;
                            };
                            table.table[at] += step;
                        };
                        close(count, derivative(&change), "log-probability");
                    }
                }
                RegionStatistics::Leaf(LeafStatistics::Moments(moments)) => {
                    let CompiledRegion::Gaussian(gaussians) = &compiled.regions[index] else { continue };
                    // Components that training does not change have no moments.
                    for at in 0..gaussians.numbers() - gaussians.held * gaussians.units {
                        let change = |part: usize| {
                            move |compiled: &mut Compiled<f64>, step: f64| {
                                let CompiledRegion::Gaussian(gaussians) = &mut compiled.regions[index] else {
                                    return;
                                };
                                match part {
                                    0 => gaussians.constants[at] += step,
                                    1 => gaussians.means[at] += step / gaussians.inverse_sigmas[at],
                                    _ => gaussians.inverse_sigmas[at] *= 1.0 - step,
                                }
                            }
                        };
                        close(moments.counts[at], derivative(&change(0)), "log weight");
                        close(moments.first[at], derivative(&change(1)), "mean");
                        close(moments.second[at], derivative(&change(2)), "log sigma");
                    }
                }
            }
        }
    }
}

/// Derivatives with respect to the parameters of the discretised Gaussians, which Adam follows.
#[test]
fn moments_of_integers_are_derivatives() {
    use crate::leaf::{GaussianMixtures, Leaf, LeafDistribution, integer};
    let mixtures = GaussianMixtures {
        components: 2,
        weights: vec![0.3, 0.6, 0.7, 0.4],
        means: vec![0.5, 4.0, 2.5, -0.4],
        sigmas: vec![0.8, 2.0, 0.3, 5.0],
        held: 0,
    };
    let counts: Vec<f64> = (0..12).map(|at| f64::from(at % 5) + 0.5).collect();
    let total = |mixtures: &GaussianMixtures| {
        let distribution = LeafDistribution::Gaussians(mixtures.clone());
        let leaf = Leaf { variable: 0, units: 2, distribution, trained: true };
        let table = leaf.log_table(&Variable::integer(0, 5)).unwrap();
        counts.iter().zip(table).map(|(count, log)| count * log).sum::<f64>()
    };
    let sums = integer::component_sums(&mixtures, 2, &counts);
    for at in 0..4 {
        let derivative = |change: &dyn Fn(&mut GaussianMixtures, f64)| {
            let moved = |step: f64| {
                let mut mixtures = mixtures.clone();
                change(&mut mixtures, step);
                total(&mixtures)
            };
            (moved(1e-5) - moved(-1e-5)) / 2e-5
        };
        let of_weight = derivative(&|mixtures, step| mixtures.weights[at] *= 1.0 + step);
        let of_mean = derivative(&|mixtures, step| mixtures.means[at] += step * mixtures.sigmas[at]);
        let of_sigma = derivative(&|mixtures, step| mixtures.sigmas[at] *= 1.0 + step);
        assert!((sums.shares[at] - of_weight).abs() < 1e-6);
        assert!((sums.first[at] - of_mean).abs() < 1e-6, "{} and {of_mean}", sums.first[at]);
        assert!((sums.second[at] - sums.counts[at] - of_sigma).abs() < 1e-6);
    }
}

#[test]
fn single_precision_agrees_with_double() {
    for (circuit, rows) in circuits() {
        let (narrow, wide) = (circuit.compile::<f32>(), circuit.compile::<f64>());
        let narrow_rows: Vec<f32> = rows.iter().map(|&value| value as f32).collect();
        let pairs = log_likelihoods(&narrow, &narrow_rows).into_iter().zip(log_likelihoods(&wide, &rows));
        for (found, expected) in pairs {
            assert!((found - expected).abs() < 1e-5 * expected.abs().max(1.0), "{found}, not {expected}");
        }
        let (found, expected) = (statistics(&narrow, &rows).0, statistics(&wide, &rows).0);
        for (found, expected) in found.regions.iter().zip(&expected.regions) {
            let parts = found.parts().into_iter().zip(expected.parts());
            for (found, expected) in parts.flat_map(|(found, expected)| found.iter().zip(expected)) {
                assert!((found - expected).abs() < 1e-4 * expected.abs().max(1.0), "{found}, not {expected}");
            }
        }
    }
}

/// A unit has weight 0 for the only probable product of a row, so that its sum underflows in single precision
/// relative to it.
#[test]
fn sums_too_small_beside_others_are_computed_apart() {
    use crate::{GaussianMixtures, InnerRegion, Leaf, LeafDistribution, Region};
    let mixtures = |means: [f64; 2]| {
        LeafDistribution::Gaussians(GaussianMixtures {
            components: 1,
            weights: vec![1.0; 2],
            means: means.to_vec(),
            sigmas: vec![1.0; 2],
            held: 0,
        })
    };
    let leaf = |variable, means| {
        Region::Leaf(Leaf { variable, units: 2, distribution: mixtures(means), trained: true })
    };
    let inner = |units, children: &[usize], weights: &[f64]| {
        Region::Inner(InnerRegion { units, partitions: vec![children.to_vec()], weights: weights.to_vec() })
    };
    // Unit 0 of region 1 uses only leaf unit 0, and so on: the weights are diagonal. The other variable
    // favours the other unit.
    let regions = vec![
        leaf(0, [0.0, 60.0]),
        inner(2, &[0], &[1.0, 0.0, 1e-9, 1.0 - 1e-9]),
        leaf(1, [0.0, 200.0]),
        inner(1, &[1, 2], &[0.5, 0.5]),
    ];
    let circuit = Circuit::new(vec![Variable::continuous(0.0, 1.0); 2], regions).unwrap();
    // For the first variable unit 0 has density e^0 and unit 1 e^-20; for the second, unit 0 has e^-20000.
    let rows = [60.0, 0.0, 0.0, 200.0];
    let narrow = circuit.compile::<f32>();
    let constant = -(std::f64::consts::TAU).ln() + 0.5_f64.ln();
    let expected = [-1800.0 + constant, (1e-9_f64).ln() + constant];
    let found = log_likelihoods(&narrow, &rows.map(|value| value as f32));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-3, "{found}, not {expected}");
    }
    let (found, _) = statistics(&narrow, &rows);
    let RegionStatistics::Inner(counts) = &found.regions[1] else { panic!("region 1 is an inner one") };
    for (count, expected) in counts.iter().zip([1.0, 0.0, 1.0, 0.0]) {
        assert!((count - expected).abs() < 1e-4, "{counts:?}");
    }
}
