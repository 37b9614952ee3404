//! Tests of queries: conditional distributions of one variable, samples, and convergence diagnostics.

mod diagnostics;
mod one_variable;
mod samples;

use ugmm_network::{Init, Network, NetworkConfig, Predictor, Stream, generator};

fn network(sizes: &[usize], missing_values: bool, seed: u64) -> Network {
    let config = NetworkConfig::new(sizes)
        .with_init(Init::Paper)
        .with_min_sigma(0.25)
        .with_missing_values(missing_values);
    config.init(None, &mut generator(seed, Stream::Initialization)).unwrap()
}

/// The root of each row by an ordinary forward pass.
fn roots(network: &Network, rows: &[Vec<f32>]) -> Vec<f64> {
    network.forward(&rows.concat()).into_iter().map(f64::from).collect()
}
