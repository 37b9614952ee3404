//! Leaves of Gaussian mixtures, evaluated for one row and several units together.

use super::Real;
use super::compiled::CompiledGaussians;
use super::log_exp::vectorized;
use crate::leaf::gaussian::Moments;
use pulp::NullaryFnOnce;
use ugmm_kernels::bounds::rounding;

/// Number of units computed together: the lanes of the widest vectors. Parameters, densities and flows have
/// this much room after their last number, so that a vector may begin at any unit. Lanes beyond the last unit
/// hold unspecified finite numbers.
pub(crate) const LANES: usize = 16;

impl<T: Real> CompiledGaussians<T> {
    /// The distances of a value from the means of the components from `at`, in standard deviations.
    #[inline(always)]
    fn distances(&self, value: T, at: usize) -> [T; LANES] {
        let (means, inverse_sigmas) = (lanes(&self.means, at), lanes(&self.inverse_sigmas, at));
        let mut distances = [T::zero(); LANES];
        for lane in 0..LANES {
            let z = (value - means[lane]) * inverse_sigmas[lane];
            distances[lane] = z.smaller(T::FARTHEST).larger(-T::FARTHEST);
        }
        distances
    }

    /// The log-densities at these distances of the components from `at`.
    #[inline(always)]
    fn log_components(&self, distances: &[T; LANES], at: usize) -> [T; LANES] {
        let constants = lanes(&self.constants, at);
        let mut logs = [T::zero(); LANES];
        for lane in 0..LANES {
            logs[lane] = constants[lane] - T::from_f64(0.5) * distances[lane] * distances[lane];
        }
        logs
    }

    /// The log-densities of a value, which is not missing, under the units from `start`.
    #[inline(always)]
    fn log_mixtures(&self, value: T, start: usize) -> [T; LANES] {
        self.log_mixtures_of(start, |at| self.distances(value, at))
    }

    /// The log-densities of the units from `start` at the distances of each of their components.
    #[inline(always)]
    fn log_mixtures_of(&self, start: usize, distances: impl Fn(usize) -> [T; LANES]) -> [T; LANES] {
        let mut maximum = self.log_components(&distances(start), start);
        if self.components == 1 {
            return maximum;
        }
        // The sum of the exponentials of the components so far, relative to the largest of them.
        let mut sum = [T::one(); LANES];
        for component in 1..self.components {
            let at = component * self.units + start;
            let next = self.log_components(&distances(at), at);
            for lane in 0..LANES {
                let larger = maximum[lane].larger(next[lane]);
                let ratio = (maximum[lane].smaller(next[lane]) - larger).exp();
                let is_new = next[lane] > maximum[lane];
                let (first, second) = if is_new { (ratio, T::one()) } else { (T::one(), ratio) };
                sum[lane] = sum[lane] * first + second;
                maximum[lane] = larger;
            }
        }
        for lane in 0..LANES {
            // Impossible values have no ratio to the largest component.
            let log = maximum[lane] + sum[lane].ln();
            maximum[lane] = if maximum[lane] == T::LOWEST { T::LOWEST } else { log };
        }
        maximum
    }

    /// Writes the log-densities of values under all units to `to` `[rows, units]`, which has room for
    /// [`LANES`] more; 0 where a value is missing.
    #[inline(always)]
    pub(super) fn log_densities_of(&self, values: impl Iterator<Item = T>, to: &mut [T]) {
        for (row, value) in values.enumerate() {
            let to = &mut to[row * self.units..];
            if value.is_missing() {
                to[..self.units].fill(T::zero());
                continue;
            }
            // What the last vector writes beyond the row is overwritten by the next row.
            for start in (0..self.units).step_by(LANES) {
                to[start..start + LANES].copy_from_slice(&self.log_mixtures(value, start));
            }
        }
    }

    /// Writes the log-densities of a value under all units to `to` `[units]`; 0 where the value is missing.
    pub(crate) fn log_densities(&self, value: T, to: &mut [T]) {
        if value.is_missing() {
            to.fill(T::zero());
            return;
        }
        self.write(to, |at| self.distances(value, at));
    }

