//! Numbers and counts in words.

/// A number of things, such as "1 row", "2 rows" or "2 classes".
#[must_use]
pub fn count(count: usize, noun: &str) -> String {
    let ending = match count {
        1 => "",
        _ if noun.ends_with('s') => "es",
        _ => "s",
    };
    format!("{count} {noun}{ending}")
}

/// A line about rows that are left out because they lack something; empty if there are none.
#[must_use]
pub fn left_out(rows: usize, lacking: &str) -> String {
    if rows == 0 { String::new() } else { format!("left out: {} with {lacking}\n", count(rows, "row")) }
}

/// A number with at most six significant digits.
#[must_use]
pub fn six_digits(number: f64) -> String {
    if number == 0.0 || (1e-4..1e9).contains(&number.abs()) {
        let decimals = (5 - number.abs().max(1.0).log10().floor() as i32).max(0) as usize;
        let text = format!("{number:.decimals$}");
        return match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        };
    }
    format!("{number:.5e}")
}

/// A number with as many digits as [`six_digits`] gives, and more if they are needed to distinguish numbers within
/// `span`: three digits of the span.
#[must_use]
pub fn within(number: f64, span: f64) -> String {
    let place = |number: f64| number.abs().log10().floor();
    let is_wide = !(span > 0.0 && span.is_finite()) || place(number.abs().max(span)) - place(span) <= 3.0;
    if number == 0.0 || is_wide {
        return six_digits(number);
    }
    // An f64 has at most 17 significant digits.
    let digits = (place(number) - place(span) + 3.0).clamp(1.0, 17.0) as usize;
    if !(1e-4..1e15).contains(&number.abs()) {
        return format!("{number:.*e}", digits - 1);
    }
    let decimals = (digits as f64 - 1.0 - place(number)).max(0.0) as usize;
    format!("{number:.decimals$}")
}

/// An error with four significant digits, in the units of the target; in days if the target is a date.
#[must_use]
pub fn error_text(error: f64, is_date: bool) -> String {
    let unit = if is_date { " days" } else { "" };
    if error == 0.0 || !(1e-4..1e9).contains(&error.abs()) {
        return if error == 0.0 { format!("0{unit}") } else { format!("{error:.3e}{unit}") };
    }
    let decimals = (3 - error.abs().log10().floor() as i32).max(0) as usize;
    format!("{error:.decimals$}{unit}")
}

/// A fraction in [0, 1] as a percentage with this many decimals.
#[must_use]
pub fn percent(share: f64, decimals: usize) -> String {
    format!("{:.decimals$}", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, expected) in [
            (0.0, "0"),
            (0.01969581527037989, "0.0197"),
            (1700000000.54, "1.70000e9"),
            (150.25, "150.25"),
            (-3.0, "-3"),
            (123456.789, "123457"),
            (1e300, "1.00000e300"),
            (0.00001234567, "1.23457e-5"),
        ] {
            assert_eq!(six_digits(number), expected);
        }
    }

    #[test]
    fn digits_that_tell_numbers_apart_are_shown() {
        for (number, span, expected) in [
            (1_700_000_000.54, 30.0, "1700000000.5"),
            (1_700_000_000_000.0, 3e4, "1700000000000"),
            (48.137, 1e-5, "48.1370000"),
            (5.1, 3.0, "5.1"),
            (0.0, 1e-9, "0"),
            (1.7e-9, 3e-9, "1.70000e-9"),
            (1.7e9, 0.0, "1.70000e9"),
            (1.7e15, 3e7, "1.7000000000e15"),
        ] {
            assert_eq!(within(number, span), expected, "{number} {span}");
        }
        for (error, expected) in [
            (0.0, "0"),
            (12.34567, "12.35"),
            (0.00123456, "0.001235"),
            (123_456.7, "123457"),
            (1.23456e-9, "1.235e-9"),
        ] {
            assert_eq!(error_text(error, false), expected);
        }
        assert_eq!(error_text(20.4, true), "20.40 days");
    }
}
