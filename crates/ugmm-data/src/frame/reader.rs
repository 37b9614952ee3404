//! The columns of a file, in batches of rows.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::block::Block;
use super::boolean;
use super::cell::{self, Cell};
use super::date::{self, DateFormat};
use super::doubt::Doubt;
use super::error::FrameError;
use super::images::Images;
use super::input::{self, Input};
use super::levels::LevelIndex;
use super::missing::{ColumnMarks, Marks};
use super::notation::Notation;
use super::number::{self, Refused};
use super::number_format::NumberFormat;
use super::number_marks::NumberMarks;
use super::options::ReadOptions;
use super::reading::Reading;
use super::request::{self, ReadAs, Request};
use super::source::{Blocks, Source};
use super::unseen::{UnseenCounter, UnseenValues};
use super::value_type::ValueType;
use super::written::Written;

/// The code of a value that is none of the requested categories.
pub const UNSEEN: u32 = u32::MAX;

/// Consecutive rows of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The columns in the order of the requests, each with one value per row.
    pub columns: Vec<Values>,
    /// Where each row is in the file, for messages: the line it begins on, as an editor counts, or its number in a
    /// sheet or a Parquet file, all from 1.
    pub rows: Vec<usize>,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Finite numbers, of [`ReadAs::Numbers`], [`ReadAs::Booleans`] and [`ReadAs::Days`]; NaN where one is missing.
    Numbers(Vec<f64>),
    /// Codes, of [`ReadAs::Codes`]; [`UNSEEN`] for a category not in the list, `None` where one is missing.
    Codes(Vec<Option<u32>>),
    /// Texts, of [`ReadAs::Text`]; `None` where one is missing.
    Text(Vec<Option<String>>),
}

impl Frame {
    /// The rows `rows` of the frame, counted from 0, in ascending order.
    #[must_use]
    pub fn select(self, rows: &[usize]) -> Self {
        Self {
            columns: self.columns.into_iter().map(|values| values.select(rows)).collect(),
            rows: rows.iter().map(|&row| self.rows[row]).collect(),
        }
    }
}

impl Values {
    /// The values of the rows `rows`, counted from 0.
    pub(crate) fn select(self, rows: &[usize]) -> Self {
        match self {
            Self::Numbers(numbers) => Self::Numbers(rows.iter().map(|&row| numbers[row]).collect()),
            Self::Codes(codes) => Self::Codes(rows.iter().map(|&row| codes[row]).collect()),
            Self::Text(mut texts) => Self::Text(rows.iter().map(|&row| texts[row].take()).collect()),
        }
    }

    /// Number of missing values.
    pub(crate) fn missing(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.iter().filter(|number| number.is_nan()).count(),
            Self::Codes(codes) => codes.iter().filter(|code| code.is_none()).count(),
            Self::Text(texts) => texts.iter().filter(|text| text.is_none()).count(),
        }
    }

    /// No values yet, of the type that `reading` makes.
    fn none(reading: &Reading) -> Self {
        match reading {
            Reading::Numbers(_) | Reading::Booleans | Reading::Days(_) => Self::Numbers(Vec::new()),
            Reading::Codes(_) => Self::Codes(Vec::new()),
            Reading::Text => Self::Text(Vec::new()),
        }
    }
}

/// Reads columns of a file, frame by frame. It ends after the first error.
pub struct FrameReader {
    path: PathBuf,
    columns: Vec<Plan>,
    value_types: Vec<ValueType>,
    images: Option<Images>,
    blocks: Blocks,
    marks: Marks,
    number_marks: NumberMarks,
    batch_rows: usize,
    lenient: bool,
    /// Bytes that a frame may hold; none where the size of the file is not known.
    most_bytes: Option<u64>,
    /// Whether a row has been read; a file without rows is an error.
    any_rows: bool,
    ended: bool,
}

/// How one column is read.
struct Plan {
    name: String,
    /// Where the column is among those read.
    index: usize,
    reading: Reading,
    missing_marks: ColumnMarks,
    /// Values that are none of the categories requested.
    unseen: UnseenCounter,
}

impl FrameReader {
    /// Opens a file or a table in memory to read the columns `requests`, in that order and by name, in frames of `batch_rows` rows. Only
    /// the last frame may have fewer; 0 is taken as 1.
    ///
    /// The path `-` stands for standard input, which is read once from beginning to end and must be text, plain or
    /// compressed; a file of that name is `./-`.
    ///
    /// Other columns of the file are ignored. Only the options about the file and about missing values matter: a request says
    /// how its column is read.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or whose header is wrong, no request at all, and
    /// [`FrameError::ColumnsMissing`] with all columns that the file lacks ([`FrameError::LabelsMissing`] and
    /// [`FrameError::PixelMissing`] of images). What is wrong with a row comes from the
    /// iterator; so does [`FrameError::NoRows`].
    pub fn open(
        input: impl Into<Input>,
        requests: &[Request],
        options: &ReadOptions,
        batch_rows: usize,
    ) -> Result<Self, FrameError> {
        let input = input.into();
        Self::of_source(&input, Source::open(&input, options)?, requests, options, batch_rows)
    }

