//! Sources of random numbers.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Streams of the generator, so that draws of one do not shift another.
#[derive(Clone, Copy)]
pub(super) enum Stream {
    Splitting,
    Structure,
    Initialization,
    Shuffling,
}

pub(super) fn generator(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream as u64);
    generator
}
