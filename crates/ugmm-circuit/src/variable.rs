//! The variables of a circuit.

use crate::error::CircuitError;
use serde::{Deserialize, Serialize};

/// The largest number of states or integers that a variable may have, because their probabilities are in a
/// table.
pub const MAXIMUM_STATES: usize = 1 << 16;

/// One variable of a circuit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name in messages.
    pub name: Option<String>,
    /// Its possible values.
    pub kind: VariableKind,
}

/// The possible values of a variable, which determine the distributions in its leaves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    /// Any finite number, or only numbers from `low` or to `high`. Its components are Gaussians in standard
    /// units (x - `location`) / `scale`, each divided by its mass between the ends; densities are per unit of
    /// the data.
    Continuous {
        /// Subtracted from each value; usually the data's mean.
        location: f64,
        /// Positive divisor of the difference; usually the data's standard deviation.
        scale: f64,
        /// The least possible value; `None` for no bound.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        low: Option<f64>,
        /// The greatest possible value; `None` for no bound.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        high: Option<f64>,
    },
    /// One of the states 0 to `states` - 1; two states make a Bernoulli variable.
    Categorical {
        /// Number of states, 1 to [`MAXIMUM_STATES`].
        states: usize,
    },
    /// An integer from `low` to `high`. Its components are the masses of Gaussians on [x - ½, x + ½], divided
    /// by the mass of the whole range.
    Integer {
        /// The least value.
        low: i64,
        /// The greatest value, less than [`MAXIMUM_STATES`] above `low`.
        high: i64,
    },
}

impl Variable {
    /// A variable with any finite value; see [`VariableKind::Continuous`].
    #[must_use]
    pub fn continuous(location: f64, scale: f64) -> Self {
        Self { name: None, kind: VariableKind::Continuous { location, scale, low: None, high: None } }
    }

    /// A continuous variable with the bounds `least` and `greatest`; other variables do not change.
    #[must_use]
    pub fn between(mut self, least: Option<f64>, greatest: Option<f64>) -> Self {
        if let VariableKind::Continuous { low, high, .. } = &mut self.kind {
            (*low, *high) = (least, greatest);
        }
        self
    }

    /// A variable with `states` states.
    #[must_use]
    pub fn categorical(states: usize) -> Self {
        Self { name: None, kind: VariableKind::Categorical { states } }
    }

    /// A variable with the integers from `low` to `high`.
    #[must_use]
    pub fn integer(low: i64, high: i64) -> Self {
        Self { name: None, kind: VariableKind::Integer { low, high } }
    }

    /// A continuous variable with the mean and the standard deviation of these values; NaN is ignored. The
    /// scale is 1 if the values do not vary.
    #[must_use]
    pub fn standardizing(values: impl Iterator<Item = f64> + Clone) -> Self {
        Self::standardizing_weighted(values.map(|value| (value, 1.0)))
    }

    /// A continuous variable with the mean and the standard deviation of values with their positive weights; NaN is
    /// ignored. The scale is 1 if the values do not vary.
    #[must_use]
    pub fn standardizing_weighted(values: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        // Values are divided by the largest magnitude, so that squares neither overflow nor vanish, and
        // shifted by the first, so that a large offset costs no digits.
        let present = || values.clone().filter(|(value, _)| value.is_finite());
        let largest = present().map(|(value, _)| value.abs()).fold(0.0, f64::max);
        let Some(origin) = present().next().filter(|_| largest > 0.0).map(|(value, _)| value / largest)
        else {
            return Self::continuous(0.0, 1.0);
        };
        let total = present().map(|(_, weight)| weight).sum::<f64>();
        let shares = || present().map(|(value, weight)| (value / largest - origin, weight));
        let mean = shares().map(|(share, weight)| weight * share / total).sum::<f64>();
        let variance = shares().map(|(share, weight)| weight * (share - mean).powi(2) / total).sum::<f64>();
        let location = origin + mean;
        let scale = variance.sqrt();
        // A spread of the size of rounding errors belongs to a constant column.
        let varies = scale > 1e-14 * location.abs() && scale * largest >= f64::MIN_POSITIVE;
        Self::continuous(location * largest, if varies { scale * largest } else { 1.0 })
    }

    /// This variable with a name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Number of possible values; `None` for a continuous variable.
    #[must_use]
    pub fn states(&self) -> Option<usize> {
        match self.kind {
            VariableKind::Continuous { .. } => None,
            VariableKind::Categorical { states } => Some(states),
            VariableKind::Integer { low, high } => Some((high - low) as usize + 1),
        }
    }

