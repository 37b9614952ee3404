//! Transformers with uGMM layers.

mod attention;
mod cache;
mod config;
mod encoder;
mod feed_forward;
mod projection;

pub use attention::{UgmmAttention, UgmmAttentionInput, UgmmAttentionOutput};
pub use cache::{UgmmAttentionCache, UgmmTransformerEncoderAutoregressiveCache};
pub use config::UgmmTransformerEncoderConfig;
pub use encoder::{
    SubLayerInputs, UgmmTransformerEncoder, UgmmTransformerEncoderInput, UgmmTransformerEncoderLayer,
};
pub use feed_forward::{FeedForward, OrdinaryFeedForward, UgmmFeedForward};
pub use projection::Projection;

use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use ugmm_network::random::uniform;

/// Dropout in a training pass: values are 0 with this probability, and the others scaled up, so that the expected value stays
/// (Srivastava et al. 2014). Nothing without an `rng`, and on devices that do not train.
pub(crate) fn dropout<const D: usize, R: Rng + ?Sized>(
    x: Tensor<D>,
    probability: f64,
    rng: Option<&mut R>,
) -> Tensor<D> {
    let device = x.device();
    let Some(rng) = rng.filter(|_| probability > 0.0 && device.is_autodiff()) else { return x };
    let scale = (1.0 / (1.0 - probability)) as f32;
    let shape = x.dims();
    let count: usize = shape.iter().product();
    let mask: Vec<f32> = (0..count).map(|_| if uniform(rng) < probability { 0.0 } else { scale }).collect();
    x * Tensor::from_data(TensorData::new(mask, shape), &device)
}
