"""Finished runs: which one speaks, and reading it so that what is read is what was written.

A run is a directory `<scenario>-<key>`; the key hashes everything its posteriors depend on, so an
unchanged fit finds its own result. `run.json` holds the SHA-256 of every file beside it and of
itself, and each netCDF file says which run, scenario and form it belongs to; a file is held against
both before it is read. Nothing here writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tenfold.curves import Form
from tenfold.files import SpecError, read_text
from tenfold.runs import netcdf, record

if TYPE_CHECKING:
    import xarray as xr

RECORD = "run.json"
BASE = "baseline"

Status = Literal["PASS", "REVIEW", "FAIL"]


def worst(statuses: Iterable[str]) -> Status:
    """FAIL if any gate fails, or if there is none; else REVIEW if any asks for it; else PASS."""
    found = set(statuses)
    if not found or not found <= {"PASS", "REVIEW"}:
        return "FAIL"
    return "REVIEW" if "REVIEW" in found else "PASS"


@dataclass(frozen=True, repr=False)
class Run:
    """A run on disk.

    Attributes:
        path: its folder.
        info: its `run.json`: scenario, key, spec, priors, evidence, weights, gates and so on.
    """

    path: Path
    info: dict[str, Any]

    def __repr__(self) -> str:
        told = {key: self.info.get(key) for key in ("status", "created", "forms")}
        words = ", ".join(f"{key}={value!r}" for key, value in told.items() if value is not None)
        return f"Run({str(self.path)[-300:]!r}{words and ', '}{words})"

    @property
    def forms(self) -> tuple[Form, ...]:
        """Curve forms that were fitted."""
        return tuple(self.info["forms"])

    @cached_property
    def points(self) -> xr.Dataset:
        """The evidence as fitted."""
        return self.group(posterior_file(self.forms[0]), "constant_data")

    def tree(self, form: Form) -> xr.DataTree:
        """The stored DataTree of one form, in memory.

        Raises:
            SpecError: as `file`.
        """
        import xarray as xr

        path = self.file(posterior_file(form))
        found = {name: netcdf.read(path, name) for name in netcdf.groups(path)}
        return xr.DataTree.from_dict(found)

    def group(self, name: str, group: str = "/", variables: Iterable[str] | None = None) -> Any:
        """One group of a netCDF file of the run (an `xr.Dataset`), in memory.

        Args:
            group: "/" is what lies outside groups.
            variables: those to read; all unless given.

        Raises:
            SpecError: as `file`; a variable that is not there.
        """
        return netcdf.read(self.file(name), group, variables)

    def file(self, name: str) -> Path:
        """The path of a file of the run that is as it was written; it is hashed once.

        Raises:
            SpecError: a file that `run.json` does not know; missing, damaged, or of another run.
        """
        path = self.path / name
        if name in self._sound:
            return path
        known = self.info["files"].get(name)
        if known is None:
            raise SpecError(f"{path}: not a file of this run; run `tenfold fit` again")
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise netcdf.damaged(path, error) from None
        if found != known["sha256"]:
            raise SpecError(f"{path}: not the file that was stored; run `tenfold fit` again")
        _belongs(path, netcdf.attributes(path), self.info)
        self._sound.add(name)
        return path

    @cached_property
    def _sound(self) -> set[str]:
        return set()


def posterior_file(form: str) -> str:
    """Name of the file of one form's posterior."""
    return f"posterior-{form}.nc"


def _belongs(path: Path, attrs: dict[str, Any], info: dict[str, Any]) -> None:
    """A file says whose it is."""
    wanted = {"scenario": info["scenario"], "key": info["key"], "format": record.FORMAT}
    if path.name.startswith("posterior-"):
        wanted["form"] = path.stem.removeprefix("posterior-")
    for name, value in wanted.items():
        if attrs.get(name) != value:
            raise SpecError(
                f"{path}: {name} {attrs.get(name)!r}; expected {value!r}; run `tenfold fit` again"
            )


def load(path: Path, but: Iterable[str] = ()) -> Run:
    """A complete run from its directory. Files are looked for here, and hashed when they are read.

    Args:
        but: files that may be missing: they can be made anew.

    Raises:
        SpecError: not a run, unfinished, damaged, edited, of another format, or files missing.
    """
    target = path / RECORD
    if not target.is_file():
        raise SpecError(f"{path}: not a complete run (no {RECORD}); run `tenfold fit`")
    info = record.read(target, "tenfold fit")
    if info["status"] != worst(gate["status"] for gate in info["gates"]):
        raise SpecError(f"{target}: status {info['status']}; its gates say otherwise")
    for name, known in info["files"].items():
        if name in but:
            continue
        file = path / name
        if not file.is_file():
            raise SpecError(f"{file}: missing; run `tenfold fit` again")
        if file.stat().st_size != known["bytes"]:
            raise SpecError(f"{file}: not the file that was stored; run `tenfold fit` again")
    return Run(path, info)


def verify(run: Run) -> Run:
    """The run, once every one of its files has been hashed.

    Raises:
        SpecError: as `Run.file`.
    """
    for name in run.info["files"]:
        run.file(name)
    return run


def sound(run: Run, name: str) -> bool:
    """Whether a file of a run is as it was written."""
    try:
        run.file(name)
    except SpecError:
        return False
    return True


def latest(runs: Path, scenario: str | None = BASE) -> Run:
    """The newest complete run of a scenario; of any where `scenario` is None.

    Raises:
        SpecError: there is none, or what is named as the newest is no run of that scenario.
    """
    pointer = pointer_of(runs, scenario)
    if not pointer.is_file():
        named = scenario not in (None, BASE)
        which, option = (f" of {scenario}", f" --scenario {scenario}") if named else ("", "")
        raise SpecError(f"{runs}: no complete run{which}; run `tenfold fit{option}`")
    name = read_text(pointer).strip()
    if not name or Path(name).name != name or not name.isprintable():
        raise SpecError(f"{pointer}: got {name[:80]!r}; expected the name of a run folder")
    run = load(runs / name)
    if scenario not in (None, run.info["scenario"]):
        raise SpecError(
            f"{pointer}: names {name}, a run of {run.info['scenario']}; expected one of {scenario}"
        )
    return run


def speaking(runs: Path, scenario: str = BASE, run: Path | None = None) -> Run:
    """The run of the user's that answers: the one asked for, else the newest of the scenario.

    Raises:
        SpecError: as `load` and `latest`; a run of another scenario than the one asked for.
    """
    if run is None:
        return latest(runs, scenario)
    found = load(run)
    if scenario not in (BASE, found.info["scenario"]):
        raise SpecError(f"{run}: a run of {found.info['scenario']}; expected one of {scenario}")
    return found


def pointer_of(runs: Path, scenario: str | None) -> Path:
    """The file that names the newest run of a scenario, or of any."""
    return runs / ("LATEST" if scenario is None else f"LATEST-{scenario}")
