"""Whether the contenders compute the same thing, which is checked before anything is timed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from .contenders import Contender
from .failure import Failure

# Steps of Adam after which losses and parameters are compared.
STEPS = 3
# Largest |found - right| / max(1, |right|) allowed of an output or loss: f32 has 1e-7, and sums cost some.
OUTPUT_TOLERANCE = 2e-5
# Of parameters, the root mean square of found - right over that of the way they went. Adam divides a gradient by its
# own size, so that where a gradient is rounding error and little else, f32 and f64 part; such components are few.
PARAMETER_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Agreement:
    """Distance of one contender from the same computation in f64; None where training is not what is measured."""

    contender: Contender
    outputs: float
    losses: float | None
    parameters: float | None

    @property
    def complaint(self) -> str | None:
        """What is wrong, if anything is."""
        for what, error, allowed in [
            ("outputs", self.outputs, OUTPUT_TOLERANCE),
            ("losses", self.losses, OUTPUT_TOLERANCE),
            (f"parameters after {STEPS} steps", self.parameters, PARAMETER_TOLERANCE),
        ]:
            if error is not None and not error <= allowed:  # Not "error > allowed", which lets NaN through.
                return f'the {what} of "{self.contender.title}" are off by {error:.1e}, more than {allowed:.0e}'
        return None


def compare(contender: Contender, found_file: Path, right_file: Path, initial_file: Path) -> Agreement:
    """How far what `contender` wrote is from the reference."""
    found, right, initial = (load_file(path) for path in (found_file, right_file, initial_file))
    if found.keys() != right.keys():
        raise Failure(f'"{contender.title}" wrote {sorted(found)} instead of {sorted(right)}')
    losses = parameters = None
    if "losses" in right:
        losses = _relative_error(found["losses"], right["losses"])
        error = sum(np.sum((found[name].astype(np.float64) - right[name]) ** 2) for name in initial)
        way = sum(np.sum((right[name] - initial[name]) ** 2) for name in initial)
        parameters = float(np.sqrt(error / way))
    return Agreement(contender, _relative_error(found["outputs"], right["outputs"]), losses, parameters)


def _relative_error(found: np.ndarray, right: np.ndarray) -> float:
    if found.shape != right.shape:
        raise Failure(f"outputs of shape {found.shape} instead of {right.shape}")
    return float(np.max(np.abs(found - right) / np.maximum(1.0, np.abs(right))))
