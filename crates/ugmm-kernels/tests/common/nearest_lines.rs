//! The nearest lines above and below a function, found by search over slopes.

/// The least value at `at` of a line above a function, and the greatest of a line below it. `points` are (x,
/// value) of the function. A line through (`at`, 0) is raised or lowered, with the slope for which that is
/// least.
pub fn nearest_lines(points: &[(f64, f64)], at: f64) -> (f64, f64) {
    let raised = |slope: f64, sign: f64| {
        let over = points.iter().map(|(x, value)| sign * value - slope * (x - at));
        over.fold(f64::NEG_INFINITY, f64::max)
    };
    let steepest = points.windows(2).map(|pair| ((pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0)).abs());
    let steepest = steepest.fold(0.0, f64::max);
    let least = |sign: f64| {
        // The function is convex in the slope.
        let (mut low, mut high) = (-steepest, steepest);
        for _ in 0..80 {
            let (first, second) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
            if raised(first, sign) < raised(second, sign) { high = second } else { low = first }
        }
        raised(0.5 * (low + high), sign)
    };
    (least(1.0), -least(-1.0))
}
