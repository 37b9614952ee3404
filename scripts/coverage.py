#!/usr/bin/env python3
"""Coverage of 90 % prediction intervals on 2,000 new rows of made tables, as markdown.

    scripts/coverage.py target/release/ugmm > coverage.md
    scripts/coverage.py target/release/ugmm --before OLD_UGMM --rows 150 --seeds 0 --options=--folds=5
"""

import argparse
import json
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np


def normal_noise(extra, random, rows):
    x = random.normal(size=rows)
    columns = {f"n{j}": random.normal(size=rows) for j in range(extra)}
    return {"x": x, **columns, "y": 2 * x + 0.5 * random.normal(size=rows)}


def sine(random, rows):
    x = random.uniform(0, 10, rows)
    return {"x": x, "y": 5 * np.sin(x) + 0.5 * random.normal(size=rows)}


def changing_noise(random, rows):
    x = random.uniform(0, 10, rows)
    return {"x": x, "w": random.normal(size=rows), "y": 20 + x * random.normal(size=rows)}


def two_branches(random, rows):
    x = random.uniform(0, 10, rows)
    side = np.where(random.random(rows) < 0.5, 1, -1)
    return {"x": x, "y": side * (2 + 0.5 * x) + 0.5 * random.normal(size=rows)}


def uniform_line(random, rows):
    x = random.uniform(0, 10, rows)
    return {"x": x, "w": random.normal(size=rows), "y": 3 * x + random.normal(size=rows)}


TABLES = {
    "line": lambda random, rows: normal_noise(0, random, rows),
    "line, 3 columns of noise": lambda random, rows: normal_noise(3, random, rows),
    "line, 8 columns of noise": lambda random, rows: normal_noise(8, random, rows),
    "line over 0 to 10, 1 of noise": uniform_line,
    "sine": sine,
    "noise that grows": changing_noise,
    "two branches": two_branches,
}


def write(path, columns):
    rows = zip(*columns.values())
    lines = [",".join(columns)] + [",".join(f"{value:.4f}" for value in row) for row in rows]
    path.write_text("\n".join(lines) + "\n")


def coverage(ugmm, options, name, rows, seed):
    """Percent of 2,000 new numbers in their 90 % intervals."""
    random = np.random.default_rng([list(TABLES).index(name), rows, seed])
    with tempfile.TemporaryDirectory() as folder:
        learned, new, model = (Path(folder) / file for file in ("learned.csv", "new.csv", "m.safetensors"))
        write(learned, TABLES[name](random, rows))
        write(new, TABLES[name](random, 2000))
        train = [ugmm, "train", learned, "--target", "y", "--seed", str(seed), "-o", model, "--threads", "1"]
        subprocess.run(train + options, check=True, capture_output=True)
        evaluate = [ugmm, "evaluate", model, new, "--json", "-", "--threads", "1"]
        measured = subprocess.run(evaluate, check=True, capture_output=True, text=True).stdout
    return 100 * json.loads(measured)["coverage_90"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ugmm")
    parser.add_argument("--before", help="another build to compare with")
    parser.add_argument("--rows", type=int, nargs="*", default=[150, 300, 1000])
    parser.add_argument("--tables", nargs="*", default=list(TABLES), choices=list(TABLES), metavar="TABLE")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--options", default="", help="more options of `ugmm train`, apart by spaces")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    builds = [arguments.before, arguments.ugmm] if arguments.before else [arguments.ugmm]
    print("| table | rows | " + " | ".join(f"{build} %" for build in ("before,", "after,")[-len(builds) :]) + " |")
    print("|---|---|" + "---|" * len(builds))
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for name in arguments.tables:
            for rows in arguments.rows:
                cells = []
                for build in builds:
                    run = lambda seed: coverage(build, arguments.options.split(), name, rows, seed)
                    cells.append(", ".join(f"{share:.1f}" for share in pool.map(run, arguments.seeds)))
                print(f"| {name} | {rows} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
