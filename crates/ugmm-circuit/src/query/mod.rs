//! Exact queries, in double precision.

mod conditional;
mod derivatives;
mod impute;
mod leave_one_out;
mod likelihood;
mod mixture;
mod mpe;
mod sample;

pub use impute::Imputation;
pub use mixture::{GaussianComponent, UnivariateMixture};
pub use mpe::{Mpe, MpeOptions, MpeVariable};
