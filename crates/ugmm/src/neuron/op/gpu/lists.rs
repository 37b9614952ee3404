//! Which pairs of row and neuron the fast path leaves to the careful one in the backward pass.

use super::careful::is_careful;
use super::prepare::{UNITS, sum_of};
use cubecl::prelude::*;

/// For every owner, a neuron or a row, the number of its partners whose pair is a careful one, followed by these in
/// ascending order, `[owners, 1 + partners]`; and the sum of its cotangents, `[owners]`. A cube to each owner.
#[cube(launch)]
pub(super) fn careful_partners(
    pairs: &Tensor<f32>,
    cotangent: &Tensor<f32>,
    lists: &mut Tensor<u32>,
    totals: &mut Tensor<f32>,
    #[comptime] owners_are_rows: bool,
) {
    let neurons = cotangent.shape(1);
    let (owner, owners) = (CUBE_POS, lists.shape(0));
    if owner >= owners {
        terminate!();
    }
    let pitch = lists.shape(1);
    let partners = pitch - 1;
    // Each unit has a stretch of the partners.
    let unit = UNIT_POS as usize;
    let stretch = partners.div_ceil(UNITS);
    let first = (unit * stretch).min(partners);
    let end = (first + stretch).min(partners);

    let mut counts = Shared::<[u32]>::new_slice(UNITS);
    let mut sums = Shared::<[f32]>::new_slice(UNITS);
    let mut count = 0u32.runtime();
    let mut sum = 0.0f32.runtime();
    for partner in first..end {
        let (row, neuron) = if comptime!(owners_are_rows) { (owner, partner) } else { (partner, owner) };
        let g = cotangent[row * cotangent.stride(0) + neuron * cotangent.stride(1)];
        sum += g;
        if is_careful(pairs[row * neurons + neuron], g) {
            count += 1;
        }
    }
    counts[unit] = count;
    sync_cube();
    let mut next = owner * pitch + 1;
    for before in 0..unit {
        next += counts[before] as usize;
    }
    if unit == UNITS - 1 {
        lists[owner * pitch] = (next - 1 - owner * pitch) as u32 + count;
    }
    if count > 0 {
        for partner in first..end {
            let (row, neuron) = if comptime!(owners_are_rows) { (owner, partner) } else { (partner, owner) };
            let g = cotangent[row * cotangent.stride(0) + neuron * cotangent.stride(1)];
            if is_careful(pairs[row * neurons + neuron], g) {
                lists[next] = partner as u32;
                next += 1;
            }
        }
    }
    let total = sum_of(&mut sums, sum);
    if unit == 0 {
        totals[owner] = total;
    }
}
