"""What every model is asked, and the models of scikit-learn and SPFlow."""

import contextlib
import copy
import io
import math
from dataclasses import dataclass, field
from typing import Callable, Protocol

import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity
from spflow.interfaces.sklearn import SPFlowDensityEstimator
from spflow.learn.expectation_maximization import expectation_maximization
from spflow.meta import Scope
from spflow.modules.leaves import Normal
from spflow.zoo.rat.rat_spn import RatSPN

from .data import Split

# Log-likelihoods [rows] of rows.
Density = Callable[[np.ndarray], np.ndarray]


class Model(Protocol):
    """A kind of density with settings to choose from."""

    key: str
    title: str

    def tries(self, split: Split) -> dict[str, object]:
        """Settings that are compared on validation rows, by name."""

    def fit(self, split: Split, settings: object, seed: int) -> Density:
        """Learns from the training rows; only what says so looks at validation rows, to stop by."""


@dataclass(frozen=True)
class ScikitLearn:
    """A density of scikit-learn, with its defaults but for the settings."""

    key: str
    title: str
    make: Callable[..., object]
    settings: dict[str, dict] = field(default_factory=dict)

    def tries(self, split: Split) -> dict[str, object]:
        return self.settings

    def fit(self, split: Split, settings: dict, seed: int) -> Density:
        return self.make(**settings, **self._seed(seed)).fit(split.training).score_samples

    def _seed(self, seed: int) -> dict:
        return {"random_state": seed} if self.make is GaussianMixture else {}


@dataclass(frozen=True)
class LearnSpn:
    """SPFlow's `learn_spn`, Normal leaves, by SPFlow's own interface for scikit-learn."""

    key: str = "learn_spn"
    title: str = "SPFlow, LearnSPN"

    def tries(self, split: Split) -> dict[str, object]:
        # The first is the default.
        settings = [(100, 0.3), (50, 0.3), (100, 0.5)]
        return {f"{rows} rows, threshold {threshold}": (rows, threshold) for rows, threshold in settings}

    def fit(self, split: Split, settings: tuple[int, float], seed: int) -> Density:
        rows, threshold = settings
        torch.manual_seed(seed)
        learner = {"partitioning_args": {"threshold": threshold}}
        estimator = SPFlowDensityEstimator(min_instances_slice=rows, structure_learner_kwargs=learner)
        # Its k-means talks.
        with contextlib.redirect_stdout(io.StringIO()):
            estimator.fit(split.training.astype(np.float32))
        return lambda x: estimator.score_samples(x.astype(np.float32)).astype(np.float64)


@dataclass(frozen=True)
class RandomSpn:
    """SPFlow's RAT-SPN, learned by its expectation maximisation, with the parameters that suit the validation rows best."""

    key: str = "rat_spn"
    title: str = "SPFlow, RAT-SPN"
    most_steps: int = 100
    steps_at_once: int = 5
    patience: int = 4  # times without better validation rows, after which it stops

    def tries(self, split: Split) -> dict[str, object]:
        settings = [(channels, repetitions) for channels in (4, 8, 16) for repetitions in (2, 8)]
        return {f"{channels} channels, {repetitions} repetitions": (channels, repetitions) for channels, repetitions in settings}

    def fit(self, split: Split, settings: tuple[int, int], seed: int) -> Density:
        channels, repetitions = settings
        torch.manual_seed(seed)
        columns = split.training.shape[1]
        leaf = Normal(Scope(list(range(columns))), out_channels=channels, num_repetitions=repetitions)
        depth = max(1, min(3, int(math.log2(columns))))
        model = RatSPN([leaf], 1, channels, repetitions, depth)
        training, validation = (torch.tensor(x, dtype=torch.float32) for x in (split.training, split.validation))
        best, best_state, waited = -math.inf, None, 0
        for _ in range(self.most_steps // self.steps_at_once):
            # It stops by itself when a step does not help, and may go on later: its steps are not exact.
            expectation_maximization(model, training, max_steps=self.steps_at_once)
            with torch.no_grad():
                level = float(model.log_likelihood(validation).mean())
            waited += 1
            if level > best:
                best, best_state, waited = level, copy.deepcopy(model.state_dict()), 0
            if waited == self.patience:
                break
        if best_state is None:
            raise ValueError("its likelihood is not finite")
        model.load_state_dict(best_state)

        def density(x: np.ndarray) -> np.ndarray:
            with torch.no_grad():
                return model.log_likelihood(torch.tensor(x, dtype=torch.float32)).numpy().astype(np.float64).reshape(len(x))

        return density


def peers() -> list[Model]:
    """In the order of the tables."""
    mixtures = {
        f"{components} components, reg_covar {floor:g}": {"n_components": components, "reg_covar": floor}
        for components in (1, 2, 4, 8)
        for floor in (1e-6, 1e-3)
    }
    kernels = {f"bandwidth {width:.2f}": {"bandwidth": float(width)} for width in np.geomspace(0.05, 1, 8)}
    return [
        LearnSpn(),
        RandomSpn(),
        ScikitLearn("gaussian_mixture", "GaussianMixture", GaussianMixture, mixtures),
        ScikitLearn("kernel_density", "KernelDensity", KernelDensity, kernels),
    ]
