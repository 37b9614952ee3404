"""The models: how each is trained on a fold, and what it predicts for the rows held out."""

import csv
import json
import re
import subprocess
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Protocol

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from compare_pytorch.failure import Failure

from .data import DataSet, Fold
from .metrics import accuracy

TARGET = "class"
# The program computes probabilities in f32.
SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Prediction:
    """What a model says about the rows held out."""

    probabilities: np.ndarray  # [rows, classes]
    seconds: float  # of training
    training_accuracy: float  # on the rows it was trained on
    converged: bool = True  # as far as the model tells


@dataclass(frozen=True)
class Problem:
    """One fold, in memory and as CSV files."""

    features: np.ndarray
    labels: np.ndarray
    held_out: np.ndarray
    classes: int
    training_csv: Path
    held_out_csv: Path


class Model(Protocol):
    """Something that can be trained."""

    key: str
    title: str

    def run(self, problem: Problem, seed: int, threads: int) -> Prediction:
        """Trains on all rows of the fold."""


@dataclass(frozen=True)
class Ours:
    """A model of the `ugmm` program."""

    key: str
    title: str
    arguments: tuple[str, ...]
    program: Path

    def run(self, problem: Problem, seed: int, threads: int) -> Prediction:
        """Calls `ugmm train` and `ugmm predict`; the time is the one that `ugmm train` reports."""
        directory = problem.training_csv.parent
        model, report, predicted = (directory / name for name in ("model.safetensors", "train.json", "predict.csv"))
        options = ["--threads", str(threads), "--json"]
        training = ["train", problem.training_csv, "--target", TARGET, "--output", model, "--validation", "0"]
        training += ["--task", "classification"]
        call(self.program, [*training, "--seed", str(seed), *self.arguments, *options, report])
        call(self.program, ["predict", model, problem.held_out_csv, "--output", predicted, "--threads", str(threads)])
        trained = _read(report)
        return Prediction(_probabilities(predicted, problem.classes), trained["seconds"], trained["training_metrics"]["accuracy"])


@dataclass(frozen=True)
class ScikitLearn:
    """A model of scikit-learn."""

    key: str
    title: str
    make: Callable[[int], object]  # by seed

    def run(self, problem: Problem, seed: int, threads: int) -> Prediction:
        """Fits it; the number of threads is set for the whole process."""
        model = self.make(seed)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            start = time.perf_counter()
            model.fit(problem.features, problem.labels)
            seconds = time.perf_counter() - start
        converged = not any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
        training_accuracy = accuracy(model.predict_proba(problem.features), problem.labels)
        return Prediction(model.predict_proba(problem.held_out), seconds, training_accuracy, converged)


def all_models(program: Path) -> list[Model]:
    """In the order of the tables; every setting is the preset's or scikit-learn's default."""
    return [
        Ours("ugmm", "uGMM", (), program),
        Ours("ugmm_generative", "uGMM generative", ("--objective", "generative"), program),
        Ours("ugmm_hybrid", "uGMM hybrid", ("--objective", "hybrid"), program),
        Ours("mlp", "MLP", ("--model", "mlp"), program),
        ScikitLearn("logistic", "logistic", lambda seed: make_pipeline(StandardScaler(), LogisticRegression())),
        ScikitLearn("boosting", "boosting", lambda seed: HistGradientBoostingClassifier(random_state=seed)),
    ]


def variants(program: Path, file: Path, directory: Path) -> list[Model]:
    """One model for each table such as `[wider]` of a TOML file, with the settings below it, and the MLP."""
    try:
        parts = re.split(r"^\[([^\[\]]+)\]\s*$", file.read_text(), flags=re.MULTILINE)
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{file} cannot be read: {error}") from error
    found = [Ours("mlp", "MLP", ("--model", "mlp"), program)]
    for number, (quoted, text) in enumerate(zip(parts[1::2], parts[2::2])):
        name = quoted.strip().strip("\"'")
        settings = directory / f"settings-{number}.toml"
        settings.write_text(text)
        found.append(Ours(name, name, ("--config", str(settings)), program))
    if len(found) == 1:
        raise Failure(f"{file} has no table such as [wider] with settings below it")
    return found


def call(program: Path, arguments: list) -> None:
    """Runs the program and refuses a failure with its message."""
    command = [str(argument) for argument in [program, *arguments]]
    try:
        result = subprocess.run(command, text=True, capture_output=True)
    except OSError as error:
        raise Failure(f"{program} cannot be run: {error.strerror}") from error
    if result.returncode != 0:
        message = result.stderr.strip() or f"exit status {result.returncode}, without a message"
        raise Failure(f"`{' '.join(command)}` failed: {message}")


def write_problem(data_set: DataSet, fold: Fold, directory: Path) -> Problem:
    """Writes the fold's files into `directory`, over those of the fold before."""
    columns = [f"x{column}" for column in range(data_set.features.shape[1])]
    features, labels = data_set.features[fold.training], data_set.labels[fold.training]
    held_out = data_set.features[fold.held_out]
    training_csv, held_out_csv = directory / "training.csv", directory / "held-out.csv"
    _write(training_csv, [*columns, TARGET], ([*row, label] for row, label in zip(features.tolist(), labels.tolist())))
    _write(held_out_csv, columns, held_out.tolist())
    return Problem(features, labels, held_out, data_set.classes, training_csv, held_out_csv)


def check(model: Model, problem: Problem, prediction: Prediction) -> None:
    """Refuses what are no probabilities."""
    check_probabilities(model.title, prediction.probabilities, (len(problem.held_out), problem.classes))


def check_probabilities(title: str, probabilities: np.ndarray, expected: tuple[int, int]) -> None:
    """Refuses what is no table of probabilities with this many rows and classes."""
    if probabilities.shape != expected:
        raise Failure(f"{title} predicted a table of {probabilities.shape} (rows, classes) instead of {expected}")
    sums = probabilities.sum(axis=1)
    # Written so that NaN is refused too.
    if not (np.abs(sums - 1) <= SUM_TOLERANCE).all() or not (probabilities >= 0).all():
        raise Failure(f"{title} predicted probabilities that are negative or do not sum to 1")


def _write(path: Path, header: list[str], rows) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _probabilities(path: Path, classes: int) -> np.ndarray:
    """The columns of a file of predictions that hold the probabilities of the labels 0, 1, …"""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return np.array([[float(row[f"probability of {label}"]) for label in range(classes)] for row in rows])


def _read(path: Path) -> dict:
    return json.loads(path.read_text())
