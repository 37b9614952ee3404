#!/usr/bin/env python3
"""Predicts a table by Ray Data, Spark, Dask, DuckDB and Polars with the Python package; compares with `ugmm predict`.

Trains a model on a generated table of numbers, categories, booleans, dates and missing values, and has each engine
predict further rows from Parquet files to Parquet files. Fails where a label, a missing value or a key differs, where a
probability differs by more than 1e-6, or where a worker loads the model more than once. Prints times, loads and memory.
Installs what it needs into a virtual environment of its own below cargo's target directory (1.7 GB), and builds the
program and the package's native module unless the program is given. Needs Rust, Python 3.11 or newer and, for Spark,
Java 17 or newer.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from compare_pytorch import environment
from compare_pytorch.arguments import positive
from compare_pytorch.failure import Failure, exit_code

# The packages of each engine.
ENGINES = {
    "ray": ["ray[data]"],
    "spark": ["pyspark"],
    "dask": ["dask[dataframe,distributed]"],
    "duckdb": ["duckdb"],
    "polars": ["polars"],
}
REQUIREMENTS = ["numpy", "scikit-learn", "pyarrow", "pandas", "psutil", *sum(ENGINES.values(), [])]


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--ugmm",
        metavar="FILE",
        type=Path,
        help="the program; built with cargo, like python/ugmm_nn/_native.abi3.so, when not given",
    )
    parser.add_argument(
        "--only", metavar="LIST", type=_engines, help=f"some of ugmm,{','.join(ENGINES)}; ugmm always runs"
    )
    parser.add_argument("--rows", metavar="N", type=positive, default=1_000_000, help="to predict; default: 1000000")
    parser.add_argument("--training-rows", metavar="N", type=positive, default=20_000, help="default: 20000")
    return parser.parse_args()


def _engines(text: str) -> list[str]:
    for name in text.split(","):
        if name not in ("ugmm", *ENGINES):
            raise argparse.ArgumentTypeError(f"{name!r} is none of ugmm, {', '.join(ENGINES)}")
    return [name for name in text.split(",") if name != "ugmm"]


def run(arguments: argparse.Namespace) -> None:
    """Everything, in the virtual environment from the second line on."""
    target = environment.target_directory()
    environment.enter(target / "engines-venv", REQUIREMENTS)
    program = _program(arguments.ugmm)
    wanted = list(ENGINES) if arguments.only is None else arguments.only
    if "spark" in wanted and shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        reason = "Spark needs Java 17 or newer, and none is installed; on Debian: apt-get install default-jre-headless"
        if arguments.only is not None:
            raise Failure(reason)
        print(f"Spark is left out: {reason}", file=sys.stderr)
        wanted.remove("spark")
    from engines import measure, report, table

    print(report.head(program, wanted, arguments.rows, arguments.training_rows), flush=True)
    with tempfile.TemporaryDirectory(prefix="engines-") as directory:
        folder = Path(directory)
        known, model, expected = folder / "known.parquet", folder / "model.safetensors", folder / "expected.parquet"
        table.write_known(known, arguments.training_rows)
        print(report.line("ugmm train, 10 epochs", measure.train(program, known, model)), flush=True)
        rows, whole, csv, of_csv = (folder / name for name in ("rows", "whole.parquet", "whole.csv", "of-csv.parquet"))
        table.write_parts(rows, whole, csv, arguments.rows)
        print(report.line("ugmm predict, Parquet", measure.predict(program, model, whole, expected)), flush=True)
        found = measure.predict(program, model, csv, of_csv)
        print(report.line("ugmm predict, CSV", found, measure.compare(expected, of_csv)), flush=True)
        failures = []
        for engine in wanted:
            print(f"{engine} …", file=sys.stderr)
            out = folder / f"{engine}-predictions"
            paths = (rows, out, model, folder / f"{engine}-notes", folder / f"{engine}.log")
            found = measure.run(engine, *paths)
            print(report.line(engine, found, measure.compare(expected, out)), flush=True)
            failures += [engine for worker in found.workers if worker.loads != 1]
    if failures:
        raise Failure(f"workers of {', '.join(failures)} loaded the model more than once")


def _program(given: Path | None) -> Path:
    if given is None:
        environment.build_native_module()
        return environment.build_program()
    if not os.access(given, os.X_OK):
        raise Failure(f"{given} is no program; leave --ugmm out to build it")
    module = environment.REPOSITORY / "python" / "ugmm_nn" / "_native.abi3.so"
    if not module.exists():
        raise Failure(f"{module} does not exist; leave --ugmm out to build it, too")
    return given.resolve()


if __name__ == "__main__":
    command_line = parse_arguments()
    sys.exit(exit_code("engines", lambda: run(command_line)))
