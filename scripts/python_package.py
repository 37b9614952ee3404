#!/usr/bin/env python3
"""Measures the Python package: sizes, imports, and times against the command and scikit-learn's boosting.

    pip install '.[frames]' && scripts/python_package.py --ugmm target/release/ugmm --wheel target/wheels/*.whl

Times are processor time of all threads, the fastest of several runs in turn, so that other work on the machine matters little.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from sklearn.ensemble import HistGradientBoostingClassifier

from ugmm_nn import UgmmClassifier, load


def table(rows, seed=0):
    """A table of 15 numbers, 4 categories and a date, of which some decide the label."""
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, 15))
    columns = {f"number {i + 1}": numbers[:, i] for i in range(15)}
    for i in range(4):
        columns[f"category {i + 1}"] = pd.Categorical.from_codes(random.integers(0, 6, rows), list("abcdef"))
    columns["date"] = np.datetime64("2020-01-01") + random.integers(0, 1000, rows).astype("timedelta64[D]")
    score = (
        numbers[:, 0] * numbers[:, 1] + numbers[:, 2] + (columns["category 1"].codes == 3) + random.normal(size=rows)
    )
    columns["label"] = np.where(score > 0.5, "yes", "no")
    return pd.DataFrame(columns)


def seconds(work):
    """Processor time of this process and its children that `work` takes."""

    def spent():
        who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        return sum(sum(resource.getrusage(one)[:2]) for one in who)

    began = spent()
    work()
    return spent() - began


def in_turn(works, runs):
    """The smallest processor time of each of the works, and the results of their last runs."""
    found = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            found[name].append(seconds(work))
    return {name: min(times) for name, times in found.items()}


def import_seconds(module):
    program = f"import time; began = time.perf_counter(); {module}; print(time.perf_counter() - began)"
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in range(7)
    ]
    return statistics.median(float(run.stdout) for run in runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ugmm", type=pathlib.Path, required=True, help="the command")
    parser.add_argument("--wheel", type=pathlib.Path, help="the package's wheel")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to predict [default: 1000000]")
    parser.add_argument("--training-rows", type=int, default=20_000, help="rows to train on [default: 20000]")
    parser.add_argument("--runs", type=int, default=3, help="runs of each [default: 3]")
    options = parser.parse_args()
    ugmm = options.ugmm.resolve()

    def command(*arguments):
        subprocess.run([ugmm, *map(str, arguments)], check=True, capture_output=True)

    if options.wheel:
        print(f"wheel: {options.wheel.stat().st_size / 1e6:.1f} MB")
    imports = {
        "import ugmm_nn": "import ugmm_nn",
        "the same and UgmmClassifier": "from ugmm_nn import UgmmClassifier",
        "scikit-learn's HistGradientBoostingClassifier": "from sklearn.ensemble import HistGradientBoostingClassifier",
    }
    for name, statement in imports.items():
        print(f"{name}: {import_seconds(statement):.3f} s")

    os.chdir(tempfile.mkdtemp())
    known, new = table(options.training_rows), table(options.rows, seed=1)
    X, y = known.drop(columns="label"), known["label"]
    X_new, y_new = new.drop(columns="label"), new["label"]
    known.to_csv("known.csv", index=False, date_format="%Y-%m-%d")
    rows = pa.Table.from_pandas(X_new, preserve_index=False)
    pyarrow.parquet.write_table(rows, "new.parquet")

    # Boosting has no dates.
    boosted = X.assign(date=X["date"].astype("int64")), X_new.assign(date=X_new["date"].astype("int64"))
    boosting = HistGradientBoostingClassifier(categorical_features="from_dtype")
    settings = ("--target", "label", "--epochs", "10", "--validation", "0")
    fitted = {}

    def fit(name, estimator, X):
        fitted[name] = estimator.fit(X, y)

    works = {
        "command, from CSV": lambda: command("train", "known.csv", *settings, "-o", "model", "--json", "report.json"),
        "package, from a frame of pandas": lambda: fit("package", UgmmClassifier(epochs=10), X),
        "HistGradientBoosting": lambda: fit("boosting", boosting, boosted[0]),
    }
    print(f"\nfit on {options.training_rows} rows of {X.shape[1]} columns, processor time:")
    for name, time_ in in_turn(works, options.runs).items():
        print(f"  {name}: {time_:.2f} s")
    report = json.loads(pathlib.Path("report.json").read_text())
    print(
        f"  training alone, wall-clock: command {report['seconds']:.2f} s, package {fitted['package'].report_['seconds']:.2f} s"
    )
    of_command, of_package = load("model"), fitted["package"]
    print(f"  same bits predicted: {np.array_equal(of_command.predict_proba(X), of_package.predict_proba(X))}")

    of_package.save("model")
    works = {
        "command, from Parquet to Parquet": lambda: command("predict", "model", "new.parquet", "-o", "out.parquet"),
        "package, from a table of pyarrow": lambda: of_package.predict_proba(rows),
        "package, from a frame of pandas": lambda: of_package.predict_proba(X_new),
        "HistGradientBoosting, from a frame of pandas": lambda: fitted["boosting"].predict_proba(boosted[1]),
    }
    print(f"\npredict {options.rows} rows, processor time:")
    for name, time_ in in_turn(works, options.runs).items():
        print(f"  {name}: {time_:.2f} s")
    one = X_new.head(1)
    began = time.perf_counter()
    for _ in range(200):
        of_package.predict_proba(one)
    print(f"  one row of pandas, wall-clock: {(time.perf_counter() - began) / 200 * 1000:.2f} ms")
    accuracy = {"package": of_package.score(X_new, y_new), "boosting": fitted["boosting"].score(boosted[1], y_new)}
    print(f"  accuracy: package {accuracy['package']:.4f}, HistGradientBoosting {accuracy['boosting']:.4f}")


if __name__ == "__main__":
    main()
