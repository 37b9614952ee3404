//! Dates and times as people write them, as days since 1970-01-01.

use chrono::format::{Parsed, StrftimeItems};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};
use serde::{Deserialize, Serialize};

const SECONDS_PER_DAY: f64 = 86_400.0;
const MINUTES_PER_DAY: f64 = 1440.0;
/// 0000-01-01 and 9999-12-31.
const FIRST_DAY: f64 = -719_528.0;
const LAST_DAY: f64 = 2_932_896.0;
/// Years of two digits from here on are of the twentieth century, those before of the next.
const PIVOT: i64 = 70;
/// Years that a month of two numbers may be in; other numbers are codes of things.
const YEARS: std::ops::Range<i64> = 1800..2200;

/// A year of four digits, or of two.
fn full_year(year: i64, digits: usize) -> i64 {
    match digits {
        2 if year < PIVOT => 2000 + year,
        2 => 1900 + year,
        _ => year,
    }
}

/// The day of a date, if there is one.
fn day_of(year: i64, month: i64, day: i64) -> Option<f64> {
    let date = NaiveDate::from_ymd_opt(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?)?;
    Some(date.to_epoch_days().into())
}

/// How the dates of a column are written, where year, month and day could stand in another order than `2024-02-29` has
/// them. Dates whose order is plain (`2024-02-29`, `2024/2/29`, `29 Feb 2024`, `February 29, 2024`) are read with any format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateFormat {
    /// As in `29/02/2024`, `29.2.24` or `29-02-2024 18:30`.
    DayFirst,
    /// As in `02/29/2024` or `2/29/24 6:30 PM`.
    MonthFirst,
    /// As in `99-12-31`.
    ShortYearFirst,
    /// Months, as in `2024-02`, `02/2024`, `Feb-24` or `February 2024`, each as its first day.
    Months,
    /// As `strftime` has it, such as `%d.%m.%Y %H:%M`.
    Stated(String),
}

impl DateFormat {
    /// Formats that are tried where none is stated; if two fit, the first is taken.
    pub(super) const TRIED: [Self; 4] =
        [Self::DayFirst, Self::MonthFirst, Self::ShortYearFirst, Self::Months];

    /// A date in this format, for messages.
    pub(super) fn example(format: Option<&Self>) -> String {
        match format {
            None => "2024-02-29 or 2024-02-29T12:30:00".to_owned(),
            Some(Self::DayFirst) => "29/02/2024 (the day first) or 2024-02-29".to_owned(),
            Some(Self::MonthFirst) => "02/29/2024 (the month first) or 2024-02-29".to_owned(),
            Some(Self::ShortYearFirst) => "24-02-29 (the year first) or 2024-02-29".to_owned(),
            Some(Self::Months) => "2024-02 or Feb-24 (a month) or 2024-02-29".to_owned(),
            Some(Self::Stated(format)) => format!("{format:?} says, or 2024-02-29"),
        }
    }
}

/// Whether `format` is a format of `strftime` with year, month and day, or with a year and a month, a week or a quarter, which stands
/// for its first day.
pub(super) fn is_format(format: &str) -> bool {
    by_pattern(0.0, format).is_some_and(|text| stated(&text, format).is_some())
}

/// Formats of `strftime` that are read only where they are stated; a doubt names them.
const UNUSUAL: [&str; 19] = [
    "%m/%y",
    "%m-%y",
    "%y-%m",
    "%G-W%V-%u",
    "%G-W%V",
    "%GW%V",
    "%Y-%j",
    "%Y-Q%q",
    "%YQ%q",
    "%Y年%m月%d日",
    "%Y年%-m月%-d日",
    "%Y年%m月",
    "%Y. %m. %d.",
    "%Y. %-m. %-d.",
    "%Y%m%dT%H%M%S",
    "%Y%m%dT%H%M%SZ",
    "%d.%m.%Y %H.%M.%S",
    "%d.%m.%Y %H.%M",
    "%d/%m/%Y %Hh%M",
];

