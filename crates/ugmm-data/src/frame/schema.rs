//! The columns of a file and their kinds.

use serde::{Deserialize, Serialize};

use super::cell::{self, Cell};
use super::column::{Column, Kind};
use super::column_scan::{ColumnScan, Manner};
use super::doubt::Doubt;
use super::error::FrameError;
use super::images::{Images, LABEL};
use super::index::Declared;
use super::input::Input;
use super::missing::Marks;
use super::names::closest;
use super::options::{Choice, ReadOptions, UsualMarks};
use super::request::Request;
use super::source::{Blocks, Source};

/// Values of a block of rows that is scanned at once.
const CELLS_PER_BLOCK: usize = 1 << 17;

/// The columns of a file and their kinds, inferred from all rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// The columns in the order of the file.
    pub columns: Vec<Column>,
    /// Number of rows.
    pub rows: usize,
    /// The delimiter of the columns; none of a file that is not text.
    pub delimiter: Option<char>,
    /// Marks of missing values besides the usual ones, as they were given.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Columns in which the usual marks of missing values are values.
    #[serde(default)]
    pub usual_marks: UsualMarks,
    /// Columns that the file itself states to be an index, which names its rows: pandas writes one into Parquet files by name, and
    /// pandas and R into CSV as a first column without a name. They are ignored among [`Self::columns`], unless the options
    /// name them.
    #[serde(default)]
    pub index: Vec<Column>,
    /// Size and labels of the images, if the rows are images.
    #[serde(default)]
    pub images: Option<Images>,
    /// Assumptions that the file does not decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
}

impl Schema {
    /// Reads a file or a table in memory once and infers the kinds of its columns. The memory taken does not grow with the number of rows.
    ///
    /// # Errors
    ///
    /// The first thing wrong with the file or the options: [`FrameError`] has them all. The path `-`, standard input
    /// for [`FrameReader`](super::FrameReader), is an error: rows from there could not be read again.
    pub fn infer(input: impl Into<Input>, options: &ReadOptions) -> Result<Self, FrameError> {
        let input = input.into();
        input.check_read_twice()?;
        options.check_dates()?;
        let (source, path) = (Source::open(&input, options)?, input.path());
        source.check_header()?;
        let names = source.names().all().to_vec();
        let choices = options.choices(path, source.names());
        let choices = choices.map_err(|error| match (&error, source.images()) {
            (FrameError::UnknownColumn { column, .. }, Some(images)) => {
                images.refusal(column).unwrap_or(error)
            }
            _ => error,
        })?;
        let selected: Vec<usize> =
            (0..names.len()).filter(|&index| choices[index] != Choice::Ignored).collect();
        let marks = Marks::new(options);
        let scan = |&index: &usize| {
            let only_text = source.is_declared_text(index);
            ColumnScan::new(path, &names[index], choices[index], names.len(), only_text, options, &marks)
        };
        let mut scans: Vec<ColumnScan> = selected.iter().map(scan).collect();
        let (declared, delimiter) = (source.index_columns(), source.delimiter());
        let (images, has_row_names) = (source.images().cloned(), source.has_row_names());
        let first_sheet = match source.unasked_sheets() {
            [taken, others @ ..] if !others.is_empty() => {
                Some(Doubt::FirstSheet { taken: taken.clone(), others: others.to_vec() })
            }
            _ => None,
        };
        let block_rows = (CELLS_PER_BLOCK / names.len().max(1)).max(1);
        let rows = scan_all(source.select(&selected, block_rows)?, block_rows, &mut scans)?;
        if rows == 0 {
            return Err(FrameError::NoRows { file: path.to_owned() });
        }
        let manner = Manner::of(&scans, options, delimiter == Some(b';'))?;
        let for_all = options.dates.iter().find(|dates| dates.column.is_none());
        if let Some(dates) = for_all.filter(|_| !scans.iter().any(ColumnScan::has_stated_dates)) {
            return Err(FrameError::NoSuchDates { file: path.to_owned(), format: dates.format.clone() });
        }
        let mut doubts: Vec<Doubt> = first_sheet.into_iter().chain(manner.doubt()).collect();
        doubts.extend(has_row_names.then(|| Doubt::RowNames { column: names[0].clone() }));
        doubts.extend(marks.unmet().map(|mark| Doubt::UnmetMark { mark: mark.to_owned() }));
        let mut scans = scans.into_iter();
        let (mut columns, mut index) = (Vec::with_capacity(names.len()), Vec::new());
        for ((name, choice), declared) in names.into_iter().zip(choices).zip(declared) {
            let scan = if choice == Choice::Ignored { None } else { scans.next() };
            let column = match scan {
                Some(scan) => scan.finish(&manner, &mut doubts)?,
                None => Column::ignored(name),
            };
            let declared = declared.filter(|_| choice == Choice::Inferred);
            if declared.is_some_and(|how| how.names_rows(&column, rows)) {
                columns.push(Column::ignored(column.name.clone()));
                index.push(column);
                continue;
            }
            if declared == Some(Declared::ByPlace)
                && matches!(column.kind, Kind::Numeric { integers: false, .. })
            {
                doubts.push(Doubt::Nameless { column: column.name.clone() });
            }
            columns.push(column);
        }
        let (missing, usual_marks) = (options.missing.clone(), options.usual_marks.clone());
        let delimiter = delimiter.map(char::from);
        let mut schema = Self { columns, rows, delimiter, missing, usual_marks, index, images, doubts };
        if schema.columns.iter().all(|column| column.kind == Kind::Ignored) {
            // There would be nothing else.
            let index: Vec<String> = schema.index.iter().map(|column| column.name.clone()).collect();
            index.iter().for_each(|name| schema.take_from_index(name));
        }
        Ok(schema)
    }

