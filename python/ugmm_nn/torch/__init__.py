"""The neuron as a layer of PyTorch models.

On the processor the layer is computed by the kernels that the command ``ugmm`` uses, in ``float32``; in ``float64`` by a
slow and exact form for tests of gradients. On other devices and in other types it is computed by PyTorch's own operations.

Examples
--------
>>> import torch
>>> from ugmm_nn.torch import UgmmLinear, initialize
>>> _ = torch.manual_seed(0)
>>> x = torch.randn(256, 4)
>>> labels = (x[:, 0] * x[:, 1] > 0).long()
>>> model = torch.nn.Sequential(UgmmLinear(4, 32), UgmmLinear(32, 2))
>>> initialize(model, x)
>>> optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
>>> for _ in range(200):
...     optimizer.zero_grad()
...     loss = torch.nn.functional.cross_entropy(model(x), labels)
...     loss.backward()
...     _ = optimizer.step()
>>> bool((model(x).argmax(dim=1) == labels).float().mean() > 0.9)
True
"""

from ugmm_nn.torch._initialization import initialize
from ugmm_nn.torch._linear import UgmmLinear
from ugmm_nn.torch._paper import from_paper

__all__ = ["UgmmLinear", "from_paper", "initialize"]
