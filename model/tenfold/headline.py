"""Headline draws: from stored posteriors, one per curve form, to the quantities that a jump needs.

No PyMC: everything comes from the stored groups; predictive spread is added by a seeded generator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from tenfold.spec import SpecError

REFERENCE_UNIT = {"rl": "flop", "inference": "tokens"}
"""Compute unit in which a regime's population slope is expressed."""


def headline(trees: Mapping[str, Any], weight: Mapping[str, float], seed: int) -> xr.Dataset:
    """Headline draws from one stored posterior (`xr.DataTree`) per form.

    Returns:
        Dims `form, chain, draw` and `regime`, `benchmark`, `shared_benchmark` (those with evidence
        in both regimes). `slope_*` are link units per OOM of tokens or FLOP, for a typical series;
        `*_new_*`, `inference_per_training` and `gpt_level_ooms` are predictive: they include the
        spread between benchmarks, techniques and levels. A new benchmark's ceilings are those of a
        benchmark drawn at random. The spread comes from a generator seeded by `seed` and the form's
        position. `weight`(form) sums to one.

    Raises:
        SpecError: a form without a weight, or weights that do not sum to one.
    """
    if set(trees) != set(weight):
        raise SpecError(f"weights for {sorted(weight)}; expected one for each of {sorted(trees)}")
    total = sum(weight.values())
    if abs(total - 1) > 1e-6 or min(weight.values()) < 0:
        raise SpecError(
            f"form weights sum to {total:g}; expected non-negative weights summing to 1"
        )
    parts = []
    for position, form in enumerate(trees):
        rng = np.random.default_rng([seed, position])
        parts.append(_one_form(trees[form], rng).assign_coords(form=form))
    draws: Any = xr.concat(parts, "form", join="exact", coords="minimal", compat="equals")
    draws["floor"] = trees[next(iter(trees))]["constant_data"].to_dataset()["floor"]
    draws["weight"] = ("form", np.array([weight[form] / total for form in trees]))
    return draws


def _one_form(tree: Any, rng: np.random.Generator) -> xr.Dataset:
    post, points = tree["posterior"].to_dataset(), tree["constant_data"].to_dataset()
    like = post["exchange_rate"]

    def normal(*dims: str) -> xr.DataArray:
        sizes = [post.sizes[dim] for dim in dims]
        labels = {dim: post[dim] for dim in (*like.dims, *dims)}
        return xr.DataArray(rng.standard_normal((*like.shape, *sizes)), labels)

    mean = post["log_slope_mean"] + _reference_offset(post)
    draws = xr.Dataset({"log_slope_mean": mean, "exchange_rate": like})
    at_benchmark = np.exp(mean + post["benchmark_effect"] + post["cell_effect"])
    draws["slope_at_benchmark"] = at_benchmark.transpose(*like.dims, "benchmark", "regime")
    new_cells = mean + post["benchmark_sd"] * normal() + post["cell_sd"] * normal("regime")
    draws["slope_new_benchmark"] = np.exp(new_cells).transpose(*like.dims, "regime")
    shared = _benchmarks_with_both(points)
    # Selected and renamed: one dim cannot hold all benchmarks and some of them.
    both = at_benchmark.sel(benchmark=shared).rename(benchmark="shared_benchmark")
    draws["exchange_rate_benchmark"] = slope_ratio(both)
    draws["exchange_rate_new_benchmark"] = slope_ratio(draws["slope_new_benchmark"])
    ones = xr.ones_like(draws["slope_at_benchmark"])
    draws["ceiling"] = post["ceiling"].transpose(*ones.dims) if "ceiling" in post else ones
    pick = xr.DataArray(rng.integers(post.sizes["benchmark"], size=like.shape), dims=like.dims)
    draws["ceiling_new_benchmark"] = draws["ceiling"].isel(benchmark=pick).drop_vars("benchmark")
    draws["inference_per_training"] = np.exp(
        post["log_inference_per_training_mean"] + post["inference_per_training_sd"] * normal()
    )
    draws["gpt_level_ooms"] = post["gpt_level_mean"] + post["gpt_level_sd"] * normal()
    return draws


def _reference_offset(post: xr.Dataset) -> xr.DataArray:
    """Log slope offset (regime) of the reference units; a unit without an offset has none."""
    offset = post["unit_offset"]
    parts = []
    for regime in post["regime"].values:
        unit = REFERENCE_UNIT[str(regime)]
        known = unit in offset["unit"].values
        parts.append(offset.sel(unit=unit, drop=True) if known else xr.zeros_like(post["lambda"]))
    offsets: Any = xr.concat(parts, post["regime"])
    return offsets


def _benchmarks_with_both(points: xr.Dataset) -> list[str]:
    pairs = set(zip(points["series_benchmark"].values, points["series_regime"].values, strict=True))
    return [
        str(name)
        for name in points["benchmark"].values
        if (name, "rl") in pairs and (name, "inference") in pairs
    ]


def slope_ratio(slope: xr.DataArray) -> xr.DataArray:
    """Exchange rate: RL OOMs per inference OOM, from slopes (regime) per OOM."""
    return slope.sel(regime="inference", drop=True) / slope.sel(regime="rl", drop=True)
