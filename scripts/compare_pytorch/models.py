"""The networks in PyTorch: written plainly with whole tensors and autograd, and of the layers of ugmm_nn.torch."""

import math

import torch
from torch import Tensor, nn


class UgmmLayer(nn.Module):
    """y[b, j] = log sum_k softmax(logits[j])[k] N(x[b, k]; means[j, k], exp(log_sigmas[j, k])^2)."""

    def __init__(self, means: Tensor, raw_log_sigmas: Tensor, mixing_logits: Tensor):
        super().__init__()
        self.means = nn.Parameter(means)
        self.raw_log_sigmas = nn.Parameter(raw_log_sigmas)
        self.mixing_logits = nn.Parameter(mixing_logits)

    def forward(self, x: Tensor) -> Tensor:
        # [batch, 1, inputs] against [neurons, inputs]: everything below is [batch, neurons, inputs].
        z = (x.unsqueeze(1) - self.means) / self.raw_log_sigmas.exp()
        log_densities = -0.5 * z * z - self.raw_log_sigmas - 0.5 * math.log(2 * math.pi)
        return torch.logsumexp(self.mixing_logits.log_softmax(dim=-1) + log_densities, dim=-1)


class UgmmNetwork(nn.Module):
    """A stack of such layers; parameters are named as in a model file of ugmm."""

    def __init__(self, parameters: dict[str, Tensor]):
        super().__init__()
        depth = 1 + max(int(name.split(".")[1]) for name in parameters)
        fields = ["means", "raw_log_sigmas", "mixing_logits"]
        self.layers = nn.ModuleList(
            UgmmLayer(*(parameters[f"layers.{layer}.{field}"] for field in fields)) for layer in range(depth)
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class LayerNetwork(nn.Module):
    """A stack of the layers of ugmm_nn.torch with the same names of parameters."""

    def __init__(self, parameters: dict[str, Tensor]):
        super().__init__()
        from ugmm_nn.torch import UgmmLinear

        shapes = [values.shape for name, values in sorted(parameters.items()) if name.endswith(".means")]
        self.layers = nn.Sequential(*(UgmmLinear(inputs, neurons) for neurons, inputs in shapes))
        self.load_state_dict(parameters)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def mlp(sizes: list[int]) -> nn.Module:
    """Linear layers of these sizes with ReLU between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
