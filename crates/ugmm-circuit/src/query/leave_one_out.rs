//! Conditional log-densities of each value given the others of its row.

use super::derivatives::log_derivatives;
use crate::circuit::Circuit;
use crate::compute::{BLOCK, Workspace, log_sum_exp};
use crate::error::CircuitError;
use crate::region::Region;
use crate::rows::Rows;
use rayon::prelude::*;

impl Circuit {
    /// ln p(x_d | the other values of the row) for each value of each row, `[rows, variables]`, in one upward
    /// and one downward pass. It is NaN where the value is missing, and minus infinity for impossible values.
    ///
    /// # Errors
    ///
    /// [`CircuitError`] when the rows do not have one value for each variable, or a value is not one of its
    /// variable's.
    pub fn log_conditionals(&self, rows: Rows<'_>) -> Result<Vec<f64>, CircuitError> {
        let encoded = self.encode(rows)?;
        let compiled = self.compiled();
        let width = self.variables().len();
        let mut leaves: Vec<Vec<usize>> = vec![Vec::new(); width];
        for (index, region) in self.regions().iter().enumerate() {
            if let Region::Leaf(leaf) = region {
                leaves[leaf.variable].push(index);
            }
        }
        let blocks: Vec<Vec<f64>> = encoded
            .par_chunks(BLOCK * width)
            .map_init(
                || Workspace::new(&compiled, rows.count(), false),
                |workspace, rows| {
                    compiled.upward(rows, workspace);
                    let together = &workspace.regions[compiled.regions.len() - 1].values;
                    let derivatives = log_derivatives(&compiled, rows, workspace);
                    // One of the two terms contains the shift of the variable's own leaves, the other does
                    // not.
                    let shift = |row: usize, variable: usize| {
                        let own = |shift: &&(usize, usize, f64)| (shift.0, shift.1) == (row, variable);
                        workspace.shifts.iter().find(own).map_or(0.0, |shift| shift.2)
                    };
                    let mut answers = vec![f64::NAN; rows.len()];
                    let places =
                        answers.iter_mut().zip(rows).enumerate().filter(|(_, (_, value))| !value.is_nan());
                    for (place, (answer, _)) in places {
                        let (row, variable) = (place / width, place % width);
                        let of_leaf = |&leaf: &usize| {
                            let units = self.regions()[leaf].units();
                            &derivatives[leaf][row * units..(row + 1) * units]
                        };
                        let all: Vec<f64> = leaves[variable].iter().flat_map(of_leaf).copied().collect();
                        // If the other values alone are impossible, this value does not make them possible.
                        *answer = match log_sum_exp(&all) {
                            f64::NEG_INFINITY => f64::NEG_INFINITY,
                            others => together[row] - others + shift(row, variable),
                        };
                    }
                    answers
                },
            )
            .collect();
        Ok(blocks.concat())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Rows, TrainingConfig, Variable, train};

    #[test]
    fn each_is_the_ratio_of_two_likelihoods() {
        let mut values = Vec::new();
        for i in 0..300 {
            let state = i % 3;
            let length = 10.0 * f64::from(state) + f64::from(i * 7 % 11);
            values.extend([length, f64::from(state), f64::from((i / 3) % 5 + state)]);
        }
        let all = Rows::new(&values, 3).unwrap();
        let variables =
            vec![Variable::standardizing(all.column(0)), Variable::categorical(3), Variable::integer(0, 9)];
        let config = TrainingConfig { epochs: 10, ..TrainingConfig::default() };
        let circuit = train(all, variables, &config, |_| true).unwrap().circuit;
        let mut rows = values[..60].to_vec();
        rows[4] = f64::NAN;
        rows[9] = f64::NAN;
        let answers = circuit.log_conditionals(Rows::new(&rows, 3).unwrap()).unwrap();
        let together = circuit.log_likelihood(Rows::new(&rows, 3).unwrap()).unwrap();
        for (place, answer) in answers.iter().enumerate() {
            if rows[place].is_nan() {
                assert!(answer.is_nan());
                continue;
            }
            let mut row = rows[place / 3 * 3..place / 3 * 3 + 3].to_vec();
            row[place % 3] = f64::NAN;
            let others = circuit.log_likelihood(Rows::new(&row, 3).unwrap()).unwrap()[0];
            let expected = together[place / 3] - others;
            assert!(
                (answer - expected).abs() < 1e-9 * expected.abs().max(1.0),
                "{place}: {answer} {expected}"
            );
        }
    }
}
