"""What NVIDIA's assembler makes of the kernels: registers, and instructions for each exponential."""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from compare_pytorch.failure import Failure

# A quarter of a multiprocessor starts one instruction of a warp in each cycle, and one exponential of a warp in eight: it has
# four special function units for the 32 threads (CUDA C++ Programming Guide, throughput of native arithmetic instructions,
# the same from compute capability 7.0 on).
CYCLES_OF_EXPONENTIAL = 8
# In the order in which the tests take them.
TILES = ["1 × 1", "2 × 2", "4 × 2", "4 × 4", "4 × 1"]
TILED = ["sums", "parts", "gradients"]
OWN = [*TILED, "prepare", "rescue", "careful_partners", "careful_part", "sum_of_parts", "add_careful"]


def wheels() -> Path:
    """Where pip put NVIDIA's wheels."""
    return only(Path(sys.prefix).glob("lib/python*/site-packages/nvidia"))


def only(paths: Iterable[Path]) -> Path:
    """The first by name of what was found."""
    found = sorted(path for path in paths if ".alt." not in path.name)
    if not found:
        raise Failure("the wheels of NVIDIA's compilers are not as this script expects them")
    return found[0]


def table(kernels: list[Path], compute: int) -> None:
    """Prints a line for each of the project's kernels."""
    print("| kernel | tile | registers | bytes spilled | instructions for an exponential | share of the rate of exponentials, at most |")
    print("|---|---|---|---|---|---|")
    seen: dict[str, int] = {}
    for ptx in kernels:
        name = re.search(r"\.entry (\w+)_[0-9a-f]{8}\(", ptx.read_text())
        if not name or name[1] not in OWN:
            continue
        tile = seen.get(name[1], 0)
        seen[name[1]] = tile + 1
        of_tile = name[1] in TILED and tile < len(TILES)
        if tile > 0 and not of_tile:
            continue  # The same for larger tensors.
        registers, spilled, code = assembled(ptx, compute)
        line = [f"`{name[1]}`", TILES[tile] if of_tile else "", registers, spilled]
        if of_tile:
            instructions = inner_loop(code)
            share = min(1.0, CYCLES_OF_EXPONENTIAL / instructions)
            line += [f"{instructions:.1f}", f"{100 * share:.0f} %"]
        else:
            line += ["", ""]
        print("| " + " | ".join(line) + " |")
    if not all(name in seen for name in OWN):
        raise Failure(f"kernels are missing: {', '.join(name for name in OWN if name not in seen)}")


def assembled(ptx: Path, compute: int) -> tuple[str, str, str]:
    """Registers, bytes spilled, and the machine code as text."""
    tools, output = wheels(), ptx.with_suffix(".cubin")
    architecture = f"sm_{compute}{'a' if compute >= 90 else ''}"
    command = [only(tools.glob("**/bin/ptxas")), "-v", f"-arch={architecture}", ptx, "-o", output]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise Failure(f"ptxas refuses {ptx.name}: {result.stderr.strip()}")
    registers = re.search(r"Used (\d+) registers", result.stderr)[1]
    spilled = re.search(r"(\d+) bytes spill stores", result.stderr)[1]
    listing = subprocess.run([only(tools.glob("**/bin/nvdisasm")), "-c", output], capture_output=True, text=True)
    if listing.returncode != 0:
        raise Failure(f"nvdisasm refuses {output.name}: {listing.stderr.strip()}")
    return registers, spilled, listing.stdout


def inner_loop(code: str) -> float:
    """Instructions for each exponential, in the part between two labels that has the most exponentials."""
    parts: list[list[str]] = [[]]
    for line in code.splitlines():
        if re.match(r"\s*\.L_\w+:", line):
            parts.append([])
        elif instruction := re.search(r"/\*[0-9a-f]{4,}\*/\s+(\S.*?);", line):
            parts[-1].append(instruction[1])
    exponentials = lambda part: sum("MUFU.EX2" in instruction for instruction in part)
    inner = max(parts, key=exponentials)
    return len(inner) / exponentials(inner)
