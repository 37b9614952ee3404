//! Circuits and rows for tests, and a recursive evaluation independent of the library's.

#![allow(dead_code)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ugmm_circuit::structure::{RegionShape, Structure};
use ugmm_circuit::{
    Circuit, GaussianMixtures, InnerRegion, Leaf, LeafDistribution, Region, Rows, Variable, VariableKind,
};

pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Positive numbers that sum to 1.
pub fn distribution(count: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let numbers: Vec<f64> = (0..count).map(|_| rng.random::<f64>().powi(2) + 0.01).collect();
    let sum: f64 = numbers.iter().sum();
    numbers.iter().map(|number| number / sum).collect()
}

/// A matrix `[rows, columns]` whose columns sum to 1.
fn columns(rows: usize, columns: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let all: Vec<Vec<f64>> = (0..columns).map(|_| distribution(rows, rng)).collect();
    (0..rows).flat_map(|row| all.iter().map(move |column| column[row])).collect()
}

/// Random parameters for a structure; leaves have two components.
pub fn random_circuit(variables: &[Variable], structure: &Structure, seed: u64) -> Circuit {
    let rng = &mut rng(seed);
    let mut regions: Vec<Region> = Vec::new();
    for shape in structure.regions() {
        regions.push(match shape {
            RegionShape::Leaf { variable, units } => Region::Leaf(Leaf {
                variable: *variable,
                units: *units,
                distribution: leaf(&variables[*variable], *units, rng),
                trained: true,
            }),
            RegionShape::Indicator { variable, states } => Region::Leaf(Leaf::indicator(*variable, *states)),
            RegionShape::Inner { units, partitions } => {
                let width: usize = partitions.iter().map(|children| regions[children[0]].units()).sum();
                let weights = (0..*units).flat_map(|_| distribution(width, rng)).collect();
                Region::Inner(InnerRegion { units: *units, partitions: partitions.clone(), weights })
            }
        });
    }
    Circuit::new(variables.to_vec(), regions).expect("the parameters are valid")
}

fn leaf(variable: &Variable, units: usize, rng: &mut ChaCha8Rng) -> LeafDistribution {
    const COMPONENTS: usize = 2;
    if let VariableKind::Categorical { states } = variable.kind {
        return LeafDistribution::Table(columns(states, units, rng));
    }
    let (center, width) = match variable.states() {
        Some(states) => (states as f64 / 2.0, states as f64 / 2.0),
        None => (0.0, 1.5),
    };
    let numbers = COMPONENTS * units;
    LeafDistribution::Gaussians(GaussianMixtures {
        components: COMPONENTS,
        weights: columns(COMPONENTS, units, rng),
        means: (0..numbers).map(|_| center + width * (2.0 * rng.random::<f64>() - 1.0)).collect(),
        sigmas: (0..numbers).map(|_| (0.2 + 0.6 * rng.random::<f64>()) * width / 1.5).collect(),
        held: 0,
    })
}

/// Φ(b) - Φ(a) by Simpson's rule.
fn mass(a: f64, b: f64) -> f64 {
    let steps = 2_000;
    let width = (b - a) / f64::from(steps);
    let density = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    let term = |step: i32| {
        let factor = if step == 0 || step == steps { 1.0 } else { 2.0 + 2.0 * f64::from(step % 2) };
        factor * density(a + width * f64::from(step))
    };
    (0..=steps).map(term).sum::<f64>() * width / 3.0
}

/// The density of a row by recursion in linear space, following the definition.
pub fn oracle(circuit: &Circuit, row: &[f64]) -> f64 {
    density(circuit, circuit.regions().len() - 1, 0, row)
}

