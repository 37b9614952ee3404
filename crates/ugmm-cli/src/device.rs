//! Devices other than the processor, in a program with GPU backends.

use crate::error::CliError;
use ugmm_network::{Device, DeviceName, GpuBackend};

/// Opens a device by its name.
pub fn open(name: DeviceName) -> Result<Device, CliError> {
    if let DeviceName::Gpu(backend, _) = name
        && !is_built(backend)
    {
        return Err(CliError::NoBackend { device: name, feature: backend.name() });
    }
    #[cfg(feature = "burn")]
    if name != DeviceName::Cpu {
        return Ok(Device::of(ugmm::BurnBackend::open(name)?));
    }
    Ok(Device::default())
}

/// The devices of this build and machine with their descriptions; the processor is first.
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
