"""What was computed of scenarios, kept in files of the folder of runs, each entry under its key.

Entries are written one by one under a lock, so that two processes lose none of each other's; a file
that is missing or damaged holds none, and is made anew; so is an entry whose hash is another.
Beside its entries a file records, under "code", the modules that made them: to know that these are
still the same, nothing need be parsed.
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


def key(run: Run, asked: Any) -> str:
    """Of a run, what is asked of it (as JSON), and the constants."""
    parts = {
        "run": [run.info["key"], run.info["created"]],
        "scenario": asked,
        "constants": hashlib.sha256(data_path("constants.toml").read_bytes()).hexdigest(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def sealed(entry: Entry) -> Entry:
    """An entry, as JSON has it, with a hash of what it says."""
    plain = json.loads(json.dumps(entry))
    text = json.dumps(plain, sort_keys=True)
    return plain | {"sha256": hashlib.sha256(text.encode()).hexdigest()[:16]}


def whole(entry: Entry) -> bool:
    """Whether an entry says what it said when it was sealed."""
    return sealed({k: v for k, v in entry.items() if k != "sha256"}) == entry


def entries(path: Path, table: str) -> dict[str, Entry]:
    """Entries of a file by name, those of its `table` that today's code made, with their `key`."""
    found, own = _read(path, table)[0], ("code", "sha256")
    return {n: {k: v for k, v in entry.items() if k not in own} for n, entry in found.items()}


def _read(path: Path, table: str) -> tuple[dict[str, Entry], dict[str, keys.Code]]:
    """Entries that today's code made, and the records of it."""
    if not path.is_file():
        return {}, {}
    try:
        content = read_json(path)
        code = {made: one for made, one in content["code"].items() if not keys.changed(one)}
        rows = content[table].items()
        return {name: row for name, row in rows if row["code"] in code and whole(row)}, code
    except (SpecError, LookupError, TypeError, AttributeError):
        return {}, {}


def keep(path: Path, table: str, name: str, entry: Entry, code: tuple[str, ...] = CODE) -> None:
    """One more entry in a file, beside those that today's code made.

    Args:
        code: the modules that made it; what they import counts as well.

    Raises:
        SpecError: it cannot be written.
    """
    record = keys.code(code)
    made = hashlib.sha256(repr(record).encode()).hexdigest()[:16]
    with locked(path):
        known, records = _read(path, table)
        known[name] = sealed(entry | {"code": made})
        content = {"version": 3, table: known, "code": records | {made: record}}
        write_atomic(path, json.dumps(content, indent=1) + "\n")


@contextmanager
def locked(path: Path) -> Iterator[None]:
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