    /// The least value of a discrete variable; 0 for a continuous one.
    #[must_use]
    pub fn first(&self) -> i64 {
        match self.kind {
            VariableKind::Integer { low, .. } => low,
            _ => 0,
        }
    }

    /// Its name in messages.
    pub(crate) fn label(&self, index: usize) -> String {
        self.name.clone().unwrap_or_else(|| format!("variable {index}"))
    }

    /// Its standard unit, in the data's units.
    pub(crate) fn scale(&self) -> f64 {
        match self.kind {
            VariableKind::Continuous { scale, .. } => scale,
            _ => 1.0,
        }
    }

    /// The ends of a continuous variable, in the data's units; infinite if it has none, and for other
    /// variables.
    pub(crate) fn ends(&self) -> (f64, f64) {
        match self.kind {
            VariableKind::Continuous { low, high, .. } => {
                (low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY))
            }
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// The ends of the variable's range in standard units.
    pub(crate) fn standard_ends(&self) -> (f64, f64) {
        let (low, high) = self.ends();
        match self.kind {
            VariableKind::Continuous { location, scale, .. } => {
                ((low - location) / scale, (high - location) / scale)
            }
            _ => (low, high),
        }
    }

    /// Encodes a value in standard units or as a table index; NaN if it is missing, and `None` if the
    /// variable cannot have it.
    pub(crate) fn encode(&self, value: f64) -> Option<f64> {
        if value.is_nan() {
            return Some(f64::NAN);
        }
        match self.kind {
            VariableKind::Continuous { location, scale, .. } => {
                let (low, high) = self.ends();
                let standard = (value - location) / scale;
                (standard.is_finite() && (low..=high).contains(&value)).then_some(standard)
            }
            _ => {
                let index = value - self.first() as f64;
                let states = self.states().unwrap_or(0) as f64;
                (index.fract() == 0.0 && (0.0..states).contains(&index)).then_some(index)
            }
        }
    }

    /// The value that an encoded one represents.
    pub(crate) fn decode(&self, encoded: f64) -> f64 {
        match self.kind {
            VariableKind::Continuous { location, scale, .. } => {
                // Rounding must not lead beyond the ends; a missing value stays missing.
                let (low, high) = self.ends();
                (location + scale * encoded).clamp(low, high)
            }
            _ => encoded + self.first() as f64,
        }
    }

    /// Describes its possible values for messages.
    pub(crate) fn expected(&self) -> String {
        match self.kind {
            VariableKind::Continuous { low: Some(low), high: Some(high), .. } => {
                format!("it must be a number from {low} to {high}")
            }
            VariableKind::Continuous { low: Some(low), .. } => {
                format!("it must be a number of at least {low}")
            }
            VariableKind::Continuous { high: Some(high), .. } => {
                format!("it must be a number of at most {high}")
            }
            VariableKind::Continuous { .. } => "it must be a finite number".into(),
            VariableKind::Categorical { states } => {
                format!("it must be a state, 0 to {}", states.saturating_sub(1))
            }
            VariableKind::Integer { low, high } => format!("it must be a whole number from {low} to {high}"),
        }
    }

    /// Whether its ends differ in standard units.
    fn holds_standard_numbers(&self) -> bool {
        let (low, high) = self.standard_ends();
        low < high
    }

    pub(crate) fn validate(&self, variable: usize) -> Result<(), CircuitError> {
        let error = |value: String, expected| Err(CircuitError::Variable { variable, value, expected });
        match self.kind {
            VariableKind::Continuous { location, .. } if !location.is_finite() => {
                error(format!("location {location}"), "it must be finite")
            }
            VariableKind::Continuous { scale, .. } if !(scale.is_finite() && scale > 0.0) => {
                error(format!("scale {scale}"), "it must be positive and finite")
            }
            VariableKind::Continuous { low, high, .. }
                if low.into_iter().chain(high).any(|end| !end.is_finite())
                    || !self.holds_standard_numbers() =>
            {
                error(
                    format!("the ends {} and {}", self.ends().0, self.ends().1),
                    "they must be finite numbers, the first one less",
                )
            }
            VariableKind::Categorical { states } if !(1..=MAXIMUM_STATES).contains(&states) => {
                error(format!("{states} states"), "there must be 1 to 65536 of them")
            }
            VariableKind::Integer { low, high }
                if low > high
                    || high.checked_sub(low).is_none_or(|range| range >= MAXIMUM_STATES as i64)
                    || low.unsigned_abs().max(high.unsigned_abs()) > 1 << 50 =>
            {
                error(
                    format!("the range {low} to {high}"),
                    "it must hold 1 to 65536 numbers, within 2^50 of 0",
                )
            }
            _ => Ok(()),
        }
    }
}
