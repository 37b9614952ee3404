//! Tables in Arrow's format for files and for streams. Feather files of version 2 are such files.
//!
//! A file is a stream between a mark and a footer that lists the batches again, so both are read from first to last.
//! Arrow's decoder makes room for what a message announces, so messages are checked before they are decoded.

use std::collections::HashMap;
use std::io::{self, Read};
use std::iter::repeat;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{RecordBatchDecoder, read_dictionary};
use arrow_ipc::{Message, MessageHeader, MetadataVersion, root_as_message};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef, UnionMode};

use super::batches::Cutter;
use super::block::Block;
use super::cell::{self, check_type};
use super::error::FrameError;
use super::index;
use super::names::Names;
use crate::file::{Origin, Unpacked};

/// First bytes of a file. Zeros fill them up to a group, and some writers go on to as many groups as a processor reads at once.
const FILE_MAGIC: &[u8] = b"ARROW1";
const GROUP_BYTES: u64 = 8;
const MOST_GROUPS: usize = 8;
/// First bytes of a message, and of a stream.
const MESSAGE_MAGIC: [u8; 4] = [0xff; 4];
/// Bytes of a message without its body, at most: tables of 100,000 columns need a tenth.
const LONGEST_MESSAGE: u32 = 256 << 20;
/// Bytes that the buffers of any message may unpack to; and how many times the size of its body those of a larger one.
const LARGEST_BATCH: u64 = 256 << 20;
const LARGEST_RATIO: u64 = 32;
/// Bytes before the compressed bytes of a buffer: its length when it is unpacked.
const LENGTH_BYTES: u64 = 8;
/// Buffers of a column of views, at most.
const MOST_VIEWS: usize = 1 << 16;
/// Rows that any batch may have: a column of nothing but missing values takes no bytes.
const FREE_ROWS: u64 = 1 << 20;

/// Whether a file or a stream begins so.
pub(super) fn is_arrow(magic: &[u8]) -> bool {
    magic.starts_with(FILE_MAGIC) || magic.starts_with(&MESSAGE_MAGIC)
}

/// A file or stream whose schema has been read.
pub(super) struct ArrowFile {
    pub(super) names: Names,
    schema: SchemaRef,
    messages: Messages,
}

impl ArrowFile {
    pub(super) fn open(input: Unpacked) -> Result<Self, FrameError> {
        let Unpacked { origin, mut reader, .. } = input;
        let group = |reader: &mut Box<dyn Read + Send>| {
            let mut bytes = Vec::new();
            let read = reader.take(GROUP_BYTES).read_to_end(&mut bytes);
            read.map_err(|reason| origin.refusal(&reason)).map(|_| bytes)
        };
        let mut first = group(&mut reader)?;
        let is_file = first.starts_with(FILE_MAGIC);
        if is_file {
            first = group(&mut reader)?;
            for _ in 1..MOST_GROUPS {
                if first.iter().any(|&byte| byte != 0) {
                    break;
                }
                first = group(&mut reader)?;
            }
        }
        let reader: Box<dyn Read + Send> = Box::new(io::Cursor::new(first).chain(reader));
        let mut messages = Messages { origin, reader, is_file, ended: false };
        let schema = messages.schema()?;
        let names = schema.fields().iter().map(|field| field.name().clone()).collect();
        Ok(Self { names: Names::new(messages.path(), names)?, schema: Arc::new(schema), messages })
    }

    /// The columns.
    pub(super) fn fields(&self) -> &Fields {
        self.schema.fields()
    }

    /// The columns that pandas wrote as the index of its table, by name.
    pub(super) fn index_columns(&self) -> Vec<String> {
        index::of_pandas(self.schema.metadata().get(index::PANDAS).map(String::as_str))
    }

    /// Makes ready to read the columns at the positions `columns`.
    pub(super) fn select(self, columns: &[usize]) -> Result<ArrowBlocks, FrameError> {
        let Self { schema, messages, .. } = self;
        for &column in columns {
            let field = schema.field(column);
            check_type(field.data_type(), "").map_err(|reason| FrameError::Unsupported {
                file: messages.path().to_owned(),
                column: field.name().clone(),
                reason,
                ignorable: true,
            })?;
        }
        let selected = schema.project(columns).map_err(|reason| messages.damage(reason))?;
        let batches =
            Batches { messages, schema, selected, columns: columns.to_vec(), entries: HashMap::new() };
        Ok(ArrowBlocks { batches, cutter: Cutter::default() })
    }
}

/// A file or stream of which some columns are read.
pub(super) struct ArrowBlocks {
    batches: Batches,
    cutter: Cutter,
}

impl ArrowBlocks {
    /// The next rows, at most `most_rows`, or `None` at the end.
    pub(super) fn next(&mut self, most_rows: usize) -> Result<Option<Block>, FrameError> {
        self.cutter.next(most_rows, || self.batches.next())
    }
}

/// The batches of a stream after its schema.
struct Batches {
    messages: Messages,
    schema: SchemaRef,
    /// The selected columns.
    selected: Schema,
    /// Their positions.
    columns: Vec<usize>,
    /// The entries of dictionaries, by the number of the dictionary.
    entries: HashMap<i64, ArrayRef>,
}

