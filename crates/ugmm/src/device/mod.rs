//! Devices by name: the processor, and GPUs by one of Burn's backends, of which a build has those of its features.

mod check;

use crate::UgmmError;
use burn::backend::DispatchDevice;
use burn::tensor::Device;
#[cfg(feature = "gpu")]
use check::quietly;
use std::fmt;
use std::str::FromStr;

/// A backend for GPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GpuBackend {
    /// Any GPU, by the graphics interface of its system: Vulkan, Metal or Direct3D 12.
    Wgpu,
    /// Any GPU, by Vulkan alone.
    Vulkan,
    /// Apple's GPUs.
    Metal,
    /// NVIDIA's GPUs.
    Cuda,
    /// AMD's GPUs.
    Rocm,
}

impl GpuBackend {
    /// All of them, whatever this build has.
    pub const ALL: [Self; 5] = [Self::Wgpu, Self::Vulkan, Self::Metal, Self::Cuda, Self::Rocm];

    /// Its name in [`DeviceName`], which is that of the feature that builds it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
            Self::Cuda => "cuda",
            Self::Rocm => "rocm",
        }
    }

    /// Whether this build has it.
    #[must_use]
    pub fn is_built(self) -> bool {
        match self {
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Metal => cfg!(feature = "metal"),
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Rocm => cfg!(feature = "rocm"),
        }
    }

    /// What is missing where it finds no device.
    fn missing(self) -> &'static str {
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
        }
    }

    /// What to look for where a device is there, and does not compute.
    fn hint(self) -> &'static str {
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

    /// What a device needs beside its driver, and has not got.
    fn lacking(self) -> Option<&'static str> {
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

    /// The devices that it finds, in the order of their numbers.
    fn devices(self) -> Vec<Device> {
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

/// The name of a device, as typed: `cpu`, `wgpu`, `vulkan`, `metal`, `cuda`, `rocm`, and for GPUs beyond the first their
/// number, from 0, after a colon: `cuda:1`.
///
/// ```
/// use ugmm::DeviceName;
///
/// let name: DeviceName = "cuda:1".parse()?;
/// assert_eq!(name.to_string(), "cuda:1");
/// assert_eq!("cuda:0".parse::<DeviceName>()?.to_string(), "cuda");
/// assert!("gpu".parse::<DeviceName>().is_err());
/// let cpu = DeviceName::Cpu.open()?;
/// # let _ = cpu;
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceName {
    /// The processor.
    #[default]
    Cpu,
    /// A GPU: a backend, and which of the devices that it finds, from 0.
    Gpu(GpuBackend, usize),
}

impl DeviceName {
    /// The device, once it has computed a small layer as the processor does.
    ///
    /// # Errors
    ///
    /// When this build does not have the backend, there is no such device, or it does not compute; the message says what to
    /// build or to install.
    pub fn open(self) -> Result<Device, UgmmError> {
        let Self::Gpu(backend, index) = self else { return Ok(Device::flex()) };
        let error = |reason: String| UgmmError::Device { device: self.to_string(), reason };
        if !backend.is_built() {
            let feature = backend.name();
            return Err(error(format!(
                "this program was built without it; cargo install --path crates/ugmm-cli --features {feature} \
                 builds one that has it"
            )));
        }
        let devices = backend.devices();
        if devices.is_empty() {
            return Err(error(backend.missing().into()));
        }
        let Some(device) = devices.get(index) else {
            let last = Self::Gpu(backend, devices.len() - 1);
            return Err(error(format!("there is no such device; the last of its kind is {last}")));
        };
        if let Some(reason) = backend.lacking() {
            return Err(error(reason.into()));
        }
        check::check(device).map_err(|reason| {
            error(format!("it does not compute as it should: {reason}{}", backend.hint()))
        })?;
        Ok(device.clone())
    }

    /// The devices of this build and machine, with what they are: the processor first.
    #[must_use]
    pub fn all() -> Vec<(Self, String)> {
        let mut all = vec![(Self::Cpu, "the processor".to_owned())];
        for backend in GpuBackend::ALL {
            for (index, device) in backend.devices().iter().enumerate() {
                all.push((Self::Gpu(backend, index), description(device)));
            }
        }
        all
    }
}

/// Whether tensors of this device are in the memory of the processor, so that reading them costs nothing.
pub(crate) fn is_cpu(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}

/// What a GPU calls itself.
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

impl fmt::Display for DeviceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => formatter.write_str("cpu"),
            Self::Gpu(backend, 0) => formatter.write_str(backend.name()),
            Self::Gpu(backend, index) => write!(formatter, "{}:{index}", backend.name()),
        }
    }
}

impl FromStr for DeviceName {
    type Err = UgmmError;

    fn from_str(text: &str) -> Result<Self, UgmmError> {
        let expected =
            "cpu, wgpu, vulkan, metal, cuda or rocm, and a number for one of several GPUs, as in cuda:1";
        let error = || UgmmError::setting("the device", text, expected);
        if text == "cpu" {
            return Ok(Self::Cpu);
        }
        let (name, index) = text.split_once(':').unwrap_or((text, "0"));
        let backend = GpuBackend::ALL.into_iter().find(|backend| backend.name() == name).ok_or_else(error)?;
        // Digits alone: not the sign that `parse` would take.
        if !index.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(error());
        }
        Ok(Self::Gpu(backend, index.parse().map_err(|_| error())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for text in ["cpu", "wgpu", "vulkan", "metal", "cuda", "rocm:3", "cuda:12"] {
            assert_eq!(text.parse::<DeviceName>().unwrap().to_string(), text);
        }
        for text in
            ["", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:+1", "cuda:x", "cpu:0", "cuda:99999999999999999999"]
        {
            let message = text.parse::<DeviceName>().unwrap_err().to_string();
            assert!(message.contains("cuda:1"), "{text}: {message}");
        }
    }

    #[test]
    fn a_backend_that_was_not_built_says_how_to_build_it() {
        for backend in GpuBackend::ALL.into_iter().filter(|backend| !backend.is_built()) {
            let message = DeviceName::Gpu(backend, 0).open().unwrap_err().to_string();
            assert!(message.contains(&format!("--features {}", backend.name())), "{message}");
        }
    }

    #[test]
    fn the_processor_is_always_there() {
        assert_eq!(DeviceName::all()[0].0, DeviceName::Cpu);
        assert!(DeviceName::Cpu.open().is_ok());
    }

    #[test]
    fn a_device_beyond_the_last_is_refused() {
        for backend in GpuBackend::ALL.into_iter().filter(|backend| backend.is_built()) {
            let message = DeviceName::Gpu(backend, 99).open().unwrap_err().to_string();
            assert!(message.contains("there is no such device") || message.contains("install"), "{message}");
        }
    }
}
