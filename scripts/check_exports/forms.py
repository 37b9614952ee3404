"""Predictions of a model by the program and by each form of its export, as rows of named values."""

import csv
import datetime
import json
import math
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from compare_pytorch.failure import Failure

Row = dict[str, object]
# Greatest difference of the share of a contribution: shares of small sums are sensitive to rounding.
MOST_REASON = 1e-2
# Names of the columns of a SELECT that other forms name otherwise.
SQL_NAMES = {"quantile_5": "5 %", "quantile_50": "median", "quantile_95": "95 %", "log_likelihood": "log-likelihood"}


def run(command: list[object]) -> None:
    """Runs a command; its message is the error."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))} failed: {done.stderr.strip()}")


def export(program: Path, model: Path, file: Path, options: list[str]) -> bool:
    """Exports a model; returns whether the form can hold it."""
    command = [str(part) for part in (program, "export", model, "-o", file, "--quiet", *options)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0 and "cannot be exported" not in done.stderr:
        raise Failure(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.returncode == 0


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float:
    """The number of a field; NaN if it is empty."""
    return float(text) if text else math.nan


def days(text: str) -> float:
    """Days since 1970-01-01 of a date; NaN if it is empty."""
    return float((datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days) if text else math.nan


def of_program(program: Path, model: Path, rows: Path, output: Path, explain: bool) -> tuple[list[Row], float]:
    """The program's predictions, and the seconds that it takes; with `explain` also the column that contributes most."""
    start = time.perf_counter()
    run([program, "predict", model, rows, "-o", output, "--quiet", *(["--explain", "1"] if explain else [])])
    seconds = time.perf_counter() - start
    predicted = []
    for line in read(output):
        row: Row = {"probabilities": []}
        for name, text in line.items():
            if name.startswith("probability of "):
                row["probabilities"].append(number(text))
            elif name.startswith("predicted "):
                row["predicted"] = text
            elif name in ("entropy", "log-likelihood", "median"):
                row[name] = number(text)
            elif name.startswith("standard deviation"):
                row["deviation"] = number(text)
            elif name in ("5 %", "95 %"):
                row[name] = number(text)
            elif name == "share of reason 1":
                row["reason"] = (line["reason 1"], number(text))
        if row["probabilities"]:
            row["label"] = row.pop("predicted")
        else:
            del row["probabilities"]
            if "predicted" in row:
                row["mean"] = number(row.pop("predicted"))
        predicted.append(row)
    return predicted, seconds


def values(line: dict[str, str], columns: list[dict]) -> dict[str, object]:
    """The values of a row for an export: numbers, texts, days."""
    found: dict[str, object] = {}
    for column in columns:
        text = line[column["name"]].strip()
        if column["kind"] in ("date", "month"):
            found[column["name"]] = days(text)
        elif column["kind"] == "number":
            found[column["name"]] = number(text)
        else:
            found[column["name"]] = text
    return found


