//! What one column holds.

use serde::{Deserialize, Serialize};

use super::date::{self, DateFormat};
use super::doubt::Doubt;
use super::levels::Level;
use super::number_format::{self, NumberFormat};
use super::request::{ReadAs, Request};
use super::row_numbers::Numbering;

/// Share of a column's levels that look like dates, from which on a doubt says that they are read as categories.
const MOSTLY_DATES: f64 = 0.8;
/// Share of a column's levels that are numbers with units, from which on most are.
const MOSTLY_NUMBERS: f64 = 0.8;
/// Different numbers with signs or in quotes from which on a doubt says that they are read as categories: two may well be classes.
const FEWEST_NUMBERS: usize = 3;

/// What one column holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Name of the column.
    pub name: String,
    /// Their kind.
    pub kind: Kind,
    /// Number of missing values; 0 for an ignored column.
    pub missing: usize,
    /// The different values as text, ordered as numbers if all are finite numbers and lexicographically else.
    ///
    /// None for an ignored column, and for numbers and dates with more than
    /// [`LEVEL_LIMIT`](super::LEVEL_LIMIT) different ones; in a file of more than 100 columns, with more than 1,000,000
    /// divided by the number of columns, but at least 100.
    pub levels: Option<Vec<Level>>,
    /// The texts that mark missing values, each with its number of rows; empty fields are not among them.
    #[serde(default)]
    pub missing_as: Vec<Level>,
    /// The order of the values, if they are whole numbers that may number the rows.
    #[serde(default)]
    pub numbering: Option<Numbering>,
}

/// Kinds of columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Finite numbers.
    Numeric {
        /// The least of them.
        min: f64,
        /// The greatest of them.
        max: f64,
        /// Whether all of them are whole.
        integers: bool,
        /// How they are written.
        format: NumberFormat,
    },
    /// One of the pairs of words for true and false.
    Boolean,
    /// Dates or times.
    Date {
        /// The first of them, in days since 1970-01-01.
        min: f64,
        /// The last of them, in days since 1970-01-01.
        max: f64,
        /// How they are written, if the order of year, month and day has to be known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<DateFormat>,
    },
    /// Texts, which are [`Column::levels`].
    Categorical,
    /// One value in all rows, or no value at all: nothing to learn from.
    Constant,
    /// Ignored, as the options say, or an index.
    Ignored,
}

impl Column {
    /// A column that is ignored.
    pub(super) fn ignored(name: String) -> Self {
        Self { name, kind: Kind::Ignored, missing: 0, levels: None, missing_as: vec![], numbering: None }
    }

    /// Whether there is something to learn from the column: not if it is constant or ignored.
    pub fn is_informative(&self) -> bool {
        !matches!(self.kind, Kind::Constant | Kind::Ignored)
    }

    /// The request that reads the column by its kind; none for an ignored column. A constant column is read as categories.
    pub fn request(&self) -> Option<Request> {
        Some(Request { name: self.name.clone(), read_as: self.read_as()? })
    }

    /// How the values are read by the kind of the column; none for an ignored column.
    pub(crate) fn read_as(&self) -> Option<ReadAs> {
        Some(match &self.kind {
            Kind::Numeric { format, .. } => ReadAs::Numbers(*format),
            Kind::Boolean => ReadAs::Booleans,
            Kind::Date { format: None, .. } => ReadAs::Days,
            Kind::Date { format: Some(format), .. } => ReadAs::Dates(format.clone()),
            Kind::Categorical | Kind::Constant => ReadAs::Codes(self.level_names()),
            Kind::Ignored => return None,
        })
    }

    /// The texts of the levels; none if they are not known.
    pub(crate) fn level_names(&self) -> Vec<String> {
        self.levels.iter().flatten().map(|level| level.text.clone()).collect()
    }

    /// The words of a column of booleans for false and true, as most rows write them; `false` and `true` where it has
    /// none.
    pub fn words(&self) -> [String; 2] {
        let word = |number: f64, usual: &str| {
            let own = |level: &&Level| ReadAs::Booleans.number(&level.text) == Some(number);
            let commonest = self.levels.iter().flatten().filter(own).max_by_key(|level| level.rows);
            commonest.map_or_else(|| usual.to_owned(), |level| level.text.clone())
        };
        [word(0.0, "false"), word(1.0, "true")]
    }

    /// The texts of a column of categories; none of other columns.
    fn categories(&self) -> Vec<&str> {
        let levels = self.levels.iter().flatten().filter(|_| self.kind == Kind::Categorical);
        levels.map(|level| level.text.as_str()).collect()
    }

    /// The doubt that a column of categories may hold numbers or dates; none of other columns.
    pub(super) fn doubt(&self) -> Option<Doubt> {
        let (column, texts) = (self.name.clone(), self.categories());
        if let Some(format) = self.unread_dates() {
            return Some(Doubt::UnreadDates { column, written: texts[0].to_owned(), format });
        }
        if texts.len() >= FEWEST_NUMBERS && number_format::are_numbers(&texts) {
            let with_unit = texts.iter().find(|text| number_format::split_sign(text).is_some());
            let written = (*with_unit.unwrap_or(&texts[0])).to_owned();
            return Some(Doubt::NearNumbers { column, written });
        }
        self.no_date().map(|written| Doubt::NoDates { column, written })
    }

    /// The first text that is a number with a unit, such as `217 kg`, and the number, if most different texts are such.
    pub fn with_unit(&self) -> Option<(String, String)> {
        let texts = self.levels.iter().flatten().map(|level| level.text.trim());
        let with_unit = texts.filter_map(|text| Some((text, number_format::number_with_unit(text)?)));
        let with_unit: Vec<_> = with_unit.collect();
        let (text, number) = with_unit.first()?;
        let is_most = with_unit.len() as f64 >= MOSTLY_NUMBERS * self.levels.as_ref()?.len() as f64;
        is_most.then(|| ((*text).to_owned(), number.clone().into_owned()))
    }

    /// The format of `strftime` that the texts of a column of categories are dates in, if it is one that is read only where it is
    /// stated.
    pub fn unread_dates(&self) -> Option<String> {
        let texts = self.categories();
        let format = if texts.len() > 1 { date::unusual_format(&texts) } else { None };
        format.map(str::to_owned)
    }

    /// A value that keeps a column of categories from being one of dates, if most of its texts look like dates: it is no date, or
    /// is written in another way than the others.
    pub fn no_date(&self) -> Option<String> {
        let texts = self.categories();
        let looks_like = texts.iter().filter(|text| date::resembles(text)).count();
        if texts.len() < 2 || (looks_like as f64) < MOSTLY_DATES * texts.len() as f64 {
            return None;
        }
        let others = |parse: &dyn Fn(&str) -> Option<f64>| -> Vec<&str> {
            texts.iter().copied().filter(|text| parse(text).is_none()).collect()
        };
        let by_format = DateFormat::TRIED.map(|format| others(&|text| date::parse_own(text, &format)));
        let fewest =
            by_format.into_iter().chain([others(&|text| date::parse(text, None))]).min_by_key(Vec::len)?;
        fewest.first().map(|&text| text.to_owned())
    }
}
