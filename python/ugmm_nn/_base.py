"""What the estimators share."""

from __future__ import annotations

import datetime
import json
import math
import numbers
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_array, check_is_fitted, validate_data

from ugmm_nn._frames import Values, frame_of, is_frame, library_of, plain_array
from ugmm_nn._native import Distribution, Frame, Model

# Receives a dict after each epoch.
Callback = Callable[[dict[str, Any]], object]

# More than any machine has cores.
_MOST_THREADS = 1024


class DataWarning(UserWarning):
    """Something was assumed about a table, or a training is in doubt."""


class TableEstimator(BaseEstimator):
    """What the estimators share: frames, threads, warnings, files and pickles."""

    _model: Model
    # Names of the columns of the frame that the native module gets.
    _names: list[str]
    # Whether the model is from a file.
    _is_loaded: bool

    def _read(self, X: Any, *, reset: bool, may_be_empty: bool = False) -> Frame:
        """The frame of X, after scikit-learn's checks of its columns."""
        frame = self._checked(X, reset=reset)
        if not frame.columns:
            raise ValueError("the frame has 0 feature(s), but at least one column is needed")
        if not frame.rows and not may_be_empty:
            hint = "" if hasattr(X, "columns") else "; a stream can be read only once"
            raise ValueError(f"the frame has 0 sample(s), but at least one row is needed{hint}")
        if reset and frame.rows == 1:
            raise ValueError("the frame has n_samples=1; training needs more rows")
        if reset:
            self._names = frame.columns
            self._is_loaded = False
        return frame

    def _checked(self, X: Any, *, reset: bool) -> Frame:
        is_loaded = not reset and self._is_loaded
        if is_frame(X):
            frame = frame_of(X)
            if is_loaded:
                # A model file does not know the columns that training left out: those that it needs are found by name.
                return frame
            # Which other frames scikit-learn knows depends on its version.
            if library_of(X) == "pandas":
                validate_data(self, X, skip_check_array=True, reset=reset)
            elif reset:
                self.feature_names_in_ = np.array(frame.columns, dtype=object)
                self.n_features_in_ = len(frame.columns)
            elif frame.columns != self._names:
                raise ValueError(_other_columns(frame.columns, self._names))
            return frame
        if isinstance(X, np.ma.MaskedArray) or getattr(getattr(X, "dtype", None), "kind", None) == "T":
            X = plain_array(X)
        array = check_array(X, dtype=None, ensure_all_finite="allow-nan", estimator=self, input_name="X")
        if is_loaded:
            return frame_of(array, self._names if array.shape[1] == len(self._names) else None)
        validate_data(self, array, skip_check_array=True, reset=reset)
        return frame_of(array, None if reset else self._names)

    def _frame(self, X: Any, *, may_be_empty: bool = False) -> Frame:
        """The frame of X for a fitted estimator."""
        check_is_fitted(self)
        return self._read(X, reset=False, may_be_empty=may_be_empty)

    def _fitted_model(self) -> Model:
        check_is_fitted(self)
        return self._model

    def _kinds(self) -> dict[str, str]:
        """The kind of each column of the model."""
        return {column["name"]: column["kind"] for column in self._model.columns()}

    def _answer(
        self, column: str, given: Mapping[str, Any] | None, ranges: Mapping[str, tuple[Any, Any]] | None = None
    ) -> Distribution:
        model = self._fitted_model()
        return model.query(str(column), assignments(given), range_assignments(ranges), self._threads())

    def _draw(
        self, n_samples: int, given: Mapping[str, Any] | None, random_state: int
    ) -> tuple[dict[str, npt.NDArray[Any]], list[tuple[str, float | None]]]:
        """Drawn rows by column, and the R-hat of each column that chains drew."""
        model = self._fitted_model()
        count, seed = whole_number("n_samples", n_samples), whole_number("random_state", random_state)
        texts, r_hats = model.sample(count, assignments(given), seed, self._threads())
        return columns_of(dict(texts), self._kinds()), r_hats

    def _most_probable(
        self,
        given: Mapping[str, Any] | None,
        query: Sequence[str],
        ranges: Mapping[str, tuple[Any, Any]] | None,
        gap: float,
        time_limit: float,
    ) -> tuple[dict[str, str | None], float, float, bool]:
        """The most probable values, the objective at them, its upper bound, and whether the two are proved to agree."""
        model = self._fitted_model()
        pairs, bounds, asked = assignments(given), range_assignments(ranges), names_of("query", query)
        gap, seconds = real_number("gap", gap), real_number("time_limit", time_limit)
        values, value, bound, proved = model.mpe(asked, pairs, bounds, gap, seconds, self._threads())
        return dict(values), value, bound, proved

    def _weights(self, X: Any, sample_weight: Any) -> npt.NDArray[np.float64] | None:
        """The weights of the rows of X, after scikit-learn's checks."""
        if sample_weight is None:
            return None
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        return np.ascontiguousarray(weights, dtype=np.float64)

    def _threads(self) -> int:
        """The number of threads for the native module, where 0 stands for all cores."""
        n_jobs = self.n_jobs
        if n_jobs is None or n_jobs == -1:
            return 0
        if not isinstance(n_jobs, numbers.Integral) or n_jobs == 0:
            raise ValueError(f"n_jobs is {n_jobs!r}, but must be None or an integer other than 0")
        threads = int(n_jobs)
        return min(threads if threads > 0 else max(1, (os.cpu_count() or 1) + 1 + threads), _MOST_THREADS)

    def _seed(self) -> int:
        if isinstance(self.random_state, numbers.Integral):
            return whole_number("random_state", self.random_state)
        return int(check_random_state(self.random_state).randint(2**31))

    def _call(self, callback: Callback | None, **more: Any) -> tuple[str, Callback | None]:
        """The options of a call that trains, and what is called after each epoch."""
        if callback is not None and not callable(callback):
            raise TypeError(f"callback is {callback!r}, but must be callable")
        call = {
            "threads": self._threads(),
            "time_limit": self.time_limit,
            "missing": names_of("missing", self.missing),
            "numeric": names_of("numeric", self.numeric),
            "categorical": names_of("categorical", self.categorical),
            "ignore": names_of("ignore", self.ignore),
            "keep_text": names_of("keep_text", self.keep_text),
            **more,
        }
        bar = progress_bar() if self.verbose else None
        if bar is None:
            return to_json(call), callback
        if callback is None:
            return to_json(call), bar

        def both(progress: dict[str, Any]) -> None:
            bar(progress)
            callback(progress)

        return to_json(call), both

    def _keep(self, trained: tuple[Model, str, list[str]], *, stacklevel: int) -> None:
        """Keeps a trained model and its report, and warns of what is in doubt, in the user's line."""
        self._model, report, doubts = trained
        self.report_: dict[str, Any] = json.loads(report)
        for doubt in doubts:
            warnings.warn(doubt, DataWarning, stacklevel=stacklevel)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a file, which the command ``ugmm`` reads as well.

        Parameters
        ----------
        path : str or path-like
            The file, usually named ``*.safetensors``. An existing file is replaced only when all of the new one is on
            disk.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        check_is_fitted(self)
        self._model.save(os.fsdecode(path))

    def to_onnx(self, path: str | os.PathLike[str]) -> None:
        """Write the model as an ONNX graph, which onnxruntime and other programs compute without this package.

        The inputs of the graph are the columns, each of shape (n_rows, 1): numbers and dates (days since 1970-01-01) as
        doubles with NaN for a missing value, others as strings with an empty one for a missing value.

        Parameters
        ----------
        path : str or path-like
            The file, usually named ``*.onnx``. An existing file is replaced only when all of the new one is on disk.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        check_is_fitted(self)
        self._model.to_onnx(os.fsdecode(path))

    def report(
        self,
        path: str | os.PathLike[str],
        X: Any,
        y: Any = None,
        *,
        max_rows: int = 4096,
        rows: Sequence[int] = (),
        neurons: Sequence[str] = (),
    ) -> None:
        """Write a report about the model as one HTML page, which needs no other file.

        The page shows how good the predictions are, which columns matter, the neurons or columns with their distributions, and what single
        predictions rest on.

        Parameters
        ----------
        path : str or path-like
            The page. An existing file is replaced only when all of the new one is on disk.
        X : frame or array-like of shape (n_samples, n_features)
            Rows to look at.
        y : array-like of shape (n_samples,), optional
            What the predictions are compared with; ignored by a density.
        max_rows : int, default=4096
            Largest number of rows that are looked at, from the first on.
        rows : sequence of int, default=()
            Numbers of the rows to show first, counted from 1 as on the page.
        neurons : sequence of str, default=()
            Neurons to show first, as ``"layer.number"``, both counted from 1.

        Raises
        ------
        OSError
            If the file cannot be written.
        ValueError
            If the rows cannot be predicted, or a row or neuron does not exist.

        Examples
        --------
        >>> import os, tempfile
        >>> from ugmm_nn import UgmmClassifier
        >>> X, y = [[1.0], [2.0], [8.0], [9.0]] * 10, ["low", "low", "high", "high"] * 10
        >>> classifier = UgmmClassifier(epochs=30).fit(X, y)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page = os.path.join(folder, "report.html")
        ...     classifier.report(page, X, y)
        ...     os.path.getsize(page) > 10_000
        True
        """
        frame = self._frame(X)
        if y is not None and self._model.engine == "network":
            frame = self._with_target(frame, y)
        most = positive_number("max_rows", max_rows)
        numbers = [whole_number("a row", row) for row in _sequence("rows", rows, "numbers")]
        name, first = type(self).__name__, names_of("neurons", neurons)
        self._model.report(os.fsdecode(path), name, frame, most, numbers, first, self._threads())

    def _with_target(self, frame: Frame, y: Any) -> Frame:
        """The frame with the target of the model as its last column."""
        kind, values = self._target_values(y)
        if len(values) != frame.rows:
            raise ValueError(f"X has {frame.rows} rows, but y has {len(values)}; give one value for each row")
        return frame.with_column(self._model.target or "", kind, values)

    def _target_values(self, y: Any) -> Values:
        """Values of the target as the native module takes them."""
        raise NotImplementedError

    def _network_html(self) -> str:
        """The figure of a fitted network, in which large layers are represented by their largest neurons."""
        figure = self._model.network_svg() if hasattr(self, "_model") else None
        return "" if figure is None else f'<div style="overflow-x: auto">{figure}</div>'

    def _repr_html_inner(self) -> str:
        return str(super()._repr_html_inner()) + self._network_html()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle: dict[str, str] = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] += self._network_html()
        return bundle

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model from a file that :meth:`save` or the command ``ugmm train`` wrote.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        estimator
            A fitted estimator. Its parameters are the defaults, whatever the model was trained with.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is no model, is damaged, or is a model of another kind than the estimator.
        """
        return cls._of_model(Model.load(os.fsdecode(path)))

    @classmethod
    def _of_model(cls, model: Model) -> Self:
        raise NotImplementedError

    @classmethod
    def _fitted_by(cls, model: Model) -> Self:
        """An estimator with this model."""
        estimator = cls()
        estimator._model = model
        names = model.features
        estimator._names = names
        estimator._is_loaded = True
        if names != [f"x{index + 1}" for index in range(len(names))]:
            estimator.feature_names_in_ = np.array(names, dtype=object)
        estimator.n_features_in_ = len(names)
        return estimator

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_model")

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        if "_model" in state:
            # The bytes of a model file.
            state["_model"] = state["_model"].to_bytes()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        if isinstance(state.get("_model"), bytes):
            state["_model"] = Model.from_bytes(state["_model"])
        super().__setstate__(state)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def network_options(estimator: Any, seed: int, class_weights: object = None) -> dict[str, Any]:
    """The options of a network, as the native module takes them, without those that are left to the preset."""
    named = {
        "model": estimator.model,
        "objective": estimator.objective,
        "hidden": None if estimator.hidden is None else list(_sequence("hidden", estimator.hidden, "sizes")),
        "epochs": estimator.epochs,
        "batch_size": estimator.batch_size,
        "learning_rate": estimator.learning_rate,
        "patience": estimator.patience,
    }
    settings = {key: value for key, value in named.items() if value is not None}
    finer = estimator.settings
    if finer is not None and not isinstance(finer, Mapping):
        raise TypeError(f"settings is {finer!r}, but must be a dict")
    for key, value in (finer or {}).items():
        if key in settings:
            raise ValueError(f"{key} is given twice: as a parameter and in settings")
        settings[key] = value
    return {
        "preset": estimator.preset,
        "settings": settings,
        "preprocessing": {"scaling": estimator.scaling, "ordinal": _ordinal(estimator.ordinal)},
        "class_weights": class_weights,
        "validation": fraction("validation_fraction", estimator.validation_fraction) or 0.2 * bool(estimator.conformal),
        "conformal": bool(estimator.conformal),
        "folds": estimator.folds,
        "seed": seed,
    }


