"""Weights of curve forms: what each says of the future of series that were cut short.

A jump is an extrapolation, so forms are weighed by how well they predict as far ahead as the
evidence reaches: each series is cut in the middle of its compute, and of each regime those points
count that lie farthest beyond what was seen. What a weight owes to who happened to publish is in
the weight itself: it is the mean over a Bayesian bootstrap of publications, since a mixture whose
weights are uncertain is the mixture with their means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from tenfold.fit.compare import Given, log_pointwise
from tenfold.posterior import structure

FAR_POINTS = 50
"""Held-out points of each regime on which forms are weighed: those farthest ahead."""
RESAMPLED = 400
STEPS = 300
"""Weights of tens of points change by less than 1e-3 from there on."""


def future(points: xr.Dataset) -> np.ndarray:
    """Mask over `obs` of the points held out: the upper half of each series' log compute.

    Two distinct compute values remain at least; points without a density are not held out.
    """
    held = np.zeros(points.sizes["obs"], dtype=bool)
    series, x = points["series_index"].values, points["log10_compute"].values
    for s in range(points.sizes["series"]):
        own = series == s
        levels = np.unique(x[own])
        if levels.size >= 3:
            held |= own & (x >= (levels[0] + levels[-1]) / 2) & (x > levels[1])
    return held & ~structure.given(points)


def ahead(points: xr.Dataset, held: np.ndarray) -> np.ndarray:
    """OOMs of each held-out point beyond the last one of its series that was seen.

    Args:
        held: mask over `obs`.

    Returns:
        Shape (points held out,).
    """
    series, x = points["series_index"].values, points["log10_compute"].values
    last = np.full(points.sizes["series"], -np.inf)
    np.maximum.at(last, series[~held], x[~held])
    return x[held] - last[series[held]]


def farthest(points: xr.Dataset, held: np.ndarray) -> tuple[np.ndarray, dict[str, dict[str, Any]]]:
    """The held-out points that weigh: of each regime those at its longest horizon.

    The horizon is the longest distance ahead that holds `FAR_POINTS` of them.

    Returns:
        Mask over the points held out; by regime `ooms` (the horizon), `farthest` (OOMs ahead of the
        last of them), `points` and `publications`.
    """
    series, ooms = points["series_index"].values[held], ahead(points, held)
    regime, publication = (
        points[f"series_{what}"].values[series] for what in ("regime", "publication")
    )
    chosen, found = np.zeros(ooms.size, dtype=bool), {}
    for name in np.unique(regime):
        own = regime == name
        horizon = np.sort(ooms[own])[-FAR_POINTS:][0]
        far = own & (ooms >= horizon)
        chosen |= far
        found[str(name)] = {
            "ooms": float(horizon),
            "farthest": float(ooms[own].max()),
            "points": int(far.sum()),
            "publications": int(np.unique(publication[far]).size),
        }
    return chosen, found


def stacked(table: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weights that maximise a sum of log mixture densities (Yao et al. 2018, eq. 4).

    A convex problem; every step of expectation and maximisation comes nearer.

    Args:
        table: log density of each point under each form, shape (form, point).
        counts: how often each point counts, shape (times, point).

    Returns:
        Shape (times, form).
    """
    density = np.exp(table - table.max(axis=0))
    each = counts / counts.sum(axis=1, keepdims=True)
    weight = np.full((len(each), len(density)), 1 / len(density))
    for _ in range(STEPS):
        weight *= (each / (weight @ density)) @ density.T
    return weight


def stacking[F: str](log_density: Mapping[F, np.ndarray]) -> dict[F, float]:
    """`stacked` weights by form of points that count alike."""
    table = np.stack(list(log_density.values()))
    return dict(zip(log_density, stacked(table, np.ones_like(table[:1]))[0].tolist(), strict=True))


def resampled(table: np.ndarray, publication: np.ndarray, seed: int) -> np.ndarray:
    """`stacked` weights by the Bayesian bootstrap over publications, shape (`RESAMPLED`, form).

    Every publication counts as often as a draw from Dirichlet(1, ..., 1) says (Rubin 1981, "The
    Bayesian Bootstrap"), with all of its points.

    Args:
        table: as in `stacked`.
        publication: of each point.
    """
    _, place = np.unique(publication, return_inverse=True)
    rng = np.random.default_rng([seed, 11])
    return stacked(table, rng.dirichlet(np.ones(place.max() + 1), RESAMPLED)[:, place])


def weigh[F: str](
    log_density: Mapping[F, np.ndarray], points: xr.Dataset, held: np.ndarray, seed: int
) -> dict[F, list[float]]:
    """Mean and 5% and 95% points of each form's weight, at the longest horizon of each regime.

    Args:
        log_density: form to log density of each held-out point.
        held: mask over `obs` of the points held out.
    """
    far, _ = farthest(points, held)
    publication = points["series_publication"].values[points["series_index"].values[held]][far]
    table = np.stack([values[far] for values in log_density.values()])
    found = resampled(table, publication, seed)
    ends = [found.mean(axis=0), *np.quantile(found, [0.05, 0.95], axis=0)]
    return {form: np.stack(ends)[:, i].tolist() for i, form in enumerate(log_density)}


def leave_future_out[F: str](
    predicted: Mapping[F, Given], points: xr.Dataset, seed: int = 0
) -> tuple[dict[F, float], dict[str, Any]]:
    """Weigh forms by what they say of the future of each series when refitted without it.

    Args:
        predicted: form to `given_others` of the refit, with `seen` all but `future(points)`.

    Returns:
        Weights by form; a JSON-ready record (held-out count, `horizon` of each regime, weights and
        their intervals, log densities at the horizon and their differences with standard errors,
        publications taken as independent).
    """
    held = future(points)
    series = points["series_index"].values[held]
    pointwise = {form: log_pointwise(given.log_density()) for form, given in predicted.items()}
    told = weigh(pointwise, points, held, seed)
    far, horizon = farthest(points, held)
    _, publication = np.unique(
        points["series_publication"].values[series[far]], return_inverse=True
    )
    best = max(pointwise, key=lambda form: pointwise[form][far].sum())
    record: dict[str, Any] = {
        "held_out_points": int(held.sum()),
        "held_out_series": int(np.unique(series).size),
        "horizon": horizon,
        "weights": {form: mean for form, (mean, *_) in told.items()},
        "weights_90": {form: ends for form, (_, *ends) in told.items()},
        "best": best,
        "forms": {},
    }
    for form, values in pointwise.items():
        difference = (values - pointwise[best])[far]
        record["forms"][form] = {
            "elpd": float(values[far].sum()),
            "elpd_se": _sum_error(values[far], publication),
            "difference": float(difference.sum()),
            "difference_se": _sum_error(difference, publication),
        }
    return record["weights"], record


def _sum_error(values: np.ndarray, group: np.ndarray) -> float:
    """Standard error of a sum over points; groups (0, 1, ...) are independent, points are not."""
    sums = np.bincount(group, values)
    return float(sums.std(ddof=1) * np.sqrt(sums.size)) if sums.size > 1 else float("nan")
