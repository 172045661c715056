"""What files say, kept in memory until they change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

_known: dict[tuple[Any, Path], tuple[tuple[int, ...], Any]] = {}


def kept[T](read: Callable[[Path], T], path: Path) -> T:
    """`read(path)`, read again once the file's time, size or place on the disk is another.

    What it returns is shared: it is not to be altered.
    """
    try:
        found = path.stat()
    except OSError:
        return read(path)  # which tells what is wrong
    state = (found.st_mtime_ns, found.st_size, found.st_ino)
    known = _known.get((read, path))
    if known is None or known[0] != state:
        known = _known[read, path] = (state, read(path))
    return known[1]
