"""What the estimators share."""

from __future__ import annotations

import datetime
import json
import numbers
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from ugmm_nn._frames import frame_of, is_frame
from ugmm_nn._native import Frame, Model

# Receives a dict after each epoch.
Callback = Callable[[dict[str, Any]], object]


class DataWarning(UserWarning):
    """Something was assumed about a table, or a training is in doubt."""


class TableEstimator(BaseEstimator):
    """What the estimators share: frames, threads, warnings, files and pickles."""

    _model: Model

    def _read(self, X: Any, *, reset: bool) -> Frame:
        """The frame of X, after scikit-learn's checks of its columns."""
        frame = self._checked(X, reset=reset)
        if reset and frame.rows == 1:
            raise ValueError("the frame has n_samples=1; training needs more rows")
        return frame

    def _checked(self, X: Any, *, reset: bool) -> Frame:
        if is_frame(X):
            frame = frame_of(X)
            if hasattr(X, "iloc") or type(X).__module__.split(".")[0] == "polars":
                validate_data(self, X, skip_check_array=True, reset=reset)
            elif reset:
                self.feature_names_in_ = np.array(frame.columns, dtype=object)
                self.n_features_in_ = len(frame.columns)
            return frame
        if isinstance(X, np.ma.MaskedArray):
            X = X.astype(float).filled(np.nan)
        array = check_array(X, dtype=None, ensure_all_finite="allow-nan", estimator=self, input_name="X")
        validate_data(self, array, skip_check_array=True, reset=reset)
        return frame_of(array)

    def _frame(self, X: Any) -> Frame:
        """The frame of X for a fitted estimator."""
        check_is_fitted(self)
        return self._read(X, reset=False)

    def _threads(self) -> int:
        """The number of threads for the native module, where 0 stands for all cores."""
        n_jobs = self.n_jobs
        if n_jobs is None or n_jobs == -1:
            return 0
        if not isinstance(n_jobs, numbers.Integral) or n_jobs == 0:
            raise ValueError(f"n_jobs is {n_jobs!r}, but must be None or an integer other than 0")
        return int(n_jobs) if n_jobs > 0 else max(1, (os.cpu_count() or 1) + 1 + int(n_jobs))

    def _seed(self) -> int:
        if isinstance(self.random_state, numbers.Integral):
            if self.random_state < 0:
                raise ValueError(f"random_state is {self.random_state}, but must be at least 0")
            return int(self.random_state)
        from sklearn.utils import check_random_state

        return int(check_random_state(self.random_state).randint(2**31))

    def _call(self, callback: Callback | None, **more: Any) -> tuple[str, Callback | None]:
        """The options of a call that trains, and what is called after each epoch."""
        call = {
            "threads": self._threads(),
            "time_limit": self.time_limit,
            "missing": list(self.missing),
            "numeric": list(self.numeric),
            "categorical": list(self.categorical),
            "ignore": list(self.ignore),
            "keep_text": list(self.keep_text),
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

    def _keep(self, trained: tuple[Model, str, list[str]]) -> None:
        """Keeps a trained model and its report, and warns of what is in doubt."""
        self._model, report, doubts = trained
        self.report_: dict[str, Any] = json.loads(report)
        for doubt in doubts:
            warnings.warn(doubt, DataWarning, stacklevel=3)

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
        self._model.save(os.fspath(path))

    def to_onnx(self, path: str | os.PathLike[str]) -> None:
        """Write the model as an ONNX graph, which onnxruntime and other programs compute without this package.

        The inputs of the graph are the columns, each of shape (n_rows, 1): numbers and dates (days since 1970-01-01) as
        doubles with NaN for a missing value, others as strings with an empty one for a missing value.

        Parameters
        ----------
        path : str or path-like
            The file, usually named ``*.onnx``. An existing file is replaced.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        check_is_fitted(self)
        with open(path, "wb") as file:
            file.write(self._model.to_onnx(False))

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
        return cls._of_model(Model.load(os.fspath(path)))

    @classmethod
    def _of_model(cls, model: Model) -> Self:
        raise NotImplementedError

    def _take_columns(self, model: Model) -> None:
        names = [column["name"] for column in model.columns() if column["name"] != model.target]
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)

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
        "hidden": None if estimator.hidden is None else list(estimator.hidden),
        "epochs": estimator.epochs,
        "batch_size": estimator.batch_size,
        "learning_rate": estimator.learning_rate,
        "patience": estimator.patience,
    }
    settings = {key: value for key, value in named.items() if value is not None}
    for key, value in dict(estimator.settings or {}).items():
        if key in settings:
            raise ValueError(f"{key} is given twice: as a parameter and in settings")
        settings[key] = value
    return {
        "preset": estimator.preset,
        "settings": settings,
        "preprocessing": {"scaling": estimator.scaling, "ordinal": _ordinal(estimator.ordinal)},
        "class_weights": class_weights,
        "validation": estimator.validation_fraction,
        "folds": estimator.folds,
        "seed": seed,
    }


def _ordinal(ordinal: Mapping[str, Sequence[Any] | None] | Sequence[str]) -> list[dict[str, Any]]:
    if isinstance(ordinal, Mapping):
        texts = {name: None if order is None else [str(level) for level in order] for name, order in ordinal.items()}
        return [{"column": name, "order": order} for name, order in texts.items()]
    return [{"column": name} for name in ordinal]


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
        raise ValueError("a setting is not a finite number") from error


def assignments(given: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Names of columns and their values as texts."""
    return [(name, value_text(value)) for name, value in (given or {}).items()]


def range_assignments(ranges: Mapping[str, tuple[Any, Any]] | None) -> list[tuple[str, str]]:
    """Names of columns and their ranges as texts."""
    return [(name, f"{value_text(low)}:{value_text(high)}") for name, (low, high) in (ranges or {}).items()]


def value_text(value: Any) -> str:
    """A value as a table would write it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return str(value)


def column_of(table: Mapping[str, Iterable[str | None]], kinds: Mapping[str, str]) -> dict[str, npt.NDArray[Any]]:
    """Columns of texts as arrays of the type of their kind."""
    arrays = {}
    for name, texts in table.items():
        if kinds[name] in ("number", "whole number", "pixel"):
            arrays[name] = np.array([np.nan if text is None else float(text) for text in texts])
        elif kinds[name] in ("date", "time", "month"):
            arrays[name] = np.array(["NaT" if text is None else text for text in texts], dtype="datetime64[us]")
        else:
            arrays[name] = np.array(list(texts), dtype=object)
    return arrays


def progress_bar() -> Callback | None:
    """A progress bar of tqdm; None if tqdm is not installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    bars: dict[str, Any] = {}

    def show(progress: dict[str, Any]) -> None:
        name = progress.get("stage", "")
        if name not in bars:
            for bar in bars.values():
                bar.close()
            bars[name] = tqdm(total=progress.get("epochs"), desc=name, unit="epoch")
        bars[name].set_postfix({progress["measure"]: f"{progress['training']:.4f}"}, refresh=False)
        bars[name].update(progress["epoch"] - bars[name].n)
        if progress["epoch"] == progress.get("epochs"):
            bars[name].close()

    return show
