"""What is measured on predicted probabilities [rows, classes] and right labels [rows], on predicted distributions of
numbers, and ranks."""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score

BINS = 15
# A probability of 0 for the right class would make the log-loss infinite.
SMALLEST_PROBABILITY = 1e-15

SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Metric:
    """A number to compare models by."""

    key: str
    title: str
    digits: int
    higher_is_better: bool = False
    factor: float = 1.0  # from the number kept to the number shown


METRICS = [
    Metric("accuracy", "Accuracy, %", 2, higher_is_better=True, factor=100.0),
    Metric("log_loss", "Log-loss", 4),
    Metric("brier", "Brier score", 4),
    Metric("ece", f"ECE, {BINS} bins, %", 2, factor=100.0),
]


# Levels of the quantiles that a distribution of a number is measured by.
LEVELS = np.arange(1, 20) / 20
CLASS_METRICS = [*METRICS, Metric("auc", "Area under ROC curve, %", 2, higher_is_better=True, factor=100.0)]
# In units of the standard deviation of the table's target.
NUMBER_METRICS = [
    Metric("rmse", "RMSE", 4),
    Metric("crps", "CRPS", 4),
    Metric("pinball", "Pinball loss at 5 and 95 %", 4),
    Metric("coverage_error", "Distance of the coverage of 90 % intervals from 90 %, points", 1, factor=100.0),
    Metric("coverage", "Coverage of 90 % intervals, %", 1, factor=100.0),
    Metric("width", "Width of 90 % intervals", 3),
]
# Metrics of which neither more nor less is better.
UNRANKED = {"coverage", "width"}


def measure(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """All of `METRICS`."""
    return {
        "accuracy": accuracy(probabilities, labels),
        "log_loss": log_loss(probabilities, labels),
        "brier": brier(probabilities, labels),
        "ece": calibration_error(probabilities, labels),
    }


def measure_numbers(mean: np.ndarray, quantiles: np.ndarray, targets: np.ndarray, unit: float) -> dict[str, float]:
    """All of `NUMBER_METRICS` but `coverage_error`, which only all folds together have; quantiles are [rows, LEVELS]."""
    missed = targets[:, None] - quantiles
    pinball = np.maximum(LEVELS * missed, (LEVELS - 1) * missed).mean(axis=0) / unit
    low, high = quantiles[:, 0], quantiles[:, -1]
    return {
        "rmse": float(np.sqrt(np.mean((mean - targets) ** 2)) / unit),
        # The integral of twice the pinball loss over all levels, here the mean over LEVELS.
        "crps": float(2 * pinball.mean()),
        "pinball": float(pinball[[0, -1]].mean()),
        "coverage": float(np.mean((low <= targets) & (targets <= high))),
        "width": float(np.mean(high - low) / unit),
    }


def auc(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Area under the ROC curve: of the second of two classes, else the mean over classes, each against the rest."""
    if probabilities.shape[1] == 2:
        return float(roc_auc_score(labels, probabilities[:, 1]))
    each = [roc_auc_score(labels == label, probabilities[:, label]) for label in range(probabilities.shape[1])]
    return float(np.mean(each))


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Share of rows whose most probable class is the right one."""
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -ln P(right class)."""
    right = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(right, SMALLEST_PROBABILITY)).mean())


def brier(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean over rows of the squared distance to the one-hot label, summed over classes: from 0 to 2."""
    right = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - right) ** 2).sum(axis=1).mean())


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error of the predicted class (Guo et al. 2017, arXiv 1706.04599): rows go into the bins
    (0, 1/15], ..., (14/15, 1] by the probability of their most probable class; of |accuracy - mean probability| in each
    bin the mean, weighted by rows."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(labels))


def ranks(values: list[float], higher_is_better: bool) -> np.ndarray:
    """1 for the best; equal values share the mean of their ranks."""
    keys = -np.array(values) if higher_is_better else np.array(values)
    better = (keys[None, :] < keys[:, None]).sum(axis=1)
    equal = (keys[None, :] == keys[:, None]).sum(axis=1)
    return better + (equal + 1) / 2


def critical_difference(models: int, tables: int) -> float:
    """Of mean ranks, by the Nemenyi test (Demšar 2006, section 3.2.2) at the level SIGNIFICANCE."""
    quantile = stats.studentized_range.ppf(1 - SIGNIFICANCE, models, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(models * (models + 1) / (6 * tables)))
