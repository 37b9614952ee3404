//! Workbooks of Excel and of OpenDocument: archives with a file for each sheet, or one for all.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use calamine::{CellErrorType, DataRef, ExcelDateTime, Reader, SheetType, Xlsx, XlsxError};
use zip::ZipArchive;

use super::cells::{CellTable, Grid, Value};
use super::date;
use super::error::FrameError;
use super::open_document;
use super::options::ReadOptions;
use crate::file;

/// Names of files in an archive that tell its kind.
const EXCEL: &str = "xl/workbook.xml";
const BINARY_EXCEL: &str = "xl/workbook.bin";
pub(super) const OPEN_DOCUMENT: &str = "content.xml";
/// The days that Excel counts, as days since 1970: from 1900 or 1904. From the first, it counts one day too many from the 60th on.
const EPOCH_1900: f64 = -25_569.0;
const EPOCH_1904: f64 = -24_107.0;
const LEAP_DAY: f64 = 60.0;

/// The kind of a workbook.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Excel,
    OpenDocument,
}

/// The kind of the workbook that an archive is, if it is one that can be read.
pub(super) fn kind(path: &Path, file: &mut File) -> Result<Option<Kind>, FrameError> {
    let archive = ZipArchive::new(BufReader::new(&*file)).map_err(|reason| damaged(path, &reason))?;
    let has = |name| archive.index_for_name(name).is_some();
    let kind = if has(EXCEL) {
        Some(Kind::Excel)
    } else if has(OPEN_DOCUMENT) && !has(BINARY_EXCEL) {
        Some(Kind::OpenDocument)
    } else {
        None
    };
    file.rewind().map_err(|reason| file::refusal(path, &reason))?;
    Ok(kind)
}

/// The table in a sheet of a workbook: the sheet called `name`, or the first. The workbook may unpack to `most_bytes`.
pub(super) fn open(
    path: &Path,
    file: File,
    kind: Kind,
    name: Option<&str>,
    most_bytes: u64,
    options: &ReadOptions,
) -> Result<CellTable, FrameError> {
    check_size(path, &file, most_bytes)?;
    let grid = match kind {
        Kind::Excel => excel(path, file, name, most_bytes)?,
        Kind::OpenDocument => open_document::sheet(path, file, name, most_bytes)?,
    };
    CellTable::new(grid, options)
}

/// Fails if the files of an archive unpack to more than `most_bytes`, whatever it announces.
fn check_size(path: &Path, file: &File, most_bytes: u64) -> Result<(), FrameError> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|reason| damaged(path, &reason))?;
    let mut left = most_bytes;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|reason| damaged(path, &reason))?;
        let read = io::copy(&mut entry.take(left + 1), &mut io::sink());
        let bytes = read.map_err(|reason| damaged(path, &reason))?;
        left = left.checked_sub(bytes).ok_or_else(|| FrameError::unpacks(path))?;
    }
    Ok(())
}

/// The cells of a sheet in a workbook of Excel.
fn excel(path: &Path, file: File, name: Option<&str>, most_bytes: u64) -> Result<Grid, FrameError> {
    let failed = |reason: XlsxError| damaged(path, &reason);
    let mut workbook = Xlsx::new(BufReader::new(file)).map_err(failed)?;
    let sheets = workbook.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let sheets: Vec<String> = sheets.map(|sheet| sheet.name.clone()).collect();
    let chosen = chosen(path, name, &sheets)?;
    let epoch = if workbook.has_1904_epoch() { EPOCH_1904 } else { EPOCH_1900 };
    let mut cells = workbook.worksheet_cells_reader(chosen).map_err(failed)?;
    let mut grid = Grid::new(path, most_bytes);
    while let Some(cell) = cells.next_cell().map_err(failed)? {
        let (row, column) = cell.get_position();
        if let Some(value) = excel_value(cell.get_value(), epoch) {
            grid.push(row as usize, column as usize, value)?;
        }
    }
    grid.unasked = if name.is_none() { sheets } else { Vec::new() };
    Ok(grid)
}

/// The value of a cell of Excel; none of an empty one and of one whose value is not available.
fn excel_value(value: &DataRef, epoch: f64) -> Option<Value> {
    Some(match value {
        DataRef::Empty | DataRef::Error(CellErrorType::NA) => return None,
        DataRef::Int(integer) => Value::Number(*integer as f64),
        DataRef::Float(number) => Value::Number(*number),
        DataRef::Bool(boolean) => Value::Boolean(*boolean),
        DataRef::String(text) | DataRef::DurationIso(text) => Value::Text(text.clone()),
        DataRef::SharedString(text) => Value::Text((*text).to_owned()),
        DataRef::DateTimeIso(text) => date_or_text(text),
        DataRef::DateTime(time) => excel_time(time, epoch),
        DataRef::Error(error) => Value::Error(error.to_string()),
    })
}

/// A date; a time of day or a length of time is a text, as in a CSV file.
fn excel_time(time: &ExcelDateTime, epoch: f64) -> Value {
    let days = time.as_f64();
    if time.is_duration() || days < 1.0 {
        return Value::Text(hours(days));
    }
    let early = if epoch == EPOCH_1900 && days < LEAP_DAY { 1.0 } else { 0.0 };
    Value::Days(days + epoch + early)
}

/// So many days as hours, minutes and seconds.
fn hours(days: f64) -> String {
    let seconds = (days * 86_400.0).round();
    let (hours, rest) = ((seconds / 3600.0).floor(), seconds.rem_euclid(3600.0));
    format!("{hours:02}:{:02}:{:02}", (rest / 60.0).floor(), rest % 60.0)
}

/// A date as ISO 8601 has it, or the text.
pub(super) fn date_or_text(text: &str) -> Value {
    date::parse(text, None).map_or_else(|| Value::Text(text.to_owned()), Value::Days)
}

/// The sheet called `name`, or the first.
pub(super) fn chosen<'s>(
    path: &Path,
    name: Option<&str>,
    sheets: &'s [String],
) -> Result<&'s str, FrameError> {
    let found = match name {
        Some(name) => sheets.iter().find(|sheet| *sheet == name),
        None => sheets.first(),
    };
    found.map(String::as_str).ok_or_else(|| FrameError::NoSuchPart {
        file: path.to_owned(),
        part: "sheet",
        name: name.map(str::to_owned),
        parts: sheets.to_vec(),
    })
}

pub(super) fn damaged(path: &Path, reason: &dyn std::error::Error) -> FrameError {
    FrameError::Damaged { file: path.to_owned(), format: "spreadsheet", reason: reason.to_string() }
}
