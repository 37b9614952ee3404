"""The regressor."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin

from ugmm_nn._base import Callback, real_number
from ugmm_nn._frames import Values
from ugmm_nn._native import Distribution, Frame, Model
from ugmm_nn._network import NetworkEstimator
from ugmm_nn._target import numbers_of, target_name


class UgmmRegressor(RegressorMixin, NetworkEstimator):
    """Regressor that predicts the density of a number, whose neurons are Gaussian mixtures.

    Parameters
    ----------
    hidden : sequence of int, optional
        Sizes of the hidden layers; the preset decides by default.
    epochs, batch_size : int, optional
        Passes over the training rows, and rows of a training step; the preset decides by default.
    learning_rate : float, optional
        Highest learning rate of the schedule; the preset decides by default.
    patience : int, optional
        Hold out a tenth of the training rows, and stop when their loss has not improved for this number of epochs.
    folds : int, optional
        Measure the model by cross-validation, and fit the width of its densities to the folds' predictions.
    search : bool or dict, default=False
        Choose settings by cross-validation: from a small grid, or from a dict of settings by name.
    validation_fraction : float, default=0.0
        Share of the rows to hold out for the measures in ``report_``.
    conformal : bool, default=False
        Let the held-out rows (a fifth if ``validation_fraction`` is 0), here a simple random sample, calibrate
        ``predict_interval``, so that its intervals hold the number of a new row with at least the stated
        probability.
    preset : {"best", "paper"}, default="best"
        Settings that are not given: those that learn best, or those of the paper.
    scaling : {"standard", "quantile", "none"}, default="standard"
        How numbers are scaled.
    ordinal : dict or sequence of str, default=()
        Columns whose categories have an order, with the order if it is not that of the texts.
    numeric, categorical, ignore : sequence of str, default=()
        Columns to take as numbers, to take as categories, and to leave out.
    missing : sequence of str, default=()
        Further texts that mark missing values, such as "-999".
    keep_text : sequence of str, default=()
        Columns in which texts such as "NA" and "none" are values and not missing.
    settings : dict, optional
        Finer settings, such as ``{"crps_weight": 2.0}``.
    time_limit : float, optional
        Seconds for all training together.
    checkpoint : path-like, optional
        File that an interrupted training leaves. It is deleted when training has ended.
    resume : bool, default=False
        Resume from the checkpoint if it exists.
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
        Measures and history of training.

    Examples
    --------
    >>> import numpy as np
    >>> from ugmm_nn import UgmmRegressor
    >>> X = np.linspace(0, 1, 200)[:, np.newaxis]
    >>> regressor = UgmmRegressor(epochs=40).fit(X, 3 * X[:, 0])
    >>> low, high = regressor.predict_interval([[0.5]], 0.9)[0]
    >>> bool(low < 1.5 < high)
    True
    """

    # The only objective for numbers.
    objective = None
    # Regression needs a density, which a feed-forward network does not give.
    model = "ugmm"

    def __init__(
        self,
        *,
        hidden: Sequence[int] | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        patience: int | None = None,
        folds: int | None = None,
        search: bool | Mapping[str, Mapping[str, Any]] = False,
        validation_fraction: float = 0.0,
        conformal: bool = False,
        preset: str = "best",
        scaling: str = "standard",
        ordinal: Mapping[str, Sequence[Any] | None] | Sequence[str] = (),
        numeric: Sequence[str] = (),
        categorical: Sequence[str] = (),
        ignore: Sequence[str] = (),
        missing: Sequence[str] = (),
        keep_text: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
        time_limit: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        verbose: bool = False,
        random_state: int | np.random.RandomState | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.patience = patience
        self.folds = folds
        self.search = search
        self.validation_fraction = validation_fraction
        self.conformal = conformal
        self.preset = preset
        self.scaling = scaling
        self.ordinal = ordinal
        self.numeric = numeric
        self.categorical = categorical
        self.ignore = ignore
        self.missing = missing
        self.keep_text = keep_text
        self.settings = settings
        self.time_limit = time_limit
        self.checkpoint = checkpoint
        self.resume = resume
        self.verbose = verbose
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, callback: Callback | None = None) -> Self:
        """Train the regressor.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Training rows. Numbers, booleans, dates, texts and categories are used as they are, and missing values need
            not be imputed.
        y : array-like of shape (n_samples,)
            Numbers.
        sample_weight : array-like of shape (n_samples,), optional
            A weight of each row, at least 0: a row of weight 2 counts as two rows, and one of weight 0 is left out.
            Only ratios of weights matter.
        callback : callable, optional
            Receives a dict after each epoch: "stage", "epoch", "epochs", "training" (the loss) and more.

        Returns
        -------
        UgmmRegressor
            The estimator itself.

        Raises
        ------
        ValueError
            If the rows, the numbers or a parameter cannot be used.
        """
        values, name = ("float", numbers_of(y, self)), target_name(y)
        weights = self._weights(X, sample_weight)
        self._fit(X, values, name, classification=False, class_weights=None, callback=callback, weights=weights)
        return self

    def _target_values(self, y: Any) -> Values:
        return "float", numbers_of(y)

    @classmethod
    def _of_model(cls, model: Model) -> Self:
        if model.engine != "network" or model.classes is not None:
            raise ValueError("the file is no model of a number; load it with ugmm_nn.load")
        return cls._fitted_by(model)

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Mean of the predicted density of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples,)
            The means; NaN for a row without any value that the model uses.
        """
        return self._numbers(X)[0]

    def predict_std(self, X: Any) -> npt.NDArray[np.float64]:
        """Standard deviation of the predicted density of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples,)
            The standard deviations.
        """
        return self._numbers(X)[1]

    def predict_quantiles(self, X: Any, quantiles: Sequence[float] = (0.05, 0.5, 0.95)) -> npt.NDArray[np.float64]:
        """Quantiles of the predicted density of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict.
        quantiles : sequence of float, default=(0.05, 0.5, 0.95)
            Probabilities from 0 to 1.

        Returns
        -------
        ndarray of shape (n_samples, n_quantiles)
            The quantiles.
        """
        if isinstance(quantiles, str) or not isinstance(quantiles, Iterable):
            raise TypeError(f"quantiles is {quantiles!r}, but must be a sequence of numbers")
        probabilities = [real_number("a quantile", probability) for probability in quantiles]
        for probability in probabilities:
            if not 0 <= probability <= 1:
                raise ValueError(f"a quantile is {probability}, but must be from 0 to 1")
        return self._numbers(X, probabilities)[2]

    def predict_interval(self, X: Any, coverage: float = 0.9) -> npt.NDArray[np.float64]:
        """Prediction interval of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict.
        coverage : float, default=0.9
            Probability that the interval holds the number, between 0 and 1. The same probability lies below and above.
            After a fit with ``conformal=True`` it is the least probability with which the interval of a new row holds its
            number, over the draws of the rows of ``fit`` and of the new row, which must be exchangeable.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Lower and upper end.

        Raises
        ------
        ValueError
            If ``coverage`` is not between 0 and 1, or too high for the calibration rows of ``conformal=True``.
        """
        if not 0 < real_number("coverage", coverage) < 1:
            raise ValueError(f"coverage is {coverage}, but must be between 0 and 1")
        frame = self._frame(X)
        share = self._model.interval_share(float(coverage))
        return self._model.predict_numbers(frame, [(1 - share) / 2, (1 + share) / 2], None, self._threads())[2]

    def predict_density(self, X: Any) -> list[Distribution]:
        """Predicted density of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        list of Distribution
            With the methods ``mean``, ``std``, ``quantile``, ``cdf`` and ``pdf``.
        """
        frame = self._frame(X)
        return self._model.distributions(frame, self._model.target or "", self._threads())

    def score_samples(self, X: Any, y: Any) -> npt.NDArray[np.float64]:
        """Log-density of each number under the prediction for its row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict.
        y : array-like of shape (n_samples,)
            Numbers.

        Returns
        -------
        ndarray of shape (n_samples,)
            log p(y | row), in nats.
        """
        return self._numbers(X, at=numbers_of(y))[3]

    def _prediction_columns(self, frame: Frame) -> dict[str, Any]:
        # The native module predicts at least one row.
        means, deviations, quantiles = np.empty(0), np.empty(0), np.empty((0, 3))
        if frame.rows:
            probabilities = [0.05, 0.5, 0.95]
            means, deviations, quantiles, _ = self._model.predict_numbers(frame, probabilities, None, self._threads())
        names = ("5 %", "median", "95 %")
        of_quantiles = zip(names, np.ascontiguousarray(quantiles.T), strict=True)
        return {f"predicted {self._model.target}": means, "standard deviation": deviations, **dict(of_quantiles)}

    def _numbers(
        self, X: Any, quantiles: Sequence[float] = (), at: npt.NDArray[np.float64] | None = None
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        frame = self._frame(X)
        if at is not None and len(at) != frame.rows:
            raise ValueError(f"X has {frame.rows} rows, but y has {len(at)} numbers; give one for each row")
        values = None if at is None else at.tolist()
        return self._model.predict_numbers(frame, list(quantiles), values, self._threads())
