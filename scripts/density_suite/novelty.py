"""Whether rows of a class that was left out of training are noticed, by densities and by detectors of scikit-learn."""

from pathlib import Path

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KernelDensity, LocalOutlierFactor

from tabular_suite.data import DataSet

from .data import Split, standardized
from .program import Ours

MODELS = ["uGMM circuit", "IsolationForest", "LocalOutlierFactor", "KernelDensity"]


def measure(program: Path, data_set: DataSet, directory: Path) -> list[float]:
    """Areas under the ROC curve of `MODELS`, the mean over the classes, each of which is left out in turn: a quarter of the
    other rows against all of its own. No model sees a label."""
    areas = []
    for left_out in range(data_set.classes):
        known = np.flatnonzero(data_set.labels != left_out)
        new = np.flatnonzero(data_set.labels == left_out)
        learned, ordinary = train_test_split(known, test_size=0.25, random_state=0)
        # Columns that do not vary among the rows learned from say nothing.
        varies = data_set.features[learned].std(axis=0) > 0
        values, asked = data_set.features[:, varies], np.concatenate([ordinary, new])
        # The program gets the table as it is, whole numbers as such.
        raw = Split(values[learned], values[:0], values[asked])
        split = standardized(values, learned, learned[:0], asked)
        is_new = np.arange(len(split.test)) >= len(ordinary)
        areas.append([roc_auc_score(is_new, surprise) for surprise in _surprises(program, raw, split, directory)])
    return [float(area) for area in np.mean(areas, axis=0)]


def _surprises(program: Path, raw: Split, split: Split, directory: Path) -> list[np.ndarray]:
    """How unusual the test rows are, by each model with its defaults; of the structures that `ugmm train` would compare, the one
    that it chooses most often."""
    density = Ours(program, directory).fit(raw, ["--structure", "chow-liu"], 0)
    return [
        # What a column cannot be makes a row impossible, which is as surprising as can be.
        np.minimum(-density(raw.test), np.finfo(float).max),
        -IsolationForest(random_state=0).fit(split.training).score_samples(split.test),
        -LocalOutlierFactor(novelty=True).fit(split.training).score_samples(split.test),
        -KernelDensity(bandwidth="scott").fit(split.training).score_samples(split.test),
    ]
