"""Predictions as frames of the library of the rows, batch by batch."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ugmm_nn import UgmmClassifier, UgmmRegressor

MAKERS = [pd.DataFrame, pl.DataFrame, pa.table]
EMPTY = {"size": [None, 1.5, None], "count": [None, 3, None], "kind": [None, "fox", None]}


@pytest.fixture(scope="module")
def known(columns):
    return {name: columns[name] for name in ("size", "count", "kind")}


@pytest.fixture(scope="module")
def classifier(known, columns):
    return UgmmClassifier(epochs=5).fit(pa.table(known), pa.chunked_array([columns["label"]]))


def lists(frame):
    """The columns as lists, in which missing values are None."""
    if isinstance(frame, pd.DataFrame):
        return {n: [None if pd.isna(value) else value for value in frame[n].tolist()] for n in frame}
    return frame.to_pydict() if isinstance(frame, pa.Table) else frame.to_dict(as_series=False)


@pytest.mark.parametrize("make", MAKERS)
def test_frames_of_classes_have_the_labels_and_probabilities(make, classifier, known):
    rows = make(known)
    found = classifier.predict_frame(rows, keep=["count"])
    assert type(found) is type(rows)
    values = lists(found)
    assert list(values) == ["count", "predicted target", "probability of far", "probability of near"]
    assert values["count"] == known["count"]
    assert values["predicted target"] == classifier.predict(rows).tolist()
    expected = classifier.predict_proba(rows)
    for index, label in enumerate(("far", "near")):
        assert np.array_equal(np.array(values[f"probability of {label}"], dtype=np.float32), expected[:, index])


@pytest.mark.parametrize("make", MAKERS)
def test_rows_that_cannot_be_predicted_are_missing_and_types_do_not_depend_on_the_batch(make, classifier):
    whole = classifier.predict_frame(make(EMPTY))
    assert [value is None for value in lists(whole)["predicted target"]] == [True, False, True]
    assert [value is None for value in lists(whole)["probability of far"]] == [True, False, True]
    none = classifier.predict_frame(make({name: values[:1] for name, values in EMPTY.items()}))
    all_known = classifier.predict_frame(make({name: values[1:2] for name, values in EMPTY.items()}))
    no_rows = classifier.predict_frame(make(EMPTY)[:0])
    assert len(no_rows) == 0
    for other in (none, all_known, no_rows):
        if isinstance(whole, pd.DataFrame):
            assert other.dtypes.to_dict() == whole.dtypes.to_dict()
        else:
            assert other.schema == whole.schema


@pytest.mark.parametrize("make", MAKERS)
def test_frames_of_numbers_have_the_mean_the_deviation_and_quantiles(make, columns, known):
    rows = make({name: known[name] for name in ("size", "kind")})
    regressor = UgmmRegressor(epochs=3).fit(rows, np.array(columns["count"], dtype=float))
    found = regressor.predict_frame(rows)
    values = lists(found)
    assert type(found) is type(rows)
    assert list(values) == ["predicted target", "standard deviation", "5 %", "median", "95 %"]
    expected = [regressor.predict(rows), regressor.predict_std(rows), *regressor.predict_quantiles(rows).T]
    for column, wanted in zip(values.values(), expected, strict=True):
        assert np.array_equal(np.array(column, dtype=float), wanted, equal_nan=True)
    assert list(lists(regressor.predict_frame(rows[:0]))) == list(values)


@pytest.mark.parametrize("labels", [[1, 0] * 20, [True, False] * 20, [1.0, 2.0] * 20, ["b", "a"] * 20])
@pytest.mark.parametrize("make", MAKERS)
def test_labels_keep_their_type(labels, make):
    rows = {"x": [1.0, -1.0] * 20}
    classifier = UgmmClassifier(epochs=20).fit(make(rows), labels)
    found = lists(classifier.predict_frame(make({"x": [1.0, -1.0, None]})))["predicted target"]
    assert found == [*labels[:2], None]
    assert type(found[0]) is type(labels[0])


def test_a_stream_is_predicted_batch_by_batch(classifier, known):
    table = pa.table(known)
    batches = table.to_reader(max_chunksize=7)
    found = pa.concat_tables(classifier.predict_frame(batch) for batch in batches).to_pydict()
    expected = classifier.predict_frame(table).to_pydict()
    assert found["predicted target"] == expected["predicted target"]
    # Rounding depends on how many rows are computed side by side, if they are fewer than 16.
    assert np.allclose(found["probability of far"], expected["probability of far"], rtol=0, atol=1e-5)


def test_arrays_give_a_frame_of_pandas_and_the_index_is_kept(numbers):
    rows, classes = numbers
    classifier = UgmmClassifier(epochs=2).fit(rows, classes)
    assert classifier.predict_frame(rows)["predicted target"].tolist() == classifier.predict(rows).tolist()
    # An index with repeated values.
    frame = pd.DataFrame(rows, columns=["x1", "x2"], index=[0, 1] * 40)
    found = UgmmClassifier(epochs=2).fit(frame, classes).predict_frame(frame, keep=["x2"])
    assert found.index.equals(frame.index) and found["x2"].equals(frame["x2"])
    numbered = pd.DataFrame(rows)
    found = UgmmClassifier(epochs=2).fit(numbered, classes).predict_frame(numbered, keep=[1])
    assert next(iter(found)) == "1" and found["1"].equals(numbered[1].rename("1"))


def test_columns_that_cannot_be_kept(classifier, known):
    table = pa.table(known)
    with pytest.raises(ValueError, match=r"^the frame has no column 'key' to keep; its columns are size, count, kind$"):
        classifier.predict_frame(table, keep=["key"])
    with pytest.raises(TypeError, match="columns are kept of a frame of pandas, polars or pyarrow"):
        classifier.predict_frame(table.to_reader(), keep=["size"])
    named = pa.table({**known, "predicted target": known["kind"]})
    classifier = UgmmClassifier(epochs=1, ignore=["predicted target"]).fit(named, ["a", "b"] * 60)
    with pytest.raises(ValueError, match="'predicted target' to keep has the name of a prediction; rename it"):
        classifier.predict_frame(named, keep=["predicted target"])
