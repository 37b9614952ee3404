//! Compares the most probable explanation with brute force: no score exceeds the bound, and none exceeds a
//! proved optimum.

use rand::{Rng, RngExt};
use std::ops::ControlFlow;
use ugmm_network::inference::mpe::{Choice, Mpe, MpeOptions, MpeQuery, most_probable_explanation};
use ugmm_network::inference::variable::{Domain, Variable};
use ugmm_network::verification::bounds::{Analysis, Known, ScoreFunction, Sides};
use ugmm_network::{Init, Network, NetworkConfig, Predictor, Stream, UgmmError, generator};

/// A network initialised as in the paper, with σ of many sizes: peaks and plateaus.
fn random_network(sizes: &[usize], rng: &mut impl Rng) -> Network {
    let config = NetworkConfig::new(sizes).with_init(Init::Paper).with_missing_values(true);
    let mut network = config.init(None, &mut generator(rng.random(), Stream::Initialization)).unwrap();
    for (index, layer) in network.layers.iter_mut().enumerate() {
        let scale = rng.random_range(0.5..3.0) as f32;
        layer.mixing_logits.iter_mut().for_each(|logit| *logit = (*logit - 0.5) * 6.0);
        // The inputs of later layers are log-densities, which are mostly below 0.
        if index > 0 {
            layer.means.iter_mut().for_each(|mean| *mean = *mean * 2.0 - 2.0);
        }
        layer.raw_log_sigmas.iter_mut().for_each(|log| *log = log.max(-1.5) * scale + 0.2);
    }
    network
}

fn answer(network: &Network, query: &MpeQuery, options: &MpeOptions) -> Mpe {
    most_probable_explanation(network, query, options, |_| ControlFlow::Continue(())).unwrap()
}

/// All combinations of states and of grid points of numbers.
fn all_choices(variables: &[Variable], grid: usize) -> Vec<Vec<Vec<f64>>> {
    let values = |variable: &Variable| -> Vec<Vec<f64>> {
        match &variable.domain {
            Domain::States(states) => {
                states.iter().map(|state| state.iter().map(|&x| x.into()).collect()).collect()
            }
            Domain::Numbers(numbers) => numbers.iter().map(|&number| vec![number]).collect(),
            Domain::Interval { low, high } => {
                let place = |cell: usize| low + (high - low) * cell as f64 / (grid - 1) as f64;
                (0..grid).map(|cell| vec![place(cell).clamp(*low, *high)]).collect()
            }
        }
    };
    let mut all = vec![Vec::new()];
    for variable in variables {
        let values = values(variable);
        let extended = |choice: Vec<Vec<f64>>| {
            values.clone().into_iter().map(move |value| {
                let mut longer = choice.clone();
                longer.push(value);
                longer
            })
        };
        all = all.into_iter().flat_map(extended).collect();
    }
    all
}

/// The greatest score on a grid, by the `f64` function of all inputs.
fn brute_force(network: &Network, query: &MpeQuery, grid: usize) -> f64 {
    let mut known = vec![Known::Missing; network.inputs()];
    query.query.iter().for_each(|v| v.inputs.clone().for_each(|input| known[input] = Known::Free));
    query.given.iter().for_each(|&(input, value)| known[input] = Known::Value(value));
    let function = ScoreFunction::new(network).unwrap().restricted(&known).unwrap();
    let place = |input: usize| known[..input].iter().filter(|known| **known == Known::Free).count();
    let mut best = f64::NEG_INFINITY;
    for choice in all_choices(&query.query, grid) {
        let mut x = vec![0.0; function.inputs()];
        for (variable, values) in query.query.iter().zip(&choice) {
            let first = place(variable.inputs.start);
            x[first..first + values.len()].copy_from_slice(values);
        }
        best = best.max(function.outputs_at(&x)[0]);
    }
    best
}

/// The root's score by the network's forward pass, in `f32`.
fn forward(network: &Network, inputs: &[f64]) -> f64 {
    let values: Vec<f32> = inputs.iter().map(|&value| value as f32).collect();
    network.forward(&values)[0].into()
}

fn one_hot(classes: usize) -> Vec<Vec<f32>> {
    (0..classes).map(|class| (0..classes).map(|c| if c == class { 1.0 } else { 0.0 }).collect()).collect()
}

