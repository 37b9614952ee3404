"""Checkpoints of the paper's published code."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ugmm_nn.torch._linear import UgmmLinear

_KEY = re.compile(r"(?:.*\.)?layers\.(\d+)\.(mu|std|k)")


def from_paper(state_dict: Mapping[str, Tensor], *, dropout: float = 0.0) -> nn.Sequential:
    """Make a model of a checkpoint of the paper's published code.

    Parameters
    ----------
    state_dict : mapping of str to Tensor
        The ``state_dict()`` of its ``uGMMNet``, such as ``torch.load(path, weights_only=True)`` returns: for each layer the
        means ``layers.N.mu``, the logarithms of the standard deviations ``layers.N.std`` and the mixing logits
        ``layers.N.k``, each of shape (neurons, inputs).
    dropout : float, default=0.0
        Component dropout of the layers, which a checkpoint does not say.

    Returns
    -------
    torch.nn.Sequential
        One :class:`UgmmLinear` for each layer with parameters.

    Raises
    ------
    ValueError
        If the tensors do not make a network, or have a value that is not finite. The published code can draw a σ of 0, whose
        logarithm is not finite.

    Examples
    --------
    >>> import torch
    >>> from ugmm_nn.torch import from_paper
    >>> of_layer = {name: torch.rand(3, 2) for name in ("mu", "std", "k")}
    >>> from_paper({f"layers.1.{name}": values for name, values in of_layer.items()})
    Sequential(
      (0): UgmmLinear(in_features=2, out_features=3)
    )
    """
    found: dict[int, dict[str, Tensor]] = {}
    for key, values in state_dict.items():
        match = _KEY.fullmatch(key)
        if match is not None:
            found.setdefault(int(match[1]), {})[match[2]] = values
    if not found:
        raise ValueError("there are no tensors such as layers.1.mu; pass the state_dict() of the paper's uGMMNet")
    layers: list[UgmmLinear] = []
    for number, tensors in sorted(found.items()):
        name = f"layers.{number}"
        for part in ("mu", "std", "k"):
            if part not in tensors:
                raise ValueError(f"{name}.{part} is missing")
            shape, expected = tuple(tensors[part].shape), tuple(tensors["mu"].shape)
            if len(shape) != 2 or 0 in shape or shape != expected:
                raise ValueError(f"{name}.{part} has the shape {shape}, but must be (neurons, inputs), as is {name}.mu")
            if not bool(tensors[part].isfinite().all()):
                raise ValueError(f"{name}.{part} has a value that is not finite")
        neurons, inputs = tensors["mu"].shape
        if layers and layers[-1].out_features != inputs:
            raise ValueError(
                f"{name} has {inputs} inputs, but the layer before it has {layers[-1].out_features} neurons"
            )
        mu = tensors["mu"]
        layer = UgmmLinear(inputs, neurons, dropout=dropout, device=mu.device, dtype=mu.dtype)
        with torch.no_grad():
            layer.means.copy_(mu)
            layer.raw_log_sigmas.copy_(tensors["std"])
            layer.mixing_logits.copy_(tensors["k"])
        layers.append(layer)
    return nn.Sequential(*layers)
