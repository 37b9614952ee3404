#!/usr/bin/env python3
"""Completes the lower half of an image by `ugmm mpe`: given the upper half of the pixels, the pixels below and the label are
asked for together. Prints both halves as text, with score, bound and gap.

    scripts/complete_image.py MODEL IMAGES [--index N] [--time-limit 60s] [--ugmm target/release/ugmm]

The model is one of `ugmm train IMAGES --objective hybrid` or generative; IMAGES an uncompressed IDX file.
"""

import argparse
import json
import struct
import subprocess
import tempfile

SHADES = " .:-=+*#%@"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model")
    parser.add_argument("images")
    parser.add_argument("--index", type=int, default=0, help="which image, from 0")
    parser.add_argument("--time-limit", default="60s")
    parser.add_argument("--gap", default="0.001")
    parser.add_argument("--ugmm", default="target/release/ugmm")
    options = parser.parse_args()

    with open(options.images, "rb") as file:
        _, _, rows, columns = struct.unpack(">4I", file.read(16))
        file.seek(16 + options.index * rows * columns)
        pixels = file.read(rows * columns)
    with open(options.model, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    features = json.loads(header["__metadata__"]["ugmm"])["columns"]["features"]
    place = {f"pixel_{r + 1}_{c + 1}": (r, c) for r in range(rows) for c in range(columns)}
    given = [name for name in features if place[name][0] < rows // 2]
    values = ",".join(f"{name}={pixels[place[name][0] * columns + place[name][1]] / 255:.6f}" for name in given)
    with tempfile.NamedTemporaryFile(suffix=".json") as output:
        command = [options.ugmm, "mpe", options.model, "--given", values, "--gap", options.gap]
        command += ["--time-limit", options.time_limit, "--json", output.name, "-q"]
        for name in sorted(set(features) - set(given)):
            command += ["--range", f"{name}=0:1"]
        if subprocess.run(command).returncode:
            raise SystemExit(1)
        found = json.load(open(output.name))
    picture = [[p / 255 for p in pixels[r * columns : (r + 1) * columns]] for r in range(rows)]
    completed = [list(row) if r < rows // 2 else [0.0] * columns for r, row in enumerate(picture)]
    for name, number in found["numbers"].items():
        completed[place[name][0]][place[name][1]] = number
    shade = lambda row: "".join(SHADES[min(9, max(0, int(value * 10)))] for value in row)
    for left, right in zip(picture, completed):
        print(shade(left), "|", shade(right))
    print({name: value for name, value in found["values"].items() if name not in place})
    print({key: found[key] for key in ["value", "upper_bound", "gap", "proved", "boxes", "seconds"]})


if __name__ == "__main__":
    main()
