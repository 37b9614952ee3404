//! Variables of a network: the meaning of its inputs in queries.

use crate::UgmmError;
use std::ops::Range;

/// The values that a variable can have, in the network's units.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// All numbers from `low` to `high`, for a variable of one input.
    Interval {
        /// Lower end.
        low: f64,
        /// Upper end, at least `low`.
        high: f64,
    },
    /// Discrete numbers, ascending, for a variable of one input; for example integers.
    Numbers(Vec<f64>),
    /// States, each with a value for each of the variable's inputs: one value for a class encoded by its
    /// index, one per level for a one-hot encoded category.
    States(Vec<Vec<f32>>),
}

/// A variable of a generative network: a feature, or the label.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// The range of the network's inputs that encode it.
    pub inputs: Range<usize>,
    /// Its possible values.
    pub domain: Domain,
}

impl Variable {
    /// A variable with all numbers from `low` to `high`.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] when the interval is empty or not finite.
    pub fn number(input: usize, low: f64, high: f64) -> Result<Self, UgmmError> {
        if !(low <= high && low.is_finite() && high.is_finite()) {
            let range = format!("{low} to {high}");
            return Err(UgmmError::setting(
                "a variable's range",
                range,
                "from a finite number to one at least as large",
            ));
        }
        Ok(Self { inputs: input..input + 1, domain: Domain::Interval { low, high } })
    }

    /// A variable with some numbers only.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] when there is no value, one is not finite, or they are not ascending.
    pub fn numbers(input: usize, values: Vec<f64>) -> Result<Self, UgmmError> {
        if values.is_empty() || values.iter().any(|value| !value.is_finite()) || !values.is_sorted() {
            let expected = "one or more finite ones, ascending";
            return Err(UgmmError::setting("a variable's values", format!("{values:?}"), expected));
        }
        Ok(Self { inputs: input..input + 1, domain: Domain::Numbers(values) })
    }

    /// A variable with some states.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when there is no state, or one does not have a finite value for each input.
    pub fn states(inputs: Range<usize>, states: Vec<Vec<f32>>) -> Result<Self, UgmmError> {
        let fits =
            |state: &Vec<f32>| state.len() == inputs.len() && state.iter().all(|value| value.is_finite());
        if states.is_empty() || inputs.is_empty() || !states.iter().all(fits) {
            let expected = "one or more, each with a finite value for each input";
            return Err(UgmmError::setting("a variable's states", format!("{states:?}"), expected));
        }
        Ok(Self { inputs, domain: Domain::States(states) })
    }

    /// The ends of a number's interval, which differ by at least the spacing of `f32`; `None` for discrete
    /// values.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        match self.domain {
            Domain::Interval { low, high } => Some((low, high.max((low as f32).next_up().into()))),
            Domain::Numbers(_) | Domain::States(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_without_values_are_refused() {
        for (low, high) in [(1.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (f64::NEG_INFINITY, 0.0)] {
            let message = Variable::number(0, low, high).unwrap_err().to_string();
            assert!(message.contains(&format!("{low} to {high}")), "{message}");
        }
        for values in [vec![], vec![f64::NAN], vec![1.0, 0.0], vec![0.0, f64::INFINITY]] {
            let message = Variable::numbers(0, values).unwrap_err().to_string();
            assert!(message.contains("finite ones, ascending"), "{message}");
        }
        for (inputs, states) in [
            (0..2, vec![]),
            (0..2, vec![vec![1.0, 0.0], vec![1.0]]),
            (0..1, vec![vec![f32::NAN]]),
            (3..3, vec![vec![]]),
        ] {
            let message = Variable::states(inputs, states).unwrap_err().to_string();
            assert!(message.contains("a finite value for each input"), "{message}");
        }
    }

    #[test]
    fn an_interval_of_one_number_has_a_width() {
        let (low, high) = Variable::number(2, 1.0, 1.0).unwrap().interval().unwrap();
        assert!(low == 1.0 && high > low && high < 1.000_001);
        assert_eq!(Variable::numbers(2, vec![1.0, 2.0]).unwrap().interval(), None);
        assert_eq!(Variable::states(2..4, vec![vec![1.0, 0.0]]).unwrap().interval(), None);
    }
}
