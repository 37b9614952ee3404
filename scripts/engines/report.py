"""Results as a Markdown table."""

from importlib.metadata import version
from pathlib import Path

from tabular_suite.report import machine

from .measure import Agreement, Run

# The package whose version an engine has.
_PACKAGES = {"ray": "ray", "spark": "pyspark", "dask": "dask", "duckdb": "duckdb", "polars": "polars"}
_COLUMNS = [
    "engine",
    "time, s",
    "processes that predict",
    "loads of the model in each",
    "batches",
    "their processor time, s",
    "peak memory, MiB: driver",
    "a process that predicts",
    "all processes",
    "values with other bits",
    "greatest difference",
]


def head(program: Path, engines: list[str], rows: int, training_rows: int) -> str:
    """What is measured, and where; the head of the table."""
    on = machine(program)
    versions = [f"{_PACKAGES[engine]} {version(_PACKAGES[engine])}" for engine in engines]
    versions += [f"{name} {version(name)}" for name in ("pyarrow", "pandas", "numpy")]
    return f"""\
{on["processor"]}, {on["cpus"]} CPUs, {on["system"]}, load {on["load_average_at_start"]}
{on["ugmm"]}, Python {on["python"]}, {", ".join(versions)}

{rows:,} rows to predict, {training_rows:,} to train on.

{_line(_COLUMNS)}
{_line(["---"] * len(_COLUMNS))}"""


def line(engine: str, run: Run, agreement: Agreement | None = None) -> str:
    """The line of an engine, or of the command, which agrees with itself."""
    workers = run.workers
    loads = sorted({worker.loads for worker in workers})
    cells = [
        engine,
        f"{run.seconds:.1f}",
        str(len(workers)),
        ", ".join(map(str, loads)),
        "–" if engine.startswith("ugmm") else str(sum(worker.batches for worker in workers)),
        f"{sum(worker.processor_s for worker in workers):.1f}",
        f"{run.driver_mib:.0f}",
        f"{max(worker.peak_mib for worker in workers):.0f}",
        f"{run.all_mib:.0f}",
    ]
    if agreement is None:
        return _line([*cells, "–", "–"])
    return _line([*cells, f"{agreement.other_bits:,} of {agreement.values:,}", f"{agreement.greatest:.0e}"])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