/// A query of one to three variables; of the other inputs some are given and some missing.
fn random_query(rng: &mut impl Rng) -> (usize, MpeQuery) {
    let mut query = Vec::new();
    let mut input = 0;
    for _ in 0..rng.random_range(1..4) {
        query.push(match rng.random_range(0..5) {
            0 => Variable::states(input..input + 3, one_hot(3)).unwrap(),
            1 => {
                Variable::states(input..input + 1, (0..5).map(|state| vec![state as f32]).collect()).unwrap()
            }
            2 => {
                let mut numbers: Vec<f64> =
                    (0..rng.random_range(1..40)).map(|_| rng.random_range(-3.0..3.0)).collect();
                numbers.sort_by(f64::total_cmp);
                Variable::numbers(input, numbers).unwrap()
            }
            _ => {
                let low = rng.random_range(-3.0..1.0);
                Variable::number(input, low, low + rng.random_range(0.0..4.0)).unwrap()
            }
        });
        input = query[query.len() - 1].inputs.end;
    }
    let mut given = Vec::new();
    for _ in 0..rng.random_range(0..3) {
        if rng.random_bool(0.7) {
            given.push((input, rng.random_range(-2.0..2.0)));
        }
        input += 1;
    }
    (input, MpeQuery { query, given })
}