    /// Writes the log-densities of all units at the distances of each of their components.
    fn write(&self, to: &mut [T], distances: impl Fn(usize) -> [T; LANES]) {
        vectorized(Write { gaussians: self, to, distances });
    }

    /// Adds the moments of the trained components for values with these densities and flows `[rows, units]`,
    /// which have room for [`LANES`] more.
    #[inline(always)]
    pub(super) fn add_moments(
        &self,
        values: impl Iterator<Item = T> + Clone,
        densities: &[T],
        flows: &[T],
        moments: &mut Moments<T>,
    ) {
        for start in (0..self.units).step_by(LANES) {
            for component in 0..self.components - self.held {
                let at = component * self.units + start;
                let [mut counts, mut first, mut second] = [[T::zero(); LANES]; 3];
                for (row, value) in values.clone().enumerate() {
                    if value.is_missing() {
                        continue;
                    }
                    let place = row * self.units + start;
                    let (densities, flows) = (lanes(densities, place), lanes(flows, place));
                    let distances = self.distances(value, at);
                    let logs = self.log_components(&distances, at);
                    for lane in 0..LANES {
                        let share = if self.components == 1 || densities[lane] == T::LOWEST {
                            flows[lane]
                        } else {
                            flows[lane] * (logs[lane] - densities[lane]).exp()
                        };
                        let moment = share * distances[lane];
                        counts[lane] += share;
                        first[lane] += moment;
                        second[lane] += moment * distances[lane];
                    }
                }
                let width = LANES.min(self.units - start);
                for (to, sums) in [
                    (&mut moments.counts, counts),
                    (&mut moments.first, first),
                    (&mut moments.second, second),
                ] {
                    for (to, sum) in to[at..at + width].iter_mut().zip(sums) {
                        *to += sum;
                    }
                }
            }
        }
    }
}

impl CompiledGaussians<f64> {
    /// Writes upper bounds of the log-densities of all units over the interval from `low` to `high` to `to`
    /// `[units]`: each component is evaluated at its nearest point.
    pub(crate) fn greatest_log_densities(&self, low: f64, high: f64, to: &mut [f64]) {
        self.write(to, |at| {
            let (means, inverse_sigmas) = (lanes(&self.means, at), lanes(&self.inverse_sigmas, at));
            let mut distances = [0.0; LANES];
            for lane in 0..LANES {
                let (mean, inverse_sigma) = (means[lane], inverse_sigmas[lane]);
                let nearest = mean.larger(low).smaller(high);
                let z = ((nearest - mean) * inverse_sigma).abs();
                // The distance is reduced by its possible rounding error.
                let z = z - rounding(1, (nearest.abs() + mean.abs()) * inverse_sigma);
                distances[lane] = z.larger(0.0).smaller(f64::FARTHEST);
            }
            distances
        });
        for bound in to {
            *bound += rounding(self.components + EXPONENTIAL_ROUNDING, bound.abs().min(f64::MAX) + 1.0);
        }
    }
}

/// Rounding error of [`Real::exp`] and [`Real::ln`] in double precision, as a number of additions.
const EXPONENTIAL_ROUNDING: usize = 8;

struct Write<'a, T, D> {
    gaussians: &'a CompiledGaussians<T>,
    to: &'a mut [T],
    distances: D,
}

impl<T: Real, D: Fn(usize) -> [T; LANES]> NullaryFnOnce for Write<'_, T, D> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (number, to) in self.to.chunks_mut(LANES).enumerate() {
            let densities = self.gaussians.log_mixtures_of(number * LANES, |at| (self.distances)(at));
            to.copy_from_slice(&densities[..to.len()]);
        }
    }
}

/// The numbers from `at`.
#[inline(always)]
fn lanes<T>(numbers: &[T], at: usize) -> &[T; LANES] {
    numbers[at..].first_chunk().expect("there is room for a vector after the last number")
}
