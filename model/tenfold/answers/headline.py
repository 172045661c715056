"""Headline draws: from stored posteriors, one per curve form, to the quantities that a jump needs.

No PyMC: everything comes from the stored groups; predictive spread is added by a seeded generator.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from tenfold.files import SpecError
from tenfold.runs.store import Run

LENGTH_SOURCE = "r1_zero"


def of_run(stored: Run) -> xr.Dataset:
    """Headline draws of a run: its forms mixed by their stacking weights."""
    trees = {form: stored.tree(form) for form in stored.forms}
    weights = {form: stored.info["weights"].get(form, 0.0) for form in stored.forms}
    return headline(trees, weights, stored.info["seed"])


def headline(trees: Mapping[str, Any], weight: Mapping[str, float], seed: int) -> xr.Dataset:
    """Headline draws from one stored posterior (`xr.DataTree`) per form.

    Returns:
        Dims `form, chain, draw` and `regime`, `benchmark`, `shared_benchmark` (those with evidence
        in both regimes). `slope_*` are link units per OOM of tokens or FLOP, for a typical series;
        `*_new_*`, `inference_per_training` and `gpt_level_ooms` are predictive: they include the
        spread between benchmarks, techniques and levels, from a generator seeded by `seed` and the
        form's position. A form without a ceiling has ceiling 1; a new benchmark has floor 0.
        `weight`(form) sums to one.

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
        labels = {dim: post[dim] for dim in (*like.dims, *dims)}
        shape = [label.size for label in labels.values()]
        return xr.DataArray(rng.standard_normal(shape), labels)

    # Slopes per OOM of tokens or FLOP: these units are the reference, their offset is zero.
    mean = post["log_slope_mean"]
    draws = xr.Dataset({"log_slope_mean": mean, "exchange_rate": like})
    no_effect = xr.zeros_like(mean) * xr.zeros_like(points["floor"])
    effect = no_effect + sum(
        post[name] for name in ("benchmark_effect", "cell_effect") if name in post
    )
    slope = np.exp(mean + effect).transpose(*like.dims, "benchmark", "regime")
    draws["slope_at_benchmark"] = slope
    shared = _benchmarks_with_both(points)
    # Selected and renamed: one dim cannot hold all benchmarks and some of them.
    both = slope.sel(benchmark=shared).rename(benchmark="shared_benchmark")
    draws["exchange_rate_benchmark"] = slope_ratio(both)
    # A new benchmark's shared effect cancels in the ratio, but not in its slopes.
    level = post["benchmark_sd"] * normal() if "benchmark_sd" in post else xr.zeros_like(like)
    new = np.exp(mean + level + post["cell_sd"] * normal("regime"))
    draws["slope_new_benchmark"] = new.transpose(*like.dims, "regime")
    draws["exchange_rate_new_benchmark"] = slope_ratio(new)
    if "ceiling_mean" in post:
        draws["ceiling"] = post["ceiling"].transpose(*slope.dims)
        logit = post["ceiling_mean"] + post["ceiling_sd"] * normal("regime")
        draws["ceiling_new_benchmark"] = (1 / (1 + np.exp(-logit))).transpose(*like.dims, "regime")
    else:
        draws["ceiling"] = xr.ones_like(slope)
        draws["ceiling_new_benchmark"] = xr.ones_like(draws["slope_new_benchmark"])
    draws["inference_per_training"] = np.exp(
        post["log_inference_per_training_mean"] + post["inference_per_training_sd"] * normal()
    )
    draws["gpt_level_ooms"] = post["gpt_level_mean"] + post["gpt_level_sd"] * normal()
    growth = length_growth(points)
    if growth is not None:
        source, mean_growth, error = growth
        series = str(points["series"].values[points["series_source"].values == source][0])
        benchmark = str(points["series_benchmark"].sel(series=series).values)
        tokens_free = post["slope"].sel(series=series, drop=True)
        grown = mean_growth + error * normal()
        draws["answer_length_growth"] = grown.assign_attrs(series=series)
        draws["rl_slope_tokens_free"] = tokens_free
        spent_on_length = slope.sel(benchmark=benchmark, regime="inference", drop=True)
        draws["rl_slope_fixed_tokens"] = (
            tokens_free - draws["answer_length_growth"] * spent_on_length
        )
    return draws


def length_growth(points: xr.Dataset) -> tuple[str, float, float] | None:
    """OOMs of answer length per OOM of RL compute, where a source tells both.

    DeepSeek-R1-Zero's axis is cumulative tokens per rollout slot and its settings are training
    steps, so tokens added per step are the mean answer length there. RL thus climbs partly by
    longer answers: its slope at a fixed token budget is its slope less this growth times the
    inference slope of the benchmark.

    Returns:
        Source, growth and its standard error, or None without such a source. Least squares on
        log10 scales; neighbouring lengths err alike, so the error is that of n (1 - r) / (1 + r)
        independent lengths, r the lag-1 autocorrelation of the residuals where it is positive
        (Santer et al. 2000, doi:10.1029/1999JD901105, eqs. 3 to 6).
    """
    own = points["source"].values == LENGTH_SOURCE
    if own.sum() < 6:
        return None
    step = np.array([float(text.removeprefix("step ")) for text in points["setting"].values[own]])
    order = np.argsort(step)
    tokens, step = 10 ** points["log10_compute"].values[own][order], step[order]
    length = np.log10(np.diff(tokens) / np.diff(step))
    middle = np.log10((tokens[1:] + tokens[:-1]) / 2)
    fit: Any = stats.linregress(middle, length)
    residual = length - fit.intercept - fit.slope * middle
    r = max(float(np.corrcoef(residual[:-1], residual[1:])[0, 1]), 0.0)
    n, independent = length.size, length.size * (1 - r) / (1 + r)
    if independent <= 2:
        return None
    return (
        LENGTH_SOURCE,
        float(fit.slope),
        float(fit.stderr) * math.sqrt((n - 2) / (independent - 2)),
    )


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
