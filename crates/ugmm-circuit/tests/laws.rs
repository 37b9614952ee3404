//! Properties of every density.

mod common;

use common::{log_likelihood, mixed_variables, oracle, random_circuit, random_rows, rng, structures};
use ugmm_circuit::structure::{hidden_chow_liu_tree, mixture, random_trees};
use ugmm_circuit::{
    Circuit, InnerRegion, Method, Region, Rows, StructureChoice, TrainingConfig, UnivariateMixture, Variable,
    train,
};

#[test]
fn nothing_known_has_probability_one() {
    let variables = mixed_variables();
    for (seed, structure) in structures().iter().enumerate() {
        let circuit = random_circuit(&variables, structure, seed as u64);
        assert!(log_likelihood(&circuit, &[f64::NAN; 4])[0].abs() < 1e-12);
    }
}

/// log p(a) + log p(b | a) + ... in any order equals the log-likelihood.
#[test]
fn order_of_evidence_does_not_matter() {
    let variables = mixed_variables();
    for (seed, structure) in structures().iter().enumerate() {
        let circuit = random_circuit(&variables, structure, seed as u64);
        let row = random_rows(&variables, 1, 0.0, seed as u64);
        let expected = log_likelihood(&circuit, &row)[0];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            let mut given = [f64::NAN; 4];
            let mut sum = 0.0;
            for variable in order {
                sum += circuit.conditional(&given, variable).unwrap().log_density(row[variable]);
                given[variable] = row[variable];
            }
            assert!((sum - expected).abs() < 1e-10 * expected.abs().max(1.0), "{sum}, not {expected}");
        }
    }
}

#[test]
fn permuted_columns_give_the_same_density() {
    let variables = mixed_variables();
    let order = [2, 0, 3, 1];
    for (seed, structure) in structures().iter().enumerate() {
        let circuit = random_circuit(&variables, structure, seed as u64);
        let mut regions = circuit.regions().to_vec();
        for region in &mut regions {
            if let Region::Leaf(leaf) = region {
                leaf.variable = order.iter().position(|&old| old == leaf.variable).unwrap();
            }
        }
        let permuted = order.iter().map(|&old| variables[old].clone()).collect();
        let permuted = Circuit::new(permuted, regions).unwrap();
        let rows = random_rows(&variables, 20, 0.2, seed as u64);
        let moved: Vec<f64> = rows.chunks(4).flat_map(|row| order.map(|old| row[old])).collect();
        assert_eq!(log_likelihood(&circuit, &rows), log_likelihood(&permuted, &moved));
    }
}

#[test]
fn independent_blocks_multiply() {
    let variables = mixed_variables();
    let structures = structures();
    let (first, second) =
        (random_circuit(&variables, &structures[1], 1), random_circuit(&variables, &structures[2], 2));
    let mut regions = first.regions().to_vec();
    let moved = regions.len();
    for region in second.regions() {
        let mut region = region.clone();
        match &mut region {
            Region::Leaf(leaf) => leaf.variable += 4,
            Region::Inner(inner) => inner.partitions.iter_mut().flatten().for_each(|child| *child += moved),
        }
        regions.push(region);
    }
    let children = vec![moved - 1, regions.len() - 1];
    regions.push(Region::Inner(InnerRegion { units: 1, partitions: vec![children], weights: vec![1.0] }));
    let both = Circuit::new([variables.clone(), variables.clone()].concat(), regions).unwrap();
    let (a, b) = (random_rows(&variables, 30, 0.2, 1), random_rows(&variables, 30, 0.2, 2));
    let rows: Vec<f64> = a.chunks(4).zip(b.chunks(4)).flat_map(|(a, b)| [a, b].concat()).collect();
    let sums = log_likelihood(&first, &a).into_iter().zip(log_likelihood(&second, &b));
    for (found, (a, b)) in log_likelihood(&both, &rows).into_iter().zip(sums) {
        assert!((found - a - b).abs() < 1e-11 * found.abs().max(1.0));
    }
}

