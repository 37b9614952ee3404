//! Leaves of Gaussian mixtures, evaluated for one row and all units.

use super::Real;
use super::compiled::CompiledGaussians;
use crate::leaf::gaussian::Moments;

impl<T: Real> CompiledGaussians<T> {
    /// The distance of a value from a component's mean, in standard deviations.
    #[inline(always)]
    fn distance(&self, value: T, at: usize) -> T {
        let z = (value - self.means[at]) * self.inverse_sigmas[at];
        z.smaller(T::FARTHEST).larger(-T::FARTHEST)
    }

    /// The log-density of a component at a value.
    #[inline(always)]
    fn log_component(&self, value: T, at: usize) -> T {
        let z = self.distance(value, at);
        self.constants[at] - T::from_f64(0.5) * z * z
    }

    /// Writes the log-densities of a value under all units to `to` `[units]`; 0 where the value is missing.
    #[inline(always)]
    pub(crate) fn log_densities(&self, value: T, to: &mut [T]) {
        if value.is_missing() {
            to.fill(T::zero());
            return;
        }
        for (unit, density) in to.iter_mut().enumerate() {
            *density = self.log_component(value, unit);
        }
        if self.components == 1 {
            return;
        }
        // First the largest component of each unit, then the log of the sum relative to it.
        for (unit, density) in to.iter_mut().enumerate() {
            for component in 1..self.components {
                *density = density.larger(self.log_component(value, component * self.units + unit));
            }
            let maximum = *density;
            if maximum == T::LOWEST {
                continue;
            }
            let mut sum = T::zero();
            for component in 0..self.components {
                sum += (self.log_component(value, component * self.units + unit) - maximum).exp();
            }
            *density = maximum + sum.ln();
        }
    }

    /// Adds the moments of the components for a value with these flows.
    #[inline(always)]
    pub(super) fn add_moments(&self, value: T, densities: &[T], flows: &[T], moments: &mut Moments<T>) {
        if value.is_missing() {
            return;
        }
        for component in 0..self.components {
            for unit in 0..self.units {
                let at = component * self.units + unit;
                let z = self.distance(value, at);
                let share = if self.components == 1 || densities[unit] == T::LOWEST {
                    flows[unit]
                } else {
                    flows[unit] * (self.log_component(value, at) - densities[unit]).exp()
                };
                if share > T::zero() {
                    moments.counts[at] += share;
                    moments.first[at] += share * z;
                    moments.second[at] += share * z * z;
                }
            }
        }
    }
}
