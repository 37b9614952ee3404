#!/usr/bin/env python3
"""Rows without end through `ugmm predict -`, and how much memory that takes.

    scripts/load.py --rows 100000000 --ugmm target/release/ugmm

Trains a small model on a generated table, writes generated rows into the standard input of `ugmm predict`, and looks every
second at the resident memory of the process. It fails if the memory grows after the first tenth of the rows by more than
a tenth, or if not every row is predicted.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROWS_IN_BLOCK = 10_000


def rows(count: int, seed: int, label: bool) -> str:
    draw = random.Random(seed)
    lines = []
    for _ in range(count):
        kind = draw.random() < 0.5
        x, y = draw.gauss(1 + kind, 0.5), draw.gauss(-kind, 1)
        end = f",{'ab'[kind]}" if label else ""
        lines.append(f"{x:.3f},{y:.3f},{draw.choice(['red', 'blue', ''])}{end}\n")
    return "".join(lines)


def resident(process: int) -> int:
    """Resident memory of a process in KiB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--ugmm", default="target/release/ugmm")
    parser.add_argument("--threads", default="2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table, model = Path(folder, "known.csv"), Path(folder, "model.safetensors")
        table.write_text("x,y,colour,kind\n" + rows(1000, 1, True))
        train = [options.ugmm, "train", table, "--target", "kind", "-o", model, "--hidden", "8", "--epochs", "5", "-q"]
        subprocess.run(train, check=True)
        # The same hundred blocks again and again: making them anew would take longer than predicting them.
        blocks = [rows(ROWS_IN_BLOCK, seed, False).encode() for seed in range(100)]
        command = [options.ugmm, "predict", model, "-", "--threads", options.threads]
        start = time.time()
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        predicted = [0]

        def count() -> None:
            while chunk := process.stdout.read(1 << 20):
                predicted[0] += chunk.count(b"\n")

        reader = threading.Thread(target=count)
        reader.start()
        process.stdin.write(b"x,y,colour\n")
        sizes, last = [], 0.0
        for block in range(options.rows // ROWS_IN_BLOCK):
            process.stdin.write(blocks[block % len(blocks)])
            if time.time() - last > 1:
                last = time.time()
                sizes.append((block * ROWS_IN_BLOCK, resident(process.pid)))
        process.stdin.close()
        reader.join()
        code = process.wait()
        seconds = time.time() - start
    written = options.rows // ROWS_IN_BLOCK * ROWS_IN_BLOCK
    later = [size for row, size in sizes if row >= written / 10]
    print(f"{written} rows in {seconds:.0f} s, {written / seconds * 60 / 1e6:.1f} million a minute")
    print(f"resident memory: {later[0] / 1024:.1f} MiB after a tenth of the rows, at most {max(later) / 1024:.1f} MiB after that")
    if code or predicted[0] != written + 1:
        sys.exit(f"exit code {code}, {predicted[0] - 1} of {written} rows predicted")
    if max(later) > 1.1 * later[0] + 1024:
        sys.exit("the memory grows")


main()