def _ordinal(ordinal: Mapping[str, Sequence[Any] | None] | Sequence[str]) -> list[dict[str, Any]]:
    if not isinstance(ordinal, Mapping):
        return [{"column": name} for name in names_of("ordinal", ordinal)]

    def texts(name: str, order: Any) -> list[str] | None:
        return (
            None if order is None else [value_text(level) for level in _sequence(f"ordinal[{name!r}]", order, "levels")]
        )

    return [{"column": str(name), "order": texts(name, order)} for name, order in ordinal.items()]


def _sequence(parameter: str, values: Any, of: str) -> Iterable[Any]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"{parameter} is {values!r}, but must be a sequence of {of}")
    return values


def names_of(parameter: str, names: Any) -> list[str]:
    """Names of columns, or texts, as a list."""
    return [value_text(name) for name in _sequence(parameter, names, "texts")]


def whole_number(parameter: str, value: Any) -> int:
    """A whole number for the native module."""
    if isinstance(value, numbers.Integral) and 0 <= int(value) < 2**63:
        return int(value)
    kind = ValueError if isinstance(value, numbers.Real) else TypeError
    raise kind(f"{parameter} is {value!r}, but must be a whole number from 0 to {2**63 - 1}")


def positive_number(parameter: str, value: Any) -> int:
    """A whole number of at least 1 for the native module."""
    if number := whole_number(parameter, value):
        return number
    raise ValueError(f"{parameter} is {value!r}, but must be at least 1")


