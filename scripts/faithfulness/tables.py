"""Tables as CSV files, one to learn from and one to measure on."""

import csv
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from compare_pytorch.failure import Failure
from tabular_suite.data import DataSet

IDX_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
TARGET = "label"


def write(data_set: DataSet, scratch: Path) -> tuple[Path, Path]:
    """A quarter of the rows, drawn by chance with the classes in proportion, is for measuring."""
    parts = train_test_split(
        data_set.features, data_set.labels, test_size=0.25, stratify=data_set.labels, random_state=0
    )
    train, test = scratch / f"{data_set.name}-train.csv", scratch / f"{data_set.name}-test.csv"
    _write_numbers(train, parts[0], [f"class {label}" for label in parts[2]])
    _write_numbers(test, parts[1], [f"class {label}" for label in parts[3]])
    return train, test


def write_diabetes(scratch: Path) -> tuple[Path, Path]:
    """scikit-learn's table with a number to predict, a quarter of it for measuring."""
    features, numbers = load_diabetes(return_X_y=True, scaled=False)
    parts = train_test_split(features, numbers, test_size=0.25, random_state=0)
    train, test = scratch / "diabetes-train.csv", scratch / "diabetes-test.csv"
    _write_numbers(train, parts[0], parts[2])
    _write_numbers(test, parts[1], parts[3])
    return train, test


def _write_numbers(path: Path, features: np.ndarray, labels) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"x{column + 1}" for column in range(features.shape[1])), TARGET])
        writer.writerows([*map(float, row), label] for row, label in zip(features, labels))


def write_mnist(directory: Path, part: str, path: Path, most: int | None = None) -> Path:
    """The images of a part of MNIST, a column for each pixel, in [0, 1]."""
    images, labels = (_bytes(directory / name, header) for name, header in zip(IDX_FILES[part], (16, 8)))
    images = images.reshape(len(labels), -1)[:most]
    texts = [f"{value / 255:.4g}" for value in range(256)]
    with open(path, "w") as file:
        file.write(",".join([*(f"pixel {pixel // 28} {pixel % 28}" for pixel in range(784)), TARGET]) + "\n")
        for image, label in zip(images, labels):
            file.write(",".join([*(texts[value] for value in image), str(label)]) + "\n")
    return path


def _bytes(path: Path, header: int) -> np.ndarray:
    try:
        return np.frombuffer(path.read_bytes(), np.uint8, offset=header)
    except OSError as error:
        raise Failure(f"{path} cannot be read; scripts/fetch-mnist.sh fetches it ({error})") from error
