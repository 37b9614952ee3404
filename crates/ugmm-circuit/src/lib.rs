#![doc = include_str!("../README.md")]
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
