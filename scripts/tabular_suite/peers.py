"""The models of scripts/tabular_peers.py, with their defaults: how each is trained on a fold, and what it predicts."""

import csv
import resource
import time
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Callable

import numpy as np
import pandas
from catboost import CatBoostClassifier, CatBoostRegressor
from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from scipy.stats import norm
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from compare_pytorch.failure import Failure

from . import metrics, models
from .metrics import LEVELS
from .tables import Table

TARGET = "target to predict"
RESIDUAL_FOLDS = 3


@dataclass(frozen=True)
class Prediction:
    """What a model says about the rows held out."""

    probabilities: np.ndarray | None  # [rows, classes]
    mean: np.ndarray | None  # [rows]
    quantiles: np.ndarray | None  # [rows, LEVELS]
    fit_seconds: float  # of the processor, all threads; without the residuals that intervals need
    predict_seconds: float


@dataclass(frozen=True)
class Problem:
    """One fold of a table."""

    table: Table
    training: np.ndarray
    held_out: np.ndarray

    @property
    def features(self) -> pandas.DataFrame:
        """Of the training rows."""
        return self.table.features.iloc[self.training]

    @property
    def new(self) -> pandas.DataFrame:
        """Features of the rows held out."""
        return self.table.features.iloc[self.held_out]

    @property
    def targets(self) -> np.ndarray:
        """Of the training rows."""
        return self.table.targets[self.training]


@dataclass(frozen=True)
class Ugmm:
    """`ugmm train` with its defaults, on all training rows (it would hold out a fifth to report on)."""

    program: Path
    scratch: Path
    options: tuple[str, ...] = ()
    key: str = "ugmm"
    title: str = "uGMM"
    packages: tuple[str, ...] = ()

    def run(self, problem: Problem, seed: int) -> Prediction:
        """Calls `ugmm train` and `ugmm predict`; the time is that of both processes, with reading and writing files."""
        learn, new, model, out = (self.scratch / name for name in ("learn.csv", "new.csv", "m.safetensors", "p.csv"))
        problem.features.assign(**{TARGET: problem.targets}).to_csv(learn, index=False)
        problem.new.to_csv(new, index=False)
        task = "classification" if problem.table.classes else "regression"
        training = ["train", learn, "--target", TARGET, "--task", task, "--validation", "0", "--seed", str(seed)]
        before = _children_seconds()
        self._call([*training, "--output", model, "--threads", "1", "--quiet", *self.options])
        fitted = _children_seconds()
        levels = [] if problem.table.classes else ["--quantiles", ",".join(f"{level:g}" for level in LEVELS)]
        self._call(["predict", model, new, "--output", out, "--threads", "1", "--quiet", *levels])
        seconds = fitted - before, _children_seconds() - fitted
        with open(out, newline="") as file:
            rows = list(csv.DictReader(file))
        if problem.table.classes:
            names = [f"probability of {label}" for label in range(problem.table.classes)]
            return Prediction(_columns(rows, names), None, None, *seconds)
        names = ["median" if level == 0.5 else f"{100 * level:g} %" for level in LEVELS]
        return Prediction(None, _columns(rows, [f"predicted {TARGET}"])[:, 0], _columns(rows, names), *seconds)

    def _call(self, arguments: list) -> None:
        models.call(self.program, arguments)


