"""Quantities of single charts, of shares of them, and of what a source says of its own."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from scipy import special

from tenfold import mixture
from tenfold.answers import charts, generations
from tenfold.answers.baseline import draw
from tenfold.answers.quantity import WAYS, Quantity, Untold
from tenfold.answers.question import Asked
from tenfold.files import did_you_mean


def _of_chart(what: str) -> Callable[[Asked], str]:
    return lambda asked: f"{asked.question.series or 'a series'}: {what}"


def _of_series(what: str) -> Callable[[Asked], str]:
    def title(asked: Asked) -> str:
        place = asked.question.benchmark
        on = f" on {place}" if place else ""
        return f"Share of {WAYS[asked.question.regime]} series{on} {what}"

    return title


def shift(asked: Asked) -> xr.DataArray:
    """log10 of the tokens that one generation needs over those of the next at equal score."""
    return _table(asked, "shift", "shift", "shift_ooms", "shift_ooms_se")


def tradeoff(asked: Asked) -> xr.DataArray:
    """Inference OOMs per training OOM of one technique, as its authors measured it."""
    names = ("tradeoff", "inference_per_training", "inference_per_training_se_log")
    return xr.ufuncs.exp(_table(asked, "technique", *names))


def spending(constant: str, unit: str) -> Callable[[Asked], xr.DataArray]:
    """log10 of a year's spending on inference over that of `constant`, OpenAI in 2024."""

    def ratio(asked: Asked) -> xr.DataArray:
        seed = asked.question.seed
        serving = draw(asked.constants, "OAI_INF24", "USD/year", asked.like, seed).log10
        return serving - draw(asked.constants, constant, unit, asked.like, seed).log10

    return ratio


def _table(asked: Asked, argument: str, dim: str, mean: str, error: str) -> xr.DataArray:
    """Normal draws of a row of the evidence: its printed value (its log for a ratio) and error."""
    wanted, rows = asked.need(argument), charts.table(asked, dim, mean, error)
    if wanted not in rows[dim].values:
        known = sorted(str(name) for name in rows[dim].values)
        raise Untold(f"unknown {argument} {wanted!r}{did_you_mean(wanted, known)}")
    row = rows.sel({dim: wanted})
    middle = np.log(float(row[mean])) if error.endswith("_log") else float(row[mean])
    seeds = [asked.question.seed, zlib.crc32(str(wanted).encode())]
    forms, *rest = asked.like.shape
    even = mixture.stratified(forms, int(np.prod(rest)), np.random.default_rng(seeds))
    values = middle + float(row[error]) * special.ndtri(even).reshape(asked.like.shape)
    return xr.DataArray(values, coords=asked.like.coords, dims=asked.like.dims)


def _entries() -> tuple[Quantity, ...]:
    climb, series = ("start", "target"), ("series",)
    of: Any = Quantity
    return (
        of("chart_multiplier", _of_chart("compute from score to score, multiplied by"),
           "dimensionless", "multiplier", "series", (*series, *climb), charts.between),
        of("chart_slope", _of_chart("slope, logits per OOM"), "1/OOM", "slope", "series", series,
           charts.slope),
        of("chart_slope_ratio", _of_chart("slope over that of the other series"), "OOM/OOM",
           "ratio", "series", (*series, "other"), charts.slope_ratio),
        of("chart_ceiling", _of_chart("ceiling"), "dimensionless", "score", "series", series,
           charts.ceiling),
        of("chart_score", _of_chart("score after so many times the compute"), "dimensionless",
           "score", "series", (*series, "start", "multiplier"), charts.reached),
        of("score_at", _of_chart("score on its curve, a measurement's noise left out"),
           "dimensionless", "score", "series", (*series, "compute"), charts.score_at,
           rests_on=charts.seen),
        of("chart_compute_ratio", _of_chart("compute for a score over that of the other series"),
           "dimensionless", "multiplier", "series", (*series, "other", "start"),
           charts.compute_ratio),
        of("series_share", _of_series("that climb from score to score within so many times"),
           "dimensionless", "share", "series",
           ("regime", "benchmark", *climb, "multiplier"), charts.share_within),
        of("plateau_share", _of_series("that level off below the target"), "dimensionless",
           "share", "series", ("regime", "benchmark", *climb), charts.share_never),
        of("tokens_saved", "Tokens of a generation over those of the next at equal score",
           "dimensionless", "multiplier", "", ("shift",), shift),
        of("inference_per_training_of", "Inference OOMs per training OOM of one technique",
           "OOM/OOM", "ratio", "", ("technique",), tradeoff),
        of("rl_jump_within_run", _of_chart("one GPT level by more of this run, from a compute"),
           "OOM", "ooms", "series", (*series, "compute"), generations.within_run,
           rests_on=charts.seen),
        of("rl_jump_across_runs", "One GPT level by generations of models, new bases included",
           "OOM", "ooms", "next", (), generations.across_runs),
        of("deployment_over_final_runs", "Inference over final training runs, OpenAI 2024",
           "dimensionless", "multiplier", "", (), spending("OAI_FINAL24", "USD")),
        of("deployment_over_research", "Inference over all research compute, OpenAI 2024",
           "dimensionless", "multiplier", "", (), spending("OAI_RD24", "USD/year")),
    )  # fmt: skip


CHARTS = _entries()
"""In the order in which they are listed."""
