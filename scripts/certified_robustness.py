#!/usr/bin/env python3
"""Trains classifiers and certifies rows they have not seen; prints the table of docs/results/robustness.md.

    scripts/certified_robustness.py [--mnist FOLDER] [--ugmm target/release/ugmm] [--work FOLDER]

Needs scikit-learn for its bundled tables wine and breast cancer; every fourth row is held out. uGMM and feed-forward network
have the same hidden layers. MNIST's four uncompressed IDX files are in FOLDER; the first 200 test images are certified.
"""

import argparse
import csv
import json
import subprocess
import tempfile
from pathlib import Path

from sklearn.datasets import load_breast_cancer, load_wine

TABLES = {"wine": load_wine, "breast cancer": load_breast_cancer}
MODELS = {
    "uGMM": ["--model", "ugmm"],
    "uGMM, hybrid": ["--objective", "hybrid"],
    "feed-forward": ["--model", "mlp"],
}


def write_table(load, known, new):
    data = load()
    with open(known, "w", newline="") as known, open(new, "w", newline="") as new:
        files = [csv.writer(known), csv.writer(new)]
        for file in files:
            file.writerow([str(name).replace(" ", "_") for name in data.feature_names] + ["class"])
        for index, (row, target) in enumerate(zip(data.data, data.target)):
            files[index % 4 == 0].writerow([*row, data.target_names[target]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--mnist")
    parser.add_argument("--mnist-time", default="150s", help="time to train each network on MNIST")
    parser.add_argument("--ugmm", default="target/release/ugmm")
    parser.add_argument("--work", help="folder for tables and models; models that are there are not trained again")
    options = parser.parse_args()
    work = Path(options.work or tempfile.mkdtemp())
    work.mkdir(exist_ok=True)
    print("| data | network | ε | right, % | proved, % | by intervals alone, % | disproved, % | undecided, % | right and proved, % | ms a row |")
    print("|---|---|---|---|---|---|---|---|---|---|")

    def run(*arguments):
        subprocess.run([options.ugmm, *map(str, arguments), "-q"], check=True)

    def measure(data, name, train, table, target, kind, epsilons, extra=()):
        model = work / f"{data}-{name}.safetensors".replace(" ", "-").replace(",", "")
        if not model.exists():
            run("train", train, "--target", target, "-o", model, *kind)
        for epsilon in epsilons:
            run("certify", model, table, "--epsilon", epsilon, "--json", work / "c.json", *extra)
            found = json.load(open(work / "c.json"))
            rows = found["rows"]
            shares = [found[key] / rows for key in ["proved", "proved_by_intervals", "disproved", "undecided"]]
            shares = [found["accuracy"], *shares, found["certified_accuracy"]]
            cells = [data, name, epsilon, *(f"{100 * share:.1f}" for share in shares), f"{1000 * found['seconds'] / rows:.1f}"]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)

    for data, load in TABLES.items():
        known, new = work / f"{data}-known.csv", work / f"{data}-new.csv"
        write_table(load, known, new)
        for name, kind in MODELS.items():
            hidden = [] if name == "uGMM, hybrid" else ["--hidden", "64"]
            measure(data, name, known, new, "class", kind + hidden, [0.05, 0.1, 0.2])
    if options.mnist:
        images = Path(options.mnist)
        train, test = images / "train-images-idx3-ubyte", images / "t10k-images-idx3-ubyte"
        limit = ["--hidden", "128,64", "--time-limit", options.mnist_time]
        for name in ["uGMM", "feed-forward"]:
            measure("MNIST", name, train, test, "label", MODELS[name] + limit, [0.005, 0.01, 0.02], ["--rows", 200, "--boxes", 1])


if __name__ == "__main__":
    main()