    /// Opens the file as [`Self::open`] does, with all its columns as texts after those of `requests`, in the order of the file. The
    /// reader, and the names of all columns.
    ///
    /// # Errors
    ///
    /// Those of [`Self::open`].
    pub fn open_whole(
        input: impl Into<Input>,
        requests: &[Request],
        options: &ReadOptions,
        batch_rows: usize,
    ) -> Result<(Self, Vec<String>), FrameError> {
        let input = input.into();
        let source = Source::open(&input, options)?;
        let names = source.names().all().to_vec();
        let mut all = requests.to_vec();
        all.extend(names.iter().map(Request::text));
        Ok((Self::of_source(&input, source, &all, options, batch_rows)?, names))
    }

    fn of_source(
        input: &Input,
        source: Source,
        requests: &[Request],
        options: &ReadOptions,
        batch_rows: usize,
    ) -> Result<Self, FrameError> {
        request::check(requests)?;
        let path = input::shown(input.path());
        let found = source.names().find(path, requests.iter().map(|request| request.name.as_str()));
        let positions = match found {
            Ok(positions) => positions,
            // A header that is a row of data is the better explanation, and so is what images do not have.
            Err(missing) => {
                let names = requests.iter().map(|request| request.name.as_str());
                let mut absent = names.filter(|name| source.names().position(name).is_none());
                let of_images =
                    source.images().and_then(|images| absent.find_map(|name| images.refusal(name)));
                return Err(source.check_header().err().or(of_images).unwrap_or(missing));
            }
        };
        // A column may be requested in several ways; it is read once.
        let mut unique: Vec<usize> = Vec::new();
        let mut index_of = HashMap::new();
        for &position in &positions {
            index_of.entry(position).or_insert_with(|| {
                unique.push(position);
                unique.len() - 1
            });
        }
        let indices = positions.iter().map(|position| index_of[position]);
        let batch_rows = batch_rows.max(1);
        options.check_dates()?;
        let marks = Marks::new(options);
        let number_marks = NumberMarks::of(&source, requests, &positions, options, &marks)?;
        Ok(Self {
            path: path.to_owned(),
            columns: requests
                .iter()
                .zip(indices)
                .map(|(request, index)| Plan::new(request, index, options, &number_marks, &marks))
                .collect(),
            value_types: positions.iter().map(|&position| source.value_type(position)).collect(),
            images: source.images().cloned(),
            blocks: source.select(&unique, batch_rows).map_err(FrameError::of_reader)?,
            marks,
            number_marks,
            batch_rows,
            lenient: options.lenient,
            most_bytes: input.most_bytes(),
            any_rows: false,
            ended: false,
        })
    }

    /// How this file writes the values of each requested column, as far as that is known before its first row.
    pub fn notations(&self) -> Vec<Notation> {
        self.columns.iter().map(|plan| Notation::of(&plan.reading)).collect()
    }

    /// What is in doubt about the rows read so far: the decimal mark, if a number would be another one with the other mark and neither
    /// the file nor an option decides; and added marks of missing values that no value has.
    pub fn doubts(&self) -> Vec<Doubt> {
        let unmet = self.marks.unmet().map(|mark| Doubt::UnmetMark { mark: mark.to_owned() });
        self.number_marks.doubt().into_iter().chain(unmet).collect()
    }

    /// The types that the file states, in the order of the requests.
    pub fn value_types(&self) -> &[ValueType] {
        &self.value_types
    }

    /// The values so far that are none of the requested categories, by column, in the order of the requests.
    pub fn unseen(&self) -> Vec<UnseenValues> {
        self.columns.iter().filter_map(|plan| plan.unseen.found(&plan.name)).collect()
    }

    /// Size and labels of the images, if the rows are images.
    pub fn images(&self) -> Option<&Images> {
        self.images.as_ref()
    }

    /// The next frame, or `None` at the end.
    fn read(&mut self) -> Result<Option<Frame>, FrameError> {
        let mut frame = Frame {
            columns: self.columns.iter().map(|plan| Values::none(&plan.reading)).collect(),
            rows: Vec::new(),
        };
        let mut bytes = 0;
        while frame.rows.len() < self.batch_rows {
            let Some(mut block) = self.blocks.next(self.batch_rows - frame.rows.len())? else { break };
            for (plan, values) in self.columns.iter_mut().zip(&mut frame.columns) {
                let before = frame.rows.len();
                let number_marks = &mut self.number_marks;
                plan.append(&self.path, &self.marks, number_marks, self.lenient, &block, values)?;
                bytes += bytes_from(values, before);
            }
            bytes += (block.rows.len() * size_of::<usize>()) as u64;
            if self.most_bytes.is_some_and(|most| bytes > most) {
                return Err(FrameError::unpacks(&self.path));
            }
            frame.rows.append(&mut block.rows);
        }
        if !frame.rows.is_empty() {
            self.any_rows = true;
            return Ok(Some(frame));
        }
        match self.any_rows {
            true => Ok(None),
            false => Err(FrameError::NoRows { file: self.path.clone() }),
        }
    }
}

