//! Tables that come from Python.

use crate::error::{raise, value_error};
use arrow_array::ffi_stream::RecordBatchStreamReader;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchIterator,
    RecordBatchReader, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow_pyarrow::FromPyArrow;
use arrow_schema::{ArrowError, Field, Schema};
use numpy::{Element, PyReadonlyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use ugmm_data::frame::MemoryTable;

/// What tables are called in messages.
pub const NAME: &str = "the frame";

/// A table in memory.
#[pyclass(frozen, module = "ugmm_nn._native")]
pub struct Frame {
    pub table: MemoryTable,
}

#[pymethods]
impl Frame {
    /// The frame of an object with the Arrow stream interface. Its columns are shared, not copied.
    #[staticmethod]
    fn from_arrow(stream: &Bound<'_, PyAny>) -> PyResult<Self> {
        let reader = RecordBatchStreamReader::from_pyarrow_bound(stream)?;
        let schema = reader.schema();
        let read = || reader.map(|batch| batch.and_then(validated)).collect::<Result<Vec<_>, _>>();
        // Arrow panics where a batch has other columns than the stream states.
        let batches = catch_unwind(AssertUnwindSafe(read))
            .map_err(|_| {
                value_error("the frame: a batch of its stream does not have the columns of the stream")
            })?
            .map_err(|error| value_error(format!("the frame cannot be read: {}", reason(&error))))?;
        let batches = RecordBatchIterator::new(batches.into_iter().map(Ok), schema);
        Ok(Self { table: MemoryTable::read(NAME, batches).map_err(raise)? })
    }

    /// The frame of columns of the same length, each a name, a kind and values; see [`array_of`].
    #[staticmethod]
    fn from_columns(columns: Vec<(String, String, Bound<'_, PyAny>)>) -> PyResult<Self> {
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (name, kind, values) in columns {
            let array = array_of(&name, &kind, &values)?;
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), arrays);
        let table = MemoryTable::read(NAME, RecordBatchIterator::new([batch], schema)).map_err(raise)?;
        Ok(Self { table })
    }

    /// The frame with one more column, the last; see [`array_of`].
    fn with_column(&self, name: &str, kind: &str, values: &Bound<'_, PyAny>) -> PyResult<Self> {
        let array = array_of(name, kind, values)?;
        Ok(Self { table: self.table.with_column(name, &array).map_err(raise)? })
    }

    /// Number of rows.
    #[getter]
    fn rows(&self) -> usize {
        self.table.rows()
    }

    /// Names of the columns.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.table.column_names().to_vec()
    }
}

/// The batch, if its buffers hold what its types state. Arrays from outside are not checked before, and those of a Parquet file may
/// have texts that are not UTF-8, which safe code must not see.
fn validated(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let found = column.to_data().validate_full();
        found.map_err(|error| {
            let (name, reason) = (field.name(), reason(&error));
            ArrowError::CDataInterface(format!("the column {name:?} has damaged data ({reason})"))
        })?;
    }
    Ok(batch)
}

/// What an error says, without the words that Arrow puts around it and without tracebacks of the stream's producer.
fn reason(error: &ArrowError) -> String {
    let text = match error {
        ArrowError::CDataInterface(text) | ArrowError::InvalidArgumentError(text) => text.clone(),
        other => other.to_string(),
    };
    let text = text.rsplit("Producer error: ").next().unwrap_or(&text);
    text.lines().next().unwrap_or(text).split(". Detail:").next().unwrap_or(text).to_owned()
}

/// The values of the column `name`: "float" (an array of float64, NaN where a value is missing), "int", "uint" and "bool" (arrays of int64,
/// uint64 and bool), "time" (an array of int64, microseconds since 1970, the smallest where a value is missing) or "text" (a list
/// of str and None).
fn array_of(name: &str, kind: &str, values: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
    Ok(match kind {
        "float" => Arc::new(Float64Array::from(numbers::<f64>(values)?)),
        "int" => Arc::new(Int64Array::from(numbers::<i64>(values)?)),
        "uint" => Arc::new(UInt64Array::from(numbers::<u64>(values)?)),
        "bool" => Arc::new(BooleanArray::from(numbers::<bool>(values)?)),
        "time" => {
            let times = numbers::<i64>(values)?.into_iter();
            let times = times.map(|time| (time != i64::MIN).then_some(time));
            Arc::new(times.collect::<TimestampMicrosecondArray>())
        }
        "text" => {
            let texts: Vec<Option<String>> = values.extract().map_err(|error| {
                value_error(format!("the column {name:?} has a text that is not valid Unicode ({error})"))
            })?;
            Arc::new(StringArray::from(texts))
        }
        other => return Err(PyTypeError::new_err(format!("{other:?} is no kind of column"))),
    })
}

fn numbers<T: Element + Copy>(values: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    let array: PyReadonlyArray1<T> = values.extract()?;
    Ok(array.as_array().iter().copied().collect())
}
