"""The worker through which PyTorch is timed: the same commands and answers as crates/ugmm-network/examples/timing.

Its argument is the variant: plain, compiled, layer, compiled-layer, mlp, or reference (plain in f64, for the check only).
"""

import json
import sys
import time

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from .models import LayerNetwork, UgmmNetwork, mlp

REFERENCE_ROWS = 128  # Rows at once in f64: a [batch, neurons, inputs] tensor of 1024 rows would take 0.8 GB.


class Worker:
    """A network, its optimiser and its batches."""

    def __init__(self, variant: str, job: dict):
        torch.set_num_threads(job["threads"])
        torch.manual_seed(0)
        self.variant = variant
        self.device = torch.device(job["device"])
        # The same arithmetic as everywhere else here: f32, not its short form.
        torch.backends.cuda.matmul.allow_tf32 = False
        self.training = job["work"] == "train"
        self.generative = job["generative"]
        dtype = torch.float64 if variant == "reference" else torch.float32
        if variant == "mlp":
            self.network = mlp(job["sizes"]).to(self.device)
            own = {name: value.clone() for name, value in self.network.state_dict().items()}
            self.initial = dict.fromkeys(job["batches"], own)
        else:
            self.initial = {name: load_file(path, device=str(self.device)) for name, path in job["parameters"].items()}
            network = LayerNetwork if variant.endswith("layer") else UgmmNetwork
            self.network = network(next(iter(self.initial.values()))).to(self.device, dtype)
        # Fused is the fastest Adam that PyTorch has.
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=job["learning_rate"], fused=True)
        self.batches = {name: self.read(path, dtype) for name, path in job["batches"].items()}
        self.forward, self.loss = self.network.forward, self.loss_and_outputs
        if variant.startswith("compiled"):
            self.forward = torch.compile(self.network, fullgraph=True, dynamic=False)
            self.loss = torch.compile(self.loss_and_outputs, fullgraph=True, dynamic=False)
        self.current: list[tuple[Tensor, Tensor]] = []
        self.next = 0

    def read(self, path: str, dtype: torch.dtype) -> list[tuple[Tensor, Tensor]]:
        file = load_file(path, device=str(self.device))
        x, labels = file["x"].to(dtype), file["labels"]
        if self.generative:  # The label is one more input; joined here, so that it costs PyTorch nothing later.
            x = torch.cat([x, labels.to(dtype).unsqueeze(-1)], dim=-1)
        return [(x[index].clone(), labels[index].clone()) for index in range(len(x))]

    def loss_and_outputs(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        outputs = self.network(x)
        loss = -outputs.mean() if self.generative else nn.functional.cross_entropy(outputs, labels)
        return loss, outputs.detach()

    def step(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        self.optimizer.zero_grad(set_to_none=True)
        if self.variant == "reference":
            loss, outputs = self.accumulate(x, labels)
        else:
            loss, outputs = self.loss(x, labels)
            loss.backward()
        self.optimizer.step()
        return loss, outputs

    def accumulate(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Loss, outputs and gradients by some rows after others."""
        total, outputs = torch.zeros((), dtype=x.dtype, device=x.device), []
        for part, part_labels in zip(x.split(REFERENCE_ROWS), labels.split(REFERENCE_ROWS)):
            loss, part_outputs = self.loss(part, part_labels)
            share = loss * (len(part) / len(x))
            share.backward()
            total += share.detach()
            outputs.append(part_outputs)
        return total, torch.cat(outputs)

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def reset(self, batches: str) -> None:
        self.network.load_state_dict(self.initial[batches])
        for state in self.optimizer.state.values():
            for value in state.values():
                value.zero_()

    def check(self, batches: str, steps: int, output: str) -> dict:
        self.reset(batches)
        tensors = {}
        if self.training:
            losses = []
            for index in range(steps):
                loss, outputs = self.step(*self.batches[batches][index % len(self.batches[batches])])
                tensors.setdefault("outputs", outputs)
                losses.append(loss.detach())
            tensors |= {"losses": torch.stack(losses), **self.network.state_dict()}
        else:
            x = self.batches[batches][0][0]
            rows = REFERENCE_ROWS if self.variant == "reference" else len(x)
            with torch.no_grad():
                tensors["outputs"] = torch.cat([self.forward(part) for part in x.split(rows)])
        save_file({name: value.contiguous() for name, value in tensors.items()}, output)
        return {"done": True}

    def prepare(self, batches: str) -> dict:
        self.reset(batches)
        self.current, self.next = self.batches[batches], 0
        return {"done": True}

    def run(self, count: int) -> dict:
        loss = None
        self.wait()
        start = time.perf_counter()
        for _ in range(count):
            x, labels = self.current[self.next % len(self.current)]
            self.next += 1
            if self.training:
                loss = self.step(x, labels)[0]
                if self.device.type == "cpu":
                    loss = loss.item()
            else:
                with torch.no_grad():
                    self.forward(x)
        self.wait()  # Until all is done that was asked for.
        wall_s = time.perf_counter() - start
        return {"wall_s": wall_s, "loss": None if loss is None else float(loss)}


def main() -> None:
    """Answers commands until there are no more."""
    answers, sys.stdout = sys.stdout, sys.stderr  # Nothing that PyTorch prints may come between the answers.
    worker = None
    for line in sys.stdin:
        command = json.loads(line)
        name = command.pop("command")
        if name == "load":
            worker = Worker(sys.argv[1], command)
            answer = {"done": True}
        else:
            answer = {"check": worker.check, "prepare": worker.prepare, "run": worker.run}[name](**command)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
