"""Results as Markdown tables, and as JSON."""

import os
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from . import sets
from .data import FOLDS, DataSet
from .metrics import METRICS, Metric, critical_difference, measure, ranks
from .models import Model, Ours, Prediction

BASELINE = "mlp"


@dataclass(frozen=True)
class Result:
    """One model on one data set."""

    pooled: dict[str, float]  # each metric over the held-out rows of all folds together
    folds: list[dict[str, float]]  # and fold by fold
    seconds: list[float]  # of training, fold by fold
    training_accuracy: list[float]
    converged: list[bool]


# By data set and model.
Results = dict[str, dict[str, Result]]


def result(labels: list[np.ndarray], predictions: list[Prediction]) -> Result:
    """Measures the predictions of all folds of a data set."""
    probabilities = [prediction.probabilities for prediction in predictions]
    return Result(
        measure(np.concatenate(probabilities), np.concatenate(labels)),
        [measure(*fold) for fold in zip(probabilities, labels)],
        [prediction.seconds for prediction in predictions],
        [prediction.training_accuracy for prediction in predictions],
        [prediction.converged for prediction in predictions],
    )


def machine(program: Path) -> dict:
    """What this ran on."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    for line in cpuinfo.read_text().splitlines() if cpuinfo.exists() else []:
        if line.startswith("model name"):
            processor = line.split(":", 1)[1].strip()
            break
    ugmm = subprocess.run([str(program), "--version"], text=True, capture_output=True).stdout.strip()
    return {
        "processor": processor,
        "cpus": os.cpu_count(),
        "system": " ".join([platform.system(), *platform.libc_ver()]).strip(),
        "python": platform.python_version(),
        "scikit_learn": version("scikit-learn"),
        "ugmm": ugmm,
        "load_average_at_start": round(os.getloadavg()[0], 2),
    }


def head(machine: dict, settings: dict) -> str:
    """What is compared, and where."""
    return f"""\
{machine["processor"]}, {machine["cpus"]} CPUs, {machine["system"]}
{machine["ugmm"]}, scikit-learn {machine["scikit_learn"]}, Python {machine["python"]}; threads: {settings["threads"]}

