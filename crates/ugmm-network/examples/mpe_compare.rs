//! Compares the search for the most probable explanation with other methods in equal time;
//! `docs/results/mpe.md` shows the output.
//!
//!     cargo run --release --example mpe_compare -- MODEL [SECONDS]
//!
//! MODEL is a generative or hybrid model of standardised numbers by `ugmm train`. The first query asks for
//! all of its features and its label, the second for the first half of the features and the label, with the
//! others at their means. Features are between −2 and 2. Without SECONDS the other methods get the time that
//! search and proof took; the search without proof is timed too.

use rand::RngExt;
use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};
use ugmm_network::inference::mpe::{MpeOptions, MpeQuery, most_probable_explanation};
use ugmm_network::inference::variable::Variable;
use ugmm_network::model_file::SavedModel;
use ugmm_network::verification::bounds::{Known, ScoreFunction};
use ugmm_network::{LabelEncoding, Model, Network, Predictor, Stream, generator};

const SIDE: f32 = 2.0;
/// Number of starts of gradient ascent in a batch, and steps of each.
const STARTS: usize = 64;
const STEPS: usize = 100;

/// A score as a function of numbers and a label.
struct Problem {
    network: Network,
    /// Function of the numbers, between −SIDE and SIDE, followed by the label's inputs.
    function: ScoreFunction,
    numbers: usize,
    given: usize,
    labels: Vec<Vec<f32>>,
}

