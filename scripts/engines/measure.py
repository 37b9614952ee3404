"""Runs a recipe in a process of its own, and measures it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet

from compare_pytorch.environment import REPOSITORY
from compare_pytorch.failure import Failure

from .memory import peak_mib
from .table import KEY, TARGET

# Greatest difference of a probability from that of the command: a few last bits of single precision.
TOLERANCE = 1e-6
# Seconds between two looks at the memory.
INTERVAL = 0.2
# The last lines of an engine's output that an error shows.
LINES = 15


@dataclass(frozen=True)
class Worker:
    """What a process that predicted has noted, see `worker.predict`."""

    loads: int
    batches: int
    rows: int
    peak_mib: float
    processor_s: float


@dataclass(frozen=True)
class Run:
    """What a recipe took. Memory is resident memory in MiB; that of all processes counts shared pages repeatedly."""

    seconds: float
    workers: list[Worker]
    driver_mib: float
    all_mib: float


@dataclass(frozen=True)
class Agreement:
    """How predictions agree with those of the command."""

    greatest: float
    other_bits: int
    values: int


def variables() -> dict[str, str]:
    """The environment of a recipe: its workers import the package and this folder."""
    paths = [str(REPOSITORY / "python"), str(REPOSITORY / "scripts")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}


def run(engine: str, rows: Path, out: Path, model: Path, notes: Path, log: Path) -> Run:
    """Runs the recipe of an engine."""
    notes.mkdir()
    command = [sys.executable, "-m", "engines.recipes", engine, *map(str, (rows, out, model, notes))]
    began = time.monotonic()
    driver_mib = all_mib = 0.0
    with open(log, "w") as output:
        process = subprocess.Popen(command, env=variables(), stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            driver_mib = max(driver_mib, peak_mib(process.pid))
            all_mib = max(all_mib, sum(_resident(process.pid)))
            time.sleep(INTERVAL)
    seconds = time.monotonic() - began
    if process.returncode != 0:
        print("\n".join(log.read_text().splitlines()[-LINES:]), file=sys.stderr)
        raise Failure(f"the recipe of {engine} failed; the end of its output is above")
    workers = [Worker(**json.loads(path.read_text())) for path in sorted(notes.iterdir())]
    return Run(seconds, workers, driver_mib, all_mib)


def _resident(pid: int) -> Iterator[float]:
    """Resident memory of a process and of each process below it, in MiB."""
    try:
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            yield one.memory_info().rss / 2**20
    except psutil.Error:  # It has ended.
        return


def train(program: Path, known: Path, model: Path) -> Run:
    """Trains a network of two hidden layers for a few epochs."""
    options = ["--target", TARGET, "--hidden", "64,32", "--epochs", "10", "--quiet"]
    return _of_command([program, "train", known, *options, "-o", model], known)


def predict(program: Path, model: Path, rows: Path, out: Path) -> Run:
    """Runs `ugmm predict` with as many threads as there are cores."""
    return _of_command([program, "predict", model, rows, "-o", out, "--keep", KEY, "--quiet"], out)


def _of_command(command: list, counted: Path) -> Run:
    """Runs the program, which reads or writes the rows of the Parquet file `counted`."""
    began = time.monotonic()
    process = subprocess.Popen(command)
    ended, peak = 0, 0.0
    while ended == 0:
        peak = max(peak, peak_mib(process.pid))
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        time.sleep(INTERVAL / 10)
    seconds = time.monotonic() - began
    if status != 0:
        raise Failure(f"ugmm {command[1]} failed; its message is above")
    count = pa.parquet.read_metadata(counted).num_rows
    return Run(seconds, [Worker(1, 1, count, peak, usage.ru_utime + usage.ru_stime)], peak, peak)


def compare(expected: Path, found: Path) -> Agreement:
    """Compares predictions with those of the command by their keys.

    Raises
    ------
    Failure
        If rows, labels or missing values are others, or a probability differs by more than the tolerance.
    """
    ours = pa.parquet.read_table(found)
    theirs = pa.parquet.read_table(expected, columns=ours.column_names)
    # Keys that the command copies from a CSV file are texts.
    ours = ours.cast(theirs.schema).sort_by(KEY)
    greatest, other_bits, values = 0.0, 0, 0
    for name in theirs.column_names:
        ours_of, theirs_of = ours[name], theirs[name]
        if len(ours_of) != len(theirs_of) or ours_of.null_count != theirs_of.null_count:
            raise Failure(f"{found.name}: {name!r} has other rows or missing values than the command's predictions")
        if not pa.types.is_floating(theirs_of.type):
            if not ours_of.equals(theirs_of):
                raise Failure(f"{found.name}: {name!r} differs from the command's predictions")
            continue
        one, other = (column.to_numpy() for column in (ours_of, theirs_of))
        apart = np.abs(one.astype(np.float64) - other)
        greatest = max(greatest, float(np.nanmax(apart)))
        other_bits += int(((one != other) & ~np.isnan(apart)).sum())
        values += len(one)
    if greatest > TOLERANCE:
        raise Failure(f"{found.name}: a probability differs from the command's by {greatest:.1e}")
    return Agreement(greatest, other_bits, values)
