//! Devices other than the processor, in a program that has any.

use crate::error::CliError;
use ugmm_network::{DeviceName, GpuBackend};

/// Has networks trained and asked on the device from now on.
pub fn use_device(name: DeviceName) -> Result<(), CliError> {
    if name == DeviceName::Cpu {
        return Ok(());
    }
    #[cfg(feature = "burn")]
    {
        ugmm_tabular::use_backend(Box::new(ugmm::BurnBackend::open(name)?));
        Ok(())
    }
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
