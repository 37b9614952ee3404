"""Labels and numbers to predict, as the native module takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, column_or_1d

from ugmm_nn._frames import column_values, is_missing, plain_array


def target_name(y: Any) -> str:
    """Name of a series, or "target"."""
    return str(getattr(y, "name", None) or "target")


def _one_dimensional(y: Any) -> npt.NDArray[Any]:
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None")
    return np.asarray(column_or_1d(plain_array(y), warn=True))


def labels_of(y: Any) -> npt.NDArray[Any]:
    """The labels of a classification, in one dimension.

    Raises
    ------
    ValueError
        If a label is missing, or labels are of a kind that cannot be told apart.
    """
    labels = _one_dimensional(y)
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError("Input y contains NaN or infinity; give every row a label")
    if labels.dtype.kind in "OM" and any(is_missing(label) for label in labels):
        raise ValueError("Input y contains NaN: give every row a label, or leave rows without one out")
    if labels.dtype.kind == "S":
        raise TypeError("y has bytes; convert the labels to texts or integers")
    if labels.dtype.kind == "m":
        raise ValueError("y has durations; convert the labels to numbers or texts")
    if labels.dtype.kind == "M":
        # Python's dates and times have no finer unit.
        is_finer = np.datetime_data(labels.dtype)[0] in ("ns", "ps", "fs", "as")
        return labels.astype("datetime64[us]") if is_finer else labels
    check_classification_targets(labels)
    return labels


def numbers_of(y: Any, estimator: Any = None) -> npt.NDArray[np.float64]:
    """The numbers of a regression, in one dimension.

    Raises
    ------
    ValueError
        If a value is missing, infinite or not a number.
    """
    kind, values = column_values("y", _one_dimensional(y))
    if kind == "time":
        raise ValueError("y has dates; convert them to numbers, such as days since a date")
    if kind == "text":
        raise ValueError("y has texts or booleans with missing values; convert it to numbers with a value in every row")
    checked = check_array(values, ensure_2d=False, dtype=np.float64, estimator=estimator, input_name="y")
    return np.asarray(checked)
