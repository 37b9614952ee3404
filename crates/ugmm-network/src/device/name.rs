//! Names of devices: the processor, and GPUs behind the backends that a program was built with.

use crate::UgmmError;
use std::fmt;
use std::str::FromStr;

/// A backend for GPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GpuBackend {
    /// Any GPU through the graphics interface of its system: Vulkan, Metal or Direct3D 12.
    Wgpu,
    /// Any GPU through Vulkan.
    Vulkan,
    /// Apple's GPUs.
    Metal,
    /// NVIDIA's GPUs.
    Cuda,
    /// AMD's GPUs.
    Rocm,
}

impl GpuBackend {
    /// All backends, whether or not this build contains them.
    pub const ALL: [Self; 5] = [Self::Wgpu, Self::Vulkan, Self::Metal, Self::Cuda, Self::Rocm];

    /// The backend's name in [`DeviceName`], equal to the name of the feature that builds it.
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
}

/// The name of a device as users write it: `cpu`, `wgpu`, `vulkan`, `metal`, `cuda` or `rocm`. A GPU other
/// than the first has its index, from 0, after a colon: `cuda:1`.
///
/// ```
/// use ugmm_network::DeviceName;
///
/// let name: DeviceName = "cuda:1".parse()?;
/// assert_eq!(name.to_string(), "cuda:1");
/// assert_eq!("cuda:0".parse::<DeviceName>()?.to_string(), "cuda");
/// assert!("gpu".parse::<DeviceName>().is_err());
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceName {
    /// The processor.
    #[default]
    Cpu,
    /// A GPU: its backend, and its index among the devices that the backend finds, from 0.
    Gpu(GpuBackend, usize),
}

impl DeviceName {
    /// The error of a program that was built without this device's backend.
    #[must_use]
    pub fn not_built(self) -> UgmmError {
        let feature = match self {
            Self::Cpu => "cpu",
            Self::Gpu(backend, _) => backend.name(),
        };
        let reason = format!("this program was built without it; build it with the feature {feature:?}");
        UgmmError::Device { device: self.to_string(), reason }
    }
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
        // Only digits are valid; `parse` would accept a sign.
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
}
