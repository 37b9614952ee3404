"""Tables of any kind as frames of the native module, and back."""

from __future__ import annotations

import datetime
import numbers
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ugmm_nn._native import Frame

# Kinds of objects, as pandas infers them, that pyarrow reads as they are.
_PLAIN_OBJECTS = frozenset({"string", "boolean", "date", "datetime", "datetime64", "floating", "integer", "empty"})

# The values of a column for `Frame.from_columns`: its kind and an array or a list.
Values = tuple[str, Any]


def library_of(table: Any) -> str | None:
    """The library of a frame or a subclass of one: "pandas", "polars" or "pyarrow"; None for others."""
    modules = [kind.__module__.split(".")[0] for kind in type(table).__mro__]
    return next((module for module in modules if module in ("pandas", "polars", "pyarrow")), None)


def is_frame(table: Any) -> bool:
    """Whether a table has names for its columns."""
    if hasattr(table, "__arrow_c_stream__"):
        return not _is_column(table)
    # The class is asked, because lazy frames resolve their columns when they themselves are.
    return hasattr(type(table), "columns") and hasattr(type(table), "dtypes")


def _is_column(values: Any) -> bool:
    """Whether this is a column without a table: a series, or a chunked array of pyarrow."""
    return len(getattr(values, "shape", ((), ()))) == 1 or hasattr(values, "num_chunks")


def frame_of(table: Any, names: Sequence[str] | None = None) -> Frame:
    """The native frame of a frame, or of a two-dimensional array, whose columns are called x1, x2, ... by default."""
    if is_frame(table):
        return _of_frame(table)
    array = table if isinstance(table, np.ndarray) else np.asarray(table, dtype=object)
    names = names or [f"x{index + 1}" for index in range(array.shape[1])]
    columns = [array[:, index] for index in range(array.shape[1])]
    return _from_columns(names, [column_values(name, column) for name, column in zip(names, columns, strict=True)])


def _of_frame(table: Any) -> Frame:
    kind = library_of(table)
    if kind == "pandas":
        return _of_pandas(table)
    if not hasattr(table, "__arrow_c_stream__"):
        hint = "collect its rows first" if hasattr(table, "collect") else "convert it to a frame of pandas, for example"
        raise TypeError(f"a {type(table).__name__} has no Arrow stream; {hint}")
    if kind == "polars":
        table = _without_nulls(table)
    try:
        return Frame.from_arrow(table)
    except ValueError as error:
        if "the frame" in str(error):  # The native module's own sentence.
            raise
        reason = str(error)
    except Exception as error:  # A stream of another library may raise any error.
        raise ValueError(f"the frame cannot be read: {_one_line(error)}") from error
    for name in table.columns if kind == "polars" else ():
        try:
            Frame.from_arrow(table.select(name))
        except ValueError:
            dtype = table.schema[name]
            raise ValueError(f"the column {name!r} is of the type {dtype}, which cannot be read; convert it") from None
    raise ValueError(f"the frame cannot be read: {reason}")


def _one_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _without_nulls(table: Any) -> Any:
    """A frame of polars whose columns without any value have a type that polars exports as Arrow states it."""
    import polars

    empty = [name for name, dtype in table.schema.items() if dtype == polars.Null]
    return table.with_columns(polars.col(empty).cast(polars.Boolean)) if empty else table


def _of_pandas(table: Any) -> Frame:
    import pandas

    table = _with_plain_types(table)
    objects = [table.iloc[:, place] for place, dtype in enumerate(table.dtypes) if isinstance(dtype, np.dtype)]
    objects = [column for column in objects if column.dtype.kind == "O"]
    # Of mixed objects pyarrow makes what it can, such as dates of numbers.
    is_plain = all(pandas.api.types.infer_dtype(column, skipna=True) in _PLAIN_OBJECTS for column in objects)
    if is_plain and hasattr(table, "__arrow_c_stream__"):
        try:
            return Frame.from_arrow(table)
        except ValueError as error:
            if type(error) is ValueError and "the frame" in str(error):  # The native module's own sentence.
                raise
        except Exception:  # noqa: BLE001, S110  Without pyarrow, and for columns of mixed types, pandas raises errors of many types.
            pass
    names = [str(name) for name in table.columns]
    columns = [column_values(name, table.iloc[:, index]) for index, name in enumerate(names)]
    return _from_columns(names, columns)


