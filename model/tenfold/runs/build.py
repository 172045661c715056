"""Runs in the making: a folder that no reader sees, complete once it is moved into place.

The folder is locked for as long as its process lives; what a process that died has left is cleared
away by the next one that fits.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import xarray as xr

from tenfold.files import SpecError, sweep, write_atomic
from tenfold.posterior.plan import Plan
from tenfold.runs import keys, netcdf, record, store

try:
    import fcntl
except ImportError:  # a system without it cannot tell whether a writer lives: nothing is cleared
    fcntl = None

LIBRARIES = ("pymc", "pytensor", "nutpie", "numba", "arviz", "xarray", "numpy", "scipy")


@dataclass(frozen=True)
class Build:
    """A run in the making.

    Attributes:
        run: what is there of it so far; stages read from it as from a finished run.
        target: where it will be.
    """

    run: store.Run
    target: Path

    def save(self, name: str, stored: xr.DataTree | xr.Dataset, **attrs: str) -> None:
        """Store a DataTree or a Dataset as a netCDF file of the run, whole or not at all.

        Args:
            attrs: attributes of the file besides scenario, key and format, such as `form`.

        Raises:
            SpecError: cannot be written.
        """
        _put(self.run, name, stored, **attrs)

    def note(self, **info: Any) -> None:
        """Entries of the run's record."""
        self.run.info.update(info)

    def finish(self, info: Mapping[str, Any]) -> store.Run:
        """Write `run.json`, move the run into place and make it the newest of its scenario.

        Args:
            info: `forms`, `weights`, `gates`, `status` and what else is to be known of the run.

        Raises:
            SpecError: cannot be written.
        """
        record.write(self.run.path / store.RECORD, self.run.info | dict(info))
        _sync(self.run.path)
        if self.target.exists():  # a damaged run, which this one replaces
            remove(self.target)
        os.replace(self.run.path, self.target)
        _sync(self.target.parent)
        run = store.load(self.target)
        point_to(run)
        return run


def directory(plan: Plan, runs: Path) -> Path:
    """Where the run of a plan lives."""
    return runs / f"{plan.name}-{keys.fit_key(plan)}"


@contextmanager
def building(
    plan: Plan, runs: Path, room: int = 0, say: Callable[[str], None] = lambda text: None
) -> Iterator[Build]:
    """A new run of a plan. Whatever happens inside, no half of one stays behind.

    Where another process fits the same run, it is waited for.

    Args:
        room: bytes that will be needed.

    Raises:
        SpecError: the folder cannot be written, or has no room.
    """
    target, made = directory(plan, runs), not runs.exists()
    part = runs / f".{target.name}.part"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        clear(runs)
        lock = _hold(part, lambda: say(f"another process fits {target.name}: waiting for it"))
    except OSError as error:
        raise SpecError(f"{runs}: cannot be written ({error.strerror or error})") from None
    try:
        free = shutil.disk_usage(part).free
        if free < room:
            raise SpecError(
                f"{runs}: {free / 1e6:,.0f} MB free; expected {room / 1e6:,.0f} MB for the run; "
                "`tenfold runs prune` makes room"
            )
        write_atomic(part / store.RECORD, "")  # a folder may be made where no file can
        (part / store.RECORD).unlink()
        yield Build(store.Run(part, provenance(plan)), target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if made and not any(runs.iterdir()):
            runs.rmdir()
        if lock is not None:
            os.close(lock)


def amend(
    run: store.Run, files: Mapping[str, xr.DataTree | xr.Dataset], info: Mapping[str, Any]
) -> store.Run:
    """A finished run with some files and entries of its record made anew; the record comes last.

    Raises:
        SpecError: cannot be written.
    """
    changed = store.Run(run.path, run.info | dict(info) | {"files": dict(run.info["files"])})
    for name, tree in files.items():
        _put(changed, name, tree)
    record.write(run.path / store.RECORD, changed.info)
    return store.load(run.path)


def point_to(run: store.Run) -> None:
    """Make a complete run the newest of its scenario, and the newest of all.

    Raises:
        SpecError: cannot be written.
    """
    for scenario in (None, run.info["scenario"]):
        pointer = store.pointer_of(run.path.parent, scenario)
        line = run.path.name + "\n"
        if not pointer.is_file() or pointer.read_bytes() != line.encode():
            write_atomic(pointer, line)


def clear(runs: Path) -> list[str]:
    """Delete what fits that died have left: their folders, and single files half written.

    Returns:
        Names of the folders.
    """
    sweep(runs)
    gone = []
    for part in sorted(path for path in runs.glob(".*.part") if path.is_dir()):
        try:
            lock = _lock(part)
        except OSError:
            continue  # in use, or nobody can tell
        shutil.rmtree(part, ignore_errors=True)
        os.close(lock)
        gone.append(part.name)
    return gone


def _hold(part: Path, waiting: Callable[[], None]) -> int | None:
    """Make the folder and lock it, once no other process has it; None where locks are not known."""
    told = False
    while True:
        part.mkdir(exist_ok=True)
        try:
            return _lock(part)
        except BlockingIOError:
            if not told:
                waiting()
            told = True
            time.sleep(0.2)
        except FileNotFoundError:
            continue  # cleared away between the two
        except OSError:
            return None


def _lock(part: Path) -> int:
    """A lock on a folder that goes with its process.

    Raises:
        BlockingIOError: another process has it.
        FileNotFoundError: the folder went meanwhile.
        OSError: folders cannot be locked here.
    """
    if fcntl is None:
        raise OSError("no file locks on this system")
    lock = os.open(part, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not part.exists() or not os.path.samestat(os.fstat(lock), part.stat()):
            raise FileNotFoundError(part)
    except OSError:
        os.close(lock)
        raise
    return lock


def _put(run: store.Run, name: str, stored: xr.DataTree | xr.Dataset, **attrs: str) -> None:
    whose = {"scenario": run.info["scenario"], "key": run.info["key"], "format": record.FORMAT}
    data = netcdf.to_bytes(stored, whose | attrs)
    write_atomic(run.path / name, data)
    run.info["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def remove(path: Path) -> None:
    """Delete a folder; at no time does half of it stand under its name."""
    part = path.with_name(f".{path.name}.gone.part")
    shutil.rmtree(part, ignore_errors=True)
    os.replace(path, part)
    shutil.rmtree(part, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Have the names in a folder on disk."""
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _newest(points: xr.Dataset) -> str | None:
    """Date of the newest publication that is fitted ("2026", "2026-07", "2026-07-30")."""
    known, fitted = json.loads(points.attrs["sources"]), set(points["series_source"].values)
    return max((item["date"] for name, item in known.items() if name in fitted), default=None)


def provenance(plan: Plan) -> dict[str, Any]:
    """What the run rests on: spec, hashes, versions, machine size, time."""
    return {
        "format": record.FORMAT,
        "tenfold": metadata.version("tenfold"),
        "scenario": plan.name,
        "key": keys.fit_key(plan),
        "code": {"fit": keys.code(keys.FIT)} | keys.derived(),
        "spec": plan.scenario.model_dump(mode="json"),
        "priors": {
            name: prior.model_dump(mode="json", exclude_none=True)
            for name, prior in plan.priors.items()
        },
        "evidence": json.loads(plan.points.attrs["files"]),
        "evidence_until": _newest(plan.points),
        "benchmarks": plan.points["benchmark"].values.tolist(),
        "seed": plan.settings.seed,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "sampler": "nutpie",
        "cores": os.cpu_count(),
        "files": {},
    }
