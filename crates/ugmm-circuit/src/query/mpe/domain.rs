//! Domains of queried variables, in standard units and table indices.

use crate::circuit::Circuit;
use crate::compute::CompiledRegion;
use crate::error::CircuitError;

/// A variable to find.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MpeVariable {
    /// Index of the variable, from 0.
    pub variable: usize,
    /// The range to search, in the units of the data, both ends included; `None` for all values.
    pub range: Option<(f64, f64)>,
}

/// The possible values of a queried variable.
pub(super) struct Domain {
    pub variable: usize,
    pub whole: Cell,
    /// Whether its values are table indices.
    pub is_discrete: bool,
}

/// A part of a domain: all values from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cell {
    pub low: f64,
    pub high: f64,
}

impl Domain {
    pub fn new(circuit: &Circuit, asked: MpeVariable) -> Result<Self, CircuitError> {
        let about = circuit.variable(asked.variable)?;
        let wrong = |(low, high): (f64, f64), expected| CircuitError::Setting {
            setting: "the range of a variable",
            value: format!("{low} to {high}"),
            expected,
        };
        if let Some(range) = asked.range
            && !(range.0 <= range.1 && range.0.is_finite() && range.1.is_finite())
        {
            return Err(wrong(range, "from a finite number to one at least as large"));
        }
        let whole = match (about.states(), asked.range) {
            (Some(states), range) => {
                let last = states as f64 - 1.0;
                let ends = range.map_or((0.0, last), |(low, high)| {
                    let first = about.first() as f64;
                    ((low - first).ceil().max(0.0), (high - first).floor().min(last))
                });
                if ends.0 > ends.1 {
                    return Err(wrong(asked.range.unwrap_or_default(), "one with a value of the variable"));
                }
                Cell { low: ends.0, high: ends.1 }
            }
            (None, range) => {
                let hull = hull(circuit, asked.variable);
                // The variable has no values beyond its ends.
                let (least, greatest) = about.ends();
                if let Some(range) = range
                    && (range.1 < least || range.0 > greatest)
                {
                    return Err(wrong(range, "one with a value of the variable"));
                }
                let inside = |value: f64| about.encode(value.clamp(least, greatest));
                match range.map(|(low, high)| (inside(low), inside(high))) {
                    // Beyond all means the density decreases, whatever the other values are.
                    Some((Some(low), Some(high))) => {
                        Cell { low: hull.0.clamp(low, high), high: hull.1.clamp(low, high) }
                    }
                    _ => Cell { low: hull.0, high: hull.1 },
                }
            }
        };
        Ok(Self { variable: asked.variable, whole, is_discrete: about.states().is_some() })
    }

    /// A value in or near the middle of a cell.
    pub fn middle(&self, cell: Cell) -> f64 {
        let middle = 0.5 * cell.low + 0.5 * cell.high;
        if self.is_discrete { middle.floor() } else { middle.clamp(cell.low, cell.high) }
    }

    /// The two halves of a cell; `None` if it cannot be divided.
    pub fn halves(&self, cell: Cell) -> Option<[Cell; 2]> {
        let middle = self.middle(cell);
        if self.is_discrete {
            let parts = [Cell { high: middle, ..cell }, Cell { low: middle + 1.0, ..cell }];
            (cell.low < cell.high).then_some(parts)
        } else {
            let parts = [Cell { high: middle, ..cell }, Cell { low: middle, ..cell }];
            (cell.low < middle && middle < cell.high).then_some(parts)
        }
    }

    /// The fraction of the domain that a cell covers.
    pub fn share(&self, cell: Cell) -> f64 {
        let all = self.whole.high - self.whole.low;
        if all > 0.0 { (cell.high - cell.low) / all } else { 0.0 }
    }
}

/// The least and the greatest mean of a continuous variable's components.
fn hull(circuit: &Circuit, variable: usize) -> (f64, f64) {
    let mut hull = (f64::INFINITY, f64::NEG_INFINITY);
    for region in &circuit.compiled().regions {
        if let CompiledRegion::Gaussian(gaussians) = region
            && gaussians.variable == variable
        {
            for mean in &gaussians.means[..gaussians.numbers()] {
                hull = (hull.0.min(*mean), hull.1.max(*mean));
            }
        }
    }
    hull
}
