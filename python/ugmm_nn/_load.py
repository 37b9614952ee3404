"""Loading a model of any kind."""

from __future__ import annotations

import os

from ugmm_nn._classifier import UgmmClassifier
from ugmm_nn._density import UgmmDensity
from ugmm_nn._native import Model
from ugmm_nn._regressor import UgmmRegressor


def load(path: str | os.PathLike[str]) -> UgmmClassifier | UgmmRegressor | UgmmDensity:
    """Read a model from a file as the estimator of its kind.

    Parameters
    ----------
    path : str or path-like
        A file that ``save`` or the command ``ugmm train`` wrote.

    Returns
    -------
    UgmmClassifier, UgmmRegressor or UgmmDensity
        The fitted estimator. Its parameters are the defaults, whatever the model was trained with.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no model or is damaged.
    """
    model = Model.load(os.fsdecode(path))
    if model.engine == "density":
        return UgmmDensity._of_model(model)
    return UgmmRegressor._of_model(model) if model.classes is None else UgmmClassifier._of_model(model)
