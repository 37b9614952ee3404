//! Linear functions above and below the bump φ(z) = exp(−½ z²) on an interval.
//!
//! φ is concave between −1 and 1 and convex outside. Lines are tangents and chords, chosen approximately to
//! be near the bump. Whether a line is above or below follows from the ends of the interval alone, whatever
//! the tangent point: the line is shifted until it is.

use crate::simd::exp::exp;
use std::sync::LazyLock;

/// A linear function of z.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub offset: f64,
    pub slope: f64,
}

impl Line {
    fn tangent(at: f64) -> Self {
        let value = bump(at);
        Self { offset: value * (1.0 + at * at), slope: -at * value }
    }

    #[inline(always)]
    pub fn at(self, z: f64) -> f64 {
        self.offset + self.slope * z
    }

    fn mirrored(self) -> Self {
        Self { slope: -self.slope, ..self }
    }
}

#[inline(always)]
pub(super) fn bump(z: f64) -> f64 {
    exp(-0.5 * z * z)
}

/// An interval of z with the values of the bump at its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    low: f64,
    high: f64,
    at_low: f64,
    at_high: f64,
}

impl Interval {
    pub fn new(low: f64, high: f64) -> Self {
        Self { low, high, at_low: bump(low), at_high: bump(high) }
    }

    fn mirrored(self) -> Self {
        Self { low: -self.high, high: -self.low, at_low: self.at_high, at_high: self.at_low }
    }

    fn middle(self) -> f64 {
        0.5 * (self.low + self.high)
    }

    fn chord_slope(self) -> f64 {
        let width = self.high - self.low;
        // The quotient loses its digits on a very short interval, on which any slope is good enough.
        if width > 1e-7 {
            (self.at_high - self.at_low) / width
        } else {
            let middle = self.middle();
            -middle * bump(middle)
        }
    }

    /// The lowest line of this slope that is above both ends.
    fn above_ends(self, slope: f64) -> Line {
        Line { slope, offset: (self.at_low - slope * self.low).max(self.at_high - slope * self.high) }
    }

    /// The highest line of this slope that is below both ends.
    fn below_ends(self, slope: f64) -> Line {
        Line { slope, offset: (self.at_low - slope * self.low).min(self.at_high - slope * self.high) }
    }

    /// The chord through both ends. For a variable that only takes the two end values it is exact.
    pub fn chord(self) -> Line {
        let slope = self.chord_slope();
        Line { slope, offset: 0.5 * (self.at_low - slope * self.low + self.at_high - slope * self.high) }
    }

    /// A line above the bump.
    pub fn above(self) -> Line {
        if self.low >= 1.0 || self.high <= -1.0 {
            // Convex: below its chord.
            return self.above_ends(self.chord_slope());
        }
        if self.low + self.high < 0.0 {
            return self.mirrored().above().mirrored();
        }
        // The interval reaches farther to the right. The line from the right end touches the concave part
        // here.
        let touch = if self.high > 1.0 { touch_from_tail(self.high) } else { 1.0 };
        if touch < self.low {
            let slope = self.chord_slope();
            // The chord is above the concave part if its slope is not below that of the bump at the low end.
            if -self.low * self.at_low <= slope {
                return self.above_ends(slope);
            }
        }
        let point = self.middle().min(touch).max(self.low.max(-1.0)).min(1.0);
        let line = Line::tangent(point);
        // The tangent is above the concave part; on the convex parts its difference to the bump is greatest
        // at an end.
        let short = (self.at_low - line.at(self.low)).max(self.at_high - line.at(self.high));
        Line { offset: line.offset + short.max(0.0), ..line }
    }

    /// A line below the bump.
    pub fn below(self) -> Line {
        if self.low >= -1.0 && self.high <= 1.0 {
            // Concave: above its chord.
            return self.below_ends(self.chord_slope());
        }
        if self.low >= 1.0 || self.high <= -1.0 {
            // Convex: above its tangents.
            return Line::tangent(self.middle());
        }
        if self.low + self.high < 0.0 {
            return self.mirrored().below().mirrored();
        }
        // The interval reaches farther to the right, into the right tail. The line from the left end touches
        // that tail here.
        let touch = touch_from_left(self.low);
        if touch > self.high {
            let slope = self.chord_slope();
            // The chord is below the tail if its slope is not below that of the bump at the high end.
            if -self.high * self.at_high <= slope {
                return self.below_ends(slope);
            }
        }
        let line = Line::tangent(self.middle().max(touch).max(1.0).min(self.high));
        // The tangent is below the convex tail that it touches. It falls, so that in a tail on the left the
        // difference is least at the left end; on the concave part it is least at one end of that part.
        let over = line.at(self.low) - self.at_low;
        Line { offset: line.offset - over.max(0.0), ..line }
    }
}

