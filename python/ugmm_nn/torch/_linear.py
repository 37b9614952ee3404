"""The layer."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from ugmm_nn.torch._initialization import Initialization, paper_values, raw_log_sigmas_of, values_from_data
from ugmm_nn.torch._operation import DROPPED_LOGIT, HALF_LOG_TWO_PI, activations

# A neuron sees nothing where the log weight of its components with a known input is at most this.
_NO_LOG_WEIGHT = -1e20


class UgmmLinear(nn.Module):
    """A layer of neurons that are univariate Gaussian mixtures, each with one component per input.

    Neuron j maps inputs x to the log-density ``log Σ_k π_jk N(x_k; μ_jk, σ_jk²)`` with ``π_j = softmax`` of its mixing
    logits (Z. S. Ali, *uGMM-NN*, arXiv 2509.07569, section 3.1). It is used like ``torch.nn.Linear``.

    Parameters
    ----------
    in_features : int
        Number of inputs, which is the number of components of each neuron.
    out_features : int
        Number of neurons.
    means : {"free", "tied"}, default="free"
        One mean for each component, or one for each neuron (section 5 of the paper).
    dropout : float, default=0.0
        Probability that a component leaves its mixture for a whole batch, in training. A neuron keeps at least one. Batches
        with missing values are computed without dropout.
    renormalize : bool, default=True
        Whether the weights of the remaining components sum to 1, as in the paper's published code, or stay as they are, as
        in its formula.
    min_sigma : float, default=0.0
        Lower bound of every σ: ``σ = √(min_sigma² + exp(2ρ))`` with the parameter ρ.
    missing_values : bool, default=False
        Whether NaN in the inputs is a missing value, whose components leave the mixtures while the weights of the others are
        renormalised. An output is NaN where no component with weight sees a value, and so missing to a next layer of this
        kind. Without it a NaN makes the outputs of its row NaN.
    device : torch.device, optional
    dtype : torch.dtype, optional

    Attributes
    ----------
    means : Parameter of shape (out_features, in_features), or (out_features, 1) if tied
        μ.
    raw_log_sigmas : Parameter of shape (out_features, in_features)
        ρ, which is log σ if ``min_sigma`` is 0.
    mixing_logits : Parameter of shape (out_features, in_features)

    Notes
    -----
    The parameters are drawn as in the paper's published code, which suits standardised inputs. :meth:`initialize` draws them
    from a sample of the inputs instead, and :func:`ugmm_nn.torch.initialize` does so for all layers of a model.

    Inputs are converted to the type of the parameters. Under ``torch.autocast`` the layer therefore computes in ``float32``.

    Examples
    --------
    >>> import torch
    >>> from ugmm_nn.torch import UgmmLinear
    >>> layer = UgmmLinear(4, 3, dropout=0.1, min_sigma=1e-3)
    >>> layer(torch.randn(8, 4)).shape
    torch.Size([8, 3])
    """

    __constants__: ClassVar[list[str]] = [
        "dropout",
        "in_features",
        "min_sigma",
        "missing_values",
        "out_features",
        "renormalize",
    ]

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        means: Literal["free", "tied"] = "free",
        dropout: float = 0.0,
        renormalize: bool = True,
        min_sigma: float = 0.0,
        missing_values: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        for name, size in [("in_features", in_features), ("out_features", out_features)]:
            if size < 1:
                raise ValueError(f"{name} is {size}, but must be at least 1")
        if means not in ("free", "tied"):
            raise ValueError(f'means is {means!r}, but must be "free" or "tied"')
        if not 0.0 <= dropout < 1.0:
            raise ValueError(f"dropout is {dropout}, but must be at least 0 and less than 1")
        if not 0.0 <= min_sigma <= 1e30:
            raise ValueError(f"min_sigma is {min_sigma}, but must be between 0 and 1e30")
        self.in_features, self.out_features = in_features, out_features
        self.dropout, self.renormalize = dropout, renormalize
        self.min_sigma, self.missing_values = min_sigma, missing_values

        def parameter(columns: int) -> nn.Parameter:
            return nn.Parameter(torch.empty(out_features, columns, device=device, dtype=dtype))

        self.means = parameter(1 if means == "tied" else in_features)
        self._is_tied = means == "tied"
        self.raw_log_sigmas = parameter(in_features)
        self.mixing_logits = parameter(in_features)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters as the paper's published code does: μ ~ N(0, 1), σ ~ U(0, 1), mixing logits ~ U(0, 1)."""
        self._set(*paper_values(self.out_features, self.in_features, self._is_tied))

    def initialize(self, sample: Tensor, init: Initialization = "data") -> None:
        """Draw the parameters for inputs like those of a sample, whatever their scale.

        Parameters
        ----------
        sample : Tensor of shape (..., in_features)
            Typical inputs of this layer. NaN is a missing value if the layer has ``missing_values``.
        init : {"data", "wide"}, default="data"
            "data" draws each mean from the values of its input, and σ around a fraction of the input's standard deviation,
            so that every component responds to some of the data. "wide" draws components three times as wide as the data,
            with which a neuron is almost linear; it suits layers between layers of other kinds.

        Raises
        ------
        ValueError
            If the sample is empty, does not fit or has a value that is not finite.
        """
        rows = self._rows(sample)
        self._set(*values_from_data(rows, self.out_features, self._is_tied, init, self.missing_values))

    def log_sigmas(self) -> Tensor:
        """Compute the logarithms of the effective σ, with the floor.

        Returns
        -------
        Tensor of shape (out_features, in_features)
        """
        if self.min_sigma == 0.0:
            return self.raw_log_sigmas
        log_floor = self.raw_log_sigmas.new_tensor(math.log(self.min_sigma))
        return 0.5 * torch.logaddexp(2.0 * self.raw_log_sigmas, 2.0 * log_floor)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the activations.

        Parameters
        ----------
        x : Tensor of shape (..., in_features)

        Returns
        -------
        Tensor of shape (..., out_features)
            Log-densities.
        """
        y = self._activations(self._rows(x).to(self.raw_log_sigmas.dtype))
        return y if x.dim() == 2 else y.reshape(*x.shape[:-1], self.out_features)

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the defaults."""
        text = f"in_features={self.in_features}, out_features={self.out_features}"
        if self._is_tied:
            text += ", means='tied'"
        defaults = {"dropout": 0.0, "renormalize": True, "min_sigma": 0.0, "missing_values": False}
        changed = {name: getattr(self, name) for name, value in defaults.items() if getattr(self, name) != value}
        return text + "".join(f", {name}={value}" for name, value in changed.items())

    def _rows(self, x: Tensor) -> Tensor:
        if x.dim() == 0 or x.shape[-1] != self.in_features:
            raise ValueError(f"the inputs have the shape {tuple(x.shape)}, but the layer has {self.in_features} inputs")
        return x if x.dim() == 2 else x.reshape(-1, self.in_features)

    def _set(self, means: Tensor, log_sigmas: Tensor, mixing_logits: Tensor) -> None:
        """Set μ, the effective log σ, and the mixing logits."""
        with torch.no_grad():
            self.means.copy_(means)
            self.raw_log_sigmas.copy_(raw_log_sigmas_of(log_sigmas, self.min_sigma))
            self.mixing_logits.copy_(mixing_logits)

    def _activations(self, x: Tensor) -> Tensor:
        logits = self.mixing_logits
        means: Tensor = self.means.expand_as(logits) if self._is_tied else self.means
        log_sigmas = self.log_sigmas()
        if self.missing_values and bool(x.isnan().any()):
            y = activations(x, means, log_sigmas, logits, nan_is_missing=True)
            log_weight = _log_seen_weight(x, logits)
            sees_nothing = log_weight <= _NO_LOG_WEIGHT
            return (y - log_weight.masked_fill(sees_nothing, 0.0)).masked_fill(sees_nothing, math.nan)
        if not self.training or self.dropout == 0.0:
            return activations(x, means, log_sigmas, logits)
        kept = _drop_components(logits, self.dropout)
        y = activations(x, means, log_sigmas, kept)
        return y if self.renormalize else y + _log_surviving_weight(logits, kept)