/// Bytes of the values from the row at `row` on.
fn bytes_from(values: &Values, row: usize) -> u64 {
    let bytes = match values {
        Values::Numbers(numbers) => size_of_val(&numbers[row..]),
        Values::Codes(codes) => size_of_val(&codes[row..]),
        Values::Text(texts) => {
            let texts = &texts[row..];
            size_of_val(texts) + texts.iter().flatten().map(String::len).sum::<usize>()
        }
    };
    bytes as u64
}

impl Iterator for FrameReader {
    type Item = Result<Frame, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let frame = self.read().map_err(FrameError::of_reader).transpose();
        self.ended = !matches!(frame, Some(Ok(_)));
        frame
    }
}

impl std::iter::FusedIterator for FrameReader {}

impl Plan {
    fn new(
        request: &Request,
        index: usize,
        options: &ReadOptions,
        marks: &NumberMarks,
        missing: &Marks,
    ) -> Self {
        let stated_dates = || options.dates_of(&request.name).map(|(format, _)| format);
        let reading = match &request.read_as {
            ReadAs::Numbers(format) => Reading::Numbers(marks.format(*format)),
            ReadAs::Booleans => Reading::Booleans,
            ReadAs::Days => Reading::Days(stated_dates()),
            ReadAs::Dates(format) => Reading::Days(stated_dates().or_else(|| Some(format.clone()))),
            ReadAs::Codes(levels) => Reading::Codes(LevelIndex::new(levels)),
            ReadAs::Text => Reading::Text,
        };
        let missing_marks = missing.of(&request.name);
        let unseen = UnseenCounter::default();
        Self { name: request.name.clone(), index, reading, missing_marks, unseen }
    }

    /// Appends the values of the block's column to `values`.
    fn append(
        &mut self,
        path: &Path,
        marks: &Marks,
        number_marks: &mut NumberMarks,
        lenient: bool,
        block: &Block,
        values: &mut Values,
    ) -> Result<(), FrameError> {
        let mut unseen = std::mem::take(&mut self.unseen);
        let column = &block.columns[self.index];
        let appended = cell::for_each(column, |row, cell| {
            let cell = marks.clean(cell, &self.missing_marks);
            match (&self.reading, &mut *values) {
                (Reading::Codes(codes), Values::Codes(values)) => values.push(match cell {
                    Cell::Missing => None,
                    cell => {
                        let text = cell.text();
                        Some(codes.position(&text).unwrap_or_else(|| {
                            unseen.add(&text);
                            UNSEEN
                        }))
                    }
                }),
                (_, Values::Text(values)) => values.push(match cell {
                    Cell::Missing => None,
                    cell => Some(cell::exact_text(column, row).unwrap_or_else(|| cell.text().into_owned())),
                }),
                (_, Values::Numbers(values)) if cell == Cell::Missing => values.push(f64::NAN),
                (_, Values::Numbers(values)) => {
                    match self.number(path, block.rows[row], cell, number_marks) {
                        // No value is wrong in itself then.
                        Err(error @ (FrameError::MixedMarks { .. } | FrameError::OpenGroups { .. })) => {
                            return Err(error);
                        }
                        Err(_) if lenient => values.push(f64::NAN),
                        number => values.push(number?),
                    }
                }
                // `Values::none` made values of the right kind.
                (_, Values::Codes(values)) => values.push(None),
            }
            Ok(())
        });
        self.unseen = unseen;
        appended
    }

    /// The number that a value becomes.
    fn number(
        &self,
        path: &Path,
        row: usize,
        cell: Cell,
        marks: &mut NumberMarks,
    ) -> Result<f64, FrameError> {
        let written = || Written::new(path, row, &self.name, cell.text());
        match (&self.reading, cell) {
            (Reading::Booleans, Cell::Boolean(boolean)) => Ok(f64::from(u8::from(boolean))),
            (Reading::Booleans, _) => {
                boolean::parse(&cell.text()).ok_or_else(|| FrameError::NotABoolean { written: written() })
            }
            (Reading::Days(_), Cell::Days(days)) => Ok(days),
            (Reading::Days(format), _) => date::parse(&cell.text(), format.as_ref()).ok_or_else(|| {
                let example = DateFormat::example(format.as_ref());
                FrameError::NotADate { written: written(), example }
            }),
            (reading, _) => {
                let format = match reading {
                    Reading::Numbers(format) => *format,
                    _ => NumberFormat::default(),
                };
                let parsed = match cell {
                    Cell::Text(text) => marks.number(path, row, &self.name, text, format)?,
                    Cell::Integer(integer) => number::from_integer(integer),
                    Cell::Number(number) => number::from_float(number),
                    Cell::Boolean(boolean) if format.truth => Ok(f64::from(u8::from(boolean))),
                    _ => Err(Refused::NotANumber),
                };
                parsed.map_err(|reason| FrameError::of_number(written(), reason, format.mark))
            }
        }
    }
}
