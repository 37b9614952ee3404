"""Model files are shared with the command `ugmm`."""

import csv
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess

import numpy as np
import pandas as pd
import pytest

from ugmm_nn import UgmmClassifier, UgmmDensity, UgmmRegressor, load

UGMM = os.environ.get("UGMM") or shutil.which("ugmm")
pytestmark = pytest.mark.skipif(
    UGMM is None, reason="the program ugmm is neither in PATH nor named by the environment variable UGMM"
)


@pytest.fixture
def table(columns, tmp_path):
    path = tmp_path / "table.csv"
    frame = pd.DataFrame(columns)
    frame.to_csv(path, index=False, date_format="%Y-%m-%d")
    return path


def run(*arguments):
    subprocess.run([UGMM, *map(str, arguments)], check=True, capture_output=True, timeout=120)


def read(path):
    """The table that the command reads, as a frame."""
    texts = texts_of(path)
    kinds = {"size": float, "count": int, "kind": str, "seen": "True".__eq__, "day": str, "label": str}
    columns = {name: [kinds[name](text) if text else None for text in texts[name]] for name in texts}
    return pd.DataFrame(columns).astype({"day": "datetime64[us]"})


def texts_of(path):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    return {name: list(texts) for name, texts in zip(rows[0], zip(*rows[1:], strict=True), strict=True)}


def numbers_of(path, word):
    """The columns whose names have the word."""
    return {name: np.array(texts, dtype=float) for name, texts in texts_of(path).items() if word in name}


def test_the_command_predicts_the_same_bits(table, tmp_path):
    frame = read(table)
    classifier = UgmmClassifier(epochs=10).fit(frame.drop(columns="label"), frame["label"])
    classifier.save(tmp_path / "model.safetensors")
    run("predict", tmp_path / "model.safetensors", table, "-o", tmp_path / "predictions.csv")
    found = numbers_of(tmp_path / "predictions.csv", "probability of ")
    expected = classifier.predict_proba(frame.drop(columns="label"))
    assert [name.removeprefix("probability of ") for name in found] == classifier.classes_.tolist()
    assert np.array_equal(np.column_stack(list(found.values())).astype(np.float32), expected)
    decisions = next(iter(texts_of(tmp_path / "predictions.csv").values()))
    assert decisions == classifier.predict(frame.drop(columns="label")).tolist()


def test_the_package_predicts_the_same_bits(table, tmp_path):
    model = tmp_path / "model.safetensors"
    run("train", table, "--target", "label", "-o", model, "--ignore", "count", "--epochs", "10")
    run("predict", model, table, "-o", tmp_path / "predictions.csv")
    loaded = UgmmClassifier.load(model)
    frame = read(table)
    found = numbers_of(tmp_path / "predictions.csv", "probability of ")
    expected = np.column_stack(list(found.values())).astype(np.float32)
    # Columns that training ignored, and the target, may be in the frame or not.
    for rows in (frame, frame.drop(columns=["label", "count"])):
        assert np.array_equal(loaded.predict_proba(rows), expected)
    with pytest.raises(ValueError, match="kind"):
        loaded.predict(frame.drop(columns="kind"))


def test_both_train_the_same_model(table, tmp_path):
    run("train", table, "--target", "label", "-o", tmp_path / "model", "--validation", "0")
    frame = read(table)
    classifier = UgmmClassifier().fit(frame.drop(columns="label"), frame["label"])
    assert np.array_equal(
        load(tmp_path / "model").predict_proba(frame), classifier.predict_proba(frame.drop(columns="label"))
    )


def test_numbers(table, tmp_path):
    frame = read(table)
    features = frame.drop(columns=["label", "count"])
    regressor = UgmmRegressor(epochs=10).fit(features, frame["count"])
    regressor.save(tmp_path / "model")
    run("predict", tmp_path / "model", table, "-o", tmp_path / "predictions.csv")
    found = next(iter(numbers_of(tmp_path / "predictions.csv", "predicted").values()))
    assert np.array_equal(found.astype(np.float32), regressor.predict(features).astype(np.float32))


def test_densities(table, tmp_path):
    frame = read(table)
    density = UgmmDensity(epochs=3, members=1).fit(frame)
    density.save(tmp_path / "model")
    run("score", tmp_path / "model", table, "-o", tmp_path / "scores.csv")
    found = next(iter(numbers_of(tmp_path / "scores.csv", "likelihood").values()))
    assert np.array_equal(found.astype(np.float32), density.score_samples(frame).astype(np.float32))


def test_reports(table, tmp_path):
    frame = read(table)
    features = frame.drop(columns="label")
    classifier = UgmmClassifier(epochs=3, hidden=(4,)).fit(features, frame["label"])
    # The page names the model by its file, and in Python by its class.
    model = tmp_path / "UgmmClassifier.safetensors"
    classifier.save(model)
    run("report", model, "--data", table, "-o", tmp_path / "command.html")
    expected = (tmp_path / "command.html").read_text(encoding="utf-8")
    classifier.report(tmp_path / "page.html", features, frame["label"])
    found = (tmp_path / "page.html").read_text(encoding="utf-8")
    # Rows of a file are numbered by its lines, the first of which is the header.
    expected = re.sub(r'("number":|"row-)(\d+)', lambda row: f"{row[1]}{int(row[2]) - 1}", expected)
    assert found == expected.replace(model.name, "UgmmClassifier").replace(table.name, "the frame")


def test_sql(columns, table, tmp_path):
    database = sqlite3.connect(":memory:")
    try:
        database.execute("SELECT exp(1.0), ln(2.0)")
    except sqlite3.OperationalError:
        pytest.skip("this SQLite has no mathematical functions")
    frame = read(table)
    features = frame.drop(columns="label")
    classifier = UgmmClassifier(epochs=10, hidden=(8,)).fit(features, frame["label"])
    classifier.save(tmp_path / "model")
    run("export", tmp_path / "model", "-o", tmp_path / "model.sql", "--table", "a table")
    database.execute('CREATE TABLE "a table" (size REAL, count INTEGER, kind TEXT, seen TEXT, day TEXT, label TEXT)')
    texts = zip(*texts_of(table).values(), strict=True)
    database.executemany('INSERT INTO "a table" VALUES (?, ?, ?, ?, ?, ?)', texts)
    answer = database.execute((tmp_path / "model.sql").read_text(encoding="utf-8"))
    names = [column[0] for column in answer.description]
    places = [names.index(f"probability of {label}") for label in classifier.classes_]
    found = [[row[place] for place in places] for row in answer]
    assert np.allclose(found, classifier.predict_proba(features), atol=1e-5)


def test_models_of_earlier_versions_predict_the_same():
    models = pathlib.Path(__file__).parents[2] / "crates/ugmm-cli/tests/models"
    if not models.is_dir():
        pytest.skip("the repository is not here")
    pets = pd.read_csv(models / "pets.csv", parse_dates=["born"])
    words = {UgmmClassifier: "probability of ", UgmmRegressor: "predicted length", UgmmDensity: "log-likelihood"}
    files = sorted(models.glob("*/*.safetensors"))
    assert files
    for path in files:
        model = load(path)
        expected = np.column_stack(list(numbers_of(path.with_suffix(".csv"), words[type(model)]).values()))
        if isinstance(model, UgmmClassifier):
            found = model.predict_proba(pets)
        elif isinstance(model, UgmmRegressor):
            found = model.predict(pets)[:, None]
        else:
            found = model.score_samples(pets.assign(kind=None))[:, None]
        assert np.allclose(found, expected, atol=1e-5), path
