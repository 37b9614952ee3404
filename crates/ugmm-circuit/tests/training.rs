//! Tests of training: its guarantees, its results, and degenerate data.

mod common;

use common::{log_likelihood, mixed_variables, random_circuit, random_rows, rng, structures};
use ugmm_circuit::structure::{Structure, mixture};
use ugmm_circuit::{
    Circuit, CircuitError, LeafDistribution, Method, Precision, Region, Rows, StructureChoice,
    TrainingConfig, Variable, train, train_structure,
};

/// The configuration of textbook expectation maximisation.
fn full_batch() -> TrainingConfig {
    TrainingConfig {
        batch_size: usize::MAX,
        components: 2,
        background: 0.0,
        precision: Precision::Double,
        ..Default::default()
    }
}

#[test]
fn full_batches_never_lower_the_likelihood() {
    let variables = mixed_variables();
    let values = random_rows(&variables, 150, 0.2, 1);
    let rows = Rows::new(&values, 4).unwrap();
    for structure in structures() {
        let config =
            TrainingConfig { epochs: 40, pseudo_count: 0.0, sigma_pseudo_count: 0.0, ..full_batch() };
        let trained = train_structure(rows, None, variables.clone(), &structure, &config, |_| true).unwrap();
        for pair in trained.history.windows(2) {
            assert!(pair[1].training >= pair[0].training - 1e-11, "{pair:?}");
        }
        let rise = trained.history[39].training - trained.history[0].training;
        assert!(rise > 1e-3, "it rose by {rise}");
    }
}

/// The logarithm of the prior, up to a constant, as the configuration's documentation defines it.
fn log_prior(circuit: &Circuit, config: &TrainingConfig, frequencies: &[f64]) -> f64 {
    let mut sum = 0.0;
    for region in circuit.regions() {
        match region {
            Region::Inner(inner) => {
                let each = config.pseudo_count / inner.width() as f64;
                sum += inner.weights.iter().map(|weight| each * weight.ln()).sum::<f64>();
            }
            Region::Leaf(leaf) => match &leaf.distribution {
                LeafDistribution::Table(table) => {
                    for (state, row) in table.chunks(leaf.units).enumerate() {
                        let each = config.pseudo_count * frequencies[state];
                        sum += row.iter().map(|probability| each * probability.ln()).sum::<f64>();
                    }
                }
                LeafDistribution::Gaussians(mixtures) => {
                    let each = config.pseudo_count / mixtures.components as f64;
                    sum += mixtures.weights.iter().map(|weight| each * weight.ln()).sum::<f64>();
                    let held = match circuit.variables()[leaf.variable].states() {
                        Some(states) => states as f64 / 8.0,
                        None => 0.5,
                    };
                    let of = |sigma: &f64| {
                        -config.sigma_pseudo_count * (sigma.ln() + 0.5 * (held / sigma).powi(2))
                    };
                    sum += mixtures.sigmas.iter().map(of).sum::<f64>();
                }
            },
        }
    }
    sum
}

#[test]
fn with_a_prior_full_batches_never_lower_the_posterior() {
    let variables = mixed_variables();
    let values = random_rows(&variables, 80, 0.1, 5);
    let rows = Rows::new(&values, 4).unwrap();
    let mut frequencies = [0.5; 3];
    for value in rows.column(1).filter(|value| !value.is_nan()) {
        frequencies[value as usize] += 1.0;
    }
    let total: f64 = frequencies.iter().sum();
    frequencies.iter_mut().for_each(|count| *count /= total);
    let structure = &structures()[1];
    let mut last = f64::NEG_INFINITY;
    for epochs in 0..12 {
        let config = TrainingConfig { epochs, pseudo_count: 3.0, sigma_pseudo_count: 2.0, ..full_batch() };
        let trained = train_structure(rows, None, variables.clone(), structure, &config, |_| true).unwrap();
        let likelihood: f64 = log_likelihood(&trained.circuit, &values).iter().sum();
        let posterior = likelihood + log_prior(&trained.circuit, &config, &frequencies);
        assert!(posterior >= last - 1e-8, "{posterior} after {last} in epoch {epochs}");
        last = posterior;
    }
}

