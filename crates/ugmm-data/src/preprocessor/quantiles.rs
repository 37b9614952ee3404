//! The points of a curve from values to normal quantiles.

use super::normal;

/// Most points of a curve.
pub(super) const KNOT_LIMIT: usize = 255;

/// Points of the curve that makes `values` standard normal, at most [`KNOT_LIMIT`]: ascending values, and for each the
/// normal quantile of the share of values below it, half of its own included.
///
/// If there are more different values, the points are about evenly spaced by quantile, so that a straight line between
/// two of them is off by little, in the tails as in the middle. The ends are no further out than the quantiles of
/// 1/(2n) and 1 - 1/(2n) for n values. A positive weight counts as so many values; without weights each counts once. Values
/// are finite.
pub(super) fn knots(values: &[f64], weights: Option<&[f64]>) -> (Vec<f64>, Vec<f64>) {
    let weighed = |(row, &value): (usize, &f64)| (value, weights.map_or(1.0, |weights| weights[row]));
    let mut values: Vec<(f64, f64)> = values.iter().enumerate().map(weighed).collect();
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let count: f64 = values.iter().map(|(_, weight)| weight).sum();
    let mut below = 0.0;
    let points: Vec<(f64, f64)> = values
        .chunk_by(|a, b| a.0 == b.0)
        .map(|tied| {
            let own: f64 = tied.iter().map(|(_, weight)| weight).sum();
            let middle = below + 0.5 * own;
            below += own;
            (tied[0].0, score(middle, count))
        })
        .collect();
    if points.len() <= KNOT_LIMIT {
        return points.into_iter().unzip();
    }
    let (first, last) = (points[0], points[points.len() - 1]);
    // Points taken are at least a step apart, so that with the first and the last there are no more than the limit.
    let step = (last.1 - first.1) / (KNOT_LIMIT - 2) as f64;
    let mut taken = vec![first];
    let mut latest = first.1;
    for &point in &points[1..points.len() - 1] {
        if point.1 >= latest + step {
            taken.push(point);
            latest = point.1;
        }
    }
    taken.push(last);
    taken.into_iter().unzip()
}

/// The normal quantile of `rank` out of `count`; symmetric, so that no digits are lost close to 1.
fn score(rank: f64, count: f64) -> f64 {
    if 2.0 * rank <= count {
        normal::quantile(rank / count)
    } else {
        -normal::quantile((count - rank) / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_all_points_at_their_middle_ranks() {
        let (values, scores) = knots(&[3.0, 1.0, 0.0, 1.0, -0.0, 1.0, 7.0, 1.0], None);
        let weights = [1.0, 2.0, 0.5, 2.0, 1.5, 1.0];
        let weighted = knots(&[3.0, 1.0, 0.0, 1.0, 0.0, 7.0], Some(&weights));
        assert_eq!((&values, &scores), (&weighted.0, &weighted.1));
        assert_eq!(values, [0.0, 1.0, 3.0, 7.0]);
        let expected = [1.0, 4.0, 6.5, 7.5].map(|rank: f64| normal::quantile(rank / 8.0));
        for (score, expected) in scores.iter().zip(expected) {
            assert!((score - expected).abs() < 1e-15, "{scores:?}");
        }
    }

    #[test]
    fn many_values_have_points_close_to_each_other_from_end_to_end() {
        let all: Vec<f64> = (0..100_000).map(|n| f64::from(n).sqrt()).collect();
        let (values, scores) = knots(&all, None);
        assert!(values.len() <= KNOT_LIMIT && values.len() > 200, "{}", values.len());
        assert_eq!((values[0], values[values.len() - 1]), (0.0, 99_999_f64.sqrt()));
        assert_eq!(scores[0], normal::quantile(1.0 / 200_000.0));
        assert_eq!(scores[scores.len() - 1], -scores[0]);
        assert!(values.is_sorted_by(|a, b| a < b) && scores.is_sorted_by(|a, b| a < b));
        let widest = scores.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
        // But for the ends, where single values are further apart.
        assert!(widest < 0.4, "{widest}");
    }
}
