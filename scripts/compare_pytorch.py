#!/usr/bin/env python3
"""Times this program against PyTorch in one run: training steps and forward passes of uGMM networks.

Installs what it needs into a virtual environment of its own below cargo's target directory (pip's own settings apply,
so an index with PyTorch's smaller CPU build can be given there) and builds the example `timing`. Needs Linux, Rust, a
C++ compiler and Python 3.10 or newer with its headers.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from compare_pytorch import environment
from compare_pytorch.arguments import positive
from compare_pytorch.failure import Failure, check_writable, exit_code

KEYS = ["training", "forward", "iris"]
ROUNDS, QUICK_ROUNDS = 15, 5
TURN_S, QUICK_TURN_S = 1.0, 0.2
# A busy machine must not stretch a quick run.
PATIENCE_S, QUICK_PATIENCE_S = float("inf"), 5.0


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", metavar="DIR", type=Path, help="time on MNIST batches too; see fetch-mnist.sh")
    parser.add_argument("--threads", metavar="LIST", type=_positive_list, help="default: 1,2; 1 with --device cuda")
    parser.add_argument(
        "--device", choices=["cpu", "cuda"], default="cpu", help="cuda: an NVIDIA GPU, batches of 4096; default: cpu"
    )
    parser.add_argument("--rounds", metavar="N", type=positive, help=f"default: {ROUNDS}; {QUICK_ROUNDS} with --quick")
    parser.add_argument("--only", metavar="LIST", type=_keys, help=f"some of {','.join(KEYS)}")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every number to FILE")
    parser.add_argument("--quick", action="store_true", help="shorter turns and fewer rounds: within three minutes")
    return parser.parse_args()


def _positive_list(text: str) -> list[int]:
    return [positive(part) for part in text.split(",")]


def _keys(text: str) -> list[str]:
    keys = text.split(",")
    for key in keys:
        if key not in KEYS:
            raise argparse.ArgumentTypeError(f"{key!r} is none of {', '.join(KEYS)}")
    return keys


def run(arguments: argparse.Namespace) -> None:
    """Everything, in the virtual environment from the second line on."""
    environment.enter(environment.target_directory() / "compare-pytorch-venv", environment.PYTORCH)
    from compare_pytorch import problems, report
    from compare_pytorch.contenders import COMPILED, MLP, OURS, PLAIN, SPARSE
    from compare_pytorch.rounds import Bench

    machine = report.machine()  # Before the build, which loads it.
    on_gpu = arguments.device == "cuda"
    thread_counts = arguments.threads or ([1] if on_gpu else [1, 2])
    for threads in thread_counts:
        if threads > machine["cpus"]:
            raise Failure(f"{threads} threads on {machine['cpus']} CPUs would tell nothing; choose with --threads")
    check_writable(arguments.json)
    if on_gpu:
        report.check_gpu()
    example = environment.build_example(arguments.device)
    rounds = arguments.rounds or (QUICK_ROUNDS if arguments.quick else ROUNDS)
    turn_s, patience_s = (QUICK_TURN_S, QUICK_PATIENCE_S) if arguments.quick else (TURN_S, PATIENCE_S)
    settings = {"rounds": rounds, "turn_s": turn_s, "quick": arguments.quick, "device": arguments.device}
    contenders = [OURS, PLAIN, COMPILED, MLP] if on_gpu else [OURS, SPARSE, PLAIN, COMPILED, MLP]
    print(report.head(machine, settings, contenders), flush=True)

    results = []
    with tempfile.TemporaryDirectory(prefix="compare-pytorch-") as directory:
        bench = Bench(contenders, example, Path(directory), rounds, turn_s, patience_s, arguments.device)
        for measurement in problems.GPU_MEASUREMENTS if on_gpu else problems.MEASUREMENTS:
            if measurement.key not in (arguments.only or KEYS):
                continue
            files = problems.write_files(measurement, arguments.mnist, Path(directory))
            for threads in thread_counts:
                for result in bench.measure(measurement, files, threads):
                    results.append(result)
                    print(f"\n{report.table(result)}", flush=True)
        print(f"\n{report.NOTE}\n\n{report.agreements(bench)}", flush=True)
    if arguments.json is not None:
        content = report.to_json(machine, settings, bench, results)
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    command_line = parse_arguments()
    sys.exit(exit_code("compare_pytorch", lambda: run(command_line)))
