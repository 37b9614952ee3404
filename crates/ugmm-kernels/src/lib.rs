//! Arithmetic of the univariate-Gaussian-mixture neuron on plain slices.
