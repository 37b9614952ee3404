//! Tests of Gibbs sampling.

use crate::{network, roots};
use ugmm_network::inference::gibbs::{Samples, SamplingOptions, sample};
use ugmm_network::inference::variable::{Domain, Variable};
use ugmm_network::{Init, Network, NetworkConfig, Stream, generator};

/// Total variation distance between the frequencies of samples in the bins of a grid over two variables and
/// exp(score).
fn total_variation(network: &Network, variables: &[Variable; 2], samples: &Samples, bins: usize) -> f64 {
    // Number of sub-cells of each bin per side, for the integral.
    const FINE: usize = 8;
    let sides = |variable: &Variable| match &variable.domain {
        Domain::Interval { low, high } => {
            let count = bins * FINE;
            let place = |index: usize| low + (high - low) * (index as f64 + 0.5) / count as f64;
            (0..count).map(|index| (index / FINE, place(index) as f32)).collect::<Vec<_>>()
        }
        Domain::Numbers(numbers) => numbers.iter().map(|&number| number as f32).enumerate().collect(),
        Domain::States(states) => states.iter().map(|state| state[0]).enumerate().collect(),
    };
    let bin = |variable: &Variable, value: f32| match &variable.domain {
        Domain::Interval { low, high } => {
            (((f64::from(value) - low) / (high - low) * bins as f64) as usize).min(bins - 1)
        }
        Domain::Numbers(numbers) => numbers.iter().position(|&number| number as f32 == value).unwrap(),
        Domain::States(states) => states.iter().position(|state| state[0] == value).unwrap(),
    };
    let mut expected = vec![0f64; bins * bins];
    for (first, x) in sides(&variables[0]) {
        let line = sides(&variables[1]);
        let rows: Vec<Vec<f32>> = line.iter().map(|(_, y)| vec![x, *y]).collect();
        for ((second, _), root) in line.iter().zip(roots(network, &rows)) {
            expected[first * bins + second] += root.exp();
        }
    }
    let mut found = vec![0f64; bins * bins];
    for row in samples.rows().chunks(2) {
        found[bin(&variables[0], row[0]) * bins + bin(&variables[1], row[1])] += 1.0;
    }
    let (all, count): (f64, f64) = (expected.iter().sum(), found.iter().sum());
    0.5 * expected.iter().zip(&found).map(|(e, f)| (e / all - f / count).abs()).sum::<f64>()
}

#[test]
fn draws_of_two_variables_agree_with_integration_on_a_grid() {
    let number = |input: usize, low, high| Variable::number(input, low, high).unwrap();
    let states = |input: usize| {
        Variable::states(input..input + 1, vec![vec![0.0], vec![1.0], vec![2.0], vec![3.0]]).unwrap()
    };
    for (seed, sizes, variables) in [
        (0, &[2, 8, 1][..], [number(0, -2.5, 2.5), number(1, -2.5, 2.5)]),
        (1, &[2, 16, 8, 1], [number(0, -1.0, 2.0), number(1, -3.0, 1.0)]),
        (2, &[2, 6, 1], [number(0, -2.0, 2.0), states(1)]),
        (3, &[2, 12, 4, 1], [states(0), states(1)]),
        (
            4,
            &[2, 8, 4, 1],
            [Variable::numbers(0, vec![-2.0, -0.5, 0.0, 0.1, 3.0]).unwrap(), number(1, -2.0, 2.0)],
        ),
    ] {
        let network = network(sizes, false, seed);
        let options = SamplingOptions { chains: 256, warm_up: 50, draws: 400, thin: 1, cells: 64, seed };
        let samples = sample(&network, &[f32::NAN; 2], &variables, &options, |_| true).unwrap();
        let distance = total_variation(&network, &variables, &samples, 12);
        println!("{sizes:?}: total variation {distance:.4}");
        assert!(distance < 0.02, "{sizes:?}: {distance}");
        assert!(samples.diagnostics.iter().all(|d| d.r_hat.unwrap() < 1.02), "{:?}", samples.diagnostics);
    }
}

/// A root that is high where a first-layer neuron is low, that is, where both inputs are far from its means.
/// It has two modes, near (2, 2) and (−2, −2), which are not connected along one coordinate.
fn two_hills() -> Network {
    let config = NetworkConfig::new(&[2, 2, 1]).with_init(Init::Paper);
    let mut network = config.init(None, &mut generator(0, Stream::Initialization)).unwrap();
    let layers = [(vec![-2.0, -2.0, 2.0, 2.0], 0.3f32), (vec![-90.0, -90.0], 3.0)];
    for (layer, (means, sigma)) in network.layers.iter_mut().zip(layers) {
        layer.raw_log_sigmas = vec![sigma.ln(); means.len()];
        layer.mixing_logits = vec![0.0; means.len()];
        layer.means = means;
        layer.config.min_sigma = 0.0;
    }
    network
}

