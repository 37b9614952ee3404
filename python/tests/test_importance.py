"""Importance of columns and their effects on predictions."""

import numpy as np
import pytest

from ugmm_nn import UgmmClassifier, UgmmRegressor, load


@pytest.fixture(scope="module")
def frame(features):
    return pytest.importorskip("pandas").DataFrame(features)


@pytest.fixture(scope="module")
def classifier(frame, columns):
    return UgmmClassifier(epochs=40, hidden=(12,)).fit(frame, columns["label"])


def test_the_columns_that_decide_are_important(classifier, frame, columns):
    found = classifier.importance(frame, columns["label"], n_repeats=4)
    assert found.columns == list(frame.columns)
    assert found.importances.shape == (5, 4) and found.rows == len(frame) and found.loss == "log-loss"
    np.testing.assert_allclose(found.importances_mean, found.importances.mean(axis=1))
    np.testing.assert_allclose(found.importances_std, found.importances.std(axis=1, ddof=1))
    by_name = dict(zip(found.columns, found.importances_mean, strict=True))
    assert min(by_name["size"], by_name["kind"]) > max(by_name[name] for name in ("count", "seen", "day"))
    assert found.contributions.shape == (5,) and (found.contributions >= 0).all()
    # The baseline is the log-loss of the predictions.
    probabilities = classifier.predict_proba(frame)
    places = [list(classifier.classes_).index(label) for label in columns["label"]]
    right = np.log(probabilities[np.arange(len(frame)), places].astype(float))
    assert found.baseline == pytest.approx(-right.mean(), rel=1e-4)


def test_results_depend_on_the_seed_only(classifier, frame, columns):
    def found(seed, jobs):
        classifier.set_params(n_jobs=jobs)
        return classifier.importance(frame, columns["label"], max_rows=50, random_state=seed).importances

    assert np.array_equal(found(1, 1), found(1, 3))
    assert not np.array_equal(found(1, 1), found(2, 1))


def test_effects_follow_the_order_of_the_classes(classifier, frame, tmp_path):
    found = classifier.effect(frame, "size", n_bins=6)
    assert found.labels[-1] is None and found.rows.sum() == len(frame)
    assert np.isnan(found.values[-1]) and (np.diff(found.values[:-1]) > 0).all()
    far = list(classifier.classes_).index("far")
    assert found.effects[-2, far] > 0.1 > -0.1 > found.effects[0, far]
    np.testing.assert_allclose(found.effects.sum(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(found.mean_prediction, classifier.predict_proba(frame).mean(axis=0), rtol=1e-4)
    classifier.save(tmp_path / "m.safetensors")
    again = load(tmp_path / "m.safetensors").effect(frame, "size", n_bins=6)
    assert np.array_equal(again.effects, found.effects)
    levels = classifier.effect(frame, "kind")
    assert levels.labels == ["fox", "owl", None]
    assert levels.effects[1, far] > levels.effects[0, far]
    assert classifier.effect(frame, "day").labels[0].startswith("2024-0")
    assert set(classifier.effect(frame, "seen").labels) == {"false", "true"}


def test_effects_of_numbers_are_in_their_units(numbers):
    rows, _ = numbers
    y = 100 * rows[:, 0] + 1000
    regressor = UgmmRegressor(epochs=60, hidden=(16,)).fit(rows, y)
    found = regressor.effect(rows, "x1", n_bins=5)
    assert found.effects.shape == found.values.shape == (6,)
    assert found.effects[-1] - found.effects[0] > 150
    assert found.mean_prediction == pytest.approx(y.mean(), abs=30)
    importance = regressor.importance(rows, y, n_repeats=1)
    assert importance.loss == "CRPS" and np.isnan(importance.importances_std).all()
    assert importance.importances_mean[0] > 5 * abs(importance.importances_mean[1])


def test_bad_input_is_explained(classifier, frame, columns):
    labels = columns["label"]
    with pytest.raises(ValueError, match="X has 120 rows, but y has 119"):
        classifier.importance(frame, labels[:-1])
    with pytest.raises(ValueError, match="only 1 row has a value of"):
        classifier.importance(frame[:1], labels[:1])
    with pytest.raises(ValueError, match="the model knows only the classes far, near"):
        classifier.importance(frame, ["elsewhere", *labels[1:]])
    with pytest.raises(ValueError, match="n_repeats is 0, but must be at least 1"):
        classifier.importance(frame, labels, n_repeats=0)
    with pytest.raises(ValueError, match="max_rows is 1.5"):
        classifier.effect(frame, "size", max_rows=1.5)
    with pytest.raises(ValueError, match="sise"):
        classifier.effect(frame, "sise")
    with pytest.raises(ValueError, match='no row has a value in the column "size"'):
        classifier.effect(frame.assign(size=np.nan), "size")
