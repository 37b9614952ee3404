//! The certified box around a row, and the budget.

/// The certified box around each row, and the budget.
#[derive(Clone, Debug, PartialEq)]
pub struct RobustnessOptions {
    /// Largest change of each input, in the network's units; at least 0.
    pub epsilon: f64,
    /// Whether each input may change, `[features]`; the others, such as categories, are constant.
    pub movable: Vec<bool>,
    /// Least and greatest possible value of an input, such as 0 and 1 for pixels; `None` for no limits.
    pub limits: Option<(f64, f64)>,
    /// Largest number of boxes into which the box around a row is split; 1 for no splitting.
    pub most_boxes: usize,
    /// Number of steps of the search for a counter-example.
    pub attack_steps: usize,
}

impl RobustnessOptions {
    /// The lower and upper ends of the box around a row; a missing value stays missing.
    pub(super) fn sides(&self, row: &[f32]) -> (Vec<f64>, Vec<f64>) {
        row.iter().enumerate().map(|(feature, &x)| self.ends(feature, x.into())).unzip()
    }

    /// The least and the greatest value of a feature that is `x`.
    pub(super) fn ends(&self, feature: usize, x: f64) -> (f64, f64) {
        if !self.movable[feature] {
            return (x, x);
        }
        let (low, high) = (x - self.epsilon, x + self.epsilon);
        match self.limits {
            // A value outside of the limits does not move further away from them.
            Some((least, greatest)) => {
                let (least, greatest) = (least.min(x), greatest.max(x));
                (low.clamp(least, greatest), high.clamp(least, greatest))
            }
            None => (low, high),
        }
    }
}
