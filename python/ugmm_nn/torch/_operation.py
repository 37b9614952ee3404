"""The activations of a layer, and their gradients, as operations of PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from ugmm_nn import _native

# A component whose mixing logit is at most this has no weight, unless all of the neuron's logits are as low.
DROPPED_LOGIT = -1e30
HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
# Most values of a temporary tensor, where PyTorch's own operations compute the layer.
_MOST_VALUES = 1 << 22
# Rows that are computed together at least, where there are as many.
_FEWEST_ROWS = 64


@torch.library.custom_op("ugmm::log_density", mutates_args=())
def log_density(
    x: Tensor, means: Tensor, log_sigmas: Tensor, mixing_logits: Tensor, nan_is_missing: bool
) -> tuple[Tensor, Tensor]:
    """Compute the activations, log-densities of mixtures.

    Parameters
    ----------
    x : Tensor of shape (rows, inputs)
    means, log_sigmas, mixing_logits : Tensor of shape (neurons, inputs)
    nan_is_missing : bool
        Whether the components of a NaN leave the sum. Without it the activations of its row are NaN.

    Returns
    -------
    y : Tensor of shape (rows, neurons)
    sums : Tensor
        What the backward pass needs; empty unless the kernels computed ``y``.
    """
    if not _is_native(x):
        return _forward_in_chunks(x, means, log_sigmas, mixing_logits, nan_is_missing), x.new_empty(0)
    arrays = _arrays(x, means, log_sigmas, mixing_logits)
    if x.dtype == torch.float64:
        return torch.from_numpy(_native.neuron_forward_f64(*arrays, nan_is_missing)), x.new_empty(0)
    y, native = _native.neuron_forward(*arrays, nan_is_missing, torch.get_num_threads())
    return torch.from_numpy(y), torch.from_numpy(native.sums())


@log_density.register_fake
def _(
    x: Tensor, means: Tensor, log_sigmas: Tensor, mixing_logits: Tensor, nan_is_missing: bool
) -> tuple[Tensor, Tensor]:
    y = x.new_empty(x.shape[0], means.shape[0])
    has_sums = _is_native(x) and x.dtype == torch.float32
    return y, torch.empty_like(y) if has_sums else x.new_empty(0)


@torch.library.custom_op("ugmm::log_density_backward", mutates_args=())
def log_density_backward(
    x: Tensor,
    means: Tensor,
    log_sigmas: Tensor,
    mixing_logits: Tensor,
    sums: Tensor,
    cotangent: Tensor,
    nan_is_missing: bool,
    want_x: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute the gradients of the sum of activations times ``cotangent``.

    Parameters
    ----------
    x, means, log_sigmas, mixing_logits, nan_is_missing
        The arguments of :func:`log_density`.
    sums : Tensor
        Its second result.
    cotangent : Tensor of shape (rows, neurons)
    want_x : bool
        Whether the gradient with respect to ``x`` is computed; it is empty otherwise.

    Returns
    -------
    tuple of Tensor
        The gradients with respect to ``x``, ``means``, ``log_sigmas`` and ``mixing_logits``.
    """
    if not _is_native(x):
        return _backward_in_chunks(x, means, log_sigmas, mixing_logits, cotangent, nan_is_missing, want_x)
    arrays = _arrays(x, means, log_sigmas, mixing_logits)
    gradients: tuple[Any, ...]
    if x.dtype == torch.float64:
        gradients = _native.neuron_backward_f64(*arrays, _array(cotangent), want_x)
    else:
        threads = torch.get_num_threads()
        native = _native.NeuronPass.of_sums(*arrays, _array(sums), threads)
        gradients = native.backward(*arrays, _array(cotangent), want_x, threads)
    of_means, of_log_sigmas, of_logits = map(torch.from_numpy, gradients[1:])
    of_x = torch.from_numpy(gradients[0]) if want_x else x.new_empty(0)
    return of_x, of_means, of_log_sigmas, of_logits


