"""Forecasts of unseen series scored against rivals that have the same points to go by.

A rival knows the conditioning points of a series, their errors, and the compute, printed error and
chance level of what it predicts; it does not know other series. All three are distributions: they
carry the error of the conditioning points and of the point predicted.

========  ====================================================================================
rival     forecast
========  ====================================================================================
alone     no pooling: a logistic curve fitted to the conditioning points of this series by
          parametric bootstrap. One point has no slope, so every replicate is fitted under a
          weak prior whose centre is redrawn with the data (randomised maximum a posteriori,
          Bardsley et al. 2014): without a prior this is the bootstrap, with one point the
          slope is the prior of `log_slope_mean`, which no evidence has touched
essay     a logistic curve through the conditioning points with the slopes of the essay: 1.39
          logits per OOM of inference (20% to 80% in 100x), 0.69 of RL (in 10,000x)
same      no change: the score of the highest conditioning point
========  ====================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.fit.diagnose import mean_over_points
from tenfold.posterior import priors as prior_table
from tenfold.posterior.priors import Priors
from tenfold.unseen.forecast import INTERVALS, Forecast
from tenfold.unseen.predict import Hierarchy, forecast, generator
from tenfold.unseen.series import Series, blind, lowest

ESSAY_SLOPES = {"inference": 2 * np.log(4) / 2, "rl": 2 * np.log(4) / 4}
"""Logits per OOM: from 20% to 80% is 2 log 4 logits, in two OOMs of inference or four of RL."""

REPLICATES = 1000
METHODS = ("pooled", "alone", "essay", "same")


def same(given: Series, targets: Series) -> Forecast:
    """No change since the highest conditioning point."""
    mean = np.full((1, targets.score.size), given.score[-1])
    return Forecast(np.ones(1), mean, np.hypot(given.score_se[-1], targets.score_se)[None])


def essay(given: Series, targets: Series, rng: np.random.Generator) -> Forecast:
    """The essay's slope of the regime through the conditioning points."""
    logit, weight, x = _bootstrap(given, rng)
    return _logistic(logit, weight, x, np.full(REPLICATES, ESSAY_SLOPES[given.regime]), targets)


def alone(given: Series, targets: Series, priors: Priors, rng: np.random.Generator) -> Forecast:
    """A curve of its own; the slope minimises chi-squared plus the penalty of a redrawn prior."""
    logit, weight, x = _bootstrap(given, rng)
    prior = prior_table.hyperparameters(priors["log_slope_mean"])
    centre = prior["mu"] + prior["sigma"] * rng.standard_normal(REPLICATES)
    dx = x - (weight @ x) / weight.sum()
    sxx, sxy = weight @ dx**2, logit @ (weight * dx)
    grid = prior["mu"] + prior["sigma"] * np.linspace(-5, 5, 501)
    loss = np.exp(2 * grid) * sxx - 2 * np.exp(grid) * sxy[:, None]
    loss = loss + ((grid - centre[:, None]) / prior["sigma"]) ** 2
    log_slope = grid[loss.argmin(axis=1)] if sxx > 0 else centre
    return _logistic(logit, weight, x, np.exp(log_slope), targets)


def _bootstrap(
    given: Series, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Replicated logits (replicate, point), their inverse variances and log10 compute (point,).

    Shares nearer to 0 or 1 than half a standard error are moved there, to have a logit.
    """
    width = 1 - given.floor
    edge = np.minimum(given.score_se / 2 / width, 0.25)

    def share(score: np.ndarray) -> np.ndarray:
        return np.clip((score - given.floor) / width, edge, 1 - edge)

    noise = given.score_se * rng.standard_normal((REPLICATES, given.score.size))
    p, drawn = share(given.score), share(given.score + noise)
    weight = (p * (1 - p) * width / given.score_se) ** 2
    return np.log(drawn / (1 - drawn)), weight, given.log10_compute - given.reference


def _logistic(
    logit: np.ndarray, weight: np.ndarray, x: np.ndarray, slope: np.ndarray, targets: Series
) -> Forecast:
    """Curves of given slopes through the weighted mean of the logits of each replicate."""
    level = (logit @ weight - slope * (weight @ x)) / weight.sum()
    to = targets.log10_compute - targets.reference
    share = 1 / (1 + np.exp(-(level[:, None] + slope[:, None] * to)))
    mean = targets.floor + (1 - targets.floor) * share
    sd = np.broadcast_to(targets.score_se, mean.shape)
    return Forecast(np.full(slope.size, 1 / slope.size), mean, sd)


# --- scores -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scored:
    """One series: its targets, and per method CRPS, log score and coverage of each, (target,).

    `quantiles` are the 5, 50 and 95% points of the pooled forecast, dims (3, target).
    """

    given: Series
    targets: Series
    effective: float
    crps: dict[str, np.ndarray]
    log_score: dict[str, np.ndarray]
    covered: dict[str, dict[float, np.ndarray]]
    quantiles: np.ndarray


def score_series(
    forms: Sequence[tuple[float, Hierarchy]], series: Series, count: int, priors: Priors, seed: int
) -> Scored | None:
    """Condition on the `count` lowest compute values of a series and score the rest.

    Returns:
        None where nothing is left to predict.
    """
    mask = lowest(series, count)
    if mask.all():
        return None
    given, targets = series.at(mask), series.at(~mask)
    rng = generator(seed, series.label, "rivals")
    forecasts = {
        "pooled": forecast(forms, given, blind(targets), seed),
        "alone": alone(given, targets, priors, rng),
        "essay": essay(given, targets, rng),
        "same": same(given, targets),
    }
    return Scored(
        given=given,
        targets=targets,
        effective=forecasts["pooled"].effective,
        crps={name: f.crps(targets.score, rng) for name, f in forecasts.items()},
        log_score={name: f.log_score(targets.score) for name, f in forecasts.items()},
        covered={
            name: {level: f.covered(targets.score, level) for level in INTERVALS}
            for name, f in forecasts.items()
        },
        quantiles=np.quantile(forecasts["pooled"].members(rng), (0.05, 0.5, 0.95), axis=0),
    )


def summary(scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """One row per method: mean CRPS (score units), mean log score, coverage, points and series.

    `crps_above_pooled` is the rival's CRPS minus the pooled one, with a standard error that takes
    series, not points, as independent; None for the pooled forecast and for fewer than two series.
    """
    rows = []
    points = sum(item.targets.score.size for item in scored)
    for name in METHODS:
        row: dict[str, Any] = {"method": name, "series": len(scored), "points": points}
        row["crps"] = float(np.concatenate([item.crps[name] for item in scored]).mean())
        row["log_score"] = float(np.concatenate([item.log_score[name] for item in scored]).mean())
        for level in INTERVALS:
            hits = np.concatenate([item.covered[name][level] for item in scored])
            row[f"coverage_{level:.0%}".rstrip("%")] = float(hits.mean())
        row["crps_above_pooled"] = row["crps_above_pooled_se"] = None
        if name != "pooled":
            excess = np.concatenate([item.crps[name] - item.crps["pooled"] for item in scored])
            series = np.repeat(np.arange(len(scored)), [i.targets.score.size for i in scored])
            row["crps_above_pooled"], error = mean_over_points(excess, series)
            row["crps_above_pooled_se"] = error if len(scored) > 1 else None
        rows.append(row)
    return rows
