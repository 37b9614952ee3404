//! The native module of the Python package `ugmm_nn`: tables, training and models. The package's own Python code makes
//! scikit-learn's estimators of it; nothing else should import it.

#![allow(missing_docs, reason = "Python sees the documentation of the package")]

mod advice;
mod call;
mod error;
mod fit;
mod frame;
mod model;
mod neuron;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<frame::Frame>()?;
    module.add_class::<model::Model>()?;
    module.add_class::<model::Distribution>()?;
    module.add_class::<neuron::NeuronPass>()?;
    module.add_function(wrap_pyfunction!(fit::fit_network, module)?)?;
    module.add_function(wrap_pyfunction!(fit::fit_density, module)?)?;
    module.add_function(wrap_pyfunction!(neuron::neuron_forward, module)?)?;
    module.add_function(wrap_pyfunction!(neuron::neuron_forward_f64, module)?)?;
    module.add_function(wrap_pyfunction!(neuron::neuron_backward_f64, module)?)?;
    Ok(())
}