def _with_plain_types(table: Any) -> Any:
    """A frame of pandas whose periods are the times at which they start, and whose intervals are texts."""
    import pandas

    plain = table
    for place, dtype in enumerate(table.dtypes):
        inner = dtype.categories.dtype if isinstance(dtype, pandas.CategoricalDtype) else dtype
        if not isinstance(inner, (pandas.PeriodDtype, pandas.IntervalDtype)):
            continue
        column = table.iloc[:, place].astype(inner)
        if isinstance(inner, pandas.PeriodDtype):
            column = column.dt.to_timestamp()
        else:
            texts = [None if missing else str(value) for value, missing in zip(column, column.isna(), strict=True)]
            column = pandas.Series(texts, index=table.index, dtype=object)
        plain = plain.copy(deep=False) if plain is table else plain
        plain.isetitem(place, column)
    return plain


def _from_columns(names: Sequence[str], columns: Sequence[Values]) -> Frame:
    if not names:
        raise ValueError("the frame has 0 feature(s), but at least one column is needed")
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise ValueError(f"the name {name!r} of a column is not valid Unicode; rename the column") from None
    return Frame.from_columns([(name, kind, values) for name, (kind, values) in zip(names, columns, strict=True)])


def column_values(name: str, column: Any) -> Values:
    """The kind of a column and its values; `name` is for messages.

    Raises
    ------
    ValueError
        If a value is none that a table can hold, or texts and numbers are mixed.
    """
    array = plain_array(_of_series(column) if hasattr(column, "iloc") else column)
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
    if kind in "OU":
        return _of_objects(name, array)
    if kind == "c":
        raise ValueError(f"Complex data not supported: the column {name!r} has complex numbers; give real ones")
    raise ValueError(
        f"the column {name!r} is of the type {array.dtype}; convert it to numbers, booleans, texts or dates"
    )


def plain_array(values: Any) -> npt.NDArray[Any]:
    """Values as an array without a mask and without NumPy's type of texts: a masked value is NaN or None."""
    if isinstance(values, np.ma.MaskedArray):
        is_number = values.dtype.kind in "iuf"
        array = np.array(values.data, dtype=float if is_number else object)
        array[np.ma.getmaskarray(values)] = np.nan if is_number else None
        return array
    array = np.asarray(values)
    return array.astype(object) if array.dtype.kind == "T" else array


