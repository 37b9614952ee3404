"""Tables of every library give the same model and the same predictions."""

import datetime
import decimal
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ugmm_nn import UgmmClassifier, UgmmDensity, UgmmImputer, UgmmRegressor


def to_pandas(columns):
    return pd.DataFrame(columns).astype({"day": "datetime64[ns]"})


def to_nullable(columns):
    kinds = {"size": "Float64", "count": "Int64", "kind": "category", "seen": "boolean"}
    return to_pandas(columns).astype(kinds)


def to_arrow_types(columns):
    arrays = {name: pd.array(values, dtype=pd.ArrowDtype(pa.array(values).type)) for name, values in columns.items()}
    return pd.DataFrame(arrays)


class Subclass(pd.DataFrame):
    @property
    def _constructor(self):
        return Subclass


class WithoutArrow(pd.DataFrame):
    """A frame of a pandas that does not find pyarrow."""

    @property
    def _constructor(self):
        return WithoutArrow

    def __arrow_c_stream__(self, requested_schema=None):
        raise ImportError("pyarrow is needed")


class Stream:
    """An object with the Arrow stream interface and nothing else."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


FRAMES = {
    "pandas": to_pandas,
    "pandas with objects": lambda columns: pd.DataFrame({n: pd.Series(v, dtype=object) for n, v in columns.items()}),
    "pandas with nullable types": to_nullable,
    "pandas with Arrow types": to_arrow_types,
    "a subclass of pandas": lambda columns: Subclass(to_pandas(columns)),
    "pandas without pyarrow": lambda columns: WithoutArrow(to_pandas(columns)),
    "nullable types without pyarrow": lambda columns: WithoutArrow(to_nullable(columns)),
    "Arrow types without pyarrow": lambda columns: WithoutArrow(to_arrow_types(columns)),
    "polars": pl.DataFrame,
    "polars in pieces": lambda columns: pl.concat([pl.DataFrame(columns)[:50], pl.DataFrame(columns)[50:]]),
    "polars with categories": lambda columns: pl.DataFrame(columns).with_columns(pl.col("kind").cast(pl.Categorical)),
    "pyarrow": pa.table,
    "a batch of pyarrow": lambda columns: pa.table(columns).to_batches()[0],
    "a stream of pyarrow": lambda columns: pa.table(columns).to_reader(max_chunksize=7),
    "pyarrow with a dictionary": lambda columns: pa.table(
        columns | {"kind": pa.array(columns["kind"]).dictionary_encode()}
    ),
    "another stream": lambda columns: Stream(pa.table(columns)),
}


@pytest.fixture(scope="module")
def expected(columns, features):
    classifier = UgmmClassifier(epochs=5).fit(pa.table(features), columns["label"])
    return classifier.predict_proba(pa.table(features))


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES.keys())
def test_every_frame_gives_the_same_probabilities(make, columns, features, expected):
    classifier = UgmmClassifier(epochs=5).fit(make(features), columns["label"])
    assert np.array_equal(classifier.predict_proba(make(features)), expected)
    kinds = {column["name"]: column["kind"] for column in classifier._model.columns()}
    assert kinds["day"] == "date" and kinds["kind"] == "category" and kinds["seen"] == "true or false"
    assert classifier.feature_names_in_.tolist() == list(features)


def test_pandas_works_where_pyarrow_cannot_be_imported():
    program = """
import sys
sys.modules["pyarrow"] = None
import pandas as pd
from ugmm_nn import UgmmClassifier
X = pd.DataFrame({"a": [1.0, 2.0, None, 4.0] * 10, "b": pd.Categorical(["x", "y", "y", None] * 10)})
X["c"] = pd.to_datetime(["2024-01-01", None, "2024-03-01", "2024-04-01"] * 10)
classifier = UgmmClassifier(epochs=2).fit(X, ["p", "q", "q", "p"] * 10)
assert classifier.predict_proba(X).shape == (40, 2)
print(*[column["kind"] for column in classifier._model.columns()])
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.split() == ["number", "category", "date", "category"]


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.astype(np.float32).astype(np.float64),
        lambda rows: np.asfortranarray(rows),
        lambda rows: np.repeat(rows, 2, axis=1)[:, ::2],
        lambda rows: rows[::-1][::-1],
        lambda rows: rows.astype(">f8"),
        lambda rows: rows.tolist(),
        lambda rows: np.ma.masked_array(rows),
        lambda rows: rows.astype(object),
        lambda rows: memoryview(np.ascontiguousarray(rows)),
        lambda rows: pd.DataFrame(rows),
    ],
)
def test_arrays_of_every_layout_give_the_same_probabilities(change, numbers):
    rows, classes = numbers
    rows = rows.astype(np.float32).astype(np.float64)
    expected = UgmmClassifier(epochs=2).fit(rows, classes).predict_proba(rows)
    assert np.array_equal(UgmmClassifier(epochs=2).fit(change(rows), classes).predict_proba(change(rows)), expected)


