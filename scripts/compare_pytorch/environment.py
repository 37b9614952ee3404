"""Gets what a comparison needs: a virtual environment with PyTorch, and the timing example. Standard library only."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from .failure import Failure

REPOSITORY = Path(__file__).resolve().parents[2]
PYTORCH = ["torch==2.9.1", "numpy", "safetensors"]


def target_directory() -> Path:
    """Where cargo builds, whatever decides it: CARGO_TARGET_DIR or cargo's configuration."""
    metadata = _cargo(["metadata", "--no-deps", "--format-version", "1"], stdout=subprocess.PIPE)
    return Path(json.loads(metadata.stdout)["target_directory"])


def enter(directory: Path, requirements: list[str]) -> None:
    """Goes on in the virtual environment at `directory`: makes it on first use, then starts this script again in it."""
    if Path(sys.prefix).resolve() == directory.resolve():
        return
    python = directory / "bin" / "python"
    complete = directory / "complete"  # Written last: what an interrupted installation lacks.
    wanted = "\n".join(requirements)
    if not (complete.is_file() and complete.read_text() == wanted and python.exists()):
        _install(directory, python, requirements)
        complete.write_text(wanted)
    os.execv(python, [str(python), *sys.argv])


def _install(directory: Path, python: Path, requirements: list[str]) -> None:
    size = "up to 7 GB, some minutes" if requirements == PYTORCH else "some seconds"
    print(f"installing {', '.join(requirements)} into {directory} (once; {size})", file=sys.stderr)
    if sys.version_info < (3, 10):
        raise Failure(f"this needs Python 3.10 or newer; this is {sys.version.split()[0]}")
    try:
        venv.create(directory, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        hint = "on Debian and Ubuntu the package python3-venv is needed"
        raise Failure(f"the virtual environment cannot be made ({error}); {hint}") from error
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        raise Failure("pip could not install what is needed; its message is above")


def build_example(device: str) -> Path:
    """Builds the example `timing` as a user would, for "cpu" that of `ugmm-network`, for "cuda" that of `ugmm`; returns the
    program."""
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        raise Failure("torch.compile needs a C++ compiler (g++ or clang++), and none is installed")
    print("building the example (minutes the first time)", file=sys.stderr)
    # With the workspace's default members, whose dependencies the README's commands have built already.
    arguments = ["build", "--release", "--example", "timing"]
    if device != "cpu":
        arguments += ["-p", "ugmm", "--features", device]
    return build(arguments, "timing")


def build_program() -> Path:
    """Builds `ugmm` as a user would; returns the program."""
    print("building ugmm (minutes the first time)", file=sys.stderr)
    return build(["build", "--release"], "ugmm")


def build_native_module() -> None:
    """Builds the native half of the Python package and puts it beside the other half."""
    print("building ugmm_nn (minutes the first time)", file=sys.stderr)
    module = build(["build", "--release", "-p", "ugmm-py", "--features", "pyo3/extension-module"], "_native")
    shutil.copyfile(module, REPOSITORY / "python" / "ugmm_nn" / "_native.abi3.so")


def build(arguments: list[str], name: str, **options) -> Path:
    """Has cargo build, with options for `subprocess.run`; returns the program of the target `name`."""
    result = _cargo([*arguments, "--message-format", "json-render-diagnostics"], stdout=subprocess.PIPE, **options)
    for line in result.stdout.splitlines():
        message = json.loads(line)
        if message["reason"] != "compiler-artifact" or message["target"]["name"] != name:
            continue
        if message["executable"] is not None:  # A library of that name has none.
            return Path(message["executable"])
        if "cdylib" in message["target"]["kind"]:
            return Path(message["filenames"][0])
    raise Failure(f'cargo built "{name}", but does not say where')


def _cargo(arguments: list[str], **options) -> subprocess.CompletedProcess:
    try:
        result = subprocess.run(["cargo", *arguments], cwd=REPOSITORY, text=True, **options)
    except FileNotFoundError as error:
        raise Failure("cargo is not installed; it comes with Rust") from error
    if result.returncode != 0:
        raise Failure(f"cargo {arguments[0]} failed; its message is above")
    return result
