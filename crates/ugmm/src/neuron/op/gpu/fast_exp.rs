//! The exponential that every component takes once in each pass.

use cubecl::frontend::comptime;
use cubecl::prelude::*;

/// exp by the device's own instruction. Its relative error grows with the exponent: some 10⁻⁷ of that for each unit.
///
/// CUDA's `expf` takes six more operations for the last digits, which CubeCL has no name to leave out.
#[cube(fast_math = FastMath::ReducedPrecision.into())]
pub(super) fn fast_exp(value: f32) -> f32 {
    let properties = comptime::device_properties();
    if comptime!(properties.identity.fingerprint.starts_with("ptx")) {
        let power = value * std::f32::consts::LOG2_E;
        let result: f32;
        gpu_asm!("ex2.approx.ftz.f32 {}, {};", out(_) result, in(_) power, options(pure, nomem));
        result
    } else {
        value.exp()
    }
}
