"""The one kind of error that ends a script, and what every script does with it."""

import sys
from pathlib import Path
from typing import Callable


class Failure(Exception):
    """Something the reader has to know or mend, in one sentence."""


def exit_code(name: str, run: Callable[[], None]) -> int:
    """Runs, and says in one sentence what went wrong; the exit status."""
    try:
        run()
    except Failure as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def check_writable(path: Path | None) -> None:
    """Refuses an output file without a folder, before any work is done."""
    if path is not None and not path.resolve().parent.is_dir():
        raise Failure(f"{path} cannot be written: its folder does not exist")
