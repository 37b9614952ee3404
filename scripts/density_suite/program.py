"""The densities of `ugmm train --objective density`."""

import csv
import math
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compare_pytorch.failure import Failure

from .data import Split
from .models import Density

# Units of each region as multiples of the square root of the rows.
UNITS = (0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Ours:
    """`ugmm train --objective density` with its defaults but for structure and units; or one circuit of the fewest units, to see
    what is to be had in little time."""

    program: Path
    directory: Path
    quick: bool = False

    @property
    def key(self) -> str:
        return "ugmm_quick" if self.quick else "ugmm"

    @property
    def title(self) -> str:
        return "one circuit" if self.quick else "uGMM circuit"

    def tries(self, split: Split) -> dict[str, list[str]]:
        root = math.sqrt(len(split.training))
        if self.quick:
            units = str(max(2, round(UNITS[0] * root)))
            return {f"chow-liu, {units} units": ["--structure", "chow-liu", "--units", units, "--members", "1"]}
        settings = {}
        for share in UNITS:
            units = str(max(2, round(share * root)))
            settings[f"chow-liu, {units} units"] = ["--structure", "chow-liu", "--units", units]
        units = str(max(2, round(root)))
        for structure in ("random-trees", "mixture"):
            settings[f"{structure}, {units} units"] = ["--structure", structure, "--units", units]
        return settings

    def fit(self, split: Split, settings: list[str], seed: int) -> Density:
        model = self.directory / f"{self.key}.safetensors"
        training = self.directory / "training.csv"
        write(training, split.training)
        # All training rows are learned from; of these it sets some aside to stop by.
        options = ["--objective", "density", "--validation", "0", "--threads", "1", "--seed", str(seed), "-q"]
        self._call(["train", training, "-o", model, *options, *settings])
        return lambda x: self._score(model, x)

    def _score(self, model: Path, x: np.ndarray) -> np.ndarray:
        rows, scores = self.directory / "rows.csv", self.directory / "scores.csv"
        write(rows, x)
        self._call(["score", model, rows, "-o", scores, "--threads", "1", "-q"])
        with open(scores, newline="") as file:
            return np.array([float(row["log-likelihood"]) for row in csv.DictReader(file)])

    def _call(self, arguments: list) -> None:
        command = [str(argument) for argument in [self.program, *arguments]]
        result = subprocess.run(command, text=True, capture_output=True)
        if result.returncode != 0:
            message = result.stderr.strip() or f"exit status {result.returncode}, without a message"
            raise Failure(f"`{' '.join(command)}` failed: {message}")


def write(path: Path, rows: np.ndarray) -> None:
    """Columns x0, x1, … with all their digits."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(f"x{column}" for column in range(rows.shape[1]))
        writer.writerows(rows.tolist())