/// The format of `strftime` that all of some texts are written in, if it is one of those that are not read unless they are stated.
pub(super) fn unusual_format(texts: &[&str]) -> Option<&'static str> {
    let is_written = |text: &str, format: &str| {
        stated(text, format).and_then(|days| by_pattern(days, format)).is_some_and(|again| again == text)
    };
    // One of `%-m` has one digit or two.
    UNUSUAL.into_iter().find(|format| texts.iter().all(|text| is_written(text, format)))
}

/// The format of `strftime` that `text` is written in, if it is read as a date of this format.
pub(super) fn pattern_of(text: &str, format: &DateFormat) -> Option<String> {
    let days = parse(text, Some(format))?;
    patterns(Some(format)).find(|pattern| by_pattern(days, pattern).as_deref() == Some(text))
}

/// The date that `text` is in whatever order its numbers stand; none where it could be two.
pub(super) fn parse_any(text: &str) -> Option<f64> {
    parse(text, None).or_else(|| {
        let mut readings = DateFormat::TRIED.iter().filter_map(|order| parse(text, Some(order)));
        let first = readings.next()?;
        readings.all(|days| days == first).then_some(first)
    })
}

/// Days since 1970-01-01 of a date in this format or of one whose order is plain, with the time of day as a fraction. A time
/// without an offset is taken as UTC.
pub(super) fn parse(text: &str, format: Option<&DateFormat>) -> Option<f64> {
    match format {
        Some(DateFormat::Stated(format)) => stated(text, format).or_else(|| written(text)?.days(None)),
        Some(DateFormat::Months) => month(text).or_else(|| written(text)?.days(None)),
        format => written(text)?.days(format),
    }
}

/// The date that a value must be for its column to be inferred as one of this format: as [`parse`], but only a month where the format
/// is that of months.
pub(super) fn parse_own(text: &str, format: &DateFormat) -> Option<f64> {
    if *format == DateFormat::Months { month(text) } else { parse(text, Some(format)) }
}

/// The first day of a month. Where two numbers stand for it, the year is one of our times: others are codes of things.
fn month(text: &str) -> Option<f64> {
    let mut rest = Rest(text.as_bytes());
    let (year, month) = if let Some(month) = rest.month() {
        let separator = rest.take(b"-/ ")?;
        let (year, digits) = rest.number()?;
        match digits {
            4 => (year, month),
            // `Feb 24` is a day.
            2 if separator == b'-' => (full_year(year, digits), month),
            _ => return None,
        }
    } else {
        let first = rest.number()?;
        rest.take(b"-/")?;
        let (year, month) = match (first, rest.number()?) {
            ((year, 4), (month, 2)) | ((month, 1 | 2), (year, 4)) => (year, month),
            _ => return None,
        };
        (YEARS.contains(&year)).then_some((year, month))?
    };
    if rest.0.is_empty() { day_of(year, month, 1) } else { None }
}

/// Whether the order of the numbers of `text` has to be known to read it as a date in this format.
pub(super) fn is_open(text: &str, format: &DateFormat) -> bool {
    parse(text, Some(format)) != parse(text, None)
}

/// Whether `text` looks like a date, even like one that the calendar does not have.
pub(super) fn resembles(text: &str) -> bool {
    let groups: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|group| !group.is_empty()).collect();
    let is_number = |group: &&str| group.len() <= 4 && group.bytes().all(|byte| byte.is_ascii_digit());
    let is_year =
        |group: &&str| group.len() == 4 && is_number(group) && matches!(group.as_bytes()[0], b'1' | b'2');
    let (first, rest) = groups.split_at(groups.len().min(3));
    written(text).is_some()
        || month(text).is_some()
        || first.iter().any(|group| group.len() >= 3 && month_of(group).is_some())
            && first.iter().any(is_number)
        || first.len() == 3
            && rest.len() < 5
            && first.iter().all(is_number)
            && first.iter().filter(|g| is_year(g)).count() == 1
}

