"""Headline draws: a run's stored sample as answers read it, with what follows from it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from tenfold.runs import netcdf

if TYPE_CHECKING:
    from tenfold.runs.store import Run


def of_run(stored: Run) -> xr.Dataset:
    """Headline draws of a run: `complete` of its stored sample, with its folder as `run`."""
    return complete(stored.group(netcdf.HEADLINE)).assign_attrs(run=str(stored.path))


def complete(sample: xr.Dataset) -> xr.Dataset:
    """A sample of `runs.headline` in double precision, with exchange rates.

    Returns:
        `sample` and `exchange_rate` (typical), `exchange_rate_new_benchmark`,
        `exchange_rate_new_model` and `exchange_rate_benchmark` over `shared_benchmark`: those with
        evidence in both regimes.
    """
    # Numbers from 0 say nothing, and labels are compared in every sum of draws.
    draws = sample.drop_vars(("chain", "draw", "repeat"), errors="ignore")
    # Variables, which have no labels: nothing is left to compare
    values: dict[str, Any] = {str(k): v.variable for k, v in draws.data_vars.items()}
    values |= {k: v.astype(float) for k, v in values.items() if v.dtype.kind == "f"}
    regimes = draws["regime"].values.tolist()
    # local slopes, which forms agree on, instead of their own slopes, which they do not
    local = np.exp(values["steepness"])

    def rate(slope: Any) -> Any:
        inference, rl = (slope.isel(regime=regimes.index(r)) for r in ("inference", "rl"))
        return inference / rl * local

    both = (draws["series_count"] > 0).all("regime").values
    # Selected and renamed: one dim cannot hold all benchmarks and some of them.
    shared = values["slope_at_benchmark"].isel(benchmark=np.flatnonzero(both))
    dims = ["shared_benchmark" if dim == "benchmark" else dim for dim in shared.dims]
    rates = {
        "exchange_rate": rate(np.exp(values["log_slope_mean"])),
        "exchange_rate_new_benchmark": rate(values["slope_new_benchmark"]),
        "exchange_rate_new_model": rate(values["slope_new_model"]),
        "exchange_rate_benchmark": rate(xr.Variable(dims, shared.values)),
    }
    levels = ("typical", "new benchmark", "new model", "benchmark")
    for found, level in zip(rates.values(), levels, strict=True):
        found.attrs = {"long_name": "RL OOMs per inference OOM", "units": "OOM/OOM", "level": level}
    draws = draws.assign_coords(shared_benchmark=draws["benchmark"].values[both])
    return draws.assign(values | rates)


def slope_ratio(slope: xr.DataArray) -> xr.DataArray:
    """Exchange rate: RL OOMs per inference OOM, from slopes (regime) per OOM."""
    return slope.sel(regime="inference", drop=True) / slope.sel(regime="rl", drop=True)