/// Batches, both methods and both precisions approach the density of the rows.
#[test]
fn the_density_of_the_rows_is_found() {
    let variables = mixed_variables();
    let truth = random_circuit(&variables, &mixture(4, 3).unwrap(), 11);
    let values = truth.sample(6000, &[f64::NAN; 4], &mut rng(1)).unwrap();
    let (known, new) = values.split_at(4000 * 4);
    let best = log_likelihood(&truth, new).iter().sum::<f64>() / 2000.0;
    let methods = [Method::default(), Method::Adam { learning_rate: 0.05 }];
    let choices =
        [StructureChoice::ChowLiu, StructureChoice::Mixture, StructureChoice::RandomTrees { replicas: 4 }];
    for (method, structure) in methods.into_iter().flat_map(|method| choices.map(|choice| (method, choice))) {
        let config = TrainingConfig { method, structure, units: Some(8), epochs: 40, ..Default::default() };
        let circuit =
            train(Rows::new(known, 4).unwrap(), variables.clone(), &config, |_| true).unwrap().circuit;
        let found = log_likelihood(&circuit, new).iter().sum::<f64>() / 2000.0;
        assert!(
            found > best - 0.1 && found < best + 0.02,
            "{method:?} {structure:?}: {found}, and the truth {best}"
        );
    }
}

#[test]
fn classes_get_densities_of_their_own() {
    let variables = mixed_variables();
    let truth = random_circuit(&variables, &structures()[6], 2);
    let values = truth.sample(3000, &[f64::NAN; 4], &mut rng(1)).unwrap();
    let rows = Rows::new(&values, 4).unwrap();
    let config = TrainingConfig { class_conditional: Some(1), epochs: 30, ..Default::default() };
    let circuit = train(rows, variables.clone(), &config, |_| true).unwrap().circuit;
    let Some(Region::Inner(root)) = circuit.regions().last() else { panic!("the root is an inner region") };
    for (class, weight) in root.weights.iter().enumerate() {
        let share = rows.column(1).filter(|&value| value == class as f64).count() as f64 / 3000.0;
        // A batch of 256 rows leaves about this much noise, because early stopping ended training.
        assert!((weight - share).abs() < 0.03, "class {class} has {weight}, not {share}");
    }
    let log_loss = |circuit: &Circuit| {
        let probabilities = circuit.posterior(rows, 1).unwrap();
        let of_row = |(row, class): (usize, f64)| -probabilities[row * 3 + class as usize].ln();
        rows.column(1).enumerate().map(of_row).sum::<f64>() / 3000.0
    };
    assert!(log_loss(&circuit) < log_loss(&truth) + 0.02);
}

#[test]
fn the_best_epoch_is_kept_and_training_can_be_stopped() {
    let variables = mixed_variables();
    let values = random_rows(&variables, 60, 0.0, 1);
    let rows = Rows::new(&values, 4).unwrap();
    // There are far too many parameters for independent rows, so that validation soon gets worse.
    let config = TrainingConfig {
        units: Some(20),
        epochs: 200,
        patience: 5,
        validation_share: 0.3,
        ..Default::default()
    };
    let trained = train(rows, variables.clone(), &config, |_| true).unwrap();
    let of = |epoch: &ugmm_circuit::Epoch| epoch.validation.expect("rows are held out");
    let best = trained.history.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    assert!(trained.history.len() < 200 && trained.history.len() == trained.best_epoch + 5);
    if let Some(at) = trained.best_epoch.checked_sub(1) {
        assert_eq!(of(&trained.history[at]), best);
    }
    let stopped = train(rows, variables, &config, |epoch| epoch.number < 2).unwrap();
    assert_eq!(stopped.history, trained.history[..2]);
}

#[test]
fn missing_values_are_learned_around() {
    let truth = random_circuit(&mixed_variables(), &mixture(4, 2).unwrap(), 4);
    let mut values = truth.sample(4000, &[f64::NAN; 4], &mut rng(3)).unwrap();
    let complete = values.split_off(3000 * 4);
    let mask = random_rows(&vec![Variable::categorical(10); 4], 3000, 0.0, 8);
    values.iter_mut().zip(mask).filter(|(_, mask)| *mask < 3.0).for_each(|(value, _)| *value = f64::NAN);
    let config = TrainingConfig {
        structure: StructureChoice::Mixture,
        units: Some(4),
        epochs: 50,
        ..Default::default()
    };
    let circuit =
        train(Rows::new(&values, 4).unwrap(), mixed_variables(), &config, |_| true).unwrap().circuit;
    let mean = |circuit: &Circuit| log_likelihood(circuit, &complete).iter().sum::<f64>() / 1000.0;
    assert!(mean(&circuit) > mean(&truth) - 0.1, "{} and {}", mean(&circuit), mean(&truth));
}

