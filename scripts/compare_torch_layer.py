#!/usr/bin/env python3
"""Times the layer of ugmm_nn.torch in one run with this program and with PyTorch: training steps of uGMM networks.

Installs what it needs into the virtual environment of compare_pytorch.py, and builds the example `timing` and the native half
of the Python package. Needs Linux, Rust, a C++ compiler and Python 3.11 or newer with its headers.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from compare_pytorch import environment
from compare_pytorch.arguments import positive
from compare_pytorch.failure import Failure, exit_code

TURN_S = 0.5


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", metavar="DIR", type=Path, help="time on MNIST batches too; see fetch-mnist.sh")
    parser.add_argument("--threads", metavar="N", type=positive, default=1, help="default: 1")
    parser.add_argument("--only", metavar="KEY", choices=["training", "iris"], help="training or iris; default: both")
    parser.add_argument("--rounds", metavar="N", type=positive, default=15, help="default: 15")
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> None:
    """Everything, in the virtual environment from the second line on."""
    environment.enter(environment.target_directory() / "compare-pytorch-venv", environment.PYTORCH)
    from compare_pytorch import problems, report
    from compare_pytorch.contenders import COMPILED, COMPILED_LAYER, LAYER, OURS, PLAIN
    from compare_pytorch.rounds import Bench

    machine = report.machine()  # Before the build, which loads it.
    if arguments.threads > machine["cpus"]:
        raise Failure(
            f"{arguments.threads} threads on {machine['cpus']} CPUs would tell nothing; choose with --threads"
        )
    example = environment.build_example("cpu")
    environment.build_native_module()
    settings = {"rounds": arguments.rounds, "turn_s": TURN_S, "device": "cpu"}
    contenders = [OURS, LAYER, COMPILED_LAYER, PLAIN, COMPILED]
    print(report.head(machine, settings, contenders), flush=True)
    with tempfile.TemporaryDirectory(prefix="compare-torch-layer-") as directory:
        bench = Bench(contenders, example, Path(directory), arguments.rounds, TURN_S, float("inf"), "cpu")
        for measurement in problems.MEASUREMENTS:
            if measurement.work != "train" or arguments.only not in (None, measurement.key):
                continue
            files = problems.write_files(measurement, arguments.mnist, Path(directory))
            for result in bench.measure(measurement, files, arguments.threads):
                print(f"\n{report.table(result)}", flush=True)
        print(f"\n{report.NOTE}\n\n{report.agreements(bench)}", flush=True)


if __name__ == "__main__":
    command_line = parse_arguments()
    sys.exit(exit_code("compare_torch_layer", lambda: run(command_line)))
