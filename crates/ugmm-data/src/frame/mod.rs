//! Tables from files of any size: the kinds of their columns, and the columns in batches.
//!
//! [`Schema::infer`] reads a file once and infers the kind of every column; [`FrameReader`] then gives the requested columns,
//! batch by batch, from this file or another one. Neither holds more than a batch of rows in memory.
//!
//! # Which files
//!
//! A file is given by its path, or standard input as `-` where one reading is enough; [`MemoryTable`] is a table in memory, read
//! by the rules of Parquet files. The kind of a file is inferred from its content, whatever its name:
//!
//! * CSV in UTF-8, in UTF-16 with a mark of byte order, or in the encoding that [`ReadOptions::encoding`] states, plain or
//!   compressed with gzip or zstd. Columns are separated by commas, semicolons, tabs or vertical
//!   bars: by whichever divides most of the first lines into the same number of fields. Any line ends and a byte order
//!   mark are accepted, blanks around a field are dropped. Blank lines are skipped, but in a file of a single column they
//!   are rows with a missing value; at its end, only if there are such rows before. Lines that begin with `#` are
//!   comments if the first line is one. A single such line with as many fields as the next line is a header. Another mark
//!   has to be stated.
//! * Parquet with columns of integers, floats, booleans, strings, dates, timestamps and decimals, in any encoding but
//!   `DELTA_BYTE_ARRAY` and `BYTE_STREAM_SPLIT`, which writers use on demand only; plain or compressed with snappy,
//!   gzip, zstd, Brotli or `LZ4_RAW`.
//! * Arrow's files and streams, and with them Feather files of version 2, with columns of the same types and dictionaries of
//!   them; their batches plain or compressed with LZ4 or zstd. A stream can be standard input.
//! * Workbooks of Excel (`.xlsx`) and OpenDocument (`.ods`): the first sheet, or the one that two colons and its name after the
//!   path choose, as in `file.xlsx::Sheet 2`. The first row that is not empty is the header. Numbers, booleans and dates
//!   keep their types; times of day are texts. A column with cells of several types is read as the text of a CSV file, and
//!   one of texts alone as a column of strings in a Parquet file. Empty rows are skipped, but between the rows of a single
//!   column. The error `#N/A` of a formula is a missing value; other errors are errors, unless [`ReadOptions::missing`] has
//!   them.
//! * IDX, as MNIST's images are: unsigned bytes in three dimensions, images, rows and columns, of up to 65,536 pixels an
//!   image, plain or compressed as CSV. A row is an image, with a column `pixel_<row>_<column>` for each pixel, both
//!   counted from 1; its values are the bytes divided by 255, from 0 to 1. The first column is `label` if a file of labels
//!   lies beside it, under the name of the file with `images` replaced by `labels` and `idx3` by `idx1`, plain or `.gz`.
//!
//! A column without a name is called `x` and its position, such as `x3`, and so are all columns of a file without a
//! header. Where all rows have one field more than the header, the first is a column without a name, as R writes it.
//!
//! # What is a number, a date, a missing value
//!
//! * Missing values: nothing, `NA`, `N/A`, `#N/A`, `<NA>`, `NaN`, `null`, `None`, `?` and `-`, in small letters or capitals,
//!   and the marks that [`ReadOptions::missing`] adds, which are compared as numbers and dates, too.
//!   [`ReadOptions::usual_marks`] names columns in which all of these but nothing are values.
//! * Numbers: `5`, `-2.5`, `.5`, `1e-3`. A column may also group digits by thousands, with commas, blanks or apostrophes
//!   (`1,234.5`, `1 234`, `1'234`), if all its values are numbers that way, or have decimal commas (`3,14`, `1.234,5`,
//!   `1 234,5`). `1_234` is no number. A column that [`ReadOptions::numeric`] names may have a sign beside its numbers, such
//!   as `10 %` or `€5`, the same in all rows.
//! * Decimal marks: where a column can be read with both (`1,234`, `1.234`), the columns decide that can be read with one
//!   only, for the whole file, or [`ReadOptions::decimal`] and [`ReadOptions::thousands`]. If nothing decides, commas are
//!   decimal marks in a file separated by semicolons, and group digits elsewhere; [`Schema::doubts`] says so.
//! * Integers beyond ±2^53, infinities and numbers beyond the largest `f64` are errors, unless the column is categorical
//!   or ignored.
//! * Booleans: `true`/`false`, `t`/`f`, `yes`/`no` or `y`/`n`, one of the pairs in a column, in small letters or capitals.
//!   `0` and `1` are numbers, but false and true among such words, and by a request for booleans.
//! * Dates: `2024-02-29`, `29/02/2024`, `2/29/24`, `29 Feb 2024`, `29FEB2024`, `February 29, 2024`, with names of months in
//!   English, German, French, Spanish, Portuguese, Italian or Dutch, each with a time after it if there is one (`12:30`,
//!   `T12:30:00.5+01:00`, `6:30 PM`), or `Thu Feb 29 06:00:00 2024`. Columns of months (`2024-02`, `02/2024`, `Feb-24`) are
//!   read as their first days. Dates become days since 1970-01-01, with the time of day as a fraction; a time without an
//!   offset is taken as UTC. Whether the day or the month comes first is inferred from all values of the column, or else
//!   from other columns; whether a year of two digits does, from the time that the dates span; see [`Schema::doubts`] and
//!   [`ReadOptions::dates`].
//! * Everything else is a category. Strings in a Parquet or Arrow file are no numbers, unless [`ReadOptions::numeric`] names the
//!   column.
//!
//! ```
//! use ugmm_data::frame::{FrameReader, ReadOptions, Request, Schema, Values};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("flowers.csv");
//! std::fs::write(&path, "length;colour;species\n5,1;red;1\n;blue;3\n4,7;red;3\n")?;
//! let options = ReadOptions::default();
//! let schema = Schema::infer(&path, &options)?;
//! let mut requests = vec![schema.request("length")?, schema.request("colour")?];
//! requests.push(Request::text("species"));
//! for frame in FrameReader::open(&path, &requests, &options, 1000)? {
//!     let frame = frame?;
//!     let Values::Numbers(lengths) = &frame.columns[0] else { unreachable!() };
//!     assert!(lengths[0] == 5.1 && lengths[1].is_nan());
//!     assert_eq!(frame.columns[1], Values::Codes(vec![Some(1), Some(0), Some(1)]));
//!     assert_eq!(frame.rows, [2, 3, 4]);
//! }
//! # Ok(())
//! # }
//! ```

