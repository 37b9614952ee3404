//! A column as numbers, with either decimal mark.

use crate::frame::cell::Cell;
use crate::frame::column::Kind;
use crate::frame::doubt::Doubt;
use crate::frame::error::FrameError;
use crate::frame::number::{self, DecimalMark, Number, Refused, Thousands};
use crate::frame::number_format::{self, NumberFormat};
use crate::frame::options::ReadOptions;
use crate::frame::range::Range;
use crate::frame::written::Place;

/// How the numbers of a file are written, as far as it is known.
pub(super) struct NumberManner {
    /// The decimal mark that is stated,
    stated: Option<DecimalMark>,
    thousands: Option<Thousands>,
    /// or that columns decide which can be read in one way only.
    found: Option<DecimalMark>,
    /// Where nothing says otherwise.
    assumed: DecimalMark,
    /// Where both marks occur, a column with points and one with commas.
    mixed: Option<(String, String)>,
}

impl NumberManner {
    /// The manner that the options state; what they leave open is inferred from all columns, each with its name. If nothing decides,
    /// the numbers of a file that is separated by semicolons have decimal commas.
    pub(super) fn of<'s>(
        scans: impl Iterator<Item = (&'s str, &'s NumberScan)> + Clone,
        options: &ReadOptions,
        semicolons: bool,
    ) -> Result<Self, FrameError> {
        let only = |mark| {
            let decides = scans.clone().find(|(_, scan)| scan.only_mark() == Some(mark));
            decides.map(|(name, _)| name.to_owned())
        };
        let (point, comma) = (only(DecimalMark::Point), only(DecimalMark::Comma));
        let has_comma = |scan: &NumberScan| scan.open.as_ref().is_some_and(|(_, text)| text.contains(','));
        Ok(Self {
            stated: options.decimal_mark()?,
            thousands: options.thousands,
            found: match (&point, &comma) {
                (Some(_), None) => Some(DecimalMark::Point),
                (None, Some(_)) => Some(DecimalMark::Comma),
                _ => None,
            },
            assumed: match semicolons && scans.clone().any(|(_, scan)| has_comma(scan)) {
                true => DecimalMark::Comma,
                false => DecimalMark::Point,
            },
            mixed: point.zip(comma),
        })
    }

    /// The doubt about a file with both decimal marks.
    pub(super) fn doubt(&self) -> Option<Doubt> {
        let (point, comma) = self.mixed.clone()?;
        Some(Doubt::MixedMarks { point, comma })
    }

    fn mark(&self) -> DecimalMark {
        self.stated.or(self.found).unwrap_or(self.assumed)
    }

    /// The stated marks in words.
    pub(super) fn in_words(&self) -> String {
        let decimal = self.stated.map(|mark| format!("with decimal {}s", mark.name()));
        let thousands =
            self.thousands.map(|thousands| format!("with {} between thousands", thousands.plural()));
        decimal.into_iter().chain(thousands).collect::<Vec<_>>().join(" and ")
    }
}

/// What is known of a column as numbers.
pub(super) struct NumberScan {
    point: Reading,
    comma: Reading,
    /// The first value that is one number with a decimal point and another with a comma.
    open: Option<Place>,
    /// The sign before or after the numbers of a column that must be numbers.
    unit: Option<char>,
    /// The first value that is a number but not one to compute with.
    refused: Option<(Place, Refused)>,
}

/// The column with one of the decimal marks.
struct Reading {
    /// The numbers, while all values fit.
    numbers: Option<Numbers>,
    /// The first value that is a number with this mark only.
    only: Option<Place>,
}

/// Numbers with one of the decimal marks.
pub(super) struct Numbers {
    range: Range,
    integers: bool,
    /// The first value in groups, and what groups its digits; the first one that is grouped otherwise.
    grouped: Option<(Place, Thousands)>,
    otherwise: Option<(Place, Thousands)>,
}

impl Numbers {
    fn add(&mut self, number: Number, place: impl Fn() -> Place) {
        self.range.add(number.value);
        self.integers &= number.value.fract() == 0.0;
        let Some(groups) = number.groups else { return };
        let (_, first) = self.grouped.get_or_insert_with(|| (place(), groups));
        if *first != groups {
            self.otherwise.get_or_insert_with(|| (place(), groups));
        }
    }

    /// The first value that is not grouped as stated.
    fn contradiction(&self, stated: Option<Thousands>) -> Option<&Place> {
        let all = [&self.grouped, &self.otherwise].into_iter().flatten();
        let mut others = all.filter(|(_, groups)| stated.is_some_and(|stated| *groups != stated));
        others.next().map(|(place, _)| place)
    }
}

impl NumberScan {
    /// A scan of a column that may be numbers, or may not.
    pub(super) fn new(is_tried: bool) -> Self {
        let reading = || {
            let none = Numbers { range: Range::EMPTY, integers: true, grouped: None, otherwise: None };
            Reading { numbers: is_tried.then_some(none), only: None }
        };
        Self { point: reading(), comma: reading(), open: None, unit: None, refused: None }
    }

