"""Initial parameters."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn

# The smallest initial σ of the paper's initialisation: a uniform draw can be 0, whose logarithm is no number.
_SMALLEST_SIGMA = 1e-3
# "data": mean and standard deviation of log(σ / standard deviation of the input).
_DATA_LOG_SIGMA_MEAN, _DATA_LOG_SIGMA_SPREAD = -1.5, 1.0
# "wide": σ and the standard deviation of the means, in standard deviations of the input, and the spread of log σ.
_WIDE_SPREAD, _WIDE_LOG_SIGMA_SPREAD = 3.0, 0.1
# Smallest part of σ² that does not come from the floor, so that the parameter has a gradient.
_SMALLEST_SHARE = 1e-2

Initialization = Literal["data", "wide"]


def initialize(model: nn.Module, sample: Tensor, init: Initialization = "data") -> None:
    """Initialise every ``UgmmLinear`` of a model from the inputs that it receives when the model gets a sample.

    Layers are initialised in the order of their first call, each from what the layers before it make of the sample. The
    model is called once, without gradients and in evaluation mode.

    Parameters
    ----------
    model : torch.nn.Module
        A model that is called with one tensor.
    sample : Tensor
        Typical rows, such as some hundreds of the training rows.
    init : {"data", "wide"}, default="data"
        See :meth:`UgmmLinear.initialize`.

    Examples
    --------
    >>> import torch
    >>> from ugmm_nn.torch import UgmmLinear, initialize
    >>> model = torch.nn.Sequential(UgmmLinear(3, 8), UgmmLinear(8, 2))
    >>> initialize(model, 100 * torch.randn(50, 3))
    >>> bool(model[0].means.abs().max() > 20)
    True
    """
    from ugmm_nn.torch._linear import UgmmLinear

    done = set()

    def before_first_call(layer: nn.Module, arguments: tuple[Any, ...]) -> None:
        if isinstance(layer, UgmmLinear) and layer not in done:
            done.add(layer)
            layer.initialize(arguments[0], init)

    layers = [layer for layer in model.modules() if isinstance(layer, UgmmLinear)]
    handles = [layer.register_forward_pre_hook(before_first_call) for layer in layers]
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with torch.no_grad():
            model(sample)
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training


def paper_values(neurons: int, inputs: int, tied: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Means, log σ and mixing logits as the paper's published code draws them."""
    means = torch.randn(neurons, 1 if tied else inputs)
    return means, torch.rand(neurons, inputs).clamp(min=_SMALLEST_SIGMA).log(), torch.rand(neurons, inputs)


def values_from_data(
    sample: Tensor, neurons: int, tied: bool, init: Initialization, missing_values: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Means, log σ and mixing logits for inputs like those of ``sample`` (rows, inputs)."""
    sample = sample.detach().double().cpu()
    rows, inputs = sample.shape
    if rows == 0:
        raise ValueError("the sample for the initialisation has no rows")
    unusable = (~(sample.isfinite() | sample.isnan() if missing_values else sample.isfinite())).nonzero()
    if len(unusable) > 0:
        row, column = unusable[0].tolist()
        value = sample[row, column].item()
        raise ValueError(f"the sample for the initialisation has {value} in row {row}, column {column}")
    known = ~sample.isnan()
    counts = known.sum(dim=0).clamp(min=1)
    centres = sample.nan_to_num(0.0).sum(dim=0) / counts
    deviations = ((sample - centres).nan_to_num(0.0).square().sum(dim=0) / counts).sqrt()
    varying = deviations > 0
    # An input that does not vary gets the scale of the others.
    typical = deviations[varying].square().mean().sqrt() if bool(varying.any()) else torch.tensor(1.0)
    spreads = torch.where(varying, deviations, typical.double())
    # A tied mean serves all inputs and is drawn for one of them.
    input = torch.randint(inputs, (neurons, 1)) if tied else torch.arange(inputs).expand(neurons, inputs)
    if init == "data":
        # A random known row of each input, by its place among the known ones.
        order = (~known).int().argsort(dim=0, stable=True)
        place = (torch.rand(input.shape) * counts[input]).long().clamp(max=rows - 1)
        means = sample[order[place, input], input].nan_to_num(0.0)
        log_sigmas = spreads.log() + _DATA_LOG_SIGMA_MEAN + _DATA_LOG_SIGMA_SPREAD * torch.randn(neurons, inputs)
    elif init == "wide":
        means = centres[input] + _WIDE_SPREAD * spreads[input] * torch.randn(input.shape)
        log_sigmas = (_WIDE_SPREAD * spreads).log() + _WIDE_LOG_SIGMA_SPREAD * torch.randn(neurons, inputs)
    else:
        raise ValueError(f'init is {init!r}, but must be "data" or "wide"')
    return means, log_sigmas, torch.randn(neurons, inputs)


def raw_log_sigmas_of(log_sigmas: Tensor, min_sigma: float) -> Tensor:
    """The ρ with √(min_sigma² + exp(2ρ)) = exp(log_sigmas); for smaller σ, that of a σ just above the floor."""
    if min_sigma == 0.0:
        return log_sigmas
    share = -torch.expm1(2.0 * (math.log(min_sigma) - log_sigmas))
    lowest = math.log(min_sigma) + 0.5 * math.log(_SMALLEST_SHARE)
    is_above = share > _SMALLEST_SHARE
    return torch.where(is_above, log_sigmas + 0.5 * torch.where(is_above, share, 1.0).log(), lowest)