{FOLDS} stratified folds (seed {settings["seed"]}), the same for all. Models of `ugmm train`: its preset `best`, with
the changes that their names or {settings["variants"] or "nothing else"} say. Models of scikit-learn: its defaults,
logistic regression on standardised features."""


def tables(data_sets: list[DataSet], models: list[Model], results: Results) -> str:
    """All of it in Markdown."""
    parts = [_sets(data_sets), *(_metric(metric, models, results) for metric in METRICS)]
    parts += [_training_accuracy(models, results), _seconds(models, results)]
    parts += [_mean_ranks(models, results), _duels(models, results)]
    unfinished = [
        f"{data_set} {model.title} {sum(not done for done in results[data_set][model.key].converged)}"
        for data_set in results
        for model in models
        if not all(results[data_set][model.key].converged)
    ]
    if unfinished:
        parts.append("Folds on which the optimiser stopped at its limit of iterations: " + ", ".join(unfinished) + ".")
    return "\n\n".join(parts)


def to_json(machine: dict, settings: dict, data_sets: list[DataSet], models: list[Model], results: Results) -> dict:
    """Every number; accuracy and ECE are shares, times in seconds."""
    return {
        "machine": machine,
        "settings": settings,
        "mean_ranks": {metric.key: _mean_ranks_by_key(metric, models, results) for metric in METRICS},
        "results": [
            {
                "data_set": data_set.name,
                "source": data_set.source,
                "rows": len(data_set.labels),
                "distinct_rows": data_set.distinct_rows(),
                "features": data_set.features.shape[1],
                "classes": data_set.classes,
                "models": {model.key: _numbers(results[data_set.name][model.key]) for model in models},
            }
            for data_set in data_sets
        ],
    }


def _numbers(result: Result) -> dict:
    return {
        **result.pooled,
        "folds": result.folds,
        "training_accuracy": result.training_accuracy,
        "seconds": result.seconds,
        "converged": result.converged,
    }


def _ranks(metric: Metric, models: list[Model], results: Results) -> np.ndarray:
    """[data sets, models]"""
    values = ([by_model[model.key].pooled[metric.key] for model in models] for by_model in results.values())
    return np.array([ranks(row, metric.higher_is_better) for row in values])


def _mean_ranks_by_key(metric: Metric, models: list[Model], results: Results) -> dict[str, float]:
    means = _ranks(metric, models, results).mean(axis=0)
    return {model.key: float(mean) for model, mean in zip(models, means)}


def _sets(data_sets: list[DataSet]) -> str:
    rows = []
    for data_set in data_sets:
        count, features = data_set.features.shape
        numbers = [count, data_set.distinct_rows(), features, data_set.classes]
        rows.append([data_set.name, data_set.source, *map(str, numbers)])
    return table(["data set", "from", "rows", "of them distinct", "features", "classes"], rows)


def _metric(metric: Metric, models: list[Model], results: Results) -> str:
    values = np.array([[by[model.key].pooled[metric.key] for model in models] for by in results.values()])
    best = values.max(axis=1) if metric.higher_is_better else values.min(axis=1)
    rows = []
    for name, row, top in zip(results, values, best):
        shown = [f"{metric.factor * value:.{metric.digits}f}" for value in row]
        rows.append([name, *(f"**{text}**" if value == top else text for value, text in zip(row, shown))])
    rows.append(["mean", *(f"{metric.factor * value:.{metric.digits}f}" for value in values.mean(axis=0))])
    rows.append(["mean rank", *(f"{value:.2f}" for value in _ranks(metric, models, results).mean(axis=0))])
    return _titled(metric.title, models, rows)


def _training_accuracy(models: list[Model], results: Results) -> str:
    rows = [
        [name, *(f"{100 * np.mean(by_model[model.key].training_accuracy):.2f}" for model in models)]
        for name, by_model in results.items()
    ]
    return _titled("Accuracy on training rows, % (mean of folds)", models, rows)


def _seconds(models: list[Model], results: Results) -> str:
    rows = [
        [name, *(f"{np.mean(by_model[model.key].seconds):.3f}" for model in models)]
        for name, by_model in results.items()
    ]
    total = (sum(sum(by_model[model.key].seconds) for by_model in results.values()) for model in models)
    rows.append(["all folds of all sets", *(f"{seconds:.1f}" for seconds in total)])
    return _titled("Training time per fold, s (mean)", models, rows)


def _mean_ranks(models: list[Model], results: Results) -> str:
    rows = []
    for metric in METRICS:
        means = _ranks(metric, models, results).mean(axis=0)
        rows.append([metric.title.split(",")[0], *(f"{value:.2f}" for value in means)])
    text = _titled("Mean ranks", models, rows)
    if len(results) == len(sets.ALL):  # Of few sets ranks say nothing.
        distance = critical_difference(len(models), len(results))
        text += f"\n\nMean ranks {distance:.2f} or more apart differ significantly (Nemenyi test, 5 %)."
    return text


def _duels(models: list[Model], results: Results) -> str:
    """On how many sets our models are better than, as good as, or worse than the baseline."""
    compared = [model for model in models if isinstance(model, Ours) and model.key != BASELINE]
    rows = []
    for metric in METRICS:
        cells = [metric.title.split(",")[0]]
        for model in compared:
            ours = np.array([by_model[model.key].pooled[metric.key] for by_model in results.values()])
            theirs = np.array([by_model[BASELINE].pooled[metric.key] for by_model in results.values()])
            gain = ours - theirs if metric.higher_is_better else theirs - ours
            cells.append(f"{(gain > 0).sum()} / {(gain == 0).sum()} / {(gain < 0).sum()}")
        rows.append(cells)
    return table(["sets better / equal / worse than the MLP", *(model.title for model in compared)], rows)


def _titled(title: str, models: list[Model], rows: list[list[str]]) -> str:
    return table([title, *(model.title for model in models)], rows)


def table(header: list[str], rows: list[list[str]]) -> str:
    """In Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
