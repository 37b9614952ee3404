//! Dates and times after ISO 8601, as days since 1970-01-01.

const SECONDS_PER_DAY: f64 = 86_400.0;
/// 0000-01-01 and 9999-12-31.
const FIRST_DAY: f64 = -719_528.0;
const LAST_DAY: f64 = 2_932_896.0;

/// Days since 1970-01-01 for `YYYY-MM-DD`, with `T` or a blank and `HH:MM[:SS[.fraction]]` after it if there is a time,
/// and `Z` or an offset such as `+01:00` or `-0530` after that. A time without an offset is taken as UTC.
pub(super) fn parse(text: &str) -> Option<f64> {
    let mut rest = Rest(text.as_bytes());
    let year = rest.digits(4)?;
    rest.take(b"-")?;
    let month = rest.digits(2)?;
    rest.take(b"-")?;
    let day = rest.digits(2)?;
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    let days = days_from_civil(year, month, day) as f64;
    if rest.0.is_empty() {
        return Some(days);
    }
    rest.take(b"Tt ")?;
    let seconds = rest.time()? - rest.offset()?;
    rest.0.is_empty().then_some(days + seconds / SECONDS_PER_DAY)
}

/// The date `days` after 1970-01-01, as ISO 8601 has it: with the time, to milliseconds, if there is a fraction. Dates
/// beyond the year 9999, or before the year 0, are written as the ends of that time; NaN as 1970-01-01.
///
/// ```
/// use ugmm_data::frame::date_text;
///
/// assert_eq!(date_text(19_782.0), "2024-02-29");
/// assert_eq!(date_text(0.75), "1970-01-01T18:00:00");
/// assert_eq!(date_text(f64::INFINITY), "9999-12-31");
/// ```
pub fn date_text(days: f64) -> String {
    format(days.clamp(FIRST_DAY, LAST_DAY))
}

/// The date `days` after 1970-01-01, with the time, to milliseconds, if there is a fraction.
pub(super) fn format(days: f64) -> String {
    // A file may hold any 64-bit number of seconds; in milliseconds they still fit an i128.
    let milliseconds = (days * SECONDS_PER_DAY * 1000.0).round() as i128;
    let (day, time) = (milliseconds.div_euclid(86_400_000), milliseconds.rem_euclid(86_400_000));
    let (year, month, day) = civil_from_days(day);
    let date = format!("{year:04}-{month:02}-{day:02}");
    if time == 0 {
        return date;
    }
    let (seconds, fraction) = (time / 1000, time % 1000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 { format!("{date}T{clock}") } else { format!("{date}T{clock}.{fraction:03}") }
}

/// What is left to parse.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// One of the bytes `allowed`.
    fn take(&mut self, allowed: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        allowed.contains(&first).then(|| {
            self.0 = rest;
            first
        })
    }

    /// Exactly `count` digits, at most 4.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let mut number = 0;
        for _ in 0..count {
            number = 10 * number + i64::from(self.take(b"0123456789")? - b'0');
        }
        Some(number)
    }

    /// Seconds since midnight.
    fn time(&mut self) -> Option<f64> {
        let hours = self.digits(2)?;
        self.take(b":")?;
        let minutes = self.digits(2)?;
        let mut seconds = 0.0;
        if self.take(b":").is_some() {
            seconds = self.digits(2)? as f64;
            if self.take(b".,").is_some() {
                seconds += self.fraction()?;
            }
        }
        let valid = hours < 24 && minutes < 60 && seconds < 60.0;
        valid.then_some((3600 * hours + 60 * minutes) as f64 + seconds)
    }

    /// At least one digit after a decimal point.
    fn fraction(&mut self) -> Option<f64> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        format!("0.{}", std::str::from_utf8(digits).ok().filter(|digits| !digits.is_empty())?).parse().ok()
    }

    /// Seconds by which the clock is ahead of UTC; 0 if nothing is left.
    fn offset(&mut self) -> Option<f64> {
        if self.0.is_empty() || self.take(b"Zz").is_some() {
            return Some(0.0);
        }
        let sign = if self.take(b"+-")? == b'-' { -1.0 } else { 1.0 };
        let hours = self.digits(2)?;
        let minutes = if self.take(b":").is_some() || !self.0.is_empty() { self.digits(2)? } else { 0 };
        (hours < 24 && minutes < 60).then_some(sign * (3600 * hours + 60 * minutes) as f64)
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of an era of 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;
/// Days from 0000-03-01, where eras begin, to 1970-01-01.
const EPOCH: i64 = 719_468;

/// Days since 1970-01-01. Years are counted from March here, so that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * ERA + 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH
}

/// Year, month and day; the inverse of [`days_from_civil`].
fn civil_from_days(days: i128) -> (i128, i64, i64) {
    let shifted = days + i128::from(EPOCH);
    let era = shifted.div_euclid(i128::from(ERA));
    let day_of_era = shifted.rem_euclid(i128::from(ERA)) as i64;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / (ERA - 1)) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = i128::from(year_of_era) + era * 400 + i128::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_days() {
        for (text, days) in [
            ("1970-01-01", 0.0),
            ("1970-01-02T00:00", 1.0),
            ("1969-12-31 12:00:00", -0.5),
            ("2000-02-29", 11_016.0),
            ("2024-02-29T06:00:00Z", 19_782.25),
            ("2024-02-29T06:00:00.000+06:00", 19_782.0),
            ("2024-02-29T06:00-0600", 19_782.5),
            ("0001-01-01", -719_162.0),
        ] {
            assert_eq!(parse(text), Some(days), "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "2024",
            "2024-02",
            "20240229",
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-01-00",
            "2024-01-32",
            "2024-01-01T",
            "2024-01-01T24:00",
            "2024-01-01T12",
            "2024-01-01T12:60",
            "2024-01-01T12:00:60",
            "2024-01-01T12:00:00.",
            "2024-01-01T12:00+",
            "2024-01-01T12:00+1",
            "2024-01-01x",
            "2024-1-1",
            "01/02/2024",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_day_of_many_years_comes_back() {
        for days in -800_000..800_000 {
            let text = format(f64::from(days));
            if !text.starts_with('-') {
                assert_eq!(parse(&text), Some(f64::from(days)), "{text}");
            }
        }
        assert_eq!(format(19_782.25), "2024-02-29T06:00:00");
        assert_eq!(format(0.5 / 86_400.0), "1970-01-01T00:00:00.500");
        for extreme in [f64::MAX, f64::MIN, 1e14, -1e14] {
            assert!(!format(extreme).is_empty());
        }
    }
}