@dataclass(frozen=True)
class Peer:
    """A model of another package, by an interface like scikit-learn's."""

    key: str
    title: str
    packages: tuple[str, ...]
    classifier: Callable[[Table, int], object] | None  # by seed
    regressor: Callable[[Table, int], object]
    gaussian: bool = False  # predicts mean and variance by itself

    def run(self, problem: Problem, seed: int) -> Prediction:
        """Fits it in this process. A regressor without a distribution gets a normal one around its prediction, whose
        standard deviation is that of the residuals of a cross-validation on the training rows."""
        make = self.classifier if problem.table.classes else self.regressor
        model = make(problem.table, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # An MLP that stops at its limit of iterations is what the default gives.
            start = time.process_time()
            model.fit(problem.features, problem.targets)
            fitted = time.process_time()
            predicted = (model.predict_proba if problem.table.classes else model.predict)(problem.new)
            seconds = fitted - start, time.process_time() - fitted
            predicted = np.asarray(predicted, dtype=float)
            if problem.table.classes:
                return Prediction(predicted, None, None, *seconds)
            if self.gaussian:
                mean, spread = predicted[:, 0], np.sqrt(predicted[:, 1])
            else:
                mean, spread = predicted, np.full(len(predicted), self._residual(problem, seed))
        return Prediction(None, mean, mean[:, None] + spread[:, None] * norm.ppf(LEVELS), *seconds)

    def _residual(self, problem: Problem, seed: int) -> float:
        """Root mean squared residual of rows that a model was not fitted on."""
        residuals = np.empty(len(problem.targets))
        splits = KFold(RESIDUAL_FOLDS, shuffle=True, random_state=seed).split(problem.targets)
        for rows, others in splits:
            model = self.regressor(problem.table, seed).fit(problem.features.iloc[rows], problem.targets[rows])
            residuals[others] = problem.targets[others] - model.predict(problem.features.iloc[others])
        return float(np.sqrt(np.mean(residuals**2)))


def all_models(program: Path, scratch: Path) -> list[Ugmm | Peer]:
    """uGMM first; every setting is a default, but one thread, the seed, and that categories are named as such."""
    boosted = {"verbosity": 0, "n_jobs": 1}
    cat = {"verbose": False, "thread_count": 1, "allow_writing_files": False}
    forest = {"n_jobs": 1}
    return [
        Ugmm(program, scratch),
        Peer(
            "catboost",
            "CatBoost",
            ("catboost",),
            lambda table, seed: _texts(table, CatBoostClassifier(random_seed=seed, **cat)),
            lambda table, seed: _texts(table, CatBoostRegressor(random_seed=seed, **cat)),
        ),
        Peer(
            "catboost_normal",
            "CatBoost, RMSEWithUncertainty",
            ("catboost",),
            None,
            lambda table, seed: _texts(
                table, CatBoostRegressor(random_seed=seed, loss_function="RMSEWithUncertainty", **cat)
            ),
            gaussian=True,
        ),
        Peer(
            "lightgbm",
            "LightGBM",
            ("lightgbm",),
            lambda table, seed: LGBMClassifier(verbose=-1, n_jobs=1, random_state=seed),
            lambda table, seed: LGBMRegressor(verbose=-1, n_jobs=1, random_state=seed),
        ),
        Peer(
            "xgboost",
            "XGBoost",
            ("xgboost-cpu",),
            lambda table, seed: XGBClassifier(enable_categorical=True, random_state=seed, **boosted),
            lambda table, seed: XGBRegressor(enable_categorical=True, random_state=seed, **boosted),
        ),
        Peer(
            "ebm",
            "EBM",
            ("interpret-core",),
            lambda table, seed: ExplainableBoostingClassifier(n_jobs=1, random_state=seed),
            lambda table, seed: ExplainableBoostingRegressor(n_jobs=1, random_state=seed),
        ),
        Peer(
            "hist",
            "HistGradientBoosting",
            ("scikit-learn",),
            lambda table, seed: HistGradientBoostingClassifier(random_state=seed),
            lambda table, seed: HistGradientBoostingRegressor(random_state=seed),
        ),
        Peer(
            "forest",
            "random forest",
            ("scikit-learn",),
            lambda table, seed: _numeric(RandomForestClassifier(random_state=seed, **forest)),
            lambda table, seed: _numeric(RandomForestRegressor(random_state=seed, **forest)),
        ),
        Peer(
            "linear",
            "logistic or ridge",
            ("scikit-learn",),
            lambda table, seed: _numeric(LogisticRegression()),
            lambda table, seed: _numeric(Ridge()),
        ),
        Peer(
            "mlp",
            "MLP",
            ("scikit-learn",),
            lambda table, seed: _numeric(MLPClassifier(random_state=seed)),
            lambda table, seed: TransformedTargetRegressor(
                _numeric(MLPRegressor(random_state=seed)), transformer=StandardScaler()
            ),
        ),
    ]


def applies(model: Ugmm | Peer, table: Table) -> bool:
    """Whether the model has a form for the table's task."""
    return isinstance(model, Ugmm) or not table.classes or model.classifier is not None


def measure(model: Ugmm | Peer, problem: Problem, seed: int) -> dict[str, float]:
    """Trains and predicts; the metrics of the rows held out, and seconds of the processor."""
    prediction = model.run(problem, seed)
    targets = problem.table.targets[problem.held_out]
    seconds = {"fit_seconds": prediction.fit_seconds, "predict_seconds": prediction.predict_seconds}
    if problem.table.classes:
        models.check_probabilities(model.title, prediction.probabilities, (len(targets), problem.table.classes))
        found = metrics.measure(prediction.probabilities, targets)
        return {**found, "auc": metrics.auc(prediction.probabilities, targets), **seconds}
    unit = float(np.std(problem.table.targets))
    if not (np.isfinite(prediction.mean).all() and np.isfinite(prediction.quantiles).all()):
        raise Failure(f"{model.title} predicted numbers of {problem.table.entry.name} that are not finite")
    return {**metrics.measure_numbers(prediction.mean, prediction.quantiles, targets, unit), **seconds}


def identity(model: Ugmm | Peer, program_hash: str, common: dict) -> dict:
    """What a result depends on besides table and fold."""
    if isinstance(model, Ugmm):
        return {**common, "program": program_hash, "options": list(model.options)}
    return {**common, **{package: version(package) for package in (*model.packages, "numpy")}}


def _numeric(model):
    """For models of numbers: standardised, with the median where missing; categories one-hot."""
    categories = make_column_selector(dtype_include="category")
    numbers = make_column_selector(dtype_exclude="category")
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories),
        ),
        model,
    )


def _texts(table: Table, model):
    """For CatBoost, which takes categories as texts and no missing ones."""
    names = list(table.features.select_dtypes("category").columns)
    model.set_params(cat_features=names)
    as_texts = lambda frame: frame.assign(**{name: frame[name].astype(object).fillna("").astype(str) for name in names})
    return make_pipeline(FunctionTransformer(as_texts), model)


def _columns(rows: list[dict[str, str]], names: list[str]) -> np.ndarray:
    return np.array([[float(row[name]) for name in names] for row in rows])


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
