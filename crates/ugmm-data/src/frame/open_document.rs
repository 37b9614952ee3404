//! Sheets of OpenDocument: one file of XML has them all.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use zip::ZipArchive;

use super::cells::{Grid, MOST_COLUMNS, MOST_ROWS, Value};
use super::error::FrameError;
use super::workbook::{OPEN_DOCUMENT, chosen, damaged, date_or_text};

/// Blanks that one element may stand for.
const MOST_BLANKS: usize = 1 << 10;

/// The text of a formula's error whose value is not available.
const NOT_AVAILABLE: &str = "#N/A";

type Result<T> = std::result::Result<T, FrameError>;

/// The cells of the sheet called `name`, or of the first.
pub(super) fn sheet(path: &Path, file: File, name: Option<&str>, most_bytes: u64) -> Result<Grid> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|reason| damaged(path, &reason))?;
    let content = archive.by_name(OPEN_DOCUMENT).map_err(|reason| damaged(path, &reason))?;
    let mut sheets = Sheets {
        path,
        reader: Reader::from_reader(BufReader::new(content)),
        buffer: Vec::new(),
        grid: Grid::new(path, most_bytes),
        row: 0,
    };
    sheets.reader.config_mut().expand_empty_elements = true;
    let mut names = Vec::new();
    while let Some(Tag { name: element, attributes }) = sheets.next_start(None)? {
        if element != "table:table" {
            continue;
        }
        let found = attributes.get("table:name").unwrap_or_default();
        // Copies of sheets in other files that formulas refer to.
        if found.starts_with("'file:") {
            continue;
        }
        names.push(found);
        match name {
            Some(name) if names.last().is_some_and(|found| found == name) => {
                sheets.read()?;
                return Ok(sheets.grid);
            }
            None if names.len() == 1 => sheets.read()?,
            _ => {}
        }
    }
    chosen(path, name, &names)?;
    sheets.grid.unasked = names;
    Ok(sheets.grid)
}

/// The beginning of an element.
struct Tag {
    name: String,
    attributes: Attributes,
}

/// The attributes of an element.
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    /// How many cells or rows the element stands for.
    fn repeats(&self, name: &str) -> usize {
        self.get(name).and_then(|count| count.parse().ok()).unwrap_or(1)
    }
}

struct Sheets<'p, R> {
    path: &'p Path,
    reader: Reader<R>,
    buffer: Vec<u8>,
    grid: Grid,
    row: usize,
}

