"""What RL runs start with, for their coordinates: a typical value, and what each run says of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tenfold import curves
from tenfold.curves import SHAPES
from tenfold.sampler import layout, pilot
from tenfold.sampler.layout import Layout

FARTHEST = 1.0
"""OOMs from the typical value beyond which an expansion around it is not to be trusted."""


def counted(tables: Mapping[str, np.ndarray], where: Layout) -> dict[str, np.ndarray]:
    """Series and points with a typical amount of compute that counts before that of their run."""
    if "early_mean" not in where.own:
        return {}
    points, series = tables["points"].copy(), tables["series"].copy()
    begin = series["begin"] + layout.typical(tables["own"])[where.own["early_mean"][0]]
    begin = np.where(series["early"] >= 0, begin, -np.inf)
    series["ground0"] = 10.0**begin
    points["x"] = curves.with_earlier(
        points["x"], np.repeat(begin, series["last"] - series["first"])
    )[0]
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

    Its log density is expanded around its fit at the typical value; intercept, slope and ceiling
    are integrated out.

    Args:
        tables: with points as they are.
        counted: with points as in `counted`.
        best: rows and columns of `found` that are fits at the likeliest ceilings.
    """
    points, series = counted["points"], counted["series"]
    of = np.repeat(np.arange(series.size), series["last"] - series["first"])
    early = np.log10(np.maximum(series["ground0"], 1e-30))
    _, own = curves.with_earlier(tables["points"]["x"], early[of])
    most = 1 / (1 + np.exp(-pilot.GRID[best[1]]))[of]
    slope = (np.exp(found.own[best]) if positive else found.own[best])[of]
    top = (1 - series["floor"])[of] * most
    share, by_eta = pilot.curve(
        found.intercept[best][of] + slope * points["x"], SHAPES[tables["layout"][0]["shape"]]
    )
    by = np.stack(
        [
            top * by_eta,
            top * by_eta * slope * points["x"],
            top * share * (1 - most),
            top * by_eta * slope * (1 / (1 + series["ground0"])[of] - own),
        ]
    ) / np.sqrt(found.variance)  # fmt: skip
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
    return {
        "early_information": information,
        "early_pointed": information * (early - series["begin"]) + pull,
    }
