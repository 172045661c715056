"""Compile once, sample, save: posteriors of every curve form, run directories and provenance.

A run is a directory `<scenario>-<key>`; the key hashes everything the result depends on (scenario,
priors, evidence files, code), so an unchanged stage finds its own result and is not run again.
`posterior-<form>.nc` and `run.json` are written under another name and moved into place;
`run.json` comes last, so a directory without it is an unfinished run and is never read as one.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tenfold import coordinates, curves, layout, simulate
from tenfold import points as evidence
from tenfold import priors as prior_table
from tenfold.curves import Form
from tenfold.spec import ModelChoice, Prior, Scenario, Settings, SpecError, write_atomic

CODE = (
    "curves", "points", "evidence", "priors", "hierarchy", "layout", "pilot",
    "geometry", "coordinates", "kernel", "simulate", "fit", "compare",
)  # fmt: skip
"""Modules whose text is part of a run's key: a change in any of them makes old results stale."""

LIBRARIES = ("pymc", "pytensor", "nutpie", "numba", "arviz", "xarray", "numpy", "scipy")


@dataclass(frozen=True)
class Plan:
    """Everything a fit needs: the scenario resolved into points, priors and choices."""

    name: str
    scenario: Scenario
    points: xr.Dataset
    priors: dict[str, Prior]

    @property
    def choice(self) -> ModelChoice:
        """Structure of the model."""
        return self.scenario.model

    @property
    def settings(self) -> Settings:
        """Sampler settings."""
        return self.scenario.settings

    @cached_property
    def key(self) -> str:
        """12 hex digits of SHA-256 over scenario, priors, evidence and code."""
        here = Path(__file__).parent
        parts = {
            "scenario": self.scenario.model_dump(
                mode="json", exclude={"reason", "extends", "constants"}
            ),
            "priors": {name: prior.model_dump(mode="json") for name, prior in self.priors.items()},
            "evidence": self.points.attrs["files"],
            "filters": self.points.attrs["filters"],
            "code": {
                name: _sha256((here / f"{name}.py").read_bytes())
                for name in CODE
                if (here / f"{name}.py").exists()
            },
        }
        return _sha256(json.dumps(parts, sort_keys=True).encode())[:12]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def prepare(name: str, scenario: Scenario, folders: tuple[Path, ...] = ()) -> Plan:
    """Load evidence and priors for a scenario.

    Args:
        folders: the user's own evidence folders, beside the shipped one.

    Raises:
        SpecError: bad evidence, a filter that matches nothing, an unknown prior.
    """
    chosen = scenario.points
    loaded = evidence.load(
        extra=folders,
        include={key: tuple(value) for key, value in chosen.include.items()},
        exclude={key: tuple(value) for key, value in chosen.exclude.items()},
        outliers=chosen.outliers,
    )
    usable = evidence.usable(loaded)
    if not usable.sizes["obs"]:
        raise SpecError(f"scenario.{name}.points: no usable series is left")
    if chosen.reading_error_scale != 1:
        usable = evidence.rescale_errors(usable, chosen.reading_error_scale)
    if chosen.shuffle_families:
        rng = np.random.default_rng(scenario.settings.seed)
        order = rng.permutation(usable.sizes["series"])
        for variable in ("family_index", "series_family"):
            usable[variable] = ("series", usable[variable].values[order])
    priors = prior_table.patched(prior_table.load(), scenario.priors, f"scenario.{name}")
    return Plan(name, scenario, usable, priors)


@dataclass(frozen=True)
class Compiled:
    """A model ready for sampling; data given to `sample` turn it into other data sets."""

    plan: Plan
    seconds: float


def compile_plan(plan: Plan) -> Compiled:
    """Load the compiled density, or compile it (once per machine).

    The density serves every curve form, data set and switch; numba keeps it on disk between
    processes. `hierarchy.build_model` is the same density as a PyMC model.
    """
    start = time.perf_counter()
    import nutpie  # noqa: F401

    import tenfold.kernel  # noqa: F401

    return Compiled(plan, time.perf_counter() - start)


def sample(
    compiled: Compiled,
    form: Form,
    data: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
    progress: bool = False,
    top_level: bool = False,
) -> xr.DataTree:
    """Draw from the posterior of one form.

    Args:
        data: pm.Data values to patch (scores, the mask `seen`, hyperparameters, ...).
        settings: sampler settings; the plan's unless given.
        top_level: keep the exchange rate and parameters with a prior of their own only; with tens
            of thousands of series the draws of the rest need many times the memory of the fit.

    Returns:
        DataTree with groups `posterior` (the sampler's variables, and what `simulate.complete`
        adds), `sample_stats`, dims `chain`, `draw`.
    """
    import nutpie

    settings, plan = settings or compiled.plan.settings, compiled.plan
    seed = settings.seed + curves.FORMS.index(form)
    where = layout.layout(plan.points, plan.choice, form)
    tables = coordinates.inputs(plan.points, plan.priors, plan.choice, where, form, data)
    tree = nutpie.sample(
        _sampler(tables, where, where.n_own if top_level else where.size),
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=min(settings.chains, os.cpu_count() or 1),
        seed=seed,
        target_accept=settings.target_accept,
        save_warmup=False,
        progress_bar=progress,
    )
    u = tree["posterior"].to_dataset()["u"].values
    if top_level:
        posterior = coordinates.top_level(u, tables, where)
        posterior["exchange_rate"] = simulate.exchange_rate(posterior)
    else:
        raw = coordinates.named(u, tables, where)
        posterior = simulate.complete(raw, plan.points, form, np.random.default_rng(seed))
    stats = tree["sample_stats"].to_dataset()
    kept = [
        "diverging",
        "energy",
        "n_steps",
        "step_size",
        "depth",
        "tree_depth",
        "maxdepth_reached",
    ]
    stats = stats[[name for name in kept if name in stats]]
    return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats})


def _sampler(tables: Mapping[str, np.ndarray], where: layout.Layout, kept: int) -> Any:
    """The compiled density over some data, as nutpie takes models: one variable `u`.

    Args:
        kept: how many places of `u` are stored of each draw.
    """
    from functools import partial

    from nutpie.compile_pymc import CompiledPyMCModel

    from tenfold import kernel

    return CompiledPyMCModel(
        dims={"u": ("place",)},
        compiled_logp_func=kernel.log_density_pointer,
        compiled_expand_func=kernel.copy_pointer,
        initial_point_func=partial(coordinates.start, tables, where),
        shared_data={},
        shared_var_keys={},
        user_data=kernel.pack(kernel.Inputs(**tables)),
        n_expanded=kept,
        shape_info=(["u"], [slice(0, kept)], [(kept,)]),
        logp_func=None,
        expand_func=None,
        _n_dim=where.size,
        _shapes={"u": (kept,)},
        _coords={"place": np.arange(kept)},
    )


def thinned(tree: xr.DataTree, most: int) -> xr.DataTree:
    """At most `most` draws of each chain, evenly spaced and numbered from 0."""
    size = tree["posterior"].sizes["draw"]
    keep = np.linspace(0, size - 1, min(most, size)).round().astype(int)

    def one(group: xr.Dataset) -> xr.Dataset:
        if "draw" not in group.dims:
            return group
        return group.isel(draw=keep).assign_coords(draw=np.arange(keep.size))

    return tree.map_over_datasets(one)


# --- run directories ---------------------------------------------------------------------------


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
    return runs / f"{plan.name}-{plan.key}"


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
        "key": plan.key,
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
