"""What was computed of scenarios, kept in files of the folder of runs, each entry under its key.

Entries are written one by one under a lock, so that two processes lose none of each other's; a file
that is missing or damaged holds none, and is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tenfold.files import SpecError, data_path, read_json, write_atomic
from tenfold.runs import keys
from tenfold.runs.store import Run

try:
    import fcntl
except ImportError:  # without it two processes at once may lose each other's entries
    fcntl = None

CODE = ("tenfold.scenarios.gears", "tenfold.answers.registry")

Entry = dict[str, Any]


def key(run: Run, asked: Any, code: tuple[str, ...] = CODE) -> str:
    """Of a run, what is asked of it (as JSON), the constants, and the code that answers."""
    parts = {
        "run": [run.info["key"], run.info["created"]],
        "scenario": asked,
        "constants": hashlib.sha256(data_path("constants.toml").read_bytes()).hexdigest(),
        "code": {name: meaning for name, (_, meaning) in keys.code(code).items()},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def entries(path: Path, table: str) -> dict[str, Entry]:
    """Entries of a file by name, those of its `table`; each holds its `key`."""
    if not path.is_file():
        return {}
    try:
        return {name: entry for name, entry in read_json(path)[table].items() if entry["key"]}
    except (SpecError, KeyError, TypeError, AttributeError):
        return {}


def keep(path: Path, table: str, name: str, entry: Entry) -> None:
    """One more entry in a file.

    Raises:
        SpecError: it cannot be written.
    """
    with _locked(path):
        content = {"version": 1, table: entries(path, table) | {name: entry}}
        write_atomic(path, json.dumps(content, indent=1) + "\n")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """The only one to write a file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise SpecError(f"{path.parent}: cannot be written ({error.strerror})") from None
    try:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