#[test]
fn no_proved_optimum_of_200_networks_is_beaten_by_brute_force() {
    let mut rng = generator(7, Stream::Initialization);
    let mut proved = 0;
    for case in 0..200 {
        let (inputs, query) = random_query(&mut rng);
        let hidden = rng.random_range(2..9);
        let sizes = match case % 3 {
            0 => vec![inputs, 1],
            1 => vec![inputs, hidden, 1],
            _ => vec![inputs, hidden, 4, 1],
        };
        let network = random_network(&sizes, &mut rng);
        let options = MpeOptions { gap: 1e-3, most_boxes: 30_000, seed: case, ..MpeOptions::default() };
        let found = answer(&network, &query, &options);
        let numbers = query.query.iter().filter(|v| matches!(v.domain, Domain::Interval { .. })).count();
        let best = brute_force(&network, &query, [1, 4001, 101, 31][numbers]);
        assert!(found.value <= found.upper_bound && best <= found.upper_bound, "{case}: {best} {found:?}");
        assert_eq!(found.proved, found.gap() <= options.gap);
        if found.proved {
            proved += 1;
            assert!(best <= found.value + options.gap, "{case}: {best} {found:?}");
        }
        // The value is the network's score at the result, which is in the domain.
        let score = forward(&network, &found.inputs);
        assert!((score - found.value).abs() <= 1e-3 * (1.0 + score.abs()), "{case}: {score} {found:?}");
        for (variable, choice) in query.query.iter().zip(&found.choices) {
            match (&variable.domain, choice) {
                (Domain::Interval { low, high }, Choice::Number(x)) => {
                    assert!((*low..=*high).contains(x));
                    assert_eq!(found.inputs[variable.inputs.start], *x);
                }
                (Domain::Numbers(numbers), Choice::Number(x)) => {
                    assert!(numbers.contains(x));
                    assert_eq!(found.inputs[variable.inputs.start], *x);
                }
                (Domain::States(states), Choice::State(state)) => {
                    let state: Vec<f64> = states[*state].iter().map(|&x| x.into()).collect();
                    assert_eq!(found.inputs[variable.inputs.clone()], state);
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(proved >= 190, "{proved} of 200 were proved");
}

#[test]
fn bounds_of_networks_hold_at_random_points_and_corners() {
    let mut rng = generator(8, Stream::Initialization);
    for case in 0..100 {
        let sizes: &[usize] = if case % 2 == 0 { &[4, 6, 2] } else { &[4, 6, 5, 2] };
        let function = ScoreFunction::new(&random_network(sizes, &mut rng)).unwrap();
        let width = 10f64.powf(rng.random_range(-4.0..1.0));
        let low: Vec<f64> = (0..4).map(|_| rng.random_range(-2.0..2.0)).collect();
        let high: Vec<f64> = low.iter().map(|low| low + width).collect();
        let (least, greatest) = function.intervals(&low, &high);
        let region = Sides { low, high };
        let analysis = Analysis::new(&function, &region);
        for _ in 0..200 {
            let share = |rng: &mut rand_chacha::ChaCha8Rng| match rng.random_range(0..3) {
                0 => 0.0,
                1 => 1.0,
                _ => rng.random::<f64>(),
            };
            let x: Vec<f64> = (0..4)
                .map(|k| (region.low[k] + share(&mut rng) * width).clamp(region.low[k], region.high[k]))
                .collect();
            let y = function.outputs_at(&x);
            for output in 0..2 {
                let (from, to) = analysis.output(output);
                assert!(from <= y[output] && y[output] <= to, "{case}: {from} {} {to}", y[output]);
                assert!(from >= least[output] && to <= greatest[output]);
            }
            let difference =
                analysis.greatest_sum(analysis.line_above(0, 1.0), &analysis.line_above(1, -1.0));
            assert!(y[0] - y[1] <= difference, "{case}: {} {difference}", y[0] - y[1]);
        }
    }
}

#[test]
fn an_answer_cut_short_has_an_honest_gap() {
    let mut rng = generator(9, Stream::Initialization);
    let network = random_network(&[4, 8, 4, 1], &mut rng);
    let numbers = (0..4).map(|input| Variable::number(input, -3.0, 3.0).unwrap()).collect();
    let query = MpeQuery { query: numbers, given: Vec::new() };
    let exact = answer(&network, &query, &MpeOptions { gap: 1e-2, ..MpeOptions::default() });
    let mut last = f64::INFINITY;
    for most_boxes in [0, 10, 1000] {
        let short = answer(&network, &query, &MpeOptions { gap: 0.0, most_boxes, ..MpeOptions::default() });
        assert!(!short.proved && short.gap() > 0.0);
        assert!(short.upper_bound >= exact.value && short.upper_bound <= last);
        last = short.upper_bound;
    }
    // Progress reports show the gap closing, and the observer may stop the proof.
    let mut gaps = Vec::new();
    let options = MpeOptions { gap: 0.0, most_boxes: 200_000, ..MpeOptions::default() };
    let watched = most_probable_explanation(&network, &query, &options, |progress| {
        gaps.push(progress.upper_bound - progress.value);
        if gaps[gaps.len() - 1] > 0.5 * gaps[0] { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let last = gaps[gaps.len() - 1];
    assert!(gaps.windows(2).all(|pair| pair[1] <= pair[0]) && last <= 0.5 * gaps[0], "{gaps:?}");
    assert_eq!(watched.unwrap().gap(), last);
}

#[test]
fn what_cannot_be_asked_is_said() {
    let mut rng = generator(10, Stream::Initialization);
    let network = random_network(&[3, 4, 1], &mut rng);
    let number = |input| Variable::number(input, -1.0, 1.0).unwrap();
    let ask = |network: &Network, query: Vec<Variable>, given: Vec<(usize, f64)>, options: &MpeOptions| {
        let query = MpeQuery { query, given };
        most_probable_explanation(network, &query, options, |_| ControlFlow::Continue(())).unwrap_err()
    };
    let options = MpeOptions::default();
    let message = |error: UgmmError| error.to_string();
    assert!(message(ask(&network, vec![], vec![], &options)).contains("number of query variables"));
    assert!(message(ask(&network, vec![number(0), number(0)], vec![], &options)).contains("number 0 twice"));
    assert!(message(ask(&network, vec![number(0)], vec![(0, 1.0)], &options)).contains("twice"));
    assert!(message(ask(&network, vec![number(3)], vec![], &options)).contains("an input is 3"));
    assert!(message(ask(&network, vec![number(0)], vec![(1, f64::NAN)], &options)).contains("NaN"));
    let negative = MpeOptions { gap: -1.0, ..MpeOptions::default() };
    assert!(message(ask(&network, vec![number(0)], vec![], &negative)).contains("gap"));
    let mut complete = network.clone();
    complete.missing_values = false;
    assert!(message(ask(&complete, vec![number(0)], vec![], &options)).contains("is missing"));
    let two = random_network(&[3, 2], &mut rng);
    assert!(message(ask(&two, vec![number(0)], vec![], &options)).contains("2 outputs"));
}