@log_density_backward.register_fake
def _(
    x: Tensor,
    means: Tensor,
    log_sigmas: Tensor,
    mixing_logits: Tensor,
    sums: Tensor,
    cotangent: Tensor,
    nan_is_missing: bool,
    want_x: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    of_x = x.new_empty(x.shape) if want_x else x.new_empty(0)
    return of_x, x.new_empty(means.shape), x.new_empty(means.shape), x.new_empty(means.shape)


def _setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    *tensors, ctx.nan_is_missing = inputs
    ctx.save_for_backward(*tensors, output[1])
    ctx.mark_non_differentiable(output[1])


def _backward(ctx: Any, cotangent: Tensor, _: Any) -> tuple[Tensor | None, ...]:
    want_x = ctx.needs_input_grad[0]
    of_x, *of_parameters = log_density_backward(*ctx.saved_tensors, cotangent, ctx.nan_is_missing, want_x)
    return of_x if want_x else None, *of_parameters, None


log_density.register_autograd(_backward, setup_context=_setup_context)


class _EagerLogDensity(torch.autograd.Function):
    """The operation without the dispatcher, whose cost shows in small layers. All of the forward pass is kept."""

    # With a method setup_context, the arguments of each call would be bound by name, which takes as long as a small layer.
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, means: Tensor, log_sigmas: Tensor, mixing_logits: Tensor, nan_is_missing: bool
    ) -> Tensor:
        ctx.save_for_backward(x, means, log_sigmas, mixing_logits)
        ctx.arrays = arrays = _arrays(x, means, log_sigmas, mixing_logits)
        y, ctx.native = _native.neuron_forward(*arrays, nan_is_missing, torch.get_num_threads())
        return torch.from_numpy(y)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, cotangent: Tensor) -> tuple[Tensor | None, ...]:
        _ = ctx.saved_tensors  # Fails if a tensor was changed since.
        want_x = ctx.needs_input_grad[0]
        gradients = ctx.native.backward(*ctx.arrays, _array(cotangent), want_x, torch.get_num_threads())
        return *(None if gradient is None else torch.from_numpy(gradient) for gradient in gradients), None


def activations(
    x: Tensor, means: Tensor, log_sigmas: Tensor, mixing_logits: Tensor, nan_is_missing: bool = False
) -> Tensor:
    """Compute the activations of a layer; see :func:`log_density`."""
    is_plain = type(x) in (Tensor, nn.Parameter) and x.dtype == torch.float32 and x.device.type == "cpu"
    if is_plain and not torch.compiler.is_compiling():
        apply: Callable[..., Tensor] = _EagerLogDensity.apply
        return apply(x, means, log_sigmas, mixing_logits, nan_is_missing)
    y: Tensor = log_density(x, means, log_sigmas, mixing_logits, nan_is_missing)[0]
    return y


def _is_native(x: Tensor) -> bool:
    """Whether the native module computes the layer."""
    return x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)


def _array(tensor: Tensor) -> Any:
    """A tensor as an array that shares its memory, unless it must be made contiguous."""
    return tensor.detach().contiguous().numpy()


def _arrays(x: Tensor, means: Tensor, log_sigmas: Tensor, mixing_logits: Tensor) -> tuple[Any, Any, Any, Any]:
    return _array(x), _array(means), _array(log_sigmas), _array(mixing_logits)


