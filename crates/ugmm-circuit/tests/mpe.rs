//! Compares the most probable explanation with brute force.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use ugmm_circuit::{
    Circuit, CircuitError, Mpe, MpeOptions, MpeVariable, Rows, StructureChoice, TrainingConfig, Variable,
    VariableKind, train,
};

fn answer(circuit: &Circuit, row: &[f64], asked: &[MpeVariable], options: &MpeOptions) -> Mpe {
    circuit.mpe(row, asked, options, |_| ControlFlow::Continue(())).unwrap()
}

fn everywhere(variables: &[usize]) -> Vec<MpeVariable> {
    variables.iter().map(|&variable| MpeVariable { variable, range: None }).collect()
}

/// A circuit of two numbers, a category, an integer and a class, trained on a few rows with dependent
/// columns.
fn random_circuit(seed: u64) -> Circuit {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values = Vec::new();
    for _ in 0..60 {
        let class = f64::from(rng.random_range(0..2u8));
        let state = f64::from(rng.random_range(0..3u8));
        let x = 3.0 * class + state + rng.random_range(-0.7..0.7);
        let y = if rng.random_bool(0.1) { f64::NAN } else { x * x / 4.0 + rng.random_range(-0.5..0.5) };
        values.extend([x, y, state, (x + y.max(0.0)).round().clamp(0.0, 9.0), class]);
    }
    let rows = Rows::new(&values, 5).unwrap();
    let variables = vec![
        Variable::standardizing(rows.column(0)),
        Variable::standardizing(rows.column(1)),
        Variable::categorical(3),
        Variable::integer(0, 9),
        Variable::categorical(2),
    ];
    let structures =
        [StructureChoice::ChowLiu, StructureChoice::Mixture, StructureChoice::RandomTrees { replicas: 2 }];
    let config = TrainingConfig {
        structure: structures[seed as usize % 3],
        units: Some(1 + seed as usize % 5),
        components: 1 + seed as usize % 2,
        class_conditional: seed.is_multiple_of(4).then_some(4),
        epochs: 5,
        seed,
        ..TrainingConfig::default()
    };
    train(rows, variables, &config, |_| true).unwrap().circuit
}

/// All values of a discrete variable, or points of a grid.
fn values(circuit: &Circuit, asked: MpeVariable, points: usize) -> Vec<f64> {
    let variable = &circuit.variables()[asked.variable];
    match (variable.states(), asked.range) {
        (Some(states), range) => (0..states)
            .map(|state| (variable.first() + state as i64) as f64)
            .filter(|value| range.is_none_or(|(low, high)| (low..=high).contains(value)))
            .collect(),
        (None, range) => {
            let VariableKind::Continuous { location, scale, .. } = variable.kind else { unreachable!() };
            let (low, high) = range.unwrap_or((location - 4.0 * scale, location + 4.0 * scale));
            (0..points).map(|point| low + (high - low) * point as f64 / (points - 1) as f64).collect()
        }
    }
}

fn brute_force(circuit: &Circuit, row: &[f64], asked: &[MpeVariable]) -> f64 {
    let numbers = asked.iter().filter(|one| circuit.variables()[one.variable].states().is_none()).count();
    let mut rows = vec![row.to_vec()];
    for &one in asked {
        let values = values(circuit, one, [1, 3001, 151][numbers]);
        let with = |row: Vec<f64>| {
            values.clone().into_iter().map(move |value| {
                let mut row = row.clone();
                row[one.variable] = value;
                row
            })
        };
        rows = rows.into_iter().flat_map(with).collect();
    }
    let rows = rows.concat();
    let densities = circuit.log_likelihood(Rows::new(&rows, row.len()).unwrap()).unwrap();
    densities.into_iter().fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn no_proved_optimum_of_100_circuits_is_beaten_by_brute_force() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut proved = 0;
    for case in 0..100 {
        let circuit = random_circuit(case);
        let mut row = [f64::NAN; 5];
        let mut asked = Vec::new();
        for (variable, value) in row.iter_mut().enumerate() {
            let (low, high) = (rng.random_range(-2.0..1.0), rng.random_range(1.0..5.0));
            let range = rng.random_bool(0.4).then_some((low, high));
            match rng.random_range(0..4u8) {
                0 => *value = if variable == 2 || variable == 4 { 1.0 } else { 2.0 },
                1 => {}
                _ => asked.push(MpeVariable { variable, range }),
            }
        }
        if asked.is_empty() {
            asked = everywhere(&[0, 4]);
        }
        let options = MpeOptions { most_boxes: 20_000, ..MpeOptions::default() };
        let found = answer(&circuit, &row, &asked, &options);
        let best = brute_force(&circuit, &row, &asked);
        assert!(best <= found.upper_bound && found.value <= found.upper_bound, "{case}: {best} {found:?}");
        assert!(found.viterbi_value <= found.upper_bound, "{case}: {found:?}");
        assert_eq!(found.proved, found.gap() <= options.gap);
        if found.proved {
            proved += 1;
            assert!(best <= found.value + options.gap, "{case}: {best} {found:?}");
        } else {
            println!("{case}: {} {asked:?} {best} {found:?}", circuit.regions().len());
        }
        // The value is that of the row, which is in the domain.
        let value = circuit.log_likelihood(Rows::new(&found.row, 5).unwrap()).unwrap()[0];
        assert_eq!(value, found.value);
        for one in &asked {
            let value = found.row[one.variable];
            assert!(!value.is_nan(), "{case}");
            assert!(
                one.range.is_none_or(|(low, high)| (low - 1e-9..=high + 1e-9).contains(&value)),
                "{case}"
            );
        }
        let kept = (0..5).filter(|variable| asked.iter().all(|one| one.variable != *variable));
        kept.for_each(|variable| assert!(found.row[variable].total_cmp(&row[variable]).is_eq(), "{case}"));
    }
    assert!(proved >= 90, "{proved} of 100 were proved");
}