/// A date by a format of `strftime`.
fn stated(text: &str, format: &str) -> Option<f64> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, StrftimeItems::new(format)).ok()?;
    // Seconds since 1970 say all.
    if let Some(seconds) = parsed.timestamp() {
        return Some(seconds as f64 / SECONDS_PER_DAY);
    }
    let date = parsed.to_naive_date().ok().or_else(|| {
        // The first day of the month, week or quarter.
        if let (Some(quarter), None) = (parsed.quarter(), parsed.month()) {
            parsed.set_month((3 * quarter - 2).into()).ok()?;
        }
        match parsed.isoweek() {
            Some(_) => parsed.set_weekday(Weekday::Mon).ok()?,
            None => parsed.set_day(1).ok()?,
        };
        parsed.to_naive_date().ok()
    })?;
    let has_time = parsed.hour_mod_12().is_some() || parsed.minute().is_some();
    let time = if has_time { parsed.to_naive_time().ok()? } else { NaiveTime::MIN };
    let days = f64::from(date.to_epoch_days());
    let seconds = f64::from(time.num_seconds_from_midnight()) + f64::from(time.nanosecond()) / 1e9;
    Some(days + (seconds - f64::from(parsed.offset().unwrap_or(0))) / SECONDS_PER_DAY)
}

/// The patterns of `strftime` by which dates of this format are usually written: of those that give the same text the likeliest
/// first.
pub(super) fn patterns(format: Option<&DateFormat>) -> impl Iterator<Item = String> + '_ {
    const TIMES: [&str; 9] = [
        "",
        " %H:%M",
        " %H:%M:%S",
        "T%H:%M",
        "T%H:%M:%S",
        "T%H:%M:%SZ",
        " %-I:%M %p",
        " %-I:%M:%S %p",
        " %H:%M:%S%.3f",
    ];
    const PLAIN: [&str; 16] = [
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%Y-%-m-%-d",
        "%Y/%-m/%-d",
        "%d %b %Y",
        "%-d %b %Y",
        "%d-%b-%Y",
        "%d-%b-%y",
        "%d%b%Y",
        "%d%b%y",
        "%d %B %Y",
        "%-d %B %Y",
        "%B %-d, %Y",
        "%b %-d, %Y",
        "%b %d %Y",
    ];
    let orders: &[&str] = match format {
        Some(DateFormat::DayFirst) => &["%d/%m/%Y", "%-d/%-m/%Y", "%d/%m/%y", "%-d/%-m/%y"],
        Some(DateFormat::MonthFirst) => &["%m/%d/%Y", "%-m/%-d/%Y", "%m/%d/%y", "%-m/%-d/%y"],
        Some(DateFormat::ShortYearFirst) => &["%y/%m/%d", "%y/%-m/%-d"],
        Some(DateFormat::Months | DateFormat::Stated(_)) | None => &[],
    };
    const MONTHS: [&str; 8] = ["%Y-%m", "%Y/%m", "%m/%Y", "%-m/%Y", "%b-%y", "%b %Y", "%B %Y", "%b-%Y"];
    let months: &[&str] = if matches!(format, Some(DateFormat::Months)) { &MONTHS } else { &[] };
    let separated = orders.iter().flat_map(|order| ["/", ".", "-"].map(|mark| order.replace('/', mark)));
    let dates = separated.chain(PLAIN.map(String::from));
    let stated = match format {
        Some(DateFormat::Stated(format)) => Some(format.clone()),
        _ => None,
    };
    let first = stated.into_iter().chain(months.iter().map(|month| (*month).to_owned()));
    first.chain(dates.flat_map(|date| TIMES.map(|time| format!("{date}{time}"))))
}

