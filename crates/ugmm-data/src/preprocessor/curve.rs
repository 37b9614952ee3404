//! Piecewise linear functions.

/// The value at `x` of the function that goes through the points (`xs`, `ys`) in straight lines, and beyond the first
/// and last stays as it is there. NaN for NaN.
///
/// Both lists ascend, have the same length and at least one number, and all are finite. Then the function never
/// descends, not even by rounding.
pub(super) fn at(xs: &[f64], ys: &[f64], x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    match xs.partition_point(|&knot| knot <= x) {
        0 => ys[0],
        next if next == xs.len() => ys[next - 1],
        next => {
            let share = share(xs[next - 1], xs[next], x);
            let (low, high) = (ys[next - 1], ys[next]);
            let rise = high - low;
            let y = if rise.is_finite() { low + share * rise } else { low * (1.0 - share) + high * share };
            y.clamp(low, high)
        }
    }
}

/// Which part of the way from `low` to `high` it is to `x`, even if that way is longer than the largest number.
fn share(low: f64, high: f64, x: f64) -> f64 {
    match high - low {
        way if way.is_finite() => (x - low) / way,
        _ => (x * 0.5 - low * 0.5) / (high * 0.5 - low * 0.5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_the_points_it_is_linear_and_beyond_them_constant() {
        let (xs, ys) = ([0.0, 1.0, 3.0], [10.0, 20.0, 60.0]);
        let found = [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, f64::INFINITY].map(|x| at(&xs, &ys, x));
        assert_eq!(found, [10.0, 10.0, 15.0, 20.0, 40.0, 60.0, 60.0, 60.0]);
        assert!(at(&xs, &ys, f64::NAN).is_nan());
        assert_eq!(at(&[1.0], &[2.0], 5.0), 2.0);
    }

    #[test]
    fn no_way_is_too_long_and_none_too_short() {
        let ends = [-f64::MAX, f64::MAX];
        assert_eq!(at(&ends, &[0.0, 1.0], 0.0), 0.5);
        assert_eq!(at(&[0.0, 1.0], &ends, 0.5), 0.0);
        let tiny = [0.0, 5e-324];
        assert_eq!(at(&tiny, &[0.0, 1.0], 5e-324), 1.0);
        assert_eq!(at(&[0.0, 1.0], &tiny, 0.25), 0.0);
        // Both ways are 1 after rounding.
        assert_eq!(at(&[-1.0, 1e-17], &[-1.0, -5e-17], 0.0), -5e-17);
    }
}
