"""Times the contenders of one measurement with one number of threads: check, then rounds in which each has its turn."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from . import agreement
from .agreement import Agreement
from .contenders import MLP, REFERENCE, SPARSE, Contender, Worker
from .failure import Failure
from .problems import Files, Measurement

# Between turns: threads of the last contender that still spin in wait for work have gone to sleep by then.
PAUSE_S = 0.02
# Rounds that are held even when patience has run out.
FEWEST_ROUNDS = 3
MOST_PER_TURN = 5000
# Share of the components of the first layer that remain in sparse training.
KEPT = 0.3


@dataclass(frozen=True)
class Memory:
    """Resident memory of a contender's process, in MiB."""

    loaded: float  # with program, batches and parameters in memory, before any work
    peak: float


@dataclass(frozen=True)
class Result:
    """Times of one measurement on one kind of batches, per piece of work and round, in seconds."""

    measurement: Measurement
    batches: str
    threads: int
    cpu_s: dict[Contender, list[float]]
    wall_s: dict[Contender, list[float]]
    counts: dict[Contender, int]  # pieces of work per turn
    memory: dict[Contender, Memory]  # of the process, which served every kind of batches


class Bench:
    """Measures; keeps the reference's outputs, which do not depend on the number of threads."""

    def __init__(
        self,
        contenders: list[Contender],
        example: Path,
        directory: Path,
        rounds: int,
        turn_s: float,
        patience_s: float,
        device: str,
    ):
        self.contenders = contenders
        self.example = example
        self.directory = directory
        self.rounds = rounds
        self.turn_s = turn_s
        self.device = device
        self.patience_s = patience_s  # After so long with one kind of batches no further round begins.
        self.referenced: set[str] = set()
        self.agreements: list[tuple[Measurement, str, int, Agreement]] = []

    def measure(self, measurement: Measurement, files: Files, threads: int) -> list[Result]:
        """One result per kind of batches."""
        self._say(measurement, threads, "loading and compiling")
        job = {
            "work": measurement.work,
            "sizes": measurement.sizes,
            "classes": measurement.classes,
            "generative": measurement.generative,
            "learning_rate": measurement.learning_rate,
            "threads": threads,
            "device": self.device,
            "parameters": {name: str(path) for name, path in files.parameters.items()},
            "batches": {name: str(path) for name, path in files.batches.items()},
        }
        absent = {MLP, SPARSE} if not measurement.mlp else {SPARSE} if measurement.work != "train" else set()
        contenders = [contender for contender in self.contenders if contender not in absent]
        workers: dict[Contender, Worker] = {}
        try:
            for contender in contenders:
                workers[contender] = Worker(contender, self.example, threads, self.device)
                own = {"keep_components": KEPT} if contender == SPARSE else {}
                workers[contender].send("load", **job, **own)
            for worker in workers.values():
                worker.answer()
            loaded = {contender: worker.memory_mib("VmRSS") for contender, worker in workers.items()}
            self._check(measurement, files, job, workers)
            times = {name: self._rounds(measurement, name, threads, workers) for name in files.batches}
            memory = {c: Memory(loaded[c], worker.memory_mib("VmHWM")) for c, worker in workers.items()}
        finally:
            for worker in workers.values():
                worker.stop()
        return [Result(measurement, name, threads, *times[name], memory) for name in files.batches]

    def _check(self, measurement: Measurement, files: Files, job: dict, workers: dict[Contender, Worker]) -> None:
        """Lets each contender that computes a uGMM do so from the same parameters, and compares."""
        compared = [contender for contender in workers if contender != MLP]
        # All at once: this is not timed, and torch.compile takes its time here.
        for contender in compared:
            for name in files.batches:
                self._send_check(workers[contender], measurement, name)
        if measurement.key not in self.referenced:
            reference = Worker(REFERENCE, self.example, 1, self.device)
            try:
                reference.ask("load", **job | {"threads": 1})
                for name in files.batches:
                    self._send_check(reference, measurement, name)
                    reference.answer()
            finally:
                reference.stop()
            self.referenced.add(measurement.key)
        for contender in compared:
            for name in files.batches:
                workers[contender].answer()
                found, right = (self._outputs(measurement, name, who) for who in (contender, REFERENCE))
                result = agreement.compare(contender, found, right, files.parameters[name])
                self.agreements.append((measurement, name, job["threads"], result))
                if result.complaint is not None:
                    where = f"{measurement.key}, {name} batches, threads: {job['threads']}"
                    raise Failure(f"not the same is computed ({where}), so nothing more is timed: {result.complaint}")

    def _send_check(self, worker: Worker, measurement: Measurement, name: str) -> None:
        output = self._outputs(measurement, name, worker.contender)
        worker.send("check", batches=name, steps=agreement.STEPS, output=str(output))

    def _outputs(self, measurement: Measurement, name: str, contender: Contender) -> Path:
        return self.directory / f"{measurement.key}-{name}-{contender.key}.safetensors"

    def _rounds(self, measurement: Measurement, name: str, threads: int, workers: dict) -> tuple[dict, dict, dict]:
        self._say(measurement, threads, f"{name} batches")
        contenders = list(workers)
        counts = {contender: self._count(worker, name) for contender, worker in workers.items()}
        cpu_s = {contender: [] for contender in contenders}
        wall_s = {contender: [] for contender in contenders}
        start = time.monotonic()
        for turn in range(self.rounds):
            if turn >= min(self.rounds, FEWEST_ROUNDS) and time.monotonic() - start > self.patience_s:
                break
            first = turn % len(contenders)
            for contender in contenders[first:] + contenders[:first]:
                time.sleep(PAUSE_S)
                workers[contender].ask("prepare", batches=name)
                times = workers[contender].timed(counts[contender])
                cpu_s[contender].append(times["cpu_s"])
                wall_s[contender].append(times["wall_s"])
        return cpu_s, wall_s, counts

    def _count(self, worker: Worker, name: str) -> int:
        """As many pieces of work as fill a turn; finding out warms the contender up."""
        worker.ask("prepare", batches=name)
        once = worker.timed(1)["wall_s"]
        if once > self.turn_s:
            return 1
        again = worker.timed(max(1, min(MOST_PER_TURN, int(self.turn_s / 4 / once))))["wall_s"]
        return max(1, min(MOST_PER_TURN, round(self.turn_s / again)))

    @staticmethod
    def _say(measurement: Measurement, threads: int, what: str) -> None:
        print(f"{measurement.key}, threads: {threads}, {what}", file=sys.stderr)