def real_number(parameter: str, value: Any) -> float:
    """A number for the native module, which checks its range."""
    if isinstance(value, numbers.Real):
        return float(value)
    raise TypeError(f"{parameter} is {value!r}, but must be a number")


def fraction(parameter: str, value: Any) -> float:
    """A share of at least 0 and less than 1."""
    number = real_number(parameter, value)
    if not 0 <= number < 1:
        raise ValueError(f"{parameter} is {value!r}, but must be at least 0 and less than 1")
    return number


def _other_columns(found: Sequence[str], expected: Sequence[str]) -> str:
    for name in expected:
        if name not in found:
            return f"the frame has no column {name!r}, which training had"
    for name in found:
        if name not in expected:
            return f"the frame has a column {name!r}, which training did not have"
    return f"the columns are in another order than in training: {', '.join(expected)}"


def to_json(options: Mapping[str, Any]) -> str:
    """Options as JSON, with NumPy's numbers and arrays as Python's."""

    def plain(value: Any) -> Any:
        if isinstance(value, (np.generic, np.ndarray)):
            return value.tolist()
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        if isinstance(value, (set, frozenset, tuple)):
            return list(value)
        raise TypeError(f"{value!r} cannot be used as a setting")

    try:
        return json.dumps(options, default=plain, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"{_not_finite(options) or 'a setting'} is not a finite number") from error