/// Rows of twelve binary variables that depend on each other.
fn binary_rows(count: usize) -> Vec<f64> {
    let draws = random_rows(&vec![Variable::categorical(2); 12], count, 0.0, 9);
    draws
        .chunks(12)
        .flat_map(|row| (0..12).map(|i| if i % 3 == 0 { row[i] } else { row[i - i % 3] * row[i] }))
        .collect()
}

#[test]
fn all_states_of_twelve_binary_variables_sum_to_one_after_training() {
    let values = binary_rows(400);
    let rows = Rows::new(&values, 12).unwrap();
    let variables = vec![Variable::categorical(2); 12];
    let states: Vec<f64> =
        (0..1 << 12).flat_map(|state: u32| (0..12).map(move |bit| f64::from(state >> bit & 1))).collect();
    let choices = [
        StructureChoice::ChowLiu,
        StructureChoice::RandomTrees { replicas: 3 },
        StructureChoice::ImageHalves { height: 3, width: 4 },
    ];
    let methods = [Method::default(), Method::Adam { learning_rate: 0.05 }];
    for (structure, method) in choices.into_iter().flat_map(|choice| methods.map(|method| (choice, method))) {
        let config = TrainingConfig { structure, method, units: Some(5), epochs: 10, ..Default::default() };
        let trained = train(rows, variables.clone(), &config, |_| true).unwrap();
        let before = trained.history[0].training;
        let densities = log_likelihood(&trained.circuit, &values);
        assert!(densities.iter().sum::<f64>() / 400.0 > before, "training helps");
        let sum: f64 = log_likelihood(&trained.circuit, &states).iter().map(|density| density.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{structure:?} {method:?}: {sum}");
        // The marginal of the first four variables is computed by enumeration of the others.
        let four: f64 = states
            .chunks(12)
            .filter(|state| state[..4] == [1.0, 1.0, 0.0, 1.0])
            .map(|state| log_likelihood(&trained.circuit, state)[0].exp())
            .sum();
        let mut known = [f64::NAN; 12];
        known[..4].copy_from_slice(&[1.0, 1.0, 0.0, 1.0]);
        assert!((log_likelihood(&trained.circuit, &known)[0].exp() - four).abs() < 1e-9);
    }
}

/// Two columns on a noisy ring, in different units.
fn ring(count: usize) -> Vec<f64> {
    let draws = random_rows(&vec![Variable::continuous(0.0, 0.25); 2], count, 0.0, 4);
    draws
        .chunks(2)
        .flat_map(|draw| {
            let (angle, radius) = (draw[0] * std::f64::consts::TAU, 1.0 + 0.2 * draw[1]);
            [100.0 + 20.0 * radius * angle.cos(), 0.03 * radius * angle.sin()]
        })
        .collect()
}

#[test]
fn two_numbers_integrate_to_one_after_training() {
    let values = ring(300);
    let rows = Rows::new(&values, 2).unwrap();
    let variables: Vec<Variable> =
        (0..2).map(|column| Variable::standardizing(rows.column(column))).collect();
    for method in [Method::default(), Method::Adam { learning_rate: 0.03 }] {
        let config =
            TrainingConfig { method, epochs: 30, components: 2, sigma_floor: 0.3, ..Default::default() };
        let circuit = train(rows, variables.clone(), &config, |_| true).unwrap().circuit;
        // The trapezoid rule converges exponentially for densities that vanish at both ends, once its steps
        // are below half a σ. The background reaches far out.
        let (reach, steps) = (36.0, 500);
        let standard = |step: usize| reach * (2.0 * step as f64 / steps as f64 - 1.0);
        let of = |column: usize, z: f64| match variables[column].kind {
            ugmm_circuit::VariableKind::Continuous { location, scale, .. } => location + scale * z,
            _ => unreachable!("it is continuous"),
        };
        let cell: f64 =
            (0..2).map(|column| (of(column, 1.0) - of(column, 0.0)) * 2.0 * reach / steps as f64).product();
        let grid: Vec<f64> = (0..=steps)
            .flat_map(|i| (0..=steps).flat_map(move |j| [i, j]))
            .enumerate()
            .map(|(at, step)| of(at % 2, standard(step)))
            .collect();
        let sum: f64 = log_likelihood(&circuit, &grid).iter().map(|density| density.exp() * cell).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{method:?}: {sum}");
        let row: f64 =
            (0..=steps).map(|j| log_likelihood(&circuit, &[110.0, of(1, standard(j))])[0].exp()).sum();
        let width = (of(1, 1.0) - of(1, 0.0)) * 2.0 * reach / steps as f64;
        let marginal = log_likelihood(&circuit, &[110.0, f64::NAN])[0].exp();
        assert!((row * width - marginal).abs() < 1e-6 * marginal);
    }
}

#[test]
fn a_million_samples_match_the_marginals() {
    let variables = mixed_variables();
    let values = random_rows(&variables, 60, 0.0, 1);
    let structure = hidden_chow_liu_tree(Rows::new(&values, 4).unwrap(), &variables, 3).unwrap();
    let circuit = random_circuit(&variables, &structure, 8);
    let count = 1_000_000;
    for evidence in [[f64::NAN; 4], [4.0, f64::NAN, f64::NAN, f64::NAN], [f64::NAN, 2.0, -1.0, f64::NAN]] {
        let samples = circuit.sample(count, &evidence, &mut rng(2)).unwrap();
        for (variable, &given) in evidence.iter().enumerate() {
            let mut drawn: Vec<f64> = samples.iter().skip(variable).step_by(4).copied().collect();
            if !given.is_nan() {
                assert!(drawn.iter().all(|&value| value == given));
                continue;
            }
            let expected = circuit.conditional(&evidence, variable).unwrap();
            // Kolmogorov's distance of this number of samples exceeds 1.95 / √n once in a thousand times, and
            // more rarely for discrete ones.
            drawn.sort_by(f64::total_cmp);
            let steps = drawn.chunk_by(|a, b| a == b).scan(0, |below, group| {
                let start = *below;
                *below += group.len();
                Some((group[0], start, *below))
            });
            let mut distance: f64 = 0.0;
            for (value, below, upto) in steps {
                let cumulative = expected.cumulative(value);
                distance = distance.max((upto as f64 / count as f64 - cumulative).abs());
                if matches!(expected, UnivariateMixture::Continuous { .. }) {
                    distance = distance.max((cumulative - below as f64 / count as f64).abs());
                }
            }
            assert!(distance < 1.95e-3, "variable {variable}: {distance}");
        }
        // The test of a pair of variables, the second given the first, includes dependence.
        let joint =
            samples.chunks(4).filter(|row| row[1] == 2.0 && row[2] == -1.0).count() as f64 / count as f64;
        let mut known = evidence;
        known[1] = 2.0;
        known[2] = -1.0;
        let densities = log_likelihood(&circuit, &[known, evidence].concat());
        let expected = (densities[0] - densities[1]).exp();
        assert!(
            (joint - expected).abs() < 4.0 * (expected / count as f64).sqrt() + 1e-9,
            "{joint}, not {expected}"
        );
    }
    // Samples differ between seeds and are equal for one seed.
    let again = |seed| circuit.sample(5, &[f64::NAN; 4], &mut rng(seed)).unwrap();
    assert_eq!(again(1), again(1));
    assert_ne!(again(1), again(2));
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let variables = mixed_variables();
    let values = random_rows(&variables, 700, 0.1, 2);
    let rows = Rows::new(&values, 4).unwrap();
    let config = TrainingConfig { epochs: 3, batch_size: 300, ..Default::default() };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let circuit = train(rows, variables.clone(), &config, |_| true).unwrap().circuit;
            let samples = circuit.sample(3000, &[f64::NAN; 4], &mut rng(0)).unwrap();
            (circuit.log_likelihood(rows).unwrap(), circuit, samples)
        })
    };
    let one = run(1);
    for threads in [2, 5] {
        let many = run(threads);
        assert_eq!(one.0, many.0);
        assert!(one.1 == many.1, "other parameters with {threads} threads");
        assert_eq!(one.2, many.2);
    }
}