#[test]
fn chains_that_stay_where_they_began_are_noticed() {
    let network = two_hills();
    let variables = [Variable::number(0, -3.0, 3.0).unwrap(), Variable::number(1, -3.0, 3.0).unwrap()];
    let options = SamplingOptions { chains: 8, warm_up: 20, draws: 200, thin: 1, cells: 64, seed: 0 };
    let samples = sample(&network, &[f32::NAN; 2], &variables, &options, |_| true).unwrap();
    // Each chain stays at one mode.
    for chain in 0..8 {
        let mut signs = samples.chain(chain).map(|row| (row[0] > 0.0, row[1] > 0.0));
        let first = signs.next().unwrap();
        assert!(first.0 == first.1 && signs.all(|sign| sign == first));
    }
    for found in &samples.diagnostics {
        assert!(!found.agree() && found.r_hat.unwrap() > 1.5, "{found:?}");
        assert!(found.bulk_effective.unwrap() < 40.0, "{found:?}");
    }
}

#[test]
fn a_seed_decides_all_rows_and_what_is_given_stays() {
    let network = network(&[4, 8, 1], true, 5);
    let variables = [
        Variable::number(0, -1.0, 1.0).unwrap(),
        Variable::states(2..4, vec![vec![0.0, 1.0], vec![1.0, 0.0]]).unwrap(),
    ];
    let row = [f32::NAN, 0.25, f32::NAN, f32::NAN];
    let options = SamplingOptions { chains: 4, warm_up: 5, draws: 10, thin: 1, cells: 16, seed: 7 };
    let draw = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let options = SamplingOptions { seed, ..options };
        pool.install(|| sample(&network, &row, &variables, &options, |_| true).unwrap().rows().to_vec())
    };
    let one = draw(1, 7);
    assert_eq!(one, draw(3, 7));
    assert_ne!(one, draw(1, 8));
    for row in one.chunks(4) {
        assert!(row[1] == 0.25 && (-1.0..=1.0).contains(&row[0]));
        assert!(row[2..] == [0.0, 1.0] || row[2..] == [1.0, 0.0]);
    }
    // A variable that is neither given nor sampled stays missing.
    let samples = sample(&network, &[f32::NAN; 4], &variables, &options, |_| true).unwrap();
    assert!(samples.rows().chunks(4).all(|row| row[1].is_nan()));
    // If sampling stops early, the rows sampled so far are returned.
    let stopped = sample(&network, &row, &variables, &options, |sweep| sweep < 9).unwrap();
    assert_eq!(stopped.rows().len(), 4 * 4 * 4);
    assert_eq!(stopped.rows(), &one[..64]);
}

#[test]
fn wrong_options_are_refused() {
    let network = network(&[2, 3, 1], false, 0);
    let x = Variable::number(0, 0.0, 1.0).unwrap();
    let refused = |row: &[f32], variables: &[Variable], options: SamplingOptions| {
        sample(&network, row, variables, &options, |_| true).unwrap_err().to_string()
    };
    let usual = SamplingOptions { draws: 4, warm_up: 0, ..SamplingOptions::default() };
    let row = [0.0, 0.0];
    let both = [x.clone(), x.clone()];
    assert!(refused(&row, &[], usual).contains("variables to draw"));
    assert!(refused(&row, &both, usual).contains("of no other"));
    assert!(refused(&row[..1], &both[..1], usual).contains("2 are needed"));
    assert!(refused(&[0.0, f32::NAN], &both[..1], usual).contains("is missing"));
    assert!(refused(&row, &both[..1], SamplingOptions { chains: 1, ..usual }).contains("at least 2"));
    assert!(refused(&row, &both[..1], SamplingOptions { draws: 3, ..usual }).contains("at least 4"));
    assert!(refused(&row, &both[..1], SamplingOptions { thin: 0, ..usual }).contains("thin"));
    assert!(refused(&row, &both[..1], SamplingOptions { cells: 1, ..usual }).contains("cells"));
    assert!(refused(&row, &[Variable::number(2, 0.0, 1.0).unwrap()], usual).contains("one of the network's"));
}
