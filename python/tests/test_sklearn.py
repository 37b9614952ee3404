"""What scikit-learn expects of estimators, and what it does with them."""

import copy
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from ugmm_nn import UgmmClassifier, UgmmDensity, UgmmImputer, UgmmRegressor

_NEEDS_Y = "score_samples of a regressor is the log-density of given numbers; the check does not pass them"


# scikit-learn expects this failure of its own stochastic estimators, too.
_DRAWS_ROWS = (
    "the initial parameters and the order of rows are drawn, so that repeated rows draw others than weighted ones"
)


def _expected_failures(estimator):
    failures = {}
    if isinstance(estimator, (UgmmClassifier, UgmmRegressor)):
        failures["check_sample_weight_equivalence_on_dense_data"] = _DRAWS_ROWS
    if isinstance(estimator, UgmmRegressor):
        failures["check_methods_sample_order_invariance"] = _NEEDS_Y
        failures["check_methods_subset_invariance"] = _NEEDS_Y
    return failures


@parametrize_with_checks(
    [
        UgmmClassifier(epochs=20),
        UgmmRegressor(epochs=80),
        UgmmDensity(epochs=5, members=1),
        UgmmImputer(UgmmDensity(epochs=5, members=1)),
    ],
    expected_failed_checks=_expected_failures,
)
def test_scikit_learn(estimator, check):
    check(estimator)


def test_kinds():
    assert is_classifier(UgmmClassifier()) and is_regressor(UgmmRegressor())


def test_pipeline_and_grid_search(numbers):
    rows, classes = numbers
    pipeline = make_pipeline(StandardScaler(), SelectKBest(k=1), UgmmClassifier(epochs=3))
    grid = GridSearchCV(pipeline, {"ugmmclassifier__hidden": [[3], [5]]}, cv=2, error_score="raise").fit(rows, classes)
    assert grid.best_params_["ugmmclassifier__hidden"] in ([3], [5])
    assert grid.predict(rows).shape == (80,)


def test_cross_validation_in_processes(columns, features):
    frame = pd.DataFrame(features)
    scores = cross_val_score(UgmmClassifier(epochs=3), frame, columns["label"], cv=3, n_jobs=2, error_score="raise")
    assert np.array_equal(scores, cross_val_score(UgmmClassifier(epochs=3), frame, columns["label"], cv=3))


def test_probabilities_can_be_calibrated_and_combined(columns, features):
    frame = pd.DataFrame(features)
    calibrated = CalibratedClassifierCV(UgmmClassifier(epochs=3), cv=2).fit(frame, columns["label"])
    assert np.allclose(calibrated.predict_proba(frame).sum(axis=1), 1)
    rows = frame[["count"]]
    voting = VotingClassifier([("ugmm", UgmmClassifier(epochs=3)), ("linear", LogisticRegression())], voting="soft")
    assert voting.fit(rows, columns["label"]).predict(rows).shape == (len(rows),)


def test_regressors_in_scikit_learn(numbers):
    rows, _ = numbers
    regressor = UgmmRegressor(epochs=30)
    assert cross_val_predict(regressor, rows, rows[:, 0], cv=2).shape == (80,)
    both = MultiOutputRegressor(regressor).fit(rows, rows)
    assert both.predict(rows).shape == (80, 2)
    importances = permutation_importance(regressor.fit(rows, rows[:, 0]), rows, rows[:, 0], n_repeats=2, random_state=0)
    assert importances.importances_mean[0] > importances.importances_mean[1]


def test_imputer_in_a_pipeline(columns, features):
    frame = pd.DataFrame(features)
    imputer = UgmmImputer(UgmmDensity(epochs=2, members=1)).set_output(transform="pandas")
    numbers = ColumnTransformer([("numbers", imputer, ["size", "count"])], verbose_feature_names_out=False)
    pipeline = make_pipeline(numbers, LogisticRegression()).fit(frame, columns["label"])
    assert pipeline[:-1].get_feature_names_out().tolist() == ["size", "count"]
    assert pipeline.predict(frame).shape == (len(frame),)