/// The data has a constant column, one without a value, huge offsets, tiny spreads, duplicates, or a single
/// row.
#[test]
fn unpleasant_data_gives_finite_likelihoods() {
    let column = |kind: usize, row: usize| match kind {
        0 => 5.0,
        1 => f64::NAN,
        2 => 1e9 + (row % 7) as f64 * 1e-3,
        3 => (row % 5) as f64 * 1e-200,
        4 => (row % 2) as f64,
        5 => 1e300 * ((row % 3) as f64 - 1.0),
        6 => (row % 3) as f64,
        _ => 7.0,
    };
    let methods = [Method::default(), Method::Adam { learning_rate: 0.05 }];
    for (rows, method) in [1, 2, 3, 40].into_iter().flat_map(|rows| methods.map(|method| (rows, method))) {
        let values: Vec<f64> = (0..rows).flat_map(|row| (0..8).map(move |kind| column(kind, row))).collect();
        let view = Rows::new(&values, 8).unwrap();
        let mut variables: Vec<Variable> =
            (0..6).map(|kind| Variable::standardizing(view.column(kind))).collect();
        // Most states never occur.
        variables.extend([Variable::categorical(50), Variable::integer(-1000, 1000)]);
        for structure in [StructureChoice::ChowLiu, StructureChoice::RandomTrees { replicas: 2 }] {
            let config = TrainingConfig { structure, method, epochs: 20, ..Default::default() };
            let circuit = train(view, variables.clone(), &config, |_| true).unwrap().circuit;
            let densities = log_likelihood(&circuit, &values);
            assert!(densities.iter().all(|density| density.is_finite()), "{rows} rows: {densities:?}");
            let mut row = values[..8].to_vec();
            row[6] = 49.0;
            row[7] = -1000.0;
            row[0] = 1e6;
            assert!(
                log_likelihood(&circuit, &row)[0].is_finite(),
                "what was never seen is improbable, not impossible"
            );
            let drawn = circuit.sample(10, &[f64::NAN; 8], &mut rng(1)).unwrap();
            assert!(drawn.iter().all(|value| value.is_finite()));
        }
    }
}

#[test]
fn settings_and_data_that_cannot_be_are_refused() {
    let variables = mixed_variables();
    let values = random_rows(&variables, 20, 0.0, 1);
    let rows = Rows::new(&values, 4).unwrap();
    let refuse = |change: &dyn Fn(&mut TrainingConfig)| {
        let mut config = TrainingConfig::default();
        change(&mut config);
        train(rows, variables.clone(), &config, |_| true).unwrap_err().to_string()
    };
    assert!(refuse(&|config| config.batch_size = 0).contains("batch_size is 0, but must be 1 or more"));
    assert!(refuse(&|config| config.units = Some(0)).contains("units"));
    assert!(refuse(&|config| config.sigma_floor = f64::NAN).contains("sigma_floor"));
    assert!(refuse(&|config| config.validation_share = 1.0).contains("validation_share"));
    assert!(
        refuse(&|config| config.method = Method::Adam { learning_rate: -1.0 })
            .contains("learning_rate is -1, but must be positive")
    );
    assert!(
        refuse(&|config| config.structure = StructureChoice::RandomTrees { replicas: 0 })
            .contains("replicas")
    );
    assert!(
        refuse(&|config| config.class_conditional = Some(0))
            .contains("variable 0 (length) is not categorical")
    );
    assert!(refuse(&|config| config.class_conditional = Some(9)).contains("no variable 9"));

    let with = |column: usize, value: f64| {
        let mut values = values.clone();
        values[4 * 7 + column] = value;
        train(Rows::new(&values, 4).unwrap(), variables.clone(), &TrainingConfig::default(), |_| true)
            .unwrap_err()
            .to_string()
    };
    let message = with(1, 3.0);
    // Messages number rows as the caller has them.
    assert_eq!(
        message,
        "row 7 has 3 in column 1 (colour); it must be a state, 0 to 2, or NaN where it is missing"
    );
    assert!(with(1, 0.5).contains("column 1 (colour)") && with(2, -3.0).contains("from -2 to 4"));
    assert!(with(0, f64::INFINITY).contains("finite number"));
    assert!(Rows::new(&values[..7], 4).is_err() && Rows::new(&[], 0).is_err());
    let none = train(Rows::new(&[], 4).unwrap(), variables.clone(), &TrainingConfig::default(), |_| true);
    assert_eq!(none.unwrap_err(), CircuitError::TooFewRows { rows: 0, needed: 1 });
    let broken = Variable::continuous(0.0, 0.0);
    let error =
        train(Rows::new(&[1.0], 1).unwrap(), vec![broken], &TrainingConfig::default(), |_| true).unwrap_err();
    assert!(error.to_string().contains("variable 0 has scale 0"), "{error}");
}