    /// Whether the column `name` has numbers with a sign beside them or as strings, which are read as categories.
    pub fn is_like_numbers(&self, name: &str) -> bool {
        self.doubts.iter().any(|doubt| matches!(doubt, Doubt::NearNumbers { column, .. } if column == name))
    }

    /// Whether `text` is a mark of missing values that the options added.
    pub fn is_added_mark(&self, text: &str) -> bool {
        let (missing, usual_marks) = (self.missing.clone(), UsualMarks::Text);
        let marks = Marks::new(&ReadOptions { missing, usual_marks, ..ReadOptions::default() });
        !text.is_empty() && marks.clean(Cell::Text(text), &marks.of("")) == Cell::Missing
    }

    /// Moves the column `name` from [`Self::index`] back to [`Self::columns`], if it is there.
    pub fn take_from_index(&mut self, name: &str) {
        let Some(place) = self.index.iter().position(|column| column.name == name) else { return };
        let column = self.index.remove(place);
        for other in self.columns.iter_mut().filter(|other| other.name == name) {
            *other = column.clone();
        }
    }

    /// The column called `name`.
    ///
    /// # Errors
    ///
    /// [`FrameError::NotInSchema`] if there is none; [`FrameError::LabelsMissing`] or [`FrameError::PixelMissing`] if it
    /// could be in a file of images.
    pub fn column(&self, name: &str) -> Result<&Column, FrameError> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| {
            if let Some(error) = self.images.as_ref().and_then(|images| images.refusal(name)) {
                return error;
            }
            let columns: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
            FrameError::NotInSchema { column: name.to_owned(), closest: closest(name, &columns), columns }
        })
    }

    /// Whether the column `name` has the labels of images, which are class numbers, however many there are.
    pub fn is_label(&self, name: &str) -> bool {
        name == LABEL && self.images.as_ref().is_some_and(|images| images.labels.is_some())
    }

    /// The request that reads the column `name` by its kind: see [`Column::request`].
    ///
    /// # Errors
    ///
    /// [`FrameError::NotInSchema`] if there is no such column, [`FrameError::IgnoredColumn`] if it was ignored.
    pub fn request(&self, name: &str) -> Result<Request, FrameError> {
        let column = self.column(name)?;
        column.request().ok_or_else(|| FrameError::IgnoredColumn { column: name.to_owned() })
    }

    /// Makes the column `name` one of categories, whatever its kind: for a target of class numbers. Its texts stay as
    /// they are in the file.
    ///
    /// ```
    /// use ugmm_data::Table;
    /// use ugmm_data::frame::{ReadOptions, Schema};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("wines.csv");
    /// std::fs::write(&path, "alcohol,cultivar\n12.5,3\n13.1,1\n")?;
    /// let mut schema = Schema::infer(&path, &ReadOptions::default())?;
    /// schema.take_as_categories("cultivar")?;
    /// let table = Table::read_as(&path, schema, &ReadOptions::default())?;
    /// assert_eq!(table.labels("cultivar")?, [Some("3".to_owned()), Some("1".to_owned())]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FrameError::NotInSchema`] if there is no such column, [`FrameError::IgnoredColumn`] if it was ignored,
    /// [`FrameError::TooManyCategories`] if its [`Column::levels`] are not known.
    pub fn take_as_categories(&mut self, name: &str) -> Result<(), FrameError> {
        let found = self.column(name)?;
        if found.kind == Kind::Ignored {
            return Err(FrameError::IgnoredColumn { column: name.to_owned() });
        }
        if found.levels.is_none() {
            return Err(FrameError::TooManyCategories { column: name.to_owned() });
        }
        for column in self.columns.iter_mut().filter(|column| column.name == name) {
            column.kind = Kind::Categorical;
        }
        Ok(())
    }

    /// The requests for all columns that there is something to learn from: all but the constant and the ignored ones, in
    /// the order of the file.
    pub fn requests(&self) -> Vec<Request> {
        self.columns.iter().filter(|column| column.is_informative()).filter_map(Column::request).collect()
    }
}

/// Adds all rows of `blocks` to the scans of their columns. The number of rows.
fn scan_all(blocks: Blocks, block_rows: usize, scans: &mut [ColumnScan]) -> Result<usize, FrameError> {
    let mut blocks = match blocks {
        // A byte has few values, so each is looked at once. Whatever row has it, there is nothing wrong with it.
        Blocks::Images(images) => {
            let counts = images.counts()?;
            for (index, scan) in scans.iter_mut().enumerate() {
                counts.values(index).try_for_each(|(cell, times)| scan.add(1, cell, times))?;
            }
            return Ok(counts.rows);
        }
        blocks => blocks,
    };
    let mut rows = 0;
    while let Some(block) = blocks.next(block_rows)? {
        rows += block.rows.len();
        for (scan, column) in scans.iter_mut().zip(&block.columns) {
            cell::for_each(column, |index, cell| scan.add(block.rows[index], cell, 1))?;
        }
    }
    Ok(rows)
}
