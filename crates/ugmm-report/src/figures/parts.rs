//! Numbers and marks that several figures have.

use crate::Mark;
use crate::report::Histogram;

/// A histogram mark whose highest bar reaches `height`, a fraction of the chart's height.
pub(super) fn histogram(name: &str, histogram: &Histogram, height: f64) -> Mark {
    let largest = histogram.counts.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    Mark::Histogram {
        name: name.into(),
        from: histogram.from,
        to: histogram.to,
        heights: histogram.counts.iter().map(|count| height * count / largest).collect(),
    }
}

/// A fraction as a percentage.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        _ if percent >= 9.95 => format!("{percent:.0} %"),
        _ if percent >= 0.095 => format!("{percent:.1} %"),
        _ if percent == 0.0 => "0 %".into(),
        _ => "< 0.1 %".into(),
    }
}

/// A number with at most four significant digits, as figures show it.
#[must_use]
pub fn short(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return if number == 0.0 { "0".into() } else { "–".into() };
    }
    let size = number.abs();
    let text = if (1e-3..1e6).contains(&size) {
        let decimals = (3 - size.log10().floor() as i32).max(0) as usize;
        let text = format!("{number:.decimals$}");
        match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        }
    } else {
        format!("{number:.2e}")
    };
    text.replace('-', "−")
}
