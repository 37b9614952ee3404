//! Evaluation of whole regions on blocks of rows in log space: exponentials, matrix product, logarithms.

mod compiled;
mod downward;
mod gaussian_leaf;
mod log_exp;
mod matrix;
mod real;
mod statistics;
#[cfg(test)]
mod tests;
mod upward;
mod workspace;

pub(crate) use compiled::{Compiled, CompiledGaussians, CompiledInner, CompiledRegion, CompiledTable};
pub(crate) use log_exp::vectorized;
pub(crate) use matrix::multiply;
pub(crate) use real::Real;
pub(crate) use statistics::{
    Lanes, LeafStatistics, RegionStatistics, Statistics, expectation, log_likelihoods,
};
pub(crate) use upward::log_sum_exp;
pub(crate) use workspace::Workspace;

/// Number of rows computed together. It is fixed, so that results do not depend on the number of threads.
pub(crate) const BLOCK: usize = 64;
