"""A folder of runs: what is in it, what of that can go, and how much room that makes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tenfold.files import SpecError, read_text
from tenfold.runs import build, stale, store

NAMED = re.compile(r".+-[0-9a-f]{12}")


@dataclass(frozen=True)
class Entry:
    """A run in a folder, or what is left of one.

    Attributes:
        run: None where it cannot be read; `trouble` then says why.
        size: bytes on disk.
        newest: whether it is the newest of its scenario.
        changed: kinds of what it rests on that changed since, as `stale.outdated` has them.
    """

    path: Path
    run: store.Run | None
    trouble: str
    size: int
    newest: bool
    changed: tuple[str, ...]


def entries(runs: Path) -> list[Entry]:
    """Every run of a folder, by scenario and date; what cannot be read comes last.

    Raises:
        SpecError: no such folder.
    """
    if not runs.is_dir():
        raise SpecError(f"{runs}: no folder of runs; `tenfold fit` makes it")
    newest = {_named(pointer) for pointer in runs.glob("LATEST-*")}
    found = [
        _entry(path, newest)
        for path in runs.iterdir()
        if path.is_dir() and NAMED.fullmatch(path.name) and path.name[0] != "."
    ]
    return sorted(found, key=_order)


def prunable(listed: list[Entry], stale_too: bool = False) -> list[Entry]:
    """Runs that nobody misses: of each scenario all but the newest, and what cannot be read.

    Args:
        stale_too: also those that rest on something that changed since.
    """
    return [
        entry
        for entry in listed
        if entry.run is None or not entry.newest or (stale_too and entry.changed)
    ]


def prune(runs: Path, listed: list[Entry]) -> None:
    """Delete runs, with what names them as the newest and what fits that died have left.

    Raises:
        SpecError: a run cannot be deleted.
    """
    build.clear(runs)
    for entry in listed:
        try:
            for pointer in runs.glob("LATEST*"):
                if _named(pointer) == entry.path.name:
                    pointer.unlink()
            build.remove(entry.path)
        except OSError as error:
            raise SpecError(f"{entry.path}: cannot be deleted ({error.strerror})") from None


def _named(pointer: Path) -> str:
    try:
        return read_text(pointer).strip()
    except SpecError:
        return ""  # it names nothing; reading a run through it says why


def _entry(path: Path, newest: set[str]) -> Entry:
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    try:
        run = store.load(path)
    except SpecError as error:
        return Entry(path, None, str(error), size, path.name in newest, ())
    return Entry(path, run, "", size, path.name in newest, stale.outdated(run))


def _order(entry: Entry) -> tuple[bool, str, str]:
    info = entry.run.info if entry.run else {}
    return entry.run is None, info.get("scenario", entry.path.name), info.get("created", "")
