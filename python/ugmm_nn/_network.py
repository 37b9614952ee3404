"""What the classifier and the regressor share."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ugmm_nn._base import (
    Callback,
    TableEstimator,
    names_of,
    network_options,
    to_json,
)
from ugmm_nn._frames import Values, is_frame, kept_columns, make_frame
from ugmm_nn._native import Distribution, Frame, fit_network


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
            Numbers: ``predicted TARGET`` (the mean), ``standard deviation``, ``5 %``, ``median`` and ``95 %``. Values
            are missing for a row without any value that the model uses. The frame is one of polars or pyarrow (a
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
