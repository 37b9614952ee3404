//! The operation on a GPU, or on a software Vulkan device, which runs the same kernels:
//!
//! ```text
//! cargo test --profile gpu -p ugmm --features wgpu --test gpu
//! ```
//!
//! All buffers that the kernels write to are filled with NaN first, so that what is not written is found. Without any
//! device the tests say that they are skipped; they fail if `UGMM_REQUIRE_GPU=1` is set.

#[path = "../../../ugmm-kernels/tests/common/mod.rs"]
mod common;
mod device;
mod laws;
mod support;
mod training;
mod vectors;
