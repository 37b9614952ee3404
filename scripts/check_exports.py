#!/usr/bin/env python3
"""Compares the exports of models (ONNX in onnxruntime, JavaScript in Node, C by gcc) with `ugmm predict`.

Trains small models of every kind on tables that it makes, exports them, and fails where a prediction differs by more
than 1e-5 (ONNX) or 5e-6. Installs what it needs into a virtual environment of its own below cargo's target directory, and builds the
program unless it is given. Needs Rust, Node, gcc and Python 3.10 or newer.
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

REQUIREMENTS = ["onnx", "onnxruntime", "numpy"]
ENDINGS = [".onnx", ".js", ".c"]
# Greatest difference of predictions: the program and ONNX compute networks in single precision.
TOLERANCE = {"ONNX": 1e-5, "JavaScript": 5e-6, "C": 5e-6}


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ugmm", metavar="FILE", type=Path, help="the program; built with cargo when not given")
    parser.add_argument("--random", metavar="N", type=positive, default=10, help="number of random models; default: 10")
    parser.add_argument("--only", metavar="TEXT", default="", help="only models with this in their names")
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> None:
    """Everything, in the virtual environment from the second line on."""
    target = environment.target_directory()
    environment.enter(target / "check-exports-venv", REQUIREMENTS)
    program = (arguments.ugmm or environment.build_program()).resolve()
    failures = 0
    with tempfile.TemporaryDirectory(prefix="check-exports-") as directory:
        folder = Path(directory)
        trained: dict[tuple, Path] = {}
        for case in cases.all_cases(folder, arguments.random):
            if arguments.only not in case.name:
                continue
            key = (case.table, *case.options)
            if key not in trained:
                model = folder / f"{len(trained)}.safetensors"
                forms.run([program, "train", case.table, *case.options, "-o", model, "--quiet"])
                for ending in ENDINGS:
                    forms.run([program, "export", model, "-o", model.with_suffix(ending), "--quiet"])
                trained[key] = model
            model = trained[key]
            expected, _ = forms.of_program(program, model, case.rows, folder / "predicted.csv")
            onnx, _, columns = forms.of_onnx(model.with_suffix(".onnx"), case.rows)
            javascript, _ = forms.of_javascript(model.with_suffix(".js"), case.rows, columns)
            c, _ = forms.of_c(model.with_suffix(".c"), case.rows, columns, expected[0])
            line = ""
            for name, found in {"ONNX": onnx, "JavaScript": javascript, "C": c}.items():
                apart, where = forms.difference(expected, found)
                failed = not apart <= TOLERANCE[name]
                failures += failed
                line += f"{name} {apart:.1e}{f' FAILED ({where})' if failed else ''}  "
            print(line + case.name, flush=True)
    if failures:
        raise Failure(f"{failures} exports differ from the program's predictions too much")


if __name__ == "__main__":
    sys.exit(exit_code("check_exports", lambda: run(parse_arguments())))
