"""The contenders, each a process of its own that idles while others work, and how they are measured from outside."""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .environment import REPOSITORY
from .failure import Failure

# Keeps freed memory in the process instead of giving it back to the system and asking for it again, page by page, for
# the next tensor, which costs PyTorch more than the arithmetic when its tensors are large.
TUNED_MALLOC = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "-1", "MALLOC_TOP_PAD_": str(64 << 20)}
# What would decide over a worker's threads and memory behind this script's back.
FOREIGN_SETTINGS = ("MALLOC_", "OMP_", "GOMP_", "KMP_", "MKL_", "RAYON_", "TORCH")


@dataclass(frozen=True)
class Contender:
    """Who takes part."""

    key: str
    title: str
    description: str

    @property
    def torch(self) -> bool:
        """Whether it is PyTorch."""
        return self.key not in (OURS.key, SPARSE.key)


OURS = Contender("ugmm", "ugmm (this program)", "the training step of `ugmm train`, the library's forward pass")
SPARSE = Contender("sparse", "ugmm, 0.3 kept", "this program with 0.3 of the first layer's components, as they remain")
PLAIN = Contender(
    "plain", "uGMM, PyTorch", "the same formula written plainly: batch x neurons x inputs tensors, logsumexp, autograd"
)
COMPILED = Contender("compiled", "uGMM, torch.compile", "that code compiled, loss and backward pass included")
LAYER = Contender("layer", "UgmmLinear", "the layer of ugmm_nn.torch in PyTorch's autograd")
COMPILED_LAYER = Contender("compiled-layer", "UgmmLinear, compiled", "that layer with torch.compile, loss included")
MLP = Contender("mlp", "MLP, PyTorch", "linear layers of the same sizes with ReLU")
REFERENCE = Contender("reference", "uGMM, PyTorch in f64", "the plain code in double precision")


class Worker:
    """A contender at work on one measurement."""

    def __init__(self, contender: Contender, example: Path, threads: int, device: str):
        self.contender = contender
        self.device = device
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_SETTINGS)}
        if contender.torch:
            command = [sys.executable, "-m", "compare_pytorch.torch_worker", contender.key]
            own = {
                **TUNED_MALLOC,
                "OMP_NUM_THREADS": str(threads),
                **({"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {}),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONPATH": os.pathsep.join(str(REPOSITORY / folder) for folder in ("scripts", "python")),
                # Compiled kernels stay for the next run. One process, so that its CPU time is all there is.
                "TORCHINDUCTOR_CACHE_DIR": str(Path(sys.prefix) / "compiled-kernels"),
                "TORCHINDUCTOR_COMPILE_THREADS": "1",
            }
        else:
            command, own = [str(example)], {}
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command,
            env=kept | own,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        self.clock = _cpu_clock(self.process.pid)

    def send(self, command: str, **arguments) -> None:
        """Gives a command, without waiting."""
        try:
            self.process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # It is gone; `answer` says why.

    def answer(self) -> dict:
        """Waits for the answer to the last command."""
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.process.wait()
        self.errors.seek(0)
        last_words = self.errors.read().strip() or "without a word"
        raise Failure(f'the process of "{self.contender.title}" ended: {last_words}')

    def ask(self, command: str, **arguments) -> dict:
        """Gives a command and waits for the answer."""
        self.send(command, **arguments)
        return self.answer()

    def timed(self, count: int) -> dict:
        """Does `count` pieces of work; per piece, CPU and wall time in seconds."""
        before = time.clock_gettime(self.clock)
        answer = self.ask("run", count=count)
        cpu = time.clock_gettime(self.clock) - before
        return {"cpu_s": cpu / count, "wall_s": answer["wall_s"] / count}

    def memory_mib(self, field: str) -> float:
        """A line of /proc/PID/status in MiB: VmRSS is resident memory now, VmHWM its peak. On a GPU what the process has
        of the GPU's memory now, which is near its peak: nobody here gives memory back."""
        if self.device != "cpu":
            return self._gpu_memory_mib()
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        raise Failure(f"/proc/PID/status has no {field}")

    def _gpu_memory_mib(self) -> float:
        query = ["nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
        for line in subprocess.run(query, text=True, capture_output=True, check=True).stdout.splitlines():
            pid, memory = line.split(",")
            if int(pid) == self.process.pid:
                return float(memory)
        return float("nan")  # Drivers in containers do not always say whose memory it is.

    def stop(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()


def _cpu_clock(pid: int) -> int:
    """The clock of another process's CPU time: all its threads, finished ones included, to the nanosecond."""
    clock = ctypes.c_int()
    if ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)) != 0:
        raise Failure("this system does not show the CPU time of another process; Linux does")
    return clock.value
