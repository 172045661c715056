"""The sample that every answer reads: each form's draws of all that is random, and form weights.

Made from the posteriors at the end of a fit and stored as `headline.nc`, a few labelled arrays.
Dims `form, chain, draw` say where a draw comes from: `draw` numbers those of the form's stored
posterior. What is predicted rather than estimated (a new benchmark, a new model, the next technique
or GPT level) has a further dim `repeat`, several for each draw, because its own spread is most of
its Monte Carlo error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy import special, stats

from tenfold import curves, mixture
from tenfold.curves import Form
from tenfold.files import SpecError

REPEATS = 4
"""Predictions for each posterior draw."""

LENGTH_SOURCE = "r1_zero"

SLOPE, PER = "link units per OOM of tokens or FLOP", "OOM/OOM"
LABELS = {
    "log_slope_mean": ("log of the slope of a typical series", f"log({SLOPE})", "typical"),
    "steepness": (
        "local over own slope where something was seen, inference over RL", "log ratio", "typical"
    ),
    "slope_at_benchmark": ("slope on a benchmark", SLOPE, "benchmark"),
    "slope_new_benchmark": ("slope on a new benchmark", SLOPE, "new benchmark"),
    "slope_new_model": ("slope of a new model on a new benchmark", SLOPE, "new model"),
    "ceiling_typical": ("ceiling, median over benchmarks", "score", "typical"),
    "ceiling": ("ceiling on a benchmark", "score", "benchmark"),
    "ceiling_new_benchmark": ("ceiling on a new benchmark", "score", "new benchmark"),
    "inference_per_training_typical": (
        "inference OOMs per pre-training OOM, typical technique", PER, "typical"
    ),
    "inference_per_training": (
        "inference OOMs per pre-training OOM, next technique", PER, "next"
    ),
    "gpt_level_ooms_typical": ("pre-training OOMs in a typical GPT level", "OOM", "typical"),
    "gpt_level_ooms": ("pre-training OOMs in the next GPT level", "OOM", "next"),
    "answer_length_growth": ("OOMs of answer length per OOM of RL", PER, "series"),
    "rl_slope_tokens_free": ("RL slope, answers free to grow", SLOPE, "series"),
    "rl_slope_fixed_tokens": ("RL slope at a fixed token budget", SLOPE, "series"),
    "floor": ("chance level", "score", "benchmark"),
    "series_count": ("series that were fitted", "1", "benchmark"),
    "weight": ("weight of a curve form", "1", ""),
    "weight_interval": ("equal-tailed interval of the weight", "1", ""),
    "weighed_ahead": ("OOMs beyond what was seen, from which forms are weighed", "OOM", ""),
    "tested_ahead": ("OOMs beyond what was seen, up to which forms were tested", "OOM", ""),
}  # fmt: skip
"""Every variable of the file: `long_name`, `units`, `level`. A new one needs a line here."""


def headline(
    trees: Mapping[str, Any],
    weight: Mapping[str, float],
    seed: int,
    future: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """The sample of one stored posterior (`xr.DataTree`) per form.

    Returns:
        As `joined`.

    Raises:
        SpecError: as `joined`.
    """
    parts = {
        form: part(tree["posterior"].to_dataset(), tree["constant_data"].to_dataset(), form, seed)
        for form, tree in trees.items()
    }
    points = trees[next(iter(trees))]["constant_data"].to_dataset()
    return joined(parts, points, weight, future)


def joined(
    parts: Mapping[str, xr.Dataset],
    points: xr.Dataset,
    weight: Mapping[str, float],
    future: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """The sample of all forms, from `part` of each, and the table of form weights.

    Args:
        future: how forms were weighed (`fit.weights.leave_future_out`), where they were.

    Returns:
        Variables of `LABELS`, those that the evidence allows. `slope_*` are for units without an
        offset. A form without a ceiling has ceiling 1; a new benchmark has floor 0. `weight`(form)
        sums to one; `series_count`(benchmark, regime); `weighed_ahead` and `tested_ahead`(regime)
        where forms were weighed.

    Raises:
        SpecError: a form without a weight, or weights that do not sum to one.
    """
    if set(parts) != set(weight):
        raise SpecError(f"weights for {sorted(weight)}; expected one for each of {sorted(parts)}")
    total = sum(weight.values())
    if abs(total - 1) > 1e-6 or min(weight.values()) < 0:
        raise SpecError(
            f"form weights sum to {total:g}; expected non-negative weights summing to 1"
        )
    each = [draws.assign_coords(form=form) for form, draws in parts.items()]
    draws: Any = xr.concat(each, "form", join="exact", coords="minimal", compat="equals")
    draws["floor"] = points["floor"]
    draws["series_count"] = series_count(points, draws["regime"])
    draws["weight"] = ("form", np.array([weight[form] / total for form in parts]))
    record = future or {}
    ends = record.get("weights_90") or {form: [weight[form]] * 2 for form in parts}
    draws["weight_interval"] = (("form", "probability"), np.array([ends[form] for form in parts]))
    draws = draws.assign_coords(probability=[0.05, 0.95])
    for name, key in (("weighed_ahead", "ooms"), ("tested_ahead", "farthest")):
        if horizon := record.get("horizon"):
            told = [horizon.get(regime, {}).get(key, 0.0) for regime in draws["regime"].values]
            draws[name] = ("regime", np.array(told))
    for name in draws.data_vars:
        long_name, units, level = LABELS[name]
        draws[name].attrs |= {"long_name": long_name, "units": units, "level": level}
    return draws


def single(draws: xr.Dataset) -> xr.Dataset:
    """The sample as it is stored: draws in single precision."""
    random = [name for name, values in draws.data_vars.items() if "draw" in values.dims]
    return draws.assign({name: draws[name].astype("float32") for name in random})


def part(posterior: xr.Dataset, points: xr.Dataset, form: Form | str, seed: int) -> xr.Dataset:
    """What one form's posterior says, dims `chain, draw`, with predictions seeded by `seed`."""
    rng = np.random.default_rng([seed, curves.FORMS.index(form)])
    like = posterior["exchange_rate"]

    def normal(*dims: str) -> xr.DataArray:
        """Standard normals, stratified: as even in each place as their number allows."""
        labels = {dim: posterior[dim] for dim in (*dims, *like.dims)} | {"repeat": range(REPEATS)}
        shape = [len(label) for label in labels.values()]
        places = math.prod(shape[: len(dims)])
        even = special.ndtri(mixture.stratified(places, math.prod(shape) // places, rng))
        return xr.DataArray(even.reshape(shape), labels)

    mean = posterior["log_slope_mean"]
    draws = xr.Dataset({"log_slope_mean": mean, "steepness": posterior["steepness"]})
    no_effect = xr.zeros_like(mean) * xr.zeros_like(points["floor"])
    effect = no_effect + sum(
        posterior[name] for name in ("benchmark_effect", "cell_effect") if name in posterior
    )
    draws["slope_at_benchmark"] = np.exp(mean + effect)
    # A new benchmark's shared effect cancels in the ratio of slopes, but not in the slopes.
    shared = posterior["benchmark_sd"] * normal() if "benchmark_sd" in posterior else 0.0
    new = np.exp(mean + shared + posterior["cell_sd"] * normal("regime"))
    draws["slope_new_benchmark"] = new
    # So does the effect of its family; those of itself, of whoever makes the RL run and of the two
    # series do not.
    if "family_sd" in posterior:
        new = new * np.exp(posterior["family_sd"] * normal())
    for regime, name in (("inference", "model_sd"), ("rl", "publication_sd")):
        if name in posterior:
            new = new * np.exp((posterior["regime"] == regime) * posterior[name] * normal())
    series = posterior["series_sd"] * normal("regime")
    draws["slope_new_model"] = new * (np.exp(series) if "log_slope" in posterior else 1 + series)
    draws["ceiling"] = posterior["ceiling"]
    draws["ceiling_typical"] = posterior["ceiling"].median("benchmark")
    if "ceiling_mean" in posterior:
        logit = posterior["ceiling_mean"] + posterior["ceiling_sd"] * normal("regime")
        draws["ceiling_new_benchmark"] = 1 / (1 + np.exp(-logit))
    else:
        draws["ceiling_new_benchmark"] = xr.ones_like(draws["slope_new_benchmark"])
    if "gpt_level_sd" in posterior:
        draws["gpt_level_ooms_typical"] = posterior["gpt_level_mean"]
        next_level = posterior["gpt_level_mean"] + posterior["gpt_level_sd"] * normal()
        draws["gpt_level_ooms"] = next_level
    if "inference_per_training_sd" in posterior:
        mean_trade = posterior["log_inference_per_training_mean"]
        draws["inference_per_training_typical"] = np.exp(mean_trade)
        spread = posterior["inference_per_training_sd"] * normal()
        draws["inference_per_training"] = np.exp(mean_trade + spread)
    growth = length_growth(points)
    if growth is not None:
        draws = draws.merge(_fixed_tokens(posterior, points, draws, growth, normal()))
    return draws.transpose(*like.dims, ..., "repeat")


def _fixed_tokens(
    posterior: xr.Dataset,
    points: xr.Dataset,
    draws: xr.Dataset,
    growth: tuple[str, float, float],
    z: xr.DataArray,
) -> xr.Dataset:
    """The RL slope of the series whose lengths are known, with and without longer answers."""
    source, mean, error = growth
    series = str(points["series"].values[points["series_source"].values == source][0])
    benchmark = str(points["series_benchmark"].sel(series=series).values)
    slope = draws["slope_at_benchmark"].sel(benchmark=benchmark, regime="inference", drop=True)
    free = posterior["slope"].sel(series=series, drop=True)
    grown = (mean + error * z).assign_attrs(series=series)
    return xr.Dataset(
        {
            "answer_length_growth": grown,
            "rl_slope_tokens_free": free,
            "rl_slope_fixed_tokens": free - grown * slope,
        }
    )


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


def series_count(points: xr.Dataset, regimes: xr.DataArray) -> xr.DataArray:
    """Series by benchmark and regime."""
    benchmark, regime = points["series_benchmark"].values, points["series_regime"].values
    count = [
        [int(((benchmark == b) & (regime == r)).sum()) for r in regimes.values]
        for b in points["benchmark"].values
    ]
    coords = {"benchmark": points["benchmark"].values, "regime": regimes.values}
    return xr.DataArray(count, coords)
