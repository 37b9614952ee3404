"""What the classifier and the regressor share."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ugmm_nn._base import (
    Callback,
    TableEstimator,
    names_of,
    network_options,
    positive_number,
    to_json,
    whole_number,
)
from ugmm_nn._frames import Values, is_frame, kept_columns, make_frame
from ugmm_nn._native import Distribution, Frame, fit_network


@dataclass(frozen=True, eq=False)
class Importance:
    """Importance of the columns that a network uses; lists have an entry for each of them.

    Attributes
    ----------
    columns : list of str
        Names of the columns.
    importances_mean : ndarray of shape (n_columns,)
        Mean rise of the loss when the values of a column are permuted among the rows.
    importances_std : ndarray of shape (n_columns,)
        Standard deviation of the rise over the permutations; NaN for one permutation.
    importances : ndarray of shape (n_columns, n_repeats)
        Rise of the loss by each permutation.
    contributions : ndarray of shape (n_columns,) or None
        Mean absolute contribution to the log-probability of the rows' own predictions, in nats; None for a model
        without uGMM neurons.
    loss : str
        "log-loss" of classes, in nats, or "CRPS" of a number, in units of the target.
    baseline : float
        Mean loss of the rows as they are.
    rows : int
        Number of rows that were measured.
    """

    columns: list[str]
    importances_mean: npt.NDArray[np.float64]
    importances_std: npt.NDArray[np.float64]
    importances: npt.NDArray[np.float64]
    contributions: npt.NDArray[np.float64] | None
    loss: str
    baseline: float
    rows: int


@dataclass(frozen=True, eq=False)
class Effect:
    """Effect of a column on predictions; lists have an entry for each point.

    Attributes
    ----------
    column : str
        Name of the column.
    labels : list of (str or None)
        The values as the table would write them; None for a missing value, which comes last if a row lacks a value.
    values : ndarray of shape (n_points,)
        The numbers, dates as days since 1970-01-01, or the places of the levels; NaN for a missing value.
    rows : ndarray of shape (n_points,)
        Number of rows with the level, or with a number up to this one and above the one before.
    effects : ndarray of shape (n_points, n_classes) or (n_points,)
        Difference of the probability of each class, in the order of ``classes_``, or of the predicted number, from its
        average.
    mean_prediction : ndarray of shape (n_classes,) or float
        The mean prediction of the rows.
    """

    column: str
    labels: list[str | None]
    values: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]
    effects: npt.NDArray[np.float64]
    mean_prediction: npt.NDArray[np.float64] | float


class NetworkEstimator(TableEstimator):
    """A network that predicts one column from the others."""

    def _fit(
        self,
        X: Any,
        y: Values,
        name: str,
        *,
        classification: bool,
        class_weights: object,
        callback: Callback | None,
        weights: npt.NDArray[np.float64] | None,
    ) -> None:
        frame = self._read(X, reset=True)
        if len(y[1]) != frame.rows:
            raise ValueError(f"X has {frame.rows} rows, but y has {len(y[1])}; give one value for each row")
        target = name
        while target in frame.columns:
            target += "_"
        frame = frame.with_column(target, *y)
        options = network_options(self, self._seed(), class_weights)
        if not isinstance(self.search, (bool, Mapping)):
            raise TypeError(f"search is {self.search!r}, but must be True, False or a dict of settings by name")
        if isinstance(self.search, Mapping):
            options["search"] = dict(self.search)
        checkpoint = None if self.checkpoint is None else os.fsdecode(self.checkpoint)
        more: dict[str, Any] = {"checkpoint": checkpoint, "resume": self.resume, "small_grid": self.search is True}
        if classification:
            # Labels are texts, whatever they look like.
            more["categorical"] = [*names_of("categorical", self.categorical), target]
            more["keep_text"] = [*names_of("keep_text", self.keep_text), target]
        call, callback = self._call(callback, **more)
        trained = fit_network(frame, target, classification, to_json(options), call, callback, weights)
        self._keep(trained, stacklevel=4)

    def predict_frame(self, X: Any, *, keep: Sequence[str] = ()) -> Any:
        """Predictions as a frame, with the names of the columns that ``ugmm predict`` writes.

        One pass over the rows computes all columns. A function for the batches of an engine such as Ray, Spark or Dask
        needs no more than this method.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict. A frame may have no rows, as the batches of engines may.
        keep : sequence of str, default=()
            Columns of ``X`` to copy before the predictions, such as a key. Only of frames of pandas, polars and
            pyarrow.

        Returns
        -------
        frame
            A row for each row of ``X``. Classes: ``predicted TARGET`` and ``probability of CLASS`` for each class.
            Numbers: ``predicted TARGET`` (the mean), ``standard deviation``, ``5 %``, ``median`` and ``95 %``; dates are
            days since 1970-01-01. ``entropy``, ``distance`` and ``unusual`` of the command are left out. Values are
            missing for a row without any value that the model uses. The frame is one of polars or pyarrow (a
            table) if ``X`` is, otherwise of pandas.

        Raises
        ------
        TypeError
            If columns of another kind of table are to be kept.
        ValueError
            If the rows cannot be predicted, or a column to keep does not exist or has the name of a prediction.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from ugmm_nn import UgmmClassifier
        >>> rows = pa.table({"size": [1.0, 2.0, 8.0, 9.0] * 10, "key": range(40)})
        >>> labels = pa.chunked_array([["low", "low", "high", "high"] * 10])
        >>> classifier = UgmmClassifier(epochs=30, ignore=["key"]).fit(rows, labels)
        >>> predicted = classifier.predict_frame(rows, keep=["key"])
        >>> predicted.column_names
        ['key', 'predicted target', 'probability of high', 'probability of low']
        """
        kept = kept_columns(X, names_of("keep", keep))
        predicted = self._prediction_columns(self._frame(X, may_be_empty=True))
        for name in kept:
            if name in predicted:
                raise ValueError(f"the column {name!r} to keep has the name of a prediction; rename it")
        return make_frame({**kept, **predicted}, X)

    def _prediction_columns(self, frame: Frame) -> dict[str, Any]:
        """The columns of predictions by name, as `make_frame` takes them."""
        raise NotImplementedError

    def explain(self, X: Any) -> Any:
        """Contributions of the columns to the prediction of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        frame or ndarray of shape (n_samples, n_features)
            How much each column raises the log-probability of the row's prediction, in nats, compared with an average
            row; negative where it lowers it. A frame with the names of the columns if ``X`` is a frame. Columns that
            training left out are not among them.

        Examples
        --------
        >>> from ugmm_nn import UgmmClassifier
        >>> X = [[1.0, 5.0], [2.0, 5.5], [8.0, 5.2], [9.0, 5.1]] * 10
        >>> classifier = UgmmClassifier(epochs=30).fit(X, [0, 0, 1, 1] * 10)
        >>> first = classifier.explain([[1.5, 5.0]])[0]
        >>> bool(first[0] > first[1])
        True
        """
        values = self._fitted_model().contributions(self._frame(X), self._threads())
        if not is_frame(X):
            return values
        return make_frame({name: values[:, index] for index, name in enumerate(self._model.features)}, X)

    def importance(
        self, X: Any, y: Any, *, n_repeats: int = 5, max_rows: int | None = None, random_state: int = 0
    ) -> Importance:
        """Which columns the predictions depend on, by permutation and by contributions.

        On training rows, importance shows what the model uses; on held-out rows, also what generalises. Columns that
        say the same can stand in for each other, and then none of them seems important.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to measure on.
        y : array-like of shape (n_samples,)
            Their right labels or numbers.
        n_repeats : int, default=5
            Number of permutations of each column.
        max_rows : int, optional
            Largest number of rows, drawn at random; by default 2000 for classes and 500 for numbers.
        random_state : int, default=0
            Seed of the drawn rows and of the permutations.

        Returns
        -------
        Importance
            The rise of the loss when the values of a column, missing ones included, are permuted among the rows, and
            the mean absolute contributions of the columns, as ``importances_mean``, ``importances_std``,
            ``importances`` and ``contributions``, for each of its ``columns``. Columns that training left out are not
            among them.

        Raises
        ------
        ValueError
            If fewer than two rows have a label, or a label is none of the classes.

        Examples
        --------
        >>> from ugmm_nn import UgmmClassifier
        >>> X, y = [[1.0, 5.0], [2.0, 5.5], [8.0, 5.2], [9.0, 5.1]] * 10, [0, 0, 1, 1] * 10
        >>> classifier = UgmmClassifier(epochs=30).fit(X, y)
        >>> found = classifier.importance(X, y)
        >>> found.columns
        ['x1', 'x2']
        >>> bool(found.importances_mean[0] > found.importances_mean[1])
        True
        """
        frame = self._with_target(self._frame(X), y)
        loss, baseline, rows, importances, contributions = self._model.importance(
            frame,
            positive_number("n_repeats", n_repeats),
            0 if max_rows is None else positive_number("max_rows", max_rows),
            whole_number("random_state", random_state),
            self._threads(),
        )
        has_spread = importances.shape[1] > 1
        spread = importances.std(axis=1, ddof=1) if has_spread else np.full(len(importances), np.nan)
        means, columns = importances.mean(axis=1), self._model.features
        return Importance(columns, means, spread, importances, contributions, loss, baseline, rows)

    def effect(
        self, X: Any, column: str, *, n_bins: int = 20, max_rows: int | None = None, random_state: int = 0
    ) -> Effect:
        """How the predictions depend on a column: a curve, or a value for each level.

        For a number or date, the curve is the accumulated local effect: the mean changes of the prediction within
        intervals with about equally many rows, added up, and shifted to a mean of 0 over the rows. For a category or
        boolean, the effect of a level is the mean prediction with the level in every row, minus the mean of these over
        the rows.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to measure on.
        column : str
            The column; the columns of an array are called x1, x2 and so on.
        n_bins : int, default=20
            Largest number of intervals of a number.
        max_rows : int, optional
            Largest number of rows, drawn at random; by default 2000 for classes and 500 for numbers.
        random_state : int, default=0
            Seed of the drawn rows.

        Returns
        -------
        Effect
            The points of the curve with their ``values``, ``labels``, ``rows`` and ``effects``.

        Raises
        ------
        ValueError
            If the column does not exist, or no row has a value in it.

        Examples
        --------
        >>> from ugmm_nn import UgmmClassifier
        >>> X, y = [[1.0, 5.0], [2.0, 5.5], [8.0, 5.2], [9.0, 5.1]] * 10, [0, 0, 1, 1] * 10
        >>> found = UgmmClassifier(epochs=30).fit(X, y).effect(X, "x1")
        >>> found.labels
        ['1', '2', '8', '9']
        >>> bool(found.effects[3, 1] > found.effects[0, 1])
        True
        """
        labels, values, rows, effects, mean = self._fitted_model().effect(
            self._frame(X),
            str(column),
            positive_number("n_bins", n_bins),
            0 if max_rows is None else positive_number("max_rows", max_rows),
            whole_number("random_state", random_state),
            self._threads(),
        )
        if self._model.classes is None:
            return Effect(str(column), labels, values, rows, effects[:, 0], float(mean[0]))
        effects, mean = self._ordered(effects), self._ordered(mean[None])[0]
        return Effect(str(column), labels, values, rows, effects, mean)

    def _ordered(self, of_classes: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values of the model's classes [rows, classes] in the order of the estimator's classes."""
        raise NotImplementedError

    def novelty(self, X: Any) -> npt.NDArray[np.float64]:
        """Distance of each row from the training rows.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to compare with the training rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            The distance; about 1 for training rows. Predictions of rows that are far away may be wrong.
        """
        distances = self._fitted_model().novelty(self._frame(X), self._threads())
        if distances is None:
            raise ValueError("the model is of an older version and does not know how far rows are from training rows")
        return distances

    def query(
        self,
        column: str,
        given: Mapping[str, Any] | None = None,
        ranges: Mapping[str, tuple[Any, Any]] | None = None,
    ) -> Distribution:
        """Distribution of a column given values of others.

        The distribution of the target is what :meth:`predict` uses. The network was not trained to describe the other
        columns: use :class:`UgmmDensity` for the distribution of data.

        Parameters
        ----------
        column : str
            The column.
        given : dict of str to value, optional
            Values of other columns.
        ranges : dict of str to (low, high), optional
            Ranges of numbers that replace those of the training rows.

        Returns
        -------
        Distribution
            Probabilities of states, or the density of a number.

        Raises
        ------
        ValueError
            If a column does not exist, a value is not possible, or the network cannot answer for the column.
        """
        return self._answer(column, given, ranges)

    def sample(
        self, n_samples: int = 1, given: Mapping[str, Any] | None = None, *, random_state: int = 0
    ) -> tuple[Any, dict[str, float]]:
        """Draw rows from the joint score of a generative or hybrid network.

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
        rows : pandas.DataFrame
            The rows.
        r_hat : dict of str to float
            R-hat of each drawn column: values near 1 (at most 1.01) show that the Markov chains agree.

        Raises
        ------
        ValueError
            If the network is discriminative, or a value is not possible.
        """
        columns, r_hats = self._draw(n_samples, given, random_state)
        return make_frame(columns, None), {name: float("nan") if value is None else value for name, value in r_hats}

    def mpe(
        self,
        given: Mapping[str, Any] | None = None,
        query: Sequence[str] = (),
        ranges: Mapping[str, tuple[Any, Any]] | None = None,
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
        ranges : dict of str to (low, high), optional
            Ranges of numbers that replace those of the training rows.
        gap : float, default=1e-3
            Difference in nats between the value and its upper bound that counts as proved.
        time_limit : float, default=60.0
            Seconds after which the best values found are returned.

        Returns
        -------
        values : dict of str to str
            The values; None for a level that has no name.
        score : float
            Their score.
        upper_bound : float
            No other values have a higher score.
        proved : bool
            Whether the two differ by at most ``gap``.

        Raises
        ------
        ValueError
            If the network is discriminative, or a value is not possible.
        """
        return self._most_probable(given, query, ranges, gap, time_limit)
