"""Trains a network of uGMM layers with several processes, each with its part of every batch.

    python ddp.py                # one process with the whole batch
    torchrun --nproc-per-node 2 ddp.py

Both print the same losses.
"""

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ugmm_nn.torch import UgmmLinear, initialize

ROWS, INPUTS, CLASSES = 256, 8, 3
STEPS = 20


def data() -> tuple[torch.Tensor, torch.Tensor]:
    """Rows whose class is the region of their first two inputs."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, INPUTS, generator=generator)
    return x, (x[:, 0] > 0).long() + (x[:, 1] > 0.5).long()


def train(rank: int, processes: int) -> list[float]:
    """The losses of the whole batch, of training on each step's part of this process."""
    torch.manual_seed(1)  # The same initial parameters everywhere.
    x, labels = data()
    network = nn.Sequential(UgmmLinear(INPUTS, 32, min_sigma=1e-3), UgmmLinear(32, CLASSES))
    initialize(network, x)
    model = DistributedDataParallel(network) if processes > 1 else network
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    # Parts of equal sizes, so that the mean of their gradients is the gradient of the whole batch.
    part = slice(rank * ROWS // processes, (rank + 1) * ROWS // processes)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x[part]), labels[part])
        loss.backward()
        optimizer.step()
        whole = loss.detach() / processes
        if processes > 1:
            dist.all_reduce(whole)
        losses.append(whole.item())
    return losses


def main() -> None:
    """Train with the processes that torchrun started, or with this one alone."""
    if dist.is_torchelastic_launched():
        dist.init_process_group("gloo")
        rank, processes = dist.get_rank(), dist.get_world_size()
    else:
        rank, processes = 0, 1
    losses = train(rank, processes)
    if rank == 0:
        for step, loss in enumerate(losses, start=1):
            print(f"step {step}: loss {loss:.7f}")
    if processes > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
