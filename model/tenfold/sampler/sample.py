"""Compile once, sample: posterior draws of one curve form, by name."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np
import xarray as xr

from tenfold import caches, curves
from tenfold.curves import Form
from tenfold.posterior import simulate
from tenfold.posterior.plan import Plan
from tenfold.posterior.scenario import Settings
from tenfold.sampler import coordinates, layout, packing


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
    caches.prepare()
    import nutpie  # noqa: F401

    import tenfold.sampler.kernel  # noqa: F401

    return Compiled(plan, time.perf_counter() - start)


def sample(
    compiled: Compiled,
    form: Form,
    data: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
    top_level: bool = False,
    stop: Event | None = None,
    typical: Mapping[str, xr.DataArray] | None = None,
) -> xr.DataTree:
    """Draw from the posterior of one form.

    Args:
        data: pm.Data values to patch (scores, the mask `seen`, hyperparameters, ...).
        settings: sampler settings; the plan's unless given.
        top_level: keep parameters with a prior of their own only; with tens of thousands of series
            the draws of the rest need many times the memory of the fit.
        stop: ends the sampling once it is set, by `Stopped`.
        typical: values of parameters at which chains start; what is typical of the priors unless
            given.

    Returns:
        DataTree with groups `posterior` (the sampler's variables, and what `simulate.complete`
        adds), `sample_stats`, dims `chain`, `draw`.
    """
    import nutpie

    settings, plan = settings or compiled.plan.settings, compiled.plan
    seed = settings.seed + curves.FORMS.index(form)
    where = layout.layout(plan.points, plan.choice, form)
    tables = packing.tables(plan.points, plan.priors, plan.choice, where, form, data)
    running = nutpie.sample(
        _sampler(tables, where, where.n_own if top_level else where.size, typical or {}),
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=min(settings.chains, os.cpu_count() or 1),
        seed=seed,
        target_accept=settings.target_accept,
        save_warmup=False,
        progress_bar=False,
        blocking=False,
    )
    tree = _finished(running, stop)
    u = tree["posterior"].to_dataset()["u"].values
    if top_level:
        posterior = coordinates.top_level(u, tables, where)
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


class Stopped(Exception):
    """Sampling was ended from outside."""


def _finished(running: Any, stop: Event | None) -> Any:
    """The draws of a sampler that runs in the background, once there are all."""
    if stop is None:
        return running.wait()
    while not stop.is_set():
        try:
            return running.wait(timeout=0.1)
        except TimeoutError:
            continue  # not all are there
    running.cancel()
    raise Stopped


def _sampler(
    tables: Mapping[str, np.ndarray],
    where: layout.Layout,
    kept: int,
    typical: Mapping[str, xr.DataArray],
) -> Any:
    """The compiled density over some data, as nutpie takes models: one variable `u`.

    Args:
        kept: how many places of `u` are stored of each draw.
    """
    from functools import partial

    from nutpie.compile_pymc import CompiledPyMCModel

    from tenfold.sampler import kernel

    return CompiledPyMCModel(
        dims={"u": ("place",)},
        compiled_logp_func=kernel.log_density_pointer,
        compiled_expand_func=kernel.copy_pointer,
        initial_point_func=partial(coordinates.start, tables, where, typical),
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
        if group.sizes.get("draw") != size:  # prior draws are a sample of their own
            return group
        return group.isel(draw=keep).assign_coords(draw=np.arange(keep.size))

    return tree.map_over_datasets(one)
