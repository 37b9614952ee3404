"""Tables of any kind as frames of the native module."""

from __future__ import annotations

import datetime
import numbers
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ugmm_nn._native import Frame

# The values of a column for `Frame.from_columns`: its kind and an array or a list.
Values = tuple[str, Any]


def is_frame(table: Any) -> bool:
    """Whether a table has names for its columns."""
    return hasattr(table, "__arrow_c_stream__") or (hasattr(table, "columns") and hasattr(table, "dtypes"))


def frame_of(table: Any) -> Frame:
    """The native frame of a frame, or of a two-dimensional array, whose columns are called x1, x2, and so on."""
    if is_frame(table):
        return _of_frame(table)
    array = table if isinstance(table, np.ndarray) else np.asarray(table, dtype=object)
    names = [f"x{index + 1}" for index in range(array.shape[1])]
    columns = [array[:, index] for index in range(array.shape[1])]
    return _from_columns(names, [column_values(name, column) for name, column in zip(names, columns, strict=True)])


def _of_frame(table: Any) -> Frame:
    if hasattr(table, "__arrow_c_stream__"):
        try:
            return Frame.from_arrow(table)
        except ValueError as error:
            # The native module's own refusals, such as of two columns with one name.
            if type(error) is ValueError and "the frame" in str(error):
                raise
            failure: Exception = error
        except Exception as error:  # Without pyarrow, and for columns of mixed types, pandas raises errors of many types.
            failure = error
        if not hasattr(table, "iloc"):
            raise ValueError(f"the frame cannot be read: {failure}") from failure
    names = [str(name) for name in table.columns]
    columns = [column_values(name, table.iloc[:, index]) for index, name in enumerate(names)]
    return _from_columns(names, columns)


def _from_columns(names: Sequence[str], columns: Sequence[Values]) -> Frame:
    if not names:
        raise ValueError("the frame has 0 feature(s), but at least one column is needed")
    return Frame.from_columns([(name, kind, values) for name, (kind, values) in zip(names, columns, strict=True)])


def column_values(name: str, column: Any) -> Values:
    """The kind of a column and its values; `name` is for messages.

    Raises
    ------
    ValueError
        If a value is none that a table can hold, or texts and numbers are mixed.
    """
    if hasattr(column, "iloc"):
        column = _of_series(column)
    if isinstance(column, np.ma.MaskedArray):
        is_float = column.dtype.kind in "biuf"
        column = column.astype(float).filled(np.nan) if is_float else column.astype(object).filled(None)
    array = np.asarray(column)
    kind = array.dtype.kind
    if kind == "f":
        return "float", array.astype(np.float64)
    if kind == "i":
        return "int", array.astype(np.int64)
    if kind == "u":
        return "uint", array.astype(np.uint64)
    if kind == "b":
        return "bool", array.astype(np.bool_)
    if kind == "M":
        return "time", _microseconds(array)
    if kind in "OUT":
        return _of_objects(name, array)
    if kind == "c":
        raise ValueError(f"Complex data not supported: the column {name!r} has complex numbers; give real ones")
    raise ValueError(f"the column {name!r} is of the type {array.dtype}; convert it to numbers, booleans, texts or dates")


def _of_series(series: Any) -> npt.NDArray[Any]:
    """The values of a pandas series as an array, missing ones as NaN or None."""
    dtype = series.dtype
    if getattr(dtype, "kind", None) == "M":
        if getattr(dtype, "tz", None) is not None:
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return np.asarray(series.to_numpy(dtype="datetime64[us]"))
    if isinstance(dtype, np.dtype):
        return np.asarray(series.to_numpy())
    if getattr(dtype, "kind", None) in "iuf" and series.isna().any():
        return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
    if getattr(dtype, "kind", None) in "iufb" and not series.isna().any():
        return np.asarray(series.to_numpy(dtype=np.dtype(dtype.kind + "8") if dtype.kind != "b" else np.bool_))
    return np.asarray(series.astype(object).where(series.notna(), None).to_numpy(dtype=object))


def _microseconds(times: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    # NaT stays the smallest integer.
    return times.astype("datetime64[us]").astype(np.int64)


def _is_missing(value: Any) -> bool:
    if value is None or (isinstance(value, numbers.Real) and value != value):
        return True
    pandas = sys.modules.get("pandas")
    return pandas is not None and (value is pandas.NA or value is pandas.NaT)


def _of_objects(name: str, array: npt.NDArray[Any]) -> Values:
    """The values of an array of Python's objects, which must be of one kind."""
    values = [None if _is_missing(value) else value for value in array.tolist()]
    first: tuple[int, str] | None = None
    for row, value in enumerate(values):
        if value is None:
            continue
        kind = _kind_of(value)
        if kind is None:
            raise ValueError(
                f"row {row + 1}, column {name!r}: a {type(value).__name__} is no value of a table; "
                "give numbers, booleans, texts or dates (argument must be a string or a number)"
            )
        if first is None:
            first = row, kind
        elif first[1] != kind:
            raise ValueError(
                f"the column {name!r} has a {first[1]} in row {first[0] + 1} and a {kind} in row {row + 1}; "
                "convert the column to one type, for example with astype(str)"
            )
    match first[1] if first else "number":
        case "number":
            floats = [np.nan if value is None else float(value) for value in values]
            return "float", np.array(floats, dtype=np.float64)
        case "boolean":
            return "text", [None if value is None else str(bool(value)).lower() for value in values]
        case "date":
            return "time", _microseconds(np.array(values, dtype="datetime64[us]"))
    return "text", [None if value is None else str(value) for value in values]


def _kind_of(value: Any) -> str | None:
    if isinstance(value, (bool, np.bool_)):
        return "boolean"
    if isinstance(value, str):
        return "text"
    if isinstance(value, (datetime.date, np.datetime64)):
        return "date"
    if isinstance(value, numbers.Real) or hasattr(value, "__float__") and not hasattr(value, "__len__"):
        return "number"
    return None


def make_frame(columns: dict[str, npt.NDArray[Any]], like: Any) -> Any:
    """A frame of these columns: of polars if `like` is one of polars, otherwise of pandas.

    Raises
    ------
    ImportError
        If pandas is needed and not installed.
    """
    if type(like).__module__.split(".")[0] == "polars":
        import polars

        return polars.DataFrame(columns)
    import pandas

    index = getattr(like, "index", None)
    return pandas.DataFrame(columns, index=index if isinstance(index, pandas.Index) else None)
