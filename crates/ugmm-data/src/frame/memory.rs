//! Tables in memory, as Arrow arrays.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchIterator, RecordBatchReader};
use arrow_schema::{ArrowError, Field, Fields, Schema, SchemaRef};

use super::batches::Cutter;
use super::block::Block;
use super::cell;
use super::error::FrameError;
use super::index;
use super::names::Names;

/// A table in memory whose columns are Arrow arrays. It shares the arrays; clones are cheap.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchIterator, StringArray};
/// use ugmm_data::Table;
/// use ugmm_data::frame::{MemoryTable, ReadOptions};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ages: ArrayRef = Arc::new(Int64Array::from(vec![Some(31), None, Some(57)]));
/// let towns: ArrayRef = Arc::new(StringArray::from(vec!["Rome", "Oslo", "Rome"]));
/// let batch = RecordBatch::try_from_iter([("age", ages), ("town", towns)])?;
/// let schema = batch.schema();
/// let memory = MemoryTable::read("the frame", RecordBatchIterator::new([Ok(batch)], schema))?;
/// let table = Table::read(memory, &ReadOptions::default())?;
/// assert_eq!(table.labels("age")?, [Some("31".to_owned()), None, Some("57".to_owned())]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryTable(Arc<Shared>);

struct Shared {
    /// What the table is called in messages.
    name: PathBuf,
    names: Names,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl MemoryTable {
    /// Takes all batches of a stream. `name` says in messages where the rows are, in the place of a file's name.
    ///
    /// # Errors
    ///
    /// [`FrameError::DuplicateColumn`] if two columns have one name, or [`FrameError::Stream`] if the stream fails.
    pub fn read(name: &str, stream: impl RecordBatchReader) -> Result<Self, FrameError> {
        let (name, schema) = (PathBuf::from(name), stream.schema());
        let names = Names::new(&name, schema.fields().iter().map(|field| field.name().clone()).collect())?;
        let batches = stream.collect::<Result<_, _>>().map_err(|reason| failed(&name, &reason))?;
        Ok(Self(Arc::new(Shared { name, names, schema, batches })))
    }

    /// The table with one more column, the last.
    ///
    /// # Errors
    ///
    /// [`FrameError::ColumnLength`] or [`FrameError::DuplicateColumn`].
    pub fn with_column(&self, name: &str, values: &ArrayRef) -> Result<Self, FrameError> {
        let Shared { name: table, schema, batches, .. } = &*self.0;
        if values.len() != self.rows() {
            let (column, expected, found) = (name.to_owned(), self.rows(), values.len());
            return Err(FrameError::ColumnLength { column, expected, found });
        }
        let mut fields = schema.fields().to_vec();
        fields.push(Arc::new(Field::new(name, values.data_type().clone(), true)));
        let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
        let mut row = 0;
        let extended = batches.iter().map(|batch| {
            let mut columns = batch.columns().to_vec();
            columns.push(values.slice(row, batch.num_rows()));
            row += batch.num_rows();
            RecordBatch::try_new(schema.clone(), columns)
        });
        let extended: Vec<_> = extended.collect();
        Self::read(&table.to_string_lossy(), RecordBatchIterator::new(extended, schema))
    }

    /// Names of the columns; a column without a name is called `x` and its position.
    pub fn column_names(&self) -> &[String] {
        self.0.names.all()
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.0.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// What the table is called in messages.
    pub(super) fn name(&self) -> &Path {
        &self.0.name
    }

    pub(super) fn names(&self) -> &Names {
        &self.0.names
    }

    /// The columns.
    pub(super) fn fields(&self) -> &Fields {
        self.0.schema.fields()
    }

    /// The columns that pandas states to be the index of its table, by name.
    pub(super) fn index_columns(&self) -> Vec<String> {
        index::of_pandas(self.0.schema.metadata().get(index::PANDAS).map(String::as_str))
    }

    /// Makes ready to read the columns at the positions `columns`.
    pub(super) fn select(self, columns: &[usize]) -> Result<MemoryBlocks, FrameError> {
        for &column in columns {
            let field = self.0.schema.field(column);
            cell::check_type(field.data_type(), "").map_err(|reason| FrameError::Unsupported {
                file: self.0.name.clone(),
                column: self.0.names.all()[column].clone(),
                reason,
                ignorable: true,
            })?;
        }
        Ok(MemoryBlocks { table: self, columns: columns.to_vec(), batch: 0, cutter: Cutter::default() })
    }
}

impl std::fmt::Debug for MemoryTable {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "MemoryTable({:?}, {} rows, {:?})", self.0.name, self.rows(), self.column_names())
    }
}

fn failed(name: &Path, reason: &ArrowError) -> FrameError {
    FrameError::Stream { file: name.to_owned(), reason: reason.to_string() }
}

/// A table in memory of which some columns are read.
pub(super) struct MemoryBlocks {
    table: MemoryTable,
    columns: Vec<usize>,
    /// Index of the next batch.
    batch: usize,
    cutter: Cutter,
}

impl MemoryBlocks {
    /// The next rows, at most `most_rows`, or `None` at the end.
    pub(super) fn next(&mut self, most_rows: usize) -> Result<Option<Block>, FrameError> {
        let Self { table, columns, batch, cutter } = self;
        cutter.next(most_rows, || {
            let Some(next) = table.0.batches.get(*batch) else { return Ok(None) };
            *batch += 1;
            let selected = next.project(columns);
            selected.map(Some).map_err(|reason| failed(table.name(), &reason))
        })
    }
}