    /// Adds the value of row `row`, beside which a sign may stand if `has_unit`, in all rows the same. Returns the number that it
    /// is with a decimal point, while all values fit that.
    pub(super) fn add(&mut self, row: usize, cell: Cell, has_unit: bool) -> Option<f64> {
        if !self.fits() {
            return None;
        }
        let place = || (row, cell.text().into_owned());
        let own = match cell {
            Cell::Text(text) if has_unit => number_format::split_sign(text)
                .filter(|(_, unit)| *self.unit.get_or_insert(*unit) == *unit)
                .map(|(number, _)| number),
            _ => None,
        };
        let number = own.as_deref().map_or(cell, Cell::Text);
        let point = parsed(number, DecimalMark::Point);
        let comma = match number {
            Cell::Text(text) if text.contains(['.', ',', ' ', '\'']) || point.is_err() => {
                parsed(number, DecimalMark::Comma)
            }
            _ => point,
        };
        let first = match (point, comma) {
            (Ok(_), Err(Refused::NotANumber)) => Some(&mut self.point.only),
            (Err(Refused::NotANumber), Ok(_)) => Some(&mut self.comma.only),
            (Ok(point), Ok(comma)) if point.value != comma.value => Some(&mut self.open),
            _ => None,
        };
        if let Some(first) = first {
            first.get_or_insert_with(place);
        }
        let with_point = point.ok().filter(|_| self.point.numbers.is_some()).map(|number| number.value);
        for (reading, parsed) in [(&mut self.point, point), (&mut self.comma, comma)] {
            match (reading.numbers.as_mut(), parsed) {
                (None, _) => {}
                (Some(numbers), Ok(number)) => numbers.add(number, place),
                (Some(_), Err(Refused::NotANumber)) => reading.numbers = None,
                (Some(_), Err(reason)) => {
                    self.refused.get_or_insert_with(|| (place(), reason));
                }
            }
        }
        with_point
    }

    /// Whether all values are numbers with one of the decimal marks.
    pub(super) fn fits(&self) -> bool {
        self.point.numbers.is_some() || self.comma.numbers.is_some()
    }

    /// The mark that the column must have, if it can only have one.
    fn only_mark(&self) -> Option<DecimalMark> {
        match (&self.point.numbers, &self.comma.numbers) {
            (Some(_), None) => Some(DecimalMark::Point),
            (None, Some(_)) => Some(DecimalMark::Comma),
            _ => None,
        }
    }

    /// Why a value is none of a column that must be numbers, and the decimal mark that it could have.
    pub(super) fn refusal(&self) -> Option<(Refused, DecimalMark)> {
        let none = || (!self.fits()).then_some(Refused::NotANumber);
        let reason = self.refused.as_ref().map(|(_, reason)| *reason).or_else(none)?;
        Some((reason, self.only_mark().unwrap_or_default()))
    }

    /// Whether all values are one number.
    pub(super) fn has_one_value(&self) -> bool {
        let one = |reading: &Reading| {
            reading.numbers.as_ref().is_some_and(|numbers| numbers.range.min == numbers.range.max)
        };
        self.refused.is_none() && (one(&self.point) || one(&self.comma))
    }

    /// The column as numbers in a file that is written in this manner; none if the values are no numbers. Fails with a value that is
    /// written otherwise than stated.
    pub(super) fn numbers(&self, manner: &NumberManner) -> Result<Option<(DecimalMark, &Numbers)>, Place> {
        let marks = [manner.mark(), manner.mark().other()];
        let mut readings =
            marks.into_iter().filter_map(|mark| Some((mark, self.with(mark).numbers.as_ref()?)));
        let Some((mark, numbers)) = readings.clone().next() else { return Ok(None) };
        let fits = |(mark, numbers): &(DecimalMark, &Numbers)| {
            // A column of whole numbers, say, has both.
            manner.stated.is_none_or(|stated| stated == *mark)
                && numbers.contradiction(manner.thousands).is_none()
        };
        if let Some(fitting) = readings.find(fits) {
            return Ok(Some(fitting));
        }
        let own = self.with(mark).only.as_ref();
        let wrong = numbers.contradiction(manner.thousands).or(own).or(self.open.as_ref());
        Err(wrong.cloned().unwrap_or_default())
    }

    /// The kind of a column of these numbers. Fails with the first value that cannot be computed with.
    pub(super) fn kind(&self, mark: DecimalMark, numbers: &Numbers) -> Result<Kind, (Place, Refused)> {
        if let Some(refused) = &self.refused {
            return Err(refused.clone());
        }
        let Range { min, max } = numbers.range;
        let truth = numbers.integers && min >= 0.0 && max <= 1.0;
        let format = NumberFormat { mark, grouped: numbers.grouped.is_some(), truth, unit: self.unit };
        Ok(Kind::Numeric { min, max, integers: numbers.integers, format })
    }

    /// A value that would be another number with the other decimal mark, where nothing decides which it is.
    pub(super) fn open(&self, manner: &NumberManner) -> Option<&str> {
        let is_known = self.only_mark().or(manner.stated).or(manner.found).is_some();
        let (_, text) = self.open.as_ref().filter(|_| !is_known && manner.thousands.is_none())?;
        Some(text)
    }

    fn with(&self, mark: DecimalMark) -> &Reading {
        match mark {
            DecimalMark::Point => &self.point,
            DecimalMark::Comma => &self.comma,
        }
    }
}

fn parsed(cell: Cell, mark: DecimalMark) -> Result<Number, Refused> {
    let plain = |value| Number { value, groups: None };
    match cell {
        Cell::Text(text) => number::parse(text, mark),
        Cell::Integer(integer) => number::from_integer(integer).map(plain),
        Cell::Number(number) => number::from_float(number).map(plain),
        _ => Err(Refused::NotANumber),
    }
}
