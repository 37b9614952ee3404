"""Conformal prediction: sets and intervals of the estimators."""

import numpy as np
import pytest

from ugmm_nn import UgmmClassifier, UgmmRegressor, load


def rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, a number, and classes in an order that is not that of their names."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(count, 2))
    number = X[:, 0] + random.normal(size=count) * (0.5 + np.abs(X[:, 1]))
    return X, number, np.array(["zero", "one", "many"])[np.clip(np.round(number), 0, 2).astype(int)]


def test_sets_hold_the_class_and_are_saved(tmp_path):
    X, _, classes = rows(400, 0)
    classifier = UgmmClassifier(conformal=True, folds=3, epochs=5).fit(X, classes)
    assert classifier.report_["conformal"]["rows"] == classifier.report_["validation_rows"] == 80
    new, _, right = rows(4000, 1)
    sets = classifier.predict_set(new, level=0.8)
    assert sets.shape == (4000, 3) and sets.dtype == bool
    places = np.searchsorted(classifier.classes_, right)
    assert 0.7 < sets[np.arange(4000), places].mean() < 0.95
    assert sets[np.arange(4000), np.searchsorted(classifier.classes_, classifier.predict(new))].all()
    assert sets.sum(axis=1).mean() < 2.5
    classifier.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(load(tmp_path / "m.safetensors").predict_set(new, 0.8), sets)
    # No set for a row without values.
    assert not classifier.predict_set([[np.nan, np.nan]]).any()


def test_intervals_hold_the_number():
    X, numbers, _ = rows(400, 2)
    new, right, _ = rows(4000, 3)
    regressor = UgmmRegressor(conformal=True, validation_fraction=0.3, epochs=5).fit(X, numbers)
    assert regressor.report_["conformal"]["rows"] == 120
    low, high = regressor.predict_interval(new, 0.8).T
    assert 0.7 < ((low <= right) & (right <= high)).mean() < 0.9
    # The quantiles stay those of the distribution.
    plain = regressor.predict_quantiles(new, [0.1, 0.9])
    assert np.abs(plain - np.stack([low, high], axis=1)).max() > 1e-3
    with pytest.raises(ValueError, match=r"no interval has a level of 0\.999 with 120 calibration rows"):
        regressor.predict_interval(new, 0.999)


def test_what_has_no_guarantee_is_refused():
    X, _, classes = rows(100, 4)
    with pytest.raises(ValueError, match="the model has no calibration rows; fit it with conformal=True"):
        UgmmClassifier(epochs=1).fit(X, classes).predict_set(X)
    with pytest.raises(ValueError, match="rows with weights are not"):
        UgmmClassifier(epochs=1, conformal=True).fit(X, classes, sample_weight=np.arange(100) + 1)
    classifier = UgmmClassifier(epochs=1, conformal=True).fit(X, classes)
    for level in [0, 1, -3, float("nan")]:
        with pytest.raises(ValueError, match="must be between 0 and 1"):
            classifier.predict_set(X, level)
    with pytest.raises(TypeError, match="level is 'a'"):
        classifier.predict_set(X, "a")
