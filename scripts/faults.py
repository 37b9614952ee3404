#!/usr/bin/env python3
"""What the machine may do to a run of ugmm, done to it: a full disk, a folder that cannot be written to, kill -9 at any moment, two
runs into one output, no terminal, one thread and many, a limit of memory.

    scripts/faults.py --ugmm target/release/ugmm

Each fault must end in a clear message or in what a run without it gives, bit for bit; nothing is lost and nothing is left
half-written under its name. A full disk and a read-only one are small file systems in memory, which take the rights to mount
one; without them these two are skipped, and said to be.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

KILLS = 30


class Failed(Exception):
    """A fault that did not end as it should."""


def check(condition: bool, what: object) -> None:
    if not condition:
        raise Failed(str(what))


def table(rows: int, seed: int) -> str:
    draw = random.Random(seed)
    lines = ["x,y,colour,kind"]
    for _ in range(rows):
        kind = draw.random() < 0.5
        lines.append(f"{draw.gauss(1 + kind, 0.5):.3f},{draw.gauss(-kind, 1):.3f},{draw.choice(['red', 'blue'])},{'ab'[kind]}")
    return "\n".join(lines) + "\n"


class Runs:
    """Runs of the program on one table."""

    def __init__(self, program: str, folder: Path):
        self.program, self.folder = str(Path(program).resolve()), folder
        self.data = folder / "data.csv"
        self.data.write_text(table(2000, 1))

    def train(self, output: Path, *more: str, hidden: str = "16") -> list[str]:
        return [self.program, "train", str(self.data), "--target", "kind", "-o", str(output), "--hidden", hidden, "-q", *more]

    def predict(self, model: Path, output: Path) -> list[str]:
        return [self.program, "predict", str(model), str(self.data), "-o", str(output)]

    def run(self, command: list[str], **more) -> subprocess.CompletedProcess:
        return subprocess.run(command, capture_output=True, text=True, **more)

    def good(self, command: list[str], **more) -> None:
        done = self.run(command, **more)
        check(done.returncode == 0, done.stderr)

    def refused(self, command: list[str], words: str, **more) -> str:
        """One sentence, the last one said, with these words."""
        done = self.run(command, **more)
        check(done.returncode == 1, f"exit code {done.returncode}: {done.stderr}")
        last = done.stderr.strip().splitlines()[-1]
        check(last.startswith("error: ") and words in last, done.stderr)
        return last


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(".ugmm-"))


@contextmanager
def mounted(folder: Path, size: str):
    """A file system of this size."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode:
        raise PermissionError(done.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=False)


def full_disk(runs: Runs) -> str:
    with mounted(runs.folder / "full", "1m") as folder:
        model = folder / "m.safetensors"
        runs.good(runs.train(model, "--epochs", "1"))
        before = model.read_bytes()
        said = []
        with open(folder / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"0" * 1024)
            except OSError:
                pass
        for command in [
            runs.train(model, "--epochs", "1", "--seed", "1"),
            runs.train(model, "--epochs", "3", "--seed", "1", "--checkpoint-interval", "0s"),
            runs.predict(model, folder / "p.csv"),
        ]:
            said.append(runs.refused(command, "No space left"))
            check(model.read_bytes() == before, "the old model is not what it was")
            check(not leftovers(folder) and not (folder / "p.csv").exists(), os.listdir(folder))
        (folder / "filler").unlink()
        (folder / "m.safetensors.checkpoint").unlink(missing_ok=True)
        runs.good(runs.train(model, "--epochs", "1", "--seed", "1"))
        check(model.read_bytes() != before, "the new model is not there")
    return f"3 runs refused ({said[0]}); the old model stayed"


def read_only(runs: Runs) -> str:
    with mounted(runs.folder / "read-only", "1m") as folder:
        model = folder / "m.safetensors"
        runs.good(runs.train(model, "--epochs", "1"))
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        began = time.time()
        said = runs.refused(runs.train(model, "--epochs", "1000"), "read-only file")
        check(time.time() - began < 5, "it was found out after the training only")
        runs.refused(runs.predict(model, folder / "p.csv"), "read-only file")
        runs.good(runs.predict(model, runs.folder / "p.csv"))
    return f"refused before training ({said}); its models are read"