impl<R: std::io::BufRead> Sheets<'_, R> {
    /// The next element that begins; none at the end of the file, or where the element `within` ends.
    fn next_start(&mut self, within: Option<&str>) -> Result<Option<Tag>> {
        loop {
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            match event.map_err(|reason| damaged(self.path, &reason))? {
                Event::Start(start) => return tag(self.path, &start).map(Some),
                Event::End(end) if within == Some(end.name().as_ref()) => return Ok(None),
                Event::Eof if within.is_some() => return Err(self.cut_off()),
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    fn cut_off(&self) -> FrameError {
        let (file, reason) = (self.path.to_owned(), "it ends within a sheet".to_owned());
        FrameError::Damaged { file, format: "spreadsheet", reason }
    }

    /// Reads the rows of the table that has begun.
    fn read(&mut self) -> Result<()> {
        while let Some(Tag { name, attributes }) = self.next_start(Some("table:table"))? {
            match name.as_str() {
                "table:table-row" => {
                    let cells = self.cells()?;
                    let repeats = attributes.repeats("table:number-rows-repeated");
                    if !cells.is_empty() {
                        for row in (self.row..MOST_ROWS).take(repeats) {
                            cells.iter().try_for_each(|(column, value)| {
                                self.grid.push(row, *column, value.clone())
                            })?;
                        }
                    }
                    self.row = self.row.saturating_add(repeats);
                }
                // Tables may be in shapes, and in cells of others.
                "table:shapes" | "table:table" => self.skip(&name)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Skips the element that has begun, whose elements of the same name are skipped too.
    fn skip(&mut self, name: &str) -> Result<()> {
        let mut depth = 1;
        while depth > 0 {
            match self.next_start(Some(name))? {
                Some(inner) => depth += usize::from(inner.name == name),
                None => depth -= 1,
            }
        }
        Ok(())
    }

    /// The cells of the row that has begun, with their columns.
    fn cells(&mut self) -> Result<Vec<(usize, Value)>> {
        let (mut cells, mut column) = (Vec::new(), 0_usize);
        while let Some(Tag { name, attributes }) = self.next_start(Some("table:table-row"))? {
            if name != "table:table-cell" && name != "table:covered-table-cell" {
                continue;
            }
            let value = self.value(&name, &attributes)?;
            let repeats = attributes.repeats("table:number-columns-repeated");
            if let Some(value) = value {
                cells.extend((column..MOST_COLUMNS).take(repeats).map(|column| (column, value.clone())));
            }
            column = column.saturating_add(repeats);
        }
        Ok(cells)
    }

    /// The value of the cell that has begun.
    fn value(&mut self, element: &str, attributes: &Attributes) -> Result<Option<Value>> {
        let shown = self.text(element)?;
        let given = |name| attributes.get(name).unwrap_or_default();
        if given("calcext:value-type") == "error" {
            return Ok((shown != NOT_AVAILABLE).then_some(Value::Error(shown)));
        }
        Ok(match given("office:value-type").as_str() {
            "float" | "percentage" | "currency" => given("office:value").parse().ok().map(Value::Number),
            "boolean" => Some(Value::Boolean(given("office:boolean-value") == "true")),
            "date" => Some(date_or_text(&given("office:date-value"))),
            "time" => Some(Value::Text(time_of_day(&given("office:time-value")))),
            "string" => Some(Value::Text(attributes.get("office:string-value").unwrap_or(shown))),
            _ => None,
        })
    }

    /// The text of the cell that has begun, without that of notes.
    fn text(&mut self, element: &str) -> Result<String> {
        let (mut text, mut paragraphs) = (String::new(), 0);
        loop {
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            match event.map_err(|reason| damaged(self.path, &reason))? {
                Event::Start(start) => match start.name().as_ref() {
                    "text:p" => {
                        text.push_str(if paragraphs > 0 { "\n" } else { "" });
                        paragraphs += 1;
                    }
                    "text:s" => {
                        let blanks = tag(self.path, &start)?.attributes.repeats("text:c").min(MOST_BLANKS);
                        text.extend(std::iter::repeat_n(' ', blanks));
                    }
                    "text:tab" => text.push('\t'),
                    "text:line-break" => text.push('\n'),
                    name @ ("office:annotation" | "table:table" | "draw:frame") => {
                        let name = name.to_owned();
                        self.skip(&name)?;
                    }
                    _ => {}
                },
                // Blanks between elements are no text.
                Event::Text(part) if paragraphs > 0 => text.push_str(&part.xml10_content()),
                Event::CData(part) if paragraphs > 0 => text.push_str(&part.xml10_content()),
                Event::GeneralRef(reference) => text.extend(character(&reference)),
                Event::End(end) if end.name().as_ref() == element => return Ok(text),
                Event::Eof => return Err(self.cut_off()),
                _ => {}
            }
        }
    }
}

/// The name and the attributes of an element.
fn tag(path: &Path, start: &BytesStart) -> Result<Tag> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|reason| damaged(path, &reason))?;
        let value =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|reason| damaged(path, &reason))?;
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(Tag { name: start.name().as_ref().to_owned(), attributes: Attributes(attributes) })
}

/// The character that a reference such as `&amp;` or `&#65;` stands for; none for one that XML itself does not have.
fn character(reference: &BytesRef) -> Option<char> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character);
    }
    let known = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\'')];
    known.iter().find(|(name, _)| **name == **reference).map(|(_, character)| *character)
}

/// A length of time such as `PT12H30M05S` as `12:30:05`; another text as it is.
fn time_of_day(text: &str) -> String {
    let parts = || {
        let (hours, rest) = text.strip_prefix("PT")?.split_once('H')?;
        let (minutes, rest) = rest.split_once('M')?;
        let seconds = rest.strip_suffix('S')?;
        let is_number = |part: &str| part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let whole = seconds.split_once('.').map_or(seconds, |(whole, _)| whole);
        [hours, minutes, whole]
            .iter()
            .all(|part| is_number(part))
            .then(|| format!("{hours}:{minutes}:{whole}"))
    };
    parts().unwrap_or_else(|| text.to_owned())
}
