"""Reports as one HTML page, and the HTML representation of estimators."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ugmm_nn import UgmmClassifier, UgmmDensity, UgmmRegressor


@pytest.fixture(scope="module")
def classifier(features, columns):
    return UgmmClassifier(epochs=3, hidden=(4,)).fit(frame_of(features), columns["label"])


def frame_of(columns):
    return pytest.importorskip("pandas").DataFrame(columns)


def page_of(estimator, folder, *arguments, **keywords):
    path = folder / "report.html"
    assert estimator.report(path, *arguments, **keywords) is None
    return path.read_text(encoding="utf-8")


def test_a_page_compares_predictions_with_y(classifier, features, columns, tmp_path):
    without, compared = (
        page_of(classifier, tmp_path, frame_of(features), y) for y in (None, np.asarray(columns["label"]))
    )
    assert all(page.startswith("<!DOCTYPE html>") and "UgmmClassifier" in page for page in (without, compared))
    assert "Brier score" in compared and "Brier score" not in without


def test_a_regressor_and_a_density_have_reports(numbers, tmp_path):
    rows, _ = numbers
    regressor = UgmmRegressor(epochs=3, hidden=(4,)).fit(rows, rows.sum(axis=1))
    assert "UgmmRegressor" in page_of(regressor, tmp_path, rows, rows.sum(axis=1))
    density = UgmmDensity(epochs=1, members=1).fit(rows)
    assert "UgmmDensity" in page_of(density, tmp_path, rows)


def test_rows_and_neurons_come_first(classifier, features, tmp_path):
    frame = frame_of(features)
    page = page_of(classifier, tmp_path, frame, rows=[7], neurons=["1.3"])
    other = page_of(classifier, tmp_path, frame, rows=[8], neurons=["1.2"])
    assert page != other
    assert page_of(classifier, tmp_path, frame, max_rows=10) != page_of(classifier, tmp_path, frame)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"rows": [0]}, "row 0"),
        ({"rows": [121]}, "row 121"),
        ({"rows": [1.5]}, "1.5"),
        ({"neurons": ["9.1"]}, "9.1"),
        ({"neurons": "1.1"}, "neurons"),
        ({"max_rows": 0}, "max_rows"),
        ({"max_rows": -1}, "max_rows"),
        ({"y": ["near"]}, "120 rows"),
        ({"y": ["elsewhere"] * 120}, "elsewhere"),
    ],
)
def test_what_does_not_exist_is_refused(classifier, features, tmp_path, keywords, message):
    path = tmp_path / "report.html"
    with pytest.raises((TypeError, ValueError), match=message):
        classifier.report(path, frame_of(features), **keywords)
    assert not path.exists()


def test_a_page_that_cannot_be_written_is_an_os_error(classifier, features, tmp_path):
    with pytest.raises(OSError, match="missing"):
        classifier.report(tmp_path / "missing" / "report.html", frame_of(features))


def test_a_notebook_shows_the_network_of_a_fitted_model(classifier, numbers):
    rows, classes = numbers
    for shown in (classifier._repr_html_(), classifier._repr_mimebundle_()["text/html"]):
        assert shown.count('role="img"') == 1 and "kind" in shown
    assert "<svg" not in UgmmClassifier()._repr_html_()
    assert "<svg" not in UgmmDensity(epochs=1, members=1).fit(rows)._repr_html_()
    pipeline = make_pipeline(StandardScaler(), UgmmClassifier(epochs=1, hidden=(2,))).fit(rows, classes)
    assert "UgmmClassifier" in pipeline._repr_html_()
