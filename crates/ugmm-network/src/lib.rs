//! Networks of univariate-Gaussian-mixture neurons without a framework.
