"""Attributions that were compared before one was chosen, in NumPy and apart from the Rust code.

x is a row, b the average row, y the activations of a layer, r responsibilities, π mixing weights; a zero at the end of a
name is the same of b. Everything is followed from log P(predicted class) to the inputs.
"""

import csv
import json
import struct
from pathlib import Path

import numpy as np

HALF_LOG_TAU = 0.5 * np.log(2 * np.pi)
ROWS = 150
STEPS = 16  # of integrated gradients
CHUNK = 2e7  # components computed at a time


class Network:
    """A model file of `ugmm train` that classifies rows of numbers."""

    def __init__(self, path: Path):
        data = path.read_bytes()
        length = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8 : 8 + length])
        description = json.loads(header.pop("__metadata__")["ugmm"])
        body = data[8 + length :]
        tensor = lambda name: np.frombuffer(
            body[slice(*header[name]["data_offsets"])], np.float32
        ).reshape(header[name]["shape"]).astype(np.float64)
        self.layers = []
        for index, layer in enumerate(description["model"]["layers"]):
            sigmas = np.sqrt(layer["min_sigma"] ** 2 + np.exp(2 * tensor(f"layers.{index}.raw_log_sigmas")))
            log_weights = log_softmax(tensor(f"layers.{index}.mixing_logits"))
            self.layers.append((tensor(f"layers.{index}.means"), sigmas, log_weights))
        self.classes = description["task"]["classes"]
        self.joint = description["task"]["objective"] != "discriminative"
        if self.joint and "one_hot" not in json.dumps(description["task"]["objective"]):
            raise ValueError("only labels that enter one-hot")
        self.columns = description["columns"]["reading"]["preprocessor"]["columns"]

    def read(self, path: Path) -> np.ndarray:
        """Rows of a file as the network sees them."""
        with open(path) as file:
            rows = list(csv.DictReader(file))
        scaled = []
        for column in self.columns:
            scale = column["inputs"]["one"]["standard"]
            values = np.array([float(row[column["request"]["name"]]) for row in rows])
            scaled.append((values - scale["mean"]) / scale["deviation"])
        return np.array(scaled).T

    def copies(self, x):
        """Each row with each class, where these are inputs."""
        if not self.joint:
            return x
        labels = np.tile(np.eye(self.classes), (len(x), 1))
        return np.hstack([np.repeat(x, self.classes, axis=0), labels])

    def trace(self, x):
        """Inputs of all layers and the outputs; responsibilities; z."""
        values, responsibilities, deviations = [x], [], []
        for means, sigmas, log_weights in self.layers:
            z = (values[-1][:, None, :] - means) / sigmas
            logs = np.where(np.isnan(z), -np.inf, log_weights - np.log(sigmas) - HALF_LOG_TAU - 0.5 * z * z)
            y = np.logaddexp.reduce(logs, axis=2)
            responsibilities.append(np.exp(logs - y[:, :, None]))
            if np.isnan(values[-1]).any():
                y = y - np.log(np.maximum((~np.isnan(values[-1])) @ np.exp(log_weights).T, 1e-30))
            values.append(y)
            deviations.append(np.nan_to_num(z))
        return values, responsibilities, deviations

    def log_probabilities(self, x):
        step = max(1, int(CHUNK / (self.layers[0][0].size * (self.classes if self.joint else 1))))
        parts = [self.trace(self.copies(x[i : i + step]))[0][-1] for i in range(0, len(x), step)]
        return log_softmax(np.concatenate(parts).reshape(len(x), self.classes))


def log_softmax(scores):
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def growth(d):
    """d / (1 − e^−d)"""
    small = np.abs(d) < 1e-9
    return np.where(small, 1 + d / 2, np.where(small, 1, d) / -np.expm1(-np.where(small, 1, d)))