mod arrow_file;
mod batches;
mod block;
mod boolean;
mod cell;
mod cells;
mod checked_footer;
mod checked_pages;
mod column;
mod column_scan;
mod date;
mod dialect;
mod doubt;
mod encoding;
mod error;
mod image_file;
mod images;
mod in_memory;
mod index;
mod input;
mod levels;
mod memory;
mod missing;
mod names;
mod notation;
mod number;
mod number_format;
mod number_marks;
mod open_document;
mod options;
mod page_sizes;
mod parquet_file;
mod range;
mod reader;
mod reading;
mod records;
mod request;
mod row_numbers;
mod schema;
mod source;
mod text_file;
mod thrift;
mod unseen;
mod value_type;
mod workbook;
mod written;

pub(crate) use in_memory::column_of;
pub(crate) use levels::sorted_labels;

pub use column::{Column, Kind};
pub use date::{DateFormat, date_text, first_of_month, minute_text};
pub use doubt::Doubt;
pub use encoding::Encoding;
pub use error::{FrameError, columns_are};
pub use images::Images;
pub use in_memory::ColumnData;
pub use input::Input;
pub use levels::{LEVEL_LIMIT, Level, LevelIndex};
pub use memory::MemoryTable;
pub use names::closest;
pub use notation::Notation;
pub use number::{DecimalMark, Thousands};
pub use number_format::NumberFormat;
pub use options::{ReadOptions, StatedDates, UsualMarks};
pub use reader::{Frame, FrameReader, UNSEEN, Values};
pub use request::{ReadAs, Request};
pub use row_numbers::Numbering;
pub use schema::Schema;
pub use unseen::UnseenValues;
pub use value_type::ValueType;
pub use written::Written;