def kind_of(column):
    """The kind as which a column is read."""
    model = UgmmDensity(epochs=1, members=1).fit({"a": column} if isinstance(column, dict) else column)._model
    return model.columns()[0]


@pytest.mark.parametrize(
    ("values", "kind", "low"),
    [
        (pd.Series([1, 2.5] * 10), "number", 1),
        (pd.Series(np.array([1, 2.5] * 10, dtype=np.float16)), "number", 1),
        (pd.Series([1, None, 3] * 10, dtype="Int64"), "whole number", 1),
        (pd.Series([decimal.Decimal("1.5"), decimal.Decimal(3)] * 10), "number", 1.5),
        (pd.Series([pd.NA, 1.5, 2.5] * 10, dtype=object), "number", 1.5),
        (pd.Series(pd.Categorical([1, 2, 4] * 10)), "whole number", 1),
        (pd.Series(pd.Categorical(["x", "y", None] * 10)), "category", None),
        (pd.cut(pd.Series([1.0, 2, 3] * 10), [0, 1.5, 4]), "category", None),
        (pd.Series(pd.period_range("2024-01-01", periods=20, freq="D")), "date", 19723),
        (pd.Series([True, None, False] * 10, dtype="boolean"), "true or false", None),
        (pd.Series([True, None, False] * 10, dtype=object), "true or false", None),
        (pd.Series([datetime.date(2024, 1, 1), datetime.date(2024, 1, 3)] * 10), "date", 19723),
        (pd.Series(pd.date_range("2024", periods=20, tz="Asia/Tokyo")), "time", 19722.625),
        (
            pd.Series([datetime.datetime(2024, 1, day, tzinfo=datetime.UTC) for day in (1, 2)] * 10, dtype=object),
            "date",
            19723,
        ),
        (pd.Series(pd.arrays.SparseArray([0, 0, 1] * 10)), "whole number", 0),
        (pd.Series(["", "x", "y"] * 10), "category", None),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")) or None,
)
@pytest.mark.parametrize("make", [pd.DataFrame, WithoutArrow])
def test_columns_of_every_type(values, kind, low, make):
    found = kind_of(make({"a": values}))
    assert (found["kind"], found["low"]) == (kind, low)


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (np.array([[True], [False]] * 10), "true or false"),
        (np.array([["x"], ["y"]] * 10), "category"),
        (np.array([["2024-01-01"], ["2024-01-02"]] * 10, dtype="datetime64[ns]"), "date"),
        (np.ma.masked_array([[True], [False]] * 10, [[False], [True]] + [[False]] * 18), "true or false"),
        (np.ma.masked_array([["x"], ["y"], ["z"]] * 10, [[False], [False], [True]] * 10), "category"),
        (
            np.ma.masked_array(np.arange(20).astype("datetime64[D]")[:, None], [[True]] + [[False]] * 19),
            "date",
        ),
        ([[None], [1.5], [2.5]] * 10, "number"),
        ([[pd.NA], [1.5], [2.5]] * 10, "number"),
    ],
)
def test_arrays_of_every_type(array, kind):
    found = kind_of(array)
    assert found["kind"] == kind
    assert "z" not in (found["states"] or []), "a masked value was read"