def _drop_components(logits: Tensor, probability: float) -> Tensor:
    """The mixing logits, those of dropped components so low that they have no weight."""
    neurons, inputs = logits.shape
    kept = torch.rand(neurons, inputs, device=logits.device) >= probability
    # A neuron that would lose all components keeps one of them.
    last = torch.randint(inputs, (neurons, 1), device=logits.device)
    spared = torch.arange(inputs, device=logits.device) == last
    kept = kept | (spared & ~kept.any(dim=1, keepdim=True))
    return logits.masked_fill(~kept, DROPPED_LOGIT)


def _log_surviving_weight(logits: Tensor, kept: Tensor) -> Tensor:
    """log Σ π over the components that were not dropped, of shape (neurons,)."""
    # Both softmax denominators, from the same component: the heaviest survivor of each neuron.
    heaviest = kept.argmax(dim=1, keepdim=True)
    difference = logits.log_softmax(dim=1).gather(1, heaviest) - kept.log_softmax(dim=1).gather(1, heaviest)
    return difference.squeeze(1)


def _log_seen_weight(x: Tensor, logits: Tensor) -> Tensor:
    """log Σ π over the components whose input is known, of shape (rows, neurons)."""
    # The activations of standard normal components on their means: neither a small weight nor a wide component is lost.
    zeros = torch.zeros_like(logits)
    on_means = torch.zeros_like(x).masked_fill(x.isnan(), math.nan)
    return activations(on_means, zeros, zeros, logits, nan_is_missing=True) + HALF_LOG_TWO_PI