def _of_series(series: Any) -> npt.NDArray[Any]:
    """The values of a pandas series as an array, missing ones as NaN or None."""
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        return np.asarray(series.to_numpy())
    kind = getattr(dtype, "kind", None)
    if kind == "M" and hasattr(dtype, "tz"):
        return np.asarray(series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[us]"))
    if kind in ("i", "u", "f") and series.isna().any():
        return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
    if kind in ("i", "u", "f", "b") and not series.isna().any():
        return np.asarray(series.to_numpy(dtype=np.bool_ if kind == "b" else np.dtype(f"{kind}8")))
    return np.asarray(series.astype(object).where(series.notna(), None).to_numpy(dtype=object))


def _microseconds(times: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    # NaT stays the smallest integer.
    return times.astype("datetime64[us]").astype(np.int64)


def is_missing(value: Any) -> bool:
    """Whether a value of Python stands for a missing one."""
    if value is None:
        return True
    if isinstance(value, (float, np.floating, np.datetime64, np.timedelta64)):
        # Only NaN and NaT differ from themselves.
        return bool(value != value)  # noqa: PLR0124
    pandas = sys.modules.get("pandas")
    return pandas is not None and (value is pandas.NA or value is pandas.NaT)


def _of_objects(name: str, array: npt.NDArray[Any]) -> Values:
    """The values of an array of Python's objects, which must be of one kind."""
    values = [None if is_missing(value) else value for value in array.tolist()]
    first: tuple[int, str] | None = None
    for row, value in enumerate(values):
        if value is None:
            continue
        kind = _kind_of(value)
        if kind is None:
            raise ValueError(
                f"row {row + 1}, column {name!r}: a value of the type {type(value).__name__} is no value of a table; "
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
            return "float", np.array([_float(name, row, value) for row, value in enumerate(values)], dtype=np.float64)
        case "boolean":
            return "text", [None if value is None else str(bool(value)).lower() for value in values]
        case "date":
            return "time", _microseconds(np.array([_utc(value) for value in values], dtype="datetime64[us]"))
    return "text", [None if value is None else str(value) for value in values]


def _float(name: str, row: int, value: Any) -> float:
    try:
        return np.nan if value is None else float(value)
    except (ArithmeticError, TypeError, ValueError):
        raise ValueError(f"row {row + 1}, column {name!r}: the number is too large or not one; correct it") from None


def _utc(value: Any) -> Any:
    """A time in UTC without its zone."""
    if getattr(value, "tzinfo", None) is None:
        return value
    return value.astimezone(datetime.UTC).replace(tzinfo=None)


def _kind_of(value: Any) -> str | None:
    if isinstance(value, (bool, np.bool_)):
        return "boolean"
    if isinstance(value, str):
        return "text"
    if isinstance(value, (datetime.date, np.datetime64)):
        return "date"
    if isinstance(value, numbers.Real) or (hasattr(value, "__float__") and not hasattr(value, "__len__")):
        return "number"
    return None


class Coded(NamedTuple):
    """A column of few levels: the index of each row's level, where -1 stands for a missing value."""

    levels: npt.NDArray[Any]
    codes: npt.NDArray[np.int64]


def make_frame(columns: Mapping[str, Any], like: Any) -> Any:
    """A frame of these columns: of the library of `like` if it is one of polars or pyarrow, otherwise of pandas.

    A column is an array, a `Coded` column, or a column of the library. NaN of an array is a missing value of the frame.

    Raises
    ------
    ImportError
        If pandas is needed and not installed.
    """
    library = library_of(like)
    if library == "polars":
        import polars

        series = {name: _polars_series(values) for name, values in columns.items()}
        return polars.DataFrame(series, strict=False, nan_to_null=True)
    if library == "pyarrow":
        import pyarrow

        return pyarrow.table({name: _pyarrow_array(values) for name, values in columns.items()})
    import pandas

    def plain(values: Any) -> Any:
        if not isinstance(values, Coded):
            return values
        return pandas.array(_inferred(values.levels)).take(values.codes, allow_fill=True)

    index = getattr(like, "index", None)
    index = index if isinstance(index, pandas.Index) else None
    return pandas.DataFrame({name: plain(values) for name, values in columns.items()}, index=index)


def _polars_series(values: Any) -> Any:
    import polars

    if not isinstance(values, Coded):
        return _inferred(values)
    places = polars.Series(values.codes)
    return polars.Series(_inferred(values.levels)).gather(places.set(places < 0, None))


def _pyarrow_array(values: Any) -> Any:
    import pyarrow

    if isinstance(values, (pyarrow.Array, pyarrow.ChunkedArray)):
        return values
    if not isinstance(values, Coded):
        return pyarrow.array(_inferred(values), from_pandas=True)
    places = pyarrow.array(values.codes, mask=values.codes < 0)
    return pyarrow.array(_inferred(values.levels)).take(places)


def _inferred(values: Any) -> Any:
    """Values of which a library infers the type: an array of objects is a list."""
    return values.tolist() if isinstance(values, np.ndarray) and values.dtype.kind == "O" else values


def kept_columns(table: Any, names: Sequence[str]) -> dict[str, Any]:
    """Columns of a frame of pandas, polars or pyarrow by name, for `make_frame`.

    Raises
    ------
    TypeError
        If the table is no such frame, so that its columns cannot be read twice.
    ValueError
        If it has no column of a name.
    """
    if not names:
        return {}
    if not is_frame(table) or library_of(table) is None or hasattr(table, "read_next_batch"):
        raise TypeError("columns are kept of a frame of pandas, polars or pyarrow; read the rows into one")
    # The names of pandas may be numbers.
    known = {str(name): name for name in (table.schema.names if library_of(table) == "pyarrow" else table.columns)}
    for name in names:
        if name not in known:
            raise ValueError(f"the frame has no column {name!r} to keep; its columns are {', '.join(known)}")
    return {name: table[known[name]] for name in names}


def with_values(table: Any, values: Sequence[tuple[int, str, Any]]) -> Any:
    """A copy of a table with these values by row and name of the column.

    Numbers are floats, and times are `numpy.datetime64` in UTC. A column keeps its type where it can hold the values.
    """
    columns: dict[str, list[tuple[int, Any]]] = {}
    for row, name, value in values:
        columns.setdefault(name, []).append((row, value))
    if not is_frame(table):
        return _array_with(table, columns)
    library = library_of(table)
    if library == "pandas":
        return _pandas_with(table, columns)
    for name, cells in columns.items():
        column = table[name].to_list() if library == "polars" else table.column(name).to_pylist()
        for row, value in cells:
            column[row] = value.item() if isinstance(value, np.datetime64) else value
        table = _with_list(table, name, column)
    return table


def _array_with(table: Any, columns: Mapping[str, Sequence[tuple[int, Any]]]) -> npt.NDArray[Any]:
    array = np.array(plain_array(table), copy=True)
    if array.dtype.kind not in "fMO":
        array = array.astype(float if array.dtype.kind in "iub" else object)
    for name, cells in columns.items():
        for row, value in cells:
            array[row, int(name.removeprefix("x")) - 1] = value
    return array


def _pandas_with(table: Any, columns: Mapping[str, Sequence[tuple[int, Any]]]) -> Any:
    import pandas

    filled = table.copy()
    places = {str(name): place for place, name in enumerate(table.columns)}
    for name, cells in columns.items():
        column = table.iloc[:, places[name]]
        rows, values = [row for row, _ in cells], [value for _, value in cells]
        dtype = column.dtype
        if isinstance(dtype, pandas.CategoricalDtype):
            # The model's levels are texts, whatever the categories are.
            by_text = {str(category): category for category in dtype.categories}
            values = [by_text.get(value, value) for value in values]
            if any(value not in dtype.categories for value in values):
                column = column.astype(dtype.categories.dtype)
        elif isinstance(values[0], np.datetime64):
            times = pandas.DatetimeIndex(np.array(values))
            zone = getattr(dtype, "tz", None)
            values = list(times if zone is None else times.tz_localize("UTC").tz_convert(zone))
        if isinstance(values[0], float) and getattr(column.dtype, "kind", None) in ("i", "u"):
            column = column.astype("Float64")
        column = column.copy()
        if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f":
            values = list(np.array(values, dtype=column.dtype))
        column.iloc[rows] = values
        filled.isetitem(places[name], column)
    return filled


def _with_list(table: Any, name: str, column: list[Any]) -> Any:
    """A frame of polars or pyarrow with these values of a column."""
    if library_of(table) == "polars":
        import polars

        try:
            series = polars.Series(name, column, dtype=table.schema[name])
        except (TypeError, polars.exceptions.PolarsError):
            series = polars.Series(name, column, strict=False)
        return table.with_columns(series)
    import pyarrow

    place = table.schema.get_field_index(name)
    try:
        array = pyarrow.array(column, type=table.schema.field(place).type)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):
        array = pyarrow.array(column)
    return table.set_column(place, name, array)