def test_columns_of_polars_without_values_are_left_out():
    frame = pl.DataFrame({"a": [1.0, 2.0, 3.0] * 10, "b": [None] * 30})
    assert [column["name"] for column in UgmmDensity(epochs=1, members=1).fit(frame)._model.columns()] == ["a"]


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["2024-01-01", "2024-01-02"] * 40, dtype="datetime64[D]"),
        np.array([True, False] * 40),
        np.array([1.0, 2.0] * 40),
        np.array([7, -1] * 40, dtype=np.int8),
        pd.Series(pd.Categorical(["NA", "none"] * 40)),
        pl.Series(["x", "y"] * 40),
        pa.chunked_array([["x", "y"] * 40]),
        pd.Series(["x", "y"] * 40, dtype=pd.ArrowDtype(pa.string())),
    ],
    ids=lambda labels: type(labels).__name__ + str(getattr(labels, "dtype", "")),
)
def test_labels_come_back_as_they_were(labels, numbers):
    rows, _ = numbers
    classifier = UgmmClassifier(epochs=1).fit(rows, labels)
    assert set(np.asarray(classifier.classes_).tolist()) == set(np.asarray(labels).tolist())
    assert set(classifier.predict(rows).tolist()) <= set(classifier.classes_.tolist())


@pytest.mark.parametrize("make", [to_pandas, to_nullable, to_arrow_types, pl.DataFrame, pa.table])
def test_imputed_frames_keep_their_library_and_the_types_of_their_columns(make, features):
    frame = make(features)
    imputed = UgmmImputer(UgmmDensity(epochs=2, members=1)).fit_transform(frame)
    assert type(imputed) is type(frame)
    columns = imputed.to_pydict() if isinstance(imputed, pa.Table) else {n: list(imputed[n]) for n in features}
    before = frame.to_pydict() if isinstance(frame, pa.Table) else {n: list(frame[n]) for n in features}
    for name in features:
        for old, new in zip(before[name], columns[name], strict=True):
            assert not pd.isna(new)
            assert pd.isna(old) or old == new
    if isinstance(frame, pd.DataFrame):
        assert imputed.dtypes.to_dict() == frame.dtypes.to_dict()
    else:
        assert imputed.schema == frame.schema


def test_imputed_integers_of_pandas_are_means():
    frame = pd.DataFrame({"a": pd.array([1, 2, None] * 20, dtype="Int64"), "b": [1.0, 2.0, 1.4] * 20})
    imputed = UgmmDensity(epochs=2, members=1).fit(frame).impute(frame)
    assert imputed["a"].dtype == "Float64" and not imputed["a"].isna().any()
    assert imputed["a"][0] == 1


def test_imputed_arrays(numbers):
    rows, _ = numbers
    density = UgmmDensity(epochs=2, members=1).fit(rows)
    masked = np.ma.masked_array(rows, mask=rows > 1)
    imputed = density.impute(masked)
    assert np.isfinite(imputed).all() and np.array_equal(imputed[rows <= 1], rows[rows <= 1])
    named = UgmmDensity(epochs=2, members=1).fit(pd.DataFrame(rows, columns=["a", "b"]))
    with pytest.warns(UserWarning, match="valid feature names"):
        assert np.isfinite(named.impute([[np.nan, 1.0]])).all()


@pytest.mark.parametrize(
    ("make", "kind"), [(pd.DataFrame, pd.DataFrame), (pl.DataFrame, pl.DataFrame), (pa.table, pa.Table)]
)
def test_answers_are_frames_of_the_same_library(make, kind, columns, features):
    frame = make(features)
    classifier = UgmmClassifier(epochs=2).fit(frame, columns["label"])
    contributions, certificates = classifier.explain(frame), classifier.certify(frame, 0.01)
    assert type(contributions) is type(certificates) is kind
    names = contributions.column_names if kind is pa.Table else list(contributions.columns)
    assert names == list(features)
    assert {str(value) for value in certificates["verdict"]} <= {"proved", "disproved", "undecided"}


def test_the_index_of_pandas_is_kept_and_not_read(numbers):
    rows, classes = numbers
    frame = pd.DataFrame(rows, columns=["a", "b"], index=pd.Index([f"row {i}" for i in range(80)], name="id"))
    classifier = UgmmClassifier(epochs=2).fit(frame, classes)
    assert classifier.n_features_in_ == 2
    assert classifier.explain(frame).index.equals(frame.index)


def test_regression_from_every_kind_of_numbers(numbers):
    rows, _ = numbers
    y = (rows[:, 0] * 10).round()
    expected = UgmmRegressor(epochs=2).fit(rows, y).predict(rows)
    for numbers_ in (
        y.tolist(),
        pd.Series(y),
        pd.Series(y, dtype="Int64"),
        pl.Series(y),
        pa.chunked_array([y]),
        y.astype(int),
    ):
        assert np.array_equal(UgmmRegressor(epochs=2).fit(rows, numbers_).predict(rows), expected)
