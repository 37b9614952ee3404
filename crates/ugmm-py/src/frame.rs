//! Tables that come from Python.

use crate::error::raise;
use arrow_array::ffi_stream::RecordBatchStreamReader;
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchIterator, StringArray,
    TimestampMicrosecondArray, UInt64Array,
};
use arrow_pyarrow::FromPyArrow;
use arrow_schema::{Field, Schema};
use numpy::{Element, PyReadonlyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::sync::Arc;
use ugmm_data::frame::MemoryTable;

/// What tables are called in messages.
const NAME: &str = "the frame";

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
        Ok(Self { table: MemoryTable::read(NAME, reader).map_err(raise)? })
    }

    /// The frame of columns of the same length, each a name, a kind and values; see [`array_of`].
    #[staticmethod]
    fn from_columns(columns: Vec<(String, String, Bound<'_, PyAny>)>) -> PyResult<Self> {
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (name, kind, values) in columns {
            let array = array_of(&kind, &values)?;
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
        let array = array_of(kind, values)?;
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

/// The values of a column: "float" (an array of float64, NaN where a value is missing), "int", "uint" and "bool" (arrays of int64,
/// uint64 and bool), "time" (an array of int64, microseconds since 1970, the smallest where a value is missing) or "text" (a list
/// of str and None).
fn array_of(kind: &str, values: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
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
        "text" => Arc::new(StringArray::from(values.extract::<Vec<Option<String>>>()?)),
        other => return Err(PyTypeError::new_err(format!("{other:?} is no kind of column"))),
    })
}

fn numbers<T: Element + Copy>(values: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    let array: PyReadonlyArray1<T> = values.extract()?;
    Ok(array.as_array().iter().copied().collect())
}
