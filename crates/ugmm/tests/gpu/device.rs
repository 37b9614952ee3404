//! Tests that the tests run on the intended device: a software device is named, and must be Vulkan's; OpenGL, to which wgpu falls
//! back silently, would prove nothing about the kernels.

use crate::support::{device, host, is_cpu};
use burn::tensor::Tensor;

#[test]
fn the_device_is_a_gpu_or_vulkans_software_device() {
    let Some(device) = device() else { return };
    assert!(!is_cpu(&device));
    let identity = device.identity().expect("a CubeCL device says what it is");
    println!("{}, {}, {device:?}", identity.name, identity.fingerprint);
    if identity.physical.is_none() {
        let is_known = ["llvmpipe", "SwiftShader"].iter().any(|name| identity.name.contains(name));
        assert!(is_known, "{identity:?} is no GPU, and no software Vulkan device that is known");
    }
    let three: f32 = (Tensor::<1>::ones([1], &device) * 3.0).into_scalar();
    assert_eq!(three, 3.0);
}

#[test]
fn results_stay_on_the_device() {
    let Some(device) = device() else { return };
    let zeros = || Tensor::<2>::zeros([2, 3], &device);
    let y = ugmm::ugmm_log_density(zeros(), zeros(), zeros(), zeros());
    assert_eq!(y.device(), device);
    // Equal weights of the peak of N(0, 1).
    assert!(host(y).iter().all(|y| (y + 0.918_938_5).abs() < 1e-6));
}

/// What `--device` does.
#[test]
fn a_device_is_opened_by_its_name() {
    use ugmm::DeviceName;

    if device().is_none() {
        return;
    }
    let all = ugmm::all_devices();
    let listed = all.iter().find(|(name, _)| *name != DeviceName::Cpu).expect("the device is listed");
    let &(first @ DeviceName::Gpu(backend, _), ref description) = listed else { unreachable!("it is a GPU") };
    let opened = ugmm::open_device(first).unwrap();
    assert!(!is_cpu(&opened));
    assert_eq!(opened.identity().unwrap().physical.is_none(), description.contains("in software"));
    let message = ugmm::open_device(DeviceName::Gpu(backend, 99)).unwrap_err().to_string();
    assert!(message.contains(":99") && message.contains("the last of its kind"), "{message}");
}
