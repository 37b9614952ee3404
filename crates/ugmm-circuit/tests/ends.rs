//! Tests of numbers with a least or a greatest value, and of values far from all components.

mod common;

use common::{log_likelihood, rng};
use rand::RngExt;
use std::ops::ControlFlow;
use ugmm_circuit::{
    Circuit, CircuitError, Method, MpeOptions, MpeVariable, Precision, Rows, StructureChoice, TrainingConfig,
    UnivariateMixture, Variable, train,
};

/// Waiting times, mostly small, and fractions that accumulate at both ends and depend on the times.
fn rows(count: usize) -> Vec<f64> {
    let mut rng = rng(4);
    let mut row = || {
        let time = -3.0 * (1.0 - rng.random::<f64>()).ln();
        let share: f64 = (0.4 * time + rng.random::<f64>() - 0.7).clamp(0.0, 1.0);
        [time, share]
    };
    (0..count).flat_map(|_| row()).collect()
}

fn variables(rows: Rows<'_>, with_ends: bool) -> Vec<Variable> {
    let ends = [(Some(0.0), None), (Some(0.0), Some(1.0))];
    let of = |(column, (low, high))| {
        let variable = Variable::standardizing(rows.column(column));
        if with_ends { variable.between(low, high) } else { variable }
    };
    ends.into_iter().enumerate().map(of).collect()
}

fn config(method: Method) -> TrainingConfig {
    TrainingConfig {
        structure: StructureChoice::Mixture,
        method,
        units: Some(4),
        epochs: 40,
        batch_size: 1000,
        pseudo_count: 0.0,
        sigma_pseudo_count: 0.0,
        sigma_floor: 0.1,
        validation_share: 0.0,
        precision: Precision::Double,
        ..TrainingConfig::default()
    }
}

fn learned(with_ends: bool, method: Method) -> (Circuit, Vec<f64>) {
    let values = rows(400);
    let rows = Rows::new(&values, 2).unwrap();
    let trained = train(rows, variables(rows, with_ends), &config(method), |_| true).unwrap();
    (trained.circuit, trained.history.iter().map(|epoch| epoch.training).collect())
}

#[test]
fn what_is_cut_off_is_learned_better_and_integrates_to_one() {
    for method in [Method::default(), Method::Adam { learning_rate: 0.03 }] {
        let (circuit, history) = learned(true, method);
        if method == Method::default() {
            // With all rows in one batch the likelihood never decreases.
            assert!(history.windows(2).all(|pair| pair[1] >= pair[0] - 1e-9), "{history:?}");
        }
        let (_, without) = learned(false, method);
        assert!(history.last() > without.last(), "{method:?}: {history:?} {without:?}");
        // The points are middles of cells: the density is smooth between the ends and 0 beyond them.
        let (times, shares, reach) = (900, 300, 90.0);
        let grid: Vec<f64> = (0..times * shares)
            .flat_map(|at| {
                let middle = |place: usize, of: usize| (place as f64 + 0.5) / of as f64;
                [reach * middle(at / shares, times), middle(at % shares, shares)]
            })
            .collect();
        let cell = reach / (times * shares) as f64;
        let sum: f64 = log_likelihood(&circuit, &grid).iter().map(|log| log.exp() * cell).sum();
        assert!((sum - 1.0).abs() < 2e-3, "{method:?}: {sum}");
    }
}

#[test]
fn no_answer_lies_beyond_the_ends() {
    let (circuit, _) = learned(true, Method::default());
    let drawn = circuit.sample(20_000, &[f64::NAN; 2], &mut rng(1)).unwrap();
    assert!(drawn.chunks(2).all(|row| row[0] >= 0.0 && (0.0..=1.0).contains(&row[1])));
    for row in [[f64::NAN, 0.0], [0.0, f64::NAN], [f64::NAN; 2], [f64::NAN, 1.0]] {
        for (variable, high) in [(0, f64::INFINITY), (1, 1.0)] {
            let answer = circuit.conditional(&row, variable).unwrap();
            let values = [0.0, 0.001, 0.5, 0.999, 1.0].map(|share| answer.quantile(share));
            for value in values.into_iter().chain([answer.mean(), answer.mode()]) {
                assert!((0.0..=high).contains(&value), "{row:?} {variable}: {value}");
            }
            assert_eq!((answer.density(-1e-9), answer.log_density(-1e-9)), (0.0, f64::NEG_INFINITY));
            assert_eq!(answer.cumulative(-1.0), 0.0);
            assert!((answer.cumulative(if high < 2.0 { high } else { 1e6 }) - 1.0).abs() < 1e-9);
            // Mean and variance are compared with sums over cells of equal probability.
            let cells = 4000;
            let middles: Vec<f64> =
                (0..cells).map(|cell| answer.quantile((f64::from(cell) + 0.5) / f64::from(cells))).collect();
            let mean = middles.iter().sum::<f64>() / f64::from(cells);
            assert!((mean - answer.mean()).abs() < 2e-3 * (1.0 + mean), "{mean} {}", answer.mean());
            assert!(answer.entropy().is_finite() && answer.deviation() > 0.0);
        }
    }
    let refused = circuit.log_likelihood(Rows::new(&[-0.1, 0.5], 2).unwrap()).unwrap_err();
    assert!(refused.to_string().contains("at least 0"), "{refused}");
    let refused = circuit.log_likelihood(Rows::new(&[0.1, 1.5], 2).unwrap()).unwrap_err();
    assert!(refused.to_string().contains("from 0 to 1"), "{refused}");
}

