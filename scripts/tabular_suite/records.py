"""Results on disk, one file for each table, fold and model, so that an interrupted run continues."""

import hashlib
import json
import os
from pathlib import Path

from compare_pytorch.failure import Failure


class Records:
    """The results in a folder. What a result depends on is part of its file's name, so that results of other settings,
    of another program or of other versions stay apart."""

    def __init__(self, folder: Path):
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(f"the folder {folder} cannot be made: {error.strerror}") from error

    def get(self, table: str, fold: int, model: str, identity: dict) -> dict | None:
        """The measures, if they were taken."""
        path = self._path(table, fold, model, identity)
        if not path.is_file():
            return None
        try:
            return json.loads(path.read_text())["measures"]
        except (OSError, ValueError, KeyError) as error:
            raise Failure(f"{path} is not a result ({error!r}); delete it to measure it again") from error

    def put(self, table: str, fold: int, model: str, identity: dict, measures: dict) -> None:
        """Writes the file at once or not at all."""
        path = self._path(table, fold, model, identity)
        content = {"table": table, "fold": fold, "model": model, "identity": identity, "measures": measures}
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(content, indent=1) + "\n")
        os.replace(unfinished, path)

    def _path(self, table: str, fold: int, model: str, identity: dict) -> Path:
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]
        return self.folder / f"{table.replace('/', '-')}--{fold}--{model}--{digest}.json"
