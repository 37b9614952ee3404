"""The memory of processes."""

from pathlib import Path


def peak_mib(process: int) -> float:
    """The largest resident memory of a running process so far, in MiB; 0 of one that has ended.

    Not that of `getrusage`, in which the memory of the process before it started its program counts.
    """
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)
