"""Results as tables to read, and as JSON."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np

from .agreement import OUTPUT_TOLERANCE, PARAMETER_TOLERANCE, STEPS
from .contenders import OURS, Contender
from .failure import Failure
from .rounds import Bench, Result

# Load average from which the times are said to be those of a busy machine.
BUSY = 0.5


def machine() -> dict:
    """What this ran on."""
    processor = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.split(":", 1)[1].strip()
            break
    return {
        "processor": processor,
        "cpus": len(os.sched_getaffinity(0)),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "torch": version("torch"),
        "load_average_at_start": round(os.getloadavg()[0], 2),
    }


def check_gpu() -> None:
    """Refuses a machine where PyTorch sees no NVIDIA GPU, before any work is done."""
    import torch

    if not torch.cuda.is_available():
        raise Failure("PyTorch sees no NVIDIA GPU here; nvidia-smi must list one, and PyTorch be a build with CUDA")


def head(machine: dict, settings: dict, contenders: list[Contender]) -> str:
    """What is compared, and where."""
    names = "\n".join(f"{contender.title:<22}{contender.description}" for contender in contenders)
    rounds, turn_s, load = settings["rounds"], settings["turn_s"], machine["load_average_at_start"]
    text = f"""\
{machine["processor"]}, {machine["cpus"]} CPUs, {machine["system"]}
PyTorch {machine["torch"]}, Python {machine["python"]}

{names}
All train with Adam (PyTorch's is the fused one) in f32. Those of PyTorch run with malloc told to keep memory.

Each contender is a process and works while the others idle: up to {rounds} rounds, in each of them a turn of about
{turn_s:g} s for everyone, from the same parameters. Numbers are medians over rounds, with the quartiles in brackets.
Ratios are taken within a round, to ugmm: 5x means five times what this program takes."""
    if settings["device"] == "cuda":
        import torch

        text += f"""

All compute on {torch.cuda.get_device_name()}, without waiting for it before a turn ends; wall times count. The MiB
are those that a process has of the GPU's memory, its context included."""
    if load > BUSY:
        text += f"""

The machine was busy (load average {load}). Trust no wall time then, and with several threads no CPU time of PyTorch:
its threads spin while they wait for each other."""
    return text


def agreements(bench: Bench) -> str:
    """How well the contenders agree."""
    lines = [
        f"Check: distance from the same computation in f64, over the first batch and {STEPS} steps of Adam; of the runs",
        f"with different threads the worst. Allowed: outputs and losses {OUTPUT_TOLERANCE:.0e} (of the larger of 1 and",
        f"their size), parameters {PARAMETER_TOLERANCE:.0e} (of the way they went; root mean squares).",
        "",
        f"  {'':<10}{'batches':<10}{'contender':<22}{'outputs':>9}{'losses':>9}{'parameters':>12}",
    ]
    worst: dict[tuple[str, str, str], list[float | None]] = {}
    for measurement, batches, _, found in bench.agreements:
        key = (measurement.key, batches, found.contender.title)
        errors = [found.outputs, found.losses, found.parameters]
        earlier = worst.get(key, errors)
        worst[key] = [None if new is None else max(new, old) for new, old in zip(errors, earlier)]
    for (measurement, batches, contender), errors in worst.items():
        cells = ["" if error is None else f"{error:.1e}" for error in errors]
        line = f"  {measurement:<10}{batches:<10}{contender:<22}{cells[0]:>9}{cells[1]:>9}{cells[2]:>12}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def table(result: Result) -> str:
    """One table."""
    threads = "1 thread" if result.threads == 1 else f"{result.threads} threads"
    columns = ["CPU ms", "wall ms", "CPU ratio", "wall ratio"]
    lines = [
        f"{result.measurement.title}, {result.batches} batches, {threads} ({len(result.cpu_s[OURS])} rounds)",
        f"  {'per ' + result.measurement.unit:<20}"
        + "".join(f"{column:>21}" for column in columns)
        + f"{'peak MiB (before)':>19}{'ratio':>7}",
    ]
    for contender in result.cpu_s:
        cells = [
            _spread(_milliseconds(result.cpu_s[contender])),
            _spread(_milliseconds(result.wall_s[contender])),
            "" if contender == OURS else _spread(_ratios(result.cpu_s, contender), "x"),
            "" if contender == OURS else _spread(_ratios(result.wall_s, contender), "x"),
        ]
        memory = result.memory[contender]
        peak = f"{memory.peak:.0f} ({memory.loaded:.0f})"
        ratio = "" if contender == OURS else f"{memory.peak / result.memory[OURS].peak:.0f}x"
        line = f"  {contender.title:<20}" + "".join(f"{cell:>21}" for cell in cells) + f"{peak:>19}{ratio:>7}"
        lines.append(line.rstrip())
    return "\n".join(lines)


NOTE = """\
Peak MiB is the most memory that was resident in the process; in brackets what program and data took before any work
(for PyTorch its libraries, those for CUDA too if it was built with them), which the peak includes. Malloc that keeps
memory makes PyTorch faster and its peak higher."""


def to_json(machine: dict, settings: dict, bench: Bench, results: list[Result]) -> dict:
    """Every number; times in ms per piece of work, one per round."""
    return {
        "machine": machine,
        "settings": settings,
        "agreement": {
            "steps": STEPS,
            "output_tolerance": OUTPUT_TOLERANCE,
            "parameter_tolerance": PARAMETER_TOLERANCE,
            "checks": [
                {
                    "measurement": measurement.key,
                    "batches": batches,
                    "threads": threads,
                    "contender": found.contender.key,
                    "outputs": found.outputs,
                    "losses": found.losses,
                    "parameters": found.parameters,
                }
                for measurement, batches, threads, found in bench.agreements
            ],
        },
        "results": [
            {
                "measurement": result.measurement.key,
                "title": result.measurement.title,
                "batches": result.batches,
                "threads": result.threads,
                "contenders": {contender.key: _numbers(result, contender) for contender in result.cpu_s},
            }
            for result in results
        ],
    }


def _numbers(result: Result, contender: Contender) -> dict:
    return {
        "count_per_turn": result.counts[contender],
        "cpu_ms": _milliseconds(result.cpu_s[contender]),
        "wall_ms": _milliseconds(result.wall_s[contender]),
        "cpu_ratio_to_ugmm": _quartiles(_ratios(result.cpu_s, contender)),
        "wall_ratio_to_ugmm": _quartiles(_ratios(result.wall_s, contender)),
        "peak_rss_mib": result.memory[contender].peak,
        "rss_before_work_mib": result.memory[contender].loaded,
    }


def _milliseconds(seconds: list[float]) -> list[float]:
    return [1e3 * value for value in seconds]


def _ratios(times: dict[Contender, list[float]], contender: Contender) -> list[float]:
    return [theirs / ours for theirs, ours in zip(times[contender], times[OURS])]


def _quartiles(values: list[float]) -> dict[str, float]:
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    return {"median": float(median), "lower_quartile": float(low), "upper_quartile": float(high)}


def _spread(values: list[float], unit: str = "") -> str:
    numbers = _quartiles(values)
    digits = _digits(numbers["median"])
    low, median, high = (f"{numbers[name]:.{digits}f}" for name in ("lower_quartile", "median", "upper_quartile"))
    return f"{median}{unit} ({low}-{high})"


def _digits(value: float) -> int:
    """Decimal places that leave about three digits of a value."""
    return next((digits for digits, limit in enumerate([100, 10, 0.1]) if value >= limit), 3)