#[test]
fn circuits_are_checked_when_they_are_read() {
    let variables = mixed_variables();
    let circuit = random_circuit(&variables, &structures()[5], 1);
    let text = serde_json::to_string(&circuit).unwrap();
    let read: Circuit = serde_json::from_str(&text).unwrap();
    let values = random_rows(&variables, 10, 0.2, 1);
    assert_eq!(log_likelihood(&read, &values), log_likelihood(&circuit, &values));
    assert!(read == circuit);

    let break_it = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        change(&mut value);
        serde_json::from_value::<Circuit>(value).unwrap_err().to_string()
    };
    let last = circuit.regions().len() - 1;
    let message = break_it(&|value| value["regions"][last]["inner"]["weights"][0] = 7.into());
    assert!(message.contains("weights sum to"), "{message}");
    assert!(
        break_it(&|value| value["regions"][last]["inner"]["weights"][0] = (-1).into())
            .contains("the weight -1")
    );
    assert!(
        break_it(&|value| value["regions"][last]["inner"]["partitions"][0][0] = 99.into())
            .contains("child 99")
    );
    assert!(break_it(&|value| value["regions"][last]["inner"]["units"] = 2.into()).contains("has 2 units"));
    assert!(break_it(&|value| value["regions"][0]["leaf"]["variable"] = 44.into()).contains("variable 44"));
    assert!(break_it(&|value| value["regions"][0]["leaf"]["units"] = 0.into()).contains("no units"));
    assert!(break_it(&|value| value["regions"] = serde_json::json!([])).contains("is missing"));
    assert!(
        break_it(&|value| value["variables"][0]["kind"]["continuous"]["scale"] = (-1).into())
            .contains("scale -1")
    );
}

#[test]
fn structures_that_are_no_densities_are_refused() {
    use ugmm_circuit::structure::RegionShape::{Inner, Leaf};
    let leaf = |variable| Leaf { variable, units: 2 };
    let inner = |units, partitions: &[&[usize]]| Inner {
        units,
        partitions: partitions.iter().map(|p| p.to_vec()).collect(),
    };
    let refuse = |regions: Vec<_>| Structure::new(2, regions).unwrap_err().to_string();
    assert!(refuse(vec![leaf(0), leaf(0), inner(1, &[&[0, 1]])]).contains("common variable"));
    assert!(refuse(vec![leaf(0), leaf(1), inner(1, &[&[0], &[1]])]).contains("other variables"));
    assert!(refuse(vec![leaf(0), inner(1, &[&[0]])]).contains("1 of 2 variables"));
    assert!(refuse(vec![leaf(0), leaf(1), inner(2, &[&[0, 1]])]).contains("root and has 2 units"));
    assert!(
        refuse(vec![leaf(0), leaf(1), leaf(1), inner(1, &[&[0, 1]])])
            .contains("region 2 is part of no other")
    );
    assert!(
        refuse(vec![leaf(0), Leaf { variable: 1, units: 3 }, inner(1, &[&[0, 1]])])
            .contains("different widths")
    );
    assert!(refuse(vec![leaf(0), leaf(2), inner(1, &[&[0, 1]])]).contains("variable 2"));
    assert!(refuse(vec![leaf(0), leaf(1), inner(1, &[&[0, 1, 2]])]).contains("does not come before"));
    assert!(refuse(vec![leaf(0), leaf(1), inner(1, &[])]).contains("no partitions"));
    assert!(refuse(vec![leaf(0), leaf(1), inner(1, &[&[]])]).contains("no children"));
    assert!(refuse(vec![]).contains("missing"));
}