fn density(circuit: &Circuit, region: usize, unit: usize, row: &[f64]) -> f64 {
    match &circuit.regions()[region] {
        Region::Inner(inner) => {
            let mut weights = inner.row(unit).iter();
            let mut sum = 0.0;
            for children in &inner.partitions {
                for j in 0..circuit.regions()[children[0]].units() {
                    let product: f64 =
                        children.iter().map(|&child| density(circuit, child, j, row)).product();
                    sum += weights.next().expect("a weight for each product") * product;
                }
            }
            sum
        }
        Region::Leaf(leaf) => {
            let value = row[leaf.variable];
            if value.is_nan() {
                return 1.0;
            }
            match (&leaf.distribution, circuit.variables()[leaf.variable].kind) {
                (LeafDistribution::Table(table), _) => table[value as usize * leaf.units + unit],
                (LeafDistribution::Gaussians(mixtures), kind) => (0..mixtures.components)
                    .map(|component| {
                        let (weight, mean, sigma) = mixtures.component(component, unit, leaf.units);
                        weight
                            * match kind {
                                VariableKind::Integer { low, high } => {
                                    let at = |edge: f64| (edge - low as f64 - mean) / sigma;
                                    let whole = mass(at(low as f64 - 0.5), at(high as f64 + 0.5));
                                    mass(at(value - 0.5), at(value + 0.5)) / whole
                                }
                                VariableKind::Continuous { location, scale, low, high } => {
                                    let at = |value: f64| ((value - location) / scale - mean) / sigma;
                                    let whole = match (low, high) {
                                        (Some(low), Some(high)) => mass(at(low), at(high)),
                                        _ => 1.0,
                                    };
                                    let z = at(value);
                                    (-0.5 * z * z).exp()
                                        / (std::f64::consts::TAU.sqrt() * sigma * scale)
                                        / whole
                                }
                                VariableKind::Categorical { .. } => unreachable!("it has a table"),
                            }
                    })
                    .sum(),
            }
        }
    }
}

/// One variable of each kind, and a second number with ends.
pub fn mixed_variables() -> Vec<Variable> {
    vec![
        Variable::continuous(2.0, 3.0).named("length"),
        Variable::categorical(3).named("colour"),
        Variable::integer(-2, 4).named("count"),
        Variable::continuous(-1.0, 0.5).between(Some(-2.0), Some(0.25)).named("width"),
    ]
}

/// Random rows of these variables; each value is missing with probability `missing`.
pub fn random_rows(variables: &[Variable], count: usize, missing: f64, seed: u64) -> Vec<f64> {
    let rng = &mut rng(seed);
    let mut values = Vec::new();
    for _ in 0..count {
        for variable in variables {
            let draw = rng.random::<f64>();
            let value = match variable.kind {
                VariableKind::Continuous { location, scale, .. } => location + scale * 4.0 * (draw - 0.5),
                _ => {
                    let states = variable.states().expect("a discrete variable") as f64;
                    variable.first() as f64 + (draw * states).floor()
                }
            };
            values.push(if rng.random::<f64>() < missing { f64::NAN } else { value });
        }
    }
    values
}

/// Structures of every kind over the mixed variables.
pub fn structures() -> Vec<Structure> {
    use ugmm_circuit::structure::{
        ImageSplit, class_conditional, hidden_chow_liu_tree, independent, mixture, quadrants, random_trees,
    };
    let variables = mixed_variables();
    let values = random_rows(&variables, 100, 0.1, 3);
    let rows = Rows::new(&values, 4).expect("whole rows");
    let all = vec![
        independent(4),
        mixture(4, 3),
        random_trees(4, 2, 3, &mut rng(5)),
        quadrants((2, 2), 4, 2, ImageSplit::Both),
        quadrants((1, 3), 4, 2, ImageSplit::Quadrants),
        hidden_chow_liu_tree(rows, &variables, 3),
        mixture(3, 2).and_then(|features| class_conditional(&features, 4, 1, 3)),
        random_trees(3, 2, 2, &mut rng(6)).and_then(|features| class_conditional(&features, 4, 1, 3)),
    ];
    all.into_iter().map(|structure| structure.expect("a valid structure")).collect()
}

pub fn log_likelihood(circuit: &Circuit, values: &[f64]) -> Vec<f64> {
    circuit
        .log_likelihood(Rows::new(values, circuit.variables().len()).expect("whole rows"))
        .expect("valid rows")
}