#[test]
fn distributions_of_one_variable_agree_with_quadrature() {
    let variables = mixed_variables();
    let circuit = random_circuit(&variables, &structures()[1], 5);
    for variable in [0, 3] {
        let conditional = circuit.conditional(&[f64::NAN, 1.0, 0.0, f64::NAN], variable).unwrap();
        let (low, high) = (conditional.quantile(0.0), conditional.quantile(1.0));
        let steps = 20_000;
        let width = (high - low) / f64::from(steps);
        let [mut mass, mut mean, mut square, mut entropy] = [0.0; 4];
        let mut best = (0.0, 0.0);
        for step in 0..=steps {
            let value = low + width * f64::from(step);
            let density = conditional.density(value);
            // This is the trapezoid rule; the density at an end of the variable need not be 0.
            let share = density * if step == 0 || step == steps { 0.5 * width } else { width };
            mass += share;
            mean += value * share;
            square += value * value * share;
            entropy -= if density > 0.0 { density.ln() * share } else { 0.0 };
            if density > best.0 {
                best = (density, value);
            }
            if step % 4000 == 2000 {
                assert!((conditional.cumulative(value + width / 2.0) - mass).abs() < 1e-6);
                // In the tails the cumulative probability has no digits left.
                if density > 1e-3 {
                    assert!(
                        (conditional.quantile(conditional.cumulative(value)) - value).abs()
                            < 1e-9 * value.abs().max(1.0)
                    );
                }
            }
        }
        assert!((mass - 1.0).abs() < 1e-8, "{mass}");
        assert!((conditional.mean() - mean).abs() < 1e-7);
        assert!((conditional.deviation().powi(2) - (square - mean * mean)).abs() < 1e-6);
        assert!((conditional.entropy() - entropy).abs() < 1e-7, "{} and {entropy}", conditional.entropy());
        assert!(
            conditional.density(conditional.mode()) >= best.0
                && (conditional.mode() - best.1).abs() < 2.0 * width
        );
    }
    let UnivariateMixture::Discrete { first, probabilities } =
        circuit.conditional(&[f64::NAN; 4], 2).unwrap()
    else {
        panic!("an integer is discrete");
    };
    let discrete = UnivariateMixture::Discrete { first, probabilities: probabilities.clone() };
    let mean: f64 = probabilities.iter().zip(-2..).map(|(share, value)| share * f64::from(value)).sum();
    assert!(
        (discrete.mean() - mean).abs() < 1e-12
            && discrete.density(-1.5) == 0.0
            && discrete.density(5.0) == 0.0
    );
    assert!((discrete.cumulative(-0.5) - probabilities[0] - probabilities[1]).abs() < 1e-12);
    assert_eq!(discrete.quantile(0.0), -2.0);
    assert_eq!(discrete.quantile(1.0), 4.0);
}

