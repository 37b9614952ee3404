//! Leaves of Gaussian mixtures, evaluated for one row and several units together.

use super::Real;
use super::compiled::CompiledGaussians;
use crate::leaf::gaussian::Moments;

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
        let mut maximum = self.log_components(&self.distances(value, start), start);
        if self.components == 1 {
            return maximum;
        }
        // The sum of the exponentials of the components so far, relative to the largest of them.
        let mut sum = [T::one(); LANES];
        for component in 1..self.components {
            let at = component * self.units + start;
            let next = self.log_components(&self.distances(value, at), at);
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
        for (number, to) in to.chunks_mut(LANES).enumerate() {
            to.copy_from_slice(&self.log_mixtures(value, number * LANES)[..to.len()]);
        }
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

/// The numbers from `at`.
#[inline(always)]
fn lanes<T>(numbers: &[T], at: usize) -> &[T; LANES] {
    numbers[at..].first_chunk().expect("there is room for a vector after the last number")
}
