"""Tables that several tests use."""

import datetime

import numpy as np
import pytest

N_ROWS = 120


@pytest.fixture(scope="session")
def columns():
    """Columns of every kind, some with missing values, and a target that depends on them."""
    random = np.random.default_rng(0)
    size = random.normal(size=N_ROWS)
    kind = [["fox", "owl", None][index] for index in random.integers(0, 3, N_ROWS)]
    seen = [bool(value) for value in random.random(N_ROWS) < 0.5]
    days = random.integers(0, 300, N_ROWS)
    label = ["far" if number + 2 * (word == "owl") > 0.5 else "near" for number, word in zip(size, kind, strict=True)]
    return {
        "size": [None if index % 9 == 0 else float(value) for index, value in enumerate(size)],
        "count": [int(value) for value in random.integers(0, 50, N_ROWS)],
        "kind": kind,
        "seen": seen,
        "day": [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(day)) for day in days],
        "label": label,
    }


@pytest.fixture(scope="session")
def features(columns):
    return {name: values for name, values in columns.items() if name != "label"}


@pytest.fixture(scope="session")
def numbers():
    """Rows of two numbers, and two classes."""
    random = np.random.default_rng(1)
    rows = random.normal(size=(80, 2))
    return rows, (rows[:, 0] > 0).astype(int)
