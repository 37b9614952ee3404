//! Random numbers: everything random in this library is drawn on the host from one of these generators, so that a
//! seed decides every bit whatever the number of threads.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// What a stream of random numbers is used for. Each purpose has a stream of its own, so that drawing more for one
/// does not shift another.
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
    /// The choice of the rows that a trained network is settled on.
    Settling,
    /// Changes to training rows.
    Augmentation,
    /// Orders of inputs to delete.
    Deletion,
    /// Rows drawn from a network.
    Sampling,
    /// Starting points of a search for the best values of variables.
    Search,
}

/// The generator of `seed` for one purpose. ChaCha8 gives the same numbers on every platform and in every version.
#[must_use]
pub fn generator(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream as u64);
    generator
}

/// A draw of U[0, 1) on a grid of 2⁻⁵³; 0 can come up, 1 cannot.
pub fn uniform<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    rng.random::<f64>()
}

/// A draw of N(0, 1) by the Box–Muller transform (Box and Muller 1958): two uniform draws, no rejection, so that it
/// ends and is finite for every source, one that always returns 0 included.
pub fn normal<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    let (u, v) = (uniform(rng), uniform(rng));
    (-2.0 * (-u).ln_1p()).sqrt() * (TAU * v).cos()
}

/// An index below `bound`, which must not be 0.
pub fn index<R: Rng + ?Sized>(rng: &mut R, bound: usize) -> usize {
    rng.random_range(0..bound)
}
