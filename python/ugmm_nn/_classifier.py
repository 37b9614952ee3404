"""The classifier."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin

from ugmm_nn._base import Callback, names_of, real_number, value_text, whole_number
from ugmm_nn._frames import Coded, Values, is_frame, make_frame
from ugmm_nn._native import Frame, Model
from ugmm_nn._network import NetworkEstimator
from ugmm_nn._target import labels_of, target_name


class UgmmClassifier(ClassifierMixin, NetworkEstimator):
    """Classifier whose neurons are Gaussian mixtures.

    Parameters
    ----------
    hidden : sequence of int, optional
        Sizes of the hidden layers; the preset decides by default.
    epochs, batch_size : int, optional
        Passes over the training rows, and rows of a training step; the preset decides by default.
    learning_rate : float, optional
        Highest learning rate of the schedule; the preset decides by default.
    objective : {"discriminative", "generative", "hybrid"}, optional
        What training maximises: the probability of the label, the joint score of features and label, or both.
        ``sample`` and ``mpe`` need one of the last two.
    class_weight : "balanced" or dict, optional
        Weights of the classes in training and for the decision. Probabilities still follow the frequencies of the
        classes.
    patience : int, optional
        Hold out a tenth of the training rows, and stop when their loss has not improved for this number of epochs.
    folds : int, optional
        Measure the model by cross-validation, and calibrate its probabilities with the temperature that fits the
        folds' predictions best.
    search : bool or dict, default=False
        Choose settings by cross-validation: from a small grid, or from a dict of settings by name.
    validation_fraction : float, default=0.0
        Share of the rows to hold out for the measures in ``report_``.
    conformal : bool, default=False
        Let the held-out rows (a fifth if ``validation_fraction`` is 0), here a simple random sample, calibrate
        ``predict_set``, so that its sets hold the class of a new row with at least the stated probability.
    preset : {"best", "paper"}, default="best"
        Settings that are not given: those that learn best, or those of the paper.
    model : {"ugmm", "mlp"}, default="ugmm"
        Kind of network; "mlp" is a feed-forward network for comparison.
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
        Finer settings, such as ``{"label_smoothing": 0.1}``.
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
    classes_ : ndarray of shape (n_classes,)
        The classes.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if training had names.
    report_ : dict
        Measures and history of training.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from ugmm_nn import UgmmClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = UgmmClassifier().fit(X[::2], y[::2])
    >>> classifier.score(X[1::2], y[1::2]) > 0.9
    True
    """

    def __init__(
        self,
        *,
        hidden: Sequence[int] | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        objective: str | None = None,
        class_weight: str | Mapping[Any, float] | None = None,
        patience: int | None = None,
        folds: int | None = None,
        search: bool | Mapping[str, Mapping[str, Any]] = False,
        validation_fraction: float = 0.0,
        conformal: bool = False,
        preset: str = "best",
        model: str = "ugmm",
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
        self.objective = objective
        self.class_weight = class_weight
        self.patience = patience
        self.folds = folds
        self.search = search
        self.validation_fraction = validation_fraction
        self.conformal = conformal
        self.preset = preset
        self.model = model
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
        """Train the classifier.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Training rows. Numbers, booleans, dates, texts and categories are used as they are, and missing values need
            not be imputed.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), optional
            A weight of each row, at least 0: a row of weight 2 counts as two rows, and one of weight 0 is left out.
            Only ratios of weights matter.
        callback : callable, optional
            Receives a dict after each epoch: "stage", "epoch", "epochs", "training" (the loss) and more.

        Returns
        -------
        UgmmClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If the rows, the labels or a parameter cannot be used.
        """
        labels = labels_of(y)
        weights = self._weights(X, sample_weight)
        unique, codes = np.unique(labels, return_inverse=True)
        classes = unique.tolist()
        texts = [value_text(label).strip() for label in classes]
        for index, text in enumerate(texts):
            if not text:
                raise ValueError(f"the label {classes[index]!r} has no text; give it a name")
            if texts.index(text) < index:
                raise ValueError(
                    f"the labels {classes[texts.index(text)]!r} and {classes[index]!r} differ only in blanks or types; "
                    "give them different names"
                )
        values = ("text", [texts[code] for code in codes])
        # Rows of weight 0 are left out, and classes that only they have.
        counted = np.unique(codes if weights is None or len(weights) != len(codes) else codes[weights > 0])
        self.classes_, texts = unique[counted], [texts[code] for code in counted]
        of_classes, name = self._class_weights(texts), target_name(y)
        self._fit(X, values, name, classification=True, class_weights=of_classes, callback=callback, weights=weights)
        self._order_classes(texts)
        return self

    def _target_values(self, y: Any) -> Values:
        return "text", [value_text(label).strip() for label in labels_of(y).tolist()]

    def _class_weights(self, texts: Sequence[str]) -> object:
        if self.class_weight is None or (isinstance(self.class_weight, str) and self.class_weight == "balanced"):
            return self.class_weight
        if isinstance(self.class_weight, Mapping):
            weights = {
                value_text(label): real_number(f"the class weight of {label!r}", weight)
                for label, weight in self.class_weight.items()
            }
            return {"by_label": {**dict.fromkeys(texts, 1.0), **weights}}
        raise ValueError(f"class_weight is {self.class_weight!r}, but must be None, 'balanced' or a dict")

    def _order_classes(self, texts: Sequence[str]) -> None:
        """Finds the place of each of the model's classes among `classes_`."""
        self._places = np.array([texts.index(text) for text in self._model.classes or []])

    @classmethod
    def _of_model(cls, model: Model) -> Self:
        texts = model.classes
        if texts is None or model.engine != "network":
            raise ValueError("the file is no model of classes; load it with ugmm_nn.load")
        estimator = cls._fitted_by(model)
        labels = _labels(texts)
        order = np.argsort(labels, kind="stable")
        estimator.classes_ = labels[order]
        estimator._places = np.argsort(order, kind="stable")
        return estimator

    def predict_log_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            log P(class | row), in the order of ``classes_``; NaN for a row without any value that the model uses.
        """
        logs, _ = self._predicted(X, logarithms=True)
        return logs

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Probabilities of the classes.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            P(class | row), in the order of ``classes_``; each row sums to 1. NaN for a row without any value that the
            model uses.
        """
        probabilities, _ = self._predicted(X, logarithms=False)
        return probabilities

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predicted classes.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples,)
            The most probable class of each row; with class weights, the class of the highest weighted probability.

        Raises
        ------
        ValueError
            If a row has no value that the model uses.
        """
        _, decisions = self._predicted(X, logarithms=False)
        if (decisions < 0).any():
            row = int(np.argmax(decisions < 0))
            raise ValueError(f"row {row + 1} has no value that the model uses, so no class can be predicted for it")
        return np.asarray(self.classes_[self._places[decisions]])

    def predict_set(self, X: Any, level: float = 0.9) -> npt.NDArray[np.bool_]:
        """Prediction sets of an estimator that was fitted with ``conformal=True``.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict.
        level : float, default=0.9
            Probability, between 0 and 1, with which the set of a new row holds its class at least. It is over the draws of
            the rows of ``fit`` and of the new row, which must be exchangeable. It holds in each of the categories into which
            classes with few rows are gathered as well.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Whether each class, in the order of ``classes_``, is in the set of the row. The predicted class always is.
            No class is in the set of a row without any value that the model uses.

        Raises
        ------
        ValueError
            If the estimator was fitted without ``conformal``.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from ugmm_nn import UgmmClassifier
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> classifier = UgmmClassifier(conformal=True, epochs=20).fit(X[::2], y[::2])
        >>> sets = classifier.predict_set(X[1::2], level=0.9)
        >>> sets.shape, bool(sets[range(len(sets)), y[1::2]].mean() > 0.8)
        ((284, 2), True)
        """
        if not 0 < real_number("level", level) < 1:
            raise ValueError(f"level is {level}, but must be between 0 and 1")
        frame = self._frame(X)
        if not self._model.is_conformal:
            raise ValueError("the model has no calibration rows; fit it with conformal=True")
        sets = self._model.predict_sets(frame, float(level), self._threads())
        ordered = np.empty_like(sets)
        ordered[:, self._places] = sets
        return ordered

    def _prediction_columns(self, frame: Frame) -> dict[str, Any]:
        # The native module predicts at least one row.
        probabilities, decisions = np.empty((0, len(self.classes_)), np.float32), np.empty(0, np.int64)
        if frame.rows:
            probabilities, decisions = self._predicted_rows(frame, logarithms=False)
        labels = Coded(self.classes_[self._places], decisions)
        columns: dict[str, Any] = {f"predicted {self._model.target}": labels}
        for label, values in zip(self.classes_.tolist(), probabilities.T, strict=True):
            columns[f"probability of {value_text(label)}"] = np.ascontiguousarray(values)
        return columns

    def _predicted(self, X: Any, *, logarithms: bool) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        return self._predicted_rows(self._frame(X), logarithms=logarithms)

    def _predicted_rows(
        self, frame: Frame, *, logarithms: bool
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        of_classes, decisions = self._model.predict_classes(frame, logarithms, self._threads())
        return self._ordered(of_classes), decisions

    def _ordered(self, of_classes: npt.NDArray[Any]) -> npt.NDArray[Any]:
        ordered = np.empty_like(of_classes)
        ordered[:, self._places] = of_classes
        return ordered

    def entropy(self, X: Any) -> npt.NDArray[np.float32]:
        """Entropy of the predicted probabilities.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples,)
            Nats, from 0 (certain) to the logarithm of the number of classes.
        """
        logs = self.predict_log_proba(X)
        return np.asarray(np.maximum(-(np.exp(logs) * np.where(np.isneginf(logs), 0, logs)).sum(axis=1), 0))

    def certify(
        self, X: Any, epsilon: float, *, keep: Sequence[str] = (), boxes: int = 1000, attack_steps: int = 50
    ) -> Any:
        """Prove for each row that a small change of its numbers cannot change the class.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows to certify.
        epsilon : float
            Largest change of each number, in units of the scaled inputs (standard deviations by default); at least 0.
        keep : sequence of str, default=()
            Columns that do not change.
        boxes : int, default=1000
            Largest number of boxes that the proof of a row splits into.
        attack_steps : int, default=50
            Steps of the search for a counter-example.

        Returns
        -------
        frame or ndarray
            Columns ``class``, ``verdict`` ("proved", "disproved" or "undecided") and ``becomes``, the class of a
            counter-example or None. A frame if ``X`` is one, otherwise an array of objects of shape (n_samples, 3).
        """
        frame, threads = self._frame(X), self._threads()
        decided, verdicts, others = self._model.certify(
            frame,
            real_number("epsilon", epsilon),
            names_of("keep", keep),
            whole_number("boxes", boxes),
            whole_number("attack_steps", attack_steps),
            threads,
        )
        classes = self.classes_.tolist()

        def labels(indices: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
            known = [classes[self._places[index]] if index >= 0 else None for index in indices]
            return np.array(known, dtype=object)

        columns = {"class": labels(decided), "verdict": np.array(verdicts, dtype=object), "becomes": labels(others)}
        return make_frame(columns, X) if is_frame(X) else np.column_stack(list(columns.values()))


def _labels(texts: Sequence[str]) -> npt.NDArray[Any]:
    """Labels of a model file as booleans, integers or numbers if all are such, or else as texts."""
    if set(texts) <= {"true", "false"}:
        return np.array([text == "true" for text in texts])
    for kind in (int, float):
        try:
            values = [kind(text) for text in texts]
        except ValueError:
            continue
        # Not "007" or "1_000", which would be other texts afterwards.
        if [value_text(value) for value in values] == list(texts):
            return np.array(values)
    return np.array(list(texts), dtype=object)
