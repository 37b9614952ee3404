"""Weights of rows."""

import numpy as np
import pytest

from ugmm_nn import UgmmClassifier, UgmmDensity, UgmmRegressor

_RNG = np.random.default_rng(0)
X = _RNG.normal(size=(120, 2))
LABELS = np.where(X[:, 0] + 0.5 * _RNG.normal(size=120) > 0, "high", "low")
NUMBERS = 2 * X[:, 0] + 0.3 * _RNG.normal(size=120)
WEIGHTS = np.array([1.0, 0.0, 3.0, 2.0] * 30)


def _fitted(estimator, weights=None, keep=slice(None)):
    y = LABELS if isinstance(estimator, UgmmClassifier) else NUMBERS
    if isinstance(estimator, UgmmDensity):
        return estimator.fit(X[keep], sample_weight=weights).score_samples(X)
    fitted = estimator.fit(X[keep], y[keep], sample_weight=weights)
    return fitted.predict_proba(X) if isinstance(estimator, UgmmClassifier) else fitted.predict(X)


@pytest.mark.parametrize(
    "make",
    [
        lambda: UgmmClassifier(epochs=10),
        lambda: UgmmRegressor(epochs=10),
        lambda: UgmmDensity(epochs=5, members=1),
    ],
)
def test_only_ratios_of_weights_matter(make):
    weighted = _fitted(make(), WEIGHTS)
    np.testing.assert_array_equal(weighted, _fitted(make(), 4 * WEIGHTS))
    np.testing.assert_array_equal(weighted, _fitted(make(), WEIGHTS[WEIGHTS > 0], WEIGHTS > 0))
    np.testing.assert_array_equal(_fitted(make()), _fitted(make(), np.full(120, 3)))
    assert not np.array_equal(weighted, _fitted(make()))


def test_scores_are_weighted():
    classifier = UgmmClassifier(epochs=10).fit(X, LABELS, WEIGHTS)
    right = classifier.predict(X) == LABELS
    assert classifier.score(X, LABELS, WEIGHTS) == pytest.approx(np.average(right, weights=WEIGHTS))


def test_classes_of_weight_0_are_left_out():
    labels = np.where(WEIGHTS == 0, "none", LABELS)
    classifier = UgmmClassifier(epochs=2, class_weight={"high": 2.0}).fit(X, labels, WEIGHTS)
    assert classifier.classes_.tolist() == ["high", "low"]
    assert classifier.predict_proba(X).shape == (120, 2)


def test_weights_that_cannot_be_used_are_refused():
    for weights, message in [
        (-WEIGHTS, "[Nn]egative"),
        (WEIGHTS[1:], "sample_weight.shape"),
        (np.where(WEIGHTS == 3, np.inf, WEIGHTS), "infinity"),
        (0 * WEIGHTS, "all weights are 0|at least one non-zero"),
    ]:
        with pytest.raises(ValueError, match=message):
            UgmmClassifier(epochs=2).fit(X, LABELS, weights)
