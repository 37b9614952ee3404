//! Circuits of univariate Gaussian mixtures: joint densities that are normalised by construction.
//!
//! A uGMM network's root is a score: its exponential does not integrate to 1. A circuit consists of
//! univariate mixtures P(y) = Σ_m π_m N(y; μ_m, σ_m²) (Z. S. Ali, arXiv 2509.07569, section 3), each of one
//! observed variable. Products of different variables and sums whose weights add up to 1 join them, as in
//! probabilistic circuits (Choi, Vergari and Van den Broeck 2020). A circuit is therefore a density:
//! log-likelihoods, marginals, conditionals and samples are exact, and a missing value is integrated out.
//!
//! * [`Variable`]: numbers, categories, integers. [`Rows`]: data, NaN where missing.
//! * [`train`] learns a [`Circuit`] from rows, by expectation maximisation or Adam ([`TrainingConfig`]).
//! * [`structure`]: which variables are joined where: mixtures, random trees, quadrants of images, hidden
//!   Chow-Liu trees, densities for each class.
//! * Queries are methods of the circuit, and all of them accept missing values: [`Circuit::log_likelihood`],
//!   [`Circuit::conditional`], [`Circuit::posterior`], [`Circuit::sample`], [`Circuit::impute`],
//!   [`Circuit::mpe`].
//!
//! Training computes in `f32` (or `f64`), queries in `f64`. Results do not depend on the number of threads,
//! bit for bit.
//!
//! # Example
//!
//! ```
//! use ugmm_circuit::{Rows, TrainingConfig, Variable, train};
//!
//! // Two columns: a number, and a class that it depends on.
//! let values: Vec<f64> = (0..200).flat_map(|i| {
//!     let class = f64::from(i % 2);
//!     [class * 10.0 + f64::from(i % 7), class]
//! }).collect();
//! let rows = Rows::new(&values, 2)?;
//! let variables = vec![Variable::standardizing(rows.column(0)).named("length"), Variable::categorical(2)];
//! let circuit = train(rows, variables, &TrainingConfig::default(), |_| true)?.circuit;
//!
//! let complete = circuit.log_likelihood(Rows::new(&[3.0, 0.0], 2)?)?[0];
//! let marginal = circuit.log_likelihood(Rows::new(&[3.0, f64::NAN], 2)?)?[0];
//! assert!(marginal >= complete);
//! let classes = circuit.posterior(Rows::new(&[13.0, f64::NAN], 2)?, 1)?;
//! assert!(classes[1] > 0.9);
//! let length = circuit.conditional(&[f64::NAN, 1.0], 0)?;
//! assert!((length.mean() - 13.0).abs() < 1.0);
//! # Ok::<(), ugmm_circuit::CircuitError>(())
//! ```

mod circuit;
mod compute;
mod error;
mod leaf;
mod query;
mod region;
mod rows;
pub mod structure;
mod training;
mod variable;

pub use circuit::Circuit;
pub use error::CircuitError;
pub use leaf::{GaussianMixtures, Leaf, LeafDistribution};
pub use query::{GaussianComponent, Imputation, Mpe, MpeOptions, MpeVariable, UnivariateMixture};
pub use region::{InnerRegion, Region};
pub use rows::Rows;
pub use training::{
    CrossValidated, Epoch, Method, Precision, StructureChoice, Trained, TrainingConfig, add_members,
    cross_validate, train, train_structure,
};
pub use ugmm_kernels::branch_and_bound::ProofProgress;
pub use variable::{MAXIMUM_STATES, Variable, VariableKind};
