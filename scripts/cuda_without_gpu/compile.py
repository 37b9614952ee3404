#!/usr/bin/env python3
"""Makes a library of the CUDA source of one kernel, as CubeCL writes it, that runs it on the processor; prints its path.

Takes the folder for libraries and the file. Products and sums are contracted as NVRTC does by default.
"""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

THREADS = Path(__file__).resolve().parent / "threads.h"
OPTIONS = ["-w", "-O2", "-march=native", "-ffp-contract=fast", "-fno-strict-aliasing", "-shared", "-fPIC"]
# Instructions of PTX that kernels have as such, and what takes their place; with the operands in their order.
INSTRUCTIONS = {
    "ex2.approx.ftz.f32 %0, %1;": "{} = ex2_approx_ftz({});",
    "max.NaN.f32 %0, %1, %2;": "{} = max_nan({}, {});",
    "atom.relaxed.add.f32 %0, [%1], %2;": "{} = atomic_add((float *){}, {});",
}


def main() -> None:
    """The two arguments of the command line."""
    folder, source = Path(sys.argv[1]), Path(sys.argv[2]).read_text()
    program = f'#include "{THREADS}"\n{for_the_processor(source)}\n{caller(source)}'
    name = hashlib.sha256((program + THREADS.read_text()).encode()).hexdigest()[:24]
    library = folder / f"{name}.so"
    if not library.exists():
        text, made = folder / f"{name}.cpp", folder / f"{name}.new"
        text.write_text(program)
        result = subprocess.run(["g++", *OPTIONS, text, "-o", made], capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(result.stderr)
        made.rename(library)
    print(library, end="")


def for_the_processor(source: str) -> str:
    """The kernel without what only a compiler of CUDA knows."""
    source = re.sub(r"extern __shared__ __align__\(\d+\) char (\w+)\[\];", r"char *const \1 = shared_memory;", source)
    return re.sub(r'asm\s*(?:volatile)?\s*\("([^"]*)"([^;]*)\)\s*;', _instruction, source)


def _instruction(found: re.Match) -> str:
    if found[1] not in INSTRUCTIONS:
        sys.exit(f"an instruction that compile.py does not know: {found[0]}")
    operands = re.findall(r'"=?\w"\s*\((\w+)\)', found[2])
    return INSTRUCTIONS[found[1]].format(*operands)


def caller(source: str) -> str:
    """What calls the kernel with arguments in the form of the driver."""
    name, parameters = re.search(r"__launch_bounds__\(\d+\)\s+(\w+)\((.*?)\) \{", source, re.DOTALL).groups()
    values = []
    for place, parameter in enumerate(parameters.split(",")):
        kind = re.sub(r"\w+\s*$", "", parameter)
        kind = re.sub(r"\b(__restrict__|__grid_constant__)\b", "", kind).strip()
        values.append(f"*({re.sub(r'const$', '', kind)} *)arguments[{place}]")
    has_barriers = "true" if "__syncthreads" in source else "false"
    return f"extern const bool has_barriers = {has_barriers};\nstatic void call(void **arguments) {{ {name}({', '.join(values)}); }}\n"


if __name__ == "__main__":
    main()
