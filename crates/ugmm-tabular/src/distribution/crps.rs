//! The continuous ranked probability score of a mixture.

use ugmm_circuit::{GaussianComponent, UnivariateMixture};

/// Steps of the quadrature on each side of a number.
const STEPS: usize = 128;
/// Probability of a mixture beyond its limits up to which it counts as not truncated.
const NEGLIGIBLE: f64 = 1e-9;

/// ∫ (F(t) − 1[t ≥ y])² dt. A mixture of Gaussians has E|X − y| − ½ E|X − X′| in closed form (Grimit et al.
/// 2006), a truncated mixture needs quadrature, and a discrete variable a sum over its values, which are 1
/// apart.
pub(super) fn continuous_ranked_probability_score(mixture: &UnivariateMixture, number: f64) -> f64 {
    match mixture {
        UnivariateMixture::Continuous { components, .. }
            if components.iter().map(|component| component.weight).sum::<f64>() > 1.0 + NEGLIGIBLE =>
        {
            let (low, high) = (mixture.quantile(0.0), mixture.quantile(1.0));
            let middle = number.clamp(low, high);
            let below = simpson(low, middle, |value| mixture.cumulative(value).powi(2));
            let above = simpson(middle, high, |value| (1.0 - mixture.cumulative(value)).powi(2));
            below + above + (number - middle).abs()
        }
        UnivariateMixture::Continuous { components, .. } => {
            let pair = |a: &GaussianComponent, b: &GaussianComponent| {
                a.weight * b.weight * mean_distance(a.mean - b.mean, a.sigma.hypot(b.sigma))
            };
            let near: f64 =
                components.iter().map(|c| c.weight * mean_distance(number - c.mean, c.sigma)).sum();
            let apart: f64 =
                components.iter().map(|a| components.iter().map(|b| pair(a, b)).sum::<f64>()).sum();
            near - 0.5 * apart
        }
        UnivariateMixture::Discrete { first, probabilities } => {
            let (mut sum, mut score) = (0.0, 0.0);
            let first = *first as f64;
            // Steps from each value to the next; after the last value F is 1.
            let steps = &probabilities[..probabilities.len().saturating_sub(1)];
            for (value, probability) in (0..).map(|step| first + f64::from(step)).zip(steps) {
                sum += probability;
                score += (sum - f64::from(u8::from(value >= number))).powi(2);
            }
            // Between the number and the range of the values, F is 0 or 1.
            let last = first + steps.len() as f64;
            score + (first - number).max(0.0) + (number - last).max(0.0)
        }
    }
}

/// ∫ f from `low` to `high` by Simpson's rule.
fn simpson(low: f64, high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let width = (high - low) / STEPS as f64;
    let term = |step: usize| {
        let factor = if step == 0 || step == STEPS { 1.0 } else { 2.0 + 2.0 * (step % 2) as f64 };
        factor * f(low + width * step as f64)
    };
    (0..=STEPS).map(term).sum::<f64>() * width / 3.0
}

/// E|N(mean, sigma²)|.
fn mean_distance(mean: f64, sigma: f64) -> f64 {
    let z = mean / sigma;
    let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    2.0 * sigma * density + mean * libm::erf(z * std::f64::consts::FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::Distribution;
    use ugmm_network::metrics::NumberMetrics;

    #[test]
    fn measures_of_a_normal_distribution_are_those_of_the_formulas() {
        let components = [0.25, 0.75].map(|weight| GaussianComponent { weight, mean: 3.0, sigma: 2.0 });
        let normal = UnivariateMixture::Continuous { components: components.to_vec(), low: None, high: None };
        let numbers: Vec<f64> = (0..2000).map(|i| normal.quantile((f64::from(i) + 0.5) / 2000.0)).collect();
        let metrics = NumberMetrics::of(&vec![Distribution::Mixture(normal); 2000], &numbers, None);
        let close =
            |found: f64, expected: f64| assert!((found - expected).abs() < 5e-3, "{found} {expected}");
        close(metrics.rmse, 2.0);
        close(metrics.r2.unwrap(), 0.0);
        // −½ ln 2πe − ln σ, σ/√π, and 2 · 1.645 σ.
        close(metrics.log_density, -0.5 * (std::f64::consts::TAU.ln() + 1.0) - 2f64.ln());
        close(metrics.crps, 2.0 / std::f64::consts::PI.sqrt());
        close(metrics.width_90, 4.0 * 1.644_854);
        close(metrics.coverage_90, 0.9);
        close(metrics.coverage_50, 0.5);
    }

    /// The half-normal distribution has its own formulas for E|X − y| and E|X − X′|.
    #[test]
    fn the_score_of_what_is_cut_off_is_that_of_its_formula() {
        let components = vec![GaussianComponent { weight: 2.0, mean: 0.0, sigma: 1.0 }];
        let half = UnivariateMixture::Continuous { components, low: Some(0.0), high: None };
        let root = (2.0 / std::f64::consts::PI).sqrt();
        for number in [-0.5, 0.0, 0.3, 1.0, 4.0] {
            // E|X − y| is E|Z − y| over both signs of Z without the contribution of the negative half.
            let near = if number <= 0.0 {
                root - number
            } else {
                let inside = libm::erf(number * std::f64::consts::FRAC_1_SQRT_2);
                number * (2.0 * inside - 1.0) + 2.0 * root * (-0.5 * number * number).exp() - root
            };
            let apart = root * (2.0 * std::f64::consts::SQRT_2 - 2.0);
            let found = continuous_ranked_probability_score(&half, number);
            assert!((found - (near - 0.5 * apart)).abs() < 1e-5, "{number}: {found}, {}", near - 0.5 * apart);
        }
        let normal = (half.mean() - root).abs() + (half.deviation().powi(2) - 1.0 + root * root).abs();
        assert!(normal < 1e-12 && half.quantile(0.0) >= 0.0 && half.density(-0.1) == 0.0);
    }

    #[test]
    fn the_score_of_a_discrete_variable_is_that_of_expected_distances() {
        let probabilities = vec![0.2, 0.3, 0.1, 0.4];
        let distribution = UnivariateMixture::Discrete { first: 5, probabilities: probabilities.clone() };
        for number in [3.0, 5.0, 6.0, 8.0, 11.0] {
            let at = |state: usize| 5.0 + state as f64;
            let near: f64 = (0..4).map(|a| probabilities[a] * (at(a) - number).abs()).sum();
            let mut apart = 0.0;
            for a in 0..4 {
                for b in 0..4 {
                    apart += probabilities[a] * probabilities[b] * (at(a) - at(b)).abs();
                }
            }
            let score = continuous_ranked_probability_score(&distribution, number);
            assert!((score - (near - 0.5 * apart)).abs() < 1e-12, "{number}: {score}");
        }
        let metrics = NumberMetrics::of(&[Distribution::Mixture(distribution)], &[20.0], None);
        assert_eq!((metrics.outside, metrics.coverage_90), (1, 0.0));
        assert!(metrics.coverage_50.is_sign_positive() && metrics.coverage_90.is_sign_positive());
    }
}
