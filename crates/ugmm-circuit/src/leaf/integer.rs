//! Leaves of integers: the mass of a Gaussian on each unit interval, divided by the mass of all intervals.

use super::gaussian::{ComponentSums, GaussianMixtures};
use super::normal::{End, Truncated};

/// One component of a unit over some of the states 0 to `states` - 1, each an interval of half a unit below
/// and above.
#[derive(Clone)]
struct Discretised {
    /// Mean and standard deviation; `None` before the first unit.
    parameters: Option<(f64, f64)>,
    log_weight: f64,
    /// The latent z = (y - μ) / σ, given that y falls into any state.
    whole: Truncated,
    /// z given that y falls into one of the wanted states, by the state.
    cells: Vec<Truncated>,
}

impl Discretised {
    /// Moves to a component. A background has equal parameters in all units and is evaluated once.
    fn move_to(&mut self, (weight, mean, sigma): (f64, f64, f64), states: usize, wanted: &[usize]) {
        self.log_weight = weight.ln();
        if weight == 0.0 || self.parameters == Some((mean, sigma)) {
            return;
        }
        self.parameters = Some((mean, sigma));
        let end = |edge: usize| End::at((edge as f64 - 0.5 - mean) / sigma);
        self.whole = Truncated::between(end(0), end(states));
        // Neighbouring states share an end.
        let mut last = None;
        self.cells.clear();
        for &state in wanted {
            let low = last.filter(|&(edge, _)| edge == state).map_or_else(|| end(state), |(_, end)| end);
            let high = end(state + 1);
            self.cells.push(Truncated::between(low, high));
            last = Some((state + 1, high));
        }
    }

    /// The logarithm of the weight times the probability of a wanted state.
    fn log_share(&self, place: usize) -> f64 {
        match self.log_weight == f64::NEG_INFINITY {
            true => f64::NEG_INFINITY,
            false => self.log_weight + self.cells[place].log_mass - self.whole.log_mass,
        }
    }
}

/// The components of one unit after another, over some of the states.
struct Units<'a> {
    mixtures: &'a GaussianMixtures,
    units: usize,
    states: usize,
    /// The states, in ascending order.
    wanted: &'a [usize],
    components: Vec<Discretised>,
}

impl<'a> Units<'a> {
    fn new(mixtures: &'a GaussianMixtures, units: usize, states: usize, wanted: &'a [usize]) -> Self {
        let whole = Truncated { log_mass: 0.0, first: 0.0, second: 0.0 };
        let none = Discretised { parameters: None, log_weight: f64::NEG_INFINITY, whole, cells: Vec::new() };
        Self { mixtures, units, states, wanted, components: vec![none; mixtures.components] }
    }

    fn move_to(&mut self, unit: usize) {
        for (number, component) in self.components.iter_mut().enumerate() {
            component.move_to(self.mixtures.component(number, unit, self.units), self.states, self.wanted);
        }
    }

    /// The log-probability of a wanted state under the unit.
    fn log_probability(&self, place: usize) -> f64 {
        let shares = || self.components.iter().map(|component| component.log_share(place));
        let maximum = shares().fold(f64::NEG_INFINITY, f64::max);
        if maximum == f64::NEG_INFINITY {
            return maximum;
        }
        maximum
            + shares()
                .map(|share| if share == maximum { 1.0 } else { (share - maximum).exp() })
                .sum::<f64>()
                .ln()
    }
}

/// log-probabilities, `[states, units]`, of the states `wanted` in ascending order; minus infinity for all
/// others.
pub(super) fn log_table(
    mixtures: &GaussianMixtures,
    units: usize,
    states: usize,
    wanted: &[usize],
) -> Vec<f64> {
    let mut table = vec![f64::NEG_INFINITY; states * units];
    let mut of_units = Units::new(mixtures, units, states, wanted);
    for unit in 0..units {
        of_units.move_to(unit);
        for (place, state) in wanted.iter().enumerate() {
            table[state * units + unit] = of_units.log_probability(place);
        }
    }
    table
}

/// The sums of the trained components from expected counts `[states, units]`: the moments of the latent
/// numbers, including those outside of the range (Dempster, Laird and Rubin 1977, grouped and truncated data),
/// so that expectation maximisation has a closed form.
pub(crate) fn component_sums(mixtures: &GaussianMixtures, units: usize, counts: &[f64]) -> ComponentSums {
    let rows = counts.chunks_exact(units);
    let states = rows.len();
    let met: Vec<usize> = rows
        .enumerate()
        .filter(|(_, row)| row.iter().any(|count| *count > 0.0))
        .map(|(state, _)| state)
        .collect();
    let mut sums = ComponentSums::zeros(mixtures.means.len());
    let mut of_units = Units::new(mixtures, units, states, &met);
    for unit in 0..units {
        of_units.move_to(unit);
        for (place, state) in met.iter().enumerate() {
            let count = counts[state * units + unit];
            if count <= 0.0 {
                continue;
            }
            let total = of_units.log_probability(place);
            for component in 0..mixtures.components - mixtures.held {
                let discretised = &of_units.components[component];
                let from_here = count * (discretised.log_share(place) - total).min(0.0).exp();
                // A component without weight has no moments.
                if from_here > 0.0 {
                    let (at, cell) = (component * units + unit, discretised.cells[place]);
                    sums.shares[at] += from_here;
                    sums.first[at] += from_here * cell.first;
                    sums.second[at] += from_here * cell.second;
                }
            }
        }
        for component in 0..mixtures.components - mixtures.held {
            sums.add_outside(component * units + unit, of_units.components[component].whole);
        }
    }
    sums
}
