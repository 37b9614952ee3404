#!/usr/bin/env python3
"""What docs/results/sampling.md says of conditionals and rows drawn.

    scripts/sampling.py iris --ugmm target/release/ugmm
    scripts/sampling.py picture digits.png d0.csv d1.csv ... --images train-images-idx3-ubyte

The first measures, on every second row of Iris, the density of each feature given all other columns, by networks that have
seen the other rows. The second draws images from files written by `ugmm sample`: a line for each, with eight rows of it,
the mean of all, and the mean of the images of that label. It needs nothing but Python.
"""

import argparse
import csv
import gzip
import json
import math
import statistics
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

IRIS = Path(__file__).parent.parent / "crates/ugmm-data/data/iris.csv"
SIDE = 28


def normal_log_density(value, values):
    mean, deviation = statistics.fmean(values), statistics.stdev(values)
    return -0.5 * ((value - mean) / deviation) ** 2 - math.log(deviation * math.sqrt(2 * math.pi))


def iris(options):
    with open(IRIS) as file:
        rows = list(csv.DictReader(file))
    features = [name for name in rows[0] if name != "species"]
    known, new = rows[::2], rows[1::2]
    ugmm = str(Path(options.ugmm).resolve())
    print(f"{'mean log-density of':24}" + "".join(f"{name:>14}" for name in features))

    def line(name, values):
        print(f"{name:24}" + "".join(f"{value:14.3f}" for value in values), flush=True)

    ranges = {f: [float(row[f]) for row in known] for f in features}
    inside = {f: [row for row in new if min(ranges[f]) <= float(row[f]) <= max(ranges[f])] for f in features}
    line("rows inside the range", [len(inside[f]) for f in features])
    mean = lambda f, density: statistics.fmean(density(row, float(row[f])) for row in inside[f])
    line("uniform over the range", [-math.log(max(ranges[f]) - min(ranges[f])) for f in features])
    line("a normal distribution", [mean(f, lambda row, x: normal_log_density(x, ranges[f])) for f in features])

    def of_species(f):
        own = lambda row: [float(r[f]) for r in known if r["species"] == row["species"]]
        return mean(f, lambda row, x: normal_log_density(x, own(row)))

    line("one for each species", [of_species(f) for f in features])
    with tempfile.TemporaryDirectory() as folder:
        run = lambda *arguments: subprocess.run([ugmm, *arguments, "-q"], cwd=folder, check=True)
        write(Path(folder) / "known.csv", known)

        def asked(model, f):
            def density(row, x):
                given = ",".join(f"{name}={value}" for name, value in row.items() if name != f)
                run("query", model, "--given", given, "--ask", f, "--json", "q.json")
                answer = json.loads((Path(folder) / "q.json").read_text())["answers"][0]["density"]
                low, high, cells = answer["low"], answer["high"], answer["density"]
                cell = min(int((x - low) / (high - low) * len(cells)), len(cells) - 1)
                return math.log(max(cells[cell], 1e-300))

            return mean(f, density)

        for objective in ["generative", "hybrid"]:
            run("train", "known.csv", "--target", "species", "--objective", objective, "--validation", "0", "-o", "m")
            line(f"{objective}, query", [asked("m", f) for f in features])
        values = []
        for f in features:
            run("train", "known.csv", "--target", f, "--task", "regression", "--validation", "0", "-o", "m")
            values.append(asked("m", f))
        line("--target, query", values)


def write(path, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def opened(path):
    return gzip.open(path) if path.suffix == ".gz" else open(path, "rb")


def mean_image(images):
    return [sum(pixels) / len(images) for pixels in zip(*images)]


def picture(options):
    lines = []
    learned = {}
    if options.images:
        images = Path(options.images)
        with opened(images) as file:
            count = struct.unpack(">4I", file.read(16))[1]
            pixels = file.read()
        with opened(images.with_name(images.name.replace("images", "labels").replace("idx3", "idx1"))) as file:
            labels = file.read()[8:]
        for index in range(min(count, 10_000)):
            image = [value / 255 for value in pixels[index * SIDE * SIDE : (index + 1) * SIDE * SIDE]]
            learned.setdefault(str(labels[index]), []).append(image)
    for name in options.rows:
        drawn, label = [], None
        with open(name) as file:
            for row in csv.DictReader(file):
                label = row.get("label")
                pixel = lambda y, x: float(row.get(f"pixel_{y}_{x}", 0))
                drawn.append([pixel(y, x) for y in range(1, SIDE + 1) for x in range(1, SIDE + 1)])
        shown = drawn[:: max(len(drawn) // 8, 1)][:8] + [mean_image(drawn)]
        if label in learned:
            shown.append(mean_image(learned[label]))
        lines.append(shown)
    gap = 4
    width = max(len(line) for line in lines) * (SIDE + gap) + gap
    pixels = []
    for line in lines:
        pixels += [bytes([255] * width)] * gap
        for y in range(SIDE):
            row = bytearray([255] * width)
            for place, image in enumerate(line):
                start = gap + place * (SIDE + gap)
                values = image[y * SIDE : (y + 1) * SIDE]
                row[start : start + SIDE] = bytes(round(255 * min(max(value, 0), 1)) for value in values)
            pixels.append(bytes(row))
    pixels += [bytes([255] * width)] * gap
    zoom = 2
    rows = [bytes(value for value in row for _ in range(zoom)) for row in pixels for _ in range(zoom)]
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">2I5B", width * zoom, len(rows), 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    Path(options.png).write_bytes(png)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
commands = parser.add_subparsers(required=True)
command = commands.add_parser("iris")
command.add_argument("--ugmm", default="ugmm")
command.set_defaults(run=iris)
command = commands.add_parser("picture")
command.add_argument("png")
command.add_argument("rows", nargs="+")
command.add_argument("--images")
command.set_defaults(run=picture)
options = parser.parse_args()
options.run(options)