class _Chunks:
    """A layer in PyTorch's own operations, computed for some rows and neurons at a time."""

    def __init__(
        self, x: Tensor, means: Tensor, log_sigmas: Tensor, mixing_logits: Tensor, nan_is_missing: bool
    ) -> None:
        # Half precision has too few digits for exponents.
        dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
        x, means, log_sigmas, mixing_logits = (t.detach().to(dtype) for t in (x, means, log_sigmas, mixing_logits))
        self.largest = torch.finfo(dtype).max
        # Half of the square of the largest z is a number, and so is the largest 1 / σ.
        self.largest_z = 0.9 * math.sqrt(self.largest)
        largest_log_sigma = 300.0 if dtype == torch.float64 else 88.0
        dropped = mixing_logits <= DROPPED_LOGIT
        dropped &= ~dropped.all(dim=1, keepdim=True)
        log_weights = mixing_logits.masked_fill(dropped, -math.inf).log_softmax(dim=1)
        self.weights = log_weights.exp()
        self.constants = log_weights - log_sigmas - HALF_LOG_TWO_PI
        self.inverse_sigmas = (-log_sigmas.clamp(-largest_log_sigma, largest_log_sigma)).exp()
        self.means = means
        self.missing = x.isnan() if nan_is_missing else None
        self.x = x
        self.unusable_rows = ~(x.isfinite() if self.missing is None else x.isfinite() | self.missing).all(dim=1)
        parameters = (means, log_sigmas, mixing_logits)
        self.unusable_neurons = ~torch.stack([p.isfinite().all(dim=1) for p in parameters]).all(dim=0)

    def __iter__(self) -> Iterator[tuple[slice, slice]]:
        """The rows and neurons of each chunk."""
        (rows, inputs), neurons = self.x.shape, self.means.shape[0]
        pairs = max(1, _MOST_VALUES // inputs)
        of_neurons = max(1, min(neurons, pairs // max(1, min(rows, _FEWEST_ROWS))))
        of_rows = max(1, pairs // of_neurons)
        for neuron in range(0, neurons, of_neurons):
            for row in range(0, rows, of_rows):
                yield slice(row, row + of_rows), slice(neuron, neuron + of_neurons)

    def exponents(self, rows: slice, neurons: slice) -> tuple[Tensor, Tensor]:
        """The exponents of a chunk and z, both of shape (rows, neurons, inputs)."""
        z = (self.x[rows, None] - self.means[neurons]) * self.inverse_sigmas[neurons]
        z = z.clamp_(-self.largest_z, self.largest_z)
        exponents = self.constants[neurons] - 0.5 * z * z
        if self.missing is not None:
            missing = self.missing[rows, None]
            z, exponents = z.masked_fill_(missing, 0.0), exponents.masked_fill_(missing, -math.inf)
        return exponents, z


def _forward_in_chunks(
    x: Tensor, means: Tensor, log_sigmas: Tensor, mixing_logits: Tensor, nan_is_missing: bool
) -> Tensor:
    chunks = _Chunks(x, means, log_sigmas, mixing_logits, nan_is_missing)
    y = chunks.x.new_empty(x.shape[0], means.shape[0])
    for rows, neurons in chunks:
        exponents, _ = chunks.exponents(rows, neurons)
        y[rows, neurons] = exponents.logsumexp(dim=2)
    y.clamp_(-chunks.largest, chunks.largest)
    y.masked_fill_(chunks.unusable_rows[:, None] | chunks.unusable_neurons, math.nan)
    return y.to(x.dtype)


def _backward_in_chunks(
    x: Tensor,
    means: Tensor,
    log_sigmas: Tensor,
    mixing_logits: Tensor,
    cotangent: Tensor,
    nan_is_missing: bool,
    want_x: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    chunks = _Chunks(x, means, log_sigmas, mixing_logits, nan_is_missing)
    cotangent = cotangent.detach().to(chunks.x.dtype)
    of_x = torch.zeros_like(chunks.x) if want_x else chunks.x.new_empty(0)
    of_means, of_log_sigmas, of_logits = (torch.zeros_like(chunks.means) for _ in range(3))
    for rows, neurons in chunks:
        exponents, z = chunks.exponents(rows, neurons)
        # A neuron that sees nothing has no responsibilities.
        largest = exponents.amax(dim=2, keepdim=True).clamp_(min=-chunks.largest)
        w = (exponents - largest).exp_()
        w *= (cotangent[rows, neurons] / w.sum(dim=2).clamp_(min=1.0)).unsqueeze(2)
        of_logits[neurons] += w.sum(dim=0)
        wz = w.mul_(z)
        of_log_sigmas[neurons] += (wz * z).sum(dim=0)
        wz *= chunks.inverse_sigmas[neurons]
        of_means[neurons] += wz.sum(dim=0)
        if want_x:
            of_x[rows] -= wz.sum(dim=1)
    of_log_sigmas -= of_logits
    of_logits -= chunks.weights * cotangent.sum(dim=0).unsqueeze(1)
    gradients = (of_x, of_means, of_log_sigmas, of_logits)
    of_x, of_means, of_log_sigmas, of_logits = (
        g.clamp_(-chunks.largest, chunks.largest).to(x.dtype) for g in gradients
    )
    return of_x, of_means, of_log_sigmas, of_logits
