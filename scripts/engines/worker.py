"""What the workers of every engine run. A module, so that a worker imports it once and keeps the model."""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from ugmm_nn import load

from .memory import peak_mib
from .table import KEY

_lock = threading.Lock()
_models: dict[str, Any] = {}
_noted = {"loads": 0, "batches": 0, "rows": 0, "peak_mib": 0.0, "processor_s": 0.0}


def model(path: str) -> Any:
    """The model of this process, which is loaded on first use and computes with one thread."""
    with _lock:
        if path not in _models:
            _models[path] = load(path).set_params(n_jobs=1)
            _noted["loads"] += 1
        return _models[path]


def predict(rows: Any, path: str, notes: str) -> Any:
    """The keys and predictions of the rows, as a frame of their library.

    The file of this process in the folder `notes` then has how often the process loaded a model, its batches and rows,
    its peak of memory and its processor time.
    """
    found = model(path).predict_frame(rows, keep=[KEY])
    with _lock:
        _noted["batches"] += 1
        _noted["rows"] += len(found)
        _noted["peak_mib"] = peak_mib(os.getpid())
        _noted["processor_s"] = time.process_time()
        Path(notes, f"{os.getpid()}.json").write_text(json.dumps(_noted))
    return found
