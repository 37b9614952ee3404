//! The least and the greatest of some numbers.

/// From the least to the greatest value; empty at first.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Range {
    pub(super) const EMPTY: Self = Self { min: f64::INFINITY, max: f64::NEG_INFINITY };

    pub(super) fn add(&mut self, value: f64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    pub(super) fn width(self) -> f64 {
        self.max - self.min
    }
}