impl Batches {
    fn next(&mut self) -> Result<Option<RecordBatch>, FrameError> {
        while let Some((bytes, body)) = self.messages.next()? {
            let message = root_as_message(&bytes).map_err(|reason| self.messages.damage(reason))?;
            let batch = self.decode(&message, &body).map_err(|reason| self.messages.damage(reason))?;
            if batch.is_some() {
                return Ok(batch);
            }
        }
        Ok(None)
    }

    /// The batch in a message; none where it has the entries of a dictionary, which are kept if a selected column has it.
    fn decode(&mut self, message: &Message, body: &Buffer) -> Result<Option<RecordBatch>, ArrowError> {
        let version = message.version();
        let missing = || ArrowError::IpcError("a message has no content".to_owned());
        match message.header_type() {
            MessageHeader::DictionaryBatch => {
                let dictionary = message.header_as_dictionary_batch().ok_or_else(missing)?;
                if self.fields_of(dictionary.id()).next().is_some() {
                    let types =
                        self.fields_of(dictionary.id()).map(|field| cell::value_type(field.data_type()));
                    check_batch(dictionary.data().ok_or_else(missing)?, types.take(1), body)?;
                    read_dictionary(body, dictionary, &self.selected, &mut self.entries, &version)?;
                }
                Ok(None)
            }
            MessageHeader::RecordBatch => {
                let batch = message.header_as_record_batch().ok_or_else(missing)?;
                self.batch(batch, body, &version).map(Some)
            }
            other => Err(ArrowError::IpcError(format!("a message of the kind {other:?} among the batches"))),
        }
    }

    fn batch(
        &self,
        batch: arrow_ipc::RecordBatch,
        body: &Buffer,
        version: &MetadataVersion,
    ) -> Result<RecordBatch, ArrowError> {
        check_batch(batch, self.schema.fields().iter().map(|field| field.data_type()), body)?;
        RecordBatchDecoder::try_new(body, batch, self.schema.clone(), &self.entries, version)?
            .with_projection(Some(&self.columns))
            .read_record_batch()
    }

    /// The selected columns with values in the dictionary `number`.
    fn fields_of(&self, number: i64) -> impl Iterator<Item = &Field> {
        let fields = self.selected.fields().iter().map(AsRef::as_ref);
        #[expect(deprecated, reason = "the format has these numbers, and there is no other way to them")]
        fields.filter(move |field: &&Field| field.dict_id() == Some(number))
    }
}

/// The bytes of a value in each buffer of a column of this type, as far as Arrow's decoder panics where a buffer ends within a
/// value, and 1 for others; `views` has for each column of views how many buffers it has beside two.
fn value_bytes(data_type: &DataType, views: &mut impl Iterator<Item = i64>, bytes: &mut Vec<usize>) {
    let own: &[usize] = match data_type {
        DataType::Null | DataType::RunEndEncoded(..) => &[],
        DataType::Utf8 | DataType::Binary => &[1, 4, 1],
        DataType::LargeUtf8 | DataType::LargeBinary => &[1, 8, 1],
        DataType::Utf8View | DataType::BinaryView => &[1, 16],
        DataType::Dictionary(key, _) => &[1, key.primitive_width().unwrap_or(1)],
        DataType::FixedSizeList(..) | DataType::Struct(_) => &[1],
        DataType::ListView(_) | DataType::LargeListView(_) => &[1, 1, 1],
        DataType::Union(_, UnionMode::Sparse) => &[1],
        _ => &[1, 1],
    };
    bytes.extend(own);
    match data_type {
        DataType::Utf8View | DataType::BinaryView => {
            // The decoder refuses more buffers than there are.
            let count = views.next().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
            bytes.extend(std::iter::repeat_n(1, count.min(MOST_VIEWS)));
        }
        DataType::List(of)
        | DataType::LargeList(of)
        | DataType::Map(of, _)
        | DataType::FixedSizeList(of, _)
        | DataType::ListView(of)
        | DataType::LargeListView(of) => value_bytes(of.data_type(), views, bytes),
        DataType::Struct(fields) => {
            fields.iter().for_each(|field| value_bytes(field.data_type(), views, bytes))
        }
        DataType::Union(fields, _) => {
            fields.iter().for_each(|(_, field)| value_bytes(field.data_type(), views, bytes));
        }
        DataType::RunEndEncoded(ends, values) => {
            [ends, values].into_iter().for_each(|field| value_bytes(field.data_type(), views, bytes));
        }
        _ => {}
    }
}

