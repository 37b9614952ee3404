#!/usr/bin/env python3
"""Draws how the cost of a uGMM layer grows with its batch, inputs and neurons, over three decades of each.

Measures with the example `cost` of the crate `ugmm-kernels` (about half a minute, one thread) and writes an SVG. Gets
matplotlib into a virtual environment of its own below cargo's target directory.
"""

import argparse
import csv
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from compare_pytorch import environment
from compare_pytorch.failure import Failure, check_writable, exit_code

# What is varied, and what it is while another is.
FIXED = {"batch": "batch 128", "inputs": "784 inputs", "neurons": "128 neurons"}


def measure() -> list[dict]:
    """The rows that the example prints."""
    command = ["cargo", "run", "--release", "--quiet", "--package", "ugmm-kernels", "--example", "cost"]
    found = subprocess.run(command, cwd=environment.REPOSITORY, text=True, stdout=subprocess.PIPE)
    if found.returncode != 0:
        raise Failure("the example could not be run; its message is above")
    return list(csv.DictReader(found.stdout.splitlines()))


def draw(rows: list[dict], path: Path) -> None:
    """One panel for each size that is varied; a dotted line has the slope of proportional cost."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "ugmm"  # The same drawing gives the same file.
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 3, figsize=(11, 3.6), sharey=True, layout="constrained")
    for varied, panel in zip(FIXED, panels):
        own = [row for row in rows if row["varied"] == varied]
        sizes = [int(row["size"]) for row in own]
        for key, label in [("backward_s", "backward"), ("forward_s", "forward")]:
            times = [1e3 * float(row[key]) for row in own]
            (line,) = panel.loglog(sizes, times, "o-", markersize=4, label=label)
            proportional = [times[-1] * size / sizes[-1] for size in sizes]
            panel.loglog(sizes, proportional, ":", color=line.get_color(), linewidth=1)
        others = ", ".join(size for other, size in FIXED.items() if other != varied)
        panel.set_xlabel(f"{varied} ({others})")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("milliseconds")
    panels[0].legend()
    figure.savefig(path, metadata={"Date": None})


def run(svg: Path) -> None:
    """Everything, in the virtual environment from the first line on."""
    environment.enter(environment.target_directory() / "plot-venv", ["matplotlib==3.10.7"])
    check_writable(svg)
    rows = measure()
    print("varied  size  forward ms  backward ms")
    for row in rows:
        forward, backward = (1e3 * float(row[key]) for key in ("forward_s", "backward_s"))
        print(f"{row['varied']:<7} {row['size']:>5} {forward:>11.4f} {backward:>12.4f}")
    draw(rows, svg)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("svg", metavar="FILE", type=Path, help="the drawing to write, an SVG")
    command_line = parser.parse_args()
    sys.exit(exit_code("plot_cost", lambda: run(command_line.svg)))
