//! Devices by name: the processor, and GPUs behind those of Burn's backends that a build contains by its features.

mod backend;
mod check;

pub use backend::BurnBackend;

use burn::tensor::Device;
#[cfg(feature = "gpu")]
use check::quietly;
use ugmm_network::{DeviceName, GpuBackend, UgmmError};

/// Properties of a backend for GPUs.
trait OfBackend {
    /// Whether this build contains it.
    fn is_built(&self) -> bool;
    /// The end of the error message if it finds no device.
    fn missing(&self) -> &'static str;
    /// Advice for a device that is there but does not compute; may be empty.
    fn hint(&self) -> &'static str;
    /// The error message if a device lacks something that it needs beside its driver.
    fn lacking(&self) -> Option<&'static str>;
    /// The devices that it finds, in the order of their indices.
    fn devices(&self) -> Vec<Device>;
}

impl OfBackend for GpuBackend {
    fn is_built(&self) -> bool {
        match self {
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Metal => cfg!(feature = "metal"),
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Rocm => cfg!(feature = "rocm"),
            _ => false,
        }
    }

    fn missing(&self) -> &'static str {
        match self {
            Self::Wgpu | Self::Vulkan => {
                "no Vulkan device was found; install the Vulkan driver of the GPU (on Debian and Ubuntu the package \
                 mesa-vulkan-drivers, or that of NVIDIA's driver)"
            }
            Self::Metal => "no GPU was found that Metal runs on; only Apple's machines have one",
            Self::Cuda => {
                "no NVIDIA GPU was found; install NVIDIA's driver, so that nvidia-smi lists the GPU, and the CUDA \
                 toolkit (in /usr/local/cuda, or where CUDA_PATH says)"
            }
            Self::Rocm => "no AMD GPU was found; install ROCm, so that rocminfo lists the GPU",
            _ => "no device was found",
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::Cuda => {
                "; libnvrtc of the CUDA toolkit has to be where the system looks for libraries (LD_LIBRARY_PATH), and no \
                 newer than the driver"
            }
            // CubeCL 0.11 writes kernels with shared memory, Burn's own among them, that are no valid SPIR-V.
            Self::Vulkan => "; the feature wgpu takes the same GPUs by another compiler of kernels",
            _ => "",
        }
    }

    fn lacking(&self) -> Option<&'static str> {
        match self {
            // CubeCL panics without it, in a thread of its own.
            #[cfg(feature = "cuda")]
            Self::Cuda if !cubecl::cuda::install::cuda_path().is_some_and(|path| path.is_dir()) => Some(
                "there is a GPU and its driver, but no CUDA toolkit; install it (on Debian and Ubuntu the package \
                 nvidia-cuda-toolkit), or set CUDA_PATH to the folder that it is in",
            ),
            _ => None,
        }
    }

    fn devices(&self) -> Vec<Device> {
        #[cfg(feature = "gpu")]
        {
            use burn::tensor::DeviceType;
            let kind = match self {
                #[cfg(feature = "wgpu")]
                Self::Wgpu => DeviceType::Wgpu,
                #[cfg(feature = "vulkan")]
                Self::Vulkan => DeviceType::Vulkan,
                #[cfg(feature = "metal")]
                Self::Metal => DeviceType::Metal,
                #[cfg(feature = "cuda")]
                Self::Cuda => DeviceType::Cuda,
                #[cfg(feature = "rocm")]
                Self::Rocm => DeviceType::Rocm,
                #[allow(unreachable_patterns, reason = "the backends that this build does not have")]
                _ => return Vec::new(),
            };
            // A driver that is half installed may panic.
            quietly(|| Device::enumerate(kind).into_vec()).unwrap_or_default()
        }
        #[cfg(not(feature = "gpu"))]
        Vec::new()
    }
}

/// The device of this name, after a check that it computes a small layer as the processor does.
///
/// # Errors
///
/// [`UgmmError::Device`] when this build does not contain the backend, there is no such device, or its results are wrong; the
/// message says what to build or to install.
pub fn open_device(name: DeviceName) -> Result<Device, UgmmError> {
    let DeviceName::Gpu(backend, index) = name else { return Ok(Device::flex()) };
    let error = |reason: String| UgmmError::Device { device: name.to_string(), reason };
    if !backend.is_built() {
        return Err(name.not_built());
    }
    let devices = backend.devices();
    if devices.is_empty() {
        return Err(error(backend.missing().into()));
    }
    let Some(device) = devices.get(index) else {
        let last = DeviceName::Gpu(backend, devices.len() - 1);
        return Err(error(format!("there is no such device; the last of its kind is {last}")));
    };
    if let Some(reason) = backend.lacking() {
        return Err(error(reason.into()));
    }
    check::check(device)
        .map_err(|reason| error(format!("it does not compute as it should: {reason}{}", backend.hint())))?;
    Ok(device.clone())
}

/// The devices of this build and machine with descriptions, the processor first.
#[must_use]
pub fn all_devices() -> Vec<(DeviceName, String)> {
    let mut all = vec![(DeviceName::Cpu, "the processor".to_owned())];
    for backend in GpuBackend::ALL {
        for (index, device) in backend.devices().iter().enumerate() {
            all.push((DeviceName::Gpu(backend, index), description(device)));
        }
    }
    all
}

/// The description of a GPU: the name that it reports.
#[cfg(feature = "gpu")]
fn description(device: &Device) -> String {
    match quietly(|| device.identity()) {
        Ok(Some(identity)) if identity.physical.is_none() => {
            format!("{}, a device in software: for tests, slower than cpu", identity.name)
        }
        Ok(Some(identity)) => identity.name,
        Ok(None) => "a device that does not say what it is".into(),
        Err(reason) => format!("does not open: {reason}"),
    }
}

#[cfg(not(feature = "gpu"))]
fn description(_: &Device) -> String {
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_that_was_not_built_says_how_to_build_it() {
        for backend in GpuBackend::ALL.into_iter().filter(|backend| !backend.is_built()) {
            let message = open_device(DeviceName::Gpu(backend, 0)).unwrap_err().to_string();
            assert!(message.contains(&format!("the feature {:?}", backend.name())), "{message}");
        }
    }

    #[test]
    fn the_processor_is_always_there() {
        assert_eq!(all_devices()[0].0, DeviceName::Cpu);
        assert!(open_device(DeviceName::Cpu).is_ok());
    }

    #[test]
    fn a_device_beyond_the_last_is_refused() {
        for backend in GpuBackend::ALL.into_iter().filter(|backend| backend.is_built()) {
            let message = open_device(DeviceName::Gpu(backend, 99)).unwrap_err().to_string();
            assert!(message.contains("there is no such device") || message.contains("install"), "{message}");
        }
    }
}