def killed(runs: Runs) -> str:
    folder = runs.folder / "killed"
    folder.mkdir()
    model, predictions = folder / "m.safetensors", folder / "p.csv"
    options = ("--epochs", "40", "--checkpoint-interval", "0s", "--threads", "1")
    began = time.time()
    runs.good(runs.train(model, *options))
    whole = time.time() - began
    expected = model.read_bytes()
    runs.good(runs.predict(model, predictions))
    lines = predictions.read_bytes()
    model.unlink()
    draw, kills, done = random.Random(2), 0, 0
    while kills < KILLS:
        run = subprocess.Popen(runs.train(model, *options, "--resume"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(draw.uniform(0, whole * 0.5))
        run.send_signal(signal.SIGKILL)
        killed = run.wait() == -signal.SIGKILL
        kills += killed
        if model.exists():
            check(model.read_bytes() == expected, "a model is there that no whole run makes")
            model.unlink()
            done += 1
    runs.good(runs.train(model, *options, "--resume"))
    check(model.read_bytes() == expected, "the run that went on made another model")
    for _ in range(KILLS):
        run = subprocess.Popen(runs.predict(model, predictions), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(draw.uniform(0, 0.05))
        run.send_signal(signal.SIGKILL)
        run.wait()
        check(predictions.read_bytes() == lines, "predictions are half-written")
    left = leftovers(folder)
    return f"{kills} kills in training and {KILLS} in predicting; the same bits in the end; {len(left)} temporary files stayed"


def side_by_side(runs: Runs) -> str:
    folder = runs.folder / "two"
    folder.mkdir()
    model, expected = folder / "m.safetensors", []
    for seed in "12":
        runs.good(runs.train(model, "--epochs", "10", "--seed", seed))
        expected.append(model.read_bytes())
    refused = 0
    for _ in range(5):
        both = [
            subprocess.Popen(
                runs.train(model, "--epochs", "10", "--seed", seed, "--checkpoint-interval", "0s"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for seed in "12"
        ]
        for run in both:
            said = run.communicate()[1]
            check(run.returncode == 0 or "checkpoint" in said, said)
            refused += run.returncode != 0
        check(model.read_bytes() in expected, "the model is of neither run")
        check(not leftovers(folder), leftovers(folder))
        (folder / "m.safetensors.checkpoint").unlink(missing_ok=True)
    return f"5 pairs of runs: the model is always that of one of them; {refused} of 10 runs refused because of the other's checkpoint"


def no_terminal(runs: Runs) -> str:
    folder = runs.folder / "quiet"
    folder.mkdir()
    model = folder / "m.safetensors"
    command = runs.train(model, "--epochs", "1")
    command.remove("-q")
    runs.good(command)
    expected = model.read_bytes()
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]:
        model.unlink()
        done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *command], capture_output=True, text=True, start_new_session=True)
        # What cannot be said is an error, but the model is there.
        check(done.returncode in (0, 1), f"{closed}: exit code {done.returncode}: {done.stderr}")
        check("panicked" not in done.stderr, done.stderr)
        check(model.exists() and model.read_bytes() == expected, f"{closed}: {done.stderr}")
    reader = subprocess.Popen([runs.program, "predict", str(model), str(runs.data)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    reader.stdout.readline()
    reader.stdout.close()
    said = reader.stderr.read()
    check("panicked" not in said and reader.wait() in (0, 1, -signal.SIGPIPE), said)
    return f"input, output and messages closed one by one and together, and a pipe whose reader left ({said.strip() or 'silent'})"


def threads(runs: Runs) -> str:
    folder = runs.folder / "threads"
    folder.mkdir()
    made = []
    for number in ["1", "2", "64"]:
        for way in (["--threads", number], []):
            model = folder / f"m{number}{len(way)}.safetensors"
            runs.good(runs.train(model, "--epochs", "3", *way), env={**os.environ, "RAYON_NUM_THREADS": number})
            made.append(model.read_bytes())
    check(len(set(made)) == 1, "the number of threads changes the model")
    return "1, 2 and 64 threads, by --threads and by RAYON_NUM_THREADS: the same bits"


def memory(runs: Runs) -> str:
    folder = runs.folder / "memory"
    folder.mkdir()
    model = folder / "m.safetensors"
    runs.good(runs.train(model, "--epochs", "1"))
    before, said = model.read_bytes(), []
    # The last is let through, and meets the limit on its way.
    for kibibytes, hidden in [(8_000_000, "60000,30000"), (2_000_000, "60000,3000"), (1_000_000, "6000,6000"), (600_000, "5000,4000")]:
        limited = ["sh", "-c", f'ulimit -v {kibibytes} && exec "$@"', "sh"]
        command = limited + runs.train(model, "--epochs", "1", "--threads", "1", hidden=hidden)
        done = runs.run(command)
        last = [line for line in done.stderr.splitlines() if "memory" in line]
        check(done.returncode != 0 and last, f"{kibibytes} KiB: exit code {done.returncode}: {done.stderr}")
        said.append(last[0])
        check(model.read_bytes() == before, "the old model is not what it was")
        check(not leftovers(folder), leftovers(folder))
    limited = ["sh", "-c", 'ulimit -v 400000 && exec "$@"', "sh"]
    runs.good(limited + runs.predict(model, folder / "p.csv") + ["--threads", "1"])
    return f"8, 2, 1 and 0.6 GB for networks that take more ({said[0]}); predictions in 0.4 GB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ugmm", default="target/release/ugmm")
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(options.ugmm, Path(folder))
        for fault in [full_disk, read_only, killed, side_by_side, no_terminal, threads, memory]:
            name = fault.__name__.replace("_", " ")
            try:
                print(f"{name}: {fault(runs)}".replace(folder, ""), flush=True)
            except PermissionError as error:
                print(f"{name}: skipped, no file system can be mounted here ({error})", flush=True)
            except Failed as error:
                failures += 1
                print(f"{name}: FAILED: {error}", flush=True)
    sys.exit(failures > 0)


main()
