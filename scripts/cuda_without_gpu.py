#!/usr/bin/env python3
"""CUDA's path of the program on a machine without an NVIDIA GPU.

`test` runs the tests of the GPU kernels: the CUDA source that CubeCL writes for them is compiled for the processor and run
there, thread by thread in two orders, behind a driver that is made for it. `count` has NVIDIA's own compilers make machine code of the
kernels (wheels of PyPI, in a virtual environment below cargo's target directory) and counts registers and instructions.

The LLVM that CUDA's build would fetch from the internet is left out: with NVRTC as the compiler, nothing calls it. Needs
Linux on x86-64, Rust, gcc and g++, and Python 3.10 or newer.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from compare_pytorch import environment
from compare_pytorch.environment import REPOSITORY, enter, target_directory
from compare_pytorch.failure import Failure, exit_code
from cuda_without_gpu import machine_code

HERE = REPOSITORY / "scripts" / "cuda_without_gpu"
COMPILERS = ["nvidia-cuda-nvrtc==13.*", "nvidia-cuda-nvcc==13.*", "nvidia-cuda-nvdisasm==13.*"]
# Tests that launch every kernel in every tile.
OF_ALL_TILES = "tile"
# The last compute capability without tensor cores, whose instructions are not those of the project's kernels.
EMULATED = 60


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    test = commands.add_parser("test", help="run the tests of the kernels")
    test.add_argument("name", nargs="?", default="", help="only tests with this in their names")
    count = commands.add_parser("count", help="count the instructions of the kernels")
    count.add_argument(
        "--compute", metavar="N", type=int, default=90, help="compute capability times ten; default: 90, an H100's"
    )
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    folder = target_directory() / "cuda-without-gpu"
    if arguments.command == "count":
        enter(folder / "venv", COMPILERS)
    tests = build(folder)
    if arguments.command == "test":
        emulate(tests, folder, arguments.name)
    else:
        count(tests, folder, arguments.compute)


def build(folder: Path) -> Path:
    """The tests of the kernels with CUDA, linked without LLVM."""
    print("building the tests with CUDA (minutes the first time)", file=sys.stderr)
    flags = "-C link-arg=-Wl,--unresolved-symbols=ignore-all -C link-arg=-Wl,-z,lazy -C relro-level=off"
    own = {"DOCS_RS": "1", "CUDARC_CUDA_VERSION": "12090", "CARGO_INCREMENTAL": "0", "RUSTFLAGS": flags}
    arguments = "test --profile gpu -p ugmm --features cuda --test gpu --locked --no-run".split()
    return environment.build([*arguments, "--target-dir", str(folder / "build")], "gpu", env={**os.environ, **own})


def shared_library(source: str, folder: Path, name: str) -> None:
    """A library of C made in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["gcc", "-w", "-O1", "-shared", "-fPIC", HERE / source, "-o", folder / name, "-ldl", "-lpthread"]
    if subprocess.run(command).returncode != 0:
        raise Failure(f"gcc could not compile {source}; its message is above")


def emulate(tests: Path, folder: Path, name: str) -> None:
    """Runs the tests on the processor."""
    libraries, kernels = folder / "emulation", folder / "kernels"
    shared_library("driver.c", libraries, "libcuda.so")
    shared_library("nvrtc.c", libraries, "libnvrtc.so")
    kernels.mkdir(exist_ok=True)
    (folder / "toolkit").mkdir(exist_ok=True)
    own = {
        "CUDA_PATH": str(folder / "toolkit"),
        "LD_LIBRARY_PATH": str(libraries),
        "UGMM_COMPILE": f"{sys.executable} {HERE / 'compile.py'} {kernels}",
        "UGMM_COMPUTE": str(EMULATED),
        "UGMM_REQUIRE_GPU": "1",
    }
    command = [tests, "--test-threads=1", *([name] if name else [])]
    for order, variable in [("first to last", {}), ("last to first", {"UGMM_BACKWARD": "1"})]:
        print(f"threads of a block from {order}", file=sys.stderr)
        if subprocess.run(command, env={**os.environ, **own, **variable}).returncode != 0:
            raise Failure("tests failed; their messages are above")


def count(tests: Path, folder: Path, compute: int) -> None:
    """Compiles the kernels for GPUs of one kind, and prints what became of them."""
    libraries, ptx = folder / "count", folder / "ptx"
    shared_library("driver.c", libraries, "libcuda.so")
    wheels = machine_code.wheels()
    link = libraries / "libnvrtc.so"
    link.unlink(missing_ok=True)
    link.symlink_to(machine_code.only(wheels.glob("**/libnvrtc.so.*")))
    ptx.mkdir(exist_ok=True)
    (folder / "toolkit").mkdir(exist_ok=True)
    for old in ptx.glob("*"):
        old.unlink()
    own = {
        "CUDA_PATH": str(folder / "toolkit"),
        "LD_LIBRARY_PATH": f"{libraries}:{link.resolve().parent}",
        "UGMM_PTX": str(ptx),
        "UGMM_COMPUTE": str(compute),
        "UGMM_REQUIRE_GPU": "1",
    }
    command = [tests, "--test-threads=1", OF_ALL_TILES]
    # They fail, since nothing is run.
    subprocess.run(command, env={**os.environ, **own}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    machine_code.table(sorted(ptx.glob("*.ptx")), compute)


if __name__ == "__main__":
    arguments = parse_arguments()
    sys.exit(exit_code("cuda_without_gpu.py", lambda: run(arguments)))
