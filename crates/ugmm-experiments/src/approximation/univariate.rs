//! Univariate mixtures of Gaussians fitted to a density.

use super::targets::Target;
use crate::ExperimentError;
use serde::Serialize;
use ugmm_circuit::{
    Circuit, CircuitError, Method, Precision, Rows, StructureChoice, TrainingConfig, Variable, structure,
    train_structure,
};

/// Points of equal probability that a mixture is fitted to: no sampling, so that what is left is the mixture's own error.
const POINTS: usize = 5_000;
/// Points that errors are integrated over.
const FINE_POINTS: usize = 50_000;
/// Starts of each fit; the most likely one counts.
const STARTS: u64 = 3;

/// A mixture fitted to a density, and how far it is from it.
#[derive(Serialize)]
pub struct Fit {
    pub components: usize,
    /// Total variation distance, in [0, 1]: half of ∫ |p − q|.
    pub total_variation: f64,
    /// Kullback-Leibler divergence of the mixture from the density, in nats.
    pub divergence: f64,
    #[serde(skip)]
    circuit: Circuit,
}

/// A density and the mixtures fitted to it.
#[derive(Serialize)]
pub struct Density {
    pub name: &'static str,
    pub fits: Vec<Fit>,
}

/// The best mixture of `components` components that expectation maximisation found.
pub fn fit(target: &Target, components: usize, epochs: usize) -> Result<Fit, ExperimentError> {
    let points = target.quantiles(POINTS);
    let rows = Rows::new(&points, 1)?;
    let structure = structure::mixture(1, components)?;
    let mut best: Option<(f64, Circuit)> = None;
    for seed in 0..STARTS {
        let config = TrainingConfig {
            structure: StructureChoice::Mixture,
            method: Method::ExpectationMaximization { step_size: 1.0, final_step_size: 1.0 },
            epochs,
            batch_size: POINTS,
            // One component for each unit, and nothing besides.
            components: 1,
            background: 0.0,
            pseudo_count: 0.0,
            sigma_pseudo_count: 0.0,
            sigma_floor: 1e-3,
            precision: Precision::Single,
            seed,
            ..TrainingConfig::default()
        };
        let variables = vec![Variable::standardizing(rows.column(0))];
        let trained = train_structure(rows, None, variables, &structure, &config, |_| true)?;
        let likelihood: f64 = trained.circuit.log_likelihood(rows)?.iter().sum();
        if best.as_ref().is_none_or(|(best, _)| likelihood > *best) {
            best = Some((likelihood, trained.circuit));
        }
    }
    let circuit = best.map(|(_, circuit)| circuit).expect("there is a start");
    let fine = target.quantiles(FINE_POINTS);
    let logs = circuit.log_likelihood(Rows::new(&fine, 1)?)?;
    // ∫ (p − q)₊ = E_p (1 − q / p)₊, and where p = 0 nothing is lost.
    let ratios = fine.iter().zip(&logs).map(|(&x, log)| log - (target.density)(x).ln());
    let (mut variation, mut divergence) = (0.0, 0.0);
    for log_ratio in ratios {
        variation += (1.0 - log_ratio.exp()).max(0.0);
        divergence -= log_ratio;
    }
    let count = FINE_POINTS as f64;
    Ok(Fit { components, total_variation: variation / count, divergence: divergence / count, circuit })
}

impl Fit {
    /// The mixture's density at each of these places.
    pub(super) fn densities(&self, places: &[f64]) -> Result<Vec<f64>, CircuitError> {
        Ok(self.circuit.log_likelihood(Rows::new(places, 1)?)?.into_iter().map(f64::exp).collect())
    }
}
