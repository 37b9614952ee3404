//! Neural networks whose every neuron is a univariate Gaussian mixture (uGMM-NN), on Burn.