#[test]
fn evidence_that_cannot_be_is_an_error() {
    use ugmm_circuit::{InnerRegion, Leaf};
    let table = vec![1.0, 0.0];
    let leaf = Leaf { variable: 0, units: 1, distribution: LeafDistribution::Table(table), trained: true };
    let other = Leaf { variable: 1, ..leaf.clone() };
    let root = InnerRegion { units: 1, partitions: vec![vec![0, 1]], weights: vec![1.0] };
    let regions = vec![Region::Leaf(leaf), Region::Leaf(other), Region::Inner(root)];
    let circuit = Circuit::new(vec![Variable::categorical(2); 2], regions).unwrap();
    assert_eq!(log_likelihood(&circuit, &[0.0, 1.0, 0.0, 0.0]), [f64::NEG_INFINITY, 0.0]);
    assert_eq!(circuit.conditional(&[f64::NAN, 1.0], 0).unwrap_err(), CircuitError::Impossible { row: 0 });
    // The variable's own value is ignored.
    assert_eq!(circuit.conditional(&[1.0, 0.0], 0).unwrap().density(0.0), 1.0);
    assert_eq!(
        circuit.sample(1, &[f64::NAN, 1.0], &mut rng(0)).unwrap_err(),
        CircuitError::Impossible { row: 0 }
    );
    let rows = [0.0, f64::NAN, f64::NAN, 1.0];
    let imputed = circuit.impute(Rows::new(&rows, 2).unwrap(), ugmm_circuit::Imputation::Mean);
    assert_eq!(imputed.unwrap_err(), CircuitError::Impossible { row: 1 });
    assert!(matches!(circuit.conditional(&[0.0], 0), Err(CircuitError::Columns { found: 1, expected: 2 })));
    assert!(matches!(circuit.conditional(&[0.0, 0.0], 2), Err(CircuitError::NoSuchVariable { .. })));
}

#[test]
fn members_are_learned_from_seeds_of_their_own_and_an_unfinished_one_is_left_out() {
    let values: Vec<f64> =
        (0..120).flat_map(|i: u32| [f64::from(i % 7), f64::from(i % 7 * (i % 3))]).collect();
    let rows = Rows::new(&values, 2).unwrap();
    let variables: Vec<Variable> =
        (0..2).map(|column| Variable::standardizing(rows.column(column))).collect();
    let config = TrainingConfig { members: 3, epochs: 4, patience: 4, ..Default::default() };
    let mut seen = Vec::new();
    let whole = train(rows, variables.clone(), &config, |epoch| {
        seen.push((epoch.member, epoch.number));
        true
    })
    .unwrap();
    // Members are trained side by side, but each in order.
    seen.sort_by_key(|&(member, _)| member);
    let expected: Vec<(usize, usize)> =
        (1..=3).flat_map(|member| (1..=4).map(move |number| (member, number))).collect();
    assert_eq!((seen, whole.members, whole.history.len()), (expected, 3, 4));
    let alone =
        train(rows, variables.clone(), &TrainingConfig { members: 1, ..config.clone() }, |_| true).unwrap();
    assert_eq!(alone.history, whole.history);
    assert_eq!(whole.circuit.parameters(), 3 * alone.circuit.parameters());
    // The held-out rows differ, and so does their log-likelihood.
    assert_ne!(alone.validation, whole.validation);
    // On one thread, members are trained one after another.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let stopped = pool
        .install(|| train(rows, variables.clone(), &config, |epoch| epoch.member < 2 || epoch.number < 2))
        .unwrap();
    assert_eq!((stopped.members, &stopped.circuit), (1, &alone.circuit));
    let in_turn = pool.install(|| train(rows, variables.clone(), &config, |_| true)).unwrap();
    assert_eq!((&in_turn.circuit, in_turn.validation), (&whole.circuit, whole.validation));
    // Members that are not finished when training is stopped are left out, whatever is trained beside them.
    let mut epochs = 0;
    let stopped = train(rows, variables.clone(), &config, |_| {
        epochs += 1;
        epochs < 2
    });
    assert_eq!((stopped.unwrap().members, epochs), (1, 2));
    let none = train(rows, variables, &TrainingConfig { members: 0, ..config }, |_| true);
    assert_eq!(none.unwrap_err().to_string(), "members is 0, but must be 1 or more");
}
