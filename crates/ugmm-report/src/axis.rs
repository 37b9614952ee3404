//! Axes with ticks at round numbers.

use crate::Text;
use crate::chart::{Axis, Tick};

/// Largest number of ticks on an axis of numbers.
const MOST_TICKS: f64 = 6.0;

impl Axis {
    /// An axis of numbers from `from` to a greater `to`, with ticks at round numbers. If the two are equal or
    /// not finite, the axis covers some range around them.
    #[must_use]
    pub fn of_numbers(label: impl Into<Text>, from: f64, to: f64) -> Self {
        let (from, to) = usable_range(from, to);
        let step = round_step((to / MOST_TICKS) - (from / MOST_TICKS));
        let first = (from / step).ceil() as i64;
        let places = (first..).map(|index| index as f64 * step).take_while(|at| *at <= to + 1e-9 * step);
        let ticks = places.take(16).map(|at| Tick { at, text: number_text(at, step).into() }).collect();
        Self { label: label.into(), from, to, ticks }
    }

    /// An axis over `(from, to)` whose ticks are round in other units: x is shown as `offset` + `factor` · x.
    #[must_use]
    pub fn of_converted(label: impl Into<Text>, (from, to): (f64, f64), offset: f64, factor: f64) -> Self {
        let (from, to) = usable_range(from, to);
        let shown = Self::of_numbers(label, offset + factor * from, offset + factor * to);
        let ticks = shown.ticks.into_iter().map(|tick| Tick { at: (tick.at - offset) / factor, ..tick });
        Self { label: shown.label, from, to, ticks: ticks.filter(|tick| tick.at.is_finite()).collect() }
    }

    /// An axis with one tick for each name, at 0, 1, 2 and so on.
    #[must_use]
    pub fn of_names(label: impl Into<Text>, names: &[Text]) -> Self {
        let ticks =
            names.iter().enumerate().map(|(index, name)| Tick { at: index as f64, text: name.clone() });
        Self { label: label.into(), from: -0.5, to: names.len() as f64 - 0.5, ticks: ticks.collect() }
    }

    /// An axis from one number to another, not drawn.
    #[must_use]
    pub fn hidden(from: f64, to: f64) -> Self {
        let (from, to) = usable_range(from, to);
        Self { from, to, ..Self::default() }
    }

    /// This axis with its direction reversed.
    #[must_use]
    pub fn turned(self) -> Self {
        Self { from: self.to, to: self.from, ..self }
    }
}

fn usable_range(from: f64, to: f64) -> (f64, f64) {
    let bounded = |value: f64| if value.is_nan() { 0.0 } else { value.clamp(-1e300, 1e300) };
    let (from, to) = (bounded(from).min(bounded(to)), bounded(to).max(bounded(from)));
    // The ends must be so far apart that there are numbers between them.
    let least = from.abs().max(to.abs()) * 1e-9;
    match to - from > least {
        true => (from, to),
        false if from == 0.0 => (-1.0, 1.0),
        false => (from - 0.1 * from.abs(), to + 0.1 * to.abs()),
    }
}

/// The least of 1, 2 or 5 times a power of ten that is not less than `least`.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= 0.999_999 * least);
    times.unwrap_or(10.0) * power
}

/// The text of a tick's number, with as many decimals as the step needs.
fn number_text(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let size = value.abs().max(step);
    if !(1e-4..1e7).contains(&size) {
        return format!("{value:.2e}").replace(".00e", "e").replace('-', "−");
    }
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    format!("{value:.decimals$}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.text.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(
            texts(&Axis::of_numbers("", -0.2, 1.0)),
            ["−0.2", "0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].map(|t| if t == "0.0" { "0" } else { t })
        );
        assert_eq!(texts(&Axis::of_numbers("", 1230.0, 3900.0)), ["1500", "2000", "2500", "3000", "3500"]);
        let converted = Axis::of_converted("", (-1.0, 1.0), 10.0, 2.0);
        assert_eq!(texts(&converted), ["8", "9", "10", "11", "12"]);
        assert_eq!((converted.from, converted.ticks[0].at, converted.ticks[4].at), (-1.0, -1.0, 1.0));
    }

    #[test]
    fn no_range_is_too_odd() {
        for (from, to) in
            [(0.0, 0.0), (5.0, 5.0), (f64::NAN, 1.0), (f64::MIN, f64::MAX), (1e9, 1e9 + 1e-9), (3.0, -3.0)]
        {
            let axis = Axis::of_numbers("", from, to);
            assert!(axis.from < axis.to && axis.ticks.len() < 17, "{axis:?}");
            assert!(
                axis.ticks
                    .iter()
                    .all(|tick| (axis.from..=axis.to + 1e-6 * (axis.to - axis.from)).contains(&tick.at)),
                "{axis:?}"
            );
        }
    }
}