#[test]
fn states_are_enumerated() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let value = |i: usize, rng: &mut ChaCha8Rng| rng.random_bool(0.2 + 0.05 * (i % 12) as f64);
    let values: Vec<f64> = (0..200 * 12).map(|i| f64::from(u8::from(value(i, &mut rng)))).collect();
    let variables = vec![Variable::categorical(2); 12];
    let config = TrainingConfig { epochs: 5, ..TrainingConfig::default() };
    let circuit = train(Rows::new(&values, 12).unwrap(), variables, &config, |_| true).unwrap().circuit;
    let asked = everywhere(&(0..12).collect::<Vec<_>>());
    let options = MpeOptions { gap: 1e-9, ..MpeOptions::default() };
    let found = answer(&circuit, &[f64::NAN; 12], &asked, &options);
    let best = brute_force(&circuit, &[f64::NAN; 12], &asked);
    assert!(found.proved && (found.value - best).abs() < 1e-9, "{best} {found:?}");
}

#[test]
fn an_answer_cut_short_has_an_honest_gap() {
    let circuit = random_circuit(4);
    let asked = everywhere(&[0, 1, 2, 3, 4]);
    let exact = answer(&circuit, &[f64::NAN; 5], &asked, &MpeOptions::default());
    assert!(exact.proved);
    let mut last = f64::INFINITY;
    for most_boxes in [0, 10, 300] {
        let options = MpeOptions { gap: 0.0, most_boxes, ..MpeOptions::default() };
        let short = answer(&circuit, &[f64::NAN; 5], &asked, &options);
        assert!(short.upper_bound >= exact.value && short.upper_bound <= last && !short.proved, "{short:?}");
        last = short.upper_bound;
    }
    let begin = Instant::now();
    let limit = MpeOptions { gap: 0.0, time_limit: Some(Duration::from_millis(50)), ..MpeOptions::default() };
    answer(&circuit, &[f64::NAN; 5], &asked, &limit);
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_cannot_be_asked_is_said() {
    let circuit = random_circuit(0);
    let ask = |row: &[f64], asked: &[MpeVariable]| {
        circuit.mpe(row, asked, &MpeOptions::default(), |_| ControlFlow::Continue(())).unwrap_err()
    };
    let missing = [f64::NAN; 5];
    let with_range = |variable, range| [MpeVariable { variable, range: Some(range) }];
    assert!(ask(&missing, &[]).to_string().contains("must be at least 1"));
    assert!(ask(&missing, &everywhere(&[1, 1])).to_string().contains("1 twice"));
    assert!(matches!(ask(&missing, &everywhere(&[5])), CircuitError::NoSuchVariable { .. }));
    assert!(matches!(ask(&missing[..4], &everywhere(&[1])), CircuitError::Columns { .. }));
    assert!(ask(&missing, &with_range(0, (1.0, 0.0))).to_string().contains("range"));
    assert!(ask(&missing, &with_range(0, (f64::NAN, 0.0))).to_string().contains("range"));
    assert!(ask(&missing, &with_range(3, (1.2, 1.8))).to_string().contains("a value of the variable"));
    let mut wrong = missing;
    wrong[2] = 7.0;
    assert!(matches!(ask(&wrong, &everywhere(&[0])), CircuitError::Value { .. }));
}
