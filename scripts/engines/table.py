"""The table that all engines predict: numbers, categories, booleans, dates and missing values."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

# Files of the table to predict, and rows of each of their row groups.
PARTS = 8
ROW_GROUP = 25_000
KEY = "key"
TARGET = "label"
_PLACES = np.array(["north", "south", "east", "west", "São Paulo", "harbour"])


def make(rows: int, seed: int, first_key: int = 0) -> pa.Table:
    """Rows with a key that counts them from `first_key` on and a label that depends on some of the other columns."""
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, 5))
    places = random.integers(0, len(_PLACES), rows)
    kinds = random.integers(0, 3, rows)
    score = numbers[:, 0] * numbers[:, 1] + numbers[:, 2] + (places == 3) - (kinds == 1) + random.normal(size=rows) / 2
    columns = {KEY: pa.array(np.arange(first_key, first_key + rows))}
    for index in range(5):
        columns[f"number {index + 1}"] = pa.array(numbers[:, index], mask=random.random(rows) < 0.05)
    columns["count"] = pa.array(random.poisson(3, rows))
    columns["place"] = pa.array(_PLACES[places], mask=random.random(rows) < 0.1)
    columns["kind"] = pa.array(np.array(["a", "b", "c"])[kinds])
    columns["seen"] = pa.array(random.random(rows) < 0.3, mask=random.random(rows) < 0.02)
    columns["day"] = pa.array(np.datetime64("2022-01-01") + random.integers(0, 900, rows))
    columns[TARGET] = pa.array(np.select([score > 1, score > -0.5], ["high", "middle"], "low"))
    return pa.table(columns)


def write_known(path: Path, rows: int) -> None:
    """Writes the rows to train on."""
    pa.parquet.write_table(make(rows, seed=0).drop_columns([KEY]), path)


def write_parts(folder: Path, whole: Path, csv: Path, rows: int) -> None:
    """Writes the rows to predict, without labels: to files in `folder`, and in this order to `whole` and `csv`."""
    folder.mkdir()
    schema = make(1, seed=0).drop_columns([TARGET]).schema
    first = 0
    with pa.parquet.ParquetWriter(whole, schema) as writer, pa.csv.CSVWriter(csv, schema) as texts:
        for part in range(PARTS):
            count = rows * (part + 1) // PARTS - first
            table = make(count, seed=part + 1, first_key=first).drop_columns([TARGET])
            pa.parquet.write_table(table, folder / f"part-{part}.parquet", row_group_size=ROW_GROUP)
            writer.write_table(table, row_group_size=ROW_GROUP)
            texts.write_table(table)
            first += count