/// A date by a pattern of `strftime`; none beyond the years that it knows, or where the pattern is none.
pub(super) fn by_pattern(days: f64, pattern: &str) -> Option<String> {
    use std::fmt::Write;
    let time = chrono::DateTime::from_timestamp_millis(milliseconds(days))?;
    let mut text = String::new();
    // A wrong pattern is an error of the writer rather than a panic.
    write!(text, "{}", time.format(pattern)).ok()?;
    Some(text)
}

/// Milliseconds of so many days; those of the longest time that 64 bits hold where it is more.
fn milliseconds(days: f64) -> i64 {
    (days * SECONDS_PER_DAY * 1000.0).round() as i64
}

/// The parts of a text that has the shape of a date.
struct DateAndTime {
    numbers: DateNumbers,
    /// Seconds since midnight UTC.
    seconds: f64,
}

enum DateNumbers {
    /// Year, month and day.
    Plain(i64, i64, i64),
    /// In an order that is not known; how many digits the last has, two or four.
    Open([i64; 3], usize),
}

impl DateAndTime {
    fn days(&self, format: Option<&DateFormat>) -> Option<f64> {
        let (year, digits, month, day) = match (&self.numbers, format) {
            (&DateNumbers::Plain(year, month, day), _) => (year, 4, month, day),
            (&DateNumbers::Open([day, month, year], digits), Some(DateFormat::DayFirst)) => {
                (year, digits, month, day)
            }
            (&DateNumbers::Open([month, day, year], digits), Some(DateFormat::MonthFirst)) => {
                (year, digits, month, day)
            }
            (&DateNumbers::Open([year, month, day], 2), Some(DateFormat::ShortYearFirst)) => {
                (year, 2, month, day)
            }
            _ => return None,
        };
        Some(day_of(full_year(year, digits), month, day)? + self.seconds / SECONDS_PER_DAY)
    }
}

/// A time as C writes it, with the year at its end: `Thu Feb 29 06:00:00 2024`, without the name of the day.
fn with_year_last(mut rest: Rest) -> Option<DateAndTime> {
    let month = rest.month()?;
    rest.blanks();
    let day = rest.short()?;
    rest.take(b" ")?;
    let seconds = rest.time()?;
    rest.take(b" ")?;
    if rest.word().is_some_and(|zone| ["UTC", "GMT"].contains(&zone)) {
        rest.skip(3);
        rest.take(b" ")?;
    }
    let (year, digits) = rest.number()?;
    let is_all = digits == 4 && rest.0.is_empty();
    is_all.then_some(DateAndTime { numbers: DateNumbers::Plain(year, month, day), seconds })
}

/// The parts of a date: year, month and day, with a blank or `T` and the time after it if there is one: `HH:MM[:SS[.fraction]]`, perhaps with AM or
/// PM, and `Z`, `UTC`, `GMT` or an offset such as `+01:00` or `-0530` after that.
fn written(text: &str) -> Option<DateAndTime> {
    let mut rest = Rest(text.as_bytes());
    // The names of days say nothing that is needed.
    if let Some(name) = rest.word().filter(|name| is_weekday(name)) {
        rest.skip(name.len());
        let _ = rest.take(b".,");
        rest.blanks();
    }
    if let Some(written) = with_year_last(Rest(rest.0)) {
        return Some(written);
    }
    let numbers = rest.date()?;
    if rest.0.is_empty() {
        return Some(DateAndTime { numbers, seconds: 0.0 });
    }
    let _ = rest.take(b",");
    // SAS and web servers have a colon there.
    rest.take(b"Tt :")?;
    rest.blanks();
    let seconds = rest.time()? - rest.offset()?;
    rest.0.is_empty().then_some(DateAndTime { numbers, seconds })
}

fn is_weekday(name: &str) -> bool {
    let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let name = name.to_lowercase();
    names.iter().any(|full| *full == name || name.len() >= 3 && name.len() <= 4 && full.starts_with(&name))
}

