"""Whether rows of a class that was not learned are noticed: by the distance, by entropy, by the flag."""

import csv
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from tabular_suite.data import DataSet

from .numbers import call

# Of the ten tables of scripts/tabular_suite.py, some with three classes or more.
TABLES = ["iris", "wine", "digits", "vehicle", "segment"]


def measure(program: Path, data_set: DataSet, directory: Path) -> dict:
    """Each class in turn is left out of training. Means over the classes."""
    measures = {"distance": [], "entropy": [], "flagged_ordinary": [], "flagged_new": []}
    for left_out in range(data_set.classes):
        known = np.flatnonzero(data_set.labels != left_out)
        train, test = train_test_split(known, test_size=0.25, stratify=data_set.labels[known], random_state=0)
        new = np.flatnonzero(data_set.labels == left_out)
        learn, rows, model, out = (directory / name for name in ("train.csv", "rows.csv", "m.safetensors", "p.csv"))
        header = [f"x{column}" for column in range(data_set.features.shape[1])]
        _write(learn, [*header, "label"], data_set.features[train].tolist(), data_set.labels[train])
        asked = np.concatenate([test, new])
        _write(rows, header, data_set.features[asked].tolist(), None)
        options = ["--target", "label", "--task", "classification", "--validation", "0", "-q"]
        call([program, "train", learn, "-o", model, *options])
        call([program, "predict", model, rows, "-o", out, "-q"])
        with open(out, newline="") as file:
            predicted = list(csv.DictReader(file))
        is_new = np.arange(len(asked)) >= len(test)
        for sign in ("distance", "entropy"):
            values = np.array([float(row[sign]) for row in predicted])
            measures[sign].append(roc_auc_score(is_new, values))
        flags = np.array([row["unusual"] == "true" for row in predicted])
        measures["flagged_ordinary"].append(flags[~is_new].mean())
        measures["flagged_new"].append(flags[is_new].mean())
    return {name: float(np.mean(values)) for name, values in measures.items()}


def _write(path: Path, header: list[str], features: list, labels) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for place, row in enumerate(features):
            writer.writerow(row if labels is None else [*row, labels[place]])
