#!/usr/bin/env python3
"""Compares the exports of models (ONNX in onnxruntime, JavaScript in Node, C by gcc, SQL in SQLite and DuckDB) with `ugmm predict`.

Trains small models of every kind on tables that it makes, exports them, and fails where a prediction differs by more
than 1e-5, or C or SQL from JavaScript by more than 1e-9. Models that are too large for SQL are compared without it.
Installs what it needs into a virtual environment of its own below cargo's target directory, and builds the program unless
it is given. Needs Rust, Node, gcc and Python 3.10 or newer whose module sqlite3 has mathematical functions.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from check_exports import cases, forms
from compare_pytorch import environment
from compare_pytorch.arguments import positive
from compare_pytorch.failure import Failure, exit_code

REQUIREMENTS = ["onnx", "onnxruntime", "numpy", "duckdb"]
ENDINGS = [".onnx", ".js", ".c", ".sql"]
# Greatest difference from the program, which computes networks in single precision.
TOLERANCE = 1e-5
# Greatest difference of JavaScript, C and SQL, which compute in double precision.
BETWEEN = 1e-9


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ugmm", metavar="FILE", type=Path, help="the program; built with cargo when not given")
    parser.add_argument("--random", metavar="N", type=positive, default=10, help="number of random models; default: 10")
    parser.add_argument("--mnist", metavar="DIR", type=Path, help="also a network 784-128-64-10 on the images in DIR, of one epoch")
    parser.add_argument("--sizes", action="store_true", help="print the sizes of the files and the times per row")
    parser.add_argument("--only", metavar="TEXT", default="", help="only models with this in their names")
    return parser.parse_args()


def _exported(program: Path, case: cases.Case, model: Path) -> Path:
    """Trains a model and writes it in each form beside the file that is returned."""
    forms.run([program, "train", case.table, *case.options, "-o", model, "--quiet"])
    if case.prune:
        whole, model = model, model.with_suffix(".pruned.safetensors")
        forms.run([program, "prune", whole, case.table, "--keep", "0.2", "-o", model, "--quiet"])
    for ending in ENDINGS:
        more = ["--by-column"] if ending == ".onnx" and "density" in case.options else []
        written = forms.export(program, model, model.with_suffix(ending), more)
        if not written and ending != ".sql":
            raise Failure(f"{case.name} is too large for {ending}")
    return model


def _compare(program: Path, case: cases.Case, model: Path, sizes: bool) -> int:
    """Prints how far the forms are from the program; returns how many of them differ too much."""
    explain = "density" not in case.options and "mlp" not in case.options
    expected, seconds = forms.of_program(program, model, case.rows, model.with_suffix(".csv"), explain)
    times = {"ugmm predict": seconds}
    onnx, times["ONNX"], columns = forms.of_onnx(model.with_suffix(".onnx"), case.rows)
    javascript, times["JavaScript"] = forms.of_javascript(model.with_suffix(".js"), case.rows, columns)
    c, times["C"] = forms.of_c(model.with_suffix(".c"), case.rows, columns, expected[0])
    found_by = {"ONNX": onnx, "JavaScript": javascript, "C": c}
    if model.with_suffix(".sql").exists():
        for engine in ("SQLite", "DuckDB"):
            found_by[engine], times[engine] = forms.of_sql(model.with_suffix(".sql"), case.rows, columns, engine)
    line, failures = "", 0
    for name, found in found_by.items():
        wanted = forms.of_select(expected, found) if name in ("SQLite", "DuckDB") else expected
        apart, where = forms.difference(wanted, found)
        line += f"{name} {apart:.1e}{f' FAILED ({where})' if not apart <= TOLERANCE else ''}  "
        failures += not apart <= TOLERANCE
    for name in ("C", "SQLite", "DuckDB"):
        if name in found_by:
            apart, where = forms.difference(found_by[name], javascript)
            line += f"{name} and JavaScript {apart:.0e}{f' FAILED ({where})' if not apart <= BETWEEN else ''}  "
            failures += not apart <= BETWEEN
    if "log_conditionals" in onnx[0] and "random" not in case.name:
        apart = forms.conditionals_gap(onnx, javascript, model.with_suffix(".js"), case.rows, columns)
        line += f"by column {apart:.0e}{' FAILED' if not apart <= TOLERANCE else ''}  "
        failures += not apart <= TOLERANCE
    print(line + case.name, flush=True)
    if sizes and case.name == "digits":
        print(f"       peak memory of onnxruntime with 1,024 rows: {forms.memory_of_onnx(model.with_suffix('.onnx'))} MB")
    if sizes:
        bytes_of = {ending: model.with_suffix(ending).stat().st_size for ending in (".safetensors", *ENDINGS) if model.with_suffix(ending).exists()}
        files = ", ".join(f"{ending} {size / 1024:.0f} KiB" for ending, size in bytes_of.items())
        of_row = ", ".join(f"{name} {1e6 * seconds / len(expected):.1f} µs" for name, seconds in times.items())
        print(f"       {files}\n       per row of {len(expected)}: {of_row}", flush=True)
    return failures


def run(arguments: argparse.Namespace) -> None:
    """Everything, in the virtual environment from the second line on."""
    target = environment.target_directory()
    environment.enter(target / "check-exports-venv", REQUIREMENTS)
    program = (arguments.ugmm or environment.build_program()).resolve()
    failures = 0
    with tempfile.TemporaryDirectory(prefix="check-exports-") as directory:
        folder = Path(directory)
        trained: dict[tuple, Path] = {}
        all_cases = cases.all_cases(folder, arguments.random)
        if arguments.mnist is not None:
            all_cases.append(cases.digits(folder, arguments.mnist))
        for case in all_cases:
            if arguments.only not in case.name:
                continue
            key = (case.table, case.prune, *case.options)
            if key not in trained:
                trained[key] = _exported(program, case, folder / f"{len(trained)}.safetensors")
            failures += _compare(program, case, trained[key], arguments.sizes)
    if failures:
        raise Failure(f"{failures} exports differ from the program's predictions too much")


if __name__ == "__main__":
    sys.exit(exit_code("check_exports", lambda: run(parse_arguments())))
