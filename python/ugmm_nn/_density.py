"""Densities of tables, and the imputation of missing values by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, DensityMixin, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from ugmm_nn._base import (
    Callback,
    TableEstimator,
    fraction,
    to_json,
)
from ugmm_nn._frames import is_frame, library_of, make_frame, with_values
from ugmm_nn._native import Distribution, Model, fit_density


class UgmmDensity(DensityMixin, TableEstimator):
    """Density of all columns of a table, a probabilistic circuit whose leaves are Gaussian mixtures.

    It integrates to one, and answers every question about some columns given others.

    Parameters
    ----------
    structure : {"auto", "chow-liu", "random-trees", "mixture", "halves", "independent"}, default="auto"
        How columns depend on each other.
    units : int, optional
        Number of densities side by side in each region of the circuit; depends on the number of rows by default.
    members : int, optional
        Number of circuits to train, each with different validation rows, and to mix.
    method : {"em", "adam"}, optional
        Training algorithm; "em" by default.
    epochs, batch_size, patience : int, optional
        Largest number of epochs, rows of a training step, and epochs without improvement after which training stops.
    learning_rate : float, optional
        Learning rate of "adam".
    validation_fraction : float, default=0.0
        Share of the rows to hold out for the measures in ``report_``.
    numeric, categorical, ignore : sequence of str, default=()
        Columns to take as numbers, to take as categories, and to leave out.
    missing : sequence of str, default=()
        Further texts that mark missing values, such as "-999".
    keep_text : sequence of str, default=()
        Columns in which texts such as "NA" and "none" are values and not missing.
    time_limit : float, optional
        Seconds for all training together.
    verbose : bool, default=False
        Show a progress bar, if tqdm is installed.
    random_state : int, RandomState or None, default=0
        Seed of all random choices.
    n_jobs : int, optional
        Number of threads; all cores by default.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if training had names.
    report_ : dict
        Measures and structures of training.

    Examples
    --------
    >>> import numpy as np
    >>> from ugmm_nn import UgmmDensity
    >>> x = np.random.default_rng(0).normal(size=300)
    >>> density = UgmmDensity(epochs=20).fit(np.column_stack([x, 2 * x]))
    >>> bool(density.score_samples([[1.0, 2.0]])[0] > density.score_samples([[1.0, -2.0]])[0])
    True
    """

    def __init__(
        self,
        *,
        structure: str = "auto",
        units: int | None = None,
        members: int | None = None,
        method: str | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        patience: int | None = None,
        learning_rate: float | None = None,
        validation_fraction: float = 0.0,
        numeric: Sequence[str] = (),
        categorical: Sequence[str] = (),
        ignore: Sequence[str] = (),
        missing: Sequence[str] = (),
        keep_text: Sequence[str] = (),
        time_limit: float | None = None,
        verbose: bool = False,
        random_state: int | np.random.RandomState | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.structure = structure
        self.units = units
        self.members = members
        self.method = method
        self.epochs = epochs
        self.batch_size = batch_size
        self.patience = patience
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.numeric = numeric
        self.categorical = categorical
        self.ignore = ignore
        self.missing = missing
        self.keep_text = keep_text
        self.time_limit = time_limit
        self.verbose = verbose
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, *, callback: Callback | None = None) -> Self:
        """Train the density.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Training rows. Missing values are integrated out.
        y : ignored
            Present for scikit-learn's conventions.
        sample_weight : array-like of shape (n_samples,), optional
            A weight of each row, at least 0: a row of weight 2 counts as two rows, and one of weight 0 is left out.
            Only ratios of weights matter.
        callback : callable, optional
            Receives a dict after each epoch: "stage", "epoch", "epochs", "training" (the log-likelihood) and more.

        Returns
        -------
        UgmmDensity
            The estimator itself.

        Raises
        ------
        ValueError
            If the rows or a parameter cannot be used.
        """
        frame = self._read(X, reset=True)
        options = {
            "structure": self.structure,
            "units": self.units,
            "members": self.members,
            "method": self.method,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "patience": self.patience,
            "learning_rate": self.learning_rate,
            "validation": fraction("validation_fraction", self.validation_fraction),
            "seed": self._seed(),
        }
        call, callback = self._call(callback)
        weights = self._weights(X, sample_weight)
        self._keep(fit_density(frame, None, to_json(options), call, callback, weights), stacklevel=3)
        return self

    @classmethod
    def _of_model(cls, model: Model) -> Self:
        if model.engine != "density":
            raise ValueError("the file is no density; load it with ugmm_nn.load")
        return cls._fitted_by(model)

    def score_samples(self, X: Any) -> npt.NDArray[np.float64]:
        """Log-likelihood of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows; missing values are integrated out.

        Returns
        -------
        ndarray of shape (n_samples,)
            Nats; minus infinity for a row with an impossible value.
        """
        frame = self._frame(X)
        return self._model.log_likelihood(frame, self._threads())

    def score(self, X: Any, y: Any = None) -> float:
        """Mean log-likelihood of the rows.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows.
        y : ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        float
            Nats per row.
        """
        return float(np.mean(self.score_samples(X)))

    def sample(self, n_samples: int = 1, given: Mapping[str, Any] | None = None, *, random_state: int = 0) -> Any:
        """Draw independent rows.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows.
        given : dict of str to value, optional
            Values that all rows have.
        random_state : int, default=0
            Seed.

        Returns
        -------
        DataFrame or ndarray of shape (n_samples, n_features)
            The rows: a frame of pandas if training had names, otherwise an array.
        """
        columns, _ = self._draw(n_samples, given, random_state)
        if hasattr(self, "feature_names_in_"):
            return make_frame(columns, None)
        return np.column_stack(list(columns.values()))

    def conditional(self, column: str, given: Mapping[str, Any] | None = None) -> Distribution:
        """Distribution of a column given values of others; all other columns are integrated out.

        Parameters
        ----------
        column : str
            The column; the columns of arrays are called x1, x2, and so on.
        given : dict of str to value, optional
            Values of other columns.

        Returns
        -------
        Distribution
            Probabilities of states, or the density of a number.

        Raises
        ------
        ValueError
            If a column does not exist or a value is not possible.
        """
        return self._answer(column, given)

    def posterior(self, X: Any, column: str) -> list[Distribution]:
        """Distribution of a column in each row given the other values of the row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows; the values of the column itself are not used.
        column : str
            The column; the columns of arrays are called x1, x2, and so on.

        Returns
        -------
        list of Distribution
            One for each row.
        """
        frame = self._frame(X)
        return self._model.distributions(frame, str(column), self._threads())

    def mpe(
        self,
        given: Mapping[str, Any] | None = None,
        query: Sequence[str] = (),
        *,
        gap: float = 1e-3,
        time_limit: float = 60.0,
    ) -> tuple[dict[str, str | None], float, float, bool]:
        """Find the jointly most probable values of columns, with a proof.

        Parameters
        ----------
        given : dict of str to value, optional
            Known values.
        query : sequence of str, default=()
            Columns whose values are found; all that are not given if it is empty.
        gap : float, default=1e-3
            Difference in nats between the value and its upper bound that counts as proved.
        time_limit : float, default=60.0
            Seconds after which the best values found are returned.

        Returns
        -------
        values : dict of str to str
            The values; None for a level that has no name.
        log_likelihood : float
            Their log-likelihood.
        upper_bound : float
            No other values have a higher log-likelihood.
        proved : bool
            Whether the two differ by at most ``gap``.
        """
        return self._most_probable(given, query, None, gap, time_limit)

    def impute(self, X: Any) -> Any:
        """Rows with missing values imputed.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        frame or ndarray
            The rows with the mean of each missing number and the most probable state of each missing category, given
            the other values of the row. A frame if ``X`` is one.
        """
        if (is_frame(X) and library_of(X) is None) or hasattr(X, "read_next_batch"):
            raise TypeError(
                "rows are imputed in a frame of pandas, polars or pyarrow, or in an array; read them into one"
            )
        frame = self._frame(X)
        found = self._model.impute(frame, self._threads())
        kinds = self._kinds()
        values = [(row, name, _value(kinds[name], text, number)) for row, name, text, number in found]
        # Arrays have columns x1, x2, and so on, whatever the frames of training had.
        places = {name: f"x{place + 1}" for place, name in enumerate(self._names)}
        return with_values(X, values if is_frame(X) else [(row, places[name], value) for row, name, value in values])


class UgmmImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Transformer that imputes missing values by a density of the training rows.

    Parameters
    ----------
    density : UgmmDensity, optional
        The density, which is not changed; one with default parameters if None.

    Attributes
    ----------
    density_ : UgmmDensity
        The trained density.

    Examples
    --------
    >>> import numpy as np
    >>> from ugmm_nn import UgmmDensity, UgmmImputer
    >>> x = np.random.default_rng(0).normal(size=300)
    >>> imputer = UgmmImputer(UgmmDensity(epochs=20)).fit(np.column_stack([x, 2 * x]))
    >>> bool(abs(imputer.transform([[1.0, np.nan]])[0, 1] - 2) < 0.5)
    True
    """

    def __init__(self, density: UgmmDensity | None = None) -> None:
        self.density = density

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train the density.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Training rows.
        y : ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        UgmmImputer
            The estimator itself.
        """
        if self.density is not None and not isinstance(self.density, UgmmDensity):
            raise TypeError(f"density is {self.density!r}, but must be a UgmmDensity")
        density = UgmmDensity() if self.density is None else clone(self.density)
        self.density_ = density.fit(X)
        self.n_features_in_ = density.n_features_in_
        if hasattr(density, "feature_names_in_"):
            self.feature_names_in_ = density.feature_names_in_
        return self

    def transform(self, X: Any) -> Any:
        """Rows with missing values imputed.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        frame or ndarray
            The rows with the mean of each missing number and the most probable state of each missing category.
        """
        check_is_fitted(self, "density_")
        return self.density_.impute(X)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "density_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = UgmmDensity().__sklearn_tags__().input_tags
        return tags


def _value(kind: str, text: str | None, number: float) -> Any:
    if kind in ("number", "whole number", "pixel"):
        return number
    if text is None:
        return None
    if kind in ("date", "time", "month"):
        return np.datetime64(text)
    return {"true": True, "false": False}.get(text, text) if kind == "true or false" else text
