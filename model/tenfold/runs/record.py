"""`run.json` and its like: JSON that knows its own SHA-256 and the version of its format."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tenfold.files import SpecError, read_text, write_atomic

FORMAT = 2
"""Version of the layout of a run: its record and its files."""

HASH = "sha256"


def write(path: Path, record: dict[str, Any]) -> None:
    """Write a record with the hash of its content; it is on disk, whole, once this returns.

    Raises:
        SpecError: cannot be written.
    """
    write_atomic(path, json.dumps({HASH: _hash(record)} | record, indent=1) + "\n")


def read(path: Path, again: str) -> dict[str, Any]:
    """A record as it was written, without its hash.

    Args:
        again: the command that makes it anew, for the error.

    Raises:
        SpecError: missing, damaged, edited, or of another format.
    """
    try:
        record = json.loads(read_text(path))
        told = record.pop(HASH, None)
        form = record.get("format")
    except (ValueError, RecursionError, AttributeError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(
            f"{path}: damaged ({type(error).__name__}); `{again}` makes it anew"
        ) from None
    if form != FORMAT:
        raise SpecError(f"{path}: format {form!r}; expected {FORMAT}; `{again}` makes it anew")
    if told != _hash(record):
        raise SpecError(f"{path}: changed since it was written; `{again}` makes it anew")
    return record


def _hash(record: dict[str, Any]) -> str:
    # through JSON and back: a key that is a number and a tuple read back as something else
    text = json.dumps(json.loads(json.dumps(record)), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
