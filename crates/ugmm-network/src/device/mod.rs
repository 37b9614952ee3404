//! Devices by name, and the interface of those other than the processor.

mod backend;
mod name;

pub use backend::{Backend, Device, OnDevice};
pub use name::{DeviceName, GpuBackend};
