"""What scripts/tabular_peers.py reports of its results: mean ranks with critical differences, wins, every table."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")
import numpy as np
from matplotlib import pyplot
from scipy import stats

from . import peers, report
from .metrics import CLASS_METRICS, NUMBER_METRICS, SIGNIFICANCE, UNRANKED, Metric, critical_difference, ranks
from .records import Records
from .tables import Table

TASKS = [(False, "Classification", CLASS_METRICS), (True, "Regression", NUMBER_METRICS)]
SCOPES = {
    "tables for the test": lambda entry: not entry.development,
    "new tables for the test": lambda entry: not entry.development and not entry.seen,
    "tables for the test, looked at before": lambda entry: not entry.development and entry.seen,
    "tables for development": lambda entry: entry.development,
}
# Fewer tables say nothing about ranks.
FEWEST_TABLES = 3
SECONDS = [Metric("fit_seconds", "Seconds of the processor to fit", 2), Metric("predict_seconds", "to predict", 3)]


class Results:
    """The means over folds of one task."""

    def __init__(self, tables: list[Table], models: list, records: Records, identities: dict, folds: int):
        self.models = models
        self.tables, self.folds, measured = [], [], []
        for table in tables:
            found = [
                [records.get(table.entry.name, fold, model.key, identities[model.key]) for model in models]
                for fold in range(folds)
            ]
            # Only folds that every model has.
            complete = [fold for fold in found if all(fold)]
            if complete:
                self.tables.append(table)
                self.folds.append(len(complete))
                means = [
                    {key: np.mean([fold[place][key] for fold in complete]) for key in complete[0][place]}
                    for place in range(len(models))
                ]
                measured.append(means)
        for means in measured:
            for by_key in means:
                if "coverage" in by_key:
                    by_key["coverage_error"] = abs(by_key["coverage"] - 0.9)
        self._measured = measured

    def values(self, metric: Metric, rows: list[int]) -> np.ndarray:
        """[tables, models]."""
        return np.array([[by_key[metric.key] for by_key in self._measured[row]] for row in rows])

    def rows(self, chosen) -> list[int]:
        """Places of the tables whose entry is chosen."""
        return [place for place, table in enumerate(self.tables) if chosen(table.entry)]


def write(path: Path, tables: list[Table], models: list, records: Records, identities: dict, folds: int) -> None:
    """Writes the Markdown, and beside it a figure for each task."""
    parts = [
        "# Tables: `ugmm train` and its peers, every number",
        "What scripts/tabular_peers.py wrote. Means over the folds that every model has; the best of each row is bold.",
        report.table(
            ["model", "what its results depend on"],
            [
                [
                    model.title,
                    ", ".join(f"{key} {value}" for key, value in identities[model.key].items() if value != []),
                ]
                for model in models
            ],
        ),
    ]
    for regression, title, metrics in TASKS:
        of_task = [table for table in tables if table.entry.regression == regression]
        able = [model for model in models if all(peers.applies(model, table) for table in of_task)]
        results = Results(of_task, able, records, identities, folds)
        if not results.tables:
            continue
        parts.append(f"## {title}")
        ranked = [metric for metric in metrics if metric.key not in UNRANKED]
        for scope, chosen in SCOPES.items():
            rows = results.rows(chosen)
            if len(rows) >= FEWEST_TABLES:
                parts.append(_mean_ranks(scope, results, rows, ranked))
        test = results.rows(SCOPES["tables for the test"])
        if len(test) >= FEWEST_TABLES:
            parts.append(_wins(results, test, ranked))
            figure = path.with_name(f"{path.stem}-{title.lower()}.svg")
            _figure(figure, results, test, ranked)
            parts.append(f"![Mean ranks, {title.lower()}]({figure.name})")
        parts.append(_tables(results))
        parts += [_by_table(metric, results) for metric in [*metrics, *SECONDS] if metric.key != "coverage_error"]
    path.write_text("\n\n".join(parts) + "\n")


def _ranks(results: Results, rows: list[int], metric: Metric) -> np.ndarray:
    """[tables, models]."""
    return np.array([ranks(list(row), metric.higher_is_better) for row in results.values(metric, rows)])


def _mean_ranks(scope: str, results: Results, rows: list[int], metrics: list[Metric]) -> str:
    lines = []
    for metric in metrics:
        each = _ranks(results, rows, metric)
        p = stats.friedmanchisquare(*each.T).pvalue
        means = each.mean(axis=0)
        cells = [f"**{mean:.2f}**" if mean == means.min() else f"{mean:.2f}" for mean in means]
        lines.append([_short(metric), *cells, "< 0.001" if p < 0.001 else f"{p:.3f}"])
    header = [f"Mean ranks, {len(rows)} {scope}", *_titles(results), "Friedman p"]
    distance = critical_difference(len(results.models), len(rows))
    text = report.table(header, lines)
    return f"{text}\n\nMean ranks {distance:.2f} or more apart differ significantly (Nemenyi test, {SIGNIFICANCE:.0%})."


def _wins(results: Results, rows: list[int], metrics: list[Metric]) -> str:
    lines = []
    for metric in metrics:
        values = results.values(metric, rows)
        gain = (values[:, :1] - values) * (1 if metric.higher_is_better else -1)
        counts = [(column > 0, column == 0, column < 0) for column in gain.T[1:]]
        lines.append([_short(metric), *(" / ".join(str(part.sum()) for part in parts) for parts in counts)])
    header = [f"Tables for the test: {results.models[0].title} better / equal / worse than", *_titles(results)[1:]]
    return report.table(header, lines)


def _tables(results: Results) -> str:
    lines = []
    for table, folds in zip(results.tables, results.folds):
        categorical = len(table.features.select_dtypes("category").columns)
        rows, columns = table.features.shape
        sizes = [rows, table.rows_in_all, columns, categorical, table.classes or "–", folds]
        lines.append([table.entry.name, table.entry.source, table.entry.group, *map(str, sizes)])
    header = ["table", "from", "for", "rows used", "in all", "features", "of them texts", "classes", "folds measured"]
    return report.table(header, lines)


def _by_table(metric: Metric, results: Results) -> str:
    rows = list(range(len(results.tables)))
    values = metric.factor * results.values(metric, rows)
    best = values.max(axis=1) if metric.higher_is_better else values.min(axis=1)
    lines = []
    for table, row, top in zip(results.tables, values, best):
        marked = metric.key not in UNRANKED
        shown = [f"{value:.{metric.digits}f}" for value in row]
        lines.append(
            [table.entry.name, *(f"**{text}**" if marked and value == top else text for value, text in zip(row, shown))]
        )
    lines.append(["mean", *(f"{value:.{metric.digits}f}" for value in values.mean(axis=0))])
    return report.table([metric.title, *_titles(results)], lines)


def _figure(path: Path, results: Results, rows: list[int], metrics: list[Metric]) -> None:
    """One row of dots for each metric, and the critical difference."""
    matplotlib.rcParams["svg.fonttype"] = "none"
    matplotlib.rcParams["svg.hashsalt"] = "ranks"
    count = len(results.models)
    figure, axes = pyplot.subplots(figsize=(9, 0.55 * len(metrics) + 1.6))
    means = [_ranks(results, rows, metric).mean(axis=0) for metric in metrics]
    for place, model in enumerate(results.models):
        heights = [-height + (0.3 * place / count - 0.15) for height in range(len(metrics))]
        first = place == 0
        axes.plot(
            [row[place] for row in means],
            heights,
            "D" if first else "o",
            color="black" if first else f"C{place - 1}",
            markersize=8 if first else 6,
            label=model.title,
        )
    distance = critical_difference(count, len(rows))
    axes.plot([1, 1 + distance], [0.6, 0.6], color="grey", linewidth=3)
    axes.text(1 + distance + 0.1, 0.6, f"critical difference {distance:.2f}", va="center", color="grey")
    axes.set_yticks([-height for height in range(len(metrics))], [_short(metric) for metric in metrics])
    axes.set_ylim(-len(metrics) + 0.4, 1)
    axes.set_xlim(0.8, count + 0.2)
    axes.set_xlabel(f"mean rank on {len(rows)} tables (1 is best)")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)


def _titles(results: Results) -> list[str]:
    return [model.title for model in results.models]


def _short(metric: Metric) -> str:
    return "Coverage, distance from 90 %" if metric.key == "coverage_error" else metric.title.removesuffix(", %")
