//! What is kept of a block of rows between the way up and the way down.

use super::compiled::{Compiled, CompiledRegion};
use super::{BLOCK, Real};

/// Buffers for a block of at most [`BLOCK`] rows.
pub(crate) struct Workspace<T> {
    pub(crate) regions: Vec<RegionBuffers<T>>,
    /// Row, variable and what was taken off the log-densities of all leaves of the variable, so that digits are left for the rest.
    pub(crate) shifts: Vec<(usize, usize, T)>,
    /// log-densities of the root `[rows]`.
    pub(super) totals: Vec<T>,
    /// `[rows]`.
    pub(super) maxima: Vec<T>,
    /// `[rows, units]` of the widest region.
    pub(super) cotangents: Vec<T>,
    /// `[rows, width]` of the widest region.
    pub(super) products: Vec<T>,
}

/// Of one region. Tables have none: their values are looked up.
#[derive(Default)]
pub(crate) struct RegionBuffers<T> {
    /// log-densities `[rows, units]`.
    pub(crate) values: Vec<T>,
    /// e^(log product - maximum of the row) `[rows, width]`.
    pub(crate) exponentials: Vec<T>,
    /// 1 / Σ W e `[rows, units]`; 0 where the sum is too small and in `rescued` instead, or nothing at all.
    pub(crate) inverse_sums: Vec<T>,
    /// Row, unit and log-products of sums that had to be taken with a maximum of their own.
    pub(crate) rescued: Vec<(usize, usize, Vec<T>)>,
    /// The share of each row that goes through each unit, `[rows, units]`.
    pub(super) flows: Vec<T>,
    /// Whether the flows hold something of this block.
    pub(super) reached: bool,
}

impl<T: Real> Workspace<T> {
    /// With room for the way up, and for the way down if `flows`.
    pub(crate) fn new(compiled: &Compiled<T>, flows: bool) -> Self {
        let room = |numbers: usize| vec![T::zero(); BLOCK * numbers];
        let (mut units, mut width) = (0, 0);
        let regions = compiled.regions.iter().map(|region| {
            let mut buffers = RegionBuffers::default();
            match region {
                CompiledRegion::Discrete(_) => return buffers,
                CompiledRegion::Inner(inner) => {
                    buffers.exponentials = room(inner.width);
                    buffers.inverse_sums = room(inner.units);
                    width = width.max(inner.width);
                }
                CompiledRegion::Gaussian(_) => {}
            }
            units = units.max(region.units());
            buffers.values = room(region.units());
            buffers.flows = if flows { room(region.units()) } else { Vec::new() };
            buffers
        });
        let regions = regions.collect();
        let (shifts, totals) = (Vec::new(), Vec::new());
        Self { regions, shifts, totals, maxima: room(1), cotangents: room(units), products: room(width) }
    }
}
