//! A number with two or three likely values given another: no single Gaussian can hold it.

use super::targets::{logistic, logistic_density};
use crate::ExperimentError;
use rand::{Rng, RngExt};
use serde::Serialize;
use ugmm_circuit::{Circuit, CircuitError, Rows, TrainingConfig, Variable, train};
use ugmm_data::frame::ColumnData;
use ugmm_network::Stream;
use ugmm_tabular::{FitOptions, Table, TabularError, UgmmRegressor};

/// Scale of the logistic noise.
const NOISE: f64 = 0.15;
/// The range of x.
pub const X: (f64, f64) = (-2.0, 2.0);
/// The range of y in which densities are drawn.
pub const Y: (f64, f64) = (-3.5, 4.0);

/// The branches at `x`: weight and middle.
pub fn branches(x: f64) -> [(f64, f64); 3] {
    let rising = logistic(2.0 * x);
    [(0.5, (1.5 * x).sin()), (0.5 * rising, 1.0 + 0.5 * x * x), (0.5 * (1.0 - rising), -1.0 - 0.4 * x * x)]
}

/// p(y | x).
pub fn density(x: f64, y: f64) -> f64 {
    branches(x).iter().map(|(weight, middle)| weight * logistic_density((y - middle) / NOISE) / NOISE).sum()
}

/// The log-density of the Gaussian with the mean and variance that y has given x: the best single one.
fn gaussian(x: f64, y: f64) -> f64 {
    let branches = branches(x);
    let mean: f64 = branches.iter().map(|(weight, middle)| weight * middle).sum();
    let spread = NOISE * NOISE * std::f64::consts::PI.powi(2) / 3.0;
    let variance: f64 =
        spread + branches.iter().map(|(weight, middle)| weight * (middle - mean).powi(2)).sum::<f64>();
    -0.5 * ((y - mean).powi(2) / variance + variance.ln() + std::f64::consts::TAU.ln())
}

fn draw(rows: usize, rng: &mut impl Rng) -> Vec<f64> {
    let mut values = Vec::with_capacity(2 * rows);
    for _ in 0..rows {
        let x = X.0 + (X.1 - X.0) * rng.random::<f64>();
        let mut share: f64 = rng.random();
        let mut middle = 0.0;
        for (weight, place) in branches(x) {
            middle = place;
            if share < weight {
                break;
            }
            share -= weight;
        }
        let u: f64 = rng.random::<f64>().clamp(1e-12, 1.0 - 1e-12);
        values.extend([x, middle + NOISE * (u / (1.0 - u)).ln()]);
    }
    values
}

/// A model's mean log p(y | x) on fresh rows.
#[derive(Serialize)]
pub struct Measured {
    pub model: &'static str,
    pub log_density: f64,
}

/// Models that learned p(y | x) from rows, and what they are worth.
pub struct Learned {
    pub measured: Vec<Measured>,
    circuit: Circuit,
    network: UgmmRegressor,
}

pub fn learn(rows: usize, test_rows: usize, seed: u64) -> Result<Learned, ExperimentError> {
    let mut rng = ugmm_network::generator(seed, Stream::Sampling);
    let (training, test) = (draw(rows, &mut rng), draw(test_rows, &mut rng));
    let learned = Rows::new(&training, 2)?;
    let variables = (0..2).map(|column| Variable::standardizing(learned.column(column))).collect();
    let config = TrainingConfig { seed, ..TrainingConfig::default() };
    let circuit = train(learned, variables, &config, |_| true)?.circuit;
    let options = FitOptions { seed, ..FitOptions::default() };
    let network = UgmmRegressor::fit(&table(&training)?, "y", &options).map_err(Box::new)?.0;
    let mut learned = Learned { measured: Vec::new(), circuit, network };
    let (pairs, count) = (|| test.chunks_exact(2), test_rows as f64);
    let mean = |logs: Vec<f64>| logs.iter().sum::<f64>() / count;
    let of = |log: &dyn Fn(f64, f64) -> f64| mean(pairs().map(|pair| log(pair[0], pair[1])).collect());
    learned.measured = vec![
        Measured { model: "the truth", log_density: of(&|x, y| density(x, y).ln()) },
        Measured { model: "circuit", log_density: mean(learned.by_circuit(&test)?) },
        Measured { model: "uGMM network", log_density: mean(learned.by_network(&test)?) },
        Measured { model: "the best Gaussian for each x", log_density: of(&gaussian) },
    ];
    Ok(learned)
}

impl Learned {
    /// log p(y | x) of rows x, y by the circuit.
    pub fn by_circuit(&self, rows: &[f64]) -> Result<Vec<f64>, CircuitError> {
        let without: Vec<f64> = rows.chunks_exact(2).flat_map(|row| [row[0], f64::NAN]).collect();
        let joint = self.circuit.log_likelihood(Rows::new(rows, 2)?)?;
        let marginal = self.circuit.log_likelihood(Rows::new(&without, 2)?)?;
        Ok(joint.into_iter().zip(marginal).map(|(joint, marginal)| joint - marginal).collect())
    }

    /// log p(y | x) of each row `[x, y]` by the network.
    pub fn by_network(&self, rows: &[f64]) -> Result<Vec<f64>, ExperimentError> {
        let densities = self.network.predict_densities(&table(rows)?).map_err(Box::new)?;
        Ok(densities
            .iter()
            .zip(rows.chunks_exact(2))
            .map(|(density, row)| density.log_density(row[1]))
            .collect())
    }
}

fn table(rows: &[f64]) -> Result<Table, ExperimentError> {
    let column = |at: usize| ColumnData::Numbers(rows.iter().skip(at).step_by(2).copied().collect());
    let columns = vec![("x".into(), column(0)), ("y".into(), column(1))];
    Ok(Table::from_columns(columns).map_err(|error| Box::new(TabularError::from(error)))?)
}
