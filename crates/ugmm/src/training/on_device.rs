//! Networks on a device as predictors.

use crate::Network;
use crate::host::{host_values, matrix};
use burn::tensor::Device;
use ugmm_network::Predictor;

/// A network on a device as a [`Predictor`], which `ugmm_network` evaluates.
#[derive(Clone, Debug)]
pub struct OnDevice<N> {
    network: N,
    device: Device,
}

impl<N: Network> OnDevice<N> {
    /// The network without autodiff, dropout and noise.
    #[must_use]
    pub fn new(network: &N, device: &Device) -> Self {
        Self { network: network.valid(), device: device.clone() }
    }
}

impl<N: Network> Predictor for OnDevice<N> {
    fn inputs(&self) -> usize {
        self.network.inputs()
    }

    fn outputs(&self) -> usize {
        self.network.outputs()
    }

    fn predictions_per_row(&self) -> usize {
        self.network.predictions_per_row()
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let x = matrix(x.to_vec(), self.network.inputs(), &self.device);
        host_values(&self.network.forward(x))
    }

    fn takes_missing_values(&self) -> bool {
        self.network.takes_missing_values()
    }
}