impl Problem {
    fn score(&self, numbers: &[f64], label: usize) -> f64 {
        let label = self.labels[label].iter().map(|&x| f64::from(x));
        let x: Vec<f64> = numbers.iter().copied().chain(label).collect();
        self.function.outputs_at(&x)[0]
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("a model file is needed")?;
    let seconds: Option<f64> = arguments.next().map(|text| text.parse()).transpose()?;
    let saved = SavedModel::load(Path::new(&path))?;
    let encoding = saved.task().label_encoding().ok_or("a generative or hybrid model is needed")?;
    let Model::Ugmm(network) = saved.model() else { return Err("a uGMM network is needed".into()) };
    let classes = saved.task().class_count();
    let label = |class: usize| match encoding {
        LabelEncoding::Index => vec![class as f32],
        LabelEncoding::OneHot => (0..classes).map(|c| if c == class { 1.0 } else { 0.0 }).collect(),
    };
    let labels: Vec<Vec<f32>> = (0..classes).map(label).collect();
    let features = saved.task().features();
    println!("{path}: {features} features, {classes} classes");
    for numbers in [features, features.div_ceil(2)] {
        let mut known = vec![Known::Free; numbers];
        known.resize(features, Known::Value(0.0));
        known.resize(network.inputs(), Known::Free);
        let function = ScoreFunction::new(network)?.restricted(&known)?;
        let network = network.clone();
        let problem =
            Problem { network, function, numbers, given: features - numbers, labels: labels.clone() };
        compare(&problem, seconds)?;
    }
    Ok(())
}

fn compare(problem: &Problem, seconds: Option<f64>) -> Result<(), Box<dyn Error>> {
    let first_label = problem.numbers + problem.given;
    let label = first_label..first_label + problem.labels[0].len();
    let mut query: Vec<Variable> = Vec::new();
    for input in 0..problem.numbers {
        query.push(Variable::number(input, (-SIDE).into(), SIDE.into())?);
    }
    query.push(Variable::states(label, problem.labels.clone())?);
    let given = (problem.numbers..first_label).map(|input| (input, 0.0)).collect();
    let query = MpeQuery { query, given };
    let options = MpeOptions {
        time_limit: Some(Duration::from_secs_f64(seconds.unwrap_or(60.0))),
        ..MpeOptions::default()
    };
    let ask = |options: &MpeOptions| {
        let start = Instant::now();
        let found =
            most_probable_explanation(&problem.network, &query, options, |_| ControlFlow::Continue(()));
        found.map(|found| (found, start.elapsed()))
    };
    let (found, time) = ask(&options)?;
    let (search, search_time) = ask(&MpeOptions { most_boxes: 0, ..options })?;
    println!("{} numbers and the label, {} given:", problem.numbers, problem.given);
    let line = |name: &str, value: f64, time: Duration, rest: String| {
        println!("  {name:30} {value:12.6} {:8.3} s  {rest}", time.as_secs_f64());
    };
    let proof = format!("at most {:.6}, proved {}, {} boxes", found.upper_bound, found.proved, found.boxes);
    line("ugmm mpe", found.value, time, proof);
    line("  its search alone", search.value, search_time, String::new());
    for (name, method) in [
        ("brute force, ever finer grids", brute_force as fn(&Problem, Instant) -> f64),
        ("gradient ascent, random starts", gradient_ascent),
        ("coordinate ascent, random starts", coordinate_ascent),
    ] {
        let start = Instant::now();
        let value = method(problem, start + time);
        line(name, value, start.elapsed(), format!("{:+.2e}", value - found.value));
    }
    Ok(())
}

/// Tries all labels with grids of 2, 3, 5, 9 … points per side until the time is over.
fn brute_force(problem: &Problem, until: Instant) -> f64 {
    let mut best = f64::NEG_INFINITY;
    let mut cells = 1usize;
    loop {
        let mut place = vec![0usize; problem.numbers];
        loop {
            let side = |&cell: &usize| f64::from(SIDE) * (2.0 * cell as f64 / cells as f64 - 1.0);
            let numbers: Vec<f64> = place.iter().map(side).collect();
            for label in 0..problem.labels.len() {
                best = best.max(problem.score(&numbers, label));
            }
            if Instant::now() >= until {
                return best;
            }
            let Some(next) = place.iter().position(|&cell| cell < cells) else { break };
            place[next] += 1;
            place[..next].fill(0);
        }
        cells *= 2;
    }
}

/// Projected gradient ascent with normalised, decreasing steps as in Adam, from random starts in large
/// batches.
fn gradient_ascent(problem: &Problem, until: Instant) -> f64 {
    let network = &problem.network;
    let inputs = network.inputs();
    let mut rng = generator(0, Stream::Search);
    let mut best = f64::NEG_INFINITY;
    loop {
        let labels: Vec<usize> = (0..STARTS).map(|_| rng.random_range(0..problem.labels.len())).collect();
        let mut numbers: Vec<f32> =
            (0..STARTS * problem.numbers).map(|_| rng.random_range(-SIDE..SIDE)).collect();
        let mut squares = vec![0f32; numbers.len()];
        for step in 0..STEPS {
            let mut x = Vec::with_capacity(STARTS * inputs);
            for (row, &label) in numbers.chunks(problem.numbers).zip(&labels) {
                x.extend_from_slice(row);
                x.resize(x.len() + problem.given, 0.0);
                x.extend_from_slice(&problem.labels[label]);
            }
            let gradient = network.input_gradient(&x, vec![1.0; STARTS]);
            let length = 0.2 * (1.0 - step as f32 / STEPS as f32);
            for row in 0..STARTS {
                for k in 0..problem.numbers {
                    let (g, at) = (gradient[row * inputs + k], row * problem.numbers + k);
                    squares[at] = 0.9 * squares[at] + 0.1 * g * g;
                    numbers[at] =
                        (numbers[at] + length * g / (squares[at].sqrt() + 1e-12)).clamp(-SIDE, SIDE);
                }
            }
            if Instant::now() >= until {
                break;
            }
        }
        for (row, &label) in numbers.chunks(problem.numbers).zip(&labels) {
            let row: Vec<f64> = row.iter().map(|&x| x.into()).collect();
            best = best.max(problem.score(&row, label));
        }
        if Instant::now() >= until {
            return best;
        }
    }
}

/// Coordinate ascent from random starts: each number moves to the best point of a grid and of ever narrower
/// ones around it, each label to its best value.
fn coordinate_ascent(problem: &Problem, until: Instant) -> f64 {
    let mut rng = generator(0, Stream::Search);
    let mut best = f64::NEG_INFINITY;
    loop {
        let mut numbers: Vec<f64> =
            (0..problem.numbers).map(|_| rng.random_range(-SIDE..SIDE).into()).collect();
        let mut label = rng.random_range(0..problem.labels.len());
        let mut value = problem.score(&numbers, label);
        loop {
            let before = value;
            for k in 0..problem.numbers {
                let mut reach = 2.0 * f64::from(SIDE);
                while reach > 1e-6 {
                    let middle = numbers[k];
                    for step in -4..=4 {
                        let old = numbers[k];
                        numbers[k] = (middle + reach * f64::from(step) / 4.0).clamp(-2.0, 2.0);
                        let score = problem.score(&numbers, label);
                        if score > value {
                            value = score;
                        } else {
                            numbers[k] = old;
                        }
                    }
                    reach /= 4.0;
                    if Instant::now() >= until {
                        return best.max(value);
                    }
                }
            }
            for other in 0..problem.labels.len() {
                let score = problem.score(&numbers, other);
                if score > value {
                    (value, label) = (score, other);
                }
            }
            if value - before < 1e-9 {
                break;
            }
        }
        best = best.max(value);
    }
}
