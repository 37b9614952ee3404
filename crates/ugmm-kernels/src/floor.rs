//! Standard deviations with a floor: σ² = m² + e^(2ρ) for the floor m and the raw logarithm ρ of each component.

use crate::simd::dispatch::InstructionSet;
use crate::simd::exp::exp;
use crate::simd::logarithm::ln;
use crate::tasks::Tasks;

/// Cost of one component in these functions, in component evaluations of the forward pass.
const WORK: usize = 4;
// The two loops below stand written out: with a closure for what they compute, the compiler does not vectorise it, and a step on a
// table takes a quarter longer.

/// Number of components in a task.
const COMPONENTS_PER_TASK: usize = 1 << 13;

/// log σ of each component, from its ρ and log m, to the precision of `f32`. `rhos` and the result have one
/// entry per component.
#[must_use]
pub fn floored_log_sigmas(rhos: &[f32], log_floor: f32) -> Vec<f32> {
    let mut log_sigmas = vec![0.0; rhos.len()];
    let pieces = log_sigmas.chunks_mut(COMPONENTS_PER_TASK).zip(rhos.chunks(COMPONENTS_PER_TASK));
    let (instructions, log_floor) = (InstructionSet::best(), f64::from(log_floor));
    tasks(rhos).for_each(pieces, |(log_sigmas, rhos)| {
        instructions.vectorised(
            #[inline(always)]
            || {
                for (log_sigma, &rho) in log_sigmas.iter_mut().zip(rhos) {
                    // This is log m + ½ log(1 + e^a), written with the larger of the two terms so that
                    // nothing overflows.
                    let a = 2.0 * (f64::from(rho) - log_floor);
                    let larger = if a > 0.0 { a } else { 0.0 };
                    *log_sigma = (log_floor + 0.5 * (larger + ln(1.0 + exp(-a.abs())))) as f32;
                }
            },
        );
    });
    log_sigmas
}

/// Turns gradients with respect to log σ into gradients with respect to ρ by multiplying each with e^(2ρ) /
/// σ². `gradients` and `rhos` have one entry per component; `log_floor` is log m.
pub fn floor_gradients(gradients: &mut [f32], rhos: &[f32], log_floor: f32) {
    let pieces = gradients.chunks_mut(COMPONENTS_PER_TASK).zip(rhos.chunks(COMPONENTS_PER_TASK));
    let (instructions, log_floor) = (InstructionSet::best(), f64::from(log_floor));
    tasks(rhos).for_each(pieces, |(gradients, rhos)| {
        instructions.vectorised(
            #[inline(always)]
            || {
                for (gradient, &rho) in gradients.iter_mut().zip(rhos) {
                    *gradient =
                        (f64::from(*gradient) / (1.0 + exp(2.0 * (log_floor - f64::from(rho))))) as f32;
                }
            },
        );
    });
}

fn tasks(rhos: &[f32]) -> Tasks {
    Tasks::for_work(rhos.len().saturating_mul(WORK))
}

#[cfg(test)]
mod tests {
    use super::{floor_gradients, floored_log_sigmas};

    #[test]
    fn floors_and_their_slopes_are_those_of_the_formula() {
        let rhos: Vec<f32> = (0..100_000).map(|step| (step - 50_000) as f32 * 2e-3).collect();
        for floor in [1e-3_f64, 0.2, 5.0] {
            let log_floor = floor.ln() as f32;
            let log_sigmas = floored_log_sigmas(&rhos, log_floor);
            let mut gradients = vec![-2.0; rhos.len()];
            floor_gradients(&mut gradients, &rhos, log_floor);
            for ((&rho, log_sigma), gradient) in rhos.iter().zip(log_sigmas).zip(gradients) {
                let floor_squared = (2.0 * f64::from(log_floor)).exp();
                let raw_squared = (2.0 * f64::from(rho)).exp();
                let expected = 0.5 * (floor_squared + raw_squared).ln();
                assert!((f64::from(log_sigma) - expected).abs() <= 1e-7 * expected.abs() + 1e-10, "{rho}");
                let expected = -2.0 * raw_squared / (floor_squared + raw_squared);
                assert!((f64::from(gradient) - expected).abs() < 1e-6, "{rho}: {gradient} {expected}");
            }
        }
        for (rho, expected) in [(3e38, 3e38), (-3e38, 0.0), (f32::MIN, 0.0)] {
            assert_eq!(floored_log_sigmas(&[rho], 0.0), [expected], "{rho}");
            let mut gradients = [1.0];
            floor_gradients(&mut gradients, &[rho], 0.0);
            assert_eq!(gradients, [if rho > 0.0 { 1.0 } else { 0.0 }]);
        }
    }
}
