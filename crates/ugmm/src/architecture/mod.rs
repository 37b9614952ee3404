//! The uGMM neuron in other architectures than the feed-forward stack: modules that take the place of Burn's own in any
//! Burn model, and networks that mix layers of all kinds.
//!
//! | in place of Burn's | put |
//! |---|---|
//! | `Linear` | [`UgmmDense`] |
//! | `Lstm` | [`UgmmLstm`] |
//! | `Gru` | [`UgmmGru`] |
//! | `TransformerEncoder` | [`UgmmTransformerEncoder`] |
//! | `MultiHeadAttention` | [`UgmmAttention`] |
//! | `Conv2d` | [`UgmmConv2d`] |
//!
//! All of them are built on [`UgmmLayer`](crate::UgmmLayer), which [`inspect`](ugmm_network::inspect) and
//! [`pruning`](ugmm_network::pruning) look into, with an [`OutputScale`] behind it.

mod convolution;
mod dense;
mod mixed;
mod output_scale;
mod patches;
mod recurrent;
mod seeded;
mod transformer;

pub use convolution::{UgmmConv2d, UgmmConv2dConfig};
pub use dense::{UgmmDense, UgmmDenseConfig};
pub use mixed::{
    Function, MaskedEncoder, MixedConfig, MixedInput, MixedLayer, MixedLayerConfig, MixedNetwork, Padding,
    UgmmPart,
};
pub use output_scale::OutputScale;
pub use recurrent::{UgmmGru, UgmmGruConfig, UgmmLstm, UgmmLstmConfig};
pub use transformer::{
    FeedForward, OrdinaryFeedForward, Projection, SubLayerInputs, UgmmAttention, UgmmAttentionCache,
    UgmmAttentionInput, UgmmAttentionOutput, UgmmFeedForward, UgmmTransformerEncoder,
    UgmmTransformerEncoderAutoregressiveCache, UgmmTransformerEncoderConfig, UgmmTransformerEncoderInput,
    UgmmTransformerEncoderLayer,
};
