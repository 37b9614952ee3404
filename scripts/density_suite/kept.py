"""Outcomes in a file, so that a run that was cut short, or one with another program, need not measure the peers again."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from compare_pytorch.failure import Failure

from .measure import Outcome


class Kept:
    """A file of outcomes, one a line; without a file nothing is kept."""

    def __init__(self, path: Path | None):
        self._path = path
        self._outcomes: dict[tuple[str, int, str], Outcome] = {}
        if path is None or not path.exists():
            return
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            try:
                known = json.loads(line)
                place = (known.pop("table"), known.pop("split"), known.pop("model"))
                self._outcomes[place] = Outcome(**{**known, "test": np.array(known["test"])})
            except (ValueError, KeyError, TypeError) as error:
                raise Failure(f"{path}, line {number}, is no outcome of this script: {error}") from error

    def get(self, table: str, split: int, model: str) -> Outcome | None:
        """What is known already."""
        return self._outcomes.get((table, split, model))

    def add(self, table: str, split: int, model: str, outcome: Outcome) -> None:
        """Writes it down."""
        if self._path is not None:
            known = {"table": table, "split": split, "model": model, **asdict(outcome), "test": outcome.test.tolist()}
            with open(self._path, "a") as file:
                file.write(json.dumps(known) + "\n")
