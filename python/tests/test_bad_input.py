"""Bad input gives an error with one clear sentence, and never ends the interpreter."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

from ugmm_nn import DataWarning, UgmmClassifier, UgmmDensity, UgmmImputer, UgmmRegressor, load

ROWS = np.random.default_rng(0).normal(size=(40, 2))
CLASSES = (ROWS[:, 0] > 0).astype(int)
FRAME = pd.DataFrame(ROWS, columns=["a", "b"])
TABLE = pa.table({"a": ROWS[:, 0], "b": ROWS[:, 1]})


@pytest.fixture(scope="module")
def classifier():
    return UgmmClassifier(epochs=2).fit(ROWS, CLASSES)


@pytest.fixture(scope="module")
def regressor():
    return UgmmRegressor(epochs=2).fit(ROWS, ROWS[:, 0])


@pytest.fixture(scope="module")
def density():
    frame = FRAME.assign(c=["x", "y"] * 20, d=pd.date_range("2024-01-01", periods=40), e=[True, False] * 20)
    return UgmmDensity(epochs=2, members=1).fit(frame)


def used():
    reader = TABLE.to_reader()
    reader.read_all()
    return reader


def failing():
    batch = TABLE.to_batches()[0]
    return pa.RecordBatchReader.from_batches(TABLE.schema, (batch if i < 1 else 1 / 0 for i in range(3)))


def with_bytes(bytes_):
    offsets = pa.py_buffer(np.arange(41, dtype=np.int32))
    return TABLE.append_column("c", pa.Array.from_buffers(pa.string(), 40, [None, offsets, pa.py_buffer(bytes_)]))


class NoCapsule:
    def __arrow_c_stream__(self, requested_schema=None):
        return 5


class RaisingStream:
    def __arrow_c_stream__(self, requested_schema=None):
        raise RuntimeError("boom")


TABLES = {
    "a used stream": (used, ValueError, "0 sample.*a stream can be read only once"),
    "a failing stream": (failing, ValueError, "^the frame cannot be read: Unknown error: division by zero$"),
    "a stream that is none": (NoCapsule, ValueError, "^the frame cannot be read"),
    "a stream that raises": (RaisingStream, ValueError, "^the frame cannot be read: boom$"),
    "a lazy frame": (lambda: pl.DataFrame(TABLE).lazy(), TypeError, "collect its rows first"),
    "a series of pandas": (lambda: FRAME["a"], ValueError, "2-dimensional container"),
    "a series of polars": (lambda: pl.Series(ROWS[:, 0]), ValueError, "2D array"),
    "a column of pyarrow": (lambda: TABLE["a"], ValueError, "2D array"),
    "no rows": (lambda: ROWS[:0], ValueError, "0 sample"),
    "no rows of pandas": (lambda: FRAME[:0], ValueError, "0 sample"),
    "no rows of pyarrow": (lambda: TABLE[:0], ValueError, "0 sample"),
    "no columns": (lambda: FRAME[[]], ValueError, "0 feature"),
    "no columns of polars": (lambda: pl.DataFrame(), ValueError, "0 feature"),
    "a sparse matrix": (lambda: scipy.sparse.csr_matrix(ROWS), TypeError, "[Ss]parse data was passed"),
    "complex numbers": (lambda: ROWS + 1j, ValueError, "Complex data not supported"),
    "nested lists": (lambda: [[[1], [2]]] * 20, ValueError, "dim 3"),
    "rows of different lengths": (lambda: [[1, 2], [3]] * 20, ValueError, "inhomogeneous"),
    "bytes": (lambda: np.array([[b"x"], [b"y"]] * 20), ValueError, "'x1' is of the type .S1; convert it"),
    "infinity": (lambda: np.where(ROWS > 1, np.inf, ROWS), ValueError, "contains infinity"),
    "infinity in a frame": (
        lambda: FRAME.assign(a=[np.inf, 1.0] * 20),
        ValueError,
        'row 1, column "a": "inf" is not a finite number',
    ),
    "one name twice": (lambda: pd.DataFrame(ROWS, columns=["a", "a"]), ValueError, 'both named "a"'),
    "one name as number and text": (lambda: pd.DataFrame(ROWS, columns=[1, "1"]), ValueError, 'both named "1"'),
    "one name twice in pyarrow": (lambda: TABLE.rename_columns(["a", "a"]), ValueError, 'both named "a"'),
    "text that is not UTF-8": (lambda: with_bytes(b"\xff\xfe" * 20), ValueError, '"c" has damaged data'),
    "codes beyond a dictionary": (
        lambda: TABLE.append_column(
            "c", pa.DictionaryArray.from_arrays(pa.array([7] * 40, pa.int8()), ["x", "y"], safe=False)
        ),
        ValueError,
        '"c" has damaged data',
    ),
    "offsets beyond a buffer": (
        lambda: pa.table(
            {
                "a": pa.Array.from_buffers(
                    pa.string(),
                    2,
                    [None, pa.py_buffer(np.array([0, 10**8, 5], dtype=np.int32)), pa.py_buffer(b"abcde")],
                )
            }
        ),
        ValueError,
        '"a" has damaged data',
    ),
    "integers of 128 bits": (
        lambda: pl.DataFrame({"a": [1, 2] * 20}).with_columns(pl.col("a").cast(pl.Int128)),
        ValueError,
        "'a' is of the type Int128, which cannot be read; convert it",
    ),
}


@pytest.mark.parametrize(("make", "kind", "message"), TABLES.values(), ids=TABLES.keys())
def test_tables_that_cannot_be_read(make, kind, message):
    with pytest.raises(kind, match=message):
        UgmmClassifier(epochs=2).fit(make(), CLASSES)
    with pytest.raises(kind, match=message):
        UgmmDensity(epochs=2, members=1).fit(make())


def test_batches_with_other_columns_than_their_stream(capfd):
    other = pa.record_batch({"z": [1]})
    with pytest.raises(ValueError, match="a batch of its stream does not have the columns"):
        UgmmClassifier(epochs=2).fit(pa.RecordBatchReader.from_batches(TABLE.schema, iter([other])), CLASSES)
    capfd.readouterr()  # Arrow's panic prints a message.


COLUMNS = {
    "numbers and texts": ([1, "a"] * 20, "has a number in row 1 and a text in row 2"),
    "numbers and booleans": ([1.5, True] * 20, "has a number in row 1 and a boolean in row 2"),
    "numbers and dates": ([datetime.date(2024, 1, 1), 5] * 20, "has a date in row 1 and a number in row 2"),
    "categories of two kinds": (pd.Categorical([1, "a"] * 20), "has a number in row 1 and a text in row 2"),
    "lists": ([[1], [2]] * 20, "nested|type list"),
    "dicts": ([{"a": 1}] * 40, "nested|type dict"),
    "sets": ([{1}] * 40, "nested|type set"),
    "objects": ([object()] * 40, "type object is no value of a table"),
    "functions": ([len] * 40, "type builtin_function_or_method is no value"),
    "complex numbers": (np.array([1j] * 40), "complex"),
    "complex objects": (pd.Series([1j, "a"] * 20, dtype=object), "complex"),
    "durations": (pd.to_timedelta([1, 2] * 20, unit="s"), "Duration|timedelta"),
    "times of day": ([datetime.time(1)] * 40, "Time64|type time"),
    "bytes": ([b"a", b"b"] * 20, "Binary|type bytes"),
    "huge integers": (pd.Series([10**400, 1] * 20, dtype=object), "row 1, column 'c': the number is too large"),
    "signalling NaN": (
        pd.Series([decimal.Decimal("sNaN"), 5.5] * 20, dtype=object),
        "row 1, column 'c': the number is too large or not one",
    ),
    "integers beyond 2^53": (np.array([2**63 + 1, 1] * 20, dtype=np.uint64), "too many digits"),
}


class WithoutArrow(pd.DataFrame):
    @property
    def _constructor(self):
        return WithoutArrow

    def __arrow_c_stream__(self, requested_schema=None):
        raise ImportError("pyarrow is needed")


@pytest.mark.parametrize("make", [pd.DataFrame, WithoutArrow])
@pytest.mark.parametrize(("values", "message"), COLUMNS.values(), ids=COLUMNS.keys())
def test_columns_that_cannot_be_read(values, message, make):
    with pytest.raises(ValueError, match=message) as raised:
        UgmmClassifier(epochs=1).fit(make(FRAME.assign(c=values)), CLASSES)
    assert "\n" not in str(raised.value)


def test_texts_that_are_not_unicode():
    rows = np.array([["\ud800"], ["b"]] * 20, dtype=object)
    with pytest.raises(ValueError, match="'x1'|\"x1\" has a text that is not valid Unicode"):
        UgmmClassifier(epochs=1).fit(rows, CLASSES)


LABELS = {
    "missing": ([None, "a"] * 20, ValueError, "Input y contains NaN"),
    "pd.NA": (pd.array([pd.NA, "a"] * 20, dtype=object), ValueError, "Input y contains NaN"),
    "nullable": (pd.Series([1, None] * 20, dtype="Int64"), ValueError, "Input y contains NaN"),
    "masked": (np.ma.masked_array(CLASSES, [True] + [False] * 39), ValueError, "Input y contains NaN"),
    "NaT": (np.array(["2024", "NaT"] * 20, dtype="datetime64[D]"), ValueError, "Input y contains NaN"),
    "null of polars": (pl.Series(["x", None] * 20), ValueError, "Input y contains NaN"),
    "infinite": (np.where(CLASSES, np.inf, 1.0), ValueError, "infinity"),
    "one class": ([1] * 40, ValueError, "only one label"),
    "too few": (CLASSES[:-2], ValueError, "X has 40 rows, but y has 38"),
    "none": ([], ValueError, "X has 40 rows, but y has 0|0 sample"),
    "two columns": (ROWS, ValueError, "1d array"),
    "continuous": (ROWS[:, 0], ValueError, "Unknown label type"),
    "of each row its own": (list(range(40)), ValueError, "40 different labels in 40 rows"),
    "empty": (["", "a"] * 20, ValueError, "the label '' has no text"),
    "equal but for blanks": (["a", "a "] * 20, ValueError, "differ only in blanks"),
    "bytes": (np.array([b"a", b"b"] * 20), TypeError, "bytes"),
    "durations": (CLASSES.astype("timedelta64[s]"), ValueError, "durations"),
    "objects": ([object() for _ in CLASSES], ValueError, "Unknown label type"),
    "a number": (5, ValueError, "1d array"),
    "nothing": (None, ValueError, "requires y to be passed"),
}


@pytest.mark.filterwarnings("ignore:The number of unique classes")
@pytest.mark.parametrize(("labels", "kind", "message"), LABELS.values(), ids=LABELS.keys())
def test_labels_that_cannot_be_used(labels, kind, message):
    with pytest.raises(kind, match=message):
        UgmmClassifier(epochs=1).fit(ROWS, labels)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([None, 1.0] * 20, "NaN"),
        (pd.array([pd.NA, 1.5] * 20, dtype=object), "NaN"),
        (np.ma.masked_array(ROWS[:, 0], [True] + [False] * 39), "NaN"),
        (np.where(CLASSES, np.inf, 1.0), "infinity"),
        (["a", "b"] * 20, "y has texts"),
        (np.array(["2024-01-01", "2024-01-02"] * 20, dtype="datetime64[D]"), "y has dates"),
        (CLASSES.astype("timedelta64[s]"), "'y' is of the type timedelta"),
        (ROWS[:, 0] + 1j, "Complex data not supported"),
        (np.ones(40), "one number only"),
        (ROWS[:3, 0], "X has 40 rows, but y has 3"),
        (None, "requires y"),
    ],
)
def test_numbers_that_cannot_be_used(numbers, message):
    with pytest.raises(ValueError, match=message):
        UgmmRegressor(epochs=1).fit(ROWS, numbers)


PARAMETERS = [
    ({"hidden": 5}, "hidden is 5, but must be a sequence of sizes"),
    ({"hidden": [0]}, "number of neurons is 0"),
    ({"hidden": [10**12]}, "GiB of memory"),
    ({"epochs": -1}, "epochs is -1.*a whole number from 0"),
    ({"epochs": 1.5}, "epochs is 1.5"),
    ({"epochs": True}, "epochs is true"),
    ({"batch_size": 0}, "batch_size is 0, but must be at least 1"),
    ({"learning_rate": float("nan")}, "learning_rate is not a finite number"),
    ({"learning_rate": "x"}, "learning_rate is .x."),
    ({"objective": "x"}, "objective is .x..*expected one of `discriminative`"),
    ({"class_weight": "x"}, "class_weight is 'x'"),
    ({"class_weight": {5: 1}}, "class weights are for 0, 1, 5"),
    ({"class_weight": {0: -1}}, "class weight is -1"),
    ({"class_weight": {0: "a"}}, "the class weight of 0 is 'a'"),
    ({"class_weight": np.ones(2)}, "class_weight is array"),
    ({"patience": 0}, "patience is 0"),
    ({"folds": 1}, "1 folds"),
    ({"search": "a"}, "search is 'a'"),
    ({"search": {"a": {"nonsense": 1}}}, "nonsense"),
    ({"validation_fraction": 2}, "validation_fraction is 2"),
    ({"validation_fraction": "a"}, "validation_fraction is 'a'"),
    ({"preset": "x"}, "preset is .x."),
    ({"scaling": "x"}, "^scaling is .x."),
    ({"ordinal": "x1"}, "ordinal is 'x1', but must be a sequence"),
    ({"ordinal": {"zz": None}}, "no column .zz."),
    ({"numeric": "x1"}, "numeric is 'x1', but must be a sequence"),
    ({"numeric": ["zz"]}, ".zz. that is not there"),
    ({"categorical": ["x1"]}, r"too many for a category.*numeric=\[.x1.\]"),
    ({"ignore": ["x1", "x2"]}, "no column except the target"),
    ({"settings": "a"}, "settings is 'a', but must be a dict"),
    ({"settings": {"nonsense": 1}}, "nonsense is 1.*unknown field"),
    ({"settings": {"epochs": 3}}, "epochs is given twice"),
    ({"settings": {"dropout": object()}}, "cannot be used as a setting"),
    ({"time_limit": -1}, "time_limit is -1"),
    ({"time_limit": float("inf")}, "time_limit is not a finite number"),
    ({"checkpoint": 5}, "expected str"),
    ({"resume": "a"}, "resume is .a."),
    ({"random_state": -1}, "random_state is -1"),
    ({"random_state": 2**64}, "random_state is 18446744073709551616"),
    ({"random_state": "a"}, "'a' cannot be used to seed"),
    ({"n_jobs": 0}, "n_jobs is 0"),
    ({"n_jobs": 1.5}, "n_jobs is 1.5"),
]


@pytest.mark.parametrize(("parameters", "message"), PARAMETERS, ids=str)
def test_parameters_that_cannot_be_used(parameters, message):
    with pytest.raises((TypeError, ValueError), match=message) as raised:
        UgmmClassifier(**({"epochs": 2} | parameters)).fit(ROWS, CLASSES)
    assert "usize" not in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize("n_jobs", [None, 1, -1, -100, 10**30, True])
def test_any_number_of_threads_gives_the_same_bits(n_jobs, classifier):
    again = UgmmClassifier(epochs=2, n_jobs=n_jobs).fit(ROWS, CLASSES)
    assert np.array_equal(again.predict_proba(ROWS), classifier.predict_proba(ROWS))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame[["a"]], "missing: b|- b"),
        (lambda frame: frame.assign(c=1), "unseen at fit time"),
        (lambda frame: frame[["b", "a"]], "in the same order"),
        (lambda frame: frame.assign(a="text"), 'row 1, column "a": "text" is not a number'),
        (lambda frame: frame[:0], "0 sample"),
        (lambda frame: pa.table(frame[["a"]]), "'b'|- b"),
        (lambda frame: pa.table(frame[["a"]]).to_reader(), "no column 'b', which training had"),
        (lambda frame: pa.table(frame.assign(c=1)).to_reader(), "has a column 'c', which training did not have"),
        (lambda frame: pa.table(frame[["b", "a"]]).to_reader(), "in another order than in training: a, b"),
    ],
)
def test_other_columns_than_in_training(change, message):
    classifier = UgmmClassifier(epochs=1).fit(FRAME, CLASSES)
    with pytest.raises(ValueError, match=message):
        classifier.predict(change(FRAME))


def test_rows_without_any_value(classifier, regressor):
    nothing = np.full((3, 2), np.nan)
    assert np.isnan(classifier.predict_proba(nothing)).all()
    assert np.isnan(classifier.explain(nothing)).all()
    assert np.isnan(regressor.predict(nothing)).all() and np.isnan(regressor.predict_interval(nothing)).all()
    assert classifier.certify(nothing, 0.1)[:, 1].tolist() == ["undecided"] * 3
    with pytest.raises(ValueError, match="row 1 has no value that the model uses"):
        classifier.predict(nothing)
    with_one = np.vstack([nothing[:1], [[0.5, np.nan]]])
    assert np.isnan(classifier.predict_proba(with_one)).all(axis=1).tolist() == [True, False]


def test_extreme_numbers(classifier, regressor):
    for rows in ([[1e300, -1e300]], [[5e-324, 0.0]], [[1e38, 1e39]]):
        assert np.isfinite(classifier.predict_proba(rows)).all()
        assert np.isfinite(regressor.predict(rows)).all()
        assert np.isfinite(classifier.explain(rows)).all()
    for scale in (1e300, 1e-300):
        scaled = UgmmRegressor(epochs=2).fit(ROWS * scale, ROWS[:, 0] * scale)
        assert np.isfinite(scaled.predict(ROWS * scale)).all()


QUESTIONS = {
    "fewer than no rows": (lambda d: d.sample(-1), ValueError, "n_samples is -1"),
    "more rows than memory": (lambda d: d.sample(10**15), ValueError, "do not fit in memory"),
    "more rows than integers": (lambda d: d.sample(10**30), ValueError, "n_samples is 1000"),
    "rows by a text": (lambda d: d.sample("a"), TypeError, "n_samples is 'a'"),
    "no seed": (lambda d: d.sample(2, random_state=None), TypeError, "random_state is None"),
    "an unknown column": (lambda d: d.sample(2, {"zz": 1}), ValueError, 'no column "zz"'),
    "a column by number": (lambda d: d.sample(2, {1: 1}), ValueError, 'no column "1"'),
    "no value": (lambda d: d.sample(2, {"a": None}), ValueError, '"a" cannot be "None"'),
    "NaN": (lambda d: d.sample(2, {"a": np.nan}), ValueError, '"a" cannot be "nan"'),
    "infinity": (lambda d: d.sample(2, {"a": np.inf}), ValueError, '"a" cannot be "inf"'),
    "an unknown category": (lambda d: d.sample(2, {"c": "zz"}), ValueError, 'one of "x", "y"'),
    "a list of values": (lambda d: d.sample(2, [1]), TypeError, r"given is \[1\], but must be a dict"),
    "unknown column": (lambda d: d.conditional("zz"), ValueError, 'no column "zz"'),
    "the given column": (lambda d: d.conditional("a", {"a": 1}), ValueError, "is given"),
    "the mean of categories": (lambda d: d.conditional("c").mean(), TypeError, "has states, not numbers"),
    "a quantile of 2": (lambda d: d.conditional("a").quantile(2), ValueError, "must be from 0 to 1"),
    "a quantile of NaN": (lambda d: d.conditional("a").quantile(np.nan), ValueError, "must be from 0 to 1"),
    "a query that is a text": (lambda d: d.mpe({}, "a"), TypeError, "query is 'a', but must be a sequence"),
    "a negative gap": (lambda d: d.mpe(gap=-1), ValueError, "gap is -1"),
    "a gap of a text": (lambda d: d.mpe(gap="a"), TypeError, "gap is 'a'"),
    "a negative time": (lambda d: d.mpe(time_limit=-1), ValueError, "time_limit is -1"),
    "a stream to impute": (lambda d: d.impute(pa.table({"a": [1.0]}).to_reader()), TypeError, "read them into one"),
}


@pytest.mark.parametrize(("ask", "kind", "message"), QUESTIONS.values(), ids=QUESTIONS.keys())
def test_questions_that_have_no_answer(ask, kind, message, density):
    with pytest.raises(kind, match=message):
        ask(density)


def test_values_of_every_type_can_be_given(density):
    for day in (datetime.date(2024, 1, 2), pd.Timestamp("2024-01-02"), np.datetime64("2024-01-02", "ns"), "2024-01-02"):
        drawn = density.sample(2, {"d": day, "e": np.True_, "a": np.float32(0.5)})
        assert (drawn["d"] == pd.Timestamp("2024-01-02")).all() and drawn["e"].tolist() == [True, True]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda c, r: r.predict_quantiles(ROWS, 0.5), "quantiles is 0.5, but must be a sequence"),
        (lambda c, r: r.predict_quantiles(ROWS, [2]), "a quantile is 2"),
        (lambda c, r: r.predict_quantiles(ROWS, "ab"), "quantiles is 'ab'"),
        (lambda c, r: r.predict_interval(ROWS, 1), "coverage is 1"),
        (lambda c, r: r.predict_interval(ROWS, "a"), "coverage is 'a'"),
        (lambda c, r: r.score_samples(ROWS, ROWS[:3, 0]), "X has 40 rows, but y has 3"),
        (lambda c, r: c.certify(ROWS, -1), "epsilon is -1"),
        (lambda c, r: c.certify(ROWS, "a"), "epsilon is 'a'"),
        (lambda c, r: c.certify(ROWS, 0.1, keep="x1"), "keep is 'x1', but must be a sequence"),
        (lambda c, r: c.certify(ROWS, 0.1, boxes=-1), "boxes is -1"),
        (lambda c, r: c.certify(ROWS, 0.1, boxes=10**30), "boxes is 1000"),
        (lambda c, r: c.query("target", ranges={"x1": 5}), "the range of 'x1' is 5"),
        (lambda c, r: c.query("target", ranges={"x1": (1, 2, 3)}), r"the range of 'x1' is \(1, 2, 3\)"),
        (lambda c, r: c.sample(2), "this model is discriminative"),
    ],
)
def test_requests_that_cannot_be_met(ask, message, classifier, regressor):
    with pytest.raises((TypeError, ValueError), match=message):
        ask(classifier, regressor)


def test_no_quantiles_are_an_empty_matrix(regressor):
    assert regressor.predict_quantiles(ROWS, []).shape == (40, 0)


FILES = {
    "nothing": (lambda path: None, FileNotFoundError, "does not exist"),
    "a folder": (lambda path: path.mkdir(), IsADirectoryError, "is a directory"),
    "an empty file": (lambda path: path.write_bytes(b""), ValueError, "the file is empty"),
    "a text": (lambda path: path.write_text("hello world\n" * 10), ValueError, "not a model"),
    "a pickle": (lambda path: pd.to_pickle({"a": 1}, path), ValueError, "not a model"),
}


@pytest.mark.parametrize(("make", "kind", "message"), FILES.values(), ids=FILES.keys())
def test_files_that_are_no_models(make, kind, message, tmp_path):
    make(tmp_path / "model")
    with pytest.raises(kind, match=message):
        load(tmp_path / "model")


def test_damaged_files_and_those_of_another_version(classifier, density, tmp_path):
    for estimator in (classifier, density):
        path = tmp_path / "model.safetensors"
        estimator.save(path)
        whole = path.read_bytes()
        for damaged in (whole[:-3], whole[: len(whole) // 2], whole[:9], whole[8:], whole + b"more", whole[::-1]):
            path.write_bytes(damaged)
            with pytest.raises(ValueError, match="model.safetensors: "):
                load(path)
        start = whole.index(b"__metadata__")
        version = whole.index(b"version", start) if b"version" in whole else None
        assert version is not None
        digit = next(place for place in range(version, len(whole)) if whole[place : place + 1].isdigit())
        path.write_bytes(whole[:digit] + b"9" + whole[digit + 1 :])
        with pytest.raises(ValueError, match="version"):
            load(path)


def test_models_of_another_kind(classifier, regressor, density, tmp_path):
    for name, estimator in {"classifier": classifier, "regressor": regressor, "density": density}.items():
        estimator.save(tmp_path / name)
        for kind in {UgmmClassifier, UgmmRegressor, UgmmDensity} - {type(estimator)}:
            with pytest.raises(ValueError, match="load it with ugmm_nn.load"):
                kind.load(tmp_path / name)
        assert type(load(tmp_path / name)) is type(estimator)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (".", OSError),
        ("nowhere/model", FileNotFoundError),
        ("nul\0", (OSError, ValueError)),
        (5, TypeError),
        (None, TypeError),
    ],
)
def test_places_where_no_model_can_be_written(path, kind, classifier, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind):
        classifier.save(path)
    assert list(tmp_path.iterdir()) == []


def test_paths_of_every_type(classifier, tmp_path):
    for path in (tmp_path / "a", str(tmp_path / "b"), str(tmp_path / "ü").encode()):
        classifier.save(path)
        assert np.array_equal(load(path).predict(ROWS), classifier.predict(ROWS))


def test_imputers_need_densities():
    with pytest.raises(TypeError, match="density is 5"):
        UgmmImputer(5).fit(ROWS)


def test_doubts_are_warnings_in_the_line_of_the_caller():
    noise = np.random.default_rng(1).normal(size=(60, 2))
    with pytest.warns(DataWarning, match="no better than the baseline") as caught:
        UgmmClassifier(epochs=1).fit(noise, [0, 1] * 30)
    assert caught[0].filename == __file__
