"""How the scripts that measure the program on tables begin."""

import os
from pathlib import Path

from compare_pytorch import environment
from compare_pytorch.failure import Failure

from . import sets


def start(
    ugmm: Path | None, environment_name: str = "tabular-suite-venv", requirements: list[str] = sets.REQUIREMENTS
) -> tuple[Path, Path]:
    """Goes on in the virtual environment of this name; the program, built with cargo when it is not given, and the folder of downloaded tables.

    Prints what this runs on.
    """
    target = environment.target_directory()
    environment.enter(target / environment_name, requirements)
    if ugmm is not None and not os.access(ugmm, os.X_OK):
        raise Failure(f"{ugmm} is no program; leave --ugmm out to build it")
    program = ugmm.resolve() if ugmm else environment.build_program()
    from . import report

    machine = report.machine(program)
    print(f"{machine['processor']}, {machine['cpus']} CPUs, {machine['system']}")
    print(f"{machine['ugmm']}, scikit-learn {machine['scikit_learn']}, Python {machine['python']}", flush=True)
    directory = target / "tabular-suite-data"
    directory.mkdir(parents=True, exist_ok=True)
    return program, directory
