"""One model on one split: its settings by validation rows, then the test rows once."""

import contextlib
import resource
import signal
import warnings
from dataclasses import dataclass

import numpy as np

from compare_pytorch.failure import Failure

from .data import Split
from .models import Model


# Below this, in nats per row, components have shrunk to points, and what is left says nothing.
LOWEST_LEVEL = -1e6


@dataclass(frozen=True)
class Outcome:
    """What came of a model on a split."""

    test: np.ndarray  # log-likelihoods [rows] in nats; empty when no try came to anything
    chosen: str
    seconds: float  # CPU time of the fit that was chosen
    all_seconds: float  # of all fits, those that failed included
    failures: dict[str, str]  # by try


class _OverTime(Exception):
    """The limit of CPU time is reached."""


def cpu_seconds() -> float:
    """Of this process and of those it started and that ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@contextlib.contextmanager
def _limit(seconds: float):
    """Ends what this process does after so much CPU time."""

    def stop(*_):
        raise _OverTime

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def measure(model: Model, split: Split, seed: int, limit: float) -> Outcome:
    """Fits with each of the model's settings; those that suit the validation rows best are measured on the test rows."""
    best, failures, all_seconds = None, {}, 0.0
    for name, settings in model.tries(split).items():
        start = cpu_seconds()
        density = None
        try:
            with _limit(limit), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                density = model.fit(split, settings, seed)
        except _OverTime:
            failures[name] = f"not done after {limit:g} s of CPU time"
        except Failure:
            raise
        except Exception as error:  # A peer may fail in any way; the table says so.
            failures[name] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        seconds = cpu_seconds() - start
        all_seconds += seconds
        if density is None:
            continue
        level = float(np.mean(density(split.validation)))
        if not LOWEST_LEVEL < level < np.inf:
            failures[name] = f"log-likelihood of validation rows {level:.3g}"
        elif best is None or level > best[0]:
            # A model may keep one file for all of its tries.
            best = (level, name, seconds, density(split.test))
    if best is None:
        return Outcome(np.array([]), "", float("nan"), all_seconds, failures)
    _, name, seconds, test = best
    return Outcome(test, name, seconds, all_seconds, failures)