#[test]
fn imputed_rows_are_complete_and_plausible() {
    use ugmm_circuit::Imputation;
    let variables = mixed_variables();
    let circuit = random_circuit(&variables, &mixture(4, 3).unwrap(), 5);
    let values = random_rows(&variables, 300, 0.4, 6);
    let rows = Rows::new(&values, 4).unwrap();
    for by in [Imputation::Mean, Imputation::Median, Imputation::Mode, Imputation::Draw { seed: 1 }] {
        let filled = circuit.impute(rows, by).unwrap();
        for (&before, &after) in values.iter().zip(&filled) {
            assert!(if before.is_nan() { after.is_finite() } else { after == before });
        }
        // Every imputed value is possible for its variable.
        assert!(log_likelihood(&circuit, &filled).iter().all(|density| density.is_finite()));
    }
    let mean =
        circuit.impute(Rows::new(&[f64::NAN, 1.0, f64::NAN, -1.0], 4).unwrap(), Imputation::Mean).unwrap();
    assert_eq!(mean[0], circuit.conditional(&[f64::NAN, 1.0, f64::NAN, -1.0], 0).unwrap().mean());
}

#[test]
fn structures_of_any_size_are_valid() {
    for variables in 1..20 {
        random_trees(variables, 2, 2, &mut rng(1)).unwrap();
        mixture(variables, 2).unwrap();
    }
    use ugmm_circuit::structure::{ImageSplit, quadrants};
    for (height, width) in [(1, 1), (1, 5), (3, 1), (3, 5), (7, 7)] {
        for split in [ImageSplit::Both, ImageSplit::Quadrants] {
            for others in [0, 2] {
                let structure = quadrants((height, width), height * width + others, 2, split).unwrap();
                let variables = vec![Variable::categorical(2); height * width + others];
                let circuit = random_circuit(&variables, &structure, 1);
                let row = random_rows(&variables, 1, 0.3, 3);
                if height * width <= 5 {
                    let expected = oracle(&circuit, &row).ln();
                    assert!((log_likelihood(&circuit, &row)[0] - expected).abs() < 1e-12);
                }
            }
        }
    }
}

