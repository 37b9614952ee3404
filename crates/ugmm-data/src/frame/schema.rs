//! What the columns of a file hold.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::cell::{self, Cell};
use super::column::{Column, Kind};
use super::column_scan::{ColumnScan, Manner};
use super::doubt::Doubt;
use super::error::FrameError;
use super::images::{Images, LABEL};
use super::index::Declared;
use super::input;
use super::missing::Marks;
use super::names::closest;
use super::options::{Choice, ReadOptions, UsualMarks};
use super::request::Request;
use super::source::{Blocks, Source};

/// Cells that are looked at together.
const CELLS_PER_BLOCK: usize = 1 << 17;

/// What the columns of a file hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// The columns in the order of the file.
    pub columns: Vec<Column>,
    /// Number of rows.
    pub rows: usize,
    /// What separates the columns; none where nothing does.
    pub delimiter: Option<char>,
    /// Marks of missing values besides the usual ones, as they were given.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Columns in which the usual marks are values.
    #[serde(default)]
    pub usual_marks: UsualMarks,
    /// Columns that the file itself says to be an index, which names its rows: pandas writes one into Parquet files by name, and
    /// pandas and R into CSV as a first column without a name. They are ignored among [`Self::columns`], unless the options
    /// name them; here is what they hold.
    #[serde(default)]
    pub index: Vec<Column>,
    /// What the images are like, if the rows are images.
    #[serde(default)]
    pub images: Option<Images>,
    /// What was assumed that the file does not decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
}

impl Schema {
    /// Reads the file once and says what its columns hold. The memory taken does not grow with the number of rows.
    ///
    /// # Errors
    ///
    /// The first thing wrong with the file or the options: [`FrameError`] has them all. The path `-`, standard input
    /// for [`FrameReader`](super::FrameReader), is refused: what has been read from there to find out what it holds
    /// could not be read again.
    pub fn infer(path: &Path, options: &ReadOptions) -> Result<Self, FrameError> {
        if input::is_standard_input(path) {
            return Err(FrameError::StandardInputTwice);
        }
        // A pipe, too, is empty when it has been read once.
        if path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
            return Err(FrameError::PipeTwice { file: path.to_owned() });
        }
        options.check_dates()?;
        let source = Source::open(path, options)?;
        source.check_header()?;
        let names = source.names().all().to_vec();
        let choices =
            options.choices(path, source.names()).map_err(|error| match (&error, source.images()) {
                (FrameError::UnknownColumn { column, .. }, Some(images)) => {
                    images.refusal(column).unwrap_or(error)
                }
                _ => error,
            })?;
        let delimiter = source.delimiter();
        let selected: Vec<usize> =
            (0..names.len()).filter(|&index| choices[index] != Choice::Ignored).collect();
        let marks = Marks::new(options);
        let scan = |&index: &usize| {
            let only_text = source.is_declared_text(index);
            ColumnScan::new(path, &names[index], choices[index], names.len(), only_text, options, &marks)
        };
        let mut scans: Vec<ColumnScan> = selected.iter().map(scan).collect();

        let declared = source.index_columns();
        let has_row_names = source.has_row_names();
        let block_rows = (CELLS_PER_BLOCK / names.len().max(1)).max(1);
        let images = source.images().cloned();
        let rows = match source.select(&selected, block_rows)? {
            // A byte has few values, so each is looked at once. Whatever row has it, there is nothing wrong with it.
            Blocks::Images(images) => {
                let counts = images.counts()?;
                for (index, scan) in scans.iter_mut().enumerate() {
                    for (cell, times) in counts.values(index) {
                        scan.add(1, cell, times)?;
                    }
                }
                counts.rows
            }
            blocks => scan_blocks(blocks, block_rows, &mut scans)?,
        };
        if rows == 0 {
            return Err(FrameError::NoRows { file: path.to_owned() });
        }

