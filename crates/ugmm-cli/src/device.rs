//! Devices other than the processor, in a program that has any.

use crate::error::CliError;
use ugmm_network::{Device, DeviceName, GpuBackend};

/// Opens a device by its name.
pub fn open(name: DeviceName) -> Result<Device, CliError> {
    if name == DeviceName::Cpu {
        return Ok(Device::default());
    }
    #[cfg(feature = "burn")]
    return Ok(Device::of(ugmm::BurnBackend::open(name)?));
    #[cfg(not(feature = "burn"))]
    Err(name.not_built().into())
}

/// The devices of this build and machine, with what they are: the processor first.
pub fn all() -> Vec<(DeviceName, String)> {
    #[cfg(feature = "burn")]
    return ugmm::all_devices();
    #[cfg(not(feature = "burn"))]
    vec![(DeviceName::Cpu, "the processor".to_owned())]
}

/// Whether this build has the backend.
pub fn is_built(backend: GpuBackend) -> bool {
    match backend {
        GpuBackend::Wgpu => cfg!(feature = "wgpu"),
        GpuBackend::Vulkan => cfg!(feature = "vulkan"),
        GpuBackend::Metal => cfg!(feature = "metal"),
        GpuBackend::Cuda => cfg!(feature = "cuda"),
        GpuBackend::Rocm => cfg!(feature = "rocm"),
        _ => false,
    }
}
