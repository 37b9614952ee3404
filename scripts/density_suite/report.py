"""Results as Markdown tables and as JSON."""

import numpy as np

from tabular_suite.report import table

from .data import Table
from .measure import Outcome
from .models import Model

# Outcomes of the splits, by table and model.
Results = dict[str, dict[str, list[Outcome]]]

# Difference in standard errors from which it is called one.
CLEAR = 2.0


def tables(data: list[Table], models: list[Model], results: Results) -> str:
    """All of it."""
    parts = [_tables(data), _log_likelihoods(models, results), _duels(models, results)]
    parts += [_seconds(models, results, False), _seconds(models, results, True), _chosen(models, results)]
    failures = _failures(models, results)
    return "\n\n".join(parts + ([failures] if failures else []))


def _tables(data: list[Table]) -> str:
    rows = [
        [one.name, one.source, str(one.rows_in_all), *map(str, one.values.shape), str(one.columns_left_out)] for one in data
    ]
    return table(["table", "from", "rows", "rows used", "columns", "columns left out"], rows)


def _mean(outcomes: list[Outcome]) -> float:
    """Over the test rows of all splits; NaN where a split has none."""
    return float(np.mean([outcome.test.mean() if len(outcome.test) else np.nan for outcome in outcomes]))


def _error(values: list[np.ndarray]) -> float:
    """Of the mean over the test rows of all splits, as if no row was in two of them."""
    pooled = np.concatenate(values)
    return float(pooled.std(ddof=1) / np.sqrt(len(pooled)))


def _log_likelihoods(models: list[Model], results: Results) -> str:
    rows = []
    for name, by_model in results.items():
        means = {key: _mean(outcomes) for key, outcomes in by_model.items()}
        best = np.nanmax(list(means.values()))
        cells = []
        for model in models:
            mean = means[model.key]
            if np.isnan(mean):
                cells.append("none")
                continue
            text = f"{mean:.2f} ± {_error([outcome.test for outcome in by_model[model.key]]):.2f}"
            cells.append(f"**{text}**" if mean == best else text)
        rows.append([name, *cells])
    wins = [sum(cell.startswith("**") for cell in column) for column in list(zip(*rows))[1:]]
    rows.append(["tables where it is the best", *map(str, wins)])
    return table(["Log-likelihood of test rows, nats per row", *(model.title for model in models)], rows)


def _duels(models: list[Model], results: Results) -> str:
    """What the first model is ahead of each other one by, row by row."""
    ours, others = models[0], models[1:]
    rows = []
    ahead = {model.key: [0, 0, 0, 0] for model in others}
    for name, by_model in results.items():
        cells = []
        for model in others:
            pairs = list(zip(by_model[ours.key], by_model[model.key]))
            if any(len(a.test) != len(b.test) for a, b in pairs):
                cells.append("no density" if any(not len(b.test) for _, b in pairs) else "lost: no density")
                ahead[model.key][0 if cells[-1] == "no density" else 2] += 1
                continue
            gains = [a.test - b.test for a, b in pairs]
            gain, error = float(np.mean([g.mean() for g in gains])), _error(gains)
            cells.append(f"{gain:+.2f} ± {error:.2f}")
            ahead[model.key][0 if gain > 0 else 2] += 1
            if abs(gain) > CLEAR * error:
                ahead[model.key][1 if gain > 0 else 3] += 1
        rows.append([name, *cells])
    counts = [f"{a} ({b} clearly) / {c} ({d})" for a, b, c, d in (ahead[model.key] for model in others)]
    rows.append(["tables ahead / behind", *counts])
    return table([f"{ours.title} ahead of", *(model.title for model in others)], rows)


def _seconds(models: list[Model], results: Results, all_fits: bool) -> str:
    seconds = lambda outcome: outcome.all_seconds if all_fits else outcome.seconds
    rows, sums = [], np.zeros(len(models))
    for name, by_model in results.items():
        means = [float(np.mean([seconds(outcome) for outcome in by_model[model.key]])) for model in models]
        sums += means
        rows.append([name, *(f"{mean:.2f}" for mean in means)])
    rows.append(["sum", *(f"{value:.2f}" for value in sums)])
    what = "all fits to choose from" if all_fits else "the fit that was chosen"
    return table([f"CPU seconds, {what}, mean of splits", *(model.title for model in models)], rows)


def _chosen(models: list[Model], results: Results) -> str:
    rows = []
    for name, by_model in results.items():
        cells = ["; ".join(dict.fromkeys(outcome.chosen or "none" for outcome in by_model[model.key])) for model in models]
        rows.append([name, *cells])
    return table(["Settings chosen by validation rows", *(model.title for model in models)], rows)


def _failures(models: list[Model], results: Results) -> str:
    lines = []
    for name, by_model in results.items():
        for model in models:
            for split, outcome in enumerate(by_model[model.key], start=1):
                lines += [f"* {name}, split {split}, {model.title}, {one}: {why}" for one, why in outcome.failures.items()]
    return "Fits that came to nothing:\n\n" + "\n".join(lines) if lines else ""


def to_json(head: dict, results: Results) -> dict:
    """Every number."""
    numbers = lambda outcome: {
        "log_likelihood": float(outcome.test.mean()) if len(outcome.test) else None,
        "standard_error": _error([outcome.test]) if len(outcome.test) else None,
        "test_rows": len(outcome.test),
        "chosen": outcome.chosen,
        "seconds": outcome.seconds if len(outcome.test) else None,
        "all_seconds": outcome.all_seconds,
        "failures": outcome.failures,
    }
    by_table = {
        name: {key: [numbers(outcome) for outcome in outcomes] for key, outcomes in by_model.items()}
        for name, by_model in results.items()
    }
    return {**head, "tables": by_table}