def _not_finite(options: Any) -> str | None:
    """Name of a number that is not finite."""
    if isinstance(options, Mapping):
        for name, value in options.items():
            if isinstance(value, float) and not math.isfinite(value):
                return str(name)
            if (inner := _not_finite(value)) is not None:
                return inner
    return None


def assignments(given: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Names of columns and their values as texts."""
    return [(str(name), value_text(value)) for name, value in _mapping("given", given).items()]


def range_assignments(ranges: Mapping[str, tuple[Any, Any]] | None) -> list[tuple[str, str]]:
    """Names of columns and their ranges as texts."""
    texts = []
    for name, ends in _mapping("ranges", ranges).items():
        if isinstance(ends, str) or not isinstance(ends, Sequence) or len(ends) != 2:
            raise ValueError(f"the range of {name!r} is {ends!r}, but must be its lower and upper end")
        texts.append((str(name), f"{value_text(ends[0])}:{value_text(ends[1])}"))
    return texts


def _mapping(parameter: str, given: Any) -> Mapping[Any, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"{parameter} is {given!r}, but must be a dict from names of columns")
    return given


def value_text(value: Any) -> str:
    """A value as a table would write it."""
    if isinstance(value, np.datetime64) and isinstance(value.item(), int):
        # Python's dates and times have no nanoseconds.
        value = value.astype("datetime64[us]")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return str(value)


def columns_of(table: Mapping[str, Iterable[str | None]], kinds: Mapping[str, str]) -> dict[str, npt.NDArray[Any]]:
    """Columns of texts as arrays of the type of their kind."""
    arrays = {}
    for name, texts in table.items():
        if kinds[name] in ("number", "whole number", "pixel"):
            values = np.array([np.nan if text is None else float(text) for text in texts])
            is_whole = kinds[name] != "number" and not np.isnan(values).any()
            arrays[name] = values.astype(np.int64) if is_whole else values
        elif kinds[name] in ("date", "time", "month"):
            arrays[name] = np.array(["NaT" if text is None else text for text in texts], dtype="datetime64[us]")
        else:
            levels = [{"true": True, "false": False}.get(text, text) if text else text for text in texts]
            is_boolean = kinds[name] == "true or false" and all(isinstance(level, bool) for level in levels)
            arrays[name] = np.array(levels if is_boolean else list(texts), dtype=None if is_boolean else object)
    return arrays


def progress_bar() -> Callback | None:
    """A progress bar of tqdm; None if tqdm is not installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    bars: dict[str, Any] = {}

    def show(progress: dict[str, Any]) -> None:
        name = progress["stage"]
        if name not in bars:
            # Stages may run side by side.
            bars[name] = tqdm(total=progress["epochs"], desc=name, unit="epoch")
        bars[name].set_postfix({progress["measure"]: f"{progress['training']:.4f}"}, refresh=False)
        bars[name].update(progress["epoch"] - bars[name].n)
        if progress["epoch"] == progress["epochs"]:
            bars[name].close()

    return show