        let manner = Manner::of(&scans, options, delimiter == Some(b';'))?;
        let for_all = options.dates.iter().find(|dates| dates.column.is_none());
        if let Some(dates) = for_all.filter(|_| !scans.iter().any(ColumnScan::has_stated_dates)) {
            return Err(FrameError::NoSuchDates { file: path.to_owned(), format: dates.format.clone() });
        }
        let mut doubts: Vec<Doubt> = manner.doubt().into_iter().collect();
        if has_row_names {
            doubts.push(Doubt::RowNames { column: names[0].clone() });
        }
        doubts.extend(marks.unmet().map(|mark| Doubt::UnmetMark { mark: mark.to_owned() }));
        let mut scans = scans.into_iter();
        let mut columns = Vec::with_capacity(names.len());
        let mut index = Vec::new();
        for (position, (name, choice)) in names.into_iter().zip(choices).enumerate() {
            let scan = if choice == Choice::Ignored { None } else { scans.next() };
            let column = match scan {
                Some(scan) => scan.finish(&manner, &mut doubts)?,
                None => Column::ignored(name),
            };
            let declared = declared.iter().find(|(index, _)| *index == position).map(|(_, how)| *how);
            match declared.filter(|how| choice == Choice::Inferred && how.names_rows(&column, rows)) {
                Some(_) => {
                    columns.push(Column::ignored(column.name.clone()));
                    index.push(column);
                }
                None => {
                    let has_fractions = matches!(column.kind, Kind::Numeric { integers: false, .. });
                    if declared == Some(Declared::ByPlace) && choice == Choice::Inferred && has_fractions {
                        doubts.push(Doubt::Nameless { column: column.name.clone() });
                    }
                    columns.push(column);
                }
            }
        }
        if columns.iter().all(|column| column.kind == Kind::Ignored) {
            // There would be nothing else.
            for column in std::mem::take(&mut index) {
                columns
                    .iter_mut()
                    .filter(|other| other.name == column.name)
                    .for_each(|o| *o = column.clone());
            }
        }
        let (missing, usual_marks) = (options.missing.clone(), options.usual_marks.clone());
        let delimiter = delimiter.map(char::from);
        Ok(Self { columns, rows, delimiter, missing, usual_marks, index, images, doubts })
    }

    /// Whether the column `name` holds numbers with a sign beside them or as strings, which are not taken as such.
    pub fn is_like_numbers(&self, name: &str) -> bool {
        self.doubts.iter().any(|doubt| matches!(doubt, Doubt::NearNumbers { column, .. } if column == name))
    }

    /// Whether `text` is a mark of missing values that the options added.
    pub fn is_added_mark(&self, text: &str) -> bool {
        let (missing, usual_marks) = (self.missing.clone(), UsualMarks::Text);
        let marks = Marks::new(&ReadOptions { missing, usual_marks, ..ReadOptions::default() });
        !text.is_empty() && marks.clean(Cell::Text(text), &marks.of("")) == Cell::Missing
    }

    /// Takes the column `name` for one like any other again, if it was left out as the file's [`Self::index`].
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

    /// Whether the column `name` holds the labels of images, which are class numbers, however many there are.
    pub fn is_label(&self, name: &str) -> bool {
        name == LABEL && self.images.as_ref().is_some_and(|images| images.labels.is_some())
    }

    /// How to read the column `name` as what it is: see [`Column::request`].
    ///
    /// # Errors
    ///
    /// [`FrameError::NotInSchema`] if there is no such column, [`FrameError::IgnoredColumn`] if it was ignored.
    pub fn request(&self, name: &str) -> Result<Request, FrameError> {
        let column = self.column(name)?;
        column.request().ok_or_else(|| FrameError::IgnoredColumn { column: name.to_owned() })
    }

    /// Makes the column `name` one of categories, whatever it was found to hold: for a target of class numbers. Its
    /// texts stay as they are in the file.
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

    /// How to read every column that there is something to learn from: all but the constant and the ignored ones, in
    /// the order of the file.
    pub fn requests(&self) -> Vec<Request> {
        self.columns.iter().filter(|column| column.is_informative()).filter_map(Column::request).collect()
    }
}

/// Takes in all rows of some columns, and says how many there are.
fn scan_blocks(mut blocks: Blocks, block_rows: usize, scans: &mut [ColumnScan]) -> Result<usize, FrameError> {
    let mut rows = 0;
    while let Some(block) = blocks.next(block_rows)? {
        rows += block.rows.len();
        for (scan, column) in scans.iter_mut().zip(&block.columns) {
            cell::for_each(column, |index, cell| scan.add(block.rows[index], cell, 1))?;
        }
    }
    Ok(rows)
}