/// The month of an English, German, French, Spanish, Portuguese, Italian or Dutch name, in full or short. No name is of two months.
fn month_of(name: &str) -> Option<i64> {
    const NAMES: [&str; 12] = [
        "january januar janvier enero janeiro gennaio januari jan jän janv ene gen",
        "february februar février fevrier febrero fevereiro febbraio februari feb févr fevr fev",
        "march märz maerz mars marzo março maart mar mrz mär mrt",
        "april avril abril aprile apr avr abr",
        "may mai mayo maio maggio mei mag",
        "june juni juin junio junho giugno jun giu",
        "july juli juillet julio julho luglio jul juil lug",
        "august août aout agosto augustus aug ago",
        "september septembre septiembre setembro settembre sept sep set",
        "october oktober octobre octubre outubro ottobre oct okt out ott",
        "november novembre noviembre novembro nov",
        "december dezember décembre decembre diciembre dezembro dicembre dec dez déc dic",
    ];
    let name = name.to_lowercase();
    NAMES
        .iter()
        .zip(1..)
        .find(|(names, _)| names.split(' ').any(|known| known == name))
        .map(|(_, month)| month)
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

/// The date `days` after 1970-01-01 with the time to the minute, for what is no value of a table, such as a mean: without the time
/// at midnight.
///
/// ```
/// use ugmm_data::frame::minute_text;
///
/// assert_eq!(minute_text(19_782.0), "2024-02-29");
/// assert_eq!(minute_text(0.7501), "1970-01-01T18:00:00");
/// ```
pub fn minute_text(days: f64) -> String {
    date_text((days * MINUTES_PER_DAY).round() / MINUTES_PER_DAY)
}

/// The date `days` after 1970-01-01, with the time, to milliseconds, if there is a fraction; the number of days where it is more than
/// a quarter of a million years, beyond which the calendar does not go.
pub(super) fn format(days: f64) -> String {
    let is_midnight = milliseconds(days) % milliseconds(1.0) == 0;
    let pattern = if is_midnight { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%S%.f" };
    by_pattern(days, pattern).unwrap_or_else(|| days.to_string())
}

/// The year and month of a day, such as `2024-02`, of the years that [`date_text`] writes.
pub(super) fn month_text(days: f64) -> String {
    by_pattern(days.clamp(FIRST_DAY, LAST_DAY), "%Y-%m").unwrap_or_default()
}

/// The first day of the month that a day is in, both in days since 1970-01-01.
///
/// ```
/// use ugmm_data::frame::first_of_month;
///
/// assert_eq!(first_of_month(19_782.5), 19_754.0);
/// ```
pub fn first_of_month(day: f64) -> f64 {
    let date = NaiveDate::from_epoch_days(day.floor() as i32).and_then(|date| date.with_day(1));
    date.map_or(day, |date| date.to_epoch_days().into())
}

/// A point in time as ISO 8601 has it, with all its digits; without the time at midnight, unless it is one of UTC.
pub(super) fn time_text(time: NaiveDateTime, is_utc: bool) -> String {
    match (time.time() == NaiveTime::MIN, is_utc) {
        (true, false) => time.format("%Y-%m-%d").to_string(),
        (_, true) => time.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string(),
        (false, false) => time.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
    }
}

/// The bytes that are left to parse.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// One of the bytes `allowed`.
    fn take(&mut self, allowed: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        allowed.contains(&first).then(|| {
            self.0 = rest;
            first
        })
    }

    fn skip(&mut self, bytes: usize) {
        self.0 = &self.0[bytes..];
    }

    fn blanks(&mut self) {
        while self.take(b" ").is_some() {}
    }

    /// The word that comes next, which is not taken.
    fn word(&self) -> Option<&'a str> {
        if self.0.first().is_none_or(u8::is_ascii_digit) {
            return None;
        }
        let text = std::str::from_utf8(self.0).ok()?;
        let end = text.find(|character: char| !character.is_alphabetic()).unwrap_or(text.len());
        (end > 0).then(|| &text[..end])
    }

    /// Exactly `count` digits, at most 4.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let mut number = 0;
        for _ in 0..count {
            number = 10 * number + i64::from(self.take(b"0123456789")? - b'0');
        }
        Some(number)
    }

    /// All digits that come next, 1 to 4, and how many there are.
    fn number(&mut self) -> Option<(i64, usize)> {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (1..=4).contains(&count).then_some(())?;
        Some((self.digits(count)?, count))
    }

    /// A number of one or two digits.
    fn short(&mut self) -> Option<i64> {
        self.number().filter(|&(_, digits)| digits <= 2).map(|(number, _)| number)
    }

    /// The name of a month, perhaps with a point after it.
    fn month(&mut self) -> Option<i64> {
        let name = self.word()?;
        let (month, length) = (month_of(name)?, name.len());
        self.skip(length);
        let _ = self.take(b".");
        Some(month)
    }

    /// A year after the name of a month.
    fn year(&mut self) -> Option<i64> {
        let _ = self.take(b",");
        let _ = self.take(b"-/");
        self.blanks();
        self.of();
        let (year, digits) = self.number()?;
        matches!(digits, 2 | 4).then(|| full_year(year, digits))
    }

    /// Passes over `de` between day, month and year, as in Spanish.
    fn of(&mut self) {
        if self.word().is_some_and(|word| word.eq_ignore_ascii_case("de")) {
            self.skip(2);
            self.blanks();
        }
    }

    /// Passes over `st`, `nd`, `rd` or `th` after a day.
    fn ordinal(&mut self) {
        let is_ordinal =
            |word: &str| ["st", "nd", "rd", "th"].iter().any(|end| end.eq_ignore_ascii_case(word));
        if self.word().is_some_and(is_ordinal) {
            self.skip(2);
        }
    }

    fn date(&mut self) -> Option<DateNumbers> {
        if let Some(month) = self.month() {
            let _ = self.take(b"-/");
            self.blanks();
            let day = self.short()?;
            self.ordinal();
            return Some(DateNumbers::Plain(self.year()?, month, day));
        }
        let (first, digits) = self.number()?;
        match digits {
            4 => {
                let separator = self.take(b"-/. ")?;
                let month = self.month().or_else(|| self.short())?;
                self.take(&[separator])?;
                Some(DateNumbers::Plain(first, month, self.short()?))
            }
            1 | 2 => {
                self.ordinal();
                // None as in `01JAN2021`.
                let separator = self.take(b"-/. ");
                self.blanks();
                self.of();
                if let Some(month) = self.month() {
                    return Some(DateNumbers::Plain(self.year()?, month, first));
                }
                let separator = separator?;
                if separator == b' ' {
                    return None;
                }
                let second = self.short()?;
                self.take(&[separator])?;
                self.blanks();
                let (third, digits) = self.number()?;
                matches!(digits, 2 | 4).then_some(DateNumbers::Open([first, second, third], digits))
            }
            _ => None,
        }
    }

    /// Seconds since midnight.
    fn time(&mut self) -> Option<f64> {
        let mut hours = self.short()?;
        self.take(b":")?;
        let minutes = self.digits(2)?;
        let mut seconds = 0.0;
        if self.take(b":").is_some() {
            seconds = self.digits(2)? as f64;
            if self.take(b".,").is_some() {
                seconds += self.fraction()?;
            }
        }
        if let Some(is_afternoon) = self.half_of_day() {
            (1..=12).contains(&hours).then_some(())?;
            hours = hours % 12 + if is_afternoon { 12 } else { 0 };
        }
        let valid = hours < 24 && minutes < 60 && seconds < 60.0;
        valid.then_some((3600 * hours + 60 * minutes) as f64 + seconds)
    }

    /// Whether `PM` comes next, perhaps after a blank, rather than `AM`; none if neither does.
    fn half_of_day(&mut self) -> Option<bool> {
        let blanks = self.0.iter().take_while(|&&byte| byte == b' ').count();
        let after = Rest(&self.0[blanks..]);
        let length = ["a.m.", "p.m.", "am", "pm"].iter().map(|half| half.len()).find(|&length| {
            let word = after.0.get(..length).map(<[u8]>::to_ascii_lowercase);
            word.is_some_and(|word| matches!(word.as_slice(), b"a.m." | b"p.m." | b"am" | b"pm"))
        })?;
        let is_afternoon = after.0[0].eq_ignore_ascii_case(&b'p');
        self.skip(blanks + length);
        Some(is_afternoon)
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
        self.blanks();
        if self.0.is_empty() || self.take(b"Zz").is_some() {
            return Some(0.0);
        }
        if self.word().is_some_and(|zone| ["UTC", "GMT"].iter().any(|utc| utc.eq_ignore_ascii_case(zone))) {
            self.skip(3);
            if self.0.is_empty() {
                return Some(0.0);
            }
        }
        let sign = if self.take(b"+-")? == b'-' { -1.0 } else { 1.0 };
        let hours = self.digits(2)?;
        let minutes = if self.take(b":").is_some() || !self.0.is_empty() { self.digits(2)? } else { 0 };
        (hours < 24 && minutes < 60).then_some(sign * (3600 * hours + 60 * minutes) as f64)
    }
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
            ("2024-2-29", 19_782.0),
            ("2024/02/29 6:00 pm", 19_782.75),
            ("29 Feb 2024", 19_782.0),
            ("29-FEB-24", 19_782.0),
            ("29. Februar 2024", 19_782.0),
            ("29th February 2024 06:00 UTC", 19_782.25),
            ("Feb 29, 2024", 19_782.0),
            ("Thursday, February 29th, 2024, 12:00 AM", 19_782.0),
            ("Thu, 29 Feb 2024 06:00:00 +0600", 19_782.0),
            ("1. März 2024", 19_783.0),
            ("Thu Feb 29 06:00:00 2024", 19_782.25),
            ("Fri Mar  1 06:00:00 UTC 2024", 19_783.25),
            ("29FEB2024", 19_782.0),
            ("29feb24", 19_782.0),
            ("29FEB2024:06:00:00", 19_782.25),
            ("29/Feb/2024:06:00:00 +0000", 19_782.25),
            ("29 févr. 2024", 19_782.0),
            ("29 de febrero de 2024", 19_782.0),
        ] {
            assert_eq!(parse(text, None), Some(days), "{text:?}");
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
            "2024-01-01 13:00 PM",
            "01/02/2024",
            "29.02.2024",
            "30 Feb 2024",
            "29 Abc 2024",
            "Mon",
            "29 2 2024",
            "1.2.3",
            "29FEB",
            "29FEBX24",
            "29de2024",
        ] {
            assert_eq!(parse(text, None), None, "{text:?}");
        }
    }

    #[test]
    fn every_day_of_many_years_comes_back() {
        for days in -800_000..800_000 {
            let text = format(f64::from(days));
            if !text.starts_with('-') {
                assert_eq!(parse(&text, None), Some(f64::from(days)), "{text}");
            }
        }
        assert_eq!(format(19_782.25), "2024-02-29T06:00:00");
        assert_eq!(format(0.5 / 86_400.0), "1970-01-01T00:00:00.500");
        for extreme in [f64::MAX, f64::MIN, 1e14, -1e14] {
            assert!(!format(extreme).is_empty());
        }
    }

    #[test]
    fn dates_in_an_order_that_must_be_known() {
        let [day, month, year, months] = DateFormat::TRIED;
        for (text, format, days) in [
            ("29/02/2024", &day, Some(19_782.0)),
            ("29.2.24", &day, Some(19_782.0)),
            ("29-02-2024 18:00", &day, Some(19_782.75)),
            ("29/02/2024", &month, None),
            ("2/29/2024 6:00 PM", &month, Some(19_782.75)),
            ("02/29/70", &month, None),
            ("01/02/70", &month, Some(1.0)),
            ("99-12-31", &year, Some(10_956.0)),
            ("99-12-31", &day, None),
            ("2024-02-29", &month, Some(19_782.0)),
            ("2024-02-29", &months, Some(19_782.0)),
            ("2024-02", &months, Some(19_754.0)),
            ("2/2024", &months, Some(19_754.0)),
            ("Feb-24", &months, Some(19_754.0)),
            ("Februar 2024", &months, Some(19_754.0)),
            ("Feb 24", &months, None),
            ("2024-13", &months, None),
            ("1234-05", &months, None),
            ("2024-2-29x", &months, None),
            ("2024-02", &day, None),
        ] {
            assert_eq!(parse(text, Some(format)), days, "{text:?} {format:?}");
        }
        let stated = |format: &str| DateFormat::Stated(format.to_owned());
        for (text, format, days) in [
            ("29|02|2024", "%d|%m|%Y", Some(19_782.0)),
            ("20240229 06:00", "%Y%m%d %H:%M", Some(19_782.25)),
            ("29/02/2024 06:00:00 +0600", "%d/%m/%Y %H:%M:%S %z", Some(19_782.0)),
            ("2024-060", "%Y-%j", Some(19_782.0)),
            ("2024-02-29", "%d/%m/%Y", Some(19_782.0)),
            ("30/02/2024", "%d/%m/%Y", None),
            ("02/24", "%m/%y", Some(19_754.0)),
            ("202402", "%Y%m", Some(19_754.0)),
            ("2024-W09", "%G-W%V", Some(19_779.0)),
            ("2024-Q1", "%Y-Q%q", Some(19_723.0)),
            ("2024-Q2", "%Y-Q%q", Some(19_814.0)),
            ("13/24", "%m/%y", None),
            ("x", "%Q", None),
        ] {
            assert_eq!(parse(text, Some(&stated(format))), days, "{text:?} {format:?}");
        }
        for format in
            ["%d.%m.%y", "%F %T", "%b %d, %Y", "%m/%Y", "%Y-%j", "%G-W%V", "%s", "%c", "%Y年%m月%d日"]
        {
            assert!(is_format(format), "{format:?}");
        }
        for format in ["%Y", "%d/%m", "%H:%M", "%Q %d %m %Y", "dd/mm/yyyy", "", "%"] {
            assert!(!is_format(format), "{format:?}");
        }
        assert!(resembles("31/02/2024") && resembles("Feb 2024") && resembles("2024-13-01 10:00"));
        for (texts, format) in [
            (&["08/22", "12/21"][..], Some("%m/%y")),
            (&["2022-W32", "2022-W01"], Some("%G-W%V")),
            (&["2022年8月10日", "2022年12月1日"], Some("%Y年%-m月%-d日")),
            (&["08/22", "13/22"], None),
            (&["1/2", "1/4"], None),
        ] {
            assert_eq!(unusual_format(texts), format, "{texts:?}");
        }
        assert_eq!(pattern_of("01-02-03", &year).as_deref(), Some("%y-%m-%d"));
        assert_eq!(pattern_of("1/2/24 6:30 PM", &month).as_deref(), Some("%-m/%-d/%y %-I:%M %p"));
        assert_eq!(
            ["1/1/1900", "31/12/9999", "1/2/1900", "x"].map(parse_any),
            [Some(-25_567.0), Some(2_932_896.0), None, None]
        );
        assert_eq!(
            [19_754.0, 19_782.75, -1.0, f64::MAX].map(first_of_month),
            [19_754.0, 19_754.0, -31.0, f64::MAX]
        );
        assert!(!resembles("12-34") && !resembles("marble 3") && !resembles("5.84"));
    }
}
