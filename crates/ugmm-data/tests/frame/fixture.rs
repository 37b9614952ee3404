//! Files in a directory that goes away with them, and what is in them.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use ugmm_data::frame::{Frame, FrameError, FrameReader, Kind, ReadOptions, Request, Schema, Values};

/// A file called `t`.
pub struct Fixture {
    directory: TempDir,
}

impl Fixture {
    pub fn new(content: impl AsRef<[u8]>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("t"), content).unwrap();
        Self { directory }
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("t")
    }

    pub fn infer(&self, options: &ReadOptions) -> Result<Schema, FrameError> {
        Schema::infer(&self.path(), options)
    }

    pub fn frames(
        &self,
        requests: &[Request],
        options: &ReadOptions,
        batch_rows: usize,
    ) -> Result<Vec<Frame>, FrameError> {
        FrameReader::open(&self.path(), requests, options, batch_rows)?.collect()
    }

    /// Reads all columns as what they are, if nothing is wrong with the file: for files on which nothing may panic.
    pub fn try_all(&self, options: &ReadOptions) {
        if let Ok(schema) = self.infer(options) {
            let _ = self.frames(&schema.requests(), options, 3);
        }
    }

    /// The message without the directory, which differs each time, and the cases in which a setting helps.
    pub fn message(&self, error: &FrameError) -> String {
        let directory = format!("{}{}", self.directory.path().display(), std::path::MAIN_SEPARATOR);
        let remedies = error.remedies().into_iter().map(|remedy| format!("; {remedy}"));
        remedies.fold(error.to_string().replace(&directory, ""), |message, remedy| message + &remedy)
    }
}

/// The schema by default options.
pub fn infer(content: impl AsRef<[u8]>) -> Schema {
    infer_with(content, &ReadOptions::default())
}

pub fn infer_with(content: impl AsRef<[u8]>, options: &ReadOptions) -> Schema {
    Fixture::new(content).infer(options).unwrap()
}

/// The message about why there is no schema.
pub fn refusal(content: impl AsRef<[u8]>) -> String {
    refusal_with(content, &ReadOptions::default())
}

pub fn refusal_with(content: impl AsRef<[u8]>, options: &ReadOptions) -> String {
    let fixture = Fixture::new(content);
    fixture.message(&fixture.infer(options).unwrap_err())
}

/// The only frame with these columns.
pub fn read(content: impl AsRef<[u8]>, requests: &[Request]) -> Frame {
    let mut frames = Fixture::new(content).frames(requests, &ReadOptions::default(), usize::MAX).unwrap();
    assert_eq!(frames.len(), 1);
    frames.remove(0)
}

/// The message about why these columns cannot be read.
pub fn read_refusal(content: impl AsRef<[u8]>, requests: &[Request]) -> String {
    let fixture = Fixture::new(content);
    fixture.message(&fixture.frames(requests, &ReadOptions::default(), 1000).unwrap_err())
}

/// All columns as text: names, rows of fields, and the places of the rows.
pub fn texts(
    content: impl AsRef<[u8]>,
    options: &ReadOptions,
) -> (Vec<String>, Vec<Vec<String>>, Vec<usize>) {
    let fixture = Fixture::new(content);
    let ignore_kinds = ReadOptions { ignore: Vec::new(), ..options.clone() };
    let schema = fixture.infer(&ignore_kinds).unwrap();
    let names: Vec<String> = schema.columns.iter().map(|column| column.name.clone()).collect();
    let requests: Vec<Request> = names.iter().map(Request::text).collect();
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    for frame in fixture.frames(&requests, options, 7).unwrap() {
        for index in 0..frame.rows.len() {
            rows.push(
                frame.columns.iter().map(|values| text(values)[index].clone().unwrap_or_default()).collect(),
            );
        }
        lines.extend(frame.rows);
    }
    (names, rows, lines)
}

pub fn text(values: &Values) -> &[Option<String>] {
    let Values::Text(values) = values else { panic!("{values:?}") };
    values
}

pub fn numbers(values: &Values) -> &[f64] {
    let Values::Numbers(values) = values else { panic!("{values:?}") };
    values
}

/// What the column is, in a word.
pub fn kind(schema: &Schema, name: &str) -> &'static str {
    match schema.column(name).unwrap().kind {
        Kind::Numeric { .. } => "numeric",
        Kind::Boolean => "boolean",
        Kind::Date { .. } => "date",
        Kind::Categorical => "categorical",
        Kind::Constant => "constant",
        Kind::Ignored => "ignored",
    }
}

/// The levels of a column and their rows.
pub fn levels<'a>(schema: &'a Schema, name: &str) -> Vec<(&'a str, usize)> {
    let levels = schema.column(name).unwrap().levels.as_ref().unwrap();
    levels.iter().map(|level| (level.text.as_str(), level.rows)).collect()
}

pub fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
