"""What RL runs start with, for their coordinates: a typical value, and what each run says of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import special

from tenfold import curves
from tenfold.curves import SHAPES
from tenfold.sampler import layout, pilot
from tenfold.sampler.layout import Layout

FARTHEST = 1.0
"""OOMs, or logits of a start, from what is typical beyond which no expansion is to be trusted."""

BELOW, LEAST = 0.5, 0.003
"""A run is taken to start at most at this part of its lowest score, and at least at this share."""


def counted(tables: Mapping[str, np.ndarray], where: Layout) -> dict[str, np.ndarray]:
    """Series and points with a typical amount of compute that counts before that of their run.

    Or with a start that is typical and below all points, where runs start from a score.
    """
    points, series = tables["points"].copy(), tables["series"].copy()
    typical = layout.typical(tables["own"])
    if "early_mean" in where.own:
        begin = series["begin"] + typical[where.own["early_mean"][0]]
        begin = np.where(series["early"] >= 0, begin, -np.inf)
        series["ground0"] = 10.0**begin
        points["x"] = curves.with_earlier(
            points["x"], np.repeat(begin, series["last"] - series["first"])
        )[0]
    if "start_mean" in where.own:
        lowest = np.minimum.reduceat(points["score"], series["first"])
        lowest = (lowest - series["floor"]) / (1 - series["floor"])
        most = special.expit(typical[where.own["start_mean"][0]])
        start = special.logit(np.clip(BELOW * lowest, LEAST, most))
        series["start0"] = np.where(series["start"] >= 0, start, -np.inf)
    return {"points": points, "series": series}


def known(
    tables: Mapping[str, np.ndarray],
    counted: Mapping[str, np.ndarray],
    ceiling_sd: float,
    positive: bool,
    at: pilot.Typical,
    found: pilot.Fits,
    best: tuple[np.ndarray, np.ndarray],
) -> dict[str, np.ndarray]:
    """How well each run knows what it started with, and what it points to: fields of `series`.

    Its log density is expanded around its fit at the value in `counted`; intercept, slope and
    ceiling are integrated out. `by_start` is what a start changes in precision times mode of
    intercept and slope, per share.

    Args:
        tables: with points as they are.
        counted: with points as in `counted`.
        best: rows and columns of `found` that are fits at the likeliest ceilings.
    """
    points, series = counted["points"], counted["series"]
    of = np.repeat(np.arange(series.size), series["last"] - series["first"])
    most = 1 / (1 + np.exp(-pilot.GRID[best[1]]))[of]
    slope = np.exp(found.own[best]) if positive else found.own[best]
    begun = special.expit(series["start0"])
    whole = (1 - series["floor"])[of] * most
    share, by_eta = pilot.curve(
        found.intercept[best][of] + slope[of] * points["x"], SHAPES[tables["layout"][0]["shape"]]
    )
    by_eta = (1 - begun)[of] * by_eta
    if (series["early"] >= 0).any():
        name, value0 = "early", np.log10(np.maximum(series["ground0"], 1e-30))
        own = curves.with_earlier(tables["points"]["x"], value0[of])[1]
        by_value = by_eta * slope[of] * (1 / (1 + series["ground0"])[of] - own)
        value0 = value0 - series["begin"]
    else:
        name, value0 = "start", np.maximum(series["start0"], -30.0)
        by_value = (begun * (1 - begun))[of] * (1 - share)
    reached = begun[of] + (1 - begun)[of] * share
    by = np.stack([by_eta, by_eta * slope[of] * points["x"], reached * (1 - most), by_value])
    by = by * whole / np.sqrt(found.variance)
    rho = pilot.links(points, series, at)
    error = pilot.innovations((found.gap / np.sqrt(found.variance))[:, None], rho)[:, 0]
    by = np.stack([pilot.innovations(row[:, None], rho)[:, 0] for row in by])
    seen = points["seen"]
    count = np.bincount(of, seen, series.size)
    trust = seen * pilot.trusted(np.bincount(of, seen * error**2, series.size), count, at.nu)[of]
    precision = np.zeros((series.size, 4, 4))
    np.add.at(precision, of, np.einsum("ip,jp,p->pij", by, by, trust))
    precision[:, :3, :3] += np.diag([at.intercept_sd**-2, at.series_sd**-2, ceiling_sd**-2])
    cross = precision[:, :3, 3]
    nuisance = np.linalg.solve(precision[:, :3, :3], cross[..., None])[..., 0]
    information = np.maximum(precision[:, 3, 3] - np.sum(cross * nuisance, axis=1), 0.0)
    pull = np.bincount(of, trust * by[3] * error, series.size)
    pull = np.clip(pull, -FARTHEST * information, FARTHEST * information)
    fields = {f"{name}_information": information, f"{name}_pointed": information * value0 + pull}
    if name == "start":
        per_share = np.maximum(begun * (1 - begun), LEAST / 2)
        fields["by_start1"] = -cross[:, 0] / per_share
        fields["by_start2"] = -cross[:, 1] / per_share / (1.0 if positive else slope)
    return fields
