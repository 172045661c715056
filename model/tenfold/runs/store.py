"""Run directories: posteriors of every curve form on disk, and where they come from.

A run is a directory `<scenario>-<key>`; the key hashes everything the result depends on (scenario,
priors, evidence files, code), so an unchanged stage finds its own result and is not run again.
`posterior-<form>.nc` and `run.json` are written under another name and moved into place;
`run.json` comes last, so a directory without it is an unfinished run and is never read as one.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import xarray as xr

from tenfold.curves import Form
from tenfold.files import SpecError, write_atomic
from tenfold.posterior.plan import Plan
from tenfold.runs import keys

LIBRARIES = ("pymc", "pytensor", "nutpie", "numba", "arviz", "xarray", "numpy", "scipy")


@dataclass(frozen=True)
class Run:
    """A complete run on disk."""

    path: Path
    info: dict[str, Any]

    @property
    def forms(self) -> tuple[Form, ...]:
        """Curve forms that were fitted."""
        return tuple(self.info["forms"])

    @cached_property
    def points(self) -> xr.Dataset:
        """The evidence as fitted."""
        return self.tree(self.forms[0])["constant_data"].to_dataset()

    def tree(self, form: Form) -> xr.DataTree:
        """The stored DataTree of one form, in memory.

        Raises:
            SpecError: missing or damaged file.
        """
        return read_tree(self.path / f"posterior-{form}.nc")


def save_tree(tree: xr.DataTree, path: Path) -> None:
    """Write a DataTree as netCDF under a temporary name and move it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    encoding = {
        f"/{name}": {
            variable: {"zlib": True, "complevel": 1}
            for variable, values in group.data_vars.items()
            if values.dtype.kind == "f" and values.ndim
        }
        for name, group in tree.children.items()
    }
    tree.to_netcdf(part, engine="h5netcdf", encoding=encoding)
    os.replace(part, path)


def read_tree(path: Path) -> xr.DataTree:
    """A stored DataTree, read into memory.

    Raises:
        SpecError: missing, cut short or not netCDF.
    """
    if not path.is_file():
        raise SpecError(f"{path}: missing; run `tenfold fit` again")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            return tree.load()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise SpecError(
            f"{path}: damaged ({type(error).__name__}); delete it and run `tenfold fit`"
        ) from None


def directory(plan: Plan, runs: Path) -> Path:
    """Where the run of a plan lives."""
    return runs / f"{plan.name}-{keys.fit_key(plan)}"


def finished(path: Path) -> Run | None:
    """The complete run in `path`, or None.

    Raises:
        SpecError: `run.json` is there but cannot be read, or a posterior that it names is missing.
    """
    return load(path) if (path / "run.json").exists() else None


def load(path: Path) -> Run:
    """A complete run from its directory.

    Raises:
        SpecError: not a run directory, unfinished, cut short, or files missing.
    """
    target = path / "run.json"
    if not path.is_dir() or not target.is_file():
        raise SpecError(f"{path}: not a complete run (no run.json); run `tenfold fit`")
    try:
        info = json.loads(target.read_text(encoding="utf-8"))
        forms = info["forms"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise SpecError(
            f"{target}: damaged ({type(error).__name__}); delete {path} and run `tenfold fit`"
        ) from None
    for form in forms:
        if not (path / f"posterior-{form}.nc").is_file():
            raise SpecError(
                f"{path}: posterior-{form}.nc is missing; delete the folder and run `tenfold fit`"
            )
    return Run(path, info)


def latest(runs: Path, scenario: str | None = None) -> Run:
    """The newest complete run, of any scenario or of one.

    Raises:
        SpecError: there is none.
    """
    pointer = runs / ("LATEST" if scenario is None else f"LATEST-{scenario}")
    if not pointer.is_file():
        named = scenario not in (None, "baseline")
        which, option = (f" of {scenario}", f" --scenario {scenario}") if named else ("", "")
        raise SpecError(f"{runs}: no complete run{which}; run `tenfold fit{option}`")
    name = pointer.read_text(encoding="utf-8").strip()
    if not name or Path(name).name != name:
        raise SpecError(f"{pointer}: got {name!r}; expected the name of a run folder")
    return load(runs / name)


def finish(plan: Plan, path: Path, info: Mapping[str, Any]) -> Run:
    """Write `run.json` and the pointers to the newest run; the run is complete from here on."""
    record = {**provenance(plan), **info}
    write_atomic(path / "run.json", json.dumps(record, indent=1, allow_nan=True) + "\n")
    run = load(path)
    point_to(run)
    return run


def point_to(run: Run) -> None:
    """Make `LATEST` name a complete run."""
    for pointer in ("LATEST", f"LATEST-{run.info['scenario']}"):
        write_atomic(run.path.parent / pointer, run.path.name + "\n")


def provenance(plan: Plan) -> dict[str, Any]:
    """What the run rests on: spec, hashes, versions, machine size, time."""
    return {
        "format": 1,
        "tenfold": metadata.version("tenfold"),
        "scenario": plan.name,
        "key": keys.fit_key(plan),
        "spec": plan.scenario.model_dump(mode="json"),
        "priors": {
            name: prior.model_dump(mode="json", exclude_none=True)
            for name, prior in plan.priors.items()
        },
        "evidence": json.loads(plan.points.attrs["files"]),
        "seed": plan.settings.seed,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "sampler": "nutpie",
        "cores": os.cpu_count(),
    }
