//! Where networks are computed.

use burn::tensor::Device;
use std::sync::OnceLock;

static DEVICE: OnceLock<Device> = OnceLock::new();

/// Has all networks of this process computed on a device from now on; on the processor without it. What was decided once
/// stays: a second call changes nothing and returns false.
pub fn use_device(device: Device) -> bool {
    DEVICE.set(device).is_ok()
}

/// The device that networks of this process are computed on: [`use_device`].
#[must_use]
pub fn device() -> Device {
    DEVICE.get().cloned().unwrap_or_else(Device::flex)
}