/// Fails if a batch of columns of these types has buffers outside the body of its message or that end within a value, or would take
/// far more memory than it has bytes.
fn check_batch<'t>(
    batch: arrow_ipc::RecordBatch,
    types: impl Iterator<Item = &'t DataType>,
    body: &Buffer,
) -> Result<(), ArrowError> {
    let damage = |reason: &str| Err(ArrowError::IpcError(reason.to_owned()));
    let is_compressed = batch.compression().is_some();
    let (mut views, mut values) = (batch.variadicBufferCounts().into_iter().flatten(), Vec::new());
    types.for_each(|data_type| value_bytes(data_type, &mut views, &mut values));
    let mut unpacked = 0_u64;
    for (buffer, value) in batch.buffers().into_iter().flatten().zip(values.into_iter().chain(repeat(1))) {
        let place = (u64::try_from(buffer.offset()), u64::try_from(buffer.length()));
        let (Ok(offset), Ok(length)) = place else { return damage("a buffer has a negative size") };
        if offset.checked_add(length).is_none_or(|end| end > body.len() as u64) {
            return damage("a buffer is not inside its message");
        }
        let bytes = &body[offset as usize..(offset + length) as usize];
        let length = match bytes.first_chunk() {
            // -1 marks bytes that are not compressed.
            Some(announced) if is_compressed && i64::from_le_bytes(*announced) != -1 => {
                u64::from_le_bytes(*announced)
            }
            _ => length.saturating_sub(if is_compressed { LENGTH_BYTES } else { 0 }),
        };
        if length % value as u64 != 0 {
            return damage("a buffer ends within a value");
        }
        unpacked = unpacked.saturating_add(length);
    }
    let most = LARGEST_BATCH.max((body.len() as u64).saturating_mul(LARGEST_RATIO));
    if unpacked > most {
        return damage(&format!("a batch claims to unpack to {unpacked} bytes, where {most} are allowed"));
    }
    // Values take a bit at least.
    let most = unpacked.saturating_mul(8).max(FREE_ROWS);
    let nodes = batch.nodes().into_iter().flatten().map(|node| node.length());
    for rows in nodes.chain([batch.length()]) {
        if u64::try_from(rows).is_ok_and(|rows| rows > most) || rows < 0 {
            return damage(&format!("a batch of {} bytes announces {rows} rows", body.len()));
        }
    }
    Ok(())
}

/// The messages of a stream, one after the other.
struct Messages {
    origin: Origin,
    reader: Box<dyn Read + Send>,
    /// Whether the stream is in a file, where a mark ends it.
    is_file: bool,
    /// Whether the end has been read.
    ended: bool,
}

impl Messages {
    fn path(&self) -> &Path {
        &self.origin.path
    }

    /// The schema, which is the first message.
    fn schema(&mut self) -> Result<Schema, FrameError> {
        let (bytes, _) = self.next()?.ok_or_else(|| self.damage("it has no schema"))?;
        let message = root_as_message(&bytes).map_err(|reason| self.damage(reason))?;
        let schema =
            message.header_as_schema().ok_or_else(|| self.damage("it does not begin with a schema"))?;
        if !schema.endianness().equals_to_target_endianness() {
            return Err(self.damage("its numbers have the other byte order than those of this machine"));
        }
        try_fb_to_schema(schema).map_err(|reason| self.damage(reason))
    }

    /// The next message and its body; `None` at the end.
    fn next(&mut self) -> Result<Option<(Vec<u8>, Buffer)>, FrameError> {
        if self.ended {
            return Ok(None);
        }
        let first = self.bytes(MESSAGE_MAGIC.len() as u64)?;
        if first.is_empty() && !self.is_file {
            self.ended = true;
            return Ok(None);
        }
        // Streams of before Arrow 0.15 have no mark before the length.
        let length = if first == MESSAGE_MAGIC { self.bytes(MESSAGE_MAGIC.len() as u64)? } else { first };
        let length = length.try_into().map(u32::from_le_bytes).map_err(|_| self.cut_off())?;
        if length == 0 {
            self.ended = true;
            return Ok(None);
        }
        if length > LONGEST_MESSAGE {
            return Err(self.damage(format!("a message announces {length} bytes beside its values")));
        }
        let bytes = self.whole(length.into())?;
        let body = root_as_message(&bytes).map_err(|reason| self.damage(reason))?.bodyLength();
        let length = u64::try_from(body).map_err(|_| self.damage("a message has a negative size"))?;
        let body = self.whole(length)?;
        Ok(Some((bytes, Buffer::from_vec(body))))
    }

    /// The next bytes, as many as there are up to `most`.
    fn bytes(&mut self, most: u64) -> Result<Vec<u8>, FrameError> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(most).read_to_end(&mut bytes);
        read.map_err(|reason| self.origin.refusal(&reason))?;
        Ok(bytes)
    }

    /// The next `length` bytes.
    fn whole(&mut self, length: u64) -> Result<Vec<u8>, FrameError> {
        let bytes = self.bytes(length)?;
        if bytes.len() as u64 == length { Ok(bytes) } else { Err(self.cut_off()) }
    }

    fn cut_off(&self) -> FrameError {
        self.damage("it ends within a message")
    }

    fn damage(&self, reason: impl ToString) -> FrameError {
        let reason = reason.to_string();
        let reason = reason.strip_prefix("Ipc error: ").unwrap_or(&reason).to_owned();
        FrameError::Damaged { file: PathBuf::from(self.path()), format: "Arrow", reason }
    }
}