def attributions(network: Network, x, base) -> tuple[dict, np.ndarray]:
    """Of each row, `[rows, features]`, by name; and the predicted classes."""
    rows, features = x.shape
    base = np.tile(base, (rows, 1))
    values, r, z = network.trace(network.copies(x))
    values0, r0, z0 = network.trace(network.copies(base))
    scores, scores0 = (found[-1].reshape(rows, network.classes) for found in (values, values0))
    p, p0 = np.exp(log_softmax(scores)), np.exp(log_softmax(scores0))
    predicted = p.argmax(1)
    own = np.eye(network.classes)[predicted]

    def followed(weights, matrices):
        shares = weights.reshape(len(values[0]), -1)
        for matrix in reversed(matrices):
            shares = np.einsum("bo,boi->bi", shares, matrix)
        return shares.reshape(rows, -1, shares.shape[1]).sum(1)[:, :features]

    slopes = lambda r, z: [-r * z / sigmas for r, z, (_, sigmas, _) in zip(r, z, network.layers)]
    gradients = slopes(r, z)
    divided = []
    for index in range(len(r)):
        change = (values[index + 1] - values0[index + 1])[:, :, None]
        part = r[index] * growth(change) - r0[index] * growth(-change)
        if index > 0:
            of_input = (values[index] - values0[index])[:, None, :]
            small = np.abs(of_input) < 1e-5
            part = np.where(small, gradients[index], part / np.where(small, 1, of_input))
        divided.append(part)
    of_sum = (np.logaddexp.reduce(scores, 1) - np.logaddexp.reduce(scores0, 1))[:, None]
    of_score = scores - scores0
    small = np.abs(of_score) < 1e-6
    in_sum = np.where(small, p, (p * growth(of_sum) - p0 * growth(-of_sum)) / np.where(small, 1, of_score))
    knowledge = r[0] - np.exp(network.layers[0][2])
    integrated = np.zeros((rows, features))
    for step in (np.arange(STEPS) + 0.5) / STEPS:
        between, r_between, z_between = network.trace(network.copies(base + step * (x - base)))
        p_between = np.exp(log_softmax(between[-1].reshape(rows, network.classes)))
        integrated += followed(own - p_between, slopes(r_between, z_between)) * (x - base) / STEPS
    return {
        "r": followed(own, r),
        "r of the class minus r of the others": followed(own - p, r),
        "gradient × (x − b)": followed(own - p, gradients) * (x - base),
        "r × (log N(x) − log N(b)), gradients above": followed(
            own - p, [r[0] * 0.5 * (z0[0] ** 2 - z[0] ** 2), *gradients[1:]]
        ),
        "logarithmic means (contributions)": followed(own - in_sum, divided),
        "r − π, gradients above": followed(own - p, [knowledge, *gradients[1:]]),
        "r − π, logarithmic means above": followed(own - in_sum, [knowledge, *divided[1:]]),
        "integrated gradients": integrated,
    }, predicted


def areas(network: Network, x, base, importances, predicted, missing: bool):
    """Area under each row's deletion curve, every number of columns being a point."""
    columns = x.shape[1]
    ranks = np.argsort(np.argsort(-importances, axis=1, kind="stable"), axis=1)
    points = np.unique(np.round(np.linspace(0, columns - missing, 21)).astype(int))
    heights = []
    for deleted in points:
        changed = np.where(ranks < deleted, np.nan if missing else base, x)
        heights.append(np.exp(network.log_probabilities(changed))[np.arange(len(x)), predicted])
    return np.trapezoid(np.array(heights), points / points[-1], axis=0)


def compare(model: Path, table: Path) -> dict[str, tuple[float, float]]:
    """Mean area of each attribution on rows of a table, columns deleted by their average and by leaving them out."""
    network = Network(model)
    x = network.read(table)
    base, x = x.mean(0), x[np.random.default_rng(0).permutation(len(x))[:ROWS]]
    step = max(1, int(CHUNK / (network.layers[0][0].size * (network.classes if network.joint else 1))))
    parts = [attributions(network, x[i : i + step], base) for i in range(0, len(x), step)]
    found = {name: np.concatenate([part[name] for part, _ in parts]) for name in parts[0][0]}
    predicted = np.concatenate([predicted for _, predicted in parts])
    logs = network.log_probabilities(x)[np.arange(len(x)), predicted]
    for name, missing in (("one at a time, average", False), ("one at a time, left out", True)):
        fall = np.zeros(x.shape)
        for column in range(x.shape[1]):
            changed = x.copy()
            changed[:, column] = np.nan if missing else base[column]
            fall[:, column] = logs - network.log_probabilities(changed)[np.arange(len(x)), predicted]
        found[name] = fall
    found["random order"] = np.random.default_rng(1).random(x.shape)
    mean = lambda importances, missing: areas(network, x, base, importances, predicted, missing).mean()
    return {name: (mean(importances, False), mean(importances, True)) for name, importances in found.items()}
