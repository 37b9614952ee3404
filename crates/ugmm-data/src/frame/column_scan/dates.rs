//! A column as dates, in every format that all its values fit.

use crate::frame::cell::Cell;
use crate::frame::date::{self, DateFormat};
use crate::frame::range::Range;
use crate::frame::written::Place;

/// How many times as long a time dates span in one order as in another, from which on the shorter one is not in doubt.
const CLEARLY_SHORTER: f64 = 4.0;

/// What is known of a column as dates.
pub(super) struct DateScan {
    /// The formats that all values fit, each with the time that the dates span.
    formats: Vec<(DateFormat, Range)>,
    /// The first date whose order has to be known.
    open: Option<Place>,
    /// Whether a date has AM or PM, which are written with the month first.
    half_days: bool,
    /// The format if it is stated, and whether for this column by its name, which then must hold dates.
    stated: Option<(DateFormat, bool)>,
}

/// Whether the day comes first in the dates of a file, by the columns that decide it.
pub(super) fn day_first<'s>(scans: impl Iterator<Item = &'s DateScan> + Clone) -> Option<bool> {
    let decides = |first: bool| scans.clone().any(|scan| scan.day_first() == Some(first));
    match (decides(true), decides(false)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

impl DateScan {
    /// A scan of a column that may be dates, or may not; in the stated format only, if there is one.
    pub(super) fn new(is_tried: bool, stated: Option<(DateFormat, bool)>) -> Self {
        let stated = stated.filter(|_| is_tried);
        let formats = match &stated {
            Some((format, _)) => vec![format.clone()],
            None if is_tried => DateFormat::TRIED.to_vec(),
            None => Vec::new(),
        };
        let formats = formats.into_iter().map(|format| (format, Range::EMPTY)).collect();
        Self { formats, open: None, half_days: false, stated }
    }

    /// Adds the value of row `row`.
    pub(super) fn add(&mut self, row: usize, cell: Cell) {
        if !self.fits() {
            return;
        }
        let text = match cell {
            Cell::Text(text) => text.into(),
            // Dates such as 20240229.
            Cell::Integer(_) if self.stated.is_some() => cell.text(),
            _ => "".into(),
        };
        self.formats.retain_mut(|(format, range)| {
            let days = match cell {
                Cell::Days(days) => Some(days),
                _ => date::parse_own(&text, format),
            };
            days.inspect(|&days| range.add(days)).is_some()
        });
        if self.open.is_none() && self.formats.iter().any(|(format, _)| date::is_open(&text, format)) {
            self.open = Some((row, cell.text().into_owned()));
        }
        self.half_days |= text.ends_with(['m', 'M']);
    }

    /// Whether all values are dates in one of the formats.
    pub(super) fn fits(&self) -> bool {
        !self.formats.is_empty()
    }

    /// The format that is stated for this column by its name, if a value is no date in it.
    pub(super) fn missed(&self) -> Option<&DateFormat> {
        let (format, is_own) = self.stated.as_ref()?;
        (*is_own && !self.fits()).then_some(format)
    }

    /// Whether the column holds dates in the format that is stated.
    pub(super) fn has_stated(&self) -> bool {
        self.stated.is_some() && self.fits() && self.open.is_some()
    }

    /// The dates in this format, if all are.
    fn range(&self, wanted: &DateFormat) -> Option<Range> {
        self.formats.iter().find(|(format, _)| format == wanted).map(|(_, range)| *range)
    }

    /// How many times as long a time the dates span with the day or the month first as with the year first, where both can be:
    /// years are few neighbours, and days are many.
    fn year_first(&self) -> Option<f64> {
        let year = self.range(&DateFormat::ShortYearFirst)?;
        let others = [DateFormat::DayFirst, DateFormat::MonthFirst];
        let shortest = others.iter().filter_map(|other| self.range(other)).map(Range::width);
        // A day is the least that dates span.
        shortest.min_by(f64::total_cmp).map(|other| other.max(1.0) / year.width().max(1.0))
    }

    /// Whether the dates must have the day or the month first, if there is a date that this matters for.
    fn day_first(&self) -> Option<bool> {
        let fits = |wanted| self.range(&wanted).is_some();
        match (fits(DateFormat::DayFirst), fits(DateFormat::MonthFirst)) {
            _ if self.year_first().is_some_and(|times| times > 1.0) => None,
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }

    /// The column as dates, with their format if their order has to be known; `day_first` is [`day_first`] of all columns.
    pub(super) fn dates(&self, day_first: Option<bool>) -> Option<(Option<DateFormat>, Range)> {
        let (first, range) = self.formats.first()?;
        if self.open.is_none() {
            return Some((None, *range));
        }
        let preferred = if self.year_first().is_some_and(|times| times > 1.0) {
            Some(DateFormat::ShortYearFirst)
        } else {
            // The month comes first where clocks have twelve hours.
            (!day_first.unwrap_or(!self.half_days)).then_some(DateFormat::MonthFirst)
        };
        let found = preferred.and_then(|format| Some((self.range(&format)?, format)));
        let (range, format) = found.unwrap_or_else(|| (*range, first.clone()));
        Some((Some(format), range))
    }

    /// A date that could be another one than in the format that was taken, and how it is written then, as `strftime` has it.
    pub(super) fn open(&self, taken: &DateFormat, day_first: Option<bool>) -> Option<(&str, Vec<String>)> {
        let (_, written) = self.open.as_ref()?;
        let is_year_clear = self.year_first().is_none_or(|times| times.max(times.recip()) >= CLEARLY_SHORTER);
        let is_year_taken = *taken == DateFormat::ShortYearFirst;
        let could_be = |other: &DateFormat| match other {
            DateFormat::ShortYearFirst => !is_year_clear,
            DateFormat::DayFirst | DateFormat::MonthFirst if is_year_taken => !is_year_clear,
            DateFormat::DayFirst | DateFormat::MonthFirst => day_first.is_none(),
            DateFormat::Months | DateFormat::Stated(_) => false,
        };
        let others = self.formats.iter().map(|(format, _)| format);
        let others = others.filter(|other| *other != taken && could_be(other));
        let others: Vec<String> = others.filter_map(|other| date::pattern_of(written, other)).collect();
        (!others.is_empty()).then_some((written, others))
    }
}
