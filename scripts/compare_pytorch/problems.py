"""What is timed, and the batches and initial parameters that all contenders read."""

import csv
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from .environment import REPOSITORY
from .failure import Failure

IRIS_CLASSES = ["setosa", "versicolor", "virginica"]
# Keeps the sigma of a constant input (a pixel that is always black) away from 0.
SMALLEST_SPREAD = 0.1


@dataclass(frozen=True)
class Measurement:
    """One thing to time, on one or several kinds of batches."""

    key: str
    title: str
    work: str  # "train" or "forward"
    unit: str  # what one piece of work is called
    sizes: tuple[int, ...]  # inputs, then neurons
    classes: int
    generative: bool
    rows: int  # in a batch
    batches: int  # different ones, used in turn
    learning_rate: float
    mlp: bool  # whether the MLP of the same sizes takes part


MEASUREMENTS = [
    Measurement(
        key="training",
        title="Training step with Adam, 784-128-64-10, cross-entropy, batch 128",
        work="train",
        unit="step",
        sizes=(784, 128, 64, 10),
        classes=10,
        generative=False,
        rows=128,
        batches=8,
        learning_rate=1e-3,
        mlp=True,
    ),
    Measurement(
        key="forward",
        title="Forward pass alone, 784-128-64-10, batch 1024",
        work="forward",
        unit="pass",
        sizes=(784, 128, 64, 10),
        classes=10,
        generative=False,
        rows=1024,
        batches=2,
        learning_rate=1e-3,
        mlp=True,
    ),
    Measurement(
        key="iris",
        title="Training step with Adam, 5-10-5-1, generative (loss = -mean root), batch 16",
        work="train",
        unit="step",
        sizes=(5, 10, 5, 1),
        classes=3,
        generative=True,
        rows=16,
        batches=9,
        learning_rate=1e-3,
        mlp=False,
    ),
]


GPU_ROWS = 4096
GPU_MEASUREMENTS = [
    replace(measurement, rows=GPU_ROWS, batches=4, title=re.sub(r"batch \d+", f"batch {GPU_ROWS}", measurement.title))
    for measurement in MEASUREMENTS
    if not measurement.generative
]


@dataclass(frozen=True)
class Files:
    """What the workers of one measurement read."""

    # Each by the name of the kind of batches.
    parameters: dict[str, Path]
    batches: dict[str, Path]


def write_files(measurement: Measurement, mnist: Path | None, directory: Path) -> Files:
    """Writes the batches, and parameters made from each kind of them, into `directory`."""
    rng = np.random.default_rng(0)
    count = measurement.batches * measurement.rows
    rows: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    if measurement.generative:
        rows["Iris"] = _iris(count, rng)
    else:
        inputs = measurement.sizes[0]
        labels = rng.integers(measurement.classes, size=count)
        rows["random"] = (rng.random((count, inputs), dtype=np.float32), labels)
        if mnist is not None:
            rows["MNIST"] = _mnist(mnist, count, rng)

    files = Files({}, {})
    shape = (measurement.batches, measurement.rows)
    for name, (x, labels) in rows.items():
        files.batches[name] = directory / f"{measurement.key}-{name}.safetensors"
        save_file({"x": x.reshape(*shape, -1), "labels": labels.astype(np.int64).reshape(shape)}, files.batches[name])
        sample = np.column_stack([x, labels]) if measurement.generative else x
        files.parameters[name] = directory / f"{measurement.key}-{name}-parameters.safetensors"
        save_file(_initial_parameters(measurement.sizes, sample[:128], rng), files.parameters[name])
    return files


def _initial_parameters(sizes: tuple[int, ...], rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Parameters for which no component is dead: each mean is the value of its input in some row, each sigma near the
    spread of that input, layer by layer."""
    parameters = {}
    x = rows.astype(np.float64)
    for layer, (inputs, neurons) in enumerate(zip(sizes, sizes[1:])):
        columns = np.broadcast_to(np.arange(inputs), (neurons, inputs))
        means = x[rng.integers(len(x), size=(neurons, inputs)), columns]
        spread = np.maximum(x.std(axis=0), SMALLEST_SPREAD)
        log_sigmas = np.log(spread * rng.uniform(0.5, 1.5, size=(neurons, inputs)))
        logits = rng.random((neurons, inputs))
        for field, values in [("means", means), ("raw_log_sigmas", log_sigmas), ("mixing_logits", logits)]:
            parameters[f"layers.{layer}.{field}"] = values.astype(np.float32)
        log_weights = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        exponents = log_weights - log_sigmas - 0.5 * np.log(2 * np.pi)
        exponents = exponents - 0.5 * ((x[:, None] - means) * np.exp(-log_sigmas)) ** 2
        x = np.logaddexp.reduce(exponents, axis=2)
    return parameters


def _iris(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    with open(REPOSITORY / "crates/ugmm-data/data/iris.csv", newline="") as file:
        table = list(csv.reader(file))[1:]
    order = rng.permutation(len(table))[:count]
    features = np.array([table[row][:4] for row in order], dtype=np.float32)
    labels = np.array([IRIS_CLASSES.index(table[row][4]) for row in order])
    return features, labels


def _mnist(directory: Path, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    images = _idx(directory / "train-images-idx3-ubyte", dimensions=3)
    labels = _idx(directory / "train-labels-idx1-ubyte", dimensions=1)
    order = rng.permutation(len(images))[:count]
    return images[order].reshape(count, -1).astype(np.float32) / np.float32(255), labels[order]


def _idx(path: Path, dimensions: int) -> np.ndarray:
    """The bytes of an IDX file: two zeros, the type (8: bytes), the number of dimensions, the sizes, the values."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Failure(f"{path} cannot be read ({error.strerror}); scripts/fetch-mnist.sh fetches MNIST") from error
    header = 4 + 4 * dimensions
    sizes = np.frombuffer(content[4:header], dtype=">u4").astype(int)
    if content[:4] != bytes([0, 0, 8, dimensions]) or len(content) != header + sizes.prod():
        raise Failure(f"{path} is no uncompressed IDX file of bytes with {dimensions} dimensions")
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(sizes)
