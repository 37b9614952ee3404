from collections.abc import Callable
from os import PathLike
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "Distribution",
    "Frame",
    "Model",
    "NeuronPass",
    "__version__",
    "fit_density",
    "fit_network",
    "neuron_backward_f64",
    "neuron_forward",
    "neuron_forward_f64",
]

__version__: str

_Assignments: TypeAlias = list[tuple[str, str]]

@final
class Frame:
    @staticmethod
    def from_arrow(stream: Any) -> Frame: ...
    @staticmethod
    def from_columns(columns: list[tuple[str, str, Any]]) -> Frame: ...
    def with_column(self, name: str, kind: str, values: Any) -> Frame: ...
    @property
    def rows(self) -> int: ...
    @property
    def columns(self) -> list[str]: ...

@final
class Distribution:
    @property
    def column(self) -> str: ...
    def states(self) -> list[tuple[str, float]] | None: ...
    def mean(self) -> float: ...
    def std(self) -> float: ...
    def quantile(self, probability: float) -> float: ...
    def cdf(self, value: float) -> float: ...
    def pdf(self, value: float) -> float: ...

@final
class Model:
    @staticmethod
    def load(path: str | PathLike[str]) -> Model: ...
    @staticmethod
    def from_bytes(bytes: bytes) -> Model: ...
    def save(self, path: str | PathLike[str]) -> None: ...
    def to_bytes(self) -> bytes: ...
    def to_onnx(self, path: str | PathLike[str]) -> None: ...
    def report(
        self,
        path: str | PathLike[str],
        name: str,
        frame: Frame,
        most_rows: int,
        rows: list[int],
        neurons: list[str],
        threads: int,
    ) -> None: ...
    def network_svg(self) -> str | None: ...
    @property
    def engine(self) -> str: ...
    @property
    def target(self) -> str | None: ...
    @property
    def classes(self) -> list[str] | None: ...
    @property
    def features(self) -> list[str]: ...
    def columns(self) -> list[dict[str, Any]]: ...
    def predict_classes(
        self, frame: Frame, logarithms: bool, threads: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]: ...
    @property
    def is_conformal(self) -> bool: ...
    def predict_sets(self, frame: Frame, level: float, threads: int) -> npt.NDArray[np.bool_]: ...
    def interval_share(self, coverage: float) -> float: ...
    def predict_numbers(
        self, frame: Frame, quantiles: list[float], at: list[float] | None, threads: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
    def novelty(self, frame: Frame, threads: int) -> npt.NDArray[np.float64] | None: ...
    def contributions(self, frame: Frame, threads: int) -> npt.NDArray[np.float32]: ...
    def importance(
        self, frame: Frame, repetitions: int, most_rows: int, seed: int, threads: int
    ) -> tuple[str, float, int, npt.NDArray[np.float64], npt.NDArray[np.float64] | None]: ...
    def effect(
        self, frame: Frame, column: str, bins: int, most_rows: int, seed: int, threads: int
    ) -> tuple[
        list[str | None],
        npt.NDArray[np.float64],
        npt.NDArray[np.int64],
        npt.NDArray[np.float64],
        npt.NDArray[np.float64],
    ]: ...
    def certify(
        self, frame: Frame, epsilon: float, keep: list[str], boxes: int, attack_steps: int, threads: int
    ) -> tuple[npt.NDArray[np.int64], list[str], npt.NDArray[np.int64]]: ...
    def log_likelihood(self, frame: Frame, threads: int) -> npt.NDArray[np.float64]: ...
    def impute(self, frame: Frame, threads: int) -> list[tuple[int, str, str | None, float]]: ...
    def distributions(self, frame: Frame, asked: str, threads: int) -> list[Distribution]: ...
    def query(self, asked: str, given: _Assignments, ranges: _Assignments, threads: int) -> Distribution: ...
    def sample(
        self, rows: int, given: _Assignments, seed: int, threads: int
    ) -> tuple[list[tuple[str, list[str | None]]], list[tuple[str, float | None]]]: ...
    def mpe(
        self,
        asked: list[str],
        given: _Assignments,
        ranges: _Assignments,
        gap: float,
        time_limit: float,
        threads: int,
    ) -> tuple[list[tuple[str, str | None]], float, float, bool]: ...

def fit_network(
    frame: Frame,
    target: str,
    classification: bool,
    options: str,
    call: str,
    callback: Callable[[dict[str, Any]], object] | None = None,
    weights: npt.NDArray[np.float64] | None = None,
) -> tuple[Model, str, list[str]]: ...
def fit_density(
    frame: Frame,
    target: str | None,
    options: str,
    call: str,
    callback: Callable[[dict[str, Any]], object] | None = None,
    weights: npt.NDArray[np.float64] | None = None,
) -> tuple[Model, str, list[str]]: ...

_F32 = npt.NDArray[np.float32]
_F64 = npt.NDArray[np.float64]

@final
class NeuronPass:
    @staticmethod
    def of_sums(
        x: _F32, means: _F32, log_sigmas: _F32, mixing_logits: _F32, sums: _F32, threads: int
    ) -> NeuronPass: ...
    def sums(self) -> _F32: ...
    def backward(
        self,
        x: _F32,
        means: _F32,
        log_sigmas: _F32,
        mixing_logits: _F32,
        cotangent: _F32,
        want_x: bool,
        threads: int,
    ) -> tuple[_F32 | None, _F32, _F32, _F32]: ...

def neuron_forward(
    x: _F32, means: _F32, log_sigmas: _F32, mixing_logits: _F32, nan_is_missing: bool, threads: int
) -> tuple[_F32, NeuronPass]: ...
def neuron_forward_f64(x: _F64, means: _F64, log_sigmas: _F64, mixing_logits: _F64, nan_is_missing: bool) -> _F64: ...
def neuron_backward_f64(
    x: _F64, means: _F64, log_sigmas: _F64, mixing_logits: _F64, cotangent: _F64, want_x: bool
) -> tuple[_F64 | None, _F64, _F64, _F64]: ...
