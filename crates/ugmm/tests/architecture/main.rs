//! The uGMM neuron in other architectures.

mod convolution;
mod dense;
mod inspection;
mod mixed;
mod recurrent;
mod support;
mod transformer;