#[test]
fn the_most_probable_values_are_looked_for_between_the_ends() {
    let (circuit, _) = learned(true, Method::default());
    let ask = |range| {
        let asked = [MpeVariable { variable: 0, range }, MpeVariable { variable: 1, range: None }];
        circuit.mpe(&[f64::NAN; 2], &asked, &MpeOptions::default(), |_| ControlFlow::Continue(()))
    };
    let found = ask(None).unwrap();
    assert!(found.proved && found.row[0] >= 0.0 && (0.0..=1.0).contains(&found.row[1]));
    let within = ask(Some((-5.0, 0.01))).unwrap();
    assert!((0.0..0.010_001).contains(&within.row[0]), "{within:?}");
    assert!(matches!(ask(Some((-5.0, -1.0))), Err(CircuitError::Setting { .. })));
}

#[test]
fn ends_are_checked_and_older_variables_have_none() {
    let old: Variable =
        serde_json::from_str(r#"{"name":"x","kind":{"continuous":{"location":1.0,"scale":2.0}}}"#).unwrap();
    assert_eq!(old, Variable::continuous(1.0, 2.0).named("x"));
    let json = serde_json::to_string(&old).unwrap();
    assert!(!json.contains("low"), "{json}");
    let values = [1.0, 2.0, 3.0];
    for ends in
        [(Some(5.0), Some(5.0)), (Some(f64::NAN), None), (None, Some(f64::INFINITY)), (Some(2.0), Some(1.0))]
    {
        let variable = Variable::continuous(0.0, 1.0).between(ends.0, ends.1);
        let rows = Rows::new(&values, 1).unwrap();
        let refused = train(rows, vec![variable], &TrainingConfig::default(), |_| true);
        assert!(matches!(refused, Err(CircuitError::Variable { .. })), "{ends:?}");
    }
    assert_eq!(Variable::categorical(2).between(Some(0.0), None), Variable::categorical(2));
}

/// Three classes of different frequencies, separated in two numbers.
fn of_classes() -> (Circuit, [f64; 3]) {
    let counts = [120, 60, 20];
    let mut rng = rng(9);
    let mut values = Vec::new();
    for (class, count) in counts.into_iter().enumerate() {
        for _ in 0..count {
            let mut around = |middle: f64| middle + rng.random::<f64>() + rng.random::<f64>();
            values.extend([around(4.0 * class as f64), around(-3.0 * class as f64), class as f64]);
        }
    }
    let rows = Rows::new(&values, 3).unwrap();
    let variables = vec![
        Variable::standardizing(rows.column(0)),
        Variable::standardizing(rows.column(1)),
        Variable::categorical(3),
    ];
    let config = TrainingConfig { class_conditional: Some(2), members: 2, ..TrainingConfig::default() };
    let circuit = train(rows, variables, &config, |_| true).unwrap().circuit;
    let UnivariateMixture::Discrete { probabilities, .. } = circuit.conditional(&[f64::NAN; 3], 2).unwrap()
    else {
        panic!("classes have probabilities")
    };
    (circuit, [probabilities[0], probabilities[1], probabilities[2]])
}

/// Far away only the background remains, which is equal for all classes, so that such a value is
/// uninformative.
#[test]
fn far_away_classes_are_as_frequent_as_without_the_value() {
    let (circuit, prior) = of_classes();
    assert!(prior[0] > 0.5 && prior[2] < 0.15, "{prior:?}");
    let posterior =
        |row: [f64; 2]| circuit.posterior(Rows::new(&[row[0], row[1], f64::NAN], 3).unwrap(), 2).unwrap();
    let same = |found: &[f64], expected: &[f64], what: &str| {
        let distance: f64 = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).sum();
        assert!(distance < 1e-6, "{what}: {found:?}, not {expected:?}");
    };
    for far in [1e3, 1e6, 1e12, 1e100, 1e200, 1e300] {
        for far in [far, -far] {
            same(&posterior([far, f64::NAN]), &prior, &format!("{far}"));
            same(&posterior([far, -far]), &prior, &format!("{far} twice"));
            // The information of the other column is kept.
            for near in [0.9, -2.0, -5.0] {
                same(&posterior([far, near]), &posterior([f64::NAN, near]), &format!("{far} beside {near}"));
            }
            let rows = [far, 0.9, f64::NAN, far, 0.9, 1.0];
            let levels = log_likelihood(&circuit, &rows);
            assert!(levels.iter().all(|level| *level < -1e3 && level.is_finite()), "{levels:?}");
            // The other column has the density that it has without the value, and the value one by its
            // distance.
            let conditionals = circuit.log_conditionals(Rows::new(&rows, 3).unwrap()).unwrap();
            let near = log_likelihood(&circuit, &[f64::NAN, 0.9, f64::NAN])[0];
            assert!((conditionals[1] - near).abs() < 1e-6, "{conditionals:?} {near}");
            assert!((conditionals[0] / levels[0] - 1.0).abs() < 1e-3, "{conditionals:?} {levels:?}");
            let drawn = circuit.sample(1000, &[far, f64::NAN, f64::NAN], &mut rng(3)).unwrap();
            let first = drawn.chunks(3).filter(|row| row[2] == 0.0).count() as f64 / 1000.0;
            assert!((first - prior[0]).abs() < 0.06, "{first} {prior:?}");
        }
    }
}