/// The approximate point where a line through the bump at `tail` ≥ 1 touches the concave part.
fn touch_from_tail(tail: f64) -> f64 {
    /// Beyond this tail the bump is negligible beside its value at the touching point.
    const LAST: f64 = 6.0;
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new([1.0, LAST], [-1.0, 1.0]));
    if tail >= LAST {
        return 2.0 / (tail + (tail * tail - 4.0).sqrt());
    }
    TABLE.at(tail)
}

/// The approximate point where a line through the bump at `left` ≤ 1 touches the right tail.
fn touch_from_left(left: f64) -> f64 {
    /// To the left of this the bump is negligible beside its values near the touching point.
    const FIRST: f64 = -6.0;
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new([FIRST, 1.0], [1.0, 8.0]));
    TABLE.at(left)
}

/// Number of cells in a table.
const CELLS: usize = 256;

/// A table of the points where lines through points of the bump touch it.
struct Table {
    first: f64,
    last: f64,
    touches: Vec<f64>,
}

impl Table {
    /// Tabulates the touching points, searched for in `[low, high]`, for points from `first` to `last`.
    fn new([first, last]: [f64; 2], [low, high]: [f64; 2]) -> Self {
        let points = (0..=CELLS).map(|cell| first + (last - first) * cell as f64 / CELLS as f64);
        // Tangents at larger t pass below the point.
        let is_beyond = |t: f64, point: f64| bump(t) * (1.0 - t * (point - t)) - bump(point) < 0.0;
        let touches = points.map(|point| bisect(low, high, |t| is_beyond(t, point))).collect();
        Self { first, last, touches }
    }

    /// The touching point of `point`, interpolated; a point outside of the table gets that of the nearest
    /// end.
    fn at(&self, point: f64) -> f64 {
        let share = (point - self.first) / (self.last - self.first);
        let place = share.clamp(0.0, 1.0) * CELLS as f64;
        let cell = (place as usize).min(CELLS - 1);
        let part = place - cell as f64;
        self.touches[cell] * (1.0 - part) + self.touches[cell + 1] * part
    }
}

/// The value at which `is_beyond` becomes true.
fn bisect(mut low: f64, mut high: f64, is_beyond: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if is_beyond(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::{Interval, bump};
    use crate::bounds::nearest_lines::nearest_lines;

    /// Tests ends just inside of the tables, whose fractions round to 1, and ends far outside.
    #[test]
    fn lines_at_the_ends_of_the_tables_hold() {
        for (low, high) in
            [(1.0f64.next_down(), 3.0), (-1.0, 6.0f64.next_down()), (-6.0, 6.0), (-40.0, 50.0), (-1e6, 1e6)]
        {
            let interval = Interval::new(low, high);
            let points = [low, high, 0.5 * (low + high), 0.0, 1.0, -1.0, 2.0, -2.0];
            for z in points.map(|z: f64| z.clamp(low, high)) {
                assert!(interval.above().at(z) >= bump(z) - 1e-14, "{low} {high} {z}");
                assert!(interval.below().at(z) <= bump(z) + 1e-14, "{low} {high} {z}");
            }
        }
    }

    #[test]
    fn no_line_is_nearer_to_the_bump_in_the_middle() {
        for from in -24..24 {
            for width in 1..32 {
                let (low, high) = (f64::from(from) / 4.0, f64::from(from + width) / 4.0);
                let (middle, interval) = (0.5 * (low + high), Interval::new(low, high));
                let place = |step: i32| low + (high - low) * f64::from(step) / 400.0;
                let points: Vec<_> = (0..=400).map(|step| (place(step), bump(place(step)))).collect();
                let (above, below) = nearest_lines(&points, middle);
                // The grid is too low by at most an eighth of its spacing squared.
                let near = 2e-5 + 0.125 * ((high - low) / 400.0).powi(2);
                assert!(interval.above().at(middle) < above + near, "{low} {high}: {above}");
                assert!(interval.below().at(middle) > below - near, "{low} {high}: {below}");
            }
        }
    }

    #[test]
    fn lines_hold_everywhere_and_are_near_on_short_intervals() {
        for from in -80..80 {
            for width in 0..160 {
                let (low, high) = (f64::from(from) / 10.0, f64::from(from + width) / 10.0);
                let interval = Interval::new(low, high);
                let (above, below) = (interval.above(), interval.below());
                let mut widest = 0.0f64;
                for step in 0..=200 {
                    let z = low + (high - low) * f64::from(step) / 200.0;
                    assert!(above.at(z) >= bump(z) - 1e-14, "{low} {high}: {} at {z}", above.at(z));
                    assert!(below.at(z) <= bump(z) + 1e-14, "{low} {high}: {} at {z}", below.at(z));
                    widest = widest.max(above.at(z) - below.at(z));
                }
                // |φ''| ≤ 1.
                assert!(widest <= 0.5 * (high - low).powi(2) + 1e-14, "{low} {high}: {widest}");
                let chord = interval.chord();
                assert!(
                    (chord.at(low) - bump(low)).abs() < 1e-14 && (chord.at(high) - bump(high)).abs() < 1e-14
                );
            }
        }
    }
}
