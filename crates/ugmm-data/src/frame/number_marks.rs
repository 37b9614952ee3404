//! How the numbers of a file that is read by a model's requests are written.

use std::path::Path;

use super::cell::Cell;
use super::doubt::Doubt;
use super::error::FrameError;
use super::missing::{ColumnMarks, Marks};
use super::number::{self, DecimalMark, Refused, Thousands};
use super::number_format::NumberFormat;
use super::options::ReadOptions;
use super::request::{ReadAs, Request};
use super::source::Source;
use super::written::Written;

/// How the numbers of a file that is read by a model's requests are written: the training table may come from another country than
/// this file.
#[derive(Default)]
pub(super) struct NumberMarks {
    /// The mark that is stated for all of them.
    stated: Option<DecimalMark>,
    /// The mark that the beginning of the file has in place of that of the requests.
    other: Option<DecimalMark>,
    /// Whether it has numbers in groups of thousands that can only have the mark of the requests.
    grouped: bool,
    /// The first value with the other mark than its request says,
    contradicting: Option<Written>,
    /// and the first that was read by its request, with this mark, and would be another number with the other mark.
    open: Option<(Written, DecimalMark)>,
    /// The first number that can only have the mark that its request says.
    deciding: Option<Written>,
}

impl NumberMarks {
    /// The marks that the options state, or those that are inferred from the beginning of the file.
    pub(super) fn of(
        source: &Source,
        requests: &[Request],
        positions: &[usize],
        options: &ReadOptions,
        missing: &Marks,
    ) -> Result<Self, FrameError> {
        Ok(match options.decimal_mark()? {
            None => of_beginning(source, requests, positions, missing),
            stated => Self { stated, ..Self::default() },
        })
    }

    /// How this file writes the numbers of a column that a request says to be in this format.
    pub(super) fn format(&self, format: NumberFormat) -> NumberFormat {
        match self.stated.or(self.other) {
            Some(mark) => NumberFormat { mark, grouped: true, ..format },
            None => NumberFormat { grouped: format.grouped || self.grouped, ..format },
        }
    }

    /// The doubt about the first number that would be another one with the other mark, where nothing decides which it is.
    pub(super) fn doubt(&self) -> Option<Doubt> {
        let (Written { column, text: written, .. }, taken) = self.open.clone()?;
        let is_known = self.stated.is_some() || self.other.is_some() || self.deciding.is_some();
        (!is_known).then_some(Doubt::DecimalMark { column, written, taken })
    }

    /// The number that a text of a column in this format is.
    pub(super) fn number(
        &mut self,
        path: &Path,
        row: usize,
        column: &str,
        text: &str,
        format: NumberFormat,
    ) -> Result<Result<f64, Refused>, FrameError> {
        let text = &*format.without_unit(text);
        let written = || Written::new(path, row, column, text);
        let other = NumberFormat { mark: format.mark.other(), grouped: true, ..format };
        let only = if self.stated.is_none() && text.contains(['.', ',']) && self.deciding.is_none() {
            number::only_mark(text)
        } else {
            None
        };
        if only == Some(format.mark) {
            self.deciding = Some(written());
        }
        let parsed = match format.parse(text) {
            Err(Refused::NotANumber) if self.stated.is_none() && number::depends_on_mark(text) => {
                // `1,234` is too much like a number in groups of thousands to be read with a comma, and the other way round.
                let grouped = NumberFormat { grouped: true, ..format }.parse(text);
                let (Ok(grouped), Ok(decimal)) = (grouped, other.parse(text)) else {
                    return Ok(Err(Refused::NotANumber));
                };
                let (written, mark) = (written(), format.mark);
                let deciding = self.deciding.clone().map(Box::new);
                return Err(FrameError::OpenGroups { written, mark, grouped, decimal, deciding });
            }
            Err(Refused::NotANumber) => match number::only_mark(text) {
                Some(mark) if self.stated.is_none() && mark != format.mark => {
                    self.contradicting.get_or_insert_with(written);
                    other.parse(text)
                }
                // Groups of thousands where the training table had none.
                _ => NumberFormat { grouped: true, ..format }.parse(text),
            },
            Ok(number) if self.open.is_none() && number::depends_on_mark(text) => {
                self.open = Some((written(), format.mark));
                Ok(number)
            }
            parsed => parsed,
        };
        self.check().map(|()| parsed)
    }

    /// Fails if one number has the other mark than the requests say and another one, which was read by them, could have it, too.
    fn check(&self) -> Result<(), FrameError> {
        match (&self.contradicting, &self.open, self.stated) {
            (Some(written), Some((other, _)), None) => {
                Err(FrameError::MixedMarks { written: written.clone(), other: Box::new(other.clone()) })
            }
            _ => Ok(()),
        }
    }
}

/// How the numbers at the beginning of a file are written: with the other decimal mark than that of the requests, where some numbers
/// cannot have that and none needs it.
fn of_beginning(source: &Source, requests: &[Request], positions: &[usize], missing: &Marks) -> NumberMarks {
    let mut marks = NumberMarks::default();
    let Source::Text(file) = source else { return marks };
    let columns: Vec<(usize, NumberFormat, ColumnMarks)> = (requests.iter().zip(positions))
        .filter_map(|(request, &position)| match &request.read_as {
            ReadAs::Numbers(format) => Some((position, *format, missing.of(&request.name))),
            _ => None,
        })
        .collect();
    let Some((&(_, NumberFormat { mark, .. }, _), others)) = columns.split_first() else { return marks };
    if others.iter().any(|(_, other, _)| other.mark != mark) {
        return marks;
    }
    let mut found = [false; 2];
    file.first_rows(|fields| {
        for (position, format, column_marks) in &columns {
            let Some(text) = fields.get(*position) else { continue };
            let text = &*format.without_unit(text);
            if missing.clean(Cell::Text(text), column_marks) == Cell::Missing {
                continue;
            }
            let only = number::only_mark(text);
            found[0] |= only == Some(mark);
            found[1] |= only == Some(mark.other());
            let groups = || number::parse(text, mark).ok().and_then(|number| number.groups);
            marks.grouped |= only == Some(mark) && groups().and_then(Thousands::decimal_mark) == Some(mark);
        }
    });
    marks.other = (found == [false, true]).then(|| mark.other());
    marks
}