@pytest.fixture(scope="module")
def fitted(columns, features):
    frame = pd.DataFrame(features)
    return {
        "classifier": UgmmClassifier(epochs=3, hidden=[4], class_weight="balanced").fit(frame, columns["label"]),
        "regressor": UgmmRegressor(epochs=3).fit(frame.drop(columns="count"), frame["count"]),
        "density": UgmmDensity(epochs=3, members=1).fit(frame),
        "imputer": UgmmImputer(UgmmDensity(epochs=3, members=1)).fit(frame),
    }


def answers(estimator, frame):
    if isinstance(estimator, UgmmImputer):
        estimator = estimator.density_
    if isinstance(estimator, UgmmDensity):
        return estimator.score_samples(frame)
    if isinstance(estimator, UgmmRegressor):
        return estimator.predict_quantiles(frame.drop(columns="count"))
    return estimator.predict_proba(frame)


def through_joblib(estimator, folder):
    joblib.dump(estimator, folder / "model.joblib", compress=3)
    return joblib.load(folder / "model.joblib")


COPIES = {
    "pickle": lambda estimator, folder: pickle.loads(pickle.dumps(estimator)),
    "joblib": through_joblib,
    "deepcopy": lambda estimator, folder: copy.deepcopy(estimator),
    "copy": lambda estimator, folder: copy.copy(estimator),
}


@pytest.mark.parametrize("name", ["classifier", "regressor", "density", "imputer"])
@pytest.mark.parametrize("make", COPIES.values(), ids=COPIES.keys())
def test_copies_predict_the_same_bits(name, make, fitted, features, tmp_path):
    estimator, frame = fitted[name], pd.DataFrame(features)
    again = make(estimator, tmp_path)
    assert np.array_equal(answers(again, frame), answers(estimator, frame))
    assert repr(again) == repr(estimator)
    assert again.feature_names_in_.tolist() == estimator.feature_names_in_.tolist()


def test_the_state_of_a_pickle_is_a_model_file(fitted, tmp_path):
    classifier = fitted["classifier"]
    classifier.save(tmp_path / "model.safetensors")
    assert classifier.__getstate__()["_model"] == (tmp_path / "model.safetensors").read_bytes()


def test_clones_are_not_fitted_and_keep_parameters(fitted):
    again = clone(fitted["classifier"])
    assert again.get_params() == fitted["classifier"].get_params()
    assert not hasattr(again, "classes_")


def test_damaged_pickles_are_refused(fitted):
    state = fitted["classifier"].__getstate__()
    for damaged in (
        state["_model"][:-5],
        state["_model"][:100],
        b"",
        state["_model"].replace(b"__metadata__", b"_" * 12),
    ):
        with pytest.raises(ValueError, match="the model"):
            UgmmClassifier().__setstate__(state | {"_model": damaged})


def test_class_weights_change_decisions_and_not_probabilities(numbers):
    rows, _ = numbers
    rare = (rows[:, 0] > 1).astype(int)
    balanced = UgmmClassifier(epochs=20, class_weight="balanced").fit(rows, rare)
    assert balanced.predict(rows).sum() > rare.sum()
    assert balanced.predict_proba(rows)[:, 1].mean() < 0.5
    favoured = UgmmClassifier(epochs=20, class_weight={1: 1e6}).fit(rows, rare)
    assert favoured.predict(rows).mean() > 0.9


@pytest.mark.parametrize(
    ("estimator", "loss"),
    [
        (UgmmClassifier, lambda measures: measures["log_loss"]),
        (UgmmRegressor, lambda measures: -measures["log_density"]),
    ],
)
def test_search_without_settings_chooses_from_a_small_grid(numbers, estimator, loss):
    rows, classes = numbers
    found = estimator(search=True, folds=2, epochs=2).fit(rows, classes).report_["search"]
    assert len({candidate["name"] for candidate in found}) == len(found) > 1
    (chosen,) = (candidate for candidate in found if candidate["chosen"])
    assert loss(chosen["measures"]) == min(loss(candidate["measures"]) for candidate in found)
