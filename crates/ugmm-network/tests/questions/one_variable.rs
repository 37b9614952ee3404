//! Tests of conditional distributions of one variable.

use crate::{network, roots};
use proptest::prelude::*;
use ugmm_network::UgmmError;
use ugmm_network::inference::question::{Conditional, conditionals, scores, scores_along};
use ugmm_network::inference::variable::Variable;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Scores along a variable equal those of forward passes of every row, with missing and remote values
    /// too.
    #[test]
    fn scores_along_a_variable_are_those_of_plain_passes(
        seed in 0u64..1000,
        hidden in prop::collection::vec(1usize..6, 0..3),
        values in prop::collection::vec(prop_oneof![4 => -3f32..3.0, 1 => Just(f32::NAN), 1 => -1e6f32..1e6], 10),
        start in 0usize..4,
        width in 1usize..3,
    ) {
        let sizes = [&[5][..], &hidden, &[1]].concat();
        let network = network(&sizes, true, seed);
        let states = vec![vec![0.0; width], vec![1.0; width], vec![-2.5; width], vec![100.0; width]];
        let states = Variable::states(start..start + width, states).unwrap();
        let number = Variable::number(start, -2.0, 1.0).unwrap();
        let plain = |variable: &Variable, nodes: &[Vec<f32>]| {
            let rows = values.chunks(5).flat_map(|row| nodes.iter().map(|node| {
                let mut row = row.to_vec();
                row[variable.inputs.clone()].copy_from_slice(node);
                row
            }));
            roots(&network, &rows.collect::<Vec<_>>())
        };
        let middles: Vec<Vec<f32>> = (0..6).map(|cell| vec![-2.0 + (cell as f32 + 0.5) * 0.5]).collect();
        let all_states = [0.0, 1.0, -2.5, 100.0].map(|value| vec![value; width]);
        for (variable, nodes) in [(&states, &all_states[..]), (&number, &middles)] {
            let found = scores_along(&network, &values, variable, 6).unwrap();
            for (found, expected) in found.iter().zip(plain(variable, nodes)) {
                let difference = (f64::from(*found) - expected).abs();
                prop_assert!(difference <= 2e-4 * (1.0 + expected.abs()), "{found} {expected}");
            }
        }
    }
}

#[test]
fn a_density_is_the_normalised_score_on_a_fine_grid() {
    let network = network(&[3, 6, 4, 1], true, 3);
    let (low, high) = (-2.0, 2.0);
    let variable = Variable::number(1, low, high).unwrap();
    for row in [[0.4, f32::NAN, -1.0], [f32::NAN, 7.0, 0.3], [f32::NAN; 3]] {
        let Conditional::Density(density) = conditionals(&network, &row, &variable, 400).unwrap().remove(0)
        else {
            panic!("a number has a density");
        };
        assert!((density.probabilities().iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let fine = 4000;
        let place = |index: usize| low + 4.0 * (index as f64 + 0.5) / fine as f64;
        let rows: Vec<Vec<f32>> = (0..fine).map(|index| vec![row[0], place(index) as f32, row[2]]).collect();
        let weights: Vec<f64> = roots(&network, &rows).iter().map(|root| root.exp()).collect();
        let sum: f64 = weights.iter().sum();
        let mean: f64 = weights.iter().enumerate().map(|(index, w)| w / sum * place(index)).sum();
        assert!((density.mean() - mean).abs() < 1e-4, "{} {mean}", density.mean());
        let below = |share: f64| {
            let mut reached = 0.0;
            let cell = weights.iter().position(|weight| {
                reached += weight / sum;
                reached >= share
            });
            place(cell.unwrap())
        };
        for share in [0.05, 0.5, 0.95] {
            assert!((density.quantile(share) - below(share)).abs() < 2e-3, "{share}");
        }
        let best = (0..fine).max_by(|&a, &b| weights[a].total_cmp(&weights[b])).unwrap();
        assert!((density.mode() - place(best)).abs() < 0.02);
    }
    let states = Variable::states(0..2, vec![vec![0.0, 1.0], vec![1.0, 0.0], vec![3.0, 3.0]]).unwrap();
    let Conditional::States(shares) = conditionals(&network, &[9.0, 9.0, 0.5], &states, 1).unwrap().remove(0)
    else {
        panic!("states have probabilities");
    };
    let rows = [[0.0, 1.0, 0.5], [1.0, 0.0, 0.5], [3.0, 3.0, 0.5]].map(|row| row.to_vec());
    let weights: Vec<f64> = roots(&network, &rows).iter().map(|root| root.exp()).collect();
    for (share, weight) in shares.iter().zip(&weights) {
        assert!((share - weight / weights.iter().sum::<f64>()).abs() < 1e-6);
    }
}

#[test]
fn what_cannot_be_asked_is_said() {
    let whole = network(&[3, 4, 1], false, 0);
    let variable = Variable::number(1, 0.0, 1.0).unwrap();
    let message = |error: UgmmError| error.to_string();
    // The variable's own value may be missing, another's may not.
    conditionals(&whole, &[0.0, f32::NAN, 1.0], &variable, 4).unwrap();
    let error = conditionals(&whole, &[f32::NAN, 0.0, 1.0], &variable, 4).unwrap_err();
    assert!(message(error).contains("row 0, column 0"));
    let error = scores(&whole, &[0.0, 1.0, f32::NAN]).unwrap_err();
    assert!(message(error).contains("row 0, column 2"));
    for rows in [&[][..], &[0.0; 4], &[0.0, 0.0, f32::INFINITY]] {
        conditionals(&whole, rows, &variable, 4).unwrap_err();
        scores(&whole, rows).unwrap_err();
    }
    conditionals(&whole, &[0.0; 3], &variable, 0).unwrap_err();
    let beyond = Variable::number(3, 0.0, 1.0).unwrap();
    conditionals(&whole, &[0.0; 3], &beyond, 4).unwrap_err();
    let error = conditionals(&network(&[3, 4, 2], false, 0), &[0.0; 3], &variable, 4).unwrap_err();
    assert!(message(error).contains("the network has 2 outputs"));
    // An interval of one number has the smallest possible width.
    let point = Variable::number(1, 0.5, 0.5).unwrap();
    let Conditional::Density(density) = conditionals(&whole, &[0.0; 3], &point, 8).unwrap().remove(0) else {
        panic!("a number has a density");
    };
    assert!((density.mean() - 0.5).abs() < 1e-6);
}