def of_onnx(path: Path, rows: Path) -> tuple[list[Row], float, list[dict]]:
    """The predictions of onnxruntime, the seconds that it takes, and the columns."""
    import numpy
    import onnx
    import onnxruntime

    onnx.checker.check_model(str(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    columns = json.loads(session.get_modelmeta().custom_metadata_map["columns"])
    lines = [values(line, columns) for line in read(rows)]
    kinds = {"number": numpy.float64, "date": numpy.float64, "month": numpy.float64}
    feed = {}
    if session.get_inputs()[0].name == "image":
        feed["image"] = numpy.array([[float(value) for value in line.values()] for line in read(rows)])
        columns = []
    for column in columns:
        of_column = [[line[column["name"]]] for line in lines]
        feed[column["name"]] = numpy.array(of_column, dtype=kinds.get(column["kind"], object))
    names = [output.name.rstrip("_") for output in session.get_outputs()]
    start = time.perf_counter()
    found = dict(zip(names, session.run(None, feed)))
    seconds = time.perf_counter() - start
    predicted = []
    for place in range(len(lines)):
        row: Row = {}
        for name, result in found.items():
            value = result[place]
            if name == "label":
                row[name] = str(value)
            elif name in ("probabilities", "log_conditionals"):
                row[name] = [float(share) for share in value]
            elif name == "quantiles":
                row["5 %"], row["median"], row["95 %"] = map(float, value)
            elif name == "log_likelihood":
                row["log-likelihood"] = float(value)
            elif value.ndim == 0:
                row[name] = float(value)
        predicted.append(row)
    return predicted, seconds, columns or [{"name": name, "kind": "number"} for name in read(rows)[0]]


# Reads rows as JSON, and writes the predictions of a module and the seconds that they take.
NODE = """
import { readFileSync } from "node:fs";
const { predict, contributions } = await import(process.argv[1]);
const rows = JSON.parse(readFileSync(0, "utf8"));
const start = performance.now();
const predicted = rows.map(predict);
const seconds = (performance.now() - start) / 1000;
const explained = rows.map(contributions);
// JSON has no infinities.
const text = (key, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value);
console.log(JSON.stringify({ predicted, explained, seconds }, text));
"""


def of_javascript(path: Path, rows: Path, columns: list[dict]) -> tuple[list[Row], float]:
    """The predictions of a module in Node, and the seconds that they take."""
    lines = [values(line, columns) for line in read(rows)]
    given = [{name: None if value != value else value for name, value in line.items()} for line in lines]
    command = ["node", "--input-type=module", "-e", NODE, path.resolve().as_uri()]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"node failed on {path}: {done.stderr.strip()}")
    answer = json.loads(done.stdout)
    predicted = [of_object(row) for row in answer["predicted"]]
    for row, explained in zip(predicted, answer["explained"], strict=True):
        if explained is not None:
            row["contributions"] = {name: float(nats) for name, nats in explained.items()}
    return predicted, answer["seconds"]


def of_c(path: Path, rows: Path, columns: list[dict], expected: Row) -> tuple[list[Row], float]:
    """The predictions of a C file, and the seconds that they take."""
    program = path.with_suffix(".program")
    kinds = [f"-D{name}" for name, sign in {"NUMBER": "mean", "DENSITY": "log-likelihood"}.items() if sign in expected]
    strict = ["-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror", "-ffp-contract=off"]
    run(["gcc", *strict, *kinds, f'-DMODEL="{path.resolve()}"', Path(__file__).parent / "main.c", "-o", program, "-lm"])
    lines = [values(line, columns) for line in read(rows)]
    text = "".join("\t".join(str(value) for value in line.values()) + "\n" for line in lines)
    done = subprocess.run([program], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"{program} failed: {done.stderr.strip()}")
    predicted = []
    for line in done.stdout.splitlines():
        if line == "none":
            predicted.append(of_object(None))
            continue
        fields = line.strip("\t").split("\t")
        row: Row = {}
        for name, value in zip(fields[::2], fields[1::2], strict=True):
            if name == "label":
                row[name] = value
            elif name == "probability":
                row.setdefault("probabilities", []).append(float(value))
            else:
                row[name] = float(value)
        predicted.append(row)
    return predicted, float(done.stderr)


def sql_values(lines: list[dict[str, object]]) -> list[list[object]]:
    """The values of rows for a database: a date as text, NULL where a number is missing."""
    return [[None if value != value else value for value in line.values()] for line in lines]


def of_sql(path: Path, rows: Path, columns: list[dict], engine: str) -> tuple[list[Row], float]:
    """The predictions of a SELECT by SQLite or DuckDB, and the seconds that they take. Dates are texts."""
    lines = []
    for line in read(rows):
        found = values(line, columns)
        for column in columns:
            if column["kind"] in ("date", "month"):
                found[column["name"]] = line[column["name"]] or None
        lines.append(found)
    kinds = {"number": "DOUBLE", "date": "DATE", "month": "DATE"}
    header = ", ".join(f'{quoted(column["name"])} {kinds.get(column["kind"], "VARCHAR")}' for column in columns)
    header = header or '"nothing" INTEGER'
    marks = ", ".join("?" for _ in columns) or "?"
    if engine == "SQLite":
        database = sqlite3.connect(":memory:")
    else:
        import duckdb

        database = duckdb.connect()
        database.execute("SET threads = 1")
    database.execute(f"CREATE TABLE rows ({header})")
    database.executemany(f"INSERT INTO rows VALUES ({marks})", sql_values(lines) if columns else [[0] for _ in lines])
    start = time.perf_counter()
    answer = database.execute(path.read_text(encoding="utf-8"))
    found = answer.fetchall()
    seconds = time.perf_counter() - start
    # The columns of the table come first.
    names = [column[0].rstrip("_") for column in answer.description][1 + max(len(columns), 1) :]
    predicted = []
    for line in found:
        row: Row = {}
        for name, value in zip(names, line[1 + max(len(columns), 1) :], strict=True):
            if name == "label":
                row[name] = "" if value is None else value
                row["probabilities"] = []
            elif name.startswith("probability of "):
                row["probabilities"].append(math.nan if value is None else float(value))
            else:
                row[SQL_NAMES.get(name, name)] = math.nan if value is None else float(value)
        predicted.append(row)
    database.close()
    return predicted, seconds


def quoted(name: str) -> str:
    """The name of a column in SQL."""
    return '"' + name.replace('"', '""') + '"'


def of_object(found: dict | None) -> Row:
    """A prediction of the module."""
    names = ["entropy", "mean", "deviation", "5 %", "median", "95 %", "log-likelihood"]
    if found is None:
        return {"label": "", "probabilities": None, **{name: math.nan for name in names}}
    row: Row = {name: float(found[name]) for name in names if name in found}
    if "label" in found:
        row["label"], row["probabilities"] = found["label"], [float(share) for share in found["probabilities"].values()]
    if "quantiles" in found:
        row["5 %"], row["median"], row["95 %"] = map(float, found["quantiles"])
    if "logLikelihood" in found:
        row["log-likelihood"] = float(found["logLikelihood"])
    return row


def of_select(expected: list[Row], found: list[Row]) -> list[Row]:
    """Predictions without what a SELECT leaves out: reasons, and the quantiles of a mixture."""
    left_out = {"reason", "contributions"}
    if found and "median" not in found[0]:
        left_out |= {"5 %", "median", "95 %"}
    return [{name: value for name, value in row.items() if name not in left_out} for row in expected]


def difference(expected: list[Row], found: list[Row]) -> tuple[float, str]:
    """The greatest difference of two lists of predictions, and where it is. Probabilities and entropies are compared as
    they are, numbers relative to the spread of their predictions, log-likelihoods relative to their size."""
    if len(expected) != len(found):
        return math.inf, f"{len(found)} rows instead of {len(expected)}"
    numbers = ["mean", "deviation", "5 %", "median", "95 %"]
    known = [row[name] for row in expected for name in numbers[2:] if name in row and not math.isnan(row[name])]
    span = max(known) - min(known) if known else 1.0
    worst, where = 0.0, ""
    for place, (one, other) in enumerate(zip(expected, found)):
        for name, value in one.items():
            if name == "contributions":
                continue
            if name == "reason":
                apart = reason_gap(value, other.get("contributions"))
                if apart > MOST_REASON:
                    return math.inf, f"row {place + 1}, reason: {other['contributions']} instead of {value}"
                continue
            if name not in other:
                return math.inf, f"{name} is missing"
            if name == "label":
                # Equal probabilities have no order.
                shares = one["probabilities"]
                tied = shares is not None and sorted(shares)[-1] - sorted(shares)[-2] < 1e-5
                apart = 0.0 if value == other[name] or tied else math.inf
            elif name == "probabilities" and (value is None or other[name] is None):
                apart = 0.0 if all(math.isnan(share) for share in value or other[name] or []) else math.inf
            elif name == "probabilities":
                apart = max(gap(a, b) for a, b in zip(value, other[name], strict=True))
            elif name in numbers:
                apart = gap(value, other[name]) / span
            elif name == "log-likelihood":
                apart = 0.0 if value == other[name] else gap(value, other[name]) / max(1.0, abs(value))
            else:
                apart = gap(value, other[name])
            if apart > worst:
                worst, where = apart, f"row {place + 1}, {name}: {other[name]} instead of {value}"
    return worst, where


def conditionals_gap(onnx: list[Row], javascript: list[Row], path: Path, rows: Path, columns: list[dict]) -> float:
    """The greatest difference of the log-density of a value given the others of its row from the log-likelihood of the row less
    that of the row without the value, relative to the larger of the size of the first and 1."""
    lines = read(rows)
    worst = 0.0
    for place, column in enumerate(columns):
        shorter = rows.with_suffix(".without")
        with shorter.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, lines[0])
            writer.writeheader()
            writer.writerows({**line, column["name"]: ""} for line in lines)
        others, _ = of_javascript(path, shorter, columns)
        for line, one, whole, other in zip(lines, onnx, javascript, others, strict=True):
            found = one["log_conditionals"][place]
            if line[column["name"]].strip() == "" or math.isinf(whole["log-likelihood"]):
                continue
            expected = whole["log-likelihood"] - other["log-likelihood"]
            worst = max(worst, gap(expected, found) / max(1.0, abs(whole["log-likelihood"])))
    return worst


# Prints the peak memory of a process that predicts 1,024 images of 784 pixels, in MB.
MEMORY = """
import sys
import numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
session.run(None, {"image": numpy.random.default_rng(0).random((1024, 784))})
# Not ru_maxrss, which begins with the memory of the process that started this one.
with open("/proc/self/status") as status:
    print(next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM")))
"""


def memory_of_onnx(path: Path) -> int:
    """The peak memory of onnxruntime with 1,024 images, in MB."""
    done = subprocess.run([sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout)


def reason_gap(reason: tuple[str, float], contributions: dict[str, float] | None) -> float:
    """The difference of a column's share of the contributions in favour of a prediction; 0 where it is not computed."""
    name, share = reason
    if contributions is None or math.isnan(share):
        return 0.0
    total = sum(max(nats, 0.0) for nats in contributions.values())
    return abs(share - max(contributions[name], 0.0) / total) if total > 0.0 else share


def gap(one: float, other: float) -> float:
    """The distance of two numbers; 0 for two NaN, infinite for one."""
    if math.isnan(one) or math.isnan(other):
        return 0.0 if math.isnan(one) and math.isnan(other) else math.inf
    return abs(one - other)
