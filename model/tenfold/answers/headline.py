"""Headline draws: a run's stored sample as answers read it, with what follows from it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    draws = sample.assign(
        {k: v.astype(float) for k, v in sample.data_vars.items() if v.dtype.kind == "f"}
    )
    # Numbers from 0 say nothing, and labels are compared in every sum of draws.
    draws = draws.drop_vars(("chain", "draw", "repeat"), errors="ignore")
    # local slopes, which forms agree on, instead of their own slopes, which they do not
    local = np.exp(draws["steepness"])
    rates = {
        "exchange_rate": slope_ratio(xr.ufuncs.exp(draws["log_slope_mean"])) * local,
        "exchange_rate_new_benchmark": slope_ratio(draws["slope_new_benchmark"]) * local,
        "exchange_rate_new_model": slope_ratio(draws["slope_new_model"]) * local,
    }
    shared = draws["benchmark"].values[(draws["series_count"] > 0).all("regime").values]
    # Selected and renamed: one dim cannot hold all benchmarks and some of them.
    both = draws["slope_at_benchmark"].sel(benchmark=shared).rename(benchmark="shared_benchmark")
    rates["exchange_rate_benchmark"] = slope_ratio(both) * local
    levels = ("typical", "new benchmark", "new model", "benchmark")
    for (name, rate), level in zip(rates.items(), levels, strict=True):
        about = {"long_name": "RL OOMs per inference OOM", "units": "OOM/OOM", "level": level}
        draws[name] = rate.assign_attrs(about)
    return draws


def slope_ratio(slope: xr.DataArray) -> xr.DataArray:
    """Exchange rate: RL OOMs per inference OOM, from slopes (regime) per OOM."""
    return slope.sel(regime="inference", drop=True) / slope.sel(regime="rl", drop=True)
