//! Numbers of twice the digits of `f32`, as unevaluated sums of two: what the rescue of far pairs computes with, since GPUs
//! have no `f64` that all of them can use (T. J. Dekker, *A floating-point technique for extending the available
//! precision*, 1971).
//!
//! What is left of a rounded sum is (a + b) - a and the like, which compilers of GPUs take for b. So every step goes through
//! [`opaque`], which takes a `zero` that they do not know: an argument of the kernel. Products are split by their bits
//! into factors whose products are exact, so that nothing changes where they are fused with additions.

use cubecl::prelude::*;

/// The sum of a number and a much smaller one.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(super) struct Twofold {
    pub(super) high: f32,
    pub(super) low: f32,
}

/// A [`Twofold`] times a power of two.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(super) struct Scaled {
    pub(super) high: f32,
    pub(super) low: f32,
    pub(super) power: i32,
}

const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// The first 16 bits of ln 2: products with integers up to 256 are exact.
const LN_2_HIGH: f32 = 0.693_145_75;
const LN_2_MIDDLE: f32 = 1.428_606_8e-6;
/// What an exponent is multiplied by before its series; four squarings after it undo that.
const SMALLER: f32 = 1.0 / 16.0;
/// Bound on |log σ| where 1/σ is taken: its power of two is then one of two factors that `f32` has.
const LARGEST_LOG_SIGMA: f32 = 165.0;

/// The value, of which a compiler knows nothing; `zero` must be 0.
#[cube]
fn opaque(value: f32, zero: u32) -> f32 {
    f32::reinterpret(u32::reinterpret(value) ^ zero)
}

/// a + b, exactly.
#[cube]
pub(super) fn exact_sum(a: f32, b: f32, zero: u32) -> Twofold {
    let high = opaque(a + b, zero);
    let of_b = opaque(high - a, zero);
    let of_a = opaque(high - of_b, zero);
    Twofold { high, low: opaque(a - of_a, zero) + opaque(b - of_b, zero) }
}

/// The first 12 of the 24 digits of a number.
#[cube]
fn leading(value: f32) -> f32 {
    f32::reinterpret(u32::reinterpret(value) & 0xFFFF_F000u32)
}

/// a · b, to some 45 digits.
#[cube]
pub(super) fn exact_product(a: f32, b: f32, zero: u32) -> Twofold {
    let a_first = leading(a);
    let a_rest = a - a_first;
    let b_first = leading(b);
    let b_rest = b - b_first;
    // Four products of 12 by 12 digits, each of them exact.
    let mixed = exact_sum(a_first * b_rest, a_rest * b_first, zero);
    let all = exact_sum(a_first * b_first, mixed.high, zero);
    Twofold { high: all.high, low: all.low + (mixed.low + a_rest * b_rest) }
}

#[cube]
pub(super) fn product(a: Twofold, b: Twofold, zero: u32) -> Twofold {
    let high = exact_product(a.high, b.high, zero);
    exact_sum(high.high, high.low + (a.high * b.low + a.low * b.high), zero)
}

/// 2^power for powers from -126 to 127.
#[cube]
pub(super) fn power_of_two(power: i32) -> f32 {
    f32::reinterpret(u32::cast_from(power + 127) << 23u32)
}

/// 1/σ = exp(-log σ), to some 40 digits.
#[cube]
pub(super) fn inverse_sigma(log_sigma: f32, zero: u32) -> Scaled {
    let exponent = -clamped(log_sigma, LARGEST_LOG_SIGMA);
    let power = (exponent * LOG2_E).round();
    let middle = exact_product(power, LN_2_MIDDLE, zero);
    // The first difference is exact: the two are nearly equal, or the power is 0.
    let rest = exact_sum(exponent - power * LN_2_HIGH, -middle.high, zero);
    let r = rest.high * SMALLER;
    let square = exact_product(r, r, zero);
    let cubic = r * r * r * (0.166_666_67 + r * (0.041_666_668 + r * 0.008_333_334));
    // 1 + r + r²/2 + …
    let sum = exact_sum(r, square.high * 0.5, zero);
    let rest_of_it = sum.low + square.low * 0.5 + cubic + (rest.low - middle.low) * SMALLER;
    let one = exact_sum(1.0, sum.high, zero);
    let root_16 = exact_sum(one.high, one.low + rest_of_it, zero);
    let root_8 = product(root_16, root_16, zero);
    let root_4 = product(root_8, root_8, zero);
    let root_2 = product(root_4, root_4, zero);
    let result = product(root_2, root_2, zero);
    Scaled { high: result.high, low: result.low, power: i32::cast_from(power) }
}

/// value · 2^power, with at most `limit` as magnitude.
#[cube]
pub(super) fn scaled(value: Twofold, power: i32, limit: f32) -> Twofold {
    // In two steps, each of a power that `f32` has.
    let half = power / 2;
    let second = power_of_two(power - half);
    // Between them it may be larger, if the second one makes it smaller.
    let between = limit / second.min(1.0).max(limit / f32::MAX);
    limited_product(limited_product(value, power_of_two(half), between), second, limit)
}

#[cube]
fn limited_product(value: Twofold, factor: f32, limit: f32) -> Twofold {
    // What the factor brings to the limit, as far as f32 has it.
    let largest = limit / factor.max(limit / f32::MAX);
    let low = select(value.high.abs() < largest, value.low * factor, 0.0);
    Twofold { high: clamped(value.high, largest) * factor, low }
}

/// The value, with at most `limit` as magnitude.
#[cube]
pub(super) fn clamped(value: f32, limit: f32) -> f32 {
    value.min(limit).max(-limit)
}
