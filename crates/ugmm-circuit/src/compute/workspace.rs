//! Intermediate results of a block of rows, kept from the upward pass for the downward pass.

use super::compiled::{Compiled, CompiledRegion};
use super::gaussian_leaf::LANES;
use super::{BLOCK, Real};

/// Buffers for a block of rows, at most [`BLOCK`].
pub(crate) struct Workspace<T> {
    pub(crate) regions: Vec<RegionBuffers<T>>,
    /// Row, variable and amount subtracted from the log-densities of all leaves of the variable, which saves
    /// the digits of other terms.
    pub(crate) shifts: Vec<(usize, usize, T)>,
    /// log-densities of the root, `[rows]`.
    pub(super) totals: Vec<T>,
    /// Maxima of log-products, `[rows]`.
    pub(super) maxima: Vec<T>,
    /// Buffer `[rows, units]` for the widest region.
    pub(super) cotangents: Vec<T>,
    /// Buffer `[rows, width]` for the widest region.
    pub(super) products: Vec<T>,
}

/// The buffers of one region. Tables have none, because their values are looked up.
#[derive(Default)]
pub(crate) struct RegionBuffers<T> {
    /// log-densities, `[rows, units]`.
    pub(crate) values: Vec<T>,
    /// e^(log product - maximum of the row), `[rows, width]`.
    pub(crate) exponentials: Vec<T>,
    /// 1 / Σ W e, `[rows, units]`; 0 where the sum is 0, or too small and in `rescued` instead.
    pub(crate) inverse_sums: Vec<T>,
    /// Row, unit and log-products of sums that were computed relative to their own maximum.
    pub(crate) rescued: Vec<(usize, usize, Vec<T>)>,
    /// The share of each row's density that goes through each unit, `[rows, units]`.
    pub(super) flows: Vec<T>,
    /// Whether `flows` contains values of the current block.
    pub(super) reached: bool,
}

impl<T: Real> Workspace<T> {
    /// Allocates the buffers of the upward pass for blocks of at most `rows` rows, and those of the downward
    /// pass if `flows`.
    pub(crate) fn new(compiled: &Compiled<T>, rows: usize, flows: bool) -> Self {
        let rows = rows.min(BLOCK);
        let room = |numbers: usize| vec![T::zero(); rows * numbers];
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
            // Gaussian leaves work on vectors, of which the last may reach beyond the numbers.
            let with_room = || vec![T::zero(); rows * region.units() + LANES];
            buffers.values = with_room();
            buffers.flows = if flows { with_room() } else { Vec::new() };
            buffers
        });
        let regions = regions.collect();
        let (shifts, totals) = (Vec::new(), Vec::new());
        Self { regions, shifts, totals, maxima: room(1), cotangents: room(units), products: room(width) }
    }
}
