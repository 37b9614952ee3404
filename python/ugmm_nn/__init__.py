"""Neural networks whose neurons are Gaussian mixtures: calibrated, readable predictions on tables.

The estimators follow scikit-learn's conventions. They take frames of pandas, polars and pyarrow, and any other object
with the Arrow stream interface, with their categories, dates and missing values as they are; NumPy arrays and lists
work as well. Model files are shared with the command ``ugmm``.

Examples
--------
>>> import numpy as np
>>> from ugmm_nn import UgmmClassifier
>>> X = np.array([[1.2, 0.3], [0.9, np.nan], [4.1, 2.0], [3.8, 2.2]] * 10)
>>> y = np.array(["short", "short", "long", "long"] * 10)
>>> classifier = UgmmClassifier(epochs=30).fit(X, y)
>>> [str(label) for label in classifier.predict([[1.0, 0.5], [4.0, 2.1]])]
['short', 'long']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ugmm_nn._native import __version__

if TYPE_CHECKING:
    from ugmm_nn._base import DataWarning
    from ugmm_nn._classifier import UgmmClassifier
    from ugmm_nn._density import UgmmDensity, UgmmImputer
    from ugmm_nn._load import load
    from ugmm_nn._native import Distribution
    from ugmm_nn._network import Effect, Importance
    from ugmm_nn._regressor import UgmmRegressor

__all__ = [
    "DataWarning",
    "Distribution",
    "Effect",
    "Importance",
    "UgmmClassifier",
    "UgmmDensity",
    "UgmmImputer",
    "UgmmRegressor",
    "__version__",
    "load",
]

# scikit-learn is imported with the first of these, so that importing the package is fast.
_MODULES = {
    "DataWarning": "_base",
    "Distribution": "_native",
    "Effect": "_network",
    "Importance": "_network",
    "UgmmClassifier": "_classifier",
    "UgmmDensity": "_density",
    "UgmmImputer": "_density",
    "UgmmRegressor": "_regressor",
    "load": "_load",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"ugmm_nn.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'ugmm_nn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
