//! Random numbers. The library draws all of them on the host from these generators, so that a seed determines
//! every bit whatever the number of threads.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// The purpose of a stream of random numbers. Each purpose has its own stream, so that more draws for one do
/// not shift another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Initial parameters.
    Initialization,
    /// The order of the rows in each epoch.
    Shuffling,
    /// Dropout masks.
    Dropout,
    /// The choice of rows held out of training.
    Splitting,
    /// The choice of the sample for [`Model::settled`](crate::Model::settled).
    Settling,
    /// Augmentation of training rows.
    Augmentation,
    /// Random orders of deletion of inputs.
    Deletion,
    /// Samples from a network.
    Sampling,
    /// Starting points of a search for the most probable values of variables.
    Search,
    /// Permutations of a column's values among rows.
    Permutation,
    /// The choice of rows of a table that are looked at.
    RowSampling,
}

/// The generator of `seed` for one purpose. ChaCha8 gives the same numbers on every platform and in every version.
#[must_use]
pub fn generator(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream as u64);
    generator
}

/// A draw of U[0, 1) on a grid of 2⁻⁵³; it can be 0 and is never 1.
pub fn uniform<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    rng.random::<f64>()
}

/// A draw of N(0, 1) by the Box–Muller transform (Box and Muller 1958). It uses two uniform draws and no
/// rejection, so that it ends and is finite for every source, even one that always returns 0.
pub fn normal<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    let (u, v) = (uniform(rng), uniform(rng));
    (-2.0 * (-u).ln_1p()).sqrt() * (TAU * v).cos()
}

/// A uniform index below `bound`, which must be positive.
pub fn index<R: Rng + ?Sized>(rng: &mut R, bound: usize) -> usize {
    rng.random_range(0..bound)
}
