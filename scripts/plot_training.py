#!/usr/bin/env python3
"""Draws how training went: loss, and accuracy on held-out rows, after each epoch.

Reads what `ugmm reproduce … --json FILE` or `ugmm train … --json FILE` wrote, from any number of files, and writes an SVG
or PNG. Gets matplotlib into a virtual environment of its own below cargo's target directory.
"""

import argparse
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from compare_pytorch import environment
from compare_pytorch.failure import Failure, check_writable, exit_code

FORMATS = [".svg", ".png"]


def histories(path: Path) -> dict[str, list[list[dict]]]:
    """The epochs of each run, by model."""
    try:
        report = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Failure(f"{path} cannot be read as JSON: {error}") from error
    schema = report.get("schema") if isinstance(report, dict) else None
    if schema == "ugmm/train":
        return {path.stem: [report["history"]]}
    if schema == "ugmm/reproduce":
        return {result["model"]: [run["history"] for run in result["runs"]] for result in report["results"]}
    raise Failure(f"{path} was not written by `ugmm reproduce --json` or `ugmm train --json`")


def mean_curve(runs: list[list[dict]], value) -> tuple[list[int], list[float]]:
    """Over the runs, after each epoch that all of them have."""
    epochs = range(min(len(run) for run in runs))
    return [epoch + 1 for epoch in epochs], [sum(value(run[epoch]) for run in runs) / len(runs) for epoch in epochs]


def draw(models: dict[str, list[list[dict]]], output: Path, accuracy_from: float | None) -> None:
    """Losses to the left, accuracies, where they were measured, to the right."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams["svg.hashsalt"] = "ugmm"  # The same drawing gives the same file.
    from matplotlib import pyplot

    figure, (losses, accuracies) = pyplot.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for name, runs in models.items():
        runs = [run for run in runs if run]
        if not runs:
            continue
        (line,) = losses.plot(*mean_curve(runs, lambda epoch: epoch["training_loss"]), linewidth=1.2, label=name)
        if all(epoch["validation"] is not None for run in runs for epoch in run):
            curve = mean_curve(runs, lambda epoch: 100 * epoch["validation"]["accuracy"])
            accuracies.plot(*curve, linewidth=1.2, color=line.get_color(), label=name)
    if all(line.get_ydata().min() > 0 for line in losses.lines):
        losses.set_yscale("log")
    if accuracy_from is not None:
        accuracies.set_ylim(bottom=accuracy_from)
    for panel, label in [(losses, "training loss, as met in training"), (accuracies, "held-out accuracy, %")]:
        panel.set_xlabel("epoch")
        panel.set_ylabel(label)
        panel.grid(alpha=0.3)
    losses.legend(fontsize="small")
    figure.savefig(output, dpi=150, metadata={"Date": None} if output.suffix == ".svg" else None)


def run(arguments: argparse.Namespace) -> None:
    """Everything, in the virtual environment from the second line on."""
    output = arguments.output
    environment.enter(environment.target_directory() / "plot-venv", ["matplotlib==3.10.7"])
    check_writable(output)
    if output.suffix not in FORMATS:
        raise Failure(f"{output} must end in one of {', '.join(FORMATS)}")
    models = {}
    for path in arguments.reports:
        for name, runs in histories(path).items():
            if arguments.only is None or name in arguments.only:
                models.setdefault(name, []).extend(runs)
    if not models:
        raise Failure("none of the files has a model that was asked for")
    draw(models, output, arguments.accuracy_from)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", metavar="JSON", type=Path, nargs="+", help="files of reproduce or train")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=True, help="the drawing: .svg or .png")
    parser.add_argument("--only", metavar="MODEL", action="append", help="draw this model; may be given several times")
    parser.add_argument("--accuracy-from", metavar="PERCENT", type=float, help="where the axis of accuracies starts")
    command_line = parser.parse_args()
    sys.exit(exit_code("plot_training", lambda: run(command_line)))
