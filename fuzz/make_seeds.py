#!/usr/bin/env python3
"""Makes the seeds of the fuzz targets from files of the tests: fuzz/seeds/TARGET/*, a few hundred bytes to a few KB each.

    fuzz/make_seeds.py target/release/ugmm

The program writes the Parquet files, but for those of compressions that it only reads. What is there is written anew.
"""

import gzip
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent / "crates/ugmm-cli/tests"
LARGEST = 8 << 10


def put(target: str, name: str, content: bytes) -> None:
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def model_files() -> None:
    """In parts, as the target model_file puts them together, and one as it is."""
    for path in sorted((TESTS / "models").glob("*/*.safetensors")):
        content = path.read_bytes()
        end = 8 + struct.unpack("<Q", content[:8])[0]
        header = json.loads(content[8:end])
        ((key, description),) = header.pop("__metadata__").items()
        letter = {"ugmm": b"u", "ugmm_density": b"d"}[key]
        parts = [description.encode(), json.dumps(header, separators=(",", ":")).encode(), content[end:]]
        put("model_file", path.stem, letter + b"\xff".join(parts))
        if path.stem == "mlp":
            put("model_file", "whole", content)


def tables() -> None:
    for path in sorted((TESTS / "tables").iterdir()):
        content = path.read_bytes()
        if len(content) <= LARGEST:
            put("csv", path.stem, b"\x00" + content)
    put("csv", "pets", b"\x00" + (TESTS / "models/pets.csv").read_bytes())
    put("csv", "no-header-lenient", b"\x07" + b"1;2,5;x\n-999;?;yes\n")
    put("csv", "packed", b"\x00" + gzip.compress(b"a,b\n1,2\n3,4\n", mtime=0))


def idx() -> None:
    images = struct.pack(">IIII", 0x803, 3, 2, 2) + bytes(range(0, 240, 20))
    put("idx", "images", images)
    put("idx", "labels", struct.pack(">II", 0x801, 3) + bytes([0, 1, 9]))
    put("idx", "packed", gzip.compress(images, mtime=0))
    put("idx", "floats", struct.pack(">II", 0xD01, 1) + struct.pack(">f", 1.5))


def parquet(program: str) -> None:
    for name in ["lz4", "brotli"]:
        put("parquet", name, (HERE.parent / "crates/ugmm-data/tests/data" / f"{name}.parquet").read_bytes())
    pets = TESTS / "models/pets.csv"
    with tempfile.TemporaryDirectory() as folder:
        for model in sorted((TESTS / "models").glob("*/*.safetensors")):
            out = Path(folder, f"{model.stem}.parquet")
            subprocess.run([program, "predict", model, pets, "-o", out], check=True, stderr=subprocess.DEVNULL)
            put("parquet", model.stem, out.read_bytes())


def settings() -> None:
    put("config", "network", b'hidden = [64, 32]\nmin_sigmas = [0.5, 1.0]\nepochs = 100\nlearning_rate = 0.01\nobjective = "hybrid"\n')
    put("config", "training", b'[optimizer]\nkind = "adam_w"\nbeta_1 = 0.9\n\n[schedule]\nkind = "cosine"\npeak = 0.1\n')
    put("config", "others", b'model = "mlp"\nbatch_norm = true\ndropout = [0.1]\npatience = 3\nweight_decay = 0.1\nlabel_smoothing = 0.1\n')
    put("config", "number", b'objective = "conditional"\nnodes = 64\ncrps_weight = 0.5\ninput_noise = [0.1]\nmissing_values = true\n')


def questions() -> None:
    put("query", "pairs", 'length=4.5,legs=3,"colour, of fur"=red,wild=yes'.encode())
    put("query", "date", b"born=2024-02-29, kind=cat")
    put("query", "range", b"length=1..9")
    put("query", "names", b'kind,"colour, of fur",length')


if len(sys.argv) != 2:
    sys.exit(__doc__)
model_files()
tables()
idx()
parquet(sys.argv[1])
settings()
questions()