/// In a chain of variables, each a noisy copy of the one before, the tree is the chain.
#[test]
fn chow_liu_finds_a_chain() {
    use ugmm_circuit::structure::RegionShape;
    let count = 2000;
    let draws = random_rows(&vec![Variable::continuous(0.0, 0.5); 6], count, 0.0, 7);
    // The columns are shuffled, so that their order does not reveal the chain.
    let place = [3, 0, 5, 1, 4, 2];
    let mut values = vec![0.0; count * 6];
    for (row, draw) in draws.chunks(6).enumerate() {
        let mut value = 0.0;
        for (link, noise) in draw.iter().enumerate() {
            value = 0.9 * value + noise;
            values[row * 6 + place[link]] = value;
        }
    }
    for missing in [0, 200] {
        for row in 0..missing {
            values[row * 6 + row % 6] = f64::NAN;
        }
        let variables = vec![Variable::continuous(0.0, 1.0); 6];
        let structure = hidden_chow_liu_tree(Rows::new(&values, 6).unwrap(), &variables, 2).unwrap();
        // Each inner region joins one leaf and regions of other variables; these pairs of leaves are the
        // edges.
        let mut edges = Vec::new();
        let mut variable_of = vec![0; structure.regions().len()];
        for (region, shape) in structure.regions().iter().enumerate() {
            match shape {
                RegionShape::Leaf { variable, .. } => variable_of[region] = *variable,
                RegionShape::Inner { partitions, .. } => {
                    let is_leaf =
                        |child: &usize| matches!(structure.regions()[*child], RegionShape::Leaf { .. });
                    let own = *partitions[0].iter().find(|child| is_leaf(child)).unwrap();
                    variable_of[region] = variable_of[own];
                    for &child in partitions[0].iter().filter(|child| !is_leaf(child)) {
                        let (a, b) = (variable_of[own], variable_of[child]);
                        edges.push((a.min(b), a.max(b)));
                    }
                }
                RegionShape::Indicator { .. } => unreachable!("there are none"),
            }
        }
        edges.sort_unstable();
        let mut expected: Vec<(usize, usize)> =
            place.windows(2).map(|pair| (pair[0].min(pair[1]), pair[0].max(pair[1]))).collect();
        expected.sort_unstable();
        assert_eq!(edges, expected);
    }
}
